"""A Slack on loopback: the Web API over HTTP, `response_url`s, and Socket Mode over a websocket.

It checks what it is sent as strictly as Slack does, or more: an unknown method, field, block or token is
answered as Slack answers it and noted in `complaints`, which a test must find empty. Faults are switched on
per method: `slack.faults["chat.postMessage"] = [Fault.cut()]`, or in `slack.ledger` for any chat.

In a process of its own, steered over `/fake/…`: `PYTHONPATH=tests python -m fakes.slack --port 8001`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSMsgType, web

from fakes.slack_api import ACKNOWLEDGE_SECONDS, APP_TOKEN, SCOPES, TOKEN, Fault, Json, SlackApi
from fakes.slack_blocks import Problems as _Problems
from fakes.slack_blocks import options
from fakes.slack_payloads import envelope_type, number

__all__ = ["APP_TOKEN", "SCOPES", "TOKEN", "FakeSlack", "Fault", "fake_slack"]

RESPONSE_FIELDS = {
    *("text", "blocks", "response_type", "replace_original", "delete_original"),
    *("thread_ts", "unfurl_links", "unfurl_media"),
}


class FakeSlack(SlackApi):
    """One workspace. Everything it was told is in its lists; ids are counted up."""

    port = 0

    # --- life ------------------------------------------------------------------------------------------

    async def __aenter__(self) -> FakeSlack:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_post("/api/{method}", self._api)
        app.router.add_get("/api/{method}", self._api)
        app.router.add_post("/response/{id}", self._response)
        app.router.add_get("/ws/{id}", self._socket)
        self.ledger.control(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in list(self.sockets):
            with contextlib.suppress(Exception):
                await socket.close()
        for task in self.late:
            task.cancel()
        assert self._runner is not None
        await self._runner.cleanup()
        assert not self.complaints, self.complaints

    @property
    def base_url(self) -> str:
        return f"{self.url}/api/"

    def response_url(self) -> str:
        return f"{self.url}/response/{number()}"

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


@contextlib.asynccontextmanager
async def fake_slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        yield slack


async def main() -> None:
    """Serve until killed; print the address when it is ready."""
    parser = argparse.ArgumentParser(description="A Slack on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--channels", nargs="*", default=[], help="ids of channels that the bot is in")
    given = parser.parse_args()
    slack = FakeSlack(now=time.time)
    slack.port = given.port
    slack.members |= set(given.channels)
    async with slack:
        sys.stdout.write(f"{slack.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
