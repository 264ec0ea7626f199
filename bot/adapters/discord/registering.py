"""Register commands without running the bot: log in, compare, replace, leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aiohttp
import discord

from bot.adapters.discord.commands import Translations, Tree, add_commands
from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.say import Interaction
from bot.adapters.discord.sync import Plan, plan, sync
from bot.desk import Call, Suggestion
from bot.registry import Registry


class Refused(Exception):
    """Discord did not let us; the message says what to do."""


class _Nobody:
    """Handles nothing: the commands are only described here."""

    async def on_call(self, interaction: Interaction, call: Call) -> None:
        """Do nothing."""

    async def on_look_up(self, interaction: Interaction, message: discord.Message) -> None:
        """Do nothing."""

    def suggest(self, interaction: Interaction, command: str, option: str, typed: str) -> list[Suggestion]:
        """Suggest nothing."""
        return []


async def register(
    registry: Registry,
    config: DiscordConfig,
    token: str,
    *,
    guild: int = 0,
    dry_run: bool = False,
    remove: bool = False,
    show: Callable[[Plan], None] = lambda plan: None,
) -> Plan:
    """Compare and, unless it is a dry run, register the commands for all servers or for one.

    With `remove` that one server's own commands are taken away. `show` is given the plan before anything is
    changed.

    Raises:
        Refused: the token is wrong, the bot is not in that server, or Discord cannot be reached.
    """
    client = discord.Client(intents=discord.Intents.none())
    tree: Any = Tree(client)
    add_commands(tree, registry, _Nobody())
    where = discord.Object(guild) if guild else None
    if where and not remove:
        tree.copy_global_to(guild=where)
    if config.translations:
        await tree.set_translator(Translations(config.translations))
    try:
        await client.login(token)
        made = await plan(client, tree, where)
        show(made)
        return made if dry_run else await sync(client, tree, where)
    except discord.LoginFailure:
        raise Refused(
            "Discord does not know this token. Make a new one in the developer portal, page Bot, "
            "and put it into DISCORD_TOKEN."
        ) from None
    except discord.Forbidden:
        where_to = f"in the server {guild}. Add it there" if guild else "for this application. Add it anew"
        raise Refused(
            f"The bot may not register commands {where_to} with the link of `briefing-bot discord invite`."
        ) from None
    except discord.HTTPException as error:
        raise Refused(
            f"Discord refused the commands (HTTP {error.status}, code {error.code}): {error.text[:300]}"
        ) from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Refused(f"Discord cannot be reached ({type(error).__name__}). Try again later.") from None
    finally:
        await client.close()
