from __future__ import annotations

import pytest
from factory import fact_base

from bot.answers.pick import SHOWN, missing, pick, shorten, took
from bot.facts.base import FactBase
from bot.facts.names import Resolution
from bot.facts.snapshot import Snapshot
from bot.reply import Kind, Reply, Wanted


@pytest.fixture
def base(coast: Snapshot) -> FactBase:
    return fact_base(coast)


@pytest.mark.parametrize(
    ("typed", "kinds", "found", "taken"),
    [
        ("okafor", ("entity",), "okafor", ""),
        ("Hafenlinie", ("entity",), "harbour-line", ""),
        ("Harbuor Line", ("entity",), "harbour-line", "Harbuor Line"),
        ("permits", ("topic",), "licences", ""),
        ("permits", ("entity", "topic"), "licences", ""),
        ("Transport Ministry", ("entity", "topic"), "ministry", ""),
    ],
)
def test_a_name_is_picked(base: FactBase, typed: str, kinds: tuple[str, ...], found: str, taken: str) -> None:
    picked = pick(base, typed, kinds, "/who")

    assert not isinstance(picked, Reply)
    thing, told = picked
    assert (thing.id, told) == (found, taken)


def test_a_surname_of_two_is_asked_about(both: Snapshot, base: FactBase) -> None:
    reply = pick(base, "Okafor B. A.", ("entity",), "/who")

    assert isinstance(reply, Reply)
    assert reply.kind in {Kind.ASK, Kind.NONE}


def test_what_is_meant_by_several_is_asked_with_the_choices(both: Snapshot) -> None:
    reply = pick(fact_base(both), "Harbour Line", ("entity", "topic"), "/timeline")

    assert isinstance(reply, Reply)
    assert reply.kind is Kind.ASK
    assert reply.summary == (
        "Which “Harbour Line” is meant?"
        " Harbour Line (coast:harbour-line) or Harbour Line (north:harbour-line)."
    )
    assert [one.command for one in reply.actions] == [
        "/timeline coast:harbour-line",
        "/timeline north:harbour-line",
    ]


def test_what_is_not_known_offers_near_names(base: FactBase) -> None:
    reply = pick(base, "Okofar", ("entity",), "/who")

    assert isinstance(reply, Reply)
    assert len(reply.actions) <= 3
    assert all(one.command.startswith("/who ") for one in reply.actions)
    unknown = pick(base, "zzyzx", ("topic", "entity"), "/timeline")
    assert isinstance(unknown, Reply)
    assert unknown.kind is Kind.NONE
    assert unknown.summary == "Nothing is known here under the topic “zzyzx”."


def test_what_is_missing_is_asked_for(base: FactBase) -> None:
    things = [thing for thing, _ in base.topics()]
    reply = missing("Which topic?", "briefing", "topic", things)

    assert (reply.kind, reply.wanted) == (Kind.ASK, Wanted("briefing", "topic"))
    assert [one.command for one in reply.actions] == [
        "/briefing licences",
        "/briefing people",
        "/briefing fleet",
    ]


def test_a_text_is_shortened_visibly() -> None:
    assert shorten("x" * SHOWN) == "x" * SHOWN
    assert shorten("x" * 500) == "x" * (SHOWN - 1) + "…"
    assert shorten("a b c d", 4) == "a b…"
    assert "…" in took("x" * 500, "y").line.text


def test_what_is_named_exactly_is_looked_for_nowhere_else(
    coast: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = fact_base(coast)
    asked: list[str] = []
    resolve = base.resolve

    def noted(name: str, kind: str) -> Resolution:
        asked.append(kind)
        return resolve(name, kind)

    monkeypatch.setattr(base, "resolve", noted)

    pick(base, "okafor", ("entity", "topic"), "/timeline")
    assert asked == ["entity"]
    pick(base, "licences", ("entity", "topic"), "/timeline")
    assert asked == ["entity", "entity", "topic"]
