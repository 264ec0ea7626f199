"""Rules are read, refused with a sentence, and written back; the tables of docs/schedules.md show it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from cronsim import CronSim
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.posts.phrases import WEEKDAYS, WHOLE_HOURS, WHOLE_MINUTES
from bot.posts.when import When, WhenError, in_words, read_when, slots

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ZONES = sorted(zone for zone in available_timezones() if "/" in zone)
PAGE = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text("utf-8")


def table(first_cell: str) -> list[list[str]]:
    """Return the rows of the table on the page whose head begins with a cell."""
    lines = PAGE.partition(f"| {first_cell} |")[2].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split(" | ")] for line in lines]


# --- reading -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "text", "cron"), table("Write"))
def test_words_and_cron_become_a_rule(words: str, text: str, cron: str) -> None:
    assert read_when(words) == When(text, cron, text.rpartition(" ")[2])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("9 a.m. on Mondays, UTC", "every Monday 09:00 UTC"),
        ("tues & thurs 9h30 UTC", "every Tuesday and Thursday 09:30 UTC"),
        ("monday through wednesday 5:05 pm UTC", "every Monday, Tuesday and Wednesday 17:05 UTC"),
        ("every day at midnight UTC", "every day 00:00 UTC"),
        ("daily 12am UTC", "every day 00:00 UTC"),
        ("daily 12pm UTC", "every day 12:00 UTC"),
        ("every two hours UTC", "every 2 hours UTC"),
        ("every 180 minutes UTC", "every 3 hours UTC"),
        ("every half hour UTC", "every 30 minutes UTC"),
        ("every quarter of an hour UTC", "every 15 minutes UTC"),
        ("0 9 * * 7 UTC", "every Sunday 09:00 UTC"),
        ("0 9 1-31 * 1 UTC", "every day 09:00 UTC"),
        ("cron 0 7 31 * * UTC", "0 7 31 * * UTC"),
        ("5 4 24 dec * America/Argentina/Rio Gallegos", "5 4 24 DEC * America/Argentina/Rio_Gallegos"),
        ("*/10 9-17 * * 1-5 UTC", "*/10 9-17 * * 1-5 UTC"),
        ("“every weekday\u200b 08:30” (UTC)", "every weekday 08:30 UTC"),
    ],
)
def test_rules_may_be_written_in_many_ways(words: str, text: str) -> None:
    assert read_when(words).text == text


def test_the_zone_of_the_words_comes_before_the_default() -> None:
    assert read_when("daily 9:00", "Asia/Tokyo").zone == "Asia/Tokyo"
    assert read_when("daily 9:00 UTC", "Asia/Tokyo").zone == "UTC"
    assert read_when("daily 9:00", "asia/tokyo").text == "every day 09:00 Asia/Tokyo"


@pytest.mark.parametrize(("words", "sentence"), table("Written"))
def test_what_is_no_rule_is_refused_with_what_to_write(words: str, sentence: str) -> None:
    with pytest.raises(WhenError) as refused:
        read_when(words)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("words", "beginning"),
    [
        ("", "Say when to post, for example every weekday 08:30 Europe/Berlin; "),
        ("\x00\u202e ,", "Say when to post, for example every weekday 08:30 Europe/Berlin; "),
        ("whenever", "'whenever' is not understood as a time to post: write for example every weekday "),
        ("Europe/Berlin", "That is only a time zone: write for example every weekday 08:30 Europe/Berlin; "),
        ("daily 9:00 " * 1_000, "That has 11,000 characters; a rule may have 200. Shorten it."),
        ("30 8 * * 1-5 est", "'est' is an abbreviation, "),
        ("daily 9:00 UTC+2", "'UTC+2' is an offset, "),
        ("daily 9:00 New York", "There is no time zone 'New York'; did you mean America/New_York?"),
        ("daily 9:00 Berlin time", "There is no time zone 'Berlin time'; did you mean Europe/Berlin?"),
        (
            "daily 9:00 Louisville",
            "There is no time zone 'Louisville'; did you mean America/Kentucky/Louisville or ",
        ),
        ("daily 9:00 Atlantis", "There is no time zone 'Atlantis'"),
        (
            "daily 9:00 ../../etc/passwd",
            "'daily 9:00 .. .. etc passwd' is not understood as a time to post: ",
        ),
        ("every 4 hours from 07:00 UTC", "'every 4 hours from' is not understood as a time to post: "),
        ("daily 24:00 UTC", "'24:00' is no time: "),
        ("daily 9:5 UTC", "'9:5' is no time: "),
        ("daily 13pm UTC", "'13pm' is no time: "),
        ("every 0 hours UTC", "Nothing is posted more often than every 5 minutes: "),
        ("*/2 * * * * UTC", "Nothing is posted more often than every 5 minutes: "),
        ("0,58 0,23 * * * UTC", "Nothing is posted more often than every 5 minutes: "),
        ("0 0 */31 2 1#2 UTC", "0 0 */31 2 1#2 never comes: "),
        ("0 0 1 13 * UTC", "The month '13' of the cron rule is not understood: "),
        (f"0 0 {'9' * 100} * * UTC", "The day of the month '999999999"),
    ],
)
def test_other_refusals(words: str, beginning: str) -> None:
    with pytest.raises(WhenError) as refused:
        read_when(words)
    assert str(refused.value).startswith(beginning)


def test_a_rule_that_its_zone_makes_too_long_is_refused() -> None:
    minutes = ",".join(["0"] * 94)
    assert len(read_when(f"{minutes} 9 1 1 *", "UTC").text) == 199
    with pytest.raises(WhenError, match="That has 209 characters"):
        read_when(f"{minutes} 9 1 1 *", "Europe/Berlin")


def test_a_default_zone_that_is_none_is_refused() -> None:
    with pytest.raises(WhenError, match="There is no time zone 'Mars'"):
        read_when("daily 9:00", "Mars")


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("weekdays 8:30 Europe/Berlin", "every weekday at 08:30, Europe/Berlin"),
        ("daily 9:00 and 17:00 UTC", "every day at 09:00 and 17:00, UTC"),
        ("every 4 hours UTC", "every 4 hours, UTC"),
        ("last Friday of the month 9:00 UTC", "last Friday of the month at 09:00, UTC"),
        ("0 9 31 12 * UTC", "at 09:00 on December 31, UTC"),
        ("0 9 31 * * UTC", "at 09:00 on the 31st day of every month, UTC"),
        ("0 7 1 * 1 UTC", "at 07:00 on the first day of month and on Monday, UTC"),
    ],
)
def test_a_rule_is_put_in_words(words: str, read: str) -> None:
    assert in_words(read_when(words)) == read


# --- properties ----------------------------------------------------------------------------------------

clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
weekday_lists = st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True).map(" and ".join)
nths = st.lists(st.sampled_from(["first", "second", "3rd", "fourth", "last"]), min_size=1, unique=True).map(
    ", ".join
)
dates = st.lists(st.sampled_from(["1st", "2nd", "3rd", "11th", "22nd", "28th"]), min_size=1, unique=True).map(
    " and ".join
)
day_words = st.one_of(
    st.sampled_from(["every day", "daily", "weekdays", "every weekend"]),
    st.sampled_from(["last day of the month", "last weekday of the month"]),
    weekday_lists,
    st.builds("{} {} of the month".format, nths, st.sampled_from(WEEKDAYS)),
    st.builds("{} of the month".format, dates),
)
phrases = st.one_of(
    st.builds("{} {}".format, day_words, clocks),
    st.builds("{} {}".format, clocks, day_words),
    st.sampled_from(WHOLE_HOURS).map("every {} hours".format),
    st.sampled_from(WHOLE_MINUTES).map("every {} minutes".format),
)


def numbers(least: int, most: int) -> st.SearchStrategy[str]:
    one = st.integers(least, most)
    spans = st.tuples(one, one).map(lambda pair: "{}-{}".format(*sorted(pair)))
    steps = st.builds("{}/{}".format, st.just("*") | spans, st.integers(1, most))
    lists = st.lists(one.map(str) | spans, min_size=1, max_size=3).map(",".join)
    return st.just("*") | one.map(str) | spans | steps | lists


crons = st.builds(
    "{} {} {} {} {}".format,
    st.integers(0, 59) | st.sampled_from(["*/20", "5,35", "10-50/10"]),
    numbers(0, 23),
    numbers(1, 31) | st.sampled_from(["L", "LW", "1,L", "L,LW"]),
    numbers(1, 12) | st.just("feb,DEC"),
    numbers(0, 7) | st.sampled_from(["MON-FRI", "5L", "1#1", "7#3,2", "0#5", "1#1,3#2"]),
)


@settings(deadline=None)
@given(phrases, st.sampled_from(ZONES))
def test_a_rule_in_words_reads_back_from_its_text_and_from_its_words(phrase: str, zone: str) -> None:
    when = read_when(f"{phrase} {zone}")
    assert read_when(when.text) == read_when(in_words(when)) == read_when(f"{when.cron} {zone}") == when


@settings(deadline=None)
@given(crons)
@example("0 9 1-31 * 1")
@example("0 9 */31 2 *")
@example("0 9 1 * */2")
@example("0 9 * * 0-7")
def test_a_cron_rule_means_what_cronsim_means(cron: str) -> None:
    try:
        when = read_when(cron, "UTC")
    except WhenError as error:
        refusal = str(error)
        assert "never comes" in refusal or "more often" in refusal
        return
    assert read_when(when.text) == when
    assert in_words(when).endswith(", UTC")
    assert [slot.at for slot in islice(slots(when, NOW), 20)] == list(islice(CronSim(cron, NOW), 20))


PIECES = (
    "every each on the at in of month day weekday monday tue fri-mon first last 1st 31st 9 9:00 99:99 25pm",
    "noon midnight and , - / * */5 30 8 1-5 L LW 5L 1#1 #9 mon-fri JAN hours minutes hour 4 45 0 half cron",
    "UTC CET Europe/Berlin Berlin +02:00 America/New York daily hourly weekly other ² ٩:٠٠",
)
pieces = st.sampled_from(" ".join(PIECES).split())
default_zones = st.sampled_from(["", "UTC", "europe/berlin", "x/y"])


@settings(deadline=None)
@given(st.text() | st.lists(pieces, max_size=8).map(" ".join), default_zones)
def test_nothing_but_a_refusal_comes_of_any_text(words: str, zone: str) -> None:
    try:
        when = read_when(words, zone)
    except WhenError as error:
        refusal = str(error)
        assert re.fullmatch(r"[^\n]+[.?]", refusal)
        return
    assert read_when(when.text) == when
    assert in_words(when)
    assert next(slots(when, NOW), None)
