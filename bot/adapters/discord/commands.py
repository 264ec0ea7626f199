"""Discord's application commands, built from the one registry; there is no second list."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, Protocol

import discord
import structlog
from discord import app_commands

from bot.adapters.discord.limits import CHOICE_NAME, CHOICE_VALUE, COMMAND_DESCRIPTION, OPTION_CHOICES
from bot.adapters.discord.say import FAILED, Interaction, say
from bot.adapters.texts import inert, shorten, units
from bot.desk import Call, Suggestion
from bot.registry import Command, Registry

log = structlog.get_logger(__name__)

LOOK_UP: Final = "Look this up"
"""The message context menu."""

STALE: Final = "This command has changed. Reload Discord (Ctrl+R, or restart the app) and try again."


class Handler(Protocol):
    """What the commands call."""

    async def on_call(self, interaction: Interaction, call: Call) -> None:
        """Answer a command."""

    async def on_look_up(self, interaction: Interaction, message: discord.Message) -> None:
        """Answer the context menu of a message."""

    def suggest(self, interaction: Interaction, command: str, option: str, typed: str) -> list[Suggestion]:
        """Suggest values of an option, best first; never raises."""


class Translations(app_commands.Translator):
    """Descriptions in other languages, from a table: locale, English text, translation."""

    def __init__(self, table: Mapping[str, Mapping[str, str]]) -> None:
        self._table = table

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: Any
    ) -> str | None:
        """Return the translation of a description, or None; names stay as they are."""
        places = app_commands.TranslationContextLocation
        if context.location not in {places.command_description, places.parameter_description}:
            return None
        found = self._table.get(locale.value, {}).get(string.message)
        return shorten(inert(found), COMMAND_DESCRIPTION) if found else None


class Tree(app_commands.CommandTree[Any]):
    """The commands, for servers and for people who install the app for themselves."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Say in one sentence what happened, where Discord still lets us."""
        stale = isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch)
        if stale:
            log.warning("command is stale", reason=type(error).__name__, detail=str(error)[:200])
        else:
            log.error("command failed", reason=type(error).__name__, exc_info=error)
        try:
            if interaction.response.is_done():
                return
            if interaction.type is discord.InteractionType.autocomplete:
                await interaction.response.autocomplete([])
            else:
                await say(interaction, STALE if stale else FAILED)
        except discord.HTTPException as failed:
            log.warning("no answer possible", status=failed.status, code=failed.code)


def add_commands(tree: Tree, registry: Registry, handler: Handler) -> None:
    """Add each declared command, and the context menu, to the tree."""
    for command in registry:
        tree.add_command(_command(command, handler))

    async def look_up(interaction: Interaction, message: discord.Message) -> None:
        await handler.on_look_up(interaction, message)

    tree.add_command(app_commands.ContextMenu(name=LOOK_UP, callback=look_up))


def _command(command: Command, handler: Handler) -> app_commands.Command[Any, ..., None]:
    names = {f"{option.name.replace('-', '_')}_": option for option in command.options}

    async def answer(interaction: Interaction, **given: str | None) -> None:
        arguments = {names[key].name: value for key, value in given.items() if value}
        await handler.on_call(interaction, Call(command.name, arguments))

    empty = inspect.Parameter.empty
    answer.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        + [
            inspect.Parameter(
                key,
                inspect.Parameter.KEYWORD_ONLY,
                default=empty if option.required else None,
                annotation=str,
            )
            for key, option in names.items()
        ]
    )
    app_commands.describe(**{key: option.help for key, option in names.items()})(answer)
    app_commands.rename(**{key: option.name for key, option in names.items()})(answer)
    chosen = {key: option.choices for key, option in names.items() if option.choices}
    app_commands.choices(
        **{
            key: [app_commands.Choice(name=one, value=one) for one in choices]
            for key, choices in chosen.items()
        }
    )(answer)
    app_commands.autocomplete(
        **{
            key: _completer(command.name, option.name, handler)
            for key, option in names.items()
            if not (option.kind.is_free or option.choices)
        }
    )(answer)
    return app_commands.Command(name=command.name, description=command.summary, callback=answer)


Completer = Callable[[Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]


def _completer(command: str, option: str, handler: Handler) -> Completer:
    async def complete(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        try:
            return choices(handler.suggest(interaction, command, option, typed))
        except Exception:
            log.exception("completion failed", command=command, option=option)
            return []

    return complete


def choices(found: list[Suggestion]) -> list[app_commands.Choice[str]]:
    """Return suggestions as Discord's choices; what Discord could not hand back whole is left out."""
    made: dict[str, app_commands.Choice[str]] = {}
    for one in found:
        value, label, remark = one.value, one.label.strip() or one.value, one.hint.strip()
        # No character has more than two units, so few texts must be counted.
        if not value or value in made or (len(value) > CHOICE_VALUE // 2 and units(value) > CHOICE_VALUE):
            continue
        name = inert(f"{label} · {remark}" if remark and remark != label else label)
        if len(name) > CHOICE_NAME // 2:
            name = shorten(name, CHOICE_NAME if units(name) == len(name) else CHOICE_NAME // 2)
        made[value] = app_commands.Choice(name=name, value=value)
        if len(made) == OPTION_CHOICES:
            break
    return list(made.values())
