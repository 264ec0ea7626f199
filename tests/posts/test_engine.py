"""The queue and its engine, the real DBOS: once each, one at a time in a place, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from dbos import DBOS
from waiting import until

import bot.posts.engine
from bot.posting import Place
from bot.posts.engine import Engine
from bot.posts.ledger import Ledger
from bot.posts.queue import Queue
from bot.posts.records import Post, PostState
from bot.posts.slots import slots_of
from bot.posts.store import Store

NOW = 1_800_000_000.0


def post(name: str, channel: str = "C1", platform: str = "slack") -> Post:
    place = Place(platform=platform, workspace="T1", channel=channel)
    return Post(id=f"schedule:{name}", schedule="s", place=place, slot=NOW)


class House:
    """A queue, and what the engine delivered from it. What is in `held` waits until it is taken out."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.queue = Queue(store)
        self.ledger = Ledger(store, lambda: NOW)
        self.ledger.enqueue = self.queue.enqueue
        self.slots = slots_of(store)
        self.begun: list[str] = []
        self.done: list[str] = []
        self.held: set[str] = set()
        self.cancels: set[str] = set()
        self.engine = self.new_engine()

    def new_engine(self) -> Engine:
        return Engine(self.queue.url, self.slots, self.deliver, ["slack", "discord"], poll_seconds=0.02)

    async def deliver(self, post_id: str) -> None:
        name = post_id.removeprefix("schedule:")
        self.begun.append(name)
        if name in self.cancels:
            self.cancels.discard(name)
            raise asyncio.CancelledError
        await until(lambda: name not in self.held)
        self.done.append(name)

    async def put(self, *posts: Post) -> None:
        for one in posts:
            async with self.store.begin() as connection:
                await self.ledger.put(connection, one)

    @contextlib.asynccontextmanager
    async def running(self, drain: float = 0.0) -> AsyncIterator[Engine]:
        """Run an engine; whatever happens, it is stopped at the end."""
        slot = await self.slots.take()
        assert slot == "1"
        self.engine = self.new_engine()
        try:
            await self.engine.start(slot)
            yield self.engine
        finally:
            await self.engine.stop(drain)
            await self.slots.release()

    async def are_done(self, *names: str) -> None:
        await until(lambda: sorted(self.done) == sorted(names), f"{names} of {self.done}")


