from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest
from factory import HERALD_DAY, TODAY, fact_base

from bot.facts.base import FactBase, Thing
from bot.facts.snapshot import Snapshot
from bot.facts.stated import Stated, Status

THEN = date(2024, 8, 15)


@pytest.fixture
def base(coast: Snapshot) -> FactBase:
    return fact_base(coast)


@pytest.fixture
def then(coast: Snapshot) -> FactBase:
    return fact_base(coast, THEN)


@pytest.fixture
def two(both: Snapshot) -> FactBase:
    return fact_base(both)


def ids(facts: Iterable[Stated]) -> list[str]:
    return [one.id for one in facts]


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def entity(entity_id: str, dossier: str = "coast") -> Thing:
    return Thing("entity", dossier, entity_id, entity_id, entity_id)


def topic(topic_id: str, dossier: str = "coast") -> Thing:
    return Thing("topic", dossier, topic_id, topic_id, topic_id)


# --- the order of time ---------------------------------------------------------------------------------


def test_a_timeline_is_in_the_order_of_first_days(base: FactBase, then: FactBase) -> None:
    assert ids(base.timeline()) == [
        "chief",
        "no-need",
        "review-order",
        "pier-talk",
        "collision",
        "review-published",
        "new-count",
        "fares-denial",
        "dredging",
        "new-pier",
    ]
    assert ids(base.timeline(undated=True)) == ["audit-order", "fares-rise", "hulls", "old-count", "rust"]
    assert ids(then.timeline()) == ids(base.timeline())[:6]
    assert set(ids(base.timeline())) | set(ids(base.timeline(undated=True))) == set(ids(base.best()))


def test_a_timeline_keeps_what_may_lie_between_two_days(base: FactBase) -> None:
    def between(first: str, last: str) -> list[str]:
        return ids(base.timeline(None, day(first), day(last)))

    # The chief leads since 2019, the new count is of September 2024.
    assert between("2024-09-15", "2024-09-18") == ["chief", "new-count", "fares-denial"]
    assert between("2024-09-30", "2024-09-30") == ["chief", "new-count"]
    assert between("2024-10-01", "2024-12-31") == ["chief"]
    assert between("2018-01-01", "2018-12-31") == []


def test_of_what_began_before_a_time_no_more_come_than_wanted(base: FactBase, then: FactBase) -> None:
    for one in (base, then):
        found = ids(one.timeline(first=day("2024-05-02")))
        began = [fact for fact in found if fact in {"chief", "review-order"}]

        assert found[: len(began)] == began
        assert ids(one.timeline(first=day("2024-05-02"), before=0)) == found[len(began) :]
        assert ids(one.timeline(first=day("2024-05-02"), before=9)) == found


def test_a_timeline_is_of_what_is_about_a_thing_or_said_by_it(base: FactBase) -> None:
    assert ids(base.timeline(entity("okafor"))) == ["chief", "no-need", "fares-denial", "dredging"]
    assert ids(base.timeline(entity("national-wire"))) == ["chief", "no-need", "review-order"]
    assert ids(base.timeline(topic("fleet"))) == ["collision", "dredging", "new-pier"]


def test_duties_come_by_the_last_day_they_may_be_done(base: FactBase, two: FactBase, then: FactBase) -> None:
    assert ids(base.due()) == ["review-order", "audit-order", "dredging", "new-pier"]
    assert ids(base.due(None, day("2024-07-01"), day("2025-06-30"))) == ["audit-order", "dredging"]
    assert ids(base.due(None, 0, day("2025-06-29"))) == ["review-order", "audit-order"]
    assert ids(base.due(entity("okafor"))) == ["review-order", "dredging"]
    assert ids(base.due(topic("fleet"))) == ["dredging", "new-pier"]
    assert ids(base.tagged("owed", "okafor", "coast", standing=True)) == ["review-order", "dredging"]
    assert ids(base.tagged("owed", "ministry", "coast", standing=True)) == ["audit-order"]
    assert ids(then.due()) == ["review-order", "audit-order"]
    assert [one.dossier for one in two.due(None, 0, day("2024-06-30"))] == ["north", "coast"]


