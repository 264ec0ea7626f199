"""A Slack on loopback: the Web API over HTTP, `response_url`s, and Socket Mode over a websocket.

It checks what it is sent as strictly as Slack does, or more: an unknown method, field, block or token is
answered as Slack answers it and noted in `complaints`, which a test must find empty. Faults are switched on
per method: `slack.faults["chat.postMessage"] = [Fault.cut()]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import WSMsgType, web

from fakes.slack_blocks import Problems as _Problems
from fakes.slack_blocks import options, problems
from fakes.slack_payloads import BOT, CHANNEL, DIRECT, TEAM, USER, envelope_type, number

Json = dict[str, Any]
ACKNOWLEDGE_SECONDS = 3.0
TOKEN, APP_TOKEN = "xoxb-1-fake-token", "xapp-1-fake-token"
SCOPES = "app_mentions:read,channels:history,chat:write,commands,groups:history,im:history"

_POST = {"channel", "text", "blocks", "thread_ts", "unfurl_links", "unfurl_media", "metadata"}
FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "auth.test": (set(), set()),
    "apps.connections.open": (set(), set()),
    "chat.postMessage": ({"channel", "text", "blocks"}, _POST),
    "chat.postEphemeral": ({"channel", "user", "text", "blocks"}, {"thread_ts"}),
    "views.publish": ({"user_id", "view"}, {"hash"}),
    "views.open": ({"trigger_id", "view"}, set()),
    "views.update": ({"view_id", "view"}, {"hash"}),
    "conversations.history": (
        {"channel"},
        {"oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"},
    ),
    "conversations.replies": (
        {"channel", "ts"},
        {"oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"},
    ),
    "oauth.v2.access": (set(), {"code", "redirect_uri", "grant_type", "refresh_token"}),
}
RESPONSE_FIELDS = {
    *("text", "blocks", "response_type", "replace_original", "delete_original"),
    *("thread_ts", "unfurl_links", "unfurl_media"),
}


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call. `accept` says whether the call takes effect all the same."""

    status: int = 200
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    accept: bool = False
    drop: bool = False
    hang: bool = False

    @classmethod
    def limited(cls, retry_after: str | None) -> Fault:
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        return cls(429, '{"ok":false,"error":"ratelimited"}', headers)

    @classmethod
    def error(cls, code: str, **more: str) -> Fault:
        return cls(200, json.dumps({"ok": False, "error": code, **more}))

    @classmethod
    def server(cls, status: int = 500) -> Fault:
        return cls(status, "upstream error", {"Content-Type": "text/plain"})

    @classmethod
    def cut(cls, *, accepted: bool = True) -> Fault:
        return cls(accept=accepted, drop=True)

    @classmethod
    def said(cls, body: str, content_type: str = "application/json", *, accepted: bool = True) -> Fault:
        return cls(200, body, {"Content-Type": content_type}, accept=accepted)


