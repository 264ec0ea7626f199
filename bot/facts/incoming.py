"""What comes into a snapshot: it waits in a scratch database until all of it is known.

One statement a table then brings it in by the order of its keys, so that a million facts are sorted and
written by SQLite and need not fit into memory.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from bot.facts.course import course, duties
from bot.facts.keys import place_of, tag_number
from bot.facts.rows import TIES, disputed_tags
from bot.facts.snapshot import encode
from bot.facts.stated import NEVER, Stated, Tie
from bot.facts.stored import Facts

SCRATCH: Final = """
CREATE TABLE scratch.incoming (
  n INTEGER PRIMARY KEY, dossier INTEGER NOT NULL, id TEXT NOT NULL, path TEXT, place INTEGER, old INTEGER,
  fresh INTEGER NOT NULL, bucket INTEGER NOT NULL, hashed INTEGER NOT NULL, width INTEGER NOT NULL,
  added INTEGER NOT NULL, refers INTEGER, known INTEGER, ended INTEGER, settled INTEGER, replaces INTEGER,
  mixed INTEGER, duty INTEGER, body BLOB, stems TEXT, UNIQUE (dossier, id));
CREATE TABLE scratch.tag (n INTEGER NOT NULL, tag INTEGER NOT NULL);
CREATE TABLE scratch.day (
  n INTEGER NOT NULL, tag INTEGER NOT NULL, kind TEXT NOT NULL, day INTEGER NOT NULL, width INTEGER NOT NULL);
CREATE TABLE scratch.gone (
  dossier INTEGER, id TEXT, rank INTEGER NOT NULL, PRIMARY KEY (dossier, id)) WITHOUT ROWID;
CREATE TABLE scratch.crowded (bucket INTEGER PRIMARY KEY);
CREATE TABLE scratch.placed (rank INTEGER PRIMARY KEY, n INTEGER NOT NULL);
CREATE UNIQUE INDEX scratch.placed_n ON placed (n);
"""
"""`path` and `place` tell where a fact stands, `old` is the rank that it had; `fresh` is 1 unless only its
rank may change; `refers` is 1 if it names other facts. What follows is as in the table of facts, but that
`duty` is 1 if its due day is settled for good and 2 if it is on some days. `gone` are the facts that go,
`crowded` the buckets of so many facts that a hash orders them, and `placed` holds the ranks.
"""

WAITING: Final = 5_000
"""Rows of tags that wait in memory until they are written."""

BATCH: Final = 10_000
"""Facts that are written by one statement."""

_COMES: Final = """
INSERT OR IGNORE INTO scratch.incoming
  (dossier, id, path, place, old, fresh, bucket, hashed, width, added, refers, known, ended, body, stems)
VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_PULLED: Final = """
INSERT OR IGNORE INTO scratch.incoming (dossier, id, old, fresh, bucket, hashed, width, added)
VALUES (?, ?, ?, 0, ?, ?, ?, ?)
"""
_FILL: Final = """
UPDATE scratch.incoming SET refers = ?, known = ?, ended = ?, body = ?, stems = ? WHERE n = ?
"""
_TIED: Final = f"""
SELECT n FROM scratch.incoming WHERE refers OR EXISTS (
  SELECT 1 FROM reference AS named
  WHERE (named.dossier, named.id) = (incoming.dossier, incoming.id) AND kind IN {TIES})
"""  # noqa: S608 -- words
_TIES: Final = f"SELECT kind, by FROM reference WHERE dossier = ? AND id = ? AND kind IN {TIES}"  # noqa: S608
_TELL: Final = """
UPDATE scratch.incoming SET known = ?, ended = ?, settled = ?, replaces = ?, mixed = ?, duty = ?, body = ?
WHERE n = ?
"""
_INDEXES: Final = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'fact'"
_IN_ORDER: Final = """
FROM scratch.placed CROSS JOIN scratch.incoming USING (n) WHERE rank BETWEEN ? AND ? ORDER BY rank
"""
_FACTS: Final = (
    f"INSERT INTO fact SELECT rank, dossier, id, known, ended, settled, replaces, mixed, body {_IN_ORDER}"
)
_WORDS: Final = f"INSERT INTO words (rowid, stems) SELECT rank, stems {_IN_ORDER}"
_POSTINGS: Final = """
INSERT INTO posting SELECT tag, rank FROM scratch.tag CROSS JOIN scratch.placed USING (n) ORDER BY 1, 2
"""
_DAYS: Final = """
FROM scratch.day CROSS JOIN scratch.incoming USING (n) CROSS JOIN scratch.placed USING (n)
"""
# A due day that is settled is kept under done, and under due too where it is settled on some days only.
_MOMENTS: Final = f"""
INSERT INTO moment
SELECT tag, iif(kind = 'due' AND duty, 'done', kind), day, day.width, added, id, rank {_DAYS}
UNION ALL
SELECT tag, kind, day, day.width, added, id, rank {_DAYS} WHERE kind = 'due' AND duty = 2
ORDER BY 1, 2, 3, 4, 5, 6, 7
"""


class Kept(NamedTuple):
    """A fact on its way into the tables: all that does not depend on its rank or on other facts.

    `tags` are numbers; `days` are (tag, what, ordinal, width).
    """

    stated: Stated
    stems: str
    tags: list[int]
    days: list[tuple[int, str, int, int]]


