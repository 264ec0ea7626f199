"""One run: the parts that are asked for, each with its baselines."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from benchmarks.figures import Figure, Machine, Results
from benchmarks.goals import (
    compiling,
    core,
    deltas,
    discord,
    dispatch,
    http,
    memory,
    names,
    peers,
    reloading,
    starting,
    worst,
)
from benchmarks.lab import Lab

Measure = Callable[[Lab], Iterator[Figure]]

PARTS: Final[tuple[tuple[tuple[str, ...], Measure], ...]] = (
    (("P8",), compiling.whole),
    (("P3", "P4", "commands"), core.core),
    (("P1", "P2"), http.http),
    (("P5",), worst.worst),
    (("P11",), names.fuzzy),
    (("P6",), memory.memory),
    (("P7",), starting.starting),
    (("P12",), discord.discord),
    (("peers",), peers.peers),
    (("dispatch",), dispatch.dispatch),
    (("P9",), compiling.one_file),
    (("P13",), reloading.reloading),
    (("P10",), deltas.deltas),
)
"""What is measured, in this order: the compilation that the others rest on comes first."""

NAMES: Final = tuple(part for parts, _ in PARTS for part in parts)
"""What can be asked for by name."""


def run(
    lab: Lab,
    parts: Iterable[str] = NAMES,
    *,
    before: Results | None = None,
    keep: Callable[[Results], object] = lambda _: None,
) -> Results:
    """Measure some parts; where several are measured by the same work, all of those.

    What was measured `before` is taken as it is and not measured again. After each part, what there is by
    then is given to `keep`.
    """
    results = before or Results(_machine(), lab.settings, (), ())
    done = {one.part for one in results.figures}
    lab.outcomes, lab.notes = results.outcomes, dict(results.notes)
    for together, measure in PARTS:
        if not set(parts) & set(together) - done:
            continue
        began = time.monotonic()
        figures = (*results.figures, *measure(lab))
        bases = {(one.facts, one.entities): one for one in (*results.bases, *lab.describe())}
        results = msgspec.structs.replace(
            results,
            bases=tuple(bases[size] for size in sorted(bases)),
            figures=figures,
            outcomes=lab.outcomes,
            notes=lab.notes,
            seconds=results.seconds + time.monotonic() - began,
        )
        keep(results)
    return results


def _machine() -> Machine:
    return Machine(os.cpu_count() or 1, platform.system(), platform.python_version(), sqlite3.sqlite_version)
