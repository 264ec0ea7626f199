"""What a chat must offer so that posts can be sent to it: where, how, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from bot.reply import Reply

Page = dict[str, Any]
"""A page as a platform takes it: plain data that JSON can hold."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where posts go: a channel, or a thread in it, by the platform's ids.

    `workspace` is Slack's workspace or Discord's server.
    """

    platform: str
    workspace: str = ""
    channel: str
    thread: str = ""

    @property
    def key(self) -> str:
        """The place as one string, such as `slack:T1:C1`."""
        return ":".join((self.platform, self.workspace, self.channel, self.thread)).rstrip(":")


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a workspace or server, by the platform's id."""

    platform: str
    workspace: str = ""
    user: str


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform says of a person now.

    `manages`: an owner or administrator in Slack, "Manage Server" in Discord. `roles` are the ids of Discord
    roles or Slack user groups.
    """

    manages: bool = False
    roles: frozenset[str] = frozenset()


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Where a post stands: by page number (from 1) the id of each message, all in `channel`.

    In a Discord forum `channel` is the thread that the post opened.
    """

    channel: str
    messages: dict[int, str] = {}


class Outcome(StrEnum):
    """What is known after a failed call."""

    PERMANENT = "permanent"
    """It did not happen and will not, until somebody changes something."""
    TRANSIENT = "transient"
    """It did not happen; a later try may succeed."""
    UNKNOWN = "unknown"
    """It may have happened; look before trying again."""


class Scope(StrEnum):
    """What else fails for the same reason, until somebody changes something."""

    PLACE = "place"
    """Every post to this place."""
    WORKSPACE = "workspace"
    """Every post to the workspace or server: the token or the installation is at fault, no place is."""
    CONTENT = "content"
    """This post alone, wherever it goes: the platform refuses what is in it."""


class PostError(Exception):
    """A post failed, or could not be looked for.

    The message is one sentence for the operator. `posted` is what certainly stands, to go on from there;
    `retry_after` is in seconds, where the platform asks for a pause. `scope` is how far a permanent failure
    reaches.
    """

    def __init__(
        self,
        outcome: Outcome,
        sentence: str,
        *,
        posted: Reference | None = None,
        retry_after: float | None = None,
        scope: Scope = Scope.PLACE,
    ) -> None:
        super().__init__(sentence)
        self.outcome = outcome
        self.sentence = sentence
        self.posted = posted
        self.retry_after = retry_after
        self.scope = scope


class Chat(Protocol):
    """A platform that posts can be sent to. Every method raises :class:`PostError` and nothing else."""

    platform: str

    async def render(self, reply: Reply, remark: str = "") -> list[Page]:
        """Return a reply as pages to post; `remark` is a line of ours under the title, such as "late"."""

    async def post(
        self, place: Place, pages: Sequence[Page], key: str, *, after: Reference | None = None
    ) -> Reference:
        """Post pages once each; those that `after` has are left out."""

    async def find(self, place: Place, key: str, since: float) -> Reference | None:
        """Return the pages posted under `key` since an instant (seconds since 1970), or None."""

    async def amend(self, place: Place, reference: Reference, pages: Sequence[Page], remark: str) -> None:
        """Mark what stands: the first page, with `remark` under its title. Doing it again changes nothing."""

    async def tell(self, person: Person, text: str) -> None:
        """Write one plain sentence or two to a person, in direct messages."""

    async def rights(self, person: Person) -> Rights:
        """Return what the platform says of a person now."""
