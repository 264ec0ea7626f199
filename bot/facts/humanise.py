"""Dates as readers see and type them: EDTF to English and back.

:func:`humanise` loses nothing: :func:`read_date` turns every phrase it prints into the same date again.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from bot.facts.edtf import EMPTY, MONTHS, DateError, Edtf, Precision, parse, quoted

EXAMPLES: Final = "Examples: 11 December 2024, 2024-12."
LONGEST_PHRASE: Final = 100

MONTH_NUMBERS: Final = {
    spelling: number
    for number, name in enumerate(MONTHS, start=1)
    for spelling in (name.lower(), name[:3].lower())
} | {"sept": 9}

SPACES: Final = re.compile("[ \t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]+")
DASHES: Final = re.compile(" ?[\N{EN DASH}\N{EM DASH}] ?| - ")

# The order matters: the first pattern that fits a whole phrase decides.
PHRASES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), template)
    for pattern, template in (
        (r"(?P<start>)until (?P<end>.+), start unknown", "/{end}"),
        (r"(?:from|since) (?P<start>.+), end unknown(?P<end>)", "{start}/"),
        (r"from (?P<start>.+) (?:to|until|till) (?P<end>.+)", "{start}/{end}"),
        (r"(?:from|since) (?P<start>.+)(?P<end>)", "{start}/.."),
        (r"(?P<start>)(?:until|till) (?P<end>.+)", "../{end}"),
        (r"between (?P<start>.+) and (?P<end>.+)", "{start}/{end}"),
        (r"within (?P<start>.+)(?P<end>)", "{start}/{start}"),
        # "the years 2000 to 2099" is one date, 20XX, and such a date is never the side of an interval.
        (r"(?P<start>(?!.*\bthe years ).+) to (?P<end>.+)", "{start}/{end}"),
    )
)
SIDE: Final = re.compile(
    r"(?P<uncertain>(?:possibly|perhaps|maybe) )?(?:by )?(?P<part>a (?:day|month) in )?"
    r"(?P<approximate>(?:about|around|circa|ca?\.) )?(?:the end of )?(?P<body>.+)",
    re.IGNORECASE,
)
DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
CALENDAR: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{DAY} (?P<month>[a-z]+)\.?,? (?P<year>\d{{4}})",
        rf"(?P<month>[a-z]+)\.? {DAY},? (?P<year>\d{{4}})",
        r"(?P<month>[a-z]+)\.?,? (?P<day>)(?P<year>\d{4})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<month>\d{1,2})[./](?P<day>)(?P<year>\d{4})",
        r"(?P<year>\d{4})/(?P<month>\d{1,2})(?:/(?P<day>\d{1,2}))?",
    )
)
DECADE: Final = re.compile(r"(?:the )?(\d{3})0s", re.IGNORECASE)
CENTURY: Final = re.compile(r"the years (?P<century>\d\d)00 to (?P=century)99", re.IGNORECASE)
EDTF_LIKE: Final = re.compile(r"[\dX?~%./-]+", re.IGNORECASE)
WITHOUT_MONTH: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?", re.IGNORECASE)
WITHOUT_YEAR: Final = re.compile(
    r"(?:\d{1,2}(?:st|nd|rd|th)? )?[a-z]+\.?|[a-z]+\.? \d{1,2}(?:st|nd|rd|th)?", re.IGNORECASE
)
DAY_OR_MONTH_FIRST: Final = re.compile(r"\d{1,2}/\d{1,2}/\d+")
PARTS: Final = {("a day in ", 4): "-XX-XX", ("a day in ", 7): "-XX", ("a month in ", 4): "-XX"}

NAMED_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
NAMED_SPANS: Final = re.compile(r"(last|this|next) (week|month|year)")
DAYS_AWAY: Final = re.compile(r"(in )?(\d{1,5}) ?(d|days?|w|weeks?)(?(1)|(?: ago)?)")


@lru_cache(maxsize=512)
def humanise(e: Edtf | str) -> str:
    """A date in English: "11 December 2024", "about 2019", "from March 2019", "1 to 5 May 2024".

    Years keep their four digits ("0987"), so that "87" is never taken for one. A qualifier ("possibly" for
    `?`, "about" for `~`, both for `%`) stands before each date that has it. Raises :class:`DateError` if a
    string is not EDTF.
    """
    start, slash, end = _text(e).partition("/")
    if not slash:
        return _words(start)
    match start, end:
        case _, "..":
            return f"from {_words(start)}"
        case _, "":
            return f"from {_words(start)}, end unknown"
        case "..", _:
            return f"until {_words(end)}"
        case "", _:
            return f"until {_words(end)}, start unknown"
    if start == end:
        return f"within {_words(start)}"
    return f"{_start_words(start, end)} to {_words(end)}"


@lru_cache(maxsize=512)
def humanise_due(e: Edtf | str) -> str:
    """When something is due: "by 30 April 2025", "by the end of April 2025", "between 1 and 30 April 2025".

    An interval without a known end has no deadline and reads as :func:`humanise` puts it. Raises
    :class:`DateError` if a string is not EDTF.
    """
    text = _text(e)
    start, slash, end = text.partition("/")
    if slash and end in {"", ".."}:
        return humanise(text)
    deadline = parse(end or start)
    possibly, _, about, body = _split(deadline.text)
    if deadline.precision is Precision.CENTURY:
        body = body[-4:]
    if deadline.precision is not Precision.DAY:
        body = f"the end of {body}"
    if slash and start not in {"", "..", end}:
        return f"between {_start_words(start, end)} and {possibly}{about}{body}"
    return f"{possibly}by {about}{body}"


def read_date(text: str, today: date | None = None) -> Edtf:
    """The date that a person typed: EDTF, what :func:`humanise` and :func:`humanise_due` print, usual forms.

    Case does not matter. `11.12.2024` is read day first and `2024/12/11` year first (no EDTF interval looks
    like that); `11/12/2024` is refused, since countries differ. Words like "yesterday", "7d" or "last week"
    (Monday to Sunday) are read only if `today` is given. Raises :class:`DateError`.
    """
    try:
        return parse(_edtf(text, today))
    except _UnreadableError:
        raise DateError(f"{quoted(text)} cannot be read as a date. {EXAMPLES}") from None
    except DateError as error:
        raise DateError(f"{error} {EXAMPLES}") from None


class _UnreadableError(Exception):
    """No form fits; the caller knows the whole text, which makes the better message."""


def _edtf(text: str, today: date | None) -> str:
    """The EDTF text for what was typed; `parse` has still to judge it."""
    if len(text) > LONGEST_PHRASE:
        raise _UnreadableError
    typed = SPACES.sub(" ", DASHES.sub(" to ", text)).strip(" ")
    if not typed:
        raise DateError(EMPTY)
    if not typed.isascii():
        raise _UnreadableError
    return _relative(typed.lower(), today) or _phrase(typed)


def _text(e: Edtf | str) -> str:
    return e.text if isinstance(e, Edtf) else parse(e).text


def _split(side: str) -> tuple[str, str, str, str]:
    """The words for one date: "possibly ", "a day in ", "about " (each may be empty), and the rest."""
    bare = side.rstrip("?~%")
    mark = side[len(bare) :]
    possibly = "possibly " if mark in {"?", "%"} else ""
    about = "about " if mark in {"~", "%"} else ""
    match bare.split("-"):
        case [year] if year.endswith("XX"):
            part, body = "", f"the years {year[:2]}00 to {year[:2]}99"
        case [year] if year.endswith("X"):
            part, body = "", f"the {year[:3]}0s"
        case [year, "XX"]:
            part, body = "a month in ", year
        case [year, "XX", _]:
            part, body = "a day in ", year
        case [year, month, "XX"]:
            part, body = "a day in ", f"{MONTHS[int(month) - 1]} {year}"
        case [year, month, day]:
            part, body = "", f"{int(day)} {MONTHS[int(month) - 1]} {year}"
        case [year, month]:
            part, body = "", f"{MONTHS[int(month) - 1]} {year}"
        case _:
            part, body = "", bare
    return possibly, part, about, body


def _words(side: str) -> str:
    return "".join(_split(side))


def _start_words(start: str, end: str) -> str:
    """The start of an interval, without the month and year that its end repeats."""
    full = _words(start)
    # In "about 1 to 5 May" a reader could not tell what "about" covers, so qualified sides stay whole.
    unqualified = start[-1].isdigit() and end[-1].isdigit()
    if not unqualified or len(start) != len(end) or start[:4] != end[:4]:
        return full
    if start[:7] == end[:7]:
        return full.split(" ")[0]
    return full.rpartition(" ")[0]


def _phrase(typed: str) -> str:
    """The EDTF text for a date or interval in words."""
    for pattern, template in PHRASES:
        if match := pattern.fullmatch(typed):
            start, end = match["start"], match["end"]
            end = end and _side(end)
            return template.format(start=start and _start(start, end), end=end)
    return _side(typed)


def _start(typed: str, end: str) -> str:
    """The EDTF text for the start of an interval, which may leave its month and year to the end."""
    day = WITHOUT_MONTH.fullmatch(typed)
    if day and end[5:7].isdigit():
        return f"{end[:7]}-{int(day[1]):02}"
    if WITHOUT_YEAR.fullmatch(typed):
        return _side(f"{typed} {end[:4]}")
    return _side(typed)


def _side(typed: str) -> str:
    """The EDTF text for a single date in words (or for an EDTF interval that stands alone)."""
    match = SIDE.fullmatch(typed)
    if not match:
        raise _UnreadableError
    body = _body(match["body"])
    if "/" in body and match["body"] != typed:
        raise _UnreadableError
    if match["part"]:
        unspecified = PARTS.get((match["part"].lower(), len(body)))
        if not unspecified:
            raise _UnreadableError
        body += unspecified
    if match["approximate"]:
        return body + ("%" if match["uncertain"] else "~")
    return body + ("?" if match["uncertain"] else "")


def _body(typed: str) -> str:
    """The EDTF text for a date in words without "about", "possibly" and the like."""
    for pattern in CALENDAR:
        if match := pattern.fullmatch(typed):
            name, day = match["month"].lower(), match["day"]
            month = int(name) if name.isdigit() else MONTH_NUMBERS.get(name)
            if month is None:
                raise _UnreadableError
            return f"{match['year']}-{month:02}" + (f"-{int(day):02}" if day else "")
    if match := DECADE.fullmatch(typed):
        return f"{match[1]}X"
    if match := CENTURY.fullmatch(typed):
        return f"{match[1]}XX"
    if DAY_OR_MONTH_FIRST.fullmatch(typed):
        raise DateError(
            f"{quoted(typed)} is not clear: countries differ on whether the day or the month comes first."
        )
    if EDTF_LIKE.fullmatch(typed):
        return typed.upper()
    raise _UnreadableError


def _relative(typed: str, today: date | None) -> str | None:
    """The EDTF text for a date told from `today` ("yesterday", "7d", "last week"); None if it is not one."""
    span = NAMED_SPANS.fullmatch(typed)
    away = DAYS_AWAY.fullmatch(typed)
    if typed not in NAMED_DAYS and not span and not away:
        return None
    if today is None:
        raise DateError(f"{quoted(typed)} depends on the day it is read; write the date itself.")
    try:
        if away:
            days = int(away[2]) * (7 if away[3].startswith("w") else 1)
            return (today + timedelta(days if away[1] else -days)).isoformat()
        if span:
            return _span(today, {"last": -1, "this": 0, "next": 1}[span[1]], span[2])
        return (today + timedelta(NAMED_DAYS[typed])).isoformat()
    except OverflowError:
        raise DateError(f"{quoted(typed)} is outside the years 0001 to 9999.") from None


def _span(today: date, steps: int, unit: str) -> str:
    """The EDTF text for the calendar week, month or year that lies `steps` from the one of `today`."""
    match unit:
        case "week":
            monday = today + timedelta(7 * steps - today.weekday())
            return f"{monday}/{monday + timedelta(6)}"
        case "month":
            year, month = divmod(today.year * 12 + today.month - 1 + steps, 12)
            return f"{year:04}-{month + 1:02}"
        case _:
            return f"{today.year + steps:04}"
