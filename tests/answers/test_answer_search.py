from __future__ import annotations

from datetime import date

import pytest
from factory import EVERYWHERE, desk, lines, text

from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.reply import Kind, Reply, Strong


def ask(desk: Dispatcher, line: str) -> Reply:
    return desk.ask(line, EVERYWHERE)


def marked(reply: Reply) -> set[str]:
    return {span.text for one in lines(reply) for span in one.spans if isinstance(span, Strong)}


def test_the_words_that_were_found_are_marked(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/search audits funds")

    assert reply.facts == ("audit-order",)
    assert marked(reply) == {"audit", "fund"}
    assert reply.summary == (
        "1 fact found for “audits funds”; first: The ministry will audit the ferry fund."
    )


def test_what_was_forgiven_is_told(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/search colidded xyzzy")

    assert reply.facts == ("collision",)
    assert "No fact has “colidded”; “collided” was searched." in text(reply)
    assert "No fact has “xyzzy”; searched without." in text(reply)


def test_what_was_left_out_is_told(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/search ministry collided")

    assert "No fact has all the words; searched without “ministry”." in text(reply)


def test_a_topic_narrows_it(coast_desk: Dispatcher) -> None:
    assert "collision" in ask(coast_desk, '/search ferries topic:"the fleet"').facts
    assert "collision" in ask(coast_desk, '/search "ferries" fleet').facts
    reply = ask(coast_desk, "/search ferries topic:people")
    assert reply.kind is Kind.NONE
    assert text(reply) == "No fact on People has “ferries”."


def test_an_unknown_topic_is_told(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/search ferries topic:zzyzx")

    assert reply.kind is Kind.NONE
    assert "Nothing is known here under the topic “zzyzx”." in text(reply)


def test_nothing_found_offers_names_and_topics(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/search harb0ur xyzzy")

    assert reply.kind is Kind.NONE
    assert len(reply.actions) == 3
    assert text(reply) == "No fact has “harb0ur xyzzy”."


@pytest.mark.parametrize(
    "words", ["'; DROP TABLE fact; --", '" OR 1=1', "NEAR(x)", "*", "—", "\u202e\u200bx"]
)
def test_odd_words_are_only_words(coast_desk: Dispatcher, words: str) -> None:
    assert ask(coast_desk, f"/search {words}").kind in {Kind.NONE, Kind.USAGE, Kind.ANSWER}
    assert ask(coast_desk, "/search audit").facts == ("audit-order",)


def test_long_words_are_shortened_in_the_answer(coast_desk: Dispatcher) -> None:
    assert len(text(ask(coast_desk, "/search " + "x" * 1_900))) < 120


def test_as_of_a_day_only_what_could_be_known_is_found(coast: Snapshot) -> None:
    then = ask(desk(coast, date(2024, 8, 15)), "/search licences use")

    assert then.facts == ("old-count",)
    assert "superseded" not in text(then)


def test_many_facts_are_cut_and_it_says_so(coast_desk: Dispatcher) -> None:
    reply = ask(coast_desk, "/search ministry harbour okafor")
    everything = ask(coast_desk, "/search said reported")

    assert len(reply.facts) <= 10
    assert len(everything.facts) <= 10
