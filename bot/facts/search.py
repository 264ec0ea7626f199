"""Search by words: all of them where that finds enough, fewer where it does not, typos forgiven."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from bot.facts.snapshot import Snapshot
from bot.facts.stated import Stated
from bot.facts.words import find_words, marker, spell, stem, stems

WORDS: Final = 12
"""Words of a query that count."""

CANDIDATES: Final = 300
"""Facts, best first, that are ranked anew by relevance."""


class Hits(msgspec.Struct, frozen=True):
    """What a search found: facts by relevance, and how the words were taken.

    `wanted` holds the stems to mark; `corrected` pairs of typed and taken words; `dropped` the words that had
    to be left out to find anything; `unknown` the words that no fact has.
    """

    facts: tuple[Stated, ...]
    wanted: frozenset[str] = frozenset()
    corrected: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class _Word(msgspec.Struct, frozen=True):
    typed: str
    stems: frozenset[str]
    facts: int


class _Scope(msgspec.Struct, frozen=True):
    """Where a search may look: at the facts of some dossiers that could be known on a day."""

    snapshot: Snapshot
    numbers: tuple[int, ...]
    languages: tuple[str, ...]
    as_of: int


def search(
    snapshot: Snapshot, text: str, dossiers: Iterable[tuple[str, int]], topic: str, as_of: int, limit: int
) -> Hits:
    """Find facts of some dossiers (id, number) and one topic (or "") that could be known on `as_of`."""
    places = dict(dossiers)
    languages = sorted({snapshot.dossier(one).language for one in places})
    scope = _Scope(snapshot, tuple(sorted(places.values())), tuple(languages), as_of)
    typed = [match[0] for match, _ in zip(find_words(text), range(WORDS), strict=False)]
    words: list[_Word] = []
    corrected, unknown = [], []
    for word in dict.fromkeys(typed):
        known = _known(scope, word)
        if known is None and (better := _near(scope, spell(word))):
            corrected.append((word, better))
            known = _known(scope, better)
        if known is None:
            unknown.append(word)
        else:
            words.append(msgspec.structs.replace(known, typed=word))
    kept, dropped, facts = list(words), [], []
    while kept:
        facts = _matching(scope, kept, topic, CANDIDATES)
        if facts or len(kept) == 1:
            break
        commonest = max(kept, key=lambda one: one.facts)
        kept.remove(commonest)
        dropped.append(commonest.typed)
    wanted = frozenset().union(*(word.stems for word in kept)) if facts else frozenset()
    scored = sorted(
        ((-_relevance(one, kept, snapshot), place, one) for place, one in enumerate(facts)),
        key=lambda row: row[:2],
    )
    found = tuple(one for _, _, one in scored[:limit])
    return Hits(found, wanted, tuple(corrected), tuple(dropped), tuple(unknown))


def _known(scope: _Scope, word: str) -> _Word | None:
    """Return a word that a fact within the scope has, or None."""
    found = frozenset(stem(spell(word), language) for language in scope.languages) - {""}
    query = """
        SELECT sum(facts) FROM json_each(?) AS place CROSS JOIN json_each(?) AS wanted
        CROSS JOIN vocabulary ON dossier = place.value AND stem = wanted.value
    """
    (facts,) = scope.snapshot.db.execute(query, (_json(scope.numbers), _json(sorted(found)))).fetchone()
    known = _Word(word, found, facts) if facts else None
    # Words of facts that are still to come must not be given away, not even as what was meant.
    if known and scope.as_of < scope.snapshot.newest and not _matching(scope, [known], "", 1):
        return None
    return known


def _near(scope: _Scope, word: str) -> str | None:
    """Return the nearest known word, or None: one typing error away, two in a long word, inflected or not.

    A word with a digit has none, since one year or number is no misspelling of another.
    """
    errors = 0 if len(word) < 5 else 1 if len(word) < 8 else 2
    if not errors or not word.isalpha():
        return None
    from rapidfuzz.distance import OSA  # noqa: PLC0415 -- most searches spell their words right

    typed = {word, *(stem(word, language) for language in scope.languages)}
    query = """
        SELECT word, stem, facts FROM json_each(?1) AS place CROSS JOIN vocabulary ON dossier = place.value
        WHERE length(word) BETWEEN ?2 AND ?3 OR length(stem) BETWEEN ?2 AND ?3
    """
    span = (min(map(len, typed)) - errors, len(word) + errors)
    near = []
    for known, stemmed, facts in scope.snapshot.db.execute(query, (_json(scope.numbers), *span)):
        away = min(
            OSA.distance(one, other, score_cutoff=errors) for one in typed for other in (known, stemmed)
        )
        if away <= errors:
            near.append((away, abs(len(known) - len(word)), -facts, known))
    return next((known for *_, known in sorted(near) if _known(scope, known)), None)


def _matching(scope: _Scope, words: list[_Word], topic: str, limit: int) -> list[Stated]:
    markers = [marker(number, topic) for number in scope.numbers]
    asked = " AND ".join(_any_of(group) for group in (markers, *(sorted(word.stems) for word in words)))
    query = """
        SELECT words.rowid FROM words CROSS JOIN fact ON fact.rank = words.rowid
        WHERE words MATCH ? AND fact.known <= ? ORDER BY words.rowid LIMIT ?
    """
    rows = scope.snapshot.db.execute(query, (asked, scope.as_of, limit)).fetchall()
    return [scope.snapshot.fact(rank) for (rank,) in rows]


def _json(values: Iterable[int | str]) -> str:
    return msgspec.json.encode(tuple(values)).decode()


def _any_of(tokens: Iterable[str]) -> str:
    # Stems and markers hold letters, digits and § only, so quoting them is enough for FTS5.
    return "(" + " OR ".join(f'"{token}"' for token in tokens) + ")"


def _relevance(one: Stated, words: list[_Word], snapshot: Snapshot) -> int:
    """Score a fact: words of its own text count more than words of the names it is about."""
    language = snapshot.dossier(one.dossier).language
    text = stems(" ".join(filter(None, (one.fact.text, one.fact.duty, one.fact.quote))), language)
    score = 0
    for word in words:
        places = [place for place, found in enumerate(text) if found in word.stems]
        score += 4 + min(len(places), 3) + (places[0] < 8) if places else 1
    withdrawn = bool(one.superseded_by) or one.retracted_on is not None
    return score - 4 if withdrawn else score
