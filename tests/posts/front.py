"""An office over a made-up base, with a clock, a ledger and a chat that are set by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import msgspec
from factory import TODAY, Shelf

from bot.commands import REGISTRY
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.facts.base import FactBase
from bot.facts.snapshot import Snapshot
from bot.posting import Person, Place, PostError, Rights
from bot.posts.authorise import Authority
from bot.posts.compose import CannotTell
from bot.posts.office import Office
from bot.posts.records import Post, PostState, Schedule
from bot.posts.store import Store
from bot.reply import Kind, Reply

NOW = 1_741_600_800.0
"""Monday 10 March 2025, 10:00 UTC."""

ADA = Asker(platform="slack", workspace="T1", channel="C1", user="ada")
BEN = Asker(platform="slack", workspace="T1", channel="C1", user="ben")
ELSEWHERE = Asker(platform="slack", workspace="T1", channel="C2", user="ada")
TERMINAL = Asker()
WEB = Asker(platform="web")


class HandLedger:
    """A ledger that keeps what it is told."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.posts: list[Post] = []
        self.watch_posts: list[tuple[str, tuple[str, ...]]] = []

    async def post_now(self, schedule: Schedule) -> Post:
        now = self._now()
        post = Post(id=f"now:{schedule.id}:{now}", schedule=schedule.id, place=schedule.place, slot=now)
        self.posts.insert(0, post)
        return post

    async def under_way(self, schedule_id: str) -> list[Post]:
        return [one for one in self.posts if (one.schedule, one.state) == (schedule_id, PostState.SENDING)]

    async def history(self, schedule_id: str, limit: int = 20) -> list[Post]:
        return [one for one in self.posts if one.schedule == schedule_id][:limit]

    def add(self, schedule: Schedule, slot: float, state: PostState, **more: object) -> None:
        made = Post(
            id=f"schedule:{schedule.id}:{slot}", schedule=schedule.id, place=schedule.place, slot=slot
        )
        self.posts.insert(0, msgspec.structs.replace(made, state=state, **more))


class HandChat:
    """A chat that knows some managers and roles, or cannot be asked."""

    def __init__(self) -> None:
        self.managers = {"ada"}
        self.roles: dict[str, frozenset[str]] = {}
        self.error: PostError | None = None
        self.asked: list[Person] = []

    async def rights(self, person: Person) -> Rights:
        self.asked.append(person)
        if self.error:
            raise self.error
        return Rights(manages=person.user in self.managers, roles=self.roles.get(person.user, frozenset()))


class Allow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the allow-list."""

    platform: str = "slack"
    workspace: str = ""
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class Front:
    """An office with everything around it; :meth:`say` types a line into it."""

    def __init__(self, store: Store, snapshot: Snapshot, allow: Sequence[Allow], zone: str) -> None:
        self.now = NOW
        self.store = store
        self.snapshot = snapshot
        self.zone = zone
        self.ledger = HandLedger(lambda: self.now)
        self.chat = HandChat()
        self.letters = iter(f"x{number:02}" for number in range(1_000))
        self.answering = Dispatcher(REGISTRY, Shelf(snapshot), today=lambda: TODAY)
        self.office = Office(
            store,
            self.ledger,
            Authority(allow, {"slack": self.chat}, store, lambda: self.now),
            REGISTRY,
            base=self.base,
            preview=self.preview,
            zone=lambda place: self.zone,
            now=lambda: self.now,
            letters=lambda: next(self.letters),
        )
        self.desk = Dispatcher(
            REGISTRY, Shelf(snapshot), today=lambda: TODAY, reference=lambda: "mark", office=self.office
        )

    def base(self, asker: Asker, day: date = TODAY) -> FactBase:
        seen = self.snapshot.dossiers if asker.dossiers is None else asker.dossiers
        return FactBase(self.snapshot, seen, day)

    async def preview(self, schedule: Schedule) -> Reply:
        reply = self.answering.ask(schedule.line.replace(" since:last", ""), Asker())
        if reply.kind in {Kind.USAGE, Kind.ASK, Kind.FAILURE}:
            raise CannotTell(reply.summary)
        return reply

    async def say(self, line: str, asker: Asker = ADA) -> Reply:
        return await self.desk.act(line, asker)

    async def add(self, line: str = "/due", when: str = "every day 08:30", asker: Asker = ADA) -> Schedule:
        """Add a schedule and return it as it is kept."""
        before = {one.id for one in await self.store.schedules()}
        reply = await self.say(f'/schedule add "{when}" {line}', asker)
        (made,) = [one for one in await self.store.schedules() if one.id not in before] or [None]
        assert made is not None, reply
        return made

    async def close_place(self, place: Place, reason: str) -> None:
        from bot.posts import tables

        async with self.store.begin() as connection:
            row = {"place": place.key, "reason": reason, "at": self.now}
            await connection.execute(tables.closed.insert().values(row))


@asynccontextmanager
async def new_front(
    folder: Path, snapshot: Snapshot, allow: Sequence[Allow] = (), zone: str = "Europe/Berlin"
) -> AsyncIterator[Front]:
    store = Store(f"sqlite:///{folder / 'state.db'}")
    await store.open()
    try:
        yield Front(store, snapshot, allow, zone)
    finally:
        await store.close()
