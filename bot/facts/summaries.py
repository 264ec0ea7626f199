"""What the rows of a snapshot amount to: made of the rows alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from bot.facts.snapshot import STRETCH_BITS

SPANS: Final = (0, 6, 12)
"""Bits by which the days of a tally are shortened: single days, 64 of them, 4,096."""

_STRETCHES: Final = f"""
INSERT INTO stretch SELECT tag, rank >> {STRETCH_BITS}, min(known), max(ended)
FROM json_each(?) AS summed CROSS JOIN posting ON tag = summed.value
CROSS JOIN fact INDEXED BY fact_course USING (rank) GROUP BY 1, 2
"""  # noqa: S608 -- a number of the schema
_TALLY: Final = "INSERT INTO tally SELECT dossier, ?1, known >> ?1, count(*) FROM fact GROUP BY 1, 3"
_WORDS: Final = """
SELECT substr(word, 1, 1) AS first, length(word) AS length, word
FROM (SELECT word FROM vocabulary UNION SELECT stem FROM vocabulary) WHERE word != '' ORDER BY 1, 2, 3
"""


def write_summaries(db: sqlite3.Connection, tags: Iterable[int]) -> None:
    """Fill the empty tables of stretches (for these tags), tallies and the lexicon."""
    db.execute(_STRETCHES, (json.dumps(sorted(tags)),))
    for bits in SPANS:
        db.execute(_TALLY, (bits,))
    groups = groupby(db.execute(_WORDS), key=lambda row: row[:2])
    rows = [(*key, " ".join(word for *_, word in words)) for key, words in groups]
    db.executemany("INSERT INTO lexicon VALUES (?, ?, ?)", rows)
