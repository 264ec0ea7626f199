"""Many workspaces: installation, refusal of every wrong state, encryption, renewal of tokens."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet
from fakes import slack_payloads as payloads
from fakes.slack import Fault
from samples import reply
from slack_kit import SECRET, Kit, kit_fixture, slack_fixture  # noqa: F401 - fixtures
from slack_sdk.oauth.installation_store.file import FileInstallationStore
from sqlalchemy import inspect
from test_slack_guard import signed

from bot import posting
from bot.adapters.slack.app import bolt_app
from bot.adapters.slack.config import SettingError, SlackConfig, SlackSecrets
from bot.adapters.slack.failures import SlackFailureError
from bot.adapters.slack.guard import Guard
from bot.adapters.slack.installations import SEALED_LENGTH, Installations, Vault, new_key
from bot.adapters.slack.intake import Place
from bot.adapters.slack.posting import SlackChat
from bot.adapters.slack.server import Server
from bot.adapters.slack.teams import Teams
from bot.adapters.slack.workspaces import ManyWorkspaces, open_workspaces, refuse_passing_stores
from bot.posting import Outcome, PostError
from bot.state import State

# slack_sdk 3.47 uses a class of aiohttp 3.14 that will go in aiohttp 4; pyproject.toml keeps that out.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

KEY = Fernet.generate_key().decode()
SECRETS = SlackSecrets(client_id="1.2", client_secret="shh", signing_secret=SECRET, token_keys=(KEY,))
CONFIG = SlackConfig(public_url="https://bot.example.org")
TEAM = Place(team=payloads.TEAM, channel=payloads.CHANNEL)
NEWS = posting.Place(platform="slack", workspace=payloads.TEAM, channel=payloads.CHANNEL)
REDIRECT = "/slack/oauth_redirect"


class House:
    """A bot for many workspaces behind HTTP; `time` is its clock."""

    def __init__(self, kit: Kit, session: ClientSession) -> None:
        self.kit = kit
        self.session = session
        self.time = 1_732_000_000.0

    async def open(self) -> TestServer:
        self.workspaces, flow = await open_workspaces(
            self.kit.state, self.kit.web, CONFIG, SECRETS, now=lambda: self.time
        )
        self.kit.answering._workspaces = self.workspaces
        app = bolt_app(self.kit.answering, self.kit.work, client=self.kit.web.client(None), oauth_flow=flow)
        server = Server(app, Guard(SECRET, now=lambda: 1_732_000_000), dict)
        self.server = TestServer(server.web_app(), host="127.0.0.1")
        await self.server.start_server()
        return self.server

    def chat(self) -> SlackChat:
        return SlackChat(Teams(self.workspaces, self.kit.state), self.kit.state, self.kit.answering.names)

    async def get(self, path: str, cookie: str = "", **query: str) -> tuple[int, str, Any]:
        headers = {"Cookie": cookie} if cookie else {}
        url = self.server.make_url(path)
        async with self.session.get(url, params=query, headers=headers) as response:
            return response.status, await response.text(), response.headers

    async def begin(self) -> tuple[str, str]:
        """Open the installation page; return the state and the browser's cookie."""
        status, text, headers = await self.get("/slack/install")
        assert status == 200
        (address,) = re.findall(r'href="(https://slack\.com/oauth[^"]+)"', html.unescape(text))
        query = parse_qs(urlsplit(address).query)
        assert query["redirect_uri"] == ["https://bot.example.org/slack/oauth_redirect"]
        assert set(query["scope"][0].split(",")) >= {"commands", "chat:write"}
        cookie = headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "Secure" in cookie
        return query["state"][0], cookie.partition(";")[0]

    async def install(self) -> None:
        state, cookie = await self.begin()
        self.kit.slack.codes["good"] = {}
        status, text, _ = await self.get(REDIRECT, cookie, code="good", state=state)
        assert (status, "Thank you" in text) == (200, True)


@pytest.fixture(name="state")
async def state_fixture(database: str) -> AsyncIterator[State]:
    made = State(database)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def house(kit: Kit) -> AsyncIterator[House]:
    async with ClientSession() as session:
        made = House(kit, session)
        server = await made.open()
        yield made
        await server.close()


