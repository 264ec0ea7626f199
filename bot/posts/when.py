"""When something is posted: a rule in words or cron with a time zone, and the instants that it names.

A rule names wall times of local calendar days. Each day that exists has each of its wall times once: one that
clocks skip comes at the next minute that they show, one that they show twice comes the first time.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from bot.parse import clean
from bot.posts.pattern import DAY, FIELDS, Pattern, pattern, read_cron
from bot.posts.phrases import EXAMPLES, Unread, read_words, write_words
from bot.posts.zones import LONGEST_NAME, WhenError, advice, is_like_zone, known_zone, part_zone, zone_of

__all__ = ["Slot", "When", "WhenError", "in_words", "read_when", "slots"]

LONGEST: Final = 200
"""Characters of a rule."""

CLOCK_FIELD: Final = re.compile(r"[\d*][\d*,/-]*")
CRON_FIELD: Final = re.compile(r"[\d*][\w*,/#-]*")


class When(msgspec.Struct, frozen=True):
    """A rule: the words that read back as it, its five-field cron expression, an IANA zone."""

    text: str
    cron: str
    zone: str


class Slot(msgspec.Struct, frozen=True):
    """An instant of a rule, in UTC; `remark` says what daylight saving did to it."""

    at: datetime
    remark: str = ""


def read_when(words: str, default_zone: str = "") -> When:
    """Read a rule in words or cron, with a zone at its end or the default one.

    Raises:
        WhenError: it is not understood, could mean two things, never comes, comes too often or has no zone.
    """
    _check_length(words)
    written = [word for word in (one.strip(',;()"“”') for one in clean(words).split()) if word]
    if not written:
        raise WhenError(f"Say when to post, for example {EXAMPLES}.")
    rule, zone = part_zone(written)
    if zone and rule and rule[-1].lower() == "in":
        rule = rule[:-1]
    cron = _read_rule(rule) if zone else _read_without_zone(written)
    if not zone and not default_zone:
        raise WhenError(f"Add the time zone: write for example {' '.join(written)} Europe/Berlin.")
    zone = zone or known_zone(default_zone)
    phrase = write_words(pattern(cron))
    # Words and cron that mean the same become the same rule.
    cron = read_words(phrase.split()) if phrase else cron
    text = f"{phrase or cron} {zone}"
    _check_length(text)
    return When(text, cron, zone)


def _check_length(text: str) -> None:
    if len(text) > LONGEST:
        raise WhenError(f"That has {len(text):,} characters; a rule may have {LONGEST}. Shorten it.")


def _read_rule(words: Sequence[str]) -> str:
    if not words:
        raise WhenError(f"That is only a time zone: write for example {EXAMPLES}.")
    named = words[0].lower() == "cron"
    fields = words[1:] if named else words
    if not named and not (len(fields) > 1 and all(map(CLOCK_FIELD.fullmatch, fields[:2]))):
        return read_words(words)
    if not all(map(CRON_FIELD.fullmatch, fields[len(FIELDS) :])):
        raise Unread(" ".join(words))
    return read_cron(fields)


def _read_without_zone(words: Sequence[str]) -> str:
    """Read a rule; where its last words are all that is not understood, they were meant as a zone."""
    refusal = None
    for length in range(min(LONGEST_NAME, len(words) - 1) + 1):
        rule, rest = words[: len(words) - length], " ".join(words[len(words) - length :])
        try:
            cron = _read_rule(rule)
        except Unread as error:
            refusal = refusal or error
            continue
        if not rest:
            return cron
        raise WhenError(advice(rest)) if is_like_zone(rest) else refusal or Unread(rest)
    raise refusal or Unread(" ".join(words))


def slots(when: When, after: datetime, until: datetime | None = None) -> Iterator[Slot]:
    """Yield the slots strictly after an instant, in order, up to `until` and with it; without one, forever.

    Raises:
        ValueError: an instant has no time zone.
    """
    if after.tzinfo is None or (until is not None and until.tzinfo is None):
        raise ValueError("An instant without a time zone is none.")
    zone = zone_of(when.zone)
    rule = pattern(when.cron)
    latest = after.astimezone(UTC)
    local = after.astimezone(zone)
    # No wall time before this one is still to come: those that clocks skip move to the next that they show.
    passed = bisect_left(rule.times, local.time().replace(second=0, microsecond=0))
    today = local.date()
    for day in rule.days(today):
        for at_time in rule.times[passed:] if day == today else rule.times:
            slot = _slot(day, at_time, zone, rule)
            if slot is None or slot.at <= latest:
                continue
            if until is not None and slot.at > until:
                return
            latest = slot.at
            yield slot


def _slot(day: date, at_time: time, zone: ZoneInfo, rule: Pattern) -> Slot | None:
    """Return where a wall time comes; None on a day that does not exist, or where another one comes then."""
    wall = datetime.combine(day, at_time, zone)
    first, second = wall.utcoffset(), wall.replace(fold=1).utcoffset()
    if first is None or second is None:
        raise ValueError(f"{zone} has no offset from UTC.")
    at = wall.replace(tzinfo=UTC) - first
    if first == second:
        return Slot(at)
    if first > second:
        return Slot(at, f"the first of two {at_time:%H:%M}")
    return _moved(wall, at, first, second, rule)


def _moved(wall: datetime, at: datetime, before: timedelta, after: timedelta, rule: Pattern) -> Slot | None:
    """Return the slot of a wall time that clocks skip, as their offset changes from `before` to `after`."""
    earliest = at - (after - before)
    seconds = int((after - before).total_seconds())
    changed = earliest + timedelta(
        seconds=bisect_left(
            range(seconds),
            True,
            key=lambda second: (
                (earliest + timedelta(seconds=second)).astimezone(wall.tzinfo).utcoffset() == after
            ),
        )
    )
    begin, end = changed.replace(tzinfo=None) + before, changed.replace(tzinfo=None) + after
    midnight = datetime.combine(wall.date(), time())
    if begin <= midnight and midnight + DAY <= end:
        return None
    if end.time() in rule.times and rule.matches(end.date()):
        return None
    if end.date() == wall.date():
        return Slot(changed, f"moved from {wall:%H:%M}, which this day does not have")
    return Slot(changed, f"moved from {wall:%H:%M} of the day before, which that day does not have")


def in_words(when: When) -> str:
    """Return a rule for reading: "every weekday at 08:30, Europe/Berlin"."""
    rule = pattern(when.cron)
    phrase = re.sub(" (?=[0-9]{2}:)", " at ", write_words(rule), count=1)
    if not phrase:
        # Cronsim writes "31th".
        explained = re.sub(r"(?<=\b[2-5][123])th\b", _ending, rule.cron.explain())
        phrase = explained[:1].lower() + explained[1:]
    return f"{phrase}, {when.zone}"


def _ending(found: re.Match[str]) -> str:
    return {"1": "st", "2": "nd", "3": "rd"}[found.string[found.start() - 1]]
