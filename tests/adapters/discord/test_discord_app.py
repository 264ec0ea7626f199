from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import pytest
from stub_desk import StubDesk

from bot.adapters.discord.app import BriefingClient
from bot.adapters.discord.commands import LOOK_UP
from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.limits import problems, walk

Env = Any


@pytest.fixture
def place(simcord_env: Env) -> SimpleNamespace:
    guild = simcord_env.create_guild()
    return SimpleNamespace(
        env=simcord_env,
        guild=guild,
        channel=guild.create_text_channel("general"),
        alice=guild.add_member(simcord_env.create_user("alice")),
    )


def words(message: Any) -> str:
    parts = [one if isinstance(one, dict) else one.to_dict() for one in message.components]
    return "\n".join(one.get("content", "") for one in walk(parts))


def labels(message: Any) -> list[str]:
    parts = [one if isinstance(one, dict) else one.to_dict() for one in message.components]
    return [one["label"] for one in walk(parts) if "label" in one]


async def test_a_command_is_answered_to_the_asker_alone(place: SimpleNamespace) -> None:
    result = await place.alice.slash(place.channel, "who", name="okafor")
    assert result.ephemeral
    assert not result.deferred
    assert "## Ada Okafor" in words(result.response)
    assert labels(result.response) == ["Harbour Line", "Share to channel"]


async def test_every_message_switches_mentions_off(place: SimpleNamespace) -> None:
    result = await place.alice.slash(place.channel, "who", name="@everyone")
    await place.alice.click(result.response, label="Share to channel")
    sent = [one.json for one in place.env.http_requests if one.method == "POST" and "callback" in one.path]
    assert len(sent) == 2
    for body in sent:
        assert body["data"]["allowed_mentions"]["parse"] == []


async def test_the_place_decides_which_dossiers_are_seen(place: SimpleNamespace, desk: StubDesk) -> None:
    await place.alice.slash(place.channel, "who", name="okafor")
    line, asker = desk.asked[-1]
    assert line == "/who okafor"
    assert (asker.platform, asker.user, asker.channel, asker.dossiers) == (
        "discord",
        str(place.alice.id),
        str(place.channel.id),
        ("ferries",),
    )


async def test_options_with_python_keywords_and_hyphens_arrive(
    place: SimpleNamespace, desk: StubDesk
) -> None:
    await place.alice.slash(
        place.channel, "find", **{"words": "a b", "from": "2024", "as-of": "2025", "in": "ferries"}
    )
    assert desk.asked[-1][0] == '/find "a b" from:2024 as-of:2025 in:ferries'


async def test_completion(place: SimpleNamespace) -> None:
    found = await place.alice.autocomplete(place.channel, "who", "name", "oka")
    assert [(one["name"], one["value"]) for one in found] == [
        ("Ada Okafor · okafor", "okafor"),
        ("Ben Okafor · ben-okafor", "ben-okafor"),
    ]


async def test_completion_keeps_to_25_choices_of_100_characters(place: SimpleNamespace) -> None:
    found = await place.alice.autocomplete(place.channel, "who", "name", "many")
    assert len(found) == 25
    assert all(len(one["name"]) == 100 for one in found)


async def test_completion_never_raises(place: SimpleNamespace, desk: StubDesk) -> None:
    desk.breaks = True
    assert await place.alice.autocomplete(place.channel, "who", "name", "x") == []


async def test_a_value_that_was_not_suggested_is_answered_too(place: SimpleNamespace, desk: StubDesk) -> None:
    await place.alice.slash(place.channel, "who", name="nobody of that name")
    assert desk.asked[-1][0] == '/who "nobody of that name"'


async def test_pages_turn_in_place(place: SimpleNamespace) -> None:
    result = await place.alice.slash(place.channel, "briefing")
    assert labels(result.response)[-3:] == ["1 of 5", "Next", "Share to channel"]
    turned = await place.alice.click(result.response, label="Next")
    assert turned.response.id == result.response.id
    assert "page 2 of" in words(turned.response)
    assert "Previous" in labels(turned.response)


async def test_a_page_of_a_public_answer_turns_for_the_reader_alone(place: SimpleNamespace) -> None:
    result = await place.alice.slash(place.channel, "briefing")
    shared = await place.alice.click(result.response, label="Share to channel")
    assert not shared.ephemeral
    bob = place.guild.add_member(place.env.create_user("bob"))
    turned = await bob.click(shared.response, label="Next")
    assert turned.ephemeral
    assert turned.response.id != shared.response.id
    assert "page 2 of" in words(turned.response)
    again = await bob.click(turned.response, label="Next")
    assert again.response.id == turned.response.id


async def test_sharing_shows_the_page_and_who_shared_it(place: SimpleNamespace) -> None:
    result = await place.alice.slash(place.channel, "who", name="okafor")
    shared = await place.alice.click(result.response, label="Share to channel")
    assert not shared.ephemeral
    assert "shared by alice" in words(shared.response)
    assert "Share to channel" not in labels(shared.response)


