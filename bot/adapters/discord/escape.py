"""Make data literal in Discord's Markdown, in linear time.

The library's `escape_markdown` is quadratic and leaves headings, lists, quotes, `<t:…>`, `<#…>` and links.
"""

from __future__ import annotations

import re
from typing import Final

from bot.adapters.texts import inert, web_address

_MARKS: Final = re.compile(r"[\\*_~`|\[\]<]|:(?=/|[\w+\-]+:)")
"""Emphasis, code, spoilers, links, mentions and timestamps; colons of emoji and of bare addresses."""
_START: Final = re.compile(r"^\s*(?:[#\-+>]|\d{1,9}(?=[.)]))")
"""What makes a heading, small print, a list, a numbered list or a quote where it opens a line."""
_PING: Final = re.compile(r"@(?=everyone|here|[!&]?\d)", re.IGNORECASE)
_SPECIAL: Final = re.compile(
    r"[\\*_~`|\[\]<:@\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|^\s*[#\-+>\d]"
)
"""What most texts have none of, so that they pass at one look."""
_HIDDEN: Final = "\u200b"
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINK_LENGTH: Final = 500


def escape(text: str) -> str:
    """Return `text` as one line of Markdown that Discord shows as it is: no markup, no link, no mention.

    Cut a text to its length before, never after: a cut could part a backslash from what it protects.
    """
    if not _SPECIAL.search(text):
        return text
    text = _MARKS.sub(r"\\\g<0>", inert(text))
    text = _PING.sub("@" + _HIDDEN, text)
    return _START.sub(_protect, text)


def _protect(match: re.Match[str]) -> str:
    opening = match[0]
    return opening + "\\" if opening[-1].isdigit() else opening[:-1] + "\\" + opening[-1]


def unescape(text: str) -> str:
    """Return the text that :func:`escape` made literal (line breaks and hidden characters do not return)."""
    return _ESCAPED.sub(r"\1", text.replace("@" + _HIDDEN, "@"))


def address(url: str) -> str:
    """Return a web address that is safe inside `[…](<…>)`, or "" where it is none or too long for one."""
    safe = (web_address(url) or "").replace("[", "%5B").replace("]", "%5D")
    return safe if len(safe) <= _LINK_LENGTH else ""


def link(text: str, url: str) -> str:
    """Return a link with literal words; the words alone where the address is not one of the web.

    The angle brackets keep Discord from unfolding a preview.
    """
    safe = address(url)
    return f"[{escape(text)}](<{safe}>)" if safe else escape(text)
