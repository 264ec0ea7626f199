"""HTTP mode: what is not Slack's is refused before it is parsed; nothing is ever answered with a 5xx."""

import asyncio
import contextlib
import hashlib
import hmac
import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from fakes import slack_payloads as payloads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_kit import SECRET, Kit, kit_fixture, slack_fixture, state_fixture  # noqa: F401 - fixtures

from bot.adapters.slack.guard import BODY_MOST, Guard
from bot.adapters.slack.server import EVENTS_PATH, UnreadableError, read_body

NOW = 1_732_000_000
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def signed(body: bytes, timestamp: object = NOW, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), b"v0:" + str(timestamp).encode() + b":" + body, hashlib.sha256)
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest.hexdigest()}"}


SLASH = payloads.form(payloads.slash("/whois", "gref", "http://127.0.0.1:9/r"))
GOOD = signed(SLASH)
HEX = GOOD["X-Slack-Signature"][3:]


def changed(**headers: str | None) -> dict[str, str]:
    names = {"ts": "X-Slack-Request-Timestamp", "sig": "X-Slack-Signature"}
    made = dict(GOOD)
    for key, value in headers.items():
        made.pop(names[key])
        if value is not None:
            made[names[key]] = value
    return made


REFUSED: dict[str, tuple[dict[str, str], bytes]] = {
    "no headers": ({}, SLASH),
    "no timestamp": (changed(ts=None), SLASH),
    "no signature": (changed(sig=None), SLASH),
    "empty signature": (changed(sig=""), SLASH),
    "empty timestamp": (changed(ts=""), SLASH),
    "other secret": (signed(SLASH, secret="other"), SLASH),
    "empty secret": (signed(SLASH, secret=""), SLASH),
    "body changed": (GOOD, SLASH + b"x"),
    "body cut": (GOOD, SLASH[:-1]),
    "body empty": (GOOD, b""),
    "body case": (GOOD, SLASH.upper()),
    "timestamp changed": (changed(ts=str(NOW + 1)), SLASH),
    "five minutes and one second old": (signed(SLASH, NOW - 301), SLASH),
    "five minutes and one second ahead": (signed(SLASH, NOW + 301), SLASH),
    "a year old": (signed(SLASH, NOW - 31_536_000), SLASH),
    "timestamp zero": (signed(SLASH, 0), SLASH),
    "timestamp negative": (signed(SLASH, -NOW), SLASH),
    "timestamp float": (signed(SLASH, f"{NOW}.0"), SLASH),
    "timestamp exponent": (signed(SLASH, "1.732e9"), SLASH),
    "timestamp plus": (signed(SLASH, f"+{NOW}"), SLASH),
    "timestamp underscore": (signed(SLASH, "1_732_000_000"), SLASH),
    "timestamp padded": (signed(SLASH, f"0{NOW}"), SLASH),
    "timestamp words": (signed(SLASH, "now"), SLASH),
    "timestamp nan": (signed(SLASH, "nan"), SLASH),
    "timestamp huge": (signed(SLASH, "9" * 400), SLASH),
    "timestamp hex": (signed(SLASH, hex(NOW)), SLASH),
    "timestamp twice in one": (signed(SLASH, f"{NOW},{NOW}"), SLASH),
    "timestamp in Arabic digits": (changed(ts="".join(chr(0x660 + int(c)) for c in str(NOW))), SLASH),
    "signature upper case": (changed(sig=f"v0={HEX.upper()}"), SLASH),
    "signature version 1": (changed(sig=f"v1={HEX}"), SLASH),
    "signature without version": (changed(sig=HEX), SLASH),
    "signature short": (changed(sig=f"v0={HEX[:-1]}"), SLASH),
    "signature long": (changed(sig=f"v0={HEX}0"), SLASH),
    "signature twice in one": (changed(sig=f"v0={HEX},v0={HEX}"), SLASH),
    "signature with a space": (changed(sig=f"v0= {HEX}"), SLASH),
    "signature of zeros": (changed(sig="v0=" + "0" * 64), SLASH),
    "signature not hexadecimal": (changed(sig="v0=" + "g" * 64), SLASH),
    "signature not ASCII": (changed(sig="v0=" + "é" * 64), SLASH),
    "signature of 100 kB is no header": (changed(sig="v0=" + "a" * 4_000), SLASH),
    "unsigned ssl_check": ({}, b"ssl_check=1&token=x"),
    "unsigned url_verification": ({}, b'{"type":"url_verification","challenge":"x"}'),
    "unsigned broken JSON": ({"Content-Type": JSON}, b"{"),
    "unsigned list": ({"Content-Type": JSON}, b"[]"),
    "unsigned null": ({"Content-Type": JSON}, b"null"),
    "unsigned broken payload": ({}, b"payload=%7B"),
    "unsigned payload list": ({}, b"payload=[]"),
    "unsigned not UTF-8": ({}, b"\xff\xfe"),
    "unsigned deep": ({"Content-Type": JSON}, b"[" * 100_000),
    "unsigned team as a number": ({"Content-Type": JSON}, b'{"team":1}'),
    "unsigned event as a list": ({"Content-Type": JSON}, b'{"type":"event_callback","event":[]}'),
    "unsigned unknown charset": ({"Content-Type": "application/json; charset=nope"}, b"{}"),
}

