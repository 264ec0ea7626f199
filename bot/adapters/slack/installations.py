"""Where the workspaces' tokens are kept: slack_sdk's stores on our database, tokens encrypted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import sqlalchemy
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_sdk.oauth.installation_store.models.bot import Bot
from slack_sdk.oauth.installation_store.models.installation import Installation
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.slack.config import SettingError
from bot.adapters.slack.failures import SlackFailureError
from bot.adapters.slack.web import quiet_logger
from bot.posting import Outcome

STATE_SECONDS: Final = 600
SEALED: Final = "gAAAAA"
"""What every Fernet token begins with, and no Slack token does."""

SEALED_LENGTH: Final = 2_000
"""slack_sdk's columns hold 200 characters, which an encrypted token with rotation exceeds."""

_SECRETS: Final = (
    "bot_token",
    "bot_refresh_token",
    "user_token",
    "user_refresh_token",
    "incoming_webhook_url",
)


class Vault:
    """Encrypts tokens with the first key and opens them with any, so that keys can be changed.

    Raises:
        SettingError: there is no key, or one is malformed.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise SettingError(
                "The key file holds no Fernet keys, one a line: write one with `briefing-bot slack key`."
            ) from None

    def seal(self, secret: str | None) -> str | None:
        """Return a secret encrypted; what is encrypted already stays."""
        if not secret or secret.startswith(SEALED):
            return secret
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str | None) -> str | None:
        """Return the secret.

        Raises:
            SlackFailureError: none of the keys opens it.
        """
        if not sealed or not sealed.startswith(SEALED):
            return sealed
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            advice = "No key opens the stored token: restore the key file, or have the app installed again."
            raise SlackFailureError(Outcome.PERMANENT, "wrong_key", advice) from None


def new_key() -> str:
    """Return a new key for the key file."""
    return Fernet.generate_key().decode()


class Installations(AsyncSQLAlchemyInstallationStore):
    """slack_sdk's installation store, which never writes a token as it is."""

    def __init__(self, client_id: str, engine: AsyncEngine, vault: Vault) -> None:
        super().__init__(client_id=client_id, engine=engine, logger=quiet_logger())
        self._vault = vault

    @classmethod
    def build_installations_table(cls, metadata: Any, table_name: str) -> sqlalchemy.Table:
        """Return slack_sdk's table with room for encrypted tokens."""
        return _widened(super().build_installations_table(metadata, table_name))

    @classmethod
    def build_bots_table(cls, metadata: Any, table_name: str) -> sqlalchemy.Table:
        """Return slack_sdk's table with room for encrypted tokens."""
        return _widened(super().build_bots_table(metadata, table_name))

    async def async_save(self, installation: Installation) -> None:
        """Save an installation and its bot, encrypted."""
        copy = Installation(**installation.to_dict_for_copying())
        await super().async_save(self._with(copy, self._vault.seal))

    async def async_save_bot(self, bot: Bot) -> None:
        """Save a bot, encrypted."""
        copy = Bot(**bot.to_dict_for_copying())
        await super().async_save_bot(self._with(copy, self._vault.seal))

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        """Return the latest bot of a workspace, or of an organisation, with its token."""
        found = await super().async_find_bot(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
        )
        return found and self._with(found, self._vault.open)

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """Return the latest installation, with its tokens."""
        found = await super().async_find_installation(
            enterprise_id=enterprise_id,
            team_id=team_id,
            user_id=user_id,
            is_enterprise_install=is_enterprise_install,
        )
        return found and self._with(found, self._vault.open)

    @staticmethod
    def _with(one: Any, change: Callable[[str | None], str | None]) -> Any:
        for name in _SECRETS:
            if getattr(one, name, None):
                setattr(one, name, change(getattr(one, name)))
        return one


def _widened(table: sqlalchemy.Table) -> sqlalchemy.Table:
    for name in _SECRETS:
        if name in table.c:
            table.c[name].type = sqlalchemy.String(SEALED_LENGTH)
    return table


class States(AsyncSQLAlchemyOAuthStateStore):
    """slack_sdk's store of OAuth states, each good once, even for two replicas at the same moment."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], float] = time.time) -> None:
        super().__init__(expiration_seconds=STATE_SECONDS, engine=engine, logger=quiet_logger())
        self._now = now

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        """Return a new state, and forget those that have expired."""
        state = uuid4().hex
        table = self.oauth_states
        async with self.engine.begin() as connection:
            await connection.execute(table.delete().where(table.c.expire_at <= self._at()))
            await connection.execute(table.insert(), {"state": state, "expire_at": self._at(STATE_SECONDS)})
        return state

    async def async_consume(self, state: str) -> bool:
        """Return whether the state was issued, is fresh and was never consumed."""
        c = self.oauth_states.c
        gone = self.oauth_states.delete().where(c.state == state, c.expire_at > self._at())
        async with self.engine.begin() as connection:
            return (await connection.execute(gone)).rowcount == 1

    def _at(self, seconds: float = 0) -> datetime:
        return datetime.fromtimestamp(self._now() + seconds, tz=UTC).replace(tzinfo=None)
