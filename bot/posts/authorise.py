"""Who may: decided at the moment when something is to be changed, from what the platform says then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import structlog

from bot.desk import Asker
from bot.posting import Person, PostError, Rights
from bot.posts.store import Store

READING: Final = frozenset({"list", "show", "history", "watches"})
"""What whoever sees a channel may do there."""

MANAGERS: Final = "managers"
"""The role that stands for who manages the workspace or server."""

OPERATOR: Final = "terminal"
"""The platform of the operator: who has the command line has the database too."""

log = structlog.get_logger(__name__)


class Refused(Exception):
    """Somebody may not do something; the message is one sentence or two."""


class Allowance(Protocol):
    """A row of the allow-list: people and roles of a platform, in one workspace or in all."""

    @property
    def platform(self) -> str:
        """The platform."""

    @property
    def workspace(self) -> str:
        """The workspace or server, or an empty string for all of them."""

    @property
    def users(self) -> Sequence[str]:
        """Ids of people."""

    @property
    def roles(self) -> Sequence[str]:
        """Ids of roles or user groups, or :data:`MANAGERS`."""


class Asked(Protocol):
    """A chat that knows its people."""

    async def rights(self, person: Person) -> Rights:
        """Return what the platform says of a person now."""


class Authority:
    """Decides by the allow-list and by what each chat says; `now` is in seconds since 1970."""

    def __init__(
        self,
        allow: Sequence[Allowance],
        chats: Mapping[str, Asked],
        store: Store,
        now: Callable[[], float],
    ) -> None:
        self._allow = allow
        self._chats = chats
        self._store = store
        self._now = now

    async def authorise(self, actor: Asker, action: str, object_: str) -> None:
        """Let an actor do something with an object, such as `pause` with `schedule:morning-k3f`.

        What is to be changed is noted in the audit table, whether allowed or refused.

        Raises:
            Refused: the actor may not, or that could not be found out.
        """
        if action in READING:
            return
        sentence = await self._refusal(actor)
        person = (actor.platform, actor.workspace, actor.user)
        await self._store.audit(self._now(), person, action, object_, allowed=not sentence)
        log.info(
            "authorised",
            platform=actor.platform,
            person=actor.user,
            action=action,
            object=object_,
            allowed=not sentence,
        )
        if sentence:
            raise Refused(sentence)

    async def _refusal(self, actor: Asker) -> str:
        """Return an empty string, or why an actor may change nothing."""
        if actor.platform == OPERATOR:
            return ""
        rows = [one for one in self._allow if one.platform == actor.platform]
        here = [one for one in rows if one.workspace in {"", actor.workspace}]
        if actor.user and any(actor.user in one.users for one in here):
            return ""
        if actor.direct and not actor.workspace:
            # Whoever writes to the bot must not be able to fill the state with schedules of their own.
            return (
                "In a conversation with the bot alone, only people whom the operator named may change"
                " schedules and watches: use a channel."
            )
        roles = {role for one in here for role in one.roles} if rows else {MANAGERS}
        who = _in_words(roles, any(one.users for one in here))
        if not roles:
            return f"You may not change schedules and watches: {who}."
        if not actor.user or not actor.workspace:
            return f"You may not change schedules and watches: {who}, and nobody is known here."
        chat = self._chats.get(actor.platform)
        if chat is None:
            return "Nothing was changed: the chat that knows who you are is not served by this process."
        person = Person(platform=actor.platform, workspace=actor.workspace, user=actor.user)
        try:
            rights = await chat.rights(person)
        except PostError as error:
            return (
                "Nothing was changed, because it could not be found out whether you may: "
                f"{error.sentence} Try again later."
            )
        if rights.manages and MANAGERS in roles:
            return ""
        if rights.roles & roles:
            return ""
        return f"You may not change schedules and watches: {who}."


def _in_words(roles: set[str], by_id: bool) -> str:
    parts = ["those who manage this workspace or server"] if MANAGERS in roles else []
    parts += ["people with a role that the operator chose"] if roles - {MANAGERS} else []
    parts += ["people whom the operator named"] if by_id else []
    return f"only {' and '.join(parts)} may" if parts else "nobody here may"
