"""Names: what somebody may mean by one, and how to go on while one is being typed.

Nothing is ever silently wrong: what several things are called, what is more than one error away, and what is
only a part of a name that is no person's is asked.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final

import msgspec

from bot.facts import name_index as index
from bot.facts.candidates import LONGEST, can_be_told, known, near
from bot.facts.fit import ARTICLES, EMPTY, FAR, TITLES, Fit, Query, fit, is_initial, without_titles
from bot.facts.fold import LENGTH, folds, tokens
from bot.facts.name_index import KINDS, SCHEMA, Named, Row, Scope, write_names

__all__ = [
    "KINDS", "SCHEMA", "How", "Match", "Named", "Outcome", "Resolution", "complete", "resolve", "write_names",
]  # fmt: skip

_CHOICES: Final = 10
_SUGGESTIONS: Final = 3
_SUGGESTED: Final = 0.4  # the share of a query's letters that a suggestion has at least
_WORDS: Final = 4  # the longest words of a query are those by which things are looked for
_KEY_ROWS, _EXACT_ROWS, _NEAR_ROWS, _PART_ROWS = 24, 24, 64, 16
_SPARE: Final = 8  # times as many things are looked at as completions are wanted
_EAST_ASIAN: Final = re.compile("[\u3400-\u9fff\uac00-\ud7a3]")
_EXACT: Final = Fit(0, True, 1.0, whole=True)


class How(StrEnum):
    """By what a name was recognised."""

    EXACT = "exact"
    """The id or the name itself, its words in any order."""
    ALIAS = "alias"
    """Another whole spelling."""
    TOKENS = "tokens"
    """Some of its words, or initials."""
    PREFIX = "prefix"
    """The beginnings of its words."""
    NEAR = "near"
    """A near miss."""


class Outcome(StrEnum):
    """What came of a name."""

    FOUND = "found"
    ASK = "ask"
    NONE = "none"


class Match(msgspec.Struct, frozen=True):
    """A thing and the spelling that matched, as it is written; `score` is the share of right letters."""

    kind: str
    key: int
    dossier: int
    id: str
    label: str
    spelling: str
    score: float
    how: How


class Resolution(msgspec.Struct, frozen=True):
    """What a name was taken for.

    `matches` holds the one thing FOUND; the one to ten to ASK about, best first; with NONE up to three near
    names. `near` says that they are near misses, so the answer must say what it took the name for.
    """

    outcome: Outcome
    matches: tuple[Match, ...] = ()
    near: bool = False


class _Candidate(msgspec.Struct, frozen=True):
    row: Row
    spelling: str
    fit: Fit
    how: How

    @property
    def part(self) -> bool:
        """Whether words of the name are left out; who types a surname as it is written leaves out nothing."""
        return self.fit.level > 0 and not self.fit.whole

    @property
    def order(self) -> tuple[int, float, bool, int, str, int]:
        place = self.row.place
        label = self.row.label.casefold()
        return self.fit.level, -self.fit.score, self.part, index.rank_of(place), label, place

    @property
    def match(self) -> Match:
        row = self.row
        score = round(self.fit.score, 3)
        return Match(*index.address_of(row.place), row.id, row.label, self.spelling, score, self.how)


# --- completion ----------------------------------------------------------------------------------------


def complete(
    db: sqlite3.Connection, prefix: str, kind: str, dossiers: frozenset[int] | None, limit: int = 25
) -> list[index.Listed]:
    """Return the things of a kind whose names have words that begin with the words of `prefix`.

    `dossiers` is None for all there are. The most prominent come first, at most `limit` and never more than a
    hundred; those of equal prominence by dossier and key. Nothing typed yet gives the most prominent of all.
    """
    words = tokens(prefix)
    limit = min(limit, 100)
    if limit < 1 or len(prefix) > LENGTH or (prefix.strip() and not words):
        return []
    within = index.scope(kind, dossiers)
    found = _completions(db, words, within, limit)
    if not found and prefix.strip().endswith(("и", "ы")):
        # "Дмитри" is no beginning of "dmitry", but "Дмитрий" is one letter further.
        found = _completions(db, tokens(prefix.strip() + "й"), within, limit)
    if not found and words:
        found = _completions(db, without_titles(words), within, limit)
    return found


def _completions(
    db: sqlite3.Connection, words: Sequence[str], within: Scope, limit: int
) -> list[index.Listed]:
    """Return the most prominent things that have a spelling which goes on from the words."""
    expression = " AND ".join(f"{word[: index.PREFIX]}*" for word in _longest(words))
    if not words or (len(words) == 1 and len(words[0]) <= index.PREFIX):
        return index.listed(db, expression, within, limit)
    # The index knows no longer prefixes, and takes "gref" for both words of "g gr": some do not fit.
    rows = index.listed_with_words(db, expression, within, limit * _SPARE)
    return list(islice((row for row, folded in rows if _goes_on(folded, words)), limit))


def _goes_on(folded: str, words: Sequence[str]) -> bool:
    """Whether a spelling has a word of its own for each beginning."""
    for line in folded.split("\n"):
        left = line.split()
        for word in sorted(words, key=len, reverse=True):
            known = next((other for other in left if other.startswith(word)), None)
            if known is None:
                break
            left.remove(known)
        else:
            return True
    return False


def _longest(words: Sequence[str]) -> list[str]:
    """Return the words of a query that narrow it down the most, so that a long one costs no more."""
    return sorted(words, key=len, reverse=True)[:_WORDS]


# --- resolution ----------------------------------------------------------------------------------------


def resolve(db: sqlite3.Connection, query: str, kind: str, dossiers: frozenset[int] | None) -> Resolution:
    """Return what things of a kind `query` may mean in some dossiers, or in all (None).

    An id as it is written, or a whole spelling with its words in any order, finds; so do a person's surname,
    initials with it, and one error in a word of five letters or more, if one thing alone fits. What is less
    sure asks. A query longer than :data:`bot.facts.fold.LENGTH` is none.
    """
    query = query.strip()
    forms = [form.split() for form in folds(query)] if len(query) <= LENGTH else [[]]
    words = forms[0]
    if not words:
        return Resolution(Outcome.NONE)
    within = index.scope(kind, dossiers)
    exact = _exact(db, query, forms, within)
    if exact:
        return _decided(exact, truncated=False)
    suggestions: dict[int, _Candidate] = {}
    for tier, truncated in _tiers(db, forms, within):
        plausible = [one for one in tier if one.fit.level < FAR]
        if plausible:
            return _decided(plausible, truncated=truncated)
        suggestions.update(
            (one.row.place, one) for one in tier if one.fit.sure or one.fit.score >= _SUGGESTED
        )
    best = sorted(suggestions.values(), key=lambda one: one.order)[:_SUGGESTIONS]
    return Resolution(Outcome.NONE, tuple(one.match for one in best), bool(best))


def _decided(candidates: Iterable[_Candidate], *, truncated: bool) -> Resolution:
    ranked = _ranked(candidates)
    best = [one for one in ranked if one.fit.level == ranked[0].fit.level]
    if any(one.fit.whole for one in best):
        # Who types all of "China" does not mean "China Daily"; but a surname is a whole name to most people.
        best = [one for one in best if one.fit.whole or one.row.person]
    is_near = best[0].how in {How.NEAR, How.PREFIX}
    if len(best) == 1 and best[0].fit.sure and not truncated:
        return Resolution(Outcome.FOUND, (best[0].match,), is_near)
    choices = ranked if is_near else best
    return Resolution(Outcome.ASK, tuple(one.match for one in choices[:_CHOICES]), is_near)


def _ranked(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Return what fits best first, one of each name before the namesakes, and whole names before parts."""
    found = list(candidates)
    if len(found) < 2:
        return found
    seen: Counter[tuple[int, str]] = Counter()
    ranked: list[tuple[int, int, bool, int, _Candidate]] = []
    for one in sorted(found, key=lambda one: one.order):
        key = one.fit.level, one.row.label
        seen[key] += 1
        ranked.append((one.fit.level, seen[key], one.part, len(ranked), one))
    return [one for *_, one in sorted(ranked)]


