"""Presses that change or share an answer keep what was asked, and do it once."""

from typing import Any

import pytest
from fakes import slack_payloads as payloads
from fakes.slack import Fault
from msgspec.structs import replace
from samples import FOOTER, reply
from slack_kit import Kit, ask, choices, kit_fixture, slack_fixture, state_fixture  # noqa: F401 - fixtures
from test_slack_app import elements

from bot.adapters.slack import limits
from bot.reply import Kind, Note, Reply, Wanted, line


def asking(command: str, **more: Any) -> Reply:
    given: dict[str, Any] = {
        "kind": Kind.ASK,
        "actions": choices("gref"),
        "footer": replace(FOOTER, command=command),
    }
    return reply(Note(line("Whom?")), **given | more)


async def picked(kit: Kit, shown: dict[str, Any]) -> str:
    """Pick a name in a message's picker; return what that asks."""
    (picker,) = (one for one in elements(shown).values() if one["type"] == "external_select")
    assert len(picker["action_id"]) <= limits.ACTION_ID
    ack = await kit.slack.deliver(payloads.suggestion(picker["action_id"], "gre"))
    pressed = payloads.pressed(picker | {"selected_option": ack["options"][0]}, kit.slack.response_url())
    await kit.slack.deliver(pressed)
    await kit.settled()
    return kit.desk.lines[-1]


@pytest.mark.parametrize(
    ("text", "footer", "asked"),
    [
        ("g as-of:2024-06-01", "/who g as-of:2024-06-01", "/who gref as-of:2024-06-01"),
        ("g 2024", "/who g as-of:2024", "/who gref as-of:2024"),
        ("g in:coast", "/who g as-of:2026-11-22 in:coast", "/who gref in:coast"),
        ("g", "/who name:g as-of:2026-11-22", "/who gref"),
    ],
)
@pytest.mark.parametrize("wanted", [None, Wanted("who", "name")])
async def test_a_picker_keeps_what_else_was_asked(
    kit: Kit, text: str, footer: str, asked: str, wanted: Wanted | None
) -> None:
    kit.desk.replies[f"/who {text}"] = asking(footer, wanted=wanted)
    await kit.socket()
    assert await picked(kit, await ask(kit, "/whois", text)) == asked


async def test_a_picker_keeps_what_does_not_fit_its_id(kit: Kit) -> None:
    dossier = f'in:"{"coast " * 60}"'
    kit.desk.replies[f"/who g {dossier}"] = asking(f"/who g {dossier}")
    await kit.socket()
    shown = await ask(kit, "/whois", f"g {dossier}")
    assert await picked(kit, shown) == f"/who gref {dossier}"
    async with kit.state.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM lines")
    await picked(kit, shown)
    assert "too old" in kit.slack.responses[-1]["text"]


async def share(kit: Kit, shown: dict[str, Any], times: int = 1) -> list[dict[str, Any]]:
    """Press Share so many times at once; return what everyone sees."""
    before = len(kit.slack.responses)
    for _ in range(times):
        await kit.slack.deliver(payloads.pressed(elements(shown)["share"], kit.slack.response_url()))
    await kit.settled()
    return [one for one in kit.slack.responses[before:] if one.get("response_type") == "in_channel"]


async def test_a_double_click_shares_once(kit: Kit) -> None:
    await kit.socket()
    assert len(await share(kit, await ask(kit, "/whois", "gref"), times=2)) == 1


async def test_what_is_shared_of_another_snapshot_says_so(kit: Kit) -> None:
    kit.desk.replies["/who gref"] = kit.desk.replies[FOOTER.command] = reply(Note(line("Calm.")))
    await kit.socket()
    shown = await ask(kit, "/whois", "gref")
    kit.desk.replies[FOOTER.command] = reply(Note(line("New.")), footer=replace(FOOTER, snapshot="newer"))
    (shared,) = await share(kit, shown)
    assert "has changed" in str(shared["blocks"])


@pytest.mark.parametrize(
    ("fault", "said"),
    [(Fault.cut(), "Look in the channel"), (Fault.error("is_archived"), "could not be shared")],
)
async def test_a_share_that_failed_says_what_is_known_and_can_be_tried_again(
    kit: Kit, fault: Fault, said: str
) -> None:
    await kit.socket()
    shown = await ask(kit, "/whois", "gref")
    kit.slack.faults["response_url"] = [fault]
    kit.slack.faults["chat.postMessage"] = [fault]
    assert await share(kit, shown) == []
    assert said in kit.slack.responses[-1]["text"]
    assert len(await share(kit, shown)) == 1
