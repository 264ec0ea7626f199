"""What the records of one dossier say of each other: ids, references, and what a careful editor would ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from bot.facts.fields import Path, folded, is_before
from bot.facts.findings import nearest, shown
from bot.facts.load import FileRole, ParsedFile
from bot.facts.records import ID, Dossier, Entity, Fact, FactKind, Source

MOST_GUESSES: Final = 200
"""Names for which a near one is sought: as many as are printed, so that a ruined base is checked quickly."""


class Issue(msgspec.Struct, frozen=True):
    """A finding before it is located: `index` is the record's in its file."""

    code: str
    file: str
    index: int
    path: Path
    message: str = ""
    fix: str = ""


class At(msgspec.Struct, frozen=True, gc=False):
    """Where a record stands."""

    file: str
    index: int

    def issue(self, code: str, *path: str | int, message: str = "", fix: str = "") -> Issue:
        """Make an issue of this record."""
        return Issue(code, self.file, self.index, path, message, fix)


class Guesser:
    """Finds near names, and stops after :data:`MOST_GUESSES` different ones."""

    def __init__(self) -> None:
        self.guesses: dict[tuple[str, str], str] = {}

    def fix(self, code: str, wanted: str, known: Collection[str]) -> str:
        """Return "Did you mean …?", or nothing."""
        key = (code, wanted)
        if key not in self.guesses and len(self.guesses) < MOST_GUESSES:
            self.guesses[key] = nearest(wanted, known)
        near = self.guesses.get(key)
        return f"Did you mean {near}?" if near else ""


RETRACTED: Final = "is retracted"


def supersedes(fact_id: str) -> str:
    """Say why a fact that another one supersedes no longer stands."""
    return f"{fact_id} supersedes"


_UNUSED: Final = {"source": "is never cited", "entity": "is never mentioned", "topic": "has no facts"}


def unused(kind: str, thing: str) -> str:
    """Say that nothing uses a source, an entity or a topic."""
    return f"The {kind} {thing} {_UNUSED[kind]}."


