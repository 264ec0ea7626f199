"""Debian's Chromium, driven by Playwright, with nothing to say to anyone but this machine."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, async_playwright

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """Start a headless browser with a profile of its own.

    Raises:
        FileNotFoundError: there is no Chromium on the path.
    """
    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError("Chromium is missing. Install Debian's package chromium.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()
