"""How things are measured: the clock, the processor's time, memory, and the times of questions."""

from __future__ import annotations

import gc
import math
import resource
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import msgspec

from benchmarks.questions import BARE_SELECT, COMPLETE, Questions
from bot.commands import REGISTRY
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.reply import Kind

WARM_UP = 20
"""Questions of each class that are asked before the clock runs."""


class Usage(msgspec.Struct, frozen=True):
    """What some work took: seconds by the clock and of the processor, and the process's peak in bytes."""

    wall: float
    cpu: float
    peak: int


class Growth(msgspec.Struct, frozen=True):
    """Resident bytes before the first question and after the last one."""

    before: int
    after: int


def usage(work: Callable[[], object]) -> Usage:
    """Do some work and say what it took; processes that it starts and waits for count too."""
    gc.collect()
    wall, cpu = time.perf_counter_ns(), _cpu()
    work()
    return Usage((time.perf_counter_ns() - wall) / 1e9, _cpu() - cpu, peak())


def _cpu() -> float:
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def peak() -> int:
    """Return the most bytes that were resident in this process, or in one that it waited for."""
    unit = 1 if sys.platform == "darwin" else 1024
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    status = Path("/proc/self/status")
    if not status.exists():
        return max(others, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
    # On Linux a process inherits ru_maxrss from the one that started it; VmHWM is its own.
    own = next(one for one in status.read_text(encoding="ascii").splitlines() if one.startswith("VmHWM:"))
    return max(others, int(own.split()[1]) * 1024)


def resident() -> int:
    """Return the bytes that are resident now; where the system does not tell, the most there ever were."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return peak()
    return int(statm.read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def percentile(numbers: Sequence[float], percent: float) -> float:
    """Return the smallest number that at least so many percent of them do not exceed (nearest rank)."""
    ordered = sorted(numbers)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


# --- questions -----------------------------------------------------------------------------------------


class WrongAnswerError(Exception):
    """A question was not answered, so its time means nothing."""


class Desk:
    """The core over one snapshot, on the day after the last fact was added; what a library is to it."""

    notice = ""

    def __init__(self, path: Path, seed: int) -> None:
        self.snapshot = Snapshot(path)
        last = self.snapshot.db.execute("SELECT max(day) FROM moment WHERE kind = 'added'").fetchone()[0]
        day = date.fromordinal(last + 1)
        self.questions = Questions(self.snapshot, seed)
        self._desk = Dispatcher(REGISTRY, self, today=lambda: day)
        self._asker = Asker()

    def ask(self, name: str, line: str) -> None:
        """Do what a question of that class asks for.

        Raises:
            WrongAnswerError: the line was not understood or not answered.
        """
        if name == BARE_SELECT:
            self.snapshot.db.execute("SELECT body FROM fact WHERE rank = ?", (line,)).fetchone()
        elif name.startswith(COMPLETE):
            self._desk.complete(line, self._asker)
        elif (kind := self._desk.ask(line, self._asker).kind) in {Kind.FAILURE, Kind.USAGE}:
            raise WrongAnswerError(f"{line!r} was answered with {kind}")


def time_questions(path: Path, each: int, rounds: int, seed: int) -> dict[str, list[int]]:
    """Ask so many questions of every class, mixed; return the nanoseconds that each took, by class.

    All are asked `rounds` times and the fastest of a question counts, since what else the machine does can
    only add to it. The garbage collector waits meanwhile, so that no question pays for the others.
    """
    desk = Desk(path, seed)
    for name, line in desk.questions.mixed(min(each, WARM_UP)):
        desk.ask(name, line)
    mixed = desk.questions.mixed(each)
    taken = [_time_once(desk, mixed) for _ in range(rounds)]
    times: dict[str, list[int]] = {name: [] for name in desk.questions.classes}
    for (name, _), fastest in zip(mixed, map(min, zip(*taken, strict=True)), strict=True):
        times[name].append(fastest)
    return times


def _time_once(desk: Desk, mixed: list[tuple[str, str]]) -> list[int]:
    ask, clock, taken = desk.ask, time.perf_counter_ns, []
    gc.collect()
    gc.disable()
    try:
        for name, line in mixed:
            start = clock()
            ask(name, line)
            taken.append(clock() - start)
    finally:
        gc.enable()
    return taken


def grow(path: Path, count: int, seed: int) -> Growth:
    """Ask so many questions, mixed, and say how the memory grew."""
    desk = Desk(path, seed)
    mixed = desk.questions.mixed(-(-count // len(desk.questions.classes)))[:count]
    gc.collect()
    before = resident()
    for name, line in mixed:
        desk.ask(name, line)
    gc.collect()
    return Growth(before, resident())
