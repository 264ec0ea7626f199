"""What an operator says about Discord: the `discord` part of the configuration, and the secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec


class DiscordConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the bot behaves in Discord. Nothing in it is secret.

    `public` lists commands (`/timeline`) and channel ids whose answers everyone sees; all others are seen by
    the asker only. `mentions` answers "@briefing who gref" and direct messages; without it no messages are
    received at all. `sync` compares the registered commands with the declared ones at start and replaces
    them where they differ. `translations` gives the commands' descriptions in other languages: Discord's
    locale (`de`, `pt-BR`), then the English sentence, then the translation. `host` and `port` matter with
    HTTP interactions. `silence_seconds` is how long a shard may say nothing before it is asked, and then
    connected anew; `shards` of 0 lets Discord say how many.
    """

    public: tuple[str, ...] = ()
    mentions: bool = True
    sync: bool = True
    translations: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 3001
    silence_seconds: float = 900.0
    shards: int = 0


class DiscordSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """The token, and for HTTP interactions the application's public key; only ever from the environment."""

    token: str = ""
    public_key: str = ""

    def __repr__(self) -> str:
        """Name what is set, never its value."""
        there = [name for name in self.__struct_fields__ if getattr(self, name)]
        return f"DiscordSecrets({', '.join(there)})"


class SettingError(ValueError):
    """Something that Discord needs is missing or not what it should be; the message says what to do."""


def is_set_up(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a token, so that `run` serves Discord too."""
    return bool(environment.get("DISCORD_TOKEN", "").strip())


_TOKEN = re.compile(r"[\w-]{18,}\.[\w-]{6,}\.[\w-]{20,}")
_KEY = re.compile(r"[0-9a-fA-F]{64}")


def secrets_from(environment: Mapping[str, str]) -> DiscordSecrets:
    """Return the secrets of an environment: DISCORD_TOKEN and DISCORD_PUBLIC_KEY.

    Raises:
        SettingError: one of them does not look like what it should be.
    """
    token = environment.get("DISCORD_TOKEN", "").strip().removeprefix("Bot ")
    key = environment.get("DISCORD_PUBLIC_KEY", "").strip()
    if token and not _TOKEN.fullmatch(token):
        raise SettingError(
            "DISCORD_TOKEN is no bot token: make one in the developer portal, page Bot, button Reset Token."
        )
    if key and not _KEY.fullmatch(key):
        raise SettingError(
            "DISCORD_PUBLIC_KEY is not a public key: it has 64 hexadecimal digits, page General Information."
        )
    return DiscordSecrets(token=token, public_key=key.lower())


def require(secrets: DiscordSecrets, *, http: bool = False) -> None:
    """Check that the secrets suffice.

    Raises:
        SettingError: one is missing, with the name of its variable.
    """
    if not secrets.token:
        raise SettingError("Set DISCORD_TOKEN to the bot's token (developer portal, page Bot).")
    if http and not secrets.public_key:
        raise SettingError(
            "Set DISCORD_PUBLIC_KEY to the public key (developer portal, General Information)."
        )