class Between:
    """The rules between the records of one dossier, for one record at a time.

    `known` holds by code the ids of one kind (X002 entities, X003 topics, X004 sources, X005 facts), or None
    where there may be more than could be read: then none is reported as unknown. `fallen` says why a fact
    no longer stands, or nothing. `used` comes to hold by the same codes what the records name.
    """

    def __init__(
        self,
        known: Mapping[str, Collection[str] | None],
        sources: Mapping[str, Source],
        facts: Mapping[str, Fact],
        fallen: Callable[[str], str],
        guesser: Guesser,
    ) -> None:
        self.known = known
        self.source_by_id = sources
        self.fact_by_id = facts
        self.fallen = fallen
        self.guesser = guesser
        self.used: dict[str, set[str]] = {code: set() for code in known}

    # --- references ------------------------------------------------------------------------------------

    def _refer(self, code: str, wanted: str, at: At, *path: str | int) -> Iterator[Issue]:
        """Note that an id is used, and yield an issue if nothing has it."""
        self.used[code].add(wanted)
        known = self.known[code]
        if known is not None and wanted not in known:
            noun = {"X002": "entity", "X003": "topic", "X004": "source", "X005": "fact"}[code]
            message = f"There is no {noun} {shown(wanted)} in this dossier."
            yield at.issue(code, *path, message=message, fix=self.guesser.fix(code, wanted, known))

    def _refer_all(self, code: str, wanted: Sequence[str], at: At, *path: str | int) -> Iterable[Issue]:
        known = self.known[code]
        if known is None or all(one in known for one in wanted):
            self.used[code].update(wanted)
            return ()
        return [
            one for number, each in enumerate(wanted) for one in self._refer(code, each, at, *path, number)
        ]

    # --- by kind of record -----------------------------------------------------------------------------

    def of_dossier(self, at: At, dossier: Dossier) -> Iterator[Issue]:
        """Yield what is wrong with a dossier's own record."""
        folder = at.file.rpartition("/")[0].rpartition("/")[2]
        if folder and folder != dossier.id:
            message = f"The folder is {shown(folder)}, the id {shown(dossier.id)}."
            yield at.issue("X007", "id", message=message)
        seen: set[str] = set()
        for number, topic in enumerate(dossier.topics):
            if topic.id in seen:
                message = f"The topic {topic.id} stands above already."
                yield at.issue("X001", "topics", number, "id", message=message)
            seen.add(topic.id)
        for number, judgement in enumerate(dossier.judgements):
            path = ("judgements", number)
            yield from self._refer_all("X003", judgement.topics, at, *path, "topics")
            yield from self._refer_all("X005", judgement.based_on, at, *path, "based_on")
            for place, one in enumerate(judgement.based_on):
                if why := self.fallen(one):
                    message = f"The judgement rests on {one}, which {why}."
                    yield at.issue("W010", *path, "based_on", place, message=message)
        if (facts := self.known["X005"]) is not None and not facts:
            yield at.issue("W020", "id")

    def of_source(self, at: At, source: Source) -> Iterator[Issue]:
        """Yield what is wrong with a source."""
        if source.origin:
            yield from self._refer("X002", source.origin, at, "origin")

    def of_entity(self, at: At, entity: Entity) -> Iterator[Issue]:
        """Yield what is wrong with an entity, apart from its spellings."""
        for number, other in enumerate(entity.not_):
            if other == entity.id:
                yield at.issue("X010", "not", number)
            elif (known := self.known["X002"]) is not None and other not in known:
                yield from self._refer("X002", other, at, "not", number)
        for number, role in enumerate(entity.roles):
            path = ("roles", number)
            if role.of:
                yield from self._refer("X002", role.of, at, *path, "of")
            yield from self._refer_all("X005", role.facts, at, *path, "facts")
            for place, one in enumerate(role.facts):
                fact = self.fact_by_id.get(one)
                if fact and entity.id not in fact.about:
                    message = f"The fact {one} is not about {entity.id}."
                    yield at.issue("W017", *path, "facts", place, message=message)

    def of_fact(self, at: At, fact: Fact) -> Iterator[Issue]:
        """Yield what is wrong with a fact, apart from what it says of other facts."""
        yield from self._refer_all("X002", fact.about, at, "about")
        yield from self._refer_all("X003", fact.topics, at, "topics")
        yield from self._refer_all("X002", fact.owed_by, at, "owed_by")
        if fact.said:
            if isinstance(fact.said.by, str):
                yield from self._refer("X002", fact.said.by, at, "said", "by")
            yield from self._refer_all("X002", fact.said.to, at, "said", "to")
            yield from self._refer_all("X002", fact.said.via, at, "said", "via")
        if fact.value:
            yield from self._value(at, fact.value.of)
        for number, one in enumerate(fact.sources):
            yield from self._refer("X004", one.ref, at, "sources", number, "ref")
            source = self.source_by_id.get(one.ref)
            if source and source.paragraphs and one.p > source.paragraphs:
                message = f"The source {source.id} has {source.paragraphs} paragraphs, not {one.p}."
                yield at.issue("X008", "sources", number, "p", message=message)
        if fact.retracted and fact.retracted.source:
            yield from self._refer("X004", fact.retracted.source, at, "retracted", "source")
        if not fact.topics and self.known["X003"]:
            yield at.issue("W021", "id")
        yield from self._days(at, fact)

    def _value(self, at: At, of: str) -> Iterator[Issue]:
        known = self.known["X002"]
        self.used["X002"].add(of)
        if "-" in of and ID.fullmatch(of) and known is not None and of not in known:
            yield at.issue("W019", "value", "of", fix=self.guesser.fix("X002", of, known))

    def of_ties(self, at: At, fact: Fact) -> Iterator[Issue]:
        """Yield what is wrong with what a fact says of other facts."""
        for key in ("supersedes", "disputes", "outcome_of"):
            for number, other in enumerate(getattr(fact, key)):
                if other == fact.id:
                    yield at.issue("X010", key, number)
                    continue
                yield from self._refer("X005", other, at, key, number)
                known = self.fact_by_id.get(other)
                if known and key == "supersedes" and fact.added < known.added:
                    message = f"The fact {other} was added on {known.added}, this one on {fact.added}."
                    yield at.issue("W022", key, number, message=message)
                if known and key == "outcome_of" and not known.due:
                    yield at.issue("W006", key, number, message=f"Nothing is due in the fact {other}.")

    def _days(self, at: At, fact: Fact) -> Iterator[Issue]:
        """Compare a fact's days with those of its sources, if all of them say when they appeared."""
        cited = [self.source_by_id.get(one.ref) for one in fact.sources]
        published = [one.published.date for one in cited if one and one.published]
        if len(published) < len(cited):
            return
        if all(is_before(fact.added, one) for one in published):
            yield at.issue("W008", "added")
        when = fact.said and fact.said.when
        if when and all(is_before(one, when.date) for one in published):
            yield at.issue("W016", "said", "when", message="It was said after all its sources appeared.")
        if fact.kind is FactKind.EVENT and fact.date:
            happened = fact.date.date
            if all(is_before(one, happened) for one in published):
                yield at.issue("W016", "date", message="It happened after all its sources appeared.")


