"""Slots come when clocks show the wall times of a rule, once each local day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import daily
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.posts.when import Slot, When, read_when, slots

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONES = sorted(available_timezones() - {"localtime"})
RULES = ["every 30 minutes", "every hour", "every 4 hours", "daily 02:30", "0 0,12 * * 1-5", "7,37 1-3 * * *"]


def next_slot(when: When, after: datetime) -> datetime | None:
    return next((one.at for one in slots(when, after)), None)


def shown(words: str, since: str, until: str) -> list[str]:
    """The slots between two instants, as local hours and minutes with their offset, and the remarks."""
    when = read_when(words)
    found = slots(when, datetime.fromisoformat(since), datetime.fromisoformat(until))
    return [f"{one.at.astimezone(ZoneInfo(when.zone)):%d %H:%M %z} {one.remark}".rstrip() for one in found]


@pytest.mark.parametrize(
    ("words", "since", "until", "lines"),
    [
        (
            "daily 02:30 Europe/Berlin",
            "2026-03-28T00:00Z",
            "2026-03-30T23:00Z",
            [
                "28 02:30 +0100",
                "29 03:00 +0200 moved from 02:30, which this day does not have",
                "30 02:30 +0200",
            ],
        ),
        (
            "daily 02:30 Europe/Berlin",
            "2026-10-24T23:00Z",
            "2026-10-26T23:00Z",
            ["25 02:30 +0200 the first of two 02:30", "26 02:30 +0100"],
        ),
        (
            "daily 02:10 Australia/Lord_Howe",
            "2026-10-03T00:00Z",
            "2026-10-04T00:00Z",
            ["04 02:30 +1100 moved from 02:10, which this day does not have"],
        ),
        (
            "daily 00:00 America/Sao_Paulo",
            "2018-11-03T12:00Z",
            "2018-11-05T12:00Z",
            ["04 01:00 -0200 moved from 00:00, which this day does not have", "05 00:00 -0200"],
        ),
        (
            "daily 23:30 America/Nuuk",
            "2026-03-28T12:00Z",
            "2026-03-30T12:00Z",
            [
                "29 00:00 -0100 moved from 23:30 of the day before, which that day does not have",
                "29 23:30 -0100",
            ],
        ),
        (
            "daily 12:00 Pacific/Apia",
            "2011-12-29T12:00Z",
            "2011-12-31T12:00Z",
            ["29 12:00 -1000", "31 12:00 +1400"],
        ),
        (
            "every hour Europe/Berlin",
            "2026-03-28T23:59Z",
            "2026-03-29T02:00Z",
            ["29 01:00 +0100", "29 03:00 +0200", "29 04:00 +0200"],
        ),
        (
            "every hour Europe/Berlin",
            "2026-10-24T23:59Z",
            "2026-10-25T02:00Z",
            ["25 02:00 +0200 the first of two 02:00", "25 03:00 +0100"],
        ),
        (
            "every 2 hours Africa/Cairo",
            "2026-04-23T20:00Z",
            "2026-04-23T23:00Z",
            ["24 01:00 +0300 moved from 00:00, which this day does not have", "24 02:00 +0300"],
        ),
        (
            "15,45 2 * * * Europe/Berlin",
            "2026-03-29T00:00Z",
            "2026-03-29T23:00Z",
            ["29 03:00 +0200 moved from 02:15, which this day does not have"],
        ),
        ("0 9 29 2 * UTC", "2026-01-01T00:00Z", "2032-12-31T00:00Z", ["29 09:00 +0000", "29 09:00 +0000"]),
    ],
)
def test_each_local_day_has_its_wall_times_once(words: str, since: str, until: str, lines: list[str]) -> None:
    assert shown(words, since, until) == lines


def test_slots_come_after_the_first_instant_and_up_to_the_last() -> None:
    when = read_when("daily 9:00 UTC")
    nine = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert list(slots(when, nine, nine + timedelta(days=1))) == [Slot(nine + timedelta(days=1))]
    assert next_slot(when, nine - timedelta(microseconds=1)) == nine


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="without a time zone"):
        next_slot(read_when("daily 9:00 UTC"), naive)
    with pytest.raises(ValueError, match="without a time zone"):
        next(slots(read_when("daily 9:00 UTC"), NOW, naive))


def test_a_rule_ends_where_dates_do() -> None:
    assert next_slot(read_when("daily 9:00 Pacific/Kiritimati"), datetime(9999, 12, 31, tzinfo=UTC)) is None


@settings(deadline=None)
@given(
    st.sampled_from([zone for zone in ZONES if "/" in zone]),
    st.sampled_from(RULES),
    st.datetimes(datetime(1970, 1, 2), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
@example("America/Nuuk", "30 0,23 * * *", datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC))
@example("Australia/Lord_Howe", "every 30 minutes", datetime(2026, 4, 4, 14, 45, tzinfo=UTC))
@example("Africa/Monrovia", "every 30 minutes", datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC))
def test_a_walk_may_begin_anywhere(zone: str, rule: str, after: datetime) -> None:
    when = read_when(rule, zone)
    walked = [slot.at for slot in slots(when, after - timedelta(days=2), after + timedelta(days=2))]
    assert walked == sorted(set(walked))
    later = [at for at in walked if at > after]
    assert [slot.at for slot in slots(when, after, after + timedelta(days=2))] == later
    assert [next_slot(when, at) for at in walked[:-1]] == walked[1:]


# --- clocks --------------------------------------------------------------------------------------------


def test_every_zone_has_each_day_once() -> None:
    counts = daily.Counts()
    for number, zone in enumerate(ZONES):
        year = 2024 + number % 5
        counts.add(daily.check(zone, (year, year), [5400, 9000]))
    assert counts.right, counts.examples
    assert min(counts.moved, counts.firsts) > 100
    assert counts.slots > 2 * 365 * counts.zones


@pytest.mark.parametrize(
    ("zone", "year", "absent"),
    [("Pacific/Apia", 2011, 48), ("America/Nuuk", 2024, 0), ("Africa/Monrovia", 1972, 0)],
)
def test_years_when_clocks_did_odd_things(zone: str, year: int, absent: int) -> None:
    counts = daily.check(zone, (year, year))
    assert counts.right, counts.examples
    assert counts.absent == absent


@pytest.mark.parametrize(
    ("change", "found"),
    [(lambda at: at[:5] + at[6:], (0, 0, 1)), (lambda at: [*at[:5], 1, *at[5:]], (1, 0, 0))],
)
def test_the_check_finds_what_is_wrong(
    change: Callable[[list[int]], list[int]], found: tuple[int, int, int]
) -> None:
    right = [daily.epoch(2026) + daily.DAY * day for day in range(10)]
    counts = daily.Counts()
    daily.compare(counts, When("", "0 0 * * *", "UTC"), change(right))
    assert (counts.missed, counts.doubled, counts.elsewhere) == found
    assert not counts.right