def test_reviews_are_overdue_the_day_after(coast: Snapshot) -> None:
    assert fact_base(coast, date(2024, 12, 31)).count_overdue() == 0
    assert fact_base(coast, date(2025, 1, 1)).count_overdue() == 1
    assert fact_base(coast).count_overdue(topic("licences")) == 1
    assert fact_base(coast).count_overdue(topic("fleet")) == 0


# --- changes -------------------------------------------------------------------------------------------


def told(base: FactBase, kind: str, since: str, thing: Thing | None = None) -> list[tuple[str, str]]:
    found = base.changes(kind, day(since), thing=thing)
    return [(date.fromordinal(one.day).isoformat(), one.fact.id) for one in found]


def test_what_was_added_comes_latest_first(base: FactBase) -> None:
    assert told(base, "added", "2024-08-01") == [
        ("2025-02-03", "dredging"),
        ("2024-09-21", "new-pier"),
        ("2024-09-21", "new-count"),
        ("2024-09-21", "fares-denial"),
        ("2024-08-01", "review-published"),
    ]
    assert told(base, "added", "2025-02-04") == []
    assert told(base, "added", "2024-08-01", topic("people")) == [("2024-09-21", "fares-denial")]


def test_what_was_superseded_and_retracted_is_told_with_its_day(base: FactBase, then: FactBase) -> None:
    assert told(base, "superseded", "2024-01-01") == [("2024-09-21", "old-count")]
    (change,) = base.changes("superseded", day("2024-01-01"))
    assert change.by is not None
    assert change.by.id == "new-count"
    assert told(base, "retracted", "2024-01-01") == [("2024-10-01", "no-need")]
    assert told(then, "superseded", "2024-01-01") == told(then, "retracted", "2024-01-01") == []


@pytest.mark.parametrize("as_of", [date(2024, 3, 10), THEN, date(2024, 9, 21), TODAY])
@pytest.mark.parametrize("thing", [None, topic("licences"), topic("fleet")])
def test_what_was_added_is_counted(coast: Snapshot, as_of: date, thing: Thing | None) -> None:
    base = fact_base(coast, as_of)

    for since in ("2024-01-01", "2024-06-01", "2025-01-01"):
        assert base.count_added(day(since), thing=thing) == len(told(base, "added", since, thing))


def test_a_change_is_known_no_sooner_than_its_fact(coast: Snapshot) -> None:
    for as_of in (HERALD_DAY, THEN, date(2024, 9, 21)):
        base = fact_base(coast, as_of)
        for kind in ("added", "superseded", "retracted"):
            assert all(
                one.fact.known <= base.today and one.day <= base.today for one in base.changes(kind, 1)
            )


# --- status --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "statuses"),
    [
        ("old-count", {"2024-09-19": Status.REPORTED, "2024-09-20": Status.SUPERSEDED}),
        ("no-need", {"2024-09-30": Status.CLAIMED, "2024-10-01": Status.RETRACTED}),
        ("fares-rise", {"2024-09-19": Status.CLAIMED, "2024-09-20": Status.DISPUTED}),
        ("fares-denial", {"2024-09-20": Status.DISPUTED}),
        ("chief", {"2024-09-19": Status.REPORTED, "2024-09-20": Status.CONFIRMED}),
        ("collision", {"2024-05-03": Status.REPORTED}),
    ],
)
def test_the_status_is_that_of_the_day(coast: Snapshot, fact: str, statuses: dict[str, Status]) -> None:
    for as_of, status in statuses.items():
        found = fact_base(coast, date.fromisoformat(as_of)).fact(fact)
        assert found is not None
        assert found.status(day(as_of)) is status
