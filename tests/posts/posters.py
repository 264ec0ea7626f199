"""Processes that post, started and killed by a test; see poster.py for what they do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from waiting import until

from bot.posting import Place
from bot.posts.ledger import Ledger
from bot.posts.records import PostState, Schedule
from bot.posts.store import Store
from bot.posts.when import When

SCRIPT = Path(__file__).with_name("poster.py")
LEAP_DAYS = When("on leap days", "0 0 29 2 *", "UTC")
"""After what is due now there is nothing for years."""


class Poster:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        self.process = process
        self.pid = process.pid
        self.posts = False
        self.stands_by = ""
        self.broken = ""
        self.answers = 0
        self._errors = errors
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            told = json.loads(line)
            if "answer" in told:
                self.answers += 1
            else:
                self.posts, self.stands_by, self.broken = told["posts"], told["stands_by"], told["broken"]

    async def is_posting(self) -> None:
        await until(lambda: self.posts or self._has_ended(), f"process {self.pid} posts")

    async def is_standing_by(self) -> None:
        await until(lambda: self.stands_by or self._has_ended(), f"process {self.pid} stands by")

    async def is_broken(self) -> str:
        """Wait until it says that its state cannot be used; return why."""
        await until(lambda: self.broken or self._has_ended(), f"process {self.pid} is broken")
        return self.broken

    async def is_well(self) -> None:
        await until(lambda: not self.broken or self._has_ended(), f"process {self.pid} is well")

    async def ask(self) -> None:
        """Ask it something, and wait for the answer."""
        assert self.process.stdin is not None
        before = self.answers
        self.process.stdin.write(b"ask\n")
        await until(lambda: self.answers > before or self._has_ended(), f"process {self.pid} answers")

    def _has_ended(self) -> bool:
        assert self.process.returncode is None, self.errors()
        return False

    def errors(self) -> str:
        """Return what it wrote to its log."""
        return self._errors.read_text()

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def end(self) -> int:
        """Let it end by itself; return its exit code."""
        assert self.process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write(b"\n")
            await self.process.stdin.drain()
        return await self.process.wait()


class Scene:
    """A state, a chat in a file, and processes that post from the one to the other."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.ledger = Ledger(store, time.time)
        self.file = folder / "chat"
        self.file.touch()
        self._folder = folder
        self._posters: list[Poster] = []
        self._schedules = 0

    async def start(self) -> Poster:
        errors = self._folder / f"errors-{len(self._posters)}"
        with errors.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(SCRIPT), self.store.url, str(self.file)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
            )
        self._posters.append(Poster(process, errors))
        return self._posters[-1]

    async def schedule(self, channel: str) -> str:
        """Add a schedule that is due now, and return the id that its post will have in the chat's file."""
        self._schedules += 1
        now = float(int(time.time()))
        made = Schedule(
            id=f"s{self._schedules}",
            place=Place(platform="slack", workspace="T1", channel=channel),
            when=LEAP_DAYS,
            line="/briefing",
            grace=3_600,
            made_at=now,
            next_at=now,
        )
        await self.store.add_schedule(made)
        return made.id

    async def is_posted(self, schedule: str) -> list[list[Any]]:
        """Wait until the post of a schedule is recorded as posted; return what the chat has of it."""
        posts = await until(lambda: self._ended(schedule), f"{schedule} has ended")
        assert [one.state for one in posts] == [PostState.POSTED]
        return self.accepted(schedule)

    async def _ended(self, schedule: str) -> list[Any]:
        assert any(one.process.returncode is None for one in self._posters), self._posters[-1].errors()
        posts = await self.ledger.history(schedule)
        return posts if posts and all(one.ended_at for one in posts) else []

    def accepted(self, schedule: str) -> list[list[Any]]:
        """Return what the chat has of a schedule: [process, key, channel] each."""
        lines = [json.loads(line) for line in self.file.read_text().splitlines()]
        return [one for one in lines if one[1].startswith(f"schedule:{schedule}:")]

    async def close(self) -> None:
        for one in self._posters:
            if one.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one.pid, 9)
                await one.process.wait()
            await one._reading


@contextlib.asynccontextmanager
async def new_scene(url: str, folder: Path) -> AsyncIterator[Scene]:
    store = Store(url)
    await store.open()
    made = Scene(store, folder)
    try:
        yield made
    finally:
        await made.close()
        await store.close()
