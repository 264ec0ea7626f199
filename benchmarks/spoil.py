"""Names as people get them wrong: classes of error, each made from a seed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from random import Random
from typing import Final

from bot.facts.records import Entity, EntityKind

Spoil = Callable[[Entity, Random], str | None]
"""Returns a name with an error of one class, or None where a thing's name cannot have it."""

_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
_LATIN: Final = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN: Final = "абвгдежзийклмнопрстуфхцчшыюя"
_FRENCH: Final = (("sh", "ch"), ("kh", "kh"), ("zh", "j"), ("ch", "tch"), ("u", "ou"), ("y", "i"))
"""How French writes what English writes so, the longer first; each letter is taken once."""


def spoil(word: str, random: Random, how: str) -> str:
    """Return a word with one letter left out, doubled, swapped with the next or replaced; not the first."""
    if len(word) < 4:
        return word
    at = random.randrange(1, len(word) - 1)
    letters = _RUSSIAN if _CYRILLIC.search(word) else _LATIN
    made = {
        "out": word[:at] + word[at + 1 :],
        "twice": word[:at] + word[at] + word[at:],
        "swapped": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        "other": word[:at] + random.choice(letters.replace(word[at].lower(), "")) + word[at + 1 :],
    }[how]
    return made if made != word else spoil(word, random, "other")


def _once(how: str) -> Spoil:
    def make(entity: Entity, random: Random) -> str | None:
        return _spoilt(entity.name, random, how)

    return make


def _spoilt(name: str, random: Random, how: str = "") -> str | None:
    """Spoil one of the long words of a name."""
    words = name.split()
    long = [at for at, word in enumerate(words) if len(word) >= 5]
    if not long:
        return None
    at = random.choice(long)
    words[at] = spoil(words[at], random, how or random.choice(("out", "twice", "swapped", "other")))
    return " ".join(words)


def _twice(entity: Entity, random: Random) -> str | None:
    words = entity.name.split()
    if max(map(len, words)) < 8:
        return None
    once = _spoilt(entity.name, random)
    twice = _spoilt(once, random) if once else None
    return twice if twice != entity.name else None


def _unmarked(entity: Entity, _: Random) -> str | None:
    parts = unicodedata.normalize("NFD", entity.name)
    bare = "".join(one for one in parts if not unicodedata.combining(one))
    return bare if bare != entity.name else None


def _cyrillic(entity: Entity, random: Random) -> str | None:
    written = [one for one in entity.also if _CYRILLIC.search(one)]
    return _spoilt(written[0], random) if written else None


def _french(entity: Entity, _: Random) -> str | None:
    if not any(_CYRILLIC.search(one) for one in entity.also):
        return None
    table = dict(_FRENCH)
    pattern = "|".join(english for english, _ in _FRENCH)
    made = re.sub(pattern, lambda found: table[found[0]], entity.name.lower())
    return made.title() if made != entity.name.lower() else None


def _initial(entity: Entity, random: Random) -> str | None:
    words = entity.name.split()
    if entity.kind is not EntityKind.PERSON or len(words) < 2:
        return None
    surname = _spoilt(words[-1], random)
    return f"{words[0][0]}. {surname}" if surname else None


def _turned(entity: Entity, random: Random) -> str | None:
    words = entity.name.split()
    if entity.kind is not EntityKind.PERSON or len(words) != 2:
        return None
    return _spoilt(f"{words[1]} {words[0]}", random)


def _shorter(entity: Entity, random: Random) -> str | None:
    words = entity.name.split()
    if len(words) < 4:
        return None
    words.pop(random.randrange(1, len(words)))
    return _spoilt(" ".join(words), random)


CLASSES: Final[dict[str, Spoil]] = {
    "as it is written": lambda entity, _: entity.name,
    "a letter left out": _once("out"),
    "a letter doubled": _once("twice"),
    "two letters swapped": _once("swapped"),
    "another letter": _once("other"),
    "two errors": _twice,
    "marks left out": _unmarked,
    "Cyrillic, one error": _cyrillic,
    "French transliteration": _french,
    "initial, surname with an error": _initial,
    "surname first, one error": _turned,
    "a word left out, one error": _shorter,
}
"""The classes of error, by the name that the figures give them."""
