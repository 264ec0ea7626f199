"""Command definitions are held to Discord's documented rules, and registered once."""

from __future__ import annotations

import re
from typing import Annotated, Any

import discord
import pytest
from stub_desk import StubDesk

from bot.adapters.discord import limits
from bot.adapters.discord.app import BriefingClient
from bot.adapters.discord.commands import LOOK_UP, Translations, choices
from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.limits import Json
from bot.adapters.discord.private import declared
from bot.adapters.discord.sync import canonical, difference, fingerprint
from bot.desk import Suggestion
from bot.registry import Option, OptionKind, Registry
from bot.reply import Kind, Reply

NAME = re.compile(r"[-_'\w]{1,32}")
GERMAN = {"de": {"Who or what it is": "Wer oder was es ist", "A person or organisation": "P" * 300}}


def broken_rules(payload: list[Json]) -> list[str]:
    """Return where definitions break https://docs.discord.com/developers/interactions/application-commands."""
    found = []
    slash = [one for one in payload if one["type"] == 1]
    if len(slash) > limits.COMMANDS:
        found.append("too many commands")
    if len({(one["type"], one["name"]) for one in payload}) < len(payload):
        found.append("two commands share a name")
    for one in payload:
        if one["type"] == 1:
            found += [f"/{one['name']}: {rule}" for rule in _broken(one)]
        elif not 1 <= len(one["name"]) <= 32 or one.get("description") or one.get("options"):
            found.append(f"{one['name']}: a menu has a name only")
    return found


def _broken(command: Json) -> list[str]:
    found = []
    options = command["options"]
    if not NAME.fullmatch(command["name"]) or command["name"] != command["name"].lower():
        found.append("its name")
    if not 1 <= len(command["description"]) <= limits.COMMAND_DESCRIPTION:
        found.append("its description")
    if len(options) > limits.COMMAND_OPTIONS:
        found.append("too many options")
    required = [one.get("required", False) for one in options]
    if required != sorted(required, reverse=True):
        found.append("a required option behind an optional one")
    for one in options:
        if not NAME.fullmatch(one["name"]) or one["name"] != one["name"].lower():
            found.append(f"the name of {one['name']}")
        if not 1 <= len(one["description"]) <= limits.COMMAND_DESCRIPTION:
            found.append(f"the description of {one['name']}")
        if one.get("autocomplete") and one.get("choices"):
            found.append(f"{one['name']} has choices and completion")
        if len(one.get("choices") or ()) > limits.OPTION_CHOICES:
            found.append(f"too many choices of {one['name']}")
        for choice in one.get("choices") or ():
            if not 1 <= len(choice["name"]) <= 100 or not 1 <= len(choice["value"]) <= 100:
                found.append(f"a choice of {one['name']}")
    for each in (command, *options):
        for text in (each.get("description_localizations") or {}).values():
            if not 1 <= len(text) <= limits.COMMAND_DESCRIPTION:
                found.append("a localised description")
    if _size(command) > limits.COMMAND_TEXT:
        found.append(f"{_size(command)} characters")
    return found


def _size(command: Json) -> int:
    """Return the combined length of names, descriptions and values, the longest localisation of each."""

    def longest(one: Json, key: str) -> int:
        return max(map(len, (one.get(key, ""), *(one.get(f"{key}_localizations") or {}).values())))

    total = longest(command, "name") + longest(command, "description")
    for one in command["options"]:
        total += longest(one, "name") + longest(one, "description")
        total += sum(len(each["name"]) + len(each["value"]) for each in one.get("choices") or ())
    return total


async def payload_of(registry: Registry, table: dict[str, dict[str, str]] | None = None) -> list[Json]:
    client = BriefingClient(StubDesk(registry=registry))
    if table:
        await client.tree.set_translator(Translations(table))
    return await declared(client.tree, None)


async def test_the_registry_becomes_the_commands(desk: StubDesk) -> None:
    payload = await payload_of(desk.registry)
    assert [one["name"] for one in payload] == ["briefing", "who", "find", "schedule", LOOK_UP]
    who = payload[1]
    assert who["description"] == "Who or what it is"
    assert [
        (one["name"], one.get("required", False), one.get("autocomplete", False)) for one in who["options"]
    ] == [
        ("name", True, True),
        ("as-of", False, True),
        ("in", False, True),
    ]
    length = payload[0]["options"][1]
    assert [one["value"] for one in length["choices"]] == ["short", "full"]
    assert not length.get("autocomplete")
    completed = {one["name"]: one.get("autocomplete", False) for one in payload[3]["options"]}
    assert (completed["which"], completed["what"]) == (True, False), "a schedule's id, a whole line"
    words = payload[2]["options"][0]
    assert not words.get("autocomplete")
    assert {tuple(one["contexts"]) for one in payload} == {(0, 1, 2)}
    assert {tuple(one["integration_types"]) for one in payload} == {(0, 1)}


@pytest.mark.parametrize("table", [None, GERMAN])
async def test_definitions_keep_discords_rules(
    desk: StubDesk, table: dict[str, dict[str, str]] | None
) -> None:
    assert broken_rules(await payload_of(desk.registry, table)) == []


async def test_the_shipped_commands_keep_discords_rules() -> None:
    from bot.commands import REGISTRY

    payload = await payload_of(REGISTRY)
    assert broken_rules(payload) == []
    assert [one["name"] for one in payload if one["type"] == 1] == [one.name for one in REGISTRY]


