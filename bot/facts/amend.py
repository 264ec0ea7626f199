"""Write what was gathered into the tables of facts: ranks first, then rows out, then rows in.

Rows go out and in by the order of their keys: in another order, full-text search would write a segment each.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from bot.facts.course import course, duties
from bot.facts.gather import COUNTED, Change, kept
from bot.facts.keys import FEW, bucket_of, group_span, place_of, rank_of, span_of, tag_number
from bot.facts.rows import TIES, disputed_tags
from bot.facts.snapshot import EVERYTHING, STRETCH_BITS, encode
from bot.facts.stated import NEVER, Stated, Tie
from bot.facts.stored import Facts, Heads, Kept, heads_of

BATCH: Final = 10_000
"""Facts whose rows are sorted together before they are written."""

_TABLES: Final = """
CREATE TABLE scratch.crowded (bucket INTEGER PRIMARY KEY);
CREATE TABLE scratch.placed (n INTEGER PRIMARY KEY, rank INTEGER NOT NULL);
"""
_CROWDED: Final = (
    "INSERT INTO scratch.crowded SELECT bucket FROM scratch.incoming GROUP BY 1 HAVING count(*) > ?"
)
_ORDER: Final = """
SELECT incoming.n, incoming.bucket, iif(crowded.bucket IS NULL, 0, hashed) AS part
FROM scratch.incoming LEFT JOIN scratch.crowded ON crowded.bucket = incoming.bucket
ORDER BY 2, part, width DESC, added DESC, id DESC, dossier
"""
_CHANGING: Final = """
SELECT dossier, old, bucket, hashed FROM scratch.incoming
UNION ALL SELECT dossier, rank, NULL, NULL FROM scratch.gone
"""
_PULL: Final = "INSERT OR IGNORE INTO scratch.incoming VALUES (NULL, ?, ?, NULL, NULL, ?, 0, ?, ?, ?, ?, x'')"
_GONE: Final = "SELECT 1 FROM scratch.gone WHERE dossier = ? AND id = ?"
_STAY: Final = """
DELETE FROM scratch.incoming WHERE n IN (
  SELECT n FROM scratch.placed JOIN scratch.incoming USING (n) WHERE fresh = 0 AND rank = old)
