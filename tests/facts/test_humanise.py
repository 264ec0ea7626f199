"""Dates in English and back, and the tables of docs/dates.md, which show what the code does."""

import re
import time
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.edtf import DateError, parse
from bot.facts.humanise import humanise, humanise_due, read_date

TODAY = date(2024, 12, 11)  # a Wednesday
WORDS = [
    "from",
    "to",
    "until",
    "between",
    "and",
    "about",
    "possibly",
    "by",
    "the end of",
    "a day in",
    "May",
    "5",
]
WORDS += ["2024", "2010s", "the years", "-", "/", ".."]
PAGE = Path(__file__).parents[2] / "docs" / "dates.md"


def table(heading: str) -> list[list[str]]:
    """The rows of the first table after a line that contains `heading`, without its head."""
    lines = PAGE.read_text("utf-8").partition(heading)[2].splitlines()
    rows = [line for line in lines if line.startswith("|")]
    first = lines.index(rows[0])
    length = next((n for n, line in enumerate(lines[first:]) if not line.startswith("|")), len(rows))
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:length]]


def code(cell: str) -> list[str]:
    return re.findall("`([^`]+)`", cell)


def with_marks(plain: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("{}{}".format, plain, st.sampled_from(["", "?", "~", "%"]))


days = st.dates().map(date.isoformat)
plain_dates = days | days.map(lambda day: day[:7]) | days.map(lambda day: day[:4])
unspecified = st.one_of(
    days.map(lambda day: day[:7] + "-XX"),
    days.map(lambda day: day[:4] + "-XX"),
    days.map(lambda day: day[:4] + "-XX-XX"),
    st.integers(1, 999).map("{:03}X".format),
    st.integers(1, 99).map("{:02}XX".format),
)
sides = with_marks(plain_dates)
near = st.builds("2024-{:02}-{:02}".format, st.integers(4, 5), st.integers(1, 30)).flatmap(
    lambda day: st.sampled_from([day, day[:7], day[:4]])
)


def in_order(pair: tuple[str, str]) -> str | None:
    for text in (f"{pair[0]}/{pair[1]}", f"{pair[1]}/{pair[0]}"):
        try:
            return parse(text).text
        except DateError:
            continue
    return None


intervals = st.one_of(
    st.tuples(sides, sides).map(in_order),
    st.tuples(with_marks(near) | near, near).map(in_order),
    sides.map(lambda side: f"{side}/{side}"),
    st.builds("{}/{}".format, sides, st.sampled_from(["", ".."])),
    st.builds("{}/{}".format, st.sampled_from(["", ".."]), sides),
).filter(bool)
texts = sides | with_marks(unspecified) | intervals


@settings(max_examples=600, deadline=None)
@given(texts, st.sampled_from([str, str.upper, str.lower, str.title]))
def test_what_is_printed_is_read_as_the_same_date(text: str, case: type[str]) -> None:
    assert read_date(case(humanise(text))) == parse(text) == read_date(case(text))


@settings(max_examples=300, deadline=None)
@given(texts)
def test_a_deadline_that_is_printed_is_read_as_the_same_last_day(text: str) -> None:
    assert read_date(humanise_due(text)).latest == parse(text).latest


def test_every_combination_of_near_dates_is_read_as_it_was_printed() -> None:
    plain = ["2024-05-01", "2024-05-02", "2024-06-01", "2025-05-01", "2024-05", "2024-06", "2025-05", "2024"]
    marked = [text + mark for text in plain for mark in ("", "?", "~", "%")]
    pairs = [pair for pair in product(marked, marked) if in_order(pair) == "/".join(pair)]
    assert len(pairs) > 700
    for pair in pairs:
        text = "/".join(pair)
        assert read_date(humanise(text)).text == text


@pytest.mark.parametrize(
    ("text", "shown", "due"),
    [
        ("2024-12-11", "11 December 2024", "by 11 December 2024"),
        ("2024-05-01~", "about 1 May 2024", "by about 1 May 2024"),
        ("2025-04", "April 2025", "by the end of April 2025"),
        ("0987", "0987", "by the end of 0987"),
        ("200X", "the 2000s", "by the end of the 2000s"),
        ("20XX?", "possibly the years 2000 to 2099", "possibly by the end of 2099"),
        ("201X~", "about the 2010s", "by about the end of the 2010s"),
        ("2004-XX%", "possibly a month in about 2004", "possibly by about the end of 2004"),
        ("1985-04-XX~", "a day in about April 1985", "by about the end of April 1985"),
        ("2025-04-01/2025-04-30", "1 to 30 April 2025", "between 1 and 30 April 2025"),
        ("2024-03-01/2024-05-05", "1 March to 5 May 2024", "between 1 March and 5 May 2024"),
        (
            "2023-12-30/2024-01-02",
            "30 December 2023 to 2 January 2024",
            "between 30 December 2023 and 2 January 2024",
        ),
        ("2024-03/2024-05", "March to May 2024", "between March and the end of May 2024"),
        ("2024-05-01/2024-05", "1 May 2024 to May 2024", "between 1 May 2024 and the end of May 2024"),
        ("2024/2024-05", "2024 to May 2024", "between 2024 and the end of May 2024"),
        (
            "2024-05-01~/2024-05-05",
            "about 1 May 2024 to 5 May 2024",
            "between about 1 May 2024 and 5 May 2024",
        ),
        (
            "2024-05-01/2024-05-05?",
            "1 May 2024 to possibly 5 May 2024",
            "between 1 May 2024 and possibly 5 May 2024",
        ),
        ("2024-05-01/2024-05-01", "within 1 May 2024", "by 1 May 2024"),
        ("2019~/..", "from about 2019", "from about 2019"),
        ("../2021-05-01?", "until possibly 1 May 2021", "possibly by 1 May 2021"),
    ],
)
def test_wording(text: str, shown: str, due: str) -> None:
    assert humanise(text) == humanise(parse(text)) == shown
    assert humanise_due(text) == humanise_due(parse(text)) == due


@pytest.mark.parametrize("function", [humanise, humanise_due])
def test_only_edtf_is_put_into_words(function: type[str]) -> None:
    with pytest.raises(DateError, match="February 2023 has 28 days"):
        function("2023-02-29")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("11 december 2024", "2024-12-11"),
        ("  11\tDEC.  2024 ", "2024-12-11"),
        ("11\u00a0Dec\u202f2024", "2024-12-11"),
        ("1st May 2024", "2024-05-01"),
        ("2nd of May 2024", None),
        ("May 3rd, 2024", "2024-05-03"),
        ("may 3 2024", "2024-05-03"),
        ("sept. 2024", "2024-09"),
        ("Sep 2024", "2024-09"),
        ("May, 2024", "2024-05"),
        ("Mayo 2024", None),
        ("1.2.2024", "2024-02-01"),
        ("01.02.2024", "2024-02-01"),
        ("31.02.2024", None),
        ("12.31.2024", None),
        ("12.2024", "2024-12"),
        ("2024/1/2", "2024-01-02"),
        ("2024/01", "2024-01"),
        ("13/2024", None),
        ("11/12/2024", None),
        ("25/12/2024", None),
        ("11.12.24", None),
        ("11 Dec 24", None),
        ("١١ December 2024", None),
        ("１１.12.2024", None),
        ("11\x1fDec\x1f2024", None),
        ("2024\n", None),
        ("since May", None),
        ("11 Dec", None),
        ("24", None),
        ("201x", "201X"),
        ("2010s", "201X"),
        ("the 2010s~", None),
        ("the years 2000–2099", "20XX"),
        ("the years 1900 to 2099", None),
        ("the years 2000 to 2098", None),
        ("a month in May 2024", None),
        ("a day in 5 May 2024", None),
        ("a day in 2024~", None),
        ("ca. 2019", "2019~"),
        ("perhaps circa May 2019", "2019-05%"),
        ("about 2019~", None),
        ("about 2019/2021", None),
        ("by 2019/2021", None),
        ("2019 to 2021", "2019/2021"),
        ("2019 — 2021", "2019/2021"),
        ("2019 - 2021", "2019/2021"),
        ("2019-2021", None),
        ("May 1 to May 5, 2024", "2024-05-01/2024-05-05"),
        ("1st to 5th May 2024", "2024-05-01/2024-05-05"),
        ("28 Feb to 1 Mar 2024", "2024-02-28/2024-03-01"),
        ("nov to dec 2024", "2024-11/2024-12"),
        ("1 to 5", None),
        ("1 to 2024", None),
        ("31 to 30 April 2024", None),
        ("5 to 1 May 2024", None),
        ("about 1 to 5 May 2024", None),
        ("from 2019 until March 2020", "2019/2020-03"),
        ("till 2020", "../2020"),
        ("since May 2019", "2019-05/.."),
        ("from 2019/2020", None),
        ("the 2010s to 2022", None),
        ("spring 2024", None),
        ("Q1 2024", None),
        ("unknown", None),
        ("from", None),
        ("to to to", None),
        ("5 days", None),
        ("", None),
        ("   ", None),
    ],
)
def test_what_people_type(typed: str, text: str | None) -> None:
    if text is not None:
        assert read_date(typed).text == text
        return
    with pytest.raises(DateError, match=r"\. Examples: 11 December 2024, 2024-12\.$"):
        read_date(typed)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("Today", "2024-12-11"),
        ("yesterday", "2024-12-10"),
        ("tomorrow", "2024-12-12"),
        ("0d", "2024-12-11"),
        ("7D", "2024-12-04"),
        ("7 days", "2024-12-04"),
        ("7 days ago", "2024-12-04"),
        ("2w", "2024-11-27"),
        ("1 week ago", "2024-12-04"),
        ("in 3 weeks", "2025-01-01"),
        ("last week", "2024-12-02/2024-12-08"),
        ("this week", "2024-12-09/2024-12-15"),
        ("next week", "2024-12-16/2024-12-22"),
        ("last month", "2024-11"),
        ("next month", "2025-01"),
        ("last year", "2023"),
        ("this year", "2024"),
    ],
)
def test_words_that_depend_on_the_day(typed: str, text: str) -> None:
    assert read_date(typed, TODAY).text == text
    with pytest.raises(DateError, match="depends on the day it is read"):
        read_date(typed)


