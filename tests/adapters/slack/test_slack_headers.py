"""HTTP mode: headers and framing that Slack never sends."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from http_faults import ENCODINGS, requests, send_raw
from slack_kit import Kit, kit_fixture, slack_fixture, state_fixture  # noqa: F401 - fixtures
from test_slack_guard import NOW, post, signed
from yarl import URL

from bot.adapters.slack.server import EVENTS_PATH

BODY = b"command=%2Fwhois&text=gref&user_id=U1"


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a stranger sends writes a traceback."""
    yield
    assert [one for one in caplog.records if one.exc_info or one.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_an_encoded_body_is_refused_unread(kit: Kit, encoding: str) -> None:
    url = await kit.http()
    for body in (b"abcde", BODY):
        headers = signed(body) | {"Content-Encoding": encoding}
        assert await post(kit, url, body, headers) == (401, "")
    assert kit.server.refused == {"encoding": 2}


async def test_the_headers_are_checked_before_the_body_is_read(kit: Kit) -> None:
    there = URL(await kit.http())
    for headers, status in ((signed(BODY), 408), (signed(BODY, NOW - 301), 401), ({}, 401)):
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {EVENTS_PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{head}\r\n"
        assert await send_raw(str(there.host), there.port or 0, head.encode() + b"5\r\nabc") == status


async def test_a_body_that_does_not_come_is_not_waited_for(kit: Kit) -> None:
    url = await kit.http()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(30)

    assert kit.session is not None
    async with kit.session.post(url + EVENTS_PATH, data=slowly(), headers=signed(BODY)) as response:
        assert response.status == 408


async def test_headers_at_random(kit: Kit) -> None:
    there = URL(await kit.http())
    statuses = set()
    for request in requests(EVENTS_PATH, signed(b"abcde"), 120):
        statuses.add(await send_raw(str(there.host), there.port or 0, request))
    assert statuses >= {400, 401}
    assert max(statuses) < 500
    await kit.settled()
    assert kit.desk.lines == []
