from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from urllib.parse import quote_plus

import aiohttp
import pytest
from aiohttp import web
from web_client import Client, browsing, page
from web_desk import SampleDesk
from yarl import URL

from bot.adapters.web import limits
from bot.adapters.web.app import create_app, serving
from bot.adapters.web.page import exchange
from bot.desk import Asker, Completion
from bot.reply import Reply

ADDRESSES = (
    "/",
    "/?q=/show+all+blocks",
    "/api/answer?q=/who+okafor",
    "/api/complete?q=/w",
    "/static/app.js",
    "/healthz",
)


@pytest.fixture
def desk() -> SampleDesk:
    return SampleDesk()


@pytest.fixture
def app(desk: SampleDesk) -> web.Application:
    return create_app(
        desk, allowed_hosts=frozenset({"127.0.0.1", "Localhost", "[::1]"}), title="Ferries <desk>"
    )


@pytest.fixture
async def client(app: web.Application) -> AsyncIterator[Client]:
    async with browsing(app) as client:
        yield client


# --- the page --------------------------------------------------------------------------------------------


async def test_the_page_starts_with_examples_of_all_commands(client: Client) -> None:
    document = await page(client, "/")
    assert [one.attributes["href"] for one in document.all(".chip")] == [
        "?q=%2Fshow+all+blocks",
        "?q=%2Fwho+okafor",
    ]
    assert document.all(".chip")[1].text == "/who okafor Who or what a name stands for"
    assert document.all("title")[0].text == "Ferries <desk>"
    assert document.all("html")[0].attributes["lang"] == "en"


async def test_the_page_answers_without_scripts(client: Client, desk: SampleDesk) -> None:
    start = await page(client, "/")
    (form,) = (one for one in start.all("form") if "ask" in one.classes)
    (field,) = (one for one in start.all("input") if one.attributes.get("id") == "q")
    assert (form.attributes["action"], form.attributes.get("method", "get"), field.attributes["name"]) == (
        "/",
        "get",
        "q",
    )
    answered = await page(client, "/?q=/show+all+blocks")
    assert desk.lines == ["/show all blocks"]
    assert answered.all("bdi")[0].text == "/show all blocks"
    assert "Ferry licences" in answered.all(".answer")[0].text
    assert '"kind": "answer"' in answered.all("pre")[0].text
    assert answered.all("title")[0].text == "Ferry licences – Ferries <desk>"
    assert not answered.all(".chip")


async def test_the_share_link_gives_the_same_answer(client: Client) -> None:
    answered = await page(client, "/?q=/show+many+pages")
    link = answered.all(".share")[0].attributes["href"]
    again = await page(client, "/" + link)
    assert again.markup == answered.markup


async def test_a_page_button_turns_the_page_without_scripts(client: Client) -> None:
    first = await page(client, "/?q=/show+many+pages")
    (form,) = (one for one in first.all("form") if "ask" not in one.classes)
    assert form.attributes == {"action": "/"}
    turned = await page(client, "/?q=/show+many+pages&page=2")
    assert "page 2 of 5" in turned.all("h2")[0].text


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "9" * 30, "²", "1e3"])
async def test_a_bad_page_number_gives_a_page(client: Client, number: str) -> None:
    document = await page(client, f"/?q=/show+many+pages&page={number}")
    assert re.search(r"page \d of 5", document.all("h2")[0].text)


@pytest.mark.parametrize("address", ["/?q=", "/?q=+++", "/?page=2"])
async def test_nothing_asked_gives_the_start(client: Client, desk: SampleDesk, address: str) -> None:
    assert (await page(client, address)).all(".chip")
    assert not desk.lines


async def test_a_missing_argument_waits_in_the_input(client: Client) -> None:
    document = await page(client, "/?q=/who")
    assert [one.attributes["value"] for one in document.all("input")] == ["/who "]


async def test_the_notice_is_a_banner_only_when_there_is_one(client: Client, desk: SampleDesk) -> None:
    assert "hidden" in (await page(client, "/")).all(".notice")[0].attributes
    desk.notice = "facts.yaml <does> not load; an older snapshot answers."
    for address in ("/", "/?q=/who+okafor"):
        (banner,) = (await page(client, address)).all(".notice")
        assert banner.text == desk.notice
        assert "hidden" not in banner.attributes
    assert (await (await client.get("/api/answer?q=x")).json())["notice"] == desk.notice


@pytest.mark.parametrize(
    "line",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "'; DROP TABLE facts; --",
        "a\x00b\x1b[31m",
        "a\u202eb",
        "&lt;",
    ],
)
async def test_what_is_asked_stays_text(client: Client, line: str) -> None:
    harmless, document = await page(client, "/?q=x"), await page(client, f"/?q={quote_plus(line)}")
    assert [(one.tag, *one.attributes) for one in document.elements] == [
        (one.tag, *one.attributes) for one in harmless.elements
    ]


async def test_broken_utf8_is_answered(client: Client) -> None:
    response = await client.get(URL("/?q=%ED%A0%80%FF", encoded=True))
    assert response.status == 200


async def test_the_template_is_the_markup_of_an_exchange(client: Client) -> None:
    assert f'<template id="exchange">{exchange()}</template>' in (await page(client, "/")).markup


# --- JSON ------------------------------------------------------------------------------------------------


