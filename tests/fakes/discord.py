"""A small Discord on the loopback interface: REST and gateway, with faults to switch on.

It validates what it is sent (`violations` must stay empty), answers with `Content-Type: application/json`
exactly as Discord does, de-duplicates nonces, and knows no route that is not asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import discord
import yarl
from aiohttp import web

from bot.adapters.discord.limits import FLAG_COMPONENTS_V2, FLAG_EPHEMERAL, NONCE, problems
from fakes.discord_payloads import (
    APP_ID,
    BOT,
    GONE_CHANNEL,
    GUILD_ID,
    HIDDEN_CHANNEL,
    TEXT_CHANNEL,
    THREAD_CHANNEL,
    Json,
    Payloads,
)

TOKEN = "MTAwMTAwMTAwMTAwMTAwMTAw.AAAAAA.aaaaaaaaaaaaaaaaaaaaaaaaaaa"
MESSAGE_KEYS = {
    "flags",
    "components",
    "allowed_mentions",
    "nonce",
    "enforce_nonce",
    "tts",
    "content",
    "message_reference",
}


@dataclass
class Fault:
    """What happens to the next requests that match: an answer, or none.

    `cut` closes the connection "before" or "after" the request has had its effect; `hang` never answers.
    """

    method: str
    path: str
    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    hang: bool = False
    times: int = 1


class FakeDiscord(Payloads):
    """The server. `requests` is every request as (method, path, body)."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[str, str, Any]] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.messages: dict[int, list[Json]] = {TEXT_CHANNEL: [], THREAD_CHANNEL: [], HIDDEN_CHANNEL: []}
        self.commands: list[Json] = []
        self.answers: list[Json] = []
        self.received: list[Json] = []
        self.identifies = 0
        self.resumes = 0
        self.close_code = 0
        self.resumable = True
        self.acknowledges = True
        self.interval = 41_250
        self.guilds = 1
        self.on_gateway: Callable[[Json], None] = lambda message: None
        self._sockets: list[web.WebSocketResponse] = []
        self._sequence = 0
        self._missed: list[Json] = []
        self._release = asyncio.Event()
        self.port = 0

    # --- running -----------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[FakeDiscord]:
        """Listen on a free port; point discord.py here for as long."""
        app = web.Application()
        app.router.add_route("GET", "/gw", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        before = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
        discord.http.Route.BASE = f"http://127.0.0.1:{self.port}/api/v10"
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://127.0.0.1:{self.port}/gw")
        try:
            yield self
        finally:
            discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = before
            self._release.set()
            for socket in self._sockets:
                await socket.close()
            await runner.cleanup()

    def fault(self, method: str, path: str, **what: Any) -> None:
        """Let the next matching requests (`path` is a regular expression) go wrong."""
        self.faults.append(Fault(method, path, **what))

    def seen(self, method: str, path: str) -> list[Any]:
        """Return the bodies of the requests to a path (a regular expression)."""
        return [body for did, where, body in self.requests if did == method and re.fullmatch(path, where)]

    # --- REST --------------------------------------------------------------------------------------------

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        raw = await request.read()
        body = json.loads(raw) if raw else None
        self.requests.append((request.method, path, body))
        interaction = path.startswith(("/interactions/", "/webhooks/"))
        if request.headers.get("Authorization") != f"Bot {TOKEN}" and not interaction:
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        fault = self._fault(request.method, path)
        if fault and fault.cut == "before":
            return self._cut(request)
        if fault and fault.hang:
            await self._release.wait()
            return self._cut(request)
        if fault and fault.status:
            return _json(fault.body, fault.status, fault.headers)
        status, answer = self._route(request.method, path, body, request.query)
        if fault and fault.cut == "after":
            return self._cut(request)
        return _json(answer, status)

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.method == method and re.fullmatch(fault.path, path):
                fault.times -= 1
                return fault
        return None

    def _cut(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def _route(self, method: str, path: str, body: Any, query: Any) -> tuple[int, Any]:
        for pattern, handler in self._routes().items():
            wanted, _, where = pattern.partition(" ")
            if wanted == method and (match := re.fullmatch(where, path)):
                found: tuple[int, Any] = handler(*match.groups(), body=body, query=query)
                return found
        self.violations.append(f"unknown route {method} {path}")
        return 404, {"message": "404: Not Found", "code": 0}

    def _routes(self) -> dict[str, Callable[..., tuple[int, Any]]]:
        commands = r"/applications/\d+(?:/guilds/\d+)?/commands"
        return {
            r"GET /users/@me": lambda **_: (200, BOT),
            r"GET /oauth2/applications/@me": lambda **_: (200, self.application_payload()),
            r"GET /gateway/bot": lambda **_: (200, self._limits()),
            f"GET {commands}": lambda **_: (200, self.commands),
            r"PUT /applications/\d+/guilds/\d+/commands": self._put_guild_commands,
            f"PUT {commands}": self._put_commands,
            r"GET /channels/(\d+)": self._channel,
            r"GET /channels/(\d+)/messages": self._history,
            r"GET /channels/(\d+)/messages/(\d+)": self._one_message,
            r"POST /channels/(\d+)/messages": self._create_message,
            r"POST /channels/(\d+)/threads": self._create_thread,
            r"GET /guilds/\d+/threads/active": lambda **_: (
                200,
                {"threads": [*self.threads.values()], "members": []},
            ),
            r"GET /channels/\d+/threads/archived/public": lambda **_: (
                200,
                {"threads": [], "members": [], "has_more": False},
            ),
            r"POST /interactions/(\d+)/([^/]+)/callback": self._callback,
        }

    def _limits(self) -> Json:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return {"url": f"ws://127.0.0.1:{self.port}/gw", "shards": 1, "session_start_limit": limit}

    def _put_guild_commands(self, *, body: list[Json], query: Any) -> tuple[int, Any]:
        # Discord ignores these keys of a server's own commands.
        ignored = {"contexts", "integration_types"}
        kept = [{key: value for key, value in one.items() if key not in ignored} for one in body]
        return self._put_commands(body=kept)

    def _put_commands(self, *, body: list[Json], **_: Any) -> tuple[int, Any]:
        self.commands = [
            {
                "description": "",
                "options": [],
                **one,
                "id": str(self.snowflake()),
                "application_id": str(APP_ID),
                "version": "1",
            }
            for one in body
        ]
        return 200, self.commands

    def _channel(self, channel: str, **_: Any) -> tuple[int, Any]:
        if int(channel) == GONE_CHANNEL:
            return 404, {"message": "Unknown Channel", "code": 10003}
        return 200, self.channel_payload(int(channel))

    def _one_message(self, channel: str, message: str, **_: Any) -> tuple[int, Any]:
        for one in self.messages.get(int(channel), []):
            if one["id"] == message:
                return 200, one
        return 404, {"message": "Unknown Message", "code": 10008}

    def _history(self, channel: str, *, query: Any, **_: Any) -> tuple[int, Any]:
        after, before = int(query.get("after", 0)), int(query.get("before", 2**63))
        found = [one for one in self.messages.get(int(channel), []) if after < int(one["id"]) < before]
        found = found[: int(query["limit"])] if "after" in query else found[-int(query["limit"]) :]
        return 200, found[::-1]

    def _create_message(self, channel: str, *, body: Json, **_: Any) -> tuple[int, Any]:
        place = int(channel)
        if place == GONE_CHANNEL:
            return 404, {"message": "Unknown Channel", "code": 10003}
        if place == HIDDEN_CHANNEL:
            return 403, {"message": "Missing Permissions", "code": 50013}
        self._validate(body)
        nonce = body.get("nonce")
        for one in self.messages[place]:
            if nonce and body.get("enforce_nonce") and one.get("nonce") == nonce:
                return 200, one
        message = self.message_payload(place, BOT, body["components"], nonce=nonce)
        self.messages[place].append(message)
        return 200, message

    def _create_thread(self, channel: str, *, body: Json, **_: Any) -> tuple[int, Any]:
        self._validate(body["message"])
        if not 1 <= len(body["name"]) <= 100:
            self.violations.append(f"a thread's name of {len(body['name'])} characters")
        thread = self.snowflake()
        payload = self._thread_payload(thread, int(channel), body["name"])
        self.threads[thread] = payload
        message = self.message_payload(thread, BOT, body["message"]["components"], number=thread)
        self.messages[thread] = [message]
        return 201, {**payload, "message": message}

    def _callback(self, number: str, token: str, *, body: Json, **_: Any) -> tuple[int, Any]:
        if body["type"] in {4, 7}:
            data = body["data"]
            if data.get("components"):
                self._validate({**data, "flags": data["flags"] & ~FLAG_EPHEMERAL})
            elif data.get("allowed_mentions") != {"parse": []}:
                self.violations.append(f"mentions are on: {data}")
        self.answers.append(body)
        resource = {"interaction": {"id": number, "type": 2, "response_message_id": str(self.snowflake())}}
        return 200, resource

    def _validate(self, body: Json) -> None:
        unknown = set(body) - MESSAGE_KEYS
        found = [f"unknown fields {unknown}"] if unknown else []
        found += problems(body)
        if body["flags"] & ~FLAG_COMPONENTS_V2 or not body["flags"]:
            found.append(f"flags {body['flags']}")
        mentions = dict(body.get("allowed_mentions") or {"parse": ["everyone"]})
        if mentions.pop("replied_user", False) or mentions != {"parse": []}:
            found.append(f"mentions are on: {body.get('allowed_mentions')}")
        if len(body.get("nonce") or "") > NONCE:
            found.append(f"a nonce of {len(body['nonce'])} characters")
        self.violations += found

    # --- gateway -----------------------------------------------------------------------------------------

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": self.interval}})
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                break
            message = json.loads(frame.data)
            self.received.append(message)
            await self._gateway_message(socket, message)
        return socket

    async def _gateway_message(self, socket: web.WebSocketResponse, message: Json) -> None:
        if message["op"] == 1 and self.acknowledges:
            await socket.send_json({"op": 11, "d": None})
        elif message["op"] == 2:
            self.identifies += 1
            if self.close_code:
                await socket.close(code=self.close_code)
            else:
                await self._ready(socket, message["d"].get("shard", [0, 1]))
        elif message["op"] == 6:
            self.resumes += 1
            if not self.resumable:
                await socket.send_json({"op": 9, "d": False})
                return
            for missed in self._missed:
                await socket.send_json(missed)
            self._missed = []
            await self._send(socket, "RESUMED", {})
        self.on_gateway(message)

    async def _ready(self, socket: web.WebSocketResponse, shard: list[int]) -> None:
        await self._send(
            socket,
            "READY",
            {
                "v": 10,
                "user": BOT,
                "guilds": [{"id": str(GUILD_ID + n), "unavailable": True} for n in range(self.guilds)],
                "session_id": "session",
                "resume_gateway_url": f"ws://127.0.0.1:{self.port}/gw",
                "shard": shard,
                "application": {"id": str(APP_ID), "flags": 0},
            },
        )
        for n in range(self.guilds):
            await self._send(socket, "GUILD_CREATE", self.guild_payload(GUILD_ID + n))

    async def _send(self, socket: web.WebSocketResponse, event: str, data: Json) -> None:
        self._sequence += 1
        await socket.send_json({"op": 0, "t": event, "s": self._sequence, "d": data})

    async def dispatch(self, event: str, data: Json) -> None:
        """Send an event to the client that is connected; keep it for a resume if none is."""
        live = [one for one in self._sockets if not one.closed]
        if live:
            await self._send(live[-1], event, data)
        else:
            self._sequence += 1
            self._missed.append({"op": 0, "t": event, "s": self._sequence, "d": data})

    async def control(self, op: int, data: Any = None) -> None:
        """Send a gateway message without sequence number: 7 is "reconnect", 9 "invalid session"."""
        await self._sockets[-1].send_json({"op": op, "d": data})

    def cut(self) -> None:
        """Cut the gateway connection without a word."""
        for socket in self._sockets:
            transport = socket.get_extra_info("socket")
            if socket._req is not None and socket._req.transport is not None and transport is not None:
                socket._req.transport.abort()
        self._sockets = []

    async def close(self, code: int) -> None:
        """Close the gateway connection with a code."""
        await self._sockets.pop().close(code=code)


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    html = isinstance(body, str)
    raw = body.encode() if html else json.dumps(body).encode()
    return web.Response(
        body=raw, status=status, content_type="text/html" if html else "application/json", headers=headers
    )
