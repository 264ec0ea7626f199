"""The whole adapter as `briefing-bot run` starts it, and what it says when it cannot start."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import ClientSession
from cryptography.fernet import Fernet
from fakes import slack_payloads as payloads
from fakes.slack import APP_TOKEN, TOKEN, FakeSlack, Fault
from samples import SAMPLES, reply
from slack_kit import SECRET, StubDesk, kit_fixture, slack_fixture, state_fixture, until  # noqa: F401 - fixtures
from test_slack_guard import signed

from bot.adapters.slack.cli import chat, is_set_up
from bot.adapters.slack.config import SlackConfig, secrets_from
from bot.adapters.slack.preview import payloads as preview
from bot.adapters.slack.run import serving_slack
from bot.adapters.slack.web import quiet_logger
from bot.desk import ChatError
from bot.posting import Place
from bot.state import State

ROOT = Path(__file__).parents[3]
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
    async with chat(desk, config(slack), TOKENS, database, lambda *_: ("coast",), http=False) as said:
        assert str(said) == "Slack is served at https://example.slack.com/."
        assert said.health()["mode"] == "socket"
        await until(lambda: bool(slack.sockets))
        await slack.deliver(payloads.slash("/whois", "gref", slack.response_url()))
        await until(lambda: bool(slack.responses))
    assert desk.asked[0][1].dossiers == ("coast",)
    await until(lambda: not slack.sockets)


async def test_work_under_way_is_finished_on_the_way_out(slack: FakeSlack, database: str) -> None:
    async with chat(StubDesk(), config(slack), TOKENS, database, lambda *_: None, http=False):
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
        assert running.heard is not None
        assert abs(running.heard - time.time()) < 60
        assert health["refused"] == {"timestamp": 1}
        assert (await running.posting.find(place(), "none", 0)) is None
    await state.close()


def place() -> Place:
    return Place(platform="slack", channel=payloads.CHANNEL)


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
        async with chat(StubDesk(), config(slack), environment, database, lambda *_: None, http=http):
            pass
    assert "\n" not in str(caught.value)


async def test_what_slack_does_not_accept_is_one_sentence(slack: FakeSlack, database: str) -> None:
    async def start(**changes: Any) -> None:
        async with chat(StubDesk(), config(slack, **changes), TOKENS, database, lambda *_: None, http=False):
            pass

    slack.faults["auth.test"] = [Fault.error("token_revoked")]
    with pytest.raises(ChatError, match="Install the app again"):
        await start()
    slack.faults["apps.connections.open"] = [Fault.error("invalid_auth")]
    with pytest.raises(ChatError, match="SLACK_APP_TOKEN"):
        await start()
    with pytest.raises(ChatError, match="Slack keeps /who"):
        await start(names={"who": "who"})


@pytest.mark.parametrize(
    "url",
    [
        *("mysql://x/y", "nonsense", "sqlite:///{}/text/state.db", "sqlite:///{}", "sqlite:///{}/text"),
        "postgresql://bot@127.0.0.1:9/none",
    ],
)
async def test_an_unusable_database_is_one_sentence(slack: FakeSlack, tmp_path: Path, url: str) -> None:
    (tmp_path / "text").write_text(
        "This is no database, and it is long enough not to be taken for one. " * 20
    )
    with pytest.raises(ChatError) as caught:
        async with chat(StubDesk(), config(slack), TOKENS, url.format(tmp_path), lambda *_: None, http=False):
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
            dossiers_of=lambda *_: (),
        ):
            pass
    await state.close()


async def test_many_workspaces_need_a_default_of_what_they_see(
    slack: FakeSlack, database: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text(Fernet.generate_key().decode())
    keys.chmod(0o600)
    oauth = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "x", "SLACK_TOKEN_KEYS_FILE": str(keys)}
    environment = {"SLACK_SIGNING_SECRET": SECRET} | oauth
    settings = config(slack, public_url="https://bot.example.org")

    def seen(channel: str, workspace: str) -> tuple[str, ...] | None:
        return ("coast",) if workspace == "T1" else None

    with pytest.raises(ChatError, match="under `places`") as caught:
        async with chat(StubDesk(), settings, environment, database, seen, http=True):
            pass
    assert "\n" not in str(caught.value)
    async with chat(StubDesk(), settings, environment, database, lambda *_: (), http=True):
        pass


async def test_a_workspace_sees_what_is_listed_for_it(slack: FakeSlack, database: str) -> None:
    desk = StubDesk()
    asked = []

    def seen(channel: str, workspace: str) -> tuple[str, ...] | None:
        asked.append((channel, workspace))
        return ("coast",)

    async with chat(desk, config(slack), TOKENS, database, seen, http=False):
        await until(lambda: bool(slack.sockets))
        await slack.deliver(payloads.slash("/whois", "gref", slack.response_url()))
        await slack.deliver(payloads.home_opened())
        await until(lambda: bool(slack.responses and slack.views))
    assert asked == [(payloads.CHANNEL, payloads.TEAM), ("", payloads.TEAM)]
    assert {asker.dossiers for _, asker in desk.asked} == {("coast",)}


async def test_a_port_in_use_is_one_sentence(slack: FakeSlack, database: str) -> None:
    taken = int(slack.url.rpartition(":")[2])
    with pytest.raises(ChatError, match="Nothing can listen"):
        async with chat(StubDesk(), config(slack, port=taken), HTTP, database, lambda *_: None, http=True):
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


async def test_briefing_bot_run(slack: FakeSlack, tmp_path: Path) -> None:
    """The command itself: two tokens in the environment, an answer, a clean end; and after a restart."""
    settings = tmp_path / "briefing-bot.yaml"
    settings.write_text(
        f"briefings: {ROOT / 'briefings'}\nstate: {tmp_path / 'kept'}\nweb: {{port: 0}}\n"
        f"slack: {{base_url: '{slack.base_url}', names: [{{command: who, name: people}}]}}\n"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)} | TOKENS
    command = payloads.slash("/people", "gref", slack.response_url())

    def answered(count: int) -> bool:
        return len(slack.responses) == count

    for turn in (1, 2):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "--config", str(settings), "run"),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        await until(lambda: bool(slack.sockets), 30)
        await slack.deliver(command)
        await slack.deliver(payloads.slash("/due", "", slack.response_url()))
        await until(partial(answered, turn + 1), 30)
        process.send_signal(signal.SIGTERM)
        out, errors = await asyncio.wait_for(process.communicate(), 15)
        assert process.returncode == 0, errors
        assert b"Slack is served at https://example.slack.com/." in out
        assert b"Traceback" not in errors
        assert b"xoxb" not in out + errors
        await until(lambda: not slack.sockets)
    assert slack.responses[0]["text"].startswith("German Gref")
    assert "/people gref" in str(slack.responses[0]["blocks"])


def test_the_command_line_starts_without_slacks_libraries() -> None:
    heavy = "{'slack_bolt', 'slack_sdk', 'sqlalchemy', 'aiohttp', 'cryptography'}"
    code = f"import sys, bot.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


async def test_what_the_libraries_log_is_one_line_without_tokens() -> None:
    with structlog.testing.capture_logs() as logs:
        quiet_logger().error("it broke\nwith %s", "xoxb-1-secret-token and xapp-1-A-2-b")
    assert [one["said"] for one in logs] == ["it broke with (token) and (token)"]


async def test_a_silence_that_is_too_short_is_refused(slack: FakeSlack, database: str) -> None:
    for seconds in (0, -1, 29):
        settings = config(slack, silence_seconds=seconds)
        with pytest.raises(ChatError, match="less than 30"):
            async with chat(StubDesk(), settings, TOKENS, database, lambda *_: None, http=False):
                pass
