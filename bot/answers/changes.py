"""`/changes`: what was added to the base, superseded in it and retracted from it."""

from __future__ import annotations

from datetime import date
from itertools import islice

from bot.answers.statement import Writer, counted
from bot.facts.base import Change, FactBase
from bot.facts.edtf import Edtf
from bot.facts.humanise import humanise
from bot.reply import Block, Bullets, Kind, Line, Note, Reply, Strong, Text, line

SINCE_DAYS = 7
"""Days that count where a command does not say since when."""

HEADINGS = {"retracted": "Retracted", "superseded": "Superseded", "added": "Added"}

SHOWN = {"retracted": 15, "superseded": 15, "added": 25}
"""Changes of each kind that are shown; a base may have grown by thousands."""


def changes(base: FactBase, since: Edtf | None = None) -> Reply:
    """Return what changed in the base since a day, the latest first."""
    first = first_day(base, since)
    title = f"Changes to the base since {day_in_words(first)}"
    if first > base.today:
        sentence = f"{day_in_words(first)} is still to come: give since: a day that has been."
        return Reply(kind=Kind.USAGE, title=title, summary=sentence, blocks=(Note(line(sentence)),))
    writer = Writer(base)
    blocks: list[Block] = []
    counts = []
    for kind, heading in HEADINGS.items():
        count = base.count_changes(kind, first)
        if count:
            counts.append(f"{counted(count)} {kind}")
            shown = list(islice(base.changes(kind, first), SHOWN[kind]))
            base.note(fact for one in shown for fact in (one.fact, one.by) if fact)
            blocks.append(Bullets(tuple(told(writer, one) for one in shown), heading))
        if count > SHOWN[kind]:
            sentence = (
                f"The latest {SHOWN[kind]} of {counted(count)} are shown; as-of: an earlier day tells more."
            )
            blocks.append(Note(line(sentence)))
    if not counts:
        sentence = f"Nothing was added, superseded or retracted since {day_in_words(first)}."
        return Reply(kind=Kind.NONE, title=title, summary=sentence, blocks=(Note(line(sentence)),))
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"{title}: {', '.join(counts)}.",
        blocks=tuple(blocks),
        sources=writer.sources(),
    )


def first_day(base: FactBase, since: Edtf | None) -> int:
    """Return the ordinal from which on changes count."""
    return max(since.earliest or 1, 1) if since else base.today - SINCE_DAYS


def day_in_words(ordinal: int) -> str:
    """Return an ordinal as a day in words; the first of all is the beginning."""
    return "the beginning" if ordinal <= 1 else humanise(date.fromordinal(ordinal).isoformat())


def told(writer: Writer, change: Change) -> Line:
    """Say one change: the day, the fact, and what took its place or why it was withdrawn."""
    said = writer.state(change.fact)
    spans = [Strong(day_in_words(change.day)), Text(": "), *said.spans]
    if change.by:
        spans += [Text(" Now: "), *writer.state(change.by).spans]
    retracted = change.fact.fact.retracted
    if change.kind == "retracted" and retracted:
        spans.append(Text(f" Withdrawn because: {retracted.why}"))
        if retracted.source and writer.base.source(f"{change.fact.dossier}:{retracted.source}"):
            spans += [Text(" "), *writer.cite(change.fact.dossier, [retracted.source])]
    return Line(tuple(spans), change.fact.id, (change.by.id,) if change.by else ())
