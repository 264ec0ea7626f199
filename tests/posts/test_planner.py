"""From schedules to posts: once, in time or not at all, whatever the clock does and whoever looks first."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import DAILY, NOON, PLACE, World

from bot.posts.planner import BATCH, COUNTED, HOLD_SECONDS, plan, slot_id
from bot.posts.records import PostState, Schedule, ScheduleState
from bot.posts.when import When, slots

EVERY_HOUR = When("every hour", "0 * * * *", "UTC")
OFTEN = When("every 5 minutes", "*/5 * * * *", "UTC")


def schedule(when: When, next_at: float, grace: int = 3_600) -> Schedule:
    return Schedule(
        id="s", place=PLACE, when=when, line="/briefing", grace=grace, made_at=NOON, next_at=next_at
    )


def hour(number: float) -> float:
    """Return an instant so many hours behind a full hour."""
    return (NOON // 3_600 + number) * 3_600


def test_nothing_is_due_before_its_time() -> None:
    assert plan(schedule(EVERY_HOUR, hour(1)), hour(0.9)) == ([], hour(1))
    assert plan(schedule(EVERY_HOUR, hour(1)), hour(1) - 0.001)[0] == []


def test_a_slot_in_time_is_posted() -> None:
    (post,), upcoming = plan(schedule(EVERY_HOUR, hour(1)), hour(1) + 0.4)
    assert (post.slot, post.state, upcoming) == (hour(1), PostState.WAITING, hour(2))
    assert post.id == slot_id("s", hour(1))


def test_a_slot_within_its_grace_is_made_good() -> None:
    (post,), upcoming = plan(schedule(EVERY_HOUR, hour(1), 1_800), hour(1.5))
    assert (post.state, upcoming) == (PostState.WAITING, hour(2))


def test_a_slot_beyond_its_grace_is_missed() -> None:
    (post,), upcoming = plan(schedule(EVERY_HOUR, hour(1), 1_800), hour(1.51))
    assert (post.state, post.count, post.ended_at) == (PostState.MISSED, 1, hour(1.51))
    assert upcoming == hour(2)


def test_of_several_slots_one_is_posted_and_the_others_are_one_record() -> None:
    missed, late = plan(schedule(EVERY_HOUR, hour(1)), hour(5.5))[0]
    assert (missed.state, missed.slot, missed.last_slot, missed.count) == (
        PostState.MISSED,
        hour(1),
        hour(4),
        4,
    )
    assert (late.state, late.slot) == (PostState.WAITING, hour(5))


def test_after_a_long_sleep_nothing_is_a_backlog() -> None:
    posts, upcoming = plan(schedule(OFTEN, hour(0), 60), hour(24 * 400) + 200)
    (missed,) = posts
    assert (missed.state, missed.count) == (PostState.MISSED, COUNTED)
    assert upcoming == hour(24 * 400) + 300
    posts, upcoming = plan(schedule(OFTEN, hour(0), 3_600), hour(24 * 400) + 200)
    assert [one.state for one in posts] == [PostState.MISSED, PostState.WAITING]
    assert posts[1].slot == hour(24 * 400)


def test_a_rule_that_has_come_to_its_end_is_asked_no_more() -> None:
    with patch("bot.posts.planner.slots", lambda when, after: iter(())):
        (post,), upcoming = plan(schedule(DAILY, hour(1)), hour(1))
    assert (post.state, upcoming) == (PostState.WAITING, None)


@given(
    st.integers(0, 5_000).map(lambda minutes: hour(0) + 300 * (minutes // 5)),
    st.integers(0, 500_000),
    st.sampled_from([60, 600, 3_600, 86_400]),
    st.sampled_from([EVERY_HOUR, OFTEN, DAILY]),
)
def test_every_slot_is_on_record_once(first: float, later: int, grace: int, when: When) -> None:
    start = next(slots(when, datetime.fromtimestamp(first, UTC))).at.timestamp()
    now = start + later
    posts, upcoming = plan(schedule(when, start, grace), now)
    begin = datetime.fromtimestamp(start, UTC) - timedelta(seconds=1)
    due = [one.at.timestamp() for one in slots(when, begin, datetime.fromtimestamp(now, UTC))]
    recorded = sum(one.count for one in posts)
    assert recorded == len(due) or (len(due) > COUNTED and recorded >= COUNTED)
    sent = [one for one in posts if one.state is PostState.WAITING]
    assert [one.slot for one in sent] == ([due[-1]] if now - due[-1] <= grace else [])
    assert upcoming is not None
    assert upcoming > now
    assert next(slots(when, datetime.fromtimestamp(now, UTC))).at.timestamp() == upcoming


async def test_what_is_due_is_enqueued_once_by_any_number_of_planners(world: World) -> None:
    await world.schedule()
    others = [world.new_planner() for _ in range(3)]
    for planner in (world.planner, *others, world.planner):
        await planner.tick()
    assert len(world.queue) == 1
    found = await world.store.schedule("morning")
    assert found is not None
    assert found.next_at is not None
    assert found.next_at > world.clock.now


async def test_more_than_a_batch_is_planned_in_one_round(world: World) -> None:
    for number in range(BATCH + 5):
        await world.schedule(f"s{number}")
    assert await world.planner.tick() == BATCH + 5
    assert len(world.queue) == BATCH + 5


async def test_paused_and_removed_schedules_are_not_planned(world: World) -> None:
    await world.schedule("paused", state=ScheduleState.PAUSED)
    await world.schedule("removed", state=ScheduleState.REMOVED)
    assert await world.planner.tick() == 0


async def test_a_clock_that_jumps_ahead_and_back_loses_nothing(world: World) -> None:
    await world.schedule(next_at=world.clock.now + 7_200)
    await world.planner.tick()
    world.clock.now += 86_400
    world.clock.elapsed += 1
    await world.planner.tick()
    world.clock.now -= 86_400
    world.clock.elapsed += HOLD_SECONDS / 2
    await world.planner.tick()
    assert world.queue == []
    world.clock.pass_(7_200)
    await world.planner.tick()
    assert len(world.queue) == 1


async def test_a_clock_that_jumps_ahead_and_stays_is_believed_after_a_while(world: World) -> None:
    await world.schedule(next_at=world.clock.now + 7_200)
    world.clock.now += 7_200
    await world.planner.tick()
    assert world.queue == []
    world.clock.pass_(HOLD_SECONDS)
    await world.planner.tick()
    assert len(world.queue) == 1


async def test_waking_up_is_no_jump(world: World) -> None:
    await world.schedule(next_at=world.clock.now + 7_200)
    world.clock.pass_(7_300)
    await world.planner.tick()
    assert len(world.queue) == 1


async def test_a_clock_set_back_doubles_nothing(world: World) -> None:
    await world.schedule()
    await world.planner.tick()
    await world.deliver()
    world.clock.now -= 3_600
    world.clock.elapsed += 100
    for _ in range(3):
        await world.planner.tick()
        world.clock.pass_(2_000)
    await world.deliver()
    assert len(world.chat.accepted) == 1


async def test_a_schedule_that_cannot_be_planned_holds_up_no_other(world: World) -> None:
    await world.schedule("broken", when=When("never", "61 * * * *", "UTC"), next_at=world.clock.now - 5)
    await world.schedule("sound")
    await world.planner.tick()
    assert [one.split(":")[1] for one in world.queue] == ["sound"]
    broken = await world.store.schedule("broken")
    assert broken is not None
    assert broken.state is ScheduleState.PAUSED
    ((_, _, notice),) = await world.store.notices()
    assert notice.startswith("The schedule broken could not be planned")


@pytest.mark.parametrize("seconds", [0.0, 3_599.0])
async def test_a_missed_slot_is_never_sent(world: World, seconds: float) -> None:
    await world.schedule(next_at=world.clock.now - 90_000 - seconds)
    await world.planner.tick()
    await world.deliver()
    states = [one.state for one in await world.ledger.history("morning")]
    assert PostState.MISSED in states
    assert world.chat.posts == len([one for one in states if one is PostState.POSTED])
