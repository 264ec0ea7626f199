"""Requests that no platform sends: bodies that are not what their headers say, and headers at random."""

from __future__ import annotations

import asyncio
from random import Random

ENCODINGS = ("gzip", "deflate", "br", "zstd", "identity", "x", "")

_NAMES: tuple[str, ...] = (
    "Content-Encoding",
    "Content-Type",
    "Transfer-Encoding",
    "Content-Length",
    "Expect",
    "Connection",
)
_NAMES = (*_NAMES, "Host", "Upgrade", "Cookie", "Range", "Trailer", "X-Forwarded-For", "Accept-Encoding")
_VALUES: tuple[str, ...] = (
    "",
    "gzip",
    "deflate, br",
    "chunked",
    "-1",
    "5",
    "9" * 30,
    "100-continue",
    "close",
    "*",
    "a:b",
    "ü",
)
_VALUES = (
    *_VALUES,
    "websocket",
    "application/json; charset=nope",
    "x" * 9_000,
    "\x01",
    "bytes=0-",
    "= =",
    ";",
)
_BODIES = (b"", b"abcde", b"{}", b"5\r\nabcde\r\n0\r\n\r\n", b"zz\r\nabc\r\n", b"\x1f\x8b\x08\x00")


async def send_raw(host: str, port: int, request: bytes) -> int:
    """Send bytes and return the status of the answer."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    await writer.drain()
    async with asyncio.timeout(5):
        answer = await reader.readline()
    writer.close()
    return int(answer.split()[1])


def requests(path: str, headers: dict[str, str], count: int) -> list[bytes]:
    """Return requests with good headers among which some are spoilt, doubled or added, the same each time."""
    chooser = Random(11)
    made = []
    for _ in range(count):
        given = [("Host", "x"), ("Connection", "close"), *headers.items()]
        for _ in range(chooser.randint(1, 3)):
            given.append((chooser.choice([*_NAMES, *headers]), chooser.choice(_VALUES)))
        body = chooser.choice(_BODIES)
        if chooser.random() < 0.5:
            given.append(("Content-Length", str(len(body))))
        chooser.shuffle(given)
        head = "".join(f"{name}: {value}\r\n" for name, value in given)
        made.append(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
    return made
