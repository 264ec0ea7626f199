"""What is admitted once, in both databases and by many at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from front import NOW
from sqlalchemy import insert
from world import DAILY, PLACE

from bot.posts import tables
from bot.posts.declared import reconcile
from bot.posts.records import Origin, Schedule, ScheduleState, Watch
from bot.posts.store import Store

MADE = Schedule(id="due-1", place=PLACE, when=DAILY, line="/due", grace=3_600, made_at=NOW, next_at=NOW + 60)
SEEN = Watch(
    id="gref-1", place=PLACE, kind="entity", dossier="d", thing="gref", label="Gref", since=1, made_at=NOW
)


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    made = Store(database)
    await made.open()
    yield made
    await made.close()


def another(number: int, **changes: object) -> Schedule:
    return msgspec.structs.replace(MADE, id=f"due-{number}", **changes)


async def test_of_many_at_once_one_is_kept(store: Store) -> None:
    found = await asyncio.gather(*(store.admit_schedule(another(number), 50) for number in range(8)))

    (kept,) = await store.schedules()
    assert sorted(found) == sorted(["", *[kept.id] * 7])


async def test_no_more_than_so_many_are_kept(store: Store) -> None:
    lines = (another(number, line=f"/due {number}") for number in range(8))

    found = await asyncio.gather(*(store.admit_schedule(one, 3) for one in lines))

    assert sorted(found) == ["", "", "", *["full"] * 5]
    assert len(await store.schedules()) == 3


async def test_what_was_removed_makes_room_and_keeps_its_id(store: Store) -> None:
    await store.admit_schedule(MADE, 1)
    await store.set_state(MADE.id, ScheduleState.REMOVED, None)

    assert await store.admit_schedule(MADE, 1) == "taken"
    assert await store.admit_schedule(another(2), 1) == ""


async def test_watches_are_admitted_once_with_what_counts_as_told(store: Store) -> None:
    again = msgspec.structs.replace(SEEN, id="gref-2")

    found = await asyncio.gather(
        store.admit_watch(SEEN, 50, ["added:a"]), store.admit_watch(again, 50, ["added:a"])
    )

    (kept,) = await store.watches()
    assert sorted(found) == sorted(["", kept.id])
    assert await store.told(kept.id) == {"added:a"}
    other = msgspec.structs.replace(SEEN, id="x", thing="other")
    assert await store.admit_watch(other, 1) == "full"
    assert await store.remove_watch(kept.id)
    assert await store.told(kept.id) == set()


async def test_processes_that_reconcile_at_once_agree(store: Store) -> None:
    declared = [another(number, origin=Origin.CONFIG, line=f"/due {number}") for number in range(5)]

    done = await asyncio.gather(*(reconcile(declared, store, NOW) for _ in range(6)))

    assert sorted(len(one.added) for one in done) == [0, 0, 0, 0, 0, 5]
    assert await store.schedules() == declared


async def test_resuming_opens_the_place_with_the_schedule_or_not_at_all(store: Store) -> None:
    from bot.posts import tables

    await store.add_schedule(MADE)
    async with store.begin() as connection:
        row = {"place": PLACE.key, "reason": "Archived.", "at": NOW}
        await connection.execute(tables.closed.insert().values(row))

    assert not await store.set_state("nobody", ScheduleState.ACTIVE, NOW, reopen=PLACE.key)
    assert await store.closed() == {PLACE.key: "Archived."}
    assert await store.set_state(MADE.id, ScheduleState.ACTIVE, NOW, reopen=PLACE.key)
    assert await store.closed() == {}


async def test_a_place_where_somebody_asks_for_posts_again_is_tried_again(store: Store) -> None:
    closed = {"place": PLACE.key, "reason": "The bot was not in it.", "at": NOW}
    for is_watch in (False, True):
        async with store.begin() as connection:
            await connection.execute(insert(tables.closed).values(closed))
        assert await (store.admit_watch(SEEN, 5) if is_watch else store.admit_schedule(MADE, 5)) == ""
        assert await store.closed() == {}
