"""A reply as text for a terminal, with or without colour."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, assert_never

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text as Styled

from bot.adapters.paging import Page, paginate, statements
from bot.adapters.terminal.limits import NARROWEST, SHORTEST, WIDEST, WIDTH
from bot.adapters.texts import inert, map_texts, spoken, web_address
from bot.reply import (
    Action,
    Block,
    Bullets,
    Cite,
    Degradation,
    Degree,
    Divider,
    Entry,
    Fields,
    Footer,
    Kind,
    Level,
    Line,
    Link,
    Moment,
    Name,
    Note,
    Paragraph,
    Picture,
    Quote,
    Reply,
    SourceLine,
    Span,
    Strong,
    Table,
    Text,
    Timeline,
    When,
    change_spans,
)

INDENT: Final = 2
GAP: Final = 2
NARROWEST_COLUMN: Final = 12
DASH: Final = " — "
"""What answers put between a statement and the remarks on it, which are dimmed."""

_TITLE: Final = Style(bold=True)
_HEADING: Final = Style(bold=True, color="cyan")
_LABEL: Final = Style(bold=True)
_DATE: Final = Style(color="cyan")
_STRONG: Final = Style(bold=True)
_NAME: Final = Style(underline=True)
_CITE: Final = Style(color="cyan", dim=False)
_DIM: Final = Style(dim=True)
_WARNING: Final = Style(bold=True, color="yellow")

_LINK_ID: Final = re.compile(r"(?<=\x1b\]8;)id=[^;]*(?=;)")


class Rendered(msgspec.Struct, frozen=True):
    """The pages as text, each ending in a line break, and what was not shown in full."""

    pages: tuple[str, ...]
    notes: tuple[Degradation, ...] = ()


def render(
    reply: Reply,
    *,
    width: int = WIDTH,
    height: int | None = None,
    colour: bool = False,
    links: bool = False,
    local: Callable[[int], str] | None = None,
) -> Rendered:
    """Lay a reply out for `width` cells; in pages of about `height` lines, or else in one.

    `colour` adds SGR sequences to the same words. `links` makes the words of links clickable (OSC 8) instead
    of showing their address. An address on a line of its own is never broken; all other lines keep to the
    width. `local` says an instant in the reader's time zone, "" where that is not known.
    """
    if local is not None:
        reply = change_spans(reply, lambda span: _in_zone(span, local))
    width = max(NARROWEST, min(width, WIDEST))
    most = None if height is None else max(height, SHORTEST)

    def fits(page: Page) -> bool:
        # A terminal scrolls: rather than shorten a lone statement or hide a choice, let the page be longer.
        if most is None or statements(page.reply) <= 1:
            return True
        layout = _Layout(page, width, links)
        return len(layout.lines) - max(0, layout.choices - most // 3) <= most

    pages, _ = paginate(map_texts(reply, inert), fits)
    laid = [_Layout(page, width, links) for page in pages]
    notes = dict.fromkeys(note for one in laid for note in one.notes)
    paint = _paint if colour or links else _plain
    return Rendered(tuple(paint(one.lines) for one in laid), tuple(notes))


def _in_zone(span: Span, local: Callable[[int], str]) -> Span:
    return Moment(local(span.at) or span.text, span.at) if isinstance(span, Moment) else span


class _Layout:
    """One page, line by line."""

    def __init__(self, page: Page, width: int, links: bool) -> None:
        self.width = width
        self.links = links
        self.lines: list[Styled] = []
        self.notes: list[Degradation] = []
        self.choices = 0
        reply = page.reply
        if reply.title:
            self.flow(Styled(reply.title, _TITLE), 0)
            self.add(Styled("═" * min(cell_len(reply.title), self.width), _DIM))
        head = len(self.lines)
        for number, block in enumerate(reply.blocks):
            self.gap()
            self.block(block, 1 if number else page.start)
        if not any(one.plain.strip() for one in self.lines[head:]):
            self.gap()
            self.flow(Styled(spoken(reply)), 0)
        self.sources(reply.sources)
        self.actions(reply)
        self.end(page, reply.footer)

    # --- parts of a page ---------------------------------------------------------------------------------

    def block(self, block: Block, start: int) -> None:
        if not isinstance(block, Divider) and block.heading:
            self.flow(Styled(block.heading, _HEADING), 0)
        match block:
            case Paragraph(lines=lines):
                for one in lines:
                    self.flow(self.styled(one))
            case Bullets(items=items, numbered=numbered):
                digits = len(str(start + len(items) - 1))
                for number, one in enumerate(items, start):
                    self.hang(Styled(f"{number:>{digits}}. " if numbered else "• "), self.styled(one))
            case Fields(fields=fields):
                self.pairs([(Styled(field.label, _LABEL), self.styled(field.value)) for field in fields])
            case Timeline(entries=entries):
                self.pairs([self.entry(entry) for entry in entries])
            case Table():
                self.table(block)
            case Quote(line=said, by=by):
                self.flow(Styled.assemble("“", self.styled(said), "”"))
                self.hang(Styled("— "), self.styled(by))
            case Note(line=remark, level=level):
                lead = "Warning: " if level is Level.WARNING else ""
                self.flow(Styled.assemble((lead, _WARNING), self.styled(remark)))
            case Picture(url=url, alt=alt):
                self.flow(Styled(f"Picture: {alt or 'no description'}"))
                self.address(url, INDENT)
                self.notes.append(
                    Degradation("picture", Degree.FALLBACK, "Shown as its description and address.")
                )
            case Divider():
                self.add(Styled("─" * self.width, _DIM))
            case _:
                assert_never(block)

    def sources(self, sources: Sequence[SourceLine]) -> None:
        if not sources:
            return
        self.gap()
        self.flow(Styled("Sources", _HEADING), 0)
        digits = max(len(str(one.number)) for one in sources)
        for one in sources:
            mark = Styled(" " * (digits - len(str(one.number)))).append(f"[{one.number}]", _CITE).append(" ")
            self.hang(mark, Styled(one.text))
            self.address(one.url, INDENT + cell_len(mark.plain))

    def actions(self, reply: Reply) -> None:
        if not reply.actions:
            return
        self.gap()
        before = len(self.lines)
        self.flow(Styled("Choices" if reply.kind is Kind.ASK else "Go on with", _HEADING), 0)
        digits = len(str(len(reply.actions)))
        for number, action in enumerate(reply.actions, 1):
            self.hang(Styled(f"{number:>{digits}}. "), _choice(action))
        self.choices = len(self.lines) - before

    def end(self, page: Page, footer: Footer | None) -> None:
        self.gap()
        if page.cut:
            what = "1 more statement is" if page.cut == 1 else f"{page.cut:,} more statements are"
            self.flow(Styled(f"{what} left out.", _LABEL), 0)
        if page.of > 1:
            self.flow(Styled(f"Page {page.number} of {page.of}", _DIM), 0)
        if footer is not None:
            whole = msgspec.structs.replace(footer, notice="")
            rests = msgspec.structs.replace(whole, command="").text
            for part in (whole.text,) if cell_len(whole.text) <= self.width else (rests, footer.command):
                self.flow(Styled(part, _DIM), 0)
            if footer.notice:
                self.flow(Styled(footer.notice, _WARNING), 0)
        while self.lines and not self.lines[-1].plain:
            self.lines.pop()

    # --- shapes ------------------------------------------------------------------------------------------

    def add(self, *lines: Styled) -> None:
        self.lines += lines

    def gap(self) -> None:
        if self.lines and self.lines[-1].plain:
            self.lines.append(Styled())

    def flow(self, text: Styled, indent: int = INDENT) -> None:
        self.add(*_beside([(Styled(), indent), (text, self.width - indent)]))

    def hang(self, mark: Styled, text: Styled) -> None:
        room = cell_len(mark.plain)
        self.add(*_beside([(Styled(), INDENT), (mark, room), (text, self.width - INDENT - room)]))

    def address(self, url: str, indent: int) -> None:
        address = web_address(url)
        if address:
            self.add(Styled(" " * indent).append(address, self.link(address)))

    def pairs(self, pairs: list[tuple[Styled, Styled]]) -> None:
        """Set labels beside what they label; a long one above it, and all of them if most are long."""
        room = self.width // 3 - GAP
        short = [cells for cells in (cell_len(label.plain) for label, _ in pairs) if cells <= room]
        column = max(short) + GAP if 2 * len(short) > len(pairs) else 0
        for label, text in pairs:
            indent = INDENT + (column or INDENT)
            if cell_len(label.plain) + GAP <= column:
                self.add(*_beside([(Styled(), INDENT), (label, column), (text, self.width - indent)]))
            else:
                self.flow(label)
                self.flow(text, indent)

    def table(self, table: Table) -> None:
        head = [Styled(text, _LABEL) for text in table.head]
        rows = [[self.styled(cell) for cell in row] for row in table.rows]
        widths = _widths([head, *rows], self.width - INDENT)
        if widths is None:
            self.stack(head, rows)
            why = "Shown row by row where the columns do not fit beside each other."
            self.notes.append(Degradation("table", Degree.FALLBACK, why))
            return
        rule = [Styled("─" * width, _DIM) for width in widths]
        for row in ([head, rule] if any(one.plain for one in head) else [], rows):
            for cells in row:
                columns = [(cell, width + GAP) for cell, width in zip(cells, widths, strict=False)]
                self.add(*_beside([(Styled(), INDENT), *columns], GAP))

    def stack(self, head: Sequence[Styled], rows: Iterable[Sequence[Styled]]) -> None:
        for number, row in enumerate(rows):
            if number:
                self.add(Styled())
            for label, cell in itertools.zip_longest(head, row, fillvalue=Styled()):
                lead = Styled.assemble(label, ": ") if label.plain else Styled()
                self.flow(Styled.assemble(lead, cell))

    def entry(self, entry: Entry) -> tuple[Styled, Styled]:
        day = Styled(entry.when.text, _DATE) if entry.when else Styled("undated", _DIM)
        label = f"{entry.label} · " if entry.label else ""
        return day, Styled.assemble((label, _DIM), self.styled(entry.line))

    # --- spans -------------------------------------------------------------------------------------------

    def styled(self, line: Line) -> Styled:
        text = Styled()
        for span in line.spans:
            if isinstance(span, Cite) and text.plain[-1:].strip():
                # A line may break before a citation, but not inside one.
                text.append(" ")
            text.append_text(self.span(span))
        remarks = text.plain.rfind(DASH) if line.fact or line.grounds else -1
        if remarks > 0:
            text.stylize_before(_DIM, remarks)
        return text

    def span(self, span: Span) -> Styled:
        match span:
            case Text(text=text) | When(text=text) | Moment(text=text):
                return Styled(text)
            case Strong(text=text):
                return Styled(text, _STRONG)
            case Name(text=text):
                return Styled(text, _NAME)
            case Cite(number=number):
                return Styled(f"[{number}]", _CITE)
            case Link(text=text, url=url):
                address = web_address(url)
                shown = Styled(text, self.link(address))
                if address and not self.links and address != text:
                    shown.append(f" <{address}>", _DIM)
                return shown
            case _:
                assert_never(span)

    def link(self, address: str | None) -> Style:
        return Style(underline=True, link=address if self.links else None)


def _choice(action: Action) -> Styled:
    text = Styled(action.label)
    command = inert(action.command)
    if action.hint and action.hint not in command:
        text.append(f" — {action.hint}")
    if command not in ("", action.label):
        text.append(f"  {command}", _DIM)
    return text


def _widths(rows: Sequence[Sequence[Styled]], room: int) -> list[int] | None:
    """Return a width for each column so that a row fits `room`, narrowing the widest.

    None if columns would get too narrow, or a word would have to be broken.
    """
    columns = range(max(map(len, rows)))
    cells = [[row[at].plain for row in rows if at < len(row)] for at in columns]
    natural = [max(map(cell_len, column), default=0) for column in cells]
    left = room - GAP * (len(columns) - 1)
    for count, width in zip(range(len(columns), 0, -1), sorted(natural), strict=True):
        if width * count > left:
            words = (cell_len(word) for column in cells for cell in column for word in cell.split())
            widest = left // count
            return [min(one, widest) for one in natural] if widest >= max(NARROWEST_COLUMN, *words) else None
        left -= width
    return natural


def _beside(columns: Sequence[tuple[Styled, int]], gap: int = 0) -> Iterator[Styled]:
    """Yield the lines of texts set side by side, each wrapped to its width but for `gap` cells at its end."""
    wrapped = [_wrapped(text, max(1, width - gap)) for text, width in columns]
    for cells in itertools.zip_longest(*wrapped):
        line = Styled()
        owed = 0
        for cell, (_, width) in zip(cells, columns, strict=True):
            if cell is not None and cell.plain:
                line.append(" " * owed).append_text(cell)
                owed = width - cell_len(cell.plain)
            else:
                owed += width
        yield line


def _wrapped(text: Styled, width: int) -> list[Styled]:
    lines = list(text.wrap(_console(), width, overflow="fold"))
    for line in lines:
        line.rstrip()
    return lines or [Styled()]


# --- painting ------------------------------------------------------------------------------------------


def _plain(lines: Iterable[Styled]) -> str:
    return "".join(f"{line.plain.rstrip()}\n" for line in lines)


def _paint(lines: Iterable[Styled]) -> str:
    console = _console()
    with console.capture() as captured:
        for line in lines:
            console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
    # rich numbers links by chance; the same reply must give the same bytes.
    names: dict[str, str] = {}
    return _LINK_ID.sub(lambda found: names.setdefault(found[0], f"id={len(names) + 1}"), captured.get())


@lru_cache(maxsize=1)
def _console() -> Console:
    """A console that looks at no environment and writes nowhere."""
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard",
        width=WIDEST,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
