"""Findings: what is wrong in a fact base, where, and what to do about it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from bot.facts.rules import RULES, Rule, Severity

__all__ = [
    "RULES",
    "Finding",
    "Findings",
    "Rule",
    "Severity",
    "finding",
    "format_findings",
    "nearest",
    "shown",
]

Style = Literal["text", "json", "github"]

SHOWN_LENGTH: Final = 60
"""Characters of a value that a message repeats."""

PER_FILE: Final = 1_000
"""Findings kept of one file; one more says that the rest is left out."""

PER_RUN: Final = 200
"""Findings that are printed as text or as workflow commands."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong; findings sort by file, line, column and code.

    `file` is a POSIX path relative to the root that was checked; `line` and `column` count from 1, columns in
    Unicode code points. `message` is one sentence, `fix` another.
    """

    file: str
    line: int
    column: int
    code: str
    severity: Severity
    message: str
    fix: str


def finding(code: str, file: str, line: int, column: int, message: str = "", fix: str = "") -> Finding:
    """Make a finding; an empty message or fix is taken from the rule.

    Raises:
        KeyError: there is no rule with this code.
    """
    rule = RULES[code]
    return Finding(file, line, column, code, rule.severity, message or rule.summary, fix or rule.fix)


class Findings:
    """Collects the findings of one file, at most :data:`PER_FILE` of them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Finding] = []

    def add(self, code: str, line: int, column: int, message: str = "", fix: str = "") -> None:
        """Add a finding, or count it as left out once there are too many."""
        if len(self.found) < PER_FILE:
            self.found.append(finding(code, self.file, line, column, message, fix))
        elif len(self.found) == PER_FILE:
            message = f"The file has more than {PER_FILE:,} findings; the rest is not listed."
            self.found.append(finding("F008", self.file, line, column, message))


def shown(value: str) -> str:
    """Return a value in quotes for a message: shortened, its control and formatting characters visible."""
    cut = value[:SHOWN_LENGTH]
    text = "".join(_visible(char) if unicodedata.category(char)[0] in "CZ" else char for char in cut)
    return f'"{text}{"…" if len(value) > SHOWN_LENGTH else ""}"'


def _visible(char: str) -> str:
    if char == " ":
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def nearest(wanted: str, known: Iterable[str]) -> str:
    """Return the known word that is most like the wanted one, or an empty string if none is near."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 -- only a base with findings pays for the import

    best = process.extractOne(wanted[:SHOWN_LENGTH], list(known), scorer=fuzz.ratio, score_cutoff=65)
    return str(best[0]) if best else ""


def format_findings(findings: Iterable[Finding], style: Style = "text") -> str:
    """Render findings, sorted.

    `text` is one line each and a count; `json` an array of objects; `github` workflow commands that annotate
    a pull request, and the count. Text and workflow commands stop at :data:`PER_RUN` findings, errors before
    warnings, and say so.
    """
    listed = sorted(findings)
    if style == "json":
        return msgspec.json.format(msgspec.json.encode(listed), indent=2).decode() + "\n"
    line = _command if style == "github" else _line
    first = sorted(sorted(listed, key=lambda one: one.severity)[:PER_RUN])
    return "\n".join([*(line(one) for one in first), _count(listed)]) + "\n"


def _line(one: Finding) -> str:
    return f"{one.file}:{one.line}:{one.column}: {one.severity} {one.code} {one.message} {one.fix}"


def _command(one: Finding) -> str:
    """Render one workflow command, escaped as GitHub's toolkit does it (actions/toolkit, command.ts)."""
    place = f"file={_property(one.file)},line={one.line},col={one.column},title={one.code}"
    return f"::{one.severity} {place}::{_data(f'{one.message} {one.fix}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _count(listed: list[Finding]) -> str:
    if not listed:
        return "Nothing to correct."
    errors = sum(one.severity is Severity.ERROR for one in listed)
    parts = [_number(errors, "error"), _number(len(listed) - errors, "warning")]
    text = " and ".join(part for part in parts if part)
    text += f" in {_number(len({one.file for one in listed}), 'file')}"
    return f"{text}; {PER_RUN} are shown, errors before warnings." if len(listed) > PER_RUN else f"{text}."


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}" if count else ""
