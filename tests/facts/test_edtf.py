"""The EDTF subset; the tables follow what the Library of Congress and ISO 8601-2 Annex A show and forbid."""

import calendar
import sys
import time
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.edtf import DateError, Edtf, Order, Precision, compare, parse, sort_key

BOUNDS = settings(max_examples=200, deadline=None)

# text, first day, last day ("" = open or unknown), precision
VALID = [
    ("1985-04-12", "1985-04-12", "1985-04-12", "day"),
    ("0001-01-01", "0001-01-01", "0001-01-01", "day"),
    ("9999-12-31", "9999-12-31", "9999-12-31", "day"),
    ("2024-02-29", "2024-02-29", "2024-02-29", "day"),
    ("2000-02-29", "2000-02-29", "2000-02-29", "day"),
    ("1582-10-10", "1582-10-10", "1582-10-10", "day"),
    ("2024-01-31", "2024-01-31", "2024-01-31", "day"),
    ("2024-04-30", "2024-04-30", "2024-04-30", "day"),
    ("2024-12-11?", "2024-12-11", "2024-12-11", "day"),
    ("2024-12-11~", "2024-12-11", "2024-12-11", "day"),
    ("2004-06-11%", "2004-06-11", "2004-06-11", "day"),
    ("1985-04", "1985-04-01", "1985-04-30", "month"),
    ("2024-02", "2024-02-01", "2024-02-29", "month"),
    ("2023-02", "2023-02-01", "2023-02-28", "month"),
    ("1900-02", "1900-02-01", "1900-02-28", "month"),
    ("2000-02", "2000-02-01", "2000-02-29", "month"),
    ("0001-01", "0001-01-01", "0001-01-31", "month"),
    ("9999-12", "9999-12-01", "9999-12-31", "month"),
    ("2004-06~", "2004-06-01", "2004-06-30", "month"),
    ("2004-06?", "2004-06-01", "2004-06-30", "month"),
    ("2004-06%", "2004-06-01", "2004-06-30", "month"),
    ("1985-04-XX", "1985-04-01", "1985-04-30", "month"),
    ("2024-02-XX", "2024-02-01", "2024-02-29", "month"),
    ("1985-04-XX~", "1985-04-01", "1985-04-30", "month"),
    ("1985", "1985-01-01", "1985-12-31", "year"),
    ("2024", "2024-01-01", "2024-12-31", "year"),
    ("0001", "0001-01-01", "0001-12-31", "year"),
    ("0987", "0987-01-01", "0987-12-31", "year"),
    ("9999", "9999-01-01", "9999-12-31", "year"),
    ("1984?", "1984-01-01", "1984-12-31", "year"),
    ("1984~", "1984-01-01", "1984-12-31", "year"),
    ("2006%", "2006-01-01", "2006-12-31", "year"),
    ("2004-XX", "2004-01-01", "2004-12-31", "year"),
    ("2004-XX?", "2004-01-01", "2004-12-31", "year"),
    ("1985-XX-XX", "1985-01-01", "1985-12-31", "year"),
    ("1985-XX-XX%", "1985-01-01", "1985-12-31", "year"),
    ("201X", "2010-01-01", "2019-12-31", "decade"),
    ("001X", "0010-01-01", "0019-12-31", "decade"),
    ("999X", "9990-01-01", "9999-12-31", "decade"),
    ("201X~", "2010-01-01", "2019-12-31", "decade"),
    ("20XX", "2000-01-01", "2099-12-31", "century"),
    ("01XX", "0100-01-01", "0199-12-31", "century"),
    ("99XX", "9900-01-01", "9999-12-31", "century"),
    ("20XX?", "2000-01-01", "2099-12-31", "century"),
    ("1964/2008", "1964-01-01", "2008-12-31", "interval"),
    ("2004-06/2006-08", "2004-06-01", "2006-08-31", "interval"),
    ("2004-02-01/2005-02-08", "2004-02-01", "2005-02-08", "interval"),
    ("2004-02-01/2005-02", "2004-02-01", "2005-02-28", "interval"),
    ("2004-02-01/2005", "2004-02-01", "2005-12-31", "interval"),
    ("2005/2006-02", "2005-01-01", "2006-02-28", "interval"),
    ("2005/2005", "2005-01-01", "2005-12-31", "interval"),
    ("2005-03-01/2005-03-01", "2005-03-01", "2005-03-01", "interval"),
    ("2005-03-15/2005-03", "2005-03-15", "2005-03-31", "interval"),
    ("2005-03-15/2005", "2005-03-15", "2005-12-31", "interval"),
    ("2005/2005-03-15", "2005-01-01", "2005-03-15", "interval"),
    ("1984~/2004-06", "1984-01-01", "2004-06-30", "interval"),
    ("1984/2004-06~", "1984-01-01", "2004-06-30", "interval"),
    ("1984?/2004%", "1984-01-01", "2004-12-31", "interval"),
    ("1984-06-02?/2004-08-08~", "1984-06-02", "2004-08-08", "interval"),
    ("2019-12/2020%", "2019-12-01", "2020-12-31", "interval"),
    ("1985-04-12/..", "1985-04-12", "", "interval"),
    ("1985-04/..", "1985-04-01", "", "interval"),
    ("1985/..", "1985-01-01", "", "interval"),
    ("1985~/..", "1985-01-01", "", "interval"),
    ("../1985-04-12", "", "1985-04-12", "interval"),
    ("../1985-04", "", "1985-04-30", "interval"),
    ("../1985", "", "1985-12-31", "interval"),
    ("../1985-04-12?", "", "1985-04-12", "interval"),
    ("1985-04-12/", "1985-04-12", "", "interval"),
    ("1985-04/", "1985-04-01", "", "interval"),
    ("1985/", "1985-01-01", "", "interval"),
    ("1985-04-12~/", "1985-04-12", "", "interval"),
    ("/1985-04-12", "", "1985-04-12", "interval"),
    ("/1985-04", "", "1985-04-30", "interval"),
    ("/1985", "", "1985-12-31", "interval"),
    ("/1985%", "", "1985-12-31", "interval"),
]

