"""What stands is marked, people are told, and what they may do is looked up."""

from __future__ import annotations

import json
from typing import Any

import discord
import pytest
from conformance import squeezed
from fakes.discord import FakeDiscord
from fakes.discord_payloads import FORUM_CHANNEL, GUILD_ID, HIDDEN_CHANNEL, TEXT_CHANNEL, USER_ID
from fakes.discord_rest import DIRECT_OFFSET
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_reader import read
from posting_kit import (  # noqa: F401 - fixtures
    at,
    client_fixture,
    failing,
    fake_fixture,
    hurried_fixture,
    pages,
    poster_fixture,
)
from samples import HOSTILE, SAMPLES, replies, reply

from bot.adapters.discord.limits import problems
from bot.adapters.discord.posting import DiscordChat, mark
from bot.adapters.discord.render import POST_REMARK, Style, render
from bot.adapters.discord.view import marked, remarked
from bot.posting import Chat, Outcome, Person, Reference, Rights
from bot.reply import Divider, Paragraph, Reply, line

ALICE = Person(platform="discord", workspace=str(GUILD_ID), user=str(USER_ID))
PAGE = r"/channels/\d+/messages/\d+"


# --- remarks -------------------------------------------------------------------------------------------


async def test_a_remark_stands_under_the_title_of_every_page(poster: Chat) -> None:
    made = await poster.render(SAMPLES["many points"], "late: 20 minutes")
    assert len(made) > 1
    for page in made:
        assert page["components"][0]["components"][0]["content"].startswith(
            "## Ferry licences\n-# late: 20 minutes\n"
        )
    assert json.loads(json.dumps(made)) == made, "pages are plain data"


