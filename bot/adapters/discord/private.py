"""The private touches of discord.py, all of them, checked at import against the version installed.

discord.py has no public way to hand in an interaction that came over HTTP, to see the payload that a sync
would send, to read registered commands with their localisations, or to ask when a shard last heard anything.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from typing import Any, Final

import discord
from discord import app_commands
from discord.gateway import KeepAliveHandler
from discord.http import HTTPClient, Route
from discord.shard import Shard, ShardInfo
from discord.state import ConnectionState

from bot.adapters.discord.limits import Json

_THREAD: Final = {"owner_id": "0", "message_count": 0, "member_count": 0, "rate_limit_per_user": 0}
TESTED: Final = "2.7"


class LibraryChanged(ImportError):
    """discord.py is not what this file was written for; the message says what is missing."""


def _check() -> None:
    wanted: dict[str, tuple[object, list[str]]] = {
        "ConnectionState.parse_interaction_create": (
            getattr(ConnectionState, "parse_interaction_create", None),
            ["self", "data"],
        ),
        "HTTPClient.request": (getattr(HTTPClient, "request", None), ["self", "route"]),
        "Command.to_dict": (getattr(app_commands.Command, "to_dict", None), ["self", "tree"]),
        "Command.get_translated_payload": (
            getattr(app_commands.Command, "get_translated_payload", None),
            ["self", "tree", "translator"],
        ),
        "ContextMenu.to_dict": (getattr(app_commands.ContextMenu, "to_dict", None), ["self", "tree"]),
        "ShardInfo.__init__": (getattr(ShardInfo, "__init__", None), ["self", "parent"]),
        "KeepAliveHandler.tick": (getattr(KeepAliveHandler, "tick", None), ["self"]),
    }
    missing = [
        name
        for name, (found, parameters) in wanted.items()
        if found is None or list(inspect.signature(found).parameters)[: len(parameters)] != parameters  # type: ignore[arg-type]
    ]
    for name in ("to_components", "has_components_v2"):
        if not callable(getattr(discord.ui.LayoutView, name, None)):
            missing.append(f"LayoutView.{name}")
    if "_parent" not in getattr(ShardInfo, "__slots__", ()):
        missing.append("ShardInfo._parent")
    if "_last_recv" not in inspect.getsource(KeepAliveHandler):
        missing.append("KeepAliveHandler._last_recv")
    if "self.ws" not in inspect.getsource(Shard):
        missing.append("Shard.ws")
    if missing:
        raise LibraryChanged(
            f"discord.py {discord.__version__} lacks {', '.join(missing)}; "
            f"the Discord adapter was written for {TESTED}. Install that version."
        )


_check()


def receive_interaction(client: discord.Client, data: Mapping[str, Any]) -> None:
    """Hand an interaction to the client as if it had come through the gateway.

    Raises:
        KeyError, TypeError, ValueError: the payload is not an interaction.
    """
    channel = data.get("channel")
    if isinstance(channel, dict):
        # Of a thread only a part is sent, and the library wants all of it where the thread is not cached.
        data = {**data, "channel": {**_THREAD, **channel}}
    client._connection.parse_interaction_create(data)  # type: ignore[arg-type]


async def declared(tree: app_commands.CommandTree[Any], guild: discord.Object | None) -> list[Json]:
    """Return the payload that :meth:`CommandTree.sync` would send."""
    commands: list[Any] = tree.get_commands(guild=guild)
    if tree.translator is None:
        return [command.to_dict(tree) for command in commands]
    return [await command.get_translated_payload(tree, tree.translator) for command in commands]


async def registered(client: discord.Client, guild: discord.Object | None) -> list[Json]:
    """Return the commands that Discord knows, with their localisations.

    Raises:
        discord.HTTPException: Discord refused, or could not be reached.
    """
    path = "/applications/{application_id}/commands"
    ids: dict[str, Any] = {"application_id": client.application_id}
    if guild is not None:
        path = "/applications/{application_id}/guilds/{guild_id}/commands"
        ids["guild_id"] = guild.id
    route = Route("GET", path, **ids)
    found: list[Json] = await client.http.request(route, params={"with_localizations": "true"})
    return found


def quiet_seconds(shard: ShardInfo) -> float | None:
    """Return for how long nothing at all has come from a shard's gateway; None while it is not connected."""
    socket = shard._parent.ws
    heart = getattr(socket, "_keep_alive", None)
    return None if heart is None else time.perf_counter() - float(heart._last_recv)
