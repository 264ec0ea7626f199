"""Who sees what, what becomes of a break, and what happens when an answer takes its time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from stub_desk import StubDesk

from bot.adapters.discord import answering
from bot.adapters.discord.answering import PATIENCE
from bot.adapters.discord.app import BriefingClient
from bot.adapters.discord.commands import LOOK_UP
from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.limits import walk
from bot.adapters.discord.say import FAILED
from bot.adapters.discord.state import Press, Verb
from bot.desk import Asker
from bot.reply import Kind, Visibility


@pytest.fixture
def config() -> DiscordConfig:
    return DiscordConfig(shards=1, public=("/who",))


@pytest.fixture
def place(simcord_env: Any) -> SimpleNamespace:
    guild = simcord_env.create_guild()
    return SimpleNamespace(
        env=simcord_env,
        guild=guild,
        channel=guild.create_text_channel("general"),
        alice=guild.add_member(simcord_env.create_user("alice")),
    )


def words(message: Any) -> str:
    parts = [one if isinstance(one, dict) else one.to_dict() for one in message.components]
    return "\n".join(one.get("content", "") for one in walk(parts)) or message.content


def labels(message: Any) -> list[str]:
    parts = [one if isinstance(one, dict) else one.to_dict() for one in message.components]
    return [one["label"] for one in walk(parts) if "label" in one]


# --- who sees it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("footless", [False, True])
@pytest.mark.parametrize("visibility", Visibility)
async def test_only_answers_are_public(
    place: SimpleNamespace, desk: StubDesk, kind: Kind, footless: bool, visibility: Visibility
) -> None:
    desk.kind, desk.footless, desk.visibility = kind, footless, visibility
    result = await place.alice.slash(place.channel, "who", name="okafor")
    shown = kind is Kind.ANSWER and (visibility is Visibility.PUBLIC or not footless)
    assert result.ephemeral is not shown


async def test_what_is_no_answer_any_more_is_not_shared(place: SimpleNamespace, desk: StubDesk) -> None:
    result = await place.alice.slash(place.channel, "find", words="x")
    desk.kind = Kind.NONE
    shared = await place.alice.click(result.response, label="Share to channel")
    assert shared.ephemeral


async def test_a_shared_page_is_the_page_that_was_read(place: SimpleNamespace, desk: StubDesk) -> None:
    result = await place.alice.slash(place.channel, "briefing")
    read = words(result.response)
    desk.snapshot = "ffffffff"
    shared = await place.alice.click(result.response, label="Share to channel")
    said = words(shared.response)
    assert "shared by alice" in said
    assert "The base has changed" in said
    assert said.split("snapshot")[0] == read.split("snapshot")[0]


# --- breaks --------------------------------------------------------------------------------------------


async def every_way_in(place: SimpleNamespace, desk: StubDesk) -> list[Callable[[], Awaitable[Any]]]:
    answer = (await place.alice.slash(place.channel, "find", words="x")).response
    briefing = (await place.alice.slash(place.channel, "briefing")).response
    who = (await place.alice.slash(place.channel, "who", name="okafor")).response
    await place.alice.send(place.channel, f"<@{place.env.bot.user.id}> who")
    dialogue = await place.alice.click(place.channel.last_message, label="Type the name")
    message = await place.alice.send(place.channel, "so Harbour Line did it")
    return [
        lambda: place.alice.slash(place.channel, "find", words="x"),
        lambda: place.alice.click(answer, label="Share to channel"),
        lambda: place.alice.click(briefing, label="Next"),
        lambda: place.alice.click(who, label="Harbour Line"),
        lambda: place.alice.select(who, ["/source herald"]),
        lambda: place.alice.submit_modal(dialogue, {"value": "okafor"}),
        lambda: place.alice.context_menu(place.channel, LOOK_UP, message),
    ]


@pytest.mark.parametrize("way", range(7))
async def test_a_break_is_said_to_the_asker_and_logged_with_its_place(
    place: SimpleNamespace, desk: StubDesk, way: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ways = await every_way_in(place, desk)
    desk.breaks = True
    result = await ways[way]()
    assert result.ephemeral
    assert result.response.content == FAILED
    logged = capsys.readouterr().out
    assert "not answered" in logged
    assert "Traceback" in logged or "is broken" in logged


async def test_a_break_behind_a_mention_is_said(place: SimpleNamespace, desk: StubDesk) -> None:
    desk.breaks = True
    await place.alice.send(place.channel, f"<@{place.env.bot.user.id}> who okafor")
    assert place.channel.last_message.content == FAILED
    assert place.env.http_requests[-1].json["allowed_mentions"]["parse"] == []


async def test_what_is_said_in_words_switches_mentions_off(place: SimpleNamespace, desk: StubDesk) -> None:
    quiet = place.guild.create_text_channel(
        "announcements",
        overwrites={place.guild.default_role: discord.PermissionOverwrite(send_messages=False)},
    )
    result = await place.alice.slash(quiet, "find", words="x")
    place.env.bot.allowed_mentions = None
    place.env.bot._connection.allowed_mentions = None
    await place.alice.click(result.response, label="Share to channel")
    desk.breaks = True
    await place.alice.slash(place.channel, "who", name="x")
    sent = [one.json for one in place.env.http_requests if one.method == "POST" and "callback" in one.path]
    assert [one["data"]["allowed_mentions"]["parse"] for one in sent] == [[], [], []]


# --- answers that take their time ----------------------------------------------------------------------


async def held_up(place: SimpleNamespace, ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask while another answer is being computed, which takes until Discord has been promised one."""
    held = place.env.bot.answering

    async def at_once(seconds: float) -> None:
        assert seconds == PATIENCE

    held.wait = at_once
    await held.turns.acquire()
    defer = discord.InteractionResponse.defer

    async def deferred(self: Any, **what: Any) -> Any:
        assert held.turns.locked()
        done = await defer(self, **what)
        held.turns.release()
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discord.InteractionResponse, "defer", deferred)
        return await ask()


