"""A state that is full, read-only, away, damaged or too new: nothing is lost, and somebody is told."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sqlite3
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from posters import LEAP_DAYS, new_scene
from postgres import Cluster
from sqlalchemy import event, inspect
from waiting import until

import bot.posts.store
from bot.posting import Place
from bot.posts.ledger import Ledger
from bot.posts.queue import Queue
from bot.posts.records import Post, Schedule
from bot.posts.store import STORAGE_FAILURES, Store
from bot.state import StateError

PLACE = Place(platform="slack", workspace="T1", channel="C1")

# --- while it runs -----------------------------------------------------------------------------------------


async def test_a_full_disk_keeps_posts_waiting_and_nothing_else(tmp_path: Path) -> None:
    async with new_scene(f"sqlite:///{tmp_path / 'state.db'}", tmp_path) as scene:
        poster = await scene.start()
        await poster.is_posting()
        before = await scene.schedule("fair")
        await scene.is_posted(before)
        # As where the disk is full, no file of this process can grow; other processes write on.
        _, most = resource.prlimit(poster.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(poster.pid, resource.RLIMIT_FSIZE, (4_096, most))
        waiting = [await scene.schedule("fair"), await scene.schedule("other")]
        assert await poster.is_broken()
        await poster.ask()
        assert not any(scene.accepted(one) for one in waiting)
        resource.prlimit(poster.pid, resource.RLIMIT_FSIZE, (most, most))
        for one in waiting:
            assert len(await scene.is_posted(one)) == 1
        await poster.is_well()
        assert "posts wait" in poster.errors()
        assert "Traceback" not in poster.errors()


@pytest.mark.postgresql
async def test_a_read_only_database_keeps_posts_waiting(postgresql: Cluster, tmp_path: Path) -> None:
    url = postgresql.database()
    async with new_scene(url, tmp_path) as scene:
        poster = await scene.start()
        await poster.is_posting()
        await scene.is_posted(await scene.schedule("fair"))
        await asyncio.to_thread(let, url, "SET default_transaction_read_only = on")
        await until(lambda: "read-only" in poster.broken, "it says why it waits")
        # Somebody who may write all the same adds what is due now.
        async with scene.store.engine.connect() as connection:
            await connection.exec_driver_sql("SET default_transaction_read_only = off")
            await connection.commit()
        waiting = [await scene.schedule("fair"), await scene.schedule("other")]
        await poster.ask()
        assert not any(scene.accepted(one) for one in waiting)
        await asyncio.to_thread(let, url, "RESET default_transaction_read_only")
        for one in waiting:
            assert len(await scene.is_posted(one)) == 1
        await poster.is_well()
        assert "posts wait" in poster.errors()


def let(url: str, what: str) -> None:
    """Change a setting of a database, for sessions that are open too."""
    name = url.rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f"ALTER DATABASE {name} {what}")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.postgresql
async def test_a_process_that_stands_still_in_a_transaction_blocks_nobody_for_ever(
    postgresql: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.posts.store, "STALLED_SECONDS", 0.2)
    url = postgresql.database()
    await fill(url)
    stalled, other = Store(url), Store(url)

    async def stand_still() -> None:
        change = "UPDATE posts_schedule SET line = '/due'"
        async with stalled.begin() as connection:
            await connection.exec_driver_sql(change)
            async with other.begin() as second:
                await second.exec_driver_sql(change)
            await connection.exec_driver_sql(change)

    with pytest.raises(STORAGE_FAILURES, match="idle-in-transaction"):
        await stand_still()
    await stalled.close()
    await other.close()


# --- at the start ------------------------------------------------------------------------------------------


async def fill(url: str) -> None:
    """Keep a schedule and some posts in a new state."""
    store = Store(url)
    await store.open()
    queue, ledger = Queue(store), Ledger(store, lambda: 1.0)
    await queue.open()
    ledger.enqueue = queue.enqueue
    await store.add_schedule(
        Schedule(id="s1", place=PLACE, when=LEAP_DAYS, line="/briefing", grace=60, made_at=1.0)
    )
    async with store.begin() as connection:
        for number in range(50):
            await ledger.put(connection, Post(id=f"now:s1:{number}", schedule="s1", place=PLACE, slot=1.0))
    await queue.close()
    await store.close()


async def open_state(url: str) -> int:
    """Open a state and return how many posts are in it."""
    store = Store(url)
    queue = Queue(store)
    try:
        await store.open()
        await queue.open()
        return len(await Ledger(store, lambda: 1.0).history("s1", 100))
    finally:
        await queue.close()
        await store.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a state with a schedule and fifty posts."""
    file = tmp_path_factory.mktemp("sound") / "state.db"
    asyncio.run(fill(f"sqlite:///{file}"))
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return file.read_bytes()


