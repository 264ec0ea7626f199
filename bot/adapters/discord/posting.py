"""Scheduled posts: post to a channel, thread or forum, and find again what may have been posted."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import discord
from discord.abc import Messageable, Snowflake

from bot.adapters.discord import people
from bot.adapters.discord.escape import unescape
from bot.adapters.discord.failures import failure, nobody_writes, permanent, reference, transient, unknown
from bot.adapters.discord.limits import NONCE, TEXT_DISPLAY, THREAD_NAME, Json, walk
from bot.adapters.discord.render import Style, render
from bot.adapters.discord.sending import open_thread, send
from bot.adapters.discord.view import PageView, marked, remarked
from bot.adapters.texts import inert, shorten
from bot.posting import Outcome, Page, Person, Place, PostError, Reference, Rights
from bot.reply import Reply

SECONDS: Final = 60.0
"""How long any other call may take, waits for rate limits and the library's own tries included."""

LOOKUP_SECONDS: Final = 10.0
PAGE_SECONDS: Final = 15.0
"""How long a post may look for its channel, and how long each page may take: others wait for their turn."""

CLOCK_LIKELY: Final = 120.0
"""By how many seconds this machine's clock is taken to be ahead of Discord's at most…"""

CLOCK_MOST: Final = 90_000.0
"""…and how far is looked back all the same, as far as the limit allows: a wrong time zone or day."""

FIRST_INSTANT: Final = 1_420_070_400.0
LAST_INSTANT: Final = 4_000_000_000.0
"""Discord's ids begin with 2015; none of this century's is later."""

LOOK_BACK: Final = 1_000
"""How many messages, or threads of a forum, are looked through."""

MOST_PAGES: Final = 100


