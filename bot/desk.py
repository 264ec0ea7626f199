"""What adapters talk to: a desk takes a call and hands back a reply, whatever the platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from bot.registry import Registry
from bot.reply import Reply


class ChatError(Exception):
    """A chat cannot be served; the message is one sentence that says what to do."""


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and where. `dossiers` is what that place may see: None means all of them.

    `workspace` is Slack's workspace or Discord's server; `thread` is set where the question stands in one;
    `direct` says that only the asker and the bot are there.
    """

    platform: str = "terminal"
    user: str = ""
    workspace: str = ""
    channel: str = ""
    thread: str = ""
    direct: bool = False
    dossiers: tuple[str, ...] | None = None


class Call(msgspec.Struct, frozen=True):
    """A command with its arguments by option name, as text."""

    command: str
    arguments: dict[str, str] = {}


class Suggestion(msgspec.Struct, frozen=True):
    """A value that would complete an option: `value` goes into the command, `label` is shown."""

    value: str
    label: str
    hint: str = ""


class Completion(msgspec.Struct, frozen=True):
    """A way to go on with a typed line: the whole new `line`, and what to show for it."""

    line: str
    label: str
    hint: str = ""


class Office(Protocol):
    """The room that does what acting commands say; arguments that were left out are empty.

    Its coroutines raise nothing but :class:`bot.parse.Misread`, for an argument that was not understood.
    """

    async def schedule(
        self, asker: Asker, action: str, *, when: str, what: str, schedule: str, quiet: str, grace: str
    ) -> Reply:
        """Add, list, show, pause, resume, remove or post a schedule, or tell its history."""

    async def watch(self, asker: Asker, about: str, topic: str) -> Reply:
        """Begin to watch a name or a topic for the place of the asker."""

    async def unwatch(self, asker: Asker, watch: str, topic: str) -> Reply:
        """End a watch, named by its id or by what it watches."""

    async def watches(self, asker: Asker) -> Reply:
        """List the watches of the place."""

    def known_schedules(self, asker: Asker) -> Sequence[Suggestion]:
        """Return the schedules of the place that are known without asking the database."""

    def known_watches(self, asker: Asker) -> Sequence[Suggestion]:
        """Return the watches of the place that are known without asking the database."""


class Desk(Protocol):
    """The one core behind every adapter. No method raises, whatever it is given."""

    registry: Registry

    def ask(self, line: str, asker: Asker) -> Reply:
        """Answer a typed line: `/who gref`, `who gref`, `/briefing who gref`."""

    def answer(self, call: Call, asker: Asker) -> Reply:
        """Answer a call whose arguments a platform has already told apart."""

    def acts(self, line: str) -> bool:
        """Say whether a typed line is for a command that changes something, such as `/schedule add …`.

        Such a line is answered by :meth:`act`; :meth:`ask` and :meth:`answer` change nothing, ever.
        """

    async def act(self, line: str, asker: Asker) -> Reply:
        """Do what a typed line says and tell what was done; the reply is for the asker alone."""

    def suggest(
        self, command: str, option: str, prefix: str, asker: Asker, limit: int = 25
    ) -> list[Suggestion]:
        """Suggest values of an option, best first."""

    def complete(self, line: str, asker: Asker, limit: int = 10) -> list[Completion]:
        """Suggest how a half-typed line may go on, best first."""

    def canonical(self, call: Call) -> str:
        """Return the line that asks the same, such as `/who gref as-of:2025-01-31`."""

    def notice_for(self, asker: Asker) -> str:
        """Return nothing, or one sentence that says why an older snapshot answers.

        It names no file where the asker does not see every dossier.
        """
