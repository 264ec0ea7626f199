"""The posts room at work: schedules become posts, posts are delivered, and a dead process's work goes on."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog
from aiolimiter import AsyncLimiter

from bot.posting import Chat
from bot.posts.compose import Composed, Composer, notice
from bot.posts.delivery import SETTLE_SECONDS, Delivery
from bot.posts.engine import POLL_SECONDS, Engine
from bot.posts.ledger import NOTICE, Ledger
from bot.posts.planner import Planner
from bot.posts.queue import Queue
from bot.posts.records import Post, Schedule
from bot.posts.slots import Slots, slots_of
from bot.posts.store import STORAGE_FAILURES, Store, why

RATES: Final[Mapping[str, tuple[float, float]]] = {"slack": (4.0, 1.0), "discord": (40.0, 1.0)}
"""Posts, and the seconds in which one process sends a workspace, or a bot, so many.

Slack allows "several hundred messages per minute" in a workspace, Discord 50 requests per second for a bot;
what each channel takes is kept by one post at a time and the pauses that the platform asks for.
https://docs.slack.dev/apis/web-api/rate-limits#message_limits
https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
"""

TAKE_OVER_SECONDS: Final = 5.0
STAND_BY_SECONDS: Final = 1.0
FORGET_SECONDS: Final = 3_600.0
DRAIN_SECONDS: Final = 10.0

log = structlog.get_logger(__name__)


def elapsed() -> float:
    """Return seconds that went by since some instant, those that the machine slept too."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Pace:
    """Waits so that no workspace gets more posts in a second than its platform takes."""

    def __init__(self, rates: Mapping[str, tuple[float, float]]) -> None:
        self._rates = rates
        self._limiters: dict[tuple[str, str], AsyncLimiter] = {}

    async def __call__(self, post: Post) -> None:
        """Wait for the turn of a post."""
        place = post.place
        rate = self._rates.get(place.platform)
        if rate is None:
            return
        # Discord counts a bot's requests, whatever the server.
        key = (place.platform, place.workspace if place.platform == "slack" else "")
        limiter = self._limiters.get(key)
        if limiter is None:
            limiter = self._limiters[key] = AsyncLimiter(*rate)
        await limiter.acquire()


class Chore:
    """Work that is done now and then: when so many seconds have gone by, or what `when` gives is another.

    It is done again at the next call where the database failed it.
    """

    def __init__(
        self, do: Callable[[], Awaitable[object]], *, every: float, when: Callable[[], object] = lambda: None
    ) -> None:
        self._do = do
        self._every = every
        self._when = when
        self._done: tuple[float, object] | None = None

    async def __call__(self, at: float) -> None:
        """Do it if it is time."""
        now = self._when()
        if self._done is not None and at - self._done[0] < self._every and now == self._done[1]:
            return
        before, self._done = self._done, (at, now)
        try:
            await self._do()
        except STORAGE_FAILURES:
            self._done = before
            raise


