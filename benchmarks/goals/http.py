"""P1 and P2: the processor's time of a signed `/who` over HTTP, against a Bolt handler that does nothing.

Everything is served by one aiohttp server in one process and takes turns, so that a noisy machine is noisy
for all; requests and the replies to `response_url` go to another process, whose time does not count.
"""

# ruff: noqa: ASYNC110, PLC0415 - a short wait measures best; imports stand where they are not measured
from __future__ import annotations

import asyncio
import hashlib
import hmac
import multiprocessing
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from aiohttp import ClientSession, web

from benchmarks.desk import Desk, read_lines
from benchmarks.figures import Figure
from benchmarks.lab import Lab

SECRET: Final = "8f742231b10e8888abcd99yyyzzz85a5"
AT_ONCE: Final = 16
ROUNDS: Final = 7
NOOP, RESPOND, ACK = "/noop", "/respond", "/acknowledged"
TINY, LARGE, ALIKE = "/tiny", "/large", "/alike"
REPLYING: Final = {RESPOND, TINY, LARGE, ALIKE}
DRAWN: Final = 1_000
"""Entities of the large base, among which those are sought that show as many facts as in the small one."""

NOWHERE: Final = "http://127.0.0.1:9/api/"
"""Where Slack's API would be; nothing here calls it."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def http(lab: Lab) -> Iterator[Figure]:
    """P1 and P2: the same requests to a handler that does nothing and to the bot on two bases."""
    arguments = [
        one for built in (lab.tiny, lab.large) for one in (built.root, built.state, lab.lines(built))
    ]
    lab.say("signed /who over HTTP")
    alike = lab.large.root.parent / "alike.json"
    snapshots = [lab.compiled(built) for built in (lab.tiny, lab.large)]
    lab.child(int, "goals.http.drawn_alike", *snapshots, lab.lines(lab.tiny), alike, lab.settings.seed)
    found = lab.child(dict[str, float], "goals.http.cpu", lab.settings.requests, alike, *arguments)
    noop = "a Bolt handler that only acknowledges"
    yield Figure("P1", "signed /who, answered", "s", found[LARGE], noop, found[NOOP], limit=1.15)
    respond = "a Bolt handler that also responds “ok”"
    yield Figure("P1", "signed /who, answered", "s", found[LARGE], respond, found[RESPOND])
    yield Figure("P1", "signed /who, acknowledged only", "s", found[ACK], noop, found[NOOP])
    at = f"at {lab.tiny.size.facts:,} facts"
    same = "signed /who, answers of as many facts"
    yield Figure("P2", same, "s", found[ALIKE], at, found[TINY], limit=1.15)
    yield Figure("P2", "signed /who, answers as long as they are", "s", found[LARGE], at, found[TINY])


def drawn_alike(tiny: str, large: str, lines: str, file: str, seed: str) -> int:
    """Find for every `/who` of some lines one of the large base whose answer shows as many facts."""
    desks = Desk(Path(tiny)), Desk(Path(large))
    lengths = [_length(desks[0], line) for line in _who(lines)]
    numbers = [number for (number,) in desks[1].snapshot.db.execute("SELECT n FROM entity")]
    query = "SELECT d.id || ':' || e.id FROM entity AS e JOIN dossier AS d ON d.n = e.dossier WHERE e.n = ?"
    some = Random(int(seed)).sample(numbers, min(DRAWN, len(numbers)))
    refs = [str(desks[1].snapshot.db.execute(query, (number,)).fetchone()[0]) for number in some]
    pool = [(_length(desks[1], f"/who {ref}"), ref) for ref in refs]
    chosen = [min(pool, key=lambda one: abs(one[0] - length))[1] for length in lengths]
    Path(file).write_bytes(msgspec.json.encode(chosen))
    return len(chosen)


def _length(desk: Desk, line: str) -> int:
    return len(desk.dispatcher.ask(line, desk.asker).facts)


def _who(lines: str) -> list[str]:
    return [line for name, line in read_lines(lines)[1] if name == "/who"]


def cpu(requests: str, alike: str, *bases: str) -> dict[str, float]:
    """Return the seconds of processor time of a request by route.

    `alike` is a file with names of the second base; `bases` are root, state and lines of two.
    """
    names = msgspec.json.decode(Path(alike).read_bytes(), type=list[str])
    return asyncio.run(_cpu(int(requests), names, {TINY: bases[:3], LARGE: bases[3:]}))


async def _cpu(count: int, alike: list[str], bases: dict[str, tuple[str, ...]]) -> dict[str, float]:
    texts = {
        route: [line.partition(" ")[2] for line in _who(lines)] for route, (_, _, lines) in bases.items()
    }
    texts[ALIKE] = alike
    here, there = multiprocessing.Pipe()
    slack = multiprocessing.get_context("spawn").Process(target=other_process, args=(there,), daemon=True)
    slack.start()
    await asyncio.to_thread(here.recv)
    found: dict[str, list[float]] = {route: [] for route in (NOOP, RESPOND, ACK, TINY, LARGE, ALIKE)}
    with tempfile.TemporaryDirectory() as folder:
        async with served(bases, Path(folder)) as url:
            for turn in range(ROUNDS + 1):
                for route, taken in found.items():
                    used = time.process_time()
                    asked = texts.get(route) or texts[LARGE]
                    here.send((url + route, count, route in REPLYING, asked))
                    await asyncio.to_thread(here.recv)
                    if turn:  # the first round warms up
                        taken.append((time.process_time() - used) / count)
            here.send(None)
    slack.join()
    return {route: median(taken) for route, taken in found.items()}


# --- the bot and the others, side by side ----------------------------------------------------------------


@asynccontextmanager
async def served(bases: dict[str, tuple[str, ...]], folder: Path) -> AsyncIterator[str]:
    """Serve all routes; yield the address."""
    from bot.adapters.slack.work import Work

    class Nothing(Work):
        """Takes work and does none of it."""

        def start(self, job: Callable[[], Coroutine[Any, Any, None]]) -> bool:
            return True

    app = web.Application()
    async with AsyncExitStack() as stack:
        for route, (root, state, _) in bases.items():
            bot = await stack.enter_async_context(_bot(Path(root), Path(state), folder / route[1:], Work()))
            app.router.add_post(route, bot)
        app.router.add_post(ALIKE, bot)
        root, state, _ = bases[LARGE]
        idle = await stack.enter_async_context(_bot(Path(root), Path(state), folder / "idle", Nothing()))
        app.router.add_post(ACK, idle)
        for route in (NOOP, RESPOND):
            app.router.add_post(route, _bolt(respond=route == RESPOND))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


@asynccontextmanager
async def _bot(root: Path, state_of: Path, folder: Path, work: Any) -> AsyncIterator[Handler]:
    from bot.adapters.slack.answering import Answering
    from bot.adapters.slack.app import OneWorkspace, bolt_app
    from bot.adapters.slack.config import SlackConfig
    from bot.adapters.slack.guard import Guard
    from bot.adapters.slack.names import Names
    from bot.adapters.slack.server import Server
    from bot.adapters.slack.teams import Teams
    from bot.adapters.slack.web import Web
    from bot.config import load_config
    from bot.service import open_service
    from bot.state import State

    folder.mkdir()  # noqa: ASYNC240 - before anything is measured
    service = open_service(load_config(None, environ={}, briefings=root, state=state_of))
    state = State(f"sqlite:///{folder / 'state.db'}")
    await state.open()
    api = Web(NOWHERE)
    client = api.client("xoxb-1-benchmark")
    answering = Answering(
        desk=service.desk,
        config=SlackConfig(),
        names=Names(service.desk.registry),
        state=state,
        web=api,
        workspaces=OneWorkspace(client),
        work=work,
        teams=Teams(OneWorkspace(client), state),
    )
    try:
        yield Server(bolt_app(answering, work, client=client), Guard(SECRET), dict).events
    finally:
        await work.drain()
        await api.close()
        await state.close()
        service.close()


def _bolt(*, respond: bool) -> Handler:
    """Return a Bolt app with one handler: it acknowledges, and says "ok" where it is to respond."""
    from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
    from slack_bolt.app.async_app import AsyncApp
    from slack_bolt.authorization import AuthorizeResult
    from slack_sdk.web.async_client import AsyncWebClient

    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id="T0", bot_token="xoxb-1", bot_id="B", bot_user_id="U"
        )

    app = AsyncApp(
        client=AsyncWebClient(base_url=NOWHERE),
        signing_secret=SECRET,
        authorize=authorize,
        process_before_response=True,
    )

    async def only_acknowledge(ack: Any) -> None:
        await ack()

    async def also_respond(ack: Any, respond: Any) -> None:
        await ack()
        await respond("ok")

    app.command(re.compile(".*"))(also_respond if respond else only_acknowledge)

    async def events(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return events


# --- the other process: Slack ----------------------------------------------------------------------------


def body(number: int, sink: str, text: str) -> bytes:
    """Return a slash command with ids of its own."""
    fields = {
        "team_id": "T0",
        "channel_id": "C0",
        "user_id": "U0",
        "command": "/whois",
        "text": text,
        "api_app_id": "A0",
        "response_url": sink,
        "trigger_id": f"1.2.{number:032x}",
    }
    return urlencode(fields).encode()


def signed(raw: bytes) -> dict[str, str]:
    """Return the headers of a request as Slack signs it."""
    now = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), b"v0:" + now.encode() + b":" + raw, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": f"v0={digest}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


def other_process(pipe: Connection) -> None:
    """Be Slack: send what the pipe asks for, and take the replies."""
    asyncio.run(_other(pipe))


async def _other(pipe: Connection) -> None:
    got = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal got
        await request.read()
        got += 1
        return web.Response(text="ok")

    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/reply", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sink = f"http://127.0.0.1:{runner.addresses[0][1]}/reply"
    pipe.send(sink)
    number = 0
    async with ClientSession() as session:
        while order := await asyncio.to_thread(pipe.recv):
            url, count, replies, texts = order
            got = 0
            await _send(session, url, [body(number + n, sink, texts[n % len(texts)]) for n in range(count)])
            number += count
            while replies and got < count:
                await asyncio.sleep(0.001)
            pipe.send(got)
    await runner.cleanup()


async def _send(session: ClientSession, url: str, bodies: list[bytes]) -> None:
    waiting = iter(bodies)

    async def worker() -> None:
        for raw in waiting:
            async with session.post(url, data=raw, headers=signed(raw)) as response:
                if response.status != 200:
                    raise RuntimeError(f"{url} answered {response.status}")

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
