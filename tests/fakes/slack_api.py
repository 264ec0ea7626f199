"""The Web API of a Slack on loopback: what each method takes, does and answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from fakes.faults import Ledger, Mishap, tear
from fakes.slack_blocks import problems
from fakes.slack_payloads import BOT, CHANNEL, DIRECT, TEAM, USER, number

Json = dict[str, Any]
ACKNOWLEDGE_SECONDS = 3.0
TOKEN, APP_TOKEN = "xoxb-1-fake-token", "xapp-1-fake-token"
SCOPES = "app_mentions:read,channels:history,chat:write,commands,groups:history,im:history,users:read"
HANG_SECONDS = 3600.0

_POST = {"channel", "text", "blocks", "thread_ts", "unfurl_links", "unfurl_media", "metadata"}
FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "auth.test": (set(), set()),
    "apps.connections.open": (set(), set()),
    "chat.postMessage": ({"channel", "text", "blocks"}, _POST),
    "chat.postEphemeral": ({"channel", "user", "text", "blocks"}, {"thread_ts"}),
    "chat.update": ({"channel", "ts", "text", "blocks"}, {"metadata"}),
    "users.info": ({"user"}, set()),
    "usergroups.users.list": ({"usergroup"}, set()),
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


NEEDED = {
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "users.info": "users:read",
    "usergroups.users.list": "usergroups:read",
}
"""The scope that a method needs."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call. `accept` says whether the call takes effect all the same."""

    status: int = 200
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    accept: bool = False
    drop: bool = False
    hang: bool = False
    late: float = 0.0
    torn: bool = False

    @classmethod
    def of(cls, mishap: Mishap) -> Fault:
        fault = cls.server(mishap.status)
        if mishap.status == 429:
            fault = cls.limited(mishap.retry_after)
        elif mishap.body is not None:
            kind = "text/html" if mishap.body.startswith("<") else "application/json"
            fault = cls.said(mishap.body, kind)
        return replace(
            fault,
            accept=mishap.accepted,
            drop=not mishap.status and not mishap.hang,
            hang=mishap.hang,
            late=mishap.late,
            torn=mishap.torn,
        )

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


class SlackApi:
    """What the workspace holds, and the methods that read and change it."""

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        """`now` gives messages their `ts`; without it, they are of November 2024."""
        self.now = now
        self.ledger = Ledger()
        self.late: set[asyncio.Task[None]] = set()
        self.users: dict[str, Json] = {USER: {"id": USER, "team_id": TEAM}}
        self.groups: dict[str, list[str]] = {}
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

    # --- the Web API -----------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await self._arguments(request)
        fault = self.faults[method].pop(0) if self.faults.get(method) else None
        if fault is None and (mishap := self.ledger.next(method)):
            fault = Fault.of(mishap)
        answer: Json = {"ok": True}
        if fault and fault.accept and fault.late:
            task = asyncio.create_task(self._later(fault.late, method, arguments, request))
            self.late.add(task)
            task.add_done_callback(self.late.discard)
        elif fault is None or fault.accept:
            answer = self._call(method, arguments, request)
        if fault is None:
            return web.json_response(answer, headers={"X-OAuth-Scopes": self.tokens.get(_token(request), "")})
        self.calls.append((f"{method}!", arguments))
        if fault.hang:
            await asyncio.sleep(HANG_SECONDS)
        if fault.drop:
            if request.transport is not None:  # the other side may have gone first
                request.transport.abort()
            return web.Response()
        if fault.torn:
            return await tear(request, fault.body or "")
        headers = {"Content-Type": "application/json"} | fault.headers
        return web.Response(status=fault.status, text=fault.body or "", headers=headers)

    async def _later(self, seconds: float, method: str, arguments: Json, request: web.Request) -> None:
        await asyncio.sleep(seconds)
        self._call(method, arguments, request)

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
        needed = NEEDED.get(method, "")
        if needed not in self.tokens[token]:
            return {"ok": False, "error": "missing_scope", "needed": needed, "provided": self.tokens[token]}
        if method.startswith("conversations."):
            return self._history(method, arguments)
        if method == "users.info":
            user = self.users.get(arguments["user"])
            return {"ok": True, "user": user} if user else {"ok": False, "error": "user_not_found"}
        if method == "usergroups.users.list":
            members = self.groups.get(arguments["usergroup"])
            return (
                {"ok": False, "error": "no_such_subteam"}
                if members is None
                else {"ok": True, "users": members}
            )
        if arguments["channel"] not in self.members:
            return {"ok": False, "error": "not_in_channel"}
        blocks = _object(arguments["blocks"])
        if self.refuses & {one["type"] for one in blocks}:
            return {"ok": False, "error": "invalid_blocks"}
        self._check(method, blocks, "message")
        ts = f"{self.now():.3f}{number() % 1000:03}" if self.now else f"{1_732_000_000 + number()}.000100"
        channel = self.ids.get(arguments["channel"], arguments["channel"])
        kept = arguments | {"blocks": blocks, "ts": ts, "token": token, "channel": channel}
        if method == "chat.update":
            return self._update(kept | {"ts": arguments["ts"]})
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
        self._note(kept)
        return {"ok": True, "channel": channel, "ts": ts, "message": {"text": arguments["text"]}}

    def _update(self, changed: Json) -> Json:
        """Change a message; metadata that is not given stays as it is."""
        for one in self.messages:
            if (one["channel"], one["ts"]) == (changed["channel"], changed["ts"]):
                one |= {name: changed[name] for name in ("text", "blocks")}
                if changed.get("metadata"):
                    one["metadata"] = _object(changed["metadata"])
                self._note(one, edit=True)
                return {"ok": True, "channel": one["channel"], "ts": one["ts"], "text": one["text"]}
        return {"ok": False, "error": "message_not_found"}

    def _note(self, message: Json, *, edit: bool = False) -> None:
        payload = message["metadata"].get("event_payload", {})
        self.ledger.take(
            message["channel"],
            message["ts"],
            payload.get("key", ""),
            page=payload.get("page", 1),
            thread=message.get("thread_ts") or "",
            edit=edit,
        )

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