class Checked(Between):
    """One dossier's records, all in memory, and the rules between them."""

    def __init__(self, files: Sequence[ParsedFile], guesser: Guesser) -> None:
        self.files = files
        self.dossiers = [(at, one) for at, one in self._records(FileRole.DOSSIER) if isinstance(one, Dossier)]
        self.sources = [(at, one) for at, one in self._records(FileRole.SOURCES) if isinstance(one, Source)]
        self.entities = [(at, one) for at, one in self._records(FileRole.ENTITIES) if isinstance(one, Entity)]
        self.facts = [(at, one) for at, one in self._records(FileRole.FACTS) if isinstance(one, Fact)]
        sources = {one.id: one for _, one in reversed(self.sources)}
        facts = {one.id: one for _, one in reversed(self.facts)}
        known = {
            "X002": self._known(FileRole.ENTITIES, (one.id for _, one in self.entities)),
            "X003": self._known(FileRole.DOSSIER, (t.id for _, one in self.dossiers for t in one.topics)),
            "X004": self._known(FileRole.SOURCES, sources),
            "X005": self._known(FileRole.FACTS, facts),
        }
        by = sorted((old, fact.id) for _, fact in self.facts for old in fact.supersedes)
        fallen = {old: supersedes(fact_id) for old, fact_id in reversed(by)}
        fallen |= {fact.id: RETRACTED for _, fact in self.facts if fact.retracted}
        super().__init__(known, sources, facts, lambda one: fallen.get(one, ""), guesser)

    def issues(self) -> Iterator[Issue]:
        """Yield everything that is wrong or doubtful."""
        for things in (self.sources, self.entities, self.facts):
            yield from duplicates(things)
        for at, dossier in self.dossiers:
            yield from self.of_dossier(at, dossier)
        for at, source in self.sources:
            yield from self.of_source(at, source)
        yield from shared_copies(self.sources)
        for at, entity in self.entities:
            yield from self.of_entity(at, entity)
        yield from shared_spellings(self.entities)
        texts: dict[str, str] = {}
        for at, fact in self.facts:
            yield from self.of_fact(at, fact)
            yield from self.of_ties(at, fact)
            if (first := texts.setdefault(folded(fact.text), fact.id)) != fact.id:
                yield at.issue("W013", "text", message=f"The fact {first} has the same text.")
        places = {fact.id: at for at, fact in reversed(self.facts)}
        for fact_id, number, message in circles((fact.id for _, fact in self.facts), self._superseded_by):
            yield places[fact_id].issue("X009", "supersedes", number, message=message)
        yield from self._unused()

    def _records(self, role: FileRole) -> Iterator[tuple[At, object]]:
        for file in self.files:
            if file.role is role:
                for index, record in enumerate(file.records):
                    yield At(file.file, file.position(index)), record

    def _known(self, role: FileRole, ids: Iterable[str]) -> dict[str, None] | None:
        """Return the ids of one kind, or None if there may be more than could be read."""
        files = [one for one in self.files if one.role is role]
        if not all(one.complete for one in files) or not (files or role is FileRole.FACTS):
            return None
        if role is FileRole.DOSSIER and not self.dossiers:
            return None
        return dict.fromkeys([*ids, *(name for one in files for name in one.left_out)])

    # --- the dossier as a whole ------------------------------------------------------------------------

    def _superseded_by(self, fact_id: str) -> Sequence[str]:
        fact = self.fact_by_id.get(fact_id)
        return fact.supersedes if fact else ()

    def _unused(self) -> Iterator[Issue]:
        """Yield sources, entities and topics that nothing uses, unless a fact that may do so was left out."""
        if self.known["X005"] is None or any(one.left_out for one in self.files):
            return
        for at, source in self.sources:
            if source.id not in self.used["X004"]:
                yield at.issue("W001", "id", message=unused("source", source.id))
        for at, entity in self.entities:
            if entity.id not in self.used["X002"]:
                yield at.issue("W002", "id", message=unused("entity", entity.id))
        topics = {topic for _, fact in self.facts for topic in fact.topics}
        for at, dossier in self.dossiers:
            for number, topic in enumerate(dossier.topics):
                if topic.id not in topics:
                    yield at.issue("W003", "topics", number, "id", message=unused("topic", topic.id))


