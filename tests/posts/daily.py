"""Hold daily rules to clocks: every zone, 48 wall times, five years and the years when clocks did odd things.

    python -m tests.posts.daily [--zones N]

The oracle reads only what clocks show: it walks UTC, notes when the offset of local time changes, and looks
on every local day for the instants at which the clock shows a wall time. It never asks for the instant of a
wall time, which is what it checks.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from bot.posts.when import When, slots

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
WALLS = range(0, DAY, 30 * MINUTE)
YEARS = (2024, 2028)
ODD = [
    ("Africa/Monrovia", (1971, 1972)),  # to UTC from an offset of seconds
    ("America/Caracas", (2007, 2016)),  # half an hour back, and forth again
    ("America/Sao_Paulo", (2017, 2019)),  # midnight skipped and repeated
    ("America/Toronto", (1945, 1947)),  # a war time of its own
    ("Africa/Cairo", (2010, 2014)),  # four changes a year, for Ramadan
    ("Africa/Casablanca", (2012, 2019)),  # the same, then negative daylight saving
    ("America/St_Johns", (1987, 1989)),  # two hours, at one minute past midnight
    ("Antarctica/Casey", (2018, 2023)),  # three hours back and forth
    ("Antarctica/Troll", (2005, 2008)),  # two hours
    ("Asia/Gaza", (2010, 2012)),  # several changes a summer
    ("Asia/Pyongyang", (2015, 2018)),  # half an hour at midnight
    ("Australia/Lord_Howe", (1985, 1988)),  # an hour, then half an hour
    ("Europe/Berlin", (1945, 1949)),  # double summer time
    ("Europe/Dublin", (1968, 1972)),  # winter time is the other one
    ("Europe/London", (1940, 1948)),  # double summer time
    ("Europe/Moscow", (1991, 2014)),  # many changes of mind
    ("Pacific/Apia", (2011, 2012)),  # 30 December 2011 never was
    ("Pacific/Fakaofo", (2011, 2012)),  # nor here
    ("Pacific/Kiritimati", (1994, 1995)),  # 31 December 1994
    ("Pacific/Kwajalein", (1969, 1969)),  # 30 September twice
    ("Pacific/Kwajalein", (1993, 1993)),  # no 21 August
]


class Span(msgspec.Struct, frozen=True):
    """UTC seconds from `at` on, when clocks were `offset` ahead and showed `begin` up to `end`."""

    at: int
    offset: int
    begin: int
    end: int


class Counts(msgspec.Struct):
    """What was looked at and what was found; a day counts once for each wall time."""

    zones: int = 0
    rules: int = 0
    days: int = 0
    slots: int = 0
    moved: int = 0
    firsts: int = 0
    absent: int = 0
    missed: int = 0
    doubled: int = 0
    elsewhere: int = 0
    examples: list[str] = []

    def add(self, other: Counts) -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def right(self) -> bool:
        return not (self.missed or self.doubled or self.elsewhere)

    def lines(self) -> Iterator[str]:
        yield f"{self.zones:,} zones, {self.rules:,} rules, {self.days:,} days, {self.slots:,} slots"
        yield f"  {self.moved:,} moved, {self.firsts:,} the first of two, {self.absent:,} on absent days"
        yield f"  {self.missed:,} missed, {self.doubled:,} doubled, {self.elsewhere:,} elsewhere"
        yield from (f"  {example}" for example in self.examples[:20])


def epoch(year: int) -> int:
    return (date(year, 1, 1) - date(1970, 1, 1)).days * DAY


def spans(zone: ZoneInfo, begin: int, end: int) -> list[Span]:
    """Return the spans of equal offset, looking at each hour, and at each second where it changes."""

    def offset(at: int) -> timedelta | None:
        return datetime.fromtimestamp(at, zone).utcoffset()

    def span(ahead: timedelta | None, since: int, until: int) -> Span:
        assert ahead is not None
        seconds = int(ahead.total_seconds())
        return Span(since, seconds, since + seconds, until + seconds)

    found = []
    since, ahead = begin, offset(begin)
    for at in range(begin + HOUR, end + HOUR, HOUR):
        if offset(at) != ahead:
            change = next(second for second in range(at - HOUR, at + 1) if offset(second) != ahead)
            found.append(span(ahead, since, change))
            since, ahead = change, offset(change)
    return [*found, span(ahead, since, end)]


def expected(found: Sequence[Span], day: int, wall: int) -> tuple[int | None, str]:
    """Return when a wall time of a day comes, and why: "moved", "first" of two, or "".

    A time that no clock shows comes when clocks first show a later one; None on a day that no clock shows.
    """
    near = [span for span in found if span.begin < day + 3 * DAY and span.end > day - 3 * DAY]
    if not any(span.begin < day + DAY and span.end > day for span in near):
        return None, "absent"
    shown = [span.at + day + wall - span.begin for span in near if span.begin <= day + wall < span.end]
    if shown:
        return min(shown), "first" if len(shown) > 1 else ""
    return min(span.at for span in near if span.begin > day + wall), "moved"


def check(name: str, years: tuple[int, int], walls: Sequence[int] = WALLS) -> Counts:
    """Compare rules on the days of these years with what clocks show: a rule a wall time, and all in one."""
    begin, end = epoch(years[0]), epoch(years[1] + 1)
    found = spans(ZoneInfo(name), begin - 4 * DAY, end + 4 * DAY)
    counts = Counts(zones=1, rules=len(walls) + 1)
    wanted: list[list[int]] = [[] for _ in walls]
    # A day more on each side: between their slots there must be those of the period and no other.
    for day in range(begin - DAY, end + DAY, DAY):
        here = [span for span in found if span.begin < day + DAY and span.end > day]
        inside = begin <= day < end
        counts.days += inside * len(walls)
        if len(here) == 1 and here[0].begin <= day and day + DAY <= here[0].end:
            for line, wall in zip(wanted, walls, strict=True):
                line.append(day + wall - here[0].offset)
            continue
        for line, wall in zip(wanted, walls, strict=True):
            at, why = expected(found, day, wall)
            if at is not None:
                line.append(at)
            counts.moved += inside and why == "moved"
            counts.firsts += inside and why == "first"
            counts.absent += inside and why == "absent"
    for line, wall in zip(wanted, walls, strict=True):
        hour, minute = divmod(wall // MINUTE, 60)
        compare(counts, When("", f"{minute} {hour} * * *", name), line)
    if walls == WALLS:
        compare(counts, When("", "*/30 * * * *", name), sorted(set(chain(*wanted))))
    return counts


def compare(counts: Counts, rule: When, wanted: Sequence[int]) -> None:
    """Count what a rule does between the first and the last instant that are wanted."""
    since, until = datetime.fromtimestamp(wanted[0], UTC), datetime.fromtimestamp(wanted[-1] - 1, UTC)
    got = [int(slot.at.timestamp()) for slot in slots(rule, since, until)]
    counts.slots += len(got)
    if got == wanted[1:-1]:
        return
    ours, theirs = Counter(got), Counter(wanted[1:-1])
    more = ours - theirs
    doubled = sum(number for at, number in more.items() if at in theirs)
    counts.missed += (theirs - ours).total()
    counts.doubled += doubled
    counts.elsewhere += more.total() - doubled
    wrong = [*(theirs - ours), *more]
    counts.examples += [f"{rule.zone} {rule.cron}: {datetime.fromtimestamp(at, UTC)}" for at in wrong[:3]]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.posts.daily", description="Hold daily rules to clocks."
    )
    parser.add_argument("--zones", type=int, metavar="N", help="so many zones only, spread over the alphabet")
    zones = sorted(available_timezones() - {"localtime"})
    number = parser.parse_args(arguments).zones or len(zones)
    chosen = zones[:: max(1, -(-len(zones) // number))]
    right = True
    for title, work in (
        (f"{YEARS[0]} to {YEARS[1]}", [(zone, YEARS) for zone in chosen]),
        ("odd years", ODD),
    ):
        began = time.perf_counter()
        counts = Counts()
        for zone, years in work:
            counts.add(check(zone, years))
        sys.stdout.write(
            "\n".join([f"{title}, {time.perf_counter() - began:.0f} seconds", *counts.lines(), ""])
        )
        sys.stdout.flush()
        right &= counts.right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
