"""A reply as Markdown (CommonMark with GitHub's tables): data never becomes markup, link, HTML or mention."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from typing import Final, assert_never

from bot.adapters.paging import Page, paginate
from bot.adapters.texts import inert, spoken, web_address
from bot.reply import (
    Action,
    Block,
    Bullets,
    Cite,
    Divider,
    Entry,
    Fields,
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
)

_JOINER: Final = "\u2060"
"""WORD JOINER: invisible, no part of a name or number, so that nothing behind `@` or `#` is linked."""

_ACTIVE: Final = re.compile(
    r"(?P<entity>[&<>])"
    r"|(?P<escape>[\\`*_\[\]|~$!^]|:(?=//)|(?<=www)\.)"
    r"|(?P<mention>[@#])",
    re.IGNORECASE,
)
_OPENING: Final = re.compile(r"\d{1,9}(?=[.)])|(?=[-+=])")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def render_markdown(reply: Reply) -> str:
    """Return a whole reply as Markdown, ending in a line break."""
    page: Page = paginate(reply, lambda _: True)[0][0]
    reply = page.reply
    parts = [f"# {escape(reply.title)}"] if reply.title.strip() else []
    marks = cycle("-*")
    body = [part for block in reply.blocks for part in _block(block, next(marks)) if part.strip()]
    parts += body or [_opened(escape(spoken(reply)))]
    if reply.sources:
        parts += ["## Sources", "\n".join(map(_source, reply.sources))]
    if reply.actions:
        heading = "Choices" if reply.kind is Kind.ASK else "Go on with"
        parts += [f"## {heading}", "\n".join(map(_action, reply.actions))]
    if reply.footer is not None:
        footer = reply.footer
        facts = "1 fact" if footer.facts == 1 else f"{footer.facts:,} facts"
        said = f"snapshot {escape(footer.snapshot)} · as of {escape(footer.as_of)} · {facts} · "
        parts += ["---", said + code(footer.command), escape(footer.notice)]
    return "\n\n".join(filter(None, parts)) + "\n"


def escape(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line; time and length are linear.

    Backslashes and character references are CommonMark's own means. Behind `@` and `#` goes an invisible
    word joiner, since GitHub looks for mentions in the text that comes out.
    """
    return _ACTIVE.sub(_escaped, inert(text))


def code(text: str) -> str:
    """Return a text as a code span whose fence is longer than any run of backticks in it."""
    text = inert(text).strip() or " "
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in (text[0], text[-1]) else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _escaped(found: re.Match[str]) -> str:
    if found["entity"]:
        return _ENTITIES[found[0]]
    return f"\\{found[0]}{_JOINER}" if found["mention"] else f"\\{found[0]}"


def _opened(text: str) -> str:
    """Escape what would begin a list or underline a heading at the start of an escaped line."""
    text = text.strip()
    found = _OPENING.match(text)
    return f"{found[0]}\\{text[found.end() :]}" if found else text


def _bold(text: str) -> str:
    """Return an escaped text in bold, or as it is where its ends would keep asterisks from being markup."""
    ends = text[:1] + text[-1:]
    return f"**{escape(text)}**" if ends.isalnum() else escape(text)


# --- blocks --------------------------------------------------------------------------------------------


def _block(block: Block, mark: str) -> Iterator[str]:
    """Yield a block's parts; `mark` begins list items, so that lists in a row can be told apart."""
    if not isinstance(block, Divider) and block.heading.strip():
        yield f"## {escape(block.heading)}"
    match block:
        case Paragraph(lines=lines):
            yield from map(_line, lines)
        case Bullets(items=items, numbered=numbered):
            after = ")" if mark == "*" else "."
            marks = [f"{number}{after}" if numbered else mark for number in range(1, len(items) + 1)]
            yield "\n".join(f"{one} {_line(item)}" for one, item in zip(marks, items, strict=True))
        case Fields(fields=fields):
            yield "\n".join(f"{mark} {_labelled(f'{one.label}:', one.value)}" for one in fields)
        case Timeline(entries=entries):
            yield "\n".join(f"{mark} {_entry(one)}" for one in entries)
        case Table() if block.rows:
            yield _table(block)
        case Quote(line=said, by=by):
            yield f"> “{_spans(said)}”\n>\n> — {_spans(by)}"
        case Note(line=remark, level=level):
            yield _labelled("Warning:", remark) if level is Level.WARNING else _line(remark)
        case Picture(url=url, alt=alt):
            address = _destination(url)
            yield f"!{_link(alt, address)}" if address else f"Picture: {escape(alt)}"
        case Divider():
            yield "---"
        case Table():
            return
        case _:
            assert_never(block)


def _entry(entry: Entry) -> str:
    label = f"{escape(entry.label)} · " if entry.label else ""
    return f"**{escape(entry.when.text) if entry.when else 'undated'}** · {label}{_spans(entry.line)}"


def _labelled(label: str, line: Line) -> str:
    return f"**{escape(label).strip()}** {_spans(line)}"


def _table(table: Table) -> str:
    columns = max(map(len, (table.head, *table.rows)))
    rows = [list(map(escape, table.head)), ["---"] * columns]
    rows += [[_spans(cell) for cell in row] for row in table.rows]
    return "\n".join(f"| {' | '.join(row + [''] * (columns - len(row)))} |" for row in rows)


def _source(source: SourceLine) -> str:
    title, rest = escape(source.title), escape(source.text[len(source.title) :])
    address = _destination(source.url)
    return f"- \\[{source.number}\\] {_link(source.title, address) if address else title}{rest}"


def _action(action: Action) -> str:
    hint = f" — {escape(action.hint)}" if action.hint and action.hint not in action.command else ""
    return f"- {_opened(escape(action.label))}{hint}: {code(action.command)}"


# --- lines ---------------------------------------------------------------------------------------------


def _line(line: Line) -> str:
    return _opened(_spans(line))


def _spans(line: Line) -> str:
    return "".join(map(_span, line.spans))


def _span(span: Span) -> str:
    match span:
        case Text(text=text) | When(text=text) | Moment(text=text) | Name(text=text):
            return escape(text)
        case Strong(text=text):
            return _bold(text)
        case Cite(number=number):
            return f"\\[{number}\\]"
        case Link(text=text, url=url):
            address = _destination(url)
            return _link(text, address) if address else escape(text)
        case _:
            assert_never(span)


def _destination(url: str) -> str | None:
    address = web_address(url)
    return address and address.replace("&", "&amp;")


def _link(text: str, address: str) -> str:
    return f"[{escape(text)}](<{address}>)"
