"""One process that posts in a storm: the real room with the real chats, in a hurry.

What takes minutes in life takes seconds here: the rhythm, time-outs, pauses. All else is as in production.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import discord
import msgspec
import structlog
from fakes.discord import TOKEN as DISCORD_TOKEN
from fakes.discord import point
from fakes.slack import TOKEN as SLACK_TOKEN

import bot.adapters.slack.web
import bot.posts.delivery
import bot.posts.planner
import bot.posts.room
from bot.adapters.discord.posting import DiscordChat
from bot.adapters.slack.app import OneWorkspace
from bot.adapters.slack.names import Names
from bot.adapters.slack.posting import SlackChat
from bot.adapters.slack.teams import Teams
from bot.adapters.slack.web import Web
from bot.posts.compose import Composed
from bot.posts.ledger import Ledger, Stated
from bot.posts.queue import Queue
from bot.posts.records import Content, Post, Schedule
from bot.posts.room import Room
from bot.posts.store import Store
from bot.registry import Registry
from bot.reply import Bullets, Kind, Line, Reply, Text
from bot.state import State
from chaos import rhythm

CALL_SECONDS: Final = 2.0
"""How long one call to a chat may take."""

LATE_MOST: Final = 0.6
"""How many seconds after a call was given up it may still take effect: the chats keep to that."""

SETTLE: Final = 4.0
"""Longer than a call that is given up may take effect, on a machine that is slow besides."""

POLL: Final = 0.2
TAKE_OVER: Final = 1.0
DRAIN: Final = 5.0


class Orders(msgspec.Struct, frozen=True):
    """What a worker is told: the state's URL, where the chats are, the file of its log, who started it."""

    url: str
    slack: str
    discord_port: int
    log: str
    starter: int


def run(orders: Orders) -> None:
    """Post until killed or told to end (SIGTERM); end too when whoever started it is gone."""
    log = os.open(orders.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(utc=True),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        context_class=dict,
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
    hurry()
    asyncio.run(_post(orders))


def hurry() -> None:
    """Shorten what takes long, in this process."""
    short: list[tuple[Any, str, Any]] = [
        (bot.posts.planner, "slots", rhythm.slots),
        (bot.posts.delivery, "BACKOFF_LEAST", 0.5),
        (bot.posts.delivery, "BACKOFF_MOST", 4.0),
        (bot.posts.delivery, "RETRY_AFTER_MOST", 4.0),
        (bot.posts.room, "DRAIN_SECONDS", DRAIN),
        (bot.posts.room, "STAND_BY_SECONDS", 0.3),
        (bot.adapters.slack.web, "TIMEOUT_SECONDS", CALL_SECONDS),
    ]
    for module, name, value in short:
        assert hasattr(module, name), name
        setattr(module, name, value)


async def _post(orders: Orders) -> None:
    point(orders.discord_port)
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    store, state = Store(orders.url), State(orders.url)
    queue, ledger = Queue(store), Ledger(store, time.time)
    ledger.enqueue = queue.enqueue
    web = Web(orders.slack)
    client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30)
    try:
        await store.open()
        await state.open()
        await queue.open()
        await _log_in(client)
        teams = Teams(OneWorkspace(web.client(SLACK_TOKEN)), state)
        slack = SlackChat(teams, state, Names(Registry()))
        chats = {"slack": slack, "discord": DiscordChat(lambda: client, seconds=CALL_SECONDS)}
        room = Room(
            *(store, queue, ledger, Stub(), chats),  # type: ignore[arg-type]
            settle=SETTLE,
            poll=POLL,
            take_over=TAKE_OVER,
        )
        async with room.working():
            await _until_told(end, orders.starter)
    finally:
        await client.close()
        await web.close()
        await queue.close()
        await state.close()
        await store.close()


async def _log_in(client: discord.Client) -> None:
    """Log in, however often Discord fails meanwhile."""
    while client.user is None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CALL_SECONDS):
                await client.login(DISCORD_TOKEN)
                return
        await asyncio.sleep(0.2)


async def _until_told(end: asyncio.Event, starter: int) -> None:
    while not end.is_set() and _is_there(starter):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await end.wait()


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class Stub:
    """Writes posts of one to three pages; every fifth corrects what the place was told before."""

    def compose(
        self,
        post: Post,
        schedule: Schedule,
        last: tuple[Post, Content] | None,
        missed: Iterable[Post],
        told: Mapping[str, Stated],
    ) -> Composed:
        number = zlib.crc32(post.id.encode())
        lines = tuple(Line((Text(f"{n} {'weather ' * 30}"),)) for n in range((1, 1, 1, 20, 45)[number % 5]))
        reply = Reply(
            kind=Kind.ANSWER,
            title=f"Briefing {post.id}",
            summary=f"{sum(one.count for one in missed)} missed",
            blocks=(Bullets(lines),),
        )
        fact = f"storm:{schedule.id}"
        corrects = {fact: told[fact].post} if number % 5 == 0 and fact in told else {}
        content = Content(news=(str(number),), facts={} if corrects else {fact: "words"}, corrects=corrects)
        return Composed(reply=reply, remark="Storm", content=content)

    def compose_watch(self, *_: object) -> None:
        return None


def log_of(folder: Path, workers: int, number: int) -> str:
    """Return the name of the log of one of so many workers."""
    return str(folder / f"worker-{number}-of-{workers}.log")
