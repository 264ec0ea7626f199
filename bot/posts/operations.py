"""What one process tells its monitoring: whether it is ready, and its metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

import structlog

from bot.posts.health import Connection, Observation, Posting, in_utc, judge
from bot.posts.measure import Measured, Totals, measure
from bot.posts.metrics import CONTENT_TYPE, exposition
from bot.posts.reader import PATIENCE_SECONDS, Reader, Unreadable

log = structlog.get_logger(__name__)


class Answering(Protocol):
    """What is observed of the library of snapshots."""

    @property
    def snapshot(self) -> Any:
        """The snapshot in use, with an `id`."""

    @property
    def notice(self) -> str:
        """Empty, or why an older snapshot answers."""

    reloaded_at: float


class Recording(Protocol):
    """What is observed of deliveries."""

    broken_since: float | None


class PostRoom(Protocol):
    """What is observed of the process that posts: :class:`bot.posts.room.Room`."""

    @property
    def engine(self) -> object | None:
        """What carries out posts, while it does."""

    @property
    def delivery(self) -> Recording:
        """What delivers them."""

    broken: str
    standing_by: str


class Operations:
    """Answers monitoring. `now` is in seconds since 1970.

    `room` and `url`, that of the state's database, are left out where this process makes no posts; `chats`
    says how the chats are. The state is read in a thread and with a connection of its own: that
    posts wait must be seen while all other connections wait too.
    """

    def __init__(
        self,
        library: Answering,
        *,
        url: str = "",
        room: PostRoom | None = None,
        chats: Callable[[], Iterable[Connection]] = tuple,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._library = library
        self._reader = Reader(url) if url else None
        self._room = room
        self._chats = chats
        self._now = now
        self._totals = Totals()
        self._thread: Final = ThreadPoolExecutor(1, thread_name_prefix="operations")

    async def ready(self) -> tuple[bool, dict[str, object]]:
        """Say whether this process can do its work, and why not, as data for JSON."""
        seen = await self.observe()
        health = judge(seen)
        return health.ready, {
            "ready": health.ready,
            "reasons": health.reasons,
            "warnings": health.warnings,
            "standing_by": health.standing_by,
            "snapshot": seen.snapshot,
            "at": in_utc(seen.at),
        }

    async def metrics(self) -> tuple[bytes, str]:
        """Return the metrics and their media type."""
        return exposition(await self.observe()), CONTENT_TYPE

    async def observe(self) -> Observation:
        """Look at everything once; what cannot be read is part of what is seen."""
        measured, unreadable = await self._measured()
        return Observation(
            at=self._now(),
            snapshot=self._library.snapshot.id,
            reloaded_at=self._library.reloaded_at,
            notice=self._library.notice,
            chats=tuple(self._chats()),
            posting=_posting(self._room) if self._room is not None else None,
            measured=measured,
            unreadable=unreadable,
        )

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _measured(self) -> tuple[Measured | None, str]:
        reader = self._reader
        if reader is None:
            return None, ""
        at = self._now()
        work = asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: reader.ask(lambda connection: measure(connection, at, self._totals))
        )
        try:
            return await asyncio.wait_for(work, 2 * PATIENCE_SECONDS), ""
        except Unreadable as error:
            return None, str(error)
        except TimeoutError:
            return None, f"The state database did not answer within {2 * PATIENCE_SECONDS} seconds."
        except Exception as error:
            log.exception("the state could not be measured")
            return None, f"The state could not be measured ({type(error).__name__}); the log says more."


def _posting(room: PostRoom) -> Posting:
    return Posting(
        working=room.engine is not None,
        broken=room.broken,
        broken_since=room.delivery.broken_since,
        standing_by=room.standing_by,
    )
