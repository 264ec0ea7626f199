"""What a single fact becomes in a snapshot: what it can be found by, its days, its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Final

from bot.facts.course import breadth_of
from bot.facts.fields import folded
from bot.facts.keys import ordinal, time_of
from bot.facts.records import Entity, Fact, FactKind, Source
from bot.facts.snapshot import EVERYTHING
from bot.facts.stated import KnownBy
from bot.facts.words import WORD, marker, pieces, stem

Tag = tuple[str, str]
"""What a fact can be found by: kind and id."""

Day = tuple[str, int, int]
"""A day of a fact: what happens, the ordinal, and minus the days that follow it."""

Spelt = tuple[tuple[str, str], ...]
"""The words of a text, each with its stem in front."""

REMEMBERED = 65_536
"""Words of a language whose stems are remembered while compiling."""

_DEFINING: Final = frozenset({FactKind.DEFINITION, FactKind.ROLE})

TIES = ("supersedes", "disputes", "outcome_of")
"""The keys under which a fact names other facts."""


def known_from(fact: Fact, sources: Mapping[str, Source]) -> tuple[int, int, KnownBy]:
    """Return the ordinals from which a fact could be known and surely was, and where those days come from.

    That is the first publication among its sources; where no source says its day, what the fact says of its
    own (facts.md, "Two clocks"). Raises KeyError for an unknown source.
    """
    days = [published.date for one in fact.sources if (published := sources[one.ref].published)]
    by = KnownBy.PUBLISHED
    if not days and fact.said and fact.said.when:
        days, by = [fact.said.when.date], KnownBy.SAID
    elif not days and fact.date:
        days, by = [fact.date.date], KnownBy.DATE
    elif not days:
        days, by = [fact.added], KnownBy.ADDED
    if len(days) == 1:
        return ordinal(days[0]), ordinal(days[0], last=True), by
    return min(map(ordinal, days)), min(ordinal(day, last=True) for day in days), by


def origins_of(fact: Fact, sources: Mapping[str, Source], known: int) -> tuple[int, ...]:
    """Return, for each different origin of a fact's sources, the ordinal from which it reported the fact."""
    origins: dict[str, int] = {}
    for evidence in fact.sources:
        source = sources[evidence.ref]
        if source.origin:
            day = ordinal(source.published.date) if source.published else known
            origins[source.origin] = min(day, origins.get(source.origin, day))
    return tuple(sorted(origins.values()))


def tags_of(fact: Fact, sources: Mapping[str, Source]) -> list[Tag]:
    """Return what a fact can be found by, each once, whatever other facts say of it."""
    said, value = fact.said, fact.value
    refs = [evidence.ref for evidence in fact.sources]
    origins = [origin for ref in refs if (origin := sources[ref].origin)]
    tags: list[Tag] = [EVERYTHING, *(("about", entity) for entity in fact.about)]
    if said and isinstance(said.by, str):
        tags.append(("said", said.by))
    tags += [("through", one) for one in ((*said.via, *origins) if said else origins)]
    if fact.kind in _DEFINING:
        tags.append(("defines", fact.about[0]))
    tags += [("owed", entity) for entity in fact.owed_by]
    tags += [("named", entity) for entity in (said.to if said else ())]
    if value:
        tags.append(("named", value.of))
    tags += [("topic", topic) for topic in fact.topics]
    tags += [("source", ref) for ref in refs]
    if fact.retracted and fact.retracted.source:
        tags.append(("withdrawn", fact.retracted.source))
    tags.append(text_tag(fact))
    return list(dict.fromkeys(tags))


def text_tag(fact: Fact) -> Tag:
    """Return the tag of all facts that have the same text."""
    return "text", folded(fact.text)


def disputed_tags(fact: Fact) -> Iterator[Tag]:
    """Yield what a fact can be found by as long as it disputes or is disputed."""
    yield "disputed", ""
    for topic in dict.fromkeys(fact.topics):
        yield "disputed", topic


def days_of(fact: Fact) -> dict[str, tuple[Day, ...]]:
    """Return, by kind of tag, the days under which a fact is kept in the order of time."""
    day, width, added, _ = time_of(fact)
    when: tuple[Day, ...] = (("when", day, width),)
    if width and (breadth := breadth_of(width)):
        when += ((breadth, day, width),)
    due: tuple[Day, ...] = (("due", ordinal(fact.due, last=True), 0),) if fact.due else ()
    of_base: tuple[Day, ...] = (("added", added, 0),)
    if fact.review_by:
        of_base += (("review", ordinal(fact.review_by, last=True), 0),)
    if fact.supersedes:
        of_base += (("superseded", added, 0),)
    if fact.retracted:
        of_base += (("retracted", ordinal(fact.retracted.on), 0),)
    return {
        "all": (*when, *due, *of_base),
        "topic": (*when, *due, *of_base),
        "about": (*when, *due),
        "said": when,
        "through": when,
        "owed": due,
    }


_STEM: Final = itemgetter(0)


class _Words(dict[str, Spelt]):
    """What each word of a language is found by. Looked up a million times, so that no call is made for it."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, word: str) -> Spelt:
        if len(self) >= REMEMBERED:
            self.clear()
        found = self[word] = tuple((stem(piece, self._language), piece) for piece in pieces(word))
        return found


_words_of: Final = lru_cache(maxsize=4)(_Words)


def spelt(text: str, language: str) -> Spelt:
    """Return the words of a text in order, whole and in parts, each with its stem in front."""
    return tuple(_spelt(text, language))


def _spelt(text: str, language: str) -> Iterator[tuple[str, str]]:
    return chain.from_iterable(map(_words_of(language).__getitem__, WORD.findall(text)))


def names_of(entity: Entity) -> str:
    """Return all spellings of an entity as one text."""
    return " ".join((entity.name, *entity.also))


def words_of(fact: Fact, spellings: Mapping[str, Spelt], language: str) -> dict[tuple[str, str], None]:
    """Return the different words by which a fact is found in search, each with its stem in front.

    `spellings` holds the words of the names of each entity. Raises KeyError for an unknown entity.
    """
    parts = [fact.text, *filter(None, (fact.quote, fact.duty))]
    people = [*fact.about, *fact.owed_by]
    said = fact.said
    if said:
        if isinstance(said.by, str):
            people.append(said.by)
        else:
            parts.append(said.by.unnamed)
        people += (*said.to, *said.via)
        parts.append(said.cue)
    return dict.fromkeys(chain(_spelt(" ".join(parts), language), *map(spellings.__getitem__, people)))


def stems_of(dossier: int, fact: Fact, words: Iterable[tuple[str, str]]) -> str:
    """Return what full-text search is given of a fact: its marks and the stems of its words."""
    marks = (marker(dossier), *(marker(dossier, topic) for topic in fact.topics))
    return " ".join((*marks, *dict.fromkeys(map(_STEM, words))))
