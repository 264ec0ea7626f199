"""The posts room, built from a configuration: for a moment in the terminal, or while the bot runs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.commands import REGISTRY
from bot.config import Config, is_zone
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.facts.base import FactBase
from bot.facts.snapshot import Snapshot
from bot.library import Library
from bot.posting import Chat, Place
from bot.posts.authorise import Authority
from bot.posts.compose import Composer
from bot.posts.declared import Declarations, Rules
from bot.posts.grace import read_grace
from bot.posts.ledger import Ledger
from bot.posts.office import Office
from bot.posts.queue import Queue
from bot.posts.records import Schedule
from bot.posts.room import Chore, Room
from bot.posts.scan import Scanner
from bot.posts.store import Store
from bot.reply import Reply

DECLARED_SECONDS: Final = 1.0
"""Between two looks at the file of schedules; what changed there holds after the second of them."""

KNOWN_SECONDS: Final = 10.0
SCAN_SECONDS: Final = 600.0
"""Between two looks through the watches where no fact has changed: a duty may have come due."""


class Answers:
    """The core as posts ask it: for any place, on any day."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot in use."""
        return self._library.snapshot

    def ask(self, line: str, asker: Asker, today: date) -> Reply:
        """Answer a typed line as on a day."""
        return Dispatcher(REGISTRY, self._library, today=lambda: today).ask(line, asker)


class Scheduling:
    """Everything that schedules and watches need, on one database.

    `chats` may be filled later: it is looked at when somebody acts, and when posting begins.

    Raises:
        ValueError: the database's URL is none.
    """

    def __init__(
        self,
        config: Config,
        library: Library,
        chats: Mapping[str, Chat],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._library = library
        self._now = now
        self._chats = chats
        self.store = Store(config.database_url)
        self.queue = Queue(self.store)
        self.ledger = Ledger(self.store, now, _operator(config))
        self.ledger.enqueue = self.queue.enqueue
        self.composer = Composer(Answers(library), self._seen, self._zone_of, now)
        self.office = Office(
            self.store,
            self.ledger,
            Authority(config.posts.allow, chats, self.store, now),
            REGISTRY,
            base=self._base,
            preview=self._preview,
            zone=self._zone,
            grace=read_grace(config.posts.grace),
            quiet=config.posts.quiet,
            now=now,
        )
        self._declarations = Declarations(config.schedules, self.store, self._rules, now)
        self._scanner = Scanner(
            self.store,
            self.ledger,
            snapshot=lambda: library.snapshot,
            seen=self._seen,
            zone=self._zone,
            now=now,
        )

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the database inside the `async with`.

        Raises:
            StateError: it cannot be used.
        """
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self.store.close)
            await self.store.open()
            stack.push_async_callback(self.queue.close)
            await self.queue.open()
            yield

    def room(self) -> Room:
        """Return what plans and delivers posts to the chats that are there now."""
        chores = (
            Chore(self._declare, every=DECLARED_SECONDS),
            Chore(self.office.refresh, every=KNOWN_SECONDS),
            Chore(self._scanner.scan, every=SCAN_SECONDS, when=lambda: self._library.snapshot.id),
        )
        return Room(
            self.store, self.queue, self.ledger, self.composer, self._chats, chores=chores, now=self._now
        )

    async def _declare(self) -> None:
        if await self._declarations.look():
            await self.office.refresh()

    def _rules(self) -> Rules:
        posts = self._config.posts
        return Rules(
            registry=REGISTRY,
            zone=self._zone,
            dossiers=lambda place: self._dossiers(self._seen(place)),
            preview=self._preview,
            grace=read_grace(posts.grace),
            quiet=posts.quiet,
            by_workspace={one.platform.value for one in self._config.places if one.workspace},
        )

    def _dossiers(self, seen: tuple[str, ...] | None) -> Collection[str]:
        return self._library.snapshot.dossiers if seen is None else seen

    def _zone(self, place: Place) -> str:
        return self._config.time_zone(place.platform, place.channel, place.workspace)

    def _seen(self, place: Place) -> tuple[str, ...] | None:
        return self._config.dossiers(place.platform, place.channel, place.workspace)

    def _zone_of(self, place: Place, dossier: str) -> str:
        """Return the zone in which a place's days begin: its own, else the dossier's."""
        snapshot = self._library.snapshot
        named = snapshot.dossier(dossier).time_zone if dossier in snapshot.dossiers else ""
        return next(one for one in (self._zone(place), named, "UTC") if one and is_zone(one))

    def _base(self, asker: Asker) -> FactBase:
        zone = self._config.time_zone(asker.platform, asker.channel, asker.workspace)
        here = datetime.fromtimestamp(self._now(), ZoneInfo(zone or "UTC"))
        today = (here if zone else here.astimezone()).date()
        return FactBase(self._library.snapshot, self._dossiers(asker.dossiers), today)

    async def _preview(self, schedule: Schedule) -> Reply:
        return self.composer.answer(schedule)


def _operator(config: Config) -> Place | None:
    """Return the place where the operator is told what went wrong."""
    one = config.posts.operator
    if one is None:
        return None
    return Place(platform=one.platform.value, workspace=one.workspace, channel=one.channel)
