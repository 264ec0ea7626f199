"""From a reply to Discord messages: pure, and each page within Discord's limits.

A page is a message-create body with Components V2: one container with the words, then rows of buttons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple, assert_never

import msgspec
from msgspec.structs import replace

from bot.adapters.discord import controls
from bot.adapters.discord.escape import address, escape
from bot.adapters.discord.limits import (
    COMPONENTS,
    CONTAINER,
    FLAG_COMPONENTS_V2,
    GALLERY,
    MEDIA_DESCRIPTION,
    SEPARATOR,
    TEXT,
    TEXT_DISPLAY,
    Json,
    size,
)
from bot.adapters.discord.spans import date, markdown, source, strong
from bot.adapters.discord.state import FOOTER_ID, SMALL, fits_option
from bot.adapters.paging import Page, paginate
from bot.adapters.texts import inert, longest_text, map_texts, shorten, units
from bot.reply import (
    Block,
    Bullets,
    Degradation,
    Degree,
    Divider,
    Fields,
    Footer,
    Kind,
    Level,
    Note,
    Paragraph,
    Picture,
    Quote,
    Reply,
    Table,
    Timeline,
    block_lines,
)

TITLE_LENGTH: Final = 200
REMARK_LENGTH: Final = 120
_REMARK_ROOM: Final = 3 + 2 * REMARK_LENGTH
"""What a remark takes at most, with what parts it from the rest: escaped, a character is two units."""
POST_REMARK: Final = 200
_POST_REMARK_ROOM: Final = 4 + 2 * POST_REMARK
"""What a remark under a post's title takes at most; there may be two: why it is late, what was corrected."""
COMMAND_LENGTH: Final = 1_000
ALT_LENGTH: Final = MEDIA_DESCRIPTION // 2
ACCENT: Final = {
    Kind.ANSWER: 0x5865F2,
    Kind.ASK: 0xF0B232,
    Kind.NONE: 0x80848E,
    Kind.USAGE: 0xF0B232,
    Kind.FAILURE: 0xDA373C,
}
"""The colour beside the words; it never says anything that the words do not."""


class Rendered(NamedTuple):
    """The pages (message bodies) and what they show less well than the reply meant it."""

    pages: list[Json]
    notes: list[Degradation]


class Style(msgspec.Struct, frozen=True):
    """How a reply is to be laid out.

    `pager` adds buttons that turn the pages; without it a page is for a post. `share` adds the one that shows
    a private answer to the channel. `brief` is on only where one statement's source lines would not fit a
    page otherwise. `remark` is added to the footer, if there is one; at most :data:`REMARK_LENGTH` characters
    are shown.
    """

    pager: bool = True
    share: bool = False
    brief: bool = False
    remark: str = ""


DEFAULT: Final = Style()
NOTHING: Final = "Nothing to show."
TITLE: Final = "## "
BREAK: Final = " "
"""An empty line between two blocks."""


def render(reply: Reply, style: Style = DEFAULT) -> Rendered:
    """Render all pages of a reply.

    Sharing and remarks make no difference to how a reply is cut: a page has the same words in private and in
    public.
    """
    reply, notes = _prepared(reply)
    for trial, each, why in _attempts(reply, style):
        tried = _Tried(each)
        try:
            pages, cuts = paginate(trial, tried.fits)
        except ValueError:
            continue
        lost = max(controls.left_out(page, _command(page.reply)) for page in pages)
        if lost:
            what = "1 choice is" if lost == 1 else f"{lost:,} choices are"
            sentence = f"A message holds no more buttons and options: {what} left out."
            cuts = [*cuts, Degradation("reply", Degree.PARTIAL, sentence)]
        return Rendered([tried.body(page) for page in pages], [*notes, *why, *cuts])
    raise AssertionError("unreachable: the last attempt is one short line")


def _attempts(reply: Reply, style: Style) -> Iterator[tuple[Reply, Style, list[Degradation]]]:
    """Yield the reply as it is, then with less and less of what one statement drags onto its page."""
    yield reply, style, []
    why = "A statement has so many sources that each is shown by its title only."
    yield reply, replace(style, brief=True), [Degradation("reply", Degree.PARTIAL, why)]
    why = "A statement has more sources than a message can list."
    words = "This answer has more sources for one statement than a Discord message can list."
    bare = replace(reply, summary=words, blocks=(), sources=(), actions=(), wanted=None)
    yield bare, style, [Degradation("reply", Degree.REJECTED, why)]