async def test_the_rules_are_noticed_when_broken(desk: StubDesk) -> None:
    payload = await payload_of(desk.registry)
    payload[0]["description"] = "x" * 101
    payload[1]["name"] = "Who"
    payload[1]["options"].reverse()
    payload[2]["options"] = [payload[2]["options"][0] | {"name": f"o{n}"} for n in range(26)]
    assert broken_rules(payload) == [
        "/briefing: its description",
        "/Who: its name",
        "/Who: a required option behind an optional one",
        "/find: too many options",
    ]


async def test_the_longest_declaration_that_the_registry_takes_is_taken() -> None:
    registry = Registry()
    texts = [f"{'d' * 98}{n:02}" for n in range(20)]
    kinds = {f"o{n}": Annotated[str, Option(OptionKind.WORDS, text)] for n, text in enumerate(texts)}

    def long(base: object, **given: str) -> Reply:
        """A long command"""
        return Reply(kind=Kind.NONE, title="", summary="x")

    import inspect

    long.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default="", annotation=kind)
            for name, kind in kinds.items()
        ]
    )
    long.__annotations__ = dict(kinds)
    registry.command(example="/long")(long)
    # Every description in another language is as long as Discord allows, however long the table has it.
    table = {"de": dict.fromkeys([*texts, "A long command"], "ü" * 500)}
    assert broken_rules(await payload_of(registry, table)) == []


async def test_descriptions_are_translated_and_names_are_not(desk: StubDesk) -> None:
    payload = await payload_of(desk.registry, GERMAN)
    who = payload[1]
    assert who["description_localizations"] == {"de": "Wer oder was es ist"}
    assert who["name_localizations"] == {}
    assert len(who["options"][0]["description_localizations"]["de"]) == 100


def test_choices_leave_out_what_discord_could_not_hand_back() -> None:
    found = choices(
        [
            Suggestion("", "empty"),
            Suggestion("v" * 101, "long"),
            Suggestion("v", ""),
            Suggestion("v", "twice"),
        ]
    )
    assert [(one.name, one.value) for one in found] == [("v", "v")]


# --- registering ---------------------------------------------------------------------------------------


async def test_commands_are_registered_once(simcord_env: Any, desk: StubDesk) -> None:
    def puts() -> int:
        return sum(one.method == "PUT" for one in simcord_env.http_requests)

    assert puts() == 1
    await simcord_env.restart_bot(BriefingClient(desk, DiscordConfig(shards=1)))
    assert puts() == 1
    await simcord_env.restart_bot(BriefingClient(desk, DiscordConfig(shards=1, translations=GERMAN)))
    assert puts() == 2
    await simcord_env.restart_bot(BriefingClient(desk, DiscordConfig(shards=1, sync=False)))
    assert puts() == 2


async def test_a_sync_that_fails_does_not_keep_the_bot_from_starting(
    simcord_env: Any, desk: StubDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    simcord_env.inject_error(
        "GET", "/applications/*/commands", status=400, code=50001, message="Missing Access"
    )
    await simcord_env.restart_bot(BriefingClient(desk, DiscordConfig(shards=1)))
    assert "commands not registered" in capsys.readouterr().out
    channel = simcord_env.create_guild().create_text_channel("general")
    alice = simcord_env.guild.add_member(simcord_env.create_user("alice"))
    assert (await alice.slash(channel, "who", name="okafor")).acknowledged


async def test_a_command_that_has_changed_is_said_to_have_changed(simcord_env: Any, desk: StubDesk) -> None:
    channel = simcord_env.create_guild().create_text_channel("general")
    alice = simcord_env.guild.add_member(simcord_env.create_user("alice"))
    simcord_env.bot.tree.remove_command("who")
    result = await alice.slash(channel, "who", name="okafor")
    assert "has changed" in result.response.content
    assert result.ephemeral
    assert [type(error).__name__ for error in simcord_env.errors] == ["CommandNotFound"]


async def test_what_discord_adds_makes_no_difference(desk: StubDesk) -> None:
    ours = await payload_of(desk.registry)
    theirs = [
        {
            **one,
            "id": "1",
            "application_id": "2",
            "version": "3",
            "name_localizations": None,
            "dm_permission": None,
            "contexts": [2, 1, 0],
            "options": [
                {key: value for key, value in option.items() if value not in (False, None, [])}
                for option in one.get("options", ())
            ],
        }
        for one in reversed(ours)
    ]
    assert canonical(theirs) == canonical(ours)
    assert fingerprint(canonical(theirs)) == fingerprint(canonical(ours))


async def test_the_difference_says_what_would_change(desk: StubDesk) -> None:
    ours = canonical(await payload_of(desk.registry))
    theirs = canonical(await payload_of(desk.registry))
    briefing, find, schedule, who, menu = theirs
    briefing["name"] = "found"
    find["description"] = "Facts"
    find["options"][0]["required"] = False
    who["options"].pop()
    who["options"].append({**who["options"][0], "name": "old"})
    assert list(difference([briefing, find, schedule, who], ours)) == [
        "+ /briefing",
        '~ /find: description: "Facts" → "Facts with these words"',
        "~ /find: option words, required: false → true",
        "- /found",
        "~ /who: option old is gone",
        "~ /who: option in is new",
        f"+ menu “{menu['name']}”",
    ]
    assert list(difference(ours, ours)) == []


def test_the_client_knows_no_command_of_its_own(desk: StubDesk) -> None:
    names = {
        one.name for one in BriefingClient(desk).tree.get_commands(type=discord.AppCommandType.chat_input)
    }
    assert names == {one.name for one in desk.registry}
