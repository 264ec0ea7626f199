"""Commands that change something: done once, told to the asker alone, and neither shared nor turned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from fakes.discord import TOKEN, FakeDiscord
from fakes.discord_payloads import GUILD_ID, TEXT_CHANNEL, THREAD_CHANNEL, USER, USER_ID
from fakes.discord_rest import DIRECT_OFFSET
from samples import SAMPLES
from stub_desk import StubDesk

from bot.adapters.discord.app import BriefingClient
from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.private import receive_interaction
from bot.adapters.discord.state import PICKER_ID, Press, Verb
from bot.desk import Asker

LINE = "/schedule add"
EPHEMERAL = 64
WORKERS = ("CommandTree", "discord")
"""What the names of the library's tasks begin with that deal with an event."""


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord().serve() as server:
        yield server
        assert server.violations == []


@pytest.fixture
async def client(fake: FakeDiscord, desk: StubDesk) -> AsyncIterator[BriefingClient]:
    made = BriefingClient(desk, DiscordConfig(sync=False))
    await made.login(TOKEN)
    made._connection._add_guild_from_data(fake.guild_payload())  # type: ignore[arg-type]
    yield made
    await made.close()


async def settled(client: discord.Client) -> None:
    """Wait until every event that came in has been dealt with."""
    async with asyncio.timeout(5):
        while at_work := [one for one in asyncio.all_tasks() if one.get_name().startswith(WORKERS)]:
            await asyncio.wait(at_work)


async def sent(client: BriefingClient, data: dict[str, Any]) -> None:
    receive_interaction(client, data)
    await settled(client)


def told(fake: FakeDiscord) -> list[Any]:
    """Return what the asker was told in place of the promise, and behind it."""
    return fake.seen("PATCH", "/webhooks/.*") + fake.seen("POST", "/webhooks/.*")


def pressed(fake: FakeDiscord, press: Press, **others: Any) -> dict[str, Any]:
    button = {"type": 2, "id": 2, "style": 2, "label": "Do", "custom_id": press.custom_id}
    message = fake.message_payload(TEXT_CHANNEL, USER, [{"type": 1, "id": 1, "components": [button]}])
    return fake.interaction(3, {"custom_id": press.custom_id, "component_type": 2}, message=message, **others)


async def test_a_command_is_promised_to_the_asker_alone_before_it_is_done(
    client: BriefingClient, fake: FakeDiscord, desk: StubDesk
) -> None:
    desk.acting.clear()
    receive_interaction(client, fake.command("schedule", action="add"))
    async with asyncio.timeout(5):
        while not desk.acted:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert fake.answers == [{"type": 5, "data": {"flags": EPHEMERAL}}]
    assert told(fake) == []
    desk.acting.set()
    await settled(client)
    (body,) = told(fake)
    assert "Done" in str(body["components"])
    assert "Share" not in str(body["components"])
    asker = Asker(
        platform="discord",
        user=str(USER_ID),
        workspace=str(GUILD_ID),
        channel=str(TEXT_CHANNEL),
        dossiers=None,
    )
    assert desk.acted == [(LINE, asker)]
    assert desk.asked == []


async def test_what_takes_long_holds_up_no_answer(
    client: BriefingClient, fake: FakeDiscord, desk: StubDesk
) -> None:
    desk.acting.clear()
    receive_interaction(client, fake.command("schedule", action="add"))
    receive_interaction(client, fake.command("briefing"))
    async with asyncio.timeout(5):
        while len(fake.answers) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert {one["type"] for one in fake.answers} == {4, 5}
    desk.acting.set()
    await settled(client)


async def test_where_another_replica_has_promised_nothing_is_done(
    client: BriefingClient, fake: FakeDiscord, desk: StubDesk
) -> None:
    body = {"message": "Interaction has already been acknowledged.", "code": 40060}
    fake.fault("POST", "/interactions/.*", status=400, body=body)
    await sent(client, fake.command("schedule", action="add"))
    assert desk.acted == []


async def test_all_pages_are_told_since_none_is_turned(
    client: BriefingClient, fake: FakeDiscord, desk: StubDesk
) -> None:
    desk.done = SAMPLES["many points"]
    await sent(client, fake.command("schedule", action="list"))
    bodies = told(fake)
    assert len(bodies) > 2
    assert "Next" not in str(bodies)
    assert {one["flags"] & EPHEMERAL for one in fake.seen("POST", "/webhooks/.*")} == {EPHEMERAL}