async def test_an_answer_is_the_reply_and_its_pages(client: Client) -> None:
    content = await (await client.get("/api/answer?q=/show+many+pages&n=7")).json()
    assert set(content) == {"reply", "spoken", "pages", "notes", "notice"}
    assert content["spoken"] == "Ferry licences: The ministry ordered a review of all ferry licences."
    assert content["reply"]["kind"] == "answer"
    assert len(content["reply"]["facts"]) == 200
    assert len(content["pages"]) == 5
    assert all(one.startswith('<article class="answer" id="a7-') for one in content["pages"])


async def test_notes_say_what_was_not_shown_in_full(client: Client) -> None:
    content = await (await client.get("/api/answer?q=/show+all+blocks")).json()
    assert [(one["block"], one["degree"]) for one in content["notes"]] == [("picture", "fallback")]


async def test_an_answer_without_a_question_is_the_desk_s(client: Client, desk: SampleDesk) -> None:
    content = await (await client.get("/api/answer")).json()
    assert (content["reply"]["kind"], desk.lines) == ("usage", [""])


async def test_completions_come_from_the_desk(client: Client, desk: SampleDesk) -> None:
    content = await (await client.get("/api/complete?q=/who+o")).json()
    assert [Completion(**one) for one in content["completions"]] == desk.complete(
        "/who o", Asker(platform="web")
    )


async def test_completions_fit_the_list(client: Client) -> None:
    content = await (await client.get("/api/complete?q=/")).json()
    assert len(content["completions"]) == limits.COMPLETIONS


async def test_the_asker_is_passed_on() -> None:
    seen = []

    class Noting(SampleDesk):
        def ask(self, line_: str, asker: Asker) -> Reply:
            seen.append(asker)
            return super().ask(line_, asker)

    asker = Asker(platform="web", dossiers=("ferries",))
    async with browsing(create_app(Noting(), allowed_hosts=frozenset({"127.0.0.1"}), asker=asker)) as client:
        await client.get("/api/answer?q=/who+okafor")
    assert seen == [asker]


@pytest.mark.parametrize("address", ["/", "/api/answer"])
async def test_an_address_changes_nothing(client: Client, desk: SampleDesk, address: str) -> None:
    text = await (await client.get(f"{address}?q=/act+now")).text()
    assert "Type it in a channel of your chat" in text
    assert desk.lines == []


# --- headers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [*ADDRESSES, "/nowhere", "/static/nothing.css", "/api/answer?q=/break"])
async def test_every_response_is_hardened(client: Client, address: str) -> None:
    headers = (await client.get(address)).headers
    policy = dict(one.split(" ", 1) for one in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Server"] == "briefing-bot", "versions are nobody's business"
    assert "Access-Control-Allow-Origin" not in headers
    assert "Set-Cookie" not in headers


async def test_files_are_kept_for_good_under_their_version_only(client: Client) -> None:
    start = await page(client, "/")
    (script,) = start.all("script")
    (style,) = (one for one in start.all("link") if one.attributes["rel"] == "stylesheet")
    for address, kind in (
        (script.attributes["src"], "text/javascript"),
        (style.attributes["href"], "text/css"),
    ):
        response = await client.get(address)
        assert (response.status, response.content_type, response.charset) == (200, kind, "utf-8")
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for address in ("/static/app.js", "/static/app.js?v=old", "/", "/api/answer?q=x"):
        assert (await client.get(address)).headers["Cache-Control"] == "no-cache"


async def test_long_bodies_are_compressed_for_those_who_take_it(app: web.Application) -> None:
    async with browsing(app, auto_decompress=False) as client:
        plain = await client.get("/static/style.css", headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers
        assert plain.headers["Vary"] == "Accept-Encoding"
        packed = await client.get("/static/style.css", headers={"Accept-Encoding": "gzip, br"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(await packed.read()) == await plain.read()
        short = await client.get("/healthz", headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in short.headers


@pytest.mark.parametrize("address", ADDRESSES)
async def test_head_is_get_without_a_body(client: Client, address: str) -> None:
    response = await client.head(address)
    assert response.status == 200
    assert await response.read() == b""


# --- serving ---------------------------------------------------------------------------------------------


async def test_serving_tells_its_port_and_ends(desk: SampleDesk) -> None:
    app = create_app(desk, allowed_hosts=frozenset({"127.0.0.1"}))
    async with aiohttp.ClientSession() as session:
        async with serving(app, "127.0.0.1", 0) as port:
            address = f"http://127.0.0.1:{port}"
            async with session.get(f"{address}/healthz") as response:
                assert await response.text() == "ok\n"
            async with session.get(f"{address}/api/answer?q={quote_plus('👍' * 10_000)}") as response:
                assert response.status == 200
            with pytest.raises(OSError, match="address already in use"):
                async with serving(create_app(desk, allowed_hosts=frozenset()), "127.0.0.1", port):
                    pass
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"{address}/healthz")


@pytest.mark.parametrize("long", ["/?q=" + "x" * 140_000, "/"])
async def test_a_request_beyond_all_measure_does_not_stop_the_server(client: Client, long: str) -> None:
    response = await client.get(long, headers={"X-Long": "x" * 100_000})
    assert response.status == 400
    assert "Traceback" not in await response.text()
    assert (await client.get("/")).status == 200
