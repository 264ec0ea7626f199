"""Every rule that a fact base is checked against: its code, how grave it is, and what to do.

The first letter says what a rule looks at: F the files of a dossier, Y the YAML text, R one record, X what
records say of each other, W what is allowed but deserves a second look. A code never changes its meaning.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec


class Severity(StrEnum):
    """Whether a finding keeps the base from being used."""

    ERROR = "error"
    WARNING = "warning"


class Rule(msgspec.Struct, frozen=True):
    """One rule: `summary` says in a sentence what is wrong when it is broken, `fix` what to do."""

    code: str
    severity: Severity
    summary: str
    fix: str


GROUPS: Final = {
    "F": "Files",
    "Y": "YAML",
    "R": "One record",
    "X": "Between records",
    "W": "Warnings",
}
"""The heading of each group of rules, by the first letter of their codes."""

_TABLE: Final = (
    (
        "F001",
        "A dossier lacks one of its files.",
        "Create the file; lists may be empty, [], and dossier.yaml needs an id and a title.",
    ),
    ("F002", "The folder holds no dossier.", "Name a folder that holds dossier.yaml, or dossier folders."),
    ("F003", "A YAML file ends in .yml.", "Rename it so that it ends in .yaml."),
    ("F004", "A YAML file or folder is in a place that is not read.", "Move or rename it, or take it out."),
    ("F005", "A symbolic link leads out of the fact base.", "Replace the link by the file itself."),
    ("F006", "A file cannot be read.", "Make it an ordinary file that may be read."),
    (
        "F007",
        "A file or folder name has characters that not every system can write.",
        "Use Latin letters, digits, points, hyphens and underscores, with a letter or digit first.",
    ),
    (
        "F008",
        "A file has more findings than are listed.",
        "Correct those that are listed and check again.",
    ),
    ("Y001", "The file is larger than 4 MiB.", "Split it into several files."),
    ("Y002", "The file is not valid UTF-8.", "Save the file as UTF-8."),
    ("Y003", "The file is UTF-16 or UTF-32, not UTF-8.", "Save the file as UTF-8."),
    ("Y004", "The file holds a control or replacement character.", "Delete it, or type what belongs there."),
    (
        "Y005",
        "The file holds an invisible character or one that reorders text.",
        "Delete the character; only what can be seen belongs in a fact base.",
    ),
    ("Y006", "The file holds a tab.", "Use spaces; YAML indents with spaces only."),
    ("Y007", "A line ends in a carriage return alone.", "Save the file with LF or CRLF line ends."),
    ("Y008", "The text is not valid YAML.", "Correct the punctuation or the indentation here."),
    (
        "Y009",
        "Lists and mappings are nested deeper than 32 levels.",
        "Write it flatter; no record needs that.",
    ),
    ("Y010", "There is an anchor or an alias.", "Write the value out, or put text with & or * in quotes."),
    ("Y011", "There is a tag.", "Take the tag out, or put text that begins with ! in quotes."),
    ("Y012", "There is a directive.", "Take the line that begins with % out."),
    ("Y013", "The file holds more than one document.", "Put everything under one heading; take --- out."),
    ("Y014", "A key stands twice in one mapping.", "Keep one of the two."),
    ("Y015", "There is a merge key.", "Take << out and write the keys out."),
    ("Y016", "A key is not a plain word.", "Write the key as one word followed by a colon."),
    ("Y017", "A value is empty.", "Give a value or leave the key out; put the word null in quotes."),
    ("Y018", "The file holds more than 500,000 values.", "Split it into several files."),
    ("Y019", "The file is empty.", "Write the records, or [] for an empty list."),
    ("R001", "A key is not known.", "Use a known key."),
    ("R002", "A required key is missing.", "Add the key with its value."),
    ("R003", "A value has the wrong shape.", "Write what the key expects: a list, a mapping or a value."),
    ("R004", "A whole number is expected.", "Write digits only, such as 12; no point, comma or unit."),
    (
        "R005",
        "A number is expected.",
        'Write digits and at most one point, such as 12.5; units go in "unit".',
    ),
    ("R006", "A value is not one of those allowed.", "Use one of the allowed values."),
    (
        "R007",
        "An id is malformed.",
        "Use up to 64 lower-case Latin letters and digits, with single hyphens between.",
    ),
    ("R008", "A date is not valid EDTF.", "Write a date such as 2024, 2024-03, 2024-03-05 or 2019/2023."),
    ("R009", "A full day is expected.", "Write the day as year-month-day, such as 2024-03-05."),
    (
        "R010",
        "A paragraph's hash is malformed.",
        "Copy the 16 lower-case hex digits that `evidence --source` lists.",
    ),
    ("R011", "A number is out of range.", "Use a number within the range."),
    ("R012", "A text is too long.", "Shorten it, or split it into several statements."),
    ("R013", "A text goes over several lines.", "Write it on one line, or fold it with >-."),
    ("R014", "A web address is malformed.", "Write a whole address that begins with https:// or http://."),
    ("R015", "An archive name is not a plain file name.", "Write the file's name without any folder."),
    ("R016", "A code is malformed.", "Write the code in its standard form."),
    ("R017", "A quotation is longer than 25 words.", "Quote less, and paraphrase the rest in text."),
    ("R018", "A quotation has no named speaker.", "Name the speaker in said.by, or paraphrase."),
    ("R019", "A value does not have exactly one figure.", "Give one of number, rank, or low with high."),
    ("R020", "The upper bound is below the lower one.", "Swap the two, or correct one of them."),
    ("R021", "A fact has no source.", "Cite at least one source, with paragraph and hash."),
    ("R022", "A list that must not be empty is empty.", "Name at least one."),
    ("R023", "A metric has no value.", "Add value, or choose another kind."),
    ("R024", "A due date says neither what is owed nor by whom.", "Add duty, owed_by or both."),
    ("X001", "An id is used twice in a dossier.", "Give one of the two another id."),
    ("X002", "An entity is not known.", "Add it to entities.yaml, or correct the id."),
    ("X003", "A topic is not known.", "Add it to the topics in dossier.yaml, or correct the id."),
    ("X004", "A source is not known.", "Add it to sources.yaml, or correct the id."),
    ("X005", "A fact is not known.", "Correct the id, or add the fact."),
    ("X006", "Two dossiers have the same id.", "Give one of the two another id and rename its folder."),
    ("X007", "A dossier's folder is not named as its id.", "Rename the folder or change the id."),
    ("X008", "A paragraph number is beyond the source's last.", "Correct p, or paragraphs in sources.yaml."),
    ("X009", "Facts supersede each other in a circle.", "Take out one supersedes so that the newest stands."),
    ("X010", "A record refers to itself.", "Take the reference out, or name the other record."),
    ("W001", "A source is never cited.", "Cite it or take it out."),
    ("W002", "An entity is never mentioned.", "Mention it in a fact or take it out."),
    ("W003", "A topic has no facts.", "Give it facts or take it out."),
    ("W004", "Something is owed, but the fact is no order or plan.", "Choose the kind order or plan."),
    ("W005", "Something is owed, but no due date says when.", "Add due, or leave the rest to text."),
    (
        "W006",
        "A fact is the outcome of one that has no due date.",
        "Correct outcome_of, or add due there.",
    ),
    ("W007", "Something is due before the fact's own date.", "Check both dates."),
    ("W008", "A fact was added before its first source appeared.", "Check added and the publication day."),
    ("W009", "Two entities share a spelling.", "Name each in the other's not, or correct the spelling."),
    (
        "W010",
        "A judgement rests on a fact that no longer stands.",
        "Rest it on facts that stand, or revise it.",
    ),
    ("W011", "A list names the same thing twice.", "Keep one of the two."),
    (
        "W012",
        "A spelling repeats the name or another spelling.",
        "Take it out; case and spacing do not matter.",
    ),
    ("W013", "Two facts have the same text.", "Merge them and cite both sources, or tell them apart."),
    ("W014", "Credibility 1 rests on one source.", "Cite another source, or rate it 2."),
    ("W015", "A fact cites the same paragraph twice.", "Keep one of the two."),
    ("W016", "It was said or happened after its sources appeared.", "Check the dates of fact and sources."),
    ("W017", "A role rests on a fact about someone else.", "Correct the fact's id, or its about."),
    ("W018", "Two sources share an address or an archive file.", "Merge them, or correct one of them."),
    ("W019", "A value is of an id that no entity has.", "Correct the id, or write words with spaces."),
    ("W020", "A dossier has no facts.", "Add facts under facts/."),
    ("W021", "A fact is in no topic.", "Add the topics under which it is read."),
    ("W022", "A fact supersedes one that was added later.", "Check which of the two is the newer one."),
)

RULES: Final = {
    code: Rule(code, Severity.WARNING if code.startswith("W") else Severity.ERROR, summary, fix)
    for code, summary, fix in _TABLE
}
"""Every rule by its code."""


def render_rules() -> str:
    """Return docs/checks.md: all rules as Markdown tables."""
    parts = [
        "# What is checked",
        "",
        (
            "`briefing-bot check` reads a fact base and reports everything at once, each finding with file,"
            " line, column, the code below and a fix. An error keeps the base from being used, a warning does"
            " not. This page is generated from `bot/facts/rules.py`."
        ),
    ]
    for letter, heading in GROUPS.items():
        parts += ["", f"## {heading}", "", "| code | what is wrong | what to do |", "|---|---|---|"]
        parts += [f"| {r.code} | {r.summary} | {r.fix} |" for r in RULES.values() if r.code[0] == letter]
    return "\n".join(parts) + "\n"
