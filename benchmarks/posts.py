"""Ten thousand schedules: what they cost while none is due, and how long they take when all are at once.

    python -m benchmarks.posts [--count 10000] [--url postgresql://…]…

Without a URL, a SQLite file is measured. Every measurement runs in a process of its own with a new state; a
PostgreSQL database must be empty, and is used for one measurement after the other. The chat accepts at once
and no rate is limited, so that what is measured is ours and the database's. The baseline is in the same run:
the room without a schedule, and as many workflows that do nothing through the same queue of DBOS.
"""

# ruff: noqa: ASYNC110 - a short wait measures best
from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import create_engine, insert, text
from sqlalchemy.engine import make_url

from benchmarks.measure import resident
from bot.posting import Chat, Page, Person, Place, Reference, Rights
from bot.posts import tables
from bot.posts.compose import Composed
from bot.posts.engine import Engine
from bot.posts.ledger import Ledger
from bot.posts.planner import BATCH
from bot.posts.queue import Queue
from bot.posts.records import Content, Post, Schedule
from bot.posts.room import Room
from bot.posts.rows import schedule_row
from bot.posts.slots import slots_of
from bot.posts.store import Store
from bot.posts.when import read_when
from bot.reply import Kind, Reply

WORKSPACES = 100
IDLE_SECONDS = 30.0
SETTLED_SECONDS = 5.0
LEAD_SECONDS = 2.0
"""How long before they are due the schedules are there."""

PATIENCE = 1_800.0


class Instant:
    """A chat that takes everything at once, and remembers which keys."""

    platform = "slack"

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def render(self, reply: Reply, remark: str = "") -> list[Page]:
        return [{"text": reply.summary}]

    async def post(
        self, place: Place, pages: Sequence[Page], key: str, *, after: Reference | None = None
    ) -> Reference:
        self.keys.append(key)
        return Reference(channel=place.channel, messages={1: key})

    async def find(self, place: Place, key: str, since: float) -> Reference | None:
        return None

    async def amend(self, place: Place, reference: Reference, pages: Sequence[Page], remark: str) -> None:
        """Change nothing."""

    async def tell(self, person: Person, text: str) -> None:
        """Tell nobody."""

    async def rights(self, person: Person) -> Rights:
        return Rights()


class Plain:
    """Writes the same post each time."""

    def compose(self, *_: object) -> Composed:
        reply = Reply(kind=Kind.ANSWER, title="Briefing", summary="A briefing.")
        return Composed(reply=reply, remark="", content=Content(news=("a",), facts={"d:f": "words"}))

    def compose_watch(self, *_: object) -> None:
        return None


@asynccontextmanager
async def house(url: str) -> AsyncIterator[tuple[Store, Queue, Ledger]]:
    """Open a new state."""
    store = Store(url)
    queue, ledger = Queue(store), Ledger(store, time.time)
    ledger.enqueue = queue.enqueue
    await store.open()
    await queue.open()
    yield store, queue, ledger
    await queue.close()
    await store.close()


async def add(store: Store, count: int, next_at: float) -> None:
    """Add schedules, each with a place of its own."""
    when = read_when("daily 08:30", "Europe/Berlin")
    now = time.time()
    rows = [
        schedule_row(
            Schedule(
                id=f"s{number}",
                place=Place(platform="slack", workspace=f"T{number % WORKSPACES}", channel=f"C{number}"),
                when=when,
                line="/briefing",
                grace=3_600,
                made_at=now,
                next_at=next_at,
            )
        )
        for number in range(count)
    ]
    async with store.begin() as connection:
        for start in range(0, count, 500):
            await connection.execute(insert(tables.schedule), rows[start : start + 500])


async def idle(url: str, count: int) -> dict[str, float]:
    """Keep so many schedules that are not due; measure memory and the processor's time."""
    async with house(url) as (store, queue, ledger):
        chats: Mapping[str, Chat] = {"slack": Instant()}
        room = Room(store, queue, ledger, Plain(), chats, rates={})  # type: ignore[arg-type]
        await add(store, count, time.time() + 86_400)
        async with room.working():
            while room.engine is None:
                await asyncio.sleep(0.01)
            await asyncio.sleep(SETTLED_SECONDS)
            cpu, wall = time.process_time(), time.monotonic()
            await asyncio.sleep(IDLE_SECONDS)
            used = (time.process_time() - cpu) / (time.monotonic() - wall)
            return {"resident_mib": resident() / 2**20, "cpu_percent": used * 100}