def put(file: Path, data: bytes) -> None:
    """Write a state's file, without what stands beside it."""
    for old in file.parent.glob(f"{file.name}*"):
        old.unlink()
    file.write_bytes(data)


async def refusal(file: Path, data: bytes) -> str:
    """Open a state that is so; return the sentence of the refusal, or nothing where it opens whole."""
    await asyncio.to_thread(put, file, data)
    try:
        found = await open_state(f"sqlite:///{file}")
    except StateError as error:
        sentence = str(error)
        assert "\n" not in sentence
        assert sentence.endswith(".")
        assert await asyncio.to_thread(file.read_bytes) == data
        return sentence
    assert found == 50
    return ""


async def test_a_sound_file_opens(sound: bytes, tmp_path: Path) -> None:
    assert await refusal(tmp_path / "state.db", sound) == ""


@pytest.mark.parametrize("part", [0.01, 0.3, 0.5, 0.9, 0.999])
async def test_a_truncated_file_is_said_and_left_alone(sound: bytes, tmp_path: Path, part: float) -> None:
    cut = sound[: int(len(sound) * part)]
    assert "damaged" in await refusal(tmp_path / "state.db", cut)


@pytest.mark.parametrize("offset", [0, 16, 40])
async def test_a_broken_head_is_said(sound: bytes, tmp_path: Path, offset: int) -> None:
    broken = sound[:offset] + b"\xff" * 16 + sound[offset + 16 :]
    assert str(tmp_path / "state.db") in await refusal(tmp_path / "state.db", broken)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), length=st.integers(1, 64))
async def test_flipped_bits_are_said_or_do_no_harm(
    sound: bytes, tmp_path: Path, place: float, bit: int, length: int
) -> None:
    offset = int(place * len(sound))
    flipped = bytes(one ^ (1 << bit) for one in sound[offset : offset + length])
    data = sound[:offset] + flipped + sound[offset + length :]
    # What stands inside of a value cannot be told from what somebody wrote; all else is found.
    with contextlib.suppress(*STORAGE_FAILURES, ValueError):
        await refusal(tmp_path / "state.db", data)


async def test_a_newer_state_is_said_and_left_alone(database: str) -> None:
    await fill(database)
    store = Store(database)
    async with store.begin() as connection:
        await connection.exec_driver_sql("UPDATE posts_about SET value = '2'")
        await connection.exec_driver_sql("DROP TABLE posts_mark")
    await store.close()
    with pytest.raises(StateError, match=r"version 2, and this program knows version 1"):
        await open_state(database)
    async with store.begin() as connection:
        assert not await connection.run_sync(lambda given: inspect(given).has_table("posts_mark"))
        await connection.exec_driver_sql("UPDATE posts_about SET value = '1'")
    await store.close()
    assert await open_state(database) == 50


async def test_a_state_that_can_only_be_read_is_said(database: str) -> None:
    await fill(database)
    store = Store(database)
    if store.is_sqlite:
        switch = "PRAGMA query_only = on"
        event.listen(store.engine.sync_engine, "connect", lambda given, _: given.cursor().execute(switch))
    else:
        await asyncio.to_thread(let, database, "SET default_transaction_read_only = on")
    with pytest.raises(StateError, match=r"read-?only"):
        await store.open()
    await store.close()
    if not store.is_sqlite:
        await asyncio.to_thread(let, database, "RESET default_transaction_read_only")
    assert await open_state(database) == 50


@pytest.mark.parametrize("place", ["folder", "/proc/nothing/state.db", "file/state.db"])
async def test_a_file_that_cannot_be_one_is_said(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be used") as caught:
        await open_state(f"sqlite:///{tmp_path / place}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["postgresql://nobody@127.0.0.1:1/nothing", "postgresql://nobody:geheim@127.0.0.1:1/nothing"]
)
async def test_a_server_that_is_away_is_said(url: str) -> None:
    with pytest.raises(StateError, match="cannot be used") as caught:
        await open_state(url)
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_reading_goes_on_while_another_writes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    await fill(url)
    store = Store(url)
    await store.open()
    async with store.begin() as connection:
        await connection.exec_driver_sql("UPDATE posts_schedule SET line = '/due'")
        assert [one.line for one in await store.schedules()] == ["/briefing"]
    assert await until(lambda: _lines(store)) == ["/due"]
    await store.close()


async def _lines(store: Store) -> list[str]:
    return [one.line for one in await store.schedules()]
