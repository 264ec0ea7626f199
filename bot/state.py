"""What must outlive a process and be shared by replicas: one database, SQLite or PostgreSQL.

It never holds facts. Each user of it brings tables of its own; here are the engine and the two small
memories that every chat adapter needs: which deliveries were seen, and lines too long for a button.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Column, Float, MetaData, String, Table, Text, delete, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

REMEMBERED_SECONDS: Final = 24 * 3600
"""How long a delivery is remembered. Slack tries an event again for about an hour at most."""

RECENT: Final = 20_000
LINE_MOST: Final = 3_000
"""No platform takes a longer command, and none is understood that is longer."""

PURGE_EVERY: Final = 1_000
WRITE_SECONDS: Final = 2.0
"""How long a delivery may wait to be remembered: Slack and Discord give three seconds for an answer."""

_log = structlog.get_logger(__name__)
_metadata = MetaData()
_seen = Table(
    "seen", _metadata, Column("key", String(255), primary_key=True), Column("at", Float, index=True)
)
_lines = Table("lines", _metadata, Column("key", String(64), primary_key=True), Column("line", Text))


# One constant statement for any number of keys: SQLAlchemy would compile a list of values anew each time.
_SEE: Final = {
    dialect: text(
        f"INSERT INTO seen (key, at) SELECT one.value, :at FROM {source} AS one "  # noqa: S608 - ours
        "WHERE true ON CONFLICT DO NOTHING RETURNING key"
    )
    for dialect, source in (
        ("sqlite", "json_each(:keys)"),
        ("postgresql", "json_array_elements_text(CAST(:keys AS json))"),
    )
}


def database_url(url: str) -> str:
    """Return `url` with the asynchronous driver that is used here, whichever it names.

    Raises:
        ValueError: no URL, or neither SQLite nor PostgreSQL.
    """
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Where a password holds a colon, the error would name the rest of it as a port that is none.
        raise ValueError(
            "The state's URL is none: write sqlite:///… or postgresql://…, with %3A, %2F and %40 for"
            " the signs : / @ in a password."
        ) from None
    backend = parsed.get_backend_name()
    if backend not in drivers:
        raise ValueError(f"The state cannot be kept in {backend}. Give a sqlite or a postgresql URL.")
    return parsed.set(drivername=drivers[backend]).render_as_string(hide_password=False)


class StateError(Exception):
    """The state cannot be opened; the message is one sentence."""


class State:
    """The state store. `open` it before use and `close` it at the end; `now` is in seconds since 1970.

    Raises:
        ValueError: the URL is none, or of another kind of database.
    """

    def __init__(self, url: str, now: Callable[[], float] = time.time) -> None:
        self.engine: AsyncEngine = create_async_engine(database_url(url))
        self._now = now
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._pending: list[tuple[str, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._written = 0
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)

    async def open(self) -> None:
        """Create the tables that are missing and forget deliveries of long ago.

        Raises:
            StateError: the database cannot be reached or used.
        """
        name = self.engine.url.database
        if self.engine.dialect.name == "sqlite" and name and name != ":memory:":
            await asyncio.to_thread(look_at, Path(name))
        try:
            await self.create(_metadata)
        except (SQLAlchemyError, OSError) as error:
            why = str(getattr(error, "orig", None) or error).partition("\n")[0]
            raise StateError(f"The state database cannot be used ({why}): check its URL.") from error
        await self._try_to_purge()

    async def create(self, metadata: MetaData) -> None:
        """Create the tables of `metadata` that are missing."""
        try:
            async with self.engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
        except SQLAlchemyError:
            # Another process may have made them between the look and the making: now they are there.
            async with self.engine.begin() as connection:
                await connection.run_sync(metadata.create_all)

    async def close(self) -> None:
        """Write what is pending and let go of the database."""
        if self._writer is not None:
            await self._writer
        await self.engine.dispose()

    async def first(self, key: str) -> bool:
        """Return whether `key` is seen for the first time, by any replica, and remember it.

        Calls that come together share one transaction. When the database cannot be written, this process
        still tells its own duplicates apart; that is logged.
        """
        key = _storable(key)
        if key in self._recent:
            return False
        self._recent[key] = None
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pending.append((key, future))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await future

    async def forget(self, key: str) -> None:
        """Let `key` be first again; should the database fail, only where it was not written there."""
        key = _storable(key)
        self._recent.pop(key, None)
        try:
            async with asyncio.timeout(WRITE_SECONDS), self.engine.begin() as connection:
                await connection.execute(delete(_seen).where(_seen.c.key == key))
        except (SQLAlchemyError, OSError) as error:
            _log.error("state not written", why=str(error.__cause__ or error))

    async def keep(self, lines: Mapping[str, str]) -> None:
        """Keep lines under their keys, 3,000 characters of each at most; those already there stay."""
        if lines:
            rows = [{"key": key, "line": line[:LINE_MOST]} for key, line in lines.items()]
            async with self.engine.begin() as connection:
                await connection.execute(self._insert(_lines, rows))

    async def kept(self, key: str) -> str | None:
        """Return the line that was kept under `key`, or None."""
        async with self.engine.connect() as connection:
            found = await connection.scalar(select(_lines.c.line).where(_lines.c.key == key))
        return None if found is None else str(found)

    def _insert(self, table: Table, rows: list[dict[str, Any]]) -> Any:
        dialect = postgresql if self.engine.dialect.name == "postgresql" else sqlite
        return dialect.insert(table).values(rows).on_conflict_do_nothing()

    async def _write(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending, []
                new = await self._insert_seen([key for key, _ in batch])
                for key, future in batch:
                    if not future.cancelled():
                        future.set_result(key in new)
        finally:
            self._writer = None

    async def _insert_seen(self, keys: list[str]) -> set[str]:
        try:
            given = {"keys": json.dumps(keys), "at": self._now()}
            async with asyncio.timeout(WRITE_SECONDS), self.engine.begin() as connection:
                result = await connection.execute(_SEE[self.engine.dialect.name], given)
                new = set(result.scalars())
        except (SQLAlchemyError, OSError) as error:
            why = str(error.__cause__ or error) or "it took too long"
            _log.error("state not written", why=why, deliveries=len(keys))
            return set(keys)
        self._written += len(new)
        if self._written >= PURGE_EVERY:
            self._written = 0
            await self._try_to_purge()
        return new

    async def _try_to_purge(self) -> None:
        """Purge; where another process keeps the state from being written just now, another time."""
        try:
            await self._purge()
        except (SQLAlchemyError, OSError) as error:
            _log.error("state not purged", why=str(error.__cause__ or error))

    async def _purge(self) -> None:
        """Forget deliveries of long ago."""
        async with self.engine.begin() as connection:
            await connection.execute(delete(_seen).where(_seen.c.at < self._now() - REMEMBERED_SECONDS))


def _storable(key: str) -> str:
    """Return a key as every database takes it: no NUL, and no lone surrogate."""
    return key.replace("\x00", "").encode("utf-8", "replace").decode()[:255]


def look_at(path: Path) -> None:
    """Open the file once by itself: where aiosqlite fails to, its thread may outlive the event loop.

    Raises:
        StateError: the file cannot be opened, or is damaged: that would come to light in the middle of work.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found)
    except (sqlite3.Error, OSError) as error:
        why = getattr(error, "strerror", None) or str(error)
        why = why.rpartition("\n")[2]
        if type(error) is sqlite3.DatabaseError:
            advice = "put a backup of it back, or move it away to begin with an empty one"
            raise StateError(f"The state in {path} is damaged ({why}): {advice}.") from error
        raise StateError(f"The state in {path} cannot be used ({why}): check its file and folder.") from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLite's driver cannot be interrupted while it waits for a lock: it gives up before we would.
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={WRITE_SECONDS * 750:.0f}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
