"""What an operator says about Slack: the `slack` part of the configuration, and the secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

API: str = "https://slack.com/api/"


class SlackConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the bot behaves in Slack. Nothing in it is secret.

    `names` renames commands in Slack (`who: whois`), since all apps of a workspace share one namespace.
    `public` lists commands (`/timeline`) and channel ids (`C0123ABCD`) whose answers everyone sees; all
    others are seen by the asker only. `host`, `port` and `public_url` matter with `--http`.
    `silence_seconds` is how long Socket Mode may be silent before it is connected anew. `base_url` and
    `authorize_url` differ in GovSlack. `groups` are the ids of user groups (`S0123ABCD`) whose members may do
    what the configuration lets them; naming one makes the app ask for one more scope.
    """

    app_name: str = "Briefing"
    names: dict[str, str] = {}
    public: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 3000
    public_url: str = ""
    silence_seconds: float = 120.0
    base_url: str = API
    authorize_url: str = "https://slack.com/oauth/v2/authorize"


class SlackSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens and secrets; only ever read from the environment and from secret files."""

    bot_token: str = ""
    app_token: str = ""
    signing_secret: str = ""
    client_id: str = ""
    client_secret: str = ""
    token_keys: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Name what is set, never its value."""
        there = [name for name in self.__struct_fields__ if getattr(self, name)]
        return f"SlackSecrets({', '.join(there)})"


class SettingError(ValueError):
    """Something that Slack needs is missing or not what it should be; the message says what to do."""


_SHAPES = {
    "bot_token": ("SLACK_BOT_TOKEN", re.compile(r"xoxe?[bp.][-.A-Za-z0-9]{8,}"), "begins with xoxb-"),
    "app_token": ("SLACK_APP_TOKEN", re.compile(r"xapp-[-A-Za-z0-9]{8,}"), "begins with xapp-"),
}


def secrets_from(environment: Mapping[str, str], token_keys: str = "") -> SlackSecrets:
    """Return the secrets of an environment; `token_keys` is the text of the key file, newest key first.

    Raises:
        SettingError: a token does not look like one, with the name of the variable.
    """
    found = {
        "bot_token": environment.get("SLACK_BOT_TOKEN", "").strip(),
        "app_token": environment.get("SLACK_APP_TOKEN", "").strip(),
        "signing_secret": environment.get("SLACK_SIGNING_SECRET", "").strip(),
        "client_id": environment.get("SLACK_CLIENT_ID", "").strip(),
        "client_secret": environment.get("SLACK_CLIENT_SECRET", "").strip(),
    }
    for name, (variable, shape, begins) in _SHAPES.items():
        if found[name] and not shape.fullmatch(found[name]):
            raise SettingError(f"{variable} is not such a token: one {begins}.")
    return SlackSecrets(**found, token_keys=tuple(token_keys.split()))


def require(secrets: SlackSecrets, *, http: bool) -> None:
    """Check that the secrets suffice for Socket Mode, or for HTTP with one or with many workspaces.

    Raises:
        SettingError: with the variables that are missing and where to find their values.
    """
    where = {
        "bot_token": ("SLACK_BOT_TOKEN", "OAuth & Permissions → Bot User OAuth Token"),
        "app_token": ("SLACK_APP_TOKEN", "Basic Information → App-Level Tokens, scope connections:write"),
        "signing_secret": ("SLACK_SIGNING_SECRET", "Basic Information → Signing Secret"),
        "client_secret": ("SLACK_CLIENT_SECRET", "Basic Information → Client Secret"),
        "token_keys": ("the key file", "write one with `briefing-bot slack key`"),
    }
    if not http:
        wanted = ["bot_token", "app_token"]
    elif secrets.client_id:
        wanted = ["signing_secret", "client_secret", "token_keys"]
    else:
        wanted = ["signing_secret", "bot_token"]
    missing = [where[name] for name in wanted if not getattr(secrets, name)]
    if missing:
        listed = "; ".join(f"{name} ({place})" for name, place in missing)
        raise SettingError(f"Slack needs {listed}.")
