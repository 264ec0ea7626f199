"""Interactions over HTTP: headers and framing that Discord never sends."""

import logging
from collections.abc import Iterator

import pytest
from http_faults import ENCODINGS, requests, send_raw
from test_discord_server import Http, http, signed  # noqa: F401 - the fixture

from bot.adapters.discord.server import PATH


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a stranger sends writes a traceback."""
    yield
    assert [one for one in caplog.records if one.exc_info or one.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_an_encoded_body_is_refused_unread(http: Http, encoding: str) -> None:  # noqa: F811
    for body in (b"abcde", b'{"type": 1, "id": "1"}'):
        status, _ = await http.send(body, signed(body) | {"Content-Encoding": encoding})
        assert status == 401


async def test_a_body_that_is_not_framed_as_said(http: Http) -> None:  # noqa: F811
    head = "".join(f"{name}: {value}\r\n" for name, value in signed(b"abc").items())
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{head}\r\n"
    assert await sent(http, head.encode() + b"zz\r\nabc\r\n") == 400


async def test_headers_at_random(http: Http) -> None:  # noqa: F811
    statuses = set()
    for request in requests(PATH, signed(b"abcde"), 120):
        statuses.add(await sent(http, request))
    assert statuses >= {400, 401}
    assert max(statuses) < 500
    assert http.desk.asked == []


async def sent(http: Http, request: bytes) -> int:  # noqa: F811
    return await send_raw(str(http.client.host), http.client.port or 0, request)
