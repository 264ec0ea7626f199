"""Interactions over HTTP: replicas behind a balancer that need no gateway."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, Final

import discord
import msgspec
import structlog
from aiohttp import web

from bot.adapters.discord.guard import Guard, Refused
from bot.adapters.discord.private import receive_interaction

log = structlog.get_logger(__name__)

PATH: Final = "/discord/interactions"
HEALTH: Final = "/healthz"
BODY_BYTES: Final = 512 * 1024
"""A message in the context menu may bring its embeds and components along."""

READ_SECONDS: Final = 3.0
REMEMBERED: Final = 10_000
PING, PONG = 1, 1
_HANDED_OVER: Final = frozenset({2, 3, 4, 5})


def interactions_app(
    client: discord.Client, guard: Guard, *, read_seconds: float = READ_SECONDS
) -> web.Application:
    """Return the web application; the client must be logged in.

    An interaction is answered with 202 and no body: its answer goes through Discord's callback, as with the
    gateway. What is not signed by Discord gets 401 and the same words whatever is wrong with it.
    """
    receiver = _Receiver(client, guard, read_seconds)
    app = web.Application(client_max_size=BODY_BYTES)
    app.router.add_post(PATH, receiver.receive)
    app.router.add_get(HEALTH, _health)
    return app


class _Receiver:
    def __init__(self, client: discord.Client, guard: Guard, read_seconds: float) -> None:
        self._client = client
        self._guard = guard
        self._read_seconds = read_seconds
        self._done: OrderedDict[str, None] = OrderedDict()

    async def receive(self, request: web.Request) -> web.Response:
        try:
            signature, stamp = self._guard.check_headers(request.headers)
            async with asyncio.timeout(self._read_seconds):
                body = await request.read()
            self._guard.check_body(signature, stamp, body)
        except Refused as reason:
            log.warning("request refused", reason=str(reason))
            return web.Response(status=401, text="The signature is not valid.")
        except TimeoutError:
            return web.Response(status=408, text="The request took too long.")
        except web.HTTPException:
            raise
        except Exception as error:  # aiohttp raises many for a body that is not framed as its headers say
            log.warning("request unreadable", reason=type(error).__name__)
            return _malformed()
        try:
            data: Any = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return _malformed()
        if not isinstance(data, dict):
            return _malformed()
        if data.get("type") == PING and data["type"] is not True:
            return web.json_response({"type": PONG})
        return self._hand_over(data)

    def _hand_over(self, data: dict[str, Any]) -> web.Response:
        kind, number = data.get("type"), data.get("id")
        if type(kind) is not int or kind not in _HANDED_OVER or not isinstance(number, str):
            return _malformed()
        if number in self._done:
            return web.Response(status=202)
        try:
            receive_interaction(self._client, data)
        except Exception as error:
            # The library reads the payload with plain indexing, so any exception means a field is not there.
            log.warning("interaction malformed", reason=type(error).__name__, detail=str(error)[:100])
            return _malformed()
        self._done[number] = None
        if len(self._done) > REMEMBERED:
            self._done.popitem(last=False)
        return web.Response(status=202)


async def _health(request: web.Request) -> web.Response:
    return web.Response(text="ok")


def _malformed() -> web.Response:
    return web.Response(status=400, text="This is not an interaction.")