@pytest.mark.parametrize(
    ("typed", "today"),
    [
        ("99999w", date(1, 1, 1)),
        ("yesterday", date.min),
        ("tomorrow", date.max),
        ("last week", date.min),
        ("next week", date.max),
        ("last month", date.min),
        ("next month", date.max),
        ("last year", date.min),
        ("next year", date.max),
        ("in 7 days ago", TODAY),
        ("100000d", TODAY),
        ("-7d", TODAY),
        ("until today", TODAY),
    ],
)
def test_words_that_lead_nowhere(typed: str, today: date) -> None:
    with pytest.raises(DateError):
        read_date(typed, today)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120) | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_any_text_is_read_or_refused_in_printable_words(text: str) -> None:
    try:
        result = read_date(text, TODAY)
    except DateError as error:
        message = str(error)
        assert message.isprintable()
        assert len(message) < 250
    else:
        assert read_date(humanise(result)) == result


@pytest.mark.parametrize(
    "text",
    [
        "from " * 2_000,
        " to " * 2_500,
        "–" * 10_000,
        " " * 10_000 + "2024",
        "2024-" * 2_000,
        "\u202e2024\u202c" * 1_000,
        "٢" * 10_000,
        "2024\x00" * 2_000,
        "\ud800" * 10_000,
        "possibly about " * 700,
        "between and " * 8,
        " to " * 25,
        "–" * 100,
        "from to until " * 7,
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_hostile_text_is_refused_at_once_and_shortened(text: str) -> None:
    began = time.process_time()
    for _ in range(50):
        with pytest.raises(DateError) as refused:
            read_date(text, TODAY)
    assert time.process_time() - began < 0.5  # 10 ms each: some hundred times what it takes
    assert "…" in str(refused.value)
    assert len(str(refused.value)) < 200
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("row", table("## In the YAML files"), ids=lambda row: row[1])
def test_the_page_shows_what_the_reader_sees(row: list[str]) -> None:
    _, written, shown, due = row
    (text,) = code(written)
    assert (humanise(text), humanise_due(text)) == (shown, due)


@pytest.mark.parametrize("row", table("What is refused"), ids=lambda row: row[0])
def test_the_page_shows_what_is_refused(row: list[str]) -> None:
    written, message = row
    (text,) = code(written)
    with pytest.raises(DateError) as refused:
        parse(text)
    assert str(refused.value) == message


@pytest.mark.parametrize("row", table("## After a command"), ids=lambda row: row[0])
def test_the_page_shows_what_can_be_typed(row: list[str]) -> None:
    typed, shown = row
    assert {humanise(read_date(text, TODAY)) for text in code(typed)} == {shown}


def test_the_page_has_its_tables() -> None:
    assert len(table("## In the YAML files")) >= 15
    assert len(table("What is refused")) >= 10
    assert len(table("## After a command")) >= 10
