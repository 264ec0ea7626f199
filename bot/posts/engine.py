"""DBOS Transact as the queue of posts: what is enqueued is carried out, also after a crash.

It is given the id of a post and nothing else; all that is known of a post stands in our own tables, so that
another version of this program, or of DBOS, can go on with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from dbos import DBOS, DBOSConfig

from bot.posts.queue import NAME, VERSION, WORKFLOW, queue_of
from bot.posts.slots import Slots

AT_ONCE: Final = 500
"""Posts of a platform that one process works on at the same time; most of them wait for the chat."""

THREADS: Final = 8
POLL_SECONDS: Final = 0.5
KEPT: Final = timedelta(days=1)
"""How long DBOS keeps the record of a finished workflow; ours stays."""

FORGOTTEN_AT_ONCE: Final = 1_000

log = structlog.get_logger(__name__)


class Engine:
    """Runs `deliver(post_id)` for every post enqueued, one at a time for each place; `url` is the queue's.

    DBOS is one for a process: `start` and `stop` it, then another may be started.
    """

    def __init__(
        self,
        url: str,
        slots: Slots,
        deliver: Callable[[str], Awaitable[None]],
        platforms: Iterable[str],
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._url = url
        self._slots = slots
        self._deliver = deliver
        self._platforms = sorted(platforms)
        self._poll = poll_seconds
        self._running: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self.under_way = 0

    async def start(self, slot: str) -> None:
        """Take up work, first what this slot left undone."""
        config: DBOSConfig = {
            "name": NAME,
            "system_database_url": self._url,
            "application_version": VERSION,
            "executor_id": f"slot-{slot}",
            "enable_otlp": False,
            "log_level": "CRITICAL",
            "run_migrations": False,
            "max_executor_threads": THREADS,
            # Nothing here waits for notifications or native schedules.
            "use_listen_notify": False,
            "scheduler_polling_interval_sec": 3600.0,
            "notification_listener_polling_interval_sec": 1.0,
        }
        DBOS(config=config)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def deliver(post_id: str) -> None:
            if self._stopping:
                raise asyncio.CancelledError
            task = asyncio.current_task()
            if task is not None:
                self._running.add(task)
            self.under_way += 1
            try:
                await self._deliver(post_id)
            finally:
                self.under_way -= 1
                if task is not None:
                    self._running.discard(task)

        DBOS.listen_queues([queue_of(one) for one in self._platforms])
        DBOS.launch()
        for platform in self._platforms:
            await DBOS.register_queue_async(
                queue_of(platform),
                worker_concurrency=AT_ONCE,
                partition_concurrency=1,
                polling_interval_sec=self._poll,
                on_conflict="always_update",
            )

    async def take_over(self) -> int:
        """Put back into the queue what processes that died have left undone; return how many posts.

        DBOS recovers an executor's work when a process with its id starts; one that never comes back would
        keep it for ever.
        """
        async with self._slots.free_others() as slots:
            if not slots:
                return 0
            left = await DBOS.list_workflows_async(
                status="PENDING",
                name=WORKFLOW,
                executor_id=[f"slot-{one}" for one in slots],
                load_input=False,
                load_output=False,
            )
            for one in left:
                if one.queue_name:
                    await DBOS.resume_workflows_async([one.workflow_id], queue_name=one.queue_name)
        if left:
            log.warning("taken over from a process that died", posts=len(left))
        return len(left)

    async def forget(self) -> None:
        """Delete DBOS's records of work finished long ago."""
        before = (datetime.now(UTC) - KEPT).isoformat()
        while True:
            old = await DBOS.list_workflows_async(
                status=["SUCCESS", "ERROR", "CANCELLED"],
                completed_before=before,
                limit=FORGOTTEN_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            if not old:
                return
            await DBOS.delete_workflows_async([one.workflow_id for one in old])

    async def stop(self, seconds: float = 0.0) -> None:
        """Take up no more work, give what is under way so many seconds, and leave the rest for later."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        self._stopping = True
        while self._running and loop.time() < until:
            await asyncio.wait(set(self._running), timeout=max(until - loop.time(), 0))
        for task in set(self._running):
            # DBOS leaves what is cancelled pending: it is gone on with at the next start.
            task.cancel()
        if self._running:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await asyncio.gather(*set(self._running), return_exceptions=True)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        # DBOS had put its own threads behind this loop's `to_thread`, and has ended them.
        loop.set_default_executor(ThreadPoolExecutor())
