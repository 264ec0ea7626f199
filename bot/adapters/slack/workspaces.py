"""Many workspaces: installed by OAuth, each with tokens of its own that are renewed in time."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Final

import structlog
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store.file import FileInstallationStore
from slack_sdk.oauth.installation_store.models.bot import Bot
from slack_sdk.oauth.state_store.file import FileOAuthStateStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.config import SettingError, SlackConfig, SlackSecrets
from bot.adapters.slack.failures import SlackFailureError, failure_of
from bot.adapters.slack.installations import Installations, States, Vault
from bot.adapters.slack.intake import Place
from bot.adapters.slack.manifest import INSTALL_PATH, REDIRECT_PATH, scopes
from bot.adapters.slack.web import Web, quiet_logger
from bot.posting import Outcome, Scope
from bot.state import State

RENEW_MINUTES: Final = 120
"""A token is renewed this long before it expires; Slack's live twelve hours."""

_log = structlog.get_logger(__name__)


class ManyWorkspaces:
    """Gives each workspace's client, with a token that is renewed where it has to be.

    Bolt renews tokens only when a request comes in, and through a client that knows slack.com only; here it
    happens whoever asks, and at the configured `base_url`.
    """

    def __init__(
        self, store: Installations, web: Web, secrets: SlackSecrets, now: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._web = web
        self._now = now
        self._rotator = AsyncTokenRotator(
            client_id=secrets.client_id, client_secret=secrets.client_secret, client=web.client(None)
        )
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def client(self, place: Place) -> AsyncWebClient:
        """Return a client of the workspace.

        Raises:
            SlackFailureError: the app is not installed there, or its token has expired and is not renewed.
        """
        async with self._locks[place.enterprise, "" if place.is_enterprise_install else place.team]:
            bot = await self._bot(place)
            if bot is None:
                advice = f"The app is not installed in {place.team or place.enterprise}: open {INSTALL_PATH}."
                raise SlackFailureError(Outcome.PERMANENT, "not_installed", advice)
            return self._web.client(await self._fresh_token(bot, place))

    async def forget(self, place: Place) -> None:
        """Delete what is stored of the workspace."""
        enterprise, team = place.enterprise or None, place.team or None
        await self._store.async_delete_all(
            enterprise_id=enterprise, team_id=None if place.is_enterprise_install else team
        )

    async def _bot(self, place: Place) -> Bot | None:
        return await self._store.async_find_bot(
            enterprise_id=place.enterprise or None,
            team_id=place.team or None,
            is_enterprise_install=place.is_enterprise_install,
        )

    async def _fresh_token(self, bot: Bot, place: Place) -> str:
        expires = bot.bot_token_expires_at
        if not bot.bot_refresh_token or expires is None or expires > self._now() + RENEW_MINUTES * 60:
            return bot.bot_token
        try:
            # How soon it expires was judged above, by our clock; the rotator is told to renew in any case.
            renewed = await self._rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=10**7)
        except Exception as error:
            return await self._old_token(bot, place, error)
        if renewed is None:
            return bot.bot_token
        await self._store.async_save_bot(renewed)
        return renewed.bot_token

    async def _old_token(self, bot: Bot, place: Place, error: Exception) -> str:
        """Return a token that is good although renewing failed: another replica's, or the old one."""
        stored = await self._bot(place)
        if stored is not None and stored.bot_token != bot.bot_token:
            return stored.bot_token
        cause = error.api_error if isinstance(error, SlackTokenRotationError) else error
        failure = failure_of(cause)
        _log.error("token not renewed", team=place.team, code=failure.code)
        if (bot.bot_token_expires_at or 0) > self._now():
            return bot.bot_token
        if failure.outcome is Outcome.PERMANENT:
            advice = (
                f"The token has expired and Slack does not renew it: install the app again ({INSTALL_PATH})."
            )
            raise SlackFailureError(Outcome.PERMANENT, failure.code, advice, scope=Scope.WORKSPACE) from error
        advice = "The token has expired and could not be renewed now. Try again later."
        raise SlackFailureError(Outcome.TRANSIENT, failure.code, advice) from error


async def open_workspaces(
    state: State, web: Web, config: SlackConfig, secrets: SlackSecrets, now: Callable[[], float] = time.time
) -> tuple[ManyWorkspaces, AsyncOAuthFlow]:
    """Open the stores on the state's database, and return the workspaces and the installation flow.

    Raises:
        SettingError: the key file or the public address is not usable.
    """
    base = config.public_url.rstrip("/")
    if not base.startswith("https://"):
        raise SettingError("Many workspaces need `slack.public_url`, an https address that Slack can reach.")
    store = Installations(secrets.client_id, state.engine, Vault(secrets.token_keys))
    states = States(state.engine, now)
    await store.create_tables()  # type: ignore[no-untyped-call]
    await states.create_tables()  # type: ignore[no-untyped-call]
    settings = AsyncOAuthSettings(
        client_id=secrets.client_id,
        client_secret=secrets.client_secret,
        scopes=[scope.name for scope in scopes(config)],
        user_scopes=[],
        redirect_uri=f"{base}{REDIRECT_PATH}",
        install_path=INSTALL_PATH,
        redirect_uri_path=REDIRECT_PATH,
        authorization_url=config.authorize_url,
        installation_store=store,
        state_store=states,
        logger=quiet_logger(),
    )
    rotator = getattr(settings.authorize, "token_rotator", None)
    if rotator is not None:  # Bolt's own knows slack.com only, whatever `base_url` is
        rotator.client = web.client(None)
    flow = AsyncOAuthFlow(client=web.client(None), logger=quiet_logger(), settings=settings)
    refuse_passing_stores(flow, state)
    return ManyWorkspaces(store, web, secrets, now), flow


def refuse_passing_stores(flow: AsyncOAuthFlow, state: State) -> None:
    """Refuse stores that lose tokens or keep them readable: files, and a database in memory.

    Raises:
        SettingError: with what to set instead.
    """
    stores = (flow.settings.installation_store, flow.settings.state_store)
    in_memory = state.engine.dialect.name == "sqlite" and state.engine.url.database in (None, "", ":memory:")
    if in_memory or any(isinstance(one, FileInstallationStore | FileOAuthStateStore) for one in stores):
        raise SettingError(
            "Installations belong in a database: give a sqlite file or a postgresql URL, not files or memory."
        )
