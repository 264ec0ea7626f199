"""The page as people use it: by keyboard, by mouse, on a phone, without scripts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from chromium import launched
from playwright.async_api import Browser, expect
from visit import Scheme, Visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    async with visiting(browser) as visit:
        await visit.open()
        yield visit


# --- accessibility ---------------------------------------------------------------------------------------


async def expect_nothing(visit: Visit) -> None:
    found = await visit.axe()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser: Browser, scheme: Scheme, width: int) -> None:
    async with visiting(browser, width=width, scheme=scheme) as visit:
        await visit.open()
        await expect_nothing(visit)
        visit.desk.notice = "facts.yaml does not load; an older snapshot answers."
        await visit.ask("/show all blocks")
        await expect_nothing(visit)
        await visit.ask("/show many pages")
        await visit.ask("/who")
        await visit.page.click(".exchange:last-child summary")
        await expect_nothing(visit)
        await visit.page.fill("#q", "/show o")
        await expect(visit.page.get_by_role("option")).to_have_count(10)
        await visit.page.press("#q", "ArrowDown")
        await expect_nothing(visit)


@pytest.mark.parametrize(
    "sample", ["all blocks", "many columns", "a long word", "wide characters", "many sources"]
)
async def test_nothing_is_wider_than_a_small_phone(browser: Browser, sample: str) -> None:
    async with visiting(browser, width=320) as visit:
        await visit.open(f"/show {sample}")
        assert await visit.page.evaluate("document.documentElement.scrollWidth") == 320


async def test_every_tab_stop_is_seen(visit: Visit) -> None:
    await visit.ask("/show all blocks")
    await visit.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    stops: list[dict[str, object]] = []
    while len(stops) < 100:
        await visit.page.keyboard.press("Tab")
        stop = await visit.page.evaluate(
            """() => {
              const element = document.activeElement;
              if (element === document.body) return null;
              const box = element.getClientRects()[0];
              const y = box.y + Math.min(box.height / 2, 20);
              const top = document.elementFromPoint(box.x + box.width / 2, y);
              const style = getComputedStyle(element);
              return {name: element.outerHTML.slice(0, 120), seen: element.contains(top),
                      marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2};
            }"""
        )
        if stop is None:
            break
        stops.append(stop)
    assert 20 < len(stops) < 100, "the focus must walk through the page and leave it"
    assert [one["name"] for one in stops if not one["seen"]] == []
    assert [one["name"] for one in stops if not one["marked"]] == []


async def test_motion_is_left_out_for_those_who_ask(browser: Browser) -> None:
    async with visiting(browser, reduced_motion="reduce") as visit:
        await visit.open()
        duration = "getComputedStyle(document.querySelector('.chip')).transitionDuration"
        assert await visit.page.evaluate(duration) == "0s"


# --- asking ----------------------------------------------------------------------------------------------


async def test_an_answer_joins_the_transcript_and_is_announced(visit: Visit) -> None:
    assert (await visit.focused())["id"] == "q"
    await visit.page.keyboard.type("/show all blocks")
    await visit.page.keyboard.press("Escape")
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.locator("#status")).to_have_text(
        "Ferry licences: The ministry ordered a review of all ferry licences."
    )
    await expect(visit.page.locator(".exchange .question")).to_have_text("You asked: /show all blocks")
    assert (await visit.focused())["id"] == "q"
    assert await visit.page.input_value("#q") == ""
    assert visit.page.url == f"{visit.address}/?q=%2Fshow+all+blocks"
    assert await visit.page.title() == "Ferry licences – Briefing bot"
    await visit.ask("/who okafor")
    await expect(visit.page.locator(".exchange")).to_have_count(2)


async def test_reading_starts_at_the_question_and_typing_does_not_move_it(browser: Browser) -> None:
    async with visiting(browser, reduced_motion="reduce") as visit:
        await visit.open()
        for line in ("/who okafor", "/show all blocks", "/who okafor"):
            await visit.ask(line)
            await visit.until(
                "document.querySelector('.exchange:last-child').getBoundingClientRect().top < 20"
            )
        await visit.page.evaluate("scrollTo(0, 300)")
        await visit.page.keyboard.type("/show a")
        await expect(visit.page.get_by_role("option").first).to_be_visible()
        assert await visit.page.evaluate("scrollY") == 300


async def test_what_is_asked_is_never_markup(visit: Visit) -> None:
    await visit.ask("<img src=x onerror=alert(1)><b>x</b>")
    assert await visit.page.locator("#transcript img, #transcript b").count() == 0
    await expect(visit.page.locator(".question bdi")).to_have_text("<img src=x onerror=alert(1)><b>x</b>")


async def test_too_long_a_line_is_stopped_at_the_input(visit: Visit) -> None:
    await visit.page.fill("#q", "x" * 10_001)
    await visit.page.press("#q", "Enter")
    assert await visit.page.evaluate("document.getElementById('q').validity.patternMismatch")
    assert visit.desk.lines == []


async def test_a_missing_argument_can_be_typed_at_once(visit: Visit) -> None:
    await visit.ask("/who")
    assert await visit.page.input_value("#q") == "/who "
    assert (await visit.focused())["id"] == "q"


async def test_the_notice_comes_and_goes_with_the_answers(visit: Visit) -> None:
    banner = visit.page.locator("#notice")
    await expect(banner).to_be_hidden()
    visit.desk.notice = "facts.yaml does not load; an older snapshot answers."
    await visit.ask("/who okafor")
    await expect(banner).to_have_text(visit.desk.notice)
    await expect(visit.page.locator("#status")).to_contain_text("an older snapshot answers")
    await visit.ask("/show all blocks")
    await expect(banner).to_be_in_viewport()
    visit.desk.notice = ""
    await visit.ask("/who okafor")
    await expect(banner).to_be_hidden()


async def test_a_failure_says_what_to_do(visit: Visit) -> None:
    await visit.ask("/break")
    await expect(visit.page.locator(".problem")).to_have_text(
        "Something broke while answering, and the log has the details. Ask again."
    )
    await visit.page.route("**/api/answer*", lambda route: route.abort())
    await visit.ask("/who okafor")
    await expect(visit.page.locator(".problem").last).to_have_text(
        "The server does not answer. Start it again, then ask again."
    )
    await visit.page.unroute("**/api/answer*")
    await visit.ask("/who okafor")
    await expect(visit.page.locator(".answer")).to_have_count(1)
    assert all("Failed to load resource" in one for one in visit.faults)
    visit.faults.clear()


async def test_history_comes_back_with_the_arrow_keys(visit: Visit) -> None:
    await visit.ask("/who okafor")
    await visit.ask("/show all blocks")
    for key, line in (
        ("ArrowUp", "/show all blocks"),
        ("ArrowUp", "/who okafor"),
        ("ArrowUp", "/who okafor"),
        ("ArrowDown", "/show all blocks"),
        ("ArrowDown", ""),
    ):
        await visit.page.press("#q", key)
        assert await visit.page.input_value("#q") == line


# --- completion ------------------------------------------------------------------------------------------


async def test_completion_by_keyboard(visit: Visit) -> None:
    field, options = visit.page.get_by_role("combobox"), visit.page.get_by_role("option")
    await visit.page.keyboard.type("/who o")
    await expect(options).to_have_count(2)
    await expect(field).to_have_attribute("aria-expanded", "true")
    await visit.page.keyboard.press("ArrowDown")
    await expect(field).to_have_attribute("aria-activedescendant", "completion-0")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await visit.page.keyboard.press("ArrowDown")
    await expect(field).to_have_attribute("aria-activedescendant", "completion-1")
    await visit.page.keyboard.press("ArrowDown")
    assert await field.get_attribute("aria-activedescendant") is None
    await visit.page.keyboard.press("ArrowUp")
    await visit.page.keyboard.press("Enter")
    await expect(field).to_have_value("/who ottos")
    await expect(options).to_have_count(0)
    await expect(field).to_have_attribute("aria-expanded", "false")
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.locator(".answer")).to_have_count(1)


async def test_escape_closes_completion_and_keeps_the_line(visit: Visit) -> None:
    await visit.page.keyboard.type("/who o")
    await expect(visit.page.get_by_role("option")).to_have_count(2)
    await visit.page.keyboard.press("Escape")
    await expect(visit.page.get_by_role("option")).to_have_count(0)
    assert await visit.page.input_value("#q") == "/who o"


async def test_tab_completes_once_and_then_leaves(visit: Visit) -> None:
    await visit.page.keyboard.type("/sh")
    await expect(visit.page.get_by_role("option").first).to_be_visible()
    await visit.page.keyboard.press("Tab")
    await expect(visit.page.locator("#q")).to_have_value("/show ")
    await expect(visit.page.get_by_role("option", name="sample").first).to_be_visible()
    await visit.page.keyboard.press("Tab")
    assert (await visit.focused())["text"] == "Ask"
    await expect(visit.page.get_by_role("option")).to_have_count(0)


async def test_completion_by_mouse(visit: Visit) -> None:
    await visit.page.keyboard.type("/who o")
    await visit.page.get_by_role("option", name="Otto").click()
    await expect(visit.page.locator("#q")).to_have_value("/who ottos")
    assert (await visit.focused())["id"] == "q"


async def test_an_arrow_opens_completion_of_nothing(visit: Visit) -> None:
    await visit.page.keyboard.press("ArrowDown")
    await expect(visit.page.get_by_role("option").first).to_have_text("/show Show a sample ")


# --- inside an answer ------------------------------------------------------------------------------------


async def test_a_citation_leads_to_its_source_and_back_to_itself(visit: Visit) -> None:
    await visit.ask("/show all blocks")
    third = visit.page.locator("a.cite", has_text="[1]").nth(2)
    await third.focus()
    await visit.page.keyboard.press("Enter")
    assert (await visit.focused())["id"] == "a1-1-source-1"
    await expect(visit.page.locator("#a1-1-source-1")).to_be_in_viewport()
    await visit.page.locator("#a1-1-source-1 .back").focus()
    await visit.page.keyboard.press("Enter")
    assert (await visit.focused())["id"] == "a1-1-cite-1-3"
    await expect(third).to_be_in_viewport()


async def test_a_name_is_asked_and_the_focus_follows(visit: Visit) -> None:
    await visit.ask("/show all blocks")
    await visit.page.locator("a.name").first.focus()
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.locator(".exchange .question bdi").last).to_have_text("/who okafor")
    await expect(visit.page.locator("#a2-1-title")).to_be_focused()
    await expect(visit.page.locator("#a2-1-title")).to_be_in_viewport()


async def test_a_name_can_be_opened_in_another_tab(visit: Visit) -> None:
    await visit.ask("/show all blocks")
    async with visit.page.context.expect_page() as opened:
        await visit.page.locator("a.name").first.click(modifiers=["Control"])
    other = await opened.value
    await expect(other.locator(".question bdi")).to_have_text("/who okafor")
    await expect(visit.page.locator(".exchange")).to_have_count(1)


async def test_a_chip_asks_its_example(visit: Visit) -> None:
    await visit.page.get_by_text("Who or what a name stands for").click()
    await expect(visit.page.locator(".question bdi")).to_have_text("/who okafor")
    await expect(visit.page.locator(".answer")).to_have_count(1)


@pytest.mark.parametrize("served", [True, False])
async def test_pages_turn_by_buttons_in_place(visit: Visit, served: bool) -> None:
    if served:
        await visit.open("/show many pages")
    else:
        await visit.ask("/show many pages")
    await visit.ask("/who okafor")
    await visit.page.get_by_role("button", name="Page 3 of 5").focus()
    await visit.page.keyboard.press("Enter")
    title = visit.page.locator(".exchange").first.locator("h2")
    await expect(title).to_have_text("Ferry licences page 3 of 5")
    await expect(title).to_be_focused()
    await expect(visit.page.locator(".exchange")).to_have_count(2)


async def test_the_share_link_is_copied_and_answers(browser: Browser) -> None:
    async with visiting(browser, permissions=["clipboard-read", "clipboard-write"]) as visit:
        await visit.open()
        await visit.ask("/show all blocks")
        await visit.page.get_by_role("button", name="Copy link").click()
        await expect(visit.page.locator("#status")).to_have_text("The link was copied.")
        link = await visit.page.evaluate("navigator.clipboard.readText()")
        assert link == f"{visit.address}/?q=%2Fshow+all+blocks"
        await visit.page.goto(link)
        await expect(visit.page.locator(".question bdi")).to_have_text("/show all blocks")


async def test_the_json_opens_and_scrolls_by_keyboard(visit: Visit) -> None:
    await visit.ask("/show all blocks")
    panel = visit.page.locator(".json pre")
    await expect(panel).to_be_hidden()
    await visit.page.locator(".json summary").focus()
    await visit.page.keyboard.press("Enter")
    await expect(panel).to_contain_text('"facts": [')
    await visit.page.keyboard.press("Tab")
    await expect(panel).to_be_focused()
    await visit.page.keyboard.press("PageDown")
    await visit.until("document.querySelector('.json pre').scrollTop > 0")


async def test_instants_are_said_in_the_readers_zone(browser: Browser) -> None:
    async with visiting(browser, timezone_id="America/New_York") as visit:
        await visit.open("/show one fields 11")
        first = visit.page.locator("time.moment").first
        await expect(first).to_have_text(re.compile(r"Monday.* 11 March 2024.* 03:30 .*4"))
        await expect(first).to_have_attribute("title", "Monday 11 March 2024, 08:30 Europe/Berlin")
        await visit.ask("/show one fields 11")
        again = visit.page.locator(".exchange:last-child time.moment").first
        await expect(again).to_have_text(re.compile("03:30"))


# --- without scripts, and without anyone else ------------------------------------------------------------


async def test_the_page_works_without_scripts(browser: Browser) -> None:
    async with visiting(browser, java_script_enabled=False) as visit:
        await visit.open()
        await visit.page.fill("#q", "/show many pages")
        await visit.page.press("#q", "Enter")
        await expect(visit.page.locator("h2")).to_have_text("Ferry licences page 1 of 5")
        await expect(visit.page.locator(".copy")).to_be_hidden()
        await visit.page.get_by_role("button", name="Page 2 of 5").click()
        await expect(visit.page.locator("h2")).to_have_text("Ferry licences page 2 of 5")
        await visit.open("/show all blocks")
        await visit.page.locator("a.cite").first.click()
        assert visit.page.url.endswith("#a0-1-source-1")
        await visit.page.locator("a.name").first.click()
        await expect(visit.page.locator(".question bdi")).to_have_text("/who okafor")
        await visit.page.locator(".json summary").click()
        await expect(visit.page.locator(".json pre")).to_contain_text('"kind": "answer"')


async def test_only_the_page_s_own_files_are_asked_for(visit: Visit) -> None:
    await visit.ask("/show all blocks")
    await visit.page.keyboard.type("/")
    await expect(visit.page.get_by_role("option").first).to_be_visible()
    paths = {one.removeprefix(visit.address).partition("?")[0] for one in visit.requests}
    assert paths == {
        "/",
        "/static/style.css",
        "/static/app.js",
        "/static/icon.svg",
        "/api/answer",
        "/api/complete",
    }
