"""Why a post failed, sorted by what to do about it, with the sentence that tells the operator."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import discord

from bot.adapters.texts import inert
from bot.posting import Outcome, PostError, Reference, Scope

LONGEST_WAIT: Final = 3_600.0
"""The longest `retry_after` that is believed, in seconds."""

SOON: Final = 5.0


NOT_IN_SERVER: Final = (
    "The bot is not in this server, so nobody's rights there can be looked up. Add it again."
)


def permanent(sentence: str, posted: Reference | None, scope: Scope = Scope.PLACE) -> PostError:
    """Return that trying again is useless until somebody has done what the sentence says."""
    return PostError(Outcome.PERMANENT, sentence, posted=posted, scope=scope)


def transient(sentence: str, posted: Reference | None, retry_after: float = SOON) -> PostError:
    """Return that nothing was posted, and that it may work in `retry_after` seconds."""
    return PostError(Outcome.TRANSIENT, sentence, posted=posted, retry_after=retry_after)


def unknown(sentence: str, posted: Reference | None) -> PostError:
    """Return that Discord may have taken the post or not."""
    return PostError(Outcome.UNKNOWN, sentence, posted=posted)


def reference(channel: str, messages: Mapping[int, str]) -> Reference | None:
    """Return where pages stand, or None if there are none."""
    return Reference(channel=channel, messages=dict(messages)) if messages else None


# https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
_GONE: Final = frozenset({10003, 10004, 10008})
_CODES: Final[dict[int, str]] = {
    40001: "Discord does not take the token any more. Make a new one and put it into DISCORD_TOKEN.",
    40067: "The forum {place} wants a tag on each post. Switch “Require tags” off in its settings.",
    50007: "This person does not take direct messages from the bot. Choose another place.",
    50008: "Nobody can write in {place}: it is not a text channel. Choose another place.",
    50083: "The thread {place} is archived and locked. Open it again, or choose another place.",
    160005: "The thread {place} is locked. Unlock it, or choose another place.",
}
_TOKEN_REFUSED: Final = 40001
_CONTENT: Final = frozenset({20009, 40005, 50006, 50035, 200000})
"""Refusals of what is in a message: explicit, too large, empty, malformed, or moderated away."""
_SLOW_MODE: Final = 20016
_MISSING_ACCESS, _MISSING_PERMISSIONS = 50001, 50013


def failure(
    error: BaseException,
    channel: Any,
    posted: Reference | None,
    *,
    reading: bool = False,
    looking: bool = False,
) -> PostError:
    """Return what an error means for a post to a channel, for reading one, or for looking one up."""
    if isinstance(error, PostError):
        return error
    if isinstance(error, discord.RateLimited):
        return _limited(error.retry_after, posted)
    if isinstance(error, discord.HTTPException):
        return _refused(error, channel, posted, reading, looking)
    if isinstance(error, discord.InvalidData):
        # A kind of channel that the library does not know.
        return nobody_writes(channel, posted)
    if isinstance(error, aiohttp.ClientConnectorError):
        return transient("Discord cannot be reached.", posted)
    return unknown(f"Discord's answer got lost ({type(error).__name__}).", posted)


def _refused(
    error: discord.HTTPException, channel: Any, posted: Reference | None, reading: bool, looking: bool
) -> PostError:
    place = _name(channel)
    if error.status == 429:
        return _limited(error.response.headers.get("Retry-After"), posted)
    if error.status >= 500:
        return unknown(f"Discord failed with HTTP {error.status}.", posted)
    if error.status == 401 or error.code == _TOKEN_REFUSED:
        return permanent(_CODES[_TOKEN_REFUSED], posted, Scope.WORKSPACE)
    if error.code == _SLOW_MODE:
        return transient(f"The channel {place} is in slow mode.", posted, 60.0)
    if error.code in _GONE:
        return permanent(f"The channel {place} is gone. Choose another place for this post.", posted)
    if error.code in _CODES:
        return permanent(_CODES[error.code].format(place=place), posted)
    if error.code in {_MISSING_ACCESS, _MISSING_PERMISSIONS}:
        if isinstance(channel, discord.Thread) and channel.is_private() and channel.me is None:
            return permanent(f"The bot is not in the private thread {place}. Mention it there.", posted)
        names = "View Channel" if looking else " and ".join(_missing(channel, reading))
        return permanent(f"In {place} the bot lacks {names}. Allow it in the channel's permissions.", posted)
    said = inert(error.text)[:200].rstrip(". ") or "no reason given"
    scope = Scope.CONTENT if error.code in _CONTENT or error.status == 413 else Scope.PLACE
    return permanent(f"Discord refused this in {place} (code {error.code}): {said}.", posted, scope)


def nobody_writes(channel: Any, posted: Reference | None) -> PostError:
    """Return what it means that a channel takes no messages."""
    return permanent(_CODES[50008].format(place=_name(channel)), posted)


def _limited(retry_after: object, posted: Reference | None) -> PostError:
    try:
        seconds = float(str(retry_after))
    except ValueError:
        seconds = math.nan
    seconds = min(seconds, LONGEST_WAIT) if seconds > 0 else SOON
    return transient(f"Discord asks to wait for {seconds:.0f} seconds.", posted, seconds)


def _name(channel: Any) -> str:
    name = getattr(channel, "name", None)
    return f"#{name}" if name else str(channel.id)


def _missing(channel: Any, reading: bool) -> list[str]:
    """Return the permissions that are missing, as Discord's settings call them; all candidates if unknown."""
    thread = isinstance(channel, discord.Thread)
    wanted = {"view_channel": "View Channel"}
    if reading:
        wanted["read_message_history"] = "Read Message History"
    elif thread:
        wanted["send_messages_in_threads"] = "Send Messages in Threads"
    else:
        wanted["send_messages"] = "Send Messages"
    me = getattr(getattr(channel, "guild", None), "me", None)
    if me is not None:
        try:
            has = channel.permissions_for(me)
        except discord.ClientException:
            return [*wanted.values()]
        return [name for right, name in wanted.items() if not getattr(has, right)] or [*wanted.values()]
    return [*wanted.values()]