async def mention(house: House, text: str) -> None:
    body = payloads.form(payloads.mention(text))
    url = house.server.make_url("/slack/events")
    headers = signed(body) | {"Content-Type": "application/json"}
    async with house.session.post(url, data=body, headers=headers) as response:
        assert response.status == 200
    await house.kit.settled()


async def test_install_then_ask(house: House) -> None:
    await house.install()
    await mention(house, "who gref")
    (message,) = house.kit.slack.ephemerals
    assert message["token"].startswith("xoxe.xoxb-")


async def test_two_workspaces_use_their_own_tokens(house: House) -> None:
    await house.install()
    state, cookie = await house.begin()
    house.kit.slack.codes["other"] = {"team": {"id": "T0OTHER", "name": "Other"}}
    assert (await house.get(REDIRECT, cookie, code="other", state=state))[0] == 200
    first = await house.workspaces.client(TEAM)
    second = await house.workspaces.client(Place(team="T0OTHER"))
    assert first.token != second.token


async def test_an_organisation_is_one_installation(house: House) -> None:
    state, cookie = await house.begin()
    grant = {"team": None, "enterprise": {"id": "E0", "name": "Org"}, "is_enterprise_install": True}
    house.kit.slack.codes["org"] = grant
    assert (await house.get(REDIRECT, cookie, code="org", state=state))[0] == 200
    place = Place(team="T0ANY", enterprise="E0", is_enterprise_install=True)
    assert (await house.workspaces.client(place)).token


async def test_a_workspace_without_the_app_is_said(house: House) -> None:
    with pytest.raises(SlackFailureError, match="/slack/install") as caught:
        await house.workspaces.client(TEAM)
    assert caught.value.outcome is Outcome.PERMANENT
    await mention(house, "who gref")
    assert house.kit.answering.counts.failed == 1


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *(("forged", 400), ("forged with cookie", 401), ("no state", 400), ("no cookie", 400)),
        *(("other browser", 400), ("replayed", 401), ("expired", 401), ("no code", 401), ("bad code", 401)),
        *(("cancelled", 200), ("long", 404), ("sql", 400)),
    ],
)
async def test_a_wrong_state_installs_nothing(house: House, name: str, status: int) -> None:
    state, cookie = await house.begin()
    house.kit.slack.codes["good"] = {}
    jar = cookie.partition("=")[0]
    if name == "replayed":
        house.kit.slack.codes["good"], house.kit.slack.codes["again"] = {}, {}
        assert (await house.get(REDIRECT, cookie, code="good", state=state))[0] == 200
        assert (await house.get(REDIRECT, cookie, code="again", state=state))[0] == status
        assert "again" in house.kit.slack.codes
        return
    if name == "expired":
        house.time += 601
    other = (await house.begin())[1]
    injected = "' OR 1=1 --"
    answers = {
        "forged": ({"code": "good", "state": "f" * 32}, cookie),
        "forged with cookie": ({"code": "good", "state": "f" * 32}, f"{jar}={'f' * 32}"),
        "no state": ({"code": "good"}, cookie),
        "no cookie": ({"code": "good", "state": state}, ""),
        "other browser": ({"code": "good", "state": state}, other),
        "expired": ({"code": "good", "state": state}, cookie),
        "no code": ({"state": state}, cookie),
        "bad code": ({"code": "bad", "state": state}, cookie),
        "cancelled": ({"error": "<script>access_denied", "state": state}, cookie),
        "long": ({"code": "x" * 5_000, "state": state}, cookie),
        "sql": ({"code": "good", "state": injected}, f"{jar}={injected}"),
    }
    query, cookies = answers[name]
    got, text, _ = await house.get(REDIRECT, cookies, **query)
    assert got == status
    assert "<script>" not in text
    with pytest.raises(SlackFailureError):
        await house.workspaces.client(TEAM)


