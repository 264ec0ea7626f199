from __future__ import annotations

from datetime import date

from factory import EVERYWHERE, desk, text

from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.reply import Bullets, Kind, Reply, Timeline


def ask(desk: Dispatcher, line: str) -> Reply:
    return desk.ask(line, EVERYWHERE)


def entries(reply: Reply, heading: str) -> list[tuple[str, str, str | None]]:
    return [
        (entry.when.text if entry.when else "", entry.label, entry.line.fact)
        for block in reply.blocks
        if isinstance(block, Timeline) and block.heading == heading
        for entry in block.entries
    ]


def undated(reply: Reply) -> list[str | None]:
    return [line.fact for block in reply.blocks if isinstance(block, Bullets) for line in block.items]


def test_what_happened_stands_in_order_with_its_precision(coast_desk: Dispatcher) -> None:
    assert entries(ask(coast_desk, "/timeline"), "Happened and said") == [
        ("from 2019", "", "chief"),
        ("4 March 2024", "", "review-order"),
        ("2 May 2024", "said", "pier-talk"),
        ("3 May 2024", "", "collision"),
        ("about 1 July 2024", "", "review-published"),
        ("September 2024", "", "new-count"),
        ("18 September 2024", "said", "fares-denial"),
    ]


def test_what_is_planned_and_owed_stands_apart(coast_desk: Dispatcher) -> None:
    assert entries(ask(coast_desk, "/timeline"), "Planned and owed") == [
        ("by the end of June 2024", "due", "review-order"),
        ("by 31 December 2024", "due", "audit-order"),
        ("15 January 2025", "plan, said", "dredging"),
        ("by the end of June 2025", "due", "dredging"),
        ("between May and the end of June 2026", "due", "new-pier"),
        ("May 2026", "plan", "new-pier"),
    ]


def test_what_has_no_date_stands_at_the_end(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/timeline")

    assert undated(reply) == ["audit-order", "fares-rise", "hulls", "rust"]
    assert reply.blocks[-1] == next(block for block in reply.blocks if isinstance(block, Bullets))


def test_an_inferred_day_is_labelled(coast: Snapshot) -> None:
    then = ask(desk(coast, date(2024, 6, 1)), "/timeline people")

    assert ("4 March 2024", "said, inferred", "no-need") in entries(then, "Happened and said")


def test_what_fell_is_left_out(coast_desk: Dispatcher) -> None:
    assert {"no-need", "old-count"}.isdisjoint(ask(coast_desk, "/timeline").facts)


def test_a_time_narrows_it_and_leaves_out_the_undated(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/timeline from:2024-07 to:2024-09-17")

    assert entries(reply, "Happened and said") == [
        ("from 2019", "may be earlier, may be later", "chief"),
        ("about 1 July 2024", "", "review-published"),
        ("September 2024", "may be later", "new-count"),
    ]
    assert undated(reply) == []


def test_a_name_or_a_topic_narrows_it(coast_desk: Dispatcher) -> None:
    assert set(ask(coast_desk, "/timeline okafor").facts) == {
        "chief",
        "review-order",
        "fares-denial",
        "dredging",
    }
    assert set(ask(coast_desk, "/timeline fleet").facts) == {
        "collision",
        "hulls",
        "rust",
        "dredging",
        "new-pier",
    }
    assert ask(coast_desk, "/timeline Ада Окафор").title == "Timeline: Ada Okafor"


def test_a_duty_says_how_far_it_is(coast_desk: Dispatcher) -> None:
    said = text(ask(coast_desk, "/timeline licences"))

    assert "outcome recorded: review-published" in said
    assert "date passed, no outcome recorded" in said


def test_a_time_that_ends_before_it_begins_is_refused(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/timeline from:2025 to:2024")

    assert reply.kind is Kind.USAGE
    assert "would end before it begins" in reply.summary


def test_a_time_without_entries(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/timeline from:1900 to:1901")

    assert reply.kind is Kind.NONE
    assert reply.facts == ()


def test_one_fact_without_a_date_makes_a_timeline(lone: Snapshot) -> None:
    reply = ask(desk(lone), "/timeline")

    assert reply.kind is Kind.ANSWER
    assert undated(reply) == ["lit"]


def test_an_unknown_name(coast_desk: Dispatcher) -> None:
    assert ask(coast_desk, "/timeline zzyzx").kind is Kind.NONE
