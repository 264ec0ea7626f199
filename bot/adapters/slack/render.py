"""A reply as Slack messages: pure, one page a message.

What comes from data stands in `rich_text` or `plain_text`, where nothing in it is acted upon. A table has a
plain twin for workspaces whose Slack answers `invalid_blocks`, and for modals, which take no tables.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from bot.adapters.paging import Page, paginate
from bot.adapters.slack import limits, presses
from bot.adapters.slack.blocks import (
    fits_context,
    fits_picture,
    fits_table,
    is_native,
    slack_blocks,
    source_blocks,
)
from bot.adapters.slack.elements import EMPTY, Json, address, button, context, escape, option, plain
from bot.adapters.texts import inert, map_texts, shorten, units
from bot.reply import (
    Cite,
    Degradation,
    Degree,
    Kind,
    Link,
    Name,
    Note,
    Picture,
    Reply,
    Table,
    Wanted,
    block_lines,
)

NAMES_ROOM: Final = 1_500
"""Characters of a message kept for the menu of names."""

MORE_BLOCKS: Final = 3
"""Blocks of a message kept for the menu of names, a remark, and who shared it."""

SUMMARY_LENGTH: Final = 700
"""Escaping makes at most five characters of one, so this stays within what Slack advises for `text`."""

FOOTER_LENGTH: Final = 300
REMARK_LENGTH: Final = 300

ROW: Final = 2
"""So few choices share a row with the other buttons."""

CHOICES: Final = 2 * limits.ACTIONS_ELEMENTS
"""More choices than that help nobody."""

ASK: Final = "ask"
NAME: Final = "name"
PAGE: Final = "page"
PICK: Final = "pick"
SHARE: Final = "share"
"""What an action id begins with; what follows a colon makes it unique in its message."""


class Message(msgspec.Struct, frozen=True):
    """One page as Slack takes it: `text` for notifications and screen readers, and `blocks`.

    `twin` says the same in older blocks only; None where `blocks` has no newer ones.
    """

    text: str
    blocks: list[Json]
    twin: list[Json] | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """The page's part of the arguments of `chat.postMessage`."""
        return {"text": self.text, "blocks": self.blocks}

    @property
    def plain(self) -> list[Json]:
        """The blocks that any surface takes."""
        return self.blocks if self.twin is None else self.twin


class Rendered(msgspec.Struct, frozen=True):
    """A reply's pages, what they show less than fully, and the long lines their buttons refer to by key."""

    pages: tuple[Message, ...]
    notes: tuple[Degradation, ...] = ()
    long: dict[str, str] = {}


def render(
    reply: Reply,
    *,
    line: str = "",
    share: bool = False,
    most: int | None = None,
    shown: Callable[[str], str] | None = None,
    turning: bool = True,
) -> Rendered:
    """Return the reply as Slack messages.

    `line` is what the buttons for other pages ask; without it, the command in the footer. `share` adds the
    button "Share to channel". `most` bounds the number of pages. `shown` changes every text that is read,
    such as names of commands. Without `turning` there is nothing to press that changes the message: no
    buttons for other pages, and no menu of names.
    """
    safe = map_texts(reply, inert if shown is None else lambda text: shown(inert(text)))
    view = _View(
        line or (reply.footer.command if reply.footer else ""), share and reply.kind is Kind.ANSWER, turning
    )
    notes = list(_less_than_full(safe))
    try:
        pages, cut = paginate(safe, view.fits, most)
    except ValueError:
        bare = replace(safe, blocks=(), sources=(), actions=(), wanted=None)
        pages, cut = (
            [Page(bare, 1, 1)],
            [Degradation("reply", Degree.REJECTED, "No statement fits a message.")],
        )
    return Rendered(tuple(view.message(page) for page in pages), (*notes, *cut), view.long)


def noted(rendered: Rendered, remark: str) -> Rendered:
    """Return the pages with a remark of ours under each title; there is always room for one."""
    return replace(rendered, pages=tuple(noted_message(page, remark) for page in rendered.pages))


def noted_message(message: Message, remark: str) -> Message:
    """Return one page with a remark of ours under its title."""
    row = context(shorten(inert(remark), REMARK_LENGTH))

    def add(blocks: list[Json]) -> list[Json]:
        place = 1 if blocks[0]["type"] == "header" else 0
        return [*blocks[:place], row, *blocks[place:]]

    return replace(
        message, blocks=add(message.blocks), twin=None if message.twin is None else add(message.twin)
    )


