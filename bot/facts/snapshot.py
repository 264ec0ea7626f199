"""One read-only SQLite file that holds a whole base, and the connection that reads it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from bot.facts.names import SCHEMA as NAMES_SCHEMA
from bot.facts.records import Dossier, Entity, Source
from bot.facts.stated import Stated

STRETCH_BITS: Final = 31
"""A stretch holds the facts whose ranks differ in these lowest bits alone: of one weight and 32 days."""

EVERYTHING: Final = ("all", "")
"""The tag that every fact of a dossier carries."""

SCHEMA: Final = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
-- `findings` is what was found in the file alone; `ids` are those of its records, in order. They come last:
-- what stands behind them is read past all their pages.
CREATE TABLE file (
  path TEXT PRIMARY KEY, dossier INTEGER NOT NULL, sha256 TEXT NOT NULL, findings BLOB NOT NULL,
  ids BLOB NOT NULL) WITHOUT ROWID;
-- What was found about a record when it was held against others; `rule` names the group of rules.
CREATE TABLE doubt (
  dossier INTEGER, rule TEXT, id TEXT, path TEXT NOT NULL, findings BLOB NOT NULL,
  PRIMARY KEY (dossier, rule, id)) WITHOUT ROWID;
-- What records say of entities and facts by id, beyond what postings tell: `by` is the id of who says
-- it, `kind` how: supersedes, disputes or outcome_of (a fact of a fact), judgement or role (a dossier or an
-- entity of a fact), origin or post (a source or an entity of an entity).
CREATE TABLE reference (
  dossier INTEGER, id TEXT, kind TEXT, by TEXT, PRIMARY KEY (dossier, id, kind, by)) WITHOUT ROWID;
CREATE TABLE dossier (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, facts INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE source (n INTEGER PRIMARY KEY, dossier INTEGER NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL);
CREATE UNIQUE INDEX source_id ON source (id, dossier);
CREATE TABLE entity (n INTEGER PRIMARY KEY, dossier INTEGER NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL);
CREATE UNIQUE INDEX entity_id ON entity (id, dossier);
-- A fact's rank orders by weight, then date, both descending (keys.py): every index yields best first.
-- Its days are told in course.py.
CREATE TABLE fact (
  rank INTEGER PRIMARY KEY, dossier INTEGER NOT NULL, id TEXT NOT NULL, known INTEGER NOT NULL,
  ended INTEGER NOT NULL, settled INTEGER, replaces INTEGER, mixed INTEGER, body BLOB NOT NULL);
CREATE UNIQUE INDEX fact_id ON fact (dossier, id);
-- The days without the bodies: to pass over a thousand facts reads five pages instead of two hundred.
CREATE INDEX fact_course ON fact (rank, known, ended, settled, replaces, mixed);
-- What a fact can be found by: ('all', ''), ('about', entity), ('said', entity), ('through', entity),
-- ('owed', entity), ('named', entity), ('defines', entity), ('topic', topic), ('source', source),
-- ('withdrawn', source), ('disputed', '' or topic), ('text', its text). keys.tag_number makes a number of
-- one; the facts of a tag are one range of one table.
CREATE TABLE posting (tag INTEGER, rank INTEGER, PRIMARY KEY (tag, rank)) WITHOUT ROWID;
-- For the tags of whole dossiers and topics, by the first bits of their facts' ranks: the first day on which
-- one of them is known, and the one from which on none of them stands. So where nothing can be seen on a day,
-- it is passed over without reading the facts.
CREATE TABLE stretch (tag INTEGER, n INTEGER, known INTEGER NOT NULL, ended INTEGER NOT NULL,
  PRIMARY KEY (tag, n)) WITHOUT ROWID;
-- How many facts became known in a span of days: of one day, of 64 or of 4,096; day is the span's number.
CREATE TABLE tally (dossier INTEGER, span INTEGER, day INTEGER, facts INTEGER NOT NULL,
  PRIMARY KEY (dossier, span, day)) WITHOUT ROWID;
-- The same facts by time, in ordinals; kind is when, due, done, review, added, superseded, retracted.
-- A duty is due, or done where it has an outcome (course.duties). What is not dated to a day stands not only
-- under when, but under its breadth too: month, year, decade, century or ever.
CREATE TABLE moment (tag INTEGER, kind TEXT, day INTEGER, width INTEGER, added INTEGER, id TEXT, rank INTEGER,
  PRIMARY KEY (tag, kind, day, width, added, id, rank)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(stems, content='', detail=none, columnsize=0, tokenize='ascii');
CREATE TABLE vocabulary (
  stem TEXT, word TEXT, dossier INTEGER, facts INTEGER NOT NULL,
  PRIMARY KEY (stem, word, dossier)) WITHOUT ROWID;
-- All words and stems of the vocabulary of one first letter and length, with a space between them.
CREATE TABLE lexicon (first TEXT, length INTEGER, words TEXT NOT NULL,
  PRIMARY KEY (first, length)) WITHOUT ROWID;
{NAMES_SCHEMA}
"""

