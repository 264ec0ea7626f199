"""What posts need of people in Slack: to tell somebody something, and to know what they may do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import structlog

from bot.adapters.slack.elements import escape, literal, section
from bot.adapters.slack.failures import failure_of, refused_id
from bot.adapters.slack.teams import Teams
from bot.adapters.texts import inert, shorten
from bot.posting import Person, Rights

PERSON: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{2,20}")
GROUP: Final = re.compile(r"S[A-Z0-9]{2,20}")
TIMESTAMP: Final = re.compile(r"[0-9]{1,12}\.[0-9]{1,6}")

LONGEST_WORDS: Final = 2_000

_MANAGERS: Final = ("is_admin", "is_owner", "is_primary_owner")
_GUESTS: Final = ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted")

_log = structlog.get_logger(__name__)


async def tell(teams: Teams, person: Person, text: str) -> None:
    """Write to a person: Slack opens the conversation with the bot for whoever's id is given.

    Raises:
        SlackFailureError, SlackApiError, aiohttp.ClientError: it was not taken, or the answer was lost.
    """
    _refuse(person)
    words = shorten(inert(text).strip(), LONGEST_WORDS)
    client = await teams.client(person.workspace)
    await client.chat_postMessage(
        channel=person.user,
        text=escape(words),
        blocks=[{"type": "rich_text", "elements": [section([literal(words)])]}],
        unfurl_links=False,
        unfurl_media=False,
    )


async def rights(teams: Teams, person: Person, groups: Sequence[str]) -> Rights:
    """Return whether a person is an owner or administrator of the workspace, and in which of the groups.

    Raises:
        SlackFailureError, SlackApiError, aiohttp.ClientError: the token lacks a scope, or Slack is not there.
    """
    _refuse(person)
    client = await teams.client(person.workspace)
    try:
        user = (await client.users_info(user=person.user)).get("user")
    except Exception as error:
        failure = failure_of(error)
        if failure.code in {"user_not_found", "user_not_visible"}:
            return Rights()
        raise failure from error
    if not isinstance(user, dict) or user.get("deleted") is True:
        return Rights()
    found = set()
    for group in groups:
        if GROUP.fullmatch(group) and person.user in await _members(client, group):
            found.add(group)
    return Rights(manages=_manages(user, person.workspace), roles=frozenset(found))


def _manages(user: dict[str, Any], workspace: str) -> bool:
    """Whether a user manages this workspace; one of another, in a shared channel, manages that one only."""
    if any(user.get(name) is True for name in _GUESTS) or (workspace and workspace not in _teams(user)):
        return False
    return any(user.get(name) is True for name in _MANAGERS)


def _teams(user: dict[str, Any]) -> Iterator[object]:
    yield user.get("team_id")
    enterprise = user.get("enterprise_user")
    if isinstance(enterprise, dict) and isinstance(enterprise.get("teams"), list):
        yield from enterprise["teams"]


async def _members(client: Any, group: str) -> list[Any]:
    try:
        users = (await client.usergroups_users_list(usergroup=group)).get("users")
    except Exception as error:
        failure = failure_of(error)
        if failure.code not in {"no_such_subteam", "subteam_not_found"}:
            raise failure from error
        _log.warning("there is no such user group", group=group)
        return []
    return users if isinstance(users, list) else []


def _refuse(person: Person) -> None:
    if not PERSON.fullmatch(person.user):
        raise refused_id(person.user, "a person", "U0123ABCD")
