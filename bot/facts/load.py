"""The files of a fact base: finding them, making records of each, and locating a field afterwards."""

from __future__ import annotations

import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from bot.facts.findings import Finding, Findings, finding, nearest, shown
from bot.facts.reader import LARGEST, Mapping, Node, Place, Scalar, Sequence, follow, place_of, read
from bot.facts.records import ID, Dossier, Entity, Fact, Record, Source
from bot.facts.shape import BAD, build


class FileRole(StrEnum):
    """What a file of a dossier holds."""

    DOSSIER = "dossier"
    SOURCES = "sources"
    ENTITIES = "entities"
    FACTS = "facts"


RECORDS: Final[dict[FileRole, type[Record]]] = {
    FileRole.DOSSIER: Dossier,
    FileRole.SOURCES: Source,
    FileRole.ENTITIES: Entity,
    FileRole.FACTS: Fact,
}

AnyRecord = Dossier | Source | Entity | Fact


class ParsedFile(msgspec.Struct, frozen=True):
    """One file, typed, without any knowledge of the others.

    A record with an error is not among `records`; `left_out` has its id, if that could be read. `positions`
    gives for each record its index in the file, and is empty where that is its index in `records`.
    `complete` is False if ids may be missing from both: the file was not read to its end, or a record's id
    could not be read.
    """

    file: str
    role: FileRole
    records: tuple[AnyRecord, ...]
    findings: tuple[Finding, ...] = ()
    positions: tuple[int, ...] = ()
    left_out: tuple[str, ...] = ()
    complete: bool = True

    def position(self, index: int) -> int:
        """Return the index in the file of the record at `index` of `records`."""
        return self.positions[index] if self.positions else index


def parse_file(role: FileRole, file: str, data: bytes) -> ParsedFile:
    """Make records of a file's bytes. Never raises; what is wrong becomes findings."""
    reading = read(data, file)
    found = Findings(file)
    found.found = reading.findings
    lines = sorted(one.line for one in reading.findings)
    nodes, whole = _record_nodes(role, reading.tree, found), reading.whole
    if nodes is None:
        return ParsedFile(file, role, (), tuple(sorted(found.found)), complete=False)
    records, positions, left_out = [], [], []
    for index, node in enumerate(nodes):
        record = build(node, RECORDS[role], found)
        if record is BAD or (lines and _has_line(lines, nodes, index)):
            name = node.entries.get("id") if isinstance(node, Mapping) else None
            if isinstance(name, Scalar) and ID.fullmatch(name.text):
                left_out.append(name.text)
            else:
                whole = False
        else:
            records.append(record)
            positions.append(index)
    return ParsedFile(
        file,
        role,
        tuple(records),
        tuple(sorted(found.found)),
        tuple(positions) if len(records) < len(nodes) else (),
        tuple(left_out),
        whole,
    )


def _record_nodes(role: FileRole, tree: Node | None, found: Findings) -> list[Node] | None:
    """Return the nodes of a file's records, or report why there are none."""
    if tree is None:
        return None
    if role is FileRole.DOSSIER:
        return [tree]
    if isinstance(tree, Sequence):
        return tree.items
    if isinstance(tree, Mapping | Scalar):
        message = "The file does not hold a list of records."
        found.add("R003", *place_of(tree.mark), message, "Begin every record with a hyphen and a space.")
    return None


def _has_line(lines: list[int], nodes: list[Node], index: int) -> bool:
    """Say whether one of the lines lies within a record, that is before the next one begins."""
    first = nodes[index].mark.line + 1
    if index + 1 == len(nodes):
        return bisect_left(lines, first) < len(lines)
    last = max(first, nodes[index + 1].mark.line)
    return bisect_left(lines, first) < bisect_right(lines, last)


def locate(data: bytes, index: int, path: tuple[str | int, ...]) -> Place:
    """Return line and column, from 1, of a field of the record at `index` of a file.

    `path` holds YAML keys and list indexes. Where it leads nowhere, the place is the last one reached.
    """
    return locate_in(read(data, "").tree, index, path)


def locate_in(tree: Node | None, index: int, path: tuple[str | int, ...]) -> Place:
    """Do as :func:`locate` in a tree that was read before."""
    if tree is None:
        return 1, 1
    return place_of(follow(tree, (index, *path) if isinstance(tree, Sequence) else path).mark)


# --- folders -------------------------------------------------------------------------------------------

_HEADS: Final = {
    "dossier.yaml": FileRole.DOSSIER,
    "sources.yaml": FileRole.SOURCES,
    "entities.yaml": FileRole.ENTITIES,
}
_FACTS: Final = "facts"
_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class DossierFiles(msgspec.Struct, frozen=True):
    """The files of one dossier: dossier, sources, entities, then facts by name.

    Paths are relative to the root; `folder` is empty if the root itself is the dossier.
    """

    folder: str
    files: tuple[tuple[FileRole, str], ...]


class Found(msgspec.Struct, frozen=True):
    """The dossiers under a root, by folder, and what is wrong with the files themselves."""

    dossiers: tuple[DossierFiles, ...]
    findings: tuple[Finding, ...]


def find_files(root: Path) -> Found:
    """Find the dossiers under a root, or the one that the root is; hidden files are ignored. Never raises."""
    return _Finder(root).find()