class _Tried:
    """Sees whether pages fit, and renders them; most answers are one page, whose words are made once."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._plain = replace(style, remark="")
        self._page: Page | None = None
        self._inside: list[Json] = []

    def body(self, page: Page) -> Json:
        inside = _words(page, self._style) if self._style.remark else self.words(page)
        return _body(page, self._style, inside)

    def words(self, page: Page) -> list[Json]:
        if page is not self._page:
            self._page, self._inside = page, _words(page, self._plain)
        return self._inside

    def fits(self, page: Page) -> bool:
        inside = self.words(page)
        room = TEXT - (_REMARK_ROOM if page.reply.footer else 0)
        if not self._style.pager:
            room = TEXT - 2 * _POST_REMARK_ROOM
        if sum(units(one.get("content", "")) for one in inside) > room:
            return False
        if 1 + len(inside) + controls.MOST_COMPONENTS <= COMPONENTS:
            return True
        count, _ = size(_body(page, self._style, inside))
        # The row with the button to share is kept free, so that a page is the same in private and in public.
        return count + controls.SHARE_COMPONENTS <= COMPONENTS


def _words(page: Page, style: Style) -> list[Json]:
    """Return what stands in a page's container."""
    return [*_merged(_parts(page, style))] or [{"type": TEXT_DISPLAY, "content": NOTHING}]


def _body(page: Page, style: Style, inside: list[Json]) -> Json:
    """Return one page as the body of a message-create request."""
    reply = page.reply
    container = {"type": CONTAINER, "accent_color": ACCENT[reply.kind], "components": inside}
    line = _command(reply)
    share = style.share and reply.kind is Kind.ANSWER
    rows = controls.rows(page, line, pager=style.pager, share=share)
    return {
        "flags": FLAG_COMPONENTS_V2,
        "allowed_mentions": {"parse": []},
        "components": [container, *rows],
    }


def _command(reply: Reply) -> str:
    return reply.footer.command if reply.footer else ""


