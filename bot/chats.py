"""The chats that a configuration sets up: what each adapter is given, and when it is served."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Protocol

import msgspec
import structlog

from bot import posting
from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.config import is_set_up as is_discord
from bot.adapters.slack.cli import is_set_up as is_slack
from bot.adapters.slack.config import SlackConfig
from bot.config import Config, Platform, Switch
from bot.posts.authorise import MANAGERS
from bot.service import Service

log = structlog.get_logger(__name__)


class Served(Protocol):
    """A chat that is being served; as a string, it says so in one sentence."""

    @property
    def posting(self) -> posting.Chat:
        """How posts are sent to it."""

    @property
    def heard(self) -> float | None:
        """When it last delivered something, in seconds since 1970; None if it has not yet."""


Chat = AbstractAsyncContextManager[Served]
"""A chat being served while it is entered."""


def chats_of(service: Service, environ: Mapping[str, str], *, http: bool) -> list[Chat]:
    """Return the chats whose tokens the environment holds; with `http` they listen instead of connecting."""
    chats: list[Chat] = []
    if is_slack(environ):
        chats.append(_slack(service, environ, http=http))
    if is_discord(environ):
        chats.append(_discord(service, environ, http=http))
    return chats


def slack_config(config: Config) -> SlackConfig:
    """Return what the configuration says of Slack, in the adapter's terms."""
    given = msgspec.structs.asdict(config.slack)
    names = {one.command: one.name for one in config.slack.names}
    rows = [one for one in config.posts.allow if one.platform is Platform.SLACK]
    groups = tuple(dict.fromkeys(role for one in rows for role in one.roles if role != MANAGERS))
    return SlackConfig(**given | {"names": names, "groups": groups})


def discord_config(config: Config) -> DiscordConfig:
    """Return what the configuration says of Discord, in the adapter's terms."""
    given = msgspec.structs.asdict(config.discord)
    table: dict[str, dict[str, str]] = {}
    for one in config.discord.translations:
        table.setdefault(one.locale, {})[one.english] = one.translated
    switches = {name: given[name] is Switch.ON for name in ("mentions", "sync")}
    return DiscordConfig(**given | switches | {"translations": table})


def _slack(service: Service, environ: Mapping[str, str], *, http: bool) -> Chat:
    from bot.adapters.slack.cli import chat  # noqa: PLC0415 -- Slack's libraries only where Slack is served

    config = service.config
    seen = partial(config.dossiers, "slack")
    return chat(service.desk, slack_config(config), environ, config.database_url, seen, http=http)


def _discord(service: Service, environ: Mapping[str, str], *, http: bool) -> Chat:
    from bot.adapters.discord.chat import serving_discord  # noqa: PLC0415 -- as above

    config = service.config
    seen = partial(config.dossiers, "discord")
    rows = [one.channel for one in config.places if one.platform is Platform.DISCORD]
    if rows and "" not in rows:
        log.warning(
            "everywhere else in Discord, direct messages included, all dossiers are seen",
            fix="Add a place of the platform discord without a channel.",
        )
    return serving_discord(
        service.desk, discord_config(config), environ, seen, database=config.database_url, http=http
    )
