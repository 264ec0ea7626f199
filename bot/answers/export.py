"""Every fact of a base as rows for other programs: JSON Lines, CSV, or a table that a platform renders."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from bot.answers.statement import Writer
from bot.facts.base import FactBase
from bot.facts.stated import moment
from bot.reply import Cite, Kind, Reply, Table, line, span_text

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet would run (OWASP, "CSV Injection")."""


class Row(msgspec.Struct, frozen=True):
    """One fact; `statement` is what answers say, with attribution, date, status and rating.

    `date` (EDTF) is when it happened, else when it was said.
    """

    dossier: str
    id: str
    kind: str
    statement: str
    status: str
    date: str | None
    due: str | None
    entities: tuple[str, ...]
    sources: tuple[str, ...]
    archives: tuple[str, ...]


COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(Row))


def rows(base: FactBase) -> Iterator[Row]:
    """Yield every fact that could be known, the best first."""
    writer = Writer(base)
    for stated in base.best():
        fact = stated.fact
        base.note([stated])
        said = writer.state(stated)
        refs = tuple(dict.fromkeys(one.ref for one in base.cited(stated)))
        sources = [base.source(f"{stated.dossier}:{ref}") for ref in refs]
        yield Row(
            stated.dossier,
            fact.id,
            fact.kind.value,
            "".join(span_text(span) for span in said.spans if not isinstance(span, Cite)).rstrip(),
            stated.status(base.today).value,
            moment(fact),
            fact.due,
            fact.about,
            refs,
            tuple(source.archive for source in sources if source and source.archive),
        )


def jsonl(facts: Iterable[Row]) -> Iterator[str]:
    """Yield one JSON object a line (https://jsonlines.org)."""
    for row in facts:
        yield msgspec.json.encode(row).decode() + "\n"


def comma_separated(facts: Iterable[Row]) -> Iterator[str]:
    """Yield CSV lines (RFC 4180) after a header; lists are joined by spaces.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    yield _csv(COLUMNS)
    for row in facts:
        yield _csv(tuple(_cell(value) for value in msgspec.structs.astuple(row)))


def table(facts: Iterable[Row]) -> Reply:
    """Return all facts as a reply with one table."""
    body = tuple(tuple(line(_text(value)) for value in msgspec.structs.astuple(row)) for row in facts)
    count = "1 fact" if len(body) == 1 else f"{len(body):,} facts"
    return Reply(
        kind=Kind.ANSWER if body else Kind.NONE,
        title="Facts",
        summary=f"{count}.",
        blocks=(Table(COLUMNS, body),) if body else (),
    )


def _cell(value: str | tuple[str, ...] | None) -> str:
    text = _text(value)
    return "'" + text if text.startswith(FORMULA) else text


def _text(value: str | tuple[str, ...] | None) -> str:
    return value or "" if not isinstance(value, tuple) else " ".join(value)


def _csv(cells: tuple[str, ...]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerow(cells)
    return stream.getvalue()
