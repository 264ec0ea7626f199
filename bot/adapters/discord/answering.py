"""From a question to a Discord message and back out: who sees it, which page, what is shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import discord
import structlog
from msgspec.structs import replace

from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.limits import Json
from bot.adapters.discord.render import Rendered, Style, render
from bot.adapters.discord.state import Press
from bot.adapters.discord.view import PageView
from bot.adapters.texts import inert, shorten
from bot.desk import Asker, Desk, Suggestion
from bot.reply import Reply, Visibility

log = structlog.get_logger(__name__)

Interaction = discord.Interaction[Any]
Dossiers = Callable[[str], tuple[str, ...] | None]
"""What a channel may see: None means all dossiers."""

NAME_LENGTH: Final = 40
CHANGED: Final = "The base has changed since this answer was first shown"
NOT_WRITING: Final = "You may not write in this channel, so the answer stays private."
GONE: Final = "What this button asks cannot be read any more. Type the command again."


class Answering:
    """Answers commands, presses and messages through one desk."""

    def __init__(self, desk: Desk, config: DiscordConfig, dossiers: Dossiers) -> None:
        self.desk = desk
        self._dossiers = dossiers
        self._public = {one.lstrip("/") for one in config.public}

    def asker(self, user: discord.abc.Snowflake, channel: object, channel_id: int | None) -> Asker:
        """Return who asks and what the place may see; a thread is part of its channel."""
        parent = getattr(channel, "parent_id", None) if isinstance(channel, discord.Thread) else None
        place = str(parent or channel_id or "")
        return Asker(platform="discord", user=str(user.id), channel=place, dossiers=self._dossiers(place))

    def who_asks(self, interaction: Interaction) -> Asker:
        """Return who sent an interaction."""
        return self.asker(interaction.user, interaction.channel, interaction.channel_id)

    def suggest(self, interaction: Interaction, command: str, option: str, typed: str) -> list[Suggestion]:
        """Suggest values of an option."""
        return self.desk.suggest(command, option, typed, self.who_asks(interaction))

    def is_public(self, reply: Reply, asker: Asker, *, alone: bool) -> bool:
        """Whether all see the answer: in a conversation with the bot alone, and where so configured."""
        line = reply.footer.command if reply.footer else ""
        command = line.partition(" ")[0].lstrip("/")
        wanted = reply.visibility is Visibility.PUBLIC or bool(self._public & {command, asker.channel})
        return alone or wanted

    async def answer(self, interaction: Interaction, reply: Reply, page: int = 1) -> None:
        """Send a reply to an interaction, to the asker alone unless it is public."""
        alone = is_alone(interaction)
        public = self.is_public(reply, self.who_asks(interaction), alone=alone)
        rendered = self.rendered(reply, Style(share=not public))
        await send(interaction, at(rendered, page), private=not public)

    async def turn(self, interaction: Interaction, press: Press) -> None:
        """Show another page: in place where only the reader sees it, else to the reader alone."""
        asker = self.who_asks(interaction)
        reply = with_notice(self.desk.ask(press.line, asker), press)
        own = interaction.message is not None and interaction.message.flags.ephemeral
        alone = is_alone(interaction)
        body = at(self.rendered(reply, Style(share=own or not alone)), press.page)
        if own or alone:
            await interaction.response.edit_message(view=PageView(body))
        else:
            await send(interaction, body, private=True)

    async def share(self, interaction: Interaction, press: Press) -> None:
        """Post a page for all to see, with the name of who shared it."""
        rights = interaction.permissions
        thread = isinstance(interaction.channel, discord.Thread)
        if interaction.guild_id and not (rights.send_messages_in_threads if thread else rights.send_messages):
            await interaction.response.send_message(NOT_WRITING, ephemeral=True)
            return
        reply = with_notice(self.desk.ask(press.line, self.who_asks(interaction)), press)
        name = shorten(inert(interaction.user.display_name), NAME_LENGTH)
        reply = noticed(reply, f"shared by {name}")
        await send(interaction, at(self.rendered(reply, Style()), press.page), private=False)

    def rendered(self, reply: Reply, style: Style) -> Rendered:
        """Render a reply; what Discord shows less well is logged."""
        rendered = render(reply, style)
        for note in rendered.notes:
            log.debug("shown differently", block=note.block, degree=note.degree.value, why=note.why)
        return rendered


def is_alone(interaction: Interaction) -> bool:
    """Whether nobody but the asker and the bot is in the conversation."""
    return interaction.guild_id is None and bool(interaction.context.dm_channel)


def at(rendered: Rendered, page: int) -> Json:
    """Return a page, or the last one where the answer has become shorter."""
    return rendered.pages[min(max(page, 1), len(rendered.pages)) - 1]


def with_notice(reply: Reply, press: Press) -> Reply:
    """Say so where another snapshot answers than the one whose button was pressed."""
    footer = reply.footer
    if footer is None or not press.snapshot or footer.snapshot.startswith(press.snapshot):
        return reply
    return noticed(reply, CHANGED)


def noticed(reply: Reply, words: str) -> Reply:
    """Return a reply with a remark in its footer."""
    footer = reply.footer
    if footer is None:
        return reply
    return replace(reply, footer=replace(footer, notice=" · ".join(filter(None, (footer.notice, words)))))


async def send(interaction: Interaction, body: Json, *, private: bool) -> None:
    """Answer an interaction with a page; a failure is one line in the log, since nobody can be told."""
    await interaction.response.send_message(
        view=PageView(body), ephemeral=private, allowed_mentions=discord.AllowedMentions.none()
    )
