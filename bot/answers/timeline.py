"""`/timeline`: what happened and what is planned, in the order of its dates."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bot.answers.pick import pick, took
from bot.answers.statement import Writer
from bot.facts.base import FactBase, Thing
from bot.facts.edtf import Edtf
from bot.facts.humanise import humanise, humanise_due
from bot.facts.records import FactKind
from bot.facts.stated import NEVER, Stated, moment
from bot.reply import Block, Bullets, Entry, Kind, Note, Reply, Timeline, When, line

SHOWN = 60
"""Entries of each part; the reader is told how to narrow what is longer."""


def timeline(base: FactBase, about: str = "", from_: Edtf | None = None, to: Edtf | None = None) -> Reply:
    """Return the dated entries about a name or a topic, or all of them."""
    picked = pick(base, about, ("entity", "topic"), "/timeline") if about else (None, "")
    if isinstance(picked, Reply):
        return picked
    thing, typed = picked
    title = f"Timeline: {thing.label}" if thing else "Timeline"
    first = (from_.earliest or 0) if from_ else 0
    last = NEVER if to is None or to.latest is None else to.latest
    if first > last:
        return _say(
            Kind.USAGE, title, "The timeline would end before it begins: give a from: earlier than to:."
        )
    bounded = from_ is not None or to is not None
    dated = _standing(base, base.timeline(thing, first, last))
    happened = [one for one in dated if one.fact.kind is not FactKind.PLAN]
    planned = [one for one in dated if one.fact.kind is FactKind.PLAN]
    owed = list(islice(base.due(thing, first, last), SHOWN))
    undated = [] if bounded else _standing(base, base.timeline(thing, undated=True))
    if not (happened or planned or owed or undated):
        return _say(
            Kind.NONE, title, f"There is no entry{f' about {thing.label}' if thing else ''} in that time."
        )
    writer = Writer(base)
    blocks: list[Block] = [took(typed, thing.label)] if typed and thing else []
    if happened:
        entries = tuple(_entry(writer, one, thing) for one in happened)
        blocks.append(Timeline(entries, "Happened and said"))
    if planned or owed:
        ahead = (*(_entry(writer, one, thing) for one in planned), *(_deadline(writer, one) for one in owed))
        blocks.append(Timeline(ahead, "Planned and owed"))
    if undated:
        blocks.append(Bullets(tuple(writer.state(one, but=thing) for one in undated), "Undated"))
    if SHOWN in (len(dated), len(undated)):
        blocks.append(Note(line(f"At most {SHOWN} entries are shown; narrow the time with from: and to:.")))
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=(
            f"{title}: {len(happened)} dated, {len(planned) + len(owed)} planned or owed,"
            f" {len(undated)} undated."
        ),
        blocks=tuple(blocks),
        sources=writer.sources(),
    )


def _standing(base: FactBase, facts: Iterator[Stated]) -> list[Stated]:
    return list(islice((one for one in facts if one.stands(base.today)), SHOWN))


def _entry(writer: Writer, stated: Stated, thing: Thing | None) -> Entry:
    """Make an entry under the day of the event; where only the day of saying is known, it is labelled so."""
    fact = stated.fact
    when = moment(fact) or ""
    label = "planned" if fact.kind is FactKind.PLAN else "" if fact.date else "said"
    if fact.kind is FactKind.PLAN and not fact.date:
        label = "plan, said"
    if _inferred(stated):
        label = f"{label}, inferred".removeprefix(", ")
    return Entry(writer.state(stated, dated=False, but=thing), When(humanise(when), when), label)


def _inferred(stated: Stated) -> bool:
    said = stated.fact.said
    dated = stated.fact.date or (said.when if said else None)
    return bool(dated and dated.inferred)


def _deadline(writer: Writer, stated: Stated) -> Entry:
    due = stated.fact.due or ""
    return Entry(writer.owe(stated, dated=False), When(humanise_due(due), due), "due")


def _say(kind: Kind, title: str, sentence: str) -> Reply:
    return Reply(kind=kind, title=title, summary=sentence, blocks=(Note(line(sentence)),))
