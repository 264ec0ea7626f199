"""A storm: chats that fail, workers that are killed and stopped, schedules that are paused meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

import psycopg
from fakes.discord import FakeDiscord
from fakes.faults import Seeded
from fakes.slack import FakeSlack
from fakes.slack_payloads import TEAM

from bot.posting import Place
from bot.posts import tables
from bot.posts.ledger import Ledger
from bot.posts.queue import Queue
from bot.posts.records import Schedule, ScheduleState
from bot.posts.store import Store
from chaos import gather, rhythm, worker
from chaos.evidence import Evidence, Planned, Span

WAITS: Final = ("1", "0", None, "abc", "-1", "1000000000")
CALM_SECONDS: Final = 90.0
"""How long all posts may take to come to an end when the weather is fair again."""

REFUSING: Final = {14}
"""Places that the bot may not post to."""

SPARED: Final = "storm"
"""What sessions with the database are called that are not cut."""

MISTAKES: Final = 3
"""How often a worker may end by itself: where the state is cut off while it starts, it says so and ends."""

UP_SECONDS: Final = 120.0
"""How long the first worker may take to begin, where much else runs on the machine."""


@dataclass(frozen=True)
class Weather:
    """How a storm is: everything that is drawn is drawn from `seed`.

    It ends after so many `kills` or `seconds`. `rate` is the share of calls that go wrong; a worker is struck
    every `pause` seconds on average, and stopped for `standstill` seconds instead of killed now and then.
    """

    url: str
    workers: int
    seed: int
    kills: int = 10
    seconds: float = 60.0
    schedules: int = 24
    places: int = 16
    rhythm: tuple[int, int] = (5, 12)
    rate: float = 0.25
    pause: float = 3.0
    standstill: float = 10.0
    grace: int = 20


@dataclass
class Toll:
    """What happened in a storm."""

    kills: int = 0
    ends: int = 0
    standstills: int = 0
    cuts: int = 0
    pauses: int = 0
    resumes: int = 0
    removals: int = 0
    asked: int = 0
    starts: int = 0
    calls: int = 0
    slowest: float = 0.0
    """The longest time in which this process, which the chats live in, did not come to its turn."""


@dataclass
class Storm:
    """Runs one. What was asked for is in `spans`, `open` (schedules active now) and `asked`."""

    weather: Weather
    folder: Path
    slack: FakeSlack
    discord: FakeDiscord
    store: Store
    ledger: Ledger
    toll: Toll = field(default_factory=Toll)
    planned: list[Planned] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    open: dict[str, float] = field(default_factory=dict)
    shut: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.weather.seed)
        self.workers: list[ForkServerProcess | None] = [None] * self.weather.workers
        self.idle_until = [0.0] * self.weather.workers
        self.accepted = asyncio.Event()
        self.over = asyncio.Event()
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["chaos.worker"])
        for ledger in (self.slack.ledger, self.discord.ledger):
            ledger.take = self._noting(ledger.take)  # type: ignore[method-assign]

    def _noting(self, take: Any) -> Any:
        def noted(*given: Any, **more: Any) -> None:
            take(*given, **more)
            self.accepted.set()

        return noted

    # --- the whole --------------------------------------------------------------------------------------

    async def rage(self) -> Evidence:
        """Let it rage and calm down; return what it left behind.

        Raises:
            RuntimeError: no worker came up, or one ended by itself; its log is named.
        """
        others = [asyncio.create_task(one()) for one in (self._watch_time, self._keep_up)]
        try:
            await self._make_schedules()
            self._fail(self.weather.rate)
            editing = asyncio.create_task(self._edit())
            others.append(editing)
            await self._strike(others)
            # What is being done is done to its end: half of it would be known to nobody.
            self.over.set()
            await editing
            self._fail(0.0)
            for schedule in list(self.open):
                await self._shut(schedule, ScheduleState.PAUSED)
            await self._calm_down(others)
        finally:
            for one in others:
                one.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            for process in self.workers:
                if process is not None:
                    process.kill()
                    await asyncio.to_thread(process.join)
        self.toll.calls = len(self.slack.calls) + len(self.discord.requests)
        return await gather.evidence(self)

    def _fail(self, rate: float) -> None:
        for number, ledger in enumerate((self.slack.ledger, self.discord.ledger)):
            seed = self.weather.seed + number
            late = (0.1, worker.LATE_MOST)
            ledger.seeded = Seeded(seed, rate, waits=WAITS, late=late) if rate else None

    async def _make_schedules(self) -> None:
        for number in range(self.weather.schedules):
            place = number % self.weather.places
            if place % 2:
                where = Place(platform="discord", workspace="1", channel=str(10**18 + place))
            else:
                where = Place(platform="slack", workspace=TEAM, channel=f"C{place:04}")
                if place not in REFUSING:
                    self.slack.members.add(where.channel)
            seconds = self.random.randint(*self.weather.rhythm)
            when = rhythm.every(seconds, self.random.randrange(seconds))
            now = time.time()
            made = Schedule(
                id=f"s{number}",
                place=where,
                when=when,
                line="/briefing",
                grace=self.weather.grace,
                made_at=now,
                next_at=rhythm.following(when, now),
            )
            self.planned.append(Planned(id=made.id, place=where, when=when))
            await self.store.add_schedule(made)
            assert made.next_at is not None
            self.open[made.id] = made.next_at

    def refuses(self, place: Place) -> bool:
        """Say whether a place takes no posts."""
        return place.platform == "slack" and place.channel not in self.slack.members

    # --- what people do ---------------------------------------------------------------------------------

    async def _edit(self) -> None:
        """Pause, resume and remove schedules, and ask for posts beside their slots."""
        removed: set[str] = set()
        while not self.over.is_set():
            await asyncio.sleep(self.random.uniform(0.2, 1.5))
            one = self.random.choice([one for one in self.planned if one.id not in removed])
            what = self.random.choices(("change", "now", "remove"), (10, 3, 1))[0]
            if one.id in self.shut:
                await self._resume(one)
            elif what == "now":
                schedule = await self.store.schedule(one.id)
                assert schedule is not None
                self.asked.append((await self.ledger.post_now(schedule)).id)
                self.toll.asked += 1
            elif what == "remove" and len(removed) < len(self.planned) // 4:
                await self._shut(one.id, ScheduleState.REMOVED)
                removed.add(one.id)
                self.toll.removals += 1
            else:
                await self._shut(one.id, ScheduleState.PAUSED)
                self.toll.pauses += 1

    async def _shut(self, schedule: str, state: ScheduleState) -> None:
        """Pause or remove a schedule as the office does, and note which slot was next in that moment."""
        row = tables.schedule.c
        async with self.store.begin() as connection:
            query = tables.schedule.select().where(row.id == schedule).with_for_update()
            end = (await connection.execute(query)).one().next_at
            change = tables.schedule.update().where(row.id == schedule)
            await connection.execute(change.values(state=state.value, next_at=None))
        first = self.open.pop(schedule)
        is_removal = state is ScheduleState.REMOVED
        span = Span(schedule=schedule, first=first, end=end, paused_at=time.time(), is_removal=is_removal)
        self.spans.append(span)
        if not is_removal:
            self.shut.add(schedule)

    async def _resume(self, one: Planned) -> None:
        now = time.time()
        ahead = rhythm.following(one.when, now)
        await self.store.set_state(one.id, ScheduleState.ACTIVE, ahead)
        self.shut.discard(one.id)
        self.open[one.id] = ahead
        for number, span in enumerate(self.spans):
            if span.schedule == one.id and span.resumed_at is None:
                self.spans[number] = Span(
                    schedule=one.id,
                    first=span.first,
                    end=span.end,
                    paused_at=span.paused_at,
                    resumed_at=now,
                )
        self.toll.resumes += 1

    # --- what strikes -----------------------------------------------------------------------------------

    async def _strike(self, others: list[asyncio.Task[None]]) -> None:
        """Kill, stop and cut until it is enough."""
        await self._is_up()
        end = time.monotonic() + self.weather.seconds
        while self.toll.kills < self.weather.kills and time.monotonic() < end:
            _raise_of(others)
            await asyncio.sleep(self.random.expovariate(1 / self.weather.pause))
            number = self.random.randrange(self.weather.workers)
            process = self.workers[number]
            if process is None or process.pid is None:
                continue
            choices = ("kill", "kill on acceptance", "end", "standstill", "cut")
            cut = 10 if self.store.is_sqlite is False else 0
            match self.random.choices(choices, (40, 30, 8, 12, cut))[0]:
                case "kill on acceptance":
                    # The chat has taken a message, and nobody has recorded it.
                    self.accepted.clear()
                    with_patience = asyncio.wait_for(self.accepted.wait(), 3)
                    await asyncio.gather(with_patience, return_exceptions=True)
                    await self._kill(number)
                case "end":
                    process.terminate()
                    self.toll.ends += 1
                case "standstill":
                    await self._stand_still(process.pid)
                case "cut":
                    await asyncio.to_thread(self._cut)
                case _:
                    await self._kill(number)

    async def _kill(self, number: int) -> None:
        process = self.workers[number]
        if process is None:
            return
        # It is nobody else's from here on: who asks at the same time how it ended gets no answer.
        self.idle_until[number] = time.monotonic() + self.random.choice((0.0, 0.0, 0.5, 2.0, 6.0))
        self.workers[number] = None
        process.kill()
        await asyncio.to_thread(process.join)
        self.toll.kills += 1

    async def _stand_still(self, pid: int) -> None:
        """Stop a process for longer than any time-out, then let it go on as if nothing had been."""
        self.toll.standstills += 1
        with contextlib.suppress(ProcessLookupError):  # it was told to end, and has
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(self.random.uniform(0.5, 1.0) * self.weather.standstill)
            os.kill(pid, signal.SIGCONT)

    def _cut(self) -> None:
        """End some sessions with the database, as a restart of it or a network does."""
        url = self.weather.url.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            query = (
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
                "pg_backend_pid() AND application_name <> %s ORDER BY pid"
            )
            pids = [pid for (pid,) in connection.execute(query, [SPARED])]
            for pid in self.random.sample(pids, min(len(pids), self.random.randint(1, 6))):
                connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        self.toll.cuts += 1

    # --- the workers ------------------------------------------------------------------------------------

    async def _keep_up(self) -> None:
        """Start each worker anew a while after it has ended."""
        ended = 0
        while True:
            for number, process in enumerate(self.workers):
                if process is not None and not process.is_alive():
                    process.join()
                    self.workers[number] = None
                    ended += process.exitcode not in {0, -signal.SIGKILL}
                    if ended > MISTAKES:
                        log = self._log(number)
                        raise RuntimeError(f"A worker ended by itself ({process.exitcode}); see {log}")
                elif process is None and time.monotonic() >= self.idle_until[number]:
                    self.workers[number] = self._start(number)
            await asyncio.sleep(0.05)

    def _log(self, number: int) -> str:
        return worker.log_of(self.folder, self.weather.workers, number)

    def _start(self, number: int) -> ForkServerProcess:
        orders = worker.Orders(
            url=self.weather.url,
            slack=self.slack.base_url,
            discord_port=self.discord.port,
            log=self._log(number),
            starter=os.getpid(),
        )
        process = self.context.Process(target=worker.run, args=(orders,), daemon=True)
        process.start()
        self.toll.starts += 1
        return process

    async def _is_up(self) -> None:
        self.accepted.clear()
        try:
            await asyncio.wait_for(self.accepted.wait(), UP_SECONDS)
        except TimeoutError:
            log = self._log(0)
            raise RuntimeError(f"Nothing was posted in {UP_SECONDS:.0f} seconds; see {log}") from None

    async def _calm_down(self, others: list[asyncio.Task[None]]) -> None:
        """Wait until every post has ended; what has not by then is in the evidence as it is."""
        self.idle_until = [0.0] * self.weather.workers
        end = time.monotonic() + CALM_SECONDS
        while await self.ledger.going_on(1) and time.monotonic() < end:
            _raise_of(others)
            await asyncio.sleep(0.2)
        # What a chat takes up late, after the record was closed, would be a post too many.
        await asyncio.sleep(worker.LATE_MOST + 0.5)

    async def _watch_time(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            self.toll.slowest = max(self.toll.slowest, time.monotonic() - before - 0.05)


def _raise_of(tasks: list[asyncio.Task[None]]) -> None:
    for one in tasks:
        if one.done() and not one.cancelled() and (error := one.exception()):
            raise error


@contextlib.asynccontextmanager
async def brewing(weather: Weather, folder: Path) -> AsyncIterator[Storm]:
    """Set up the chats and an empty state for a storm."""
    is_sqlite = weather.url.startswith("sqlite")
    # What people do is not cut off: it would not be known what they had done.
    store = Store(weather.url if is_sqlite else f"{weather.url}?application_name={SPARED}")
    queue = Queue(store)
    ledger = Ledger(store, time.time)
    ledger.enqueue = queue.enqueue
    await store.open()
    await queue.open()
    try:
        # A nonce is good for minutes; here it is forgotten before a second try.
        async with (
            FakeSlack(now=time.time) as slack,
            FakeDiscord(time.time, nonce_seconds=3.0).serve() as chat,
        ):
            yield Storm(weather, folder, slack, chat, store, ledger)
            assert chat.violations == []
    finally:
        await queue.close()
        await store.close()
