"""What `briefing-bot posts` says: what was observed as a reply that any renderer lays out, and as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from bot.posts.health import in_utc, trouble
from bot.posts.measure import Measured
from bot.posts.reader import FINE, LISTED, TROUBLED, Closed, NextView, Notice, Overview, PostView
from bot.posts.records import PostState
from bot.posts.when import When as Rule
from bot.posts.when import in_words
from bot.reply import (
    Block,
    Bullets,
    Entry,
    Kind,
    Level,
    Line,
    Note,
    Paragraph,
    Reply,
    Strong,
    Timeline,
    When,
    line,
)

SHOWN: Final = 10
"""Entries of each part; the JSON form has all."""

PUNCTUAL_SECONDS: Final = 10.0
UNITS: Final = (("days", 86_400.0, 2), ("h", 3_600.0, 2), ("min", 60.0, 2), ("s", 1.0, 0))
"""A unit, its seconds, and from how many of them on it is used."""

EMPTY: Final = (
    "Nothing is scheduled and nothing has been posted yet. Write in a channel, for example, "
    '/schedule add "every weekday 08:30 Europe/Berlin" /briefing, or declare schedules in '
    "config/schedules.yaml."
)

STATES: Final = {
    PostState.FAILED: "Failed",
    PostState.UNKNOWN: "Outcome unknown",
    PostState.MISSED: "Missed",
}
"""What the ends are called that are none of the wanted ones."""

ADVICE: Final = {
    PostState.FAILED: "Mend what is named. /schedule resume then lets posts go to that place again, and "
    "/schedule now with the schedule's id posts at once.",
    PostState.UNKNOWN: "These may stand in the chat or not, and are never sent again by themselves. Look in "
    "the channel; if one is not there, /schedule now with the schedule's id posts it.",
    PostState.MISSED: "These are not made good; the schedule's next post mentions them. /schedule now with "
    "its id posts at once.",
}

_SINCE: Final = re.compile(r"(\d{1,5})([mhd])", re.ASCII)
_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400}


class Clock(msgspec.Struct, frozen=True):
    """Writes instants in a time zone; `None` is the machine's."""

    zone: tzinfo | None = None

    def at(self, instant: float) -> datetime:
        """Return the local time of an instant."""
        return datetime.fromtimestamp(instant, UTC).astimezone(self.zone)

    def minute(self, instant: float) -> str:
        """Return `2026-11-30 08:30`."""
        return f"{self.at(instant):%Y-%m-%d %H:%M}"

    def second(self, instant: float) -> str:
        """Return `2026-11-30 08:30:02`."""
        return f"{self.at(instant):%Y-%m-%d %H:%M:%S}"

    def name(self, instant: float) -> str:
        """Return the zone as it holds at an instant: `CET (UTC+01:00)`."""
        local = self.at(instant)
        offset = f"UTC{local:%z}"
        offset = f"{offset[:-2]}:{offset[-2:]}"
        name = local.tzname() or ""
        return (
            f"{name} ({offset})" if name.isalpha() and name != "UTC" else "UTC" if name == "UTC" else offset
        )


def read_since(text: str, now: float, zone: tzinfo | None = None) -> float:
    """Return the instant that `7d`, `12h`, `90m`, `2026-11-22` or `2026-11-22T08:00` means.

    Raises:
        ValueError: it is none of these, or is still to come; the message is one sentence.
    """
    words = text.strip()
    ago = _SINCE.fullmatch(words)
    try:
        if ago:
            instant = now - int(ago[1]) * _SECONDS[ago[2]]
        else:
            given = datetime.fromisoformat(words)
            instant = (given if given.tzinfo else _in_zone(given, zone)).timestamp()
    except (ValueError, OverflowError, OSError):
        shown = words if len(words) <= 40 else f"{words[:39]}…"
        raise ValueError(f"“{shown}” is no time: write 7d, 12h, 90m, or a day such as {_day(now)}.") from None
    if instant > now:
        raise ValueError(f"{words} is still to come: name a day that has begun.")
    return instant


def _in_zone(given: datetime, zone: tzinfo | None) -> datetime:
    return given.replace(tzinfo=zone) if zone else given.astimezone()


def _day(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).date().isoformat()


