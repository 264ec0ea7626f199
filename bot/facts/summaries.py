"""What the rows of a snapshot amount to: stretches, tallies, the vocabulary and the lexicon."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Final

from bot.facts.snapshot import STRETCH_BITS
from bot.facts.words import stem

SPANS: Final = (0, 6, 12)
"""Bits by which the days of a tally are shortened: single days, 64 of them, 4,096."""

_STRETCHES: Final = f"""
INSERT INTO stretch SELECT tag, rank >> {STRETCH_BITS}, min(known), max(ended)
FROM json_each(?) AS summed CROSS JOIN posting ON tag = summed.value
CROSS JOIN fact INDEXED BY fact_course USING (rank) GROUP BY 1, 2
"""  # noqa: S608 -- a number of the schema
_STRETCH: Final = f"""
INSERT INTO stretch SELECT tag, ?2, min(known), max(ended) FROM posting
CROSS JOIN fact INDEXED BY fact_course USING (rank)
WHERE tag = ?1 AND rank >= ?2 << {STRETCH_BITS} AND rank < ?2 + 1 << {STRETCH_BITS} GROUP BY 1
"""  # noqa: S608 -- a number of the schema
_TALLY: Final = """
INSERT INTO tally VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET facts = facts + excluded.facts
"""
_COUNT: Final = """
INSERT INTO vocabulary VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET facts = facts + excluded.facts
"""
_WORDS: Final = """
SELECT substr(word, 1, 1) AS first, length(word) AS length, word
FROM (SELECT word FROM vocabulary UNION SELECT stem FROM vocabulary) WHERE word != '' ORDER BY 1, 2, 3
"""


def write_stretches(db: sqlite3.Connection, tags: Iterable[int]) -> None:
    """Fill the empty table of stretches for these tags."""
    db.execute(_STRETCHES, (json.dumps(sorted(tags)),))


def amend_stretches(db: sqlite3.Connection, stretches: Iterable[tuple[int, int]]) -> None:
    """Write some stretches anew."""
    for one in sorted(stretches):
        db.execute("DELETE FROM stretch WHERE tag = ? AND n = ?", one)
        db.execute(_STRETCH, one)


def add_to_tallies(db: sqlite3.Connection, known: Mapping[tuple[int, int], int]) -> None:
    """Count facts more or less: `known` holds how many, by dossier and day."""
    for bits in SPANS:
        spans: Counter[tuple[int, int, int]] = Counter()
        for (dossier, day), facts in known.items():
            spans[dossier, bits, day >> bits] += facts
        db.executemany(_TALLY, ((*key, facts) for key, facts in sorted(spans.items()) if facts))
    db.execute("DELETE FROM tally WHERE facts = 0")


def add_words(db: sqlite3.Connection, dossier: int, words: Mapping[tuple[str, str], int]) -> None:
    """Count words more or less: `words` holds in how many facts, by stem and word."""
    changed = sorted((*pair, dossier, facts) for pair, facts in words.items() if facts)
    db.executemany(_COUNT, changed)
    key = "(stem, word, dossier) = (?, ?, ?) AND facts = 0"
    fewer = [row[:3] for row in changed if row[3] < 0]
    db.executemany(f"DELETE FROM vocabulary WHERE {key}", fewer)  # noqa: S608 -- the columns


def write_lexicon(db: sqlite3.Connection) -> None:
    """Fill the empty lexicon."""
    groups = groupby(db.execute(_WORDS), key=lambda row: row[:2])
    rows = [(*key, " ".join(word for *_, word in words)) for key, words in groups]
    db.executemany("INSERT INTO lexicon VALUES (?, ?, ?)", rows)


def amend_lexicon(db: sqlite3.Connection, words: Iterable[str], languages: Iterable[str]) -> None:
    """Put words into the lexicon or take them out of it, as they are in the vocabulary now or not."""
    languages = set(languages)
    groups: dict[tuple[str, int], set[str]] = {}
    for word in filter(None, words):
        groups.setdefault((word[0], len(word)), set()).add(word)
    for key, changed in sorted(groups.items()):
        row = db.execute("SELECT words FROM lexicon WHERE first = ? AND length = ?", key).fetchone()
        listed = set(row[0].split(" ")) if row else set()
        there = {word for word in changed if _is_known(db, word, languages)}
        now = listed - (changed - there) | there
        if now == listed:
            continue
        db.execute("DELETE FROM lexicon WHERE first = ? AND length = ?", key)
        if now:
            db.execute("INSERT INTO lexicon VALUES (?, ?, ?)", (*key, " ".join(sorted(now))))


def _is_known(db: sqlite3.Connection, word: str, languages: set[str]) -> bool:
    """Say whether the vocabulary has a word, or has it as a stem."""
    query = "SELECT 1 FROM vocabulary WHERE stem = ? LIMIT 1"
    if db.execute(query, (word,)).fetchone():
        return True
    query = "SELECT 1 FROM vocabulary WHERE stem = ? AND word = ? LIMIT 1"
    stems = {stem(word, language) for language in languages}
    return any(db.execute(query, (one, word)).fetchone() for one in stems)
