from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.facts.course import BREADTHS, breadth_of, course, duties
from bot.facts.records import Fact
from bot.facts.stated import NEVER, KnownBy, Stated, Tie

FACT = msgspec.convert(
    {
        "id": "f",
        "kind": "claim",
        "text": "Words.",
        "about": ["a"],
        "sources": [{"ref": "s", "p": 1, "hash": "0" * 16}],
        "added": "2024-06-01",
        "supersedes": ["g"],
    },
    Fact,
)
LAST = 30


def stated(**given: Any) -> Stated:
    return msgspec.structs.replace(Stated(FACT, "d", 10, 10, KnownBy.PUBLISHED), **given)


days = st.integers(0, LAST)
ties = st.builds(Tie, st.just("t"), days, days | st.just(NEVER))
facts = st.builds(
    stated,
    known=days,
    superseded_by=st.lists(ties, max_size=3).map(tuple),
    outcomes=st.lists(ties, max_size=3).map(tuple),
    retracted_on=st.none() | days,
)


@given(facts)
def test_a_fact_stands_on_no_day_outside_its_course(one: Stated) -> None:
    days = course(one, {"g": 0})

    assert days.known == one.known
    assert days.replaces == 1
    for day in range(LAST + 2):
        assert not one.stands(day) or day < days.ended
        assert not one.has_outcome(day) or (days.settled is not None and days.settled <= day)
        if not days.mixed:
            assert one.stands(day) is (day < days.ended)
            assert one.has_outcome(day) is (days.settled is not None and days.settled <= day)


@given(facts)
def test_a_duty_is_looked_for_where_it_can_be(one: Stated) -> None:
    kinds = list(duties(one))

    assert kinds in (["due"], ["done"], ["due", "done"])
    # On the last day all is known: what is open then stands under due, what is settled under done.
    assert ("done" if one.has_outcome(LAST + 1) else "due") in kinds


def test_what_supersedes_a_fact_that_is_known_later_is_told_by_the_fact_alone() -> None:
    assert course(stated(), {"g": 11}).replaces == -1
    assert course(stated(), {"g": 10}).replaces == 1


@given(st.integers(0, 2 * NEVER - 1))
def test_every_date_has_one_breadth(days: int) -> None:
    breadth = breadth_of(-days)

    assert (breadth == "") is (days == 0)
    assert not breadth or days < BREADTHS[breadth]
