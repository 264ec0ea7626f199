"""`/changes`: what was added, superseded and retracted."""

from __future__ import annotations

from datetime import date
from itertools import islice

from bot.answers.statement import Writer
from bot.facts.base import Change, FactBase
from bot.facts.edtf import Edtf
from bot.facts.humanise import humanise
from bot.reply import Block, Bullets, Kind, Line, Note, Reply, Strong, Text, line

SINCE_DAYS = 7
"""Days that count where a command does not say since when."""

SHOWN = 20

HEADINGS = {"retracted": "Retracted", "superseded": "Superseded", "added": "Added"}


def changes(base: FactBase, since: Edtf | None = None) -> Reply:
    """Return what changed in the base since a day, the latest first."""
    first = (since.earliest or 0) if since else base.today - SINCE_DAYS
    day = humanise(date.fromordinal(max(first, 1)).isoformat())
    writer = Writer(base)
    found = list(base.changes(first))
    title = f"Changes since {day}"
    if not found:
        sentence = f"Nothing was added, superseded or retracted since {day}."
        return Reply(kind=Kind.NONE, title=title, summary=sentence, blocks=(Note(line(sentence)),))
    blocks: list[Block] = []
    counts = []
    for kind, heading in HEADINGS.items():
        some = [one for one in found if one.kind == kind]
        some.sort(key=lambda one: (-one.day, -one.fact.fact.weight))
        if some:
            counts.append(f"{len(some):,} {kind}")
            blocks.append(Bullets(tuple(told(writer, one) for one in islice(some, SHOWN)), heading))
        if len(some) > SHOWN:
            blocks.append(
                Note(line(f"{len(some) - SHOWN:,} earlier ones are not shown; ask with a later since:."))
            )
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"Since {day}: {', '.join(counts)}.",
        blocks=tuple(blocks),
        sources=writer.sources(),
    )


def told(writer: Writer, change: Change) -> Line:
    """Say one change: the day, the fact, and what took its place or why it was withdrawn."""
    day = humanise(date.fromordinal(change.day).isoformat())
    said = writer.state(change.fact)
    spans = [Strong(day), Text(": "), *said.spans]
    if change.by:
        spans += [Text(" Now: "), *writer.state(change.by).spans]
    retracted = change.fact.fact.retracted
    if change.kind == "retracted" and retracted:
        spans.append(Text(f" Withdrawn because: {retracted.why}"))
        if retracted.source and writer.base.source(f"{change.fact.dossier}:{retracted.source}"):
            spans += [Text(" "), *writer.cite(change.fact.dossier, [retracted.source])]
    return Line(tuple(spans), change.fact.id, (change.by.id,) if change.by else ())