async def test_who_may_not_write_may_not_share(place: SimpleNamespace) -> None:
    quiet = place.guild.create_text_channel(
        "announcements",
        overwrites={place.guild.default_role: discord.PermissionOverwrite(send_messages=False)},
    )
    result = await place.alice.slash(quiet, "who", name="okafor")
    refused = await place.alice.click(result.response, label="Share to channel")
    assert refused.ephemeral
    assert "may not write" in refused.response.content


async def test_names_and_sources_can_be_looked_up(place: SimpleNamespace, desk: StubDesk) -> None:
    result = await place.alice.slash(place.channel, "who", name="okafor")
    answer = await place.alice.click(result.response, label="Harbour Line")
    assert "## Harbour Line" in words(answer.response)
    assert answer.ephemeral
    picked = await place.alice.select(result.response, ["/source herald"])
    assert picked.ephemeral
    assert "Not understood" in words(picked.response)


async def test_buttons_work_after_a_restart(place: SimpleNamespace, desk: StubDesk) -> None:
    result = await place.alice.slash(place.channel, "briefing")
    await place.env.restart_bot(BriefingClient(desk, DiscordConfig(shards=1)))
    await place.env.advance_time(3_600)
    turned = await place.alice.click(result.response, label="Next")
    assert "page 2 of" in words(turned.response)
    shared = await place.alice.click(turned.response, label="Share to channel")
    assert "page 2 of" in words(shared.response)


async def test_a_line_too_long_for_a_button_is_read_from_the_footer(
    place: SimpleNamespace, desk: StubDesk
) -> None:
    long = ("ferries *and* <@123> " * 12).strip()
    result = await place.alice.slash(place.channel, "find", words=long)
    share = next(one for one in walk(result.response.components) if one.get("label") == "Share to channel")
    assert share["custom_id"].endswith(":*")
    await place.env.restart_bot(BriefingClient(desk, DiscordConfig(shards=1)))
    await place.alice.click(result.response, label="Share to channel")
    first, last = desk.asked[0][0], desk.asked[-1][0]
    assert first == last


async def test_a_page_of_a_changed_base_says_so(place: SimpleNamespace, desk: StubDesk) -> None:
    result = await place.alice.slash(place.channel, "briefing")
    desk.snapshot = "ffffffff"
    turned = await place.alice.click(result.response, label="Next")
    assert "The base has changed since" in words(turned.response)


async def test_a_name_can_be_typed_after_a_restart_too(place: SimpleNamespace, desk: StubDesk) -> None:
    await place.alice.send(place.channel, f"<@{place.env.bot.user.id}> who")
    asked = place.channel.last_message
    assert labels(asked) == ["Type the name"]
    shown = await place.alice.click(asked, label="Type the name")
    await place.env.restart_bot(BriefingClient(desk, DiscordConfig(shards=1)))
    assert shown.modal
    assert shown.modal["title"] == "/who"
    answered = await place.alice.submit_modal(shown, {"value": 'Ada "O" Okafor'})
    assert answered.ephemeral
    assert desk.asked[-1][0] == '/who "Ada ""O"" Okafor"'


@pytest.mark.parametrize(
    "text", ["<@{id}> who okafor", "<@!{id}>, /who okafor", "<@{id}>: /briefing who okafor"]
)
async def test_mentions_have_the_same_grammar(place: SimpleNamespace, desk: StubDesk, text: str) -> None:
    await place.alice.send(place.channel, text.format(id=place.env.bot.user.id))
    assert desk.asked[-1][0] == "/who okafor"
    answer = place.channel.last_message
    assert "## Ada Okafor" in words(answer)
    assert answer.reference is not None
    body = place.env.http_requests[-1].json
    assert body["allowed_mentions"] == {"parse": [], "replied_user": False}
    assert (
        problems({"components": [one.to_dict() for one in answer.components], "allowed_mentions": {}}) == []
    )


@pytest.mark.parametrize("text", ["who okafor", "hello <@{id}>", "<@999> who okafor"])
async def test_what_is_not_for_the_bot_is_left_alone(
    place: SimpleNamespace, desk: StubDesk, text: str
) -> None:
    await place.alice.send(place.channel, text.format(id=place.env.bot.user.id))
    assert desk.asked == []