def shared_spellings(entities: Iterable[tuple[At, Entity]]) -> Iterator[Issue]:
    """Yield the names and spellings that an entity before has too."""
    first: dict[str, Entity] = {}
    for at, entity in entities:
        names = (("name",), entity.name), *((("also", n), one) for n, one in enumerate(entity.also))
        for path, name in names:
            other = first.setdefault(folded(name), entity)
            apart = other.id == entity.id or (entity.id in other.not_ and other.id in entity.not_)
            if not apart:
                message = f"{shown(name)} is also a spelling of {other.id}."
                yield at.issue("W009", *path, message=message)


def circles(
    starts: Iterable[str], supersedes: Callable[[str], Sequence[str]]
) -> Iterator[tuple[str, int, str]]:
    """Yield (fact, index in its supersedes, message) for what closes a circle: depth-first, no recursion."""
    done: set[str] = set()
    for start in starts:
        trail: dict[str, Iterator[tuple[int, str]]] = {}
        if start not in done:
            trail[start] = iter(enumerate(supersedes(start)))
        while trail:
            current = next(reversed(trail))
            number, other = next(trail[current], (-1, ""))
            if number < 0:
                done.add(current)
                del trail[current]
            elif other in trail and other != current:
                yield current, number, f"By superseding {other}, the fact {current} supersedes itself."
            elif other not in done and other != current and (further := supersedes(other)):
                trail[other] = iter(enumerate(further))


def duplicates(things: Iterable[tuple[At, Source | Entity | Fact]]) -> Iterator[Issue]:
    """Yield the ids that a record before has too."""
    first: dict[str, At] = {}
    for at, thing in things:
        if (other := first.setdefault(thing.id, at)) is not at:
            yield at.issue("X001", "id", message=f"The id {thing.id} is used in {other.file} already.")


def shared_copies(sources: Iterable[tuple[At, Source]]) -> Iterator[Issue]:
    """Yield the addresses and archive files that a source before has too."""
    first: dict[tuple[str, str], str] = {}
    for at, source in sources:
        for key, value in (("url", source.url), ("archive", source.archive)):
            if value and (other := first.setdefault((key, value), source.id)) != source.id:
                yield at.issue("W018", key, message=f"The source {other} has the same {key}.")
