"""`/source`: one source, its rating, and every fact that rests on it."""

from __future__ import annotations

from itertools import islice

from bot.answers.pick import pick, took
from bot.answers.statement import Writer, dating, rate, tidy
from bot.facts.base import FactBase
from bot.reply import Block, Bullets, Field, Fields, Kind, Line, Link, Note, Reply, Text, line

SHOWN = 100


def source(base: FactBase, source: str) -> Reply:
    """Return what is known of a source and what rests on it."""
    picked = pick(base, source, ("source",), "/source")
    if isinstance(picked, Reply):
        return picked
    thing, typed = picked
    record = base.source(f"{thing.dossier}:{thing.id}")
    if record is None:
        raise LookupError(f"no source {thing.ref}")
    writer = Writer(base)
    title = writer.cite(thing.dossier, [thing.id])
    fields = [Field("Title", Line(tidy([Text(record.title), Text(" "), *title])))]
    if record.publisher:
        fields.append(Field("Publisher", line(record.publisher)))
    if record.origin:
        fields.append(Field("Origin", Line((writer.name("entity", thing.dossier, record.origin),))))
    if record.published:
        fields.append(Field("Published", Line(tidy(dating(record.published)))))
        if record.published.inferred:
            fields.append(Field("Inferred from", line(record.published.inferred)))
    else:
        fields.append(Field("Published", line("The source does not say.")))
    fields += [
        Field("What it is", line(record.descriptor)),
        Field("Reliability", line(rate(record.reliability))),
    ]
    if record.paragraphs:
        fields.append(Field("Paragraphs", line(str(record.paragraphs))))
    if record.url:
        fields.append(Field("Address", Line((Link(record.url, record.url),))))
    if record.archive:
        fields.append(Field("Archive copy", line(record.archive)))
    facts = list(islice(base.tagged("source", thing.id, thing.dossier), SHOWN + 1))
    base.note(facts)
    blocks: list[Block] = [took(typed, record.title)] if typed else []
    blocks.append(Fields(tuple(fields)))
    if facts:
        blocks.append(Bullets(tuple(writer.state(one) for one in facts[:SHOWN]), "Facts that rest on it"))
    if len(facts) > SHOWN:
        blocks.append(Note(line(f"The first {SHOWN} are shown; /search finds the others by their words.")))
    if not facts:
        blocks.append(Note(line("No fact known on this day rests on it.")))
    count = f"more than {SHOWN}" if len(facts) > SHOWN else str(len(facts))
    noun = "fact rests" if len(facts) == 1 else "facts rest"
    return Reply(
        kind=Kind.ANSWER,
        title=record.title,
        summary=f"{record.title}: {rate(record.reliability)}; {count} {noun} on it.",
        blocks=tuple(blocks),
        sources=writer.sources(),
    )
