"""The REST interface of a Discord on loopback: what each route takes, does and answers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

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
    USER,
    USER_ID,
    Json,
    Payloads,
)
from fakes.faults import Ledger, Mishap, tear

TOKEN = "MTAwMTAwMTAwMTAwMTAwMTAw.AAAAAA.aaaaaaaaaaaaaaaaaaaaaaaaaaa"
DIRECT_OFFSET = 10**17
"""The id of a conversation with a person is that much more than the person's."""

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
    `accept` says that a request which is answered with `status` has its effect all the same, and `late` how
    many seconds later. `raw` is a body that is said as it is, and half of it where `torn`.
    """

    method: str
    path: str
    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    hang: bool = False
    times: int = 1
    accept: bool = False
    late: float = 0.0
    raw: str | None = None
    torn: bool = False

    @classmethod
    def of(cls, mishap: Mishap) -> Fault:
        cut = ("after" if mishap.accepted else "before") if not mishap.status and not mishap.hang else ""
        body: Json | str = "<html>"
        headers = {}
        if mishap.status == 429:
            body = {"message": "You are being rate limited.", "global": False}
            headers = {"Via": "1.1 google"}
            if mishap.retry_after is not None:
                headers["Retry-After"] = mishap.retry_after
                try:
                    body["retry_after"] = float(mishap.retry_after)
                except ValueError:
                    body["retry_after"] = mishap.retry_after
        return cls(
            *("", "", mishap.status, body, headers, cut, mishap.hang),
            accept=mishap.accepted,
            late=mishap.late,
            raw=mishap.body,
            torn=mishap.torn,
        )


class Rest(Payloads):
    """What the server holds, and the routes that read and change it."""

    def __init__(self, now: Callable[[], float] | None = None, *, nonce_seconds: float = 1e9) -> None:
        """`now` gives messages their ids; without it, they are of November 2022.

        `nonce_seconds` is how long a nonce is remembered.
        """
        super().__init__()
        self.now = now
        self.nonce_seconds = nonce_seconds
        self.ledger = Ledger()
        self.late: set[asyncio.Task[None]] = set()
        self.members: dict[int, Json] = {USER_ID: {"user": USER, "roles": []}}
        self.roles: list[Json] = []
        self.closed_to: set[int] = set()
        self._sent: dict[str, float] = {}
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
        if fault and fault.late:
            task = asyncio.create_task(self._later(fault.late, request, path, body))
            self.late.add(task)
            task.add_done_callback(self.late.discard)
            return _json(fault.body, fault.status, fault.headers) if fault.status else self._cut(request)
        if fault and fault.accept and (fault.status or fault.hang):
            self._route(request.method, path, body, request.query)
        if fault and fault.cut == "before":
            return self._cut(request)
        if fault and fault.hang:
            await self._release.wait()
            return self._cut(request)
        if fault and fault.torn:
            return await tear(request, fault.raw or "")
        if fault and fault.raw is not None:
            kind = "text/html" if fault.raw.startswith("<") else "application/json"
            return web.Response(status=fault.status, text=fault.raw, content_type=kind)
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
        mishap = self.ledger.next(f"{method} {path}")
        return Fault.of(mishap) if mishap else None

    async def _later(self, seconds: float, request: web.Request, path: str, body: Any) -> None:
        await asyncio.sleep(seconds)
        self._route(request.method, path, body, request.query)

    def _cut(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:  # the other side may have gone first
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
            r"PATCH /channels/(\d+)/messages/(\d+)": self._edit_message,
            r"POST /users/@me/channels": self._open_direct,
            r"GET /guilds/(\d+)": self._guild,
            r"GET /guilds/(\d+)/members/(\d+)": self._member,
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
            r"PATCH /webhooks/\d+/[^/]+/messages/@original": self._follow_up,
            r"POST /webhooks/\d+/[^/]+": self._follow_up,
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
        if place - DIRECT_OFFSET in self.closed_to:
            return 403, {"message": "Cannot send messages to this user", "code": 50007}
        self._validate(body)
        nonce = body.get("nonce")
        there = self.messages.setdefault(place, [])
        for one in there:
            fresh = (
                self.ledger.clock() - self._sent.get(one["id"], 0) < self.nonce_seconds if nonce else False
            )
            if fresh and body.get("enforce_nonce") and one.get("nonce") == nonce:
                return 200, one
        message = self.message_payload(place, BOT, body.get("components") or [], nonce=nonce)
        message |= {"content": body.get("content") or ""}
        there.append(message)
        self._note(message)
        return 200, message

    def _edit_message(self, channel: str, message: str, *, body: Json, **_: Any) -> tuple[int, Any]:
        for one in self.messages.get(int(channel), []):
            if one["id"] == message:
                self._validate({"flags": one["flags"], **body})
                one["components"] = body["components"]
                self._note(one, edit=True)
                return 200, one
        return 404, {"message": "Unknown Message", "code": 10008}

    def _note(self, message: Json, *, edit: bool = False) -> None:
        """Note what was accepted; its key is the number of its container, which the bot chose."""
        self._sent.setdefault(message["id"], self.ledger.clock())
        first = message["components"][0] if message["components"] else {}
        key = str(first.get("id") or message.get("nonce") or "")
        self.ledger.take(message["channel_id"], message["id"], key, edit=edit)

    def _open_direct(self, *, body: Json, **_: Any) -> tuple[int, Any]:
        person = int(body["recipient_id"])
        if person not in self.members:
            return 400, {"message": "Cannot send messages to this user", "code": 50007}
        channel = person + DIRECT_OFFSET
        recipients = [self.members[person]["user"]]
        return 200, {"id": str(channel), "type": 1, "recipients": recipients, "last_message_id": None}

    def _guild(self, guild: str, **_: Any) -> tuple[int, Any]:
        if int(guild) != GUILD_ID:
            return 404, {"message": "Unknown Guild", "code": 10004}
        payload = self.guild_payload()
        return 200, payload | {"roles": [*payload["roles"], *self.roles]}

    def _member(self, guild: str, person: str, **_: Any) -> tuple[int, Any]:
        found = self.members.get(int(person)) if int(guild) == GUILD_ID else None
        if found is None:
            return 404, {"message": "Unknown Member", "code": 10007}
        return 200, {
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
        } | found

    def _create_thread(self, channel: str, *, body: Json, **_: Any) -> tuple[int, Any]:
        self._validate(body["message"])
        if not 1 <= len(body["name"]) <= 100:
            self.violations.append(f"a thread's name of {len(body['name'])} characters")
        thread = self.snowflake()
        payload = self._thread_payload(thread, int(channel), body["name"])
        self.threads[thread] = payload
        message = self.message_payload(thread, BOT, body["message"]["components"], number=thread)
        self.messages[thread] = [message]
        self._note(message)
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

    def _follow_up(self, *, body: Json, **_: Any) -> tuple[int, Any]:
        self._validate({**body, "flags": body.get("flags", FLAG_COMPONENTS_V2) & ~FLAG_EPHEMERAL})
        return 200, self.message_payload(TEXT_CHANNEL, BOT, body.get("components") or [])

    def _validate(self, body: Json) -> None:
        unknown = set(body) - MESSAGE_KEYS
        found = [f"unknown fields {unknown}"] if unknown else []
        found += problems({"components": [], **body})
        if body.get("content"):
            found = found if len(body["content"]) <= 2_000 else [*found, "content too long"]
        elif body["flags"] & ~FLAG_COMPONENTS_V2 or not body["flags"]:
            found.append(f"flags {body['flags']}")
        mentions = dict(body.get("allowed_mentions") or {"parse": ["everyone"]})
        if mentions.pop("replied_user", False) or mentions != {"parse": []}:
            found.append(f"mentions are on: {body.get('allowed_mentions')}")
        if len(body.get("nonce") or "") > NONCE:
            found.append(f"a nonce of {len(body['nonce'])} characters")
        self.violations += found


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    html = isinstance(body, str)
    raw = body.encode() if html else json.dumps(body).encode()
    return web.Response(
        body=raw, status=status, content_type="text/html" if html else "application/json", headers=headers
    )
