"""Random edits of a generated base, as people make them: each leaves it free of errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

TRIES: Final = 1_000
"""Records that are looked at for an edit that not every record can take."""

RECORD: Final = re.compile(r"^- ", re.MULTILINE)
_TIES: Final = re.compile(r"^  (?:supersedes|disputes|outcome_of|retracted): .*\n", re.MULTILINE)
_TIED: Final = re.compile(r"\b(?:supersedes|disputes|outcome_of|based_on|facts): \[([^\]]*)\]")
_TEXT: Final = re.compile(r'^(  text: "?)', re.MULTILINE)
_TITLE: Final = re.compile(r'^(  title: "?)', re.MULTILINE)
_WEIGHT: Final = re.compile(r"^  weight: \d$", re.MULTILINE)
_DAY: Final = re.compile(r"^(  date: \d{4}-\d\d)-\d\d$", re.MULTILINE)
_TOPICS: Final = re.compile(r"^  topics: \[([^\]]*)\]$", re.MULTILINE)
_ID: Final = re.compile(r"\Aid: (\S+)")
_NAME: Final = re.compile(r"^  name: .*$", re.MULTILINE)

Change = Callable[[str], str | None]


class Editor:
    """Changes files under `root`, one at a time; the same base and seed give the same edits."""

    def __init__(self, root: Path, seed: int) -> None:
        self.random = Random(seed)
        self.number = 0
        self.files = sorted(root.glob("*/facts/*.yaml"))
        self.entities = sorted(root.glob("*/entities.yaml"))
        self.sources = sorted(root.glob("*/sources.yaml"))
        self.tied: set[str] = set()
        for file in root.rglob("*.yaml"):
            for found in _TIED.finditer(file.read_text(encoding="utf-8")):
                self.tied.update(one.strip() for one in found[1].split(","))
        self.ways: tuple[tuple[Callable[[], None], int], ...] = (
            (lambda: self._fact(self._reworded), 30),
            (lambda: self._fact(self._weighed), 20),
            (lambda: self._fact(self._vaguer), 10),
            (lambda: self._fact(self._moved), 10),
            (lambda: self._fact(self._removed), 12),
            (self._copied, 14),
            (lambda: self._change(self.sources, self._retitled), 2),
            (lambda: self._change(self.entities, self._also), 2),
        )

    def edit(self) -> None:
        """Make one edit."""
        self.number += 1
        ways, shares = zip(*self.ways, strict=True)
        self.random.choices(ways, shares)[0]()

    # --- of one record -----------------------------------------------------------------------------------

    def _fact(self, change: Change) -> None:
        self._change(self.files, change)

    def _change(self, files: list[Path], change: Change) -> None:
        """Change one record of one of the files; try others where one cannot be, but not for ever."""
        for _ in range(TRIES):
            file = self.random.choice(files)
            records = RECORD.split(file.read_text(encoding="utf-8"))[1:]
            at = self.random.randrange(len(records))
            changed = change(records[at])
            if changed is not None and (changed or len(records) > 1):
                records[at] = changed
                _put(file, records)
                return

    def _reworded(self, record: str) -> str:
        return _TEXT.sub(rf"\g<1>Edit {self.number} ", record, count=1)

    def _retitled(self, record: str) -> str:
        return _TITLE.sub(rf"\g<1>Edit {self.number} ", record, count=1)

    def _weighed(self, record: str) -> str:
        return _WEIGHT.sub(f"  weight: {self.random.randint(1, 5)}", record)

    def _vaguer(self, record: str) -> str | None:
        return _DAY.sub(r"\1", record) if _DAY.search(record) else None

    def _moved(self, record: str) -> str | None:
        """Put a fact under its topics the other way round, or under the first of them alone."""
        found = _TOPICS.search(record)
        topics = found[1].split(", ") if found else []
        if len(topics) < 2:
            return None
        kept = topics[::-1] if self.random.random() < 0.5 else topics[:1]
        return _TOPICS.sub(f"  topics: [{', '.join(kept)}]", record)

    def _removed(self, record: str) -> str | None:
        found = _ID.match(record)
        return None if found is None or found[1] in self.tied else ""

    def _also(self, record: str) -> str | None:
        if "\n  also: " in record:
            return None
        return _NAME.sub(rf"\g<0>\n  also: [Spelling {self.number} Added]", record)

    # --- of a file ---------------------------------------------------------------------------------------

    def _copied(self) -> None:
        """Add a fact like another one at the end of its file."""
        file = self.random.choice(self.files)
        records = RECORD.split(file.read_text(encoding="utf-8"))[1:]
        copy = _TIES.sub("", self.random.choice(records))
        copy = self._reworded(_ID.sub(f"id: added-by-edit-{self.number}", copy))
        _put(file, [*records, copy])


def _put(file: Path, records: list[str]) -> None:
    part = file.with_suffix(".part")
    part.write_text("".join(f"- {record}" for record in records if record), encoding="utf-8")
    part.replace(file)
