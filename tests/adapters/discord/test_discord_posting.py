from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from fakes.discord import FakeDiscord
from fakes.discord_payloads import (
    BOT,
    FORUM_CHANNEL,
    GONE_CHANNEL,
    HIDDEN_CHANNEL,
    TEXT_CHANNEL,
    THREAD_CHANNEL,
    USER,
    USER_ID,
)
from fakes.faults import Mishap
from hypothesis import given
from hypothesis import strategies as st
from posting_kit import (  # noqa: F401 - fixtures
    at,
    client_fixture,
    failing,
    fake_fixture,
    hurried_fixture,
    pages,
    poster_fixture,
)

from bot.adapters.discord.failures import failure
from bot.adapters.discord.posting import LOOK_BACK, DiscordChat, mark, nonce
from bot.posting import Chat, Outcome, PostError, Reference, Scope

EPOCH = 0.0
MESSAGES = rf"/channels/{TEXT_CHANNEL}/messages"


async def test_pages_are_posted_in_order_and_found_again(poster: Chat, fake: FakeDiscord) -> None:
    fake.messages[TEXT_CHANNEL].append(fake.message_payload(TEXT_CHANNEL, USER, pages()[0]["components"]))
    ref = await poster.post(at(TEXT_CHANNEL), pages(3), "post:daily:2026-11-22T08:30Z")
    there = [one["id"] for one in fake.messages[TEXT_CHANNEL] if one["author"] == BOT]
    assert ref == Reference(channel=str(TEXT_CHANNEL), messages=dict(enumerate(there, 1)))
    assert len(there) == 3
    assert await poster.find(at(TEXT_CHANNEL), "post:daily:2026-11-22T08:30Z", EPOCH) == ref
    assert await poster.find(at(TEXT_CHANNEL), "post:daily:2026-11-23T08:30Z", EPOCH) is None
    assert await poster.find(at(TEXT_CHANNEL), "post:daily:2026-11-22T08:30Z", time.time()) is None


async def test_a_message_of_somebody_else_is_not_found(poster: Chat, fake: FakeDiscord) -> None:
    await poster.post(at(TEXT_CHANNEL), pages(), "k")
    fake.messages[TEXT_CHANNEL][0]["author"] = USER
    assert await poster.find(at(TEXT_CHANNEL), "k", EPOCH) is None


async def test_posting_a_key_twice_gives_the_same_messages(poster: Chat, fake: FakeDiscord) -> None:
    first = await poster.post(at(TEXT_CHANNEL), pages(2), "k")
    assert await poster.post(at(TEXT_CHANNEL), pages(2), "k") == first
    assert len(fake.messages[TEXT_CHANNEL]) == 2
    assert await poster.post(at(TEXT_CHANNEL), pages(2), "k2") != first
    for body in fake.seen("POST", MESSAGES):
        assert body["enforce_nonce"] is True


async def test_what_was_posted_before_is_not_posted_again(poster: Chat, fake: FakeDiscord) -> None:
    fake.fault("POST", MESSAGES, status=403, body={"message": "Missing Access", "code": 50001}, times=0)
    first = await poster.post(at(TEXT_CHANNEL), pages(1), "k")
    ref = await poster.post(at(TEXT_CHANNEL), pages(3), "k", after=first)
    assert len(fake.seen("POST", MESSAGES)) == 3
    assert ref.messages[1] == first.messages[1]


async def test_a_failure_in_the_middle_tells_what_is_there(poster: Chat, fake: FakeDiscord) -> None:
    await poster.post(at(TEXT_CHANNEL), pages(1), "k")
    fake.fault("POST", MESSAGES, status=503, body={"message": "down", "code": 0})
    fake.faults[0].times = 0
    done = await poster.find(at(TEXT_CHANNEL), "k", EPOCH)
    fake.faults[0].times = 1
    with failing(Outcome.UNKNOWN) as caught:
        await poster.post(at(TEXT_CHANNEL), pages(3), "k", after=done)
    assert caught.value.posted == done


