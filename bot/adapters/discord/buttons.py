"""Presses of buttons, picks and dialogues. Each carries its state, so any replica answers it at any time."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final, Self, cast

import discord

from bot.adapters.discord.answering import GONE, Answering
from bot.adapters.discord.say import Interaction, answered, say
from bot.adapters.discord.state import IN_FOOTER, PATTERN, PICKER, Press, Verb, parse
from bot.adapters.texts import shorten

MODAL_TITLE_LENGTH: Final = 45
LONGEST_INPUT: Final = 200


class Pressed(discord.ui.DynamicItem[discord.ui.Button[Any]], template=PATTERN):
    """Any of the bot's buttons."""

    def __init__(self, item: discord.ui.Button[Any], press: Press | None) -> None:
        super().__init__(item)
        self.press = press

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Read the state out of the `custom_id`, or out of the message's footer if it is too long for one."""
        components = []
        if match["line"] == IN_FOOTER and interaction.message is not None:
            components = [one.to_dict() for one in interaction.message.components]
        press = parse(match[0], components)  # type: ignore[arg-type]
        return cls(cast("discord.ui.Button[Any]", item), press)

    async def callback(self, interaction: Interaction) -> None:
        """Do what the button says."""
        await answered("press", self._press(interaction), partial(say, interaction))

    async def _press(self, interaction: Interaction) -> None:
        answering = answering_of(interaction)
        press = self.press
        if press is None:
            await say(interaction, GONE)
            return
        match press.verb:
            case Verb.ASK:
                await answering.ask(interaction, press.line)
            case Verb.PAGE:
                await answering.turn(interaction, press)
            case Verb.SHARE:
                await answering.share(interaction, press)
            case Verb.TYPE:
                await interaction.response.send_modal(dialogue(press))


class Picked(discord.ui.DynamicItem[discord.ui.Select[Any]], template=PICKER):
    """The select of names and sources; each option's value is a whole line."""

    def __init__(self, item: discord.ui.Select[Any]) -> None:
        super().__init__(item)

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Take the select as it is."""
        return cls(cast("discord.ui.Select[Any]", item))

    async def callback(self, interaction: Interaction) -> None:
        """Ask what was picked."""
        answering = answering_of(interaction)
        line = self.item.values[0] if self.item.values else ""
        await answered("pick", answering.ask(interaction, line), partial(say, interaction))


def answering_of(interaction: Interaction) -> Answering:
    """Return what answers for the client that received an interaction."""
    return cast("Answering", interaction.client.answering)


def dialogue(press: Press) -> discord.ui.Modal:
    """Return the dialogue that asks for one option; its state is in its `custom_id` too."""
    command, _, option = press.line.rpartition(" ")
    modal = discord.ui.Modal(
        title=shorten(command or press.line, MODAL_TITLE_LENGTH), custom_id=press.custom_id, timeout=None
    )
    words: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id="value", max_length=LONGEST_INPUT, required=True, placeholder=option.upper()
    )
    modal.add_item(discord.ui.Label(text=shorten(option.capitalize(), MODAL_TITLE_LENGTH), component=words))
    modal.stop()
    return modal


async def submitted(interaction: Interaction) -> bool:
    """Answer a dialogue that was sent; return whether it was one of ours."""
    data: Any = interaction.data
    press = parse(str(data.get("custom_id", "")))
    if press is None or press.verb is not Verb.TYPE:
        return False
    value = " ".join(_inputs(data.get("components", ()))).strip()
    answering = answering_of(interaction)
    quoted = shorten(value, LONGEST_INPUT).replace('"', '""')
    line = f'{press.line}:"{quoted}"'
    await answered("dialogue", answering.ask(interaction, line), partial(say, interaction))
    return True


def _inputs(components: Any) -> list[str]:
    """Return the values of all text inputs of a dialogue."""
    found = []
    for one in components:
        if "value" in one:
            found.append(str(one["value"]))
        found += _inputs([*one.get("components", ()), *filter(None, [one.get("component")])])
    return found
