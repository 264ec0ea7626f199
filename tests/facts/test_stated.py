from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.facts.records import Dated, Evidence, Fact, FactKind, Said, Source
from bot.facts.stated import (
    CREDIBILITY,
    NEVER,
    RELIABILITY,
    KnownBy,
    Stated,
    Status,
    Tie,
    best_reliability,
    moment,
)

FACT = Fact(
    id="f",
    kind=FactKind.CLAIM,
    text="x",
    about=("a",),
    sources=(Evidence(ref="s", p=1, hash="0" * 16),),
    added="2024-03-06",
)
SAID = msgspec.structs.replace(FACT, said=Said(by="a"))
PROBABLE = msgspec.structs.replace(SAID, credibility=2)


def stated(fact: Fact = FACT, **ties: object) -> Stated:
    return Stated(fact, "d", 10, 10, KnownBy.PUBLISHED, **ties)  # type: ignore[arg-type]


def test_never_is_the_day_after_the_last() -> None:
    assert date.max.toordinal() + 1 == NEVER


@pytest.mark.parametrize(
    ("given", "day", "status"),
    [
        (stated(), 10, Status.REPORTED),
        (stated(SAID), 10, Status.CLAIMED),
        (stated(PROBABLE, origins=(10, 10)), 10, Status.CONFIRMED),
        (stated(PROBABLE, origins=(10, 12)), 11, Status.CLAIMED),
        (stated(PROBABLE, origins=(10, 12)), 12, Status.CONFIRMED),
        (stated(PROBABLE, origins=(10,)), 99, Status.CLAIMED),
        (stated(SAID, origins=(10, 10)), 99, Status.CLAIMED),
        (stated(msgspec.structs.replace(PROBABLE, credibility=3), origins=(1, 1)), 99, Status.CLAIMED),
        (stated(msgspec.structs.replace(PROBABLE, credibility=1), origins=(1, 1)), 99, Status.CONFIRMED),
        (stated(disputed_by=(Tie("g", 20),)), 19, Status.REPORTED),
        (stated(disputed_by=(Tie("g", 20),)), 20, Status.DISPUTED),
        (stated(disputed_by=(Tie("g", 20, 30),)), 29, Status.DISPUTED),
        (stated(disputed_by=(Tie("g", 20, 30),)), 30, Status.REPORTED),
        (stated(PROBABLE, origins=(1, 1), disputed_by=(Tie("g", 20),)), 20, Status.DISPUTED),
        (stated(superseded_by=(Tie("g", 20),)), 19, Status.REPORTED),
        (stated(superseded_by=(Tie("g", 20),), disputed_by=(Tie("g", 1),)), 20, Status.SUPERSEDED),
        (stated(superseded_by=(Tie("g", 20, 25), Tie("h", 30))), 27, Status.REPORTED),
        (stated(superseded_by=(Tie("g", 20, 25), Tie("h", 30))), 30, Status.SUPERSEDED),
        (stated(retracted_on=40, superseded_by=(Tie("g", 20),)), 39, Status.SUPERSEDED),
        (stated(retracted_on=40, superseded_by=(Tie("g", 20),)), 40, Status.RETRACTED),
        (stated(retracted_on=0), 10, Status.RETRACTED),
    ],
)
def test_the_status_is_computed_for_a_day(given: Stated, day: int, status: Status) -> None:
    assert given.status(day) is status
    assert given.stands(day) == (status not in {Status.RETRACTED, Status.SUPERSEDED})


@given(
    day=st.integers(1, 60),
    retracted=st.none() | st.integers(1, 60),
    superseded=st.integers(1, 60),
    disputed=st.integers(1, 60),
)
def test_the_first_status_that_applies_counts(
    day: int, retracted: int | None, superseded: int, disputed: int
) -> None:
    one = stated(
        PROBABLE,
        origins=(1, 1),
        superseded_by=(Tie("g", superseded),),
        disputed_by=(Tie("h", disputed),),
        retracted_on=retracted,
    )
    applies = [
        (Status.RETRACTED, retracted is not None and retracted <= day),
        (Status.SUPERSEDED, superseded <= day),
        (Status.DISPUTED, disputed <= day),
        (Status.CONFIRMED, True),
    ]

    assert one.status(day) is next(status for status, holds in applies if holds)


def test_an_outcome_is_recorded_once_it_is_known() -> None:
    one = stated(outcomes=(Tie("g", 20, 30),))

    assert [one.has_outcome(day) for day in (19, 20, 29, 30)] == [False, True, True, False]
    assert not stated().has_outcome(99)


def test_the_moment_of_a_fact_is_when_it_happened_or_else_when_it_was_said() -> None:
    said = Said(by="a", when=Dated(date="2024-03"))
    spoken = msgspec.structs.replace(FACT, said=said)

    assert moment(msgspec.structs.replace(spoken, date=Dated(date="2023"))) == "2023"
    assert moment(spoken) == "2024-03"
    assert moment(SAID) is None
    assert moment(FACT) is None


def test_the_ratings_have_words() -> None:
    assert list(RELIABILITY) == list("ABCDEF")
    assert list(CREDIBILITY) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("letters", "best"), [("", "F"), ("F", "F"), ("FD", "D"), ("CAB", "A")])
def test_the_best_letter_counts(letters: str, best: str) -> None:
    sources = tuple(Source(id="s", title="t", descriptor="d", reliability=letter) for letter in letters)

    assert best_reliability(sources) == best


def test_a_stated_fact_survives_the_snapshot() -> None:
    one = stated(PROBABLE, origins=(1, 2), superseded_by=(Tie("g", 20),), retracted_on=3)

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=Stated) == one