def _exact(
    db: sqlite3.Connection, query: str, forms: Sequence[Sequence[str]], within: Scope
) -> list[_Candidate]:
    """Return the things with that id; else with that spelling; else run together; else without a title."""
    whole = [index.keys(form) for form in forms]
    stages = [[index.id_key(query)], [keys[0] for keys in whole], [key for keys in whole for key in keys[1:]]]
    for titles in (ARTICLES, TITLES):
        bare = [name for form in forms if len(name := without_titles(form, titles)) < len(form)]
        stages.append([key for name in bare for key in index.keys(name)])
    wanted = list(dict.fromkeys(key for keys in stages for key in keys))
    rows = index.by_key(db, wanted, within, _KEY_ROWS)
    for keys in stages if rows else ():
        found = {
            row.place: _Candidate(row, spelling, _EXACT, How.EXACT if spelling == row.label else How.ALIAS)
            for key, spelling, row in rows
            if key in keys and (row.person or keys is not stages[-1])
        }
        lone = next(iter(found.values())) if len(found) == 1 and keys is not stages[0] else None
        if found:
            others = _namesakes(db, lone, forms, within) if lone and lone.row.person else []
            return [*found.values(), *others]
    return []


def _namesakes(
    db: sqlite3.Connection, lone: _Candidate, forms: Sequence[Sequence[str]], within: Scope
) -> list[_Candidate]:
    """Return who else may be meant: a surname or initials listed as one person's are still shared."""
    bare = without_titles(forms[0])
    if len(bare) > 1 and not any(map(is_initial, bare)):
        return []
    others, _ = _as_written(db, [without_titles(form) for form in forms], within)
    return [one for one in others if one.row.person and one.fit.sure and one.row.place != lone.row.place]


