"""Looks through all watches for what has not been told, and has it posted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

import structlog

from bot.facts.base import FactBase
from bot.facts.snapshot import Snapshot
from bot.posting import Place
from bot.posts.here import day_in
from bot.posts.records import Post, Watch
from bot.posts.store import STORAGE_FAILURES, Store
from bot.posts.watches import events

log = structlog.get_logger(__name__)


class WatchLedger(Protocol):
    """The record of what watches told."""

    async def add_watch_post(self, watch: Watch, events: Sequence[str], at: float) -> Post | None:
        """Record and enqueue a post that tells events; None where another process tells one of them."""


class Scanner:
    """Finds what watches have to tell.

    `snapshot` gives the one in use, `seen` the dossiers that a place sees (None for all), `zone` the time
    zone of a place or an empty string; `now` is in seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        ledger: WatchLedger,
        *,
        snapshot: Callable[[], Snapshot],
        seen: Callable[[Place], tuple[str, ...] | None],
        zone: Callable[[Place], str],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._snapshot = snapshot
        self._seen = seen
        self._zone = zone
        self._now = now

    async def scan(self) -> int:
        """Go over all watches, the event loop getting its turn between two; return how many posts were made.

        A place that takes no posts is left out: it is told what is left to tell once it takes them again.

        Raises what a database that cannot be used raises, see :data:`STORAGE_FAILURES`.
        """
        made = 0
        closed = await self._store.closed()
        for watch in await self._store.watches():
            await asyncio.sleep(0)
            if watch.place.key in closed:
                continue
            try:
                made += await self._look(watch)
            except STORAGE_FAILURES:
                raise
            except Exception:
                # One watch that breaks must not keep the others from being told.
                log.exception("a watch could not be looked at", watch=watch.id)
        return made

    async def _look(self, watch: Watch) -> bool:
        found = [one.id for one in events(self._base(watch), watch)]
        if not found:
            return False
        told = await self._store.told(watch.id)
        untold = [one for one in found if one not in told]
        return bool(untold) and await self._ledger.add_watch_post(watch, untold, self._now()) is not None

    def _base(self, watch: Watch) -> FactBase:
        snapshot = self._snapshot()
        seen = self._seen(watch.place)
        return FactBase(snapshot, snapshot.dossiers if seen is None else seen, self._day(snapshot, watch))

    def _day(self, snapshot: Snapshot, watch: Watch) -> date:
        known = watch.dossier in snapshot.dossiers
        zone = snapshot.dossier(watch.dossier).time_zone if known else ""
        return day_in((self._zone(watch.place), zone), self._now())