async def test_threads_are_places(poster: Chat, fake: FakeDiscord) -> None:
    ref = await poster.post(at(THREAD_CHANNEL), pages(2), "k")
    assert len(fake.messages[THREAD_CHANNEL]) == 2
    assert await poster.find(at(THREAD_CHANNEL), "k", EPOCH) == ref


async def test_forums_are_places(poster: Chat, fake: FakeDiscord) -> None:
    ref = await poster.post(at(FORUM_CHANNEL), pages(2), "k")
    (thread,) = fake.threads
    there = [one["id"] for one in fake.messages[thread]]
    assert ref == Reference(channel=str(thread), messages=dict(enumerate(there, 1)))
    assert fake.threads[thread]["name"] == "Ferry licences"
    assert len(ref.messages) == 2
    assert fake.violations == []


async def test_a_forum_post_is_found_again(poster: Chat, client: discord.Client, fake: FakeDiscord) -> None:
    ref = await poster.post(at(FORUM_CHANNEL), pages(1), "k")
    # Without the gateway the library does not know the server, so it is told here.
    client._connection._add_guild_from_data(fake.guild_payload())  # type: ignore[arg-type]
    assert await poster.find(at(FORUM_CHANNEL), "k", EPOCH) == ref
    assert await poster.find(at(FORUM_CHANNEL), "other", EPOCH) is None
    whole = await poster.post(at(FORUM_CHANNEL), pages(2), "k", after=ref)
    assert whole.messages[1] == ref.messages[1]
    assert len(fake.threads) == 1


# --- failures ------------------------------------------------------------------------------------------

LIMITED = {"message": "You are being rate limited.", "retry_after": 0.25, "global": False}

TABLE: list[tuple[str, dict[str, Any], Outcome | None, str]] = [
    (
        "429 with Via is the caller's to wait for",
        {"status": 429, "body": {**LIMITED, "retry_after": 7}, "headers": {"Via": "1.1 google"}},
        Outcome.TRANSIENT,
        "7 seconds",
    ),
    (
        "429 without Via is Cloudflare's",
        {"status": 429, "body": LIMITED, "headers": {"Retry-After": "12"}},
        Outcome.TRANSIENT,
        "12 seconds",
    ),
    (
        "429 with an absurd wait",
        {"status": 429, "body": {**LIMITED, "retry_after": 1e9}, "headers": {"Via": "1.1 google"}},
        Outcome.TRANSIENT,
        "3600 seconds",
    ),
    (
        "429 of Cloudflare with an absurd wait",
        {"status": 429, "body": "error", "headers": {"Retry-After": "1000000000"}},
        Outcome.TRANSIENT,
        "3600 seconds",
    ),
    (
        "429 with abc",
        {"status": 429, "body": LIMITED, "headers": {"Retry-After": "abc"}},
        Outcome.TRANSIENT,
        "5 seconds",
    ),
    (
        "429 with -1",
        {"status": 429, "body": LIMITED, "headers": {"Retry-After": "-1"}},
        Outcome.TRANSIENT,
        "5 seconds",
    ),
    (
        "429 with nan",
        {"status": 429, "body": LIMITED, "headers": {"Retry-After": "nan"}},
        Outcome.TRANSIENT,
        "5 seconds",
    ),
    ("429 without a wait", {"status": 429, "body": LIMITED}, Outcome.TRANSIENT, "5 seconds"),
    ("one 502 is tried again", {"status": 502, "body": "<html>"}, None, ""),
    ("502 for ever", {"status": 502, "body": "<html>", "times": 9}, Outcome.UNKNOWN, "HTTP 502"),
    ("503", {"status": 503, "body": {"message": "down", "code": 0}}, Outcome.UNKNOWN, "HTTP 503"),
    (
        "401",
        {"status": 401, "body": {"message": "401: Unauthorized", "code": 0}},
        Outcome.PERMANENT,
        "DISCORD_TOKEN",
    ),
    ("cut before", {"cut": "before"}, Outcome.UNKNOWN, "answer got lost"),
    ("cut after", {"cut": "after"}, Outcome.UNKNOWN, "answer got lost"),
    (
        "200 with HTML",
        {"status": 200, "body": "<html>"},
        Outcome.UNKNOWN,
        "lost",
    ),
    ("200 with null", {"status": 200, "body": None}, Outcome.UNKNOWN, "lost"),
    (
        "slow mode",
        {"status": 400, "body": {"message": "slow", "code": 20016}},
        Outcome.TRANSIENT,
        "slow mode",
    ),
    (
        "locked",
        {"status": 403, "body": {"message": "locked", "code": 160005}},
        Outcome.PERMANENT,
        "is locked",
    ),
    (
        "archived",
        {"status": 400, "body": {"message": "archived", "code": 50083}},
        Outcome.PERMANENT,
        "archived",
    ),
    (
        "bad form",
        {"status": 400, "body": {"message": "Invalid Form Body", "code": 50035}},
        Outcome.PERMANENT,
        "50035",
    ),
    (
        "not seen",
        {"status": 403, "body": {"message": "Missing Access", "code": 50001}},
        Outcome.PERMANENT,
        "View Channel",
    ),
]


