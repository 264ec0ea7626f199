"""P6: memory does not grow with the base."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.desk import Desk, read_lines
from benchmarks.figures import Compare, Figure
from benchmarks.lab import Built, Lab
from benchmarks.measure import resident


class Growth(msgspec.Struct, frozen=True):
    """Resident bytes before the first question, with the base open, and after the last one."""

    before: int
    after: int


def grown(snapshot: str, file: str, count: str) -> Growth:
    """Ask so many of a file's questions, again from the first where there are fewer."""
    desk = Desk(Path(snapshot))
    lines = read_lines(file)[1]
    gc.collect()
    before = resident()
    for n in range(int(count)):
        desk.ask(*lines[n % len(lines)])
    gc.collect()
    return Growth(before, resident())


def memory(lab: Lab) -> Iterator[Figure]:
    """P6: ask the largest and the smallest base the same number of questions."""
    count = lab.settings.questions
    tiny, large = (_grown(lab, built, count) for built in (lab.tiny, lab.large))
    at = f"at {lab.tiny.size.facts:,} facts"
    yield Figure(
        *("P6", f"resident after {count:,} mixed questions", "B", large.after, at, tiny.after),
        compare=Compare.DIFFERENCE,
        limit=3e6,
    )
    yield Figure("P6", "of that, growth since the first question", "B", large.after - large.before, at,
                 tiny.after - tiny.before)  # fmt: skip
    disk, yaml = "snapshot on disk", "the YAML files"
    bases = {one.facts: one for one in lab.describe()}
    one = bases[max(bases)]
    yield Figure("P6", disk, "B", one.snapshot, yaml, one.bytes)


def _grown(lab: Lab, built: Built, count: int) -> Growth:
    snapshot, lines = lab.compiled(built), lab.lines(built)
    lab.say(f"{count:,} questions to a base of {built.size.facts:,} facts")
    return lab.child(Growth, "goals.memory.grown", snapshot, lines, count)
