"""Scheduled posts: post to a channel, thread or forum, and find again what may have been posted."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import discord
import msgspec
from discord.abc import Messageable, Snowflake

from bot.adapters.discord.escape import unescape
from bot.adapters.discord.failures import Permanent, PostFailure, Transient, Unknown, failure, nobody_writes
from bot.adapters.discord.limits import NONCE, TEXT_DISPLAY, THREAD_NAME, Json, walk
from bot.adapters.discord.view import PageView, marked
from bot.adapters.texts import shorten

SECONDS: Final = 60.0
"""How long one page may take, waits for rate limits and the library's own tries included."""

SLACK_CLOCK: Final = timedelta(minutes=2)
"""How far this machine's clock may be ahead of Discord's."""

LOOK_BACK: Final = 500
"""How many messages, or threads of a forum, are looked through."""

MOST_PAGES: Final = 100


class PostRef(msgspec.Struct, frozen=True):
    """What was posted: the ids of the messages in the order of their pages, all in the channel `channel`.

    `place` is where it was to go; in a forum, `channel` is the thread that the post opened.
    """

    place: str
    channel: str
    messages: tuple[str, ...]


class Poster:
    """Posts through a client that is logged in; it need not be connected to the gateway."""

    def __init__(self, client: discord.Client, *, seconds: float = SECONDS) -> None:
        self._client = client
        self._seconds = seconds

    async def post(
        self, place: str, pages: Sequence[Json], key: str, *, after: PostRef | None = None
    ) -> PostRef:
        """Post the pages (message bodies) and return where they are.

        Posting the same key again within a few minutes gives the same messages: each page has a nonce made
        from the key. In a forum that holds from the second page on; use :meth:`find` there. `after` is what
        was posted before: only the pages behind it are posted.

        Raises:
            Permanent: trying again is useless; the message tells the operator what to do.
            Transient: nothing was posted now, and it may work later (`retry_after` seconds).
            Unknown: the page may have been posted or not; look with :meth:`find` before another try.
                Each has `posted`, the pages that are certain to be there.
        """
        done = after or PostRef(place, place, ())
        channel = await self._channel(place, done)
        for number, page in enumerate(pages[len(done.messages) :], len(done.messages) + 1):
            view = PageView(marked(page, mark(key, number)))
            try:
                async with asyncio.timeout(self._seconds):
                    if isinstance(channel, discord.ForumChannel):
                        opened = await channel.create_thread(
                            name=_title(page), view=view, allowed_mentions=discord.AllowedMentions.none()
                        )
                        channel, message = opened.thread, opened.message
                        done = PostRef(place, str(channel.id), ())
                    else:
                        message = await channel.send(
                            view=view,
                            nonce=nonce(key, number),
                            allowed_mentions=discord.AllowedMentions.none(),
                        )
            except PostFailure:
                raise
            except Exception as error:
                raise failure(error, channel, done) from error
            done = PostRef(place, done.channel, (*done.messages, str(message.id)))
        return done

    async def find(self, place: str, key: str, since: datetime) -> PostRef | None:
        """Return the pages of a key that the bot posted since an instant, or None.

        A later page without its earlier ones is not counted.

        Raises:
            Permanent, Transient, Unknown: the channel could not be read; the outcome stays unknown.
        """
        channel = await self._channel(place, None)
        wanted = {mark(key, number): number for number in range(1, MOST_PAGES + 1)}
        start = since - SLACK_CLOCK
        try:
            async with asyncio.timeout(self._seconds):
                if not isinstance(channel, discord.ForumChannel):
                    return _ref(place, place, await self._pages(channel, wanted, start))
                for thread in await self._own_threads(channel, start):
                    found = await self._pages(thread, wanted, start)
                    if 1 in found:
                        return _ref(place, str(thread.id), found)
                return None
        except PostFailure:
            raise
        except Exception as error:
            raise failure(error, channel, None, reading=True) from error

    async def _channel(self, place: str, done: PostRef | None) -> Any:
        named = done.channel if done and done.messages else place
        if not (named.isascii() and named.isdigit()):
            raise Permanent(f"The place “{named}” is not the id of a channel. Copy the channel's id.", done)
        number = int(named)
        cached = self._client.get_channel(number)
        if cached is not None:
            return _writable(cached, done)
        try:
            async with asyncio.timeout(self._seconds):
                fetched = await self._client.fetch_channel(number)
        except Exception as error:
            found = failure(error, discord.Object(number), done, looking=True)
            if isinstance(found, Unknown):
                # Nothing has been sent yet, so the outcome is known.
                found = Transient(found.sentence, done)
            raise found from error
        return _writable(fetched, done)

    async def _pages(self, channel: Messageable, wanted: dict[int, int], start: datetime) -> dict[int, str]:
        """Return the ids of the bot's own messages by page number."""
        found: dict[int, str] = {}
        me = self._client.user.id if self._client.user else 0
        read = 0
        async for message in channel.history(after=start, limit=LOOK_BACK, oldest_first=True):
            read += 1
            if message.author.id == me and message.components:
                number = wanted.get(getattr(message.components[0], "id", None) or 0)
                if number is not None:
                    found.setdefault(number, str(message.id))
        if read >= LOOK_BACK and not found:
            raise _too_much(start)
        return found

    async def _own_threads(self, forum: discord.ForumChannel, start: datetime) -> list[discord.Thread]:
        """Return the forum's threads that the bot has opened since, those that are archived too."""
        me = self._client.user.id if self._client.user else 0
        threads = [one for one in await forum.guild.active_threads() if one.parent_id == forum.id]
        read = 0
        async for one in forum.archived_threads(limit=LOOK_BACK):
            read += 1
            if (one.archive_timestamp or start) < start:
                break
            threads.append(one)
        else:
            if read >= LOOK_BACK:
                raise _too_much(start)
        return [one for one in threads if one.owner_id == me and _created(one) >= start]


def _writable(channel: Any, done: PostRef | None) -> Any:
    """Return a channel that takes messages or posts.

    Raises:
        Permanent: it is a category or the like.
    """
    if not isinstance(channel, Messageable | discord.ForumChannel):
        raise nobody_writes(channel, done)
    return channel


def _too_much(start: datetime) -> Unknown:
    return Unknown(
        f"Too much was written since {start:%d %B %Y, %H:%M} UTC to find the post. "
        "Look for it in the channel."
    )


def nonce(key: str, page: int) -> str:
    """Return the nonce of a page: the same for the same key and page, at most 25 characters."""
    return base64.b32encode(_digest(key, page)).decode().lower()[:NONCE]


def mark(key: str, page: int) -> int:
    """Return the numeric id that a page's container carries, by which the page is found: 1 to 2^30."""
    return int.from_bytes(_digest(key, page)[-4:], "big") % (1 << 30) + 1


def _digest(key: str, page: int) -> bytes:
    return hashlib.sha256(f"{key}\0{page}".encode()).digest()


def _ref(place: str, channel: str, found: dict[int, str]) -> PostRef | None:
    messages = []
    for number in range(1, MOST_PAGES + 1):
        if number not in found:
            break
        messages.append(found[number])
    return PostRef(place, channel, tuple(messages)) if messages else None


def _created(thing: Snowflake) -> datetime:
    return discord.utils.snowflake_time(thing.id)


def _title(page: Json) -> str:
    """Return the title of a forum post: the page's own heading."""
    for one in walk(page["components"]):
        if one["type"] == TEXT_DISPLAY:
            heading = unescape(one["content"].partition("\n")[0].removeprefix("## ")).strip()
            return shorten(heading, THREAD_NAME // 2) or "Briefing"
    return "Briefing"