FORMAT: Final = 6
"""To be raised when the same YAML gives other findings, records or rows in the same tables."""

VERSION: Final = f"{FORMAT}-{hashlib.sha256(SCHEMA.encode()).hexdigest()[:8]}"
"""Of a snapshot. One of another version is compiled anew, never read."""


class SnapshotError(Exception):
    """A snapshot that cannot be read: one sentence that says why and what to do."""


_FACTS: Final = "SELECT body FROM json_each(?) AS wanted CROSS JOIN fact ON rank = wanted.value"

Body = TypeVar("Body")

_SIZE: Final = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


class Snapshot:
    """An open snapshot. `id` names its content: the same YAML gives the same id and the same bytes.

    Queries run in the caller's thread; a statement takes microseconds, so no pool is needed.

    Raises:
        SnapshotError: the file is missing, truncated, not a snapshot, or of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._lock: int | None = _share(path)
        except OSError as error:
            raise _unreadable(path, str(error)) from None
        try:
            self.db = connect(path)
        except (sqlite3.Error, OSError) as error:
            self._unlock()
            raise _unreadable(path, str(error)) from None
        try:
            meta = dict(self.db.execute("SELECT key, value FROM meta"))
            self.dossiers = {
                row_id: (n, facts) for n, row_id, facts in self.db.execute("SELECT n, id, facts FROM dossier")
            }
            version, self.id, self.newest = meta["version"], str(meta["id"]), int(meta["newest"])
            (size,) = self.db.execute(_SIZE).fetchone()
            if size != path.stat().st_size:
                raise ValueError("it is not of the size that it tells")
        except (sqlite3.Error, OSError, KeyError, TypeError, ValueError) as error:
            self.close()
            raise _unreadable(path, str(error)) from None
        if version != VERSION:
            self.close()
            raise SnapshotError(
                f"The snapshot {path.name} is of version {version}, this program reads {VERSION};"
                " compile it again."
            )
        self._decode = lru_cache(maxsize=256)(self._body)
        self.decode = msgspec.msgpack.Decoder(Stated).decode
        self.dossier_ids = {n: dossier for dossier, (n, _) in self.dossiers.items()}

    def close(self) -> None:
        """Close the connection; the file stays, and may be written again."""
        self.db.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def dossier(self, dossier: str) -> Dossier:
        """Return a dossier's record. Raises KeyError where there is none of that id."""
        record: Dossier = self._decode("dossier", self.dossiers[dossier][0], Dossier)
        return record

    def entity(self, number: int) -> Entity:
        """Return the entity with that number."""
        record: Entity = self._decode("entity", number, Entity)
        return record

    def source(self, number: int) -> Source:
        """Return the source with that number."""
        record: Source = self._decode("source", number, Source)
        return record

    def fact(self, rank: int) -> Stated:
        """Return the fact of that rank."""
        return self.decode(self.db.execute("SELECT body FROM fact WHERE rank = ?", (rank,)).fetchone()[0])

    def facts(self, ranks: Sequence[int]) -> list[Stated]:
        """Return the facts of some ranks, in that order; a statement costs more than several rows."""
        rows = self.db.execute(_FACTS, (msgspec.json.encode(ranks).decode(),)) if ranks else ()
        return [self.decode(body) for (body,) in rows]

    def _body(self, table: str, number: int, kind: type[Body]) -> Body:
        query = f"SELECT body FROM {table} WHERE n = ?"  # noqa: S608 -- the three callers name the table
        return msgspec.msgpack.decode(self.db.execute(query, (number,)).fetchone()[0], type=kind)


def _unreadable(path: Path, why: str) -> SnapshotError:
    return SnapshotError(f"The snapshot {path.name} cannot be read ({why}); compile it again.")


def _share(path: Path) -> int:
    """Lock a snapshot for reading, as no file may change under a reader that takes it for immutable."""
    if not path.is_file():
        raise FileNotFoundError(f"no file {path.name}")
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OSError("it is being written") from None
    return handle


def connect(path: Path) -> sqlite3.Connection:
    """Open a snapshot read-only, as a file that nobody changes: no locks, no journal, a small cache."""
    if not path.is_file():
        raise FileNotFoundError(f"no file {path.name}")
    uri = f"file:{quote(str(path))}?mode=ro&immutable=1"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA query_only = 1")
        db.execute("PRAGMA cache_size = -1000")
        db.execute("PRAGMA mmap_size = 0")
    except sqlite3.Error:
        db.close()
        raise
    return db


def encode(body: Any) -> bytes:
    """Return a record as the snapshot stores it."""
    return msgspec.msgpack.encode(body)
