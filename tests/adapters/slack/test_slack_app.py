"""Everything a person does in Slack, through a real AsyncApp in Socket Mode against a Slack on loopback."""

from typing import Any

import pytest
from fakes import slack_payloads as payloads
from fakes.slack import Fault
from samples import FOOTER, SAMPLES, reply
from slack_kit import Kit, ask, choices, kit_fixture, slack_fixture, state_fixture  # noqa: F401 - fixtures

from bot.adapters.slack import presses
from bot.reply import Kind, Note, Paragraph, Table, Visibility, Wanted, line


def elements(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return {one["action_id"]: one for row in rows for one in row}


@pytest.mark.parametrize(
    ("command", "text", "line"),
    [
        ("/whois", "gref", "/who gref"),
        ("/who", "gref", "/who gref"),
        ("/briefing", "who gref", "/briefing who gref"),
        ("/briefing", "", "/briefing"),
        ("/timeline", "  sberbank 2024 ", "/timeline   sberbank 2024"),
        ("/search-facts", "R&amp;D &lt;b&gt;", "/search R&D <b>"),
        ("/TimeLine", "x", "/timeline x"),
    ],
)
async def test_slash_commands(kit: Kit, command: str, text: str, line: str) -> None:
    await kit.socket()
    message = await ask(kit, command, text)
    assert kit.desk.lines == [line]
    assert message["response_type"] == "ephemeral"
    assert message["text"]
    assert message["unfurl_links"] is False
    assert elements(message)["share"]
    asker = kit.desk.asked[0][1]
    assert (asker.platform, asker.user, asker.channel) == ("slack", payloads.USER, payloads.CHANNEL)


async def test_a_mention_is_answered_to_the_asker_only(kit: Kit) -> None:
    await kit.socket()
    await kit.slack.deliver(payloads.mention("who gref", thread_ts="1.5"))
    await kit.settled()
    assert kit.desk.lines == ["who gref"]
    (message,) = kit.slack.ephemerals
    assert (message["channel"], message["user"], message["thread_ts"]) == (
        payloads.CHANNEL,
        payloads.USER,
        "1.5",
    )
    assert kit.slack.messages == []


async def test_a_bare_mention_gets_help(kit: Kit) -> None:
    await kit.socket()
    await kit.slack.deliver(payloads.mention(""))
    await kit.settled()
    assert kit.desk.lines == ["/help"]


async def test_a_direct_message_is_answered_there(kit: Kit) -> None:
    await kit.socket()
    await kit.slack.deliver(payloads.direct("who <https://example.org|example.org> &amp; co"))
    await kit.settled()
    assert kit.desk.lines == ["who example.org & co"]
    assert kit.slack.messages[0]["channel"] == payloads.DIRECT
    assert "share" not in elements(kit.slack.messages[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B9"},
        {"subtype": "message_changed"},
        {"subtype": "bot_message"},
        {"user": ""},
        {"channel_type": "channel"},
    ],
)
async def test_what_is_not_for_us_is_acknowledged_and_left(kit: Kit, changes: dict[str, str]) -> None:
    await kit.socket()
    assert await kit.slack.deliver(payloads.direct("who gref", **changes)) == {}
    await kit.settled()
    assert kit.desk.lines == []


async def test_public_by_command_by_channel_and_by_reply(kit: Kit) -> None:
    kit.answering._public = {"timeline", "C0OPEN"}
    kit.desk.replies["/who gref"] = reply(visibility=Visibility.PUBLIC)
    kit.desk.replies["/who nobody"] = reply(kind=Kind.NONE)
    await kit.socket()
    assert (await ask(kit, "/timeline", "x"))["response_type"] == "in_channel"
    assert (await ask(kit, "/briefing", "timeline x"))["response_type"] == "in_channel"
    assert (await ask(kit, "/due", "", channel_id="C0OPEN"))["response_type"] == "in_channel"
    assert (await ask(kit, "/who", "gref"))["response_type"] == "in_channel"
    assert (await ask(kit, "/due", ""))["response_type"] == "ephemeral"
    assert (await ask(kit, "/who", "nobody", channel_id="C0OPEN"))["response_type"] == "ephemeral"


async def test_a_missing_argument_gets_a_picker_fed_by_suggestions(kit: Kit) -> None:
    kit.desk.replies["/who"] = reply(
        Paragraph((line("Whom?"),)), kind=Kind.ASK, actions=choices("gref"), wanted=Wanted("who", "name")
    )
    await kit.socket()
    asked = elements(await ask(kit, "/whois", ""))
    assert asked["ask:0"]["text"]["text"] == "gref"
    ack = await kit.slack.deliver(payloads.suggestion("pick:name:who", "gre"))
    assert [one["value"] for one in ack["options"]] == ["gref"]
    chosen = asked["pick:name:who"] | {"selected_option": ack["options"][0]}
    await kit.slack.deliver(payloads.pressed(chosen, kit.slack.response_url()))
    await kit.settled()
    assert kit.desk.lines[-1] == "/who gref"
    assert kit.slack.responses[-1]["replace_original"] is True


async def test_an_ambiguous_name_gets_a_picker_too(kit: Kit) -> None:
    kit.desk.replies["/who g"] = reply(
        Note(line("Several.")), kind=Kind.ASK, actions=choices("gref", "gates")
    )
    kit.desk.replies["/who zzz"] = reply(Note(line("Nothing.")), kind=Kind.NONE)
    await kit.socket()
    assert set(elements(await ask(kit, "/whois", "g"))) >= {"pick:name:who", "ask:0", "ask:1"}
    assert "pick:name:who" in elements(await ask(kit, "/whois", "zzz"))


async def test_did_you_mean_replaces_the_question(kit: Kit) -> None:
    kit.desk.replies["/who greff"] = reply(Note(line("Near.")), kind=Kind.NONE, actions=choices("gref"))
    await kit.socket()
    asked = elements(await ask(kit, "/whois", "greff"))
    await kit.slack.deliver(payloads.pressed(asked["ask:0"], kit.slack.response_url()))
    await kit.settled()
    assert kit.desk.lines == ["/who greff", "/who gref"]
    assert kit.slack.responses[-1]["replace_original"] is True


async def test_pages_turn_in_place_and_privately_under_a_public_answer(kit: Kit) -> None:
    await kit.socket()
    kit.desk.replies[FOOTER.command] = SAMPLES["many points"]
    first = await ask(kit, "/many", "")
    following = elements(first)["page:next"]
    await kit.slack.deliver(payloads.pressed(following, kit.slack.response_url()))
    await kit.settled()
    second = kit.slack.responses[-1]
    assert second["replace_original"] is True
    assert "(page 2 of" in second["text"]
    assert elements(second)["page:previous"]
    await kit.slack.deliver(payloads.pressed(following, kit.slack.response_url(), ephemeral=False))
    await kit.settled()
    assert kit.slack.responses[-1]["replace_original"] is False
    assert kit.slack.responses[-1]["response_type"] == "ephemeral"


async def test_a_page_of_another_snapshot_says_so(kit: Kit) -> None:
    await kit.socket()
    kit.desk.replies["/many"] = SAMPLES["many points"]
    value = presses.encode("/many", page=2, snapshot="older", long={})
    button = {
        "type": "button",
        "action_id": "page:next",
        "text": {"type": "plain_text", "text": "Next"},
        "value": value,
    }
    await kit.slack.deliver(payloads.pressed(button, kit.slack.response_url()))
    await kit.settled()
    assert "(page 2 of" in kit.slack.responses[-1]["text"]
    assert "has changed" in str(kit.slack.responses[-1]["blocks"][1])


async def test_a_name_in_the_answer_is_looked_up_beside_it(kit: Kit) -> None:
    kit.desk.replies["/who x"] = SAMPLES["all blocks"]
    await kit.socket()
    menu = elements(await ask(kit, "/whois", "x"))["name"]
    chosen = menu | {"selected_option": menu["options"][0]}
    await kit.slack.deliver(payloads.pressed(chosen, kit.slack.response_url()))
    await kit.settled()
    assert kit.desk.lines[-1] == "/who okafor"
    assert kit.slack.responses[-1]["replace_original"] is False


async def test_share_to_channel_shows_it_to_all_and_takes_the_button_away(kit: Kit) -> None:
    await kit.socket()
    share = elements(await ask(kit, "/whois", "gref"))["share"]
    await kit.slack.deliver(payloads.pressed(share, kit.slack.response_url()))
    await kit.settled()
    shared, own = kit.slack.responses[-2:]
    assert shared["response_type"] == "in_channel"
    assert shared["replace_original"] is False
    assert {"type": "user", "user_id": payloads.USER} in shared["blocks"][-1]["elements"][0]["elements"]
    assert own["replace_original"] is True
    assert "share" not in elements(own)


async def test_share_falls_back_to_the_web_api(kit: Kit) -> None:
    await kit.socket()
    share = elements(await ask(kit, "/whois", "gref"))["share"]
    kit.slack.faults["response_url"] = [Fault(404, "expired_url")]
    await kit.slack.deliver(payloads.pressed(share, kit.slack.response_url()))
    await kit.settled()
    assert kit.slack.messages[-1]["channel"] == payloads.CHANNEL


async def test_share_where_the_bot_is_not_says_what_to_do(kit: Kit) -> None:
    await kit.socket()
    share = elements(await ask(kit, "/whois", "gref"))["share"]
    kit.slack.members.clear()
    kit.slack.faults["response_url"] = [Fault(404, "expired_url")]
    await kit.slack.deliver(payloads.pressed(share, kit.slack.response_url()))
    await kit.settled()
    assert "/invite" in kit.slack.responses[-1]["text"]


async def test_long_commands_survive_in_the_state_store(kit: Kit) -> None:
    await kit.socket()
    text = "ferry " * 100
    share = elements(await ask(kit, "/search-facts", text))["share"]
    await kit.slack.deliver(payloads.pressed(share, kit.slack.response_url()))
    await kit.settled()
    assert kit.desk.lines[-1] == f"/search {text}".rstrip()


async def test_a_button_whose_line_is_gone_says_so(kit: Kit) -> None:
    await kit.socket()
    value = presses.encode("/search " + "x" * 500, long={})
    button = {
        "type": "button",
        "action_id": "ask:0",
        "text": {"type": "plain_text", "text": "x"},
        "value": value,
    }
    await kit.slack.deliver(payloads.pressed(button, kit.slack.response_url()))
    await kit.settled()
    assert "too old" in kit.slack.responses[-1]["text"]


async def test_look_this_up_offers_the_names_in_the_message(kit: Kit) -> None:
    await kit.socket()
    text = "Did Gref and Mr Putin meet? putin said &lt;nothing&gt;. <@U0123> Nobody"
    await kit.slack.deliver(payloads.shortcut(text, kit.slack.response_url()))
    await kit.settled()
    offered = [
        one["text"]["text"] for key, one in elements(kit.slack.responses[0]).items() if key.startswith("ask")
    ]
    assert offered == ["Herman Gref", "Vladimir Putin"]


async def test_look_this_up_without_names_offers_a_search(kit: Kit) -> None:
    await kit.socket()
    await kit.slack.deliver(payloads.shortcut("lunch?", kit.slack.response_url()))
    await kit.settled()
    assert "pick:name:who" in elements(kit.slack.responses[0])


async def test_app_home(kit: Kit) -> None:
    kit.desk.replies["/briefing"] = reply(Paragraph((line("Calm."),), "Bottom line"), Note(line("More")))
    kit.desk.replies["/due"] = reply(Paragraph((line("A report."),), "Due"), title="Due")
    await kit.socket()
    await kit.slack.deliver(payloads.home_opened())
    await kit.slack.deliver(payloads.home_opened("messages"))
    await kit.settled()
    ((method, view),) = kit.slack.views
    assert method == "views.publish"
    shown = str(view)
    for word in ("Calm.", "A report.", "Topics", "How to ask", "/whois", "Herman Gref"):
        assert word in shown
    assert "More" not in shown


async def test_a_button_in_the_home_opens_a_modal_whose_pages_turn(kit: Kit) -> None:
    await kit.socket()
    value = presses.encode("/many", long={})
    button = {
        "type": "button",
        "action_id": "ask:topic:0",
        "text": {"type": "plain_text", "text": "x"},
        "value": value,
    }
    await kit.slack.deliver(payloads.pressed_in_view(button))
    await kit.settled()
    method, view = kit.slack.views[-1]
    assert method == "views.open"
    following = elements(view)["page:next"] | {"value": presses.encode("/many", page=2, long={})}
    await kit.slack.deliver(payloads.pressed_in_view(following, "modal"))
    await kit.settled()
    assert kit.slack.views[-1][0] == "views.update"


async def test_an_expired_trigger_becomes_a_direct_message(kit: Kit) -> None:
    await kit.socket()
    kit.slack.faults["views.open"] = [Fault.error("expired_trigger_id")]
    value = presses.encode("/many", long={})
    button = {
        "type": "button",
        "action_id": "ask:topic:0",
        "text": {"type": "plain_text", "text": "x"},
        "value": value,
    }
    await kit.slack.deliver(payloads.pressed_in_view(button))
    await kit.settled()
    assert kit.slack.messages[-1]["channel"] == payloads.USER


async def test_a_table_that_slack_refuses_is_sent_as_its_twin(kit: Kit) -> None:
    kit.slack.refuses.add("table")
    kit.desk.replies["/who x"] = reply(Table(("a", "b"), ((line("1"), line("2")),)))
    await kit.socket()
    message = await ask(kit, "/whois", "x")
    assert "table" not in {one["type"] for one in message["blocks"]}
    await kit.slack.deliver(payloads.mention("/who x"))
    await kit.settled()
    assert "table" not in {one["type"] for one in kit.slack.ephemerals[-1]["blocks"]}
