"""Words as search sees them: folded, stemmed, hyphens forgiven."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Final

from bot.facts.fold import fold

WORD: Final = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
LONGEST: Final = 64
"""Letters of a word that count; a longer one is cut, so that no text can be made of one huge word."""

LANGUAGES: Final = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "fi": "finnish", "fr": "french", "hi": "hindi",
    "hu": "hungarian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "nl": "dutch",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish",
    "tr": "turkish",
}  # fmt: skip
"""Snowball's stemmers by ISO 639-1 code; a dossier in another language is searched unstemmed."""


@cache
def _stemmer(language: str) -> Any:
    import Stemmer  # noqa: PLC0415 -- only search and compile need it

    name = LANGUAGES.get(language.partition("-")[0].lower())
    return Stemmer.Stemmer(name) if name else None


@lru_cache(maxsize=2_048)
def stem(word: str, language: str) -> str:
    """Return a folded word without its inflection (Snowball)."""
    stemmer = _stemmer(language)
    return str(stemmer.stemWord(word)) if stemmer else word


def spell(word: str) -> str:
    """Return a word folded to ASCII letters and digits, without hyphens or apostrophes."""
    return fold(word[:LONGEST]).replace(" ", "")


def marker(dossier: int, topic: str = "") -> str:
    """Return the token that marks a fact's dossier or topic among its words; no word can look like it."""
    return f"§{dossier}§{topic.replace('-', '§')}"


def find_words(text: str) -> Iterator[re.Match[str]]:
    """Yield the words of a text with their places."""
    return WORD.finditer(text)


def pieces(word: str) -> list[str]:
    """Return how a word may be looked for, folded: whole, and in its parts where it has a hyphen."""
    # Plain words are most of them, and quicker folded than looked up.
    return [word.lower()[:LONGEST]] if word.isascii() and word.isalnum() else list(_pieces(word))


@lru_cache(maxsize=512)
def _pieces(word: str) -> tuple[str, ...]:
    parts = re.split(r"[-'’]", word)
    return tuple(filter(None, map(spell, (word, *parts) if len(parts) > 1 else (word,))))


def spellings(text: str) -> list[str]:
    """Return the words of a text as they may be looked for, in order: see :func:`pieces`."""
    words = WORD.findall(text)
    together = "".join(words)
    if together.isascii() and together.isalnum():  # no hyphen, nothing to fold
        return [word.lower()[:LONGEST] for word in words]
    return [one for word in words for one in pieces(word)]


def mark(text: str, wanted: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """Cut a text into pieces, each with whether it is a word one of whose spellings is wanted."""
    done = 0
    for match in find_words(text) if not wanted.isdisjoint(spellings(text)) else ():
        if not wanted.isdisjoint(pieces(match[0])):
            if match.start() > done:
                yield text[done : match.start()], False
            yield match[0], True
            done = match.end()
    if done < len(text):
        yield text[done:], False
