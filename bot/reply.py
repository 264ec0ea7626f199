"""The neutral reply: one immutable document that every platform renders.

A reply is a closed union of blocks and spans without markup. Renderers `match` on it and end in
`assert_never`, so a new block breaks the type check until every platform has it. Citation numbers are
given once, before any platform sees the reply: :class:`Cite.number` points into :attr:`Reply.sources`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import assert_never

import msgspec

# --- spans ---------------------------------------------------------------------------------------------


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Literal words."""

    text: str


class Strong(msgspec.Struct, frozen=True, tag="strong"):
    """Words that stand out: labels, the words a search matched."""

    text: str


class Link(msgspec.Struct, frozen=True, tag="link"):
    """Words that lead to a web address (http or https)."""

    text: str
    url: str


class Cite(msgspec.Struct, frozen=True, tag="cite"):
    """The number of a source line, shown as `[1]`; `source` is the source's id."""

    number: int
    source: str


class Name(msgspec.Struct, frozen=True, tag="name"):
    """A name that can be looked up: `command` is the line that does it, such as `/who gref`."""

    text: str
    command: str


class When(msgspec.Struct, frozen=True, tag="when"):
    """A date in words, and the EDTF it stands for."""

    text: str
    edtf: str


class Moment(msgspec.Struct, frozen=True, tag="moment"):
    """An instant (seconds since 1970), shown in the reader's time zone where the platform can.

    `text` says it in full, with its zone, for where it cannot.
    """

    text: str
    at: int


Span = Text | Strong | Link | Cite | Name | When | Moment


class Line(msgspec.Struct, frozen=True):
    """A statement or another line of text: the smallest thing that is kept or cut as a whole.

    `fact` is the id of the fact that the line states, if it states one; `grounds` the ids of the facts that a
    judgement rests on.
    """

    spans: tuple[Span, ...]
    fact: str | None = None
    grounds: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The line as plain text, citations as `[1]`."""
        return "".join(span_text(span) for span in self.spans)


def span_text(span: Span) -> str:
    """Return a span as plain text."""
    return f"[{span.number}]" if isinstance(span, Cite) else span.text


def line(*parts: Span | str, fact: str | None = None) -> Line:
    """Build a :class:`Line`; strings become :class:`Text`."""
    return Line(tuple(Text(part) if isinstance(part, str) else part for part in parts), fact)


# --- blocks --------------------------------------------------------------------------------------------


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    """Lines of running text under an optional heading."""

    lines: tuple[Line, ...]
    heading: str = ""


class Bullets(msgspec.Struct, frozen=True, tag="bullets"):
    """A list; numbered where the order is a rank."""

    items: tuple[Line, ...]
    heading: str = ""
    numbered: bool = False


class Field(msgspec.Struct, frozen=True):
    """A label and what it labels."""

    label: str
    value: Line


class Fields(msgspec.Struct, frozen=True, tag="fields"):
    """Labelled values, such as a record's."""

    fields: tuple[Field, ...]
    heading: str = ""


class Entry(msgspec.Struct, frozen=True):
    """One entry of a timeline; `when` is None in the undated part. `label` is a short remark ("planned")."""

    line: Line
    when: When | None = None
    label: str = ""


class Timeline(msgspec.Struct, frozen=True, tag="timeline"):
    """Entries in the order of their dates."""

    entries: tuple[Entry, ...]
    heading: str = ""


class Table(msgspec.Struct, frozen=True, tag="table"):
    """Rows of cells, all as wide as `head`."""

    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    heading: str = ""


class Quote(msgspec.Struct, frozen=True, tag="quote"):
    """A short verbatim quotation with whoever said it."""

    line: Line
    by: Line
    heading: str = ""


class Level(StrEnum):
    """How much a note matters."""

    INFO = "info"
    WARNING = "warning"


class Note(msgspec.Struct, frozen=True, tag="note"):
    """A remark about the answer itself, not a statement of the base."""

    line: Line
    level: Level = Level.INFO
    heading: str = ""


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """An image at a web address, with its text for those who do not see it."""

    url: str
    alt: str
    heading: str = ""


class Divider(msgspec.Struct, frozen=True, tag="divider"):
    """A rule between parts."""


Block = Paragraph | Bullets | Fields | Timeline | Table | Quote | Note | Picture | Divider

# --- the document --------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What sort of reply it is."""

    ANSWER = "answer"
    ASK = "ask"
    """More than one thing is meant, or an argument is missing: `actions` are the choices."""
    NONE = "none"
    """The base knows nothing of it."""
    USAGE = "usage"
    """The command was not understood."""
    FAILURE = "failure"
    """Something broke; the reply says what to do."""


