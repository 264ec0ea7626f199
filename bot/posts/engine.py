"""DBOS Transact as the queue of posts: what is enqueued is carried out, also after a crash.

It is given the id of a post and nothing else; all that is known of a post stands in our own tables, so that
another version of this program, or of DBOS, can go on with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, ParamSpec, TypeVar

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, WorkflowStatus

from bot.posts.queue import NAME, VERSION, WORKFLOW, queue_of
from bot.posts.slots import Slots

AT_ONCE: Final = 2_000
"""Posts of a platform that one process works on at the same time; most of them wait for the chat."""

THREADS: Final = 8
POLL_SECONDS: Final = 0.5
UNUSED_POLL_SECONDS: Final = 1.0
"""How often DBOS looks for notifications, which nothing here waits for; stopping waits for its next look."""

RECORD_SECONDS: Final = 2
KEPT: Final = timedelta(days=1)
"""How long DBOS keeps the record of a finished workflow; ours stays."""

FORGOTTEN_AT_ONCE: Final = 1_000

log = structlog.get_logger(__name__)

P = ParamSpec("P")
Result = TypeVar("Result")


async def _whole(do: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Do something in a thread; when cancelled, wait for its end first.

    A thread cannot be stopped, and DBOS must not be taken down under one that uses it.
    """
    doing = asyncio.ensure_future(asyncio.to_thread(do, *args, **kwargs))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):  # nobody waits for what it says any more
            await doing
        raise


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
        self._slot = ""
        self._deliver = deliver
        self._platforms = sorted(platforms)
        self._poll = poll_seconds
        self._running: dict[str, tuple[asyncio.Task[Any], asyncio.Event]] = {}
        self._idle: set[str] = set()
        self._stopping = False
        self._ended_at = float("-inf")

    @property
    def under_way(self) -> int:
        """How many posts are being worked on."""
        return len(self._running)

    async def start(self, slot: str) -> None:
        """Take up work, first what this slot left undone."""
        self._slot = slot
        config: DBOSConfig = {
            "name": NAME,
            "system_database_url": self._url,
            "application_version": VERSION,
            "executor_id": f"slot-{slot}",
            "enable_otlp": False,
            "log_level": "CRITICAL",
            "run_migrations": False,
            "max_executor_threads": THREADS,
            "use_listen_notify": False,
            "scheduler_polling_interval_sec": 3600.0,
            "notification_listener_polling_interval_sec": UNUSED_POLL_SECONDS,
        }
        loop = asyncio.get_running_loop()
        # In a thread, since it writes: this loop may be in the middle of a transaction of ours, and could not
        # end it while it waits for the lock.
        await _whole(self._launch, config, loop)

    def _launch(self, config: DBOSConfig, loop: asyncio.AbstractEventLoop) -> None:
        DBOS(config=config)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def deliver(post_id: str) -> None:
            # DBOS has a loop of its own; chats and the state belong to the one that started the engine.
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._work(post_id), loop))

        self._register_queues()
        DBOS.listen_queues([queue_of(one) for one in self._platforms])
        DBOS.launch()

    async def _work(self, post_id: str) -> None:
        # Work that was handed out anew must not be done twice at the same time.
        while other := self._running.get(post_id):
            await other[1].wait()
        task = asyncio.current_task()
        if self._stopping or task is None:
            raise asyncio.CancelledError
        self._running[post_id] = task, (ended := asyncio.Event())
        try:
            await self._deliver(post_id)
        finally:
            del self._running[post_id]
            self._ended_at = asyncio.get_running_loop().time()
            ended.set()

    def _register_queues(self) -> None:
        """Let the queues be there before DBOS looks for them: it looks again a second later."""
        client = DBOSClient(system_database_url=self._url, lazy=True, application_name=NAME)
        try:
            for platform in self._platforms:
                client.register_queue(
                    queue_of(platform),
                    worker_concurrency=AT_ONCE,
                    partition_concurrency=1,
                    polling_interval_sec=self._poll,
                )
        finally:
            client.destroy()

    async def take_over(self) -> int:
        """Put back into the queue what nobody works on any more; return how many posts.

        DBOS recovers an executor's work when a process with its id starts; one that never comes back would
        keep it for ever. So would this one what it holds only by its slot's name: what the slot's holder
        before it took up while it was losing the slot, or what could not be recorded as done.
        """
        async with self._slots.free_others() as slots:
            dead = await self._pending(slots) if slots else []
            await self._resume(dead)
        if dead:
            log.warning("taken over from a process that died", posts=len(dead))
        # What was handed out a moment ago may not run yet: it is idle when it is so twice in a row.
        own = [one for one in await self._pending([self._slot]) if one.workflow_id not in self._running]
        idle = [one for one in own if one.workflow_id in self._idle]
        self._idle = {one.workflow_id for one in own}
        await self._resume(idle)
        if idle:
            log.warning("taken up again what nobody worked on", posts=len(idle))
        return len(dead) + len(idle)

    async def _pending(self, slots: Iterable[str]) -> list[WorkflowStatus]:
        """Return what the holders of slots have taken out of the queue and not ended."""
        return await _whole(
            DBOS.list_workflows,
            status="PENDING",
            name=WORKFLOW,
            executor_id=[f"slot-{one}" for one in slots],
            load_input=False,
            load_output=False,
        )

    async def _resume(self, workflows: Iterable[WorkflowStatus]) -> None:
        for one in workflows:
            if one.queue_name:
                await _whole(DBOS.resume_workflows, [one.workflow_id], queue_name=one.queue_name)

    async def forget(self) -> None:
        """Delete DBOS's records of work finished long ago."""
        before = (datetime.now(UTC) - KEPT).isoformat()
        while True:
            old = await _whole(
                DBOS.list_workflows,
                status=["SUCCESS", "ERROR", "CANCELLED"],
                completed_before=before,
                limit=FORGOTTEN_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            if not old:
                return
            await _whole(DBOS.delete_workflows, [one.workflow_id for one in old])

    async def stop(self, seconds: float = 0.0) -> None:
        """Take up no more work, give what is under way so many seconds, and leave the rest for later."""
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._end()
        for task, _ in self._running.values():
            # DBOS leaves what is cancelled pending: it is gone on with at the next start.
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._end()
        # DBOS records in its own loop that work is done, a moment after it is: else it would be done again.
        recording = asyncio.get_running_loop().time() - self._ended_at < RECORD_SECONDS
        await asyncio.to_thread(
            DBOS.destroy,
            destroy_registry=True,
            workflow_completion_timeout_sec=RECORD_SECONDS if recording else 0,
        )

    async def _end(self) -> None:
        """Wait until nothing is worked on."""
        while self._running:
            await next(iter(self._running.values()))[1].wait()
