"""Notice a gateway that is up but silent, and connect it anew.

The library reconnects when a heartbeat goes unanswered. Two things escape it: its heart has stopped too, or
heartbeats are answered while events no longer come. So each shard is asked for something now and then: the
bot's own membership in one of its servers, which comes back as an event.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord
import msgspec
import structlog

from bot.adapters.discord.private import quiet_seconds

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 30.0
HEART_SECONDS: Final = 150.0
"""No byte for longer than three heartbeats: the library should have reconnected after one and a half."""

PATIENCE_SECONDS: Final = 20.0
"""How long a shard may take to answer a probe."""


class ShardHealth(msgspec.Struct, frozen=True):
    """How a shard is: whether it is connected, and for how many seconds it has said nothing."""

    shard: int
    connected: bool
    quiet: float | None


class Watchdog:
    """Looks at the shards of a client every half minute. `reconnects` counts what it had to do."""

    def __init__(
        self,
        client: discord.AutoShardedClient,
        silence: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        patience: float = PATIENCE_SECONDS,
        quiet: Callable[[discord.ShardInfo], float | None] = quiet_seconds,
    ) -> None:
        self._client = client
        self._silence = silence
        self._clock = clock
        self._wait = wait
        self._patience = patience
        self._quiet = quiet
        self._answered: dict[int, float] = {}
        self.reconnects = 0

    def health(self) -> list[ShardHealth]:
        """Return how the shards are."""
        return [
            ShardHealth(number, not shard.is_closed(), self._quiet(shard))
            for number, shard in sorted(self._client.shards.items())
        ]

    async def run(self) -> None:
        """Look until cancelled, or until the client is closed: the library swallows a cancellation."""
        while not self._client.is_closed():
            await self._wait(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look at every shard once; connect those anew that are silent."""
        for number, shard in list(self._client.shards.items()):
            try:
                await self._look_at(number, shard)
            except Exception:
                # One shard must not keep the others from being looked at, nor end the watchdog.
                log.exception("looking at a shard failed", shard=number)

    async def _look_at(self, number: int, shard: discord.ShardInfo) -> None:
        if shard.is_closed():
            self._answered.pop(number, None)
            return
        quiet = self._quiet(shard)
        if quiet is not None and quiet > HEART_SECONDS:
            await self._reconnect(number, shard, f"nothing came for {quiet:.0f} s")
            return
        last = self._answered.setdefault(number, self._clock())
        if self._clock() - last >= self._silence:
            await self._probe(number, shard)

    async def _probe(self, number: int, shard: discord.ShardInfo) -> None:
        guild = next(
            (one for one in self._client.guilds if one.shard_id == number and not one.unavailable), None
        )
        user = self._client.user
        if guild is None or user is None:
            return
        try:
            async with asyncio.timeout(self._patience):
                await guild.query_members(user_ids=[user.id], cache=False)
        except (TimeoutError, ConnectionError):
            await self._reconnect(number, shard, "an event that was asked for did not come")
        else:
            self._answered[number] = self._clock()

    async def _reconnect(self, number: int, shard: discord.ShardInfo, why: str) -> None:
        self.reconnects += 1
        self._answered.pop(number, None)
        log.warning("shard is silent, connecting anew", shard=number, why=why, reconnects=self.reconnects)
        await shard.reconnect()
