"""Discord's figures in detail, with memory by servers: `python -m benchmarks.discord_answers`; P12 uses them.

* From INTERACTION_CREATE to the response on a loopback stub: `/who` against a command that only says "ok", in
  the same client, taken in turns. The stub answers every request at once and reads no body.
* A key stroke: from the interaction to the list of choices handed to the library (p50, p99), and with the
  response. `--briefings DIR` measures another base, such as one of a million facts.
* Memory per 1,000 servers: this client against discord.py's defaults, each in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import discord
import structlog
from discord import app_commands

from bot.adapters.discord.app import BriefingClient
from bot.adapters.discord.commands import choices
from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.private import receive_interaction
from bot.adapters.discord.render import Style, render
from bot.config import load_config
from bot.desk import Asker, Call
from bot.service import Service, open_service

ROOT: Final = Path(__file__).parent.parent
APPLICATION: Final = {"id": "100", "name": "b", "icon": None, "description": "", "bot_public": True}
ASKER: Final = Asker(platform="discord", user="300", channel="400")
CHANNELS, MEMBERS = 40, 100
Json = dict[str, Any]


class Stub:
    """An HTTP server that answers everything at once; `done` is set at each callback."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = [one for one in head.lower().split("\r\n") if one.startswith("content-length:")]
                if length:
                    await reader.readexactly(int(length[0].split(":")[1]))
                body = self.body(head.split(" ", 2)[1])
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    + f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                if "/callback" in head:
                    self.done.set()

    def body(self, path: str) -> bytes:
        if path.endswith("/users/@me"):
            return b'{"id":"100","username":"b","discriminator":"0","avatar":null,"bot":true}'
        if path.endswith("/applications/@me"):
            return (
                b'{"id":"100","name":"b","icon":null,"description":"","bot_public":true,"flags":0,'
                b'"bot_require_code_grant":false,"verify_key":"0","owner":{"id":"1","username":"o",'
                b'"discriminator":"0","avatar":null},"team":null,"summary":""}'
            )
        return b'{"interaction":{"id":"1","type":2,"response_message_id":"2"}}'


@contextlib.asynccontextmanager
async def connected(client: discord.Client) -> AsyncIterator[Stub]:
    stub = Stub()
    server = await asyncio.start_server(stub.answer, "127.0.0.1", 0)
    stub.port = server.sockets[0].getsockname()[1]
    discord.http.Route.BASE = f"http://127.0.0.1:{stub.port}/api/v10"
    await client.login("x")
    try:
        yield stub
    finally:
        await client.close()
        server.close()


def interaction(number: int, kind: int, name: str, options: list[Json]) -> Json:
    user = {"id": "300", "username": "alice", "discriminator": "0", "avatar": None}
    channel = {"id": "400", "type": 0, "name": "desk", "position": 0, "nsfw": False, "parent_id": None}
    member = {"user": user, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False}
    return {
        "id": str(number),
        "application_id": "100",
        "type": kind,
        "data": {"id": "1", "name": name, "type": 1, "options": options},
        "guild_id": "200",
        "channel_id": "400",
        "channel": {**channel, "guild_id": "200", "permissions": "3072"},
        "member": {**member, "mute": False, "permissions": "3072", "flags": 0},
        "token": f"t{number}",
        "version": 1,
        "app_permissions": "3072",
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "context": 0,
        "attachment_size_limit": 1,
    }


def percentiles(times: list[float]) -> tuple[float, float]:
    """Return median and 99th percentile in microseconds."""
    ordered = sorted(times)
    return statistics.median(ordered) * 1e6, ordered[int(len(ordered) * 0.99)] * 1e6


def show(label: str, times: list[float], base: list[float] | None = None) -> None:
    median, worst = percentiles(times)
    ratio = f"   {median / percentiles(base)[0]:.2f} x" if base else ""
    sys.stdout.write(f"  {label:<46} {median:9.0f} µs {worst:9.0f} µs{ratio}\n")


