"""Who posts: one slot each, let go of by death and by nothing else, and taken over."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from posters import Scene, new_scene
from postgres import Cluster
from sqlalchemy.exc import OperationalError
from waiting import until

from bot.posts.slots import CLASS, COUNT, DatabaseSlots, FileSlot
from bot.posts.store import Store

needs_postgresql = pytest.mark.postgresql


@pytest.fixture
async def scene(database: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with new_scene(database, tmp_path) as made:
        yield made


@pytest.fixture
def server(postgresql: Cluster) -> str:
    return postgresql.database()


def database_slots(url: str, count: int = COUNT) -> DatabaseSlots:
    return DatabaseSlots(Store(url).url, count)


# --- a file's slot -----------------------------------------------------------------------------------------


async def test_a_file_has_one_slot_and_says_who_has_it(tmp_path: Path) -> None:
    one, other = FileSlot(tmp_path / "state.db.posting"), FileSlot(tmp_path / "state.db.posting")
    assert not await one.held()
    assert await one.take() == "1"
    assert await one.take() == "1"
    assert await one.held()
    assert await other.take() is None
    assert not await other.held()
    assert f"process {os.getpid()} on " in await other.holder()
    async with one.free_others() as free:
        assert free == []
    await one.release()
    await one.release()
    assert await other.take() == "1"
    await other.release()


async def test_who_holds_it_is_guessed_where_that_cannot_be_read(tmp_path: Path) -> None:
    assert await FileSlot(tmp_path / "nothing").holder() == "another process"
    (tmp_path / "empty").touch()
    assert await FileSlot(tmp_path / "empty").holder() == "another process"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite://"])
def test_a_state_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="outlives"):
        Store(url)


async def test_a_folder_that_takes_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await FileSlot(tmp_path / "nowhere" / "state.db.posting").take()


# --- a database's slots ------------------------------------------------------------------------------------


@needs_postgresql
async def test_a_database_has_several_slots(server: str) -> None:
    one, two, three = (database_slots(server, 2) for _ in range(3))
    assert not await one.held()
    assert [await one.take(), await two.take(), await three.take()] == ["1", "2", None]
    assert [await one.held(), await two.held(), await three.held()] == [True, True, False]
    assert await three.holder() == "other processes"
    await one.release()
    assert not await one.held()
    assert await three.take() == "1"
    await two.release()
    await three.release()


@needs_postgresql
async def test_free_slots_are_held_while_they_are_looked_at(server: str) -> None:
    one, two, three = (database_slots(server, 3) for _ in range(3))
    await one.take()
    await two.take()
    async with one.free_others() as free:
        assert free == ["3"]
        assert await three.take() is None
        async with two.free_others() as same:
            assert same == []
    assert await three.take() == "3"
    for slots in (one, two, three):
        await slots.release()


@needs_postgresql
async def test_a_slot_is_lost_with_its_session(server: str) -> None:
    slots = database_slots(server)
    await slots.take()
    terminate(server)
    assert not await slots.held()
    assert not await slots.held()
    await slots.release()
    assert await slots.take() == "1"
    assert await slots.held()
    await slots.release()


@needs_postgresql
async def test_the_server_looks_whether_the_holder_is_still_there(server: str) -> None:
    slots = database_slots(server)
    await slots.take()
    assert slots._connection is not None
    for name, value in (("idle", "10"), ("interval", "5"), ("count", "4")):
        shown = await slots._connection.exec_driver_sql(f"SHOW tcp_keepalives_{name}")
        assert shown.scalar() == value
    await slots.release()


@needs_postgresql
async def test_many_may_ask_at_once_whether_it_is_held(server: str) -> None:
    slots = database_slots(server)
    await slots.take()
    assert all(await asyncio.gather(*(slots.held() for _ in range(200))))
    terminate(server)
    assert not any(await asyncio.gather(*(slots.held() for _ in range(200))))
    await slots.release()


@needs_postgresql
async def test_a_database_that_is_away_is_said() -> None:
    with pytest.raises(OperationalError):
        await database_slots("postgresql://nobody@127.0.0.1:1/nothing").take()


def terminate(url: str, *slots: int) -> int:
    """End the sessions that hold slots (all, or these), as a restart of the server does; return how many."""
    with psycopg.connect(url, autocommit=True) as connection:
        query = (
            "SELECT pid, objid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        found = connection.execute(query, [CLASS]).fetchall()
        pids = {pid for pid, slot in found if not slots or slot in slots}
        for pid in pids:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    return len(pids)


# --- processes ---------------------------------------------------------------------------------------------


async def test_what_a_process_left_undone_goes_on_when_it_is_started_again(scene: Scene) -> None:
    first = await scene.start()
    await first.is_posting()
    mute, deaf = await scene.schedule("mute"), await scene.schedule("deaf")
    await until(lambda: scene.accepted(deaf), "the chat has accepted one")
    await until(lambda: _intended(scene, mute), "the other is being sent")
    await first.kill()
    # Its answer was lost; this chat answers from now on.
    await _rename(scene, mute, "fair")
    second = await scene.start()
    assert [one[0] for one in await scene.is_posted(mute)] == [second.pid]
    assert [one[0] for one in await scene.is_posted(deaf)] == [first.pid]


async def _intended(scene: Scene, schedule: str) -> bool:
    return bool(await scene.ledger.under_way(schedule))


async def _rename(scene: Scene, schedule: str, channel: str) -> None:
    """Let a post that is under way go to another channel; its place in the queue stays the same."""
    async with scene.store.begin() as connection:
        query = f"UPDATE posts_post SET channel = '{channel}' WHERE schedule = '{schedule}'"
        await connection.exec_driver_sql(query)


async def test_another_process_takes_over_from_one_that_is_dead_for_good(scene: Scene) -> None:
    first = await scene.start()
    await first.is_posting()
    second = await scene.start()
    if scene.store.is_sqlite:
        await second.is_standing_by()
        assert second.stands_by.startswith(f"process {first.pid} on ")
    else:
        await second.is_posting()
    deaf = [await scene.schedule("deaf1"), await scene.schedule("deaf2"), await scene.schedule("deaf1")]
    await until(lambda: scene.accepted(deaf[0]) and scene.accepted(deaf[1]), "two places hang")
    # Both processes may have taken one; the later post of a place waits for the one before it.
    assert not scene.accepted(deaf[2])
    await first.kill()
    await second.is_posting()
    if not scene.store.is_sqlite:
        await second.kill()
    third = await scene.start()
    for schedule in deaf[:2]:
        assert len(await scene.is_posted(schedule)) == 1
    await until(lambda: scene.accepted(deaf[2]), "the place goes on")
    assert scene.accepted(deaf[2])[0][0] in {second.pid, third.pid}
    assert len(scene.accepted(deaf[2])) == 1


async def test_each_post_goes_out_once_whichever_process_plans_it(scene: Scene) -> None:
    posters = [await scene.start() for _ in range(3)]
    schedules = [await scene.schedule(f"fair{number % 7}") for number in range(40)]
    for one in schedules:
        assert len(await scene.is_posted(one)) == 1
    assert sum(len(scene.accepted(one)) for one in schedules) == 40
    assert [await one.end() for one in posters] == [0, 0, 0]


async def test_a_process_that_stands_still_keeps_its_slot(scene: Scene) -> None:
    first = await scene.start()
    await first.is_posting()
    deaf = await scene.schedule("deaf")
    await until(lambda: scene.accepted(deaf), "the chat has accepted one")
    os.kill(first.pid, signal.SIGSTOP)
    try:
        second = await scene.start()
        if scene.store.is_sqlite:
            await second.is_standing_by()
            return
        await second.is_posting()
        # What the first is at is not taken from it, and other places are served.
        fair = await scene.schedule("fair")
        assert [one[0] for one in await scene.is_posted(fair)] == [second.pid]
        assert len(await scene.ledger.under_way(deaf)) == 1
    finally:
        os.kill(first.pid, signal.SIGCONT)


@needs_postgresql
async def test_without_its_slot_a_process_posts_nothing(server: str, tmp_path: Path) -> None:
    async with new_scene(server, tmp_path) as scene:
        with psycopg.connect(server, autocommit=True) as connection:
            # All other slots are taken, so that there is one for two processes.
            connection.execute(
                "SELECT pg_advisory_lock(%s, slot) FROM generate_series(2, %s) AS slot", [CLASS, COUNT]
            )
            first = await scene.start()
            await first.is_posting()
            second = await scene.start()
            await second.is_standing_by()
            assert second.stands_by == "other processes"
            before = await scene.schedule("fair")
            assert [one[0] for one in await scene.is_posted(before)] == [first.pid]
            for one, other in ((first, second), (second, first)):
                held_up = await scene.schedule(f"deaf-{one.pid}")
                await until(lambda: scene.accepted(held_up), "the chat has accepted one")  # noqa: B023
                assert await _hand_over(server, one, other), "the slot changed hands"
                assert len(await scene.is_posted(held_up)) == 1
                after = await scene.schedule("fair")
                assert [line[0] for line in await scene.is_posted(after)] == [other.pid]


async def _hand_over(server: str, one: Any, other: Any) -> bool:
    """Cut the session of a slot until the other process has it: both try to take it again."""
    for _ in range(50):
        await asyncio.to_thread(terminate, server, 1)
        await until(lambda: other.posts != one.posts)
        with contextlib.suppress(AssertionError):
            await until(lambda: other.posts and not one.posts, seconds=2)
            return True
    return False


async def test_a_process_that_is_told_to_end_ends_what_it_is_at(scene: Scene) -> None:
    first = await scene.start()
    await first.is_posting()
    fair = await scene.schedule("fair")
    await scene.is_posted(fair)
    assert await first.end() == 0
    second = await scene.start()
    await second.is_posting()
    assert len(scene.accepted(fair)) == 1
    assert await second.end() == 0
