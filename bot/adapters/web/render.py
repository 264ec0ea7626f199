"""Reply -> HTML pages: pure, without scripts, styles or anything that loads from elsewhere."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, assert_never
from urllib.parse import quote_plus

import msgspec

from bot.adapters.paging import Page, paginate
from bot.adapters.texts import inert
from bot.adapters.web.limits import STATEMENTS
from bot.reply import (
    Block,
    Bullets,
    Cite,
    Degradation,
    Degree,
    Divider,
    Fields,
    Footer,
    Kind,
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
    block_lines,
)

_ADDRESS: Final = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f<>\"'\\`]+", re.IGNORECASE)
_DATE: Final = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
DASH: Final = " — "
"""What answers put between a statement and the remarks on it."""
_ELSEWHERE: Final = 'rel="noopener noreferrer nofollow"'


class Rendered(msgspec.Struct, frozen=True):
    """A reply as HTML fragments, one a page, and what could not be shown in full."""

    pages: tuple[str, ...]
    notes: tuple[Degradation, ...] = ()


def render(reply: Reply, *, answer: str = "answer", line: str = "") -> Rendered:
    """Render a reply as one `<article>` a page.

    Every id in a page starts with `answer` (letters, digits, hyphens), so that several answers can stand in
    one document. `line` is what was asked; page buttons fall back to it when the reply has no footer.
    """
    pages, notes = paginate(reply, lambda page: _statements(page.reply) <= STATEMENTS)
    return Rendered(
        tuple(_Article(page, f"{answer}-{page.number}", line).render() for page in pages),
        (*notes, *_notes(reply)),
    )


def render_html(reply: Reply, page: int = 1, *, answer: str = "answer", line: str = "") -> str:
    """Return one page of :func:`render`; a number outside the pages gives the nearest one."""
    pages = render(reply, answer=answer, line=line).pages
    return pages[min(max(page, 1), len(pages)) - 1]


def reply_json(reply: Reply) -> dict[str, object]:
    """Return the reply for JSON: its fields, and in `facts` the ids of all facts used."""
    fields: dict[str, object] = msgspec.to_builtins(reply)
    return {**fields, "facts": list(reply.facts)}


def spoken(reply: Reply) -> str:
    """Return what a screen reader says when the answer arrives, before it is read line by line."""
    return inert(": ".join(filter(None, (reply.title, reply.summary))))


def ask_url(line: str) -> str:
    """Return the address that asks `line`, relative to the page."""
    return f"?q={quote_plus(line, errors='replace')}"


def escape(text: str) -> str:
    """Return `text` for HTML content and quoted attributes, without characters that a browser acts on."""
    return html.escape(inert(text))


def _statements(reply: Reply) -> int:
    return sum(
        len(block.rows) if isinstance(block, Table) else sum(1 for _ in block_lines(block))
        for block in reply.blocks
    )


def _notes(reply: Reply) -> Iterator[Degradation]:
    for block in reply.blocks:
        if isinstance(block, Picture):
            why = "The page loads nothing from elsewhere, so a picture is shown as its text with a link."
            yield Degradation("picture", Degree.FALLBACK, why)
    lines = (one for block in reply.blocks for one in block_lines(block))
    addresses = [span.url for one in lines for span in one.spans if isinstance(span, Link)]
    addresses += [block.url for block in reply.blocks if isinstance(block, Picture)]
    if not all(map(_ADDRESS.fullmatch, addresses)):
        yield Degradation("link", Degree.PARTIAL, "Only http and https addresses become links.")


class _Article:
    """One page in the making; counts citations, so that each has an id of its own."""

    def __init__(self, page: Page, prefix: str, asked: str) -> None:
        self.page = page
        self.reply = page.reply
        self.prefix = prefix
        self.command = self.reply.footer.command if self.reply.footer else asked
        self.sources = {source.number: source for source in self.reply.sources}
        self.cited: Counter[int] = Counter()

    def render(self) -> str:
        reply = self.reply
        body = "".join(map(self.block, reply.blocks))
        return (
            f'<article class="answer" id="{self.prefix}" data-kind="{reply.kind.value}" '
            f'aria-labelledby="{self.prefix}-title">'
            f"<header>{self.title()}{self.summary()}</header>"
            f'<div class="body">{body}</div>'
            f"{self.source_list()}{self.pages()}{self.actions()}{self.footer(reply.footer)}</article>"
        )

    def title(self) -> str:
        page = self.page
        title = escape(self.reply.title) or "Answer"
        part = f' <span class="part">page {page.number} of {page.of}</span>' if page.of > 1 else ""
        return f'<h2 id="{self.prefix}-title" tabindex="-1">{title}{part}</h2>'

    def summary(self) -> str:
        """The summary is for where the answer itself is not seen, so blocks make it a repetition."""
        return "" if self.reply.blocks else f'<p class="summary">{escape(self.reply.summary)}</p>'

    # --- lines and blocks ------------------------------------------------------------------------------

    def line(self, line: Line) -> str:
        """A statement's remarks (who said it, status, rating) stand behind its last dash, and step back."""
        place, at = _last_dash(line) if line.fact or line.grounds else (len(line.spans), 0)
        if place == len(line.spans):
            return "".join(map(self.span, line.spans))
        dashed = line.spans[place]
        words = "" if isinstance(dashed, Cite) else dashed.text
        before = "".join(map(self.span, line.spans[:place])) + escape(words[:at])
        after = escape(words[at + len(DASH) :]) + "".join(map(self.span, line.spans[place + 1 :]))
        return f'{before}<span class="remarks"><span class="dash">{DASH}</span>{after}</span>'

    def span(self, span: Span) -> str:
        match span:
            case Text(text=text):
                return escape(text)
            case Strong(text=text):
                return f"<strong>{escape(text)}</strong>"
            case Link(text=text, url=url):
                return _link(text, url)
            case Cite(number=number):
                return self.cite(number)
            case Name(text=text, command=command):
                return f'<a class="name" href="{escape(ask_url(command))}">{escape(text)}</a>'
            case When():
                return _when(span)
            case Moment():
                return _moment(span)
            case _:
                assert_never(span)

    def cite(self, number: int) -> str:
        source = self.sources.get(number)
        if source is None:
            return f'<span class="cite">[{number}]</span>'
        self.cited[number] += 1
        return (
            f'<a class="cite" role="doc-noteref" id="{self.prefix}-cite-{number}-{self.cited[number]}" '
            f'href="#{self.prefix}-source-{number}" title="{escape(source.title)}">[{number}]</a>'
        )

    def item(self, tag: str, line: Line, before: str = "") -> str:
        fact = f' data-fact="{escape(line.fact)}"' if line.fact else ""
        return f"<{tag}{fact}>{before}{self.line(line)}</{tag}>"

    def block(self, block: Block) -> str:
        match block:
            case Paragraph(lines=lines, heading=heading):
                return _section("paragraph", heading, "".join(self.item("p", one) for one in lines))
            case Bullets(items=items, heading=heading, numbered=numbered):
                tag = "ol" if numbered else "ul"
                first = self.page.start if numbered and block is self.reply.blocks[0] else 1
                start = f' start="{first}"' if first > 1 else ""
                rows = "".join(self.item("li", one) for one in items)
                return _section("bullets", heading, f"<{tag}{start}>{rows}</{tag}>")
            case Fields(fields=fields, heading=heading):
                rows = "".join(
                    f"<div><dt>{escape(one.label)}</dt>{self.item('dd', one.value)}</div>" for one in fields
                )
                return _section("fields", heading, f"<dl>{rows}</dl>")
            case Timeline(entries=entries, heading=heading):
                rows = "".join(self.item("li", one.line, _entry_head(one.when, one.label)) for one in entries)
                return _section("timeline", heading, f"<ol>{rows}</ol>")
            case Table(heading=heading):
                return _section("table", heading, self.table(block))
            case Quote(line=said, by=by, heading=heading):
                words = f"<blockquote>{self.item('p', said)}</blockquote>"
                return _section(
                    "quote", heading, f"<figure>{words}<figcaption>{self.line(by)}</figcaption></figure>"
                )
            case Note(line=remark, level=level, heading=heading):
                return _section(f"note {level.value}", heading, self.item("p", remark))
            case Picture(url=url, alt=alt, heading=heading):
                return _section("picture", heading, f"<p>Picture: {_link(alt, url)}</p>")
            case Divider():
                return "<hr>"
            case _:
                assert_never(block)

    def table(self, table: Table) -> str:
        """A table scrolls sideways by itself, so it can be focused and needs a name."""
        name = escape(table.heading or f"Table: {self.reply.title}")
        head = "".join(f'<th scope="col">{escape(one)}</th>' for one in table.head)
        rows = "".join(f"<tr>{''.join(self.item('td', one) for one in row)}</tr>" for row in table.rows)
        return (
            f'<div class="scroll" role="group" tabindex="0" aria-label="{name}">'
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    # --- what stands below the blocks ------------------------------------------------------------------

    def source_list(self) -> str:
        if not self.reply.sources:
            return ""
        rows = "".join(map(self.source, self.reply.sources))
        return f'<section class="sources" role="doc-endnotes"><h3>Sources</h3><ol>{rows}</ol></section>'

    def source(self, source: SourceLine) -> str:
        day = "undated"
        if source.published:
            inferred = f" (inferred: {escape(source.inferred)})" if source.inferred else ""
            day = _when(source.published) + inferred
        title = _link(source.title, source.url) if source.url else escape(source.title)
        parts = (escape(source.publisher), day, escape(source.descriptor), escape(source.rating))
        back = ""
        if self.cited[source.number]:
            back = (
                f'\u00a0<a class="back" role="doc-backlink" href="#{self.prefix}-cite-{source.number}-1" '
                f'aria-label="Back to citation {source.number}">↩</a>'
            )
        facts = (
            f'<a class="facts" href="{escape(ask_url(source.command or f"/source {source.id}"))}" '
            f'title="Every fact that rests on it">{escape(source.id)}</a>'
        )
        return (
            f'<li id="{self.prefix}-source-{source.number}" value="{source.number}" tabindex="-1">'
            f"<cite>{title}</cite> · {' · '.join(filter(None, parts))} · {facts}{back}</li>"
        )

    def pages(self) -> str:
        """Buttons of a form, so that they work without scripts as well."""
        page = self.page
        cut = f"<p>{_count(page.cut, 'statement')} left out after this page.</p>" if page.cut else ""
        if page.of == 1:
            return cut
        buttons = "".join(
            f'<button name="page" value="{number}"{_current(number == page.number)} '
            f'aria-label="Page {number} of {page.of}">{number}</button>'
            for number in range(1, page.of + 1)
        )
        return (
            f'{cut}<form action="/"><input type="hidden" name="q" value="{escape(self.command)}">'
            f'<div class="pages" role="group" aria-label="Pages">{buttons}</div></form>'
        )

    def actions(self) -> str:
        if not self.reply.actions:
            return ""
        rows = "".join(
            f'<li><a class="action" href="{escape(ask_url(one.command))}">{escape(one.label)}'
            f"{_hint(one.hint)}</a></li>"
            for one in self.reply.actions
        )
        heading = "Choices" if self.reply.kind is Kind.ASK else "Go on with"
        return f'<section class="actions"><h3>{heading}</h3><ul>{rows}</ul></section>'

    def footer(self, footer: Footer | None) -> str:
        if footer is None:
            return ""
        url = escape(ask_url(footer.command))
        notice = f'<p class="stale">{escape(footer.notice)}</p>' if footer.notice else ""
        return (
            f"<footer>{notice}<p>snapshot {escape(footer.snapshot)} · as of {escape(footer.as_of)} · "
            f"{_count(footer.facts, 'fact')}</p>"
            f'<p class="again"><code>{escape(footer.command)}</code> '
            f'<a class="share" href="{url}">Link to this answer</a> '
            '<button class="copy" type="button">Copy link</button></p></footer>'
        )


def _last_dash(line: Line) -> tuple[int, int]:
    """Return which text of a line holds its last dash between words, and where; past the end if none does."""
    for place in reversed(range(len(line.spans))):
        span = line.spans[place]
        if isinstance(span, Text) and DASH in span.text:
            return place, span.text.rindex(DASH)
    return len(line.spans), 0


def _section(kind: str, heading: str, body: str) -> str:
    title = f"<h3>{escape(heading)}</h3>" if heading else ""
    return f'<section class="block {kind}">{title}{body}</section>'


def _entry_head(when: When | None, label: str) -> str:
    parts: Iterable[str] = (
        _when(when) if when else "",
        f'<span class="label">{escape(label)}</span>' if label else "",
    )
    head = " ".join(filter(None, parts))
    return f'<span class="head">{head}</span> ' if head else ""


def _when(when: When) -> str:
    """A `<time>` takes a year, month or day only; other EDTF stays words."""
    if _DATE.fullmatch(when.edtf):
        return f'<time datetime="{when.edtf}">{escape(when.text)}</time>'
    return f'<span class="when" data-edtf="{escape(when.edtf)}">{escape(when.text)}</span>'


def _moment(moment: Moment) -> str:
    """An instant, which the page's script says in the reader's time zone."""
    try:
        at = datetime.fromtimestamp(moment.at, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return escape(moment.text)
    return f'<time class="moment" datetime="{at}">{escape(moment.text)}</time>'


def _link(text: str, url: str) -> str:
    if not _ADDRESS.fullmatch(url):
        return escape(text)
    return f'<a class="out" href="{escape(url)}" {_ELSEWHERE}>{escape(text)}</a>'


def _hint(hint: str) -> str:
    return f' <span class="hint">{escape(hint)}</span>' if hint else ""


def _current(is_current: bool) -> str:
    return ' aria-current="page"' if is_current else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
