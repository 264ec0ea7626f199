"""Which words of the known names may be meant by a word that is nearly one of them.

Words that differ by one letter share a form with one letter less. Words that differ in vowels, and by a
choice between two transliterations, share a *skeleton*; with one or two consonants wrong they share a
skeleton with as many less. All these are keys of one table, so candidates come from a few range scans, and
only they are compared letter by letter (optimal string alignment: a swap of neighbours is one error).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable
from itertools import combinations
from typing import Final
from zlib import crc32

SCHEMA: Final = """
CREATE TABLE name_near (key INTEGER NOT NULL, word TEXT NOT NULL, PRIMARY KEY (key, word)) WITHOUT ROWID;
"""
"""`word` may be meant wherever `key` is the CRC-32 of one of the queried word's keys."""

LONGEST: Final = 32
"""Longer words are only found as they are written."""

_LOOKED_AT: Final = 250  # candidates compared, however crowded their keys are
_KEPT: Final = 24
_TRANSLITERATED: Final = 4  # letters by which two transliterations of a name differ at most
_INSERT: Final = "INSERT INTO name_near SELECT DISTINCT * FROM temp.near ORDER BY key, word"
_ADD: Final = "INSERT OR IGNORE INTO name_near VALUES (?, ?)"
_SELECT: Final = """
SELECT near.word FROM json_each(?) AS wanted CROSS JOIN name_near AS near ON near.key = wanted.value LIMIT ?
"""

# Two spellings of one sound become one, whichever language it was transliterated for.
_SOUNDS: Final = {
    **dict.fromkeys(["shch", "tsch", "sch", "tch", "sh", "ch", "cz", "sz", "ts", "tz"], "s"),
    **dict.fromkeys(["ck", "q", "c"], "k"),
    **dict.fromkeys(["ou", "oo", "ue"], "u"),
    **dict.fromkeys(["ee", "y", "j"], "i"),
    **dict(
        zip(["zh", "kh", "gh", "ph", "th", "gue", "gui"], ["z", "h", "g", "f", "t", "ge", "gi"], strict=True)
    ),
    **dict(zip(["x", "w", "ae", "oe"], ["ks", "v", "a", "o"], strict=True)),
}
_SOUND: Final = re.compile("|".join([*sorted(_SOUNDS, key=len, reverse=True), r"([a-z])\1+"]))
_GLIDE: Final = re.compile(r"i(?=[aeiou])")  # Yevgeny and Evgeny, Dmitriy and Dmitry
_VOWELS: Final = str.maketrans("", "", "aeiou")


def loose(word: str) -> str:
    """Return a folded word without the differences between common transliterations."""
    form = _GLIDE.sub("", _SOUND.sub(_sound, word)).removesuffix("e")
    return form[:-2] + "r" if form.endswith("er") else form  # Alexander, Alexandre and Aleksandr


def _sound(found: re.Match[str]) -> str:
    letters = found[0]
    return _SOUNDS.get(letters) or _SOUNDS.get(letters[0], letters[0])


def write_near(db: sqlite3.Connection, words: Iterable[str]) -> None:
    """Fill `name_near` for the distinct folded `words`; SQLite sorts the rows, so memory stays small."""
    db.execute("CREATE TEMP TABLE near (key INTEGER, word TEXT)")
    rows = ((key, word) for word in words for key in _keys(word, loose(word), far=True))
    db.executemany("INSERT INTO temp.near VALUES (?, ?)", rows)
    db.execute(_INSERT)
    db.execute("DROP TABLE temp.near")


def change_near(db: sqlite3.Connection, lost: Iterable[str], added: Iterable[str]) -> None:
    """Take words out of `name_near` and put others in, those that are there already too."""
    for statement, words in (("DELETE FROM name_near WHERE key = ? AND word = ?", lost), (_ADD, added)):
        rows = ((key, word) for word in words for key in _keys(word, loose(word), far=True))
        db.executemany(statement, rows)


def near(db: sqlite3.Connection, word: str, *, far: bool) -> dict[str, int]:
    """Return the known words nearest to a folded one with their distance: 0 for itself if known, then 1.

    Words at distance 2, and 3 from a long word, are looked for only if `far`, which takes four times as long.
    A word that differs only by transliteration is at distance 1. Words with digits have no near misses, since
    G7 and G20 are not misspellings of each other; they and very short or long ones are taken to be known.
    """
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - exact names never pay for its import

    form = loose(word)
    keys = _keys(word, form, far=far)
    if not keys:
        return {word: 0}
    limit = 1 if len(word) < 4 or not far else 2 if len(word) < 8 else 3
    distances: dict[str, tuple[int, int]] = {}
    for (known,) in db.execute(_SELECT, (json.dumps(keys), _LOOKED_AT)):
        if known not in distances:
            apart = written = OSA.distance(word, known)
            if 1 < written <= _TRANSLITERATED:
                # Another transliteration counts as one error, and every further error by itself.
                apart = min(written, OSA.distance(form, loose(known)) + 1)
            distances[known] = apart, written
    ranked = sorted((*apart, known) for known, apart in distances.items() if apart[0] <= limit)
    return {known: apart for apart, _, known in ranked[:_KEPT]}


def known(db: sqlite3.Connection, words: Iterable[str]) -> set[str]:
    """Return which of some words are known."""
    keys = {crc32(word.encode()): word for word in words}
    found = {word for (word,) in db.execute(_SELECT, (json.dumps(list(keys)), _LOOKED_AT))}
    return found.intersection(keys.values())


def _keys(word: str, form: str, *, far: bool) -> list[int]:
    """Return what a word is looked up by, the most telling first."""
    if not 3 <= len(word) <= LONGEST or not word.isalpha():
        return []
    keys = [word, *_shortened(word, 1), form]
    if far:
        skeleton = form.translate(_VOWELS)
        for less, least in ((0, 2), (1, 4), (2, 5)):
            if len(skeleton) >= least:
                keys.extend("~" + short for short in _shortened(skeleton, less))
    return [crc32(key.encode()) for key in dict.fromkeys(keys)]


def _shortened(word: str, less: int) -> Iterable[str]:
    return map("".join, combinations(word, len(word) - less))
