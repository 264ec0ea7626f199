"""Schedules and their delivery against a small model, through anything that may happen between two steps.

The model knows when which schedule was active, and what the chat really took. It never looks into the code.
"""

import asyncio
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from world import Killed, World, fail, lose, new_world, take

from bot.posting import Outcome, Place, PostError
from bot.posts.planner import plan, slot_id
from bot.posts.records import ENDED, PostState, Schedule, ScheduleState
from bot.posts.when import When

EVERY = (
    When("every 5 minutes", "*/5 * * * *", "UTC"),
    When("every hour", "0 * * * *", "Asia/Kolkata"),
    When("every day 02:30", "30 2 * * *", "Europe/Berlin"),
)
STEPS = {
    "taken": take,
    "refused for now": fail(Outcome.TRANSIENT),
    "a long pause": fail(Outcome.TRANSIENT, retry_after=4_000.0),
    "one page, then refused": fail(Outcome.TRANSIENT, stands=1),
    "lost before": lose(0),
    "lost after one page": lose(1),
    "lost behind all": lose(2),
    "accepted late": lose(2, late=25.0),
    "killed before": lose(0, error=Killed),
    "killed after one page": lose(1, error=Killed),
    "killed behind all": lose(2, error=Killed),
    "killed, accepted late": lose(2, late=25.0, error=Killed),
    "refused for good": fail(Outcome.PERMANENT),
}


class Posts(RuleBasedStateMachine):
    schedules = Bundle("schedules")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.world: World = self.runner.run(self.stack.enter_async_context(new_world(Path(self.folder.name))))
        self.world.chat.pages = 2
        self.slots: dict[str, int] = Counter()
        """How many slots of each schedule have been planned, by the model's own count."""
        self.stopped: dict[str, float] = {}
        """When a schedule that posts no more was paused or removed."""
        self.unreadable = False

    def teardown(self) -> None:
        self.runner.run(self._settle())
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    async def _settle(self) -> None:
        """In a quiet world everything comes to its end, and every end is true."""
        world = self.world
        world.chat.script, world.chat.find_script = [], []
        await self._tick()
        await world.deliver()
        world.chat.settle()
        stands = Counter(key for _, _, key, _ in world.chat.accepted)
        for schedule in await world.store.schedules(removed=True):
            posts = await world.ledger.history(schedule.id, 10_000)
            assert (
                sum(one.count for one in posts if one.id.startswith("schedule:")) == self.slots[schedule.id]
            )
            for one in posts:
                assert one.state in ENDED, one
                if one.state is PostState.POSTED:
                    assert stands[one.id] == 2, one
                    assert one.reference is not None
                    assert set(one.reference.messages) == {1, 2}
                elif one.state in {PostState.MISSED, PostState.CANCELLED, PostState.QUIET}:
                    assert stands[one.id] == 0, one
                elif one.state is PostState.FAILED:
                    assert stands[one.id] < 2, one
                assert one.reason or one.state is PostState.POSTED

    async def _tick(self) -> None:
        """Plan with two planners, and count by hand what that must have come to."""
        world = self.world
        for schedule in await world.store.schedules():
            if schedule.state is ScheduleState.ACTIVE:
                self.slots[schedule.id] += sum(one.count for one in plan(schedule, world.clock.now)[0])
        await asyncio.gather(world.planner.tick(), world.new_planner().tick())

    @initialize(target=schedules)
    def first(self) -> object:
        return self.add(EVERY[0], 3_600, 0)

    @rule(
        target=schedules,
        when=st.sampled_from(EVERY),
        grace=st.sampled_from([60, 3_600, 86_400]),
        channel=st.integers(0, 1),
    )
    def add(self, when: When, grace: int, channel: int) -> object:
        name = f"s{len(self.slots)}"
        self.slots[name] = 0
        place = Place(platform="slack", workspace="T1", channel=f"C{channel}")
        world = self.world
        made = self.runner.run(
            world.schedule(name, when=when, grace=grace, place=place, next_at=world.clock.now + 60)
        )
        return made.id

    @rule(seconds=st.sampled_from([1, 59, 61, 301, 1_000, 3_700, 86_500, 200_000]))
    def wait(self, seconds: int) -> None:
        self.world.clock.pass_(seconds)

    @rule()
    def tick(self) -> None:
        self.runner.run(self._tick())

    @rule(seconds=st.sampled_from([0, 1, 59, 3_500]))
    def a_slot_comes(self, seconds: int) -> None:
        async def come() -> None:
            world = self.world
            upcoming = [one.next_at for one in await world.store.schedules() if one.next_at]
            world.clock.pass_(max(0, min(upcoming, default=0) - world.clock.now) + seconds)
            await self._tick()

        self.runner.run(come())

    @rule(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=4), unreadable=st.booleans())
    def deliver(self, steps: list[str], unreadable: bool) -> None:
        """Work on the first post of the queue; a kill leaves it there for another process."""
        world = self.world
        if not world.queue:
            return
        world.chat.script = [STEPS[one] for one in steps]
        if unreadable:
            world.chat.find_script = [PostError(Outcome.TRANSIENT, "Slack is down.")] * 2
        try:
            self.runner.run(world.new_delivery()(world.queue[0]))
        except Killed:
            return
        del world.queue[0]

    @rule()
    def deliver_all(self) -> None:
        """Work on the queue while the chat takes everything."""
        self.world.chat.script, self.world.chat.find_script = [], []
        self.runner.run(self.world.deliver())

    @rule(schedule=schedules, state=st.sampled_from([ScheduleState.PAUSED, ScheduleState.REMOVED]))
    def stop(self, schedule: str, state: ScheduleState) -> None:
        if self.runner.run(self.world.store.set_state(schedule, state, None)):
            self.stopped.setdefault(schedule, self.world.clock.now)
            self.world.clock.pass_(1)

    @rule(schedule=schedules)
    def resume(self, schedule: str) -> None:
        async def resume() -> None:
            store = self.world.store
            found = await store.schedule(schedule)
            assert isinstance(found, Schedule)
            if found.state is ScheduleState.PAUSED:
                await store.set_state(schedule, ScheduleState.ACTIVE, self.world.clock.now + 60)
                await store.reopen(found.place.key)
                self.stopped.pop(schedule, None)

        self.runner.run(resume())

    @invariant()
    def nothing_is_doubled(self) -> None:
        taken = Counter((key, page) for _, _, key, page in self.world.chat.accepted)
        assert not [one for one, count in taken.items() if count > 1]

    @invariant()
    def nothing_is_posted_after_a_stop(self) -> None:
        for at, _, key, _ in self.world.chat.accepted:
            stopped = self.stopped.get(key.split(":")[1])
            if stopped is not None and at > stopped:
                post = self.runner.run(self.world.ledger.post(key))
                assert post is not None
                assert post.intent_at is not None
                assert post.intent_at <= stopped

    @invariant()
    def what_is_posted_was_due(self) -> None:
        for at, _, key, _ in self.world.chat.accepted:
            assert key == slot_id(key.split(":")[1], _slot(key))
            assert at >= _slot(key)


def _slot(key: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(key.split(":", 2)[2]).timestamp()


TestPosts = Posts.TestCase
TestPosts.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
