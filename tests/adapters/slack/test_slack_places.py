"""Where an answer goes and under which words it is asked: direct messages, full pages, renames, mentions."""

import pytest
from fakes import slack_payloads as payloads
from fakes.slack import FakeSlack
from fakes.slack_blocks import problems
from samples import SAMPLES, reply
from slack_kit import Kit, ask, kit_fixture, slack_fixture, state_fixture  # noqa: F401 - fixtures
from test_slack_app import elements

from bot.adapters.slack import presses
from bot.adapters.slack.config import SlackConfig
from bot.adapters.slack.render import noted, render
from bot.reply import Divider, Line, Name, Paragraph
from bot.state import State

COLLEAGUES = "D0COLLEAGUE"
"""A direct message between two people, to which the bot is no party."""


async def test_a_command_in_a_colleagues_direct_message_is_answered_to_the_asker_only(kit: Kit) -> None:
    kit.desk.replies["/who x"] = SAMPLES["all blocks"]
    await kit.socket()
    shown = await ask(kit, "/whois", "x", channel_id=COLLEAGUES, channel_name="directmessage")
    assert shown["response_type"] == "ephemeral"
    assert elements(shown)["share"]
    menu = elements(shown)["name"]
    chosen = menu | {"selected_option": menu["options"][0]}
    there = {"channel": {"id": COLLEAGUES, "name": "directmessage"}}
    for ephemeral in (True, False):
        pressed = payloads.pressed(chosen, kit.slack.response_url(), ephemeral=ephemeral, **there)
        await kit.slack.deliver(pressed | {"message": {"blocks": shown["blocks"]}})
        await kit.settled()
        assert kit.slack.responses[-1]["response_type"] == "ephemeral"
    await kit.slack.deliver(payloads.shortcut("Gref", kit.slack.response_url()) | there)
    await kit.settled()
    assert kit.slack.responses[-1]["response_type"] == "ephemeral"


async def test_pages_in_the_bots_direct_message_turn_in_place(kit: Kit) -> None:
    await kit.socket()
    await kit.slack.deliver(payloads.direct("/many"))
    await kit.settled()
    shown = kit.slack.messages[-1]
    following = elements(shown)["page:next"] | {"value": presses.encode("/many", page=2, long={})}
    for _ in range(2):
        pressed = payloads.pressed(
            following,
            kit.slack.response_url(),
            ephemeral=False,
            channel={"id": payloads.DIRECT, "name": "directmessage"},
            message={"blocks": shown["blocks"]},
        )
        await kit.slack.deliver(pressed)
        await kit.settled()
        shown = kit.slack.responses[-1]
        assert shown["replace_original"] is True
        assert "share" not in elements(shown)


@pytest.mark.parametrize("count", [*range(20, 26), 60])
async def test_a_full_page_has_room_for_the_menu_a_remark_and_who_shared_it(kit: Kit, count: int) -> None:
    name = Line((Name("Herman Gref", "/who gref"),))
    blocks = tuple(part for n in range(count) for part in (Paragraph((name,), f"Part {n}"), Divider()))
    kit.desk.replies["/due"] = reply(*blocks, footer=None)
    await kit.socket()
    share = elements(await ask(kit, "/due", ""))["share"]
    await kit.slack.deliver(payloads.pressed(share, kit.slack.response_url()))
    await kit.settled()
    assert "name" in elements(kit.slack.responses[-1])
    assert kit.slack.responses[-2]["response_type"] == "in_channel"
    rendered = noted(render(kit.desk.replies["/due"]), "Every morning at 8.")
    assert max(len(page.blocks) for page in rendered.pages) < 50
    assert problems(rendered.pages[0].blocks) == []


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("people gref", "who gref"),
        ("/people gref", "/who gref"),
        ("People  gref", "who  gref"),
        ("briefing people gref", "briefing who gref"),
        ("/ask people gref", "/briefing who gref"),
        ("ask people", "briefing who"),
        ("due people", "due people"),
        ("who people", "who people"),
        ("people's gref", "people's gref"),
    ],
)
async def test_renamed_commands_are_known_wherever_they_are_typed(
    slack: FakeSlack, state: State, typed: str, asked: str
) -> None:
    kit = Kit(slack, state, SlackConfig(names={"who": "people", "briefing": "ask"}))
    await kit.socket()
    await slack.deliver(payloads.mention(typed))
    await slack.deliver(payloads.direct(typed))
    await kit.settled()
    assert kit.desk.lines == [asked, asked]
    await kit.close()


@pytest.mark.parametrize(
    ("command", "text"), [("/people", "gref"), ("/ask", "people gref"), ("/who", "gref")]
)
async def test_renamed_slash_commands(slack: FakeSlack, state: State, command: str, text: str) -> None:
    kit = Kit(slack, state, SlackConfig(names={"who": "people", "briefing": "ask"}))
    await kit.socket()
    await ask(kit, command, text)
    assert kit.answering.names.command_of(kit.desk.lines[0]) == "who"
    assert kit.desk.lines[0].endswith("who gref")
    await kit.close()


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Hey <@U0BOT> who gref", "who gref"),
        ("<@U0BEN> ask <@U0BOT|briefing>: who gref", "who gref"),
        ("who gref <@U0BOT>", "who gref"),
        ("<@U0BOT>", "/help"),
    ],
)
async def test_words_may_stand_before_the_mention(kit: Kit, text: str, asked: str) -> None:
    await kit.socket()
    delivery = payloads.mention("")
    delivery["event"]["text"] = text
    await kit.slack.deliver(delivery)
    await kit.settled()
    assert kit.desk.lines == [asked]


@pytest.mark.parametrize("public", ["/who", "/whois", "whois", "who", "/people"])
async def test_a_command_is_public_under_each_of_its_names(
    slack: FakeSlack, state: State, public: str
) -> None:
    renamed = {"who": "people"} if public == "/people" else {}
    kit = Kit(slack, state, SlackConfig(names=renamed, public=(public,)))
    await kit.socket()
    native = "/people" if renamed else "/whois"
    for command, text in ((native, "gref"), ("/briefing", f"{native[1:]} gref"), ("/briefing", "who gref")):
        assert (await ask(kit, command, text))["response_type"] == "in_channel"
    assert (await ask(kit, "/due", ""))["response_type"] == "ephemeral"
    await kit.close()
