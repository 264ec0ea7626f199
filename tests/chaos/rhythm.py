"""The rule of schedules in a storm: every few seconds, where the real ones allow five minutes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.posts.when import Slot, When


def every(seconds: int, offset: int) -> When:
    """Return a rule that holds each `seconds` seconds, `offset` behind the full ones."""
    return When(f"every {seconds} seconds", f"{seconds} {offset}", "UTC")


def slots(when: When, after: datetime, until: datetime | None = None) -> Iterator[Slot]:
    """Yield the instants of such a rule behind another; stands in for :func:`bot.posts.when.slots`."""
    end = until.timestamp() if until else math.inf
    instant = following(when, after.timestamp())
    while instant <= end:
        yield Slot(datetime.fromtimestamp(instant, UTC))
        instant = following(when, instant)


def following(when: When, instant: float) -> float:
    """Return the first instant of a rule behind another, in seconds since 1970."""
    seconds, offset = map(int, when.cron.split())
    return (math.floor((instant - offset) / seconds) + 1) * seconds + offset
