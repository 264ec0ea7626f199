"""The rows of a snapshot, whatever pages they are on: two that hold the same answer the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]


def tables(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield (name, query) of each table; of an index of words, what it finds where."""
    found = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
    indexes = [name for name, sql in found if "fts5" in sql]
    for name in indexes:
        db.execute(f"CREATE VIRTUAL TABLE temp.of_{name} USING fts5vocab(main, {name}, instance)")
        yield name, f"SELECT term, doc FROM temp.of_{name} ORDER BY term, doc"
    for name, _ in found:
        if not any(name == one or name.startswith(f"{one}_") for one in indexes):
            columns = len(db.execute(f"SELECT * FROM {name} LIMIT 0").description)
            yield name, f"SELECT * FROM {name} ORDER BY {', '.join(map(str, range(1, columns + 1)))}"


def differences(one: Path, other: Path, most: int = 10) -> list[tuple[str, Row | None, Row | None]]:
    """Return (table, row of one, row of the other) where two snapshots differ, at most so many a table."""
    found = []
    with closing(sqlite3.connect(one)) as first, closing(sqlite3.connect(other)) as second:
        for (name, query), _ in zip(list(tables(first)), list(tables(second)), strict=True):
            pairs = zip_longest(first.execute(query), second.execute(query))
            differ = ((name, left, right) for left, right in pairs if left != right)
            found += [pair for pair, _ in zip(differ, range(most), strict=False)]
    return found
