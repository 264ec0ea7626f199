"""Reads the state of the posts room without touching it: nothing is created, written, locked or migrated.

What looks from outside, the command line and monitoring, must neither change what it looks at nor wait for
the connections that deliveries use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec
from sqlalchemy import Connection, Engine, NullPool, Row, Select, create_engine, func, inspect, select
from sqlalchemy.engine import URL, make_url

from bot.posting import Place
from bot.posts import tables
from bot.posts.ledger import GOING_ON, read_content
from bot.posts.records import PostState, ScheduleState
from bot.posts.rows import read_place
from bot.posts.store import STORAGE_FAILURES, why
from bot.posts.when import When
from bot.state import database_url

T = TypeVar("T")
P = tables.post.c
S = tables.schedule.c

PATIENCE_SECONDS: Final = 5
"""How long the database may take to let us in, or to answer."""

LISTED: Final = 1_000
"""Posts of a kind that are listed; how many there are is always counted in full."""

FINE: Final = (PostState.POSTED, PostState.QUIET, PostState.CANCELLED)
TROUBLED: Final = (PostState.FAILED, PostState.UNKNOWN, PostState.MISSED)
"""How a post ends so that somebody may have to do something."""


class Unreadable(Exception):
    """The state cannot be read; the message is one or two sentences. `is_empty`: there is none yet."""

    def __init__(self, sentence: str, *, is_empty: bool = False) -> None:
        super().__init__(sentence)
        self.is_empty = is_empty


class PostView(msgspec.Struct, frozen=True, kw_only=True):
    """A post as an operator is told of it.

    `line` is what its schedule asks, or what its watch watches; `summary` what it says. See
    :class:`bot.posts.records.Post` for the rest.
    """

    id: str
    schedule: str
    watch: str
    place: str
    line: str
    slot: float
    last_slot: float | None
    count: int
    state: PostState
    reason: str
    summary: str
    attempts: int
    ended_at: float | None


class NextView(msgspec.Struct, frozen=True, kw_only=True):
    """What a schedule posts next, at `at`."""

    schedule: str
    place: str
    line: str
    when: When
    origin: str
    at: float


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """A place that takes no posts, why, and since when."""

    place: str
    reason: str
    at: float


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the operator was told; `n` counts them up."""

    n: int
    at: float
    place: str
    post: str
    text: str


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What was posted since an instant, what is under way, and what comes next.

    The lists hold at most :data:`LISTED`; `counts` says how many posts ended in each way since then.
    """

    at: float
    since: float
    upcoming: tuple[NextView, ...] = ()
    active: int = 0
    paused: int = 0
    watches: int = 0
    under_way: tuple[PostView, ...] = ()
    fine: tuple[PostView, ...] = ()
    troubled: tuple[PostView, ...] = ()
    counts: dict[str, int] = {}
    closed: tuple[Closed, ...] = ()
    notices: tuple[Notice, ...] = ()


class Reader:
    """Asks the state's database questions. One connection a question: none is kept that could grow stale.

    Raises:
        ValueError: the URL is none, or of another kind of database.
    """

    def __init__(self, url: str) -> None:
        given = make_url(database_url(url))
        self._file: Path | None = None
        if given.get_backend_name() == "sqlite":
            self._file = Path(given.database).absolute() if given.database not in {None, ":memory:"} else None
            # The driver itself refuses to write, or to make a file where there is none.
            read_only = {"mode": "ro" if self._file else "memory", "uri": "true"}
            name = f"file:{quote(str(self._file or 'none'))}"
            self._engine = _engine(URL.create("sqlite", database=name, query=read_only), timeout=2.0)
            self.where = str(self._file or "memory")
        else:
            options = f"-c statement_timeout={PATIENCE_SECONDS * 1000} -c default_transaction_read_only=on"
            self._engine = _engine(
                given.set(drivername="postgresql+psycopg"), connect_timeout=PATIENCE_SECONDS, options=options
            )
            self.where = f"PostgreSQL at {given.host or 'localhost'}, database {given.database}"

    def ask(self, question: Callable[[Connection], T]) -> T:
        """Return what a function finds out with a connection.

        Raises:
            Unreadable: there is no state yet, it is of another version, or it cannot be read now.
        """
        if self._file is not None and not self._file.exists():
            raise Unreadable(self._nothing(), is_empty=True)
        try:
            with self._engine.connect() as connection:
                self._look(connection)
                return question(connection)
        except STORAGE_FAILURES as error:
            raise Unreadable(
                f"The state cannot be read ({why(error)}): {self.where}. Look at the database, and at "
                "who may read it."
            ) from error

    def _look(self, connection: Connection) -> None:
        if not inspect(connection).has_table(tables.about.name):
            raise Unreadable(self._nothing(), is_empty=True)
        version = connection.scalar(select(tables.about.c.value).where(tables.about.c.key == "version"))
        if version not in {None, tables.SCHEMA_VERSION}:
            raise Unreadable(
                f"The posts in the state database are of version {version}, and this program knows version "
                f"{tables.SCHEMA_VERSION}: use the program that runs the bot."
            )

    def _nothing(self) -> str:
        return (
            f"Nothing has been posted or scheduled with this state yet: {self.where}. Start "
            "`briefing-bot run` with a chat, or name the state that it uses with --state or --config."
        )


def _engine(url: URL, **arguments: Any) -> Engine:
    return create_engine(url, poolclass=NullPool, connect_args=arguments)


# --- questions -----------------------------------------------------------------------------------------


def overview(connection: Connection, at: float, since: float) -> Overview:
    """Return what an operator wants to see."""
    states = dict(_pairs(connection, select(S.state, func.count()).group_by(S.state)))
    ended = select(P.state, func.sum(P.count)).where(P.ended_at >= since).group_by(P.state)
    due = select(tables.schedule).where(S.state == ScheduleState.ACTIVE.value, S.next_at.is_not(None))
    closed = select(tables.closed).order_by(tables.closed.c.at.desc())
    notices = select(tables.notice).where(tables.notice.c.at >= since).order_by(tables.notice.c.n.desc())
    return Overview(
        at=at,
        since=since,
        upcoming=tuple(_upcoming(row) for row in connection.execute(due.order_by(S.next_at).limit(LISTED))),
        active=states.get(ScheduleState.ACTIVE.value, 0),
        paused=states.get(ScheduleState.PAUSED.value, 0),
        watches=connection.scalar(select(func.count()).select_from(tables.watch)) or 0,
        under_way=_views(connection, posts().where(P.state.in_(GOING_ON)).order_by(P.slot)),
        fine=_views(connection, _ended(FINE, since)),
        troubled=_views(connection, _ended(TROUBLED, since)),
        counts={state: int(count) for state, count in _pairs(connection, ended)},
        closed=tuple(_closed(row) for row in connection.execute(closed.limit(LISTED))),
        notices=tuple(_notice(row) for row in connection.execute(notices.limit(LISTED))),
    )


_PLAIN: Final = ("id", "schedule", "watch", "slot", "last_slot", "count", "reason", "attempts", "ended_at")


def posts() -> Select[Any]:
    """Return the query for posts as an operator is told of them; the pages are left where they are."""
    more = ("state", "content", "platform", "workspace", "channel", "thread")
    asked = tables.post.outerjoin(tables.schedule, P.schedule == S.id)
    return select(
        *(P[name] for name in _PLAIN + more), S.line.label("asked"), tables.watch.c.label.label("watched")
    ).select_from(asked.outerjoin(tables.watch, P.watch == tables.watch.c.id))


def read_view(row: Row[Any]) -> PostView:
    """Return the post in a row of :func:`posts`."""
    return PostView(
        place=_key(row),
        line=row.asked or row.watched or "",
        state=PostState(row.state),
        summary=_summary(row.content),
        **{name: getattr(row, name) for name in _PLAIN},
    )


def rules(connection: Connection) -> list[tuple[str, When]]:
    """Return the ids of the schedules that post, and when, in the order of the ids."""
    query = select(S.id, S.when, S.cron, S.zone).where(S.state == ScheduleState.ACTIVE.value).order_by(S.id)
    return [(row.id, When(row.when, row.cron, row.zone)) for row in connection.execute(query)]


def closed_places(connection: Connection) -> tuple[Closed, ...]:
    """Return the places that take no posts."""
    return tuple(_closed(row) for row in connection.execute(select(tables.closed)))


def notices_after(connection: Connection, n: int) -> tuple[Notice, ...]:
    """Return the notices behind the n-th, in their order."""
    query = select(tables.notice).where(tables.notice.c.n > n).order_by(tables.notice.c.n)
    return tuple(_notice(row) for row in connection.execute(query.limit(LISTED)))


def _ended(states: Iterable[PostState], since: float) -> Select[Any]:
    wanted = [one.value for one in states]
    return posts().where(P.ended_at >= since, P.state.in_(wanted)).order_by(P.ended_at.desc())


def _views(connection: Connection, query: Select[Any]) -> tuple[PostView, ...]:
    return tuple(read_view(row) for row in connection.execute(query.limit(LISTED)))


def _pairs(connection: Connection, query: Select[Any]) -> Iterable[tuple[str, int]]:
    return ((name, count) for name, count in connection.execute(query))


def _upcoming(row: Row[Any]) -> NextView:
    return NextView(
        schedule=row.id,
        place=_key(row),
        line=row.line,
        when=When(row.when, row.cron, row.zone),
        origin=row.origin,
        at=row.next_at,
    )


def _closed(row: Row[Any]) -> Closed:
    return Closed(place=row.place, reason=row.reason, at=row.at)


def _notice(row: Row[Any]) -> Notice:
    return Notice(n=row.n, at=row.at, place=row.place, post=row.post, text=row.text)


def _key(row: Row[Any]) -> str:
    place: Place = read_place(row)
    return place.key


def _summary(content: bytes) -> str:
    try:
        return read_content(content).summary
    except msgspec.DecodeError:
        return ""
