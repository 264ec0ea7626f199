"""`/timeline`: what happened and what is planned, in the order of its dates."""

from __future__ import annotations

from datetime import date
from itertools import islice

from bot.answers.pick import pick, took
from bot.answers.statement import Writer
from bot.facts.base import FactBase, Thing
from bot.facts.edtf import Edtf, parse, sort_key
from bot.facts.humanise import humanise, humanise_due
from bot.facts.keys import ordinal, time_of
from bot.facts.records import FactKind
from bot.facts.stated import NEVER, Stated, moment
from bot.reply import Action, Block, Bullets, Entry, Kind, Name, Note, Reply, Timeline, When, line

SHOWN = 25
"""Dated entries that an answer shows; the ones after them are a button away."""

EARLIER = 5
"""Entries shown besides that began before the time asked for and may reach into it."""

OWED = 10
UNDATED = 5
"""Undated entries that are shown in any case; more where there are few dated ones."""


def timeline(base: FactBase, about: str = "", from_: Edtf | None = None, to: Edtf | None = None) -> Reply:
    """Return the dated entries about a name or a topic, or about everything, the earliest first."""
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
    found = base.timeline(thing, first, last, standing=True, before=EARLIER + 1)
    dated = list(islice(found, EARLIER + SHOWN + 2))
    began = sum(time_of(one.fact)[0] < first for one in dated)
    within, dated = dated[began:], [*dated[: min(began, EARLIER)], *dated[began : began + SHOWN]]
    owed = list(islice(base.due(thing, first, last), OWED + 1))
    bounded = from_ is not None or to is not None
    most = max(UNDATED, SHOWN - len(dated) - len(owed))
    undated = list(islice(base.timeline(thing, undated=True, standing=True), 1 if bounded else most + 1))
    about_it = f" about {thing.label}" if thing else ""
    if not (dated or owed or (undated and not bounded)):
        return _say(Kind.NONE, title, f"There is no entry{about_it}{' in that time' if bounded else ''}.")
    writer = Writer(base)
    shown = [] if bounded else undated[:most]
    base.note((*dated, *owed[:OWED], *shown))
    blocks: list[Block] = [took(typed, thing.label)] if typed and thing else []
    happened = tuple(_entry(writer, one, thing, first, last) for one in dated if not _is_ahead(base, one))
    if happened:
        blocks.append(Timeline(happened, "Happened and said"))
    ahead = [_entry(writer, one, thing, first, last) for one in dated if _is_ahead(base, one)]
    ahead += [_deadline(writer, one) for one in owed[:OWED]]
    if ahead:
        ahead.sort(key=lambda entry: sort_key(parse(entry.when.edtf)) if entry.when else (NEVER, 0))
        blocks.append(Timeline(tuple(ahead), "Planned and owed"))
    if shown:
        blocks.append(Bullets(tuple(writer.state(one, but=thing) for one in shown), "Undated"))
    left = [
        *(time_of(one.fact)[0] for one in within[SHOWN:]),
        *(ordinal(one.fact.due or "", last=True) for one in owed[OWED:]),
    ]
    later = _later(thing, first, last, min(left), to) if left else None
    notes = _left_out(first, bounded=bounded, early=began > EARLIER, undated=len(undated) > len(shown))
    if left and min(left) <= first:
        notes.append("There is more on the first day than is shown; /search finds it by its words.")
    blocks += [Note(line(note)) for note in notes]
    if later:
        blocks.append(Note(line("More entries: ", Name(later.hint, later.command), ".")))
    without = "" if bounded else f", {len(shown)} undated"
    more = f"; more {later.hint}" if later else ""
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"{title}: {len(happened)} dated, {len(ahead)} planned or owed{without}{more}.",
        blocks=tuple(blocks),
        sources=writer.sources(),
        actions=(later,) if later else (),
    )


def _later(thing: Thing | None, first: int, last: int, left: int, to: Edtf | None) -> Action | None:
    """Return the button that goes on from the day of the first entry that is not shown."""
    # A day with more entries than are shown must not be shown again and again.
    start = max(left, first + 1)
    if start > last or start >= NEVER:
        return None
    day = date.fromordinal(start).isoformat()
    command = " ".join(
        ["/timeline", *([thing.ref] if thing else []), f"from:{day}", *([f"to:{to.text}"] if to else [])]
    )
    return Action("Later", command, f"from {humanise(day)} on")


def _left_out(first: int, *, bounded: bool, early: bool, undated: bool) -> list[str]:
    notes = []
    if early:
        day = humanise(date.fromordinal(first).isoformat())
        notes.append(f"Of what began before {day}, only {EARLIER} are shown.")
    if undated and bounded:
        notes.append("Entries without a date are left out; ask without from: and to: to see them.")
    elif undated:
        notes.append("There are more entries without a date; /search finds them by their words.")
    return notes


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
