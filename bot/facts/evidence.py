"""Evidence without copying: a locator and a proof for every fact, and a guard against copied sentences.

A fact names the paragraph it rests on by number and by hash, so that anyone with a copy of the article can
prove it while the base itself holds no sentence of the article. All functions are pure: whoever calls reads
the files and passes their text.

*How paragraphs are counted.* A reader's copy is plain text with one paragraph a line. Lines end in LF, CRLF
or CR. A line without a single letter or digit is no paragraph (blank lines, rules, a lone byte order mark).
A line that equals the source's title, compared as hashes are, is the headline and no paragraph. What is left
is numbered from 1; a subheading or the line that names who is quoted counts like any other. The body ends
after `Source.paragraphs` paragraphs, so promotional lines behind it are none.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from bot.facts.records import Dated, Dossier, Entity, Fact, Source, Unnamed

HASH_LENGTH: Final = 16
"""Hex digits of SHA-256 that an evidence hash keeps."""

RUN: Final = 8
"""From how many shared words in a row a sentence counts as copied."""

QUOTE_LENGTH: Final = 25
"""How many words a marked quotation may have."""

_INSIDE_WORDS: Final = frozenset("'’‘ʼ`´-‐‑")
"""Apostrophes and hyphens: spelled or left out, they make no other word (co-operation, cooperation)."""


class Verdict(StrEnum):
    """What the reader's copy says about one piece of evidence."""

    MATCH = "match"
    """The paragraph is where the fact says."""
    MOVED = "moved"
    """Another paragraph has the hash."""
    CHANGED = "changed"
    """The copy is there, and none of its paragraphs has the hash."""
    ABSENT = "absent"
    """There is no copy of the source."""


class Proof(msgspec.Struct, frozen=True):
    """The verdict on one piece of evidence: fact id, source id, the paragraph named, the one found.

    `actual` is the hash of the paragraph named as the copy has it, None if the copy has no such paragraph.
    """

    fact: str
    source: str
    p: int
    verdict: Verdict
    found_at: int | None = None
    actual: str | None = None