class Incoming:
    """Takes the facts that come in, and writes them into the tables once each has its rank."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self._tags: list[tuple[int, int]] = []
        self._days: list[tuple[int, int, str, int, int]] = []
        self._facts: dict[int, Facts] = {}

    def add(self, n: int, made: Kept, where: tuple[str | None, int | None], old: int | None) -> bool:
        """Let a fact of dossier `n` come in; say whether it is the first of its id to do so."""
        stated = made.stated
        place = place_of(n, stated.fact, stated.surely)
        row = (n, stated.id, *where, old, *place, *_told(made))
        cursor = self.db.execute(_COMES, row)
        if not cursor.rowcount:
            return False
        self._spread(cursor.lastrowid or 0, made)
        return True

    def pull(self, n: int, stated: Stated, rank: int) -> None:
        """Let a fact come in that is there and may only get another rank."""
        self.db.execute(_PULLED, (n, stated.id, rank, *place_of(n, stated.fact, stated.surely)))

    def fill(self, number: int, made: Kept) -> None:
        """Tell of what was pulled, and does get another rank, what is told of others."""
        self.db.execute(_FILL, (*_told(made), number))
        self._spread(number, made)

    def _spread(self, number: int, made: Kept) -> None:
        self._tags += [(number, tag) for tag in made.tags]
        self._days += [(number, *day) for day in made.days]
        if len(self._tags) > WAITING:
            self.flush()

    def flush(self) -> None:
        """Write the tags and days that wait in memory."""
        self.db.executemany("INSERT INTO scratch.tag VALUES (?, ?)", self._tags)
        self.db.executemany("INSERT INTO scratch.day VALUES (?, ?, ?, ?, ?)", self._days)
        self._tags.clear()
        self._days.clear()

    # --- what other facts say --------------------------------------------------------------------------

    def tie(self) -> None:
        """Tell each fact what others say of it. All that comes in is there by now."""
        tied = array("q", (number for (number,) in self.db.execute(_TIED)))
        query = "SELECT dossier, body FROM scratch.incoming WHERE n = ?"
        for number in tied:
            n, body = self.db.execute(query, (number,)).fetchone()
            stated = self._tied(n, msgspec.msgpack.decode(body, type=Stated))
            known = {other: self._of(n, other).known for other in stated.fact.supersedes}
            kinds = set(duties(stated)) if stated.fact.due else set()
            duty = len(kinds) if "done" in kinds else None
            row = (*course(stated, known), duty, encode(stated), number)
            self.db.execute(_TELL, row)
            if stated.disputed_by:
                self._tags += [(number, tag_number(n, *tag)) for tag in disputed_tags(stated.fact)]
        self.flush()

    def _of(self, n: int, fact: str) -> Stated:
        if n not in self._facts:
            self._facts[n] = Facts(self.db, n)
        found = self._facts[n].stated(fact)
        assert found  # noqa: S101 -- the base has no errors
        return found

    def _tied(self, n: int, stated: Stated) -> Stated:
        ties: dict[str, list[Tie]] = {kind: [] for kind in TIES}
        for kind, by in self.db.execute(_TIES, (n, stated.id)):
            ties[kind].append(self._tie(n, by))
        disputed = {*ties["disputes"], *(self._tie(n, other) for other in stated.fact.disputes)}
        return replace(
            stated,
            superseded_by=tuple(sorted(ties["supersedes"])),
            disputed_by=tuple(sorted(disputed)),
            outcomes=tuple(sorted(ties["outcome_of"])),
        )

    def _tie(self, n: int, fact: str) -> Tie:
        other = self._of(n, fact)
        return Tie(fact, other.known, NEVER if other.retracted_on is None else other.retracted_on)

    # --- into the tables -------------------------------------------------------------------------------

    def write(self, progress: Callable[[int], None], *, is_new: bool) -> None:
        """Write the facts that have a rank, and their words; `progress` is told how many so far."""
        query = "SELECT rank FROM scratch.placed ORDER BY 1"
        ranks = array("q", (rank for (rank,) in self.db.execute(query)))
        # An index of many rows is sorted at once: kept up row by row, it would be read again and again.
        indexes = self.db.execute(_INDEXES).fetchall() if is_new else ()
        for name, _ in indexes:
            self.db.execute(f"DROP INDEX {name}")
        for first in range(0, len(ranks), BATCH):
            last = min(first + BATCH, len(ranks)) - 1
            for statement in (_FACTS, _WORDS):
                self.db.execute(statement, (ranks[first], ranks[last]))
            progress(last + 1)
        for _, statement in indexes:
            self.db.execute(statement)

    def write_postings(self) -> None:
        """Write by what those facts can be found."""
        self.db.execute(_POSTINGS)

    def write_moments(self) -> None:
        """Write under which days those facts are kept."""
        self.db.execute(_MOMENTS)


def _told(made: Kept) -> tuple[object, ...]:
    """Return what is told of a fact before others say anything of it."""
    stated, fact = made.stated, made.stated.fact
    refers = 1 if fact.supersedes or fact.disputes or fact.outcome_of else None
    ended = NEVER if stated.retracted_on is None else stated.retracted_on
    return refers, stated.known, ended, encode(stated), made.stems
