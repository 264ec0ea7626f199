"""What a change of files brings into a snapshot: facts that come, go or read otherwise, and what is wrong.

A full compilation is a change too, from nothing; so both give the same rows by the same way. Nothing here
touches the tables of facts: what comes in waits in a scratch database until all of it is known.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

import msgspec

from bot.facts.cross import RETRACTED, At, Between, Guesser, Issue, circles, supersedes
from bot.facts.doubts import Doubts, relocated
from bot.facts.heads import affected_by, doubts_of_heads
from bot.facts.incoming import Incoming, Kept
from bot.facts.keys import ordinal, tag_number
from bot.facts.load import FileRole, ParsedFile
from bot.facts.records import Dossier, Entity, Fact, Source
from bot.facts.rows import TIES, Tag, days_of, known_from, origins_of, stems_of, tags_of, text_tag, words_of
from bot.facts.snapshot import encode
from bot.facts.stated import KnownBy, Stated
from bot.facts.stored import Facts, Heads, heads_of, where_is

_FACT: Final = "SELECT rank, body FROM fact WHERE id = ? AND dossier = ?"
COUNTED: Final = ("about", "said", "owed", "topic", "source")
_NOWHERE: Final = At("", 0)

Files = Iterable[tuple[ParsedFile, str]]
"""Parsed files of one dossier with their SHA-256: its own record, sources and entities before facts."""


class Change:
    """What becomes of a dossier: its heads, those before, and which of their files changed.

    `uses` holds by tag by how much the number of facts grows that carry it; `words` by stem and word how many
    more facts have the word; `touched` the tags that facts gained, lost or kept when they changed; `texts`
    the numbers of their texts.
    """

    def __init__(self, heads: Heads, before: Heads | None, parsed: dict[FileRole, ParsedFile]) -> None:
        self.heads, self.before, self.parsed = heads, before, parsed
        self.uses: Counter[Tag] = Counter()
        self.words: Counter[tuple[str, str]] = Counter()
        self.touched: set[Tag] = set()
        self.texts = array("q")
        self.facts = 0


def kept(n: int, fact: Fact, heads: Heads) -> tuple[Kept, list[Tag], Iterable[tuple[str, str]]]:
    """Return a fact as it comes in, its tags and words. Raises KeyError if it names what is not there."""
    known, surely, by = known_from(fact, heads.sources)
    retracted = ordinal(fact.retracted.on) if fact.retracted else None
    origins = origins_of(fact, heads.sources, known)
    stated = Stated(fact, heads.record.id, known, surely, by, origins, retracted_on=retracted)
    tags = tags_of(fact, heads.sources)
    words = words_of(fact, heads.spellings, heads.record.language)
    days = days_of(fact)
    # No text is so common that its number need be kept.
    numbers = [tag_number(n, *tag) for tag in tags[:-1]]
    numbers.append(tag_number.__wrapped__(n, *tags[-1]))
    spread = [
        (number, *day) for number, (kind, _) in zip(numbers, tags, strict=True) for day in days.get(kind, ())
    ]
    return Kept(stated, stems_of(n, fact, words), numbers, spread), tags, words.keys()


class Gatherer:
    """Takes the changed files of one dossier. Use one for each dossier, in the order of their numbers."""

    def __init__(self, incoming: Incoming, n: int, doubts: Doubts, guesser: Guesser) -> None:
        self.incoming, self.db = incoming, incoming.db
        self.n, self.doubts, self.guesser = n, doubts, guesser
        db = self.db
        self.before = heads_of(db, n)
        self.facts = Facts(db, n)
        self.lost: set[str] = set()
        self.is_whole = True
        self.same: set[str] = set()
        self.were: set[str] = set()
        self.refer: list[tuple[At | None, str]] = []
        self.words: list[tuple[str, str]] = []
        self.uses: list[Tag] = []

    def gather(self, files: Files, paths: Iterable[str]) -> Change | None:
        """Take parsed files; `paths` are those of all files that change or are gone.

        Returns None where the dossier's own record cannot be read.
        """
        for path in paths:
            self._forget(path)
        rest = iter(files)
        change, first = self._take_heads(rest)
        if change is None:
            for file, digest in chain(first, rest):
                self._note(file, digest)
            return None
        self.change = change
        for file, digest in chain(first, rest):
            self._take_facts(file, digest)
        self._finish()
        return change

    # --- files -----------------------------------------------------------------------------------------

    def _forget(self, path: str) -> None:
        row = self.db.execute("SELECT ids FROM file WHERE path = ?", (path,)).fetchone()
        if row:
            if "facts/" in path:
                self.were.update(msgspec.msgpack.decode(row[0], type=list[str]))
            self.db.execute("DELETE FROM file WHERE path = ?", (path,))
            self.db.execute("DELETE FROM doubt WHERE path = ?", (path,))

    def _note(self, file: ParsedFile, digest: str) -> None:
        ids = [one.id for one in file.records]
        found = encode(file.findings) if file.findings else b""
        row = (file.file, self.n, digest, found, encode(ids))
        self.db.execute("INSERT INTO file VALUES (?, ?, ?, ?, ?)", row)
        self.doubts.seen(file.findings)

    def _take_heads(
        self, files: Iterator[tuple[ParsedFile, str]]
    ) -> tuple[Change | None, list[tuple[ParsedFile, str]]]:
        """Take the files before those of facts; return the first of these too."""
        first: list[tuple[ParsedFile, str]] = []
        parsed: dict[FileRole, ParsedFile] = {}
        for file, digest in files:
            if file.role is FileRole.FACTS:
                first.append((file, digest))
                break
            parsed[file.role] = file
            self._note(file, digest)
        record = self.before.record if self.before else None
        if own := parsed.get(FileRole.DOSSIER):
            record = next((one for one in own.records if isinstance(one, Dossier)), None)
        if record is None:
            return None, first
        sources: Mapping[str, Source] = self.before.sources if self.before else {}
        entities: Mapping[str, Entity] = self.before.entities if self.before else {}
        if FileRole.SOURCES in parsed:
            every = reversed(parsed[FileRole.SOURCES].records)
            sources = {one.id: one for one in every if isinstance(one, Source)}
        if FileRole.ENTITIES in parsed:
            every = reversed(parsed[FileRole.ENTITIES].records)
            entities = {one.id: one for one in every if isinstance(one, Entity)}
        heads = Heads(self.n, record, sources, entities)
        known: dict[str, Collection[str] | None] = {
            "X002": self._known(parsed.get(FileRole.ENTITIES), entities),
            "X003": self._known(parsed.get(FileRole.DOSSIER), {topic.id: None for topic in record.topics}),
            "X004": self._known(parsed.get(FileRole.SOURCES), sources),
            "X005": None,
        }
        self.rules = Between(known, sources, self.facts, self._fallen, self.guesser)
        return Change(heads, self.before, parsed), first

    def _known(self, file: ParsedFile | None, ids: Mapping[str, object]) -> Collection[str] | None:
        """Return the ids of one kind, or None if there may be more than could be read."""
        if file is None:
            return ids if self.before else None
        if not file.complete:
            return None
        return {*ids, *file.left_out} if file.left_out else ids

    # --- facts -----------------------------------------------------------------------------------------

    def _take_facts(self, file: ParsedFile, digest: str) -> None:
        self._note(file, digest)
        self.lost.update(file.left_out)
        self.is_whole = self.is_whole and file.complete
        for index, fact in enumerate(file.records):
            assert isinstance(fact, Fact)  # noqa: S101 -- of the role
            at = At(file.file, file.position(index))
            row = self.db.execute(_FACT, (fact.id, self.n)).fetchone() if self.before else None
            old = msgspec.msgpack.decode(row[1], type=Stated) if row else None
            is_new = fact.id not in self.same and (row is None or fact.id in self.were)
            if is_new and old and old.fact == fact:
                self.same.add(fact.id)
                self.change.texts.append(tag_number(self.n, *text_tag(fact)))
            elif not is_new or not self._add(fact, at, row[0] if row else None, old):
                other, _ = self._where(fact.id)
                message = f"The id {fact.id} is used in {other} already."
                self.doubts.add("fact", self.n, fact.id, [at.issue("X001", "id", message=message)])
                continue
            self.doubts.add("fact", self.n, fact.id, self.rules.of_fact(at, fact))
            if fact.supersedes or fact.disputes or fact.outcome_of:
                self.refer.append((at, fact.id))
        self._sum_up()

    def _sum_up(self) -> None:
        """Count the words and uses of the facts so far; a call for each would cost more than the counting."""
        self.change.words.update(self.words)
        self.change.uses.update(self.uses)
        self.words.clear()
        self.uses.clear()

    def _add(self, fact: Fact, at: At | None, rank: int | None, old: Stated | None) -> bool:
        """Let a fact come in; say whether it is the first of its id to do so."""
        n, heads = self.n, self.change.heads
        try:
            made, tags, words = kept(n, fact, heads)
        except KeyError:  # it names what is not there, which is reported
            self.doubts.is_broken = True
            made, tags, words = Kept(Stated(fact, heads.record.id, 0, 0, KnownBy.ADDED), "", [], []), [], ()
        where = (at.file, at.index) if at else (None, None)
        if not self.incoming.add(n, made, where, rank):
            return False
        if old:
            self._refer_to(old.fact, "DELETE FROM reference WHERE (dossier, id, kind, by) = (?, ?, ?, ?)")
        self._refer_to(fact, "INSERT OR IGNORE INTO reference VALUES (?, ?, ?, ?)")
        self.words.extend(words)
        self.change.texts.extend(made.tags[-1:])
        self.uses.extend(tag for tag in tags if tag[0] in COUNTED)
        if self.before:
            self.change.touched.update(tags)
        return True

    def _refer_to(self, fact: Fact, statement: str) -> None:
        for kind in TIES:
            for other in getattr(fact, kind):
                self.db.execute(statement, (self.n, other, kind, fact.id))

    def _where(self, fact: str) -> tuple[str, int]:
        return where_is(self.db, self.n, fact)

    def _fallen(self, fact: str) -> str:
        """Say why a fact no longer stands, or nothing."""
        stated = self.facts.stated(fact)
        if stated and stated.fact.retracted:
            return RETRACTED
        query = "SELECT min(by) FROM reference WHERE dossier = ? AND id = ? AND kind = 'supersedes'"
        (by,) = self.db.execute(query, (self.n, fact)).fetchone()
        return supersedes(by) if by else ""

    # --- what changes with it --------------------------------------------------------------------------

    def _finish(self) -> None:
        if self.before:
            self._take_out()
            self._let_follow()
            self._sum_up()
        known: Collection[str] | None = None
        if self.is_whole:
            known = {*self.facts, *self.lost} if self.lost else self.facts
        self.rules.known = {**self.rules.known, "X005": known}
        for at, fact_id in self.refer:
            issues = self.rules.of_ties(at or _NOWHERE, self.facts[fact_id])
            self.doubts.add("ties", self.n, fact_id, issues if at else self._placed(issues, fact_id))
        self._find_circles()
        doubts_of_heads(self.db, self.change, self.rules, self.doubts)

    def _take_out(self) -> None:
        """Note the facts that are gone."""
        for fact_id in self.were - self.same:
            row = self.db.execute(_FACT, (fact_id, self.n)).fetchone()
            query = "SELECT EXISTS (SELECT 1 FROM scratch.incoming WHERE dossier = ? AND id = ?)"
            if row and not self.db.execute(query, (self.n, fact_id)).fetchone()[0]:
                self.db.execute("INSERT INTO scratch.gone VALUES (?, ?, ?)", (self.n, fact_id, row[0]))
                old = msgspec.msgpack.decode(row[1], type=Stated).fact
                self._refer_to(old, "DELETE FROM reference WHERE (dossier, id, kind, by) = (?, ?, ?, ?)")

    def _let_follow(self) -> None:
        """Let facts come in that read as before, but refer to what changed or are referred to by it."""
        query = """
            SELECT id, old FROM scratch.incoming WHERE dossier = ?1
            UNION ALL SELECT id, rank FROM scratch.gone WHERE dossier = ?1
        """
        self._follow(affected_by(self.db, self.change))
        changed = self.db.execute(query, (self.n,)).fetchall()
        self._follow(other for one in changed for other in self._neighbours(*one))

    def _follow(self, facts: Iterable[str]) -> None:
        for fact_id in dict.fromkeys(facts):
            row = self.db.execute(_FACT, (fact_id, self.n)).fetchone()
            if row is None or self.facts.stated(fact_id) is None:
                continue
            old = msgspec.msgpack.decode(row[1], type=Stated)
            # What stands in a file that changed was checked when that was taken.
            if self._add(old.fact, None, row[0], old) and fact_id not in self.same:
                self._check_again(old.fact)

    def _neighbours(self, fact_id: str, rank: int | None) -> Iterator[str]:
        query = f"SELECT by FROM reference WHERE dossier = ? AND id = ? AND kind IN {TIES}"  # noqa: S608 -- words
        yield from (by for (by,) in self.db.execute(query, (self.n, fact_id)).fetchall())
        row = self.db.execute("SELECT body FROM fact WHERE rank = ?", (rank,)).fetchone()
        old = msgspec.msgpack.decode(row[0], type=Stated).fact if row else None
        for fact in (old, self.facts.get(fact_id)):
            if fact:
                yield from (*fact.supersedes, *fact.disputes, *fact.outcome_of)

    def _check_again(self, fact: Fact) -> None:
        self.doubts.forget("fact", self.n, fact.id)
        self.doubts.forget("ties", self.n, fact.id)
        issues = self._placed(self.rules.of_fact(_NOWHERE, fact), fact.id)
        self.doubts.add("fact", self.n, fact.id, issues)
        if fact.supersedes or fact.disputes or fact.outcome_of:
            self.refer.append((None, fact.id))

    def _placed(self, issues: Iterable[Issue], fact: str) -> Iterator[Issue]:
        return relocated(issues, lambda: self._where(fact))

    def _find_circles(self) -> None:
        def supersedes(fact_id: str) -> tuple[str, ...]:
            fact = self.facts.get(fact_id)
            return fact.supersedes if fact else ()

        starts = (fact_id for _, fact_id in self.refer)
        for fact_id, number, message in circles(starts, supersedes):
            at = At(*self._where(fact_id))
            issue: Issue = at.issue("X009", "supersedes", number, message=message)
            self.doubts.add("ties", self.n, fact_id, [issue])
