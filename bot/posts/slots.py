"""Who posts: each process holds a slot, and takes over what the holder of a free slot left undone.

A slot is a lock that the operating system or the database lets go of the moment its holder dies, and not
before: a process that merely stands still keeps it. There is no lease that could run out while a post is
under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bot.posts.store import STORAGE_FAILURES, Store

COUNT: Final = 16
"""Processes that post from one PostgreSQL database at the same time; further ones stand by."""

HELD_SECONDS: Final = 5.0
CLASS: Final = 0x62726966
"""The first half of the advisory locks' keys, so that another program's locks are others: "brif"."""


KEEPALIVE: Final = (
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 4",
    "SET tcp_user_timeout = 30000",
)
"""How the server finds out within half a minute that a machine has vanished: its own way takes two hours,
and the slot would be held for as long."""

CLIENT: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4}
"""The same the other way round: libpq's names."""


class Slots(Protocol):
    """The slots of one state."""

    async def take(self) -> str | None:
        """Take the first free slot and return its name, or None where all are held."""

    async def held(self) -> bool:
        """Say whether the slot that was taken is still held: a lost connection to the database loses it."""

    def free_others(self) -> contextlib.AbstractAsyncContextManager[list[str]]:
        """Give the names of the slots that nobody holds; inside the `async with` nobody can take them."""

    async def holder(self) -> str:
        """Say in a few words who holds the slots."""

    async def release(self) -> None:
        """Let go of the slot."""


def slots_of(store: Store) -> Slots:
    """Return the slots of a state: one for a SQLite file, several for PostgreSQL."""
    file = store.file
    if file is None:
        return DatabaseSlots(store.url)
    # By whichever of its names the file is called, it has one slot.
    whole = file.resolve()
    return FileSlot(whole.with_name(f"{whole.name}.posting"))


class FileSlot:
    """The one slot of a SQLite file: a lock on a file beside it, which says who holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    async def take(self) -> str | None:
        """Take the slot if it is free."""
        if self._handle is not None:
            return "1"
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if isinstance(error, BlockingIOError):
                return None
            raise
        with contextlib.suppress(OSError):  # a full disk keeps nobody from posting
            os.ftruncate(handle, 0)
            os.write(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        self._handle = handle
        return "1"

    async def held(self) -> bool:
        """Say whether it is held: somebody may have deleted the file, and another process made it anew."""
        if self._handle is None:
            return False
        try:
            own, there = os.fstat(self._handle), self._path.stat()
        except OSError:
            return False
        return (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino)

    @contextlib.asynccontextmanager
    async def free_others(self) -> AsyncIterator[list[str]]:
        """Give nothing: there is no other slot."""
        yield []

    async def holder(self) -> str:
        """Say who holds it."""
        try:
            return self._path.read_text(errors="replace").strip() or "another process"
        except OSError:
            return "another process"

    async def release(self) -> None:
        """Let go of it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class DatabaseSlots:
    """Advisory locks of a PostgreSQL database, each held by a session of its own."""

    def __init__(self, url: str, count: int = COUNT) -> None:
        # A pool would keep the lock's session open behind our back.
        self._engine: AsyncEngine = create_async_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"prepare_threshold": None, "tcp_user_timeout": 30_000, **CLIENT},
        )
        self._asking = asyncio.Lock()
        self._next: asyncio.Task[bool] | None = None
        self._count = count
        self._connection: AsyncConnection | None = None
        self._taken: int | None = None

    async def take(self) -> str | None:
        """Take the first free slot."""
        connection = await self._engine.connect()
        try:
            for setting in KEEPALIVE:
                await connection.execute(text(setting))
            for number in range(1, self._count + 1):
                if await _try(connection, number):
                    self._connection, self._taken = connection, number
                    return str(number)
        finally:
            if self._connection is not connection:
                await connection.close()
        return None

    async def held(self) -> bool:
        """Say whether the session that holds the slot is alive."""
        if self._connection is None:
            return False
        # All who ask while a question is under way share the next one: thousands may ask at once.
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
        return await asyncio.shield(self._next)

    async def _ask(self) -> bool:
        query = text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :class "
            "AND objid = :slot AND pid = pg_backend_pid() AND granted"
        )
        # One at a time, since it is one session.
        async with self._asking:
            # Who comes from here on wants to know it of a later moment.
            self._next = None
            connection = self._connection
            try:
                # A silent network is as good as a lost one.
                async with asyncio.timeout(HELD_SECONDS):
                    found = connection and await connection.scalar(
                        query, {"class": CLASS, "slot": self._taken}
                    )
            except (TimeoutError, *STORAGE_FAILURES):
                return False
        return bool(found)

    @contextlib.asynccontextmanager
    async def free_others(self) -> AsyncIterator[list[str]]:
        """Give the free slots, locked meanwhile."""
        async with self._engine.connect() as connection:
            others = [one for one in range(1, self._count + 1) if one != self._taken]
            # The session ends with the block, and the locks with it.
            yield [str(one) for one in others if await _try(connection, one)]

    async def holder(self) -> str:
        """Say who holds the slots."""
        return "other processes"

    async def release(self) -> None:
        """Let go of the slot, and of the database."""
        if self._connection is not None:
            with contextlib.suppress(*STORAGE_FAILURES):
                await self._connection.close()
            self._connection = self._taken = None
        await self._engine.dispose()


async def _try(connection: AsyncConnection, number: int) -> bool:
    query = text("SELECT pg_try_advisory_lock(:class, :slot)")
    return bool(await connection.scalar(query, {"class": CLASS, "slot": number}))
