"""The state of the posts room: one database for all processes, SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    bindparam,
    delete,
    event,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.posting import Place
from bot.posts import tables
from bot.posts.records import Schedule, ScheduleState, Watch
from bot.posts.rows import read_schedule, read_watch, schedule_row, watch_row
from bot.state import StateError, database_url, look_at

BUSY_SECONDS: Final = 30.0
"""How long a write waits for another writer of the same SQLite file. Nobody waits for an answer here."""

POOL: Final = 5
WAIT_SECONDS: Final = 600.0
"""How long a delivery waits for one of these connections: hundreds are under way when much is due at once."""

STALLED_SECONDS: Final = 60.0
"""How long PostgreSQL lets a process that stands still in a transaction keep others from its rows."""

READING: Final = {"briefing_bot_reading": True}
"""What marks a connection that will not write; only :func:`_begin` looks at it."""

UNBOUND: Final = {"isolation_level": "AUTOCOMMIT"}
"""Queries of PostgreSQL outside of a transaction: to begin and to end one are two more journeys."""

# What every delivery asks is put into words once.
_SCHEDULE: Final = select(tables.schedule).where(tables.schedule.c.id == bindparam("id"))
_CLOSED: Final = select(tables.closed.c.reason).where(tables.closed.c.place == bindparam("place"))

STORAGE_FAILURES: Final = (SQLAlchemyError, OSError)
"""What a database that cannot be read or written raises."""


class Store:
    """Schedules, watches and posts. `open` it before use and `close` it at the end.

    Unlike the memory of deliveries seen, what is committed here outlives a power cut: what was posted must
    not be forgotten.

    Raises:
        ValueError: the URL is none, or of another kind of database, or of one in memory.
    """

    def __init__(self, url: str) -> None:
        self.url = database_url(url)
        is_sqlite = self.url.startswith("sqlite")
        if is_sqlite and make_url(self.url).database in {None, "", ":memory:"}:
            raise ValueError("Posts need a state that outlives the bot: a SQLite file or a PostgreSQL URL.")
        self.engine: AsyncEngine = create_async_engine(
            self.url, pool_size=POOL, max_overflow=0, pool_timeout=WAIT_SECONDS, pool_pre_ping=not is_sqlite
        )
        # SQLite has one writer; others of this process come in turn, and not by asking again and again.
        self._turn: contextlib.AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if is_sqlite else contextlib.nullcontext()
        )
        if is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare)
            event.listen(self.engine.sync_engine, "begin", _begin)
        else:
            event.listen(self.engine.sync_engine, "connect", _bound)

    @property
    def is_sqlite(self) -> bool:
        """Whether the state is a SQLite file, which one process at a time posts from."""
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None."""
        return Path(str(self.engine.url.database)) if self.is_sqlite else None

    async def open(self) -> None:
        """Create the tables that are missing.

        Raises:
            StateError: the database cannot be reached or used, or is of a newer version of this program.
        """
        try:
            if self.file:
                await asyncio.to_thread(look_at, self.file)
            async with self.begin() as connection:
                version = await connection.run_sync(_version)
                if version in {None, tables.SCHEMA_VERSION}:
                    await connection.run_sync(tables.metadata.create_all)
                    # Written each time: a database that only lets itself be read is found out here.
                    row = {"key": "version", "value": tables.SCHEMA_VERSION}
                    mine = self.insert(tables.about, [row])
                    await connection.execute(mine.on_conflict_do_update(index_elements=["key"], set_=row))
        except STORAGE_FAILURES as error:
            raise StateError(f"The state database cannot be used ({why(error)}): check its URL.") from error
        if version not in {None, tables.SCHEMA_VERSION}:
            raise StateError(
                f"The posts in the state database are of version {version}, and this program knows version "
                f"{tables.SCHEMA_VERSION}: start the newer program again, or name another database."
            )

    async def close(self) -> None:
        """Let go of the database."""
        await self.engine.dispose()

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction that is committed at the end, or rolled back on an error."""
        async with self._turn, self.engine.begin() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for queries, which waits for no writer."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(**(READING if self.is_sqlite else UNBOUND))

    def insert(self, table: Any, rows: list[dict[str, Any]]) -> Any:
        """Return an insertion to which `on_conflict_do_nothing()` can be added in both databases."""
        return (sqlite if self.is_sqlite else postgresql).insert(table).values(rows)

    async def insert_new(self, connection: AsyncConnection, table: Table, row: dict[str, Any]) -> bool:
        """Insert a row unless there is one with its key; say whether it was new."""
        # With PostgreSQL's driver an insertion does not tell how many rows it made; what it returns does.
        new = self.insert(table, [row]).on_conflict_do_nothing().returning(*table.primary_key)
        return (await connection.execute(new)).first() is not None

    # --- schedules -------------------------------------------------------------------------------------

    async def add_schedule(self, schedule: Schedule) -> None:
        """Keep a new schedule."""
        async with self.begin() as connection:
            await connection.execute(insert(tables.schedule).values(schedule_row(schedule)))

    async def admit_schedule(self, schedule: Schedule, most: int) -> str:
        """Keep a new schedule if its place has none like it and fewer than `most`.

        A place that took no posts is tried again then. Return an empty string where it was kept, else the id
        of the one that is like it, or `full`, or `taken` where another schedule has the id.
        """
        known = tables.schedule.c
        here = select(tables.schedule).where(
            known.place == schedule.place.key, known.state != ScheduleState.REMOVED.value
        )
        wanted = (schedule.when.cron, schedule.when.zone, schedule.line)
        async with self.begin() as connection:
            await self._lock(connection, schedule.place.key)
            rows = [read_schedule(row) for row in await connection.execute(here.order_by(known.id))]
            for one in rows:
                if (one.when.cron, one.when.zone, one.line) == wanted:
                    return one.id
            if len(rows) >= most:
                return "full"
            if not await self.insert_new(connection, tables.schedule, schedule_row(schedule)):
                return "taken"
            await _reopen(connection, schedule.place.key)
            return ""

    async def schedule(self, schedule_id: str) -> Schedule | None:
        """Return the schedule of that id, removed ones too."""
        async with self.reading() as connection:
            row = (await connection.execute(_SCHEDULE, {"id": schedule_id})).first()
        return read_schedule(row) if row else None

    async def standing(self, schedule_id: str, place: str) -> tuple[Schedule | None, str | None]:
        """Return a schedule, if one is named, and why the place takes no posts, if so."""
        async with self.reading() as connection:
            row = (await connection.execute(_SCHEDULE, {"id": schedule_id})).first() if schedule_id else None
            reason = await connection.scalar(_CLOSED, {"place": place})
        return read_schedule(row) if row else None, reason

    async def schedules(self, *, channel: Place | None = None, removed: bool = False) -> list[Schedule]:
        """Return the schedules of a channel with its threads, or all, in the order of their ids."""
        query = select(tables.schedule).order_by(tables.schedule.c.id)
        if channel:
            query = query.where(*_in_channel(tables.schedule, channel))
        if not removed:
            query = query.where(tables.schedule.c.state != ScheduleState.REMOVED)
        async with self.reading() as connection:
            return [read_schedule(row) for row in await connection.execute(query)]

    async def schedule_lines(self) -> list[tuple[tuple[str, str, str], str, str]]:
        """Return (platform, workspace, channel), id and line of every schedule, in the order of their ids."""
        known = tables.schedule.c
        query = select(known.platform, known.workspace, known.channel, known.id, known.line)
        query = query.where(known.state != ScheduleState.REMOVED.value).order_by(known.id)
        async with self.reading() as connection:
            rows = await connection.execute(query)
            return [((row.platform, row.workspace, row.channel), row.id, row.line) for row in rows]

    async def set_state(
        self, schedule_id: str, state: ScheduleState, next_at: float | None, *, reopen: str = ""
    ) -> bool:
        """Change whether a schedule posts, and when next; say whether it was there to be changed.

        With `reopen`, posts go to that place again.
        """
        changed = (
            update(tables.schedule)
            .where(tables.schedule.c.id == schedule_id, tables.schedule.c.state != ScheduleState.REMOVED)
            .values(state=state.value, next_at=next_at)
        )
        async with self.begin() as connection:
            is_there = bool((await connection.execute(changed)).rowcount)
            if is_there and reopen:
                await connection.execute(delete(tables.closed).where(tables.closed.c.place == reopen))
            return is_there

    # --- watches ---------------------------------------------------------------------------------------

    async def add_watch(self, watch: Watch) -> None:
        """Keep a new watch."""
        async with self.begin() as connection:
            await connection.execute(insert(tables.watch).values(watch_row(watch)))

    async def remove_watch(self, watch_id: str) -> bool:
        """Forget a watch, and what it told; say whether there was one."""
        async with self.begin() as connection:
            await connection.execute(delete(tables.told).where(tables.told.c.watch == watch_id))
            gone = await connection.execute(delete(tables.watch).where(tables.watch.c.id == watch_id))
            return bool(gone.rowcount)

    async def watch(self, watch_id: str) -> Watch | None:
        """Return the watch of that id."""
        query = select(tables.watch).where(tables.watch.c.id == watch_id)
        async with self.reading() as connection:
            row = (await connection.execute(query)).first()
        return read_watch(row) if row else None

    async def admit_watch(self, watch: Watch, most: int, told: Iterable[str] = ()) -> str:
        """Keep a new watch on the terms of :meth:`admit_schedule`, and the events that count as told."""
        known = tables.watch.c
        here = select(tables.watch).where(known.place == watch.place.key).order_by(known.id)
        async with self.begin() as connection:
            await self._lock(connection, watch.place.key)
            rows = [read_watch(row) for row in await connection.execute(here)]
            for one in rows:
                if (one.kind, one.dossier, one.thing) == (watch.kind, watch.dossier, watch.thing):
                    return one.id
            if len(rows) >= most:
                return "full"
            if not await self.insert_new(connection, tables.watch, watch_row(watch)):
                return "taken"
            if events := [{"watch": watch.id, "event": one, "post": ""} for one in told]:
                await connection.execute(insert(tables.told), events)
            await _reopen(connection, watch.place.key)
            return ""

    async def told(self, watch_id: str) -> set[str]:
        """Return the ids of the events that a watch has told."""
        query = select(tables.told.c.event).where(tables.told.c.watch == watch_id)
        async with self.reading() as connection:
            return set((await connection.scalars(query)).all())

    async def watches(self, *, channel: Place | None = None) -> list[Watch]:
        """Return the watches of a channel with its threads, or all, in the order of their ids."""
        query = select(tables.watch).order_by(tables.watch.c.id)
        if channel:
            query = query.where(*_in_channel(tables.watch, channel))
        async with self.reading() as connection:
            return [read_watch(row) for row in await connection.execute(query)]

    async def audit(
        self, at: float, person: tuple[str, str, str], action: str, object_: str, *, allowed: bool
    ) -> None:
        """Keep who (platform, workspace, user) changed something, or was refused."""
        platform, workspace, user = person
        row = {"at": at, "platform": platform, "workspace": workspace, "person": user}
        row |= {"action": action, "object": object_[:255], "allowed": allowed}
        async with self.begin() as connection:
            await connection.execute(insert(tables.audit).values(row))

    async def _lock(self, connection: AsyncConnection, place: str) -> None:
        """Let nobody else admit anything to a place until the transaction ends; SQLite does so by itself."""
        if not self.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:place))"), {"place": place})

    # --- what the operator sees ------------------------------------------------------------------------

    async def notices(self, since: float = 0.0, limit: int = 20) -> list[tuple[float, str, str]]:
        """Return (instant, place, sentence) of the latest notices, the latest first."""
        columns = (tables.notice.c.at, tables.notice.c.place, tables.notice.c.text)
        query = select(*columns).where(tables.notice.c.at >= since).order_by(tables.notice.c.n.desc())
        async with self.reading() as connection:
            return [(at, place, text) for at, place, text in await connection.execute(query.limit(limit))]

    async def tell_undeclared(self, sentence: str) -> bool:
        """Keep why the declared schedules do not hold; with an empty sentence, say whether one was kept."""
        about = tables.about.c
        async with self.begin() as connection:
            gone = await connection.execute(delete(tables.about).where(about.key == tables.UNDECLARED))
            if sentence:
                row = {"key": tables.UNDECLARED, "value": sentence}
                await connection.execute(insert(tables.about).values(row))
            return bool(gone.rowcount)

    async def closed(self, places: Iterable[str] | None = None) -> dict[str, str]:
        """Return the places (all, or of these) that take no posts, with the reason."""
        query = select(tables.closed.c.place, tables.closed.c.reason)
        if places is not None:
            query = query.where(tables.closed.c.place.in_(list(places)))
        async with self.reading() as connection:
            return {row.place: row.reason for row in await connection.execute(query)}

    async def reopen(self, place: str) -> None:
        """Let posts go to a place again."""
        async with self.begin() as connection:
            await _reopen(connection, place)


async def _reopen(connection: AsyncConnection, place: str) -> None:
    await connection.execute(delete(tables.closed).where(tables.closed.c.place == place))


def _in_channel(table: Table, place: Place) -> tuple[ColumnElement[bool], ...]:
    # Where there is one workspace, a declared schedule need not name it.
    return (
        table.c.platform == place.platform,
        table.c.channel == place.channel,
        table.c.workspace.in_({"", place.workspace}),
    )


def why(error: BaseException) -> str:
    """Return the database's own words for a failure, on one line and without the statement."""
    return str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error).partition("\n")[0]


def _version(connection: Connection) -> str | None:
    """Return of which version the tables are, None where there are none; nobody else makes them meanwhile."""
    if connection.dialect.name == "postgresql":
        # Two processes that start together would both create the tables, and one would fail.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('briefing-bot tables'))")
    if not inspect(connection).has_table(tables.about.name):
        return None
    return connection.scalar(select(tables.about.c.value).where(tables.about.c.key == "version"))


def _prepare(connection: Any, _record: object) -> None:
    # The transaction begins where we say, not before the first write: see _begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000:.0f}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _bound(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {STALLED_SECONDS * 1000:.0f}")
    cursor.close()
    # The pool rolls back what is not committed when a connection comes back to it.
    connection.commit()


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail, not wait, when another writes in between.
    if not connection.get_execution_options().keys() & READING:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
