"""Search by words: all of them where that finds enough, fewer where it does not, typos forgiven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import ascii_lowercase
from typing import Final

import msgspec

from bot.facts.keys import tag_number
from bot.facts.snapshot import EVERYTHING, STRETCH_BITS, Snapshot
from bot.facts.stated import Stated
from bot.facts.words import find_words, marker, spell, spellings, stem

WORDS: Final = 12
"""Words of a query that count."""

CANDIDATES: Final = 32
"""Facts, best first, that are ranked anew by relevance."""

CORRECTED: Final = 4
"""Words of a query for which another is looked for when no fact has them."""

COMPARED: Final = 60_000
"""Words compared with typed ones in one search, after which no other word is looked for."""

COMMON: Final = 20_000
"""Facts from which on a word is so common that two of them are looked for together a window at a time."""

SOUGHT: Final = 8_000
"""Looks into the index that one search may take for words that are to be in a fact together.

Full-text search looks for each fact of the rarest word in the lists of all others, and cannot be stopped.
"""

TOGETHER: Final = 3
"""Words that are looked for together in any case."""

_LAST_RANK: Final = (1 << 63) - 1

_NEAREST: Final = 24
_TRIED: Final = 4
_RUNS: Final = 64

# Full-text search yields facts in the order of their ranks, best first: it stops with the last one wanted.
_MATCHING: Final = (
    "SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid LIMIT ?"
)
_MATCHING_KNOWN: Final = """
SELECT words.rowid FROM words CROSS JOIN fact INDEXED BY fact_course ON fact.rank = words.rowid
WHERE words MATCH ? AND words.rowid BETWEEN ? AND ? AND fact.known <= ? ORDER BY words.rowid LIMIT ?
"""
_WINDOW: Final = f"""
SELECT rank FROM fact INDEXED BY fact_course WHERE rank >= ? ORDER BY rank LIMIT 1 OFFSET {COMMON}
"""  # noqa: S608 -- a number of this module
_RUN: Final = "SELECT n FROM json_each(?) AS place CROSS JOIN stretch ON tag = place.value WHERE known <= ?"
# A stem's words are together in the vocabulary, those of all dossiers: one look for each stem.
_VOCABULARY: Final = """
SELECT stem, word, sum(facts), max(facts) FROM json_each(?1) AS wanted
CROSS JOIN vocabulary ON stem = wanted.value
WHERE ?2 IS NULL OR dossier IN (SELECT value FROM json_each(?2)) GROUP BY stem, word
"""


_SPOKEN: Final = "SELECT rank, ended, body FROM json_each(?) AS wanted CROSS JOIN fact ON rank = wanted.value"


class _Words(msgspec.Struct):
    text: str
    duty: str | None = None
    quote: str | None = None


class _Spoken(msgspec.Struct, array_like=True):
    """The words of a fact, and nothing else of it."""

    fact: _Words


_spoken: Final = msgspec.msgpack.Decoder(_Spoken)


class Hits(msgspec.Struct, frozen=True):
    """What a search found: facts by relevance, and how the words were taken.

    `wanted` holds the words to mark, folded; `corrected` pairs of typed and taken words; `dropped` the words
    that had to be left out to find anything, or to find it soon if `spared`; `unknown` those that no fact
    has.
    """

    facts: tuple[Stated, ...]
    wanted: frozenset[str] = frozenset()
    corrected: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    spared: bool = False


class _Word(msgspec.Struct, frozen=True):
    """A word of a query: its stems, the folded words of the base that have them, and in how many facts."""

    typed: str
    stems: frozenset[str]
    forms: frozenset[str]
    facts: int


class _Scope(msgspec.Struct, frozen=True):
    """Where a search may look: at the facts of some dossiers that could be known on a day.

    `places` is None where these are all there are; `runs` are the ranks, first and last, between which facts
    were known.
    """

    snapshot: Snapshot
    numbers: tuple[int, ...]
    places: str | None
    languages: tuple[str, ...]
    as_of: int
    runs: tuple[tuple[int, int], ...]


def search(
    snapshot: Snapshot, text: str, dossiers: Iterable[tuple[str, int]], topic: str, as_of: int, limit: int
) -> Hits:
    """Find facts of some dossiers (id, number) and one topic (or "") that could be known on `as_of`."""
    places = dict(dossiers)
    if not places:
        return Hits((), unknown=tuple(dict.fromkeys(_typed(text))))
    languages = tuple(sorted({snapshot.dossier(one).language for one in places}))
    numbers = tuple(sorted(places.values()))
    everywhere = len(numbers) == len(snapshot.dossiers)
    runs = _runs(snapshot, numbers, as_of)
    scope = _Scope(snapshot, numbers, None if everywhere else _json(numbers), languages, as_of, runs)
    words: list[_Word] = []
    corrected: list[tuple[str, str]] = []
    unknown: list[str] = []
    # Where nothing was known, no word was either.
    tries, left = CORRECTED if runs else 0, COMPARED
    for word in dict.fromkeys(_typed(text)):
        known = _known(scope, word)
        if known is None and tries > 0 and left > 0:
            tries -= 1
            better, compared = _near(scope, spell(word))
            left -= compared
            if better:
                corrected.append((word, better.typed))
                known = better
        if known is None:
            unknown.append(word)
        else:
            words.append(msgspec.structs.replace(known, typed=word))
    # A word's lists are those of all dossiers, and its facts those of the ones that are looked at.
    everything = sum(facts for _, facts in snapshot.dossiers.values())
    sought = SOUGHT * sum(snapshot.dossiers[one][1] for one in places) // max(everything, 1)
    kept, found = _together(words, sought), list[int]()
    spared = len(kept) < len(words)
    while kept:
        found = _matching(scope, kept, topic, CANDIDATES)
        if found or len(kept) == 1:
            break
        sought -= len(kept) * kept[-1].facts
        kept = kept[1:] if sought > 0 else kept[-1:]
    dropped = [word.typed for word in sorted(words, key=lambda one: -one.facts) if word not in kept]
    wanted = frozenset().union(*(word.forms for word in kept)) if found else frozenset()
    best = _by_relevance(scope, found, words)[:limit]
    return Hits(tuple(snapshot.facts(best)), wanted, tuple(corrected), tuple(dropped), tuple(unknown), spared)


def _together(words: list[_Word], sought: int) -> list[_Word]:
    """Return the words that are looked for together, the commonest first: all, if so many looks will do."""
    ordered = sorted(words, key=lambda one: one.facts, reverse=True)
    return ordered[-max(TOGETHER, sought // ordered[-1].facts) :] if ordered else []


def _typed(text: str) -> list[str]:
    return [match[0] for match, _ in zip(find_words(text), range(WORDS), strict=False)]


def _known(scope: _Scope, word: str) -> _Word | None:
    """Return a word that a fact within the scope has, or None."""
    found = frozenset(stem(spell(word), language) for language in scope.languages) - {""}
    rows = scope.snapshot.db.execute(_VOCABULARY, (_json(sorted(found)), scope.places)).fetchall()
    forms = frozenset(form for _, form, *_ in rows)
    known = _Word(word, found, forms, sum(facts for *_, facts, _ in rows)) if rows else None
    # Words of facts that are still to come must not be given away, not even as what was meant.
    if known and scope.as_of < scope.snapshot.newest and not _matching(scope, [known], "", 1):
        return None
    return known


def _near(scope: _Scope, word: str) -> tuple[_Word | None, int]:
    """Return the nearest known word, or None, and how many were compared.

    It is one typing error away, or two in a long word, inflected or not. Of words equally near, those with
    the same first letter come first; with another, it is the only error. A word with a digit has none, since
    one year or number is no misspelling of another.
    """
    errors = 0 if len(word) < 5 else 1 if len(word) < 8 else 2
    if not errors or not word.isalpha():
        return None, 0
    near, compared = _nearest(scope, word, errors)
    for distance, *_, form in near[:_TRIED]:
        if found := _known(scope, form):
            return found if distance <= 1 else _begun_otherwise(scope, word) or found, compared
    return _begun_otherwise(scope, word), compared


def _begun_otherwise(scope: _Scope, word: str) -> _Word | None:
    """Return a known word that differs in how it begins alone.

    Its first letter is missing, another, one too many, or has changed places with the second.
    """
    # Twenty-six letters are looked up more quickly than a word is compared with all that begin otherwise.
    begun = {word[1:], word[1] + word[0] + word[2:]}
    begun.update(letter + rest for letter in ascii_lowercase for rest in (word, word[1:]))
    stems = {stem(one, language) for one in begun for language in scope.languages} - {""}
    rows = scope.snapshot.db.execute(_VOCABULARY, (_json(sorted(stems)), scope.places))
    near = sorted((abs(len(known) - len(word)), -facts, known) for _, known, _, facts in rows)
    return next(filter(None, (_known(scope, form) for *_, form in near[:_TRIED])), None)


def _nearest(scope: _Scope, word: str, errors: int) -> tuple[list[tuple[int, int, int, str]], int]:
    """Return the words with the same first letter at most so many errors away, or whose stems are.

    The nearest come first; each has in front its errors, its difference in length, and minus the number of
    its facts. With them comes how many were compared.
    """
    from rapidfuzz.distance import OSA  # noqa: PLC0415 -- most searches spell their words right
    from rapidfuzz.process import extract  # noqa: PLC0415

    typed = {word, *(stem(word, language) for language in scope.languages)}
    # Words of one letter and length are one string: to fetch a row for each takes several times as long.
    query = "SELECT words FROM lexicon WHERE first = ? AND length BETWEEN ? AND ?"
    span = (min(map(len, typed)) - errors, len(word) + errors)
    away: dict[str, int] = {}
    compared = 0
    for (words,) in scope.snapshot.db.execute(query, (word[0], *span)):
        forms = words.split(" ")
        compared += len(forms) * len(typed)
        for one in typed:
            for form, distance, _ in extract(
                one, forms, scorer=OSA.distance, score_cutoff=errors, limit=None
            ):
                away[form] = min(distance, away.get(form, distance))
    ranked = sorted(away, key=lambda form: (away[form], abs(len(form) - len(word)), form))
    stems = {stem(form, language) for form in ranked[:_NEAREST] for language in scope.languages}
    asked = _json(sorted(stems.union(ranked[:_NEAREST])))
    near = []
    for stemmed, known, _, facts in scope.snapshot.db.execute(_VOCABULARY, (asked, scope.places)):
        distance = min(away.get(stemmed, errors + 1), away.get(known, errors + 1))
        if distance <= errors:
            near.append((distance, abs(len(known) - len(word)), -facts, known))
    return sorted(near), compared


def _matching(scope: _Scope, words: list[_Word], topic: str, limit: int) -> list[int]:
    """Return the ranks of the best facts that have all words."""
    groups = [sorted(word.stems) for word in words]
    if topic or scope.places is not None:
        groups.insert(0, [marker(number, topic) for number in scope.numbers])
    asked = " AND ".join(map(_any_of, groups))
    db, found = scope.snapshot.db, list[int]()
    rarest = min(word.facts for word in words)
    spans: Iterable[tuple[int, int]] = scope.runs
    if len(words) > 1 and rarest > COMMON:
        spans = _windows(scope)
    elif len(groups) > 1 and scope.runs:
        # To find where a span begins, full-text search looks for the words together from the first fact on.
        spans = [(scope.runs[0][0], scope.runs[-1][1])]
    for first, last in spans:
        if scope.as_of < scope.snapshot.newest:
            rows = db.execute(_MATCHING_KNOWN, (asked, first, last, scope.as_of, limit - len(found)))
        else:
            rows = db.execute(_MATCHING, (asked, first, last, limit - len(found)))
        found += [rank for (rank,) in rows]
        if len(found) >= limit:
            break
    return found


def _runs(snapshot: Snapshot, numbers: Iterable[int], as_of: int) -> tuple[tuple[int, int], ...]:
    """Return where facts were known: a few runs of stretches."""
    if as_of >= snapshot.newest:
        return ((0, _LAST_RANK),)
    tags = _json(tag_number.__wrapped__(number, *EVERYTHING) for number in numbers)
    runs: list[list[int]] = []
    for n in sorted({n for (n,) in snapshot.db.execute(_RUN, (tags, as_of))}):
        if runs and (n == runs[-1][1] or len(runs) == _RUNS):
            runs[-1][1] = n + 1
        else:
            runs.append([n, n + 1])
    return tuple((first << STRETCH_BITS, (last << STRETCH_BITS) - 1) for first, last in runs)


def _windows(scope: _Scope) -> Iterator[tuple[int, int]]:
    """Cut runs into windows, since full-text search cannot be stopped while two common words do not meet."""
    for start, last in scope.runs:
        first = start
        while first <= last:
            row = scope.snapshot.db.execute(_WINDOW, (first,)).fetchone()
            end = min(row[0] if row else last, last)
            yield first, end
            first = end + 1


def _json(values: Iterable[int | str]) -> str:
    return msgspec.json.encode(tuple(values)).decode()


def _any_of(tokens: Iterable[str]) -> str:
    # Stems and markers hold letters, digits and § only, so quoting them is enough for FTS5.
    return "(" + " OR ".join(f'"{token}"' for token in tokens) + ")"


def _by_relevance(scope: _Scope, ranks: list[int], words: list[_Word]) -> list[int]:
    """Return some facts, given as their ranks, the most relevant first."""
    scored = []
    for rank, ended, body in scope.snapshot.db.execute(_SPOKEN, (_json(ranks),)):
        fact = _spoken.decode(body).fact
        text = spellings(" ".join(filter(None, (fact.text, fact.duty, fact.quote))))
        score = sum(_relevance(text, word) for word in words) - (4 if ended <= scope.as_of else 0)
        scored.append((-score, rank))
    return [rank for _, rank in sorted(scored)]


def _relevance(text: list[str], word: _Word) -> int:
    """Score a word in a fact: one of its own text counts more than one of the names that it is about."""
    if word.forms.isdisjoint(text):
        return 1
    places = [place for place, spelt in enumerate(text) if spelt in word.forms]
    return 4 + min(len(places), 3) + (places[0] < 8)
