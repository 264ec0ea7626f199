"""The heads of a dossier, its own record, sources and entities: what their change means, and their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from bot.facts.cross import At, Between, Issue, duplicates, shared_copies, shared_spellings, unused
from bot.facts.doubts import Doubts, relocated
from bot.facts.keys import tag_number
from bot.facts.load import FileRole, ParsedFile
from bot.facts.records import Entity, Source
from bot.facts.rows import Tag, names_of
from bot.facts.snapshot import encode
from bot.facts.stored import where_is

if TYPE_CHECKING:
    from bot.facts.gather import Change

KEY_BITS: Final = 27
"""Bits of an entity's or a source's number that follow those of its dossier."""

_ENTITY: Final = ("about", "said", "through", "owed", "named")
_SOURCE: Final = ("source", "withdrawn")
_ROLES: Final = """
SELECT DISTINCT by FROM reference WHERE dossier = ?1 AND kind = 'role' AND id IN (
  SELECT id FROM scratch.incoming WHERE dossier = ?1 UNION SELECT id FROM scratch.gone WHERE dossier = ?1)
"""
_PATH: Final = """
SELECT path FROM file WHERE dossier = ?1 AND (path = ?2 OR path LIKE '%/' || ?2) ORDER BY length(path)
"""
_OF_HEADS: Final = ("judgement", "role", "origin", "post")


def affected_by(db: sqlite3.Connection, change: Change) -> Iterator[str]:
    """Yield the ids of the stored facts that read otherwise because of heads that changed."""
    heads, before = change.heads, change.before
    if before is None:
        return
    tags: list[Tag] = []
    if FileRole.SOURCES in change.parsed:
        for one in {*heads.sources, *before.sources}:
            if heads.sources.get(one) != before.sources.get(one):
                tags += ((kind, one) for kind in _SOURCE)
    if FileRole.ENTITIES in change.parsed:
        for one in {*heads.entities, *before.entities}:
            old, new = before.entities.get(one), heads.entities.get(one)
            if old is None or new is None or names_of(old) != names_of(new):
                tags += ((kind, one) for kind in _ENTITY)
    topics = {topic.id for topic in before.record.topics} ^ {topic.id for topic in heads.record.topics}
    tags += (("topic", topic) for topic in topics)
    if heads.record.language != before.record.language or heads.record.id != before.record.id:
        tags = [("all", "")]
    elif bool(heads.record.topics) != bool(before.record.topics):
        tags = [("all", "")]  # a fact without topics is doubtful only where there are some
    for tag in tags:
        query = "SELECT id FROM posting JOIN fact USING (rank) WHERE tag = ?"
        yield from (fact for (fact,) in db.execute(query, (tag_number(heads.n, *tag),)).fetchall())


def doubts_of_heads(db: sqlite3.Connection, change: Change, rules: Between, doubts: Doubts) -> None:
    """Check the heads of a dossier, those that changed and those that refer to what did."""
    heads, parsed, n = change.heads, change.parsed, change.heads.n
    at, record = At(_path(db, n, "dossier.yaml"), 0), heads.record
    doubts.forget("dossier", n, record.id)
    doubts.add("dossier", n, record.id, rules.of_dossier(at, record))
    sources = [(at, one) for at, one in _records(parsed.get(FileRole.SOURCES)) if isinstance(one, Source)]
    entities = [(at, one) for at, one in _records(parsed.get(FileRole.ENTITIES)) if isinstance(one, Entity)]
    for at, source in sources:
        doubts.add("source", n, source.id, rules.of_source(at, source))
    doubts.add("copy", n, "", (*duplicates(sources), *shared_copies(sources)))
    for at, entity in entities:
        doubts.add("entity", n, entity.id, rules.of_entity(at, entity))
    doubts.add("spelling", n, "", (*duplicates(entities), *shared_spellings(entities)))
    if FileRole.ENTITIES in parsed and FileRole.SOURCES not in parsed:
        for source in heads.sources.values():
            doubts.forget("source", n, source.id)
            doubts.add("source", n, source.id, _placed(db, n, source, rules.of_source(At("", 0), source)))
    if change.before and FileRole.ENTITIES not in parsed:
        for (one,) in db.execute(_ROLES, (n,)).fetchall():
            entity = heads.entities[one]
            doubts.forget("entity", n, one)
            doubts.add("entity", n, one, _placed(db, n, entity, rules.of_entity(At("", 0), entity)))


def doubts_of_uses(db: sqlite3.Connection, change: Change, doubts: Doubts) -> None:
    """Find the sources, entities and topics that nothing uses, once the rows of facts are there."""
    heads, n = change.heads, change.heads.n
    things = {("source", one) for kind, one in change.touched if kind in _SOURCE}
    things |= {("entity", one) for kind, one in change.touched if kind in _ENTITY}
    things |= {("topic", one) for kind, one in change.touched if kind == "topic"}
    if FileRole.SOURCES in change.parsed:
        things |= {("source", one) for one in heads.sources}
    if FileRole.ENTITIES in change.parsed or FileRole.SOURCES in change.parsed:
        things |= {("entity", one) for one in heads.entities}
    numbers = {topic.id: number for number, topic in enumerate(heads.record.topics)}
    if FileRole.DOSSIER in change.parsed:
        things |= {("topic", one) for one in numbers}
    for kind, one in sorted(things):
        doubts.forget("unused", n, f"{kind} {one}")
        if _is_used(db, n, kind, one):
            continue
        if kind == "topic" and one in numbers:
            at = At(_path(db, n, "dossier.yaml"), 0)
            found = at.issue("W003", "topics", numbers[one], "id", message=unused(kind, one))
        elif kind == "source" and one in heads.sources:
            found = At("", 0).issue("W001", "id", message=unused(kind, one))
        elif kind == "entity" and one in heads.entities:
            found = At("", 0).issue("W002", "id", message=unused(kind, one))
        else:
            continue
        thing = heads.sources[one] if kind == "source" else heads.entities[one] if kind == "entity" else None
        issues = [found] if thing is None else _placed(db, n, thing, [found])
        doubts.add("unused", n, f"{kind} {one}", issues)


def _is_used(db: sqlite3.Connection, n: int, kind: str, thing: str) -> bool:
    kinds = {"source": _SOURCE, "entity": _ENTITY, "topic": ("topic",)}[kind]
    query = "SELECT 1 FROM posting WHERE tag = ? LIMIT 1"
    if any(db.execute(query, (tag_number(n, one, thing),)).fetchone() for one in kinds):
        return True
    query = "SELECT 1 FROM reference WHERE dossier = ? AND id = ? AND kind IN ('origin', 'post') LIMIT 1"
    return kind == "entity" and db.execute(query, (n, thing)).fetchone() is not None


def write_heads(db: sqlite3.Connection, change: Change) -> None:
    """Write the rows of the heads that changed."""
    heads, n, record = change.heads, change.heads.n, change.heads.record
    query = "INSERT INTO dossier VALUES (?1, ?2, 0, ?3) ON CONFLICT DO UPDATE SET id = ?2, body = ?3"
    db.execute(query, (n, record.id, encode(record)))
    tables = ((FileRole.SOURCES, "source", heads.sources), (FileRole.ENTITIES, "entity", heads.entities))
    for role, table, things in tables:
        if role in change.parsed:
            first = n << KEY_BITS
            db.execute(f"DELETE FROM {table} WHERE n >= ? AND n < ?", (first, first + (1 << KEY_BITS)))  # noqa: S608
            rows = ((first + key, n, one, encode(things[one])) for key, one in enumerate(sorted(things)))
            db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", rows)  # noqa: S608 -- of two names
    if change.parsed:
        db.execute(f"DELETE FROM reference WHERE dossier = ? AND kind IN {_OF_HEADS}", (n,))  # noqa: S608
        references = ((n, *row) for row in _references(change))
        db.executemany("INSERT OR IGNORE INTO reference VALUES (?, ?, ?, ?)", references)


def _references(change: Change) -> Iterator[tuple[str, str, str]]:
    heads = change.heads
    for judgement in heads.record.judgements:
        yield from ((fact, "judgement", heads.record.id) for fact in judgement.based_on)
    for source in heads.sources.values():
        if source.origin:
            yield source.origin, "origin", source.id
    for entity in heads.entities.values():
        for role in entity.roles:
            if role.of:
                yield role.of, "post", entity.id
            yield from ((fact, "role", entity.id) for fact in role.facts)


def _records(file: ParsedFile | None) -> Iterator[tuple[At, object]]:
    for index, record in enumerate(file.records if file else ()):
        assert file  # noqa: S101 -- it has records
        yield At(file.file, file.position(index)), record


def _placed(
    db: sqlite3.Connection, n: int, thing: Source | Entity, issues: Iterable[Issue]
) -> Iterator[Issue]:
    name = "sources.yaml" if isinstance(thing, Source) else "entities.yaml"

    def where() -> tuple[str, int]:
        path = _path(db, n, name)
        (ids,) = db.execute("SELECT ids FROM file WHERE path = ?", (path,)).fetchone()
        return path, msgspec.msgpack.decode(ids, type=list[str]).index(thing.id)

    return relocated(issues, where)


def _path(db: sqlite3.Connection, n: int, name: str) -> str:
    row = db.execute(_PATH, (n, name)).fetchone()
    return str(row[0]) if row else name


def doubts_of_texts(db: sqlite3.Connection, change: Change, doubts: Doubts) -> None:
    """Find the facts that have the same text as one before, once the rows of facts are there."""
    n, texts = change.heads.n, sorted(change.texts)
    if change.before is None:
        texts = [one for one, other in pairwise(texts) if one == other]
    query = "SELECT id FROM posting JOIN fact USING (rank) WHERE tag = ?"
    for text in dict.fromkeys(texts):
        bearers = [fact for (fact,) in db.execute(query, (text,)).fetchall()]
        for fact in bearers:
            doubts.forget("text", n, fact)
        if len(bearers) > 1:
            placed = sorted((where_is(db, n, fact), fact) for fact in bearers)
            for where, fact in placed[1:]:
                message = f"The fact {placed[0][1]} has the same text."
                doubts.add("text", n, fact, [At(*where).issue("W013", "text", message=message)])