"""
_OUT: Final = """
SELECT incoming.n, incoming.dossier, incoming.old, incoming.fresh, body
FROM scratch.incoming JOIN fact ON fact.rank = incoming.old
UNION ALL SELECT NULL, gone.dossier, gone.rank, 1, body FROM scratch.gone JOIN fact USING (rank) ORDER BY 3
"""
_IN: Final = """
SELECT placed.rank, dossier, fresh, kept FROM scratch.placed CROSS JOIN scratch.incoming USING (n)
ORDER BY placed.rank
"""
_TIES: Final = f"SELECT kind, by FROM reference WHERE dossier = ? AND id = ? AND kind IN {TIES}"  # noqa: S608

Day = tuple[int, str, int, int]


class Rows:
    """Rows of facts that wait to be written or deleted, each table by the order of its keys."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.clear()

    def clear(self) -> None:
        """Forget what waits."""
        self.facts: list[tuple[object, ...]] = []
        self.postings: list[tuple[int, int]] = []
        self.moments: list[tuple[int, str, int, int, int, str, int]] = []
        self.words: list[tuple[int, str]] = []

    def add(self, rank: int, made: Kept, stated: Stated, row: tuple[object, ...], n: int) -> None:
        """Add the rows of a fact; `row` is that of the table of facts."""
        tags, days = made.tags, made.days
        if stated.disputed_by:
            tags += tuple(tag_number(n, *tag) for tag in disputed_tags(stated.fact))
        if stated.fact.due and stated.outcomes:
            days = tuple(_settled(days, tuple(duties(stated))))
        added, fact_id = _added(days), stated.id
        self.facts.append(row)
        self.postings += [(tag, rank) for tag in tags]
        self.moments += [(*day, added, fact_id, rank) for day in days]
        self.words.append((rank, made.stems))

    def write(self) -> None:
        """Write them."""
        many = self.db.executemany
        many("INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self.facts)
        many("INSERT INTO posting VALUES (?, ?)", sorted(self.postings))
        many("INSERT INTO moment VALUES (?, ?, ?, ?, ?, ?, ?)", sorted(self.moments))
        many("INSERT INTO words (rowid, stems) VALUES (?, ?)", self.words)
        self.clear()

    def delete(self) -> None:
        """Delete them; full-text search is told again what it was given."""
        many = self.db.executemany
        many("DELETE FROM fact WHERE rank = ?", [row[:1] for row in self.facts])
        many("DELETE FROM posting WHERE tag = ? AND rank = ?", sorted(self.postings))
        key = "(tag, kind, day, width, added, id, rank) = (?, ?, ?, ?, ?, ?, ?)"
        many(f"DELETE FROM moment WHERE {key}", sorted(self.moments))  # noqa: S608 -- the columns
        many("INSERT INTO words (words, rowid, stems) VALUES ('delete', ?, ?)", self.words)
        self.clear()


def _settled(days: Iterable[Day], kinds: tuple[str, ...]) -> Iterator[Day]:
    for tag, what, day, width in days:
        yield from ((tag, kind, day, width) for kind in (kinds if what == "due" else (what,)))


def _added(days: Iterable[Day]) -> int:
    return next((day for _, what, day, _ in days if what == "added"), 0)


class Amendment:
    """The change of the tables of facts; `changes` are those of their dossiers, by number.

    `progress` is told how many facts were written; `is_new` says that the tables are empty.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        changes: Mapping[int, Change],
        progress: Callable[[int], None],
        *,
        is_new: bool,
    ) -> None:
        self.db, self.changes, self.progress = db, changes, progress
        self.is_new = is_new
        self.others: dict[int, Heads] = {}
        self.facts: dict[int, Facts] = {}
        self.known: Counter[tuple[int, int]] = Counter()
        self.stretches: set[tuple[int, int]] = set()

    # --- ranks -----------------------------------------------------------------------------------------

    def place(self) -> None:
        """Give every fact that comes in its rank; those of the same day may get another."""
        for statement in filter(str.strip, _TABLES.split(";")):
            self.db.execute(statement)
        if self.is_new:
            self.db.execute(_CROWDED, (FEW,))
        else:
            self._pull()
        self.db.executemany("INSERT INTO scratch.placed VALUES (?, ?)", self._ranks())
        if not self.is_new:
            self.db.execute(_STAY)
        query = "SELECT dossier, count(*) FROM scratch.incoming WHERE fresh = 1 GROUP BY 1"
        for n, count in self.db.execute(query):
            self.changes[n].facts += count

    def _ranks(self) -> Iterator[tuple[int, int]]:
        before, index = (-1, 0), 0
        for n, bucket, group in self.db.execute(_ORDER):
            index = index + 1 if (bucket, group) == before else 0
            before = bucket, group
            yield n, rank_of(bucket, group, index)

    def _pull(self) -> None:
        """Let the facts come in that share a bucket, or a group of a crowded one, with what changes."""
        leaving: Counter[int] = Counter()
        coming: Counter[int] = Counter()
        groups: dict[int, set[int]] = {}
        for n, old, bucket, hashed in self.db.execute(_CHANGING).fetchall():
            if bucket is not None:
                coming[bucket] += 1
                groups.setdefault(bucket, set()).add(hashed)
            if old is not None:
                leaving[bucket_of(old)] += 1
                (body,) = self.db.execute("SELECT body FROM fact WHERE rank = ?", (old,)).fetchone()
                stated = msgspec.msgpack.decode(body, type=Stated)
                groups.setdefault(bucket_of(old), set()).add(place_of(n, stated.fact, stated.surely).hashed)
        for bucket, hashed_ones in groups.items():
            whole = span_of(bucket)
            # So many that it is told on which side of the limit what stays is, whatever leaves.
            count = "SELECT count(*) FROM (SELECT 1 FROM fact WHERE rank >= ? AND rank < ? LIMIT ?)"
            (there,) = self.db.execute(count, (*whole, FEW + leaving[bucket] + 1)).fetchone()
            was, will = there > FEW, there - leaving[bucket] + coming[bucket] > FEW
            if will:
                self.db.execute("INSERT INTO scratch.crowded VALUES (?)", (bucket,))
            spans = [group_span(bucket, group) for group in hashed_ones] if was and will else [whole]
            for span in spans:
                self._pull_span(*span)

    def _pull_span(self, first: int, last: int) -> None:
        query = "SELECT rank, dossier, body FROM fact WHERE rank >= ? AND rank < ?"
        for rank, n, body in self.db.execute(query, (first, last)).fetchall():
            stated = msgspec.msgpack.decode(body, type=Stated)
            if not self.db.execute(_GONE, (n, stated.id)).fetchone():
                place = place_of(n, stated.fact, stated.surely)
                self.db.execute(_PULL, (n, stated.id, rank, *place))

    # --- out -------------------------------------------------------------------------------------------

    def take_out(self) -> None:
        """Delete the rows of facts that go, read otherwise or get another rank; the heads are the old."""
        if self.is_new:
            return
        rows = Rows(self.db)
        for number, n, rank, fresh, body in self.db.execute(_OUT).fetchall():
            stated = msgspec.msgpack.decode(body, type=Stated)
            change = self.changes.get(n)
            before = change.before if change and change.before else self._heads(n)
            made, tags, words = kept(n, stated.fact, before)
            rows.add(rank, made, stated, (rank,), n)
            self._stretch(n, rank, stated)
            if not fresh:
                self.db.execute("UPDATE scratch.incoming SET kept = ? WHERE n = ?", (encode(made), number))
            elif change:
                self.known[n, stated.known] -= 1
                change.facts -= 1
                change.uses.subtract(tag for tag in tags if tag[0] in COUNTED)
                change.words.subtract(words)
                change.touched.update(tags)
                change.texts.extend(made.tags[-1:])
        rows.delete()

    def _heads(self, n: int) -> Heads:
        if n not in self.others:
            heads = heads_of(self.db, n)
            assert heads  # noqa: S101 -- it has facts
            self.others[n] = heads
        return self.others[n]

    def _stretch(self, n: int, rank: int, stated: Stated) -> None:
        for tag in (EVERYTHING, *(("topic", topic) for topic in stated.fact.topics)):
            self.stretches.add((tag_number(n, *tag), rank >> STRETCH_BITS))

    # --- in --------------------------------------------------------------------------------------------

    def put_in(self) -> None:
        """Write the rows of all facts that come in."""
        rows = Rows(self.db)
        for written, (rank, n, fresh, blob) in enumerate(self.db.execute(_IN), 1):
            made = msgspec.msgpack.decode(blob, type=Kept)
            stated = self._tied(n, made.stated)
            known = {other: self._of(n, other).known for other in stated.fact.supersedes}
            row = (rank, n, stated.id, *course(stated, known), encode(stated))
            rows.add(rank, made, stated, row, n)
            if fresh:
                self.known[n, stated.known] += 1
            if not self.is_new:
                self._stretch(n, rank, stated)
            if written % BATCH == 0:
                rows.write()
                self.progress(written)
        rows.write()

    def _of(self, n: int, fact: str) -> Stated:
        if n not in self.facts:
            self.facts[n] = Facts(self.db, n)
        found = self.facts[n].stated(fact)
        assert found  # noqa: S101 -- the base has no errors
        return found

    def _tied(self, n: int, stated: Stated) -> Stated:
        """Return a fact with what others say of it."""
        ties: dict[str, list[Tie]] = {kind: [] for kind in TIES}
        for kind, by in self.db.execute(_TIES, (n, stated.id)):
            ties[kind].append(self._tie(n, by))
        disputed = {*ties["disputes"], *(self._tie(n, other) for other in stated.fact.disputes)}
        if not (disputed or ties["supersedes"] or ties["outcome_of"]):
            return stated
        return replace(
            stated,
            superseded_by=tuple(sorted(ties["supersedes"])),
            disputed_by=tuple(sorted(disputed)),
            outcomes=tuple(sorted(ties["outcome_of"])),
        )

    def _tie(self, n: int, fact: str) -> Tie:
        other = self._of(n, fact)
        return Tie(fact, other.known, NEVER if other.retracted_on is None else other.retracted_on)
