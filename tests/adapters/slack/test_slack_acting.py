"""Commands that change something: done once, told to the asker alone, and neither shared nor turned."""

from typing import Any

import pytest
from fakes import slack_payloads as payloads
from samples import SAMPLES
from slack_kit import REGISTRY, Kit, ask, kit_fixture, slack_fixture, state_fixture, until  # noqa: F401 - fixtures

from bot.adapters.slack import presses
from bot.adapters.slack.names import Names
from bot.desk import Asker
from bot.reply import Action, Kind, Reply, Visibility

LINE = "/schedule add 08:30 /who gref"
DONE = Reply(kind=Kind.ANSWER, title="Added", summary="Added.", visibility=Visibility.PUBLIC)


async def test_a_command_is_done_and_told_to_the_asker_alone(kit: Kit) -> None:
    kit.desk.replies[LINE] = DONE
    await kit.socket()
    answer = await ask(kit, "/schedule", "add 08:30 /who gref")
    assert answer["response_type"] == "ephemeral"
    asker = Asker(platform="slack", user=payloads.USER, workspace=payloads.TEAM, channel=payloads.CHANNEL)
    assert kit.desk.acted == [(LINE, asker)]
    assert kit.desk.asked == []
    assert "Share" not in str(answer["blocks"])


async def test_slacks_names_inside_a_line_are_ours(kit: Kit) -> None:
    await kit.socket()
    await ask(kit, "/briefing", "schedule add 08:30 /whois gref as-of:2024")
    assert kit.desk.acted[0][0] == "/briefing schedule add 08:30 /who gref as-of:2024"


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ('schedule add "daily 8:30" /whois gref', 'schedule add "daily 8:30" /who gref'),
        ("schedule add what:/whois", "schedule add what:/who"),
        ('schedule add what:"/briefing whois x"', 'schedule add what:"/briefing who x"'),
        ("/schedule add /WHOIS gref", "/schedule add /who gref"),
        ("schedule add /whoiswho x", "schedule add /whoiswho x"),
        ("schedule add a/whois", "schedule add a/whois"),
        ("search-facts /whois", "search /whois"),
        ("briefing schedule /whois gref", "briefing schedule /who gref"),
        ("schedule add " + "/whois " * 1_000, "schedule add " + "/who " * 1_000),
    ],
)
def test_only_a_line_inside_a_line_is_renamed(typed: str, asked: str) -> None:
    names = Names(REGISTRY)
    assert names.typed(typed) == asked
    assert names.typed(names.shown(asked)) == asked


async def test_a_repeated_delivery_acts_once(kit: Kit) -> None:
    await kit.socket()
    event = payloads.mention("schedule add 08:30 /who gref")
    for _ in range(3):
        await kit.slack.deliver(event)
    await kit.settled()
    assert len(kit.desk.acted) == 1


async def test_a_mention_is_answered_to_the_asker_alone_in_its_thread(kit: Kit) -> None:
    await kit.socket()
    event = payloads.mention("schedule list")
    event["event"]["thread_ts"] = "1732000000.000001"
    await kit.slack.deliver(event)
    await kit.settled()
    assert kit.slack.messages == []
    assert [one["thread_ts"] for one in kit.slack.ephemerals] == ["1732000000.000001"]
    assert kit.desk.acted[0][1].thread == "1732000000.000001"


async def test_in_a_direct_message(kit: Kit) -> None:
    await kit.socket()
    await kit.slack.deliver(payloads.direct("schedule list"))
    await kit.settled()
    assert [one["channel"] for one in kit.slack.messages] == [payloads.DIRECT]
    assert kit.desk.acted[0][1].direct


async def test_all_pages_are_told_since_none_is_turned(kit: Kit) -> None:
    kit.desk.replies["/schedule history"] = SAMPLES["many points"]
    await kit.socket()
    await kit.slack.deliver(payloads.slash("/schedule", "history", kit.slack.response_url()))
    await kit.settled()
    assert len(kit.slack.responses) == 3
    assert "page:" not in str(kit.slack.responses)
    assert {one["response_type"] for one in kit.slack.responses} == {"ephemeral"}


@pytest.mark.parametrize("public", [("/schedule",), (payloads.CHANNEL,)])
async def test_no_setting_makes_it_public(kit: Kit, public: tuple[str, ...]) -> None:
    kit.answering._public = {one.lstrip("/") for one in public}
    await kit.socket()
    assert (await ask(kit, "/schedule", "list"))["response_type"] == "ephemeral"


def press(action: str, line: str, page: int = 1) -> dict[str, Any]:
    value = presses.encode(line, page=page, long={})
    return {
        "type": "button",
        "action_id": action,
        "value": value,
        "text": {"type": "plain_text", "text": "x"},
    }


async def test_a_button_is_pressed(kit: Kit) -> None:
    kit.desk.replies["/schedule list"] = Reply(
        kind=Kind.ANSWER, title="", summary="One.", actions=(Action("Pause", "/schedule pause 1"),)
    )
    await kit.socket()
    (button,) = (await ask(kit, "/schedule", "list"))["blocks"][-1]["elements"]
    await kit.slack.deliver(payloads.pressed(button, kit.slack.response_url()))
    await kit.settled()
    assert [line for line, _ in kit.desk.acted] == ["/schedule list", "/schedule pause 1"]
    assert kit.slack.responses[-1]["response_type"] == "ephemeral"


@pytest.mark.parametrize(("action", "words"), [("share", "not shared"), ("page:next", "type the command")])
async def test_it_is_neither_shared_nor_turned(kit: Kit, action: str, words: str) -> None:
    await kit.socket()
    await kit.slack.deliver(payloads.pressed(press(action, LINE, 2), kit.slack.response_url()))
    await kit.settled()
    assert kit.desk.acted == []
    assert words in str(kit.slack.responses[-1]["blocks"])
    assert kit.slack.messages == []


async def test_what_takes_long_holds_up_no_answer(kit: Kit) -> None:
    kit.desk.acting.clear()
    await kit.socket()
    await kit.slack.deliver(payloads.slash("/schedule", "list", kit.slack.response_url()))
    await until(lambda: bool(kit.desk.acted))
    await kit.slack.deliver(payloads.slash("/briefing", "", kit.slack.response_url()))
    await until(lambda: bool(kit.slack.responses))
    assert len(kit.slack.responses) == 1
    kit.desk.acting.set()
    await kit.settled()
    assert len(kit.slack.responses) == 2


async def test_pages_from_the_home_tab_come_by_direct_message(kit: Kit) -> None:
    kit.desk.replies["/schedule list"] = SAMPLES["many points"]
    await kit.socket()
    await kit.slack.deliver(payloads.pressed_in_view(press("ask:0", "/schedule list")))
    await kit.settled()
    assert [method for method, _ in kit.slack.views] == ["views.open"]
    assert [one["channel"] for one in kit.slack.messages] == [payloads.USER] * 2
