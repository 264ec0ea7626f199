"""What Slack adds to every reply before it is rendered: its own command names, and a picker."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from bot.adapters.slack.names import Names
from bot.adapters.slack.render import Rendered, render
from bot.registry import OptionKind
from bot.reply import Kind, Reply, Wanted

PICKED: Final = frozenset(
    {OptionKind.NAME, OptionKind.TOPIC, OptionKind.ABOUT, OptionKind.SOURCE, OptionKind.FACT}
)
"""The kinds of options that suggestions complete."""


def with_picker(reply: Reply, line: str, names: Names) -> Reply:
    """Let a name that is ambiguous or unknown be searched for, not only chosen from buttons."""
    command = names.registry.get(names.command_of(line))
    option = command.options[0] if command and command.options else None
    if reply.wanted or command is None or option is None or option.kind not in PICKED:
        return reply
    if reply.kind is Kind.ASK or (reply.kind is Kind.NONE and option.required):
        return replace(reply, wanted=Wanted(command.name, option.name))
    return reply


def present(reply: Reply, line: str, names: Names, *, share: bool) -> Rendered:
    """Return the pages of the reply to `line`, in which commands are called as in Slack."""
    again = reply.footer.command if reply.footer else line
    return render(with_picker(reply, line, names), line=again, share=share, shown=names.shown)
