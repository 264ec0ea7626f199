"""How commands are called in Slack: native names, aliases of reserved names, and the operator's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bot.adapters.slack import limits
from bot.registry import COMMAND_NAME, SLACK_RESERVED, Command, OptionKind, Registry

_WORD = re.compile(r"(?P<before>\s*/?)(?P<name>[^\s/]+)(?!\S)")

ENTRY = "briefing"
"""The command that takes every other one as its first word."""

_INNER = re.compile(rf"(?<![\w/.])(/{ENTRY}\s+/?)([^\s/\"]+)")
"""The entry command with the one that it takes, inside a line."""


class NameRefusedError(ValueError):
    """A name that Slack would refuse; the message says which alias to set."""


class Names:
    """The commands of a registry under the names they have in one Slack app.

    Raises:
        NameRefusedError: a name is reserved, too long, malformed or taken.
    """

    def __init__(self, registry: Registry, renamed: Mapping[str, str] | None = None) -> None:
        self.registry = registry
        self._slack: dict[str, str] = {}
        wanted = {old.lstrip("/"): new.lstrip("/") for old, new in (renamed or {}).items()}
        for old in wanted:
            if registry.get(old) is None:
                raise NameRefusedError(f"There is no command /{old} to rename.")
        renamed_commands = {one.name: new for old, new in wanted.items() if (one := registry.get(old))}
        for command in registry:
            name = renamed_commands.get(command.name, command.slack)
            _refuse(command, name, self._slack.values())
            self._slack[command.name] = name
        self._command = {slack: name for name, slack in self._slack.items()}
        others = {name: slack for name, slack in self._slack.items() if name != slack}
        self._ours = _strokes(others)
        self._theirs = _strokes(others.values())

    def of(self, command: Command) -> str:
        """Return the command's name in Slack, without the stroke."""
        return self._slack[command.name]

    def line(self, slack_command: str, text: str) -> str:
        """Return the line that a slash command asks, under our own name of the command."""
        name = slack_command.lstrip("/").lower()
        known = self._command.get(name) or getattr(self.registry.get(name), "name", name)
        return self.typed(f"/{known} {text}", renamed=False).rstrip()

    def typed(self, line: str, *, renamed: bool = True) -> str:
        """Return a typed line under our own names: `people gref` or `/briefing people gref` asks `who`.

        The second word is looked at after the entry command only, the first if it may be `renamed`. Where the
        command takes a whole line, as `/schedule add … /whois gref` does, the one in that has our name too.
        """
        first = _WORD.match(line)
        if first is None:
            return line
        own = self._command.get(first["name"].lower()) if renamed else None
        command = own or getattr(self.registry.get(first["name"]), "name", "")
        rest = line[first.end() :]
        second = _WORD.match(rest) if command == ENTRY else None
        if second is not None and (other := self._command.get(second["name"].lower())):
            rest = f"{second['before']}{other}{rest[second.end() :]}"
        asked = self.registry.get(self.command_of(f"{command}{rest}"))
        if self._theirs and asked and any(one.kind is OptionKind.LINE for one in asked.options):
            rest = self._theirs.sub(lambda match: f"/{self._command[match[1].lower()]}", rest)
            rest = _INNER.sub(lambda match: match[1] + self._command.get(match[2].lower(), match[2]), rest)
        return f"{first['before']}{own or first['name']}{rest}"

    def shown(self, text: str) -> str:
        """Return a text in which commands have the names that they have in Slack: `/whois gref`."""
        return self._ours.sub(lambda match: f"/{self._slack[match[1].lower()]}", text) if self._ours else text

    def command_of(self, line: str) -> str:
        """Return the name of the command that a line asks; `/briefing who gref` asks `who`. Or nothing."""
        words = line.split(maxsplit=2)
        first = self.registry.get(words[0]) if words else None
        second = self.registry.get(words[1]) if len(words) > 1 and not words[1].startswith("/") else None
        if first is not None and first.name == ENTRY and second is not None:
            return second.name
        return first.name if first is not None else ""


def _strokes(names: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds any of these commands in a text, by their stroke; None where there are none."""
    found = "|".join(map(re.escape, names))
    return re.compile(rf"(?<![\w/.])/({found})(?![\w/-])", re.IGNORECASE) if found else None


def _refuse(command: Command, name: str, taken: object) -> None:
    advice = (
        f"set another with `slack.names` in the configuration, such as {command.name}: fact-{command.name}"
    )
    if name in SLACK_RESERVED:
        alias = f"{command.slack}" if command.slack not in SLACK_RESERVED else f"{command.name}is"
        raise NameRefusedError(f"Slack keeps /{name} for itself; use the alias /{alias}, or {advice}.")
    if len(name) >= limits.COMMAND_NAME:
        raise NameRefusedError(
            f"/{name} has {len(name) + 1} characters, Slack takes {limits.COMMAND_NAME} with the stroke; "
            f"use the alias /{name[:20].rstrip('-')}, or {advice}."
        )
    if not COMMAND_NAME.fullmatch(name):
        raise NameRefusedError(f"/{name} is not a name Slack takes: lower case, digits, hyphens; {advice}.")
    if name in taken:  # type: ignore[operator]
        raise NameRefusedError(f"Two commands are called /{name}; {advice}.")
