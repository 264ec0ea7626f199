"""How we talk to Slack: one HTTP session, and what of a page goes where."""

from __future__ import annotations

import copy
import functools
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import structlog
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.adapters.slack.failures import (
    REFUSES_BLOCKS,
    RateLimitRetry,
    failure_of,
    failure_of_code,
    seconds,
)
from bot.adapters.slack.render import Message

TIMEOUT_SECONDS: Final = 15

_log = structlog.get_logger(__name__)


_TOKEN: Final = re.compile(r"x(?:ox|app)[a-z.]*-[-.\w]+")


class _Forward(logging.Handler):
    """Hands what Slack's libraries log to our log: one line, no traceback, no token."""

    def emit(self, record: logging.LogRecord) -> None:
        said = _TOKEN.sub("(token)", record.getMessage()).replace("\n", " ")[:300]
        _log.error("Slack's library", said=said)


@functools.cache
def quiet_logger() -> logging.Logger:
    """Return the logger for Slack's libraries: errors only, since they log bodies and tokens below."""
    logger = logging.getLogger("bot.slack.library")
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    logger.addHandler(_Forward())
    return logger


class Web:
    """Makes clients that share a session, know `base_url`, and never send a post twice by themselves."""

    def __init__(self, base_url: str, sleep: Callable[[float], Awaitable[None]] | None = None) -> None:
        self.base_url = base_url
        retry = RateLimitRetry(sleep=sleep) if sleep else RateLimitRetry()
        self._handlers: list[AsyncRetryHandler] = [retry]
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session; made when first needed, since it belongs to the running loop."""
        if self._session is None or self._session.closed:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True)
        return self._session

    def client(self, token: str | None) -> AsyncWebClient:
        """Return a client of the Web API: connection retries off, rate-limit retries on."""
        return AsyncWebClient(
            token=token,
            base_url=self.base_url,
            session=self.session,
            retry_handlers=self._handlers,
            logger=quiet_logger(),
        )

    async def respond(self, url: str, message: Message, **more: Any) -> None:
        """Answer by `response_url`; `more` are its other fields, such as `replace_original`.

        Raises:
            SlackFailureError: Slack did not take it, or its answer was lost.
        """
        client = AsyncWebhookClient(
            url, session=self.session, retry_handlers=self._handlers, logger=quiet_logger()
        )

        async def send(blocks: list[dict[str, Any]]) -> None:
            body = {"text": message.text, "blocks": blocks, **UNFURL, **more}
            response = await client.send_dict(body)
            code = _webhook_error(response.status_code, response.body)
            if code:
                raise failure_of_code(code, retry_after=seconds(response.headers.get("Retry-After")))

        await with_twin(message, send)

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


def impatient(client: AsyncWebClient) -> AsyncWebClient:
    """Return a client that waits for no rate limit: whoever calls it has others to serve meanwhile."""
    made = copy.copy(client)
    made.retry_handlers = []
    return made


UNFURL: Final = {"unfurl_links": False, "unfurl_media": False}


async def with_twin(message: Message, send: Callable[[list[dict[str, Any]]], Awaitable[Any]]) -> Any:
    """Send a message's blocks; where Slack refuses them, send the twin in older blocks instead.

    Raises:
        SlackFailureError: neither was taken, or an answer was lost.
    """
    try:
        return await send(message.blocks)
    except Exception as error:
        failure = failure_of(error)
        if failure.code not in REFUSES_BLOCKS or message.twin is None:
            raise failure from error
    _log.warning("Slack refuses newer blocks; the plain twin is sent")
    try:
        return await send(message.twin)
    except Exception as error:
        raise failure_of(error) from error


def _webhook_error(status: int, body: str) -> str:
    """Return the error code of a `response_url`'s answer, or nothing if it was taken."""
    text = body.strip()
    if text.startswith("{"):
        try:
            answer = json.loads(text)
        except ValueError:
            return "fatal_error"
        if answer.get("ok") is True:
            return ""
        return str(answer.get("error") or "fatal_error")
    if status == 200:
        return "" if text in {"", "ok"} else "fatal_error"
    if status == 429:
        return "ratelimited"
    return "fatal_error" if status >= 500 else text[:60] or f"http_{status}"
