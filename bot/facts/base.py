"""The query object over a snapshot: what is known in some dossiers on some day."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby, islice
from typing import Final

import msgspec

from bot.facts import names
from bot.facts.keys import UNDATED, ordinal, tag_number
from bot.facts.records import Dossier, Entity, Evidence, Judgement, Source, Topic
from bot.facts.search import Hits, search
from bot.facts.snapshot import Snapshot
from bot.facts.stated import NEVER, Stated

SCANNED: Final = 50
"""Facts looked at to find what else an entity is mentioned with."""


class Thing(msgspec.Struct, frozen=True):
    """An entity, source or topic of a dossier. `ref` is what a command takes: its id, or `dossier:id`."""

    kind: str
    dossier: str
    id: str
    label: str
    ref: str


class Change(msgspec.Struct, frozen=True):
    """What happened to a fact on a day (ordinal): `kind` is added, superseded or retracted.

    `by` is the fact that superseded it.
    """

    kind: str
    day: int
    fact: Stated
    by: Stated | None = None


class FactBase:
    """What is known in `dossiers` on the day `as_of`; every answer is made from one of these.

    Facts come best first (weight, then date, both descending) unless a method says otherwise, and only those
    that could be known on that day; a source that appeared later does not exist yet. An id may be qualified
    as `dossier:id`.
    """

    def __init__(self, snapshot: Snapshot, dossiers: Iterable[str], as_of: date) -> None:
        self.snapshot = snapshot
        self.dossiers = tuple(one for one in sorted(set(dossiers)) if one in snapshot.dossiers)
        self.as_of = as_of
        self.today: Final = as_of.toordinal()
        self._numbers = {one: snapshot.dossiers[one][0] for one in self.dossiers}
        # One answer names the same few entities and sources again and again.
        self._found: dict[tuple[str, str], list[tuple[int, int]]] = {}

    # --- the dossiers ----------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many facts could be known on that day."""
        if self.today >= self.snapshot.newest:
            return sum(self.snapshot.dossiers[one][1] for one in self.dossiers)
        return self._count(None, "known", 0, self.today)

    def records(self) -> list[Dossier]:
        """Return the dossiers' own records."""
        return [self.snapshot.dossier(one) for one in self.dossiers]

    def topics(self) -> list[tuple[Thing, Topic]]:
        """Return the topics in reading order."""
        return [
            (self._thing("topic", dossier.id, topic.id, topic.title), topic)
            for dossier in self.records()
            for topic in dossier.topics
        ]

    def judgements(self, topic: Thing | None = None) -> list[tuple[str, Judgement, list[Stated]]]:
        """Return (dossier, judgement, facts it rests on) as written, where all of them are known."""
        found = []
        for dossier in self.records():
            if topic and topic.dossier != dossier.id:
                continue
            for judgement in dossier.judgements:
                grounds = [self.fact(f"{dossier.id}:{fact}") for fact in judgement.based_on]
                known = [one for one in grounds if one]
                topics = judgement.topics or {name for one in known for name in one.fact.topics}
                there = len(known) == len(grounds) and ordinal(judgement.added) <= self.today
                if there and (topic is None or topic.id in topics):
                    found.append((dossier.id, judgement, known))
        return found

    # --- one thing -------------------------------------------------------------------------------------

    def fact(self, ref: str) -> Stated | None:
        """Return the fact of that id, or None where it does not exist or could not be known."""
        return next(iter(self.facts(ref)), None)

    def facts(self, ref: str) -> list[Stated]:
        """Return the facts of that id in all dossiers that have one, those that could be known."""
        return list(self._visible(self._keys("fact", ref)))

    def entity(self, ref: str) -> Entity | None:
        """Return the entity of that id, or None."""
        keys = self._keys("entity", ref)
        return self.snapshot.entity(keys[0]) if keys else None

    def source(self, ref: str) -> Source | None:
        """Return the source of that id, or None where it does not exist or had not appeared."""
        keys = self._keys("source", ref)
        source = self.snapshot.source(keys[0]) if keys else None
        later = source and source.published and ordinal(source.published.date) > self.today
        return None if later else source

    def cited(self, stated: Stated) -> list[Evidence]:
        """Return the evidence of a fact in sources that had appeared; a known fact has some."""
        return [one for one in stated.fact.sources if self.source(f"{stated.dossier}:{one.ref}")]

    def thing(self, kind: str, dossier: str, thing_id: str) -> Thing:
        """Return an entity, source, topic or fact as something to name; an unknown id is its own label."""
        record = None
        if kind == "entity":
            record = self.entity(f"{dossier}:{thing_id}")
            label = record.name if record else thing_id
        elif kind == "source":
            source = self.source(f"{dossier}:{thing_id}")
            label = source.title if source else thing_id
        elif kind == "topic" and dossier in self.dossiers:
            titles = {topic.id: topic.title for topic in self.snapshot.dossier(dossier).topics}
            label = titles.get(thing_id, thing_id)
        else:
            label = thing_id
        return self._thing(kind, dossier, thing_id, label)

    # --- names -----------------------------------------------------------------------------------------

    def resolve(self, name: str, kind: str) -> names.Resolution:
        """Find what a name stands for; `kind` is entity, source, topic or dossier."""
        dossier, rest = self._split(name)
        numbers = [self._numbers[dossier]] if dossier else self._numbers.values()
        found = names.resolve(self.snapshot.db, rest, kind, frozenset(numbers))
        there = tuple(match for match in found.matches if self._is_there(match))
        if len(there) == len(found.matches):
            return found
        return msgspec.structs.replace(
            found, outcome=found.outcome if there else names.Outcome.NONE, matches=there
        )

    def complete(self, prefix: str, kind: str, limit: int = 25) -> list[Thing]:
        """Suggest things whose name goes on from a prefix, the most prominent first.

        Without a prefix, topics come in reading order.
        """
        if kind == "topic" and not prefix:
            return [thing for thing, _ in self.topics()][:limit]
        dossier, rest = self._split(prefix)
        numbers = [self._numbers[dossier]] if dossier else self._numbers.values()
        # More sources than wanted, since some may not be there yet.
        most = limit * 2 if kind == "source" else limit
        found = names.complete(self.snapshot.db, rest, kind, frozenset(numbers), most)
        return [self.matched(match) for match in found if self._is_there(match)][:limit]

    def matched(self, match: names.Match) -> Thing:
        """Return what a name was matched with."""
        return self._thing(match.kind, self.snapshot.dossier_id(match.dossier), match.id, match.label)

    def complete_fact(self, prefix: str, limit: int = 25) -> list[Thing]:
        """Suggest facts whose id begins with a prefix, in order of id."""
        dossier, rest = self._split(prefix)
        rows = self.snapshot.db.execute(
            "SELECT rank, dossier FROM fact WHERE id >= ? AND id < ? AND known <= ? ORDER BY id, dossier",
            (rest, rest + "\uffff", self.today),
        )
        wanted = {self._numbers[dossier]} if dossier else set(self._numbers.values())
        stated = (self.snapshot.fact(rank) for rank, number in rows if number in wanted)
        return [self._thing("fact", one.dossier, one.id, one.fact.text) for one in islice(stated, limit)]

    # --- facts by what they are about ------------------------------------------------------------------

    def best(self, thing: Thing | None = None) -> Iterator[Stated]:
        """Yield the facts of a topic or about an entity, or all facts."""
        if thing is None:
            return self.tagged("all")
        return self.tagged("topic" if thing.kind == "topic" else "about", thing.id, thing.dossier)

    def tagged(self, kind: str, thing_id: str = "", dossier: str | None = None) -> Iterator[Stated]:
        """Yield facts by a tag: all, about, defines, said, through, owed, topic, source or disputed."""
        ranks = heapq.merge(*(self._postings(tag) for tag in self._tags(kind, thing_id, dossier)))
        return self._visible(ranks)

    def related(self, thing: Thing) -> list[tuple[Thing, int]]:
        """Return the entities that its best facts mention too, with in how many of them, the most first."""
        together: Counter[str] = Counter()
        for one in islice(self.best(thing), SCANNED):
            together.update(entity for entity in dict.fromkeys(one.fact.about) if entity != thing.id)
        ordered = sorted(together.items(), key=lambda pair: (-pair[1], pair[0]))
        return [(self.thing("entity", thing.dossier, entity), count) for entity, count in ordered]

    def timeline(
        self, thing: Thing | None = None, first: int = 0, last: int = NEVER, *, undated: bool = False
    ) -> Iterator[Stated]:
        """Yield facts in the order of their first day that may lie between two ordinals; or the undated ones.

        `thing` narrows them to a topic, or to what is about an entity, said by it or known through it.
        """
        of_entity = ("about", "said", "through")
        tags = ("all",) if thing is None else ("topic",) if thing.kind == "topic" else of_entity
        span = (UNDATED, UNDATED) if undated else (first, min(last, NEVER))
        return self._visible(rank for _, rank in self._moments(tags, thing, "when", *span))

    def due(self, thing: Thing | None = None, first: int = 0, last: int = NEVER) -> Iterator[Stated]:
        """Yield what is due between two ordinals and still stands, by the last day it may be done.

        `thing` narrows it to a topic, or to what is about an entity or owed by it.
        """
        tags = ("all",) if thing is None else ("topic",) if thing.kind == "topic" else ("about", "owed")
        return self._standing(tags, thing, "due", first, last)

    def owed(self, thing: Thing) -> Iterator[Stated]:
        """Yield what an entity owes and what still stands, with or without a day."""
        return (one for one in self.tagged("owed", thing.id, thing.dossier) if one.stands(self.today))

    def overdue_reviews(self, thing: Thing | None = None) -> Iterator[Stated]:
        """Yield facts, or those of a topic, whose day of review has passed."""
        return self._standing(("topic",) if thing else ("all",), thing, "review", 0, self.today - 1)

    def changes(
        self, kind: str, since: int, until: int = NEVER, thing: Thing | None = None
    ) -> Iterator[Change]:
        """Yield what was added, superseded or retracted between two ordinals, the latest first.

        These are days of the base itself; `thing` narrows it to a topic.
        """
        tags = ("topic",) if thing else ("all",)
        rows = self._moments(tags, thing, kind, since, min(until, self.today), latest_first=True)
        for day, rank in rows:
            stated = self.snapshot.fact(rank)
            if stated.known > self.today:
                continue
            if kind != "superseded":
                yield Change(kind, day, stated)
                continue
            for old in stated.fact.supersedes:
                if before := self.fact(f"{stated.dossier}:{old}"):
                    yield Change(kind, day, before, stated)

    def count_added(self, since: int, until: int = NEVER, thing: Thing | None = None) -> int:
        """Return how many facts were added between two ordinals."""
        return self._count(thing, "added", since, min(until, self.today))

    def search(self, words: str, topic: Thing | None = None, limit: int = 20) -> Hits:
        """Find facts by words, the most relevant first; typos and inflections are forgiven."""
        topics = [topic] if topic else []
        places = [(one, self._numbers[one]) for one in self.dossiers if not topic or one == topic.dossier]
        return search(self.snapshot, words, places, topics[0].id if topics else "", self.today, limit)

    # --- inside ----------------------------------------------------------------------------------------

    def _thing(self, kind: str, dossier: str, thing_id: str, label: str) -> Thing:
        shared = len(self.dossiers) > 1 and self._row_count(kind, thing_id) > 1
        return Thing(kind, dossier, thing_id, label, f"{dossier}:{thing_id}" if shared else thing_id)

    def _is_there(self, match: names.Match) -> bool:
        """Say whether what a name stands for could be known; only sources have a day of their own."""
        if match.kind != "source":
            return True
        return self.source(f"{self.snapshot.dossier_id(match.dossier)}:{match.id}") is not None

    def _row_count(self, kind: str, thing_id: str) -> int:
        if kind == "topic":
            return sum(topic.id == thing_id for one in self.records() for topic in one.topics)
        if kind not in {"entity", "source", "fact"}:
            return 1
        return sum(number in self._numbers.values() for _, number in self._rows(kind, thing_id))

    def _split(self, ref: str) -> tuple[str, str]:
        dossier, colon, rest = ref.partition(":")
        return (dossier, rest) if colon and dossier in self._numbers else ("", ref)

    def _keys(self, table: str, ref: str) -> list[int]:
        dossier, thing_id = self._split(ref)
        wanted = {self._numbers[dossier]} if dossier else set(self._numbers.values())
        return sorted(key for key, number in self._rows(table, thing_id) if number in wanted)

    def _rows(self, table: str, thing_id: str) -> list[tuple[int, int]]:
        """Return the rows that have an id: the key of each and the number of its dossier."""
        found = self._found.get((table, thing_id))
        if found is None:
            query = f"SELECT rowid, dossier FROM {table} WHERE id = ?"  # noqa: S608 -- one of three literals
            found = self._found[table, thing_id] = self.snapshot.db.execute(query, (thing_id,)).fetchall()
        return found

    def _tags(self, kind: str, thing_id: str, dossier: str | None) -> list[int]:
        wanted = {self._numbers[dossier]} if dossier else set(self._numbers.values())
        return [tag_number(number, kind, thing_id) for number in sorted(wanted)]

    def _postings(self, tag: int) -> Iterator[int]:
        rows = self.snapshot.db.execute("SELECT rank FROM posting WHERE tag = ? ORDER BY rank", (tag,))
        return (rank for (rank,) in rows)

    def _moments(
        self,
        tags: Iterable[str],
        thing: Thing | None,
        what: str,
        first: int,
        last: int,
        *,
        latest_first: bool = False,
    ) -> Iterator[tuple[int, int]]:
        """Yield (day, rank) of what carries one of the tags, each fact once, in the order of time.

        A day that is not known exactly counts with the last day it may be: `width` is minus its length.
        """
        order = " DESC" if latest_first else ""
        columns = ", ".join(f"{column}{order}" for column in ("kind", "day", "width", "added", "id", "rank"))
        # Only what happened has a width; where a day is exact, the index need not be read from its beginning.
        least = "day - width" if what == "when" else "day"
        query = (
            "SELECT day, width, added, id, rank FROM moment"  # noqa: S608 -- the columns stand above
            f" WHERE tag = ? AND kind = ? AND day <= ? AND {least} >= ? ORDER BY tag, {columns}"
        )
        thing_id, dossier = (thing.id, thing.dossier) if thing else ("", None)
        numbers = [number for tag in tags for number in self._tags(tag, thing_id, dossier)]
        kinds = ("due", "done") if what == "due" else (what,)
        cursors = (
            self.snapshot.db.execute(query, (number, kind, last, first))
            for number in numbers
            for kind in kinds
        )
        return ((row[0], row[4]) for row, _ in groupby(heapq.merge(*cursors, reverse=latest_first)))

    def _count(self, topic: Thing | None, what: str, first: int, last: int) -> int:
        """Count the facts with such a day between two ordinals, of a topic or all, that could be known."""
        query = """
            SELECT count(*) FROM moment WHERE tag = ? AND kind = ? AND day BETWEEN ? AND ?
            AND (? OR (SELECT known FROM fact WHERE fact.rank = moment.rank) <= ?)
        """
        tags = self._tags("topic", topic.id, topic.dossier) if topic else self._tags("all", "", None)
        all_known = what == "known" or self.today >= self.snapshot.newest
        rows = (
            self.snapshot.db.execute(query, (tag, what, first, last, all_known, self.today)) for tag in tags
        )
        return sum(count for row in rows for (count,) in row)

    def _standing(
        self, tags: Iterable[str], thing: Thing | None, what: str, first: int, last: int
    ) -> Iterator[Stated]:
        found = self._visible(rank for _, rank in self._moments(tags, thing, what, first, last))
        return (one for one in found if one.stands(self.today))

    def _visible(self, ranks: Iterable[int]) -> Iterator[Stated]:
        for rank in ranks:
            stated = self.snapshot.fact(rank)
            if stated.known <= self.today:
                yield stated
