"""The shipped dossier in the browser: every command's example, as the demo answers it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from chromium import launched
from visit import visiting

from bot.commands import REGISTRY
from bot.dispatch import Dispatcher
from bot.library import Library

pytestmark = pytest.mark.browser

BRIEFINGS = Path(__file__).parents[2] / "briefings"
LINES = (
    *(command.example for command in REGISTRY),
    "/briefing",
    "/who",
    "/who zzzz",
    "/nonsense",
    "/due until:x",
)


async def test_axe_finds_nothing_in_real_answers(tmp_path: Path) -> None:
    library = Library(BRIEFINGS, tmp_path)
    desk = Dispatcher(REGISTRY, library, today=lambda: date(2025, 6, 1))
    async with launched() as browser, visiting(browser, answering=desk, width=360) as visit:
        for line in LINES:
            await visit.open(line)
            assert await visit.page.locator(".answer").count() == 1, line
            assert await visit.page.locator("[data-kind=failure]").count() == 0, line
            assert await visit.page.evaluate("document.documentElement.scrollWidth") == 360, line
            found = await visit.axe()
            assert not found, "\n".join((line, *found))
    library.close()
