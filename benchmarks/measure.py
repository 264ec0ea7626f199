"""How things are measured: the clock, the processor's time, and memory."""

from __future__ import annotations

import gc
import math
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """What some work took: seconds by the clock and of the processor, and the process's peak in bytes."""

    wall: float
    cpu: float
    peak: int


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


def tree_bytes(process: int) -> int:
    """Return the bytes of a process and its descendants, shared pages in part; 0 where nothing tells."""
    folder = Path(f"/proc/{process}")
    try:
        rollup = (folder / "smaps_rollup").read_text(encoding="ascii")
        children = [one.read_text(encoding="ascii").split() for one in folder.glob("task/*/children")]
    except OSError:  # it has just ended
        return 0
    own = next((line for line in rollup.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
    return int(own.split()[1]) * 1024 + sum(tree_bytes(int(one)) for some in children for one in some)


def percentile(numbers: Sequence[float], percent: float) -> float:
    """Return the smallest number that at least so many percent of them do not exceed (nearest rank)."""
    ordered = sorted(numbers)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@contextmanager
def no_garbage() -> Iterator[None]:
    """Let the garbage collector wait, so that no piece of work pays for those before it."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


clock: Final = time.thread_time_ns
"""Nanoseconds of processor time of this thread: how long the work takes, whatever else the machine does.

Reading it takes a third of a microsecond, which every figure bears, and what it is compared with too.
"""


def fastest(work: Callable[[], object], rounds: int) -> float:
    """Return the seconds of processor time of the fastest of several rounds."""
    best = sys.maxsize
    for _ in range(rounds):
        start = clock()
        work()
        best = min(best, clock() - start)
    return best / 1e9
