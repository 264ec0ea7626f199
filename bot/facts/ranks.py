"""Which facts come next, by weight or by time, and how many there are: read from indexes, no fact is decoded.

All look at the days beside the facts (course.py) and read in batches, so that an answer that shows ten facts
reads about ten, however many there are.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from typing import Final, NamedTuple

from bot.facts.course import BREADTHS
from bot.facts.snapshot import STRETCH_BITS

COUNTED: Final = 1_000
"""As far as things are counted; of more it is only said that they are more."""

_PLAIN: Final = (8, 24)
_LEAPT: Final = (16, 64, 256)
_MOMENTS: Final = (8, 24, 64, 256)

# Most facts are known and stand, so the first ones are read as they come, body and all.
_BEST: Final = """
SELECT rank, known, ended, body FROM posting CROSS JOIN fact USING (rank)
WHERE tag = ? AND rank > ? ORDER BY rank LIMIT ?
"""
# Where dozens in a row cannot be seen there may be a million: only stretches that have some are read.
_LEAP: Final = f"""
SELECT whole.rank, whole.body FROM stretch
CROSS JOIN posting ON posting.tag = :tag AND posting.rank > :after
  AND posting.rank BETWEEN n << {STRETCH_BITS} AND (n + 1 << {STRETCH_BITS}) - 1
CROSS JOIN fact AS days INDEXED BY fact_course ON days.rank = posting.rank
CROSS JOIN fact AS whole ON whole.rank = posting.rank
WHERE stretch.tag = :over AND n >= :after >> {STRETCH_BITS}
  AND stretch.known <= :day AND stretch.ended > :stands
  AND days.known <= :day AND days.ended > :stands
ORDER BY n, posting.rank LIMIT :most
"""  # noqa: S608 -- a number of the schema
_SEEN: Final = (
    "known <= :day AND ended > :stands AND (:done IS NULL OR mixed OR ifnull(settled <= :day, 0) = :done)"
)
# One range of one index; the last moment read says where the next batch begins, so none is read twice.
_RISING: Final = f"""
SELECT day, width, added, moment.id, rank FROM moment CROSS JOIN fact INDEXED BY fact_course USING (rank)
WHERE tag = :tag AND kind = :kind AND day <= :last AND {_SEEN}
  AND (day, width, added, moment.id, rank) > (:day_, :width_, :added_, :id_, :rank_)
ORDER BY day, width, added, moment.id, rank LIMIT :most
"""  # noqa: S608 -- made of the constants here
_FALLING: Final = f"""
SELECT day, width, added, moment.id, rank FROM moment CROSS JOIN fact INDEXED BY fact_course USING (rank)
WHERE tag = :tag AND kind = :kind AND day >= :first AND {_SEEN}
  AND (day, width, added, moment.id, rank) < (:day_, :width_, :added_, :id_, :rank_)
ORDER BY day DESC, width DESC, added DESC, moment.id DESC, rank DESC LIMIT :most
"""  # noqa: S608 -- made of the constants here
# What began before a day and may reach into it is broad; each breadth is looked for as far as it reaches.
_BROAD: Final = (
    " UNION ALL ".join(
        f"""
SELECT day, width, added, moment.id, rank FROM moment CROSS JOIN fact INDEXED BY fact_course USING (rank)
WHERE tag = :tag AND kind = '{kind}' AND day >= max(:day_, :first - {days} + 1) AND day < :first
  AND day - width >= :first AND day <= :last AND {_SEEN}
  AND (day, width, added, moment.id, rank) > (:day_, :width_, :added_, :id_, :rank_)
"""  # noqa: S608 -- made of the constants here
        for kind, days in BREADTHS.items()
    )
    + "ORDER BY 1, 2, 3, 4, 5 LIMIT :most"
)
_COUNT: Final = f"""
SELECT total(CASE WHEN unsure THEN 0 WHEN :kind = 'superseded' THEN replaces ELSE 1 END),
  group_concat(CASE WHEN unsure THEN rank END)
FROM (
  SELECT rank, replaces, (:standing AND mixed) OR (:kind = 'superseded' AND replaces < 0) AS unsure
  FROM moment CROSS JOIN fact INDEXED BY fact_course USING (rank)
  WHERE tag = :tag AND kind = :kind AND day BETWEEN :first AND :last AND {_SEEN} LIMIT :most)
"""  # noqa: S608 -- made of the constants here
# The day of the moment that comes so many after a day, or before it.
_AFTER: Final = """
SELECT day FROM moment WHERE tag = ? AND kind = ? AND day > ? ORDER BY day LIMIT 1 OFFSET ?
"""
_BEFORE: Final = """
SELECT day FROM moment WHERE tag = ? AND kind = ? AND day < ? ORDER BY day DESC LIMIT 1 OFFSET ?
"""
_CARRYING: Final = """
SELECT DISTINCT rank FROM json_each(?) AS few CROSS JOIN json_each(?) AS wanted
CROSS JOIN posting ON tag = wanted.value AND rank = few.value
"""
# Where every fact counts, the facts themselves need not be looked at.
_COUNT_ALL: Final = """
SELECT count(*) FROM (
  SELECT 1 FROM moment WHERE tag = :tag AND kind = :kind AND day BETWEEN :first AND :last LIMIT :most)
