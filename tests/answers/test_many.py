"""What is too much for one answer is cut by whole statements, and the answer says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from factory import EVERYWHERE, commands, desk, snapshot, text

from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.reply import Action, Reply, Timeline

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

EVENT = """
- id: event-{n}
  kind: event
  text: Event {n} about buoys.
  about: [harbour]
  date: "{day}"
  sources: [{{ref: log, p: 1, hash: "{n:016}"}}]
  added: 2024-03-02
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
    assert ahead.facts == tuple(f"fact-{n}" for n in range(15))
    assert "15 of 130 are shown, those nearest to the day." in text(ahead)
    passed = ask(desk(crowd, date(2026, 1, 1)), "/due")
    assert passed.facts == tuple(f"fact-{n}" for n in range(129, 114, -1))
    assert "15 of 130 are shown" in text(passed)


def test_the_latest_changes_are_told(answering: Dispatcher) -> None:
    reply = ask(answering, "/changes since:2024-01-01")

    assert reply.facts[0] == "fact-129"
    assert "The latest 25 of 130 are shown; as-of: an earlier day tells more." in text(reply)
    assert "130 added" in reply.summary
    earlier = ask(answering, "/changes since:2024-01-01 as-of:2024-04-14")
    assert earlier.facts == tuple(f"fact-{n}" for n in range(104, 79, -1))


def test_a_timeline_goes_on_from_where_it_ended(answering: Dispatcher) -> None:
    reply = ask(answering, "/timeline")

    assert reply.facts[:25] == tuple(f"fact-{n}" for n in range(25))
    assert reply.actions == (Action("Later", "/timeline from:2024-01-26", "from 26 January 2024 on"),)
    assert "More entries: from 26 January 2024 on." in text(reply)
    assert reply.summary == "Timeline: 25 dated, 10 planned or owed, 0 undated; more from 26 January 2024 on."
    assert ask(answering, "/timeline from:2024-03-01 to:2024-03-05").facts == tuple(
        f"fact-{n}" for n in range(60, 65)
    )


@pytest.mark.parametrize("about", ["", " harbour", " orders", " harbour to:2024-12 as-of:2024-05-20"])
def test_nothing_of_a_timeline_is_out_of_reach(answering: Dispatcher, about: str) -> None:
    line, found, due, pages = f"/timeline{about}", set[str](), set[str](), 0
    while line:
        reply = ask(answering, line)
        entries = [one for block in reply.blocks if isinstance(block, Timeline) for one in block.entries]
        found.update(one.line.fact or "" for one in entries if one.label != "due")
        due.update(one.line.fact or "" for one in entries if one.label == "due")
        assert len(entries) <= 35
        line = reply.actions[0].command if reply.actions else ""
        pages += 1

    until = date(2024, 12, 31) if "to:" in about else date.max
    assert len(found) == COUNT
    assert due == {f"fact-{n}" for n in range(COUNT) if FIRST + timedelta(days=300 + n) <= until}
    assert pages < 25


def test_what_began_before_a_time_does_not_fill_its_timeline(tmp_path: Path) -> None:
    days = ["2024"] * 8 + ["2024-03-01"] * 30 + ["2024-03-02"]
    events = "".join(EVENT.format(n=n, day=day) for n, day in enumerate(days))
    opened = snapshot(tmp_path, CROWD | {"crowd/facts/orders.yaml": events})
    reply = desk(opened, date(2024, 6, 1)).ask("/timeline from:2024-03-01", EVERYWHERE)
    opened.close()

    assert "Of what began before 1 March 2024, only 5 are shown." in text(reply)
    assert "There is more on the first day than is shown; /search finds it by its words." in text(reply)
    assert len(reply.facts) == 30
    assert reply.actions == (Action("Later", "/timeline from:2024-03-02", "from 2 March 2024 on"),)


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


def test_a_briefing_shows_no_more_judgements_than_it_may(tmp_path: Path) -> None:
    judgements = ", ".join(
        f"{{text: View {n}., confidence: low, based_on: [fact-{n}], added: 2024-05-20}}" for n in range(9)
    )
    dossier = CROWD["crowd/dossier.yaml"].removesuffix("}") + f", judgements: [{judgements}]}}"
    opened = snapshot(tmp_path, CROWD | {"crowd/dossier.yaml": dossier})
    reply = desk(opened, date(2024, 6, 1)).ask("/briefing", EVERYWHERE)
    opened.close()

    assert "View 6." in text(reply)
    assert "View 7." not in text(reply)
    assert "There are more judgements; brief on one topic to see its own." in text(reply)
