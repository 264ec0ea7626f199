"""The watchdog alone, with shards that break; with the real client it is tested beside the gateway."""

from __future__ import annotations

import asyncio
from typing import Any

import discord

from bot.adapters.discord.watchdog import Watchdog


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Shards:
    """A client of two shards, of which the first breaks."""

    def __init__(self) -> None:
        self.reconnected: list[int] = []
        self.user = discord.Object(1)
        self.closed = False
        self.asked: list[int] = []
        self.guilds = [Server(self, 1, unavailable=True), Server(self, 1), Server(self, 0, breaks=True)]
        self.shards = {0: Shard(self, 0), 1: Shard(self, 1)}

    def is_closed(self) -> bool:
        return self.closed


class Server:
    def __init__(
        self, client: Shards, shard_id: int, *, unavailable: bool = False, breaks: bool = False
    ) -> None:
        self.client, self.shard_id, self.unavailable, self.breaks = client, shard_id, unavailable, breaks

    async def query_members(self, **what: Any) -> None:
        assert not self.unavailable
        self.client.asked.append(self.shard_id)
        if self.breaks:
            raise ConnectionResetError


class Shard:
    def __init__(self, client: Shards, number: int) -> None:
        self.client, self.number = client, number

    def is_closed(self) -> bool:
        return False

    async def reconnect(self) -> None:
        self.client.reconnected.append(self.number)
        raise RuntimeError("it does not connect")


async def test_one_shard_does_not_keep_the_others_from_being_looked_at() -> None:
    client, clock = Shards(), Clock()
    dog = Watchdog(client, 900, clock=clock, quiet=lambda shard: 0.0)  # type: ignore[arg-type]
    await dog.look()
    clock.now = 900
    await dog.look()
    assert client.reconnected == [0]
    assert client.asked == [0, 1]
    assert dog.reconnects == 1


async def test_the_watchdog_ends_with_its_client_though_its_cancellation_was_swallowed() -> None:
    client = Shards()

    async def wait(seconds: float) -> None:
        client.closed = True

    async with asyncio.timeout(5):
        await Watchdog(client, 900, wait=wait, quiet=lambda shard: 0.0).run()  # type: ignore[arg-type]
