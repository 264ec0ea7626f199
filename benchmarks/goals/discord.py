"""P12: `/who` in Discord against a command that only says "ok", and a key stroke up to its choices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from benchmarks.desk import read_lines
from benchmarks.figures import Compare, Figure
from benchmarks.lab import Lab
from benchmarks.measure import fastest, no_garbage, percentile

WARM_UP: Final = 50
KEYS: Final = 200
"""Different key strokes that are timed."""


def answered(root: str, state: str, lines: str, rounds: str) -> dict[str, float]:
    """Return median seconds: `noop` and `who` from interaction to response, `key` from prefix to choices."""
    from benchmarks.discord_answers import ASKER, responses  # noqa: PLC0415 - only this process
    from bot.adapters.discord.commands import choices  # noqa: PLC0415
    from bot.config import load_config  # noqa: PLC0415
    from bot.service import open_service  # noqa: PLC0415

    service = open_service(load_config(None, environ={}, briefings=Path(root), state=Path(state)))
    asked = read_lines(lines)[1]
    names = [line.partition(" ")[2].strip('"') for name, line in asked if name == "/who"]
    times = asyncio.run(responses(service, names, int(rounds)))
    prefixes = [one[: 1 + n % 5] for n, one in enumerate(islice(cycle(names), KEYS))]

    def choose(prefix: str) -> Callable[[], object]:
        return lambda: choices(service.desk.suggest("who", "name", prefix, ASKER))

    for prefix in prefixes[:WARM_UP]:
        choose(prefix)()
    with no_garbage():
        keys = [fastest(choose(prefix), 3) for prefix in prefixes]
    service.close()
    found = {name: percentile(taken, 50) for name, taken in times.items() if name != "key"}
    return found | {"key": percentile(keys, 50), "key p99": percentile(keys, 99)}


def discord(lab: Lab) -> Iterator[Figure]:
    """P12, on the large base."""
    lab.compiled(lab.large)
    arguments = lab.large.root, lab.large.state, lab.lines(lab.large), lab.settings.requests
    lab.say("Discord")
    found = lab.child(dict[str, float], "goals.discord.answered", *arguments)
    noop = "a command that only says “ok”"
    yield Figure(
        "P12", "/who, from interaction to response", "s", found["who"], noop, found["noop"], limit=1.2
    )
    for name, limit in (("key", 60e-6), ("key p99", None)):
        title = f"a key stroke, from prefix to choices, {'p99' if limit is None else 'median'}"
        yield Figure("P12", title, "s", found[name], compare=Compare.ALONE, limit=limit)
