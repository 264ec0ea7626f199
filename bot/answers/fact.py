"""`/fact`: one record whole."""

from __future__ import annotations

from datetime import date

import msgspec

from bot.answers.pick import missing, shorten
from bot.answers.statement import Writer, dating, join, tidy
from bot.facts.base import FactBase
from bot.facts.humanise import humanise, humanise_due
from bot.facts.keys import ordinal
from bot.facts.records import Value
from bot.facts.stated import CREDIBILITY, KnownBy, Stated, Status, Tie
from bot.reply import (
    Action,
    Block,
    Bullets,
    Field,
    Fields,
    Kind,
    Line,
    Note,
    Paragraph,
    Reply,
    Span,
    Text,
    When,
    line,
)

KNOWN_BY = {
    KnownBy.PUBLISHED: "first publication, at the earliest",
    KnownBy.SAID: "when it was said; no publication day is known",
    KnownBy.DATE: "when it happened; no publication day is known",
    KnownBy.ADDED: "when it was added; no other day is known",
}


def fact(base: FactBase, fact: str) -> Reply:
    """Return a fact with its chain of attribution, its evidence and its history."""
    several = base.facts(fact)
    if not several:
        return _unknown(base, fact)
    if len(several) > 1:
        things = [base.thing("fact", one.dossier, one.id) for one in several]
        choices = [msgspec.structs.replace(thing, label=thing.ref) for thing in things]
        return missing(f"Which “{shorten(fact)}” is meant?", "fact", "fact", choices)
    (stated,) = several
    base.note(several)
    writer = Writer(base)
    statement = Paragraph((writer.state(stated),))
    blocks: list[Block] = [
        statement,
        Fields(tuple(_fields(writer, stated))),
        Bullets(tuple(_evidence(writer, stated)), "Evidence"),
    ]
    if history := _history(writer, stated):
        blocks.append(Fields(tuple(history), "History"))
    return Reply(
        kind=Kind.ANSWER,
        title=f"Fact {stated.id}",
        summary=f"{stated.fact.text} ({Line(tuple(writer.standing(stated))).text})",
        blocks=tuple(blocks),
        sources=writer.sources(),
    )


def _unknown(base: FactBase, typed: str) -> Reply:
    sentence = f"There is no fact “{shorten(typed)}” here."
    near = base.complete_fact(typed[:12].lower(), 3) or [
        base.thing("fact", one.dossier, one.id) for one in base.search(typed.replace("-", " "), None, 3).facts
    ]
    actions = tuple(Action(shorten(one.id, 40), f"/fact {one.ref}", one.label) for one in near)
    return Reply(
        kind=Kind.NONE,
        title="Nothing known",
        summary=sentence,
        blocks=(Note(line(sentence)),),
        actions=actions,
    )


def _fields(writer: Writer, stated: Stated) -> list[Field]:
    fact = stated.fact

    def things(kind: str, ids: tuple[str, ...]) -> Line:
        return Line(tidy(join([[writer.name(kind, stated.dossier, one)] for one in ids], ", ")))

    fields = [Field("Kind", line(fact.kind.value)), Field("About", things("entity", fact.about))]
    if fact.topics:
        fields.append(Field("Topics", things("topic", fact.topics)))
    if fact.date:
        fields.append(Field("Date", _dated(writer, fact.date.inferred, dating(fact.date))))
    fields.append(Field("Attribution", Line(tidy(writer.attribution(stated)))))
    if fact.said and fact.said.when and fact.said.when.inferred:
        fields.append(Field("Day said inferred from", line(fact.said.when.inferred)))
    if fact.due:
        due = [When(humanise_due(fact.due), fact.due), Text(": "), *writer.outcome(stated)]
        fields.append(Field("Due", Line(tidy(due))))
    if fact.due_as_written:
        fields.append(Field("In the source's words", line(fact.due_as_written)))
    if fact.duty:
        fields.append(Field("Duty", line(fact.duty)))
    if fact.owed_by:
        fields.append(Field("Owed by", things("entity", fact.owed_by)))
    if fact.value:
        fields.append(
            Field("Value", Line(tidy([*_measured(writer, stated, fact.value), Text(figure(fact.value))])))
        )
    fields += [
        Field("Status", line(stated.status(writer.base.today).value)),
        Field("Rating", line(f"{writer.letter(stated)}{fact.credibility}, {CREDIBILITY[fact.credibility]}")),
        Field("Weight", line(f"{fact.weight} of 5")),
        Field("Known from", line(_day(stated.known), f" ({KNOWN_BY[stated.known_by]})")),
        Field("Added", line(humanise(fact.added))),
    ]
    if fact.reviewed and ordinal(fact.reviewed.on) <= writer.base.today:
        fields.append(Field("Reviewed", line(f"{humanise(fact.reviewed.on)}, by {fact.reviewed.by}")))
    if fact.review_by:
        fields.append(Field("Review by", line(humanise(fact.review_by))))
    return fields


