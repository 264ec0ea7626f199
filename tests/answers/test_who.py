from __future__ import annotations

from pathlib import Path

import pytest
from bases import COAST
from factory import AT_COAST, EVERYWHERE, desk, said, snapshot, text

from bot.dispatch import Dispatcher
from bot.reply import Bullets, Fields, Kind, Reply


def ask(desk: Dispatcher, line: str) -> Reply:
    return desk.ask(line, EVERYWHERE)


def fields(reply: Reply) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for block in reply.blocks:
        for field in block.fields if isinstance(block, Fields) else ():
            found.setdefault(field.label, []).append(field.value.text)
    return found


def sections(reply: Reply) -> dict[str, list[str | None]]:
    return {
        block.heading: [line.fact for line in block.items]
        for block in reply.blocks
        if isinstance(block, Bullets)
    }


def test_who_a_name_stands_for(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/who okafor")

    assert reply.title == "Ada Okafor"
    assert fields(reply) == {
        "Kind": ["person"],
        "Role": [
            "chief executive, Harbour Line (since 2019) [1][2]",
            "dredging adviser, Ministry of Transport [3]",
        ],
        "Also written": ["A. Okafor, Ада Окафор, 奥卡福"],
        "Wikidata": ["Q42"],
        "Related": ["Harbour Line, Ministry of Transport"],
        "Not to be confused with": ["Ben Okafor"],
    }
    assert reply.summary == "Ada Okafor: chief executive, Harbour Line (since 2019); 3 facts shown."


def test_what_they_said_what_is_said_of_them_and_what_they_owe(coast_desk: Dispatcher) -> None:
    assert sections(ask(coast_desk, "/who okafor")) == {
        "Position": ["chief"],
        "Said by Ada Okafor": ["dredging", "fares-denial"],
        "Duties": ["review-order", "dredging"],
    }
    ministry = sections(ask(coast_desk, "/who ministry"))
    assert ministry["Said by Ministry of Transport"] == ["review-order", "fares-rise"]
    assert set(ministry["Said about Ministry of Transport"]) >= {"new-count", "review-published"}
    assert ministry["Duties"] == ["audit-order"]


def test_what_a_thing_is_comes_before_what_is_said_of_it(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/who harbour-line")

    assert sections(reply)["What it is"] == ["hulls"]
    assert "hulls" not in sections(reply)["Said about Harbour Line"]


def test_a_wire_is_known_by_what_is_known_through_it(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/who national-wire")

    assert "review-order" in sections(reply)["Known through National Wire"]


def test_what_fell_is_not_told(coast_desk: Dispatcher) -> None:
    assert {"no-need", "old-count"}.isdisjoint(ask(coast_desk, "/who okafor").facts)
    assert "old-count" not in ask(coast_desk, "/who ministry").facts
    assert "no-need" in ask(coast_desk, "/who okafor as-of:2024-09-30").facts


def test_a_role_is_held_as_far_as_was_known(coast_desk: Dispatcher) -> None:
    then = fields(ask(coast_desk, "/who okafor as-of:2024-08-15"))

    assert then["Role"] == ["chief executive, Harbour Line (since 2019) [1]"]


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ("", "chief"),
        ("from: 2019, to: ..,", "chief (since 2019)"),
        ("from: 2019,", "chief (since 2019)"),
        ("from: 2019-03, to: 2021,", "chief (March 2019 to 2021)"),
        ("to: 2021,", "chief (until 2021)"),
        ("to: ..,", "chief"),
    ],
)
def test_a_role_says_since_when_and_until_when(tmp_path: Path, times: str, told: str) -> None:
    entities = "coast/entities.yaml"
    role = "{role: chief executive, of: harbour-line, from: 2019, to: .., facts: [chief]}"
    held = COAST[entities].replace(role, f"{{role: chief, {times} facts: [chief]}}")
    opened = snapshot(tmp_path, COAST | {entities: held})

    assert fields(ask(desk(opened), "/who okafor"))["Role"][0] == f"{told} [1][2]"
    opened.close()


def test_a_name_of_whom_nothing_was_known(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/who okafor as-of:2024-03-04")

    assert reply.kind is Kind.NONE
    assert reply.facts == ()
    assert text(reply) == "Nothing is known of Ada Okafor as of 4 March 2024."


@pytest.mark.parametrize(
    "typed", ["Ada Okafor", "okafor ada", "ADA OKAFOR", "A. Okafor", "Ада Окафор", "奥卡福"]
)
def test_every_spelling_finds(coast_desk: Dispatcher, typed: str) -> None:
    reply = ask(coast_desk, f"/who {typed}")

    assert reply.title == "Ada Okafor"
    assert "taken for" not in text(reply)


def test_a_near_miss_says_what_it_was_taken_for(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/who Harbuor Line")

    assert reply.title == "Harbour Line"
    assert "“Harbuor Line” is not a name here; taken for Harbour Line." in text(reply)


def test_a_name_of_several_is_asked_about(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/who B. A. Okafor")

    assert reply.kind in {Kind.ASK, Kind.NONE}
    assert {one.command for one in reply.actions} >= {"/who ben-okafor"}


def test_what_two_dossiers_share_is_asked_about(both_desk: Dispatcher) -> None:
    reply = ask(both_desk, "/who Harbour Line")

    assert reply.kind is Kind.ASK
    assert [(one.label, one.command) for one in reply.actions] == [
        ("Harbour Line (coast:harbour-line)", "/who coast:harbour-line"),
        ("Harbour Line (north:harbour-line)", "/who north:harbour-line"),
    ]
    assert both_desk.ask("/who Harbour Line", AT_COAST).kind is Kind.ANSWER


def test_nobody_of_that_name(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/who zzyzx")

    assert reply.kind is Kind.NONE
    assert text(reply) == "Nothing is known here under the name “zzyzx”."
    assert len(reply.actions) <= 3


def test_names_inside_a_statement_can_be_looked_up_but_not_its_own(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/who okafor")

    assert "Ada Okafor denies" in said(reply, "fares-denial")
    named = [
        span.command
        for block in reply.blocks
        if isinstance(block, Bullets) and block.heading == "Position"
        for line in block.items
        for span in line.spans
        if hasattr(span, "command")
    ]
    assert named == ["/who harbour-line"]


def test_a_long_name_is_shortened_in_the_answer(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/who " + "x" * 1_000)

    assert reply.kind is Kind.NONE
    assert len(text(reply)) < 150
