"""A visit to the page: a browser window, what it loads, and what goes wrong in it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote_plus

from playwright.async_api import Browser, Page, Request, expect

from bot.adapters.web.app import create_app, serving
from bot.desk import Desk

sys.path.append(str(Path(__file__).parent.parent / "adapters"))
from web_desk import SampleDesk

Scheme = Literal["light", "dark"]

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
AXE = resources.files("axe_playwright_python").joinpath("axe.min.js")
AXE_OPTIONS = """{
  resultTypes: ["violations", "incomplete"],
  rules: {"target-size": {enabled: true}},
}"""


@dataclass
class Visit:
    """One window. `faults` holds a sentence for whatever a reader's browser would complain about."""

    page: Page
    address: str
    desk: SampleDesk
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda message: self.faults.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.context.on("request", self.note)

    def note(self, request: Request) -> None:
        self.requests.append(request.url)
        if not request.url.startswith(f"{self.address}/"):
            self.faults.append(f"a request to {request.url}")

    async def open(self, line: str = "") -> None:
        await self.page.goto(f"{self.address}/?q={quote_plus(line)}" if line else f"{self.address}/")

    async def ask(self, line: str) -> None:
        """Type a line, send it and wait for the answer."""
        answers = await self.page.locator(".exchange").count()
        await self.page.fill("#q", line)
        await self.page.press("#q", "Enter")
        await expect(self.page.locator(".exchange:not([aria-busy])")).to_have_count(answers + 1)

    async def focused(self) -> dict[str, Any]:
        """Return tag, id, class and text of what has the focus."""
        return await self.page.evaluate(  # type: ignore[no-any-return]
            "(({tagName, id, className, textContent}) => ({tag: tagName.toLowerCase(), id, class: className,"
            " text: textContent}))(document.activeElement)"
        )

    async def until(self, condition: str) -> None:
        """Wait for a JavaScript condition; Playwright's own way needs `eval`, which the page forbids."""
        look = f"() => ({condition}) ? done() : requestAnimationFrame(look)"
        async with asyncio.timeout(5):
            await self.page.evaluate(f"new Promise((done) => {{ const look = {look}; look(); }})")

    async def axe(self) -> list[str]:
        """Return what axe-core finds: violations, and contrast that it could not judge.

        It cannot judge what lies below the list of completions, nor beside the dots of a timeline, which
        are pseudo elements; both have the colours that it judges elsewhere.
        """
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await self.page.evaluate(f"axe.run(document, {AXE_OPTIONS})")
        unsure = [one for one in found["incomplete"] if one["id"] == "color-contrast"]
        fine = ("overlapped by another element", "due to a pseudo element")
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in (*found["violations"], *unsure)
            for node in one["nodes"]
            if one not in unsure or not any(why in node["failureSummary"] for why in fine)
        ]

    async def violations(self) -> list[str]:
        """Return what the Content-Security-Policy has blocked."""
        return await self.page.evaluate("window.violations ?? []")  # type: ignore[no-any-return]


@asynccontextmanager
async def visiting(
    browser: Browser,
    *,
    answering: Desk | None = None,
    width: int = 1280,
    height: int = 800,
    scheme: Scheme = "light",
    **context: Any,
) -> AsyncIterator[Visit]:
    """Serve the page, open a window on it, and complain at the end of all faults.

    A sample desk answers, unless there is another one.
    """
    desk = SampleDesk()
    app = create_app(answering or desk, allowed_hosts=frozenset({"127.0.0.1"}))
    async with serving(app, "127.0.0.1", 0) as port:
        window = await browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **context
        )
        await window.add_init_script(WATCH)
        window.set_default_timeout(5_000)
        page = await window.new_page()
        visit = Visit(page, f"http://127.0.0.1:{port}", desk)
        visit.watch()
        try:
            yield visit
            if context.get("java_script_enabled", True):
                visit.faults += await visit.violations()
        finally:
            await window.close()
    assert not visit.faults, visit.faults
