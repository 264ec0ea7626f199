"""The core over one snapshot, asked lines of every class, and how long each of them takes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec

from benchmarks.measure import clock, no_garbage
from benchmarks.questions import BARE_SELECT, COMPLETE, EXACT, FUZZY, Line, Questions
from bot.commands import REGISTRY
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.facts.base import FactBase
from bot.facts.snapshot import Snapshot
from bot.reply import Kind

WARM_UP = 20
"""Questions of each class that are asked before the clock runs."""

PATIENCE = 60
"""Seconds of questions after which they are not asked for another round."""

AFTER = 5
"""Days after the last thing could be known on which everything is asked."""


class WrongAnswerError(Exception):
    """A question was not answered, so its time means nothing."""


class Desk:
    """The core over one snapshot, a few days after the last fact; what a library is to it."""

    notice = ""

    def __init__(self, path: Path) -> None:
        self.snapshot = Snapshot(path)
        day = date.fromordinal(self.snapshot.newest + AFTER)
        self.base = FactBase(self.snapshot, self.snapshot.dossiers, day)
        self.dispatcher = Dispatcher(REGISTRY, self, today=lambda: day)
        self.asker = Asker()

    def ask(self, name: str, line: str) -> None:
        """Do what a question of that class asks for.

        Raises:
            WrongAnswerError: the line was not understood or not answered.
        """
        if name == BARE_SELECT:
            self.snapshot.db.execute("SELECT body FROM fact WHERE rowid = ?", (int(line),)).fetchone()
        elif name in {EXACT, FUZZY}:
            self.base.resolve(line, "entity")
        elif name.startswith(COMPLETE):
            self.dispatcher.complete(line, self.asker)
        elif (kind := self.dispatcher.ask(line, self.asker).kind) in {Kind.FAILURE, Kind.USAGE}:
            raise WrongAnswerError(f"{line!r} was answered with {kind}")


def drawn(snapshot: str, file: str, each: str, seed: str, *only: str) -> int:
    """Draw lines for a warm-up and so many to be timed, of all classes or some; write them to a file."""
    questions = Questions(Snapshot(Path(snapshot)), int(seed))
    questions.classes = {name: draw for name, draw in questions.classes.items() if not only or name in only}
    lines = questions.mixed(min(int(each), WARM_UP)), questions.mixed(int(each))
    Path(file).write_bytes(msgspec.json.encode(lines))
    return len(lines[1])


def read_lines(file: str) -> tuple[list[Line], list[Line]]:
    """Return the lines of the warm-up and those to be timed."""
    return msgspec.json.decode(Path(file).read_bytes(), type=tuple[list[Line], list[Line]])


def timed(snapshot: str, file: str, rounds: str) -> dict[str, list[int]]:
    """Ask the lines of a file, mixed as they are; return the nanoseconds that each took, by class.

    These are of the thread's processor time. All are asked `rounds` times and the fastest of a question
    counts, since what else the machine does can only add to it.
    """
    desk = Desk(Path(snapshot))
    warm_up, mixed = read_lines(file)
    for name, line in warm_up:
        desk.ask(name, line)
    taken = [time_once(desk, mixed)]
    # What takes this long differs little from round to round.
    while len(taken) < int(rounds) and sum(map(sum, taken)) < PATIENCE * 1e9:
        taken.append(time_once(desk, mixed))
    times: dict[str, list[int]] = {}
    for (name, _), quickest in zip(mixed, map(min, zip(*taken, strict=True)), strict=True):
        times.setdefault(name, []).append(quickest)
    return times


def time_once(desk: Desk, mixed: Iterable[Line]) -> list[int]:
    """Ask lines once; return the nanoseconds of each."""
    ask, taken = desk.ask, []
    with no_garbage():
        for name, line in mixed:
            start = clock()
            ask(name, line)
            taken.append(clock() - start)
    return taken