class Visibility(StrEnum):
    """Who sees the reply by default."""

    PRIVATE = "private"
    PUBLIC = "public"


class SourceLine(msgspec.Struct, frozen=True):
    """One numbered source: what it is, when it appeared, how far it is trusted.

    `rating` is the Admiralty letter with its words; `published` is None where the day is unknown; `command`
    is the line that tells all about the source.
    """

    number: int
    id: str
    title: str
    descriptor: str
    rating: str
    publisher: str = ""
    published: When | None = None
    inferred: str = ""
    url: str = ""
    command: str = ""

    @property
    def text(self) -> str:
        """The source line as plain text, without its number."""
        day = f"{self.published.text} (inferred)" if self.published and self.inferred else ""
        day = day or (self.published.text if self.published else "undated")
        parts = (self.title, self.publisher, day, self.descriptor, self.rating)
        return " · ".join(part for part in parts if part)


class Action(msgspec.Struct, frozen=True):
    """A button: pressing it asks `command` (a whole line such as `/who gref`)."""

    label: str
    command: str
    hint: str = ""


class Wanted(msgspec.Struct, frozen=True):
    """The option that a reply of kind `ask` still needs; a platform may offer a picker for it."""

    command: str
    option: str


class Footer(msgspec.Struct, frozen=True):
    """What the answer rests on and how to get the same bytes again.

    `notice` is empty, or says that the base on disk does not load and an older snapshot answers.
    """

    snapshot: str
    as_of: str
    facts: int
    command: str
    notice: str = ""

    @property
    def text(self) -> str:
        """The footer as one plain line."""
        facts = "1 fact" if self.facts == 1 else f"{self.facts:,} facts"
        parts = (f"snapshot {self.snapshot}", f"as of {self.as_of}", facts, self.command, self.notice)
        return " · ".join(part for part in parts if part)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer. `summary` is plain text for notifications, screen readers and logs."""

    kind: Kind
    title: str
    summary: str
    blocks: tuple[Block, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    actions: tuple[Action, ...] = ()
    wanted: Wanted | None = None
    visibility: Visibility = Visibility.PRIVATE
    footer: Footer | None = None

    @property
    def facts(self) -> tuple[str, ...]:
        """The ids of all facts used, in order of first use."""
        lines = [one for block in self.blocks for one in block_lines(block)]
        used = (fact for one in lines for fact in (one.fact, *one.grounds) if fact)
        return tuple(dict.fromkeys(used))


def block_lines(block: Block) -> Iterator[Line]:
    """Yield every line of a block, in reading order."""
    match block:
        case Paragraph(lines=lines):
            yield from lines
        case Bullets(items=items):
            yield from items
        case Fields(fields=fields):
            yield from (field.value for field in fields)
        case Timeline(entries=entries):
            yield from (entry.line for entry in entries)
        case Table(rows=rows):
            for row in rows:
                yield from row
        case Quote(line=said, by=by):
            yield said
            yield by
        case Note(line=remark):
            yield remark
        case Picture() | Divider():
            return
        case _:
            assert_never(block)


def change_spans(reply: Reply, change: Callable[[Span], Span]) -> Reply:
    """Return a reply in which every span of every line was put through `change`."""

    def each(old: Line) -> Line:
        return msgspec.structs.replace(old, spans=tuple(change(span) for span in old.spans))

    def inside(block: Block) -> Block:
        replace = msgspec.structs.replace
        match block:
            case Paragraph(lines=lines):
                return replace(block, lines=tuple(map(each, lines)))
            case Bullets(items=items):
                return replace(block, items=tuple(map(each, items)))
            case Fields(fields=fields):
                return replace(block, fields=tuple(Field(one.label, each(one.value)) for one in fields))
            case Timeline(entries=entries):
                return replace(
                    block, entries=tuple(Entry(each(one.line), one.when, one.label) for one in entries)
                )
            case Table(rows=rows):
                return replace(block, rows=tuple(tuple(map(each, row)) for row in rows))
            case Quote(line=said, by=by):
                return replace(block, line=each(said), by=each(by))
            case Note(line=remark):
                return replace(block, line=each(remark))
            case Picture() | Divider():
                return block
            case _:
                assert_never(block)

    return msgspec.structs.replace(reply, blocks=tuple(map(inside, reply.blocks)))


class Degree(StrEnum):
    """How much of a block a platform could show."""

    FULL = "full"
    PARTIAL = "partial"
    FALLBACK = "fallback"
    DROPPED = "dropped"
    REJECTED = "rejected"


class Degradation(msgspec.Struct, frozen=True):
    """A renderer's note: which block (its tag) was shown to which degree, and why."""

    block: str
    degree: Degree
    why: str