MALFORMED: dict[str, tuple[str, bytes]] = {
    "empty": (FORM, b""),
    "broken JSON": (JSON, b"{"),
    "list": (JSON, b"[]"),
    "null": (JSON, b"null"),
    "number": (JSON, b"1e999"),
    "string": (JSON, b'"x"'),
    "not UTF-8": (FORM, b"\xff\xfe"),
    "deep": (JSON, b'{"a":' + b"[" * 100_000),
    "payload broken": (FORM, b"payload=%7B"),
    "payload list": (FORM, b"payload=[]"),
    "payload null": (FORM, b"payload=null"),
    "payload empty": (FORM, b"payload="),
    "no fields": (FORM, b"&&&"),
    "many fields": (FORM, b"&".join(b"a=1" for _ in range(1_000))),
    "unknown charset": ("application/json; charset=nope", b"{"),
    "surrogate": (
        JSON,
        b'{"type":"event_callback","event":{"type":"app_mention","user":"U","text":"\\ud800"}}',
    ),
}
ODD: tuple[Any, ...] = (
    {"type": "event_callback"},
    {"type": "event_callback", "event": []},
    {"type": "event_callback", "event": {"type": "app_mention"}},
    {"type": "event_callback", "event": {"type": ["x"]}, "authorizations": [1]},
    {"type": "event_callback", "event": {"type": "message"}, "authorizations": []},
    {"type": "block_actions"},
    {"type": "block_actions", "actions": {}},
    {"type": "block_actions", "actions": [1]},
    {"type": "block_actions", "actions": [{"action_id": 1, "value": {}}]},
    {"type": "block_actions", "actions": [{"action_id": "share", "value": "{}"}], "team": 1, "user": []},
    {"type": "block_suggestion"},
    {"type": "block_suggestion", "action_id": "pick:::", "value": None},
    {"type": "message_action", "callback_id": "look_up", "message": 1},
    {"type": "view_submission", "view": {}},
    {"type": "shortcut"},
    {"type": 5},
    {"ssl_check": "1"},
    {"enterprise": {"id": {}}, "team": {"id": []}, "user": {"id": 1}},
    {"command": "/", "text": "x"},
    {"response_urls": [1], "type": "view_submission"},
    {
        "team": "T",
        "user": "U",
        "channel": "C",
        "type": "event_callback",
        "event": {"user": {}, "channel": {}},
    },
)


