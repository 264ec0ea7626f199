"""Slack's small parts: text objects and the elements of `rich_text`, in which data stays literal."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, assert_never

from bot.adapters.slack import limits
from bot.adapters.texts import shorten_units, web_address
from bot.reply import Cite, Line, Link, Moment, Name, SourceLine, Span, Strong, Text, When

Json = dict[str, Any]

EMPTY: Final = "–"
"""Stands where Slack wants at least one character and there is none."""

_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ANCHOR_HOUR: Final = 10
"""10:00 UTC lies on the same calendar day from UTC-10 to UTC+13, should a client ignore `timezone`."""

_LAST_INSTANT: Final = 253_402_300_799
"""The end of the year 9999."""


def escape(text: str) -> str:
    """Escape what Slack acts on in `text` and in mrkdwn, as its formatting guide asks: `&`, `<`, `>`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str, most: int) -> Json:
    """Return a plain_text object of at most `most` characters; `:smile:` stays as it is typed."""
    return {"type": "plain_text", "text": shorten_units(text.strip(), most) or EMPTY, "emoji": False}


def literal(text: str, **style: bool) -> Json:
    """Return a rich_text text element."""
    return {"type": "text", "text": text, "style": style} if style else {"type": "text", "text": text}


def address(url: str) -> str:
    """Return a web address as Slack takes it in a link or for an image, or "" where it is none."""
    made = web_address(url) or ""
    return made if len(made) <= limits.IMAGE_URL else ""


def date(when: When, *, bold: bool = False) -> Json:
    """Return a date as the reader's Slack writes it, if it is a plain day; in our own words otherwise.

    Words that say more than the day ("by 4 March 2024") are kept.
    """
    match = _DAY.fullmatch(when.edtf)
    style = {"bold": True} if bold else {}
    if match is None:
        return literal(when.text, **style)
    try:
        day = dt.datetime(*map(int, match.groups()), _ANCHOR_HOUR, tzinfo=dt.UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        return literal(when.text, **style)
    if when.text not in {f"{day.day} {_MONTHS[day.month - 1]} {day.year}", when.edtf} or day.year < 1970:
        return literal(when.text, **style)
    element: Json = {
        "type": "date",
        "timestamp": int(day.timestamp()),
        "format": "{date_short}",
        "timezone": "UTC",
        "fallback": when.text,
    }
    return element | ({"style": style} if style else {})


def moment(one: Moment) -> Json:
    """Return an instant as the reader's Slack writes it, in the reader's own time zone."""
    if not 0 <= one.at <= _LAST_INSTANT:
        return literal(one.text)
    return {
        "type": "date",
        "timestamp": one.at,
        "format": "{date_long} at {time}",
        "fallback": one.text.strip() or EMPTY,
    }


def span(one: Span, sources: Mapping[int, SourceLine]) -> Json:
    """Return a span as a rich_text element; a citation leads to its source's address, if it has one."""
    match one:
        case Text(text=text) | Name(text=text):
            return literal(text)
        case Strong(text=text):
            return literal(text, bold=True)
        case Link(text=text, url=url):
            return {"type": "link", "url": address(url), "text": text} if address(url) else literal(text)
        case Cite(number=number):
            source = sources.get(number)
            if source is not None and address(source.url):
                return {"type": "link", "url": address(source.url), "text": f"[{number}]"}
            return literal(f"[{number}]")
        case When():
            return date(one)
        case Moment():
            return moment(one)
        case _:
            assert_never(one)


def spans(line: Line, sources: Mapping[int, SourceLine]) -> list[Json]:
    """Return a line's spans as rich_text elements, which :func:`joined` makes fit for Slack."""
    return [span(one, sources) for one in line.spans] if line.text.strip() else [literal(EMPTY)]


def joined(elements: Iterable[Json]) -> list[Json]:
    """Join neighbouring texts of one style and drop empty ones, which Slack refuses; never none are left."""
    kept: list[Json] = []
    last: Json | None = None
    for one in elements:
        if one.get("text") == "":
            continue
        is_text = one["type"] == "text"
        if last is not None and is_text and one.get("style") == last.get("style"):
            last["text"] += one["text"]
        else:
            last = one if is_text else None
            kept.append(one)
    return kept or [literal(EMPTY)]


def section(elements: Iterable[Json]) -> Json:
    """Return a rich_text_section."""
    return {"type": "rich_text_section", "elements": joined(elements)}


def bullets(items: Iterable[Iterable[Json]], *, numbered: bool = False, start: int = 1) -> Json:
    """Return a rich_text_list; `start` is the number of its first item."""
    made: Json = {
        "type": "rich_text_list",
        "style": "ordered" if numbered else "bullet",
        "elements": [section(item) for item in items],
    }
    return made | ({"offset": start - 1} if numbered and start > 1 else {})


def lines(several: Iterable[Iterable[Json]]) -> Iterator[Json]:
    """Put line breaks between lines of elements."""
    for index, one in enumerate(several):
        if index:
            yield literal("\n")
        yield from one


def context(text: str) -> Json:
    """Return a context block with one plain text."""
    return {"type": "context", "elements": [plain(text, limits.CONTEXT_TEXT)]}


def button(label: str, action_id: str, value: str, **more: str) -> Json:
    """Return a button."""
    return {
        "type": "button",
        "text": plain(label, limits.BUTTON_TEXT),
        "action_id": action_id,
        "value": value,
        **more,
    }


def option(label: str, value: str, hint: str = "") -> Json:
    """Return an option of a select menu."""
    made: Json = {"text": plain(label, limits.OPTION_TEXT), "value": value}
    return made | ({"description": plain(hint, limits.OPTION_DESCRIPTION)} if hint.strip() else {})