def read_file(root: Path, file: str) -> bytes:
    """Return a file's bytes, at most one more than a fact base may have.

    Raises:
        OSError: the file cannot be read.
    """
    with (root / file).open("rb") as stream:
        return stream.read(LARGEST + 1)


class _Finder:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.findings: list[Finding] = []

    def find(self) -> Found:
        names = self._names("")
        if names is None:
            return Found((), tuple(self.findings))
        if _holds_dossier(names):
            dossiers = [self._dossier("", names)]
        else:
            dossiers = [one for name in names if (one := self._folder(name))]
        if not dossiers and not self.findings:
            self._add("F002", ".")
        return Found(tuple(dossiers), tuple(sorted(self.findings)))

    def _folder(self, name: str) -> DossierFiles | None:
        """Take an entry of the root: a dossier, or something that is not read."""
        if not (self.root / name).is_dir():
            if name.lower().endswith((".yaml", ".yml")):
                self._add("F004", name, "A YAML file lies outside the dossier folders.")
            return None
        inside = self._names(name) if self._is_within(name) else None
        if not inside or not _holds_dossier(inside):
            return None
        if not _SAFE.fullmatch(name):
            self._add("F007", name)
            return None
        return self._dossier(name, inside)

    def _dossier(self, folder: str, names: dict[str, bool]) -> DossierFiles:
        files: list[tuple[FileRole, str]] = []
        prefix = f"{folder}/" if folder else ""
        for name, role in _HEADS.items():
            if name in names:
                usable = names[name] or self._is_usable(prefix + name)
                files += [(role, prefix + name)] if usable else []
            elif not any(_meant(one) == name for one in names):
                self._add("F001", prefix + name, f"The dossier has no {name}.")
        for name in names:
            if name == _FACTS:
                files += self._facts(prefix + name)
            elif name not in _HEADS and self._is_yaml(prefix + name):
                near = nearest(name, _HEADS)
                self._add("F004", prefix + name, "", f"Did you mean {near}?" if near else "")
        return DossierFiles(folder, tuple(files))

    def _facts(self, folder: str) -> list[tuple[FileRole, str]]:
        files = []
        names = (self._names(folder) if self._is_within(folder) else None) or {}
        for name, is_ordinary in names.items():
            file = f"{folder}/{name}"
            # What is no link lies where its folder does, and reading it will tell whether it may be read. A
            # base may have a hundred thousand files, and all are looked at before an edit is live.
            if is_ordinary and name.endswith(".yaml") and _SAFE.fullmatch(name):
                files.append((FileRole.FACTS, file))
            elif (self.root / file).is_dir() and not name.endswith(".yaml"):
                self._add("F004", file, "Folders in facts are not read.", "Move the files up into facts.")
            elif self._is_yaml(file) and self._is_usable(file):
                files.append((FileRole.FACTS, file))
        return files

    def _names(self, folder: str) -> dict[str, bool] | None:
        """Return the names in a folder that are not hidden, sorted; true says that one is a file, no link."""
        try:
            with os.scandir(self.root / folder) as entries:
                names = [
                    (one.name, one.is_file(follow_symlinks=False))
                    for one in entries
                    if not one.name.startswith(".")
                ]
            return dict(sorted(names))
        except OSError as error:
            message = f"The folder cannot be read ({error.strerror})."
            self._add("F006", folder or ".", message, "Name a folder that exists and may be read.")
            return None

    def _is_yaml(self, file: str) -> bool:
        """Say whether a file is to be read, and report an ending that only looks like it."""
        if (meant := _meant(Path(file).name)) and not file.endswith(".yaml"):
            message = "Only files whose name ends in .yaml are read."
            self._add("F003", file, message, f"Rename it to {shown(meant)}.")
        return file.endswith(".yaml")

    def _is_within(self, file: str) -> bool:
        """Say whether something lies under the root whose folder does: a link may lead out of it."""
        if not (self.root / file).is_symlink():
            return True
        try:
            inside = (self.root / file).resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):  # a link to itself
            inside = False
        if not inside:
            self._add("F005", file)
        return inside

    def _is_usable(self, file: str) -> bool:
        if not _SAFE.fullmatch(Path(file).name):
            self._add("F007", file)
            return False
        if not self._is_within(file):
            return False
        if not (self.root / file).is_file():
            self._add("F006", file, "This is not an ordinary file.")
            return False
        if not os.access(self.root / file, os.R_OK):
            self._add("F006", file, "The file may not be read.")
            return False
        return True

    def _add(self, code: str, file: str, message: str = "", fix: str = "") -> None:
        printable = file if _SAFE.fullmatch(file.replace("/", "_")) or file == "." else shown(file)
        self.findings.append(finding(code, printable, 1, 1, message, fix))


def _holds_dossier(names: Iterable[str]) -> bool:
    """Say whether a folder with these names is meant as a dossier."""
    return _FACTS in names or any(_meant(name) in _HEADS for name in names)


def _meant(name: str) -> str:
    """Return the name with the ending .yaml, for a name that has it in some spelling; otherwise nothing."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}.yaml" if dot and ending.lower() in {"yaml", "yml"} else ""
