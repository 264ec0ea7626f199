"""Which words of the known names may be meant by a word that is nearly one of them.

Words that differ by one letter share a form with one letter less, and words that differ by a choice between
two transliterations a *loose form*: these are keys of one table, so such words come from one range scan. What
differs by more is found by comparing loose forms, those of about the same length that begin with the same
letter: some thousands, held in a few rows, of which rapidfuzz compares ten in a microsecond (optimal string
alignment: a swap of neighbours is one error).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import Final
from zlib import crc32

from msgspec.json import encode

SCHEMA: Final = """
CREATE TABLE name_near (key INTEGER NOT NULL, word TEXT NOT NULL, PRIMARY KEY (key, word)) WITHOUT ROWID;
CREATE TABLE name_form (
  first TEXT, length INTEGER, forms TEXT NOT NULL, PRIMARY KEY (first, length)
) WITHOUT ROWID;
"""
"""`word` may be meant wherever `key` is the CRC-32 of one of the queried word's keys; `forms` are all loose
forms with that first letter and length, in order, with a space between them.
"""

LONGEST: Final = 32
"""Longer words are only found as they are written."""

_LOOKED_AT: Final = 250  # candidates compared, however crowded their keys are
_KEPT: Final = 24
_ALIKE: Final = 4  # letters by which two transliterations of a name differ at most
_AS_LONG: Final = 2  # letters by which one of them is longer at most
_FORMS_APART: Final = 2  # letters by which loose forms differ at most
_TRANSLITERATED: Final = 0.5  # what another transliteration counts for
_BEGUN: Final = 0.2  # by how much an error at the end of a word counts for less than one at its beginning
_INSERT: Final = "INSERT INTO name_near SELECT DISTINCT * FROM temp.near ORDER BY key, word"
_INSERT_FORMS: Final = """
INSERT INTO name_form SELECT substr(form, 1, 1), length(form), group_concat(form, ' ')
FROM (SELECT form FROM temp.form ORDER BY substr(form, 1, 1), length(form), form) GROUP BY 1, 2
"""
_ADD: Final = "INSERT OR IGNORE INTO name_near VALUES (?, ?)"
_DELETE: Final = "DELETE FROM name_near WHERE key = ? AND word = ?"
_SELECT: Final = """
SELECT near.key, near.word FROM json_each(?) AS wanted CROSS JOIN name_near AS near ON near.key = wanted.value
LIMIT ?
"""
_KNOWN: Final = """
SELECT word FROM json_each(?) AS wanted CROSS JOIN name_near
ON name_near.key = json_extract(wanted.value, '$[0]') AND word = json_extract(wanted.value, '$[1]')
"""
_FORMS: Final = """
SELECT forms FROM json_each(?) AS wanted
CROSS JOIN name_form ON first = wanted.value AND length BETWEEN ? AND ?
"""
_FORMS_AT: Final = "SELECT forms FROM name_form WHERE first = ? AND length = ?"

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
_VOWELS: Final = "aeiou"
_GLIDE: Final = re.compile(r"i(?=[aeiou])")  # Yevgeny and Evgeny, Dmitriy and Dmitry


def loose(word: str) -> str:
    """Return a folded word without the differences between common transliterations."""
    form = _GLIDE.sub("", _SOUND.sub(_sound, word)).removesuffix("e")
    return form[:-2] + "r" if form.endswith("er") else form  # Alexander, Alexandre and Aleksandr


def _loose_forms(word: str) -> tuple[str, ...]:
    """Return the loose forms of a word: French writes "j" where English writes "zh"."""
    form = loose(word)
    return (form, loose(word.replace("j", "zh"))) if "j" in word else (form,)


def _sound(found: re.Match[str]) -> str:
    letters = found[0]
    return _SOUNDS.get(letters) or _SOUNDS.get(letters[0], letters[0])


def write_near(db: sqlite3.Connection, words: Iterable[str]) -> None:
    """Fill the tables for the distinct folded `words`; SQLite sorts the rows, so memory stays small."""
    db.execute("CREATE TEMP TABLE near (key INTEGER, word TEXT)")
    db.execute("CREATE TEMP TABLE form (form TEXT PRIMARY KEY) WITHOUT ROWID")
    for word in words:
        forms = _loose_forms(word)
        keys = _keys(word, forms)
        if keys:
            db.executemany("INSERT INTO temp.near VALUES (?, ?)", ((key, word) for key in keys))
            db.executemany("INSERT OR IGNORE INTO temp.form VALUES (?)", ((form,) for form in forms if form))
    db.execute(_INSERT)
    db.execute(_INSERT_FORMS)
    db.execute("DROP TABLE temp.near")
    db.execute("DROP TABLE temp.form")


def change_near(db: sqlite3.Connection, lost: Iterable[str], added: Iterable[str]) -> None:
    """Take words out of the tables and put others in, those that are there already too."""
    changed: set[str] = set()
    for statement, words in ((_DELETE, lost), (_ADD, added)):
        for word in words:
            forms = _loose_forms(word)
            keys = _keys(word, forms)
            db.executemany(statement, ((key, word) for key in keys))
            changed.update(forms if keys else ())
    blocks: dict[tuple[str, int], list[str]] = {}
    for form in sorted(changed - {""}):
        blocks.setdefault((form[0], len(form)), []).append(form)
    for block, some in blocks.items():
        row = db.execute(_FORMS_AT, block).fetchone()
        kept = set(row[0].split() if row else ()).difference(some) | _borne(db, some)
        if kept:
            db.execute("INSERT OR REPLACE INTO name_form VALUES (?, ?, ?)", (*block, " ".join(sorted(kept))))
        else:
            db.execute("DELETE FROM name_form WHERE first = ? AND length = ?", block)


def _borne(db: sqlite3.Connection, forms: Collection[str]) -> set[str]:
    """Return which of some loose forms a known word has."""
    keys = encode([_number(form) for form in forms]).decode()
    return {form for _, word in db.execute(_SELECT, (keys, -1)) for form in _loose_forms(word)}.intersection(
        forms
    )


def near(db: sqlite3.Connection, word: str, *, far: bool) -> dict[str, float]:
    """Return the known words nearest to a folded one with their distance, the nearest first.

    Rounded up, that is the number of errors: 0 for the word itself if known, 1 for another transliteration
    too. By how much it is less tells the likelier of two: a transliteration is likelier than an error, and
    an error late in a word than one at its beginning. Words at distance 2, and 3 from a long word, are looked
    for only if `far`, which takes many times as long. Words with digits have no near misses, since G7 and G20
    are not misspellings of each other; they and very short or long ones are taken to be known.
    """
    from rapidfuzz.distance import OSA, Prefix  # noqa: PLC0415 - exact names never pay for its import

    forms = _loose_forms(word)
    keys = _keys(word, forms)
    if not keys:
        return {word: 0}
    limit = 1 if len(word) < 4 or not far else 2 if len(word) < 8 else 3
    alike = {_number(form) for form in forms}
    found = {known: 0 if key in alike else _FORMS_APART for key, known in _words(db, keys)}
    for known, between in _far(db, forms).items() if limit > 1 else ():
        found[known] = min(between, found.get(known, between))
    distances = {}
    for known, between in found.items():
        apart: float = OSA.distance(word, known)
        if (
            between < apart <= _ALIKE
            and abs(len(known) - len(word)) <= _AS_LONG
            and (between or not {*_loose_forms(known)}.isdisjoint(forms))
        ):
            # Another transliteration counts as one error, and every further error by itself.
            apart = min(apart, between + _TRANSLITERATED)
        if apart <= limit:
            distances[known] = apart and apart - _BEGUN * Prefix.similarity(word, known) / len(word)
    return dict(sorted(distances.items(), key=itemgetter(1, 0))[:_KEPT])


def _far(db: sqlite3.Connection, forms: Sequence[str]) -> dict[str, int]:
    """Return known words by how many letters their loose form is apart from one of some forms, if by few."""
    from rapidfuzz import process  # noqa: PLC0415
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    apart: dict[str, int] = {}
    for form in filter(None, forms):
        # A glide that is left out of one word but not of the other leaves another vowel in front.
        firsts = encode([*_VOWELS] if form[0] in _VOWELS else [form[0]]).decode()
        within = firsts, len(form) - _FORMS_APART, len(form) + _FORMS_APART
        for (block,) in db.execute(_FORMS, within):
            near = process.extract(
                form, block.split(), scorer=OSA.distance, score_cutoff=_FORMS_APART, limit=None
            )
            for other, distance, _ in near:
                apart[other] = min(int(distance), apart.get(other, _FORMS_APART))
    by_key = {_number(form): distance for form, distance in apart.items()}
    nearest = sorted(by_key, key=by_key.__getitem__)
    found: dict[str, int] = {}
    for key, known in _words(db, nearest):
        found[known] = min(by_key[key], found.get(known, _FORMS_APART))
    return found


def _words(db: sqlite3.Connection, keys: Sequence[int]) -> list[tuple[int, str]]:
    return db.execute(_SELECT, (encode(keys).decode(), _LOOKED_AT)).fetchall()


def known(db: sqlite3.Connection, words: Iterable[str]) -> set[str]:
    """Return which of some words are known, of those that can be told."""
    wanted = encode([(_number(word), word) for word in words if can_be_told(word)]).decode()
    return {word for (word,) in db.execute(_KNOWN, (wanted,))}


def can_be_told(word: str) -> bool:
    """Whether the tables say if a word is known; the others have no near misses."""
    return 3 <= len(word) <= LONGEST and word.isalpha()


def _keys(word: str, forms: Iterable[str]) -> list[int]:
    """Return what a word is looked up by, the most telling first."""
    if not can_be_told(word):
        return []
    shorter = (word[:at] + word[at + 1 :] for at in range(len(word)))
    return [crc32(key.encode()) for key in dict.fromkeys((word, *forms, *shorter))]


def _number(form: str) -> int:
    return crc32(form.encode())
