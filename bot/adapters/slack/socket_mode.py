"""Socket Mode: Slack's websocket, and a watchdog that does not trust a silent one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec
import structlog
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.adapters.slack.app import ENVELOPE
from bot.adapters.slack.failures import SlackFailureError, failure_of
from bot.adapters.slack.web import Web, quiet_logger
from bot.posting import Outcome

PING_SECONDS = 10.0
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)

_log = structlog.get_logger(__name__)


class SocketHealth(msgspec.Struct):
    """How the connection is. `heard` is when anything last came in, by the clock given to the socket."""

    connected: bool = False
    heard: float = 0.0
    envelopes: int = 0
    reconnects: int = 0
    connections: int = 0
    unreadable: int = 0


class Socket:
    """Keeps one Socket Mode connection up.

    slack_sdk reconnects where the socket closes, where Slack asks for it, and where its pings stay
    unanswered. It is stuck where a fresh address does not take the connection: it tries the same one for
    ever. The watchdog replaces the whole client when nothing came in for `silence_seconds`, not even a ping,
    and counts that.
    """

    def __init__(
        self,
        app: AsyncApp,
        web: Web,
        app_token: str,
        *,
        silence_seconds: float = 120.0,
        ping_seconds: float = PING_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.health = SocketHealth()
        self._app = app
        self._web = web
        self._token = app_token
        self._silence = silence_seconds
        self._ping = ping_seconds
        self._now = now
        self._client: SocketModeClient | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and keep watch.

        Raises:
            SlackFailureError: Slack does not accept the app-level token.
        """
        await self._connect()
        self._watch = asyncio.create_task(self._keep_watch())

    async def close(self) -> None:
        """Stop taking deliveries and disconnect."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._disconnect()

    async def check(self) -> bool:
        """Connect anew if it is silent for too long or not connected; return whether that was so."""
        if self.health.connected and self._now() - self.health.heard < self._silence:
            return False
        self.health.reconnects += 1
        _log.warning("Slack is silent; connecting anew", seconds=self._silence, times=self.health.reconnects)
        await self._disconnect()
        await self._connect()
        return True

    async def _keep_watch(self) -> None:
        failures = 0
        while True:
            await asyncio.sleep(
                RETRY_SECONDS[min(failures, 4)] if failures else max(self._silence / 10, 0.05)
            )
            try:
                await self.check()
                failures = 0
            except SlackFailureError as failure:
                failures += 1
                _log.error("Slack does not take the connection", code=failure.code, advice=failure.advice)
            except Exception as error:
                failures += 1
                _log.error("connecting failed", error=type(error).__name__)

    async def _connect(self) -> None:
        """Ask Slack for an address and connect to it. An address that fails is asked for anew."""
        client = SocketModeClient(
            app_token=self._token,
            logger=quiet_logger(),
            web_client=self._web.client(None),
            ping_interval=self._ping,
        )
        self._client = client
        await client.aiohttp_client_session.close()
        client.aiohttp_client_session = aiohttp.ClientSession(
            ws_response_class=_heard_by(self._hear), trust_env=True
        )
        client.message_listeners.append(self._look)
        client.socket_mode_request_listeners.append(self._take)
        try:
            opened = await client.web_client.apps_connections_open(app_token=self._token)
            client.wss_uri = str(opened["url"])
            connecting = client.connect()  # type: ignore[no-untyped-call]
            await asyncio.wait_for(connecting, timeout=max(self._ping * 2, 1.0))
        except Exception as error:
            await self._disconnect()
            failure = failure_of(error)
            if failure.outcome is Outcome.PERMANENT:
                advice = "Slack does not accept SLACK_APP_TOKEN: make one with the scope connections:write."
                raise SlackFailureError(failure.outcome, failure.code, advice) from error
            raise failure from error
        self.health.connected = True
        self._hear()

    async def _disconnect(self) -> None:
        self.health.connected = False
        client = self._client
        if client is None:
            return
        tasks = [client.message_processor, client.current_session_monitor, client.message_receiver]
        with contextlib.suppress(Exception):
            await client.close()  # type: ignore[no-untyped-call]
        waiting = [task for task in tasks if task is not None]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        self._client = None  # only now: whoever is cancelled before leaves it to the next call

    def _hear(self) -> None:
        self.health.heard = self._now()

    async def _look(self, _: AsyncBaseSocketModeClient, message: dict[str, Any], raw: str | None) -> None:
        """Notice the greeting, which says how many connections this app token has."""
        if not message:
            self.health.unreadable += 1
            _log.warning("a frame that is no message", characters=len(raw or ""))
        if message.get("type") != "hello":
            return
        count = message.get("num_connections")
        self.health.connections = count if isinstance(count, int) else 1
        if self.health.connections > 1:
            _log.warning(
                "another process is connected with this app token",
                connections=self.health.connections,
                advice="Each gets a part of the commands: let both share one state database, or stop one.",
            )

    async def _take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Dispatch an envelope and acknowledge it."""
        self.health.envelopes += 1
        if not isinstance(request.payload, dict):
            return
        bolt_request = AsyncBoltRequest(
            mode="socket_mode", body=request.payload, context={ENVELOPE: request.envelope_id}
        )
        response = await self._app.async_dispatch(bolt_request)
        await send_async_response(client, request, response, time.time())


def _heard_by(hear: Callable[[], None]) -> type[aiohttp.ClientWebSocketResponse]:
    """Return a websocket class that calls `hear` for every frame that comes in."""

    class Heard(aiohttp.ClientWebSocketResponse):
        async def receive(self, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - aiohttp's signature
            message = await super().receive(timeout)
            if message.type not in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}:
                hear()
            return message

    return Heard