async def test_tokens_are_encrypted_at_rest(house: House, tmp_path: Path) -> None:
    await house.install()
    rows: list[Any] = []
    async with house.kit.state.engine.connect() as connection:
        for table in ("slack_bots", "slack_installations"):
            query = f"select bot_token, bot_refresh_token from {table}"
            rows += await connection.exec_driver_sql(query)
    assert len(rows) == 2
    for row in rows:
        for sealed in row:
            assert sealed.startswith("gAAAAA")
            assert len(sealed) <= SEALED_LENGTH
    files = await asyncio.to_thread(lambda: [file.read_bytes() for file in tmp_path.glob("state.db*")])
    assert not any(b"xoxe" in data for data in files)


async def test_keys_can_be_changed_but_not_lost(house: House) -> None:
    await house.install()
    engine, client_id = house.kit.state.engine, SECRETS.client_id
    who: dict[str, Any] = {"enterprise_id": None, "team_id": payloads.TEAM}
    newer = Installations(client_id, engine, Vault([new_key(), KEY]))
    bot = await newer.async_find_bot(**who)
    assert bot is not None
    assert bot.bot_token.startswith("xoxe.xoxb-")
    full = await newer.async_find_installation(**who, user_id=payloads.USER)
    assert full is not None
    assert full.bot_token == bot.bot_token
    with pytest.raises(SlackFailureError, match="key file"):
        await Installations(client_id, engine, Vault([new_key()])).async_find_bot(**who)


@pytest.mark.parametrize("keys", [(), ("x",), ("",), (KEY, "short")])
def test_a_bad_key_file_is_said(keys: tuple[str, ...]) -> None:
    with pytest.raises(SettingError, match="slack key"):
        Vault(keys)


async def expire(house: House, seconds: float) -> str:
    """Let the stored token expire in so many seconds of the house's clock; return it."""
    bot = await house.workspaces._store.async_find_bot(enterprise_id=None, team_id=payloads.TEAM)
    assert bot is not None
    assert bot.bot_token_expires_at is not None
    house.time = bot.bot_token_expires_at - seconds
    house.kit.slack.expires_in = 30 * 43_200  # the renewed one lives longer than the clock was moved
    return str(bot.bot_token)


async def test_a_token_is_renewed_outside_a_request_at_our_address(house: House) -> None:
    await house.install()
    old = await expire(house, 3_600)
    await house.chat().post(NEWS, await house.chat().render(reply()), "key")
    assert house.kit.slack.messages[0]["token"] != old
    refreshed = [one for method, one in house.kit.slack.calls if one.get("grant_type") == "refresh_token"]
    assert len(refreshed) == 1


async def test_a_token_with_time_left_is_not_renewed(house: House) -> None:
    await house.install()
    old = await expire(house, 3 * 3_600)
    assert (await house.workspaces.client(TEAM)).token == old


async def test_many_at_once_renew_once(house: House) -> None:
    await house.install()
    await expire(house, 60)
    clients = await asyncio.gather(*(house.workspaces.client(TEAM) for _ in range(10)))
    assert len({client.token for client in clients}) == 1
    assert sum(one.get("grant_type") == "refresh_token" for _, one in house.kit.slack.calls) == 1


async def test_another_replica_renewed_it_first(house: House) -> None:
    await house.install()
    await expire(house, 60)
    here = house.workspaces
    bot = await here._store.async_find_bot(enterprise_id=None, team_id=payloads.TEAM)
    assert bot is not None
    theirs = ManyWorkspaces(here._store, house.kit.web, SECRETS, lambda: house.time)
    await theirs.client(TEAM)
    fresh = (await here._store.async_find_bot(enterprise_id=None, team_id=payloads.TEAM)).bot_token  # type: ignore[union-attr]
    assert await here._fresh_token(bot, TEAM) == fresh


@pytest.mark.parametrize(
    ("fault", "left", "outcome"),
    [
        (Fault.error("invalid_refresh_token"), -1, Outcome.PERMANENT),
        (Fault.server(500), -1, Outcome.TRANSIENT),
        (Fault.cut(accepted=False), -1, Outcome.TRANSIENT),
        (Fault.error("invalid_refresh_token"), 60, None),
        (Fault.server(500), 60, None),
        (Fault.said("null", accepted=False), 60, None),
    ],
)
async def test_a_renewal_that_fails(house: House, fault: Fault, left: float, outcome: Outcome | None) -> None:
    await house.install()
    old = await expire(house, left)
    house.kit.slack.faults["oauth.v2.access"] = [fault]
    if outcome is None:
        assert (await house.workspaces.client(TEAM)).token == old
        return
    with pytest.raises(PostError) as caught:
        await house.chat().post(NEWS, await house.chat().render(reply()), "key")
    assert caught.value.outcome is outcome


