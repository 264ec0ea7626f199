"""Posts that are nobody's answer: scheduled ones. Sent once; if it is not known whether, it is found out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.failures import Outcome, SlackFailureError, failure_of
from bot.adapters.slack.intake import Place
from bot.adapters.slack.render import Message, Rendered, noted, render
from bot.adapters.slack.web import with_twin
from bot.reply import Reply

EVENT_TYPE: Final = "briefing_posted"
HISTORY_PAGE: Final = 200
SLACK_CLOCK: Final = 120.0
"""Seconds that this machine's clock may be ahead of Slack's, which gives each message its `ts`."""

HISTORY_PAGES_MOST: Final = 25
"""5,000 messages since the try: more means that the outcome stays unknown."""


class Clients(Protocol):
    """Gives clients of workspaces, with tokens that are valid now, inside a request or not."""

    async def client(self, place: Place) -> AsyncWebClient:
        """Return a client.

        Raises:
            SlackFailureError: the app is not installed there, or its token cannot be refreshed.
        """


class PostRef(msgspec.Struct, frozen=True):
    """Where a post stands: the channel, and by page number (from 1) the `ts` of each message."""

    channel: str
    messages: dict[int, str]

    @property
    def ts(self) -> str:
        """The `ts` of the first page, under which the others are a thread; empty if it is not there."""
        return self.messages.get(1, "")


class PostError(SlackFailureError):
    """A post failed. `posted` is what stood before the failure, to go on from there."""

    def __init__(self, failure: SlackFailureError, posted: PostRef) -> None:
        super().__init__(failure.outcome, failure.code, failure.advice, failure.retry_after)
        self.posted = posted


class Poster:
    """Posts pages to a place and finds them again by their key.

    Slack has no idempotency key, so the key travels as message metadata, which any app in the workspace can
    read: it must be no secret.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def post(
        self, place: Place, pages: Sequence[Message], key: str, *, after: PostRef | None = None
    ) -> PostRef:
        """Post pages: the first to the channel (or the place's thread), the others in its thread.

        `after` is what stands already, as :class:`PostError` or :meth:`find` told: those pages are left out.

        Raises:
            PostError: with its outcome (permanent, transient, unknown), what to do, and what stands.
        """
        posted = dict(after.messages) if after else {}
        channel = after.channel if after else place.channel
        try:
            _refuse_person(place)
            client = await self._clients.client(place)
            for number, page in enumerate(pages, 1):
                if number not in posted:
                    thread = place.thread or (posted.get(1, "") if number > 1 else "")
                    channel, posted[number] = await self._send(client, channel, page, key, number, thread)
        except Exception as error:
            raise PostError(failure_of(error), PostRef(channel, posted)) from error
        return PostRef(channel, posted)

    async def find(self, place: Place, key: str, since: float) -> PostRef | None:
        """Return the pages posted under `key` after `since` (seconds since 1970), or None if there are none.

        Raises:
            PostError: the history cannot be read or is too long, so the outcome stays unknown.
        """
        nothing = PostRef(place.channel, {})
        try:
            _refuse_person(place)
            client = await self._clients.client(place)
            if place.thread:
                return await self._search(client, place.channel, key, since, thread=place.thread)
            found = await self._search(client, place.channel, key, since)
            first = found.ts if found else ""
            others = await self._search(client, place.channel, key, since, thread=first) if first else None
        except Exception as error:
            failure = failure_of(error)
            if failure.outcome is Outcome.UNKNOWN and failure.code != "history_too_long":
                advice = "The history could not be read. Try again later."
                failure = SlackFailureError(Outcome.TRANSIENT, failure.code, advice)
            raise PostError(failure, nothing) from error
        if found is None:
            return None
        return PostRef(place.channel, found.messages | (others.messages if others else {}))

    async def _send(
        self, client: AsyncWebClient, channel: str, page: Message, key: str, number: int, thread: str
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

    async def _search(
        self, client: AsyncWebClient, channel: str, key: str, since: float, thread: str = ""
    ) -> PostRef | None:
        found: dict[int, str] = {}
        cursor: str | None = None
        for _ in range(HISTORY_PAGES_MOST):
            given: dict[str, Any] = {
                "channel": channel,
                "oldest": f"{max(since - SLACK_CLOCK, 0):.6f}",
                "limit": HISTORY_PAGE,
                "include_all_metadata": True,
                "cursor": cursor,
            }
            if thread:
                response = await client.conversations_replies(ts=thread, **given)
            else:
                response = await client.conversations_history(**given)
            for message in response.get("messages") or ():
                page = _page_of(message, key)
                if page:
                    found.setdefault(page, str(message["ts"]))
            cursor = (response.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return PostRef(channel, found) if found else None
        raise SlackFailureError(
            Outcome.UNKNOWN,
            "history_too_long",
            "Too much was written since the try. Look in the channel yourself.",
        )


def _refuse_person(place: Place) -> None:
    """Refuse a user's id: a post could be sent to it, but not be found again, since it is no channel."""
    if place.channel[:1] in {"U", "W"}:
        advice = "Give the id of a channel (C…), or of the direct message with the bot (D…)."
        raise SlackFailureError(
            Outcome.PERMANENT, "user_id", f"Posts go to channels, not to people. {advice}"
        )


def _page_of(message: Any, key: str) -> int:
    """Return the number of the page that a message is of the post `key`, or 0."""
    metadata = message.get("metadata") if isinstance(message, dict) else None
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return 0
    payload = metadata.get("event_payload")
    if not isinstance(payload, dict) or payload.get("key") != key:
        return 0
    page = payload.get("page")
    return page if isinstance(page, int) else 1


def pages_for_post(reply: Reply, remark: str = "") -> Rendered:
    """Return a reply as pages to post: all of them stand there, so no buttons turn them.

    `remark` is a line of ours under the title, such as why it is posted.
    """
    made = render(reply, turning=False)
    return noted(made, remark) if remark else made
