"""Discord as one of the things that `briefing-bot run` serves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Final

import structlog

from bot.adapters.discord.answering import Dossiers
from bot.adapters.discord.app import BriefingClient
from bot.adapters.discord.config import DiscordConfig, SettingError, require, secrets_from
from bot.adapters.discord.posting import DiscordChat
from bot.adapters.discord.run import CannotRun, run_discord
from bot.adapters.discord.watchdog import Watchdog
from bot.desk import ChatError, Desk
from bot.state import State, StateError

log = structlog.get_logger(__name__)

PATIENCE: Final = 10.0
"""Seconds that the start waits for Discord; it goes on trying behind that."""


class Chat:
    """Discord being served. `client` is the one in use; posts go through it, health is its watchdog's."""

    def __init__(self) -> None:
        self.client: BriefingClient | None = None
        self.watchdog: Watchdog | None = None
        self.posting = DiscordChat(lambda: self.client)
        self._heard: float | None = None
        self.where = "Discord cannot be reached yet; it is tried again and again."

    def __str__(self) -> str:
        return self.where

    def started(self, client: BriefingClient, watchdog: Watchdog) -> None:
        """Take note of a new client: each time Discord has to be reached anew."""
        self._heard = self.heard
        self.client, self.watchdog = client, watchdog

    @property
    def heard(self) -> float | None:
        """When Discord last delivered something, in seconds since 1970."""
        return (self.client.heard if self.client else None) or self._heard


@contextlib.asynccontextmanager
async def serving_discord(
    desk: Desk,
    config: DiscordConfig,
    environment: Mapping[str, str],
    dossiers: Dossiers,
    *,
    database: str = "",
    http: bool = False,
    patience: float = PATIENCE,
) -> AsyncIterator[Chat]:
    """Serve Discord inside the `async with`. What a message asks to be changed is done once, though replicas
    with the same `database` get it.

    Raises:
        ChatError: the token, the public key or the port is missing or refused.
    """
    stop = asyncio.Event()
    chat = Chat()
    try:
        secrets = secrets_from(environment)
        require(secrets, http=http)
        state = State(database) if database else None
        if state:
            await state.open()
    except (SettingError, StateError, ValueError) as error:
        raise ChatError(str(error)) from None
    first = state.first if state else None
    running = asyncio.create_task(
        run_discord(
            desk, config, secrets, stop, http=http, dossiers=dossiers, first=first, started=chat.started
        )
    )
    try:
        await _up(chat, running, patience)
        running.add_done_callback(_say_why)
        yield chat
    except (SettingError, CannotRun) as error:
        raise ChatError(str(error)) from None
    finally:
        stop.set()
        # Why it ended has been raised or logged already.
        with contextlib.suppress(Exception):
            await running
        if state:
            await state.close()


async def _up(chat: Chat, running: asyncio.Task[None], patience: float) -> None:
    """Wait until the bot is logged in, or cannot be.

    Raises:
        SettingError, CannotRun: it never will be.
    """
    # `run_discord` makes its client before it waits for anything.
    await asyncio.sleep(0)
    logged_in = asyncio.create_task(chat.client.logged_in.wait()) if chat.client else None
    waits = [one for one in (running, logged_in) if one]
    done, _ = await asyncio.wait(waits, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    if logged_in:
        logged_in.cancel()
    if running in done:
        await running
    elif logged_in in done and chat.client and chat.client.user:
        chat.where = f"Discord is answered as {chat.client.user}."


def _say_why(running: asyncio.Task[None]) -> None:
    if not running.cancelled() and (error := running.exception()):
        log.error("Discord is not answered any more", reason=str(error) or type(error).__name__)