async def post(kit: Kit, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    assert kit.session is not None
    headers = {"Content-Type": FORM} | headers
    async with kit.session.post(url + EVENTS_PATH, data=io.BytesIO(body), headers=headers) as response:
        return response.status, await response.text()


async def test_a_signed_command_is_answered(kit: Kit) -> None:
    url = await kit.http()
    body = payloads.form(payloads.slash("/whois", "gref", kit.slack.response_url()))
    assert await post(kit, url, body, signed(body)) == (200, "")
    await kit.settled()
    assert kit.desk.lines == ["/who gref"]
    assert kit.slack.responses[0]["response_type"] == "ephemeral"


async def test_every_way_in_works_over_http(kit: Kit) -> None:
    url = await kit.http()
    for payload, kind in (
        (payloads.mention("who a"), JSON),
        (payloads.direct("who b"), JSON),
        (payloads.home_opened(), JSON),
        (payloads.shortcut("Gref", kit.slack.response_url()), FORM),
    ):
        body = payloads.form(payload)
        assert await post(kit, url, body, signed(body) | {"Content-Type": kind}) == (200, "")
    await kit.settled()
    assert kit.answering.counts.answered == 4
    body = payloads.form(payloads.suggestion("pick:name:who", "gref"))
    status, text = await post(kit, url, body, signed(body))
    assert status == 200
    assert json.loads(text)["options"][0]["value"] == "gref"


async def test_slack_verifies_the_address(kit: Kit) -> None:
    url = await kit.http()
    body = b'{"token":"x","type":"url_verification","challenge":"3eZbrw1aB"}'
    status, text = await post(kit, url, body, signed(body) | {"Content-Type": JSON})
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw1aB"})


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_not_from_slack_is_refused(kit: Kit, name: str) -> None:
    headers, body = REFUSED[name]
    url = await kit.http()
    status, text = await post(kit, url, body, headers)
    await kit.settled()
    assert (status, text) == (401, "")
    assert kit.desk.lines == []
    assert kit.answering.counts.received == 0


async def test_a_replay_is_refused_and_has_no_effect(kit: Kit) -> None:
    url = await kit.http()
    body = payloads.form(payloads.slash("/whois", "gref", kit.slack.response_url()))
    assert (await post(kit, url, body, signed(body)))[0] == 200
    for kit.time in (NOW + 1, NOW + 299, NOW - 299, NOW + 301):
        assert (await post(kit, url, body, signed(body)))[0] == 401
    await kit.settled()
    assert kit.desk.lines == ["/who gref"]


async def test_a_retry_with_a_signature_of_its_own_has_no_second_effect(kit: Kit) -> None:
    url = await kit.http()
    body = payloads.form(payloads.mention("who gref"))
    for later in (0, 60, 290):
        headers = signed(body, NOW + later) | {"X-Slack-Retry-Num": "1", "Content-Type": JSON}
        assert (await post(kit, url, body, headers))[0] == 200
    await kit.settled()
    assert kit.desk.lines == ["who gref"]


async def test_two_signature_headers_are_refused(kit: Kit) -> None:
    url = await kit.http()
    assert kit.session is not None
    headers = [*GOOD.items(), ("X-Slack-Signature", GOOD["X-Slack-Signature"])]
    async with kit.session.post(url + EVENTS_PATH, data=SLASH, headers=headers) as response:
        assert response.status == 401


async def test_too_large_a_body_is_not_read(kit: Kit) -> None:
    url = await kit.http()
    body = b"a=" + b"x" * BODY_MOST
    assert (await post(kit, url, body, signed(body)))[0] == 413

    async def chunks() -> Any:
        for _ in range(20):
            yield b"x" * 65_536

    assert kit.session is not None
    async with kit.session.post(url + EVENTS_PATH, data=chunks(), headers=signed(body)) as response:
        assert response.status == 413


@pytest.mark.parametrize("name", MALFORMED)
async def test_signed_but_malformed(kit: Kit, name: str) -> None:
    kind, body = MALFORMED[name]
    url = await kit.http()
    status, _ = await post(kit, url, body, signed(body) | {"Content-Type": kind})
    await kit.settled()
    assert status == (200 if name == "surrogate" else 400)


@pytest.mark.parametrize("payload", ODD, ids=lambda one: json.dumps(one)[:40])
async def test_signed_but_of_another_shape(kit: Kit, payload: Any) -> None:
    url = await kit.http()
    for kind, body in (
        (JSON, json.dumps(payload).encode()),
        (FORM, urlencode({"payload": json.dumps(payload)}).encode()),
    ):
        status, _ = await post(kit, url, body, signed(body) | {"Content-Type": kind})
        assert status in {200, 400}
    await kit.settled()
    assert kit.desk.lines == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "PATCH"])
