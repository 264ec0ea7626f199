from __future__ import annotations

from datetime import date

from factory import EVERYWHERE, desk, text

from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.reply import Fields, Kind, Link, Reply


def ask(desk: Dispatcher, line: str) -> Reply:
    return desk.ask(line, EVERYWHERE)


def fields(reply: Reply) -> dict[str, str]:
    (block,) = (block for block in reply.blocks if isinstance(block, Fields))
    return {field.label: field.value.text for field in block.fields}


def test_a_source_is_told_with_its_rating(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/source herald")

    assert fields(reply) == {
        "Title": "Ministry orders a review of ferry licences [1]",
        "Publisher": "Morning Herald",
        "Origin": "National Wire",
        "Published": "5 March 2024",
        "What it is": "Regional daily, rewrites wire copy",
        "Reliability": "B usually reliable",
        "Paragraphs": "14",
        "Address": "https://herald.example/ferries?page=2",
        "Archive copy": "morning-herald.txt",
    }
    links = [
        span
        for block in reply.blocks
        if isinstance(block, Fields)
        for field in block.fields
        for span in field.value.spans
        if isinstance(span, Link)
    ]
    assert [link.url for link in links] == ["https://herald.example/ferries?page=2"]


def test_every_fact_that_rests_on_it_is_told(coast_desk: Dispatcher) -> None:
    assert set(ask(coast_desk, "/source herald").facts) == {
        "review-order",
        "audit-order",
        "old-count",
        "fares-rise",
        "chief",
        "no-need",
        "hulls",
    }
    assert ask(coast_desk, "/source gazette").facts == ("review-published",)


def test_an_inferred_day_says_from_what(coast_desk: Dispatcher) -> None:
    told = fields(ask(coast_desk, "/source gazette"))

    assert told["Published"] == "about July 2024 (inferred)"
    assert told["Inferred from"] == "names the review of the week before"


def test_a_source_without_a_day_says_so(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/source leaflet")

    assert fields(reply)["Published"] == "The source does not say."
    assert fields(reply)["Reliability"] == "F reliability cannot be judged"
    assert text(reply).count("publication day unknown") == 3


def test_a_source_is_found_by_its_title_publisher_and_copy(coast_desk: Dispatcher) -> None:
    for name in ("yearbook", "yearbook OF the coast", "Coast Society"):
        assert ask(coast_desk, f"/source {name}").title == "Yearbook of the coast"
    assert ask(coast_desk, "/source morning-herald.txt").title.startswith("Ministry orders")


def test_a_source_that_had_not_appeared_does_not_exist_yet(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/source yearbook as-of:2025-01-31")

    assert reply.kind is Kind.NONE
    assert "Coast Society" not in text(reply)


def test_only_what_could_be_known_rests_on_it(coast: Snapshot) -> None:
    reply = ask(desk(coast, date(2024, 5, 2)), "/source leaflet")

    assert reply.facts == ("pier-talk",)
    early = ask(desk(coast, date(2024, 3, 1)), "/source leaflet")
    assert "No fact known on this day rests on it." in text(early)
    assert early.facts == ()


def test_an_unknown_source(coast_desk: Dispatcher) -> None:
    assert ask(coast_desk, "/source zzyzx").kind is Kind.NONE


def test_a_source_that_two_dossiers_have_is_asked_about(both_desk: Dispatcher) -> None:
    reply = ask(both_desk, "/source herald")

    assert reply.kind is Kind.ASK
    assert [one.command for one in reply.actions] == ["/source coast:herald", "/source north:herald"]
