"""What every renderer does to text: make it inert, shorten it, look at all texts of a reply."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final, assert_never

from msgspec.structs import replace

from bot.reply import (
    Block,
    Bullets,
    Cite,
    Divider,
    Entry,
    Field,
    Fields,
    Line,
    Note,
    Paragraph,
    Picture,
    Quote,
    Reply,
    Table,
    Timeline,
    When,
)

ELLIPSIS: Final = "…"

_BREAKS: Final = re.compile(r"(?:\r\n|[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029])")
_UNSAFE: Final = re.compile(
    r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_CHANGED: Final = re.compile(f"{_BREAKS.pattern}|{_UNSAFE.pattern}")


def inert(text: str) -> str:
    """Return `text` as one line that no terminal, log or browser acts on, with nothing hidden.

    Line breaks and tabs become spaces. Control characters become their pictures ("␛" for escape); the second
    control set, directional embeddings, overrides and isolates, and lone surrogates become "\ufffd". Marks
    that spelling needs (joiners, left-to-right and right-to-left marks) stay.
    """
    return _CHANGED.sub(_picture, text)


def _picture(match: re.Match[str]) -> str:
    character = match[0]
    if _BREAKS.fullmatch(character):
        return " "
    if character < " ":
        return chr(0x2400 + ord(character))
    return "␡" if character == "\x7f" else "\ufffd"


def shorten(text: str, length: int) -> str:
    """Return `text` cut to at most `length` (≥ 1) characters, at a word boundary if one is near, with "…".

    A letter is not parted from its accents, nor an emoji from its modifiers.
    """
    if len(text) <= length:
        return text
    end = length - len(ELLIPSIS)
    while end > 0 and _joins(text[end - 1], text[end]):
        end -= 1
    space = max(text.rfind(" ", end // 2, end + 1), text.rfind("\n", end // 2, end + 1))
    return text[: space if space > 0 else end].rstrip(" \n,;:–—-(") + ELLIPSIS


def _joins(left: str, right: str) -> bool:
    """Whether two characters are parts of one that the reader sees."""
    if left == "\u200d" or right == "\u200d" or "\U0001f3fb" <= right <= "\U0001f3ff":
        return True
    return unicodedata.category(right) in {"Mn", "Me", "Mc"}


Change = Callable[[str], str]


def map_texts(reply: Reply, change: Change) -> Reply:
    """Return the reply with `change` applied to every text that a reader sees.

    Citations stay, and so do addresses and the commands of names and actions.
    """
    footer = reply.footer
    return replace(
        reply,
        title=change(reply.title),
        summary=change(reply.summary),
        blocks=tuple(_map_block(block, change) for block in reply.blocks),
        sources=tuple(
            replace(
                one,
                title=change(one.title),
                descriptor=change(one.descriptor),
                rating=change(one.rating),
                publisher=change(one.publisher),
                inferred=change(one.inferred),
                published=_map_when(one.published, change),
            )
            for one in reply.sources
        ),
        actions=tuple(replace(one, label=change(one.label), hint=change(one.hint)) for one in reply.actions),
        footer=footer and replace(footer, command=change(footer.command), notice=change(footer.notice)),
    )


def longest_text(reply: Reply) -> int:
    """Return the length of the longest text that :func:`map_texts` would change."""
    longest = 0

    def look(text: str) -> str:
        nonlocal longest
        longest = max(longest, len(text))
        return text

    map_texts(reply, look)
    return longest


def _map_when(when: When | None, change: Change) -> When | None:
    return when and replace(when, text=change(when.text))


def _map_line(line: Line, change: Change) -> Line:
    spans = (one if isinstance(one, Cite) else replace(one, text=change(one.text)) for one in line.spans)
    return replace(line, spans=tuple(spans))


def _map_block(block: Block, change: Change) -> Block:
    match block:
        case Divider():
            return block
        case Paragraph(lines=lines):
            changed: Block = replace(block, lines=tuple(_map_line(one, change) for one in lines))
        case Bullets(items=items):
            changed = replace(block, items=tuple(_map_line(one, change) for one in items))
        case Fields(fields=fields):
            pairs = (Field(change(one.label), _map_line(one.value, change)) for one in fields)
            changed = replace(block, fields=tuple(pairs))
        case Timeline(entries=entries):
            changed = replace(
                block,
                entries=tuple(
                    Entry(_map_line(one.line, change), _map_when(one.when, change), change(one.label))
                    for one in entries
                ),
            )
        case Table(rows=rows):
            cells = (tuple(_map_line(cell, change) for cell in row) for row in rows)
            changed = replace(block, head=tuple(map(change, block.head)), rows=tuple(cells))
        case Quote():
            changed = replace(block, line=_map_line(block.line, change), by=_map_line(block.by, change))
        case Note():
            changed = replace(block, line=_map_line(block.line, change))
        case Picture():
            changed = replace(block, alt=change(block.alt))
        case _:
            assert_never(block)
    return replace(changed, heading=change(block.heading))
