from __future__ import annotations

from datetime import date

import pytest
from bases import COAST
from factory import EVERYWHERE, desk, said, snapshot, text

from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.reply import Bullets, Kind, Reply


def parts(reply: Reply) -> dict[str, list[str | None]]:
    return {
        block.heading: [one.fact for one in block.items]
        for block in reply.blocks
        if isinstance(block, Bullets)
    }


def test_what_is_owed_by_whom_and_by_when(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/due", EVERYWHERE)

    assert parts(reply) == {
        "Due": ["dredging", "new-pier"],
        "Date passed": ["audit-order"],
        "Outcome recorded": ["review-order"],
    }
    assert said(reply, "dredging").startswith(
        "By the end of June 2025: dredge the channel, owed by Ada Okafor — not yet due"
    )
    assert "in the source's words “by June”" in said(reply, "review-order")


def test_what_has_passed_is_never_called_missed(coast_desk: Dispatcher) -> None:
    passed = said(coast_desk.ask("/due", EVERYWHERE), "audit-order")

    assert "date passed, no outcome recorded" in passed
    for line in ("/due", "/briefing", "/who ministry", "/timeline", "/fact audit-order"):
        assert "missed" not in text(coast_desk.ask(line, EVERYWHERE)).lower()


def test_an_outcome_is_told_with_its_fact(coast_desk: Dispatcher) -> None:
    done = said(coast_desk.ask("/due", EVERYWHERE), "review-order")

    assert "outcome recorded: review-published" in done
    assert "no outcome" not in done


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2024, 12, 31), "not yet due"),
        (date(2025, 1, 1), "date passed, no outcome recorded"),
    ],
)
def test_a_day_has_passed_on_the_day_after(coast: Snapshot, day: date, told: str) -> None:
    assert told in said(desk(coast, day).ask("/due", EVERYWHERE), "audit-order")


def test_an_outcome_is_not_told_before_it_could_be_known(coast: Snapshot) -> None:
    before, after = (
        desk(coast, day).ask("/due", EVERYWHERE) for day in (date(2024, 6, 30), date(2024, 7, 1))
    )

    assert "review-published" not in text(before)
    assert "outcome recorded: review-published" in said(after, "review-order")


def test_an_outcome_that_was_retracted_counts_no_more(tmp_path_factory: pytest.TempPathFactory) -> None:
    licences = "coast/facts/licences.yaml"
    retracted = COAST[licences].replace(
        "outcome_of: [review-order]",
        "outcome_of: [review-order]\n  retracted: {on: 2024-11-01, why: It was a draft.}",
    )
    opened = snapshot(tmp_path_factory.mktemp("retracted"), COAST | {licences: retracted})

    assert "outcome recorded: review" in said(
        desk(opened, date(2024, 10, 31)).ask("/due", EVERYWHERE), "review-order"
    )
    assert "date passed, no outcome recorded" in said(
        desk(opened, date(2024, 11, 1)).ask("/due", EVERYWHERE), "review-order"
    )
    opened.close()


def test_a_day_narrows_it(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/due until:2025-06", EVERYWHERE)

    assert parts(reply)["Due"] == ["dredging"]
    assert reply.title == "Due until June 2025"
    assert parts(coast_desk.ask("/due 31 December 2024", EVERYWHERE)) == {
        "Date passed": ["audit-order"],
        "Outcome recorded": ["review-order"],
    }


def test_nothing_is_due(coast_desk: Dispatcher, bare: Snapshot) -> None:
    reply = coast_desk.ask("/due until:2020", EVERYWHERE)

    assert reply.kind is Kind.NONE
    assert text(reply) == "Nothing is due until 2020."
    assert text(desk(bare).ask("/due", EVERYWHERE)) == "Nothing is due."


def test_a_duty_without_a_publication_day_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    sources = "coast/sources.yaml"
    silent = COAST[sources].replace("  published: 2025-02-01\n", "")
    opened = snapshot(tmp_path_factory.mktemp("silent"), COAST | {sources: silent})

    assert "publication day unknown" in said(desk(opened).ask("/due", EVERYWHERE), "dredging")
    opened.close()


def test_what_fell_is_not_owed(tmp_path_factory: pytest.TempPathFactory) -> None:
    fleet = "coast/facts/fleet.yaml"
    dropped = COAST[fleet].replace(
        "  due: 2025-06\n", "  due: 2025-06\n  retracted: {on: 2025-02-10, why: It was dropped.}\n"
    )
    opened = snapshot(tmp_path_factory.mktemp("dropped"), COAST | {fleet: dropped})

    assert "dredging" not in desk(opened).ask("/due", EVERYWHERE).facts
    assert "dredging" in desk(opened, date(2025, 2, 9)).ask("/due", EVERYWHERE).facts
    opened.close()
