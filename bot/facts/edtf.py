"""Dates as sources give them: the EDTF level-1 subset that the fact base is written in.

EDTF is Annex A of ISO 8601-2:2019. Supported are years, months and days (0001-01-01 to 9999-12-31,
proleptic Gregorian calendar); one qualifier at the end of a date (`?` uncertain, `~` approximate, `%` both);
unspecified digits (`201X`, `20XX`, `2004-XX`, `1985-04-XX`, `1985-XX-XX`); intervals `a/b`, each side a date
that may be qualified, `..` (open) or empty (unknown), with a date on at least one side. Not supported: times
of day, seasons, years outside 0001–9999 (and so `000X` and `00XX`), and everything of level 2.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Final

import msgspec

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""English month names in calendar order; the standard library's follow the locale of the process."""

SHOWN: Final = 40
DAY_AFTER_LAST: Final = date.max.toordinal() + 1

DATE: Final = re.compile(
    r"""(?: (?P<century>\d\d)XX
          | (?P<decade>\d{3})X
          | (?P<year>\d{4}) (?: -XX(?:-XX)? | -(?P<month>\d\d) (?: -XX | -(?P<day>\d\d) )? )?
        ) (?P<qualifier>[?~%])?""",
    re.ASCII | re.VERBOSE,
)

SLASHED_DATE: Final = r"/.*/|^\d{4}/\d\d?$|^\d\d?/\d{4}$"

EMPTY: Final = "The date is empty: write one, such as 2024-12-11, or leave it out."
YEARS: Final = "years run from 0001 to 9999 and are written with four digits"
UNREADABLE: Final = (
    "write a year, a year and month, or a year, month and day, such as 2024, 2024-12 or 2024-12-11"
)

REASONS: Final = tuple(
    (re.compile(pattern, re.ASCII), reason)
    for pattern, reason in (
        (r"\s", "write it without spaces, such as 2024-12-11"),
        (r"[^!-~]", "only the digits 0 to 9, a capital X and - / . ? ~ % may be used"),
        (SLASHED_DATE, "a slash stands only between the dates of an interval; write a day as 2024-12-11"),
        (r"^[\d-].*[Tt]\d", "times of day are not supported; write the day alone, such as 2024-12-11"),
        (r"[\[{]", "sets of dates are not supported; write an interval, such as 2019/2021"),
        (r"^[+-]?Y-?\d|^[+-][\dX]|\dS\d", YEARS),
        (r"^\.|\.\.$", "an open side needs a slash and a date, such as 2019/.. or ../2021"),
        (r"[?~%]{2}", "use one qualifier, ? or ~, or % for both"),
        (r"[?~%].", "the qualifier (? ~ %) belongs at the end of the date"),
        (r"\d[xu]+$|\d[xu]*-[xu]", "write a capital X for each digit that is not specified"),
        (
            r"(^|\d|-)X",
            "X may stand only for the last parts, as in 201X, 20XX, 2004-XX, 1985-04-XX or 1985-XX-XX",
        ),
        (r"^\d{8}$|^\d{6}$", "write hyphens between year, month and day, such as 2024-12-11"),
        (r"^\d{1,3}(-|$)|^\d{5,}", YEARS),
        (r"^\d{4}-\d{4}$", "an interval has a slash, such as 2019/2021"),
        (
            r"^\d{4}-\d(-|$)|^\d{4}-\d\d-\d$",
            "months and days are written with two digits, such as 2024-05-01",
        ),
    )
)


class DateError(ValueError):
    """What was given is not a date; the message is a sentence that says why and how to write it."""


class Precision(StrEnum):
    """How finely a date is known: the calendar unit from `earliest` to `latest`.

    It counts what is known, so `1985-04-XX` is a MONTH and `1985-XX-XX` a YEAR, although ISO 8601-2 calls the
    form of both "day precision". Every interval is INTERVAL, whatever its sides are.
    """

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    DECADE = "decade"
    CENTURY = "century"
    INTERVAL = "interval"


class Order(Enum):
    """How one date lies to another, see :func:`compare`."""

    BEFORE = "before"
    AFTER = "after"
    OVERLAP = "overlap"


class Edtf(msgspec.Struct, frozen=True):
    """A date or interval, as :func:`parse` returns it; do not build one by hand.

    `text` is the EDTF string. `earliest` and `latest` are the first and last day that it covers, as proleptic
    Gregorian ordinals (:meth:`datetime.date.toordinal`); None where an interval is open or its end unknown.
    `approximate` is set by `~` and `%`, `uncertain` by `?` and `%`, for an interval if either side has it.
    """

    # Qualifiers leave the bounds alone: ISO 8601-2 gives `~` and `?` no width, and a margin of our own would
    # be a statement that no source has made.

    text: str
    earliest: int | None
    latest: int | None
    approximate: bool
    uncertain: bool
    is_interval: bool
    precision: Precision


