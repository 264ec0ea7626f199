"""Slack's events in, replies out: acknowledge first, then work."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from msgspec.structs import replace
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.answering import Answering
from bot.adapters.slack.intake import Incoming, Place, Suggest, read
from bot.adapters.slack.web import quiet_logger
from bot.adapters.slack.work import Work

_log = structlog.get_logger(__name__)

_JSON: Final[Mapping[str, str | Sequence[str]]] = {"content-type": "application/json"}

ENVELOPE: Final = "envelope_id"
"""Where a Socket Mode request's context keeps the id of its envelope."""


class Intake(AsyncMiddleware):
    """Acknowledges every delivery and starts the work behind it.

    It stands before Bolt's authorisation, which asks Slack (`auth.test`, token rotation) before a listener
    may acknowledge, and it is the only listener: Bolt matches listeners one by one, and logs the bodies of
    what none of them takes.
    """

    def __init__(self, answering: Answering, work: Work) -> None:
        self._answering = answering
        self._work = work

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse | None:
        """Answer a delivery at once: with options where Slack asks for some, else with nothing."""
        if req.body.get("type") == "url_verification":
            return await next()
        self._answering.heard = time.time()
        incoming = read(req.body, self._answering.names)
        if incoming is None:
            return BoltResponse(status=200, body="")
        if isinstance(incoming.said, Suggest):
            options = self._answering.suggest(incoming.said, incoming.place)
            return BoltResponse(status=200, body=json.dumps({"options": options}), headers=dict(_JSON))
        keyed = self._keyed(incoming, req)
        if not self._work.start(lambda: self._answering.handle(keyed)):
            return BoltResponse(status=503, body="")  # not acknowledged: Slack delivers it again
        return BoltResponse(status=200, body="")

    @staticmethod
    def _keyed(incoming: Incoming, req: AsyncBoltRequest) -> Incoming:
        """Let an envelope's id tell repetitions apart where the payload has none."""
        envelope = req.context.get(ENVELOPE)
        if incoming.key or not isinstance(envelope, str):
            return incoming
        return replace(incoming, key=f"envelope:{envelope}")


def bolt_app(
    answering: Answering,
    work: Work,
    *,
    client: AsyncWebClient,
    oauth_flow: AsyncOAuthFlow | None = None,
) -> AsyncApp:
    """Build the Bolt app: one middleware of ours in front of its authorisation.

    Bolt does not verify signatures again: :mod:`bot.adapters.slack.guard` has, more strictly.
    """
    return AsyncApp(
        name="briefing-bot",
        logger=quiet_logger(),
        client=client,
        signing_secret="",
        request_verification_enabled=False,
        oauth_flow=oauth_flow,
        before_authorize=Intake(answering, work),
        attaching_conversation_kwargs_enabled=False,
        attaching_function_token_enabled=False,
        process_before_response=True,
    )


class OneWorkspace:
    """The single workspace of a bot token."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def client(self, place: Place) -> AsyncWebClient:
        """Return the client of the configured token."""
        return self._client

    async def forget(self, place: Place) -> None:
        """Say what the operator has to do; there is nothing stored to forget."""
        _log.error("the bot token was revoked", advice="Install the app again and set SLACK_BOT_TOKEN.")


def describe(answering: Answering) -> dict[str, Any]:
    """Return the counters for the health report."""
    counts = answering.counts
    return {name: getattr(counts, name) for name in counts.__struct_fields__}
