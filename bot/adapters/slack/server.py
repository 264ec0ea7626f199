"""HTTP mode: an aiohttp application, behind any proxy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.adapters.slack.guard import BODY_MOST, Guard

EVENTS_PATH: Final = "/slack/events"
HEALTH_PATH: Final = "/healthz"
QUERY_MOST: Final = 4_096
LOG_EVERY: Final = 100
READ_SECONDS: Final = 3.0
OVERLOADED: Final = 503

_log = structlog.get_logger(__name__)


class UnreadableError(ValueError):
    """A body that is signed but is not what Slack sends."""


def read_body(raw: bytes, content_type: str) -> str:
    """Return a body that Bolt parses to an object of text keys; it is parsed once here, safely.

    Raises:
        UnreadableError: it is not UTF-8, not JSON, or not an object.
    """
    try:
        text = raw.decode("utf-8")
        if content_type.partition(";")[0].strip().lower() == "application/json" or text.startswith("{"):
            document = json.loads(text)
        else:
            fields = dict(
                parse_qsl(text, keep_blank_values=True, max_num_fields=200, strict_parsing=bool(text))
            )
            document = json.loads(fields["payload"]) if "payload" in fields else fields
    except (ValueError, RecursionError) as error:
        raise UnreadableError from error
    if not isinstance(document, dict) or not document:
        raise UnreadableError
    return text


class Server:
    """The routes: Slack's deliveries, the installation pages if there are many workspaces, and health."""

    def __init__(
        self,
        app: AsyncApp,
        guard: Guard,
        health: Callable[[], dict[str, Any]],
        *,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._app = app
        self._read_seconds = read_seconds
        self._guard = guard
        self._health = health
        self.refused: dict[str, int] = {}

    def web_app(self) -> web.Application:
        """Return the aiohttp application."""
        made = web.Application(client_max_size=BODY_MOST)
        made.router.add_post(EVENTS_PATH, self.events)
        made.router.add_get(HEALTH_PATH, self.health)
        flow = self._app.oauth_flow
        if flow is not None:
            made.router.add_get(flow.install_path, self.install)
            made.router.add_get(flow.redirect_uri_path, self.callback)
        return made

    async def events(self, request: web.Request) -> web.Response:
        """Take a delivery.

        401 if it is not Slack's, 413 if it is too large, 408 if it does not come, 400 if it cannot be read.
        """
        names = {name.lower() for name in request.headers}
        headers = {name: request.headers.getall(name) for name in names}
        refusal = self._guard.refusal_of_headers(headers)
        if refusal:
            return self._refuse(refusal, 401)
        if request.content_length is not None and request.content_length > BODY_MOST:
            return self._refuse("size", 413)
        try:
            async with asyncio.timeout(self._read_seconds):
                raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._refuse("size", 413)
        except TimeoutError:
            return self._refuse("slow", 408)
        except Exception:  # aiohttp raises many for a body that is not framed as its headers say
            return self._refuse("unreadable", 400)
        refusal = self._guard.refusal(headers, raw)
        if refusal:
            return self._refuse(refusal, 401)
        try:
            text = read_body(raw, request.headers.get("Content-Type", ""))
            bolt_request = AsyncBoltRequest(body=text, headers=_bolt_headers(request))
        except Exception:
            return self._refuse("unreadable", 400)
        response = await self._app.async_dispatch(bolt_request)
        if response.status == OVERLOADED:
            return self._refuse("overload", OVERLOADED)
        if response.status >= 500:
            return self._refuse("failed", 400)
        return await to_aiohttp_response(response)

    async def health(self, _: web.Request) -> web.Response:
        """Say how it is; for the proxy or the orchestrator, no secrets in it."""
        return web.json_response({"ok": True, **self._health()})

    async def install(self, request: web.Request) -> web.Response:
        """Show the installation page, or go to Slack's."""
        flow = self._app.oauth_flow
        if flow is None or len(request.query_string) > QUERY_MOST:
            return web.Response(status=404)
        return await self._page(flow.handle_installation, request, flow.install_path)

    async def callback(self, request: web.Request) -> web.Response:
        """Take the answer of Slack's installation page."""
        flow = self._app.oauth_flow
        if flow is None or len(request.query_string) > QUERY_MOST:
            return web.Response(status=404)
        return await self._page(flow.handle_callback, request, flow.install_path)

    async def _page(
        self, handle: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]], request: web.Request, start: str
    ) -> web.Response:
        """Return a page of the installation; a plain one where Slack or the database fails."""
        try:
            response = await handle(await to_bolt_request(request))
            if response.status < 500:
                return await to_aiohttp_response(response)
        except Exception as error:
            _log.error("installation failed", error=type(error).__name__)
        said = f"The app could not be installed now. Open {start} and try again."
        return web.Response(text=said, status=OVERLOADED)

    def _refuse(self, why: str, status: int) -> web.Response:
        times = self.refused[why] = self.refused.get(why, 0) + 1
        if times == 1 or times % LOG_EVERY == 0:  # a flood must not fill the log
            _log.warning("request refused", why=why, times=times)
        return web.Response(status=status)


def _bolt_headers(request: web.Request) -> dict[str, str | Sequence[str]]:
    wanted = ("Content-Type", "X-Slack-Request-Timestamp", "X-Slack-Signature")
    return {name: request.headers[name] for name in wanted if name in request.headers}