def size(blocks: list[Json]) -> int:
    """Return the UTF-16 units of blocks as compact JSON, which is what the budget of a message counts."""
    return units(msgspec.json.encode(blocks).decode())


def builder_link(blocks: list[Json]) -> str:
    """Return the address that opens blocks in Block Kit Builder."""
    document = json.dumps({"blocks": blocks}, ensure_ascii=False, separators=(",", ":"))
    return f"https://app.slack.com/block-kit-builder/#{quote(document, safe='')}"


class _View:
    """How the pages of one reply are laid out; `long` gathers what its buttons cannot hold."""

    def __init__(self, line: str, share: bool, turning: bool) -> None:
        self.line = line
        self.turning = turning
        self.share = share
        self.long: dict[str, str] = {}
        self._laid: dict[tuple[int, bool], tuple[Reply, list[Json]]] = {}

    def fits(self, page: Page) -> bool:
        """Whether the page, and its twin, are within what Slack takes, with room for the menu of names."""
        reply = page.reply
        if _characters(reply) > limits.MESSAGE_CHARACTERS:  # spares laying out what is far too long
            return False
        tables = [one for one in reply.blocks if isinstance(one, Table) and is_native(one)]
        if len(tables) > limits.TABLES_PER_MESSAGE or not all(map(fits_table, tables)):
            return False
        if not all(map(fits_picture, reply.blocks)) or not all(map(fits_context, reply.sources)):
            return False
        for native in (True, False) if tables else (True,):
            blocks = self.blocks(page, tables=native, names=False)
            if (
                len(blocks) > limits.MESSAGE_BLOCKS - MORE_BLOCKS
                or size(blocks) > limits.MESSAGE_CHARACTERS - NAMES_ROOM
            ):
                return False
        return True

    def message(self, page: Page) -> Message:
        said = page.reply.summary.strip() or page.reply.title.strip() or EMPTY
        text = escape(shorten(said, SUMMARY_LENGTH))
        if page.of > 1:
            text += f" (page {page.number} of {page.of})"
        blocks = self.blocks(page, tables=True)
        has_table = any(block["type"] == "table" for block in blocks)
        return Message(text, blocks, self.blocks(page, tables=False) if has_table else None)

    def blocks(self, page: Page, *, tables: bool, names: bool = True) -> list[Json]:
        reply = page.reply
        made = [*self.statements(page, tables=tables)]
        if page.cut:
            made.append(context(f"{page.cut:,} more statements do not fit. Ask for a part of them."))
        if reply.sources:
            made.extend(({"type": "divider"}, *source_blocks(reply.sources)))
        choices = list(self.choices(reply))
        below = [*self.below(page), *(name_menu(reply) if names and self.turning else ())]
        if len(choices) <= ROW:
            choices, below = [], [*choices, *below]
        for row in (*batched(choices, limits.ACTIONS_ELEMENTS), below):
            if row:
                made.append({"type": "actions", "elements": row})
        if reply.footer:
            made.append(context(shorten(reply.footer.text, FOOTER_LENGTH)))
        return made or [context(reply.summary)]

    def statements(self, page: Page, *, tables: bool) -> list[Json]:
        """Lay out title and blocks of a page; once for `fits` and for the message."""
        reply = page.reply
        before = self._laid.get((id(reply), tables))
        if before is not None:
            return before[1]
        sources = {one.number: one for one in reply.sources}
        made: list[Json] = []
        if reply.title.strip():
            made.append({"type": "header", "text": plain(reply.title, limits.HEADER_TEXT)})
        for index, one in enumerate(reply.blocks):
            if made and isinstance(one, Note) and not one.heading and one.line.text == reply.title:
                continue  # the title says it already
            made.extend(slack_blocks(one, sources, start=1 if index else page.start, tables=tables))
        self._laid[id(reply), tables] = (reply, made)  # the reply is kept so that its id stays its own
        return made

    def choices(self, reply: Reply) -> Iterator[Json]:
        """Yield the picker for an argument that is still wanted, and the reply's own buttons."""
        if reply.wanted:
            yield {
                "type": "external_select",
                "action_id": pick_id(reply.wanted, self.long),
                "placeholder": plain("Type to search", limits.PLACEHOLDER),
                "min_query_length": 0,
            }
        snapshot = reply.footer.snapshot if reply.footer else ""
        for index, one in enumerate(reply.actions[:CHOICES]):
            value = presses.encode(one.command, snapshot=snapshot, long=self.long)
            yield button(one.label, f"{ASK}:{index}", value)

    def below(self, page: Page) -> Iterator[Json]:
        """Yield the buttons under an answer: other pages, and sharing."""
        snapshot = page.reply.footer.snapshot if page.reply.footer else ""
        value = functools.partial(presses.encode, self.line, snapshot=snapshot, long=self.long)
        turning = self.turning and self.line
        if turning and page.number > 1:
            yield button("Previous", f"{PAGE}:previous", value(page=page.number - 1))
        if turning and page.number < page.of:
            yield button(f"Next ({page.number}/{page.of})", f"{PAGE}:next", value(page=page.number + 1))
        if self.line and self.share:
            yield button("Share to channel", SHARE, value(page=page.number))


