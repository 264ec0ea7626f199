"""Write a snapshot's tables from records that have been checked."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from bot.facts.course import breadth_of, course, duties
from bot.facts.findings import Finding
from bot.facts.keys import FEW, ordinal, place_of, rank_of, tag_number, time_of
from bot.facts.names import Named, write_names
from bot.facts.records import Dossier, Entity, EntityKind, Fact, FactKind, Source
from bot.facts.snapshot import EVERYTHING, SCHEMA, VERSION, encode
from bot.facts.stated import NEVER, KnownBy, Stated, Tie
from bot.facts.summaries import write_summaries
from bot.facts.words import find_words, marker, pieces, stem, stems


class Records(msgspec.Struct, frozen=True):
    """Everything one dossier folder holds, without errors."""

    dossier: Dossier
    sources: tuple[Source, ...]
    entities: tuple[Entity, ...]
    facts: tuple[Fact, ...]


def write_snapshot(
    db: sqlite3.Connection,
    snapshot_id: str,
    dossiers: Iterable[Records],
    files: Iterable[tuple[str, str, bytes]],
    warnings: Iterable[Finding] = (),
) -> None:
    """Fill an empty database; `files` are (path, SHA-256, encoded result of parsing) in order of path."""
    db.executescript(SCHEMA)
    db.execute("BEGIN")
    everything = sorted(dossiers, key=lambda records: records.dossier.id)
    stated = [list(state(records)) for records in everything]
    ranks = _rank(stated)
    numbers = _write_things(db, everything)
    _write_facts(db, everything, stated, ranks)
    write_names(db, _named(everything, stated, numbers))
    db.executemany("INSERT INTO file (path, dossier, sha256, ids, findings) VALUES (?, 0, ?, ?, x'')", files)
    newest = max((one.known for facts in stated for one in facts), default=0)
    meta = {
        "facts": len(ranks),
        "id": snapshot_id,
        "newest": newest,
        "version": VERSION,
        "warnings": encode(tuple(warnings)),
    }
    db.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
    db.execute("COMMIT")


def state(records: Records) -> Iterator[Stated]:
    """Yield each fact of a dossier with what its neighbours and sources say of it."""
    sources = {source.id: source for source in records.sources}
    known = {fact.id: known_from(fact, sources) for fact in records.facts}
    ties = {
        fact.id: Tie(fact.id, known[fact.id][0], ordinal(fact.retracted.on) if fact.retracted else NEVER)
        for fact in records.facts
    }
    superseded, disputed, outcomes = defaultdict(list), defaultdict(list), defaultdict(list)
    for fact in records.facts:
        tie = ties[fact.id]
        for other in fact.supersedes:
            superseded[other].append(tie)
        for other in fact.disputes:
            disputed[other].append(tie)
            if other in ties:
                disputed[fact.id].append(ties[other])
        for other in fact.outcome_of:
            outcomes[other].append(tie)
    for fact in records.facts:
        origins: dict[str, int] = {}
        for evidence in fact.sources:
            source = sources[evidence.ref]
            if source.origin:
                day = ordinal(source.published.date) if source.published else known[fact.id][0]
                origins[source.origin] = min(day, origins.get(source.origin, day))
        yield Stated(
            fact,
            records.dossier.id,
            *known[fact.id],
            tuple(sorted(origins.values())),
            tuple(sorted(superseded[fact.id])),
            tuple(sorted(set(disputed[fact.id]))),
            tuple(sorted(outcomes[fact.id])),
            ordinal(fact.retracted.on) if fact.retracted else None,
        )


def known_from(fact: Fact, sources: Mapping[str, Source]) -> tuple[int, int, KnownBy]:
    """Return the ordinals from which a fact could be known and surely was, and where those days come from.

    That is the first publication among its sources; where no source says its day, what the fact says of its
    own (facts.md, "Two clocks").
    """
    days = [published.date for one in fact.sources if (published := sources[one.ref].published)]
    by = KnownBy.PUBLISHED
    if not days and fact.said and fact.said.when:
        days, by = [fact.said.when.date], KnownBy.SAID
    elif not days and fact.date:
        days, by = [fact.date.date], KnownBy.DATE
    elif not days:
        days, by = [fact.added], KnownBy.ADDED
    return min(map(ordinal, days)), min(ordinal(day, last=True) for day in days), by


def _rank(stated: list[list[Stated]]) -> dict[tuple[str, str], int]:
    placed = []
    for n, facts in enumerate(stated, 1):
        for one in facts:
            bucket, hashed, width, added = place_of(n, one.fact, one.surely)
            placed.append((bucket, hashed, -width, -added, one.id, n, one.dossier))
    crowd = Counter(row[0] for row in placed)
    ranks: dict[tuple[str, str], int] = {}
    placed.sort(key=lambda row: row[5])
    placed.sort(key=lambda row: row[4], reverse=True)
    placed.sort(key=lambda row: (row[0], row[1] if crowd[row[0]] > FEW else 0, row[2], row[3]))
    before, index = (-1, 0), 0
    for bucket, hashed, _, _, fact_id, _, dossier in placed:
        group = hashed if crowd[bucket] > FEW else 0
        index = index + 1 if (bucket, group) == before else 0
        before = bucket, group
        ranks[dossier, fact_id] = rank_of(bucket, group, index)
    return ranks


Numbers = dict[tuple[str, str, str], int]


def _write_things(db: sqlite3.Connection, everything: list[Records]) -> Numbers:
    numbers: Numbers = {}
    for n, records in enumerate(everything, 1):
        dossier = records.dossier
        db.execute(
            "INSERT INTO dossier VALUES (?, ?, ?, ?)", (n, dossier.id, len(records.facts), encode(dossier))
        )
        numbers["dossier", dossier.id, dossier.id] = n
        tables: tuple[tuple[str, tuple[Source | Entity, ...]], ...] = (
            ("source", records.sources),
            ("entity", records.entities),
        )
        for table, things in tables:
            for thing in sorted(things, key=lambda one: one.id):
                number = numbers[table, dossier.id, thing.id] = len(numbers) + 1
                row = (number, n, thing.id, 0, encode(thing))
                db.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)", row)  # noqa: S608 -- one of two literals
        for topic in dossier.topics:
            numbers["topic", dossier.id, topic.id] = len(numbers) + 1
    return numbers


def tags(one: Stated, sources: Mapping[str, Source]) -> Iterator[tuple[str, str]]:
    """Yield what a fact can be found by, each as (kind, id); `sources` are those of its dossier, by id."""
    fact = one.fact
    yield EVERYTHING
    yield from (("about", entity) for entity in dict.fromkeys(fact.about))
    if fact.said and isinstance(fact.said.by, str):
        yield "said", fact.said.by
    origins = (sources[evidence.ref].origin for evidence in fact.sources)
    through = dict.fromkeys((*(fact.said.via if fact.said else ()), *origins))
    yield from (("through", entity) for entity in through if entity)
    if fact.kind in {FactKind.DEFINITION, FactKind.ROLE}:
        yield "defines", fact.about[0]
    yield from (("owed", entity) for entity in dict.fromkeys(fact.owed_by))
    yield from (("topic", topic) for topic in dict.fromkeys(fact.topics))
    yield from (("source", ref) for ref in dict.fromkeys(evidence.ref for evidence in fact.sources))
    if one.disputed_by:
        yield "disputed", ""
        yield from (("disputed", topic) for topic in dict.fromkeys(fact.topics))


def _moments(one: Stated, kind: str) -> Iterator[tuple[str, int, int]]:
    """Yield the days under which a fact's tag of that kind is kept: (what, day, width)."""
    fact = one.fact
    day, width, *_ = time_of(fact)
    if kind in {"all", "about", "said", "through", "topic"}:
        yield "when", day, width
        if breadth := breadth_of(width):
            yield breadth, day, width
    if kind in {"all", "about", "topic", "owed"} and fact.due:
        yield from ((what, ordinal(fact.due, last=True), 0) for what in duties(one))
    if kind in {"all", "topic"} and fact.review_by:
        yield "review", ordinal(fact.review_by, last=True), 0
    if kind == "all":
        yield "known", one.known, 0
    if kind in {"all", "topic"}:
        yield "added", ordinal(fact.added), 0
        if fact.supersedes:
            yield "superseded", ordinal(fact.added), 0
        if one.retracted_on is not None:
            yield "retracted", one.retracted_on, 0


