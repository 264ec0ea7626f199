"""What Slack adds to every reply before it is rendered: its own command names, and a picker."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from bot.adapters.slack.names import Names
from bot.adapters.slack.render import Rendered, render
from bot.registry import Command, OptionKind
from bot.reply import Kind, Reply, Wanted

PICKED: Final = frozenset(
    {
        OptionKind.NAME,
        OptionKind.TOPIC,
        OptionKind.ABOUT,
        OptionKind.SOURCE,
        OptionKind.FACT,
        OptionKind.SCHEDULE,
    }
)
"""The kinds of options that suggestions complete."""

_NAMED: Final = re.compile(r"(?<!\S)(?P<name>[a-z][a-z-]*):(?:\"[^\"]*\"|\S+)")
_YEAR: Final = re.compile(r"[0-9]{4}")


def with_picker(reply: Reply, line: str, names: Names) -> Reply:
    """Let a name that is ambiguous or unknown be searched for, not only chosen from buttons."""
    command = names.registry.get(names.command_of(line))
    option = command.options[0] if command and command.options else None
    if command is None:
        return reply
    wanted = reply.wanted
    if wanted is None:
        if option is None or option.kind not in PICKED:
            return reply
        if reply.kind is not Kind.ASK and (reply.kind is not Kind.NONE or not option.required):
            return reply
        wanted = Wanted(command.name, option.name)
    asked = reply.footer.command if reply.footer else line
    return replace(
        reply, wanted=replace(wanted, command=wanted.command + _rest(command, wanted, asked, line))
    )


def _rest(command: Command, wanted: Wanted, asked: str, line: str) -> str:
    """Return what else was asked, such as ` as-of:2024`, for the line that the picked value completes.

    `asked` names every option, also the day of an answer that was asked for no day: that one is left out.
    """
    names = {one.name for one in command.options} - {wanted.option}
    if "as-of:" not in line and not _YEAR.search(line):
        names.discard("as-of")
    return "".join(f" {one[0]}" for one in _NAMED.finditer(asked) if one["name"] in names)


def present(reply: Reply, line: str, names: Names, *, share: bool) -> Rendered:
    """Return the pages of the reply to `line`, in which commands are called as in Slack."""
    again = reply.footer.command if reply.footer else line
    return render(with_picker(reply, line, names), line=again, share=share, shown=names.shown)


def acted(reply: Reply, names: Names) -> Rendered:
    """Return the pages that tell what was done: for the asker alone, without buttons for other pages."""
    return render(reply, shown=names.shown, turning=False)
