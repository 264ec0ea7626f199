"""From a question to a Discord message and back out: who sees it, which page, what is shared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import discord
import structlog

from bot.adapters import acting
from bot.adapters.acting import Once
from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.limits import Json
from bot.adapters.discord.render import Rendered, Style, render
from bot.adapters.discord.say import NO_MENTIONS, Interaction, replace, say, send
from bot.adapters.discord.state import Press
from bot.adapters.discord.view import PageView
from bot.adapters.texts import inert, shorten
from bot.desk import Asker, Desk, Suggestion
from bot.reply import Kind, Reply, Visibility

log = structlog.get_logger(__name__)

Result = TypeVar("Result")
Dossiers = Callable[[str, str], tuple[str, ...] | None]
"""What a channel of a server may see, by their ids, "" where there is none: None means all dossiers."""

First = Callable[[str], Awaitable[bool]]
"""Says of a key whether it is seen for the first time, by any replica."""

PATIENCE: Final = 1.5
"""Seconds that an answer may take before it is promised; Discord gives an interaction up after three."""

NAME_LENGTH: Final = 40
TOLD: Final = Style(pager=False)
"""How that is laid out which nobody turns or shares."""

CHANGED: Final = "The base has changed since this answer was first shown"
NOT_WRITING: Final = "You may not write in this channel, so the answer stays private."
GONE: Final = "What this button asks cannot be read any more. Type the command again."


class Answering:
    """Answers commands, presses and messages through one desk, one at a time.

    An answer that does not get its turn within :data:`PATIENCE` is promised (deferred) and follows later.
    """

    def __init__(
        self, desk: Desk, config: DiscordConfig, dossiers: Dossiers, first: First | None = None
    ) -> None:
        self.first = first or Once().first
        self.desk = desk
        self.turns = asyncio.Lock()
        self.wait: Callable[[float], Awaitable[object]] = asyncio.sleep
        self._dossiers = dossiers
        self._public = {one.lstrip("/") for one in config.public}

    def asker(
        self,
        user: discord.abc.Snowflake,
        channel: object,
        channel_id: int | None,
        guild_id: int | None,
        *,
        alone: bool = False,
    ) -> Asker:
        """Return who asks and what the place may see; a thread is part of its channel.

        Where a server's channel is not known, it may be a thread of any channel: it sees nothing.
        """
        parent = getattr(channel, "parent_id", None) if isinstance(channel, discord.Thread) else None
        place, server = str(parent or channel_id or ""), str(guild_id or "")
        known = not server or isinstance(channel, discord.Thread | discord.abc.GuildChannel)
        seen = self._dossiers(place, server) if known else ()
        return Asker(
            platform="discord",
            user=str(user.id),
            workspace=server,
            channel=place,
            thread=str(channel_id or "") if isinstance(channel, discord.Thread) else "",
            direct=alone,
            dossiers=seen,
        )

    def who_asks(self, interaction: Interaction) -> Asker:
        """Return who sent an interaction."""
        return self.asker(
            interaction.user,
            interaction.channel,
            interaction.channel_id,
            interaction.guild_id,
            alone=is_alone(interaction),
        )

    def suggest(self, interaction: Interaction, command: str, option: str, typed: str) -> list[Suggestion]:
        """Suggest values of an option."""
        return self.desk.suggest(command, option, typed, self.who_asks(interaction))

    def is_public(self, reply: Reply, asker: Asker, *, alone: bool) -> bool:
        """Whether all see the reply: in a conversation with the bot alone, and answers where so configured.

        A question, or that nothing is known or something broke, is of use to the asker only.
        """
        if alone or reply.kind is not Kind.ANSWER:
            return alone
        line = reply.footer.command if reply.footer else ""
        return reply.visibility is Visibility.PUBLIC or self._is_public(line, asker)

    def _is_public(self, line: str, asker: Asker) -> bool:
        return bool(self._public & {line.partition(" ")[0].lstrip("/"), asker.channel})

    async def ask(self, interaction: Interaction, line: str) -> None:
        """Answer a line, or do what it says."""
        if self.desk.acts(line):
            await self.act(interaction, line)
        else:
            await self.answer(interaction, line, lambda asker: self.desk.ask(line, asker))

    async def act(self, interaction: Interaction, line: str) -> None:
        """Do what a line says, outside the turns of answers, and tell the asker alone.

        The answer is promised first. Discord takes one promise for an interaction: where another replica has
        made it, nothing is done here. All pages are told, since a button for the next one would have it done
        again.

        Raises:
            discord.HTTPException: Discord refused the promise or the answer.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        reply = await acting.act(self.desk, line, self.who_asks(interaction))
        first, *others = self.rendered(reply, TOLD).pages
        await interaction.edit_original_response(view=PageView(first), allowed_mentions=NO_MENTIONS)
        for page in others:
            await interaction.followup.send(view=PageView(page), ephemeral=True, allowed_mentions=NO_MENTIONS)

    async def answer(self, interaction: Interaction, line: str, ask: Callable[[Asker], Reply]) -> None:
        """Answer an interaction with what `ask` returns, to the asker alone unless it is public.

        `line` begins with the command; it decides who sees the promise of an answer that takes its time.
        """
        asker, alone = self.who_asks(interaction), is_alone(interaction)
        openly = alone or self._is_public(line, asker)

        def work(promised: bool) -> tuple[Json, bool]:
            reply = ask(asker)
            # A promise to one cannot be kept to all; the button to share is there for that.
            public = self.is_public(reply, asker, alone=alone) and (openly or not promised)
            return at(self.rendered(reply, Style(share=not public)), 1), public

        body, public = await self.computed(
            work, lambda: interaction.response.defer(ephemeral=not openly, thinking=True)
        )
        if openly and not public and interaction.response.is_done():
            await interaction.delete_original_response()
            await interaction.followup.send(view=PageView(body), ephemeral=True, allowed_mentions=NO_MENTIONS)
        else:
            await send(interaction, body, private=not public)

    async def turn(self, interaction: Interaction, press: Press) -> None:
        """Show another page: in place where only the reader sees it, else to the reader alone."""
        if self.desk.acts(press.line):
            await say(interaction, acting.NOT_TURNED)
            return
        asker, alone = self.who_asks(interaction), is_alone(interaction)
        own = interaction.message is not None and interaction.message.flags.ephemeral
        in_place = own or alone

        def work(promised: bool) -> Json:
            reply = self.desk.ask(press.line, asker)
            style = Style(share=own or not alone, remark=changed(reply, press))
            return at(self.rendered(reply, style), press.page)

        body = await self.computed(
            work, lambda: interaction.response.defer(ephemeral=not in_place, thinking=not in_place)
        )
        if in_place:
            await replace(interaction, body)
        else:
            await send(interaction, body, private=True)

    async def share(self, interaction: Interaction, press: Press) -> None:
        """Post a page for all to see, with the name of who shared it, if it is still an answer."""
        if self.desk.acts(press.line):
            await say(interaction, acting.NOT_SHARED)
            return
        rights = interaction.permissions
        thread = isinstance(interaction.channel, discord.Thread)
        if interaction.guild_id and not (rights.send_messages_in_threads if thread else rights.send_messages):
            await say(interaction, NOT_WRITING)
            return
        name = shorten(inert(interaction.user.display_name), NAME_LENGTH)
        asker = self.who_asks(interaction)

        def work(promised: bool) -> tuple[Json, bool]:
            reply = self.desk.ask(press.line, asker)
            remark = " · ".join(filter(None, (changed(reply, press), f"shared by {name}")))
            return at(self.rendered(reply, Style(remark=remark)), press.page), reply.kind is Kind.ANSWER

        # The promise is private, so that what is no answer can be said in its place.
        body, answers = await self.computed(
            work, lambda: interaction.response.defer(ephemeral=True, thinking=True)
        )
        if answers and interaction.response.is_done():
            await interaction.delete_original_response()
            await interaction.followup.send(view=PageView(body), allowed_mentions=NO_MENTIONS)
        else:
            await send(interaction, body, private=not answers)

    async def computed(
        self,
        work: Callable[[bool], Result],
        promise: Callable[[], Awaitable[object]] | None = None,
    ) -> Result:
        """Run `work` when it is its turn, and let it know whether the answer had to be promised."""
        promised = False

        async def in_turn() -> Result:
            async with self.turns:
                # The loop gets round once between two answers, so that promises go out in time.
                await asyncio.sleep(0)
                return work(promised)

        waiting = asyncio.ensure_future(in_turn())
        try:
            if promise:
                patience = asyncio.ensure_future(self.wait(PATIENCE))
                await asyncio.wait([waiting, patience], return_when=asyncio.FIRST_COMPLETED)
                patience.cancel()
                if not waiting.done():
                    promised = True
                    await promise()
            return await waiting
        finally:
            waiting.cancel()

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


def changed(reply: Reply, press: Press) -> str:
    """Say so where another snapshot answers than the one whose button was pressed; else return ""."""
    footer = reply.footer
    if footer is None or not press.snapshot or footer.snapshot.startswith(press.snapshot):
        return ""
    return CHANGED