def callbacks(place: SimpleNamespace) -> list[Any]:
    return [one.json for one in place.env.http_requests if "callback" in one.path]


def test_the_promise_goes_out_in_time() -> None:
    assert PATIENCE < 2.5


async def test_a_private_answer_is_promised_and_follows(place: SimpleNamespace) -> None:
    result = await held_up(place, lambda: place.alice.slash(place.channel, "find", words="x"))
    assert callbacks(place)[-1]["type"] == 5
    assert result.ephemeral
    assert "Found: x" in words(result.response)
    assert "Share to channel" in labels(result.response)


async def test_a_public_answer_is_promised_to_all(place: SimpleNamespace) -> None:
    result = await held_up(place, lambda: place.alice.slash(place.channel, "who", name="okafor"))
    assert callbacks(place)[-1]["type"] == 5
    assert not result.ephemeral
    assert "Ada Okafor" in words(result.response)


async def test_what_was_promised_to_one_is_not_shown_to_all(place: SimpleNamespace, desk: StubDesk) -> None:
    desk.visibility = Visibility.PUBLIC
    result = await held_up(place, lambda: place.alice.slash(place.channel, "find", words="x"))
    assert result.ephemeral
    assert "Share to channel" in labels(result.response)


async def test_a_question_behind_a_public_promise_is_for_the_asker(
    place: SimpleNamespace, desk: StubDesk
) -> None:
    desk.kind = Kind.NONE
    await held_up(place, lambda: place.alice.slash(place.channel, "who", name="okafor"))
    (sent,) = [one for one in place.env.http_requests if one.method == "POST" and "/webhooks/" in one.path]
    assert sent.json["flags"] & discord.MessageFlags(ephemeral=True).value
    assert any(one.method == "DELETE" for one in place.env.http_requests)


async def test_a_page_turns_in_place_later(place: SimpleNamespace) -> None:
    result = await place.alice.slash(place.channel, "briefing")
    turned = await held_up(place, lambda: place.alice.click(result.response, label="Next"))
    assert "page 2 of" in words(turned.response)
    assert turned.response.id == result.response.id


async def test_a_page_is_shared_later(place: SimpleNamespace) -> None:
    result = await place.alice.slash(place.channel, "find", words="x")
    await held_up(place, lambda: place.alice.click(result.response, label="Share to channel"))
    (sent,) = [one for one in place.env.http_requests if one.method == "POST" and "/webhooks/" in one.path]
    assert not sent.json["flags"] & discord.MessageFlags(ephemeral=True).value
    assert "shared by alice" in str(sent.json)


async def test_a_break_behind_a_public_promise_is_for_the_asker(
    place: SimpleNamespace, desk: StubDesk
) -> None:
    desk.breaks = True
    await held_up(place, lambda: place.alice.slash(place.channel, "who", name="okafor"))
    (sent,) = [one for one in place.env.http_requests if one.method == "POST" and "/webhooks/" in one.path]
    assert sent.json["content"] == FAILED
    assert sent.json["flags"] & discord.MessageFlags(ephemeral=True).value


# --- places --------------------------------------------------------------------------------------------


