"""Write what was gathered into the tables of facts: ranks first, then rows out, then rows in.

Rows go out by the order of their keys: in another order, full-text search would write a segment each.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from bot.facts.course import duties
from bot.facts.gather import COUNTED, Change, kept
from bot.facts.incoming import Incoming, Kept
from bot.facts.keys import FEW, bucket_of, group_span, place_of, rank_of, span_of, tag_number
from bot.facts.rows import disputed_tags
from bot.facts.snapshot import EVERYTHING, STRETCH_BITS
from bot.facts.stated import Stated
from bot.facts.stored import Heads, heads_of

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
_GONE: Final = "SELECT 1 FROM scratch.gone WHERE dossier = ? AND id = ?"
_STAY: Final = """
DELETE FROM scratch.incoming WHERE n IN (
  SELECT n FROM scratch.placed JOIN scratch.incoming USING (n) WHERE fresh = 0 AND rank = old)
"""
_OUT: Final = """
SELECT incoming.n, incoming.dossier, incoming.old, incoming.fresh, fact.body
FROM scratch.incoming JOIN fact ON fact.rank = incoming.old
UNION ALL SELECT NULL, gone.dossier, gone.rank, 1, body FROM scratch.gone JOIN fact USING (rank) ORDER BY 3
"""

Day = tuple[int, str, int, int]


class Leaving:
    """Rows of facts that are to be deleted, each table by the order of its keys."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.facts: list[tuple[int]] = []
        self.postings: list[tuple[int, int]] = []
        self.moments: list[tuple[int, str, int, int, int, str, int]] = []
        self.words: list[tuple[int, str]] = []

    def add(self, rank: int, made: Kept, stated: Stated, n: int) -> None:
        """Add the rows of a fact."""
        tags, days = made.tags, made.days
        if stated.disputed_by:
            tags = [*tags, *(tag_number(n, *tag) for tag in disputed_tags(stated.fact))]
        if stated.fact.due and stated.outcomes:
            days = list(_settled(days, tuple(duties(stated))))
        added, fact_id = _added(days), stated.id
        self.facts.append((rank,))
        self.postings += [(tag, rank) for tag in tags]
        self.moments += [(*day, added, fact_id, rank) for day in days]
        self.words.append((rank, made.stems))

    def delete(self) -> None:
        """Delete them; full-text search is told again what it was given."""
        many = self.db.executemany
        many("DELETE FROM fact WHERE rank = ?", self.facts)
        many("DELETE FROM posting WHERE tag = ? AND rank = ?", sorted(self.postings))
        key = "(tag, kind, day, width, added, id, rank) = (?, ?, ?, ?, ?, ?, ?)"
        many(f"DELETE FROM moment WHERE {key}", sorted(self.moments))  # noqa: S608 -- the columns
        many("INSERT INTO words (words, rowid, stems) VALUES ('delete', ?, ?)", self.words)


def _settled(days: Iterable[Day], kinds: tuple[str, ...]) -> Iterator[Day]:
    for tag, what, day, width in days:
        yield from ((tag, kind, day, width) for kind in (kinds if what == "due" else (what,)))


def _added(days: Iterable[Day]) -> int:
    return next((day for _, what, day, _ in days if what == "added"), 0)


class Amendment:
    """The change of the tables of facts; `changes` are those of their dossiers, by number.

    `is_new` says that the tables are empty.
    """

    def __init__(self, incoming: Incoming, changes: Mapping[int, Change], *, is_new: bool) -> None:
        self.incoming, self.db = incoming, incoming.db
        self.changes, self.is_new = changes, is_new
        self.others: dict[int, Heads] = {}
        self.known: Counter[tuple[int, int]] = Counter()
        self.stretches: set[tuple[int, int]] = set()

    # --- ranks -----------------------------------------------------------------------------------------

    def place(self) -> None:
        """Give every fact that comes in its rank; those of the same day may get another."""
        if self.is_new:
            self.db.execute(_CROWDED, (FEW,))
        else:
            self._pull()
        self.db.executemany("INSERT INTO scratch.placed (n, rank) VALUES (?, ?)", self._ranks())
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
                self.incoming.pull(n, stated, rank)

    # --- out -------------------------------------------------------------------------------------------

    def take_out(self) -> None:
        """Delete the rows of facts that go, read otherwise or get another rank; the heads are the old."""
        if self.is_new:
            return
        rows = Leaving(self.db)
        for number, n, rank, fresh, body in self.db.execute(_OUT).fetchall():
            stated = msgspec.msgpack.decode(body, type=Stated)
            change = self.changes.get(n)
            before = change.before if change and change.before else self._heads(n)
            made, tags, words = kept(n, stated.fact, before)
            rows.add(rank, made, stated, n)
            self._stretch(n, rank, stated)
            if not fresh:
                self.incoming.fill(number, made)
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

    def put_in(self, progress: Callable[[int], None]) -> None:
        """Write the facts that come in; what they are found by is for the caller to write."""
        self.incoming.tie()
        query = "SELECT dossier, known, count(*) FROM scratch.incoming WHERE fresh = 1 GROUP BY 1, 2"
        for n, known, facts in self.db.execute(query):
            self.known[n, known] += facts
        if not self.is_new:
            query = "SELECT dossier, rank, body FROM scratch.placed JOIN scratch.incoming USING (n)"
            for n, rank, body in self.db.execute(query):
                self._stretch(n, rank, msgspec.msgpack.decode(body, type=Stated))
        self.incoming.write(progress, is_new=self.is_new)
