"""What goes wrong in a fake chat: scripted, or drawn from a seed; and what it really accepted."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]

KINDS = ("limited", "server", "cut", "lost", "late", "hang", "strange", "torn")
STRANGE = (
    "<html>Bad gateway</html>",
    "null",
    "",
    '{"ok":false,"error":"internal_error"}',
    "[]",
    '{"ok":true',
)
"""Answers of status 200 that are none."""

WAITS = ("1", "0", None, "abc", "-1")
"""What `Retry-After` says where a call is limited; add "1000000000" where a test can wait for a day."""


@dataclass(frozen=True)
class Mishap:
    """What happens to one call instead of an answer.

    `status` is answered, or the connection cut, or nothing said at all. `accepted` says that the call takes
    effect all the same, and `late` by how many seconds later. `body` is said instead of the usual words, and
    where `torn`, only the first half of it before the connection is cut.
    """

    status: int = 0
    retry_after: str | None = None
    accepted: bool = False
    hang: bool = False
    late: float = 0.0
    body: str | None = None
    torn: bool = False


@dataclass
class Seeded:
    """Draws a mishap for a share `rate` of the calls whose name contains one of `calls`."""

    seed: int
    rate: float
    calls: Sequence[str] = ("",)
    kinds: Sequence[str] = KINDS
    waits: Sequence[str | None] = WAITS
    late: tuple[float, float] = (0.2, 5.0)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def draw(self, call: str) -> Mishap | None:
        """Return what happens to a call, or None if nothing does."""
        if not any(one in call for one in self.calls) or self._random.random() >= self.rate:
            return None
        match self._random.choice(self.kinds):
            case "limited":
                return Mishap(429, self._random.choice(self.waits))
            case "server":
                return Mishap(self._random.choice((500, 502, 503, 504)), accepted=self._random.random() < 0.3)
            case "cut":
                return Mishap()
            case "lost":
                return Mishap(accepted=True)
            case "late":
                return Mishap(
                    self._random.choice((0, 503)), accepted=True, late=self._random.uniform(*self.late)
                )
            case "hang":
                return Mishap(hang=True, accepted=self._random.random() < 0.5)
            case "strange":
                # To who asks for messages an empty list would be an answer, and a false one.
                bodies = [one for one in STRANGE if one != "[]" or not call.startswith("GET")]
                return Mishap(200, accepted=self._random.random() < 0.5, body=self._random.choice(bodies))
            case "torn":
                return Mishap(200, accepted=True, body='{"ok":true,"id":"1","ts":"1.0"}', torn=True)
            case other:
                raise ValueError(other)


async def tear(request: web.Request, body: str) -> web.StreamResponse:
    """Say the first half of an answer, and cut the connection."""
    response = web.StreamResponse(
        headers={"Content-Type": "application/json", "Content-Length": str(len(body))}
    )
    await response.prepare(request)
    await response.write(body[: len(body) // 2].encode())
    if request.transport is not None:
        request.transport.abort()
    return response


@dataclass(frozen=True)
class Accepted:
    """A message that the chat has really taken, or changed (`edit`): when, where, and by which key."""

    at: float
    channel: str
    thread: str
    message: str
    key: str
    page: int = 1
    edit: bool = False


@dataclass
class Ledger:
    """What a fake has accepted, and the mishaps that are still to come; `clock` is in seconds since 1970."""

    clock: Callable[[], float] = time.time
    accepted: list[Accepted] = field(default_factory=list)
    scripted: dict[str, list[Mishap]] = field(default_factory=dict)
    seeded: Seeded | None = None

    def take(self, channel: str, message: str, key: str, **more: Any) -> None:
        """Note a message that was accepted."""
        given = {"thread": "", **more}
        self.accepted.append(Accepted(self.clock(), channel, message=message, key=key, **given))

    def next(self, call: str) -> Mishap | None:
        """Return the next mishap for a call: a scripted one, else one that is drawn."""
        for name, waiting in self.scripted.items():
            if waiting and name in call:
                return waiting.pop(0)
        return self.seeded.draw(call) if self.seeded else None

    def control(self, app: web.Application) -> None:
        """Let another process steer and read a fake: `/fake/accepted`, `/fake/seed`, `/fake/script`."""
        app.router.add_get("/fake/accepted", self._read)
        app.router.add_post("/fake/seed", self._seed)
        app.router.add_post("/fake/script", self._script)

    async def _read(self, request: web.Request) -> web.Response:
        start = int(request.query.get("start", 0))
        return web.json_response([asdict(one) for one in self.accepted[start:]])

    async def _seed(self, request: web.Request) -> web.Response:
        """Take the fields of :class:`Seeded`; an empty object ends all mishaps."""
        given = json.loads(await request.text())
        self.seeded = Seeded(**given) if given else None
        return web.json_response({})

    async def _script(self, request: web.Request) -> web.Response:
        """Take, by part of a call's name, lists of the fields of :class:`Mishap`."""
        for call, mishaps in json.loads(await request.text()).items():
            self.scripted.setdefault(call, []).extend(Mishap(**one) for one in mishaps)
        return web.json_response({})
