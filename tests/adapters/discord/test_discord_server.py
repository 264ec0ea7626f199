"""Interactions over HTTP: the guard lets in what Discord signed, once; answers go through the callback."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from fakes.discord import TOKEN, FakeDiscord
from fakes.discord_payloads import TEXT_CHANNEL, THREAD_CHANNEL
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey
from stub_desk import StubDesk

from bot.adapters.discord.app import BriefingClient
from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.guard import SIGNATURE, TIMESTAMP, Guard, Refused
from bot.adapters.discord.limits import walk
from bot.adapters.discord.server import BODY_BYTES, PATH, interactions_app
from bot.adapters.receiving import RUNNER

KEY = SigningKey(b"k" * 32)
OTHER = SigningKey(b"o" * 32)
PUBLIC = KEY.verify_key.encode().hex()
NOW = 1_800_000_000


class Http:
    """The server with a client that signs."""

    def __init__(
        self, client: TestClient[web.Request, web.Application], fake: FakeDiscord, desk: StubDesk
    ) -> None:
        self.client = client
        self.fake = fake
        self.desk = desk

    async def send(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        async with self.client.post(PATH, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def signed(self, data: Any, *, stamp: int = NOW) -> tuple[int, str]:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        return await self.send(body, signed(body, stamp=stamp))

    async def answered(self, count: int = 1) -> dict[str, Any]:
        async with asyncio.timeout(5):
            while len(self.fake.answers) < count:  # noqa: ASYNC110  # the fake has no event to wait for
                await asyncio.sleep(0.005)
        return self.fake.answers[-1]


def signed(body: bytes, *, key: SigningKey = KEY, stamp: int | str = NOW) -> dict[str, str]:
    text = str(stamp)
    return {SIGNATURE: key.sign(text.encode() + body).signature.hex(), TIMESTAMP: text}


@pytest.fixture
async def http(desk: StubDesk) -> AsyncIterator[Http]:
    async with FakeDiscord().serve() as fake:
        client = BriefingClient(desk, DiscordConfig(mentions=False))
        await client.login(TOKEN)
        app = interactions_app(client, Guard(PUBLIC, clock=lambda: NOW), read_seconds=0.3)
        server = TestServer(app)
        await server.start_server(**RUNNER)
        async with TestClient(server) as test_client:
            yield Http(test_client, fake, desk)
        await client.close()
        assert fake.violations == []


async def test_a_ping_is_answered(http: Http) -> None:
    assert await http.signed({"type": 1, "id": "1"}) == (200, '{"type": 1}')


async def test_a_command_is_answered_through_the_callback(http: Http) -> None:
    assert await http.signed(http.fake.command("who", name="okafor")) == (202, "")
    answer = await http.answered()
    assert answer["type"] == 4
    assert answer["data"]["flags"] == 64 | 32_768
    words = "\n".join(one.get("content", "") for one in walk(answer["data"]["components"]))
    assert "## Ada Okafor" in words
    assert http.desk.asked[-1][1].user == "300"


async def test_completion_and_buttons_work_without_a_gateway(http: Http) -> None:
    option = {"type": 3, "name": "name", "value": "oka", "focused": True}
    data = {"id": "1", "name": "who", "type": 1, "options": [option]}
    await http.signed(http.fake.interaction(4, data))
    answer = await http.answered()
    assert [one["value"] for one in answer["data"]["choices"]] == ["okafor", "ben-okafor"]
    await http.signed(http.fake.command("briefing"))
    shown = await http.answered(2)
    press = next(one for one in walk(shown["data"]["components"]) if one.get("label") == "Next")
    message = http.fake.message_payload(400, {**BOTH}, shown["data"]["components"]) | {"flags": 64 | 32_768}
    pressed = {"custom_id": press["custom_id"], "component_type": 2}
    await http.signed(http.fake.interaction(3, pressed, message=message))
    turned = await http.answered(3)
    assert turned["type"] == 7
    assert "page 2 of" in json.dumps(turned)


async def test_a_thread_of_which_only_a_part_is_sent_is_part_of_its_channel(http: Http) -> None:
    part = {
        key: value
        for key, value in http.fake.channel_payload(THREAD_CHANNEL).items()
        if key not in {"owner_id", "message_count", "member_count", "rate_limit_per_user"}
    }
    asked = http.fake.command("who", name="okafor") | {"channel_id": str(THREAD_CHANNEL), "channel": part}
    assert await http.signed(asked) == (202, "")
    await http.answered()
    asker = http.desk.asked[-1][1]
    assert (asker.channel, asker.dossiers) == (str(TEXT_CHANNEL), None)


BOTH = {"id": "100", "username": "briefing", "discriminator": "0", "avatar": None, "bot": True}


async def test_an_interaction_that_comes_twice_has_one_effect(http: Http) -> None:
    command = http.fake.command("who", name="okafor")
    assert (await http.signed(command))[0] == 202
    assert (await http.signed(command, stamp=NOW + 1))[0] == 202
    await http.answered()
    await asyncio.sleep(0.02)
    assert len(http.desk.asked) == 1


PING = b'{"type":1,"id":"1"}'
GOOD = signed(PING)
UNSIGNED: dict[str, dict[str, str]] = {
    "no headers": {},
    "no signature": {TIMESTAMP: str(NOW)},
    "no timestamp": {SIGNATURE: GOOD[SIGNATURE]},
    "empty signature": {**GOOD, SIGNATURE: ""},
    "short signature": {**GOOD, SIGNATURE: GOOD[SIGNATURE][:-2]},
    "long signature": {**GOOD, SIGNATURE: GOOD[SIGNATURE] + "00"},
    "signature not hexadecimal": {**GOOD, SIGNATURE: "g" * 128},
    "signature in full-width digits": {**GOOD, SIGNATURE: "０" * 128},
    "signature with a space": {**GOOD, SIGNATURE: GOOD[SIGNATURE][:-1] + " 0"},
    "signature of zeroes": {**GOOD, SIGNATURE: "0" * 128},
    "signature of all ones": {**GOOD, SIGNATURE: "f" * 128},
    "two signatures": {**GOOD, SIGNATURE: f"{GOOD[SIGNATURE]}, {GOOD[SIGNATURE]}"},
    "another key": signed(PING, key=OTHER),
    "another body": signed(PING + b" "),
    "another time": {**GOOD, TIMESTAMP: str(NOW + 1)},
    "the time not signed": {SIGNATURE: KEY.sign(PING).signature.hex(), TIMESTAMP: str(NOW)},
    "too old": signed(PING, stamp=NOW - 301),
    "too new": signed(PING, stamp=NOW + 301),
    "time zero": signed(PING, stamp=0),
    "negative time": signed(PING, stamp=-NOW),
    "time with a sign": signed(PING, stamp=f"+{NOW}"),
    "time with a fraction": signed(PING, stamp=f"{NOW}.0"),
    "time with an exponent": signed(PING, stamp="18e8"),
    "time with underscores": signed(PING, stamp="1_800_000_000"),
    "time in words": signed(PING, stamp="now"),
    "time of 5,000 digits": signed(PING, stamp="1" * 5_000),
    "time in hexadecimal": signed(PING, stamp=hex(NOW)),
    "slack's headers": {"X-Slack-Signature": "v0=" + "0" * 64, "X-Slack-Request-Timestamp": str(NOW)},
}


@pytest.mark.parametrize("headers", UNSIGNED.values(), ids=UNSIGNED.keys())
async def test_what_discord_did_not_sign_is_refused(http: Http, headers: dict[str, str]) -> None:
    assert await http.send(PING, headers) == (401, "The signature is not valid.")
    assert http.desk.asked == []


async def test_a_replay_is_refused(http: Http) -> None:
    body = json.dumps(http.fake.command("who", name="okafor")).encode()
    headers = signed(body)
    assert (await http.send(body, headers))[0] == 202
    assert (await http.send(body, headers))[0] == 401


async def test_a_refused_request_does_not_use_up_the_real_one(http: Http) -> None:
    assert (await http.send(PING, signed(PING, key=OTHER)))[0] == 401
    assert (await http.send(PING, GOOD))[0] == 200


MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"type=1",
    "not UTF-8": b"\xff\xfe",
    "null": b"null",
    "a list": b"[1]",
    "a number": b"1e999",
    "nested": b"[" * 100_000,
    "no type": b"{}",
    "type is text": b'{"type":"1"}',
    "type is a table": b'{"type":{},"id":"1"}',
    "type is true": b'{"type":true,"id":"1","data":{}}',
    "type is unknown": b'{"type":9,"id":"1"}',
    "type is huge": b'{"type":1' + b"0" * 400 + b"}",
    "no id": b'{"type":2}',
    "id is a number": b'{"type":2,"id":1}',
    "nothing but an id": b'{"type":2,"id":"1"}',
    "no data": b'{"type":2,"id":"1","token":"t","version":1,"application_id":"1"}',
    "data is null": b'{"type":3,"id":"1","token":"t","version":1,"application_id":"1","data":null}',
    "form": b"payload=%7B%22type%22%3A1%7D",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_signed_and_malformed_is_refused(http: Http, body: bytes) -> None:
    status, text = await http.send(body, signed(body))
    assert (status, text) == (400, "This is not an interaction.")
    assert http.desk.asked == []


async def test_signed_payloads_of_any_shape_do_no_harm(http: Http) -> None:
    """A fuzz target with a fixed seed: parts of real interactions gone, doubled, or of another type."""
    chooser = Random(7)
    option = {"type": 3, "name": "name", "value": "oka", "focused": True}
    data = {"id": "1", "name": "who", "type": 1, "options": [option]}
    press = {"custom_id": "b1:a:1::/who okafor", "component_type": 2}
    made = [
        lambda: http.fake.command("who", name="okafor"),
        lambda: http.fake.interaction(4, data),
        lambda: http.fake.interaction(3, press, message=http.fake.message_payload(400, BOTH, [])),
        lambda: http.fake.interaction(5, {"custom_id": "b1:t:1::/who name", "components": []}),
    ]
    statuses = Counter[int]()
    for _ in range(400):
        payload = json.loads(json.dumps(chooser.choice(made)()))
        for _ in range(chooser.randint(1, 3)):
            spoil(payload, chooser)
        statuses[(await http.signed(payload))[0]] += 1
    assert set(statuses) <= {200, 202, 400}
    assert statuses[400] > 50
    assert (await http.signed({"type": 1, "id": "1"}))[0] == 200
    # An answer to a spoilt id or token goes to an address that Discord does not have.
    assert all(one.startswith("unknown route POST /interactions/") for one in http.fake.violations)
    http.fake.violations.clear()


def spoil(value: Any, chooser: Random) -> None:
    """Change one part of a payload, somewhere."""
    holders = [value]
    for one in holders:
        inner = one.values() if isinstance(one, dict) else one
        holders += [each for each in inner if isinstance(each, dict | list) and each]
    holder = chooser.choice(holders)
    key = chooser.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    odd: list[Any] = [
        None,
        0,
        -1,
        10**30,
        "",
        "x",
        "１",
        [],
        {},
        [[]],
        {"x": None},
        True,
        1.5,
        "\u202e\ud83d",
    ]
    if chooser.random() < 0.3:
        del holder[key]
    else:
        holder[key] = chooser.choice(odd)


async def test_a_body_that_is_too_large_is_refused(http: Http) -> None:
    body = b" " * (BODY_BYTES + 1)
    assert (await http.send(body, signed(body)))[0] == 413


async def test_a_large_body_is_not_even_read_if_unsigned(http: Http) -> None:
    assert (await http.send(b" " * (BODY_BYTES + 1), {}))[0] == 401


async def test_a_body_that_does_not_come_is_not_waited_for(http: Http) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield PING[:5]
        await asyncio.sleep(1)

    async with http.client.post(PATH, data=slowly(), headers=GOOD) as answer:
        assert answer.status == 408


async def test_a_balancer_can_ask_whether_it_listens(http: Http) -> None:
    async with http.client.get("/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok")


async def test_only_post_and_only_there(http: Http) -> None:
    async with http.client.get(PATH, headers=GOOD) as answer:
        assert answer.status == 405
    async with http.client.post("/", data=PING, headers=GOOD) as answer:
        assert answer.status == 404


# --- the guard alone -----------------------------------------------------------------------------------


def let_in(guard: Guard, headers: dict[str, str], body: bytes) -> bool:
    try:
        signature, stamp = guard.check_headers(headers)
        guard.check_body(signature, stamp, body)
    except Refused:
        return False
    return True


@settings(max_examples=300, deadline=None)
@given(
    signature=st.one_of(
        st.just(GOOD[SIGNATURE]), st.text(max_size=140), st.binary(min_size=64, max_size=64).map(bytes.hex)
    ),
    stamp=st.one_of(st.just(str(NOW)), st.text(max_size=20), st.integers().map(str)),
    body=st.one_of(st.just(PING), st.binary(max_size=60)),
)
def test_the_guard_lets_in_only_what_was_signed(signature: str, stamp: str, body: bytes) -> None:
    fits = let_in(Guard(PUBLIC, clock=lambda: NOW), {SIGNATURE: signature, TIMESTAMP: stamp}, body)
    assert fits == ((signature, stamp, body) == (GOOD[SIGNATURE], str(NOW), PING))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 511), st.integers(0, len(PING) * 8 - 1))
def test_one_wrong_bit_is_enough(in_signature: int, in_body: int) -> None:
    guard = Guard(PUBLIC, clock=lambda: NOW)
    bits = int.from_bytes(bytes.fromhex(GOOD[SIGNATURE]), "big") ^ (1 << in_signature)
    assert not let_in(guard, {**GOOD, SIGNATURE: f"{bits:0128x}"}, PING)
    flipped = int.from_bytes(PING, "big") ^ (1 << in_body)
    assert not let_in(guard, GOOD, flipped.to_bytes(len(PING), "big"))
    assert let_in(guard, GOOD, PING)


def test_a_second_signature_of_the_same_bytes_is_a_replay() -> None:
    guard = Guard(PUBLIC, clock=lambda: NOW)
    assert let_in(guard, GOOD, PING)
    order = 2**252 + 27742317777372353535851937790883648493
    raw = bytes.fromhex(GOOD[SIGNATURE])
    again = raw[:32] + ((int.from_bytes(raw[32:], "little") + order) % 2**256).to_bytes(32, "little")
    assert not let_in(guard, {**GOOD, SIGNATURE: again.hex()}, PING)


def test_what_is_remembered_is_forgotten_when_its_time_is_over() -> None:
    now = float(NOW)
    guard = Guard(PUBLIC, clock=lambda: now)
    for n in range(50):
        now = NOW + n * 10
        body = b"%d" % n
        assert let_in(guard, signed(body, stamp=int(now)), body)
    assert len(guard._seen) < 35
    now = NOW + 490 + 299
    body = b"49"
    assert not let_in(guard, signed(body, stamp=NOW + 490), body)
