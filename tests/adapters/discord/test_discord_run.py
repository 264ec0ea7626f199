"""The real client against a loopback gateway: resume, invalid sessions, close codes, silence."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import discord
import pytest
from fakes.discord import TOKEN, FakeDiscord
from fakes.discord_payloads import TEXT_CHANNEL, THREAD_CHANNEL, USER
from nacl.signing import SigningKey
from stub_desk import StubDesk

from bot.adapters.discord.app import BriefingClient, everything
from bot.adapters.discord.config import DiscordConfig, DiscordSecrets, SettingError
from bot.adapters.discord.run import CannotRun, run_discord
from bot.adapters.discord.watchdog import Watchdog


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not condition():  # noqa: ASYNC110  # what is waited for happens in the library
            await asyncio.sleep(0.005)


class Bot:
    """The bot as `briefing-bot run` runs it, against the fake."""

    def __init__(self, fake: FakeDiscord, desk: StubDesk, config: DiscordConfig) -> None:
        self.fake = fake
        self.desk = desk
        self.stop = asyncio.Event()
        self.waits: list[float] = []
        self.clients: list[tuple[BriefingClient, Watchdog]] = []
        self.task = asyncio.create_task(
            run_discord(
                desk,
                config,
                DiscordSecrets(token=TOKEN),
                self.stop,
                dossiers=everything,
                started=self.started,
                wait=self.wait,
            )
        )

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    def started(self, client: BriefingClient, watchdog: Watchdog) -> None:
        # The library waits two seconds for more servers before it says that it is ready.
        client._connection.guild_ready_timeout = 0.01
        self.clients.append((client, watchdog))

    @property
    def client(self) -> BriefingClient:
        return self.clients[-1][0]

    async def ready(self) -> None:
        await until(lambda: self.task.done() or (bool(self.clients) and self.client.is_ready()))

    async def asks(self, count: int = 1) -> None:
        """Send a command; wait for its answer."""
        before = len(self.fake.answers)
        await self.fake.dispatch("INTERACTION_CREATE", self.fake.command("who", name="okafor"))
        await until(lambda: len(self.fake.answers) >= before + count)


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", lambda self: 0.001)

    async def at_once(self: Any, shard_id: int | None, *, initial: bool = False) -> None:
        return None

    monkeypatch.setattr(discord.Client, "before_identify_hook", at_once)
    async with FakeDiscord().serve() as server:
        yield server
        assert server.violations == []


@pytest.fixture
async def bot(fake: FakeDiscord, desk: StubDesk) -> AsyncIterator[Bot]:
    running = Bot(fake, desk, DiscordConfig())
    await running.ready()
    yield running
    running.stop.set()
    async with asyncio.timeout(8):
        await asyncio.gather(running.task, return_exceptions=True)


async def test_it_connects_registers_and_answers(bot: Bot, fake: FakeDiscord) -> None:
    assert [one["name"] for one in fake.commands] == ["briefing", "who", "find", "schedule", "Look this up"]
    identify = next(one for one in fake.received if one["op"] == 2)
    assert identify["d"]["intents"] == (1 << 0) | (1 << 9) | (1 << 12)
    await bot.asks()
    assert fake.answers[-1]["type"] == 4


async def test_a_mention_is_answered(bot: Bot, fake: FakeDiscord) -> None:
    message = fake.message_payload(TEXT_CHANNEL, USER, [])
    message |= {"content": "<@100> who okafor", "flags": 0, "guild_id": "200"}
    await fake.dispatch("MESSAGE_CREATE", message)
    await until(lambda: bool(fake.messages[TEXT_CHANNEL]))
    (body,) = fake.seen("POST", r"/channels/400/messages")
    assert str(body["message_reference"]["message_id"]) == message["id"]


async def test_a_thread_sees_what_its_channel_sees(bot: Bot, fake: FakeDiscord) -> None:
    thread = fake.channel_payload(THREAD_CHANNEL) | {"permissions": fake.permissions}
    asked = fake.command("who", name="okafor") | {"channel_id": str(THREAD_CHANNEL), "channel": thread}
    await fake.dispatch("INTERACTION_CREATE", asked)
    await until(lambda: len(fake.answers) == 1)
    assert bot.desk.asked[-1][1].channel == str(TEXT_CHANNEL)


async def test_a_cut_connection_is_resumed_and_nothing_is_missed(bot: Bot, fake: FakeDiscord) -> None:
    fake.cut()
    await fake.dispatch("INTERACTION_CREATE", fake.command("who", name="okafor"))
    await until(lambda: len(fake.answers) == 1)
    assert (fake.identifies, fake.resumes) == (1, 1)


async def test_a_requested_reconnect_is_a_resume(bot: Bot, fake: FakeDiscord) -> None:
    await fake.control(7)
    await until(lambda: fake.resumes == 1)
    await bot.asks()
    assert fake.identifies == 1


async def test_an_invalid_session_is_identified_anew(bot: Bot, fake: FakeDiscord) -> None:
    fake.resumable = False
    await fake.control(7)
    await until(lambda: fake.identifies == 2)
    await bot.asks()


async def test_an_unknown_error_of_the_gateway_is_survived(bot: Bot, fake: FakeDiscord) -> None:
    await fake.close(4000)
    await until(lambda: fake.resumes + fake.identifies == 2)
    await bot.asks()


async def test_garbage_of_unknown_kinds_is_survived(bot: Bot, fake: FakeDiscord) -> None:
    await fake.dispatch("SOMETHING_NEW", {"x": 1})
    await fake.control(99, "?")
    await bot.asks()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4004, "DISCORD_TOKEN"),
        (4014, "disallows an intent"),
        (4013, "newer discord.py"),
        (4011, "discord.shards"),
    ],
)
async def test_what_cannot_be_mended_by_trying_again_is_said(
    fake: FakeDiscord, desk: StubDesk, code: int, words: str
) -> None:
    fake.close_code = code
    running = Bot(fake, desk, DiscordConfig())
    with pytest.raises(CannotRun, match=words):
        async with asyncio.timeout(8):
            await running.task
    assert fake.identifies == 1


async def test_a_token_that_is_revoked_while_running_is_said(bot: Bot, fake: FakeDiscord) -> None:
    await fake.close(4004)
    with pytest.raises(CannotRun, match="DISCORD_TOKEN"):
        async with asyncio.timeout(8):
            await bot.task


async def test_a_wrong_token_is_said(fake: FakeDiscord, desk: StubDesk) -> None:
    with pytest.raises(CannotRun, match="does not know this token"):
        await run_discord(desk, DiscordConfig(), DiscordSecrets(token="wrong"), asyncio.Event())


async def test_no_token_is_said(desk: StubDesk) -> None:
    with pytest.raises(SettingError, match="DISCORD_TOKEN"):
        await run_discord(desk, DiscordConfig(), DiscordSecrets(), asyncio.Event())


async def test_while_discord_cannot_be_reached_it_is_tried_again(fake: FakeDiscord, desk: StubDesk) -> None:
    fake.fault("GET", "/users/@me", status=503, body={"message": "down", "code": 0}, times=3)
    running = Bot(fake, desk, DiscordConfig())
    await running.ready()
    assert len(running.clients) == 4
    await running.asks()
    running.stop.set()
    await running.task


@pytest.mark.parametrize("path", ["/users/@me", "/gateway/bot"])
@pytest.mark.parametrize(
    "what",
    [
        {"status": 429, "body": {"message": "slow", "retry_after": 60.0, "global": False}},
        {"status": 200, "body": "<html>maintenance</html>"},
    ],
    ids=["limited", "html"],
)
async def test_no_answer_of_discord_ends_the_bot(
    fake: FakeDiscord, desk: StubDesk, path: str, what: dict[str, Any]
) -> None:
    fake.fault("GET", path, headers={"Via": "1.1 google"}, **what)
    running = Bot(fake, desk, DiscordConfig())
    await running.ready()
    assert len(running.clients) == 2
    assert running.waits == ([60.0] if what["status"] == 429 else [1.0])
    await running.asks()
    running.stop.set()
    await running.task


@pytest.mark.parametrize(
    "what",
    [
        {"status": 429, "body": {"message": "slow", "retry_after": 60.0, "global": False}},
        {"status": 200, "body": "<html>maintenance</html>"},
    ],
    ids=["limited", "html"],
)
async def test_a_sync_that_fails_in_any_way_does_not_keep_the_bot_from_answering(
    fake: FakeDiscord, desk: StubDesk, what: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    fake.fault("GET", "/applications/.*", headers={"Via": "1.1 google"}, **what)
    running = Bot(fake, desk, DiscordConfig())
    await running.ready()
    assert len(running.clients) == 1
    assert "commands not registered" in capsys.readouterr().out
    await running.asks()
    running.stop.set()
    await running.task


async def test_stopping_leaves_nothing_behind(fake: FakeDiscord, desk: StubDesk) -> None:
    running = Bot(fake, desk, DiscordConfig())
    await running.ready()
    running.stop.set()
    async with asyncio.timeout(8):
        await running.task
    assert running.client.is_closed()


async def test_over_http_it_answers_without_a_gateway(fake: FakeDiscord, desk: StubDesk) -> None:
    key = SigningKey(b"k" * 32)
    secrets = DiscordSecrets(token=TOKEN, public_key=key.verify_key.encode().hex())
    stop = asyncio.Event()
    at: list[tuple[str, int]] = []
    config = DiscordConfig(port=0)
    made: list[BriefingClient] = []
    task = asyncio.create_task(
        run_discord(
            desk,
            config,
            secrets,
            stop,
            http=True,
            listening=at.append,
            started=lambda client, watchdog: made.append(client),
        )
    )
    await until(lambda: task.done() or bool(at))
    stamp, body = str(int(time.time())), json.dumps(fake.command("who", name="okafor"))
    signature = key.sign((stamp + body).encode()).signature.hex()
    headers = {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": stamp}
    url = f"http://127.0.0.1:{at[0][1]}/discord/interactions"
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        assert answer.status == 202
    await until(lambda: len(fake.answers) == 1)
    assert fake.identifies == 0
    assert not made[0].config.mentions
    stop.set()
    await task


async def test_over_http_the_public_key_is_needed(desk: StubDesk) -> None:
    with pytest.raises(SettingError, match="DISCORD_PUBLIC_KEY"):
        await run_discord(desk, DiscordConfig(), DiscordSecrets(token=TOKEN), asyncio.Event(), http=True)


async def test_a_port_that_is_taken_is_said(fake: FakeDiscord, desk: StubDesk) -> None:
    secrets = DiscordSecrets(token=TOKEN, public_key=SigningKey(b"k" * 32).verify_key.encode().hex())
    with pytest.raises(CannotRun, match=f"{fake.port} is taken"):
        await run_discord(desk, DiscordConfig(port=fake.port), secrets, asyncio.Event(), http=True)


# --- watchdog ------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def answering(fake: FakeDiscord, *, answers: bool) -> None:
    """Let the fake answer the request for members, or not."""

    def on_gateway(message: dict[str, Any]) -> None:
        if message["op"] == 8 and answers:
            member = fake.guild_payload()["members"][0]
            chunk = {
                "guild_id": "200",
                "members": [member],
                "chunk_index": 0,
                "chunk_count": 1,
                "nonce": message["d"]["nonce"],
            }
            asyncio.get_running_loop().create_task(fake.dispatch("GUILD_MEMBERS_CHUNK", chunk))

    fake.on_gateway = on_gateway


async def test_a_shard_that_answers_is_left_alone(bot: Bot, fake: FakeDiscord) -> None:
    clock = Clock()
    answering(fake, answers=True)
    dog = Watchdog(bot.client, 900, clock=clock)
    await dog.look()
    clock.now = 899
    await dog.look()
    assert [one["op"] for one in fake.received].count(8) == 0
    clock.now = 900
    await dog.look()
    await dog.look()
    assert [one["op"] for one in fake.received].count(8) == 1
    assert dog.reconnects == 0


async def test_a_gateway_that_is_up_but_silent_is_connected_anew(bot: Bot, fake: FakeDiscord) -> None:
    clock = Clock()
    answering(fake, answers=False)
    dog = Watchdog(bot.client, 900, clock=clock, patience=0.05)
    await dog.look()
    clock.now = 900
    await dog.look()
    assert dog.reconnects == 1
    await until(lambda: fake.identifies == 2)
    await bot.asks()


async def test_a_heart_that_has_stopped_is_noticed(bot: Bot, fake: FakeDiscord) -> None:
    dog = Watchdog(bot.client, 900, quiet=lambda shard: 151.0)
    await dog.look()
    assert dog.reconnects == 1
    await until(lambda: fake.identifies == 2)


async def test_health_tells_of_every_shard(bot: Bot) -> None:
    (shard,) = bot.clients[-1][1].health()
    assert shard.connected
    assert shard.quiet is not None
    assert shard.quiet < 5


async def test_the_watchdog_outlives_a_failure(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = asyncio.Event()
    waits = 0

    async def wait(seconds: float) -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            looked.set()
            await asyncio.Event().wait()

    def breaks(shard: discord.ShardInfo) -> float:
        raise RuntimeError("broken")

    task = asyncio.create_task(Watchdog(bot.client, 900, wait=wait, quiet=breaks).run())
    async with asyncio.timeout(5):
        await looked.wait()
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_no_watchdog_is_left_behind(bot: Bot) -> None:
    bot.stop.set()
    async with asyncio.timeout(8):
        await bot.task
    assert not [one for one in asyncio.all_tasks() if "Watchdog.run" in repr(one)]
