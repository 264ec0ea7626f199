"""A signed `/who` over HTTP against a no-op Bolt handler, on one aiohttp server, in one run.

    python -m benchmarks.slack_http [REQUESTS]

Requests and the replies to `response_url` go to another process; CPU is this one's. The three take turns, so
that a noisy machine is noisy for all. "Acknowledged" is guard, parsing and acknowledgement; "answered" adds
remembering the delivery, the answer from the shipped dossier, its layout and its delivery.
"""

# ruff: noqa: ASYNC110, PLC0415 - a short wait measures best; imports stand where they are not measured
from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, web

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
AT_ONCE = 16
ROUNDS = 5
NOOP, ACK, OURS = "/noop", "/acknowledged", "/slack/events"


def body(number: int, sink: str) -> bytes:
    """Return a slash command with ids of its own."""
    fields = {
        "team_id": "T0",
        "channel_id": "C0",
        "user_id": "U0",
        "command": "/whois",
        "text": "gref",
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

    app = web.Application()
    app.router.add_post("/reply", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sink = f"http://127.0.0.1:{runner.addresses[0][1]}/reply"
    pipe.send(sink)
    number = 0
    async with ClientSession() as session:
        while True:
            order = await asyncio.to_thread(pipe.recv)
            if order is None:
                break
            url, count, replies = order
            got = 0
            latencies: list[float] = []
            numbers = iter(range(number, number + count))
            number += count

            async def worker() -> None:
                for one in numbers:  # noqa: B023 - awaited below
                    raw = body(one, sink)
                    started = time.perf_counter()
                    async with session.post(url, data=raw, headers=signed(raw)) as response:  # noqa: B023
                        assert response.status == 200, response.status
                    latencies.append(time.perf_counter() - started)  # noqa: B023

            started = time.perf_counter()
            await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
            acknowledged = time.perf_counter() - started
            while replies and got < count:
                await asyncio.sleep(0.001)
            pipe.send((acknowledged, time.perf_counter() - started, sorted(latencies)))
    await runner.cleanup()


async def serve(folder: Path) -> tuple[web.AppRunner, str, Callable[[], Awaitable[None]]]:
    """Serve ours and the no-op side by side; return the runner, the address and what closes the rest."""
    from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
    from slack_bolt.app.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.adapters.slack.answering import Answering
    from bot.adapters.slack.app import OneWorkspace, bolt_app
    from bot.adapters.slack.config import SlackConfig
    from bot.adapters.slack.guard import Guard
    from bot.adapters.slack.names import Names
    from bot.adapters.slack.server import Server
    from bot.adapters.slack.teams import Teams
    from bot.adapters.slack.web import Web
    from bot.adapters.slack.work import Work
    from bot.config import load_config
    from bot.service import open_service
    from bot.state import State

    logging.getLogger("slack_bolt").setLevel(logging.ERROR)
    service = open_service(load_config(None, environ={}, state=folder))
    state = State(f"sqlite:///{folder / 'state.db'}")
    await state.open()
    work, api = Work(), Web("http://127.0.0.1:9/api/")
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
    app = Server(bolt_app(answering, work, client=client), Guard(SECRET), dict).web_app()

    async def authorize(**_: Any) -> Any:
        from slack_bolt.authorization import AuthorizeResult

        return AuthorizeResult(
            enterprise_id=None, team_id="T0", bot_token="xoxb-1", bot_id="B", bot_user_id="U"
        )

    noop = AsyncApp(
        client=AsyncWebClient(base_url="http://127.0.0.1:9/api/"),
        signing_secret=SECRET,
        authorize=authorize,
        process_before_response=True,
    )

    @noop.command(re.compile(".*"))
    async def nothing(ack: Any) -> None:
        await ack()

    async def noop_events(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await noop.async_dispatch(await to_bolt_request(request)))

    app.router.add_post(NOOP, noop_events)

    class Nothing(Work):
        def start(self, job: Callable[[], Awaitable[None]]) -> bool:
            return True

    bare = Server(bolt_app(answering, Nothing(), client=client), Guard(SECRET), dict)
    app.router.add_post(ACK, bare.events)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    async def close() -> None:
        await work.drain()
        await runner.cleanup()
        await api.close()
        await state.close()
        service.close()

    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}", close


async def main(count: int) -> None:
    """Run both in turns and print the figures."""
    here, there = multiprocessing.Pipe()
    slack = multiprocessing.get_context("spawn").Process(target=other_process, args=(there,), daemon=True)
    slack.start()
    await asyncio.to_thread(here.recv)
    found: dict[str, list[tuple[float, float, float, float]]] = {NOOP: [], ACK: [], OURS: []}
    with tempfile.TemporaryDirectory() as folder:
        _, url, close = await serve(Path(folder))
        for turn in range(ROUNDS + 1):
            for path in (NOOP, ACK, OURS):
                cpu = time.process_time()
                here.send((url + path, count, path == OURS))
                acknowledged, whole, latencies = await asyncio.to_thread(here.recv)
                used = time.process_time() - cpu
                if turn:  # the first round warms up
                    p99 = latencies[int(len(latencies) * 0.99) - 1]
                    found[path].append((count / acknowledged, count / whole, p99, used / count))
        here.send(None)
        await close()
    medians = {
        path: [statistics.median(column) for column in zip(*rows, strict=True)]
        for path, rows in found.items()
    }
    for path, name in NAMES.items():
        acknowledged, whole, p99, cpu = medians[path]
        print(
            f"{name:26} {acknowledged:6.0f} acknowledged/s {whole:6.0f} done/s p99 {p99 * 1e3:6.2f} ms "
            f"({p99 / medians[NOOP][2]:.2f}x) CPU {cpu * 1e6:6.0f} us ({cpu / medians[NOOP][3]:.2f}x)"
        )
    ratios = {path.strip("/"): round(medians[path][3] / medians[NOOP][3], 3) for path in (ACK, OURS)}
    print(json.dumps({"requests": count * ROUNDS, "at_once": AT_ONCE, "cpu_ratio": ratios}))


NAMES = {
    NOOP: "no-op Bolt handler",
    ACK: "signed /who, acknowledged",
    OURS: "signed /who, answered",
}

if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 600))