class Room:
    """Plans and delivers posts while `working()` is entered.

    `chores` are done between the rounds, about twice a second, by the process that holds a slot. What breaks
    in one round is logged and tried again in the next.
    """

    def __init__(
        self,
        store: Store,
        queue: Queue,
        ledger: Ledger,
        composer: Composer,
        chats: Mapping[str, Chat],
        *,
        chores: Sequence[Chore] = (),
        now: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = elapsed,
        settle: float = SETTLE_SECONDS,
        poll: float = POLL_SECONDS,
        take_over: float = TAKE_OVER_SECONDS,
        rates: Mapping[str, tuple[float, float]] = RATES,
    ) -> None:
        self._store = store
        self._queue = queue
        self._ledger = ledger
        self._composer = composer
        self._chats = chats
        self._chores = chores
        self._now = now
        self._elapsed = elapsed
        self._poll = poll
        self._take_over = take_over
        self.slots: Slots = slots_of(store)
        self.planner = Planner(store, ledger, now, elapsed)
        self.delivery = Delivery(
            ledger,
            chats,
            self.write,
            held=self.slots.held,
            now=now,
            random=random.random,
            pace=Pace(rates),
            settle=settle,
        )
        self.engine: Engine | None = None
        self.broken = ""
        """Empty, or why the last round did not succeed."""
        self.standing_by = ""
        """Empty, or who holds the slots that this process waits for."""

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Post inside the `async with`; on leaving, posts under way have ten seconds."""
        task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await self._stop(DRAIN_SECONDS)

    async def write(self, post: Post, schedule: Schedule | None) -> Composed | None:
        """Write a post as of now; see :class:`bot.posts.delivery.Write`."""
        past = await self._ledger.past(post, schedule)
        if schedule is not None:
            return self._composer.compose(post, schedule, past.last, past.missed, past.told)
        if post.id.startswith(NOTICE):
            return notice(await self._ledger.notice(post.id))
        watch = await self._store.watch(post.watch)
        if watch is None:
            return None
        return self._composer.compose_watch(watch, await self._ledger.events(post.id), past.told)

    async def _work(self) -> None:
        while True:
            try:
                if await self._take_slot():
                    await self._rounds()
            except STORAGE_FAILURES as error:
                self._say_broken(why(error))
            except Exception:
                log.exception("posting stopped; it is started again")
                self.broken = "a mistake of the program's, which the log names"
            try:
                await self._stop(0.0)
            except Exception:
                log.exception("posting could not be stopped in order")
            await asyncio.sleep(STAND_BY_SECONDS)

    async def _take_slot(self) -> bool:
        slot = await self.slots.take()
        if slot is None:
            holder = await self.slots.holder()
            if holder != self.standing_by:
                log.warning("posts are made by another process; this one stands by", holder=holder)
            self.standing_by = holder
            # What this process could not do is another's business now.
            self.broken, self.delivery.broken_since = "", None
            return False
        self.standing_by = ""
        self.engine = Engine(self._queue.url, self.slots, self.delivery, self._chats, poll_seconds=self._poll)
        await self.engine.start(slot)
        log.info("posts are made by this process", slot=slot, platforms=sorted(self._chats))
        return True

    async def _rounds(self) -> None:
        """Plan twice a second, look now and then for work of the dead; return when the slot is lost."""
        chores = asyncio.create_task(self._do_chores())
        try:
            await self._plan()
        finally:
            chores.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await chores

    async def _plan(self) -> None:
        looked = forgot = float("-inf")
        while self.engine is not None:
            try:
                await self.planner.tick()
                at = self._elapsed()
                if at - looked >= self._take_over:
                    looked = at
                    if not await self.slots.held():
                        log.error("the slot was lost with the connection to the database; starting again")
                        return
                    await self.engine.take_over()
                if at - forgot >= FORGET_SECONDS:
                    forgot = at
                    await self.engine.forget()
                    await self._ledger.prune()
                self.broken = ""
            except STORAGE_FAILURES as error:
                self._say_broken(why(error))
            await asyncio.sleep(self._poll)

    async def _do_chores(self) -> None:
        """Do what is to be done beside posting: posts that are due wait for none of it."""
        while True:
            for chore in self._chores:
                try:
                    await chore(self._elapsed())
                except STORAGE_FAILURES as error:
                    log.warning("a chore waits for the state's database", why=why(error))
                except Exception:
                    log.exception("a chore failed; it is done again at the next round of its own")
            await asyncio.sleep(self._poll)

    def _say_broken(self, reason: str) -> None:
        if self.broken != reason:
            log.error("the state cannot be used; posts wait", why=reason)
        self.broken = reason

    async def _stop(self, seconds: float) -> None:
        engine, self.engine = self.engine, None
        try:
            if engine is not None:
                await engine.stop(seconds)
        finally:
            await self.slots.release()
