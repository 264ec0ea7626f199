"""The addresses for monitoring: who gets what, and who gets nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from web_client import Client, browsing
from web_desk import SampleDesk

from bot.adapters.web.app import HEADERS, MONITORED, create_app

HOSTS = frozenset({"127.0.0.1", "localhost"})


class Told:
    """Operations whose answers a test sets; `asked` counts questions."""

    def __init__(self) -> None:
        self.is_ready = True
        self.asked = 0
        self.breaks = False
        self.body = b"up 1\n"

    async def ready(self) -> tuple[bool, dict[str, object]]:
        self._ask()
        return self.is_ready, {
            "ready": self.is_ready,
            "reasons": [] if self.is_ready else ["A slot is overdue."],
        }

    async def metrics(self) -> tuple[bytes, str]:
        self._ask()
        return self.body, "text/plain; version=1.0.0; charset=utf-8"

    def _ask(self) -> None:
        self.asked += 1
        if self.breaks:
            raise RuntimeError("a secret detail")


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def client(told: Told) -> AsyncIterator[Client]:
    async with browsing(create_app(SampleDesk(), allowed_hosts=HOSTS, operations=told)) as client:
        yield client


async def test_the_loop_answers(client: Client, told: Told) -> None:
    response = await client.get("/healthz")
    assert (response.status, await response.text(), response.content_type) == (200, "ok\n", "text/plain")
    # That the process lives must not hang on what it is connected to.
    assert told.asked == 0


async def test_readiness_is_a_status_with_reasons(client: Client, told: Told) -> None:
    response = await client.get("/readyz")
    assert (response.status, await response.json()) == (200, {"ready": True, "reasons": []})
    told.is_ready = False
    response = await client.get("/readyz")
    assert (response.status, response.content_type) == (503, "application/json")
    assert await response.json() == {"ready": False, "reasons": ["A slot is overdue."]}


async def test_metrics_are_in_prometheus_format(client: Client) -> None:
    response = await client.get("/metrics")
    assert response.headers.getall("Content-Type") == ["text/plain; version=1.0.0; charset=utf-8"]
    assert await response.text() == "up 1\n"


async def test_long_metrics_are_packed_for_who_takes_it(client: Client, told: Told) -> None:
    told.body = b"up 1\n" * 10_000
    response = await client.get("/metrics", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Content-Type"] == "text/plain; version=1.0.0; charset=utf-8"
    assert await response.read() == told.body


@pytest.mark.parametrize("address", MONITORED)
async def test_nothing_is_kept_by_caches_and_all_headers_are_there(client: Client, address: str) -> None:
    response = await client.get(address)
    assert response.headers["Cache-Control"] == "no-cache"
    assert HEADERS.items() <= dict(response.headers).items()
    head = await client.head(address)
    assert (head.status, await head.read()) == (200, b"")


@pytest.mark.parametrize("address", MONITORED)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", ""])
async def test_other_hosts_are_refused(client: Client, told: Told, host: str, address: str) -> None:
    response = await client.get(address, headers={"Host": host})
    assert (response.status, response.content_type) == (421, "text/plain")
    assert "is served as 127.0.0.1 or localhost only" in await response.text()
    assert told.asked == 0


@pytest.mark.parametrize("address", MONITORED)
@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_other_sites_are_refused(
    client: Client, told: Told, headers: dict[str, str], address: str
) -> None:
    response = await client.get(address, headers=headers)
    assert (response.status, told.asked) == (403, 0)


@pytest.mark.parametrize("address", MONITORED)
async def test_they_can_only_be_read(client: Client, told: Told, address: str) -> None:
    response = await client.post(address)
    assert (response.status, response.headers["Allow"], told.asked) == (405, "GET, HEAD", 0)


@pytest.mark.parametrize("address", ["/readyz", "/metrics"])
async def test_what_breaks_is_one_plain_sentence(client: Client, told: Told, address: str) -> None:
    told.breaks = True
    with capture_logs() as logs:
        response = await client.get(address)
    assert (response.status, response.content_type) == (500, "text/plain")
    assert "secret" not in await response.text()
    assert [one["event"] for one in logs] == ["web_request_failed"]


@pytest.mark.parametrize("address", ["/readyz", "/metrics", "/readyz/", "/metrics/x"])
async def test_without_operations_only_the_loop_answers(address: str) -> None:
    async with browsing(create_app(SampleDesk(), allowed_hosts=HOSTS)) as client:
        assert (await client.get("/healthz")).status == 200
        assert (await client.get(address)).status == 404