@pytest.mark.parametrize("remark", ["", " ", "\n"])
async def test_no_remark_leaves_a_page_as_it_is(poster: Chat, remark: str) -> None:
    assert (
        await poster.render(SAMPLES["all blocks"], remark)
        == render(SAMPLES["all blocks"], Style(pager=False)).pages
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_there_is_room_for_two_remarks_on_every_page(name: str) -> None:
    for remark in ("*" * 10_000, "\U0001f468" * 300, HOSTILE["markdown link"] * 50):
        for page in render(SAMPLES[name], Style(pager=False)).pages:
            assert problems(marked(remarked(remarked(page, remark), remark), 5)) == []


@settings(max_examples=60, deadline=None)
@given(replies, st.text(max_size=3 * POST_REMARK))
def test_a_remark_fits_any_reply(one: Reply, remark: str) -> None:
    for page in render(one, Style(pager=False)).pages:
        assert problems(remarked(remarked(page, remark), remark)) == []


@pytest.mark.parametrize("blocks", [(Divider(),), (Paragraph((line("Calm."),)),), ()])
def test_a_remark_is_seen_without_a_title_too(blocks: tuple[Any, ...]) -> None:
    (page,) = render(reply(*blocks, title="", sources=()), Style(pager=False)).pages
    assert "-# corrected" in remarked(page, "corrected")["components"][0]["components"][0]["content"]


# --- corrections ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", [TEXT_CHANNEL, FORUM_CHANNEL])
async def test_what_stands_is_marked_and_keeps_its_key(
    poster: Chat, client: discord.Client, fake: FakeDiscord, channel: int
) -> None:
    client._connection._add_guild_from_data(fake.guild_payload())  # type: ignore[arg-type]
    ref = await poster.post(at(channel), pages(2), "k")
    for _ in range(2):
        await poster.amend(at(channel), ref, pages(2), "One fact here was superseded.")
    first, second = fake.messages[int(ref.channel)]
    assert first["components"][0]["components"][0]["content"].startswith(
        "## Ferry licences\n-# One fact here was superseded.\n"
    )
    assert "superseded" not in json.dumps(second)
    assert first["components"][0]["id"] == mark("k", 1)
    assert await poster.find(at(channel), "k", 0) == ref


async def test_a_message_that_is_gone_cannot_be_marked(poster: Chat, fake: FakeDiscord) -> None:
    ref = await poster.post(at(TEXT_CHANNEL), pages(1), "k")
    fake.messages[TEXT_CHANNEL].clear()
    with failing(Outcome.PERMANENT, "somebody has deleted it"):
        await poster.amend(at(TEXT_CHANNEL), ref, pages(1), "old")


@pytest.mark.parametrize("fault", [{"cut": "after", "times": 9}, {"status": 503, "body": {}, "times": 9}])
async def test_marking_with_a_lost_answer_may_be_done_again(
    poster: Chat, fake: FakeDiscord, fault: dict[str, Any]
) -> None:
    ref = await poster.post(at(TEXT_CHANNEL), pages(1), "k")
    fake.fault("PATCH", PAGE, **fault)
    with failing(Outcome.TRANSIENT, "marked again"):
        await poster.amend(at(TEXT_CHANNEL), ref, pages(1), "old")
    fake.faults.clear()
    await poster.amend(at(TEXT_CHANNEL), ref, pages(1), "old")


async def test_without_a_first_page_nothing_is_marked(poster: Chat, fake: FakeDiscord) -> None:
    await poster.amend(at(TEXT_CHANNEL), Reference(channel="x", messages={2: "y"}), pages(1), "old")
    assert fake.seen("PATCH", ".*") == []


@pytest.mark.parametrize(("channel", "message"), [("x", "1"), (str(TEXT_CHANNEL), "x"), ("", "")])
async def test_a_reference_that_is_none_is_said(poster: Chat, channel: str, message: str) -> None:
    with failing(Outcome.PERMANENT, "is not the id of"):
        await poster.amend(
            at(TEXT_CHANNEL), Reference(channel=channel, messages={1: message}), pages(1), "old"
        )


async def test_a_forum_is_no_message(poster: Chat) -> None:
    with failing(Outcome.PERMANENT, "thread of its own"):
        await poster.amend(
            at(FORUM_CHANNEL), Reference(channel=str(FORUM_CHANNEL), messages={1: "1"}), pages(1), "old"
        )


# --- telling people ------------------------------------------------------------------------------------


async def test_a_person_is_told_once_in_plain_words(poster: Chat, fake: FakeDiscord) -> None:
    for _ in range(2):
        await poster.tell(ALICE, "The channel <#400> is *gone*.\nTell @everyone.")
    (message,) = fake.messages[USER_ID + DIRECT_OFFSET]
    found = read(message["content"])
    assert squeezed(found.text) == squeezed("The channel <#400> is *gone*. Tell @everyone.")
    assert (found.mentions, found.styled) == ([], [])
    await poster.tell(ALICE, "Something else.")
    assert len(fake.messages[USER_ID + DIRECT_OFFSET]) == 2


async def test_words_without_end_are_shortened(poster: Chat, fake: FakeDiscord) -> None:
    await poster.tell(ALICE, "*" * 10_000)
    assert len(fake.messages[USER_ID + DIRECT_OFFSET][0]["content"]) <= 2_000


async def test_a_person_who_takes_no_messages(poster: Chat, fake: FakeDiscord) -> None:
    fake.closed_to.add(USER_ID)
    with failing(Outcome.PERMANENT, "does not take direct messages"):
        await poster.tell(ALICE, "Hello.")


async def test_a_lost_answer_is_unknown(poster: Chat, fake: FakeDiscord) -> None:
    fake.fault("POST", r"/channels/\d+/messages", cut="after")
    with failing(Outcome.UNKNOWN):
        await poster.tell(ALICE, "Hello.")


@pytest.mark.parametrize("user", ["", "abc", "<@300>", "３００", "-300", "0", "3e2", "9" * 10_000, "300\n"])
async def test_what_is_no_person_is_said(poster: Chat, fake: FakeDiscord, user: str) -> None:
    before = len(fake.requests)
    for workspace in (str(GUILD_ID), ""):
        person = Person(platform="discord", workspace=workspace, user=user)
        for call in (poster.rights(person), poster.tell(person, "Hello.")):
            with failing(Outcome.PERMANENT, "is not the id of a person"):
                await call
    assert len(fake.requests) == before


# --- rights --------------------------------------------------------------------------------------------


def role(number: int, *permissions: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "name": f"role-{number}",
        "permissions": str(sum(1 << one for one in permissions)),
        "position": 1,
        "color": 0,
        "hoist": False,
        "managed": False,
        "mentionable": False,
    }


ADMINISTRATOR, MANAGE_SERVER, SEND = 3, 5, 11
BEN = {"id": "301", "username": "ben", "discriminator": "0", "avatar": None}
BEN_ASKS = Person(platform="discord", workspace=str(GUILD_ID), user="301")


@pytest.mark.parametrize(
    ("roles", "more", "rights"),
    [
        ([], {}, Rights()),
        (["500"], {}, Rights(roles=frozenset({"500"}))),
        (["500", "501"], {}, Rights(manages=True, roles=frozenset({"500", "501"}))),
        (["502"], {}, Rights(manages=True, roles=frozenset({"502"}))),
        (["503"], {}, Rights()),
        (
            ["502"],
            {"communication_disabled_until": "2999-01-01T00:00:00+00:00"},
            Rights(roles=frozenset({"502"})),
        ),
    ],
)
async def test_rights_come_from_roles(
    poster: Chat, fake: FakeDiscord, roles: list[str], more: dict[str, Any], rights: Rights
) -> None:
    fake.roles = [role(500, SEND), role(501, MANAGE_SERVER), role(502, ADMINISTRATOR)]
    fake.members[301] = {"user": BEN, "roles": roles, **more}
    assert await poster.rights(BEN_ASKS) == rights


async def test_the_owner_manages_the_server(poster: Chat) -> None:
    assert (await poster.rights(ALICE)).manages


async def test_who_has_left_may_nothing(poster: Chat) -> None:
    assert await poster.rights(BEN_ASKS) == Rights()


async def test_in_direct_messages_everybody_manages_their_own(poster: Chat, fake: FakeDiscord) -> None:
    before = len(fake.requests)
    assert await poster.rights(Person(platform="discord", user="301")) == Rights(manages=True)
    assert len(fake.requests) == before


async def test_a_server_without_the_bot(poster: Chat) -> None:
    with failing(Outcome.PERMANENT, "not in this server"):
        await poster.rights(Person(platform="discord", workspace="999", user=str(USER_ID)))
    with failing(Outcome.PERMANENT, "is not the id of a server"):
        await poster.rights(Person(platform="discord", workspace="Newsroom", user=str(USER_ID)))


@pytest.mark.parametrize("path", [r"/guilds/\d+", r"/guilds/\d+/members/\d+"])
@pytest.mark.parametrize(
    "fault", [{"cut": "before"}, {"status": 503, "body": {}}, {"status": 200, "body": None}]
)
async def test_rights_that_cannot_be_read_now_are_no_rights_but_a_failure(
    poster: Chat, fake: FakeDiscord, path: str, fault: dict[str, Any]
) -> None:
    fake.fault("GET", path, times=9, **fault)
    with failing(Outcome.TRANSIENT):
        await poster.rights(ALICE)


# --- the client ----------------------------------------------------------------------------------------


async def test_without_a_client_nothing_is_sent(client: discord.Client) -> None:
    current: list[discord.Client | None] = [None]
    chat = DiscordChat(lambda: current[0])
    stands = Reference(channel=str(TEXT_CHANNEL), messages={1: "1"})
    for now in (None, discord.Client(intents=discord.Intents.none())):
        current[0] = now
        for call in (
            chat.post(at(TEXT_CHANNEL), pages(1), "k"),
            chat.find(at(TEXT_CHANNEL), "k", 0),
            chat.amend(at(TEXT_CHANNEL), stands, pages(1), "old"),
            chat.tell(ALICE, "Hello."),
            chat.rights(ALICE),
        ):
            with failing(Outcome.TRANSIENT, "not connected yet"):
                await call
    current[0] = client
    await chat.post(at(TEXT_CHANNEL), pages(1), "k")
    await client.close()
    with failing(Outcome.TRANSIENT, "not connected yet"):
        await chat.post(at(TEXT_CHANNEL), pages(1), "k")


async def test_a_hidden_channel_is_said_whatever_is_asked(poster: Chat) -> None:
    with failing(Outcome.PERMANENT, "Send Messages"):
        await poster.post(at(HIDDEN_CHANNEL), pages(1), "k")


@pytest.mark.parametrize("since", [-1e20, 0.0, 1e20])
async def test_any_instant_is_looked_back_to(poster: Chat, since: float) -> None:
    assert await poster.find(at(TEXT_CHANNEL), "k", since) is None
