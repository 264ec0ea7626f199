"""Posts that are nobody's answer: scheduled ones. Sent once; if it is not known whether, it is found out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.adapters.slack import people
from bot.adapters.slack.failures import SlackFailureError, failure_of, post_error, refused_id
from bot.adapters.slack.names import Names
from bot.adapters.slack.render import Message, Rendered, noted, noted_message, render
from bot.adapters.slack.teams import Teams
from bot.adapters.slack.web import impatient, with_twin
from bot.posting import Outcome, Page, Person, Place, PostError, Reference, Rights
from bot.reply import Reply
from bot.state import State

EVENT_TYPE: Final = "briefing_posted"
HISTORY_PAGE: Final = 200
CLOCK_LIKELY: Final = 120.0
"""Seconds that this machine's clock is taken to be ahead of Slack's (which gives each message its `ts`)…"""

CLOCK_MOST: Final = 90_000.0
"""…and how far is looked back all the same, as far as the limit allows: a wrong time zone or day."""

HISTORY_PAGES_MOST: Final = 25
"""5,000 messages since the try: more means that the outcome stays unknown. So many again before it."""


class SlackChat:
    """Posts pages to a place and finds them again by their key; implements :class:`bot.posting.Chat`.

    Slack has no idempotency key, so the key travels as message metadata, which any app in the workspace can
    read: it must be no secret. `groups` are the ids of user groups that :meth:`rights` looks at.
    """

    platform = "slack"

    def __init__(self, teams: Teams, state: State, names: Names, groups: Sequence[str] = ()) -> None:
        self._teams = teams
        self._state = state
        self._names = names
        self._groups = groups
        self._bots: dict[str, tuple[str | None, str]] = {}

    async def render(self, reply: Reply, remark: str = "") -> list[Page]:
        """Return a reply as pages to post; what their buttons cannot hold is kept in the state.

        Raises:
            PostError: the state cannot be written.
        """
        made = pages_for_post(reply, remark, self._names)
        try:
            await self._state.keep(made.long)
        except (SQLAlchemyError, OSError) as error:
            sentence = "The state database cannot be written, so nothing was posted. Look at its disk."
            raise PostError(Outcome.TRANSIENT, sentence) from error
        return [{"text": one.text, "blocks": one.blocks, "twin": one.twin} for one in made.pages]

    async def post(
        self, place: Place, pages: Sequence[Page], key: str, *, after: Reference | None = None
    ) -> Reference:
        """Post pages: the first to the channel (or the place's thread), the others in its thread.

        `after` is what stands already, as :class:`PostError` or :meth:`find` told: those pages are left out.
        A rate limit is not waited for: it is a transient failure, with `retry_after`.

        Raises:
            PostError: with its outcome, what to do, and what stands.
        """
        posted = dict(after.messages) if after else {}
        channel = after.channel if after else place.channel
        try:
            _refuse(place)
            client = impatient(await self._teams.client(place.workspace))
            for number, page in enumerate(pages, 1):
                if number not in posted:
                    thread = place.thread or (posted.get(1, "") if number > 1 else "")
                    channel, posted[number] = await _send(
                        client, channel, _message(page), key, number, thread
                    )
        except Exception as error:
            stands = Reference(channel=channel, messages=posted) if posted else None
            raise post_error(error, stands) from error
        return Reference(channel=channel, messages=posted)

    async def find(self, place: Place, key: str, since: float) -> Reference | None:
        """Return the pages posted under `key` since an instant (seconds since 1970), or None.

        Messages of other apps are passed over, whatever their metadata says.

        Raises:
            PostError: the history cannot be read or is too long, so the outcome stays unknown.
        """
        try:
            _refuse(place)
            client = await self._teams.client(place.workspace)
            look = _Look(client, place.channel, key, await self._bot(client, place.workspace))
            likely = max(since - CLOCK_LIKELY, 0.0)
            found = await look.search(likely, thread=place.thread)
            if 1 not in found and likely:
                before = await look.search(max(since - CLOCK_MOST, 0.0), likely, thread=place.thread)
                found = before | found
            first = found.get(1, "")
            if first and not place.thread:
                found = await look.search(float(first), thread=first) | found
        except Exception as error:
            failure = failure_of(error)
            if failure.outcome is Outcome.UNKNOWN and failure.code != "history_too_long":
                advice = "The history could not be read. Try again later."
                failure = SlackFailureError(Outcome.TRANSIENT, failure.code, advice)
            raise post_error(failure) from error
        return Reference(channel=place.channel, messages=found) if found else None

    async def _bot(self, client: AsyncWebClient, workspace: str) -> str:
        """Return the id of our bot in a workspace; asked once for each token."""
        token, bot = self._bots.get(workspace, (None, ""))
        if not bot or token != client.token:
            bot = str((await client.auth_test()).get("bot_id") or "")
            self._bots[workspace] = client.token, bot
        return bot

    async def amend(self, place: Place, reference: Reference, pages: Sequence[Page], remark: str) -> None:
        """Show the first page as given, with `remark` under its title; its key stays.

        Raises:
            PostError: the message is gone or cannot be edited, or Slack cannot be reached.
        """
        ts = reference.messages.get(1)
        if ts is None or not pages:
            return
        try:
            _refuse(place)
            client = await self._teams.client(place.workspace)

            async def send(blocks: list[dict[str, Any]]) -> None:
                # Metadata that is not given stays as it is, and with it the key.
                await client.chat_update(channel=reference.channel, ts=ts, text=message.text, blocks=blocks)

            message = noted_message(_message(pages[0]), remark)
            await with_twin(message, send)
        except Exception as error:
            failure = failure_of(error)
            if failure.outcome is Outcome.UNKNOWN:
                advice = "It is not known whether the message was marked; it can be marked again."
                failure = SlackFailureError(Outcome.TRANSIENT, failure.code, advice)
            raise post_error(failure, reference) from error

    async def tell(self, person: Person, text: str) -> None:
        """Write a sentence or two to a person, in direct messages.

        Raises:
            PostError: it was not taken, or the answer was lost.
        """
        try:
            await people.tell(self._teams, person, text)
        except Exception as error:
            raise post_error(error) from error

    async def rights(self, person: Person) -> Rights:
        """Return what Slack says of a person now.

        Raises:
            PostError: the token lacks a scope, or Slack cannot be asked.
        """
        try:
            return await people.rights(self._teams, person, self._groups)
        except Exception as error:
            failure = failure_of(error)
            if failure.outcome is Outcome.UNKNOWN:
                advice = "Slack could not be asked what this person may do. Try again later."
                failure = SlackFailureError(Outcome.TRANSIENT, failure.code, advice)
            raise post_error(failure) from error


async def _send(
    client: AsyncWebClient, channel: str, page: Message, key: str, number: int, thread: str
) -> tuple[str, str]:
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": key, "page": number}}

    async def send(blocks: list[dict[str, Any]]) -> tuple[str, str]:
        response = await client.chat_postMessage(
            channel=channel,
            text=page.text,
            blocks=blocks,
            metadata=metadata,
            thread_ts=thread or None,
            unfurl_links=False,
            unfurl_media=False,
        )
        ts = response.get("ts")
        if not isinstance(ts, str) or not ts:
            raise SlackFailureError(
                Outcome.UNKNOWN, "no_ts", "Slack's answer names no message: it may have been posted."
            )
        return str(response.get("channel") or channel), ts

    sent: tuple[str, str] = await with_twin(page, send)
    return sent


class _Look:
    """Looks for the pages of one post in one channel."""

    def __init__(self, client: AsyncWebClient, channel: str, key: str, bot: str) -> None:
        self._client = client
        self._channel = channel
        self._key = key
        self._bot = bot

    async def search(self, oldest: float, latest: float | None = None, *, thread: str = "") -> dict[int, str]:
        """Return the `ts` of each page between two instants, or since one, by its number.

        Raises:
            SlackFailureError: `latest` is not given, and there is more than is read.
        """
        found: dict[int, str] = {}
        cursor: str | None = None
        for _ in range(HISTORY_PAGES_MOST):
            given: dict[str, Any] = {
                "channel": self._channel,
                "oldest": f"{oldest:.6f}",
                "latest": None if latest is None else f"{latest:.6f}",
                "inclusive": True,
                "limit": HISTORY_PAGE,
                "include_all_metadata": True,
                "cursor": cursor,
            }
            if thread:
                response = await self._client.conversations_replies(ts=thread, **given)
            else:
                response = await self._client.conversations_history(**given)
            for message in response.get("messages") or ():
                page = _page_of(message, self._key, self._bot)
                if page:
                    found.setdefault(page, str(message["ts"]))
            cursor = (response.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None or (latest is not None and 1 in found):
                return found
        if latest is not None:
            # Before the try it is looked in case the clock was wrong, and only so far.
            return found
        raise SlackFailureError(
            Outcome.UNKNOWN,
            "history_too_long",
            "Too much was written since the try. Look in the channel yourself.",
        )


def _refuse(place: Place) -> None:
    """Refuse what is no channel. A post could be sent to a person's id, but not be found again."""
    if people.PERSON.fullmatch(place.channel):
        advice = "Give the id of a channel (C…), or of the direct message with the bot (D…)."
        raise SlackFailureError(
            Outcome.PERMANENT, "user_id", f"Posts go to channels, not to people. {advice}"
        )
    if not people.CHANNEL.fullmatch(place.channel):
        raise refused_id(place.channel, "a channel", "C0123ABCD")
    if place.thread and not people.TIMESTAMP.fullmatch(place.thread):
        raise refused_id(place.thread, "a thread", "1732000000.000100")


def _message(page: Page) -> Message:
    return Message(page["text"], page["blocks"], page.get("twin"))


def _page_of(message: Any, key: str, bot: str) -> int:
    """Return the number of the page that a message is of the post `key`, or 0; `bot` is our own bot's id.

    Slack puts the id of its bot on each message of an app, so that another app's is known by it.
    """
    if not isinstance(message, dict) or (bot and message.get("bot_id", bot) != bot):
        return 0
    metadata = message.get("metadata")
    if isinstance(metadata, str):
        try:
            metadata = json.loads(metadata)
        except ValueError:
            return 0
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE or not message.get("ts"):
        return 0
    payload = metadata.get("event_payload")
    if not isinstance(payload, dict) or payload.get("key") != key:
        return 0
    page = payload.get("page")
    return page if isinstance(page, int) else 1


def pages_for_post(reply: Reply, remark: str = "", names: Names | None = None) -> Rendered:
    """Return a reply as pages to post: all of them stand there, so no buttons turn them.

    `remark` is a line of ours under the title, such as why it is posted.
    """
    made = render(reply, turning=False, shown=names.shown if names else None)
    return noted(made, remark) if remark else made
