from __future__ import annotations

from datetime import date, timedelta

import pytest
from factory import EVERYWHERE, TODAY, desk, lines, said, text

from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.reply import Bullets, Kind, Reply


def section(reply: Reply, heading: str) -> list[str]:
    """Return the lines under a heading."""
    found = [one for one in reply.blocks if isinstance(one, Bullets) and one.heading.startswith(heading)]
    return [line.text for block in found for line in block.items]


def facts(reply: Reply, heading: str) -> list[str | None]:
    found = [one for one in reply.blocks if isinstance(one, Bullets) and one.heading.startswith(heading)]
    return [line.fact for block in found for line in block.items]


@pytest.fixture
def whole(coast_desk: Dispatcher) -> Reply:
    return coast_desk.ask("/briefing since:2024-09-01", EVERYWHERE)


def test_the_bottom_line_comes_first_with_its_confidence_and_grounds(whole: Reply) -> None:
    block = whole.blocks[0]
    assert isinstance(block, Bullets)
    first, _, third = block.items

    assert first.text.startswith(
        "The audit is likely to be late. — judgement of 1 January 2020, likely, moderate confidence ["
    )
    assert first.grounds == ("audit-order", "chief")
    assert first.fact is None
    assert "high confidence, under review: old-count no longer stands" in third.text


def test_key_points_are_three_to_seven_by_weight_and_recency(whole: Reply, coast_desk: Dispatcher) -> None:
    assert facts(whole, "Key points") == [
        "review-order",
        "audit-order",
        "dredging",
        "new-pier",
        "fares-denial",
        "new-count",
        "review-published",
    ]
    short = coast_desk.ask("/briefing short", EVERYWHERE)
    assert facts(short, "Key points") == ["review-order", "audit-order", "dredging"]


def test_a_key_point_is_attributed_dated_rated_and_cited(whole: Reply) -> None:
    point = section(whole, "Key points")[0]

    for part in (
        "4 March 2024",
        "Ministry of Transport ordered",
        "via National Wire",
        "B2 probably true",
        "[1]",
    ):
        assert part in point


def test_what_fell_is_no_key_point(whole: Reply) -> None:
    assert {"old-count", "no-need"}.isdisjoint(facts(whole, "Key points"))


def test_it_tells_what_changed(whole: Reply, coast_desk: Dispatcher) -> None:
    changed = "\n".join(section(whole, "Changed since 1 September 2024"))

    assert "1 October 2024: Ada Okafor doubts" in changed
    assert "21 September 2024: Twenty-nine licences are in use." in changed
    assert "4 facts were added; all changes: /changes since:2024-09-01" in changed
    week = section(coast_desk.ask("/briefing", EVERYWHERE), "Changed since 3 March 2025")
    assert week == ["Nothing was added, superseded or retracted."]


def test_what_changed_is_that_of_the_topic(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/briefing fleet since:2025-01-01", EVERYWHERE)

    assert "1 fact on this topic was added" in "\n".join(section(reply, "Changed since"))
    assert facts(reply, "Due and passed") == ["dredging", "new-pier"]


def test_it_tells_what_is_due_and_what_has_passed(whole: Reply) -> None:
    assert facts(whole, "Due and passed") == ["dredging", "new-pier", "audit-order"]
    coming, _, passed = section(whole, "Due and passed")
    assert "date passed, no outcome recorded" in passed
    assert "not yet due" in coming


def test_a_duty_is_open_until_its_outcome_could_be_known(coast: Snapshot) -> None:
    def told(day: date) -> str:
        reply = desk(coast, day).ask("/briefing", EVERYWHERE)
        assert facts(reply, "Due and passed") == ["review-order", "audit-order"]
        return section(reply, "Due and passed")[0]

    # The review is due by June; the gazette tells in July that it appeared.
    assert "not yet due" in told(date(2024, 5, 31))
    reply = desk(coast, date(2024, 7, 1)).ask("/briefing", EVERYWHERE)
    assert facts(reply, "Due and passed") == ["audit-order"]


def test_it_tells_what_is_in_dispute(whole: Reply, coast: Snapshot) -> None:
    assert facts(whole, "In dispute") == ["fares-denial", "fares-rise"]
    then = desk(coast, date(2024, 9, 19)).ask("/briefing", EVERYWHERE)
    assert facts(then, "In dispute") == []


def test_it_tells_its_gaps(whole: Reply, coast: Snapshot) -> None:
    assert section(whole, "Gaps") == [
        "7 key points rest on a single source.",
        "The publication day of one source is inferred.",
        "One duty is past its date, no outcome recorded.",
        "One fact is overdue for review.",
    ]
    people = desk(coast).ask("/briefing people", EVERYWHERE)
    assert "For one key point no publication day is known" in "\n".join(section(people, "Gaps"))


def test_a_short_briefing_leaves_out_the_rest(coast_desk: Dispatcher) -> None:
    short = coast_desk.ask("/briefing short", EVERYWHERE)

    assert [getattr(block, "heading", "") for block in short.blocks] == [
        "Bottom line",
        "Key points",
        "Due and passed",
    ]


def test_a_topic_narrows_everything(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/briefing people", EVERYWHERE)

    assert reply.title == "People"
    assert set(facts(reply, "Key points")) == {"fares-denial", "chief", "pier-talk"}
    assert section(reply, "Bottom line") == []
    assert facts(reply, "In dispute") == ["fares-denial"]
    assert "/briefing people" not in [one.command for one in reply.actions]


@pytest.mark.parametrize("typed", ["permits", "Permits", "licences", "licence"])
def test_a_topic_is_understood_by_its_other_names(coast_desk: Dispatcher, typed: str) -> None:
    reply = coast_desk.ask(f"/briefing {typed}", EVERYWHERE)

    assert reply.title in {"Licences", "Did you mean Licences?"}


def test_a_topic_that_is_nearly_right_is_told(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/briefing licensces", EVERYWHERE)

    assert reply.kind in {Kind.ANSWER, Kind.ASK}
    assert "licensces" in text(reply)


def test_nothing_known_of_a_topic(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/briefing zzyzx", EVERYWHERE)

    assert reply.kind is Kind.NONE
    assert text(reply) == "Nothing is known here under the topic “zzyzx”."


def test_nothing_known_on_a_day(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/briefing as-of:2024-03-04", EVERYWHERE)

    assert reply.kind is Kind.NONE
    assert text(reply) == "Nothing is known of “Ferries on the coast” as of 4 March 2024."
    assert reply.facts == ()


def test_one_fact_makes_a_briefing(lone: Snapshot) -> None:
    reply = desk(lone).ask("/briefing", EVERYWHERE)

    assert reply.kind is Kind.ANSWER
    assert reply.facts == ("lit",)
    assert "publication day unknown" in said(reply, "lit")


def test_several_dossiers_are_briefed_on_together(both_desk: Dispatcher) -> None:
    reply = both_desk.ask("/briefing", EVERYWHERE)

    assert reply.title == "Ferries on the coast · Quillfeather and the north"
    assert {source.id for source in reply.sources} >= {"coast:herald", "north:herald"}
    assert [one.command for one in reply.actions] == [
        "/briefing coast:licences",
        "/briefing people",
        "/briefing fleet",
        "/briefing north:licences",
        "/briefing quills",
    ]


def test_a_day_to_come_is_no_day_to_tell_changes_since(coast: Snapshot) -> None:
    line = f"/briefing since:{TODAY + timedelta(days=30)}"
    reply = desk(coast).ask(line, EVERYWHERE)

    assert reply.kind is Kind.ANSWER
    assert any("Nothing was added" in one.text for one in lines(reply))