SPACES = "without spaces"
CHARACTERS = "digits 0 to 9"
SLASH = "a slash stands only between"
TIME = "times of day"
SETS = "sets of dates"
YEARS = "years run from 0001 to 9999"
OPEN_SIDE = "an open side needs a slash"
ONE_QUALIFIER = "use one qualifier"
AT_THE_END = "belongs at the end"
CAPITAL = "a capital X"
LAST_PARTS = "only for the last parts"
HYPHENS = "write hyphens"
TWO_DIGITS = "two digits"
MONTHS = "months run from 01 to 12"
SEASONS = "seasons are not supported"
ONE_SIDE = "a date on at least one side"
NO_X = "cannot be a side"
BACKWARDS = "ends before it begins"
OTHER = "write a year, a year and month"

INVALID = [
    ("", "The date is empty"),
    (" ", SPACES),
    ("2024 ", SPACES),
    (" 2024", SPACES),
    ("2024-12- 11", SPACES),
    ("2024-12-11\n", SPACES),
    ("2024\t", SPACES),
    ("2024\u00a0", CHARACTERS),
    ("2019 / 2021", SPACES),
    ("٢٠٢٤", CHARACTERS),
    ("２０２４", CHARACTERS),
    ("२०२४-०१", CHARACTERS),
    ("2024\x00", CHARACTERS),
    ("2024\u202e", CHARACTERS),
    ("\ufeff2024", CHARACTERS),
    ("2024–12", CHARACTERS),
    ("−2024", CHARACTERS),
    ("2024-12-11T09:30:00", TIME),
    ("2024-12-11T09:30:00Z", TIME),
    ("2024-12-11t09:30:00", TIME),
    ("2024-12-11T24:00:00+01:00/2025", TIME),
    ("[1667,1668,1670..1672]", SETS),
    ("{1960,1961-12}", SETS),
    ("0000", YEARS),
    ("0000-01-01", YEARS),
    ("000X", YEARS),
    ("00XX", YEARS),
    ("-1985", YEARS),
    ("-0000", YEARS),
    ("-20XX", YEARS),
    ("+2024", YEARS),
    ("Y170000002", YEARS),
    ("Y-170000002", YEARS),
    ("Y2006", YEARS),
    ("Y-17E7", YEARS),
    ("1950S2", YEARS),
    ("10000", YEARS),
    ("10000-01-01", YEARS),
    ("985", YEARS),
    ("85-04-12", YEARS),
    ("2000/12-12", YEARS),
    ("..", OPEN_SIDE),
    ("2024..", OPEN_SIDE),
    ("..2024", OPEN_SIDE),
    ("1984?~", ONE_QUALIFIER),
    ("1984??", ONE_QUALIFIER),
    ("1984%/2004~~", ONE_QUALIFIER),
    ("?2004", AT_THE_END),
    ("2004?-06-11", AT_THE_END),
    ("2004-06~-11", AT_THE_END),
    ("2004-%06-11", AT_THE_END),
    ("201x", CAPITAL),
    ("20xx", CAPITAL),
    ("199u", CAPITAL),
    ("1985-xx-xx", CAPITAL),
    ("2004-uu", CAPITAL),
    ("2XXX", LAST_PARTS),
    ("XXXX", LAST_PARTS),
    ("XXXX-12", LAST_PARTS),
    ("20X4", LAST_PARTS),
    ("201X-05", LAST_PARTS),
    ("201X-XX", LAST_PARTS),
    ("156X-12-25", LAST_PARTS),
    ("1560-XX-25", LAST_PARTS),
    ("1984-1X", LAST_PARTS),
    ("1985-04-1X", LAST_PARTS),
    ("20241211", HYPHENS),
    ("202412", HYPHENS),
    ("2024-5", TWO_DIGITS),
    ("2024-5-1", TWO_DIGITS),
    ("2024-05-1", TWO_DIGITS),
    ("2019-2021", "an interval has a slash"),
    ("2024-13", MONTHS),
    ("2024-00", MONTHS),
    ("2024-13-01", MONTHS),
    ("2024-21-05", MONTHS),
    ("2024-25", MONTHS),
    ("2024-13-XX", MONTHS),
    ("2001-21", SEASONS),
    ("2001-24~", SEASONS),
    ("2001-22/2002", SEASONS),
    ("2024-02-30", "2024-02-30 is not a date: February 2024 has 29 days."),
    ("2023-02-29", "February 2023 has 28 days"),
    ("1900-02-29", "February 1900 has 28 days"),
    ("2024-04-31", "April 2024 has 30 days"),
    ("2024-01-32", "January 2024 has 31 days"),
    ("2024-01-00", "January 2024 has 31 days"),
    ("2024-06-31?/2025", "2024-06-31? is not a date: June 2024 has 30 days."),
    ("2024/12/11", SLASH),
    ("2024/12", SLASH),
    ("12/2024", SLASH),
    ("2012///4444", SLASH),
    ("/", ONE_SIDE),
    ("../", ONE_SIDE),
    ("/..", ONE_SIDE),
    ("../..", ONE_SIDE),
    ("201X/2022", NO_X),
    ("2010/202X", NO_X),
    ("2004-06-XX/2004-07-03", NO_X),
    ("2021/2019", BACKWARDS),
    ("2021-05/2021-04", BACKWARDS),
    ("2021-05-02/2021-05-01", BACKWARDS),
    ("2021-05-02~/2021-04?", BACKWARDS),
    ("2022-01-01/2021", BACKWARDS),
    ("unknown/2006", OTHER),
    ("2006/open", OTHER),
    ("2024-W05", OTHER),
    ("2024-102", OTHER),
    ("P1Y", OTHER),
    ("2012\\2013", OTHER),
    ("2024-", OTHER),
    ("2024-12-11-05", OTHER),
    ("11 December 2024", SPACES),
    ("December", OTHER),
    ("<!everyone>", OTHER),
]