async def burst(url: str, count: int) -> dict[str, float]:
    """Let so many slots be due at once, in as many places; measure until the last has been accepted."""
    async with house(url) as (store, queue, ledger):
        chat = Instant()
        chats: Mapping[str, Chat] = {"slack": chat}
        room = Room(store, queue, ledger, Plain(), chats, rates={})  # type: ignore[arg-type]
        async with room.working():
            while room.engine is None:
                await asyncio.sleep(0.01)
            due = time.time() + LEAD_SECONDS
            await add(store, count, due)
            await asyncio.sleep(max(due - time.time(), 0))
            cpu = time.process_time()
            start = time.time()
            await _until(chat.keys, count)
            found = {"seconds": time.time() - start, "cpu_seconds": time.process_time() - cpu}
        assert len(set(chat.keys)) == len(chat.keys) == count
        return found | {"resident_mib": resident() / 2**20}


async def bare(url: str, count: int) -> dict[str, float]:
    """Enqueue so many workflows that do nothing, and let them run, by the same queue and engine."""
    async with house(url) as (store, queue, _):
        done: list[str] = []

        async def nothing(post_id: str) -> None:
            done.append(post_id)

        slots = slots_of(store)
        slot = await slots.take()
        assert slot is not None
        engine = Engine(queue.url, slots, nothing, ["slack"])
        await engine.start(slot)
        cpu, start = time.process_time(), time.time()
        for first in range(0, count, BATCH):
            async with store.begin() as connection:
                for number in range(first, min(first + BATCH, count)):
                    place = Place(platform="slack", workspace="T", channel=f"C{number}")
                    await queue.enqueue(connection, Post(id=f"b{number}", place=place, slot=start))
        await _until(done, count)
        found = {"seconds": time.time() - start, "cpu_seconds": time.process_time() - cpu}
        await engine.stop()
        await slots.release()
        return found


async def _until(done: list[str], count: int) -> None:
    end = time.monotonic() + PATIENCE
    while len(done) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"Only {len(done):,} of {count:,} in {PATIENCE:.0f} seconds.")
        await asyncio.sleep(0.02)


TASKS = {one.__name__: one for one in (idle, burst, bare)}


def measured(task: str, url: str, count: int) -> dict[str, float]:
    """Run a task in a process of its own with an empty state."""
    with tempfile.TemporaryDirectory() as folder:
        if url:
            _empty(url)
        command = [sys.executable, "-m", "benchmarks.posts", "--task", task, "--count", str(count)]
        place = url or f"sqlite:///{Path(folder) / 'state.db'}"
        done = subprocess.run([*command, "--url", place], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _empty(url: str) -> None:
    """Drop our tables and DBOS's in a PostgreSQL database."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        tables.metadata.drop_all(connection)
        connection.execute(text("DROP SCHEMA IF EXISTS dbos CASCADE"))
    engine.dispose()


def main() -> None:
    """Measure, print a table, and the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.posts", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="schedules, and slots due at once")
    parser.add_argument("--url", action="append", default=[], help="an empty PostgreSQL database")
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        print(json.dumps(asyncio.run(TASKS[given.task](given.url[0], given.count))))
        return
    results: dict[str, Any] = {"count": given.count, "sqlite": sqlite3.sqlite_version}
    for url in ["", *given.url]:
        kind = "PostgreSQL" if url else "SQLite"
        rows = {
            "idle, no schedule": measured("idle", url, 0),
            f"idle, {given.count:,} schedules": measured("idle", url, given.count),
            f"{given.count:,} workflows that do nothing": measured("bare", url, given.count),
            f"{given.count:,} slots at once": measured("burst", url, given.count),
        }
        results[kind] = rows
        print(kind)
        for name, row in rows.items():
            print(f"  {name:36}", "  ".join(f"{key} {value:8.2f}" for key, value in row.items()))
        slots, nothing = (rows[name] for name in list(rows)[-1:-3:-1])
        print(f"  slots take {slots['cpu_seconds'] / nothing['cpu_seconds']:.2f} times the processor's time")
        sys.stdout.flush()
    print(json.dumps(results))


if __name__ == "__main__":
    main()
