"""Search by words: all of them where that finds enough, fewer where it does not, typos forgiven."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Final

import msgspec

from bot.facts.snapshot import Snapshot
from bot.facts.stated import Stated
from bot.facts.words import find_words, marker, pieces, spell, stem

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
    """A word of a query: its stems, the folded words of the base that have them, and in how many facts."""

    typed: str
    stems: frozenset[str]
    forms: frozenset[str]
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
        ((-_relevance(one, kept), place, one) for place, one in enumerate(facts)),
        key=lambda row: row[:2],
    )
    found = tuple(one for _, _, one in scored[:limit])
    return Hits(found, wanted, tuple(corrected), tuple(dropped), tuple(unknown))


def _known(scope: _Scope, word: str) -> _Word | None:
    """Return a word that a fact within the scope has, or None."""
    found = frozenset(stem(spell(word), language) for language in scope.languages) - {""}
    query = """
        SELECT word, facts FROM json_each(?) AS place CROSS JOIN json_each(?) AS wanted
        CROSS JOIN vocabulary ON dossier = place.value AND stem = wanted.value
    """
    rows = scope.snapshot.db.execute(query, (_json(scope.numbers), _json(sorted(found)))).fetchall()
    forms = frozenset(form for form, _ in rows)
    known = _Word(word, found, forms, sum(facts for _, facts in rows)) if rows else None
    # Words of facts that are still to come must not be given away, not even as what was meant.
    if known and scope.as_of < scope.snapshot.newest and not _matching(scope, [known], "", 1):
        return None
    return known


def _near(scope: _Scope, word: str) -> str | None:
    """Return the nearest known word, or None: one typing error away, two in a long word, inflected or not.

    Of words equally near, those with the same first letter come first. A word with a digit has none, since
    one year or number is no misspelling of another.
    """
    errors = 0 if len(word) < 5 else 1 if len(word) < 8 else 2
    if not errors or not word.isalpha():
        return None
    # Few words have the same first letter; all are compared only where none of those is one error away.
    for first in (word[0], ""):
        near = _nearest(scope, word, errors, first)
        found = next((one for one in near if _known(scope, one[-1])), None)
        if found and (found[0] <= 1 or not first):
            return found[-1]
    return None


def _nearest(scope: _Scope, word: str, errors: int, first: str) -> list[tuple[int, bool, int, int, str]]:
    """Return the words at most so many errors away whose stems begin so, the nearest and commonest first.

    Each has in front its errors, whether its first letter is another, its difference in length, and minus the
    number of its facts.
    """
    from rapidfuzz.distance import OSA  # noqa: PLC0415 -- most searches spell their words right
    from rapidfuzz.process import extract  # noqa: PLC0415

    typed = {word, *(stem(word, language) for language in scope.languages)}
    # All words in one string: to fetch a row for each of them takes several times as long.
    query = """
        SELECT group_concat(stem, ' '), group_concat(word, ' ')
        FROM json_each(?1) AS place
        CROSS JOIN vocabulary ON dossier = place.value AND stem >= ?4 AND stem < ?5
        WHERE length(word) BETWEEN ?2 AND ?3 OR length(stem) BETWEEN ?2 AND ?3
    """
    places = _json(scope.numbers)
    span = (min(map(len, typed)) - errors, len(word) + errors, first, first + "\uffff")
    (row,) = scope.snapshot.db.execute(query, (places, *span))
    stemmed, spelt = (joined.split() if joined else [] for joined in row)
    away: dict[tuple[str, str], int] = {}
    for one, others in product(typed, (stemmed, spelt)):
        for _, distance, at in extract(one, others, scorer=OSA.distance, score_cutoff=errors, limit=None):
            pair = (stemmed[at], spelt[at])
            away[pair] = min(distance, away.get(pair, distance))
    query = """
        SELECT max(facts) FROM json_each(?) AS place
        CROSS JOIN vocabulary ON dossier = place.value AND stem = ? AND word = ?
    """
    near = []
    for (stemmed_as, known), distance in away.items():
        (facts,) = scope.snapshot.db.execute(query, (places, stemmed_as, known)).fetchone()
        near.append((distance, known[0] != word[0], abs(len(known) - len(word)), -facts, known))
    return sorted(near)


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


def _relevance(one: Stated, words: list[_Word]) -> int:
    """Score a fact: words of its own text count more than words of the names it is about."""
    parts = find_words(" ".join(filter(None, (one.fact.text, one.fact.duty, one.fact.quote))))
    text = [spelt for part in parts for spelt in pieces(part[0])]
    score = 0
    for word in words:
        places = [place for place, spelt in enumerate(text) if spelt in word.forms]
        score += 4 + min(len(places), 3) + (places[0] < 8) if places else 1
    withdrawn = bool(one.superseded_by) or one.retracted_on is not None
    return score - 4 if withdrawn else score
