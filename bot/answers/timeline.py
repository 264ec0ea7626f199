"""`/timeline`: what happened and what is planned, in the order of its dates."""

from __future__ import annotations

from itertools import islice

from bot.answers.pick import pick, took
from bot.answers.statement import Writer
from bot.facts.base import FactBase, Thing
from bot.facts.edtf import Edtf, parse, sort_key
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
    dated = list(islice(base.timeline(thing, first, last, standing=True), SHOWN))
    happened = [one for one in dated if not _is_ahead(base, one)]
    planned = [one for one in dated if _is_ahead(base, one)]
    owed = list(islice(base.due(thing, first, last), SHOWN))
    undated = list(islice(base.timeline(thing, undated=True, standing=True), SHOWN))
    bounded = from_ is not None or to is not None
    about_it = f" about {thing.label}" if thing else ""
    if not (happened or planned or owed or (undated and not bounded)):
        return _say(Kind.NONE, title, f"There is no entry{about_it}{' in that time' if bounded else ''}.")
    writer = Writer(base)
    blocks: list[Block] = [took(typed, thing.label)] if typed and thing else []
    entries = tuple(_entry(writer, one, thing, first, last) for one in happened)
    if entries:
        blocks.append(Timeline(entries, "Happened and said"))
    ahead = [_entry(writer, one, thing, first, last) for one in planned]
    ahead += [_deadline(writer, one) for one in owed]
    if ahead:
        ahead.sort(key=lambda entry: sort_key(parse(entry.when.edtf)) if entry.when else (NEVER, 0))
        blocks.append(Timeline(tuple(ahead), "Planned and owed"))
    if undated and not bounded:
        blocks.append(Bullets(tuple(writer.state(one, but=thing) for one in undated), "Undated"))
    if undated and bounded:
        blocks.append(
            Note(line("Entries without a date are left out; ask without from: and to: to see them."))
        )
    if SHOWN in (len(dated), len(owed), len(undated)):
        blocks.append(Note(line(f"At most {SHOWN} entries are shown; narrow the time with from: and to:.")))
    without = "" if bounded else f", {len(undated)} undated"
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"{title}: {len(happened)} dated, {len(ahead)} planned or owed{without}.",
        blocks=tuple(blocks),
        sources=writer.sources(),
    )


def _is_ahead(base: FactBase, one: Stated) -> bool:
    """Say whether a fact speaks of what is meant to happen, or of a day that is still to come."""
    when = moment(one.fact)
    earliest = parse(when).earliest if when else None
    return one.fact.kind is FactKind.PLAN or (earliest is not None and earliest > base.today)


def _entry(writer: Writer, stated: Stated, thing: Thing | None, first: int, last: int) -> Entry:
    """Make an entry under the day of the event, labelled where that is the day of saying or not certain."""
    fact = stated.fact
    when = moment(fact) or ""
    date = parse(when)
    labels = ["plan"] if fact.kind is FactKind.PLAN else []
    labels += [] if fact.date else ["said"]
    labels += ["inferred"] if _inferred(stated) else []
    labels += ["may be earlier"] if (date.earliest or 0) < first else []
    labels += ["may be later"] if last < (NEVER if date.latest is None else date.latest) else []
    line_ = writer.state(stated, dated=False, but=thing)
    return Entry(line_, When(humanise(when), when), ", ".join(labels))


def _inferred(stated: Stated) -> bool:
    said = stated.fact.said
    dated = stated.fact.date or (said.when if said else None)
    return bool(dated and dated.inferred)


def _deadline(writer: Writer, stated: Stated) -> Entry:
    due = stated.fact.due or ""
    return Entry(writer.owe(stated, dated=False), When(humanise_due(due), due), "due")


def _say(kind: Kind, title: str, sentence: str) -> Reply:
    return Reply(kind=kind, title=title, summary=sentence, blocks=(Note(line(sentence)),))