@pytest.fixture
async def house(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(bot.posts.engine, "UNUSED_POLL_SECONDS", 0.02)
    store = Store(database)
    await store.open()
    made = House(store)
    await made.queue.open()
    yield made
    await made.queue.close()
    await store.close()


async def statuses(house: House) -> dict[str, str]:
    found = await asyncio.to_thread(DBOS.list_workflows)
    return {one.workflow_id.removeprefix("schedule:"): one.status for one in found}


async def test_enqueued_twice_is_carried_out_once(house: House) -> None:
    await house.put(post("a"), post("a"))
    async with house.store.begin() as connection:
        await house.queue.enqueue(connection, post("a"))
    async with house.running():
        await house.are_done("a")
        await house.put(post("a"), post("b"))
        async with house.store.begin() as connection:
            await house.queue.enqueue(connection, post("a"))
        await house.are_done("a", "b")


async def test_an_enqueueing_that_is_rolled_back_leaves_nothing(house: House) -> None:
    with contextlib.suppress(RuntimeError):
        async with house.store.begin() as connection:
            await house.ledger.put(connection, post("a"))
            raise RuntimeError
    await house.put(post("b"))
    async with house.running():
        await house.are_done("b")
        assert set(await statuses(house)) == {"b"}
    assert await house.ledger.post("schedule:a") is None


async def test_what_has_ended_is_not_enqueued(house: House) -> None:
    missed = Post(id="schedule:a", place=post("a").place, slot=NOW, state=PostState.MISSED, ended_at=NOW)
    await house.put(missed, post("b"))
    async with house.running():
        await house.are_done("b")


async def test_a_place_that_hangs_holds_up_no_other_and_each_keeps_its_order(house: House) -> None:
    house.held = {"a1"}
    others = [post(f"{channel}{n}", channel) for n in (1, 2, 3) for channel in "bcd"]
    await house.put(post("a1", "a"), post("a2", "a"), *others, post("e1", "a", "discord"))
    async with house.running():
        await house.are_done(*(one.id.removeprefix("schedule:") for one in others), "e1")
        assert "a2" not in house.begun
        house.held.clear()
        await until(lambda: len(house.done) == 12)
    for channel in "abcd":
        own = [name for name in house.done if name.startswith(channel)]
        assert own == sorted(own)


async def test_what_was_under_way_goes_on_at_the_next_start(house: House) -> None:
    house.held = {"a1", "b1"}
    await house.put(post("a1", "a"), post("a2", "a"), post("b1", "b"), post("c1", "c"))
    async with house.running():
        await house.are_done("c1")
        await until(lambda: house.engine.under_way == 2)
    assert house.engine.under_way == 0
    house.held.clear()
    async with house.running():
        await house.are_done("a1", "a2", "b1", "c1")
    assert sorted(house.begun) == ["a1", "a1", "a2", "b1", "b1", "c1"]


async def test_stopping_lets_what_is_under_way_end_and_begins_nothing(house: House) -> None:
    house.held = {"a1"}
    await house.put(post("a1", "a"), post("a2", "a"))
    async with house.running():
        await until(lambda: house.engine.under_way)
        stopping = asyncio.create_task(house.engine.stop(30.0))
        await until(lambda: house.engine._stopping)
        house.held.clear()
        await stopping
    assert house.begun == house.done == ["a1"]
    async with house.running():
        await house.are_done("a1", "a2")


async def test_stopping_waits_no_longer_than_it_is_told(house: House) -> None:
    house.held = {"a1"}
    await house.put(post("a1", "a"))
    async with house.running(drain=0.05):
        await until(lambda: house.engine.under_way)
    assert house.done == []
    # The event loop's own threads work again.
    assert await asyncio.to_thread(lambda: 1) == 1


async def test_what_a_process_has_but_does_not_work_on_is_taken_up_again(house: House) -> None:
    house.cancels = {"a1"}
    await house.put(post("a1", "a"), post("a2", "a"))
    async with house.running() as engine:
        await until(lambda: house.begun == ["a1"])
        await until(lambda: not engine.under_way)
        assert (await statuses(house))["a1"] == "PENDING"
        assert await engine.take_over() == 0
        assert await engine.take_over() == 1
        await house.are_done("a1", "a2")


async def test_what_is_worked_on_is_not_taken_up_again(house: House) -> None:
    house.held = {"a1"}
    await house.put(post("a1", "a"))
    async with house.running() as engine:
        await until(lambda: engine.under_way)
        assert [await engine.take_over() for _ in range(3)] == [0, 0, 0]
        house.held.clear()
        await house.are_done("a1")
    assert house.begun == ["a1"]


async def test_a_post_handed_out_twice_is_not_worked_on_twice_at_once(house: House) -> None:
    house.held = {"a1"}
    await house.put(post("a1", "a"))
    async with house.running() as engine:
        await until(lambda: engine.under_way)
        await asyncio.to_thread(DBOS.resume_workflows, ["schedule:a1"], queue_name="posts-slack")
        # It is handed out anew: only its turn is still to come.
        await until(lambda: _pending(house), "handed out anew")
        assert house.begun == ["a1"]
        house.held.clear()
        await house.are_done("a1", "a1")


async def _pending(house: House) -> bool:
    return (await statuses(house))["a1"] == "PENDING"


async def test_what_nobody_holds_is_taken_over_from_the_dead(house: House) -> None:
    if house.store.is_sqlite:
        return  # a SQLite file has one slot
    house.held = {"a1"}
    await house.put(post("a1", "a"), post("a2", "a"))
    async with house.running():
        await until(lambda: house.engine.under_way)
    # What that left undone belongs to slot 1, which stays free: this engine holds slot 2.
    house.held.clear()
    blocker = slots_of(house.store)
    assert await blocker.take() == "1"
    assert await house.slots.take() == "2"
    engine = house.new_engine()
    try:
        await engine.start("2")
        assert await engine.take_over() == 0
        await blocker.release()
        assert await engine.take_over() == 1
        await house.are_done("a1", "a2")
    finally:
        await engine.stop()
        await house.slots.release()


async def test_a_delivery_that_raises_is_no_end_of_the_engine(house: House) -> None:
    async def fail(post_id: str) -> None:
        if post_id == "schedule:a1":
            raise RuntimeError("broken")
        house.done.append(post_id.removeprefix("schedule:"))

    house.deliver = fail  # type: ignore[method-assign]
    await house.put(post("a1", "a"), post("a2", "a"))
    async with house.running():
        await house.are_done("a2")


async def test_the_records_of_old_work_are_deleted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.posts.engine, "FORGOTTEN_AT_ONCE", 2)
    house.held = {"b1"}
    await house.put(*(post(f"a{n}", "a") for n in range(5)), post("b1", "b"))
    async with house.running() as engine:
        await until(lambda: len(house.done) == 5)
        await until(lambda: _all_recorded(5))
        await engine.forget()
        assert len(await statuses(house)) == 6
        monkeypatch.setattr(bot.posts.engine, "KEPT", timedelta(seconds=-60))
        await engine.forget()
        assert set(await statuses(house)) == {"b1"}
        # Its id is free again in the queue, but not in the ledger.
        await house.put(post("a1", "a"))
        assert set(await statuses(house)) == {"b1"}
        house.held.clear()