async def responses(service: Service, names: list[str], rounds: int) -> dict[str, list[float]]:
    """Return the seconds from interaction to response, of a command that says ok, of `/who` and of a key."""
    client = BriefingClient(service.desk, DiscordConfig(sync=False, mentions=False))

    async def noop(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message("ok", ephemeral=True)

    client.tree.add_command(app_commands.Command(name="noop", description="Says ok", callback=noop))
    numbers = iter(range(10**18, 10**19))
    async with connected(client) as stub:

        async def once(data: Json) -> float:
            stub.done.clear()
            start = time.perf_counter()
            receive_interaction(client, data)
            await stub.done.wait()
            spent = time.perf_counter() - start
            # The library still has the answer to read; that is not part of the next one.
            await asyncio.sleep(0.0005)
            return spent

        times: dict[str, list[float]] = {"noop": [], "who": [], "key": []}
        for n in range(rounds + 50):
            name = names[n % len(names)]
            asked = [{"type": 3, "name": "name", "value": name}]
            typed = [{"type": 3, "name": "name", "value": name[:3], "focused": True}]
            took = {
                "noop": await once(interaction(next(numbers), 2, "noop", [])),
                "who": await once(interaction(next(numbers), 2, "who", asked)),
                "key": await once(interaction(next(numbers), 4, "who", typed)),
            }
            if n >= 50:
                for key, value in took.items():
                    times[key].append(value)
    return times


def show_responses(times: dict[str, list[float]]) -> None:
    """Print them."""
    sys.stdout.write("From interaction to response on a loopback stub         median       p99   to no-op\n")
    show("a command that says ok", times["noop"])
    show("/who", times["who"], times["noop"])
    show("a key stroke with its response", times["key"], times["noop"])


def parts(service: Service, rounds: int) -> None:
    """Print what of it is the core's, the renderer's and the completion's."""
    names = [one.value for one in service.desk.suggest("who", "name", "", ASKER, 25)]
    replies = [service.desk.answer(Call("who", {"name": name}), ASKER) for name in names]
    chooser = random.Random(1)
    prefixes = [name[: chooser.randint(1, 5)] for name in names]

    def each(work: Callable[[int], object]) -> list[float]:
        times = []
        for n in range(rounds):
            start = time.perf_counter()
            work(n)
            times.append(time.perf_counter() - start)
        return times

    sys.stdout.write("\nOf that, in process\n")
    show(
        "core: /who", each(lambda n: service.desk.answer(Call("who", {"name": names[n % len(names)]}), ASKER))
    )
    show(
        "rendering it (pages, buttons)", each(lambda n: render(replies[n % len(replies)], Style(share=True)))
    )
    show(
        "a key stroke: from prefix to choices",
        each(lambda n: choices(service.desk.suggest("who", "name", prefixes[n % len(prefixes)], ASKER))),
    )


# --- memory --------------------------------------------------------------------------------------------


def guild(number: int) -> Json:
    """Return a server of a usual size: 40 channels, 20 roles, 100 members sent along."""
    base = 10**17 + number * 10_000
    role = {"permissions": "3072", "position": 1, "color": 0, "hoist": False, "managed": False}
    return {
        "id": str(base),
        "name": f"Server {number}",
        "owner_id": "1",
        "roles": [
            {"id": str(base + n), "name": f"role {n}", "mentionable": False, **role} for n in range(20)
        ],
        "channels": [
            {
                "id": str(base + 100 + n),
                "type": 0,
                "name": f"channel-{n}",
                "position": n,
                "topic": "What this channel is about",
                "parent_id": None,
                "permission_overwrites": [{"id": str(base), "type": 0, "allow": "0", "deny": "0"}],
            }
            for n in range(CHANNELS)
        ],
        "members": [
            {
                "user": {
                    "id": str(base + 1_000 + n),
                    "username": f"u{n}",
                    "discriminator": "0",
                    "avatar": None,
                },
                "roles": [],
                "joined_at": "2026-01-01T00:00:00+00:00",
                "deaf": False,
                "mute": False,
                "flags": 0,
            }
            for n in range(MEMBERS)
        ],
        "member_count": MEMBERS,
        "threads": [],
        "emojis": [],
        "features": [],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "system_channel_flags": 0,
        "afk_timeout": 300,
    }


def resident() -> int:
    """Return the resident bytes of this process."""
    gc.collect()
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def grow(kind: str, count: int) -> None:
    """Print by how many bytes a client grows with `count` servers."""
    if kind == "ours":
        client: discord.Client = BriefingClient.__new__(BriefingClient)
        discord.AutoShardedClient.__init__(client, **ours())  # type: ignore[arg-type]
    else:
        client = discord.AutoShardedClient(intents=discord.Intents.default() | discord.Intents(members=True))
    client._connection.user = None
    before = resident()
    for number in range(count):
        client._connection._add_guild_from_data(guild(number))  # type: ignore[arg-type]
    sys.stdout.write(str(resident() - before))


def ours() -> Json:
    """Return the options with which :class:`BriefingClient` keeps its caches small."""
    return {
        "intents": discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
        "max_messages": None,
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "chunk_guilds_at_startup": False,
    }


def memory(count: int) -> None:
    """Print the memory per 1,000 servers."""
    grown = {}
    for kind in ("ours", "default"):
        done = subprocess.run(  # a process each, so that nothing is warm
            [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "benchmarks.discord_answers",
                "--grow",
                kind,
                "--servers",
                str(count),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        grown[kind] = int(done.stdout.split()[-1]) / count * 1_000 / 1e6
    sys.stdout.write(f"\nMemory per 1,000 servers of {CHANNELS} channels, 20 roles, {MEMBERS} members sent\n")
    sys.stdout.write(f"  discord.py's defaults with members {grown['default']:26.1f} MB\n")
    ratio = grown["ours"] / grown["default"]
    sys.stdout.write(f"  this client {grown['ours']:49.1f} MB   {ratio:.2f} x\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--briefings", type=Path, default=ROOT / "briefings")
    parser.add_argument("--state", type=Path)
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--servers", type=int, default=1_000)
    parser.add_argument("--grow", choices=["ours", "default"])
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.disable(logging.WARNING)
    if chosen.grow:
        grow(chosen.grow, chosen.servers)
        return
    with tempfile.TemporaryDirectory() as scratch:
        config = load_config(
            None, environ={}, briefings=chosen.briefings, state=chosen.state or Path(scratch)
        )
        service = open_service(config)
        facts = sum(count for _, count in service.library.snapshot.dossiers.values())
        sys.stdout.write(f"A base of {facts:,} facts, {chosen.rounds:,} rounds\n\n")
        names = [one.value for one in service.desk.suggest("who", "name", "", ASKER, 25)]
        show_responses(asyncio.run(responses(service, names, chosen.rounds)))
        parts(service, chosen.rounds * 5)
        service.close()
    memory(chosen.servers)


if __name__ == "__main__":
    main()
