"""P13: the base is edited under load; no answer fails or mixes two snapshots, and the loop goes on."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from benchmarks.desk import AFTER
from benchmarks.figures import Compare, Figure
from benchmarks.goals.compiling import put
from benchmarks.lab import Lab
from bot.commands import REGISTRY
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.library import Library
from bot.reply import Kind, Reply
from bot.service import prepared, undisturbed

MARK: Final = re.compile(r"Edition(\d+)")
IDLE: Final = 0.002
"""Seconds between two of the load's questions, so that the loop has time of its own."""


class Reloads(msgspec.Struct):
    """What was seen: answers while the base was edited, and the longest the loop stood still.

    `stalls` are the longest gaps of a ticker during each reload, `quiet` those of spans as long without one;
    `switches` the seconds in which the loop itself changed over.
    """

    answers: int = 0
    failed: int = 0
    mixed: int = 0
    stalls: list[float] = []
    quiet: list[float] = []
    switches: list[float] = []


class Load:
    """Asks the same two questions again and again, whose answers carry the edition of two files."""

    def __init__(self, desk: Dispatcher, lines: list[str], seen: Reloads) -> None:
        self.desk = desk
        self.lines = lines
        self.seen = seen
        self.editions: dict[str, set[str]] = {}

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            marks: dict[str, set[str]] = {}
            # Both are asked without giving up the loop, so they are answered from one snapshot.
            for reply in [self.desk.ask(line, Asker()) for line in self.lines]:
                self.seen.answers += 1
                self.seen.failed += reply.kind in {Kind.FAILURE, Kind.USAGE}
                name = reply.footer.snapshot if reply.footer else ""
                marks.setdefault(name, set()).update(MARK.findall(_text(reply)))
            for name, editions in marks.items():
                known = self.editions.setdefault(name, editions)
                self.seen.failed += not editions  # an answer always shows the edition
                self.seen.mixed += len(editions) > 1 or known != editions
            await asyncio.sleep(IDLE)


class Ticker:
    """Comes back to the loop as often as it can and keeps the longest gap."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        """Go on until cancelled."""
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.longest = max(self.longest, now - last)
            last = now

    def take(self) -> float:
        """Return the longest gap since the last time this was asked."""
        longest, self.longest = self.longest, 0.0
        return longest


def reloaded(root: str, folder: str, count: str) -> Reloads:
    """Edit two files of the base so many times under load."""
    return asyncio.run(_reloaded(Path(root), Path(folder), int(count)))


async def _reloaded(root: Path, folder: Path, count: int) -> Reloads:
    seen = Reloads(stalls=[], quiet=[], switches=[])
    files = sorted(root.glob("*/facts/*.yaml"))  # noqa: ASYNC240 - before anything is measured
    chosen = [files[0], files[-1]] if len(files) > 1 else files * 2
    before = {file: file.read_bytes() for file in chosen}
    ids = [_first_id(before[file]) for file in chosen]
    _edition(before, 0)
    library = Library(root, folder)
    day = date.fromordinal(library.snapshot.newest + AFTER)
    load = Load(Dispatcher(REGISTRY, library, today=lambda: day), [f"/fact {one}" for one in ids], seen)
    ticker = Ticker()
    tasks = [asyncio.create_task(load.run())]
    try:
        with undisturbed():  # as the bot does while it serves
            await _stalls(library, load, ticker, before, count)
    finally:
        for task in tasks:
            task.cancel()
        for file, content in before.items():
            put(file, content)
        library.refresh()
        library.close()
    return seen


async def _stalls(
    library: Library, load: Load, ticker: Ticker, before: dict[Path, bytes], count: int
) -> None:
    """Edit again and again; meanwhile, and for as long after each edit, watch the loop."""
    seen = load.seen
    task = asyncio.create_task(ticker.run())
    try:
        await asyncio.sleep(0.05)
        for edition in range(1, count + 1):
            _edition(before, edition)
            began = time.perf_counter()
            ticker.take()
            other = await prepared(library)
            start = time.perf_counter()
            switched = library.adopt(other)
            seen.switches.append(time.perf_counter() - start)
            if not switched:
                raise RuntimeError(f"an edit did not become live: {library.notice}")
            await asyncio.sleep(2 * IDLE)
            seen.stalls.append(ticker.take())
            await asyncio.sleep(min(time.perf_counter() - began, 1.0))
            seen.quiet.append(ticker.take())
    finally:
        task.cancel()


def _first_id(content: bytes) -> str:
    return content.partition(b"- id: ")[2].partition(b"\n")[0].decode()


def _edition(before: dict[Path, bytes], number: int) -> None:
    for file, content in before.items():
        put(file, re.sub(rb'  text: ("?)', rb"  text: \1Edition%d " % number, content, count=1))


def _text(reply: Reply) -> str:
    return msgspec.json.encode(reply.blocks).decode() + reply.title + reply.summary


def reloading(lab: Lab) -> Iterator[Figure]:
    """P13: reload the large base under load."""
    lab.compiled(lab.large)
    lab.say("reloading under load")
    arguments = lab.large.root, lab.large.folder, lab.settings.reloads
    seen = lab.child(Reloads, "goals.reloading.reloaded", *arguments)
    name = f"of {seen.answers:,} answers over {lab.settings.reloads} reloads"
    for what, count in (("failed", seen.failed), ("mixed", seen.mixed)):
        yield Figure("P13", f"{what} {name}", "n", count, compare=Compare.ALONE, limit=0)
    stall, quiet = median(seen.stalls), median(seen.quiet)
    without = "as long a time without one"
    yield Figure(
        *("P13", "longest stall of the loop in a reload, median", "s", stall, without, quiet),
        compare=Compare.DIFFERENCE,
        limit=1e-3,
    )
    yield Figure(
        *("P13", "changing over to the new snapshot, slowest", "s", max(seen.switches)),
        compare=Compare.ALONE,
        limit=1e-3,
    )
