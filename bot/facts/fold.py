"""Folding: names in any script and spelling, reduced to what two writers of the same name agree on.

What is left is lower-case Latin letters, digits and single spaces. Russian and Ukrainian follow the
transliteration that English-language newspapers use ("Мишустин" is `mishustin`). Chinese becomes pinyin
("习近平" is `xijinping`: one word, since nothing in it says where another begins). The rest is what anyascii
makes of it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import zip_longest
from typing import Final

LENGTH: Final = 256
"""How many characters of a text are looked at; what follows them is ignored."""

_LETTERS: Final = "а б в г д е ё ж з и й к л м н о п р с т у ф х ц ч ш щ ы э ю я і ї є ґ ў ъ ь"
_LATIN: Final = "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya i i ye g u"
_CYRILLIC: Final = str.maketrans(dict(zip_longest(_LETTERS.split(), _LATIN.split(), fillvalue="")))
_UKRAINIAN: Final = _CYRILLIC | {ord("г"): "h", ord("и"): "y"}
_UKRAINIAN_ONLY: Final = frozenset("іїєґ")
_DIGRAPHS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_ADJECTIVE: Final = re.compile(r"(?:[иы]й|ій)\b")  # -ий and -ый end in one "y": Dmitry, Zelensky
_CHINESE: Final = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]+")
_APOSTROPHES: Final = frozenset("'’‘`´ʹʼʻʾʿ′")
_NO_LETTER: Final = re.compile(r"[^a-z0-9]+")


def fold(text: str) -> str:
    """Return `text` as lower-case Latin letters, digits and single spaces; empty if it has neither.

    Linear in the first :data:`LENGTH` characters; the same text gives the same result everywhere.
    """
    return _latin(_prepared(text))


def folds(text: str) -> tuple[str, ...]:
    """Return the fold of `text` first, then the one with ä, ö, ü, ø, å as two letters, where it differs.

    "Müller" is written both `muller` and `mueller` by people who have no umlaut to type.
    """
    prepared = _prepared(text)
    if prepared.isascii():
        return (_latin(prepared),)
    return tuple(dict.fromkeys((_latin(prepared), _latin(prepared.translate(_DIGRAPHS)))))


def tokens(text: str) -> tuple[str, ...]:
    """Return the words of the folded text, in order."""
    return tuple(fold(text).split())


def _prepared(text: str) -> str:
    text = text[:LENGTH]
    if text.isascii():
        return text.lower()
    # One character can become eighteen (U+FDFA), so it is cut again.
    return unicodedata.normalize("NFKC", text)[:LENGTH].casefold()


def _latin(text: str) -> str:
    if not text.isascii():
        # Casefolding İ leaves a loose dot, and a decomposed й must be one letter before the table sees it.
        text = unicodedata.normalize("NFC", text)
        table = _CYRILLIC if _UKRAINIAN_ONLY.isdisjoint(text) else _UKRAINIAN
        text = _ADJECTIVE.sub("y", text).translate(table)
        if not text.isascii():
            text = "".join(map(_character, _CHINESE.sub(r" \g<0> ", text)))
    return _NO_LETTER.sub(" ", text.replace("'", "").replace("&", " and ")).strip()


@lru_cache(maxsize=4096)
def _character(character: str) -> str:
    """Return one character in Latin: nothing for marks and apostrophes, a space for what is no letter."""
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if character in _APOSTROPHES or category == "Cf":
        return ""
    if category[0] not in "LMN":
        return " "
    base = unicodedata.normalize("NFD", character)[0]
    if base.isascii():
        return base
    from anyascii import anyascii  # noqa: PLC0415 - Latin and Cyrillic names never pay for its import

    return "".join(filter(str.isalnum, anyascii(character).lower()))
