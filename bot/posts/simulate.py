"""What rules will do in a period: a line a slot, so that an operator sees it before it happens."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from bot.posts.when import Slot, When, slots
from bot.posts.zones import zone_of


def simulate(rules: Iterable[tuple[str, When]], first: date, last: date) -> Iterator[str]:
    """Yield a line for each slot of named rules, in order of time, on the local days `first` to `last`.

    A line has the local time with its offset, the same in UTC, the rule's name if it has one, and a remark
    where daylight saving moved the slot or one of two equal times was taken; two spaces part them.
    """
    periods = [_period(name, when, first, last) for name, when in rules]
    for slot, zone, name in heapq.merge(*periods, key=lambda one: one[0].at):
        local, utc = slot.at.astimezone(zone_of(zone)), slot.at.replace(tzinfo=None)
        yield "  ".join(
            part for part in (local.isoformat(), f"{utc.isoformat()}Z", name, slot.remark) if part
        )


def _period(name: str, when: When, first: date, last: date) -> Iterator[tuple[Slot, str, str]]:
    zone = zone_of(when.zone)
    midnight = datetime.combine(first, time(), zone)
    begin = min(midnight.astimezone(UTC), midnight.replace(fold=1).astimezone(UTC))
    for slot in slots(when, begin - timedelta(microseconds=1)):
        day = slot.at.astimezone(zone).date()
        if day > last:
            return
        # Where clocks skip midnight, `begin` is on the day before.
        if day >= first:
            yield slot, when.zone, name