@pytest.mark.parametrize(
    ("event", "gone"),
    [
        ({"type": "app_uninstalled"}, True),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U0BOT"]}}, True),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U0ADA"]}}, False),
    ],
)
async def test_an_uninstalled_app_is_forgotten(house: House, event: dict[str, Any], gone: bool) -> None:
    await house.install()
    body = payloads.form(payloads.event(event))
    url = house.server.make_url("/slack/events")
    async with house.session.post(
        url, data=body, headers=signed(body) | {"Content-Type": "application/json"}
    ) as response:
        assert response.status == 200
    await house.kit.settled()
    if not gone:
        assert (await house.workspaces.client(TEAM)).token
        return
    with pytest.raises(SlackFailureError, match="not installed"):
        await house.workspaces.client(TEAM)
    found = await house.workspaces._store.async_find_installation(enterprise_id=None, team_id=payloads.TEAM)
    assert found is None


async def test_file_stores_and_memory_are_refused(kit: Kit, tmp_path: Path) -> None:
    _, flow = await open_workspaces(kit.state, kit.web, CONFIG, SECRETS)
    assert flow.settings.authorize.token_rotator.client.base_url == kit.slack.base_url  # type: ignore[attr-defined]
    refuse_passing_stores(flow, kit.state)
    flow.settings.installation_store = FileInstallationStore(base_dir=str(tmp_path))
    with pytest.raises(SettingError, match="database"):
        refuse_passing_stores(flow, kit.state)
    memory = State("sqlite://")
    with pytest.raises(SettingError, match="database"):
        await open_workspaces(memory, kit.web, CONFIG, SECRETS)
    await memory.close()


@pytest.mark.parametrize("url", ["", "http://bot.example.org", "bot.example.org"])
async def test_a_public_address_is_https(kit: Kit, url: str) -> None:
    with pytest.raises(SettingError, match="public_url"):
        await open_workspaces(kit.state, kit.web, SlackConfig(public_url=url), SECRETS)


@pytest.mark.parametrize("what", ["dropped", "database", "page"])
async def test_an_installation_that_fails_says_try_again(house: House, what: str) -> None:
    state, cookie = await house.begin()
    house.kit.slack.codes["good"] = {}
    if what == "dropped":
        house.kit.slack.faults["oauth.v2.access"] = [Fault.cut()]
    else:
        async with house.kit.state.engine.begin() as connection:
            for name in await connection.run_sync(lambda given: inspect(given).get_table_names()):
                await connection.exec_driver_sql(f"DROP TABLE {name}")
    path = "/slack/install" if what == "page" else REDIRECT
    status, text, _ = await house.get(path, cookie, code="good", state=state)
    assert (status, "try again" in text) == (503, True)
    assert "Traceback" not in text


async def test_workspaces_of_one_organisation_renew_its_token_one_by_one(house: House) -> None:
    state, cookie = await house.begin()
    grant = {"team": None, "enterprise": {"id": "E0", "name": "Org"}, "is_enterprise_install": True}
    house.kit.slack.codes["org"] = grant
    assert (await house.get(REDIRECT, cookie, code="org", state=state))[0] == 200
    bot = await house.workspaces._bot(Place(team="T1", enterprise="E0", is_enterprise_install=True))
    assert bot is not None
    assert bot.bot_token_expires_at is not None
    house.time = bot.bot_token_expires_at - 60
    house.kit.slack.expires_in = 30 * 43_200
    places = [Place(team=f"T{n}", enterprise="E0", is_enterprise_install=True) for n in range(4)]
    clients = await asyncio.gather(*map(house.workspaces.client, places))
    assert len({one.token for one in clients}) == 1
    renewals = [given for name, given in house.kit.slack.calls if given.get("grant_type") == "refresh_token"]
    assert len(renewals) == 1
