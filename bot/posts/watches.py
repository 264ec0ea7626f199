"""What a watch tells: changes of facts about a name or topic, and its duties as they come due.

An event has an id that is the same for whoever works it out; what was told is kept by these ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from bot.answers.changes import told
from bot.answers.statement import Writer
from bot.facts.base import Change, FactBase, Thing
from bot.facts.edtf import parse
from bot.facts.stated import Stated
from bot.posts.records import Watch
from bot.reply import Action, Block, Bullets, Kind, Line, Note, Reply, line

AHEAD: Final = 7
"""Days before a duty is due on which it is told for the first time."""

SHOWN: Final = 50
"""Events under one heading of a post."""

HEADINGS: Final = {
    "retracted": "Retracted",
    "superseded": "Superseded",
    "added": "Added",
    "soon": "Due within a week",
    "due": "Due today",
    "passed": "Date passed",
}
WORDS: Final = {"soon": "due within a week", "due": "due", "passed": "past its date"}
ABOUT: Final = ("about", "said", "owed")
"""What makes a fact one about an entity."""


class Event(msgspec.Struct, frozen=True, order=True):
    """Something to tell: `kind` is one of the keys of :data:`HEADINGS`, `fact` an id in the watch's dossier.

    `tail` is the id of the newer fact where one is superseded, or the last day (ordinal) on which a duty may
    be done.
    """

    kind: str
    fact: str
    tail: str = ""

    @property
    def id(self) -> str:
        """The id, such as `superseded:old-count:new-count`."""
        return ":".join(filter(None, (self.kind, self.fact, self.tail)))


def events(base: FactBase, watch: Watch) -> list[Event]:
    """Return what there is to tell on the base's day, whether it was told or not.

    Changes count from the day `watch.since` on. Of a duty only what is so now is told: one that has passed
    is not announced any more.
    """
    if watch.dossier not in base.dossiers:
        return []
    thing = base.thing(watch.kind, watch.dossier, watch.thing)
    return sorted({*_changes(base, thing, watch.since), *_duties(base, thing, watch.since)})


def _changes(base: FactBase, thing: Thing, since: int) -> Iterator[Event]:
    for change in base.changes("superseded", since):
        newer = change.by
        if newer and (_is_about(change.fact, thing) or _is_about(newer, thing)):
            yield Event("superseded", change.fact.id, newer.id)
    for change in base.changes("retracted", since):
        if _is_about(change.fact, thing):
            yield Event("retracted", change.fact.id)
    if thing.kind == "topic":
        yield from (Event("added", one.fact.id) for one in base.changes("added", since, thing=thing))
        return
    for tag in ABOUT:
        for one in base.tagged(tag, thing.id, thing.dossier):
            if since <= _added(one) <= base.today:
                yield Event("added", one.id)


def _duties(base: FactBase, thing: Thing, since: int) -> Iterator[Event]:
    for one in base.due(thing, since, base.today + AHEAD):
        last = _last_day(one)
        if last is None or one.has_outcome(base.today):
            continue
        if last < base.today:
            # What was past already when somebody wrote it down is no news.
            if last >= _added(one):
                yield Event("passed", one.id, str(last))
        else:
            yield Event("due" if last == base.today else "soon", one.id, str(last))


def _is_about(stated: Stated, thing: Thing) -> bool:
    fact = stated.fact
    if stated.dossier != thing.dossier:
        return False
    if thing.kind == "topic":
        return thing.id in fact.topics
    speaker = fact.said.by if fact.said else None
    return thing.id in {*fact.about, *fact.owed_by} or speaker == thing.id


def _added(stated: Stated) -> int:
    return parse(stated.fact.added).earliest or 0


def _last_day(stated: Stated) -> int | None:
    return parse(stated.fact.due).latest if stated.fact.due else None


# --- the post ------------------------------------------------------------------------------------------


def tell(base: FactBase, watch: Watch, ids: Sequence[str]) -> Reply | None:
    """Return the post that tells events by their ids, or None where the base has none of them any more."""
    if watch.dossier not in base.dossiers:
        return None
    writer = Writer(base)
    blocks: list[Block] = []
    counts = []
    by_kind: dict[str, list[Line]] = {kind: [] for kind in HEADINGS}
    for event in _read(ids):
        by_kind[event.kind] += _line(writer, watch.dossier, event)
    for kind, some in by_kind.items():
        if not some:
            continue
        counts.append(f"{len(some):,} {WORDS.get(kind, kind)}")
        blocks.append(Bullets(tuple(some[:SHOWN]), HEADINGS[kind]))
        if len(some) > SHOWN:
            blocks.append(Note(line(f"{SHOWN} of {len(some):,} are shown.")))
    if not blocks:
        return None
    thing = base.thing(watch.kind, watch.dossier, watch.thing)
    command = f"/briefing {thing.ref}" if thing.kind == "topic" else f"/who {thing.ref}"
    return Reply(
        kind=Kind.ANSWER,
        title=f"News of {thing.label}",
        summary=f"{thing.label}: {', '.join(counts)}.",
        blocks=tuple(blocks),
        sources=writer.sources(),
        actions=(Action(thing.label, command),),
    )


def _read(ids: Iterable[str]) -> Iterator[Event]:
    """Read ids, those alone that this version of the program knows."""
    for one in sorted(set(ids)):
        kind, _, rest = one.partition(":")
        fact, _, tail = rest.partition(":")
        if kind in HEADINGS:
            yield Event(kind, fact, tail)


def _line(writer: Writer, dossier: str, event: Event) -> list[Line]:
    """Say an event, if the base still has what it is about."""
    stated = writer.base.fact(f"{dossier}:{event.fact}")
    if stated is None:
        return []
    if event.kind in {"soon", "due", "passed"}:
        return [writer.owe(stated)]
    if event.kind == "added":
        return [told(writer, Change("added", _added(stated), stated))]
    if event.kind == "retracted":
        return [told(writer, Change("retracted", stated.retracted_on, stated))] if stated.retracted_on else []
    newer = writer.base.fact(f"{dossier}:{event.tail}")
    if newer is None:
        return []
    return [told(writer, Change("superseded", _added(newer), stated, newer))]