async def _all_recorded(count: int) -> bool:
    found: list[Any] = await asyncio.to_thread(DBOS.list_workflows, status="SUCCESS")
    return len(found) == count


async def test_a_queue_that_is_not_open_says_so(database: str) -> None:
    store = Store(database)
    await store.open()
    with pytest.raises(RuntimeError, match="not been opened"):
        async with store.begin() as connection:
            await Queue(store).enqueue(connection, post("a"))
    await store.close()


async def test_starting_does_not_hold_up_the_loop_while_another_writes(house: House) -> None:
    slot = await house.slots.take()
    assert slot is not None
    starting = asyncio.create_task(house.engine.start(slot))
    async with asyncio.timeout(20):
        while not starting.done():
            async with house.store.begin() as connection:
                await house.ledger.put(connection, post("a"))
                for _ in range(10):
                    await asyncio.to_thread(lambda: None)
        await starting
        await house.are_done("a")
    await house.engine.stop()
    await house.slots.release()


async def test_processes_that_start_together_all_open_a_new_state(database: str) -> None:
    stores = [Store(database) for _ in range(4)]
    queues = [Queue(one) for one in stores]

    async def open_both(store: Store, queue: Queue) -> None:
        await store.open()
        await queue.open()

    async with asyncio.timeout(60):
        await asyncio.gather(*map(open_both, stores, queues))
    for one, other in zip(queues, stores, strict=True):
        await one.close()
        await other.close()


async def test_a_start_that_is_cancelled_comes_to_its_end_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on, launched = threading.Event(), threading.Event(), threading.Event()

    def launch(*_: object) -> None:
        entered.set()
        go_on.wait()
        launched.set()
        raise RuntimeError("nobody hears this")

    engine = house.new_engine()
    monkeypatch.setattr(engine, "_launch", launch)
    starting = asyncio.create_task(engine.start("1"))
    await until(entered.is_set)
    starting.cancel()
    await asyncio.wait([starting], timeout=0.05)
    assert not starting.done()

    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert launched.is_set()