def _measured(writer: Writer, stated: Stated, value: Value) -> list[Span]:
    """Name what was measured, as something to look up where it is an entity."""
    known = writer.base.entity(f"{stated.dossier}:{value.of}")
    return [writer.name("entity", stated.dossier, value.of) if known else Text(value.of), Text(": ")]


def _dated(writer: Writer, inferred: str | None, spans: list[Span]) -> Line:
    return Line(tidy([*spans, Text(f": {inferred}")])) if inferred else Line(tidy(spans))


def _evidence(writer: Writer, stated: Stated) -> list[Line]:
    lines = []
    for one in writer.base.cited(stated):
        source = writer.base.source(f"{stated.dossier}:{one.ref}")
        copy = f", archive copy {source.archive}" if source and source.archive else ""
        spans = [Text(f"paragraph {one.p}{copy}, hash {one.hash} "), *writer.cite(stated.dossier, [one.ref])]
        lines.append(Line(tidy(spans), stated.id))
    return lines


def _history(writer: Writer, stated: Stated) -> list[Field]:
    fact, base = stated.fact, writer.base

    def known(ids: tuple[str, ...]) -> list[str]:
        return [one for one in ids if base.fact(f"{stated.dossier}:{one}")]

    def in_force(ties: tuple[Tie, ...]) -> list[str]:
        return [tie.id for tie in ties if tie.holds(base.today)]

    parts = (
        ("Supersedes", known(fact.supersedes)),
        ("Superseded by", in_force(stated.superseded_by)),
        ("In dispute with", in_force(stated.disputed_by)),
        ("Outcome of", known(fact.outcome_of)),
        ("Outcome recorded in", in_force(stated.outcomes)),
    )
    fields = [
        Field(label, Line(tidy(join([[writer.name("fact", stated.dossier, one)] for one in facts], ", "))))
        for label, facts in parts
        if facts
    ]
    if fact.retracted and stated.status(base.today) is Status.RETRACTED:
        fields.append(Field("Retracted", line(f"{humanise(fact.retracted.on)}: {fact.retracted.why}")))
    return fields


def figure(value: Value) -> str:
    """Return a metric's figure in words: `rank 31 of 83`, `6 to 9 months`."""
    unit = f" {value.unit}" if value.unit else ""
    out_of = f" of {_number(value.out_of)}" if value.out_of is not None else ""
    if value.rank is not None:
        return f"rank {value.rank:,}{out_of}"
    if value.number is not None:
        return f"{_number(value.number)}{out_of}{unit}"
    return f"{_number(value.low)} to {_number(value.high)}{out_of}{unit}"


def _number(number: float | None) -> str:
    return "?" if number is None else f"{number:,.15g}"


def _day(ordinal: int) -> str:
    return humanise(date.fromordinal(max(ordinal, 1)).isoformat())