def ordinal(day: str) -> int | None:
    return date.fromisoformat(day).toordinal() if day else None


@pytest.mark.parametrize(("text", "earliest", "latest", "precision"), VALID)
def test_valid(text: str, earliest: str, latest: str, precision: str) -> None:
    parsed = parse(text)
    assert parsed == Edtf(
        text=text,
        earliest=ordinal(earliest),
        latest=ordinal(latest),
        approximate="~" in text or "%" in text,
        uncertain="?" in text or "%" in text,
        is_interval="/" in text,
        precision=Precision(precision),
    )


@pytest.mark.parametrize(("text", "reason"), INVALID)
def test_invalid(text: str, reason: str) -> None:
    with pytest.raises(DateError) as refused:
        parse(text)
    message = str(refused.value)
    assert reason in message
    assert message.endswith(".")
    assert message.isprintable()
    assert len(message) < 200


def test_the_tables_are_large_and_without_repetition() -> None:
    valid, invalid = [row[0] for row in VALID], [row[0] for row in INVALID]
    assert len(set(valid)) == len(valid) >= 60
    assert len(set(invalid)) == len(invalid) >= 60
    assert not set(valid) & set(invalid)


@pytest.mark.parametrize("year", [2023, 2024])
def test_every_month_and_day_number_is_judged_as_the_calendar_does(year: int) -> None:
    def real(month: int, day: int) -> bool:
        try:
            date(year, month, day)
        except ValueError:
            return False
        return True

    def accepted(text: str) -> bool:
        try:
            parse.__wrapped__(text)
        except DateError:
            return False
        return True

    numbers = range(100)
    for month, day in product(numbers, range(40)):
        assert accepted(f"{year}-{month:02}-{day:02}") == real(month, day)
    assert [month for month in numbers if accepted(f"{year}-{month:02}")] == list(range(1, 13))


