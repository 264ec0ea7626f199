"""Entities and sources by their id, for one answer: what its facts mention is read together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from typing import Any, Final

import msgspec

from bot.facts.records import Entity, Source
from bot.facts.snapshot import Snapshot
from bot.facts.stated import Stated

_DECODERS: Final[Mapping[str, msgspec.msgpack.Decoder[Any]]] = {
    "entity": msgspec.msgpack.Decoder(Entity),
    "source": msgspec.msgpack.Decoder(Source),
}
# An index tells which dossiers have a thing; its record is read only where it is one of the wanted.
_WANTED: Final = {
    table: f"""
SELECT {table}.id, dossier, CASE WHEN dossier IN (SELECT value FROM json_each(?2)) THEN body END
FROM json_each(?1) AS wanted CROSS JOIN {table} ON {table}.id = wanted.value
"""  # noqa: S608 -- one of two literals
    for table in _DECODERS
}

Key = tuple[str, str]
"""(dossier, id)."""


class Register:
    """The entities and sources of some dossiers, given as id to number.

    A statement costs more than a row, so what facts mention is noted, and with the first thing that is asked
    for all that was noted so far is read. What was read is kept as long as the answer is being made.
    """

    def __init__(self, snapshot: Snapshot, numbers: Mapping[str, int]) -> None:
        self._snapshot = snapshot
        self._numbers = numbers
        self._names = {number: dossier for dossier, number in numbers.items()}
        self._noted: dict[str, dict[Key, None]] = {table: {} for table in _DECODERS}
        self._bearers: dict[str, dict[str, list[str]]] = {table: {} for table in _DECODERS}
        self._read: dict[str, dict[Key, Any]] = {table: {} for table in _DECODERS}

    def note_fact(self, stated: Stated) -> None:
        """Note what a fact mentions."""
        fact, dossier = stated.fact, stated.dossier
        sources, entities = self._noted["source"], self._noted["entity"]
        for evidence in fact.sources:
            sources[dossier, evidence.ref] = None
        mentioned = (*fact.about, *fact.owed_by)
        if fact.said:
            mentioned = (*mentioned, *fact.said.to, *fact.said.via)
            if isinstance(fact.said.by, str):
                entities[dossier, fact.said.by] = None
        for one in mentioned:
            entities[dossier, one] = None

    def note(self, table: str, keys: Iterable[Key]) -> None:
        """Note some things of a table, "entity" or "source"."""
        self._noted[table].update(dict.fromkeys(keys))

    def get(self, table: str, key: Key) -> Any:
        """Return the record with that key, or None."""
        read = self._read[table]
        if key not in read:
            self._noted[table][key] = None
            self._load(table)
        return read[key]

    def dossiers(self, table: str, thing_id: str) -> list[str]:
        """Return the dossiers that have a thing with that id, in the order of their numbers."""
        bearers = self._bearers[table]
        if thing_id not in bearers:
            self.find(table, [thing_id])
        return bearers[thing_id]

    def find(self, table: str, ids: Collection[str]) -> None:
        """Find out which dossiers have things with these ids."""
        self._look_up(table, dict.fromkeys(ids), frozenset())

    def _load(self, table: str) -> None:
        noted, read = self._noted[table], self._read[table]
        keys = noted.keys() - read.keys()
        noted.clear()
        read.update(dict.fromkeys(keys))
        self._look_up(table, {thing_id for _, thing_id in keys}, keys)

    def _look_up(self, table: str, ids: Collection[str], wanted: Set[Key]) -> None:
        """Find out which dossiers have things with these ids, and read those of them that are wanted."""
        read, names, decode = self._read[table], self._names, _DECODERS[table].decode
        bearers: dict[str, list[str]] = {thing_id: [] for thing_id in ids}
        places = {self._numbers.get(dossier) for dossier, _ in wanted}
        rows = self._snapshot.db.execute(_WANTED[table], (_json(ids), _json(places)))
        for thing_id, number, body in rows:
            if number in names:
                key = (names[number], thing_id)
                bearers[thing_id].append(key[0])
                if key in wanted:
                    read[key] = decode(body)
        self._bearers[table].update(bearers)


def _json(values: Iterable[object]) -> str:
    return msgspec.json.encode(tuple(values)).decode()
