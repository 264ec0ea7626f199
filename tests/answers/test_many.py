"""What is too much for one answer is cut by whole statements, and the answer says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from factory import EVERYWHERE, commands, desk, snapshot, text

from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.reply import Reply

FIRST = date(2024, 1, 1)
COUNT = 130

FACT = """
- id: fact-{n}
  kind: order
  text: Order {n} about buoys.
  about: [harbour, port-{n}]
  topics: [orders]
  date: {day}
  due: {due}
  duty: paint buoy {n}
  owed_by: [harbour]
  said: {{by: harbour, when: {day}}}
  sources: [{{ref: log, p: 1, hash: "{n:016}"}}]
  added: {day}
"""

CROWD = {
    "crowd/dossier.yaml": "{id: crowd, title: A crowd, topics: [{id: orders, title: Orders}]}",
    "crowd/sources.yaml": "- {id: log, title: The log, descriptor: Logbook, published: 2024-01-01}",
    "crowd/entities.yaml": "- {id: harbour, kind: organisation, name: Harbour}\n"
    + "".join(f"- {{id: port-{n}, kind: place, name: Port {n} of call}}\n" for n in range(COUNT)),
    "crowd/facts/orders.yaml": "".join(
        FACT.format(n=n, day=FIRST + timedelta(days=n), due=FIRST + timedelta(days=300 + n))
        for n in range(COUNT)
    ),
}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    opened = snapshot(tmp_path_factory.mktemp("crowd"), CROWD)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def answering(crowd: Snapshot) -> Dispatcher:
    return desk(crowd, date(2024, 6, 1))


def ask(answering: Dispatcher, line: str) -> Reply:
    reply = answering.ask(line, EVERYWHERE)
    assert len(reply.facts) < COUNT
    return reply


def test_a_briefing_has_no_more_than_its_points(answering: Dispatcher) -> None:
    assert ask(answering, "/briefing").facts[:7] == tuple(f"fact-{n}" for n in range(129, 122, -1))
    assert len(ask(answering, "/briefing").facts) == 7 + 5


def test_the_nearest_duties_are_told(answering: Dispatcher, crowd: Snapshot) -> None:
    ahead = ask(answering, "/due")
    assert ahead.facts == tuple(f"fact-{n}" for n in range(50))
    assert "50 of 130 are shown, those nearest to the day." in text(ahead)
    passed = ask(desk(crowd, date(2026, 1, 1)), "/due")
    assert passed.facts == tuple(f"fact-{n}" for n in range(129, 79, -1))
    assert "50 of 130 are shown" in text(passed)


def test_the_latest_changes_are_told(answering: Dispatcher) -> None:
    reply = ask(answering, "/changes since:2024-01-01")

    assert reply.facts[0] == "fact-129"
    assert "The latest 100 of 130 are shown." in text(reply)
    assert "130 added" in reply.summary


def test_a_timeline_says_how_to_narrow_it(answering: Dispatcher) -> None:
    reply = ask(answering, "/timeline")

    assert reply.facts[0] == "fact-0"
    assert "At most 60 entries are shown; narrow the time with from: and to:." in text(reply)
    assert ask(answering, "/timeline from:2024-03-01 to:2024-03-05").facts == tuple(
        f"fact-{n}" for n in range(60, 65)
    )


def test_who_leads_to_the_timeline(answering: Dispatcher) -> None:
    reply = ask(answering, "/who harbour")

    assert "More in the timeline." in text(reply)
    assert "/timeline harbour" in commands(reply)


def test_a_search_says_how_to_narrow_it(answering: Dispatcher) -> None:
    reply = ask(answering, "/search buoys")

    assert len(reply.facts) == 10
    assert "The 10 best are shown; add a word to narrow the search." in text(reply)
    assert reply.summary.startswith("more than 10 facts found")
    assert ask(answering, "/search buoys 77").facts == ("fact-77",)


def test_a_source_says_where_the_rest_is(answering: Dispatcher) -> None:
    reply = ask(answering, "/source log")

    assert len(reply.facts) == 100
    assert "The first 100 are shown" in text(reply)
    assert "more than 100 facts rest on it" in reply.summary


def test_suggestions_are_bounded(answering: Dispatcher) -> None:
    assert len(answering.suggest("who", "name", "", EVERYWHERE)) == 25
    assert len(answering.suggest("who", "name", "port", EVERYWHERE, limit=10)) == 10
    assert len(answering.suggest("fact", "fact", "fact-1", EVERYWHERE)) == 25
    assert len(answering.complete("/who port", EVERYWHERE)) == 10


def test_a_name_of_many_asks_about_ten(answering: Dispatcher) -> None:
    reply = answering.ask("/who Port call", EVERYWHERE)

    assert len(reply.actions) <= 10
