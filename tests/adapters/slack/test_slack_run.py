"""The whole adapter as `briefing-bot run` starts it, and what it says when it cannot start."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography.fernet import Fernet
from fakes import slack_payloads as payloads
from fakes.slack import APP_TOKEN, TOKEN, FakeSlack, Fault
from samples import SAMPLES, reply
from slack_kit import SECRET, StubDesk, kit_fixture, slack_fixture, state_fixture, until  # noqa: F401 - fixtures
from test_slack_guard import signed

from bot.adapters.slack.cli import ChatError, chat, is_set_up
from bot.adapters.slack.config import SlackConfig, secrets_from
from bot.adapters.slack.preview import payloads as preview
from bot.adapters.slack.run import serving_slack
from bot.state import State

TOKENS = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
HTTP = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET}


def config(slack: FakeSlack, **changes: Any) -> SlackConfig:
    given: dict[str, Any] = {"base_url": slack.base_url, "port": 0}
    return SlackConfig(**given | changes)


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'run.db'}"


async def test_socket_mode_from_two_tokens(slack: FakeSlack, database: str) -> None:
    desk = StubDesk()
    async with chat(desk, config(slack), TOKENS, database, lambda _: ("coast",), http=False) as said:
        assert said == "Slack is served at https://example.slack.com/."
        await until(lambda: bool(slack.sockets))
        await slack.deliver(payloads.slash("/whois", "gref", slack.response_url()))
        await until(lambda: bool(slack.responses))
    assert desk.asked[0][1].dossiers == ("coast",)
    await until(lambda: not slack.sockets)


async def test_work_under_way_is_finished_on_the_way_out(slack: FakeSlack, database: str) -> None:
    async with chat(StubDesk(), config(slack), TOKENS, database, lambda _: None, http=False):
        await until(lambda: bool(slack.sockets))
        for n in range(20):
            await slack.deliver(payloads.slash("/whois", f"n{n}", slack.response_url()))
    assert len(slack.responses) == 20


async def test_http_mode_and_its_health(slack: FakeSlack, database: str, unused_tcp_port: int) -> None:
    import time

    state = State(database)
    settings = config(slack, port=unused_tcp_port)
    async with (
        serving_slack(
            desk=StubDesk(), config=settings, secrets=secrets_from(HTTP), state=state, http=True
        ) as running,
        ClientSession() as session,
    ):
        body = payloads.form(payloads.slash("/whois", "gref", slack.response_url()))
        url = f"http://127.0.0.1:{unused_tcp_port}"
        headers = signed(body, int(time.time())) | {"Content-Type": "application/x-www-form-urlencoded"}
        async with session.post(f"{url}/slack/events", data=body, headers=headers) as response:
            assert response.status == 200
        async with session.post(f"{url}/slack/events", data=body) as response:
            assert response.status == 401
        await until(lambda: bool(slack.responses))
        async with session.get(f"{url}/healthz") as response:
            health = await response.json()
        assert health["mode"] == "http"
        assert health["refused"] == {"timestamp": 1}
        assert (await running.poster.find(place(), "none", 0)) is None
    await state.close()


def place() -> Any:
    from bot.adapters.slack.intake import Place

    return Place(channel=payloads.CHANNEL)


@pytest.mark.parametrize(
    ("environment", "http", "said"),
    [
        ({}, False, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": TOKEN}, False, "SLACK_APP_TOKEN"),
        (HTTP | {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "x"}, True, "key file"),
        ({"SLACK_BOT_TOKEN": "nonsense"}, False, "xoxb-"),
    ],
)
async def test_what_is_missing_is_one_sentence(
    slack: FakeSlack, database: str, environment: dict[str, str], http: bool, said: str
) -> None:
    with pytest.raises(ChatError, match=said) as caught:
        async with chat(StubDesk(), config(slack), environment, database, lambda _: None, http=http):
            pass
    assert "\n" not in str(caught.value)


async def test_what_slack_does_not_accept_is_one_sentence(slack: FakeSlack, database: str) -> None:
    async def start(**changes: Any) -> None:
        async with chat(StubDesk(), config(slack, **changes), TOKENS, database, lambda _: None, http=False):
            pass

    slack.faults["auth.test"] = [Fault.error("token_revoked")]
    with pytest.raises(ChatError, match="Install the app again"):
        await start()
    slack.faults["apps.connections.open"] = [Fault.error("invalid_auth")]
    with pytest.raises(ChatError, match="SLACK_APP_TOKEN"):
        await start()
    with pytest.raises(ChatError, match="Slack keeps /who"):
        await start(names={"who": "who"})


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite:////nowhere/at/all/state.db"])
async def test_an_unusable_database_is_one_sentence(slack: FakeSlack, url: str) -> None:
    with pytest.raises(ChatError) as caught:
        async with chat(StubDesk(), config(slack), TOKENS, url, lambda _: None, http=False):
            pass
    assert "\n" not in str(caught.value)


async def test_many_workspaces_refuse_a_database_in_memory(slack: FakeSlack) -> None:
    key = Fernet.generate_key().decode()
    secrets = secrets_from(
        {"SLACK_SIGNING_SECRET": SECRET, "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "x"}, key
    )
    state = State("sqlite://")
    with pytest.raises(ValueError, match="database"):
        async with serving_slack(
            desk=StubDesk(),
            config=config(slack, public_url="https://bot.example.org"),
            secrets=secrets,
            state=state,
            http=True,
        ):
            pass
    await state.close()


async def test_a_port_in_use_is_one_sentence(slack: FakeSlack, database: str) -> None:
    taken = int(slack.url.rpartition(":")[2])
    with pytest.raises(ChatError, match="Nothing can listen"):
        async with chat(StubDesk(), config(slack, port=taken), HTTP, database, lambda _: None, http=True):
            pass


def test_slack_is_set_up_by_a_token() -> None:
    assert not is_set_up({})
    assert is_set_up({"SLACK_BOT_TOKEN": "x"})


def test_the_preview_is_the_exact_payload() -> None:
    text, links = preview(SAMPLES["all blocks"], "/briefing", StubDesk.registry)
    (page,) = json.loads(text)
    assert set(page) == {"text", "blocks"}
    assert len(links) == 1
    text, links = preview(reply(title="Try /who gref"), "/briefing", StubDesk.registry)
    assert "Try /whois gref" in text
