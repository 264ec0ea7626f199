from __future__ import annotations

import pytest
from stub_desk import StubDesk

from bot.adapters.discord.app import BriefingClient
from bot.adapters.discord.config import DiscordConfig


@pytest.fixture
def desk() -> StubDesk:
    return StubDesk()


@pytest.fixture
def config() -> DiscordConfig:
    return DiscordConfig(shards=1)


@pytest.fixture
def simcord_bot(desk: StubDesk, config: DiscordConfig) -> BriefingClient:
    return BriefingClient(desk, config, lambda channel, server: ("ferries",) if channel else None)
