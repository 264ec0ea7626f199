"""P3 and P4: what the core takes from a typed line to the finished reply, and what rendering adds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.desk import Desk, read_lines
from benchmarks.figures import Figure
from benchmarks.lab import Built, Lab
from benchmarks.measure import fastest, percentile
from benchmarks.questions import BARE_SELECT, COMPLETE, EXACT, FUZZY

GROWTH: Final = {
    EXACT: 1.6,
    "/who": 1.6,
    "/briefing": 1.6,
    "/timeline": 1.6,
    "/search, 1 word": 1.6,
    f"{COMPLETE}1 letter": 2.5,
    f"{COMPLETE}3 letters": 2.5,
    f"{COMPLETE}5 letters": 2.5,
}
"""How much slower a class may be at a million facts than at a thousand."""

SELECTS: Final = {
    "/who": 30,
    "/briefing": 30,
    "/timeline": 30,
    f"{COMPLETE}1 letter": 25,
    f"{COMPLETE}3 letters": 25,
    f"{COMPLETE}5 letters": 25,
    "/search, 1 word": 200,
    "/search, 2 words": 200,
    "/search, 3 words": 200,
    FUZZY: 500,
}
"""How many one-row SELECTs a class may take."""

TURNS: Final = 2
"""Times that each base is asked, in turns; the better counts for a percentile."""


def core(lab: Lab) -> Iterator[Figure]:
    """P3, P4 and the table of all commands."""
    small, large = _times(lab, (lab.small, lab.large))
    count = f"at {lab.small.size.facts:,} facts"
    for name, limit in GROWTH.items():
        yield Figure("P3", f"{name}, p99", "s", large[name][1], count, small[name][1], limit=limit)
    select = large[BARE_SELECT][0]
    for name, most in SELECTS.items():
        yield Figure("P4", f"{name}, p99", "s", large[name][1], BARE_SELECT, select, limit=most)
    for name, (middle, _) in sorted(large.items()):
        if name != BARE_SELECT:
            yield Figure("commands", f"{name}, median", "s", middle, count, small[name][0])
    lab.say("rendering")
    rendering = lab.child(dict[str, float], "goals.core.rendered", large_path(lab), lab.lines(lab.large))
    for name, taken in rendering.items():
        yield Figure("commands", f"rendering a /who for {name}, median", "s", taken, BARE_SELECT, select)


def large_path(lab: Lab) -> Path:
    """Return the snapshot of the large base."""
    return lab.compiled(lab.large)


def _times(lab: Lab, bases: Sequence[Built]) -> Iterator[dict[str, tuple[float, float]]]:
    """Return the median and the 99th percentile of every class in seconds, for each base."""
    found: list[list[dict[str, list[int]]]] = [[] for _ in bases]
    for built in bases:
        lab.compiled(built)
        lab.lines(built)
    for turn in range(TURNS):
        for built, taken in zip(bases, found, strict=True):
            lab.say(f"asking a base of {built.size.facts:,} facts, turn {turn + 1}")
            arguments = built.snapshot, lab.lines(built), lab.settings.rounds
            taken.append(lab.child(dict[str, list[int]], "desk.timed", *arguments))
    for turns in found:
        yield {
            name: (
                min(percentile(one[name], 50) for one in turns) / 1e9,
                min(percentile(one[name], 99) for one in turns) / 1e9,
            )
            for name in turns[0]
        }


def rendered(snapshot: str, file: str) -> dict[str, float]:
    """Return the median seconds that rendering a `/who` takes, by platform."""
    from bot.adapters.discord.render import render as for_discord  # noqa: PLC0415 - only this process
    from bot.adapters.slack.render import render as for_slack  # noqa: PLC0415
    from bot.adapters.terminal.render import render as for_terminal  # noqa: PLC0415
    from bot.adapters.web.render import render as for_web  # noqa: PLC0415

    desk = Desk(Path(snapshot))
    lines = [line for name, line in read_lines(file)[1] if name == "/who"]
    replies = [desk.dispatcher.ask(line, desk.asker) for line in lines]
    ways: dict[str, Callable[..., object]] = {
        "Slack": for_slack,
        "Discord": for_discord,
        "a terminal": for_terminal,
        "the web": for_web,
    }
    return {
        name: percentile([fastest(partial(way, reply), 3) for reply in replies], 50)
        for name, way in ways.items()
    }
