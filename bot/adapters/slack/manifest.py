"""The app manifest, from the declared commands: what Slack is told that the app is and may do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import yaml

from bot.adapters.slack import limits
from bot.adapters.slack.config import SlackConfig
from bot.adapters.slack.intake import LOOK_UP
from bot.adapters.slack.names import Names
from bot.adapters.slack.server import EVENTS_PATH

INSTALL_PATH: Final = "/slack/install"
REDIRECT_PATH: Final = "/slack/oauth_redirect"


class Scope(msgspec.Struct, frozen=True):
    """A permission, and why the app asks for it."""

    name: str
    reason: str


SCOPES: Final = (
    Scope("app_mentions:read", "hears “@Briefing who …” in channels it was invited to"),
    Scope(
        "channels:history", "finds its own scheduled post again after a lost answer, instead of posting twice"
    ),
    Scope("chat:write", "writes answers and scheduled posts"),
    Scope("commands", "slash commands, and the shortcut “Look this up”"),
    Scope("groups:history", "the same as channels:history, in private channels it was invited to"),
    Scope("im:history", "hears direct messages to it"),
    Scope("users:read", "looks up whether somebody who changes a schedule is an owner or administrator"),
)
"""The least the app needs. Nothing lists people, files or channels, and e-mail addresses stay unread."""

GROUPS: Final = Scope(
    "usergroups:read",
    "looks up whether somebody is in a user group that the configuration lets manage schedules; only then",
)

EVENTS: Final = ("app_home_opened", "app_mention", "app_uninstalled", "message.im", "tokens_revoked")


def scopes(config: SlackConfig) -> tuple[Scope, ...]:
    """Return the scopes that the app needs with this configuration."""
    return (*SCOPES, GROUPS) if config.groups else SCOPES


class ManifestError(ValueError):
    """A manifest that Slack would refuse; the message says what to change."""


def manifest(names: Names, config: SlackConfig, *, http: bool = False, oauth: bool = False) -> dict[str, Any]:
    """Return the manifest of the app for Socket Mode, or for HTTP under the configured `public_url`.

    Raises:
        ManifestError: Slack would refuse it.
    """
    base = config.public_url.rstrip("/")
    if http and not base.startswith("https://"):
        raise ManifestError("HTTP mode needs `slack.public_url`, an https address that Slack can reach.")
    address = f"{base}{EVENTS_PATH}"
    url = {"url": address} if http else {}
    request_url = {"request_url": address} if http else {}
    menus = {"message_menu_options_url": address} if http else {}
    redirect = {"redirect_urls": [f"{base}{REDIRECT_PATH}"]} if oauth else {}
    made = {
        "display_information": {
            "name": config.app_name,
            "description": "Answers from a curated fact base: every sentence attributed, dated and cited.",
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": config.app_name, "always_online": True},
            "shortcuts": [
                {
                    "name": "Look this up",
                    "type": "message",
                    "callback_id": LOOK_UP,
                    "description": "Finds the names in a message that the fact base knows",
                }
            ],
            "slash_commands": [
                {
                    "command": f"/{names.of(command)}",
                    **url,
                    "description": command.summary,
                    **({"usage_hint": hint} if (hint := command.usage.partition(" ")[2]) else {}),
                    "should_escape": False,
                }
                for command in names.registry
            ],
        },
        "oauth_config": {**redirect, "scopes": {"bot": [scope.name for scope in scopes(config)]}},
        "settings": {
            "event_subscriptions": {**request_url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request_url, **menus},
            "org_deploy_enabled": oauth,
            "socket_mode_enabled": not http,
            "token_rotation_enabled": oauth,
        },
    }
    _refuse(made)
    return made


def as_json(made: dict[str, Any]) -> str:
    """Return a manifest as JSON text."""
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


def as_yaml(made: dict[str, Any]) -> str:
    """Return a manifest as YAML text."""
    return yaml.safe_dump(made, allow_unicode=True, sort_keys=False, width=1_000)


def create_link(made: dict[str, Any]) -> str:
    """Return the address that opens Slack's "create app" page with the manifest filled in."""
    compact = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    return f"https://api.slack.com/apps?{urlencode({'new_app': '1', 'manifest_json': compact})}"


def compare_scopes(granted: Iterable[str], config: SlackConfig) -> tuple[list[Scope], list[str]]:
    """Return the scopes that a token lacks, and those it has without need."""
    has, wanted = set(granted), scopes(config)
    return (
        [scope for scope in wanted if scope.name not in has],
        sorted(has - {scope.name for scope in wanted}),
    )


def scope_table() -> str:
    """Return the scopes with their reasons as a Markdown table, for the documentation."""
    rows = [f"| `{scope.name}` | {scope.reason} |" for scope in (*SCOPES, GROUPS)]
    return "\n".join(["| scope | why |", "|---|---|", *rows])


def _refuse(made: dict[str, Any]) -> None:
    """Hold the manifest to what Slack's manifest schema asks, in words that say what to change."""
    name = made["display_information"]["name"]
    if not 1 <= len(name) <= limits.APP_NAME:
        raise ManifestError(f"The app's name has {len(name)} characters; Slack takes 1 to {limits.APP_NAME}.")
    commands = made["features"]["slash_commands"]
    if len(commands) > limits.COMMANDS:
        raise ManifestError(f"There are {len(commands)} commands; Slack takes {limits.COMMANDS} an app.")
    for command in commands:
        if len(command.get("usage_hint", "")) > limits.USAGE_HINT:
            raise ManifestError(f"The usage hint of {command['command']} is longer than {limits.USAGE_HINT}.")