class DiscordChat:
    """Posts through the client in use; implements :class:`bot.posting.Chat`.

    `current` gives it, since there is a new one each time Discord has to be reached anew; it must be logged
    in, but need not be connected to the gateway. `seconds` is how long one call may take.
    """

    platform = "discord"

    def __init__(self, current: Callable[[], discord.Client | None], *, seconds: float = SECONDS) -> None:
        self._current = current
        self._seconds = seconds

    async def render(self, reply: Reply, remark: str = "") -> list[Page]:
        """Return a reply as message bodies; no buttons turn the pages, since all of them are posted."""
        return [remarked(page, remark) for page in render(reply, Style(pager=False)).pages]

    async def post(
        self, place: Place, pages: Sequence[Page], key: str, *, after: Reference | None = None
    ) -> Reference:
        """Post the pages, and return where they are.

        Posting the same key again within a few minutes gives the same messages: each page has a nonce made
        from the key. In a forum that holds from the second page on; use :meth:`find` there. `after` is what
        was posted before: those pages are left out.

        Raises:
            PostError: with its outcome, what to do, and the pages that are certain to be there.
        """
        posted = dict(after.messages) if after else {}
        client = self._client()
        channel = await self._channel(client, _where(place, after), after)
        where = str(channel.id)
        for number, page in enumerate(pages, 1):
            if number in posted:
                continue
            if where != str(channel.id):
                channel = await self._channel(client, where, reference(where, posted))
            body = marked(page, mark(key, number))
            try:
                async with asyncio.timeout(min(self._seconds, PAGE_SECONDS)):
                    if isinstance(channel, discord.ForumChannel):
                        where, message = await open_thread(client, channel.id, _title(page), body)
                    else:
                        message = await send(client, channel.id, body, nonce(key, number))
            except Exception as error:
                raise failure(error, channel, reference(where, posted)) from error
            posted[number] = message
        return Reference(channel=where, messages=posted)

    async def find(self, place: Place, key: str, since: float) -> Reference | None:
        """Return the pages of a key that the bot posted since an instant (seconds since 1970), or None.

        Raises:
            PostError: the channel could not be read to its end; the outcome stays unknown.
        """
        client = self._client()
        channel = await self._channel(client, _where(place, None), None)
        wanted = {mark(key, number): number for number in range(1, MOST_PAGES + 1)}
        back = _instant(since - CLOCK_MOST), _instant(since - CLOCK_LIKELY)
        try:
            async with asyncio.timeout(self._seconds):
                if not isinstance(channel, discord.ForumChannel):
                    return reference(str(channel.id), await _pages(client, channel, wanted, *back))
                for thread in await _own_threads(client, channel, *back):
                    found = await _pages(client, thread, wanted, *back)
                    if found:
                        return reference(str(thread.id), found)
                return None
        except Exception as error:
            found_out = failure(error, channel, None, reading=True)
            if found_out.outcome is Outcome.UNKNOWN and not isinstance(error, PostError):
                found_out = transient(f"The channel could not be read. {found_out.sentence}", None)
            raise found_out from error

    async def amend(self, place: Place, reference: Reference, pages: Sequence[Page], remark: str) -> None:
        """Show the first page as given, with `remark` under its title; its key stays.

        Raises:
            PostError: the message is gone or cannot be edited, or Discord cannot be reached.
        """
        first = reference.messages.get(1)
        if first is None or not pages:
            return
        channel = await self._channel(self._client(), reference.channel, reference)
        if isinstance(channel, discord.ForumChannel):
            raise permanent("A post in a forum stands in a thread of its own, and this is none.", reference)
        try:
            async with asyncio.timeout(self._seconds):
                message = await channel.fetch_message(int(people.identifier(first, "a message")))
                # By the number of its container the message is found; another would make it another post.
                old = message.components[0].id if message.components else None
                page = remarked(pages[0], remark)
                await message.edit(
                    view=PageView(marked(page, old) if old else page),
                    allowed_mentions=discord.AllowedMentions.none(),
                )
        except discord.NotFound as error:
            sentence = "The message that was to be marked is gone: somebody has deleted it."
            raise permanent(sentence, reference) from error
        except Exception as error:
            found = failure(error, channel, reference)
            if found.outcome is Outcome.UNKNOWN:
                sentence = f"{found.sentence} The message can be marked again."
                found = transient(sentence, reference)
            raise found from error

    async def tell(self, person: Person, text: str) -> None:
        """Write a sentence or two to a person, in direct messages.

        Raises:
            PostError: it was not taken, or the answer was lost.
        """
        client = self._client()
        number = people.identifier(person.user, "a person")
        try:
            async with asyncio.timeout(self._seconds):
                await people.tell(client, number, text, nonce(f"{number} {text}", 0))
        except Exception as error:
            raise failure(error, discord.Object(number), None) from error

    async def rights(self, person: Person) -> Rights:
        """Return what Discord says of a person now; in direct messages everybody manages their own.

        Raises:
            PostError: the bot is not in the server, or Discord cannot be asked.
        """
        number = people.identifier(person.user, "a person")
        if not person.workspace:
            return Rights(manages=True)
        server = people.identifier(person.workspace, "a server")
        client = self._client()
        try:
            async with asyncio.timeout(self._seconds):
                return await people.rights(client, server, number)
        except Exception as error:
            found = failure(error, discord.Object(server), None)
            if found.outcome is Outcome.UNKNOWN:
                found = transient(f"Discord could not be asked for rights. {found.sentence}", None)
            raise found from error

    def _client(self) -> discord.Client:
        client = self._current()
        if client is None or client.user is None or client.is_closed():
            raise transient("Discord is not connected yet, so nothing was sent.", None)
        return client

    async def _channel(self, client: discord.Client, named: str, done: Reference | None) -> Any:
        number = people.identifier(named, "a channel", done)
        cached = client.get_channel(number)
        if cached is not None:
            return _writable(cached, done)
        try:
            async with asyncio.timeout(min(self._seconds, LOOKUP_SECONDS)):
                fetched = await client.fetch_channel(number)
        except Exception as error:
            found = failure(error, discord.Object(number), done, looking=True)
            if found.outcome is Outcome.UNKNOWN:
                # Nothing has been sent yet, so the outcome is known.
                found = transient(found.sentence, done)
            raise found from error
        return _writable(fetched, done)


