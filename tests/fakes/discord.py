"""A small Discord on the loopback interface: REST and gateway, with faults to switch on.

It validates what it is sent (`violations` must stay empty), answers with `Content-Type: application/json`
exactly as Discord does, de-duplicates nonces, and knows no route that is not asked for.

In a process of its own, steered over `/fake/…`: `PYTHONPATH=tests python -m fakes.discord --port 8002`. Other
processes then call :func:`point`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import yarl
from aiohttp import web

from fakes.discord_payloads import APP_ID, BOT, GUILD_ID, Json
from fakes.discord_rest import TOKEN, Fault, Rest

__all__ = ["TOKEN", "FakeDiscord", "Fault", "point"]


def point(port: int) -> None:
    """Point discord.py, in this process, to the fake on a port."""
    discord.http.Route.BASE = f"http://127.0.0.1:{port}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://127.0.0.1:{port}/gw")


class FakeDiscord(Rest):
    """The server. `requests` is every request as (method, path, body)."""

    # --- running -----------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[FakeDiscord]:
        """Listen on a free port; point discord.py here for as long."""
        app = web.Application()
        app.router.add_route("GET", "/gw", self._gateway)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        self.ledger.control(app)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        before = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
        point(self.port)
        try:
            yield self
        finally:
            discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = before
            self._release.set()
            for task in self.late:
                task.cancel()
            for socket in self._sockets:
                await socket.close()
            await runner.cleanup()

    def fault(self, method: str, path: str, **what: Any) -> None:
        """Let the next matching requests (`path` is a regular expression) go wrong."""
        self.faults.append(Fault(method, path, **what))

    def seen(self, method: str, path: str) -> list[Any]:
        """Return the bodies of the requests to a path (a regular expression)."""
        return [body for did, where, body in self.requests if did == method and re.fullmatch(path, where)]

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


async def main() -> None:
    """Serve until killed; print the port when it is ready. Every id is a text channel."""
    parser = argparse.ArgumentParser(description="A Discord on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--nonce-seconds", type=float, default=180.0, help="how long a nonce is remembered")
    given = parser.parse_args()
    fake = FakeDiscord(time.time, nonce_seconds=given.nonce_seconds)
    fake.port = given.port
    async with fake.serve():
        sys.stdout.write(f"{fake.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
