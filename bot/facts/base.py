"""The query object over a snapshot: what is known in some dossiers on some day."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from functools import cached_property
from itertools import chain, groupby, islice, repeat
from operator import itemgetter
from typing import Final

import msgspec

from bot.facts import ranks
from bot.facts.course import duties
from bot.facts.keys import UNDATED, ordinal, tag_number, time_of
from bot.facts.ranks import COUNTED, Moment, View, Wanted
from bot.facts.records import Evidence, Judgement
from bot.facts.search import Hits, search
from bot.facts.snapshot import EVERYTHING, Snapshot
from bot.facts.stated import NEVER, Stated
from bot.facts.things import Thing, Things

__all__ = ["COUNTED", "Change", "FactBase", "Thing"]

SCANNED: Final = 32
"""Facts looked at to find what else an entity is mentioned with."""

# The cache of numbers that compiling needs would grow with every name that is asked for.
_tag_number: Final = tag_number.__wrapped__

FEW: Final = 256
"""Facts that were known on a day, of which all are looked at rather than all moments."""

NEARBY: Final = 1_000
"""Moments beyond a day in the past that are looked through for what was known by then."""

TRIED: Final = 400
"""Facts whose ids begin as was typed among which those are looked for that were known on a day."""

_OF_FEW: Final = frozenset({"when", "due", "done"})
_BATCHES: Final = (8, 24, 56)
_BY_ID: Final = """
SELECT body FROM json_each(?) AS place CROSS JOIN fact
ON dossier = place.value AND fact.id = ? ORDER BY rank
"""
_OF_DOSSIER: Final = """
SELECT body FROM json_each(?) AS wanted CROSS JOIN fact ON dossier = ? AND fact.id = wanted.value
"""
_FROM_ID: Final = """
SELECT id, dossier, body FROM (
  SELECT id, dossier, known, body FROM fact WHERE dossier = ? AND id >= ? AND id < ? ORDER BY id LIMIT ?)