def test_every_year_is_as_long_as_the_calendar_says() -> None:
    for year in range(1, 10_000):
        parsed = parse.__wrapped__(f"{year:04}")
        assert (parsed.earliest, parsed.latest) == (ordinal(f"{year:04}-01-01"), ordinal(f"{year:04}-12-31"))


@BOUNDS
@given(st.dates(), st.sampled_from(["", "?", "~", "%"]))
def test_bounds_agree_with_the_standard_library(day: date, qualifier: str) -> None:
    iso = day.isoformat()
    assert parse(iso + qualifier).earliest == parse(iso + qualifier).latest == day.toordinal()
    month = parse(iso[:7] + qualifier)
    length = calendar.monthrange(day.year, day.month)[1]
    assert (month.earliest, month.latest) == (
        day.toordinal() - day.day + 1,
        day.toordinal() - day.day + length,
    )
    assert parse(iso[:7] + "-XX" + qualifier).latest == month.latest


@settings(max_examples=300, deadline=None)
@given(st.text("0129X?~%./-", max_size=25) | st.text(max_size=60))
def test_any_text_is_kept_as_it_is_or_refused_in_one_printable_sentence(text: str) -> None:
    try:
        shown = parse(text).text
    except DateError as error:
        message = str(error)
        assert message.isprintable()
        assert len(message) < 200
    else:
        assert shown == text


