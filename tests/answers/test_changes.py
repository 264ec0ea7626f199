from __future__ import annotations

import pytest
from factory import EVERYWHERE, text

from bot.dispatch import Dispatcher
from bot.reply import Bullets, Kind, Reply


def parts(reply: Reply) -> dict[str, list[str | None]]:
    return {
        block.heading: [one.fact for one in block.items]
        for block in reply.blocks
        if isinstance(block, Bullets)
    }


def test_what_was_retracted_superseded_and_added(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/changes since:2024-08-01", EVERYWHERE)

    assert parts(reply) == {
        "Retracted": ["no-need"],
        "Superseded": ["old-count"],
        "Added": ["dredging", "new-pier", "new-count", "fares-denial", "review-published"],
    }
    assert "1 retracted, 1 superseded, 5 added" in reply.summary


def test_a_retraction_says_why_and_cites_who_says_so(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/changes since:2024-10-01", EVERYWHERE)
    withdrawn = text(reply).split("\n")[0]

    assert withdrawn.startswith("1 October 2024: Ada Okafor doubts")
    assert "retracted" in withdrawn
    assert "Withdrawn because: The paper withdrew the quotation. [2]" in withdrawn
    assert [source.id for source in reply.sources][:2] == ["herald", "courier"]


def test_what_was_superseded_says_by_what(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/changes since:2024-09-21", EVERYWHERE)
    superseded = next(one for one in text(reply).split("\n") if "Twenty-nine" in one)

    assert "superseded by new-count" in superseded
    assert "Now: Thirty-one of eighty-three licences are in use." in superseded
    assert set(reply.facts) >= {"old-count", "new-count"}


def test_a_week_counts_where_no_day_is_given(coast_desk: Dispatcher, both_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/changes", EVERYWHERE)

    assert reply.kind is Kind.NONE
    assert text(reply) == "Nothing was added, superseded or retracted since 3 March 2025."
    assert parts(both_desk.ask("/changes", EVERYWHERE)) == {"Added": ["quillfeather-talk"]}


def test_as_of_a_day_nothing_later_is_a_change(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/changes since:2024-01-01 as-of:2024-08-15", EVERYWHERE)

    assert parts(reply).keys() == {"Added"}
    assert "superseded by" not in text(reply)


@pytest.mark.parametrize("line", ["/changes since:2025-03-11", "/changes since:2024-09 as-of:2024-08-15"])
def test_a_day_to_come_is_refused(coast_desk: Dispatcher, line: str) -> None:
    assert coast_desk.ask(line, EVERYWHERE).kind is Kind.USAGE


def test_all_of_time_may_be_asked(coast_desk: Dispatcher) -> None:
    assert "15 added" in coast_desk.ask("/changes since:../2024", EVERYWHERE).summary
    assert coast_desk.ask("/changes as-of:0001-01-01", EVERYWHERE).kind is Kind.NONE
    assert coast_desk.ask("/changes since:0001-01-01 as-of:0001", EVERYWHERE).kind is Kind.NONE
