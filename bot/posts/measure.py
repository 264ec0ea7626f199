"""How the posts room is doing, in numbers: what health and metrics are made from."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from bot.posts import tables
from bot.posts.delivery import GRACE_BESIDE_SLOTS, WHOLE_SECONDS
from bot.posts.ledger import GOING_ON
from bot.posts.reader import P, PostView, S, posts, read_view
from bot.posts.records import PostState, ScheduleState

OVERDUE_SECONDS: Final = 120.0
"""How long a slot may wait to be planned. After the clock was set nothing is planned for a minute."""

LATE_SECONDS: Final = 300.0
"""From when on a post that still waits is worth a word."""

BUCKETS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0)
"""Of lateness, in seconds."""

SETTLED_SECONDS: Final = 300.0
"""A post is recorded at most so long after the instant that it bears: a transaction waits half a minute."""


class Overdue(msgspec.Struct, frozen=True, kw_only=True):
    """A slot that nobody has planned."""

    schedule: str
    place: str
    at: float


class Lateness(msgspec.Struct, frozen=True):
    """How late posts were: how many at most so late as each of :data:`BUCKETS`, all of them, and in sum.

    `last_at` is when the last of them arrived.
    """

    buckets: tuple[int, ...] = (0,) * len(BUCKETS)
    count: int = 0
    total: float = 0.0
    last_at: float | None = None


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The posts room at an instant.

    `overdue` slots nobody has planned, `stuck` posts are beyond their grace without an end, `late` ones wait
    within it; of each the number and the one that is due longest. `ended` counts slots by platform and state.
    `undeclared` is empty, or why the file of schedules does not hold.
    """

    at: float
    schedules: dict[str, int] = {}
    watches: int = 0
    closed: int = 0
    overdue: int = 0
    first_overdue: Overdue | None = None
    stuck: int = 0
    first_stuck: PostView | None = None
    late: int = 0
    first_late: PostView | None = None
    waiting: dict[str, int] = {}
    ended: dict[tuple[str, str], int] = {}
    lateness: Lateness = Lateness()
    last_post_at: float | None = None
    undeclared: str = ""


class Totals:
    """Counts posts that ended, each once: what ended long ago is not looked at again.

    A scrape every few seconds must not read the posts of years.
    """

    def __init__(self) -> None:
        self._until = float("-inf")
        self._at = float("-inf")
        self._settled: dict[tuple[str, str], int] = {}
        self._lateness = Lateness()

    def read(self, connection: Connection, at: float) -> tuple[dict[tuple[str, str], int], Lateness]:
        """Return how many posts ended, by platform and state, and how late they were."""
        if at < self._at:
            # The clock was set back: what ends now may bear instants that were counted as past.
            self._until, self._settled, self._lateness = float("-inf"), {}, Lateness()
        until = max(at - SETTLED_SECONDS, self._until)
        more, late = _ended(connection, P.ended_at > self._until, P.ended_at <= until)
        self._settled, self._lateness = _sum(self._settled, more), _late(self._lateness, late)
        self._at, self._until = at, until
        recent, late = _ended(connection, P.ended_at > until)
        return _sum(self._settled, recent), _late(self._lateness, late)


def measure(connection: Connection, at: float, totals: Totals | None = None) -> Measured:
    """Return how the posts room is doing; what ended is counted with `totals`, if given."""
    by_state = select(S.state, func.count()).where(S.state != ScheduleState.REMOVED.value).group_by(S.state)
    going_on = P.state.in_(GOING_ON)
    waiting = select(P.platform, func.count()).where(going_on).group_by(P.platform)
    overdue = and_(S.state == ScheduleState.ACTIVE.value, S.next_at < at - OVERDUE_SECONDS)
    first = select(S.id, S.place, S.next_at).where(overdue).order_by(S.next_at).limit(1)
    found = connection.execute(first).first()
    ended, lateness = totals.read(connection, at) if totals else ({}, Lateness())
    grace = _grace()
    stuck = and_(going_on, P.slot + grace < at - OVERDUE_SECONDS)
    late = and_(going_on, P.slot < at - LATE_SECONDS, P.slot + grace >= at - OVERDUE_SECONDS)
    undeclared = select(tables.about.c.value).where(tables.about.c.key == tables.UNDECLARED)
    return Measured(
        at=at,
        schedules={state: count for state, count in connection.execute(by_state)},  # noqa: C416 - rows
        watches=_count(connection, tables.watch),
        closed=_count(connection, tables.closed),
        overdue=connection.scalar(select(func.count()).select_from(tables.schedule).where(overdue)) or 0,
        first_overdue=Overdue(schedule=found.id, place=found.place, at=found.next_at) if found else None,
        stuck=_count_posts(connection, stuck),
        first_stuck=_first(connection, stuck),
        late=_count_posts(connection, late),
        first_late=_first(connection, late),
        waiting={platform: count for platform, count in connection.execute(waiting)},  # noqa: C416 - rows
        ended=ended,
        lateness=lateness,
        last_post_at=lateness.last_at,
        undeclared=connection.scalar(undeclared) or "",
    )


def _grace() -> ColumnElement[float]:
    """For how many seconds after its slot a post may be tried, as the delivery has it."""
    return case(
        (P.reference.is_not(None), WHOLE_SECONDS),
        (P.id.startswith("schedule:"), func.coalesce(S.grace, GRACE_BESIDE_SLOTS)),
        else_=GRACE_BESIDE_SLOTS,
    )


def _count(connection: Connection, table: Any) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _count_posts(connection: Connection, condition: ColumnElement[bool]) -> int:
    query = posts().where(condition).with_only_columns(func.count())
    return connection.scalar(query) or 0


def _first(connection: Connection, condition: ColumnElement[bool]) -> PostView | None:
    row = connection.execute(posts().where(condition).order_by(P.slot).limit(1)).first()
    return read_view(row) if row else None


def _ended(
    connection: Connection, *conditions: ColumnElement[bool]
) -> tuple[dict[tuple[str, str], int], Lateness]:
    late = case((P.ended_at > P.slot, P.ended_at - P.slot), else_=0.0)
    buckets = [func.sum(case((late <= most, 1), else_=0)) for most in BUCKETS]
    query = select(
        P.platform, P.state, func.sum(P.count), func.count(), func.sum(late), func.max(P.ended_at), *buckets
    )
    counts: dict[tuple[str, str], int] = {}
    lateness = Lateness()
    for platform, state, slots, count, total, last_at, *within in connection.execute(
        query.where(P.ended_at.is_not(None), *conditions).group_by(P.platform, P.state)
    ):
        counts[platform, state] = int(slots)
        if state == PostState.POSTED.value:
            found = Lateness(tuple(int(one) for one in within), int(count), float(total), last_at)
            lateness = _late(lateness, found)
    return counts, lateness


def _sum(one: dict[tuple[str, str], int], other: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in one | other}


def _late(one: Lateness, other: Lateness) -> Lateness:
    buckets = tuple(a + b for a, b in zip(one.buckets, other.buckets, strict=True))
    last_at = max((at for at in (one.last_at, other.last_at) if at is not None), default=None)
    return Lateness(buckets, one.count + other.count, one.total + other.total, last_at)
