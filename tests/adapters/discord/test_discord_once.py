"""Posts that stand once: in forums, where Discord takes no nonce, and whatever the clock said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aiohttp
import discord
import pytest
from fakes.discord import FakeDiscord
from fakes.discord_payloads import BOT, FORUM_CHANNEL, TEXT_CHANNEL, USER
from posting_kit import (  # noqa: F401 - fixtures
    Hurried,
    at,
    client_fixture,
    failing,
    fake_fixture,
    hurried_fixture,
    pages,
    poster_fixture,
)

from bot.adapters.discord.posting import LOOK_BACK, mark
from bot.adapters.discord.view import marked
from bot.posting import Chat, Outcome

THREADS = rf"/channels/{FORUM_CHANNEL}/threads"
INTENT = 1_800_000_000.0
HOUR = 3_600.0


@pytest.mark.parametrize("status", [500, 502, 503, 504, 524])
async def test_a_forum_post_that_was_accepted_and_then_failed_stands_once(
    poster: Chat, client: discord.Client, fake: FakeDiscord, hurried: Hurried, status: int
) -> None:
    fake.fault("POST", THREADS, status=status, body="<html>", accept=True)
    with failing(Outcome.UNKNOWN, f"HTTP {status}"):
        await poster.post(at(FORUM_CHANNEL), pages(2), "k")
    client._connection._add_guild_from_data(fake.guild_payload())  # type: ignore[arg-type]
    found = await poster.find(at(FORUM_CHANNEL), "k", 0)
    whole = await poster.post(at(FORUM_CHANNEL), pages(2), "k", after=found)
    (thread,) = fake.threads
    assert whole.channel == str(thread)
    assert [int(one["id"]) for one in fake.messages[thread]] == [int(whole.messages[n]) for n in (1, 2)]
    assert not any(hurried.slept)


async def test_a_forum_post_is_not_tried_again_after_a_reset(
    poster: Chat, client: discord.Client, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = aiohttp.ClientSession.request
    tried = []

    def reset(self: aiohttp.ClientSession, method: str, url: str, **given: Any) -> Any:
        if method == "POST":
            tried.append(url)
            raise OSError(54, "Connection reset by peer")  # as macOS numbers it
        return request(self, method, url, **given)

    monkeypatch.setattr(aiohttp.ClientSession, "request", reset)
    with failing(Outcome.UNKNOWN):
        await poster.post(at(FORUM_CHANNEL), pages(), "k")
    assert len(tried) == 1


@pytest.mark.parametrize("channel", [TEXT_CHANNEL, FORUM_CHANNEL])
@pytest.mark.parametrize(("said", "told"), [(2, 2), ("abc", 5), (-1, 5), (None, 5), (1e9, 3_600)])
async def test_no_rate_limit_is_slept_through(
    poster: Chat, fake: FakeDiscord, hurried: Hurried, channel: int, said: Any, told: float
) -> None:
    body = {"message": "slow", "retry_after": said, "global": True}
    fake.fault("POST", rf"/channels/{channel}/.*", status=429, body=body, headers={"Via": "1.1 google"})
    with failing(Outcome.TRANSIENT) as caught:
        await poster.post(at(channel), pages(), "k")
    assert caught.value.retry_after == told
    assert not any(hurried.slept)
    await poster.post(at(channel), pages(), "k")


# --- clocks that differ --------------------------------------------------------------------------------


def snowflake(instant: float) -> int:
    return discord.utils.time_snowflake(datetime.fromtimestamp(instant, UTC))


def put(fake: FakeDiscord, instant: float, author: Any = USER, key: str = "") -> str:
    (page,) = pages(1)
    components = marked(page, mark(key, 1))["components"] if key else []
    number = snowflake(instant) + len(fake.messages[TEXT_CHANNEL])
    fake.messages[TEXT_CHANNEL].append(fake.message_payload(TEXT_CHANNEL, author, components, number=number))
    return str(number)


@pytest.mark.parametrize(("ahead", "found"), [(HOUR, True), (24 * HOUR, True), (26 * HOUR, False)])
async def test_a_clock_that_was_ahead_does_not_hide_a_post(
    poster: Chat, fake: FakeDiscord, ahead: float, found: bool
) -> None:
    number = put(fake, INTENT - ahead, BOT, "k")
    ref = await poster.find(at(TEXT_CHANNEL), "k", INTENT)
    assert (ref.messages if ref else None) == ({1: number} if found else None)


@pytest.mark.parametrize("key", ["k", ""])
async def test_where_much_was_written_the_newest_is_read(poster: Chat, fake: FakeDiscord, key: str) -> None:
    for n in range(LOOK_BACK):
        put(fake, INTENT - HOUR + n)
    number = put(fake, INTENT + 1, BOT, key)
    ref = await poster.find(at(TEXT_CHANNEL), "k", INTENT)
    assert (ref.messages if ref else None) == ({1: number} if key else None)
    assert len(fake.seen("GET", r".*/messages")) <= (1 if key else LOOK_BACK / 100)


async def test_what_was_not_read_back_to_the_try_is_unknown(poster: Chat, fake: FakeDiscord) -> None:
    put(fake, INTENT - 60, BOT, "k")
    for n in range(LOOK_BACK):
        put(fake, INTENT + n)
    with failing(Outcome.UNKNOWN, "Too much was written since"):
        await poster.find(at(TEXT_CHANNEL), "k", INTENT)
