"""Everything that Slack needs, started and stopped together."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import structlog
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp

from bot.adapters.receiving import RUNNER
from bot.adapters.slack.answering import Answering, DossiersOf, Workspaces
from bot.adapters.slack.app import OneWorkspace, bolt_app, describe
from bot.adapters.slack.config import SettingError, SlackConfig, SlackSecrets, require
from bot.adapters.slack.failures import SlackFailureError, failure_of
from bot.adapters.slack.guard import Guard
from bot.adapters.slack.names import Names
from bot.adapters.slack.posting import SlackChat
from bot.adapters.slack.server import EVENTS_PATH, Server
from bot.adapters.slack.socket_mode import Socket
from bot.adapters.slack.teams import Teams
from bot.adapters.slack.web import Web
from bot.adapters.slack.work import DRAIN_SECONDS, Work
from bot.adapters.slack.workspaces import open_workspaces
from bot.desk import Desk
from bot.state import State

SHUTDOWN_SECONDS: Final = 2.0
SILENCE_LEAST: Final = 30
"""Slack's pings come every few seconds, but not on the second."""

_log = structlog.get_logger(__name__)


class Running:
    """A running Slack adapter: where it listens, how it is, and how posts are sent."""

    def __init__(
        self, posting: SlackChat, answering: Answering, health: Callable[[], dict[str, Any]], where: str
    ) -> None:
        self.posting = posting
        self.health = health
        self.where = where
        self._answering = answering

    @property
    def heard(self) -> float | None:
        """When Slack last delivered something, in seconds since 1970."""
        return self._answering.heard

    def __str__(self) -> str:
        return f"Slack is served at {self.where}."


@contextlib.asynccontextmanager
async def serving_slack(
    *,
    desk: Desk,
    config: SlackConfig,
    secrets: SlackSecrets,
    state: State,
    dossiers_of: DossiersOf | None = None,
    http: bool = False,
) -> AsyncIterator[Running]:
    """Serve Slack inside the `async with`: by Socket Mode, or with `http` on the configured address.

    On leaving, deliveries are no longer taken, and those under way have ten seconds.

    Raises:
        SettingError: a secret or a setting is missing.
        SlackFailureError: Slack does not accept a token; `advice` says what to do.
        NameRefusedError: a renamed command has a name that Slack refuses.
    """
    require(secrets, http=http)
    if config.silence_seconds < SILENCE_LEAST:
        raise SettingError(
            f"slack.silence_seconds is {config.silence_seconds:g}; less than {SILENCE_LEAST} would end "
            "connections that are only quiet."
        )
    async with contextlib.AsyncExitStack() as stack:
        api = Web(config.base_url)
        stack.push_async_callback(api.close)
        await state.open()
        work = Work()
        workspaces: Workspaces
        flow = None
        if http and secrets.client_id:
            if dossiers_of is None or dossiers_of("", "") is None:
                raise SettingError(
                    "Any workspace that installs the app would see every dossier: list under `places` which "
                    "ones a workspace sees that is not named there (platform: slack, no channel)."
                )
            workspaces, flow = await open_workspaces(state, api, config, secrets)
            client = api.client(None)
            where = f"{config.public_url}{EVENTS_PATH}"
        else:
            client = api.client(secrets.bot_token)
            workspaces = OneWorkspace(client)
            where = await _greet(client)
        names = Names(desk.registry, config.names)
        teams = Teams(workspaces, state)
        answering = Answering(
            desk=desk,
            config=config,
            names=names,
            state=state,
            web=api,
            workspaces=workspaces,
            work=work,
            teams=teams,
            dossiers_of=dossiers_of,
        )
        app = bolt_app(answering, work, client=client, oauth_flow=flow)
        stack.push_async_callback(drain, work, answering)
        if http:
            health = await _listen(app, config, secrets, answering, stack)
        else:
            health = await _connect(app, api, config, secrets, answering, stack)
        yield Running(SlackChat(teams, state, names, config.groups), answering, health, where)


async def drain(work: Work, answering: Answering, seconds: float = DRAIN_SECONDS) -> None:
    """Wait for the work under way, at most so long; log and count how much of it had to be given up."""
    lost = await work.drain(seconds)
    answering.counts.lost += lost
    if lost:
        _log.warning("stopped before all was answered", lost=lost)


async def _greet(client: Any) -> str:
    """Ask Slack who the token is, so that a wrong one is said at the start."""
    try:
        answer = await client.auth_test()
    except Exception as error:
        failure = failure_of(error)
        raise SlackFailureError(failure.outcome, failure.code, failure.advice) from error
    return str(answer.get("url") or answer.get("team") or "")


async def _listen(
    app: AsyncApp,
    config: SlackConfig,
    secrets: SlackSecrets,
    answering: Answering,
    stack: contextlib.AsyncExitStack,
) -> Callable[[], dict[str, Any]]:
    def health() -> dict[str, Any]:
        return {"mode": "http", "refused": dict(server.refused), **describe(answering)}

    server = Server(app, Guard(secrets.signing_secret), health)
    runner = web.AppRunner(server.web_app(), **RUNNER, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, config.host, config.port).start()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingError(
            f"Nothing can listen on {config.host}, port {config.port} ({why}): set slack.port."
        ) from None
    _log.info("listening for Slack", host=config.host, port=config.port, path=EVENTS_PATH)
    return health


async def _connect(
    app: AsyncApp,
    api: Web,
    config: SlackConfig,
    secrets: SlackSecrets,
    answering: Answering,
    stack: contextlib.AsyncExitStack,
) -> Callable[[], dict[str, Any]]:
    socket = Socket(app, api, secrets.app_token, silence_seconds=config.silence_seconds)

    def health() -> dict[str, Any]:
        now = socket.health
        return {
            "mode": "socket",
            "connected": now.connected,
            "silent_seconds": round(time.monotonic() - now.heard, 1),
            "reconnects": now.reconnects,
            "connections": now.connections,
            **describe(answering),
        }

    stack.push_async_callback(socket.close)
    await socket.start()
    _log.info("connected to Slack by Socket Mode")
    return health
