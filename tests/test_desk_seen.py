"""No answer shows what its asker may not see, or what could not be known on its day."""

from __future__ import annotations

import re
from datetime import date, timedelta

import msgspec
import pytest
from factory import (
    AT_COAST,
    AT_NORTH,
    EVERYWHERE,
    HERALD_DAY,
    LINES,
    NOWHERE,
    every_line,
    fact_base,
    leaks,
    text,
)

from bot.commands import REGISTRY
from bot.dispatch import Dispatcher
from bot.reply import Kind

# --- who may see what ----------------------------------------------------------------------------------


def test_the_north_is_to_be_seen_where_it_may(both_desk: Dispatcher) -> None:
    assert leaks(both_desk.ask("/briefing", EVERYWHERE))
    assert leaks(both_desk.ask("/search zepelins", AT_NORTH))


@pytest.mark.parametrize(
    "line", [*every_line(), "/search zepelins", "/search quilfeather", "/search lantrns"]
)
def test_nothing_of_another_dossier_is_shown(both_desk: Dispatcher, line: str) -> None:
    assert leaks(both_desk.ask(line, AT_COAST)) == []
    assert leaks(both_desk.ask(line, NOWHERE)) == []


@pytest.mark.parametrize(
    "line", ["/briefing in:north", "/who quilfeather in:north", "/help in:north", "/search x in:NORTH"]
)
def test_another_dossier_cannot_be_asked(both_desk: Dispatcher, line: str) -> None:
    reply = both_desk.ask(line, AT_COAST)

    assert reply.kind is Kind.USAGE
    assert leaks(reply, line) == []
    assert "Here are: coast." in reply.summary


@pytest.mark.parametrize(
    "line",
    [
        "/who north:quilfeather",
        "/who north:harbour-line",
        "/fact north:review-order",
        "/source north:herald",
        "/briefing north:licences",
        "/timeline north:harbour-line",
    ],
)
def test_a_qualified_id_opens_no_other_dossier(both_desk: Dispatcher, line: str) -> None:
    reply = both_desk.ask(line, AT_COAST)

    assert reply.kind in {Kind.NONE, Kind.ASK}
    assert leaks(reply, line) == []


def test_suggestions_are_of_what_may_be_seen(both_desk: Dispatcher) -> None:
    for command in REGISTRY:
        for option in command.options:
            for prefix in ("", "q", "quill", "h", "n", "north:", "north:q", "2", "x" * 600):
                for asker in (AT_COAST, NOWHERE):
                    found = both_desk.suggest(command.name, option.name, prefix, asker)
                    assert leaks(found) == [], (command.name, option.name, prefix)


def test_completions_are_of_what_may_be_seen(both_desk: Dispatcher) -> None:
    for line in (
        "/who ",
        "/who q",
        "/timeline quil",
        "/fact ",
        "/fact q",
        "/source ",
        "/briefing in:",
        "/who in:n",
    ):
        assert leaks(both_desk.complete(line, AT_COAST), line) == [], line
        assert leaks(both_desk.complete(line, NOWHERE), line) == [], line


def test_the_count_is_of_what_may_be_seen(both_desk: Dispatcher, coast_desk: Dispatcher) -> None:
    counts = [
        reply.footer and reply.footer.facts
        for reply in (
            coast_desk.ask("/help", EVERYWHERE),
            both_desk.ask("/help", AT_COAST),
            both_desk.ask("/help in:coast", EVERYWHERE),
            both_desk.ask("/help", EVERYWHERE),
            both_desk.ask("/help", NOWHERE),
        )
    ]
    assert counts == [15, 15, 15, 17, 0]


# --- what could be known on a day ----------------------------------------------------------------------

APPEARED = {
    "herald": (HERALD_DAY, "Ministry orders a review of ferry licences"),
    "gazette": (date(2024, 7, 1), "Review of ferry licences appears"),
    "courier": (date(2024, 9, 20), "What became of the licences"),
    "yearbook": (date(2025, 2, 1), "Yearbook of the coast"),
}
"""The first day on which each source of the coast may have appeared, and its title."""

DAYS = [
    date(2023, 12, 31),
    HERALD_DAY - timedelta(days=1),
    HERALD_DAY,
    date(2024, 5, 1),
    date(2024, 5, 2),
    date(2024, 6, 30),
    date(2024, 7, 1),
    date(2024, 9, 19),
    date(2024, 9, 20),
    date(2024, 10, 1),
    date(2025, 1, 31),
    date(2025, 2, 1),
]


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_what_could_not_be_known_on_a_day_is_nowhere_in_its_answers(
    coast_desk: Dispatcher, day: date
) -> None:
    snapshot = coast_desk._library.snapshot
    now, then = fact_base(snapshot), fact_base(snapshot, day)
    later = [one for one in now.best() if one.known > day.toordinal()]
    assert {one.id for one in now.best()} == {one.id for one in then.best()} | {one.id for one in later}
    published = {one: title for one, (appeared, title) in APPEARED.items() if appeared > day}

    for line in LINES:
        typed = f"{line} as-of:{day}"
        reply = coast_desk.ask(typed, EVERYWHERE)
        said = msgspec.json.encode(reply).decode()
        assert reply.kind is not Kind.FAILURE, typed
        assert {one.id for one in later}.isdisjoint(reply.facts), typed
        assert published.keys().isdisjoint({source.id for source in reply.sources}), typed
        for one in later:
            assert one.fact.text not in said, (typed, one.id)
            assert "-" not in one.id or one.id in typed or one.id not in said, (typed, one.id)
        for title in published.values():
            assert title not in said, typed
        for hidden in ("dredg", "withdrew", "withdrawn"):
            assert day >= date(2024, 10, 1) or hidden not in said, typed


@pytest.mark.parametrize("typed", ["dredging", "dregding", "dredge", "dred", "spring", "eighty-three"])
def test_a_search_does_not_give_away_the_words_of_later(coast_desk: Dispatcher, typed: str) -> None:
    reply = coast_desk.ask(f"/search {typed} as-of:2024-08-15", EVERYWHERE)

    assert reply.kind is Kind.NONE
    assert set(re.findall("dredg|spring|eighty", text(reply))) <= set(
        re.findall("dredg|spring|eighty", typed)
    )