def _write_facts(
    db: sqlite3.Connection,
    everything: list[Records],
    stated: list[list[Stated]],
    ranks: dict[tuple[str, str], int],
) -> None:
    facts, postings, moments, words = [], [], [], []
    vocabulary: Counter[tuple[str, str, int]] = Counter()
    summed = [
        tag_number(n, *tag)
        for n, records in enumerate(everything, 1)
        for tag in (EVERYTHING, *(("topic", topic.id) for topic in records.dossier.topics))
    ]
    for n, (records, ones) in enumerate(zip(everything, stated, strict=True), 1):
        spellings = {entity.id: (entity.name, *entity.also) for entity in records.entities}
        sources = {source.id: source for source in records.sources}
        known = {one.id: one.known for one in ones}
        for one in ones:
            rank = ranks[one.dossier, one.id]
            facts.append((rank, n, one.id, *course(one, known), encode(one)))
            text = " ".join(_searched(one.fact, spellings))
            found = dict.fromkeys(stems(text, records.dossier.language))
            words.append(
                (rank, " ".join((marker(n), *(marker(n, topic) for topic in one.fact.topics), *found)))
            )
            vocabulary.update((*pair, n) for pair in _vocabulary(text, records.dossier.language))
            for tag in tags(one, sources):
                number = tag_number(n, *tag)
                postings.append((number, rank))
                moments += [
                    (number, what, day, width, ordinal(one.fact.added), one.id, rank)
                    for what, day, width in _moments(one, tag[0])
                ]
    db.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", sorted(facts))
    db.executemany("INSERT INTO posting VALUES (?, ?)", sorted(postings))
    db.executemany("INSERT INTO moment VALUES (?, ?, ?, ?, ?, ?, ?)", sorted(moments))
    db.executemany("INSERT INTO words (rowid, stems) VALUES (?, ?)", sorted(words))
    spelt = ((*key, count) for key, count in sorted(vocabulary.items()))
    db.executemany("INSERT INTO vocabulary VALUES (?, ?, ?, ?)", spelt)
    write_summaries(db, summed)


