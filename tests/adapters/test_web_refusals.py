from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote_plus

import pytest
from structlog.testing import capture_logs
from web_client import Client, browsing, page
from web_desk import SampleDesk

from bot.adapters.web.app import create_app


@pytest.fixture
def desk() -> SampleDesk:
    return SampleDesk()


@pytest.fixture
async def client(desk: SampleDesk) -> AsyncIterator[Client]:
    hosts = frozenset({"127.0.0.1", "Localhost", "[::1]"})
    async with browsing(create_app(desk, allowed_hosts=hosts)) as client:
        yield client


# --- who may ask -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:9", "LOCALHOST", "[::1]:8000", "[::1]"]
)
async def test_known_hosts_are_served(client: Client, host: str) -> None:
    assert (await client.get("/", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8000",
        "localhost.",
        "localhost@evil.example",
        "evil.example@localhost",
        "127.0.0.1:port",
        "127.0.0.1/x",
        "::1",
        "[::1",
        "0.0.0.0",
        "2130706433",
        "",
    ],
)
@pytest.mark.parametrize("address", ["/?q=/who+okafor", "/api/answer?q=/who+okafor", "/static/app.js"])
async def test_other_hosts_are_refused(client: Client, desk: SampleDesk, host: str, address: str) -> None:
    response = await client.get(address, headers={"Host": host})
    assert response.status == 421
    assert "This page is served as 127.0.0.1 or [::1] or localhost only" in await response.text()
    assert not desk.lines


@pytest.mark.parametrize("address", ["/", "/api/answer?q=x", "/static/app.js"])
@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}])
async def test_a_reader_s_own_requests_are_answered(
    client: Client, address: str, headers: dict[str, str]
) -> None:
    assert (await client.get(address, headers=headers)).status == 200


async def test_the_own_origin_is_answered(client: Client) -> None:
    headers = {"Host": "localhost:8000", "Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}
    assert (await client.get("/api/answer?q=x", headers=headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost:8001", "Host": "localhost:8000"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
@pytest.mark.parametrize("address", ["/?q=/who+okafor", "/api/answer?q=/who+okafor"])
async def test_another_site_s_requests_are_refused(
    client: Client, desk: SampleDesk, address: str, headers: dict[str, str]
) -> None:
    response = await client.get(address, headers=headers)
    assert response.status == 403
    assert "Another site" in await response.text()
    assert not desk.lines


async def test_a_link_on_another_site_leads_to_the_page_but_not_to_the_api(client: Client) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert (await client.get("/?q=/who+okafor", headers=followed)).status == 200
    assert (await client.get("/api/answer?q=/who+okafor", headers=followed)).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PURGE"])
@pytest.mark.parametrize("address", ["/", "/api/answer", "/nowhere"])
async def test_it_can_only_be_read(client: Client, method: str, address: str) -> None:
    response = await client.request(method, address)
    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert "use GET or HEAD" in await response.text()


# --- what goes wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["x", "я", "👍"])
async def test_a_line_of_10_000_characters_reaches_the_desk(
    client: Client, desk: SampleDesk, letter: str
) -> None:
    document = await page(client, f"/?q={quote_plus(letter * 10_000)}")
    assert desk.lines == [letter * 10_000]
    assert "Not understood" in document.text


@pytest.mark.parametrize("address", ["/", "/api/answer", "/api/complete"])
async def test_a_longer_line_is_told_its_length(client: Client, desk: SampleDesk, address: str) -> None:
    response = await client.get(f"{address}?q={'x' * 10_001}")
    assert response.status == 414
    assert (
        "A command may be at most 10,000 characters long, and this one has 10,001." in await response.text()
    )
    assert not desk.lines


async def test_an_address_that_is_nowhere_says_so(client: Client) -> None:
    for address in (
        "/nowhere",
        "/static/../app.py",
        "/static/page.html",
        "/static/%2e%2e%2fapp.py",
    ):
        assert "There is nothing at this address." in (await page(client, address, 404)).text


@pytest.mark.parametrize("address", ["/?q=/break", "/api/answer?q=/break"])
async def test_a_failure_is_one_sentence_and_a_log_entry(client: Client, address: str) -> None:
    with capture_logs() as logs:
        response = await client.get(address)
    assert response.status == 500
    text = await response.text()
    assert "Something broke while answering, and the log has the details. Ask again." in text
    assert "Traceback" not in text
    assert "secret" not in text
    assert [one["event"] for one in logs] == ["web_request_failed"]
    assert (await client.get("/")).status == 200


async def test_problems_of_the_api_are_json(client: Client) -> None:
    response = await client.get("/api/nothing")
    assert (response.status, response.content_type) == (404, "application/json")
    assert set(await response.json()) == {"error"}
