"""Whether the bot can do its work: a judgement on what was observed, with a sentence for every reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from bot.posts.measure import Measured
from bot.posts.records import PostState

LOG: Final = "Look whether `briefing-bot run` is running, and what its log says."

GOING_ON: Final = {
    PostState.WAITING: "has not been written yet",
    PostState.SENDING: "was sent, and is looked for in the chat",
    PostState.RETRYING: "is tried again and again",
}


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """How the process that posts is doing; see :class:`bot.posts.room.Room`.

    `broken` is empty or why the last round did not succeed, `broken_since` since when posts cannot be
    recorded, `standing_by` empty or who posts instead.
    """

    working: bool = True
    broken: str = ""
    broken_since: float | None = None
    standing_by: str = ""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A chat: `trouble` is empty or one sentence; `heard` when an event last came in, if any did."""

    platform: str
    trouble: str = ""
    heard: float | None = None


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What one process knows of itself at an instant (seconds since 1970).

    `posting` and `measured` are None where it makes no posts; `unreadable` is empty or why the state could
    not be read. `notice` is empty or why an older snapshot answers; `reloaded_at` is when that in use came.
    """

    at: float
    snapshot: str = ""
    reloaded_at: float | None = None
    notice: str = ""
    chats: tuple[Connection, ...] = ()
    posting: Posting | None = None
    measured: Measured | None = None
    unreadable: str = ""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it is ready, why not, what else is amiss, and who posts where it stands by itself."""

    ready: bool
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    standing_by: str = ""


def in_utc(instant: float) -> str:
    """Return an instant as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def judge(seen: Observation, clock: Callable[[float], str] = in_utc) -> Health:
    """Return the judgement on an observation; `clock` writes instants."""
    reasons: list[str] = []
    warnings: list[str] = []
    reasons += [f"{one.platform}: {one.trouble}" for one in seen.chats if one.trouble]
    posting = seen.posting
    if posting is not None:
        reasons += _posting(posting, clock)
        if posting.standing_by:
            warnings.append(f"This process stands by: posts are made by {posting.standing_by}.")
    if seen.unreadable:
        reasons.append(seen.unreadable)
    if seen.measured is not None:
        overdue, other = trouble(seen.measured, clock)
        if seen.measured.closed:
            takes = _many(seen.measured.closed, "place takes", "places take")
            other.append(
                f"{takes} no posts until somebody resumes a schedule there: run `briefing-bot posts`."
            )
        # What another process has left undone is that one's to answer for; this one can still answer people.
        (warnings if posting is not None and posting.standing_by else reasons).extend(overdue)
        warnings += other
    if seen.notice:
        warnings.append(seen.notice)
    return Health(
        ready=not reasons,
        reasons=tuple(reasons),
        warnings=tuple(warnings),
        standing_by=posting.standing_by if posting else "",
    )


def trouble(measured: Measured, clock: Callable[[float], str] = in_utc) -> tuple[list[str], list[str]]:
    """Return what must not be so, and what is worth a word, about posts."""
    wrong: list[str] = []
    amiss: list[str] = []
    if measured.first_overdue is not None:
        first, count = measured.first_overdue, measured.overdue
        begun = f"{_many(count, 'slot is', 'slots are')} overdue"
        wrong.append(
            f"{begun}: schedule {first.schedule} in {first.place} was due at {clock(first.at)}, and no "
            f"process has taken it up. {LOG}"
        )
    if measured.first_stuck is not None:
        one = measured.first_stuck
        wrong.append(
            f"{_many(measured.stuck, 'post is', 'posts are')} beyond the time for trying: the one due at "
            f"{clock(one.slot)} in {one.place} {GOING_ON[one.state]}. {one.reason or LOG}"
        )
    if measured.first_late is not None:
        one = measured.first_late
        amiss.append(
            f"{_many(measured.late, 'post is', 'posts are')} late: the one due at {clock(one.slot)} in "
            f"{one.place} {GOING_ON[one.state]}. {one.reason or 'It waits for its turn.'}"
        )
    if measured.undeclared:
        amiss.append(measured.undeclared)
    return wrong, amiss


def _posting(posting: Posting, clock: Callable[[float], str]) -> list[str]:
    if posting.broken:
        return [f"The state cannot be used, and posts wait: {posting.broken.rstrip('.')}."]
    if posting.broken_since is not None:
        return [
            f"What becomes of posts cannot be recorded since {clock(posting.broken_since)}, so they wait."
        ]
    if not posting.working and not posting.standing_by:
        return ["Posting has not begun yet."]
    return []


def _many(count: int, one: str, more: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {more}"
