"""What is found when records are held against each other: located, and kept by the record it is about."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Final

import msgspec
from msgspec.structs import replace

from bot.facts.cross import Issue
from bot.facts.findings import PER_FILE, Finding, Findings, finding
from bot.facts.load import locate_in
from bot.facts.reader import read as read_yaml
from bot.facts.rules import RULES, Severity
from bot.facts.snapshot import encode

_HELD: Final = 10_000
"""Issues that wait in memory until they are located."""


class Doubts:
    """Collects issues and writes them into a snapshot in the making; `read` returns the bytes of a file.

    A file is parsed again to locate what was found in it, which most files never need.
    """

    def __init__(self, db: sqlite3.Connection, read: Callable[[str], bytes]) -> None:
        self._db, self._read = db, read
        self._waiting: list[tuple[Issue, int, str, str]] = []
        self.is_broken = False

    def seen(self, findings: Iterable[Finding]) -> None:
        """Note whether there is an error among the findings of a file alone."""
        self.is_broken = self.is_broken or any(one.severity is Severity.ERROR for one in findings)

    def add(self, rule: str, dossier: int, record: str, issues: Iterable[Issue]) -> None:
        """Add what was found about a record by a group of rules."""
        for issue in issues:
            self.is_broken = self.is_broken or RULES[issue.code].severity is Severity.ERROR
            self._waiting.append((issue, dossier, rule, record))
        if len(self._waiting) > _HELD:
            self.flush()

    def forget(self, rule: str, dossier: int, record: str) -> None:
        """Forget what was found about a record by a group of rules."""
        self._db.execute(
            "DELETE FROM doubt WHERE dossier = ? AND rule = ? AND id = ?", (dossier, rule, record)
        )

    def flush(self) -> None:
        """Locate and write what waits."""
        self._waiting.sort(key=lambda one: (one[0].file, one[1:]))
        for file, of_file in groupby(self._waiting, key=lambda one: one[0].file):
            try:
                tree = read_yaml(self._read(file), file).tree
            except OSError:  # it was there a moment ago; what is wrong with it stays true
                tree = None
            for (dossier, rule, record), issues in groupby(of_file, key=lambda one: one[1:]):
                found = [
                    finding(one.code, file, *locate_in(tree, one.index, one.path), one.message, one.fix)
                    for one, *_ in issues
                ]
                self._write(dossier, rule, record, file, found)
        self._waiting = []

    def _write(self, dossier: int, rule: str, record: str, file: str, found: list[Finding]) -> None:
        key = (dossier, rule, record)
        row = self._db.execute(
            "SELECT findings FROM doubt WHERE dossier = ? AND rule = ? AND id = ? AND path = ?", (*key, file)
        ).fetchone()
        before = msgspec.msgpack.decode(row[0], type=list[Finding]) if row else []
        findings = encode(sorted([*before, *found]))
        self._db.execute("INSERT OR REPLACE INTO doubt VALUES (?, ?, ?, ?, ?)", (*key, file, findings))


def findings_of(db: sqlite3.Connection) -> list[Finding]:
    """Return all findings that a snapshot keeps, sorted; of a file at most so many as are listed."""
    query = """
        SELECT path, findings FROM file WHERE findings != x'' UNION ALL SELECT path, findings FROM doubt
        ORDER BY 1
    """
    listed: list[Finding] = []
    for file, rows in groupby(db.execute(query), key=lambda row: row[0]):
        found = Findings(file)
        for one in sorted(one for _, row in rows for one in msgspec.msgpack.decode(row, type=list[Finding])):
            if len(found.found) < PER_FILE:
                found.found.append(one)
            else:
                found.add(one.code, one.line, one.column)
        listed += found.found
    return sorted(listed)


def relocated(issues: Iterable[Issue], where: Callable[[], tuple[str, int]]) -> Iterator[Issue]:
    """Yield issues with the place of their record, which is sought only if there are any."""
    for issue in issues:
        file, index = where()
        yield replace(issue, file=file, index=index)