def quoted(text: str) -> str:
    """`text` for use in a message: at most 40 characters, none unprintable, in quotes unless EDTF-like."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:SHOWN])
    if len(text) > SHOWN:
        shown += "…"
    return shown if re.fullmatch(r"[0-9X?~%./-]+", shown) else f"“{shown}”"


@lru_cache(maxsize=2_048)
def parse(text: str) -> Edtf:
    """The date or interval that an EDTF string stands for.

    Raises :class:`DateError` for what is outside the supported subset (see the module), for days that the
    calendar does not have, and for an interval that ends before it begins.
    """
    first, slash, last = text.partition("/")
    if not slash:
        return _date(text)
    if re.search(SLASHED_DATE, text, re.ASCII):
        raise refusal(text)
    if {first, last} <= {"", ".."}:
        raise DateError(f"{quoted(text)} is not an interval: it needs a date on at least one side.")
    start, end = _side(first), _side(last)
    if start and end and compare(end, start) is Order.BEFORE:
        raise DateError(f"{text} is not an interval: it ends before it begins; write the earlier date first.")
    sides = [side for side in (start, end) if side]
    return Edtf(
        text=text,
        earliest=start.earliest if start else None,
        latest=end.latest if end else None,
        approximate=any(side.approximate for side in sides),
        uncertain=any(side.uncertain for side in sides),
        is_interval=True,
        precision=Precision.INTERVAL,
    )


def compare(a: Edtf, b: Edtf) -> Order:
    """Whether all of `a` lies before or after all of `b`; OVERLAP if they share a day or might.

    Open and unknown ends count as unlimited. Qualified dates are taken as written.
    """
    if a.latest is not None and b.earliest is not None and a.latest < b.earliest:
        return Order.BEFORE
    if b.latest is not None and a.earliest is not None and b.latest < a.earliest:
        return Order.AFTER
    return Order.OVERLAP


def sort_key(e: Edtf) -> tuple[int, int]:
    """(earliest day, minus the width in days): by first day, the wider first; open and unknown starts first.

    Dates that cover the same days have the same key (`2019`, `2019~`, `2019-XX`): break the tie with
    something unique, then `reverse=True` gives the exact reverse.
    """
    earliest = 0 if e.earliest is None else e.earliest
    latest = DAY_AFTER_LAST if e.latest is None else e.latest
    return earliest, earliest - latest


def refusal(text: str) -> DateError:
    """The error for a text that does not have the form of a date, with the likeliest reason."""
    if not text:
        return DateError(EMPTY)
    head = text[:SHOWN]
    reason = next((reason for pattern, reason in REASONS if pattern.search(head)), UNREADABLE)
    return DateError(f"{quoted(text)} is not a date: {reason}.")


def _side(text: str) -> Edtf | None:
    if text in {"", ".."}:
        return None
    if "X" in text:
        raise DateError(
            f"{quoted(text)} cannot be a side of an interval: X is not supported there; "
            "write the first or last year, month or day, such as 2010/2019."
        )
    return _date(text)


def _date(text: str) -> Edtf:
    match = DATE.fullmatch(text)
    if not match:
        raise refusal(text)
    century, decade, year, month, day, qualifier = match.groups()
    if century:
        first, last, precision = int(century) * 100, int(century) * 100 + 99, Precision.CENTURY
    elif decade:
        first, last, precision = int(decade) * 10, int(decade) * 10 + 9, Precision.DECADE
    else:
        first, last, precision = int(year), int(year), Precision.YEAR
    if not first:
        raise DateError(f"{text} is not a date: {YEARS}.")
    if month:
        earliest, latest = _days(text, first, int(month), day)
        precision = Precision.DAY if day else Precision.MONTH
    else:
        earliest, latest = date(first, 1, 1).toordinal(), date(last, 12, 31).toordinal()
    return Edtf(
        text=text,
        earliest=earliest,
        latest=latest,
        approximate=qualifier in {"~", "%"},
        uncertain=qualifier in {"?", "%"},
        is_interval=False,
        precision=precision,
    )


def _days(text: str, year: int, month: int, day: str | None) -> tuple[int, int]:
    """First and last day of a month, or the day twice."""
    if 21 <= month <= 24 and not day:
        raise DateError(
            f"{text} is not a date: seasons are not supported; write the months, such as 2024-03/2024-05."
        )
    if not 1 <= month <= 12:
        raise DateError(f"{text} is not a date: months run from 01 to 12.")
    length = monthrange(year, month)[1]
    if not day:
        return date(year, month, 1).toordinal(), date(year, month, length).toordinal()
    if not 1 <= int(day) <= length:
        raise DateError(f"{text} is not a date: {MONTHS[month - 1]} {year:04} has {length} days.")
    ordinal = date(year, month, int(day)).toordinal()
    return ordinal, ordinal
