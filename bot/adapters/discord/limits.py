"""Discord's limits, each with the vendor's page beside it, and a check of a message against them.

Lengths are counted in UTF-16 units: Discord does not document its unit, and no way of counting characters
gives more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bot.adapters.texts import units

# https://docs.discord.com/developers/components/reference
COMPONENTS: Final = 40
TEXT: Final = 4_000
"""The texts of all text displays of a message together; labels, descriptions and alt texts do not count."""
ROW_BUTTONS: Final = 5
CUSTOM_ID: Final = 100
BUTTON_LABEL: Final = 80
SELECT_OPTIONS: Final = 25
SELECT_PLACEHOLDER: Final = 150
OPTION_LABEL: Final = 100
OPTION_VALUE: Final = 100
OPTION_DESCRIPTION: Final = 100
GALLERY_ITEMS: Final = 10
MEDIA_DESCRIPTION: Final = 1_024
MEDIA_URL: Final = 2_048

# https://docs.discord.com/developers/resources/message
NONCE: Final = 25
FLAG_EPHEMERAL: Final = 1 << 6
FLAG_COMPONENTS_V2: Final = 1 << 15

# https://docs.discord.com/developers/resources/channel#start-thread-in-forum-or-media-channel
THREAD_NAME: Final = 100

# https://docs.discord.com/developers/interactions/application-commands
COMMANDS: Final = 100
COMMAND_NAME: Final = 32
COMMAND_DESCRIPTION: Final = 100
COMMAND_OPTIONS: Final = 25
OPTION_CHOICES: Final = 25
CHOICE_NAME: Final = 100
CHOICE_VALUE: Final = 100
COMMAND_TEXT: Final = 8_000
"""Names, descriptions and values of one command together, the longest localisation of each."""

ROW, BUTTON, SELECT, TEXT_DISPLAY, GALLERY, SEPARATOR, CONTAINER = 1, 2, 3, 10, 12, 14, 17
"""Types of components."""
LINK_STYLE: Final = 5

Json = dict[str, Any]


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield all components of a message, parents before their children."""
    for one in components:
        yield one
        yield from walk(one.get("components", ()))


def size(body: Json) -> tuple[int, int]:
    """Return how many components a message has and how many UTF-16 units of text its text displays hold."""
    count = length = 0
    for one in walk(body["components"]):
        count += 1
        length += units(one.get("content", ""))
    return count, length


def problems(body: Json) -> list[str]:
    """Return what Discord would refuse in a message body, a sentence each; empty if nothing."""
    count, length = size(body)
    found = []
    if count > COMPONENTS:
        found.append(f"The message has {count} components; {COMPONENTS} are allowed.")
    if length > TEXT:
        found.append(f"The message has {length:,} characters of text; {TEXT:,} are allowed.")
    everything = list(walk(body["components"]))
    custom = [one["custom_id"] for one in everything if "custom_id" in one]
    if len(set(custom)) < len(custom):
        found.append("Two components share a custom_id.")
    given = [one["id"] for one in everything if "id" in one]
    if len(set(given)) < len(given) or not all(0 < one < 2**31 for one in given):
        found.append("Ids of components must be different and between 1 and 2^31 - 1.")
    for one in everything:
        found += _component(one)
    return found


def _component(one: Json) -> Iterator[str]:
    match one["type"]:
        case 1:
            children = one["components"]
            if not 1 <= len(children) <= ROW_BUTTONS or (
                any(child["type"] == SELECT for child in children) and len(children) > 1
            ):
                yield f"A row holds one select or up to {ROW_BUTTONS} buttons."
        case 2:
            yield from _between("A button's label", one["label"], 1, BUTTON_LABEL)
            if one["style"] != LINK_STYLE:
                yield from _between("A custom_id", one["custom_id"], 1, CUSTOM_ID)
        case 3:
            yield from _between("A custom_id", one["custom_id"], 1, CUSTOM_ID)
            yield from _between("A placeholder", one.get("placeholder", ""), 0, SELECT_PLACEHOLDER)
            yield from _select(one["options"])
        case 10:
            yield from _between("A text", one["content"].strip(), 1, TEXT)
        case 12:
            if not 1 <= len(one["items"]) <= GALLERY_ITEMS:
                yield f"A gallery holds 1 to {GALLERY_ITEMS} pictures."
            for item in one["items"]:
                yield from _between("A picture's description", item["description"], 1, MEDIA_DESCRIPTION)
                yield from _between("A picture's address", item["media"]["url"], 8, MEDIA_URL)
        case 14:
            return
        case 17:
            if not one["components"]:
                yield "A container is empty."
        case other:
            yield f"The component type {other} is unknown."


def _select(options: list[Json]) -> Iterator[str]:
    if not 1 <= len(options) <= SELECT_OPTIONS:
        yield f"A select holds 1 to {SELECT_OPTIONS} options."
    if len({option["value"] for option in options}) < len(options):
        yield "Two options share a value."
    for option in options:
        yield from _between("An option's label", option["label"], 1, OPTION_LABEL)
        yield from _between("An option's value", option["value"], 1, OPTION_VALUE)
        yield from _between("An option's description", option.get("description", "-"), 1, OPTION_DESCRIPTION)


def _between(what: str, text: str, least: int, most: int) -> Iterator[str]:
    if not least <= units(text) <= most:
        yield f"{what} has {units(text):,} characters; {least} to {most:,} are allowed."
