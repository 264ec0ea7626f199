from __future__ import annotations

import pytest
from factory import AT_COAST, EVERYWHERE, commands, said, text

from bot.answers.fact import figure
from bot.dispatch import Dispatcher
from bot.facts.records import Value
from bot.reply import Bullets, Fields, Kind, Reply, Wanted


def ask(desk: Dispatcher, line: str) -> Reply:
    return desk.ask(line, EVERYWHERE)


def fields(reply: Reply) -> dict[str, str]:
    blocks = (block for block in reply.blocks if isinstance(block, Fields))
    return {field.label: field.value.text for block in blocks for field in block.fields}


def evidence(reply: Reply) -> list[str]:
    return [
        line.text
        for block in reply.blocks
        if isinstance(block, Bullets) and block.heading == "Evidence"
        for line in block.items
    ]


def test_a_fact_is_told_whole(coast_desk: Dispatcher) -> None:
    told = fields(ask(coast_desk, "/fact review-order"))

    assert (
        told.items()
        >= {
            "Kind": "order",
            "About": "Ministry of Transport, Harbour Line",
            "Topics": "Licences",
            "Date": "4 March 2024",
            "Attribution": "Ministry of Transport ordered (to Harbour Line), 4 March 2024, via National Wire",
            "Duty": "report on the review",
            "Owed by": "Ada Okafor",
            "Status": "claimed",
            "Rating": "B2, probably true",
            "Weight": "5 of 5",
            "Added": "6 March 2024",
            "Outcome recorded in": "review-published",
        }.items()
    )
    assert told["Due"].startswith("by the end of June 2024: outcome recorded")
    assert told["Known from"].startswith("5 March 2024 (first publication")


def test_the_evidence_is_paragraph_copy_and_hash(coast_desk: Dispatcher) -> None:
    assert evidence(ask(coast_desk, "/fact chief")) == [
        "paragraph 6, archive copy morning-herald.txt, hash 1111111111111111 [1]",
        "paragraph 3, hash 7777777777777777 [2]",
    ]


@pytest.mark.parametrize(
    ("fact", "label", "value"),
    [
        ("new-count", "Supersedes", "old-count"),
        ("old-count", "Superseded by", "new-count"),
        ("fares-rise", "In dispute with", "fares-denial"),
        ("fares-denial", "In dispute with", "fares-rise"),
        ("review-published", "Outcome of", "review-order"),
        ("no-need", "Retracted", "1 October 2024: The paper withdrew the quotation."),
        ("no-need", "Day said inferred from", "the paper says Monday"),
        ("chief", "Reviewed", "2 October 2024, by the desk"),
        ("audit-order", "Review by", "December 2024"),
        ("chief", "Status", "confirmed"),
        ("pier-talk", "Known from", "2 May 2024 (when it was said; no publication day is known)"),
        ("collision", "Known from", "3 May 2024 (when it happened; no publication day is known)"),
        ("rust", "Known from", "1 June 2024 (when it was added; no other day is known)"),
    ],
)
def test_its_history_is_told(coast_desk: Dispatcher, fact: str, label: str, value: str) -> None:
    assert fields(ask(coast_desk, f"/fact {fact}"))[label].startswith(value)


@pytest.mark.parametrize(
    ("fact", "day", "labels"),
    [
        ("old-count", "2024-09-19", {"Superseded by"}),
        ("fares-rise", "2024-09-19", {"In dispute with"}),
        ("no-need", "2024-09-30", {"Retracted"}),
        ("chief", "2024-10-01", {"Reviewed"}),
        ("review-order", "2024-06-30", {"Outcome recorded in"}),
    ],
)
def test_what_came_later_is_not_told(coast_desk: Dispatcher, fact: str, day: str, labels: set[str]) -> None:
    now, then = ask(coast_desk, f"/fact {fact}"), ask(coast_desk, f"/fact {fact} as-of:{day}")

    assert labels <= fields(now).keys()
    assert labels.isdisjoint(fields(then))
    assert then.facts == (fact,)


def test_evidence_in_a_later_source_is_not_told(coast_desk: Dispatcher) -> None:
    assert len(evidence(ask(coast_desk, "/fact chief as-of:2024-09-19"))) == 1


def test_the_words_of_a_speaker_stand_in_quotes(coast_desk: Dispatcher) -> None:
    assert "“We see no need” — Ada Okafor said" in said(ask(coast_desk, "/fact no-need"), "no-need")


def test_a_speaker_without_a_name_is_shown_as_having_none(coast_desk: Dispatcher) -> None:
    assert fields(ask(coast_desk, "/fact new-count"))["Attribution"] == "a former official (not named) said"


def test_what_has_no_speaker_is_reported_by_its_outlets(coast_desk: Dispatcher) -> None:
    assert fields(ask(coast_desk, "/fact chief"))["Attribution"] == (
        "reported by Morning Herald and Harbour Courier"
    )
    assert fields(ask(coast_desk, "/fact rust"))["Attribution"] == "reported by an unnamed outlet"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Value(of="x", number=31, out_of=83), "31 of 83"),
        (Value(of="x", number=1234567.5, unit="euros"), "1,234,567.5 euros"),
        (Value(of="x", rank=31, out_of=83), "rank 31 of 83"),
        (Value(of="x", rank=1), "rank 1"),
        (Value(of="x", low=6, high=9, unit="months"), "6 to 9 months"),
        (Value(of="x", low=28.5, high=30), "28.5 to 30"),
        (Value(of="x", number=0), "0"),
        (Value(of="x", low=1_000_000, high=2_000_000), "1,000,000 to 2,000,000"),
        (Value(of="x", number=12_345_678), "12,345,678"),
        (Value(of="x", number=0.1, out_of=1_000_000), "0.1 of 1,000,000"),
    ],
)
def test_a_figure_in_words(value: Value, words: str) -> None:
    assert figure(value) == words


def test_an_id_that_two_dossiers_have_is_asked_about(both_desk: Dispatcher) -> None:
    reply = ask(both_desk, "/fact review-order")

    assert reply.kind is Kind.ASK
    assert reply.wanted == Wanted("fact", "fact")
    assert commands(reply) == ["/fact coast:review-order", "/fact north:review-order"]
    assert "Quillfeather ordered lanterns" in text(ask(both_desk, "/fact north:review-order"))
    assert both_desk.ask("/fact review-order", AT_COAST).kind is Kind.ANSWER


def test_links_to_other_facts_stay_in_the_dossier(both_desk: Dispatcher) -> None:
    reply = ask(both_desk, "/fact coast:review-published")

    assert "/fact coast:review-order" in commands(reply)


def test_an_unknown_id_offers_near_ones(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/fact review-odrer")

    assert reply.kind is Kind.NONE
    assert text(reply) == "There is no fact “review-odrer” here."
    assert 1 <= len(commands(reply)) <= 3
    by_words = ask(coast_desk, "/fact ferry-fund-audit")
    assert "/fact audit-order" in commands(by_words)


def test_a_fact_that_was_not_known_yet_does_not_exist(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/fact new-count as-of:2024-09-19")

    assert reply.kind is Kind.NONE
    assert "/fact new-count as-of:2024-09-19" not in commands(reply)
