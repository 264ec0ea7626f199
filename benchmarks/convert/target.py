"""The base that a data set becomes: dossiers of a size that may be read, written as the facts come."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from benchmarks.records import Record, block, item, write_records
from bot.facts.evidence import paragraph_hash
from bot.facts.fields import FieldError, web_address
from bot.facts.fold import fold

PER_FILE: Final = 200
MOST_BYTES: Final = 3_000_000
"""Of one file of entities or sources; a file of a fact base may have 4 MiB."""

MOST_THINGS: Final = 10_000
LONGEST: Final = 200
"""Characters of a name or title that are kept."""

LONGEST_TEXT: Final = 1_000

_SPACES: Final = re.compile(r"\s+")


class Target:
    """Writes dossiers `prefix-1`, `prefix-2`, … under `root`.

    `credit` names the data set, its licence and its home in every dossier's title; `topics` are id and title.
    """

    def __init__(self, root: Path, prefix: str, credit: str, topics: Mapping[str, str]) -> None:
        self.root = root
        self.prefix = prefix
        self.credit = credit
        self.topics = topics
        self.number = 0
        self.facts = 0
        self._open: Dossier | None = None
        root.mkdir(parents=True, exist_ok=True)

    def dossier(self) -> Dossier:
        """Return the dossier that takes the next fact and what it mentions."""
        if self._open is None or self._open.full:
            self.close()
            self.number += 1
            self._open = Dossier(self.root / f"{self.prefix}-{self.number}", self.credit, self.topics)
        return self._open

    def close(self) -> None:
        """Write what is held of the last dossier."""
        if self._open:
            self.facts += self._open.facts
            self._open.close()
            self._open = None


class Dossier:
    """One dossier in the making: facts go to disk, sources and entities are held until it is closed."""

    def __init__(self, folder: Path, credit: str, topics: Mapping[str, str]) -> None:
        self.folder = folder
        self.credit = credit
        self.topics = topics
        self.facts = 0
        self._lines: list[str] = []
        self._used: dict[str, None] = {}
        self._entities: dict[str, Record] = {}
        self._sources: dict[str, Record] = {}
        self._ids: set[str] = set()
        self._bytes = {"entities": 0, "sources": 0}
        (folder / "facts").mkdir(parents=True)

    @property
    def full(self) -> bool:
        """Whether what comes next should go to another dossier."""
        held = max(len(self._entities), len(self._sources))
        return held >= MOST_THINGS or max(self._bytes.values()) >= MOST_BYTES

    def entity(self, key: str, name: str, kind: str, also: Iterable[str] = ()) -> str:
        """Return the id of an entity; the first mention of a key decides its name, kind and spellings."""
        if key not in self._entities:
            label = cleaned(name) or key
            record: Record = {"id": self._id(label), "kind": kind, "name": label}
            spellings = {_same(text): text for text in map(cleaned, also) if text}
            spellings.pop(_same(label), None)
            if spellings:
                record["also"] = list(spellings.values())
            self._entities[key] = record
            self._bytes["entities"] += len(block(record).encode())
        return str(self._entities[key]["id"])

    def source(self, key: str, name: str, record: Record) -> str:
        """Return the id of a source; `record` is what is known of it."""
        if key not in self._sources:
            made = {"id": self._id(name)} | {
                field: cleaned(value) if isinstance(value, str) else value for field, value in record.items()
            }
            self._sources[key] = made
            self._bytes["sources"] += len(block(made).encode())
        return str(self._sources[key]["id"])

    def fact(self, name: str, record: Record) -> None:
        """Add a fact under an id made of `name`."""
        made = {"id": self._id(name)} | record
        made["text"] = cleaned(made["text"], LONGEST_TEXT)
        self._used.update(dict.fromkeys(made["topics"]))
        self._lines.append(item(made))
        self.facts += 1
        if len(self._lines) == PER_FILE:
            self._flush()

    def close(self) -> None:
        """Write what is held."""
        self._flush()
        write_records(self.folder / "entities.yaml", self._entities.values())
        write_records(self.folder / "sources.yaml", self._sources.values())
        topics = [{"id": one, "title": title} for one, title in self.topics.items() if one in self._used]
        about = {"id": self.folder.name, "title": cleaned(self.credit), "topics": topics}
        (self.folder / "dossier.yaml").write_text(block(about), encoding="utf-8")

    def _flush(self) -> None:
        if self._lines:
            number = (self.facts - 1) // PER_FILE
            file = self.folder / "facts" / f"{number:05}.yaml"
            file.write_text("".join(self._lines), encoding="utf-8")
            self._lines = []

    def _id(self, name: str) -> str:
        stem = fold(name)[:48].strip().replace(" ", "-") or "unnamed"
        made, number = stem, 1
        while made in self._ids:
            number += 1
            made = f"{stem}-{number}"
        self._ids.add(made)
        return made


def evidence(source: str, row: str) -> Record:
    """Return the evidence of a fact in a row of a data set: its one paragraph is the row itself."""
    return {"ref": source, "p": 1, "hash": paragraph_hash(row)}


def cleaned(text: str, most: int = LONGEST) -> str:
    """Return a text on one line without characters that a fact base may not hold, cut at so many."""
    kept = (one if unicodedata.category(one)[0] != "C" else " " for one in text if one != "\ufffd")
    return _SPACES.sub(" ", "".join(kept)).strip()[:most].rstrip()


def is_address(text: str) -> bool:
    """Say whether a text is a whole web address, as a fact base wants it."""
    try:
        web_address(text)
    except FieldError:
        return False
    return text == cleaned(text, len(text))


def _same(text: str) -> str:
    return " ".join(text.casefold().split())
