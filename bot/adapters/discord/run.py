"""Run the bot in Discord until told to stop, or until somebody has to do something."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import aiohttp
import discord
import structlog
from aiohttp import web
from msgspec.structs import replace

from bot.adapters.discord.answering import Dossiers, First
from bot.adapters.discord.app import BriefingClient, everything
from bot.adapters.discord.config import DiscordConfig, DiscordSecrets, require
from bot.adapters.discord.guard import Guard
from bot.adapters.discord.server import PATH, interactions_app
from bot.adapters.discord.watchdog import Watchdog
from bot.adapters.receiving import RUNNER
from bot.desk import Desk

log = structlog.get_logger(__name__)

LONGEST_PAUSE: Final = 60.0
LONGEST_LIMIT: Final = 3_600.0
"""The longest rate limit that is believed, in seconds."""

_UNREACHABLE: Final = (discord.DiscordException, aiohttp.ClientError, OSError)

# https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway
_CLOSED: Final = {
    4004: "Discord does not take the token any more. Make a new one and put it into DISCORD_TOKEN.",
    4010: "Discord refused the shard. Set discord.shards to 0, so that Discord says how many.",
    4011: "The bot is in too many servers for so few shards. Set discord.shards to 0.",
    4012: "Discord no longer speaks this version of its interface. Install a newer discord.py.",
    4013: "Discord does not know an intent that was asked for. Install a newer discord.py.",
}
_INTENTS: Final = (
    "Discord disallows an intent that was asked for. The bot needs no privileged one: set discord.mentions "
    "to false and try again."
)
_LOGIN: Final = (
    "Discord does not know this token. Make a new one in the developer portal, page Bot, and put it into "
    "DISCORD_TOKEN."
)


class CannotRun(Exception):
    """Somebody has to do something first; the message says what."""


async def run_discord(
    desk: Desk,
    config: DiscordConfig,
    secrets: DiscordSecrets,
    stop: asyncio.Event,
    *,
    http: bool = False,
    dossiers: Dossiers = everything,
    first: First | None = None,
    started: Callable[[BriefingClient, Watchdog], None] = lambda client, watchdog: None,
    listening: Callable[[tuple[str, int]], None] = lambda address: None,
    wait: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> None:
    """Answer until `stop` is set, connected to the gateway or, with `http`, listening for interactions.

    While Discord cannot be reached it tries again, at first after a second, at most after a minute, or when
    a rate limit is over.
    `started` is told of each client that is made, for posts and health, `listening` the host and port.

    Raises:
        SettingError: the token is missing, or with `http` the public key.
        CannotRun: the token or the sharding is refused, or the port is taken.
    """
    require(secrets, http=http)
    config = replace(config, mentions=config.mentions and not http)
    pause = 1.0
    while not stop.is_set():
        client = BriefingClient(desk, config, dossiers, first)
        watchdog = Watchdog(client, config.silence_seconds)
        started(client, watchdog)
        began = asyncio.get_running_loop().time()
        try:
            if http:
                await _session(client, None, _serve(client, secrets, listening), stop)
            else:
                await _session(client, watchdog, client.start(secrets.token), stop)
        except CannotRun:
            raise
        except Exception as error:
            # A rate limit, a page of HTML, what the library makes of either: only what is above is for
            # somebody to mend, and a bot that has given up answers nobody.
            longer = _log_failure(error, pause)
        else:
            longer = 0.0
        if stop.is_set():
            return
        if asyncio.get_running_loop().time() - began > LONGEST_PAUSE:
            pause = 1.0
        await _first(stop.wait(), wait(max(pause, longer)))
        pause = min(pause * 2, LONGEST_PAUSE)


def _log_failure(error: Exception, pause: float) -> float:
    """Log why a client ended; return for how many seconds Discord wants not to be asked."""
    longer = min(error.retry_after, LONGEST_LIMIT) if isinstance(error, discord.RateLimited) else 0.0
    if isinstance(error, discord.ConnectionClosed):
        log.warning("Discord closed the connection", code=error.code, again_in=pause)
    elif isinstance(error, _UNREACHABLE):
        log.warning("Discord cannot be reached", reason=type(error).__name__, again_in=max(pause, longer))
    else:
        log.error("the client broke", reason=type(error).__name__, again_in=pause, exc_info=error)
    return longer


async def _serve(
    client: BriefingClient, secrets: DiscordSecrets, listening: Callable[[tuple[str, int]], None]
) -> None:
    """Log in and listen until cancelled.

    Raises:
        CannotRun: the port is taken.
    """
    await client.login(secrets.token)
    runner = web.AppRunner(interactions_app(client, Guard(secrets.public_key)), **RUNNER)
    await runner.setup()
    host, port = client.config.host, client.config.port
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise CannotRun(f"The port {port} {reason}. Set discord.port to another one.") from None
        listening(runner.addresses[0])
        log.info("listening for interactions", address=runner.addresses[0], path=PATH)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


async def _session(
    client: BriefingClient, watchdog: Watchdog | None, work: Coroutine[Any, Any, None], stop: asyncio.Event
) -> None:
    """Run one client to its end.

    Raises:
        CannotRun: trying again is useless.
    """
    running = asyncio.create_task(work)
    looking = asyncio.create_task(watchdog.run()) if watchdog else None
    try:
        await _first(stop.wait(), asyncio.shield(running))
        if running.done():
            await running
    except discord.LoginFailure:
        raise CannotRun(_LOGIN) from None
    except discord.PrivilegedIntentsRequired:
        raise CannotRun(_INTENTS) from None
    except discord.ConnectionClosed as error:
        if error.code in _CLOSED:
            raise CannotRun(_CLOSED[error.code]) from None
        raise
    finally:
        if looking:
            looking.cancel()
        # What listens stops first: a request that is let in now could not be answered any more.
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await running
        if not client.is_closed():
            await client.close()
        if looking:
            # The library may have swallowed the first cancellation, in the middle of a reconnect.
            looking.cancel()
            await asyncio.wait([looking], timeout=LONGEST_PAUSE)


async def _first(*waits: Awaitable[Any]) -> None:
    """Wait until the first of them is done; forget the others."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
