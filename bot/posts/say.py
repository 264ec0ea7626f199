"""Words that everything in the posts room shares: instants, states, and short replies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from bot.facts.humanise import humanise
from bot.posts.records import Post, PostState
from bot.posts.when import When, slots
from bot.reply import Action, Kind, Level, Line, Moment, Note, Reply, Span, Text, line

NEXT: Final = 3
"""Instants that are told ahead."""

STATES: Final = {
    PostState.WAITING: "waits to be written",
    PostState.SENDING: "is being sent",
    PostState.RETRYING: "did not arrive yet and is tried again",
    PostState.POSTED: "posted",
    PostState.QUIET: "left out: nothing had changed",
    PostState.MISSED: "missed",
    PostState.CANCELLED: "not sent: the schedule was paused or removed before",
    PostState.FAILED: "refused by the chat",
    PostState.UNKNOWN: "may have been posted: that could not be found out, so it was not sent again",
}
"""What became of a post, for somebody who does not run the bot."""


def moment(at: float, zone: str) -> Moment:
    """Return an instant (seconds since 1970) to show in the reader's zone, in words in its own."""
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    return Moment(f"{local:%A} {humanise(local.date().isoformat())}, {local:%H:%M} {zone}", int(at))


def clock(at: float, zone: str) -> str:
    """Return the wall time of an instant: 08:30."""
    return f"{datetime.fromtimestamp(at, ZoneInfo(zone)):%H:%M}"


def upcoming(when: When, now: float, count: int = NEXT) -> list[float]:
    """Return the next instants of a rule, in seconds since 1970."""
    return [one.at.timestamp() for one in islice(slots(when, datetime.fromtimestamp(now, UTC)), count)]


def moments(instants: Iterable[float], zone: str) -> list[Span]:
    """Return instants with semicolons between: each has commas inside."""
    spans: list[Span] = []
    for at in instants:
        spans += [Text("; ")] if spans else []
        spans.append(moment(at, zone))
    return spans


def outcome(post: Post, zone: str) -> Line:
    """Say one post: when it was due, what became of it, and why."""
    spans: list[Span] = [moment(post.slot, zone)]
    if post.count > 1 and post.last_slot is not None:
        spans += [Text(" to "), moment(post.last_slot, zone), Text(f", {post.count:,} posts")]
    asked = ", asked for by hand" if post.id.startswith("now:") else ""
    reason = f" — {post.reason}" if post.reason else ""
    return Line((*spans, Text(f"{asked}: {STATES[post.state]}{reason}")))


def say(kind: Kind, title: str, sentence: str, *actions: Action) -> Reply:
    """Return a reply of one sentence or two."""
    level = Level.WARNING if kind is Kind.FAILURE else Level.INFO
    return Reply(
        kind=kind, title=title, summary=sentence, blocks=(Note(line(sentence), level),), actions=actions
    )


def refuse(sentence: str, *actions: Action) -> Reply:
    """Say that nothing was changed, and why."""
    return say(Kind.USAGE, "Nothing was changed", sentence, *actions)


def made_by(user: str, reader: str) -> str:
    """Say who made something: the platform's id, unless it was the reader."""
    return "you" if user and user == reader else user or "the operator"
