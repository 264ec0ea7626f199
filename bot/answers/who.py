"""`/who`: who or what a name stands for, what they said, what is said of them, what they owe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bot.answers.pick import pick, took
from bot.answers.statement import SPELLINGS, Writer, join, named, tidy
from bot.facts.base import FactBase, Thing
from bot.facts.humanise import humanise
from bot.facts.records import Entity, EntityKind, Role
from bot.facts.stated import Stated
from bot.reply import Action, Block, Bullets, Field, Fields, Kind, Line, Name, Note, Reply, Span, Text, line

SHOWN = 6
"""Facts shown under each heading; the rest are a command away."""

LOOKED_AT = 500
"""Facts about somebody among which those are looked for that others say."""


def who(base: FactBase, name: str) -> Reply:
    """Return what is known of a name."""
    picked = pick(base, name, ("entity",), "/who")
    if isinstance(picked, Reply):
        return picked
    thing, typed = picked
    entity = base.entity(f"{thing.dossier}:{thing.id}")
    if entity is None:
        raise LookupError(f"no entity {thing.ref}")
    writer = Writer(base)
    defining = _some(base, thing, "defines")
    said = _some(base, thing, "said")
    told = {one.id for one in defining}
    # Where somebody speaks of nothing but themselves, what others say is not looked for to the end.
    looked_at = islice(base.best(thing, standing=True), LOOKED_AT)
    others = (one for one in looked_at if one.id not in told and not _speaks(one, thing))
    about = list(islice(others, SHOWN + 1))
    through = _some(base, thing, "through")
    owed = _some(base, thing, "owed")
    if not (defining or said or about or through or owed):
        return _nothing(base, thing)
    told_of = [one for some in (defining, said, about, through, owed) for one in some[:SHOWN]]
    base.note(
        told_of, ((thing.dossier, one) for one in (*entity.not_, *(role.of for role in entity.roles)) if one)
    )
    related = base.related(thing, SHOWN)
    card = _card(writer, thing, entity)
    blocks: list[Block] = [took(typed, entity.name)] if typed else []
    blocks.append(card)
    blocks += _section(
        writer, "Position" if entity.kind is EntityKind.PERSON else "What it is", defining, thing
    )
    blocks += _section(writer, f"Said by {entity.name}", said, thing)
    blocks += _section(writer, f"Said about {entity.name}", about, thing)
    blocks += _section(writer, f"Known through {entity.name}", through, thing)
    if owed:
        blocks.append(Bullets(tuple(writer.owe(one) for one in owed[:SHOWN]), "Duties"))
    blocks += _neighbours(base, thing, entity, [one for one, _ in related])
    return Reply(
        kind=Kind.ANSWER,
        title=entity.name,
        summary=_summary(entity, card, sum(len(some[:SHOWN]) for some in (defining, said, about, through))),
        blocks=tuple(blocks),
        sources=writer.sources(),
        actions=(Action("Timeline", f"/timeline {thing.ref}"),),
    )


def _some(base: FactBase, thing: Thing, tag: str) -> list[Stated]:
    """The first few facts that are neither retracted nor superseded, and one more if there are more."""
    return list(islice(base.tagged(tag, thing.id, thing.dossier, standing=True), SHOWN + 1))


def _nothing(base: FactBase, thing: Thing) -> Reply:
    sentence = f"Nothing is known of {thing.label} as of {humanise(base.as_of.isoformat())}."
    return Reply(kind=Kind.NONE, title=thing.label, summary=sentence, blocks=(Note(line(sentence)),))


def _speaks(one: Stated, thing: Thing) -> bool:
    return one.fact.said is not None and one.fact.said.by == thing.id


def _section(writer: Writer, heading: str, facts: list[Stated], thing: Thing) -> list[Block]:
    if not facts:
        return []
    shown = tuple(writer.state(one, but=thing) for one in facts[:SHOWN])
    blocks: list[Block] = [Bullets(shown, heading)]
    if len(facts) > SHOWN:
        blocks.append(Note(line("More in the ", Name("timeline", f"/timeline {thing.ref}"), ".")))
    return blocks


def _card(writer: Writer, thing: Thing, entity: Entity) -> Fields:
    fields = [Field("Kind", line(entity.kind.value)), *_roles(writer, thing, entity)]
    if entity.also:
        more = f" and {len(entity.also) - SPELLINGS:,} more" if len(entity.also) > SPELLINGS else ""
        fields.append(Field("Also written", line(", ".join(entity.also[:SPELLINGS]) + more)))
    if entity.wikidata:
        fields.append(Field("Wikidata", line(entity.wikidata)))
    return Fields(tuple(fields))


def _roles(writer: Writer, thing: Thing, entity: Entity) -> Iterator[Field]:
    """Yield the roles that rest on a fact known on the day of the answer."""
    for role in entity.roles:
        facts = [writer.base.fact(f"{thing.dossier}:{ref}") for ref in role.facts]
        known = [one for one in facts if one and one.stands(writer.base.today)]
        if not known:
            continue
        spans: list[Span] = [Text(role.role)]
        if role.of:
            spans += [Text(", "), writer.name("entity", thing.dossier, role.of)]
        if time := _held(role):
            spans.append(Text(f" ({time})"))
        spans += writer.cite_fact(*known)
        yield Field("Role", Line(tidy(spans), grounds=tuple(one.id for one in known)))


def _held(role: Role) -> str:
    """Say when a role was held, as far as the base says."""
    if not role.from_:
        return f"until {humanise(role.to)}" if role.to and role.to != ".." else ""
    if not role.to or role.to == "..":
        return f"since {humanise(role.from_)}"
    return f"{humanise(role.from_)} to {humanise(role.to)}"


def _neighbours(base: FactBase, thing: Thing, entity: Entity, related: list[Thing]) -> list[Block]:
    fields = []
    if related:
        fields.append(Field("Related", Line(tidy(join([[named(one)] for one in related], ", ")))))
    if entity.not_:
        others = [[named(base.thing("entity", thing.dossier, one))] for one in entity.not_]
        fields.append(Field("Not to be confused with", Line(tidy(join(others, ", ")))))
    return [Fields(tuple(fields))] if fields else []


def _summary(entity: Entity, card: Fields, facts: int) -> str:
    held = [field.value.text for field in card.fields if field.label == "Role"]
    what = re.sub(r" (\[\d+\])+$", "", held[0]) if held else entity.kind.value
    return f"{entity.name}: {what}; {'1 fact' if facts == 1 else f'{facts} facts'} shown."