@pytest.mark.parametrize(
    ("fault", "kind", "words"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
async def test_every_failure_has_its_kind_and_its_sentence(
    poster: Chat, fake: FakeDiscord, fault: dict[str, Any], kind: Outcome | None, words: str
) -> None:
    fake.fault("POST", MESSAGES, **fault)
    if kind is None:
        await poster.post(at(TEXT_CHANNEL), pages(), "k")
        assert len(fake.messages[TEXT_CHANNEL]) == 1
        return
    with failing(kind) as caught:
        await poster.post(at(TEXT_CHANNEL), pages(), "k")
    assert words in caught.value.sentence


@pytest.mark.parametrize(
    ("status", "code", "scope"),
    [
        (401, 0, Scope.WORKSPACE),
        (403, 40001, Scope.WORKSPACE),
        (400, 50035, Scope.CONTENT),
        (400, 50006, Scope.CONTENT),
        (400, 200000, Scope.CONTENT),
        (413, 0, Scope.CONTENT),
        (404, 10003, Scope.PLACE),
        (403, 50001, Scope.PLACE),
        (403, 160005, Scope.PLACE),
        (400, 99999, Scope.PLACE),
    ],
)
async def test_a_failure_says_how_far_it_reaches(
    poster: Chat, fake: FakeDiscord, status: int, code: int, scope: Scope
) -> None:
    fake.fault("POST", MESSAGES, status=status, body={"message": "No", "code": code})
    with failing(Outcome.PERMANENT) as caught:
        await poster.post(at(TEXT_CHANNEL), pages(), "k")
    assert caught.value.scope is scope


async def test_the_library_keeps_the_nonce_when_it_tries_again(poster: Chat, fake: FakeDiscord) -> None:
    fake.fault("POST", MESSAGES, status=500, body={"message": "500", "code": 0}, times=2)
    await poster.post(at(TEXT_CHANNEL), pages(), "k")
    assert {body["nonce"] for body in fake.seen("POST", MESSAGES)} == {nonce("k", 1)}
    assert len(fake.seen("POST", MESSAGES)) == 3


async def test_after_a_lost_answer_the_post_is_found(poster: Chat, fake: FakeDiscord) -> None:
    fake.fault("POST", MESSAGES, cut="after")
    with failing(Outcome.UNKNOWN):
        await poster.post(at(TEXT_CHANNEL), pages(), "k")
    found = await poster.find(at(TEXT_CHANNEL), "k", EPOCH)
    assert found is not None
    assert len(fake.messages[TEXT_CHANNEL]) == 1


async def test_no_answer_at_all_is_unknown_in_time(client: discord.Client, fake: FakeDiscord) -> None:
    fake.fault("POST", MESSAGES, hang=True)
    with failing(Outcome.UNKNOWN) as caught:
        await DiscordChat(lambda: client, seconds=0.2).post(at(TEXT_CHANNEL), pages(), "k")
    assert "TimeoutError" in caught.value.sentence


async def test_a_channel_that_is_gone(poster: Chat) -> None:
    with failing(Outcome.PERMANENT, "403 is gone"):
        await poster.post(at(GONE_CHANNEL), pages(), "k")
    with failing(Outcome.PERMANENT, "403 is gone"):
        await poster.find(at(GONE_CHANNEL), "k", EPOCH)


async def test_the_missing_permission_is_named(
    poster: Chat, client: discord.Client, fake: FakeDiscord
) -> None:
    client._connection._add_guild_from_data(fake.guild_payload())  # type: ignore[arg-type]
    with failing(Outcome.PERMANENT) as caught:
        await poster.post(at(HIDDEN_CHANNEL), pages(), "k")
    assert caught.value.sentence == (
        "In #channel-404 the bot lacks Send Messages. Allow it in the channel's permissions."
    )


async def test_nothing_was_posted_if_the_channel_cannot_be_looked_up(poster: Chat, fake: FakeDiscord) -> None:
    fake.fault("GET", rf"/channels/{TEXT_CHANNEL}", cut="before", times=9)
    with failing(Outcome.TRANSIENT):
        await poster.post(at(TEXT_CHANNEL), pages(), "k")


def test_a_refused_connection_is_transient() -> None:
    refused = aiohttp.ClientConnectorError(None, OSError(111, "refused"))  # type: ignore[arg-type]
    assert failure(refused, discord.Object(1), None).outcome is Outcome.TRANSIENT


# --- keys ----------------------------------------------------------------------------------------------


@given(st.text(max_size=300), st.integers(1, 100))
def test_nonces_and_marks_are_what_discord_takes(key: str, page: int) -> None:
    assert nonce(key, page) == nonce(key, page)
    assert len(nonce(key, page)) == 25
    assert nonce(key, page).isalnum()
    assert 1 <= mark(key, page) <= 1 << 30


def test_keys_and_pages_differ() -> None:
    made = {nonce(f"k{n}", page) for n in range(200) for page in range(1, 6)}
    assert len(made) == 1_000
    assert nonce("k1", 1) != nonce("k", 11)


@pytest.mark.parametrize("place", ["#desk", "", "４００", "-400", "0", "9" * 10_000, "<#400>", "400 "])
async def test_a_place_that_is_no_id_is_said(poster: Chat, place: str) -> None:
    with failing(Outcome.PERMANENT, "is not the id of a channel"):
        await poster.post(at(place), pages(), "k")
    with failing(Outcome.PERMANENT, "is not the id of a channel"):
        await poster.find(at(place), "k", EPOCH)


@pytest.mark.parametrize("kind", [4, 99])
async def test_where_nobody_can_write_is_said(poster: Chat, fake: FakeDiscord, kind: int) -> None:
    payload = fake.channel_payload(TEXT_CHANNEL) | {"type": kind}
    fake.fault("GET", rf"/channels/{TEXT_CHANNEL}", status=200, body=payload)
    with failing(Outcome.PERMANENT, "it is not a text channel"):
        await poster.post(at(TEXT_CHANNEL), pages(), "k")


async def test_what_was_not_read_to_the_end_is_unknown(poster: Chat, fake: FakeDiscord) -> None:
    there = fake.messages[TEXT_CHANNEL]
    there += [fake.message_payload(TEXT_CHANNEL, USER, []) for _ in range(LOOK_BACK - 1)]
    assert await poster.find(at(TEXT_CHANNEL), "k", EPOCH) is None
    there.append(fake.message_payload(TEXT_CHANNEL, USER, []))
    with failing(Outcome.UNKNOWN, "Too much was written since"):
        await poster.find(at(TEXT_CHANNEL), "k", EPOCH)


async def test_archived_threads_are_looked_through_up_to_their_end(
    poster: Chat, client: discord.Client, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = await poster.post(at(FORUM_CHANNEL), pages(1), "k")
    client._connection._add_guild_from_data(fake.guild_payload())  # type: ignore[arg-type]
    forum = client.get_channel(FORUM_CHANNEL)
    assert isinstance(forum, discord.ForumChannel)
    (payload,) = fake.threads.values()
    archived = [discord.Thread(guild=forum.guild, state=client._connection, data=payload)]  # type: ignore[arg-type]
    fake.threads.clear()

    async def archive(self: object, *, limit: int) -> AsyncIterator[discord.Thread]:
        for one in archived[:limit]:
            yield one

    monkeypatch.setattr(discord.ForumChannel, "archived_threads", archive)
    assert await poster.find(at(FORUM_CHANNEL), "k", EPOCH) == ref
    archived[0].owner_id = USER_ID
    assert await poster.find(at(FORUM_CHANNEL), "k", EPOCH) is None
    archived *= LOOK_BACK
    with failing(Outcome.UNKNOWN, "Too much was written since"):
        await poster.find(at(FORUM_CHANNEL), "k", EPOCH)


async def test_a_channel_that_cannot_be_looked_up_lacks_one_permission(
    poster: Chat, fake: FakeDiscord
) -> None:
    fake.fault("GET", r"/channels/\d+", status=403, body={"message": "Missing Access", "code": 50001})
    with failing(Outcome.PERMANENT, f"In {TEXT_CHANNEL} the bot lacks View Channel. Allow"):
        await poster.post(at(TEXT_CHANNEL), pages(), "k")


async def test_a_private_thread_without_the_bot_is_said(poster: Chat, fake: FakeDiscord) -> None:
    payload = fake.channel_payload(THREAD_CHANNEL) | {"type": 12}
    fake.fault("GET", rf"/channels/{THREAD_CHANNEL}", status=200, body=payload)
    fake.fault("POST", ".*/messages", status=403, body={"message": "Missing Access", "code": 50001})
    with failing(Outcome.PERMANENT, "not in the private thread"):
        await poster.post(at(THREAD_CHANNEL), pages(), "k")


# --- as the kill harness has it ------------------------------------------------------------------------


@pytest.mark.parametrize("wait", [None, "abc", "-1", "0", "1e9", "1000000000"])
async def test_any_rate_limit_is_survived(poster: Chat, fake: FakeDiscord, wait: str | None) -> None:
    fake.ledger.scripted["POST"] = [Mishap(429, wait)] * 9
    with pytest.raises(PostError) as caught:
        await poster.post(at(TEXT_CHANNEL), pages(), "k")
    assert caught.value.outcome in {Outcome.TRANSIENT, Outcome.UNKNOWN}
    assert caught.value.retry_after is None or 0 < caught.value.retry_after <= 3_600
    fake.ledger.scripted.clear()
    await poster.post(at(TEXT_CHANNEL), pages(), "k")
    assert len(fake.ledger.accepted) == 1


async def test_what_is_accepted_late_is_there_once(poster: Chat, fake: FakeDiscord) -> None:
    fake.ledger.scripted["POST"] = [Mishap(accepted=True, late=0.05)]
    with failing(Outcome.UNKNOWN):
        await poster.post(at(TEXT_CHANNEL), pages(), "k")
    assert fake.ledger.accepted == []
    await asyncio.gather(*fake.late)
    found = await poster.find(at(TEXT_CHANNEL), "k", EPOCH)
    assert await poster.post(at(TEXT_CHANNEL), pages(), "k") == found
    assert [one.key for one in fake.ledger.accepted] == [str(mark("k", 1))]


async def test_a_nonce_is_forgotten_in_time(poster: Chat, fake: FakeDiscord) -> None:
    fake.nonce_seconds = 180
    now = 1_800_000_000.0
    fake.ledger.clock = lambda: now
    await poster.post(at(TEXT_CHANNEL), pages(), "k")
    now += 179
    await poster.post(at(TEXT_CHANNEL), pages(), "k")
    assert len(fake.messages[TEXT_CHANNEL]) == 1
    now += 1
    await poster.post(at(TEXT_CHANNEL), pages(), "k")
    assert len(fake.messages[TEXT_CHANNEL]) == 2
