"""Payloads as Discord sends them: application, guild, channels, threads, messages, interactions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.adapters.discord.limits import FLAG_COMPONENTS_V2

Json = dict[str, Any]

BOT_ID, APP_ID, GUILD_ID, USER_ID = 100, 100, 200, 300
TEXT_CHANNEL, FORUM_CHANNEL, THREAD_CHANNEL, GONE_CHANNEL, HIDDEN_CHANNEL = 400, 401, 402, 403, 404
USER: Json = {"id": str(USER_ID), "username": "alice", "discriminator": "0", "avatar": None}
BOT: Json = {"id": str(BOT_ID), "username": "briefing", "discriminator": "0", "avatar": None, "bot": True}


class Payloads:
    """What the fake's Discord holds, and how it looks on the wire."""

    def __init__(self) -> None:
        self.threads: dict[int, Json] = {}
        self.permissions = str((1 << 10) | (1 << 11) | (1 << 16) | (1 << 38))
        self._id = 10**18
        self.now: Callable[[], float] | None = None

    def application_payload(self) -> Json:
        """Return the application as its owner sees it."""
        return {
            "id": str(APP_ID),
            "name": "briefing",
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "owner": USER,
            "team": None,
            "summary": "",
        }

    def channel_payload(self, channel: int) -> Json:
        """Return a channel as the guild and the REST interface show it."""
        kind = {TEXT_CHANNEL: 0, HIDDEN_CHANNEL: 0, FORUM_CHANNEL: 15, THREAD_CHANNEL: 11}.get(channel, 0)
        payload: Json = {
            "id": str(channel),
            "type": kind,
            "guild_id": str(GUILD_ID),
            "name": f"channel-{channel}",
            "position": 0,
            "nsfw": False,
            "parent_id": None,
            "permission_overwrites": [],
        }
        if channel == HIDDEN_CHANNEL:
            payload["permission_overwrites"] = [
                {"id": str(GUILD_ID), "type": 0, "allow": "0", "deny": str(1 << 11)}
            ]
        if kind == 15:
            payload |= {"available_tags": [], "flags": 0, "default_reaction_emoji": None}
        if kind == 11 or channel in self.threads:
            payload |= self.threads.get(channel) or self._thread_payload(channel, TEXT_CHANNEL, "thread")
        return payload

    def _thread_payload(self, thread: int, parent: int, name: str) -> Json:
        return {
            "id": str(thread),
            "type": 11,
            "guild_id": str(GUILD_ID),
            "parent_id": str(parent),
            "owner_id": str(BOT_ID),
            "name": name,
            "message_count": 0,
            "member_count": 1,
            "rate_limit_per_user": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": "2026-01-01T00:00:00+00:00",
                "locked": False,
                "create_timestamp": "2026-01-01T00:00:00+00:00",
            },
        }

    def guild_payload(self, guild: int = GUILD_ID) -> Json:
        """Return a guild with its channels and the bot as its only member."""
        channels = [TEXT_CHANNEL, FORUM_CHANNEL, HIDDEN_CHANNEL]
        everyone = {
            "id": str(guild),
            "name": "@everyone",
            "permissions": self.permissions,
            "position": 0,
            "color": 0,
            "hoist": False,
            "managed": False,
            "mentionable": False,
        }
        member = {
            "user": BOT,
            "roles": [],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
        }
        return {
            "id": str(guild),
            "name": "Newsroom",
            "owner_id": str(USER_ID),
            "roles": [everyone],
            "emojis": [],
            "features": [],
            "channels": [self.channel_payload(one) for one in channels] if guild == GUILD_ID else [],
            "threads": [self._thread_payload(THREAD_CHANNEL, TEXT_CHANNEL, "thread")]
            if guild == GUILD_ID
            else [],
            "members": [member],
            "member_count": 2,
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "premium_tier": 0,
            "preferred_locale": "en-US",
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "system_channel_flags": 0,
            "afk_timeout": 300,
        }

    def snowflake(self) -> int:
        """Return a new id, later than all before."""
        self._id += 1 << 22
        if self.now is not None:
            self._id = max(self._id, int((self.now() - 1_420_070_400) * 1000) << 22)
        return self._id

    def message_payload(
        self, channel: int, author: Json, components: list[Json], *, nonce: str | None = None, number: int = 0
    ) -> Json:
        """Return a message as Discord shows it."""
        return {
            "id": str(number or self.snowflake()),
            "channel_id": str(channel),
            "author": author,
            "content": "",
            "timestamp": "2026-01-01T00:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            "type": 0,
            "flags": FLAG_COMPONENTS_V2,
            "components": components,
            **({"nonce": nonce} if nonce else {}),
        }

    def interaction(self, kind: int, data: Json, **others: Any) -> Json:
        """Return an interaction as Discord sends it, from alice in the text channel."""
        number = self.snowflake()
        return {
            "id": str(number),
            "application_id": str(APP_ID),
            "type": kind,
            "data": data,
            "guild_id": str(GUILD_ID),
            "channel_id": str(TEXT_CHANNEL),
            "channel": {**self.channel_payload(TEXT_CHANNEL), "permissions": self.permissions},
            "member": {
                "user": USER,
                "roles": [],
                "joined_at": "2026-01-01T00:00:00+00:00",
                "deaf": False,
                "mute": False,
                "permissions": self.permissions,
                "flags": 0,
            },
            "token": f"token-{number}",
            "version": 1,
            "app_permissions": self.permissions,
            "locale": "en-US",
            "guild_locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(GUILD_ID)},
            "context": 0,
            "attachment_size_limit": 10_000_000,
            **others,
        }

    def command(self, name: str, /, **options: str) -> Json:
        """Return the interaction of a slash command."""
        given = [{"type": 3, "name": key, "value": value} for key, value in options.items()]
        return self.interaction(2, {"id": "1", "name": name, "type": 1, "options": given})