def test_a_channel_of_a_server_that_is_not_known_sees_nothing(desk: StubDesk) -> None:
    answers = BriefingClient(desk, dossiers=lambda channel, server: None).answering
    user = discord.Object(1)
    assert answers.asker(user, None, 5, 7).dossiers == ()
    assert answers.asker(user, discord.Object(5), 5, 7).dossiers == ()
    assert answers.asker(user, None, 5, None).dossiers is None


def test_the_server_is_asked_for_too(desk: StubDesk) -> None:
    asked = []

    def dossiers(channel: str, server: str) -> None:
        asked.append((channel, server))

    BriefingClient(desk, dossiers=dossiers).answering.asker(discord.Object(1), None, 5, None)
    assert asked == [("5", "")]


async def test_a_thread_that_the_client_was_not_told_of_is_fetched(
    place: SimpleNamespace, desk: StubDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = place.env.bot
    message = SimpleNamespace(
        author=discord.Object(1),
        channel=discord.PartialMessageable(state=bot._connection, id=77, guild_id=place.guild.id),
        guild=discord.Object(place.guild.id),
    )

    async def reply(**what: Any) -> None:
        return None

    async def fetched(number: int) -> Any:
        fetches.append(number)
        if number == 78:
            raise discord.InvalidData
        return bot.get_channel(place.channel.id)

    fetches: list[int] = []
    message.reply = reply
    monkeypatch.setattr(bot, "fetch_channel", fetched)
    await bot._reply(message, "who okafor")
    assert desk.asked[-1][1].dossiers == ("ferries",)
    message.channel = discord.PartialMessageable(state=bot._connection, id=78, guild_id=place.guild.id)
    await bot._reply(message, "who okafor")
    assert not desk.asked[-1][1].dossiers
    assert desk.asked[-1][1].dossiers is not None
    assert fetches == [77, 78]


# --- rights --------------------------------------------------------------------------------------------


def interaction(
    *, guild: bool = True, thread: bool = False, context: str = "guild", rights: dict[str, bool] | None = None
) -> SimpleNamespace:
    said: list[str] = []

    async def send_message(content: str, **what: Any) -> None:
        said.append(content)

    channel = object.__new__(discord.Thread) if thread else None
    if channel:
        channel.parent_id = 5
    return SimpleNamespace(
        user=SimpleNamespace(id=1, display_name="alice"),
        guild_id=7 if guild else None,
        channel_id=6,
        channel=channel,
        permissions=discord.Permissions(**rights or {}),
        context=discord.app_commands.AppCommandContext(**{context: True}),
        response=SimpleNamespace(is_done=lambda: False, send_message=send_message),
        said=said,
    )


@pytest.mark.parametrize(
    ("thread", "rights", "refused"),
    [
        (True, {"send_messages": True}, True),
        (True, {"send_messages_in_threads": True}, False),
        (False, {"send_messages_in_threads": True}, True),
        (False, {"send_messages": True}, False),
    ],
)
async def test_the_right_to_write_is_that_of_the_thread_or_of_the_channel(
    desk: StubDesk,
    thread: bool,
    rights: dict[str, bool],
    refused: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def send(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr(answering, "send", send)
    asked: Any = interaction(thread=thread, rights=rights)
    await BriefingClient(desk).answering.share(asked, Press(Verb.SHARE, "/who okafor"))
    assert bool(asked.said) is refused
    assert bool(desk.asked) is not refused


@pytest.mark.parametrize(
    ("guild", "context", "alone"),
    [(True, "guild", False), (False, "dm_channel", True), (False, "private_channel", False)],
)
def test_a_group_is_not_alone_with_the_bot(guild: bool, context: str, alone: bool) -> None:
    asked: Any = interaction(guild=guild, context=context)
    assert answering.is_alone(asked) is alone


@pytest.mark.parametrize(("channel", "public"), [("5", True), ("6", False)])
def test_a_channel_may_be_public(desk: StubDesk, channel: str, public: bool) -> None:
    client = BriefingClient(desk, DiscordConfig(public=("5",)))
    asker = Asker(platform="discord", user="1", channel=channel, dossiers=None)
    reply = desk.ask("/find x", asker)
    assert client.answering.is_public(reply, asker, alone=False) is public


async def test_a_completion_that_breaks_is_answered_with_no_choices(
    place: SimpleNamespace, desk: StubDesk
) -> None:
    desk.breaks = True
    await place.alice.autocomplete(place.channel, "who", "name", "x")
    (sent,) = callbacks(place)
    assert sent == {"type": 8, "data": {"choices": []}}