def report(seen: Overview, measured: Measured, where: str, clock: Clock) -> Reply:
    """Return the report as a reply; `where` names the state."""
    wrong, amiss = trouble(measured, clock.minute)
    blocks: list[Block] = [
        Paragraph((line(f"{clock.second(seen.at)} {clock.name(seen.at)}, this machine's time · {where}"),))
    ]
    blocks += [Note(line(one), Level.WARNING) for one in (*wrong, *amiss)]
    nothing = not (seen.active or seen.paused or seen.watches or seen.under_way or seen.fine)
    if nothing and not seen.troubled:
        blocks.append(Paragraph((line(EMPTY),)))
        return _reply(blocks, EMPTY)
    blocks += _part("Next", seen.upcoming, seen.active, lambda one: _next(one, seen.at, clock))
    blocks += _part("Under way", seen.under_way, len(seen.under_way), lambda one: _going_on(one, clock))
    fine = sum(seen.counts.get(state, 0) for state in FINE)
    blocks += _part("Lately", seen.fine, fine, lambda one: _ended(one, clock))
    for state, heading in STATES.items():
        some = [one for one in seen.troubled if one.state is state]
        blocks += _part(heading, some, len(some), lambda one: _lost(one, clock))
        if some:
            blocks.append(Note(line(ADVICE[state])))
    blocks += _list("Closed places", seen.closed, lambda one: _closed(one, clock))
    posts = {one.id for one in seen.troubled}
    others = [one for one in seen.notices if one.post not in posts]
    blocks += _list("Notices", others, lambda one: line(f"{clock.minute(one.at)} · {one.text}"))
    counted = _counted(seen, clock)
    blocks.append(Paragraph((line(counted),)))
    return _reply(blocks, counted)


def _reply(blocks: Iterable[Block], summary: str) -> Reply:
    return Reply(kind=Kind.ANSWER, title="Posts", summary=summary, blocks=tuple(blocks))


def data(seen: Overview, measured: Measured, where: str) -> dict[str, Any]:
    """Return all of it as data for JSON, instants as ISO 8601 in UTC."""
    wrong, amiss = trouble(measured)
    return {
        "at": in_utc(seen.at),
        "since": in_utc(seen.since),
        "state": where,
        "warnings": [*wrong, *amiss],
        "schedules": {"active": seen.active, "paused": seen.paused},
        "watches": seen.watches,
        "counts": seen.counts,
        "next": [_plain(one) for one in seen.upcoming],
        "under_way": [_plain(one) for one in seen.under_way],
        "ended": [_plain(one) for one in sorted((*seen.fine, *seen.troubled), key=_end, reverse=True)],
        "closed": [_plain(one) for one in seen.closed],
        "notices": [_plain(one) for one in seen.notices],
    }


def _plain(one: msgspec.Struct) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(one)
    times = ("at", "slot", "last_slot", "ended_at")
    return {
        name: in_utc(value) if name in times and value is not None else value for name, value in found.items()
    }


def _end(one: PostView) -> float:
    return one.ended_at or one.slot


# --- follow ---------------------------------------------------------------------------------------------


def event(one: PostView | Closed | Notice, clock: Clock, at: float) -> str:
    """Return what happened as one line; `at` is when a try that failed was seen."""
    match one:
        case Closed():
            return _columns(
                clock.second(one.at), "closed", one.place, f"No more posts go there. {one.reason}"
            )
        case Notice():
            return _columns(clock.second(one.at), "notice", one.place, one.text)
    ended = at if one.ended_at is None else one.ended_at
    if one.state is PostState.POSTED:
        rest = f"({late(ended - one.slot)})"
    else:
        rest = f"(due {clock.minute(one.slot)}{_and_more(one)}) {one.reason}"
    return _columns(clock.second(ended), one.state.value, one.place, f"{_what(one)} {rest}")


def _columns(when: str, what: str, *rest: str) -> str:
    return "  ".join((when, f"{what:<9}", *(one for one in rest if one)))


def _and_more(one: PostView) -> str:
    return f" and {one.count - 1:,} more" if one.count > 1 else ""


def event_data(one: PostView | Closed | Notice) -> dict[str, Any]:
    """Return what happened as data for one line of JSON."""
    kind = one.state.value if isinstance(one, PostView) else type(one).__name__.lower()
    return {"event": kind, **_plain(one)}


# --- words ----------------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """Return a length of time in one unit: `45 s`, `12 min`, `3 h`, `5 days`."""
    for unit, size, least in UNITS:
        if seconds >= least * size:
            return f"{int(seconds / size + 0.5)} {unit}"
    return "0 s"


