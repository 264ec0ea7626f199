"""A Discord on loopback with a client that is logged in, for tests of what is posted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import discord
import pytest
from fakes.discord import TOKEN, FakeDiscord
from fakes.discord_payloads import GUILD_ID
from samples import SAMPLES

from bot.adapters.discord.limits import Json
from bot.adapters.discord.posting import DiscordChat
from bot.adapters.discord.render import Style, render
from bot.posting import Chat, Outcome, Place, PostError


class Hurried:
    """asyncio, but nothing waits: for the pauses between discord.py's own tries."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        self.slept = [*getattr(self, "slept", []), seconds]
        await asyncio.sleep(0)


@pytest.fixture(name="hurried")
def hurried_fixture(monkeypatch: pytest.MonkeyPatch) -> Hurried:
    hurry = Hurried()
    hurry.slept = []
    monkeypatch.setattr(discord.http, "asyncio", hurry)
    return hurry


@pytest.fixture(name="fake")
async def fake_fixture(hurried: Hurried) -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord().serve() as server:
        yield server
        assert server.violations == []


@pytest.fixture(name="client")
async def client_fixture(fake: FakeDiscord) -> AsyncIterator[discord.Client]:
    client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30)
    await client.login(TOKEN)
    yield client
    await client.close()


@pytest.fixture(name="poster")
def poster_fixture(client: discord.Client) -> Chat:
    return DiscordChat(lambda: client, seconds=5)


def at(channel: int | str) -> Place:
    return Place(platform="discord", workspace=str(GUILD_ID), channel=str(channel))


@contextlib.contextmanager
def failing(outcome: Outcome, words: str = r"\.$") -> Iterator[pytest.ExceptionInfo[PostError]]:
    with pytest.raises(PostError, match=words) as caught:
        yield caught
    assert caught.value.outcome is outcome


def pages(count: int = 1) -> list[Json]:
    return render(SAMPLES["many points"], Style(pager=False)).pages[:count]