"""
_KNOWN: Final = """
SELECT total(facts) FROM json_each(:dossiers) AS place
CROSS JOIN (
  VALUES (12, 0, :day >> 12), (6, :day >> 12 << 6, :day >> 6), (0, :day >> 6 << 6, :day + 1)) AS part
CROSS JOIN tally ON dossier = place.value AND span = column1 AND day >= column2 AND day < column3
"""

Moment = tuple[int, int, int, str, int]
"""A fact in time: (day, width, added, id, rank)."""


class View(NamedTuple):
    """What is looked at: a snapshot on the day with the ordinal `day`; `all_known` if nothing came later."""

    db: sqlite3.Connection
    day: int
    all_known: bool


class Wanted(NamedTuple):
    """Which moments: of a kind, between two ordinals.

    `standing` takes only facts that are neither retracted nor superseded, `done` those with an outcome or
    without. Where an outcome was withdrawn again, or what supersedes a fact, only the fact itself tells, and
    some that are not wanted come too.
    """

    kind: str
    first: int
    last: int
    standing: bool = False
    done: bool | None = None


def by_weight(view: View, tag: int, over: int, *, standing: bool = False) -> Iterator[tuple[int, bytes]]:
    """Yield (rank, body) of the facts of a tag that could be known, the best first.

    `over` is a tag with stretches that has all these facts and as few others as possible.
    """
    after, stands = -1, view.day if standing else -1
    for most in _PLAIN:
        rows = view.db.execute(_BEST, (tag, after, most)).fetchall()
        for rank, known, ended, body in rows:
            if known <= view.day and ended > stands:
                yield rank, body
        if len(rows) < most:
            return
        after = rows[-1][0]
    given = {"tag": tag, "over": over, "day": view.day, "stands": stands}
    for most in chain(_LEAPT, repeat(_LEAPT[-1])):
        found = view.db.execute(_LEAP, {**given, "after": after, "most": most}).fetchall()
        yield from found
        if len(found) < most:
            return
        after = found[-1][0]


def by_time(view: View, tag: int, wanted: Wanted, *, latest_first: bool = False) -> Iterator[Moment]:
    """Yield the moments of a tag in the order of time, or in the reverse order."""
    if latest_first:
        return _batches(view, _FALLING, tag, wanted, (wanted.last + 1, *_LEAST))
    return _batches(view, _RISING, tag, wanted, (wanted.first, *_LEAST))


def broad(view: View, tag: int, wanted: Wanted) -> Iterator[Moment]:
    """Yield the moments that began before the first ordinal and may reach into the time after it."""
    return _batches(view, _BROAD, tag, wanted, (0, *_LEAST)) if wanted.first > 0 else iter(())


def nearby(view: View, tag: int, wanted: Wanted, most: int) -> Wanted:
    """Return the wanted moments without those that come after `most` others beyond the day, on either side.

    Of what lies long after a day, or was settled long before, hardly anything was known or open on that day,
    and looking for it goes through all the rest.
    """
    if wanted.last < view.day:
        row = view.db.execute(_BEFORE, (tag, wanted.kind, wanted.last + 1, most)).fetchone()
        return wanted._replace(first=max(wanted.first, row[0])) if row else wanted
    row = view.db.execute(_AFTER, (tag, wanted.kind, max(wanted.first - 1, view.day), most)).fetchone()
    return wanted._replace(last=min(wanted.last, row[0])) if row else wanted


def carrying(view: View, ranks: Iterable[int], tags: Iterable[int]) -> set[int]:
    """Return which of some facts carry one of the tags."""
    asked = (json.dumps(list(ranks)), json.dumps(list(tags)))
    return {rank for (rank,) in view.db.execute(_CARRYING, asked)}


def count(view: View, tag: int, wanted: Wanted, most: int) -> tuple[int, set[int]]:
    """Return how many there are, and the ranks of facts that are still to be asked whether they count.

    Of what was superseded, the facts that were are counted. No more than `most` moments are looked at.
    """
    given = {**_given(view, tag, wanted), "most": most}
    if view.all_known and not wanted.standing and wanted.kind != "superseded":
        return view.db.execute(_COUNT_ALL, given).fetchone()[0], set()
    sure, unsure = view.db.execute(_COUNT, given).fetchone()
    return int(sure), {int(rank) for rank in unsure.split(",")} if unsure else set()


def count_known(view: View, dossiers: Iterable[int]) -> int:
    """Return how many facts of some dossiers could be known."""
    (facts,) = view.db.execute(_KNOWN, {"dossiers": json.dumps(list(dossiers)), "day": view.day}).fetchone()
    return int(facts)


def _batches(view: View, query: str, tag: int, wanted: Wanted, after: Moment) -> Iterator[Moment]:
    given = _given(view, tag, wanted)
    for most in chain(_MOMENTS, repeat(_MOMENTS[-1])):
        place = dict(zip(("day_", "width_", "added_", "id_", "rank_"), after, strict=True))
        rows: list[Moment] = view.db.execute(query, {**given, **place, "most": most}).fetchall()
        yield from rows
        if len(rows) < most:
            return
        after = rows[-1]


def _given(view: View, tag: int, wanted: Wanted) -> dict[str, int | str | None]:
    stands = view.day if wanted.standing else -1
    return {"tag": tag, "day": view.day, "stands": stands, **wanted._asdict()}


_LEAST: Final = (-(1 << 40), -1, "", -1)
