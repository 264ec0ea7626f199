"""How well the words of a query fit one spelling of a name, and whether that is enough to be sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final, NamedTuple

ARTICLES: Final = frozenset({"the"})  # "a" would swallow initials
TITLES: Final = ARTICLES | {
    *(
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "professor",
        "sir",
        "dame",
        "lord",
        "lady",
        "herr",
        "frau",
    ),
    *("monsieur", "madame", "president", "prezident", "vice", "deputy", "former", "prime", "minister", "pm"),
    *(
        "premier",
        "chancellor",
        "chairman",
        "chairwoman",
        "ceo",
        "secretary",
        "general",
        "senator",
        "governor",
    ),
    *("king", "queen", "prince", "princess", "pope"),
}
"""What may stand before a person's name without being part of it; before other names only articles may."""

EMPTY: Final = ARTICLES | {"a", "an", "and", "of", "for", "in", "on"}
"""Words that alone say nothing."""

FAR: Final = 3
"""The level of a fit that is no more than a suggestion."""

_SURE_LENGTH: Final = 5  # a shorter word with an error in it could as well be another word
_LONG_INITIALS: Final = frozenset({"ch", "kh", "sh", "shch", "ts", "ya", "yu", "zh"})  # Ю. is "yu."
_UNFINISHED: Final = 3  # letters that a word needs before it counts as the beginning of another
_NO_MATCH: Final = 9
_ASKED: Final = 0.5  # the share of a query that a whole name in it has at least
_CLOSE: Final = 0.8  # the share of letters that are right when three errors are few


class Fit(NamedTuple):
    """How well a query fits a spelling.

    `level` is 0 when every word is there as written (or as its initial), 1 with one error, 2 with so many
    that it is worth a question, `FAR` otherwise. `sure` says that nothing but the name can be meant if no
    other fits as well, and of a far name that its surname is right. `score` is the share of the query's
    letters that are right. `whole` says that no word of the name is left out, `unfinished` that one is only
    begun.
    """

    level: int
    sure: bool
    score: float
    whole: bool = False
    unfinished: bool = False


class Query:
    """The words of a query, and per word the known words near it with their distance."""

    def __init__(self, words: Sequence[str], near: Mapping[str, Mapping[str, float]] | None = None) -> None:
        self.words = words
        self.near = near or {}
        self.letters = sum(map(len, words))
        self.titles = {
            True: words[: len(words) - len(without_titles(words))],
            False: words[: len(words) - len(without_titles(words, ARTICLES))],
        }

    def apart(self, word: str, known: str) -> float:
        """Return how far one word is from the other; an initial is not at all, an unfinished word by one."""
        if known.startswith(word):
            if is_initial(word):
                return 0
            if len(word) >= _UNFINISHED:
                return 1
        return self.near[word].get(known, _NO_MATCH) if word in self.near else _NO_MATCH


def is_initial(word: str) -> bool:
    """Whether a folded word may stand for any word that begins with it."""
    return (len(word) == 1 and word.isalpha()) or word in _LONG_INITIALS


def without_titles(words: Sequence[str], titles: frozenset[str] = TITLES) -> Sequence[str]:
    """Return the words without the titles before them; the last word always stays."""
    start = 0
    while start < len(words) - 1 and words[start] in titles:
        start += 1
    return words[start:]


def fit(query: Query, name: Sequence[str], *, person: bool, family_first: bool) -> Fit:
    """Compare the words of a query with the words of a name, whatever their order.

    `family_first` says that the family name stands in front, as in Chinese.
    """
    left, rest = list(name), []
    for word in query.words:
        if word in left:
            left.remove(word)
        else:
            rest.append(word)
    exact = len(name) - len(left)
    initials = sum(is_initial(word) for word in query.words if word not in rest)
    errors = wrong = 0
    off = 0.0
    slips_only, unfinished = True, False
    missing: list[str] = []
    last = next((word for word in query.words if word not in rest), "")
    for word in sorted(rest, key=len, reverse=True) if len(rest) > 1 else rest:
        apart, known = min([(query.apart(word, other), other) for other in left], default=(_NO_MATCH, ""))
        if apart == _NO_MATCH:
            missing.append(word)
            continue
        left.remove(known)
        last = known
        if apart == 0:
            initials += 1
            continue
        errors += ceil(apart)
        off += apart
        unfinished |= len(known) - len(word) > 1 and known.startswith(word)
        slips_only &= apart <= 1 and _is_slip(word, known)
    used = len(name) - len(left)
    letters = query.letters
    if missing:
        whole_person = person and not left and used > 1
        titles = query.titles[person]
        free = [word for word in missing if word in titles or (whole_person and _is_patronymic(word))]
        letters -= sum(map(len, free))
        missing = [word for word in missing if word not in free]
        wrong = sum(map(len, missing))
    score = max(0.0, 1 - (off + wrong) / max(1, letters))
    if used == initials:
        return Fit(FAR, False, score / 2)
    surname = person and last == name[0 if family_first else -1] and (family_first or len(last) > 2)
    if missing:
        # A wrong initial, or a whole name with more words around it, is worth a question.
        asks = (person and exact and all(map(is_initial, missing))) or (not left and score >= _ASKED)
        return Fit(2, False, score) if asks and not errors else Fit(FAR, surname and not errors, score)
    told = (person or not initials) if not left else person and (used > 1 or surname)
    sure = told and errors < 2 and slips_only and not unfinished and not (errors and initials)
    level = min(errors, 2) if errors < 3 or (errors == 3 and score >= _CLOSE) else FAR
    return Fit(level, sure, score, not left, unfinished)


def _is_slip(word: str, known: str) -> bool:
    """Whether one error makes no other name: both words long enough, and not Ivanov for Ivanova."""
    return min(len(word), len(known)) >= _SURE_LENGTH and known != word + "a" and word != known + "a"


def _is_patronymic(word: str) -> bool:
    """Whether a word may be a Russian middle name, which most spellings leave out."""
    return word.endswith(("vich", "vna"))
