"""A program that asks the playground over a socket, as a browser would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from web_document import Document

from bot.adapters.web.app import serving

Client = aiohttp.ClientSession


@asynccontextmanager
async def browsing(app: web.Application, **session: Any) -> AsyncIterator[Client]:
    """Serve `app` on a free port and yield a session that asks there."""
    async with (
        serving(app, "127.0.0.1", 0) as port,
        Client(f"http://127.0.0.1:{port}", **session) as client,
    ):
        yield client


async def page(client: Client, address: str, status: int = 200) -> Document:
    """Return the well-formed page at an address."""
    response = await client.get(address)
    assert response.status == status
    assert response.content_type == "text/html"
    document = Document(await response.text())
    assert not document.broken
    return document
