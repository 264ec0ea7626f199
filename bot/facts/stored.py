"""The records of one dossier as a snapshot in the making holds them, looked up one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

from bot.facts.records import Dossier, Entity, Fact, Source
from bot.facts.rows import Spelt, names_of, spelt
from bot.facts.stated import Stated

Body = TypeVar("Body", Source, Entity)


class Things(Mapping[str, Body], Generic[Body]):
    """The sources or entities of a dossier by id. Each is read once, when it is asked for."""

    def __init__(self, db: sqlite3.Connection, dossier: int, kind: type[Body]) -> None:
        self._db, self._dossier = db, dossier
        self._kind: type[Body] = kind
        self._table = kind.__name__.lower()
        self._found: dict[str, Body | None] = {}

    def __getitem__(self, thing: str) -> Body:
        if thing not in self._found:
            query = f"SELECT body FROM {self._table} WHERE id = ? AND dossier = ?"  # noqa: S608 -- of two names
            row = self._db.execute(query, (thing, self._dossier)).fetchone()
            self._found[thing] = msgspec.msgpack.decode(row[0], type=self._kind) if row else None
        found = self._found[thing]
        if found is None:
            raise KeyError(thing)
        return found

    def __iter__(self) -> Iterator[str]:
        query = f"SELECT id FROM {self._table} WHERE dossier = ? ORDER BY n"  # noqa: S608 -- of two names
        return (thing for (thing,) in self._db.execute(query, (self._dossier,)).fetchall())

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Facts(Mapping[str, Fact]):
    """The facts of a dossier by id: those that come in, else those that are there and stay."""

    def __init__(self, db: sqlite3.Connection, dossier: int) -> None:
        self._db, self._dossier = db, dossier

    def stated(self, fact: str) -> Stated | None:
        """Return a fact; of one that comes in, the ties are not known yet."""
        query = "SELECT body FROM scratch.incoming WHERE dossier = ? AND id = ? AND body IS NOT NULL"
        row = self._db.execute(query, (self._dossier, fact)).fetchone()
        if row:
            return msgspec.msgpack.decode(row[0], type=Stated)
        query = """
            SELECT body FROM fact WHERE id = ?1 AND dossier = ?2
            AND NOT EXISTS (SELECT 1 FROM scratch.gone WHERE dossier = ?2 AND id = ?1)
        """
        row = self._db.execute(query, (fact, self._dossier)).fetchone()
        return msgspec.msgpack.decode(row[0], type=Stated) if row else None

    def __getitem__(self, fact: str) -> Fact:
        found = self.stated(fact)
        if found is None:
            raise KeyError(fact)
        return found.fact

    def __contains__(self, fact: object) -> bool:
        query = """
            SELECT EXISTS (SELECT 1 FROM scratch.incoming WHERE dossier = ?2 AND id = ?1)
            OR EXISTS (SELECT 1 FROM fact WHERE id = ?1 AND dossier = ?2)
            AND NOT EXISTS (SELECT 1 FROM scratch.gone WHERE dossier = ?2 AND id = ?1)
        """
        return bool(self._db.execute(query, (fact, self._dossier)).fetchone()[0])

    def __iter__(self) -> Iterator[str]:
        query = """
            SELECT id FROM scratch.incoming WHERE dossier = ?1
            UNION SELECT id FROM fact WHERE dossier = ?1
            EXCEPT SELECT id FROM scratch.gone WHERE dossier = ?1
        """
        return (fact for (fact,) in self._db.execute(query, (self._dossier,)).fetchall())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        query = """
            SELECT EXISTS (SELECT 1 FROM scratch.incoming WHERE dossier = ?1)
            OR (SELECT facts FROM dossier WHERE n = ?1)
            > (SELECT count(*) FROM scratch.gone WHERE dossier = ?1)
        """
        return bool(self._db.execute(query, (self._dossier,)).fetchone()[0])


class Spellings(Mapping[str, Spelt]):
    """The words of the names of each entity, each worked out once."""

    def __init__(self, entities: Mapping[str, Entity], language: str) -> None:
        self._entities, self._language = entities, language
        self._found: dict[str, Spelt] = {}

    def __getitem__(self, entity: str) -> Spelt:
        found = self._found.get(entity)
        if found is None:
            found = self._found[entity] = spelt(names_of(self._entities[entity]), self._language)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._entities)

    def __len__(self) -> int:
        return len(self._entities)


class Heads:
    """What the facts of a dossier refer to: its own record, its sources and its entities."""

    def __init__(
        self, n: int, record: Dossier, sources: Mapping[str, Source], entities: Mapping[str, Entity]
    ) -> None:
        self.n, self.record, self.sources, self.entities = n, record, sources, entities
        self.spellings = Spellings(entities, record.language)


def heads_of(db: sqlite3.Connection, dossier: int) -> Heads | None:
    """Return the heads of a dossier as they are stored, or None where the dossier is new."""
    row = db.execute("SELECT body FROM dossier WHERE n = ?", (dossier,)).fetchone()
    if row is None:
        return None
    record = msgspec.msgpack.decode(row[0], type=Dossier)
    return Heads(dossier, record, Things(db, dossier, Source), Things(db, dossier, Entity))


def where_is(db: sqlite3.Connection, dossier: int, fact: str) -> tuple[str, int]:
    """Return the file of a fact and its index there; of a fact that stays, by reading what all files hold."""
    query = "SELECT path, place FROM scratch.incoming WHERE dossier = ? AND id = ?"
    row = db.execute(query, (dossier, fact)).fetchone()
    if row and row[0]:
        return str(row[0]), int(row[1])
    for path, ids in db.execute("SELECT path, ids FROM file WHERE dossier = ?", (dossier,)):
        listed = msgspec.msgpack.decode(ids, type=list[str]) if "facts/" in path else []
        if fact in listed:
            return str(path), listed.index(fact)
    return "", 0