@pytest.mark.parametrize(
    "text",
    [
        "2" * 10_000,
        "2024-" * 2_000,
        "/" * 10_000,
        " " * 10_000,
        "X" * 10_000,
        "?" * 10_000,
        "T0" * 5_000,
        "\u202e" * 10_000,
        "\x00" * 10_000,
        "٢" * 10_000,
        "\ud800" * 10_000,
        "[" * 10_000,
        "2024/" + "2" * 10_000,
    ],
    ids=lambda text: ascii(text[:6]),
)
def test_hostile_text_is_refused_at_once_and_shortened(text: str) -> None:
    began = time.process_time()
    for _ in range(100):
        with pytest.raises(DateError) as refused:
            parse(text)
    assert time.process_time() - began < 0.5  # 5 ms each: some hundred times what it takes
    assert "…" in str(refused.value)
    assert len(str(refused.value)) < 200
    assert str(refused.value).isprintable()


def test_refused_text_is_not_kept_in_memory() -> None:
    before = parse.cache_info().currsize
    for number in range(50):
        with pytest.raises(DateError):
            parse(f"{number}" * 1_000)
    assert parse.cache_info().currsize == before


def test_a_date_is_immutable_and_hashable() -> None:
    parsed = parse("2024")
    with pytest.raises(AttributeError):
        parsed.text = "2025"  # type: ignore[misc]
    assert {parsed: 1}[parse.__wrapped__("2024")] == 1
    assert parsed != parse("2024~")
    assert sys.getsizeof(parsed) < 200


@pytest.mark.parametrize(
    ("a", "b", "order"),
    [
        ("2023", "2024", Order.BEFORE),
        ("2024-05", "2024", Order.OVERLAP),
        ("2024-05-01", "2024-05-01", Order.OVERLAP),
        ("2024-04-30", "2024-05", Order.BEFORE),
        ("2024-05-31", "2024-05", Order.OVERLAP),
        ("201X", "2019-12-31", Order.OVERLAP),
        ("201X", "2020", Order.BEFORE),
        ("19XX", "2000-01-01", Order.BEFORE),
        ("../2020", "2021", Order.BEFORE),
        ("/2020", "2021", Order.BEFORE),
        ("../2020", "2020-12-31", Order.OVERLAP),
        ("../2020", "1066", Order.OVERLAP),
        ("../2020", "2021/..", Order.BEFORE),
        ("2020/..", "2019", Order.AFTER),
        ("2020/", "9999", Order.OVERLAP),
        ("2020/..", "../2020", Order.OVERLAP),
        ("2019~", "2020", Order.BEFORE),
        ("2019?", "2019", Order.OVERLAP),
    ],
)
def test_compare(a: str, b: str, order: Order) -> None:
    mirrored = {Order.BEFORE: Order.AFTER, Order.AFTER: Order.BEFORE, Order.OVERLAP: Order.OVERLAP}
    assert compare(parse(a), parse(b)) is order
    assert compare(parse(b), parse(a)) is mirrored[order]


def test_order_of_a_list() -> None:
    expected = [
        "../2024",
        "/2020",
        "../1066-10-14",
        "19XX",
        "20XX",
        "201X",
        "2019/..",
        "2019/2024-05",
        "2024/..",
        "2024",
        "2024-01",
        "2024-01-01",
        "2024-01-02/2024-01-03",
        "2024-01-02",
    ]
    dates = [parse(text) for text in sorted(expected)]
    assert [e.text for e in sorted(dates, key=sort_key)] == expected
    assert [e.text for e in sorted(dates, key=sort_key, reverse=True)] == expected[::-1]


@BOUNDS
@given(st.lists(st.sampled_from([row[0] for row in VALID]), max_size=12, unique=True))
def test_sorting_agrees_with_comparing_and_descending_is_the_exact_reverse(texts: list[str]) -> None:
    dates = sorted((parse(text) for text in texts), key=lambda e: (sort_key(e), e.text))
    for index, earlier in enumerate(dates):
        assert all(compare(earlier, later) is not Order.AFTER for later in dates[index + 1 :])
    shuffled = sorted(dates, key=lambda e: e.text)
    assert sorted(shuffled, key=lambda e: (sort_key(e), e.text), reverse=True) == dates[::-1]
