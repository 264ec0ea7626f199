"""What a button knows: everything, in its `custom_id`; so it works after a restart and on any replica.

A `custom_id` reads `b1:<verb>:<page>:<snapshot>:<line>`. A line that does not fit stands in the message's
own footer instead, and `*` says so.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

from bot.adapters.discord import escape
from bot.adapters.discord.limits import CUSTOM_ID, OPTION_VALUE, TEXT_DISPLAY, Json, walk
from bot.adapters.texts import units

VERSION: Final = "b1"
FOOTER_ID: Final = 2_000_000_001
"""The numeric id of the component whose last line is the command that a message answers."""
IN_FOOTER: Final = "*"
PATTERN: Final = re.compile(
    r"b1:(?P<verb>[apst]):(?P<page>\d{1,4}):(?P<snapshot>[^:]{0,8}):(?P<line>.+)", re.S
)
PICKER: Final = re.compile(r"b1:l:0::pick")
SMALL: Final = "-# "
SNAPSHOT_LENGTH: Final = 8


class Verb(StrEnum):
    """What pressing a button does."""

    ASK = "a"
    PAGE = "p"
    SHARE = "s"
    TYPE = "t"
    """Open a dialogue for the option that a question still needs; `line` ends in that option's name."""


class Press(msgspec.Struct, frozen=True):
    """The state of one button. `snapshot` is how the id of the snapshot that answered begins."""

    verb: Verb
    line: str
    page: int = 1
    snapshot: str = ""

    @property
    def custom_id(self) -> str:
        """The state as a `custom_id`, at most 100 characters long."""
        snapshot = self.snapshot[:SNAPSHOT_LENGTH]
        if not (snapshot.isascii() and snapshot.isalnum()):
            snapshot = ""
        front = f"{VERSION}:{self.verb}:{self.page}:{snapshot}:"
        whole = front + self.line
        return whole if units(whole) <= CUSTOM_ID else front + IN_FOOTER


PICKER_ID: Final = f"{VERSION}:l:0::pick"
"""The `custom_id` of the select of names and sources; each option's value is a whole line."""


def fits_button(line: str) -> bool:
    """Whether a line fits the `custom_id` of a button that asks it."""
    return not Press(Verb.ASK, line).custom_id.endswith(":" + IN_FOOTER)


def fits_option(line: str) -> bool:
    """Whether a line fits the value of a select's option."""
    return 0 < units(line) <= OPTION_VALUE


def parse(custom_id: str, components: list[Json] | None = None) -> Press | None:
    """Return what a button knows, or None where it is none of ours.

    `components` are those of the message it is on; they hold the line if the `custom_id` does not.
    """
    match = PATTERN.fullmatch(custom_id)
    if not match:
        return None
    line = match["line"]
    if line == IN_FOOTER:
        line = line_in_footer(components or [])
    return Press(Verb(match["verb"]), line, int(match["page"]), match["snapshot"]) if line else None


def line_in_footer(components: list[Json]) -> str:
    """Return the command that a message answers, read from its footer; "" where there is none."""
    for one in walk(components):
        if one.get("type") == TEXT_DISPLAY and one.get("id") == FOOTER_ID:
            last = str(one.get("content", "")).rpartition("\n")[2]
            return escape.unescape(last.removeprefix(SMALL)).strip()
    return ""
