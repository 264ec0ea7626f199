"""A fact base of any size as YAML files: seeded, written as it is made, free of errors.

Facts come in the order of time; what each cites, mentions and refers to lies near it, as in a base that grew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from benchmarks.records import Record, block, write_records
from benchmarks.stock import Name, Stock, Zipf
from bot.facts.fold import fold

FIRST: Final = date(2015, 1, 1)
LAST: Final = date(2025, 6, 30)
"""Between these days the sources appear."""

PER_FILE: Final = 200
"""Facts in a file: about 100 kB."""

PER_DOSSIER: Final = 10_000
"""Entities in a dossier: they are one file, which may have 4 MiB; a larger base has more dossiers."""

FACTS_PER_SOURCE: Final = 10
TOPICS: Final = 24
RECENT: Final = 2_000
"""Facts, counted back from the newest, that a fact may supersede, dispute or settle."""

_KINDS: Final = ("person", "organisation", "place", "product", "group", "document", "index")
_SHARES: Final = (60, 25, 7, 3, 2, 2, 1)
_CUES: Final = ("said", "said", "told", "announced", "claimed", "warned", "denied", "estimated")
_UNNAMED: Final = ("a former official", "a person familiar with the plans", "two diplomats", "an adviser")
_LETTERS: Final = "ABBBCCCDDEF"


class Size(msgspec.Struct, frozen=True):
    """How large a base is to be, and the seed of its randomness; no fewer facts than entities."""

    facts: int = 50_000
    entities: int = 10_000
    seed: int = 1


def write_base(root: Path, size: Size) -> None:
    """Write dossier folders under `root`: the same size gives the same bytes."""
    count = -(-size.entities // PER_DOSSIER)
    for n in range(count):
        facts, entities = (_share(total, n, count) for total in (size.facts, size.entities))
        _Dossier(n, facts, entities, Random(f"{size.seed}/{n}")).write(root)


def _share(total: int, n: int, count: int) -> int:
    return total * (n + 1) // count - total * n // count


class _Source(msgspec.Struct, frozen=True):
    id: str
    day: date
    paragraphs: int


class _Earlier(msgspec.Struct, frozen=True):
    """What later facts need to know of a fact."""

    id: str
    added: date
    due: bool


class _Dossier:
    """One dossier in the making; `entities` are in order of how often they are mentioned."""

    def __init__(self, number: int, facts: int, entities: int, random: Random) -> None:
        self.id = f"made-up-{number + 1}"
        self.facts = facts
        self.random = random
        self.stock = Stock(random)
        self.entities: list[tuple[str, str, str]] = []
        self.sources: list[_Source] = []
        self.recent: deque[_Earlier] = deque(maxlen=RECENT)
        self.grounds: list[_Earlier] = []
        self.topics = [f"{self.stock.rare_word()}-{n}" for n in range(min(TOPICS, facts))]
        self._entity_records = list(self._make_entities(entities))
        self._source_records = list(self._make_sources(-(-facts // FACTS_PER_SOURCE)))
        self._mentions = Zipf(entities, random)
        self._topic = Zipf(len(self.topics), random)

    def write(self, root: Path) -> None:
        folder = root / self.id
        (folder / "facts").mkdir(parents=True)
        for start in range(0, self.facts, PER_FILE):
            numbers = range(start, min(start + PER_FILE, self.facts))
            write_records(folder / "facts" / f"{start // PER_FILE:05}.yaml", map(self._fact, numbers))
        write_records(folder / "entities.yaml", self._entity_records)
        write_records(folder / "sources.yaml", self._source_records)
        (folder / "dossier.yaml").write_text(block(self._dossier()), encoding="utf-8")

    def _dossier(self) -> Record:
        judgements = [
            {
                "text": f"The {self.stock.text(8)} is likely to go on.",
                "based_on": [ground.id],
                "confidence": self.random.choice(("low", "moderate", "high")),
                "likelihood": "likely",
                "added": str(ground.added),
            }
            for ground in self.grounds
        ]
        topics = [{"id": topic, "title": topic.replace("-", " ").title()} for topic in self.topics]
        title = f"Made-up dossier {self.id.rpartition('-')[2]}"
        return {"id": self.id, "title": title, "topics": topics, "judgements": judgements}

    # --- things ----------------------------------------------------------------------------------------

    def _make_entities(self, count: int) -> Iterator[Record]:
        names: set[str] = set()
        ids: set[str] = set()
        for number in range(count):
            # The first one is an organisation: someone must report the news.
            kind = self.random.choices(_KINDS, _SHARES)[0] if number else "organisation"
            name = self._unheard(kind, names)
            entity = fold(name.label)[:40].rstrip().replace(" ", "-")
            entity = f"{entity}-{number}" if entity in ids else entity
            ids.add(entity)
            self.entities.append((entity, name.label, kind))
            record: Record = {"id": entity, "kind": kind, "name": name.label}
            if name.also:
                record["also"] = list(name.also)
            if kind == "person" and self.random.random() < 0.2:
                employer = self.random.choice(
                    [one for one, _, kind in self.entities[:50] if kind == "organisation"]
                )
                role = self.random.choice(("director", "minister", "chief executive", "spokesperson"))
                record["roles"] = [
                    {"role": role, "of": employer, "from": str(self.random.randint(2005, 2024)), "to": ".."}
                ]
            yield record

    def _unheard(self, kind: str, names: set[str]) -> Name:
        """Make a name of which no spelling is taken; crowded surnames get more given names."""
        make = {"person": self.stock.person, "organisation": self.stock.organisation}.get(
            kind, self.stock.thing
        )
        middle = ""
        while True:
            name = make()
            if middle:
                first, _, rest = name.label.partition(" ")
                name = Name(f"{first} {middle} {rest}".strip())
            spellings = {one.casefold() for one in (name.label, *name.also)}
            if names.isdisjoint(spellings):
                names |= spellings
                return name
            middle = self.stock.thing().label.partition(" ")[0]

    def _make_sources(self, count: int) -> Iterator[Record]:
        random = self.random
        wires = [entity for entity, _, kind in self.entities[:200] if kind == "organisation"]
        for n in range(count):
            day = FIRST + (LAST - FIRST) * n / count
            source = _Source(f"{random.choice(wires)}-{day}-{n}", day, random.randint(4, 40))
            self.sources.append(source)
            record: Record = {
                "id": source.id,
                "title": self.stock.text(random.randint(5, 10)).capitalize(),
                "publisher": f"{self.stock.rare_word().title()} Herald",
                "descriptor": "Made-up newspaper",
                "reliability": random.choice(_LETTERS),
                "paragraphs": source.paragraphs,
                "archive": f"{n:06}.txt",
            }
            match random.randrange(20):
                case 0 | 1:
                    pass  # the source does not say when it appeared
                case 2:
                    record["published"] = {
                        "date": f"{day:%Y-%m}~",
                        "inferred": "names a decree of that month",
                    }
                case _:
                    record["published"] = str(day)
            if random.random() < 0.7:
                record["origin"] = random.choice(wires)
            yield record

    # --- facts -----------------------------------------------------------------------------------------

    def _fact(self, n: int) -> Record:
        random = self.random
        cited = self._cited(n)
        earliest, latest = min(one.day for one in cited), max(one.day for one in cited)
        happened = earliest - timedelta(days=int(random.expovariate(1 / 20)))
        about = self._about(n)
        added = latest + timedelta(days=random.randint(0, 3))
        fact: Record = {"id": f"{self.stock.rare_word()}-{self.stock.rare_word()}-{n}", "kind": "event"}
        fact["text"] = self._text(about)
        fact["about"] = [entity for entity, _ in about]
        fact["topics"] = self._topics(n)
        if random.random() < 0.9:
            fact["date"] = self._dated(happened)
        if random.random() < 0.5:
            fact["said"] = self._said(happened, about[0][0])
            fact["kind"] = "claim"
        due = random.random() < 0.08
        if due:
            fact |= self._owed(earliest, about)
        elif random.random() < 0.1:
            fact |= {
                "kind": "metric",
                "value": {"of": about[0][0], "number": random.randint(1, 10_000), "unit": "units"},
            }
        elif random.random() < 0.05:
            fact["kind"] = "role"
        fact["sources"] = [
            {"ref": one.id, "p": random.randint(1, one.paragraphs), "hash": f"{random.getrandbits(64):016x}"}
            for one in cited
        ]
        fact["credibility"] = random.choice((2, 2, 3, 3, 3, 4, 6))
        fact["weight"] = random.choices((1, 2, 3, 4, 5), (10, 25, 45, 15, 5))[0]
        fact["added"] = str(added)
        this = _Earlier(fact["id"], added, due)
        if n % max(1, self.facts // 6) == 0:
            self.grounds.append(this)  # what judgements rest on is left alone by later facts
        else:
            fact |= self._ties(added)
            self.recent.append(this)
        return fact

    def _cited(self, n: int) -> list[_Source]:
        place = n // FACTS_PER_SOURCE
        cited = [self.sources[place]]
        while self.random.random() < 0.25:
            other = self.sources[min(len(self.sources) - 1, max(0, place + self.random.randint(-20, 20)))]
            if other not in cited:
                cited.append(other)
        return cited

    def _about(self, n: int) -> list[tuple[str, str]]:
        """Choose one to three entities; each is the main one of some fact, so that none is idle."""
        count = len(self.entities)
        due = n * count // self.facts
        fresh = n == 0 or due != (n - 1) * count // self.facts
        chosen = [due if fresh else self._mentions.draw()]
        while len(chosen) < 3 and self.random.random() < 0.5:
            chosen.append(self._mentions.draw())
        return [self.entities[one][:2] for one in dict.fromkeys(chosen)]

    def _text(self, about: list[tuple[str, str]]) -> str:
        tail = self.stock.text(self.random.randint(5, 16))
        others = f" with {about[1][1]}" if len(about) > 1 else ""
        return f"{about[0][1]} {self.stock.rare_word()}{others} {tail}."

    def _topics(self, n: int) -> list[str]:
        first = n if n < len(self.topics) else self._topic.draw()
        second = [self._topic.draw()] if self.random.random() < 0.3 else []
        return [self.topics[one] for one in dict.fromkeys([first, *second])]

    def _dated(self, day: date) -> str | Record:
        match self.random.randrange(20):
            case 0:
                return f"{day:%Y}"
            case 1 | 2 | 3:
                return f"{day:%Y-%m}"
            case 4:
                return {"date": f"{day}~", "inferred": "the source names the week"}
            case 5:
                return f"{day - timedelta(days=self.random.randint(2, 60))}/{day}"
            case _:
                return str(day)

    def _said(self, day: date, main: str) -> Record:
        random = self.random
        by: str | Record = {"unnamed": random.choice(_UNNAMED)}
        if random.random() < 0.75:
            by = main if random.random() < 0.3 else self.entities[self._mentions.draw()][0]
        said: Record = {"by": by, "cue": random.choice(_CUES), "when": str(day)}
        if random.random() < 0.15:
            said["to"] = [self.entities[self._mentions.draw()][0]]
        if random.random() < 0.15:
            said["via"] = [self.entities[0][0]]
        return said

    def _owed(self, day: date, about: list[tuple[str, str]]) -> Record:
        due = day + timedelta(days=self.random.randint(40, 900))
        return {
            "kind": self.random.choice(("order", "plan")),
            "due": f"{due:%Y-%m}" if self.random.random() < 0.5 else str(due),
            "duty": f"report on the {self.stock.text(3)}",
            "owed_by": [about[-1][0]],
        }

    def _ties(self, added: date) -> Record:
        random, ties = self.random, Record()
        for key, share in (("supersedes", 0.02), ("disputes", 0.02), ("outcome_of", 0.03)):
            if self.recent and random.random() < share:
                other = random.choice(self.recent)
                if other.added <= added and (key != "outcome_of" or other.due):
                    ties[key] = [other.id]
        if random.random() < 0.004:
            why = f"The source withdrew the {self.stock.rare_word()}."
            ties["retracted"] = {"on": str(added + timedelta(days=random.randint(5, 200))), "why": why}
        if random.random() < 0.03:
            ties["review_by"] = f"{added + timedelta(days=400):%Y-%m}"
        return ties
