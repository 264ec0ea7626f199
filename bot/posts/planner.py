"""From schedules to posts: what is due is recorded and enqueued once, whoever looks first.

What could not be posted in time is never made good by a heap of posts: the latest slot is, if it is within
its grace, and the ones before it are recorded as missed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Final

import structlog
from sqlalchemy import select, update

from bot.posting import Place
from bot.posts import tables
from bot.posts.ledger import Ledger
from bot.posts.records import Post, PostState, Schedule, ScheduleState
from bot.posts.rows import read_place, read_schedule
from bot.posts.store import Store
from bot.posts.when import slots

BATCH: Final = 200
"""Schedules taken in one transaction: the others are not kept waiting for long."""

COUNTED: Final = 1_000
"""Missed slots in a row that are counted one by one."""

STEP_SECONDS: Final = 120.0
"""How far the clock may move against the time that really went by before it is taken to have been set."""

HOLD_SECONDS: Final = 60.0
"""How long nothing is planned after the clock was set: it may be set back."""

MISSED: Final = "The bot was not running, or could not post, when this was due."

log = structlog.get_logger(__name__)


def slot_id(schedule_id: str, instant: float) -> str:
    """Return the id of a slot's post: the same for whoever works it out."""
    return f"schedule:{schedule_id}:{datetime.fromtimestamp(instant, UTC):%Y-%m-%dT%H:%M:%SZ}"


def plan(schedule: Schedule, now: float) -> tuple[list[Post], float | None]:
    """Return the posts that a schedule's passed slots come to, and its first slot after now.

    There is at most one that is to be sent, the last, and at most one that stands for all missed ones.
    """
    first = schedule.next_at
    if first is None or first > now:
        return [], first
    due, last, upcoming = _passed(schedule, first, now)
    in_time = now - last <= schedule.grace
    missed = [one for one in due if one != last] if in_time else due
    made: list[Post] = []
    if missed:
        made.append(
            Post(
                id=slot_id(schedule.id, missed[0]),
                schedule=schedule.id,
                place=schedule.place,
                slot=missed[0],
                last_slot=missed[-1] if len(missed) > 1 else None,
                count=len(missed),
                state=PostState.MISSED,
                reason=MISSED,
                ended_at=now,
            )
        )
    if in_time:
        post_id = slot_id(schedule.id, last)
        made.append(Post(id=post_id, schedule=schedule.id, place=schedule.place, slot=last))
    return made, upcoming


def _passed(schedule: Schedule, first: float, now: float) -> tuple[list[float], float, float | None]:
    """Return the slots up to now, at most :data:`COUNTED` of them, the very last, and the next."""
    due = [first]
    for slot in slots(schedule.when, datetime.fromtimestamp(first, UTC)):
        instant = slot.at.timestamp()
        if instant > now:
            return due, due[-1], instant
        if len(due) == COUNTED:
            return due, *_jump(schedule, now)
        due.append(instant)
    return due, due[-1], None


def _jump(schedule: Schedule, now: float) -> tuple[float, float | None]:
    """Return the last slot up to now and the first one after it, without a walk through all before."""
    last = schedule.next_at or now
    back = 3_600.0
    while back < now - last:
        start = datetime.fromtimestamp(now - back, UTC)
        near = [one.at.timestamp() for one in islice(slots(schedule.when, start), COUNTED)]
        before = [one for one in near if one <= now]
        if before:
            after = [one for one in near if one > now]
            return before[-1], after[0] if after else None
        back *= 4
    ahead = next(slots(schedule.when, datetime.fromtimestamp(now, UTC)), None)
    return last, ahead.at.timestamp() if ahead else None


class Planner:
    """Looks for what is due. `now` is in seconds since 1970, `elapsed` counts seconds that went by."""

    def __init__(
        self, store: Store, ledger: Ledger, now: Callable[[], float], elapsed: Callable[[], float]
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._now = now
        self._elapsed = elapsed
        self._seen = (now(), elapsed())
        self._held_until = 0.0

    async def tick(self) -> int:
        """Record and enqueue what is due now; return how many schedules were looked at."""
        if self._clock_was_set():
            return 0
        looked = 0
        while True:
            count = await self._batch(self._now())
            looked += count
            if count < BATCH:
                return looked

    def _clock_was_set(self) -> bool:
        """Say whether to wait: a clock that jumps ahead and back would miss slots that are still to come.

        Time that the machine slept did go by, so waking up is no jump.
        """
        now, elapsed = self._now(), self._elapsed()
        step = (now - self._seen[0]) - (elapsed - self._seen[1])
        self._seen = (now, elapsed)
        if abs(step) > STEP_SECONDS:
            log.warning("the clock was set", seconds=round(step), planning_again_in=HOLD_SECONDS)
            self._held_until = elapsed + HOLD_SECONDS
        return elapsed < self._held_until

    async def _batch(self, now: float) -> int:
        schedule = tables.schedule.c
        due = (
            select(tables.schedule)
            .where(schedule.state == ScheduleState.ACTIVE.value, schedule.next_at <= now)
            .order_by(schedule.next_at)
            .limit(BATCH)
        )
        # Twice a second there is nothing: that is found out without the lock that writing takes.
        async with self._store.reading() as connection:
            if (await connection.execute(due.limit(1))).first() is None:
                return 0
        locked = due.with_for_update(skip_locked=True)
        broken: list[tuple[str, Place]] = []
        async with self._store.begin() as connection:
            rows = (await connection.execute(locked)).all()
            for row in rows:
                try:
                    one = read_schedule(row)
                    posts, upcoming = plan(one, now)
                except Exception:
                    # One rule that breaks must not keep all others from being posted.
                    log.exception("a schedule could not be planned; it is paused", schedule=row.id)
                    paused = update(tables.schedule).where(schedule.id == row.id)
                    await connection.execute(paused.values(state=ScheduleState.PAUSED.value))
                    broken.append((row.id, read_place(row)))
                    continue
                for post in posts:
                    await self._ledger.put(connection, post)
                moved = update(tables.schedule).where(schedule.id == one.id, schedule.next_at == one.next_at)
                await connection.execute(moved.values(next_at=upcoming))
        for name, place in broken:
            text = f"The schedule {name} could not be planned and is paused; the log says why. Add it anew."
            await self._ledger.notify(text, Post(id=name, schedule=name, place=place, slot=now))
        return len(rows)