def _as_written(
    db: sqlite3.Connection, forms: Sequence[Sequence[str]], within: Scope
) -> tuple[list[_Candidate], bool]:
    """Return whose name has all the words as they are, or their initials."""
    looks = []
    for words in forms:
        expression = " AND ".join(_term(word) for word in _longest(without_titles(words)))
        looks.append(_look(db, [expression], within, _EXACT_ROWS, Query(words)))
    best: dict[int, _Candidate] = {}
    for one in sorted((one for found, _ in looks for one in found), key=lambda one: one.order, reverse=True):
        best[one.row.place] = one
    return list(best.values()), any(truncated for _, truncated in looks)


_Near = Mapping[str, Mapping[str, float]]


def _tiers(
    db: sqlite3.Connection, forms: Sequence[Sequence[str]], within: Scope
) -> Iterator[tuple[list[_Candidate], bool]]:
    """Yield candidates from the surest to the vaguest, and whether there were too many to see all."""
    words = forms[0]
    bare = _longest(without_titles(words))
    if all(is_initial(word) or word in EMPTY for word in bare):
        return
    strange_in = _strange(db, [_plain(_longest(without_titles(form))) for form in forms])
    yield _as_written(db, [form for form, some in zip(forms, strange_in, strict=True) if not some], within)
    plain, strange = _plain(bare), strange_in[0]
    if len(strange) < 2:
        meant = {word: near(db, word, far=False) for word in strange or plain}
        terms = [_term(word) for word in bare]
        parts = [
            " AND ".join([*terms[:at], _term(word, meant, 1), *terms[at + 1 :]])
            for at, word in enumerate(bare)
            if word in meant
        ]
        yield _look(db, [" OR ".join(f"({part})" for part in parts)], within, _NEAR_ROWS, Query(words, meant))
    if not strange:
        yield _without_short(db, without_titles(words), within)
    # Looking far takes long, and what is a word of some name is hardly far from what is meant.
    meant = {word: near(db, word, far=word in strange or not strange) for word in plain}
    query = Query(words, meant)
    two = [_term(word, meant, 2) for word in bare]
    yield _look(db, [" AND ".join(two)], within, _NEAR_ROWS, query)
    yield _respaced(db, words, within)
    parts = [" AND ".join([*two[:at], *two[at + 1 :]]) for at in range(len(bare))] if len(bare) > 2 else []
    parts += [_term(word, meant, 3) for word in meant]
    yield _look(db, parts, within, _PART_ROWS, query)