def pick_id(wanted: Wanted, long: dict[str, str]) -> str:
    """Return the action id of a picker: `pick:name:who`, or `pick:name:who:as-of:2024` to keep the rest.

    A rest that is too long for it goes into `long`, and its key behind a `#` into the id.
    """
    command, _, rest = inert(wanted.command).strip().lstrip("/").partition(" ")
    made = f"{PICK}:{wanted.option}:{command}"
    if not rest:
        return made[: limits.ACTION_ID]
    if units(f"{made}:{rest}") <= limits.ACTION_ID:
        return f"{made}:{rest}"
    key = presses.key_of(rest)
    long[key] = rest
    return f"{made[: limits.ACTION_ID - len(key) - 2]}:#{key}"


def name_menu(reply: Reply) -> list[Json]:
    """Return a menu of the names that stand on a page, as many as there is room for; or nothing."""
    found: dict[str, str] = {}
    for block in reply.blocks:
        for line in block_lines(block):
            for part in line.spans:
                if isinstance(part, Name) and units(part.command) <= limits.OPTION_VALUE:
                    found.setdefault(part.command.encode("utf-8", "replace").decode(), part.text)
    menu: Json = {
        "type": "static_select",
        "action_id": NAME,
        "placeholder": plain("Look up a name", limits.PLACEHOLDER),
        "options": [option(text, command) for command, text in found.items()][: limits.OPTIONS],
    }
    while menu["options"] and size([{"type": "actions", "elements": [menu]}]) > NAMES_ROOM:
        menu["options"].pop()
    return [menu] if menu["options"] else []


def _characters(reply: Reply) -> int:
    lines = (line for block in reply.blocks for line in block_lines(block))
    return sum(len(part.text) for line in lines for part in line.spans if not isinstance(part, Cite))


def batched(items: list[Json], most: int) -> Iterator[list[Json]]:
    """Yield the items in groups of at most `most`."""
    for start in range(0, len(items), most):
        yield items[start : start + most]


def _less_than_full(reply: Reply) -> Iterator[Degradation]:
    """Yield what Slack's blocks cannot show of a reply as it is meant."""
    for block in reply.blocks:
        tag = str(block.__struct_config__.tag)
        if isinstance(block, Table) and not is_native(block):
            why = f"Slack's tables have at most {limits.TABLE_COLUMNS} columns; the rows are a list."
            yield Degradation(tag, Degree.FALLBACK, why)
        if isinstance(block, Picture) and not address(block.url):
            yield Degradation(tag, Degree.FALLBACK, "Slack takes no such address; the text is shown instead.")
        parts = [part for line in block_lines(block) for part in line.spans]
        if any(isinstance(part, Link) and not address(part.url) for part in parts):
            yield Degradation(
                tag, Degree.PARTIAL, "Slack takes no such address; its words are shown without it."
            )
    if len(reply.actions) > CHOICES:
        yield Degradation("reply", Degree.PARTIAL, f"Only the first {CHOICES} choices are shown.")
    if units(reply.title.strip()) > limits.HEADER_TEXT or len(reply.summary) > SUMMARY_LENGTH:
        yield Degradation("reply", Degree.PARTIAL, "The title or the summary is shortened.")
