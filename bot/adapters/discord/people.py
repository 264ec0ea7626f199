"""What posts need of people in Discord: to tell somebody something, and to know what they may do."""

from __future__ import annotations

import re
from typing import Final

import discord

from bot.adapters.discord.escape import escape
from bot.adapters.discord.failures import NOT_IN_SERVER, permanent
from bot.adapters.texts import inert, shorten
from bot.posting import Reference, Rights, Scope

LONGEST_WORDS: Final = 900
"""Escaping makes at most two characters of one; a message takes 2,000."""

_SNOWFLAKE: Final = re.compile(r"[0-9]{1,19}")
_LAST: Final = 1 << 63
_UNKNOWN_MEMBER, _UNKNOWN_USER = 10007, 10013
_UNKNOWN_GUILD, _MISSING_ACCESS = 10004, 50001


def identifier(text: str, what: str, done: Reference | None = None) -> int:
    """Return the id of a channel, person or server as a number.

    Raises:
        PostError: it is none; trying again is useless.
    """
    if not _SNOWFLAKE.fullmatch(text) or not 0 < int(text) < _LAST:
        shown = shorten(inert(text), 40)
        sentence = f"“{shown}” is not the id of {what}. Copy it from Discord, with developer mode on."
        raise permanent(sentence, done)
    return int(text)


async def tell(client: discord.Client, person: int, text: str, nonce: str) -> None:
    """Write to a person; the same words to the same person again, within a few minutes, change nothing.

    Raises:
        discord.DiscordException, aiohttp.ClientError: it was not taken, or the answer was lost.
    """
    channel = await client.create_dm(discord.Object(person))
    await channel.send(
        escape(shorten(inert(text).strip(), LONGEST_WORDS)),
        nonce=nonce,
        suppress_embeds=True,
        allowed_mentions=discord.AllowedMentions.none(),
    )


async def rights(client: discord.Client, server: int, person: int) -> Rights:
    """Return whether a person may manage a server, and which roles they have there.

    The server and the member are asked for anew: what the gateway told may be hours old.

    Raises:
        PostError: the bot is not in the server.
        discord.DiscordException, aiohttp.ClientError: Discord cannot be asked.
    """
    try:
        guild = await client.fetch_guild(server, with_counts=False)
        member = await guild.fetch_member(person)
    except discord.HTTPException as error:
        if error.code in {_UNKNOWN_MEMBER, _UNKNOWN_USER}:
            return Rights()
        if error.code in {_UNKNOWN_GUILD, _MISSING_ACCESS}:
            raise permanent(NOT_IN_SERVER, None, Scope.WORKSPACE) from error
        raise
    may = member.guild_permissions
    manages = guild.owner_id == person or may.administrator or may.manage_guild
    roles = {str(role.id) for role in member.roles if not role.is_default()}
    return Rights(manages=manages and not member.is_timed_out(), roles=frozenset(roles))
