"""The ways out: sentences and pages, as the answer to an interaction, and what becomes of a failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import discord
import structlog

from bot.adapters.discord.limits import Json
from bot.adapters.discord.view import PageView

log = structlog.get_logger(__name__)

Interaction = discord.Interaction[Any]
FAILED: Final = "Something went wrong here; nothing was changed. Try again."
NO_MENTIONS: Final = discord.AllowedMentions.none()


async def say(interaction: Interaction, sentence: str) -> None:
    """Say a sentence to the asker alone, instead of an answer that was promised.

    Raises:
        discord.HTTPException: Discord refused it.
    """
    if not interaction.response.is_done():
        await interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)
        return
    if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        # It may have been promised to all.
        await interaction.delete_original_response()
    await interaction.followup.send(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)


async def send(interaction: Interaction, body: Json, *, private: bool) -> None:
    """Answer an interaction with a page, or put it where an answer was promised.

    Raises:
        discord.HTTPException: Discord refused it.
    """
    view = PageView(body)
    if not interaction.response.is_done():
        await interaction.response.send_message(view=view, ephemeral=private, allowed_mentions=NO_MENTIONS)
    else:
        await interaction.edit_original_response(view=view, allowed_mentions=NO_MENTIONS)


async def replace(interaction: Interaction, body: Json) -> None:
    """Put a page in the place of the message that was pressed.

    Raises:
        discord.HTTPException: Discord refused it.
    """
    if interaction.response.is_done():
        await interaction.edit_original_response(view=PageView(body), allowed_mentions=NO_MENTIONS)
    else:
        await interaction.response.edit_message(view=PageView(body), allowed_mentions=NO_MENTIONS)


async def answered(
    what: str, work: Awaitable[None], sorry: Callable[[str], Awaitable[object]], **about: object
) -> None:
    """Wait for an answer to be given.

    What Discord refuses is a line in the log. Of what breaks here `sorry` tells the asker, since silence
    cannot be told from a bot that is down.
    """
    try:
        await work
    except discord.HTTPException as error:
        log.warning(f"{what} not answered", status=error.status, code=error.code, **about)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning(f"{what} not answered", reason=type(error).__name__, **about)
    except Exception:
        log.exception(f"{what} not answered", **about)
        try:
            await sorry(FAILED)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.warning("no answer possible", reason=type(error).__name__)
