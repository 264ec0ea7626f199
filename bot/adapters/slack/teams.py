"""Clients for posts, which know a workspace only: no delivery says which organisation it belongs to."""

from __future__ import annotations

import re
from typing import Final, Protocol

import structlog
from msgspec.structs import replace
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.adapters.slack.failures import SlackFailureError, failure_of, refused_id
from bot.adapters.slack.intake import Place
from bot.posting import Outcome
from bot.state import State

TEAM: Final = re.compile(r"[TE][A-Z0-9]{2,20}")

_log = structlog.get_logger(__name__)


class Clients(Protocol):
    """Gives clients of workspaces, with tokens that are valid now, inside a request or not."""

    async def client(self, place: Place) -> AsyncWebClient:
        """Return a client.

        Raises:
            SlackFailureError: the app is not installed there, or its token cannot be refreshed.
        """


class Teams:
    """Clients by workspace; the organisations of workspaces are kept as deliveries told them."""

    def __init__(self, clients: Clients, state: State) -> None:
        self._clients = clients
        self._state = state
        self._noted: set[str] = set()

    async def note(self, place: Place) -> None:
        """Keep the organisation of a workspace, once; never raises."""
        if not place.enterprise or not place.team or place.team in self._noted:
            return
        try:
            await self._state.keep({_key(place.team): place.enterprise})
            self._noted.add(place.team)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("organisation of a workspace not kept", why=type(error).__name__)

    async def client(self, workspace: str) -> AsyncWebClient:
        """Return a client for a workspace, or the only one where none is named.

        Raises:
            SlackFailureError: permanent or transient, since nothing has been sent yet.
        """
        if workspace and not TEAM.fullmatch(workspace):
            raise refused_id(workspace, "a workspace", "T0123ABCD")
        try:
            place = Place(team=workspace, enterprise=await self._state.kept(_key(workspace)) or "")
            try:
                return await self._clients.client(place)
            except SlackFailureError as failure:
                if failure.code != "not_installed" or not place.enterprise:
                    raise
                return await self._clients.client(replace(place, is_enterprise_install=True))
        except (SQLAlchemyError, OSError) as error:
            advice = "The state database cannot be read, so nothing was sent. Look at its disk or server."
            raise SlackFailureError(Outcome.TRANSIENT, "state_not_read", advice) from error
        except Exception as error:
            found = failure_of(error)
            if found.outcome is Outcome.UNKNOWN:
                advice = "The workspace's token could not be read or renewed now. Try again later."
                found = SlackFailureError(Outcome.TRANSIENT, found.code, advice)
            raise found from error


def _key(workspace: str) -> str:
    return f"team:{workspace}"
