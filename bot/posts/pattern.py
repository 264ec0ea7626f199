"""Cron expressions of five fields: on which days, and at which times of such a day.

Cronsim reads them. It is asked about days only, never about instants: what daylight saving does is for
`bot.posts.when`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec
from cronsim import CronSim, CronSimError

from bot.posts.zones import WhenError

FIELDS: Final = ("minute", "hour", "day of the month", "month", "day of the week")
OFTENEST: Final = 5
"""Minutes between two times at least."""

DAY_MINUTES: Final = 24 * 60
DAY: Final = timedelta(days=1)
LAST_DAY: Final = date(9999, 12, 1)
"""Where a walk over days ends, so that no offset leads beyond what a `datetime` holds."""

SOME_TIME: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - cronsim wants an instant; no day or time is asked of it
ALL_YEARS: Final = (date(2000, 1, 1), date(2028, 1, 1))
"""In 28 years every kind of year occurs: common and leap, beginning on each day of the week."""


class Pattern(msgspec.Struct, frozen=True):
    """What a cron expression matches. `times` are those of each matching day, in order."""

    cron: CronSim
    times: tuple[time, ...]

    def matches(self, day: date) -> bool:
        """Whether a day has these times."""
        return day.month in self.cron.months and self.cron.match_day(day)

    def days(self, first: date, end: date = LAST_DAY) -> Iterator[date]:
        """Yield the matching days from `first` on, before `end`."""
        day = first
        while day < end:
            if day.month not in self.cron.months:
                day = (day.replace(day=28) + 4 * DAY).replace(day=1)
                continue
            if self.cron.match_day(day):
                yield day
            day += DAY


@functools.lru_cache(maxsize=4096)
def pattern(cron: str) -> Pattern:
    """Return what a cron expression that :func:`read_cron` accepts matches."""
    found = CronSim(cron, SOME_TIME)
    return Pattern(
        found, tuple(time(hour, minute) for hour in sorted(found.hours) for minute in sorted(found.minutes))
    )


def read_cron(fields: Sequence[str]) -> str:
    """Return an expression in upper case with single spaces.

    Raises:
        WhenError: there are not five fields, one is not understood, it never comes, or comes too often.
    """
    if len(fields) != len(FIELDS):
        raise WhenError(
            f"A cron rule has {len(FIELDS)} fields ({', '.join(FIELDS)}), this one has {len(fields)}: "
            "write for example 30 8 * * 1-5."
        )
    for place, (name, field) in enumerate(zip(FIELDS, fields, strict=True)):
        alone = ["*"] * len(FIELDS)
        alone[place] = field
        if not _is_read(alone):
            raise WhenError(
                f"The {name} {field[:40]!r} of the cron rule is not understood: "
                "write for example 30 8 * * 1-5."
            )
    cron = " ".join(fields).upper()
    never = WhenError(f"{cron} never comes: no month of it has such a day; write a day that exists.")
    if not _is_read(fields):
        raise never
    found = pattern(cron)
    if not any(found.days(*ALL_YEARS)):
        raise never
    if _least_gap(found.times) < OFTENEST:
        raise WhenError(
            f"Nothing is posted more often than every {OFTENEST} minutes: write for example every 30 minutes."
        )
    return cron


def _is_read(fields: Sequence[str]) -> bool:
    try:
        CronSim(" ".join(fields), SOME_TIME)
    except (CronSimError, ValueError):
        return False
    return True


def _least_gap(times: Sequence[time]) -> int:
    """Return the least number of minutes between two times, the first of the next day included."""
    minutes = [one.hour * 60 + one.minute for one in times]
    minutes.append(minutes[0] + DAY_MINUTES)
    return min(later - earlier for earlier, later in itertools.pairwise(minutes))
