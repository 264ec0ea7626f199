"""What becomes of spellings whose meaning is known: the table that the tests of names use."""

from __future__ import annotations

import runpy
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from benchmarks.figures import Spellings
from bot.facts.names import SCHEMA, Outcome, resolve, write_names

TABLE: Final = Path(__file__).parent.parent / "tests" / "facts" / "names_table.py"

MEANINGS: Final = {
    "found": "one thing is meant",
    "ask": "several may be meant",
    "none": "nothing here is meant",
}
"""What the table says of a spelling, and how the figures name it."""


def resolve_spellings() -> tuple[Spellings, ...]:
    """Resolve every spelling of the table, and count what came of those with one, several and no meaning."""
    table = runpy.run_path(str(TABLE))
    counts = {meaning: dict.fromkeys(("right", "asked", "none", "wrong"), 0) for meaning in MEANINGS.values()}
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        write_names(db, table["things"]())
        for row in table["rows"]():
            found = resolve(db, row.query, "entity", frozenset({1}))
            ids = {match.id for match in found.matches}
            counts[MEANINGS[row.outcome]][judge(row.outcome, set(row.ids), found.outcome, ids)] += 1
    return tuple(Spellings(meaning, **count) for meaning, count in counts.items())


def judge(meaning: str, meant: set[str], outcome: Outcome, ids: set[str]) -> str:
    """Say what a resolution is worth where `meant` is one thing (found), several (ask) or nothing (none)."""
    if outcome is Outcome.NONE:
        return "none"
    if outcome is Outcome.ASK:
        return "asked" if meaning != "none" and meant <= ids else "wrong"
    return "right" if meaning == "found" and meant == ids else "wrong"
