"""`/help`, and what is said when a command was not understood: both from the declarations."""

from __future__ import annotations

from bot.registry import COMMON, Command, Option, Registry
from bot.reply import Action, Bullets, Field, Fields, Kind, Name, Note, Paragraph, Reply, Span, Text, line


def overview(registry: Registry) -> Reply:
    """Return the list of commands."""
    fields = tuple(
        Field(_short(command), line(f"{command.summary}. ", _example(command))) for command in registry
    )
    hints = (
        *(line(f"{option.name}: works with every command that answers. {option.help}.") for option in COMMON),
        line("Give arguments in order or as name:value; quotes keep words together."),
        line(
            "F2 is a rating: the letter judges the source (A completely reliable … F cannot be judged),"
            " the digit the statement (1 confirmed … 6 cannot be judged)."
        ),
        line("Dates may be written as 2024-12-11, 2024-12, 2024 or as answers print them."),
    )
    return Reply(
        kind=Kind.ANSWER,
        title="Commands",
        summary=f"Commands: {', '.join('/' + command.name for command in registry)}.",
        blocks=(Fields(fields), Bullets(hints, "How to ask")),
    )


def explain(command: Command) -> Reply:
    """Return one command with its options."""
    fields = tuple(Field(_label(option), line(_help(option))) for option in command.options)
    return Reply(
        kind=Kind.ANSWER,
        title=f"/{command.name}",
        summary=f"{command.usage}: {command.summary}.",
        blocks=(
            Paragraph((line(f"{command.summary}."), line(f"Usage: {command.usage}"))),
            Fields(fields, "Options"),
            Paragraph((line("Example: ", _example(command)),)),
        ),
    )


def misread(sentence: str, command: Command | None, choices: tuple[Action, ...] = ()) -> Reply:
    """Say in one sentence what was not understood, and how the command is written."""
    help_line = f"/help {command.name}" if command else "/help"
    usage = f"Usage: {command.usage}" if command else "See "
    return Reply(
        kind=Kind.USAGE,
        title="Not understood",
        summary=sentence,
        blocks=(
            Note(line(sentence)),
            Paragraph((line(usage, *([] if command else [Name("/help", "/help")])),)),
        ),
        actions=(*choices, Action("Help", help_line)),
    )


def _example(command: Command) -> Span:
    """Return the example, to be pressed only where that changes nothing."""
    return Text(command.example) if command.acts else Name(command.example, command.example)


def _short(command: Command) -> str:
    own = [option.hint for option in command.options if option not in COMMON]
    return " ".join((f"/{command.name}", *own))


def _label(option: Option) -> str:
    return option.name if option.required else f"{option.name} (optional)"


def _help(option: Option) -> str:
    return f"{option.help}: {', '.join(option.choices)}" if option.choices else option.help
