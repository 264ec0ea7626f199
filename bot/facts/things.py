"""The things that facts are about and rest on, as some dossiers name them on some day."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Final

import msgspec

from bot.facts import names
from bot.facts.keys import ordinal
from bot.facts.name_index import Listed
from bot.facts.records import Dossier, Entity, Source, Topic
from bot.facts.register import Register
from bot.facts.snapshot import Snapshot
from bot.facts.stated import Stated

_HAVE: Final = (
    "SELECT count(*) FROM json_each(?) AS place CROSS JOIN fact ON dossier = place.value AND fact.id = ?"
)


class Thing(msgspec.Struct, frozen=True):
    """An entity, source or topic of a dossier. `ref` is what a command takes: its id, or `dossier:id`."""

    kind: str
    dossier: str
    id: str
    label: str
    ref: str


class Things:
    """The entities, sources and topics of some dossiers, those of them that had appeared on a day.

    An id may be qualified as `dossier:id`.
    """

    def __init__(self, snapshot: Snapshot, dossiers: Iterable[str], as_of: date) -> None:
        self.snapshot = snapshot
        self.dossiers = tuple(sorted(snapshot.dossiers.keys() & dossiers))
        self.as_of = as_of
        self.today: Final = as_of.toordinal()
        self._numbers = {one: snapshot.dossiers[one][0] for one in self.dossiers}
        self._everywhere = len(self.dossiers) == len(snapshot.dossiers)
        self._appeared: dict[tuple[str, str], Source | None] = {}
        self._things: dict[tuple[str, str, str], Thing] = {}

    @cached_property
    def _register(self) -> Register:
        return Register(self.snapshot, self._numbers)

    # --- dossiers and their topics ---------------------------------------------------------------------

    def records(self) -> list[Dossier]:
        """Return the dossiers' own records."""
        return [self.snapshot.dossier(one) for one in self.dossiers]

    def topics(self, most: int | None = None) -> list[tuple[Thing, Topic]]:
        """Return the topics in reading order, or the first few."""
        records = map(self.snapshot.dossier, self.dossiers)
        topics = ((dossier, topic) for dossier in records for topic in dossier.topics)
        return [
            (self._thing("topic", dossier.id, topic.id, topic.title), topic)
            for dossier, topic in islice(topics, most)
        ]

    # --- one thing -------------------------------------------------------------------------------------

    def entity(self, ref: str) -> Entity | None:
        """Return the entity of that id, or None."""
        dossier, entity_id = self._whose("entity", ref)
        return self.entity_of(dossier, entity_id) if dossier else None

    def source(self, ref: str) -> Source | None:
        """Return the source of that id, or None where it does not exist or had not appeared."""
        dossier, source_id = self._whose("source", ref)
        return self.source_of(dossier, source_id) if dossier else None

    def entity_of(self, dossier: str, entity_id: str) -> Entity | None:
        """Return an entity of one of the dossiers, or None."""
        record: Entity | None = self._register.get("entity", (dossier, entity_id))
        return record

    def source_of(self, dossier: str, source_id: str) -> Source | None:
        """Return a source of one of the dossiers, or None where it does not exist or had not appeared."""
        key = (dossier, source_id)
        if key not in self._appeared:
            source: Source | None = self._register.get("source", key)
            later = source and source.published and ordinal(source.published.date) > self.today
            self._appeared[key] = None if later else source
        return self._appeared[key]

    def note(self, facts: Iterable[Stated], others: Iterable[tuple[str, str]] = ()) -> None:
        """Say which facts, and which other entities (dossier, id), are to be told of.

        What they mention is then read together, which is quicker than one by one.
        """
        for one in facts:
            self._register.note_fact(one)
        self._register.note("entity", others)

    def thing(self, kind: str, dossier: str, thing_id: str) -> Thing:
        """Return an entity, source, topic or fact as something to name; an unknown id is its own label."""
        key = (kind, dossier, thing_id)
        found = self._things.get(key)
        if found is None:
            found = self._things[key] = self._thing(*key, self._label(*key))
        return found

    def _label(self, kind: str, dossier: str, thing_id: str) -> str:
        if kind == "entity":
            entity = self.entity_of(dossier, thing_id)
            return entity.name if entity else thing_id
        if kind == "source":
            source = self.source_of(dossier, thing_id)
            return source.title if source else thing_id
        topics = self.snapshot.dossier(dossier).topics if kind == "topic" and dossier in self._numbers else ()
        return next((topic.title for topic in topics if topic.id == thing_id), thing_id)

    # --- names -----------------------------------------------------------------------------------------

    def resolve(self, name: str, kind: str) -> names.Resolution:
        """Find what a name stands for; `kind` is entity, source, topic or dossier."""
        dossier, rest = self._split(name)
        found = names.resolve(self.snapshot.db, rest, kind, self._scope(dossier))
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
            return [thing for thing, _ in self.topics(limit)]
        dossier, rest = self._split(prefix)
        # More sources than wanted, since some may not be there yet.
        most = limit * 2 if kind == "source" else limit
        found = names.complete(self.snapshot.db, rest, kind, self._scope(dossier), most)
        if kind == "source":
            found = [one for one in found if self._has_appeared(one)][:limit]
        qualified, dossiers = self._qualified(kind, found), self.snapshot.dossier_ids
        if not qualified:
            return [Thing(kind, dossiers[n], thing_id, label, thing_id) for n, thing_id, label, _ in found]
        return [
            Thing(kind, dossiers[n], one, label, f"{dossiers[n]}:{one}" if one in qualified else one)
            for n, one, label, _ in found
        ]

    def matched(self, match: names.Match) -> Thing:
        """Return what a name was matched with."""
        return self._thing(match.kind, self.snapshot.dossier_ids[match.dossier], match.id, match.label)

    # --- inside ----------------------------------------------------------------------------------------

    def _thing(self, kind: str, dossier: str, thing_id: str, label: str) -> Thing:
        shared = len(self.dossiers) > 1 and self._is_shared(kind, thing_id)
        return Thing(kind, dossier, thing_id, label, f"{dossier}:{thing_id}" if shared else thing_id)

    def _is_shared(self, kind: str, thing_id: str) -> bool:
        if kind in {"entity", "source"}:
            return len(self._register.dossiers(kind, thing_id)) > 1
        if kind == "topic":
            return self._topic_ids[thing_id] > 1
        if kind == "fact":
            (having,) = self.snapshot.db.execute(_HAVE, (self._places(), thing_id)).fetchone()
            return bool(having > 1)
        return False

    @cached_property
    def _topic_ids(self) -> Counter[str]:
        return Counter(topic.id for one in self.records() for topic in one.topics)

    def _is_there(self, match: names.Match) -> bool:
        """Say whether what a name stands for could be known; only sources have a day of their own."""
        if match.kind != "source":
            return True
        return self.source_of(self.snapshot.dossier_ids[match.dossier], match.id) is not None

    def _has_appeared(self, source: Listed) -> bool:
        return self.source_of(self.snapshot.dossier_ids[source[0]], source[1]) is not None

    def _qualified(self, kind: str, found: Iterable[Listed]) -> set[str]:
        """Return the ids that things in several of the dossiers have."""
        shared = {thing_id for _, thing_id, _, shared in found if shared}
        if len(self.dossiers) < 2:
            return set()
        if self._everywhere or not shared:
            return shared
        if kind in {"entity", "source"}:
            self._register.find(kind, shared)
        return {one for one in shared if self._is_shared(kind, one)}

    def _split(self, ref: str) -> tuple[str, str]:
        dossier, colon, rest = ref.partition(":")
        return (dossier, rest) if colon and dossier in self._numbers else ("", ref)

    def _whose(self, table: str, ref: str) -> tuple[str, str]:
        """Return the dossier and the id of a thing; of several with that id, the one in the first dossier."""
        dossier, thing_id = self._split(ref)
        return dossier or next(iter(self._register.dossiers(table, thing_id)), ""), thing_id

    def _places(self, dossier: str = "") -> str:
        return json.dumps([self._numbers[dossier]] if dossier else list(self._numbers.values()))

    def _scope(self, dossier: str) -> frozenset[int] | None:
        """Return the numbers of the dossiers in which names are looked for; None for all there are."""
        if dossier:
            return frozenset([self._numbers[dossier]])
        return None if self._everywhere else frozenset(self._numbers.values())