class Fault(StrEnum):
    """How a sentence of the base breaks the rule against copying."""

    COPIED = "copied"
    """It shares :data:`RUN` or more words in a row with a paragraph."""
    LONG_QUOTE = "long-quote"
    """A quotation has more than :data:`QUOTE_LENGTH` words."""
    MISQUOTED = "misquoted"
    """A quotation stands in none of the paragraphs that the fact cites."""


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence that breaks the rule: `record` is fact, source, entity or dossier, `field` the path in it.

    `run` holds the words in question as :func:`normal_words` gives them; `source` and `p` say where a copied
    run begins, and are None for quotations.
    """

    fault: Fault
    record: str
    id: str
    field: str
    run: str
    source: str | None = None
    p: int | None = None


def paragraph_hash(paragraph: str) -> str:
    """Return the first 16 hex digits of SHA-256 over a paragraph's letters and digits.

    NFKC and case folding come first (Unicode Standard, UAX #15 and section 3.13), so that line ends, byte
    order marks, spaces, quotation marks, dashes and capitals do not matter; words, figures and accents do.
    """
    return hashlib.sha256(_letters(paragraph).encode()).hexdigest()[:HASH_LENGTH]


def split_paragraphs(text: str, title: str | None = None, count: int | None = None) -> tuple[str, ...]:
    """Return the body paragraphs of a copy, the first being paragraph 1, each without outer white space.

    `title` is the source's title and `count` its number of body paragraphs; without `count` every paragraph
    of the text is returned. The module's docstring says what a paragraph is.
    """
    headline = _letters(title or "")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    body = (line.strip("\ufeff \t\u00a0") for line in lines if _letters(line) not in {"", headline})
    return tuple(body)[:count]


def prove(facts: Iterable[Fact], sources: Mapping[str, Source], archive: Mapping[str, str]) -> list[Proof]:
    """Compare every piece of evidence with the reader's copies; `archive` maps file names to their text.

    The hash is looked for beyond the body as well: a line that a copy adds on top moves the last paragraph
    out of it. Where several paragraphs have the hash, `found_at` is the one nearest to the one named.
    """
    hashes: dict[str, tuple[str, ...]] = {}
    places: dict[str, dict[str, list[int]]] = {}
    proofs = []
    for fact in facts:
        for evidence in fact.sources:
            source = sources.get(evidence.ref)
            if source is None or source.archive is None or source.archive not in archive:
                proofs.append(Proof(fact.id, evidence.ref, evidence.p, Verdict.ABSENT))
                continue
            if source.id not in hashes:
                body = split_paragraphs(archive[source.archive], source.title)
                hashes[source.id] = tuple(map(paragraph_hash, body))
                places[source.id] = _places(hashes[source.id])
            found = places[source.id].get(evidence.hash, [])
            nearest = min(found, key=lambda place: abs(place - evidence.p), default=None)
            verdict = Verdict.CHANGED if nearest is None else Verdict.MOVED
            if nearest == evidence.p:
                verdict = Verdict.MATCH
            actual = hashes[source.id][evidence.p - 1 : evidence.p] or (None,)
            proofs.append(Proof(fact.id, evidence.ref, evidence.p, verdict, nearest, actual[0]))
    return proofs


def normal_words(text: str) -> tuple[str, ...]:
    """Return the words of a text as they are compared: NFKC, case folded, letters and digits only.

    Apostrophes, hyphens, accents that stand alone and invisible characters inside a word are left out;
    anything else that is neither letter nor digit parts two words.
    """
    return tuple("".join(map(_kept, unicodedata.normalize("NFKC", text).casefold())).split())


def copied_runs(sentence: str, paragraphs: Iterable[str], at_least: int = RUN) -> tuple[str, ...]:
    """Return the runs of `at_least` or more words that a sentence shares with paragraphs, longest first.

    Every `at_least` consecutive words of a run stand so in one of the paragraphs. The time is linear in the
    number of words of both.
    """
    index = _index(((("", place), text) for place, text in enumerate(paragraphs, 1)), at_least)
    runs = [run for run, _ in _runs(normal_words(sentence), index, at_least)]
    return tuple(sorted(runs, key=lambda run: -len(run.split())))


def check_copies(
    dossier: Dossier,
    sources: Mapping[str, Source],
    entities: Iterable[Entity],
    facts: Iterable[Fact],
    archive: Mapping[str, str],
) -> list[Copy]:
    """Return every sentence of a dossier that copies one of its sources, and every faulty quotation.

    Names and titles are no sentences and may be the same as in the source. A quotation is looked for in the
    cited paragraphs if the archive has them all; its length is checked in any case.
    """
    bodies = {
        source.id: split_paragraphs(archive[source.archive], source.title, source.paragraphs)
        for source in sources.values()
        if source.archive is not None and source.archive in archive
    }
    index = _index(
        (((id_, place), text) for id_, body in bodies.items() for place, text in enumerate(body, 1)), RUN
    )
    facts = tuple(facts)
    copies = [
        Copy(fault=Fault.COPIED, record=record, id=id_, field=field, run=run, source=source, p=place)
        for record, id_, field, sentence in _sentences(dossier, sources.values(), entities, facts)
        for run, (source, place) in _runs(normal_words(sentence), index, RUN)
    ]
    hashed = {
        id_: {paragraph_hash(text): normal_words(text) for text in body} for id_, body in bodies.items()
    }
    copies += (
        Copy(fault=fault, record="fact", id=fact.id, field="quote", run=" ".join(normal_words(fact.quote)))
        for fact in facts
        if fact.quote is not None
        for fault in _quote_faults(fact, normal_words(fact.quote), hashed)
    )
    return copies


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def _kept(character: str) -> str:
    if character.isalnum():
        return character
    inside = character in _INSIDE_WORDS or unicodedata.category(character) in {"Mn", "Mc", "Me", "Cf"}
    return "" if inside else " "


def _places(hashes: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, one in enumerate(hashes, 1):
        places.setdefault(one, []).append(place)
    return places


Place = tuple[str, int]
Index = dict[tuple[str, ...], Place]


def _index(paragraphs: Iterable[tuple[Place, str]], size: int) -> Index:
    index: Index = {}
    for place, text in paragraphs:
        spelled = normal_words(text)
        for start in range(len(spelled) - size + 1):
            index.setdefault(spelled[start : start + size], place)
    return index


def _runs(spelled: tuple[str, ...], index: Index, size: int) -> Iterator[tuple[str, Place]]:
    first: tuple[int, Place] | None = None
    for start in range(len(spelled) - size + 2):
        gram = spelled[start : start + size]
        # One step beyond the last gram: it is too short to be in the index and so closes an open run.
        if place := index.get(gram):
            first = first or (start, place)
        elif first:
            yield " ".join(spelled[first[0] : start + size - 1]), first[1]
            first = None


def _sentences(
    dossier: Dossier, sources: Iterable[Source], entities: Iterable[Entity], facts: Iterable[Fact]
) -> Iterator[tuple[str, str, str, str]]:
    for number, judgement in enumerate(dossier.judgements):
        yield "dossier", dossier.id, f"judgements[{number}].text", judgement.text
    for source in sources:
        yield "source", source.id, "descriptor", source.descriptor
        for field, note in _notes("published", source.published):
            yield "source", source.id, field, note
    for entity in entities:
        for number, role in enumerate(entity.roles):
            yield "entity", entity.id, f"roles[{number}].role", role.role
    for fact in facts:
        for field, sentence in _fact_sentences(fact):
            yield "fact", fact.id, field, sentence


def _fact_sentences(fact: Fact) -> Iterator[tuple[str, str]]:
    yield "text", fact.text
    if fact.duty is not None:
        yield "duty", fact.duty
    if fact.due_as_written is not None:
        yield "due_as_written", fact.due_as_written
    yield from _notes("date", fact.date)
    if fact.said is not None:
        yield from _notes("said.when", fact.said.when)
        if isinstance(fact.said.by, Unnamed):
            yield "said.by.unnamed", fact.said.by.unnamed
    if fact.retracted is not None:
        yield "retracted.why", fact.retracted.why


def _notes(field: str, date: Dated | None) -> Iterator[tuple[str, str]]:
    if date is not None and date.inferred is not None:
        yield f"{field}.inferred", date.inferred


def _quote_faults(
    fact: Fact, quote: tuple[str, ...], hashed: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> Iterator[Fault]:
    if len(quote) > QUOTE_LENGTH:
        yield Fault.LONG_QUOTE
    cited = [hashed.get(evidence.ref, {}).get(evidence.hash) for evidence in fact.sources]
    known = [spelled for spelled in cited if spelled is not None]
    if len(known) == len(cited) and not any(_within(quote, spelled) for spelled in known):
        yield Fault.MISQUOTED


def _within(quote: tuple[str, ...], spelled: tuple[str, ...]) -> bool:
    return f" {' '.join(quote)} " in f" {' '.join(spelled)} "