async def test_other_methods_and_paths(kit: Kit, method: str) -> None:
    url = await kit.http()
    assert kit.session is not None
    async with kit.session.request(method, url + EVENTS_PATH) as response:
        assert response.status == 405
    async with kit.session.request(method, url + "/slack/install") as response:
        assert response.status == 404


async def test_health(kit: Kit) -> None:
    url = await kit.http()
    assert kit.session is not None
    async with kit.session.get(url + "/healthz") as response:
        assert (await response.json())["ok"] is True


def test_a_guard_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="SLACK_SIGNING_SECRET"):
        Guard("")


def test_used_signatures_are_forgotten_when_they_are_too_old_to_be_taken() -> None:
    now = [float(NOW)]
    guard = Guard(SECRET, now=lambda: now[0])
    for n in range(50):
        body = b"%d" % n
        assert guard.refusal({k.lower(): [v] for k, v in signed(body).items()}, body) == ""
    now[0] += 700
    body = b"later"
    assert guard.refusal({k.lower(): [v] for k, v in signed(body, NOW + 700).items()}, body) == ""
    assert len(guard._used) == 1


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
_KEYS = (
    "type",
    "event",
    "actions",
    "team",
    "user",
    "channel",
    "command",
    "text",
    "view",
    "container",
    "value",
)
_shaped = st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=5), _json, max_size=6)
_bodies = st.one_of(
    st.binary(max_size=200),
    _shaped.map(lambda one: json.dumps(one).encode()),
    _shaped.map(lambda one: urlencode({"payload": json.dumps(one)}).encode()),
    _shaped.map(lambda one: json.dumps({"type": "event_callback", "event": one}, ensure_ascii=True).encode()),
    _shaped.map(lambda one: json.dumps({"type": "block_actions", "actions": [one]} | one).encode()),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=_bodies,
    kind=st.sampled_from([JSON, FORM, "text/plain", "application/json; charset=x", ""]),
    sign=st.booleans(),
)
def test_fuzz(tmp_path_factory: pytest.TempPathFactory, body: bytes, kind: str, sign: bool) -> None:
    """Never a 5xx, signed or not; unsigned, never a handler call."""
    asyncio.run(_fuzz(body, kind, sign))


async def _fuzz(body: bytes, kind: str, sign: bool) -> None:
    from bot.adapters.slack.app import bolt_app
    from bot.adapters.slack.server import Server

    calls: list[object] = []
    kit = _BareKit(calls)
    server = Server(
        bolt_app(kit.answering, kit.work, client=kit.client),
        Guard(SECRET, now=lambda: NOW),
        dict,
    )
    async with TestServer(server.web_app(), host="127.0.0.1") as running, ClientSession() as session:
        headers = (signed(body) if sign else {}) | {"Content-Type": kind}
        async with session.post(running.make_url(EVENTS_PATH), data=body, headers=headers) as response:
            assert response.status in ({200, 400} if sign else {401})
            assert sign or not calls
    await kit.work.drain(1)


class _BareKit:
    """An adapter without network or database."""

    def __init__(self, calls: list[object]) -> None:
        from slack_kit import REGISTRY, StubDesk
        from slack_sdk.web.async_client import AsyncWebClient

        from bot.adapters.slack.names import Names
        from bot.adapters.slack.work import Work

        class Recorder:
            names = Names(REGISTRY)

            async def handle(self, incoming: object) -> None:
                calls.append(incoming)

            def suggest(self, *given: object) -> list[object]:
                calls.append(given)
                return []

        self.work = Work()
        self.desk = StubDesk()
        self.answering: Any = Recorder()
        self.client = AsyncWebClient(token="xoxb-1", base_url="http://127.0.0.1:9/api/")


@given(st.binary(max_size=300), st.sampled_from([JSON, FORM]))
def test_any_body_is_read_or_refused(body: bytes, kind: str) -> None:
    with contextlib.suppress(UnreadableError):
        assert read_body(body, kind) == body.decode()
