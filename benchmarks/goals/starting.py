"""P7: how long it takes to open a snapshot, and to start and answer."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.figures import Compare, Figure
from benchmarks.lab import Built, Lab
from benchmarks.measure import fastest
from bot.facts.snapshot import Snapshot

OPENINGS: Final = 50
IMPORT: Final = "import sys\nfor name in sys.argv[1].split():\n    __import__(name)"
"""What a process does that imports modules and nothing else."""


def opened(snapshot: str) -> float:
    """Return the median seconds that opening a snapshot takes once its pages are in the system's cache."""
    path = Path(snapshot)
    return median(fastest(lambda: Snapshot(path).close(), 1) for _ in range(OPENINGS))


def imported(*arguments: str) -> list[str]:
    """Run the command line once; return the modules that it had imported by its end, in their order."""
    from bot.cli import main  # noqa: PLC0415 - what is imported counts

    sys.argv = ["briefing-bot", *arguments]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main()
    ours = {name for name in sys.modules if name.split(".")[0] in {"benchmarks", "__main__"}}
    return [
        name
        for name, module in sys.modules.items()
        if name not in ours and (spec := getattr(module, "__spec__", None)) and spec.name == name
    ]


def starting(lab: Lab) -> Iterator[Figure]:
    """P7: open snapshots of all sizes; start the command line on the large base."""
    for built in (lab.tiny, lab.large):
        snapshot = lab.compiled(built)
        lab.say(f"opening a snapshot of {built.size.facts:,} facts")
        took = lab.child(float, "goals.starting.opened", snapshot)
        name = f"opening {built.size.facts:,} facts, warm"
        yield Figure("P7", name, "s", took, compare=Compare.ALONE, limit=1e-3)
    lab.say("starting")
    for built in (lab.tiny, lab.large):
        yield from _starts(lab, built)


def _starts(lab: Lab, built: Built) -> Iterator[Figure]:
    entities = next(built.root.glob("*/entities.yaml")).read_text(encoding="utf-8")
    first = re.search(r"^- id: (\S+)", entities, re.MULTILINE)
    if first is None:
        raise ValueError(f"no entity in {built.root}")
    arguments = ("--briefings", built.root, "--state", built.state, "ask", f"/who {first[1]}")
    modules = lab.child(list[str], "goals.starting.imported", *arguments)
    taken: dict[str, list[float]] = {"ask": [], "floor": []}
    for _ in range(lab.settings.starts):
        taken["ask"].append(lab.start(("-m", "bot", *arguments)))
        taken["floor"].append(lab.start(("-c", IMPORT, " ".join(modules))))
    name = f'start, `ask "/who …"`, end, {built.size.facts:,} facts'
    floor = "a process that imports the same modules"
    yield Figure(
        *("P7", name, "s", min(taken["ask"]), floor, min(taken["floor"])),
        compare=Compare.DIFFERENCE,
        limit=10e-3,
    )