@pytest.mark.parametrize("verb", [Verb.ASK, Verb.PAGE, Verb.SHARE])
async def test_a_button_does_it_but_neither_shares_nor_turns_it(
    client: BriefingClient, fake: FakeDiscord, desk: StubDesk, verb: Verb
) -> None:
    await sent(client, pressed(fake, Press(verb, LINE, 2)))
    assert [line for line, _ in desk.acted] == ([LINE] if verb is Verb.ASK else [])
    if verb is not Verb.ASK:
        (answer,) = fake.answers
        assert "Nothing was changed." in answer["data"]["content"]
        assert answer["data"]["flags"] == EPHEMERAL
    assert fake.messages[TEXT_CHANNEL] == []


async def test_a_choice_of_the_select_does_it(
    client: BriefingClient, fake: FakeDiscord, desk: StubDesk
) -> None:
    select = {"type": 3, "id": 2, "custom_id": PICKER_ID, "options": [{"label": "Do", "value": LINE}]}
    message = fake.message_payload(TEXT_CHANNEL, USER, [{"type": 1, "id": 1, "components": [select]}])
    data = {"custom_id": PICKER_ID, "component_type": 3, "values": [LINE]}
    await sent(client, fake.interaction(3, data, message=message))
    assert [line for line, _ in desk.acted] == [LINE]


async def test_a_thread_and_a_conversation_are_told_to_the_desk(
    client: BriefingClient, fake: FakeDiscord, desk: StubDesk
) -> None:
    thread = {**fake.channel_payload(THREAD_CHANNEL), "permissions": fake.permissions}
    await sent(
        client,
        {**fake.command("schedule", action="add"), "channel": thread, "channel_id": str(THREAD_CHANNEL)},
    )
    await sent(client, direct_command(fake))
    in_thread, alone = (asker for _, asker in desk.acted)
    assert (in_thread.channel, in_thread.thread) == (str(TEXT_CHANNEL), str(THREAD_CHANNEL))
    assert (alone.workspace, alone.direct) == ("", True)
    assert not in_thread.direct


def direct_command(fake: FakeDiscord) -> dict[str, Any]:
    data = fake.command("schedule", action="add")
    data.pop("guild_id")
    user = data.pop("member")["user"]
    channel = {"id": str(USER_ID + DIRECT_OFFSET), "type": 1, "recipients": [USER], "last_message_id": None}
    return data | {"user": user, "channel": channel, "channel_id": channel["id"], "context": 1}


async def test_a_desk_that_breaks_is_owned_up_to(
    client: BriefingClient, fake: FakeDiscord, desk: StubDesk
) -> None:
    desk.breaks = True
    await sent(client, fake.command("schedule", action="add"))
    assert "not known whether anything was changed" in str(told(fake))


# --- messages ------------------------------------------------------------------------------------------


def said(fake: FakeDiscord, text: str, *, direct: bool) -> dict[str, Any]:
    channel = USER_ID + DIRECT_OFFSET if direct else TEXT_CHANNEL
    payload = fake.message_payload(channel, USER, [])
    return payload | {"flags": 0, "content": text, **({} if direct else {"guild_id": str(GUILD_ID)})}


async def hear(client: BriefingClient, data: dict[str, Any]) -> None:
    client._connection.parse_message_create(data)  # type: ignore[arg-type]
    await settled(client)


async def test_in_a_direct_message_it_is_done_once(
    client: BriefingClient, fake: FakeDiscord, desk: StubDesk
) -> None:
    message = said(fake, LINE, direct=True)
    for _ in range(3):
        await hear(client, message)
    ((line, asker),) = desk.acted
    assert (line, asker.direct) == (LINE, True)
    assert len(fake.messages[USER_ID + DIRECT_OFFSET]) == 1
    assert client.heard is not None


async def test_a_mention_is_answered_openly_so_nothing_is_done(
    client: BriefingClient, fake: FakeDiscord, desk: StubDesk
) -> None:
    await hear(client, said(fake, f"<@100> {LINE}", direct=False))
    (answer,) = fake.messages[TEXT_CHANNEL]
    assert "Type it as a command" in str(answer["components"])
    assert desk.acted == []


async def test_replicas_with_one_memory_do_it_once(fake: FakeDiscord, desk: StubDesk) -> None:
    from bot.adapters.acting import Once

    first = Once().first
    message = said(fake, LINE, direct=True)
    for _ in range(2):
        one = BriefingClient(desk, DiscordConfig(sync=False), first=first)
        await one.login(TOKEN)
        await hear(one, message)
        await one.close()
    assert len(desk.acted) == 1
