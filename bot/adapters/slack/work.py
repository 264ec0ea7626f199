"""The work behind an acknowledgement: many replies on their way at once, one answer computed at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import structlog

DRAIN_SECONDS: Final = 10.0
WAITING_MOST: Final = 5_000

Result = TypeVar("Result")
_log = structlog.get_logger(__name__)


class Work:
    """Runs jobs in the background of the event loop.

    Whatever the load, acknowledgements go first: between two pieces of computation the loop gets round once,
    so an acknowledgement waits for one answer at most. Replies that wait, such as for a rate limit, hold up
    nothing.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, job: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Start a job; False if far too many wait already."""
        if len(self._tasks) >= WAITING_MOST:
            _log.error("too many deliveries wait", waiting=len(self._tasks))
            return False
        task = asyncio.create_task(job())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def compute(self, function: Callable[[], Result]) -> Result:
        """Run a function of some milliseconds when it is its turn."""
        async with self._turn:
            await asyncio.sleep(0)
            return function()

    async def drain(self, seconds: float = DRAIN_SECONDS) -> int:
        """Wait for the jobs that run, at most so long; return how many had to be given up."""
        if not self._tasks:
            return 0
        _, pending = await asyncio.wait(self._tasks, timeout=seconds)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return len(pending)