def _without_short(
    db: sqlite3.Connection, words: Sequence[str], within: Scope
) -> tuple[list[_Candidate], bool]:
    """Return what has all the longer words, at most as a question: the error is in a short one ("fo")."""
    told = [word for word in words if can_be_told(word)]
    if len(told) < 2 or len(told) == len(words) or any(map(is_initial, words)):
        return [], False
    query = Query(told, {word: {word: 0.0} for word in told})
    found, truncated = _look(db, [" AND ".join(_longest(told))], within, _NEAR_ROWS, query)
    return [*map(_doubted, found)], truncated


def _doubted(one: _Candidate) -> _Candidate:
    """Return a candidate that is at most asked for."""
    doubtful = one.fit._replace(level=max(one.fit.level, 2), sure=False)
    return _Candidate(one.row, one.spelling, doubtful, How.NEAR)


def _strange(db: sqlite3.Connection, forms: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the words of each form that no name has, so that no form with one is looked for as it is."""
    heard = known(db, {word for words in forms for word in words})
    return [[word for word in words if word not in heard and can_be_told(word)] for words in forms]


def _plain(words: Iterable[str]) -> list[str]:
    return [word for word in words if not is_initial(word)]


def _respaced(db: sqlite3.Connection, words: Sequence[str], within: Scope) -> tuple[list[_Candidate], bool]:
    """Return what fits when the space stands elsewhere ("germangreff"), at most as a question."""
    joined = "".join(words)
    if len(words) > 2 or len(joined) > LONGEST:
        return [], False
    pairs = [(joined[:at], joined[at:]) for at in range(3, len(joined) - 2)]
    whole = known(db, [half for pair in pairs for half in pair])
    found: dict[int, _Candidate] = {}
    for pair in pairs:
        if whole.isdisjoint(pair):
            continue
        query = Query(pair, {half: near(db, half, far=False) for half in pair})
        expression = " AND ".join(_term(half, query.near, 2) for half in pair)
        for one in _look(db, [expression], within, _PART_ROWS, query)[0]:
            found.setdefault(one.row.place, _doubted(one))
    return list(found.values()), False


def _term(word: str, meant: _Near | None = None, most: int = 0) -> str:
    """Return the FTS5 term for a word: itself, what an initial may stand for, what is at most so far away."""
    if is_initial(word):
        return f"{word}*"
    if not most or meant is None:
        return word
    words = [other for other, apart in meant[word].items() if apart <= most]
    if word not in meant[word] and len(word) > 2:
        words.append(f"{word[: index.PREFIX]}*")
    return f"({' OR '.join(words or [word])})"


def _look(
    db: sqlite3.Connection, expressions: Sequence[str], within: Scope, limit: int, query: Query
) -> tuple[list[_Candidate], bool]:
    looks = [list(islice(index.by_words(db, part, within, limit), limit)) for part in expressions]
    rows = {row[0]: row for look in looks for row in look}
    # Many dossiers know the same thing by the same names.
    fits: dict[tuple[object, ...], _Candidate] = {}
    found = []
    for row in rows.values():
        alike = fits.get(row[2:])
        if alike is None:
            alike = fits[row[2:]] = _best(Row(*row), query)
            found.append(alike)
        else:
            found.append(_Candidate(Row(*row), alike.spelling, alike.fit, alike.how))
    return found, any(len(look) == limit for look in looks)


def _best(row: Row, query: Query) -> _Candidate:
    """Return the thing with the spelling that fits best."""
    person = bool(row.person)
    lines = row.lines
    # A name that is one word of Chinese characters in the order of its label has its family name in front.
    label = ["".join(lines[0][1])]
    family_first = any(name == label and _EAST_ASIAN.search(spelling) for spelling, name in lines)
    best, best_spelling = Fit(FAR, False, -1.0), row.label
    for spelling, name in lines:
        found = fit(query, name, person=person, family_first=family_first)
        if (found.level, not found.sure, -found.score) < (best.level, not best.sure, -best.score):
            best, best_spelling = found, spelling
            if not best.level and best.sure:
                break
    how = How.TOKENS if not best.level else How.PREFIX if best.unfinished else How.NEAR
    return _Candidate(row, best_spelling, best, how)
