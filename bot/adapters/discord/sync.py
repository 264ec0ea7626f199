"""Register the declared commands with Discord, once: only where the fingerprints differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import discord
import msgspec
import structlog

from bot.adapters.discord import private
from bot.adapters.discord.commands import Tree
from bot.adapters.discord.limits import Json

log = structlog.get_logger(__name__)

MESSAGE_MENU: Final = 3
_COMMAND: Final[Json] = {
    "type": 1,
    "name": "",
    "description": "",
    "name_localizations": {},
    "description_localizations": {},
    "default_member_permissions": None,
    "contexts": [],
    "integration_types": [],
    "nsfw": False,
    "options": [],
}
_OPTION: Final[Json] = {
    "type": 3,
    "name": "",
    "description": "",
    "name_localizations": {},
    "description_localizations": {},
    "required": False,
    "autocomplete": False,
    "choices": [],
}


class Plan(msgspec.Struct, frozen=True):
    """What a sync would do: the two fingerprints, and the difference, a line each (`+`, `-` or `~`)."""

    declared: str
    registered: str
    difference: tuple[str, ...]

    @property
    def needed(self) -> bool:
        """Whether Discord knows other commands than those declared."""
        return self.declared != self.registered


async def plan(client: discord.Client, tree: Tree, guild: discord.Object | None = None) -> Plan:
    """Compare the declared commands with those that Discord knows, for all servers or for one.

    Raises:
        discord.HTTPException: Discord refused, or could not be reached.
    """
    ours = canonical(await private.declared(tree, guild), guild=guild is not None)
    theirs = canonical(await private.registered(client, guild), guild=guild is not None)
    return Plan(fingerprint(ours), fingerprint(theirs), tuple(difference(theirs, ours)))


async def sync(client: discord.Client, tree: Tree, guild: discord.Object | None = None) -> Plan:
    """Register the declared commands where they differ; return what was different.

    Raises:
        discord.HTTPException: Discord refused, or could not be reached.
    """
    made = await plan(client, tree, guild)
    if made.needed:
        await tree.sync(guild=guild)
        log.info("commands registered", fingerprint=made.declared, changes=len(made.difference))
    return made


def canonical(payload: list[Json], *, guild: bool = False) -> list[Json]:
    """Return commands as they are compared: what Discord adds is gone, what it leaves out is there.

    A server's own commands have neither contexts nor kinds of installation: Discord ignores them there.
    """
    commands = [_kept(one, _COMMAND) for one in payload]
    for one in commands:
        one["options"] = [_kept(option, _OPTION) for option in one["options"]]
        for option in one["options"]:
            option["choices"] = [{"name": each["name"], "value": each["value"]} for each in option["choices"]]
        one["contexts"] = [] if guild else sorted(one["contexts"])
        one["integration_types"] = [] if guild else sorted(one["integration_types"])
        one["default_member_permissions"] = one["default_member_permissions"] and str(
            one["default_member_permissions"]
        )
    return sorted(commands, key=lambda one: (one["type"], one["name"]))


def _kept(given: Json, wanted: Json) -> Json:
    return {key: given.get(key) or default for key, default in wanted.items()}


def fingerprint(commands: list[Json]) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 over canonical commands."""
    return hashlib.sha256(msgspec.json.encode(commands, order="deterministic")).hexdigest()[:16]


def difference(before: list[Json], after: list[Json]) -> Iterator[str]:
    """Yield what changes from one list of canonical commands to another."""
    old = {(one["type"], one["name"]): one for one in before}
    new = {(one["type"], one["name"]): one for one in after}
    for key in sorted(old.keys() | new.keys()):
        title = f"/{key[1]}" if key[0] == 1 else f"menu “{key[1]}”"
        if key not in old:
            yield f"+ {title}"
        elif key not in new:
            yield f"- {title}"
        else:
            yield from (f"~ {title}: {change}" for change in _changes(old[key], new[key]))


def _changes(before: Json, after: Json) -> Iterator[str]:
    yield from _values(before, after, "")
    old = {one["name"]: one for one in before["options"]}
    new = {one["name"]: one for one in after["options"]}
    for name in dict.fromkeys([*old, *new]):
        if name not in old:
            yield f"option {name} is new"
        elif name not in new:
            yield f"option {name} is gone"
        else:
            yield from _values(old[name], new[name], f"option {name}, ")
    if old.keys() == new.keys() and list(old) != list(new):
        yield "the options have another order"


def _values(before: Json, after: Json, where: str) -> Iterator[str]:
    for key, value in after.items():
        if key != "options" and before[key] != value:
            yield f"{where}{key.replace('_', ' ')}: {_shown(before[key])} → {_shown(value)}"


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode() if value not in (None, "", [], {}) else "nothing"
