"""P5: look for the slowest question: at random, then uphill from the slowest found so far.

A question is a command with a value for each of its options. Values are drawn from the base (its commonest
words and names, its topics, days all over its time, its dossiers), from what people mistype, and from what is
built to hurt: many words, very long ones, one letter, every script, wildcards and quotes. A step uphill
changes one value of one of the slowest questions. All of it follows from the seed, but for the clock.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from benchmarks.desk import Desk
from benchmarks.figures import Compare, Figure
from benchmarks.lab import Lab
from benchmarks.measure import clock, fastest, no_garbage
from benchmarks.questions import Questions, misspell
from bot.commands import REGISTRY
from bot.facts.words import find_words
from bot.parse import quote
from bot.registry import Command, Option, OptionKind

CLIMBERS: Final = 24
"""The slowest questions so far, from which steps are taken."""

ALIKE: Final = 6
"""The most of them that are of one command, so that the search does not settle on the first that is slow."""

PROVED: Final = 5
"""Times that a question is asked again before it counts as slow: the fastest of them is its time."""

KEPT: Final = 5
"""The slowest lines that are told, each of another command."""

SAMPLED: Final = 400
"""Facts whose words and names are used."""

STRANGE: Final = (
    "*",
    '"',
    "a*",
    "st",
    "e",
    "'",
    "()",
    "AND",
    "NOT",
    "^a",
    "ю",
    "王",
    "1",
    "2024",
    "%",
    "\u200b",
    "é",
)

Values = dict[str, str]


class Slow(msgspec.Struct, frozen=True):
    """A question, whether it was completed or asked, and its seconds."""

    line: str
    completed: bool
    seconds: float


class Found(msgspec.Struct, frozen=True):
    """The slowest question of each command, the slowest first, and how many were tried."""

    slowest: list[Slow]
    tried: int


class Source:
    """Draws values for options from a base."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.random = Random(seed)
        self.desk = desk
        self.questions = Questions(desk.snapshot, seed)
        facts = [self.questions.fact() for _ in range(min(SAMPLED, len(self.questions.rowids)))]
        counted = Counter(match[0] for one in facts for match in find_words(one.fact.text))
        self.words = [word for word, _ in counted.most_common()]
        self.days = [one.known for one in facts]
        self.make: dict[OptionKind, Callable[[], str]] = {
            OptionKind.NAME: self._name,
            OptionKind.ABOUT: self._name,
            OptionKind.TOPIC: self.questions.topic,
            OptionKind.SOURCE: self.questions.source,
            OptionKind.FACT: lambda: self.questions.fact().id,
            OptionKind.DOSSIER: lambda: self.random.choice(sorted(desk.snapshot.dossiers)),
            OptionKind.COMMAND: lambda: "who",
            OptionKind.DATE: self._day,
            OptionKind.WORDS: self._some_words,
        }

    def draw(self, option: Option) -> str:
        """Draw a value for an option."""
        if option.choices:
            return self.random.choice(option.choices)
        return self.make[option.kind]()

    def _word(self) -> str:
        pick = self.random.random()
        if pick < 0.5:  # a common one: the earlier, the commoner
            return self.words[int(len(self.words) * self.random.random() ** 3)]
        if pick < 0.65:
            return misspell(self.random.choice(self.words), self.random)
        if pick < 0.75:
            return self.random.choice(self.words)[: self.random.randint(1, 4)]
        if pick < 0.85:
            return self.random.choice(STRANGE)
        if pick < 0.95:
            return "".join(self.random.choices("abcdefghijklmnopqrstuvwxyzя", k=self.random.randint(5, 20)))
        return self.random.choice("aeб王") * self.random.randint(50, 400)

    def _some_words(self) -> str:
        words = [self._word() for _ in range(self.random.choice((1, 2, 2, 3, 4, 8, 12, 40)))]
        return " ".join(words)[:2_000]

    def _name(self) -> str:
        pick = self.random.random()
        if pick < 0.3:
            return self.questions.spelling()
        if pick < 0.55:
            return misspell(misspell(self.questions.spelling(), self.random), self.random)
        if pick < 0.7:  # the parts of several names
            parts = [part for _ in range(3) for part in self.questions.spelling().split()]
            return " ".join(self.random.sample(parts, self.random.randint(1, len(parts))))
        return self._some_words()[:200]

    def _day(self) -> str:
        day = date.fromordinal(self.random.choice(self.days) + self.random.randint(-40, 40))
        shapes = (f"{day}", f"{day:%Y-%m}", f"{day:%Y}", "1900", "9999", f"{day:%Y}/..")
        return self.random.choice(shapes)


