"""When a schedule posts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim


class WhenError(ValueError):
    """Words that name no times; the message is one sentence."""


class When(msgspec.Struct, frozen=True):
    """A rule: its words, its cron expression and its IANA time zone."""

    text: str
    cron: str
    zone: str


class Slot(msgspec.Struct, frozen=True):
    """An instant at which a rule holds."""

    at: datetime
    remark: str = ""


def read_when(words: str, default_zone: str = "") -> When:
    """Read a cron expression."""
    return When(words, words, default_zone)


def slots(when: When, after: datetime, until: datetime | None = None) -> Iterator[Slot]:
    """Yield the slots behind an instant."""
    for one in CronSim(when.cron, after.astimezone(ZoneInfo(when.zone))):
        at = one.astimezone(UTC)
        if until and at > until:
            return
        yield Slot(at)


def next_slot(when: When, after: datetime) -> datetime | None:
    """Return the first slot behind an instant."""
    return next((one.at for one in slots(when, after)), None)


def in_words(when: When) -> str:
    """Say a rule in words."""
    return f"{when.text}, {when.zone}"
