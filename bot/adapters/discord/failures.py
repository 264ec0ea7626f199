"""Why a post failed, sorted by what to do about it, with the sentence that tells the operator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import discord

if TYPE_CHECKING:
    from bot.adapters.discord.posting import PostRef

LONGEST_WAIT: Final = 3_600.0
"""The longest `retry_after` that is believed, in seconds."""

SOON: Final = 5.0


class PostFailure(Exception):
    """A post did not go through. `sentence` is for the operator; `posted` are the pages that are there."""

    def __init__(self, sentence: str, posted: PostRef | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.posted = posted


class Permanent(PostFailure):
    """Trying again is useless until somebody has done what the sentence says."""


class Transient(PostFailure):
    """Nothing was posted; it may work in `retry_after` seconds."""

    def __init__(self, sentence: str, posted: PostRef | None = None, retry_after: float = SOON) -> None:
        super().__init__(sentence, posted)
        self.retry_after = retry_after


class Unknown(PostFailure):
    """Discord may have taken the post or not."""


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
_SLOW_MODE: Final = 20016
_MISSING_ACCESS, _MISSING_PERMISSIONS = 50001, 50013


def failure(
    error: BaseException,
    channel: Any,
    posted: PostRef | None,
    *,
    reading: bool = False,
    looking: bool = False,
) -> PostFailure:
    """Return what an error means for a post to a channel, for reading one, or for looking one up."""
    if isinstance(error, discord.RateLimited):
        return _limited(error.retry_after, posted)
    if isinstance(error, discord.HTTPException):
        return _refused(error, channel, posted, reading, looking)
    if isinstance(error, discord.InvalidData):
        # A kind of channel that the library does not know.
        return nobody_writes(channel, posted)
    if isinstance(error, aiohttp.ClientConnectorError):
        return Transient("Discord cannot be reached.", posted)
    return Unknown(f"Discord's answer got lost ({type(error).__name__}).", posted)


def _refused(
    error: discord.HTTPException, channel: Any, posted: PostRef | None, reading: bool, looking: bool
) -> PostFailure:
    place = _name(channel)
    if error.status == 429:
        return _limited(error.response.headers.get("Retry-After"), posted)
    if error.status >= 500:
        return Unknown(f"Discord failed with HTTP {error.status}.", posted)
    if error.status == 401:
        return Permanent(_CODES[40001], posted)
    if error.code == _SLOW_MODE:
        return Transient(f"The channel {place} is in slow mode.", posted, 60.0)
    if error.code in _GONE:
        return Permanent(f"The channel {place} is gone. Choose another place for this post.", posted)
    if error.code in _CODES:
        return Permanent(_CODES[error.code].format(place=place), posted)
    if error.code in {_MISSING_ACCESS, _MISSING_PERMISSIONS}:
        if isinstance(channel, discord.Thread) and channel.is_private() and channel.me is None:
            return Permanent(f"The bot is not in the private thread {place}. Mention it there.", posted)
        names = "View Channel" if looking else " and ".join(_missing(channel, reading))
        return Permanent(f"In {place} the bot lacks {names}. Allow it in the channel's permissions.", posted)
    return Permanent(f"Discord refused the post in {place} (code {error.code}): {error.text[:200]}", posted)


def nobody_writes(channel: Any, posted: PostRef | None) -> Permanent:
    """Return what it means that a channel takes no messages."""
    return Permanent(_CODES[50008].format(place=_name(channel)), posted)


def _limited(retry_after: object, posted: PostRef | None) -> Transient:
    try:
        seconds = float(str(retry_after))
    except ValueError:
        seconds = math.nan
    seconds = min(seconds, LONGEST_WAIT) if seconds > 0 else SOON
    return Transient(f"Discord asks to wait for {seconds:.0f} seconds.", posted, seconds)


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
