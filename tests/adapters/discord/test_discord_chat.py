from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.discord import TOKEN, FakeDiscord
from fakes.discord_payloads import TEXT_CHANNEL
from samples import SAMPLES
from stub_desk import StubDesk

from bot.adapters.discord.app import BriefingClient, everything
from bot.adapters.discord.chat import Chat, serving_discord
from bot.adapters.discord.config import DiscordConfig, is_set_up
from bot.adapters.discord.watchdog import Watchdog
from bot.desk import ChatError
from bot.posting import Place, PostError


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord().serve() as server:
        yield server
        assert server.violations == []


async def test_it_serves_and_stops(fake: FakeDiscord, desk: StubDesk, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    async with serving_discord(
        desk, DiscordConfig(), {"DISCORD_TOKEN": TOKEN}, everything, database=url
    ) as chat:
        assert chat.where == "Discord is answered as briefing."
        assert chat.client is not None
        async with asyncio.timeout(5):
            while not fake.identifies:  # noqa: ASYNC110  # what is waited for happens in the library
                await asyncio.sleep(0.005)
        assert chat.heard is None
        (page,) = await chat.posting.render(SAMPLES["bare"])
        await chat.posting.post(Place(platform="discord", channel=str(TEXT_CHANNEL)), [page], "k")
    assert chat.client.is_closed()
    with pytest.raises(PostError, match="not connected"):
        await chat.posting.post(Place(platform="discord", channel=str(TEXT_CHANNEL)), [page], "k")


async def test_a_state_that_cannot_be_used_is_said(fake: FakeDiscord, desk: StubDesk, tmp_path: Path) -> None:
    with pytest.raises(ChatError, match="cannot be used"):
        async with serving_discord(
            desk, DiscordConfig(), {"DISCORD_TOKEN": TOKEN}, everything, database=f"sqlite:///{tmp_path}"
        ):
            pass


def test_when_something_came_last_outlives_a_client(desk: StubDesk) -> None:
    chat = Chat()
    assert chat.heard is None
    old, new = BriefingClient(desk), BriefingClient(desk)
    chat.started(old, Watchdog(old, 900))
    old.heard = 5.0
    chat.started(new, Watchdog(new, 900))
    assert chat.heard == 5.0
    new.heard = 6.0
    assert chat.heard == 6.0


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "Set DISCORD_TOKEN"),
        ({"DISCORD_TOKEN": "x"}, "is no bot token"),
        ({"DISCORD_TOKEN": TOKEN[:-1] + "b"}, "does not know this token"),
    ],
)
async def test_what_is_missing_or_wrong_is_said(
    fake: FakeDiscord, desk: StubDesk, environment: dict[str, str], words: str
) -> None:
    with pytest.raises(ChatError, match=words):
        async with serving_discord(desk, DiscordConfig(), environment, everything):
            pass


async def test_discord_that_cannot_be_reached_does_not_hold_up_the_rest(
    fake: FakeDiscord, desk: StubDesk
) -> None:
    fake.fault("GET", "/users/@me", hang=True)
    environment = {"DISCORD_TOKEN": TOKEN}
    async with serving_discord(desk, DiscordConfig(), environment, everything, patience=0.05) as chat:
        assert "cannot be reached yet" in chat.where


async def test_the_end_is_logged(
    fake: FakeDiscord, desk: StubDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.close_code = 4004
    async with serving_discord(desk, DiscordConfig(), {"DISCORD_TOKEN": TOKEN}, everything):
        async with asyncio.timeout(5):
            while not fake.identifies:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.05)
    assert "not answered any more" in capsys.readouterr().out


def test_a_token_in_the_environment_sets_it_up() -> None:
    assert is_set_up({"DISCORD_TOKEN": TOKEN})
    assert not is_set_up({"DISCORD_TOKEN": " "})
    assert not is_set_up({})
