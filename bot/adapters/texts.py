"""What every renderer does to text: make it inert, shorten it, look at all texts of a reply."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final, assert_never
from urllib.parse import quote, urlsplit

from msgspec.structs import replace

from bot.reply import (
    Block,
    Bullets,
    Cite,
    Divider,
    Fields,
    Note,
    Paragraph,
    Picture,
    Quote,
    Reply,
    Span,
    Table,
    Timeline,
    When,
    change_spans,
)

ELLIPSIS: Final = "…"

_BREAKS: Final = re.compile(r"(?:\r\n|[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029])")
_UNSAFE: Final = re.compile(
    r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_CHANGED: Final = re.compile(f"{_BREAKS.pattern}|{_UNSAFE.pattern}")
_WEB: Final = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)
_AUTHORITY: Final = re.compile(
    r"(?:[^@]*@)?(?:[a-z0-9_](?:[a-z0-9._-]*)|\[[0-9a-f:.]+\])(?::[0-9]{0,5})?", re.IGNORECASE
)


def inert(text: str) -> str:
    """Return `text` as one line that no terminal, log or browser acts on, with nothing hidden.

    Line breaks and tabs become spaces. Control characters become their pictures ("␛" for escape); the second
    control set, directional embeddings, overrides and isolates, and lone surrogates become "\ufffd". Marks
    that spelling needs (joiners, left-to-right and right-to-left marks) stay.
    """
    # All that is changed is unprintable, and hardly any text has something that is.
    return text if text.isprintable() else _CHANGED.sub(_picture, text)


def _picture(match: re.Match[str]) -> str:
    character = match[0]
    if _BREAKS.fullmatch(character):
        return " "
    if character < " ":
        return chr(0x2400 + ord(character))
    return "␡" if character == "\x7f" else "\ufffd"


def web_address(url: str) -> str | None:
    """Return the http or https address in ASCII as it may stand in a link, or None for anything else.

    Characters that RFC 3986 does not allow are percent-encoded, so nothing can end a quoted attribute, a
    Markdown destination or a terminal sequence early. A host in another script is written as DNS has it.
    """
    if not _WEB.match(url):
        return None
    try:
        parts = urlsplit(url)
        if parts.hostname and not parts.hostname.isascii():
            port = "" if parts.port is None else f":{parts.port}"
            url = parts._replace(netloc=parts.hostname.encode("idna").decode() + port).geturl()
        address = quote(url.encode("utf-8", "replace"), safe="!#$%&*+,-./:;=?@_~[]")
        return address if _AUTHORITY.fullmatch(urlsplit(address).netloc) else None
    except ValueError:
        return None


def units(text: str) -> int:
    """Return the length of a text in UTF-16 units, as most platforms count: no way of counting gives more."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten_units(text: str, most: int) -> str:
    """Return `text` as :func:`shorten` does, cut to at most `most` (≥ 1) UTF-16 units."""
    length = most
    while (over := units(made := shorten(text, length)) - most) > 0:
        length -= (over + 1) // 2
    return made


def spoken(reply: Reply) -> str:
    """Return what stands for the whole reply where only plain words can: its summary, never empty."""
    return inert(reply.summary).strip() or inert(reply.title).strip() or "There is nothing to show."


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

    def words(span: Span) -> Span:
        return span if isinstance(span, Cite) else replace(span, text=change(span.text))

    footer = reply.footer
    return replace(
        reply,
        title=change(reply.title),
        summary=change(reply.summary),
        blocks=tuple(_map_labels(block, change) for block in change_spans(reply, words).blocks),
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


def _map_labels(block: Block, change: Change) -> Block:
    """Change what a block says outside its lines."""
    match block:
        case Divider():
            return block
        case Fields(fields=fields):
            block = replace(block, fields=tuple(replace(one, label=change(one.label)) for one in fields))
        case Timeline(entries=entries):
            changed = (
                replace(one, when=_map_when(one.when, change), label=change(one.label)) for one in entries
            )
            block = replace(block, entries=tuple(changed))
        case Table(head=head):
            block = replace(block, head=tuple(map(change, head)))
        case Picture(alt=alt):
            block = replace(block, alt=change(alt))
        case Paragraph() | Bullets() | Quote() | Note():
            pass
        case _:
            assert_never(block)
    return replace(block, heading=change(block.heading))
