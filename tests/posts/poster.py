"""A process that posts, and says what happens to it: `python poster.py URL FILE`.

FILE is the chat: what it accepts is a line there, whichever process sent it. A post to a channel whose name
begins with "deaf" is accepted and never answered, one to "mute…" is neither. On standard output it says
`{"posts": true or false, "stands_by": whom for, "broken": why}` when that changes. A line `ask` on standard
input is answered, any other lets it end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from bot.posting import Page, Person, Place, Reference, Rights
from bot.posts.compose import Composed
from bot.posts.ledger import Ledger
from bot.posts.queue import Queue
from bot.posts.records import Content
from bot.posts.room import Room
from bot.posts.store import Store
from bot.reply import Kind, Reply

POLL = 0.05
SETTLE = 0.2


class FileChat:
    """A chat in a file. Each line is [process, key, channel]."""

    platform = "slack"

    def __init__(self, path: Path) -> None:
        self._path = path

    async def render(self, reply: Reply, remark: str = "") -> list[Page]:
        return [{"text": reply.summary}]

    async def post(
        self, place: Place, pages: Sequence[Page], key: str, *, after: Reference | None = None
    ) -> Reference:
        if not place.channel.startswith("mute"):
            line = json.dumps([os.getpid(), key, place.channel])
            with self._path.open("a") as file:
                file.write(f"{line}\n")
        if place.channel.startswith(("deaf", "mute")):
            await asyncio.Event().wait()
        return Reference(channel=place.channel, messages={1: key})

    async def find(self, place: Place, key: str, since: float) -> Reference | None:
        lines = [json.loads(line) for line in self._path.read_text().splitlines()]
        return (
            Reference(channel=place.channel, messages={1: key}) if key in {one[1] for one in lines} else None
        )

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
        return Composed(reply=reply, remark="", content=Content(news=("a",)))

    def compose_watch(self, *_: object) -> None:
        return None


def room(store: Store, chat: FileChat) -> tuple[Room, Queue]:
    """Return a room that posts there, in a hurry."""
    queue = Queue(store)
    ledger = Ledger(store, time.time)
    ledger.enqueue = queue.enqueue
    made = Room(
        store,
        queue,
        ledger,
        Plain(),  # type: ignore[arg-type]
        {"slack": chat},
        settle=SETTLE,
        poll=POLL,
        take_over=POLL,
        rates={},
    )
    return made, queue


async def post(url: str, path: Path) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    store = Store(url)
    await store.open()
    made, queue = room(store, FileChat(path))
    await queue.open()
    async with made.working():
        watching = asyncio.create_task(_tell(made))
        while await asyncio.to_thread(sys.stdin.readline) == "ask\n":
            _say({"answer": True})
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    await queue.close()
    await store.close()


async def _tell(made: Room) -> None:
    said: dict[str, object] = {}
    while True:
        posts = made.engine is not None
        broken = made.broken or ("a delivery" if made.delivery.broken_since else "")
        now: dict[str, object] = {
            "posts": posts,
            "stands_by": "" if posts else made.standing_by,
            "broken": broken,
        }
        if now != said and (posts or any(now.values()) or said):
            said = now
            _say(now)
        await asyncio.sleep(0.01)


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(post(sys.argv[1], Path(sys.argv[2])))