async def test_a_mention_that_may_not_be_answered_is_logged_not_raised(
    place: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    place.env.inject_error(
        "POST", "/channels/*/messages", status=403, code=50013, message="Missing Permissions"
    )
    await place.alice.send(place.channel, f"<@{place.env.bot.user.id}> who okafor")
    assert "message not answered" in capsys.readouterr().out
    assert place.env.errors == []


@pytest.mark.parametrize("label", ["Next", "Share to channel"])
async def test_a_press_that_comes_too_late_is_logged_not_raised(
    place: SimpleNamespace, label: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = await place.alice.slash(place.channel, "briefing")
    place.env.inject_error("POST", "/interactions/*", status=404, code=10062, message="Unknown interaction")
    await place.alice.click(result.response, label=label)
    assert "press not answered" in capsys.readouterr().out
    assert place.env.errors == []


async def test_direct_messages_need_no_mention_and_are_not_hidden(
    place: SimpleNamespace, desk: StubDesk
) -> None:
    await place.alice.send_dm("who okafor")
    assert desk.asked[-1][0] == "/who okafor"


async def test_a_command_in_a_conversation_with_the_bot_alone_is_not_hidden(place: SimpleNamespace) -> None:
    carol = place.env.create_user("carol")
    result = await carol.slash("who", name="okafor")
    assert not result.ephemeral
    assert "Share to channel" not in labels(result.response)
    paged = await carol.slash("briefing")
    turned = await carol.click(paged.response, label="Next")
    assert turned.response.id == paged.response.id


async def test_look_this_up_offers_the_names_of_a_message(place: SimpleNamespace) -> None:
    message = await place.alice.send(place.channel, "Did Ada Okafor or Harbour Line say so? The Okafor firm?")
    result = await place.alice.context_menu(place.channel, LOOK_UP, message)
    assert result.ephemeral
    assert labels(result.response)[:2] == ["Ada Okafor", "Harbour Line"]


async def test_look_this_up_answers_where_there_is_one_name(place: SimpleNamespace) -> None:
    message = await place.alice.send(place.channel, "so Harbour Line did it")
    result = await place.alice.context_menu(place.channel, LOOK_UP, message)
    assert "## Harbour Line" in words(result.response)


async def test_look_this_up_reads_the_bots_own_answers_too(place: SimpleNamespace) -> None:
    result = await place.alice.slash(place.channel, "who", name="okafor")
    shared = await place.alice.click(result.response, label="Share to channel")
    found = await place.alice.context_menu(place.channel, LOOK_UP, shared.response)
    assert labels(found.response)[:2] == ["Ada Okafor", "Harbour Line"]


async def test_look_this_up_says_that_nothing_is_known(place: SimpleNamespace) -> None:
    message = await place.alice.send(place.channel, "nothing here")
    result = await place.alice.context_menu(place.channel, LOOK_UP, message)
    assert "knows no name" in words(result.response)


async def test_an_answer_that_comes_too_late_is_logged_not_raised(
    place: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    place.env.inject_error("POST", "/interactions/*", status=404, code=10062, message="Unknown interaction")
    await place.alice.slash(place.channel, "who", name="okafor")
    assert "command not answered" in capsys.readouterr().out
    assert place.env.errors == []


class TestPublic:
    @pytest.fixture
    def config(self) -> DiscordConfig:
        return DiscordConfig(shards=1, public=("/who",), mentions=False)

    async def test_a_public_command_is_seen_by_all(self, place: SimpleNamespace) -> None:
        result = await place.alice.slash(place.channel, "who", name="okafor")
        assert not result.ephemeral
        assert "Share to channel" not in labels(result.response)
        private = await place.alice.slash(place.channel, "find", words="x")
        assert private.ephemeral

    async def test_without_mentions_no_messages_are_received(
        self, place: SimpleNamespace, desk: StubDesk
    ) -> None:
        assert place.env.bot.intents == discord.Intents(guilds=True)
        await place.alice.send(place.channel, f"<@{place.env.bot.user.id}> who okafor")
        assert desk.asked == []


def test_nothing_privileged_is_asked_for(desk: StubDesk) -> None:
    client = BriefingClient(desk)
    intents = client.intents
    assert intents == discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
    assert not (intents.members)
    assert not (intents.presences)
    assert not (intents.message_content)
    mentions = client.allowed_mentions
    assert mentions is not None
    assert not (mentions.everyone)
    assert not (mentions.users)
    assert not (mentions.roles)
    assert not (mentions.replied_user)


def message(author_is_bot: bool, kind: discord.MessageType, text: str) -> Any:
    return SimpleNamespace(
        author=SimpleNamespace(bot=author_is_bot),
        type=kind,
        content=text,
        guild=SimpleNamespace(self_role=SimpleNamespace(id=8)),
    )


@pytest.mark.parametrize(
    ("author_is_bot", "kind", "text", "line"),
    [
        (False, discord.MessageType.default, "<@&8> who gref", "who gref"),
        (False, discord.MessageType.reply, "<@7> who gref", "who gref"),
        (True, discord.MessageType.default, "<@7> who gref", None),
        (False, discord.MessageType.pins_add, "<@7> who gref", None),
    ],
)
def test_people_may_address_the_bot_or_its_role(
    desk: StubDesk, author_is_bot: bool, kind: discord.MessageType, text: str, line: str | None
) -> None:
    client = BriefingClient(desk)
    client._connection.user = SimpleNamespace(id=7)  # type: ignore[assignment]
    assert client.addressed(message(author_is_bot, kind, text)) == line