class Climb:
    """The search; `tried` counts what was asked."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.source = Source(desk, seed)
        self.random = self.source.random
        self.commands = [one for one in REGISTRY if one.name != "help" and not one.acts]
        self.slowest: list[tuple[float, bool, Command, Values]] = []
        self.tried = 0

    def run(self, count: int, most: float) -> Found:
        """Try so many questions, a third of them at random; stop early after so many seconds."""
        end = time.monotonic() + most
        with no_garbage():
            for n in range(count):
                if time.monotonic() > end:
                    break
                if n < count / 3 or not self.slowest or self.random.random() < 0.1:
                    candidate = self._random()
                else:
                    candidate = self._step(*self.random.choice(self.slowest)[1:])
                self._try(*candidate)
        worst: dict[tuple[str, bool], Slow] = {}
        for seconds, completed, command, values in sorted(self.slowest, key=lambda one: -one[0]):
            worst.setdefault((command.name, completed), Slow(_line(command, values), completed, seconds))
        return Found(list(islice(worst.values(), KEPT)), self.tried)

    def _random(self) -> tuple[bool, Command, Values]:
        command = self.random.choice(self.commands)
        values = {
            one.name: self.source.draw(one)
            for one in command.options
            if one.required or self.random.random() < 0.4
        }
        return self.random.random() < 0.15, command, values

    def _step(self, completed: bool, command: Command, values: Values) -> tuple[bool, Command, Values]:
        """Change one value: anew, leave it out, put it to what it is in another slow one, or add to it."""
        changed = dict(values)
        option = self.random.choice(command.options)
        others = [one[3][option.name] for one in self.slowest if option.name in one[3]]
        pick = self.random.random()
        if pick < 0.2 and not option.required:
            changed.pop(option.name, None)
        elif pick < 0.4 and others:
            changed[option.name] = self.random.choice(others)
        elif pick < 0.7 and option.kind in {OptionKind.WORDS, OptionKind.NAME, OptionKind.ABOUT}:
            words = changed.get(option.name, "").split()
            if words and self.random.random() < 0.4:
                words.pop(self.random.randrange(len(words)))
            changed[option.name] = (
                " ".join([*words, self.source.draw(option)]) if len(words) < 40 else words[0]
            )
        else:
            changed[option.name] = self.source.draw(option)
        return completed, command, changed

    def _try(self, completed: bool, command: Command, values: Values) -> None:
        line = _line(command, values)
        desk, asker = self.desk.dispatcher, self.desk.asker
        ask = (lambda: desk.complete(line, asker)) if completed else (lambda: desk.ask(line, asker))
        seconds = _once(ask)
        self.tried += 1
        full = len(self.slowest) >= CLIMBERS
        if full and seconds <= self.slowest[-1][0]:
            return
        seconds = min(seconds, fastest(ask, PROVED))  # it may have been the machine
        if full and seconds <= self.slowest[-1][0]:
            return
        self.slowest.append((seconds, completed, command, values))
        self.slowest.sort(key=lambda one: -one[0])
        alike = [one for one in self.slowest if one[1:3] == (completed, command)]
        if len(alike) > ALIKE:
            self.slowest.remove(alike[-1])
        del self.slowest[CLIMBERS:]


def _once(work: Callable[[], object]) -> float:
    start = clock()
    work()
    return (clock() - start) / 1e9


def _line(command: Command, values: Values) -> str:
    first = [quote(values[one.name]) for one in command.options if one.required and one.name in values]
    rest = [
        f"{one.name}:{quote(values[one.name])}"
        for one in command.options
        if not one.required and one.name in values
    ]
    return " ".join((f"/{command.name}", *first, *rest))


def searched(snapshot: str, count: str, seconds: str, seed: str) -> Found:
    """Look for the slowest of so many questions, at most for so long."""
    return Climb(Desk(Path(snapshot)), int(seed)).run(int(count), float(seconds))


def worst(lab: Lab) -> Iterator[Figure]:
    """P5: the slowest question that the search finds, and the slowest of other commands."""
    snapshot = lab.compiled(lab.large)
    lab.say(f"looking for the slowest of {lab.settings.probes:,} questions")
    amounts = lab.settings.probes, lab.settings.search_seconds, lab.settings.seed
    found = lab.child(Found, "goals.worst.searched", snapshot, *amounts)
    for n, slow in enumerate(found.slowest):
        what = "completing" if slow.completed else "asking"
        line = slow.line if len(slow.line) <= 120 else f"{slow.line[:119]}…"
        name = f"slowest of {found.tried:,} questions" if not n else "slowest of another command"
        limit = None if n else 30e-3
        yield Figure(
            *("P5", name, "s", slow.seconds),
            compare=Compare.ALONE,
            limit=limit,
            remark=f"{what} `{line.replace('`', 'ˋ')}`",
        )