def _searched(fact: Fact, spellings: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    yield fact.text
    yield from (text for text in (fact.quote, fact.duty) if text)
    people = [*fact.about, *fact.owed_by]
    if fact.said:
        people += [fact.said.by] if isinstance(fact.said.by, str) else []
        people += [*fact.said.to, *fact.said.via]
        if not isinstance(fact.said.by, str):
            yield fact.said.by.unnamed
        yield fact.said.cue
    for entity in dict.fromkeys(people):
        yield from spellings[entity]


def _vocabulary(text: str, language: str) -> set[tuple[str, str]]:
    """Return the different words of a text, each with its stem in front."""
    return {(stem(word, language), word) for match in find_words(text) for word in pieces(match[0])}


def _named(everything: list[Records], stated: list[list[Stated]], numbers: Numbers) -> Iterator[Named]:
    for n, (records, ones) in enumerate(zip(everything, stated, strict=True), 1):
        dossier = records.dossier
        sources = {source.id: source for source in records.sources}
        uses: Counter[tuple[str, str]] = Counter(tag for one in ones for tag in tags(one, sources))

        def name(
            kind: str, thing_id: str, label: str, also: tuple[str, ...], uses: int, *, person: bool = False
        ) -> Named:
            key = numbers[kind, dossier.id, thing_id]  # noqa: B023 -- called in this turn of the loop
            return Named(kind, key, n, thing_id, label, (label, *also), uses, person)  # noqa: B023

        yield name("dossier", dossier.id, dossier.title, (), len(ones))
        for source in records.sources:
            also = tuple(text for text in (source.publisher, source.archive) if text)
            yield name("source", source.id, source.title, also, uses["source", source.id])
        for entity in records.entities:
            count = uses["about", entity.id] + uses["said", entity.id] + uses["owed", entity.id]
            person = entity.kind is EntityKind.PERSON
            yield name("entity", entity.id, entity.name, entity.also, count, person=person)
        for topic in dossier.topics:
            yield name("topic", topic.id, topic.title, topic.also, uses["topic", topic.id])
