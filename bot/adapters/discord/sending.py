"""Requests that make a message or a thread: no pause is slept through, and no thread is opened twice."""

from __future__ import annotations

import math
from typing import Any, Final

import aiohttp
import discord
from discord.http import Route

from bot.adapters.discord.limits import FLAG_COMPONENTS_V2, Json

SERVER_ERROR: Final = 500
TOO_MANY: Final = 429


async def send(client: discord.Client, channel: int, page: Json, nonce: str) -> str:
    """Send a page to a channel or thread and return the message's id.

    discord.py tries again after HTTP 500, 502, 504 and 524; Discord enforces the nonce, so that is harmless.

    Raises:
        discord.RateLimited: at once, instead of waiting.
        discord.DiscordException, aiohttp.ClientError: it was not taken, or the answer was lost.
    """
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
    body = {**_message(page), "nonce": nonce, "enforce_nonce": True}
    http: Any = client.http
    answer = await http.request(route, json=body, raise_for_status=_no_pauses)
    return str(answer["id"])


async def open_thread(client: discord.Client, forum: int, title: str, page: Json) -> tuple[str, str]:
    """Open a post in a forum, and return the ids of its thread and of the message in it.

    Discord takes no nonce here, so the library's tries are off: a second one could open a second thread.

    Raises:
        discord.RateLimited: at once, instead of waiting.
        discord.DiscordException, OSError, aiohttp.ClientError: it was not taken, or the answer was lost.
    """
    route = Route("POST", "/channels/{channel_id}/threads", channel_id=forum)
    body = {"name": title, "type": discord.ChannelType.public_thread.value, "message": _message(page)}
    http: Any = client.http
    answer = await http.request(
        route,
        json=body,
        params={"use_nested_fields": 1},
        files=[_Once()],
        raise_for_status=_no_tries,
    )
    return str(answer["id"]), str(answer["message"]["id"])


def _message(page: Json) -> Json:
    return {
        "flags": FLAG_COMPONENTS_V2,
        "components": page["components"],
        "allowed_mentions": discord.AllowedMentions.none().to_dict(),
    }


class _Once:
    """Stands for a file, which discord.py resets before each try: a connection that was reset ends it."""

    def reset(self, *, seek: int) -> None:
        if seek:
            raise ConnectionResetError("The connection was reset.")


# aiohttp hands these each answer before discord.py looks at it and sleeps.


async def _no_pauses(response: aiohttp.ClientResponse) -> None:
    # Without Via it is Cloudflare's, and discord.py itself raises.
    if response.status == TOO_MANY and response.headers.get("Via"):
        answer = await discord.http.json_or_text(response)
        try:
            seconds = float(answer["retry_after"])  # type: ignore[index]
        except (TypeError, KeyError, ValueError):
            seconds = math.nan
        raise discord.RateLimited(seconds)


async def _no_tries(response: aiohttp.ClientResponse) -> None:
    await _no_pauses(response)
    if response.status >= SERVER_ERROR:
        raise discord.DiscordServerError(response, await response.text(errors="replace"))
