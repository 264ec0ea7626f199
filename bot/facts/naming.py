"""The names of a dossier's things as they go into the index of names, and how they change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bot.facts.name_index import (
    Named,
    Row,
    add_names,
    address_of,
    at_prominence,
    change_names,
    prominence_of,
    row_of,
    rows_of_id,
)
from bot.facts.records import EntityKind
from bot.facts.stored import Heads

if TYPE_CHECKING:
    from bot.facts.gather import Change

_KIND: dict[str, str] = {
    "about": "entity",
    "said": "entity",
    "owed": "entity",
    "source": "source",
    "topic": "topic",
}


def write_dossier_names(db: sqlite3.Connection, change: Change, facts: int) -> None:
    """Write the names of a dossier that is new; `facts` says how many it has."""
    add_names(db, _named(change.heads, {**_grown(change), ("dossier", change.heads.record.id): facts}))


def amend_dossier_names(db: sqlite3.Connection, change: Change) -> None:
    """Write the names of a dossier that are new or more or less prominent; take out those that are gone."""
    heads, n, grown = change.heads, change.heads.n, _grown(change)
    grown["dossier", heads.record.id] = change.facts
    if not change.parsed:
        out = [row for (kind, one), more in grown.items() if more for row in rows_of_id(db, kind, n, one)]
        into = [
            row._replace(
                place=at_prominence(row.place, prominence_of(row.place) + grown[_kind_of(row), row.id])
            )
            for row in out
        ]
    else:
        before = _keys(change.before) if change.before else ()
        rows = {key: row for key in before for row in rows_of_id(db, key[0], n, key[1])}
        uses = {key: prominence_of(row.place) for key, row in rows.items()}
        for key, more in grown.items():
            uses[key] = uses.get(key, 0) + more
        wanted = {(one.kind, one.id): row_of(one) for one in _named(heads, uses)}
        out = [row for key, row in rows.items() if wanted.get(key) != row]
        into = [row for key, row in wanted.items() if rows.get(key) != row]
    change_names(db, out, into)


def _kind_of(row: Row) -> str:
    return address_of(row.place)[0]


def _grown(change: Change) -> dict[tuple[str, str], int]:
    grown: dict[tuple[str, str], int] = {}
    for (kind, one), more in change.uses.items():
        key = _KIND[kind], one
        grown[key] = grown.get(key, 0) + more
    return grown


def _keys(heads: Heads) -> Iterator[tuple[str, str]]:
    yield "dossier", heads.record.id
    yield from (("source", one) for one in heads.sources)
    yield from (("entity", one) for one in heads.entities)
    yield from (("topic", topic.id) for topic in heads.record.topics)


def _named(heads: Heads, uses: Mapping[tuple[str, str], int]) -> Iterator[Named]:
    n, record = heads.n, heads.record

    def name(
        kind: str, key: int, thing: str, label: str, also: tuple[str, ...], *, person: bool = False
    ) -> Named:
        return Named(kind, key, n, thing, label, (label, *also), uses.get((kind, thing), 0), person)

    yield name("dossier", 0, record.id, record.title, ())
    for key, one in enumerate(sorted(heads.sources)):
        source = heads.sources[one]
        also = tuple(text for text in (source.publisher, source.archive) if text)
        yield name("source", key, one, source.title, also)
    for key, one in enumerate(sorted(heads.entities)):
        entity = heads.entities[one]
        person = entity.kind is EntityKind.PERSON
        yield name("entity", key, one, entity.name, entity.also, person=person)
    seen = set()
    for key, topic in enumerate(record.topics):
        if topic.id not in seen:
            yield name("topic", key, topic.id, topic.title, topic.also)
        seen.add(topic.id)