WHERE known <= ? ORDER BY id LIMIT ?
"""


class _About(msgspec.Struct):
    about: tuple[str, ...]


class _Glance(msgspec.Struct, array_like=True):
    """What a fact is about, and nothing else of it."""

    fact: _About


_glance: Final = msgspec.msgpack.Decoder(_Glance)


class Change(msgspec.Struct, frozen=True):
    """What happened to a fact on a day (ordinal): `kind` is added, superseded or retracted.

    `by` is the fact that superseded it.
    """

    kind: str
    day: int
    fact: Stated
    by: Stated | None = None


class FactBase(Things):
    """What is known in `dossiers` on the day `as_of`; every answer is made from one of these.

    Facts come best first (weight, then date, both descending) unless a method says otherwise, and only those
    that could be known on that day; a source that appeared later does not exist yet. An id may be qualified
    as `dossier:id`. Counts go as far as `most`, by default COUNTED; one more means that there are more. `cut`
    is True once moments far from a day in the past were not looked through.
    """

    def __init__(self, snapshot: Snapshot, dossiers: Iterable[str], as_of: date) -> None:
        super().__init__(snapshot, dossiers, as_of)
        self._view = View(snapshot.db, self.today, self.today >= snapshot.newest)
        self.cut = False

    @cached_property
    def count(self) -> int:
        """How many facts could be known on that day: all of them, however many."""
        if self._view.all_known:
            return sum(self.snapshot.dossiers[one][1] for one in self.dossiers)
        return ranks.count_known(self._view, self._numbers.values())

    def judgements(self, topic: Thing | None = None) -> Iterator[tuple[str, Judgement, list[Stated]]]:
        """Yield (dossier, judgement, facts it rests on) as written, where all of them are known."""
        for dossier in self.records():
            if topic and topic.dossier != dossier.id:
                continue
            made = [
                one
                for one in dossier.judgements
                if ordinal(one.added) <= self.today
                and (topic is None or not one.topics or topic.id in one.topics)
            ]
            grounds = (
                self._facts_of(dossier.id, {ref for one in made for ref in one.based_on}) if made else ()
            )
            by_id = {one.id: one for one in grounds}
            for judgement in made:
                known = [by_id[ref] for ref in judgement.based_on if ref in by_id]
                topics = judgement.topics or {name for one in known for name in one.fact.topics}
                if len(known) == len(judgement.based_on) and (topic is None or topic.id in topics):
                    yield dossier.id, judgement, known

    # --- one fact --------------------------------------------------------------------------------------

    def fact(self, ref: str) -> Stated | None:
        """Return the fact of that id, or None where it does not exist or could not be known."""
        return next(iter(self.facts(ref)), None)

    def facts(self, ref: str) -> list[Stated]:
        """Return the facts of that id in all dossiers that have one, those that could be known."""
        dossier, fact_id = self._split(ref)
        rows = self.snapshot.db.execute(_BY_ID, (self._places(dossier), fact_id))
        found = [self.snapshot.decode(body) for (body,) in rows.fetchall()]
        return [one for one in found if one.known <= self.today]

    def _facts_of(self, dossier: str, ids: Iterable[str]) -> list[Stated]:
        """Return the facts of a dossier with these ids, in their order, those that could be known."""
        wanted = (json.dumps(list(ids)), self._numbers[dossier])
        found = [self.snapshot.decode(body) for (body,) in self.snapshot.db.execute(_OF_DOSSIER, wanted)]
        return [one for one in found if one.known <= self.today]

    def cited(self, stated: Stated) -> list[Evidence]:
        """Return the evidence of a fact in sources that had appeared; a known fact has some."""
        return [one for one in stated.fact.sources if self.source_of(stated.dossier, one.ref)]

    def complete_fact(self, prefix: str, limit: int = 25) -> list[Thing]:
        """Suggest facts whose id begins with a prefix, in order of id."""
        dossier, rest = self._split(prefix)
        numbers = [self._numbers[dossier]] if dossier else sorted(self._numbers.values())
        tried = limit if self._view.all_known else max(limit, TRIED // max(len(numbers), 1))
        # Each dossier's ids are a range of their own: no other dossier's are read and left out.
        found = (
            self.snapshot.db.execute(
                _FROM_ID, (n, rest, rest + "\uffff", tried, self.today, limit)
            ).fetchall()
            for n in numbers
        )
        rows = islice(heapq.merge(*found), limit)
        stated = (self.snapshot.decode(body) for _, _, body in rows)
        return [self._thing("fact", one.dossier, one.id, one.fact.text) for one in stated]

    # --- facts by what they are about ------------------------------------------------------------------

    def best(self, thing: Thing | None = None, *, standing: bool = False) -> Iterator[Stated]:
        """Yield the facts of a topic or about an entity, or all facts; `standing` as in :meth:`tagged`."""
        if thing is None:
            return self.tagged("all", standing=standing)
        kind = "topic" if thing.kind == "topic" else "about"
        return self.tagged(kind, thing.id, thing.dossier, standing=standing)

    def tagged(
        self, kind: str, thing_id: str = "", dossier: str | None = None, *, standing: bool = False
    ) -> Iterator[Stated]:
        """Yield facts by a tag: all, about, defines, said, through, owed, topic, source or disputed.

        `standing` leaves out those that are retracted or superseded.
        """
        rows = self._by_weight(kind, thing_id, dossier, standing=standing)
        found = (self.snapshot.decode(body) for _, body in rows)
        return (one for one in found if one.stands(self.today)) if standing else found

    def related(self, thing: Thing, most: int) -> list[tuple[Thing, int]]:
        """Return the entities that its best facts mention too, with in how many of them, the most first."""
        together: Counter[str] = Counter()
        kind = "topic" if thing.kind == "topic" else "about"
        for _, body in islice(self._by_weight(kind, thing.id, thing.dossier), SCANNED):
            about = _glance.decode(body).fact.about
            together.update(entity for entity in dict.fromkeys(about) if entity != thing.id)
        ordered = sorted(together.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
        self._register.note("entity", ((thing.dossier, entity) for entity, _ in ordered))
        return [(self.thing("entity", thing.dossier, entity), count) for entity, count in ordered]

    def timeline(
        self,
        thing: Thing | None = None,
        first: int = 0,
        last: int = NEVER,
        *,
        undated: bool = False,
        standing: bool = False,
        before: int | None = None,
    ) -> Iterator[Stated]:
        """Yield facts in the order of their first day that may lie between two ordinals; or the undated ones.

        `thing` narrows them to a topic, or to what is about an entity, said by it or known through it;
        `standing` leaves out what is retracted or superseded. Of what began before `first` and may reach into
        the time, no more than the first `before` come.
        """
        tags = self._tags_of(thing, ("about", "said", "through"))
        span = (UNDATED, UNDATED) if undated else (first, min(last, NEVER))
        wanted = Wanted("when", *span, standing)
        within = self._moments(tags, [wanted])
        if not undated and first > 0:
            if self._few is None:
                # What began before comes before what began later, so the two need not be merged.
                earlier = heapq.merge(*(ranks.broad(self._view, tag, wanted) for tag in tags))
            else:
                moments = list(within)
                earlier = (one for one in moments if one[0] < first)
                within = (one for one in moments if one[0] >= first)
            within = chain(islice(_once(earlier), before), within)
        return self._in_order(within, standing=standing)

    def due(
        self,
        thing: Thing | None = None,
        first: int = 0,
        last: int = NEVER,
        *,
        done: bool | None = None,
        latest_first: bool = False,
    ) -> Iterator[Stated]:
        """Yield what is due between two ordinals and still stands, by the last day it may be done.

        `thing` narrows it to a topic, or to what is about an entity or owed by it; `done` to what has an
        outcome, or has none.
        """
        wanted = self._duties(first, last, done)
        found = self._moments(self._tags_of(thing, ("about", "owed")), wanted, latest_first=latest_first)
        stated = self._in_order(found, standing=True)
        return stated if done is None else (one for one in stated if one.has_outcome(self.today) is done)

    def count_due(
        self,
        thing: Thing | None = None,
        first: int = 0,
        last: int = NEVER,
        *,
        done: bool,
        most: int = COUNTED,
    ) -> int:
        """Return how many duties of a topic, or of all, are due between two ordinals and still stand.

        `done` are those with an outcome, or those without.
        """
        if self._few is not None:
            return sum(1 for _ in islice(self.due(thing, first, last, done=done), most + 1))
        return self._count(
            thing,
            self._duties(first, last, done),
            lambda one: one.stands(self.today) and one.has_outcome(self.today) is done,
            most,
        )

    def _duties(self, first: int, last: int, done: bool | None) -> list[Wanted]:
        """Return where duties are: what has an outcome now had none before that could be known."""
        kinds = {"due", "done"} if done is None else {"done"} if done else {"due"}
        if done is False and not self._view.all_known:
            kinds.add("done")
        return [Wanted(kind, first, last, standing=True, done=done) for kind in sorted(kinds)]

    def count_overdue(self, thing: Thing | None = None, most: int = COUNTED) -> int:
        """Return how many facts, or how many of a topic, are overdue for review."""
        wanted = Wanted("review", 0, self.today - 1, standing=True)
        return self._count(thing, [wanted], lambda one: one.stands(self.today), most)

    def changes(
        self, kind: str, since: int, until: int = NEVER, thing: Thing | None = None
    ) -> Iterator[Change]:
        """Yield what was added, superseded or retracted between two ordinals, the latest first.

        These are days of the base itself; `thing` narrows it to a topic.
        """
        wanted = Wanted(kind, since, min(until, self.today))
        moments = self._moments(self._tags_of(thing), [wanted], latest_first=True)
        for day, stated in self._dated(moments):
            if kind != "superseded":
                yield Change(kind, day, stated)
                continue
            for before in self._facts_of(stated.dossier, stated.fact.supersedes):
                yield Change(kind, day, before, stated)

    def count_changes(self, kind: str, since: int, until: int = NEVER, thing: Thing | None = None) -> int:
        """Return how many facts were added, superseded or retracted between two ordinals."""
        wanted = Wanted(kind, since, min(until, self.today))
        return self._count(thing, [wanted], lambda one: len(self._facts_of(one.dossier, one.fact.supersedes)))

    def count_added(self, since: int, until: int = NEVER, thing: Thing | None = None) -> int:
        """Return how many facts were added between two ordinals."""
        return self.count_changes("added", since, until, thing)

    def search(self, words: str, topic: Thing | None = None, limit: int = 20) -> Hits:
        """Find facts by words, the most relevant first; typos and inflections are forgiven."""
        places = {one: self._numbers[one] for one in self.dossiers if not topic or one == topic.dossier}
        return search(self.snapshot, words, places.items(), topic.id if topic else "", self.today, limit)

    # --- inside ----------------------------------------------------------------------------------------

    def _tags(self, kind: str, thing_id: str = "", dossier: str | None = None) -> list[int]:
        numbers = [self._numbers[dossier]] if dossier else sorted(self._numbers.values())
        return [_tag_number(number, kind, thing_id) for number in numbers]

    def _tags_of(self, thing: Thing | None, entity: Iterable[str] = ()) -> list[int]:
        """Return the tags of a topic or an entity, or those of all facts."""
        kinds = ("all",) if thing is None else ("topic",) if thing.kind == "topic" else entity
        thing_id, dossier = (thing.id, thing.dossier) if thing else ("", None)
        return [tag for kind in kinds for tag in self._tags(kind, thing_id, dossier)]

    def _by_weight(
        self, kind: str, thing_id: str, dossier: str | None, *, standing: bool = False
    ) -> Iterator[tuple[int, bytes]]:
        tags = self._tags(kind, thing_id, dossier)
        over = tags if kind in {"all", "topic"} else self._tags(*EVERYTHING, dossier)
        streams = [
            ranks.by_weight(self._view, *pair, standing=standing) for pair in zip(tags, over, strict=True)
        ]
        return streams[0] if len(streams) == 1 else heapq.merge(*streams, key=itemgetter(0))

    def _moments(
        self, tags: Collection[int], wanted: Iterable[Wanted], *, latest_first: bool = False
    ) -> Iterator[Moment]:
        if self._few is not None and any(one.kind in _OF_FEW for one in wanted):
            return iter(sorted(self._moments_of_few(tags, wanted), reverse=latest_first))
        streams = [
            ranks.by_time(self._view, tag, one, latest_first=latest_first)
            for tag, one in self._nearby(tags, wanted)
        ]
        return heapq.merge(*streams, reverse=latest_first)

    def _nearby(self, tags: Collection[int], wanted: Iterable[Wanted]) -> Iterator[tuple[int, Wanted]]:
        """Yield what is wanted of each tag; on a day in the past, only what is not too far from it."""
        for tag in tags:
            for one in wanted:
                if self._view.all_known or one.kind not in _OF_FEW:
                    yield tag, one
                    continue
                near = ranks.nearby(self._view, tag, one, NEARBY // len(tags))
                self.cut |= near != one
                yield tag, near

    @cached_property
    def _few(self) -> dict[int, Stated] | None:
        """All that was known, by rank, where that is little: then nothing else is looked through."""
        if self._view.all_known or self.count > FEW:
            return None
        return {rank: self.snapshot.decode(body) for rank, body in self._by_weight(*EVERYTHING, None)}

    def _moments_of_few(self, tags: Iterable[int], wanted: Iterable[Wanted]) -> Iterator[Moment]:
        few = self._few or {}
        for rank in ranks.carrying(self._view, few, tags):
            fact = few[rank].fact
            day, width, added, _ = time_of(fact)
            for one in wanted:
                if one.kind == "when" and day <= one.last and day - width >= one.first:
                    yield day, width, added, fact.id, rank
                elif fact.due and one.kind in duties(few[rank]):
                    last = ordinal(fact.due, last=True)
                    if one.first <= last <= one.last:
                        yield last, 0, added, fact.id, rank

    def _dated(self, moments: Iterator[Moment]) -> Iterator[tuple[int, Stated]]:
        """Yield (day, fact) for moments in their order, each fact once."""
        once = ((moment[0], moment[4]) for moment in _once(moments))
        for most in chain(_BATCHES, repeat(_BATCHES[-1])):
            part = list(islice(once, most))
            found = self.snapshot.facts([rank for _, rank in part])
            yield from zip((day for day, _ in part), found, strict=True)
            if len(part) < most:
                return

    def _in_order(self, moments: Iterator[Moment], *, standing: bool) -> Iterator[Stated]:
        found = (one for _, one in self._dated(moments))
        return (one for one in found if one.stands(self.today)) if standing else found

    def _count(
        self,
        thing: Thing | None,
        wanted: Iterable[Wanted],
        counts: Callable[[Stated], int],
        most: int = COUNTED,
    ) -> int:
        """Count moments of a topic, or of all facts; `counts` says how much a fact does that is not sure."""
        total, unsure = 0, set[int]()
        for tag, one in self._nearby(self._tags_of(thing), wanted):
            sure, others = ranks.count(self._view, tag, one, most + 1)
            total += sure
            unsure |= others
            if total > most:
                return most + 1
        return min(total + sum(map(counts, self.snapshot.facts(sorted(unsure)))), most + 1)


def _once(moments: Iterable[Moment]) -> Iterator[Moment]:
    """Yield moments, each once, of which those that are the same follow each other."""
    return (moment for moment, _ in groupby(moments))
