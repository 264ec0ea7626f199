"""The manifest that Slack accepts, held to its published schema (v1) by the fields that we use."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import typer
import yaml
from fakes.slack import TOKEN, FakeSlack
from slack_kit import REGISTRY, kit_fixture, slack_fixture, state_fixture  # noqa: F401 - fixtures
from typer.testing import CliRunner

from bot.adapters.slack.cli import granted_scopes, read_secrets, slack_typer
from bot.adapters.slack.config import SettingError, SlackConfig, SlackSecrets, require, secrets_from
from bot.adapters.slack.failures import SlackFailureError
from bot.adapters.slack.manifest import (
    SCOPES,
    ManifestError,
    as_json,
    as_yaml,
    compare_scopes,
    create_link,
    manifest,
    scope_table,
    scopes,
)
from bot.adapters.slack.names import NameRefusedError, Names
from bot.config import Slack
from bot.registry import SLACK_RESERVED, Registry
from bot.reply import Kind, Reply

CONFIG = SlackConfig(public_url="https://bot.example.org/")

# The part of schemas/manifest.schema.1.0.0.json of slackapi/manifest-schema that the manifest touches:
# required and optional keys, and the lengths.
SCHEMA: dict[str, tuple[set[str], set[str]]] = {
    "": ({"display_information"}, {"features", "oauth_config", "settings"}),
    "display_information": ({"name"}, {"description", "background_color", "long_description"}),
    "features": (set(), {"app_home", "bot_user", "shortcuts", "slash_commands"}),
    "features.app_home": (
        set(),
        {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    ),
    "features.bot_user": ({"display_name"}, {"always_online"}),
    "features.shortcuts": ({"name", "type", "callback_id", "description"}, set()),
    "features.slash_commands": ({"command", "description"}, {"url", "usage_hint", "should_escape"}),
    "oauth_config": (set(), {"redirect_urls", "scopes"}),
    "oauth_config.scopes": (set(), {"bot", "user"}),
    "settings": (
        set(),
        {
            *("event_subscriptions", "interactivity", "org_deploy_enabled", "socket_mode_enabled"),
            "token_rotation_enabled",
        },
    ),
    "settings.event_subscriptions": (set(), {"request_url", "bot_events"}),
    "settings.interactivity": ({"is_enabled"}, {"request_url", "message_menu_options_url"}),
}
LENGTHS = {
    "display_information.name": (1, 35),
    "display_information.description": (1, 140),
    "features.bot_user.display_name": (1, 80),
    "features.shortcuts.name": (1, 24),
    "features.shortcuts.description": (1, 150),
    "features.slash_commands.command": (2, 32),
    "features.slash_commands.description": (1, 2_000),
    "features.slash_commands.usage_hint": (1, 1_000),
}


def problems(one: Any, path: str = "") -> list[str]:
    if isinstance(one, list):
        return [found for item in one for found in problems(item, path)]
    if not isinstance(one, dict):
        least, most = LENGTHS.get(path, (0, 10_000))
        return (
            []
            if not isinstance(one, str) or least <= len(one) <= most
            else [f"{path}: {len(one)} characters"]
        )
    required, optional = SCHEMA[path]
    found = [f"{path}: missing {name}" for name in required - set(one)]
    found += [f"{path}: unknown {name}" for name in set(one) - required - optional]
    for name, value in one.items():
        found += problems(value, f"{path}.{name}".lstrip("."))
    return found


@pytest.mark.parametrize(("http", "oauth"), [(False, False), (True, False), (True, True)])
def test_slack_accepts_it(http: bool, oauth: bool) -> None:
    made = manifest(Names(REGISTRY), CONFIG, http=http, oauth=oauth)
    assert problems(made) == []
    commands = [one["command"] for one in made["features"]["slash_commands"]]
    assert commands == ["/briefing", "/whois", "/timeline", "/search-facts", "/due", "/schedule"]
    assert not {one.lstrip("/") for one in commands} & SLACK_RESERVED
    assert made["settings"]["socket_mode_enabled"] is not http
    assert ("url" in made["features"]["slash_commands"][0]) is http
    assert made["settings"]["token_rotation_enabled"] is oauth
    assert bool(made["oauth_config"].get("redirect_urls")) is oauth


def test_usage_hints_come_from_the_declarations() -> None:
    made = manifest(Names(REGISTRY), CONFIG)
    whois = made["features"]["slash_commands"][1]
    assert whois["usage_hint"].startswith("NAME")
    assert whois["description"] == "Who or what a name stands for"


def test_json_yaml_and_the_link_say_the_same() -> None:
    made = manifest(Names(REGISTRY), CONFIG)
    assert json.loads(as_json(made)) == made == yaml.safe_load(as_yaml(made))
    query = parse_qs(urlsplit(create_link(made)).query)
    assert json.loads(query["manifest_json"][0]) == made


def test_renames() -> None:
    names = Names(REGISTRY, {"who": "people", "/timeline": "/chronik"})
    commands = [one["command"] for one in manifest(names, CONFIG)["features"]["slash_commands"]]
    assert {"/people", "/chronik"} <= set(commands)
    assert names.line("/people", "gref") == "/who gref"
    assert names.line("/chronik", "") == "/timeline"
    assert names.shown("Type /who gref or /timeline, not /whoever or a/who.") == (
        "Type /people gref or /chronik, not /whoever or a/who."
    )
    assert names.command_of("/briefing who gref") == "who"
    assert names.command_of("briefing sanctions") == "briefing"
    assert names.command_of("nonsense") == names.command_of("") == ""


@pytest.mark.parametrize(
    ("renamed", "said"),
    [
        ({"who": "who"}, "/whois"),
        ({"due": "remind"}, "slack.names"),
        ({"who": "x" * 32}, "/" + "x" * 20),
        ({"who": "Who"}, "lower case"),
        ({"who": "who is"}, "lower case"),
        ({"who": ""}, "lower case"),
        ({"who": "timeline"}, "Two commands"),
        ({"nobody": "x"}, "no command /nobody"),
    ],
)
def test_names_that_slack_refuses_are_refused_with_an_alias(renamed: dict[str, str], said: str) -> None:
    with pytest.raises(NameRefusedError, match=said):
        Names(REGISTRY, renamed)


def test_what_slack_refuses_is_refused_here() -> None:
    with pytest.raises(ManifestError, match="35"):
        manifest(Names(REGISTRY), SlackConfig(app_name="x" * 36))
    with pytest.raises(ManifestError, match="public_url"):
        manifest(Names(REGISTRY), SlackConfig(public_url="http://x"), http=True)
    many = Registry()
    for n in range(51):

        def command(base: object) -> Reply:
            """One of many."""
            return Reply(kind=Kind.NONE, title="", summary="")

        command.__name__ = f"c{n}"
        many.command(example=f"/c{n}")(command)
    with pytest.raises(ManifestError, match="50"):
        manifest(Names(many), CONFIG)


GROUP_CONFIG = SlackConfig(groups=("S0EDITORS",))


def test_every_scope_has_a_reason_and_none_is_more_than_needed() -> None:
    assert all(scope.reason for scope in scopes(GROUP_CONFIG))
    assert {scope.name for scope in scopes(SlackConfig())} == {
        *("app_mentions:read", "channels:history", "chat:write", "commands"),
        *("groups:history", "im:history", "users:read"),
    }
    assert {scope.name for scope in scopes(GROUP_CONFIG)} - {scope.name for scope in SCOPES} == {
        "usergroups:read"
    }
    assert scope_table().count("\n") == len(SCOPES) + 2


def test_the_manifest_asks_for_groups_only_where_one_is_named() -> None:
    names = Names(REGISTRY)
    asked = manifest(names, SlackConfig())["oauth_config"]["scopes"]["bot"]
    assert "usergroups:read" not in asked
    asked = manifest(names, GROUP_CONFIG)["oauth_config"]["scopes"]["bot"]
    assert "usergroups:read" in asked


def test_scopes_are_compared() -> None:
    missing, more = compare_scopes(["commands", "chat:write", "files:read"], SlackConfig())
    assert [scope.name for scope in missing] == [
        *("app_mentions:read", "channels:history", "groups:history", "im:history", "users:read"),
    ]
    assert more == ["files:read"]


async def test_the_token_tells_its_scopes(slack: FakeSlack) -> None:
    config = SlackConfig(base_url=slack.base_url)
    assert set(await granted_scopes(config, TOKEN)) == {scope.name for scope in SCOPES}
    with pytest.raises(SlackFailureError, match="revoked"):
        await granted_scopes(config, "xoxb-2-gone-token")
    with pytest.raises(SettingError, match="SLACK_BOT_TOKEN"):
        await granted_scopes(config, "")


@pytest.fixture
def app() -> typer.Typer:
    return slack_typer(lambda: REGISTRY, lambda _: CONFIG)


def test_command_line(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CliRunner().invoke
    assert problems(yaml.safe_load(run(app, ["manifest"]).stdout)) == []
    assert json.loads(run(app, ["manifest", "--format", "json", "--http"]).stdout)["settings"][
        "interactivity"
    ]
    assert run(app, ["manifest", "--link"]).stdout.startswith("https://api.slack.com/apps?new_app=1&")
    assert len(run(app, ["key"]).stdout.strip()) == 44
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    refused = run(app, ["manifest", "--check"])
    assert refused.exit_code == 1
    assert "SLACK_BOT_TOKEN" in refused.stderr


def test_a_bad_name_is_one_sentence() -> None:
    app = slack_typer(lambda: REGISTRY, lambda _: SlackConfig(names={"who": "who"}))
    refused = CliRunner().invoke(app, ["manifest"])
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert "Slack keeps /who for itself" in refused.stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SLACK_BOT_TOKEN": "xapp-1-abcdefgh"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xoxb-1-abcdefgh"}, "SLACK_APP_TOKEN"),
        ({"SLACK_TOKEN_KEYS_FILE": "nowhere"}, "nowhere"),
    ],
)
def test_secrets_that_are_none(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        read_secrets(environment)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Any) -> None:
    file = tmp_path / "keys"
    file.write_text("abc\ndef\n")
    file.chmod(0o644)
    with pytest.raises(SettingError, match="chmod 600"):
        read_secrets({"SLACK_TOKEN_KEYS_FILE": str(file)})
    file.chmod(0o600)
    assert read_secrets({"SLACK_TOKEN_KEYS_FILE": str(file)}).token_keys == ("abc", "def")


def test_secrets_are_never_shown() -> None:
    secrets = secrets_from({"SLACK_BOT_TOKEN": "xoxb-1-abcdefgh", "SLACK_SIGNING_SECRET": "deadbeef"})
    assert repr(secrets) == "SlackSecrets(bot_token, signing_secret)"


@pytest.mark.parametrize(
    ("secrets", "http", "said"),
    [
        (SlackSecrets(), False, "SLACK_BOT_TOKEN.*SLACK_APP_TOKEN"),
        (SlackSecrets(bot_token="x"), False, "SLACK_APP_TOKEN"),
        (SlackSecrets(bot_token="x"), True, "SLACK_SIGNING_SECRET"),
        (SlackSecrets(client_id="x", signing_secret="x"), True, "SLACK_CLIENT_SECRET.*key file"),
    ],
)
def test_what_is_missing_is_said(secrets: SlackSecrets, http: bool, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        require(secrets, http=http)


def test_the_documentation_has_every_scope_setting_and_variable() -> None:
    page = (Path(__file__).parents[3] / "docs" / "slack.md").read_text(encoding="utf-8")
    assert scope_table() in page
    for name in (*Slack.__struct_fields__, *SECRET_NAMES):
        assert name in page, f"{name} is not documented"
    for picture in re.findall(r"\]\((images/[^)]+)\)", page):
        assert (Path(__file__).parents[3] / "docs" / picture).is_file()


SECRET_NAMES = (
    *("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"),
    "SLACK_TOKEN_KEYS_FILE",
)