class FakeSlack:
    """One workspace. Everything it was told is in its lists; ids are counted up."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.calls: list[tuple[str, Json]] = []
        self.messages: list[Json] = []
        self.ephemerals: list[Json] = []
        self.responses: list[Json] = []
        self.views: list[tuple[str, Json]] = []
        self.faults: dict[str, list[Fault]] = {}
        self.tokens = {TOKEN: SCOPES}
        self.members = {CHANNEL, DIRECT, USER}
        self.refuses: set[str] = set()
        self.ids: dict[str, str] = {}
        self.sockets: list[web.WebSocketResponse] = []
        self.acks: dict[str, asyncio.Future[Json]] = {}
        self.latencies: list[float] = []
        self.num_connections: int | None = None
        self.answers_pings = True
        self.greets = True
        self.codes: dict[str, Json] = {}
        self.refresh_tokens: dict[str, str] = {}
        self.expires_in = 43_200
        self._uses: dict[str, int] = {}
        self._runner: web.AppRunner | None = None
        self.url = ""

    # --- life ------------------------------------------------------------------------------------------

    async def __aenter__(self) -> FakeSlack:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_post("/api/{method}", self._api)
        app.router.add_get("/api/{method}", self._api)
        app.router.add_post("/response/{id}", self._response)
        app.router.add_get("/ws/{id}", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in list(self.sockets):
            with contextlib.suppress(Exception):
                await socket.close()
        assert self._runner is not None
        await self._runner.cleanup()
        assert not self.complaints, self.complaints

    @property
    def base_url(self) -> str:
        return f"{self.url}/api/"

    def response_url(self) -> str:
        return f"{self.url}/response/{number()}"

    # --- the Web API -----------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await self._arguments(request)
        fault = self.faults[method].pop(0) if self.faults.get(method) else None
        answer = {"ok": True} if fault and not fault.accept else self._call(method, arguments, request)
        if fault is None:
            return web.json_response(answer, headers={"X-OAuth-Scopes": self.tokens.get(_token(request), "")})
        self.calls.append((f"{method}!", arguments))
        if fault.hang:
            await asyncio.sleep(3600)
        if fault.drop:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        headers = {"Content-Type": "application/json"} | fault.headers
        return web.Response(status=fault.status, text=fault.body or "", headers=headers)

    async def _arguments(self, request: web.Request) -> Json:
        if request.method == "GET":
            return dict(request.query)
        text = await request.text()
        if request.content_type == "application/json":
            return dict(json.loads(text or "{}"))
        return dict(parse_qsl(text, keep_blank_values=True))

    def _call(self, method: str, arguments: Json, request: web.Request) -> Json:
        self.calls.append((method, arguments))
        if method not in FIELDS:
            return self._complain(f"unknown method {method}", "unknown_method")
        required, optional = FIELDS[method]
        given = {name for name, value in arguments.items() if value not in (None, "")} - {"token"}
        if given - required - optional:
            return self._complain(
                f"{method}: unknown field {given - required - optional}", "invalid_arguments"
            )
        if required - given:
            return self._complain(f"{method}: missing {required - given}", "invalid_arguments")
        if method == "oauth.v2.access":
            return self._oauth(arguments, request)
        token = str(arguments.get("token") or _token(request))
        if method == "apps.connections.open":
            if token != APP_TOKEN:
                return {"ok": False, "error": "invalid_auth"}
            return {"ok": True, "url": f"{self.url.replace('http', 'ws')}/ws/{number()}"}
        if token not in self.tokens:
            return {"ok": False, "error": "token_revoked" if token else "not_authed"}
        return self._do(method, arguments, token)

    def _do(self, method: str, arguments: Json, token: str) -> Json:
        if method == "auth.test":
            return {
                "ok": True,
                "url": "https://example.slack.com/",
                "team_id": TEAM,
                "user_id": BOT,
                "bot_id": "B0",
            }
        if method.startswith("views."):
            view = _object(arguments["view"])
            self._check(method, view.get("blocks"), {"modal": "modal", "home": "home"}[view["type"]])
            title = view.get("title", {"text": "x"})["text"]
            if not 1 <= len(title) <= 24:
                self.complaints.append(f"{method}: a title of {len(title)} characters")
            self.views.append((method, view))
            return {"ok": True, "view": {"id": "V1"}}
        if method.startswith("conversations."):
            needed = "channels:history"
            if needed not in self.tokens[token]:
                return {
                    "ok": False,
                    "error": "missing_scope",
                    "needed": needed,
                    "provided": self.tokens[token],
                }
            return self._history(method, arguments)
        if arguments["channel"] not in self.members:
            return {"ok": False, "error": "not_in_channel"}
        blocks = _object(arguments["blocks"])
        if self.refuses & {one["type"] for one in blocks}:
            return {"ok": False, "error": "invalid_blocks"}
        self._check(method, blocks, "message")
        ts = f"{1_732_000_000 + number()}.000100"
        channel = self.ids.get(arguments["channel"], arguments["channel"])
        kept = arguments | {"blocks": blocks, "ts": ts, "token": token, "channel": channel}
        if method == "chat.postEphemeral":
            self.ephemerals.append(kept)
            return {"ok": True, "message_ts": ts}
        if arguments.get("unfurl_links") not in (False, "false", "0") or arguments.get(
            "unfurl_media"
        ) not in (
            *(False, "false"),
            "0",
        ):
            self.complaints.append("chat.postMessage would unfurl links")
        kept["metadata"] = _object(arguments.get("metadata") or "{}")
        self.messages.append(kept)
        return {"ok": True, "channel": channel, "ts": ts, "message": {"text": arguments["text"]}}

    def _history(self, method: str, arguments: Json) -> Json:
        oldest = float(arguments.get("oldest") or 0)
        replies = method == "conversations.replies"
        found = [
            {"type": "message", "ts": one["ts"], "text": one["text"]}
            | (
                {"metadata": one["metadata"]}
                if one["metadata"] and arguments.get("include_all_metadata")
                else {}
            )
            for one in reversed(self.messages)
            if one["channel"] == arguments["channel"]
            and float(one["ts"]) > oldest
            and (one.get("thread_ts") == arguments["ts"] if replies else not one.get("thread_ts"))
        ]
        start = int(arguments.get("cursor") or 0)
        most = int(arguments.get("limit") or 100)
        more = start + most < len(found)
        cursor = str(start + most) if more else ""
        return {
            "ok": True,
            "messages": found[start : start + most],
            "has_more": more,
            "response_metadata": {"next_cursor": cursor},
        }

    def _oauth(self, arguments: Json, request: web.Request) -> Json:
        if not request.headers.get("Authorization", "").startswith("Basic "):
            return self._complain("oauth.v2.access without the client's id and secret", "invalid_client_id")
        if arguments.get("grant_type") == "refresh_token":
            old = self.refresh_tokens.pop(str(arguments["refresh_token"]), None)
            if old is None:
                return {"ok": False, "error": "invalid_refresh_token"}
            self.tokens.pop(old, None)
            return self._grant({"token_type": "bot"})
        install = self.codes.pop(str(arguments.get("code")), None)
        if install is None:
            return {"ok": False, "error": "invalid_code"}
        return self._grant(install)

    def _grant(self, more: Json) -> Json:
        token, refresh = f"xoxe.xoxb-1-{number():0150d}", f"xoxe-1-{number():0140d}"
        self.tokens[token] = SCOPES
        self.refresh_tokens[refresh] = token
        return {
            "ok": True,
            "access_token": token,
            "token_type": "bot",
            "scope": SCOPES,
            "bot_user_id": BOT,
            "app_id": "A0APP",
            "refresh_token": refresh,
            "expires_in": self.expires_in,
            "team": {"id": TEAM, "name": "Example"},
            "enterprise": None,
            "is_enterprise_install": False,
            "authed_user": {"id": USER},
        } | more

    # --- response_url ----------------------------------------------------------------------------------

    async def _response(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["id"]
        fault = self.faults["response_url"].pop(0) if self.faults.get("response_url") else None
        body = json.loads(await request.text())
        if fault is not None:
            if fault.drop:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            return web.Response(status=fault.status, text=fault.body or "", headers=fault.headers)
        self._uses[key] = self._uses.get(key, 0) + 1
        if self._uses[key] > 5:
            return web.Response(status=404, text="used_url")
        if set(body) - RESPONSE_FIELDS:
            self._complain(f"response_url: unknown field {set(body) - RESPONSE_FIELDS}", "")
        blocks = body.get("blocks", [])
        if self.refuses & {one["type"] for one in blocks}:
            return web.Response(status=400, text="invalid_blocks")
        self._check("response_url", blocks, "message")
        self.responses.append(body | {"id": key})
        return web.Response(text="ok")

    # --- Socket Mode -----------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.sockets.append(socket)
        if self.greets:
            await socket.send_json(
                {
                    "type": "hello",
                    "num_connections": self.num_connections or len(self.sockets),
                    "connection_info": {"app_id": "A0APP"},
                    "debug_info": {"host": "applink-1", "approximate_connection_time": 18_060},
                }
            )
        async for frame in socket:
            if frame.type is WSMsgType.PING and self.answers_pings:
                await socket.pong(frame.data)
            elif frame.type is WSMsgType.TEXT:
                self._acknowledged(json.loads(frame.data))
        if socket in self.sockets:
            self.sockets.remove(socket)
        return socket

    def _acknowledged(self, ack: Json) -> None:
        if set(ack) - {"envelope_id", "payload"}:
            self._complain(f"acknowledgement: unknown field in {ack}", "")
        future = self.acks.get(ack["envelope_id"])
        if future is None:
            self._complain(f"acknowledgement of an unknown envelope: {ack}", "")
        elif not future.done():
            future.set_result(ack.get("payload") or {})

    async def deliver(self, payload: Json, *, envelope: str = "", socket: int = -1, **changes: Any) -> Json:
        """Send a payload over the socket and return the payload of its acknowledgement."""
        envelope = envelope or f"envelope-{number()}"
        future = asyncio.get_running_loop().create_future()
        self.acks[envelope] = future
        kind = envelope_type(payload)
        started = time.perf_counter()
        frame = {
            "type": kind,
            "envelope_id": envelope,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        await self.sockets[socket].send_json(frame | changes)
        ack: Json = await asyncio.wait_for(future, timeout=10)
        self.latencies.append(time.perf_counter() - started)
        if self.latencies[-1] > ACKNOWLEDGE_SECONDS:
            self.complaints.append(f"{kind} acknowledged after {self.latencies[-1]:.1f} seconds")
        if payload.get("type") == "block_suggestion":
            check = _Problems()
            options(check, "ack", ack.get("options"))
            self.complaints += check.found
        return ack

    async def send_raw(self, text: str) -> None:
        await self.sockets[-1].send_str(text)

    # --- checks ----------------------------------------------------------------------------------------

    def _check(self, where: str, blocks: Any, surface: str) -> None:
        self.complaints += [f"{where}: {one}" for one in problems(blocks, surface)]

    def _complain(self, what: str, code: str) -> Json:
        self.complaints.append(what)
        return {"ok": False, "error": code}


def _token(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _object(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


@contextlib.asynccontextmanager
async def fake_slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        yield slack
