"""The Discord client: events in, replies out. Everything it says is said by :mod:`answering`."""

from __future__ import annotations

import asyncio
import re
import time
from functools import partial
from typing import Any

import discord
import structlog

from bot.adapters.acting import NOT_OPENLY, act, refused
from bot.adapters.discord.answering import TOLD, Answering, Dossiers, First, at
from bot.adapters.discord.buttons import Picked, Pressed, submitted
from bot.adapters.discord.commands import Translations, Tree, add_commands
from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.escape import unescape
from bot.adapters.discord.limits import Json, walk
from bot.adapters.discord.lookup import look_up
from bot.adapters.discord.render import Style
from bot.adapters.discord.say import NO_MENTIONS, Interaction, answered, say
from bot.adapters.discord.sync import sync
from bot.adapters.discord.view import PageView
from bot.desk import Asker, Call, Desk, Suggestion

log = structlog.get_logger(__name__)

LONGEST_WAIT = 30.0
"""Seconds that a request waits for a rate limit before it fails instead."""


def words_of(message: discord.Message) -> str:
    """Return the words of a message: its text, its embeds' and its components', such as an answer's."""
    parts = [message.content, *(embed.description or "" for embed in message.embeds)]
    components: list[Any] = [one.to_dict() for one in message.components]
    parts += [unescape(one["content"]) for one in walk(components) if one.get("content")]
    return "\n".join(parts)


def everything(channel: str, server: str = "") -> None:
    """Let every channel see every dossier."""


class BriefingClient(discord.AutoShardedClient):
    """The bot in Discord. It keeps no members and no messages, and asks for no privileged intent."""

    def __init__(
        self,
        desk: Desk,
        config: DiscordConfig | None = None,
        dossiers: Dossiers = everything,
        first: First | None = None,
    ) -> None:
        self.heard: float | None = None
        self.config = config or DiscordConfig()
        talking = self.config.mentions
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=talking, dm_messages=talking),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=LONGEST_WAIT,
            shard_count=self.config.shards or None,
        )
        self.desk = desk
        self.logged_in = asyncio.Event()
        self.answering = Answering(desk, self.config, dossiers, first)
        self.tree = Tree(self)
        add_commands(self.tree, desk.registry, self)
        self.add_dynamic_items(Pressed, Picked)

    async def setup_hook(self) -> None:
        """Prepare the commands once, before the gateway is connected."""
        self.logged_in.set()
        if self.config.translations:
            await self.tree.set_translator(Translations(self.config.translations))
        if not self.config.sync:
            return
        try:
            await sync(self, self.tree)
        except discord.HTTPException as error:
            # Answers work with the commands that are registered; only new ones are missing.
            log.error(
                "commands not registered", status=error.status, code=error.code, detail=error.text[:300]
            )
        except Exception as error:
            # A rate limit, or an answer that is not Discord's.
            log.error("commands not registered", reason=type(error).__name__, detail=str(error)[:300])

    # --- what the commands call ------------------------------------------------------------------------

    async def on_call(self, interaction: Interaction, call: Call) -> None:
        """Answer a command."""
        line = self.desk.canonical(call)
        if self.desk.acts(line):
            work = self.answering.act(interaction, line)
        else:
            work = self.answering.answer(
                interaction, call.command, lambda asker: self.desk.answer(call, asker)
            )
        await answered("command", work, partial(say, interaction), command=call.command)

    async def on_look_up(self, interaction: Interaction, message: discord.Message) -> None:
        """Answer the context menu of a message."""
        work = self.answering.answer(
            interaction, "", lambda asker: look_up(self.desk, words_of(message), asker)
        )
        await answered("menu", work, partial(say, interaction))

    def suggest(self, interaction: Interaction, command: str, option: str, typed: str) -> list[Suggestion]:
        """Suggest values of an option."""
        return self.answering.suggest(interaction, command, option, typed)

    # --- events ----------------------------------------------------------------------------------------

    async def on_interaction(self, interaction: Interaction) -> None:
        """Answer dialogues; commands and buttons have their own ways in."""
        self.heard = time.time()
        if interaction.type is discord.InteractionType.modal_submit:
            await submitted(interaction)

    async def on_message(self, message: discord.Message) -> None:
        """Answer "@briefing who gref" and direct messages, as a reply that pings nobody."""
        self.heard = time.time()
        line = self.addressed(message)
        if line is None:
            return
        sorry = partial(message.reply, mention_author=False, allowed_mentions=NO_MENTIONS)
        await answered("message", self._reply(message, line), sorry)

    async def _reply(self, message: discord.Message, line: str) -> None:
        guild = message.guild.id if message.guild else None
        channel: object = message.channel
        if isinstance(channel, discord.PartialMessageable) and guild:
            # A thread that the client has not been told of: only its channel says what it may see.
            try:
                channel = await self.fetch_channel(channel.id)
            except discord.DiscordException as error:
                log.warning("channel not known", reason=type(error).__name__)
        asker = self.answering.asker(
            message.author, channel, message.channel.id, guild, alone=message.guild is None
        )
        if self.desk.acts(line):
            pages = await self._act(message, line, asker)
        else:
            rendered = await self.answering.computed(
                lambda promised: self.answering.rendered(self.desk.ask(line, asker), Style())
            )
            pages = [at(rendered, 1)]
        for page in pages:
            await message.reply(view=PageView(page), mention_author=False, allowed_mentions=NO_MENTIONS)

    async def _act(self, message: discord.Message, line: str, asker: Asker) -> list[Json]:
        """Do what a direct message says, once, and return the pages that tell so."""
        if not asker.direct:
            return self.answering.rendered(refused(NOT_OPENLY), TOLD).pages
        if not await self.answering.first(f"discord:{message.id}"):
            return []
        return self.answering.rendered(await act(self.desk, line, asker), TOLD).pages

    def addressed(self, message: discord.Message) -> str | None:
        """Return the line that a message asks, or None where it is not for the bot."""
        if message.author.bot or self.user is None or message.type not in _SPOKEN:
            return None
        text = message.content.strip()
        role = message.guild.self_role if message.guild else None
        names = [rf"<@!?{self.user.id}>"] + ([rf"<@&{role.id}>"] if role else [])
        begins = re.match(rf"(?:{'|'.join(names)})[\s,:]*", text)
        if begins:
            return text[begins.end() :]
        return text if message.guild is None and text else None

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Log what a handler did not expect; the client goes on."""
        log.exception("event failed", discord_event=event_method)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Log it; the library reconnects by itself."""
        log.info("shard disconnected", shard=shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Log it."""
        log.info("shard resumed", shard=shard_id)

    async def on_shard_ready(self, shard_id: int) -> None:
        """Log it."""
        log.info("shard ready", shard=shard_id, servers=len(self.guilds))


_SPOKEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
