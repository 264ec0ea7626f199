"""The state store: deliveries are first once, whoever asks and whatever the disk does."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

import bot.state
from bot.state import REMEMBERED_SECONDS, State, StateError, database_url


@pytest.fixture
def url(database: str) -> str:
    return database


@pytest.fixture
async def state(url: str) -> AsyncIterator[State]:
    made = State(url)
    await made.open()
    yield made
    await made.close()


async def test_a_key_is_first_once(state: State) -> None:
    assert await state.first("a")
    assert not await state.first("a")
    assert await state.first("b")


async def test_many_at_once(state: State) -> None:
    answers = await asyncio.gather(*(state.first(f"k{n % 50}") for n in range(200)))
    assert sum(answers) == 50


async def test_two_processes_and_a_restart(url: str) -> None:
    one, other = State(url), State(url)
    await one.open()
    await other.open()
    answers = await asyncio.gather(*(store.first(f"k{n}") for n in range(100) for store in (one, other)))
    assert sum(answers) == 100
    await one.close()
    await other.close()
    again = State(url)
    await again.open()
    assert not await again.first("k7")
    await again.close()


async def test_processes_that_start_together_all_open_a_new_state(url: str) -> None:
    states = [State(url) for _ in range(8)]
    await asyncio.gather(*(one.open() for one in states))
    for one in states:
        await one.close()


async def test_a_state_that_another_process_writes_just_now_opens(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    state = State(f"sqlite:///{file}")
    await state.open()
    await state.close()
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await state.open()
        await state.close()


async def test_it_is_forgotten_a_day_later(url: str) -> None:
    now = [1_732_000_000.0]
    for later, first in ((0, True), (REMEMBERED_SECONDS - 1, False), (REMEMBERED_SECONDS + 1, True)):
        now[0] = 1_732_000_000.0 + later
        state = State(url, now=lambda: now[0])
        await state.open()
        assert await state.first("a") is first
        await state.close()


async def test_keys_of_any_length_and_script(state: State) -> None:
    assert await state.first("x" * 10_000)
    assert not await state.first("x" * 10_000)
    assert await state.first("'; DROP TABLE seen; --")
    assert await state.first("ключ\x00")


async def test_without_a_database_a_process_knows_its_own(state: State) -> None:
    await state.engine.dispose()
    async with state.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE seen")
    assert await state.first("a")
    assert not await state.first("a")


async def test_what_is_forgotten_is_first_again(state: State) -> None:
    assert await state.first("a\x00")
    await state.forget("a\x00")
    assert await state.first("a\x00")


async def test_a_purge_that_fails_makes_no_duplicate_new(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def locked() -> None:
        raise OperationalError("DELETE", {}, sqlite3.OperationalError("database is locked"))

    assert await state.first("a")
    state._recent.clear()
    monkeypatch.setattr(bot.state, "PURGE_EVERY", 1)
    monkeypatch.setattr(state, "_purge", locked)
    assert list(await asyncio.gather(state.first("a"), state.first("b"))) == [False, True]


async def test_a_lone_surrogate_harms_no_other_key(state: State) -> None:
    assert await state.first("a")
    state._recent.clear()
    assert list(await asyncio.gather(state.first("a"), state.first("\ud800"))) == [False, True]
    state._recent.clear()
    assert not await state.first("\ud800")


async def test_a_locked_database_is_waited_for_a_little_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.state, "WRITE_SECONDS", 0.2)
    state = State(f"sqlite:///{tmp_path / 'state.db'}")
    await state.open()
    with contextlib.closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(2):
            assert await state.first("a")
        other.execute("ROLLBACK")
    await state.close()


async def test_lines_are_kept(state: State) -> None:
    await state.keep({})
    await state.keep({"k": "/search ferry", "l": "/who x"})
    await state.keep({"k": "/other"})
    assert await state.kept("k") == "/search ferry"
    assert await state.kept("l") == "/who x"
    assert await state.kept("m") is None


async def test_a_line_is_kept_in_bounds(state: State) -> None:
    await state.keep({"k": "x" * 40_000})
    assert await state.kept("k") == "x" * 3_000


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("sqlite+aiosqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
    ],
)
def test_urls(url: str, full: str) -> None:
    assert database_url(url) == full


async def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path / 'new' / 'folder' / 'state.db'}")
    await state.open()
    assert await state.first("a")
    await state.close()


async def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("This is no database. " * 100)
    state = State(f"sqlite:///{tmp_path / 'text'}")
    with pytest.raises(StateError, match="not a database"):
        await state.open()
    await state.close()


@pytest.mark.parametrize("url", ["postgresql://u:p@ss:geheim@host/d", "sqlite://u:p@ss:geheim@host/d"])
def test_no_part_of_a_password_is_told(url: str) -> None:
    with pytest.raises(ValueError, match="%3A") as caught:
        database_url(url)
    assert "geheim" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("url", ["mysql://h/d", "oracle://h/d", "nonsense", ""])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite.*postgresql"):
        database_url(url)