def _where(place: Place, done: Reference | None) -> str:
    return done.channel if done and done.messages else place.thread or place.channel


async def _pages(
    client: discord.Client, channel: Messageable, wanted: dict[int, int], start: datetime, likely: datetime
) -> dict[int, str]:
    """Return the ids of the bot's own messages by page number, looked for from the newest back to `start`.

    Raises:
        PostError: the limit was reached before `likely`, so the outcome stays unknown.
    """
    found: dict[int, str] = {}
    me = client.user.id if client.user else 0
    read = 0
    oldest = None
    async for message in channel.history(after=start, limit=LOOK_BACK, oldest_first=False):
        read += 1
        oldest = _created(message)
        if message.author.id == me and message.components:
            number = wanted.get(getattr(message.components[0], "id", None) or 0)
            if number is not None:
                found[number] = str(message.id)
                if number == 1:
                    # The others came after it.
                    return found
    if read >= LOOK_BACK and oldest is not None and oldest > likely:
        # Some of the pages may stand further back.
        raise _too_much(likely, reference(str(getattr(channel, "id", "")), found))
    return found


async def _own_threads(
    client: discord.Client, forum: discord.ForumChannel, start: datetime, likely: datetime
) -> list[discord.Thread]:
    """Return the forum's threads that the bot has opened since `start`, newest first; archived ones too.

    Raises:
        PostError: the limit was reached before `likely`, so the outcome stays unknown.
    """
    me = client.user.id if client.user else 0
    threads = [one for one in await forum.guild.active_threads() if one.parent_id == forum.id]
    read = 0
    archived = None
    async for one in forum.archived_threads(limit=LOOK_BACK):
        read += 1
        archived = one.archive_timestamp or start
        if archived < start:
            break
        threads.append(one)
    if read >= LOOK_BACK and archived is not None and archived > likely:
        raise _too_much(likely, None)
    own = [one for one in threads if one.owner_id == me and _created(one) >= start]
    return sorted(own, key=lambda one: one.id, reverse=True)


def _writable(channel: Any, done: Reference | None) -> Any:
    """Return a channel that takes messages or posts.

    Raises:
        PostError: it is a category or the like.
    """
    if not isinstance(channel, Messageable | discord.ForumChannel):
        raise nobody_writes(channel, done)
    return channel


def _too_much(start: datetime, found: Reference | None) -> PostError:
    return unknown(
        f"Too much was written since {start:%d %B %Y, %H:%M} UTC to find the post. "
        "Look for it in the channel.",
        found,
    )


def nonce(key: str, page: int) -> str:
    """Return the nonce of a page: the same for the same key and page, at most 25 characters."""
    return base64.b32encode(_digest(key, page)).decode().lower()[:NONCE]


def mark(key: str, page: int) -> int:
    """Return the numeric id that a page's container carries, by which the page is found: 1 to 2^30."""
    return int.from_bytes(_digest(key, page)[-4:], "big") % (1 << 30) + 1


def _digest(key: str, page: int) -> bytes:
    return hashlib.sha256(f"{key}\0{page}".encode("utf-8", "replace")).digest()


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, FIRST_INSTANT), LAST_INSTANT), UTC)


def _created(thing: Snowflake) -> datetime:
    return discord.utils.snowflake_time(thing.id)


def _title(page: Json) -> str:
    """Return the title of a forum post: the page's own heading."""
    for one in walk(page["components"]):
        if one["type"] == TEXT_DISPLAY:
            heading = unescape(one["content"].partition("\n")[0].removeprefix("## ")).strip()
            return shorten(inert(heading), THREAD_NAME // 2) or "Briefing"
    return "Briefing"
