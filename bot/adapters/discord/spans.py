"""Words to Discord's Markdown: spans, lines and source lines."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Final, assert_never

from bot.adapters.discord.escape import address, escape, link
from bot.reply import Cite, Line, Link, Moment, Name, SourceLine, Span, Strong, Text, When

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)")
_LAST_INSTANT: Final = 253_402_300_799
"""The end of the year 9999; past what JavaScript's dates hold, a client shows the digits."""


@lru_cache(maxsize=1_024)
def markdown(line: Line) -> str:
    """Return a line as Markdown. Only what the reply marks is marked; its words are literal.

    Kept, since finding where a page ends renders the same lines several times.
    """
    written = plain = ""
    for span in line.spans:
        words = _literal(span)
        if words is None:
            written += escape(plain) + _span(span)
            plain = ""
        else:
            # Escaped together: two harmless halves may make a link or a mention.
            plain += words
    return " ".join((written + escape(plain)).split())


def _literal(span: Span) -> str | None:
    """Return the words of a span that stands for nothing but its words."""
    if isinstance(span, When):
        return None if _instant(span) else span.text
    if isinstance(span, Moment):
        return None if moment(span) else span.text
    return span.text if isinstance(span, Text | Name) else None


def _span(span: Span) -> str:
    match span:
        case Text(text=text):
            return escape(text)
        case Strong(text=text):
            return strong(text)
        case Link(text=text, url=url):
            return link(text, url)
        case Cite(number=number):
            return rf"\[{number}\]"
        case Name(text=text):
            return escape(text)
        case When():
            return date(span)
        case Moment(text=text):
            return moment(span) or escape(text)
        case _:
            assert_never(span)


def strong(text: str) -> str:
    """Return bold words; spaces around them stay outside, where Discord wants them."""
    core = escape(text.strip())
    if not core:
        return " " if text else ""
    return f"{' ' * text[0].isspace()}**{core}**{' ' * text[-1].isspace()}"


def date(when: When) -> str:
    """Return a date in words; an instant with its time of day is shown in each reader's own zone."""
    return _instant(when) or escape(when.text)


def moment(one: Moment) -> str:
    """Return an instant as the reader's Discord shows it, in the reader's own time zone; or ""."""
    return f"<t:{one.at}:F>" if 0 <= one.at <= _LAST_INSTANT else ""


def _instant(when: When) -> str:
    if not _INSTANT.fullmatch(when.edtf):
        return ""
    try:
        return f"<t:{int(datetime.fromisoformat(when.edtf).timestamp())}:f>"
    except (ValueError, OverflowError):
        return ""


@lru_cache(maxsize=256)
def source(one: SourceLine, *, brief: bool = False) -> str:
    """Return a source line in small print: `[1] Title · publisher · day · descriptor · rating`."""
    if brief:
        return rf"-# \[{one.number}\] {escape(one.title)}"
    text = escape(one.text)
    title = escape(one.title)
    if address(one.url) and title and text.startswith(title):
        text = link(one.title, one.url) + text[len(title) :]
    return rf"-# \[{one.number}\] {text}"
