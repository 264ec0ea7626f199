"""Each block of a reply as Slack's blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from bot.adapters.slack import limits
from bot.adapters.slack.elements import (
    EMPTY,
    Json,
    address,
    bullets,
    context,
    date,
    joined,
    lines,
    literal,
    plain,
    section,
    spans,
)
from bot.adapters.texts import units
from bot.reply import (
    Block,
    Bullets,
    Divider,
    Entry,
    Fields,
    Level,
    Line,
    Note,
    Paragraph,
    Picture,
    Quote,
    SourceLine,
    Table,
    Timeline,
)

Sources = Mapping[int, SourceLine]

_EMOJI: Final = {Level.INFO: "information_source", Level.WARNING: "warning"}


def slack_blocks(block: Block, sources: Sources, *, start: int = 1, tables: bool = True) -> list[Json]:
    """Return Slack's blocks for one block of a reply.

    `start` is the number of the first item of a numbered list. `tables` says whether the surface takes
    `table` blocks; where not, or where the table is too wide for one, its rows become a list.
    """
    match block:
        case Divider():
            return [{"type": "divider"}]
        case Picture():
            return [_picture(block)]
        case Table() if tables and is_native(block):
            return [*_headed(block.heading), _table(block, sources)]
        case Paragraph():
            parts = [section(lines(spans(one, sources) for one in block.lines))]
        case Bullets():
            items = (spans(one, sources) for one in block.items)
            parts = [bullets(items, numbered=block.numbered, start=start)]
        case Fields():
            pairs = (
                [literal(f"{one.label}: ", bold=True), *spans(one.value, sources)] for one in block.fields
            )
            parts = [section(lines(pairs))]
        case Timeline():
            parts = [bullets(_entry(one, sources) for one in block.entries)]
        case Table():
            parts = [bullets(_row(block.head, row, sources) for row in block.rows)]
        case Quote():
            said = {"type": "rich_text_quote", "elements": joined(spans(block.line, sources))}
            parts = [said, section([literal("— "), *spans(block.by, sources)])]
        case Note():
            mark = {"type": "emoji", "name": _EMOJI[block.level]}
            parts = [section([mark, literal(" "), *spans(block.line, sources)])]
        case _:
            assert_never(block)
    if block.heading:
        parts.insert(0, _heading(block.heading))
    return [{"type": "rich_text", "elements": parts}]


def source_blocks(sources: Sequence[SourceLine]) -> list[Json]:
    """Return the source lines of a page, as few context blocks as hold them."""
    made: list[str] = []
    for one in sources:
        text = f"[{one.number}] {one.text}"
        if made and units(f"{made[-1]}\n{text}") <= limits.CONTEXT_TEXT:
            made[-1] += f"\n{text}"
        else:
            made.append(text)
    return [context(text) for text in made]


def is_native(table: Table) -> bool:
    """Whether Slack's `table` block is wide enough for the table."""
    return 0 < len(table.head) <= limits.TABLE_COLUMNS


def fits_table(table: Table) -> bool:
    """Whether one `table` block holds all rows, or the table is shown as a list anyway."""
    cells = sum(units(cell.text) for row in table.rows for cell in row) + sum(map(units, table.head))
    return not is_native(table) or (len(table.rows) < limits.TABLE_ROWS and cells <= limits.TABLE_CHARACTERS)


def fits_picture(block: Block) -> bool:
    """Whether a picture's texts are short enough for an image block; true of all other blocks."""
    return not isinstance(block, Picture) or (
        units(block.alt) <= limits.IMAGE_ALT and units(block.heading) <= limits.IMAGE_TITLE
    )


def fits_context(source: SourceLine) -> bool:
    """Whether a source line is short enough for a context block."""
    return units(f"[{source.number}] {source.text}") <= limits.CONTEXT_TEXT


def _heading(text: str) -> Json:
    return section([literal(text, bold=True)])


def _headed(text: str) -> list[Json]:
    return [{"type": "rich_text", "elements": [_heading(text)]}] if text else []


def _picture(picture: Picture) -> Json:
    if not address(picture.url):
        return {"type": "rich_text", "elements": [section([literal(picture.alt)])]}
    image: Json = {
        "type": "image",
        "image_url": address(picture.url),
        "alt_text": plain(picture.alt, limits.IMAGE_ALT)["text"],
    }
    return image | ({"title": plain(picture.heading, limits.IMAGE_TITLE)} if picture.heading else {})


def _entry(entry: Entry, sources: Sources) -> list[Json]:
    made = [date(entry.when, bold=True), literal(" — ")] if entry.when else []
    if entry.label:
        made.append(literal(f"{entry.label} · ", italic=True))
    return [*made, *spans(entry.line, sources)]


def _row(head: Sequence[str], row: Sequence[Line], sources: Sources) -> list[Json]:
    made: list[Json] = []
    for label, cell in zip(head, row, strict=False):
        if made:
            made.append(literal(" · "))
        if label:
            made.append(literal(f"{label}: ", bold=True))
        made.extend(spans(cell, sources))
    return made


def _table(table: Table, sources: Sources) -> Json:
    head = [{"type": "raw_text", "text": label or EMPTY} for label in table.head]
    rows = [[_cell(cell, sources) for cell in row] for row in table.rows]
    return {
        "type": "table",
        "column_settings": [{"is_wrapped": True} for _ in table.head],
        "rows": [head, *rows],
    }


def _cell(cell: Line, sources: Sources) -> Json:
    elements = joined(spans(cell, sources))
    if len(elements) == 1 and elements[0]["type"] == "text" and "style" not in elements[0]:
        return {"type": "raw_text", "text": elements[0]["text"]}
    return {"type": "rich_text", "elements": [section(elements)]}