def relative(seconds: float) -> str:
    """Return how far an instant is: `in 3 h`, `now`, `12 min ago`."""
    if abs(seconds) < 1:
        return "now"
    return f"in {duration(seconds)}" if seconds > 0 else f"{duration(-seconds)} ago"


def late(seconds: float) -> str:
    """Return how late something was."""
    return "on time" if seconds < PUNCTUAL_SECONDS else f"{duration(seconds)} late"


def _what(one: PostView) -> str:
    return one.summary or one.line or one.id


def _next(one: NextView, at: float, clock: Clock) -> Entry:
    parts = [_there(one, clock), one.line, _rule(one.when), one.schedule]
    return _entry(one.at, relative(one.at - at), one.place, parts, clock)


def _there(one: NextView, clock: Clock) -> str:
    """Return the local time of a slot in its own zone, where that is not the machine's."""
    try:
        there = datetime.fromtimestamp(one.at, ZoneInfo(one.when.zone))
    except (ValueError, KeyError):
        return ""
    differs = there.utcoffset() != clock.at(one.at).utcoffset()
    return f"{there:%H:%M} {one.when.zone}" if differs else ""


def _rule(when: Rule) -> str:
    # A rule that this program cannot read must not hide all others.
    try:
        return in_words(when)
    except Exception:
        return f"{when.text} (not understood)"


def _going_on(one: PostView, clock: Clock) -> Entry:
    words = {
        PostState.WAITING: "It is due and has not been written yet.",
        PostState.SENDING: "It is being sent, or looked for in the chat after a try without an answer.",
        PostState.RETRYING: f"It is tried again, after {_count(one.attempts, 'try', 'tries')}.",
    }
    parts = [one.line, one.schedule, " ".join(part for part in (words[one.state], one.reason) if part)]
    return _entry(one.slot, one.state.value, one.place, parts, clock)


def _ended(one: PostView, clock: Clock) -> Entry:
    if one.state is PostState.POSTED:
        return _entry(_end(one), late(_end(one) - one.slot), one.place, [_what(one)], clock)
    return _entry(_end(one), one.state.value, one.place, [one.line, one.reason], clock)


def _lost(one: PostView, clock: Clock) -> Entry:
    label = f"{one.count:,} slots, the last {clock.minute(one.last_slot)}" if one.last_slot else ""
    return _entry(one.slot, label, one.place, [one.line, one.schedule, one.reason], clock)


def _entry(instant: float, label: str, place: str, parts: Sequence[str], clock: Clock) -> Entry:
    rest = "".join(f" · {part}" for part in parts if part)
    return Entry(line(Strong(place), rest), When(clock.minute(instant), ""), label)


def _closed(one: Closed, clock: Clock) -> Line:
    return line(Strong(one.place), f" · since {clock.minute(one.at)} · {one.reason}")


def _part(heading: str, some: Sequence[Any], count: int, entry: Callable[[Any], Entry]) -> list[Block]:
    if not some:
        return []
    shown = tuple(entry(one) for one in some[:SHOWN])
    blocks: list[Block] = [Timeline(shown, heading)]
    return [*blocks, *_more(count - len(shown))]


def _list(heading: str, some: Sequence[Any], item: Callable[[Any], Line]) -> list[Block]:
    if not some:
        return []
    return [Bullets(tuple(item(one) for one in some[:SHOWN]), heading), *_more(len(some) - SHOWN)]


def _more(count: int) -> list[Block]:
    return (
        [Paragraph((line(f"{count:,} more; --format json lists them, {LISTED:,} at most."),))]
        if count > 0
        else []
    )


def _counted(seen: Overview, clock: Clock) -> str:
    schedules = f"{_count(seen.active, 'schedule is', 'schedules are')} active"
    paused = f", {seen.paused:,} paused" if seen.paused else ""
    watches = f", {_count(seen.watches, 'watch', 'watches')}" if seen.watches else ""
    counts = [(state.value, seen.counts.get(state, 0)) for state in (*FINE, *TROUBLED)]
    ended = ", ".join(f"{count:,} {state}" for state, count in counts if count) or "no posts"
    return f"{schedules}{paused}{watches}. Since {clock.minute(seen.since)}: {ended}."


def _count(number: int, one: str, more: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {more}"
