"""The index of names: a handful of tables in the snapshot, and the queries over them.

A thing's *place* is its key there: kind, prominence (falling), dossier and number in one integer. So every
index yields the most prominent things first, and `LIMIT` stops early, however large the base. Things of other
dossiers than those asked are not read and thrown away: the dossier is one more word that must be there, and
full-text search leaps from one thing that has all words to the next.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from bot.facts import candidates
from bot.facts.fit import ARTICLES, without_titles
from bot.facts.fold import folds

KINDS: Final = ("entity", "topic", "source", "dossier")
"""The kinds of named things."""

SCHEMA: Final = (
    """
CREATE TABLE name_thing (
  place INTEGER PRIMARY KEY, id TEXT NOT NULL, label TEXT NOT NULL, shared INTEGER NOT NULL DEFAULT 0,
  person INTEGER NOT NULL, spellings TEXT NOT NULL, folded TEXT NOT NULL
);
CREATE TABLE name_key (
  key TEXT NOT NULL, place INTEGER NOT NULL, line INTEGER NOT NULL, PRIMARY KEY (key, place)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE name_words USING fts5 (
  words, content='', detail=none, columnsize=0, prefix='1 2 3 4 5 6 7 8', tokenize='ascii'
);
"""
    + candidates.SCHEMA
)
"""`spellings` and `folded` are parallel lines, the label first; `name_key` holds `#id` and whole spellings,
with the number of their line; `words` those of all spellings, and one that stands for the dossier. `shared`
says that things of the same kind in other dossiers have the same id.
"""

PREFIX: Final = 8
"""Letters of a longer prefix that :func:`by_words` can look for without reading all that begins so."""

_KEY_BITS: Final = 27
_PROMINENCE_BITS: Final = 20
_DOSSIER_BITS: Final = 14
_RANK_SHIFT: Final = _KEY_BITS + _DOSSIER_BITS
_KIND_BITS: Final = _KEY_BITS + _DOSSIER_BITS + _PROMINENCE_BITS
_LAST_DOSSIER: Final = (1 << _DOSSIER_BITS) - 1
_LAST_KEY: Final = (1 << _KEY_BITS) - 1
_MOST_PROMINENT: Final = (1 << _PROMINENCE_BITS) - 1
_COMPACT_WORDS: Final = 6  # nobody runs more words than these together

_INSERT: Final = """
INSERT INTO name_thing (place, id, label, person, spellings, folded) VALUES (?, ?, ?, ?, ?, ?)
"""
_WITH_WORDS: Final = """
FROM name_words CROSS JOIN name_thing ON place = name_words.rowid
WHERE name_words MATCH ? AND name_words.rowid BETWEEN ? AND ? ORDER BY name_words.rowid LIMIT ?
"""
_BY_WORDS: Final = f"SELECT place, id, label, person, spellings, folded {_WITH_WORDS}"
_LISTED: Final = f"SELECT place >> {_KEY_BITS} & {_LAST_DOSSIER}, id, label, shared"
_LIST: Final = _LISTED + _WITH_WORDS
_LIST_FOLDED: Final = f"{_LISTED}, folded {_WITH_WORDS}"
_LIST_FIRST: Final = f"{_LISTED} FROM name_thing WHERE place BETWEEN ? AND ? ORDER BY place LIMIT ?"
_SHARE_ALL: Final = f"""
UPDATE name_thing SET shared = 1 WHERE place IN (
  SELECT one.place FROM name_key AS one CROSS JOIN name_key AS other
  ON other.key = one.key AND other.place <> one.place
    AND other.place >> {_KIND_BITS} = one.place >> {_KIND_BITS}
  WHERE one.key >= '#' AND one.key < '$')
"""  # noqa: S608 -- made of this module's own numbers
_SHARE: Final = """
WITH bearer AS MATERIALIZED (SELECT place FROM name_key WHERE key = ? AND place BETWEEN ? AND ?)
UPDATE name_thing SET shared = (SELECT count(*) > 1 FROM bearer) WHERE place IN (SELECT place FROM bearer)
"""
_BY_KEY: Final = f"""
SELECT thing.place, thing.id, label, person, spellings, folded, named.key, line
FROM json_each(?1) AS wanted
CROSS JOIN name_key AS named ON named.key = wanted.value AND named.place BETWEEN ?2 AND ?3
CROSS JOIN name_thing AS thing ON thing.place = named.place
WHERE ?5 IS NULL OR (named.place >> {_KEY_BITS} & {_LAST_DOSSIER}) IN (SELECT value FROM json_each(?5))
LIMIT ?4
"""  # noqa: S608 -- made of this module's own numbers


class Named(msgspec.Struct, frozen=True):
    """Something that has a name.

    `kind` is one of :data:`KINDS`; `key` is unique among all named things and below 2**27; `dossier` is the
    number of its dossier, below 2**14; `spellings` are all ways to write the name, the words of the id among
    them; `prominence` grows with the number of facts.
    """

    kind: str
    key: int
    dossier: int
    id: str
    label: str
    spellings: tuple[str, ...] = ()
    prominence: int = 0
    person: bool = False


class Scope(NamedTuple):
    """Where to look: between two places, in some dossiers; `dossiers` is None for all there are."""

    first: int
    last: int
    dossiers: tuple[int, ...] | None


class Row(NamedTuple):
    """A named thing as the index holds it."""

    place: int
    id: str
    label: str
    person: int
    spellings: str
    folded: str

    @property
    def lines(self) -> list[tuple[str, list[str]]]:
        """Each spelling as written, with its folded words."""
        folded = (line.split() for line in self.folded.split("\n"))
        return list(zip(self.spellings.split("\n"), folded, strict=True))


RawRow = tuple[int, str, str, int, str, str]
"""What a :class:`Row` is made of."""

Listed = tuple[int, str, str, int]
"""The number of a thing's dossier, its id and label, and whether others of its kind have that id too."""


def rank_of(place: int) -> int:
    """Return a number that falls with the prominence of the thing at a place."""
    return place >> _RANK_SHIFT & _MOST_PROMINENT


def address_of(place: int) -> tuple[str, int, int]:
    """Return the kind of the thing at a place, its key, and the number of its dossier."""
    return KINDS[place >> _KIND_BITS], place & _LAST_KEY, place >> _KEY_BITS & _LAST_DOSSIER


def scope(kind: str, dossiers: frozenset[int] | None) -> Scope:
    """Return where the things of a kind in some dossiers are, or in all."""
    first = KINDS.index(kind) << _KIND_BITS
    numbers = None if dossiers is None else tuple(n for n in sorted(dossiers) if 0 <= n <= _LAST_DOSSIER)
    return Scope(first, first + (1 << _KIND_BITS) - 1, numbers)


def listed(db: sqlite3.Connection, expression: str, within: Scope, limit: int) -> list[Listed]:
    """Return what :func:`by_words` does, in short; of all things if the expression is empty."""
    if not expression and within.dossiers is None:
        return db.execute(_LIST_FIRST, (within.first, within.last, limit)).fetchall()
    return list(_found(db, _LIST, expression, within, limit))


def listed_with_words(
    db: sqlite3.Connection, expression: str, within: Scope, limit: int
) -> Iterator[tuple[Listed, str]]:
    """Yield what :func:`listed` returns, each with its folded spellings."""
    for dossier, thing_id, label, shared, folded in _found(db, _LIST_FOLDED, expression, within, limit):
        yield (dossier, thing_id, label, shared), folded


def by_words(db: sqlite3.Connection, expression: str, within: Scope, limit: int) -> Iterable[RawRow]:
    """Return at most `limit` things whose words satisfy an FTS5 expression, most prominent first."""
    return _found(db, _BY_WORDS, expression, within, limit)


def _found(
    db: sqlite3.Connection, query: str, expression: str, within: Scope, limit: int
) -> Iterable[tuple[Any, ...]]:
    if within.dossiers is not None:
        if not within.dossiers:
            return ()
        here = " OR ".join(f'"{_marker(dossier)}"' for dossier in within.dossiers)
        expression = f"({expression}) AND ({here})" if expression else here
    return db.execute(query, (expression, within.first, within.last, limit))


def by_key(
    db: sqlite3.Connection, keys: Sequence[str], within: Scope, limit: int
) -> list[tuple[str, str, Row]]:
    """Return keys, spellings and the things they belong to, in the order of the keys, then by prominence."""
    here = None if within.dossiers is None else json.dumps(within.dossiers)
    rows = db.execute(_BY_KEY, (json.dumps(keys), within.first, within.last, limit, here))
    return [
        (key, spellings.split("\n")[line], Row(place, thing_id, label, person, spellings, folded))
        for place, thing_id, label, person, spellings, folded, key, line in rows
    ]


def _marker(dossier: int) -> str:
    # No folded word has such a letter.
    return f"§{dossier}"


def keys(words: Sequence[str]) -> list[str]:
    """Return what a whole name is looked up by: its words in any order; and run together."""
    found = [" ".join(sorted(words))]
    if 1 < len(words) <= _COMPACT_WORDS:
        found.append("".join(words))
    return found


def index_keys(words: Sequence[str]) -> list[str]:
    """Return all keys of a spelling, those without its article included."""
    bare = without_titles(words, ARTICLES)
    return keys(words) if len(bare) == len(words) else [*keys(words), *keys(bare)]


def id_key(thing_id: str) -> str:
    """Return the key of an id, which no folded name can be."""
    return "#" + thing_id


def write_names(db: sqlite3.Connection, things: Iterable[Named]) -> None:
    """Fill the empty tables of :data:`SCHEMA`; the order of `things` does not matter.

    Things stream through, only the distinct words are held in memory. Raises `ValueError` for a thing of
    unknown kind or with numbers out of range, `sqlite3.IntegrityError` for the same place given twice.
    """
    add_names(db, things)
    index_names(db)


def add_names(db: sqlite3.Connection, things: Iterable[Named]) -> None:
    """Write things that :func:`index_names` shall index, as :func:`write_names` does at once."""
    db.executemany(_INSERT, map(row_of, things))


def index_names(db: sqlite3.Connection) -> None:
    """Index all things that were written, once."""
    words: set[str] = set()
    db.execute("INSERT INTO name_words (name_words, rank) VALUES ('automerge', 0)")
    db.execute("CREATE TEMP TABLE named (key TEXT, place INTEGER, line INTEGER)")
    # Full-text search wants its rows in order, and SQLite sorts keys in less memory than Python.
    for place, thing_id, folded in db.execute("SELECT place, id, folded FROM name_thing ORDER BY place"):
        distinct, found = _indexed(thing_id, folded)
        marked = " ".join((_marker(address_of(place)[2]), *distinct))
        db.executemany(
            "INSERT INTO temp.named VALUES (?, ?, ?)", ((key, place, at) for key, at in found.items())
        )
        db.execute("INSERT INTO name_words (rowid, words) VALUES (?, ?)", (place, marked))
        words.update(distinct)
    db.execute("INSERT INTO name_key SELECT * FROM temp.named ORDER BY key, place")
    db.execute("DROP TABLE temp.named")
    db.execute(_SHARE_ALL)
    candidates.write_near(db, words)
    db.execute("INSERT INTO name_words (name_words) VALUES ('optimize')")


def change_names(db: sqlite3.Connection, out: Iterable[Row], into: Iterable[Row]) -> None:
    """Take things out of the index and put others in, in the same rows as if all were written anew."""
    out, into = sorted(out), sorted(into)
    lost: set[str] = set()
    for row in out:
        distinct, found = _indexed(row.id, row.folded)
        marked = " ".join((_marker(address_of(row.place)[2]), *distinct))
        db.execute("DELETE FROM name_thing WHERE place = ?", (row.place,))
        db.executemany(
            "DELETE FROM name_key WHERE key = ? AND place = ?", ((key, row.place) for key in found)
        )
        db.execute(
            "INSERT INTO name_words (name_words, rowid, words) VALUES ('delete', ?, ?)", (row.place, marked)
        )
        lost.update(distinct)
    added: set[str] = set()
    for row in into:
        distinct, found = _indexed(row.id, row.folded)
        marked = " ".join((_marker(address_of(row.place)[2]), *distinct))
        db.execute(_INSERT, row)
        db.executemany(
            "INSERT INTO name_key VALUES (?, ?, ?)", ((key, row.place, at) for key, at in found.items())
        )
        db.execute("INSERT INTO name_words (rowid, words) VALUES (?, ?)", (row.place, marked))
        added.update(distinct)
    ids = {(address_of(row.place)[0], row.id) for row in (*out, *into)}
    within = {kind: scope(kind, None) for kind in KINDS}
    db.executemany(
        _SHARE, ((id_key(one), within[kind].first, within[kind].last) for kind, one in sorted(ids))
    )
    query = "SELECT 1 FROM name_words WHERE name_words MATCH ? LIMIT 1"
    unheard = {word for word in lost - added if not db.execute(query, (f'"{word}"',)).fetchone()}
    candidates.change_near(db, unheard, added - lost)


def _indexed(thing_id: str, folded: str) -> tuple[dict[str, None], dict[str, int]]:
    """Return the distinct words of a thing, and its keys with the number of their line."""
    lines = [line.split() for line in folded.split("\n")]
    distinct = dict.fromkeys(word for line in lines for word in line)
    found = {key: at for at, line in reversed(list(enumerate(lines))) if line for key in index_keys(line)}
    found[id_key(thing_id)] = 0
    return distinct, found


def rows_of_id(db: sqlite3.Connection, kind: str, dossier: int, thing_id: str) -> list[Row]:
    """Return the things of a kind and dossier that have an id: one or none."""
    within = scope(kind, frozenset({dossier}))
    return [row for _, _, row in by_key(db, [id_key(thing_id)], within, 2)]


def at_prominence(place: int, prominence: int) -> int:
    """Return the place of a thing of another prominence."""
    rank = _MOST_PROMINENT - min(max(prominence, 0), _MOST_PROMINENT)
    kind, low = place >> _KIND_BITS, place & (1 << _KEY_BITS + _DOSSIER_BITS) - 1
    return (kind << _KIND_BITS) + (rank << _KEY_BITS + _DOSSIER_BITS) + low


def prominence_of(place: int) -> int:
    """Return the prominence of the thing at a place."""
    return _MOST_PROMINENT - rank_of(place)


def row_of(thing: Named) -> Row:
    """Return a thing as the index holds it."""
    written: dict[str, str] = {}
    for spelling in (thing.label, *thing.spellings):
        for form in folds(spelling):
            written.setdefault(form, " ".join(spelling.split()))
    return Row(
        _place(thing),
        thing.id,
        thing.label,
        int(thing.person),
        "\n".join(written.values()),
        "\n".join(written),
    )


def _place(thing: Named) -> int:
    if thing.kind not in KINDS or thing.key >> _KEY_BITS or thing.dossier >> _DOSSIER_BITS:
        raise ValueError(f"no place for {thing.kind} {thing.id}: key {thing.key}, dossier {thing.dossier}")
    rank = _MOST_PROMINENT - min(max(thing.prominence, 0), _MOST_PROMINENT)
    kind = KINDS.index(thing.kind) << _PROMINENCE_BITS
    return ((kind + rank << _DOSSIER_BITS) + thing.dossier << _KEY_BITS) + thing.key