def _prepared(reply: Reply) -> tuple[Reply, list[Degradation]]:
    """Shorten what is on every page, leave out what Discord cannot show, and note both."""
    notes = []
    if longest_text(reply) > TEXT // 2:
        reply = map_texts(reply, partial(shorten, length=TEXT // 2))
        notes.append(
            Degradation("reply", Degree.PARTIAL, "A text that would fill a page alone is shortened.")
        )
    footer = reply.footer
    if footer and len(footer.command) > COMMAND_LENGTH:
        footer = replace(footer, command=shorten(footer.command, COMMAND_LENGTH))
        notes.append(Degradation("footer", Degree.PARTIAL, "The command is too long to be shown whole."))
    if footer and len(footer.notice) > TITLE_LENGTH:
        footer = replace(footer, notice=shorten(footer.notice, TITLE_LENGTH))
    if len(reply.title) > TITLE_LENGTH:
        notes.append(Degradation("reply", Degree.PARTIAL, "The title is shortened."))
    for block in reply.blocks:
        if isinstance(block, Table):
            notes.append(
                Degradation("table", Degree.FALLBACK, "Discord has no tables: each row is a list item.")
            )
        if isinstance(block, Picture) and len(block.alt) > ALT_LENGTH:
            notes.append(Degradation("picture", Degree.PARTIAL, "The picture's text is shortened."))
        if isinstance(block, Picture) and not address(block.url):
            notes.append(
                Degradation("picture", Degree.FALLBACK, "The address is unusable: its text is shown.")
            )
    if not all(fits_option(one.command) for one in reply.actions):
        why = "A choice is too long for a button and is left out."
        notes.append(Degradation("reply", Degree.PARTIAL, why))
    title = shorten(reply.title, TITLE_LENGTH)
    return replace(reply, title=title, footer=footer), notes


def _parts(page: Page, style: Style) -> Iterator[str | Json]:
    """Yield the page from top to bottom: words as Markdown, other components as they are."""
    reply = page.reply
    title = escape(reply.title).strip()
    if title:
        yield TITLE + title
    if not reply.blocks and page.number == 1:
        yield escape(reply.summary).strip()
    listed = False
    for index, block in enumerate(reply.blocks):
        heading = escape(getattr(block, "heading", "")).strip()
        if heading:
            yield f"### {heading}"
        elif listed:
            # Without an empty line what follows would be read as part of the last item.
            yield BREAK
        if not _repeats(block, reply):
            yield from _block(block, reply, page.start if index == 0 else 1)
        listed = isinstance(block, Bullets | Timeline | Table | Quote)
    if page.cut:
        yield f"-# {_left_out(page.cut)}"
    if reply.sources:
        yield {"type": SEPARATOR, "divider": True, "spacing": 1}
        yield "\n".join(source(one, brief=style.brief) for one in reply.sources)
        yield {"type": SEPARATOR, "divider": False, "spacing": 1}
    if reply.footer or page.of > 1:
        content = "\n".join(_footer(reply.footer, page, style.remark))
        yield {"type": TEXT_DISPLAY, "id": FOOTER_ID, "content": content}


def _repeats(block: Block, reply: Reply) -> bool:
    """Whether a block only says what the title says."""
    if not isinstance(block, Note | Paragraph) or block.heading or not reply.title:
        return False
    return [one.text for one in block_lines(block)] == [reply.title]


def _left_out(count: int) -> str:
    many = "1 more statement is" if count == 1 else f"{count:,} more statements are"
    return f"{many} not shown. Narrow the question to see them."


def _footer(footer: Footer | None, page: Page, remark: str) -> Iterator[str]:
    """Yield the small print; the command stands on the last line, alone, so that a button can read it."""
    turned = f"page {page.number} of {page.of}" if page.of > 1 else ""
    if footer is None:
        yield f"{SMALL}{turned}"
        return
    notice = " · ".join(filter(None, (footer.notice, shorten(remark, REMARK_LENGTH))))
    about = replace(footer, command=turned, notice=notice).text
    yield SMALL + escape(about)
    if footer.command.strip():
        yield SMALL + escape(footer.command.strip())


def _merged(parts: Iterable[str | Json]) -> Iterator[Json]:
    """Join neighbouring texts into one component, since a message has few."""
    words: list[str] = []
    for part in parts:
        if isinstance(part, str):
            words += [part] if part.strip() or (part is BREAK and words) else []
            continue
        if words:
            yield {"type": TEXT_DISPLAY, "content": _joined(words)}
            words = []
        yield part
    if words:
        yield {"type": TEXT_DISPLAY, "content": _joined(words)}


def _joined(words: list[str]) -> str:
    return "\n".join("" if one is BREAK else one for one in words).strip("\n")


def _block(block: Block, reply: Reply, start: int) -> Iterator[str | Json]:
    match block:
        case Paragraph(lines=lines):
            for line in lines:
                if text := markdown(line):
                    yield text
        case Bullets(items=items, numbered=numbered):
            for number, item in enumerate(items, start):
                if text := markdown(item):
                    yield f"{number}. {text}" if numbered else f"- {text}"
        case Fields(fields=fields):
            for field in fields:
                yield f"{strong(field.label)} {markdown(field.value)}".strip()
        case Timeline(entries=entries):
            for entry in entries:
                day = date(entry.when).strip() if entry.when else ""
                label = escape(entry.label).strip()
                parts = (f"**{day}**" if day else "", f"*{label}*" if label else "", markdown(entry.line))
                if text := " · ".join(filter(None, parts)):
                    yield f"- {text}"
        case Table(head=head, rows=rows):
            if rows:
                yield SMALL + (" · ".join(map(escape, head)).strip() or "–")
            for row in rows:
                yield "- " + " · ".join(markdown(cell) or "–" for cell in row)
        case Quote(line=said, by=by):
            if text := markdown(said):
                yield f"> {text}"
            if text := markdown(by):
                yield f"> — {text}"
        case Note(line=remark, level=level):
            if text := markdown(remark):
                yield _sign(level, reply) + text
        case Picture(url=url, alt=alt):
            yield from _picture(url, alt)
        case Divider():
            yield {"type": SEPARATOR, "divider": True, "spacing": 1}
        case _:
            assert_never(block)


def _sign(level: Level, reply: Reply) -> str:
    """Return what a remark begins with; small print only beside something larger."""
    if level is Level.WARNING:
        return "⚠️ "
    return SMALL if len(reply.blocks) > 1 else ""


def _picture(url: str, alt: str) -> Iterator[str | Json]:
    safe = address(url)
    words = shorten(inert(alt), ALT_LENGTH).strip() or "Picture"
    if safe:
        yield {"type": GALLERY, "items": [{"media": {"url": safe}, "description": words}]}
    else:
        yield f"{SMALL}Picture: {escape(words)}"
