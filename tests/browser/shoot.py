"""Take the README's pictures of a running demo: `python tests/browser/shoot.py [ADDRESS] [FOLDER]`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote_plus

import msgspec
from chromium import launched
from playwright.async_api import Browser, expect


class Shot(msgspec.Struct, frozen=True):
    """A picture: its file, the window in CSS pixels, what is asked and what is left half-typed."""

    file: str
    width: int
    height: int
    scheme: Literal["light", "dark"]
    line: str
    typed: str = ""


SHOTS: Final = (
    Shot("playground.png", 1120, 780, "light", "/who gref"),
    Shot("playground-completion.png", 1120, 780, "light", "/briefing sanctions", typed="/timeline s"),
    Shot("playground-phone.png", 390, 780, "dark", "/timeline sberbank"),
)
DEFAULTS: Final = ("http://127.0.0.1:8080", "docs/images")


async def take(browser: Browser, address: str, folder: Path, shot: Shot) -> None:
    """Ask, type, and write the picture at twice the resolution."""
    window = await browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme=shot.scheme,
        device_scale_factor=2,
        reduced_motion="reduce",
    )
    page = await window.new_page()
    await page.goto(f"{address}/?q={quote_plus(shot.line)}")
    if shot.typed:
        await page.locator("#q").press_sequentially(shot.typed)
        await expect(page.get_by_role("option").first).to_be_visible()
        await page.keyboard.press("ArrowDown")
    await page.screenshot(path=folder / shot.file)
    await window.close()


async def main(address: str, folder: Path) -> None:
    """Take all pictures."""
    async with launched() as browser:
        for shot in SHOTS:
            await take(browser, address, folder, shot)
            sys.stdout.write(f"{folder / shot.file}\n")


if __name__ == "__main__":
    where, into = (*sys.argv[1:3], *DEFAULTS[len(sys.argv) - 1 :])
    asyncio.run(main(where, Path(into)))
