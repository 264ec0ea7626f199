"""Turn a folder of YAML into one snapshot: the same files give the same bytes under the same name.

A file whose SHA-256 stands in the snapshot before is not parsed again. The new snapshot is written beside the
others, synced and moved into place, and only then named in the pointer file: a process that is killed at any
moment leaves the last snapshot as it was.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from bot.facts.check import check_dossiers
from bot.facts.findings import Finding
from bot.facts.load import RECORDS, FileRole, ParsedFile, find_files, parse_file, read_file
from bot.facts.records import Dossier, Entity, Fact, Source
from bot.facts.rules import Severity
from bot.facts.snapshot import VERSION, Snapshot, SnapshotError, connect, encode
from bot.facts.write import Records, write_snapshot

POINTER: Final = "current"
"""The file that names the snapshot in use."""

KEPT: Final = 2
"""Snapshots that stay on disk: the one in use and the one before."""


class BrokenBase(Exception):
    """A base with errors; `findings` holds them all, errors and warnings."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        errors = [one for one in self.findings if one.severity is Severity.ERROR]
        first = errors[0]
        count = "1 error" if len(errors) == 1 else f"{len(errors):,} errors"
        super().__init__(f"{count}; the first in {first.file}, line {first.line}: {first.message}")


class Compiled(msgspec.Struct, frozen=True):
    """What a compilation did: `parsed` files were read anew, `reused` ones taken from the snapshot before.

    `findings` are warnings only.
    """

    path: Path
    id: str
    parsed: int
    reused: int
    findings: tuple[Finding, ...] = ()


class _Kept(msgspec.Struct, frozen=True):
    """A parsed file without errors; its records stay encoded until their type is known."""

    file: str
    role: FileRole
    records: msgspec.Raw
    findings: tuple[Finding, ...]


def compile_base(root: Path, folder: Path) -> Compiled:
    """Compile the dossiers under `root` into a snapshot in `folder`, and name it in the pointer file.

    Raises:
        BrokenBase: the base has errors; nothing was written.
        OSError: the folder cannot be written to.
    """
    found = find_files(root)
    data = {file: read_file(root, file) for dossier in found.dossiers for _, file in dossier.files}
    digests = {file: hashlib.sha256(content).hexdigest() for file, content in data.items()}
    snapshot_id = fingerprint(digests)
    before = _parsed_before(folder)
    files: list[ParsedFile] = []
    reused = 0
    for dossier in found.dossiers:
        for role, file in dossier.files:
            kept = before.get((file, digests[file]))
            reused += kept is not None
            files.append(kept or parse_file(role, file, data[file]))
    findings = sorted((*found.findings, *(one for file in files for one in file.findings)))
    findings = sorted((*findings, *check_dossiers(files, data.__getitem__)))
    if any(one.severity is Severity.ERROR for one in findings):
        raise BrokenBase(findings)
    path = folder / f"{snapshot_id}.sqlite"
    if not _is_usable(path):
        rows = [(file.file, digests[file.file], _encode(file)) for file in files]
        _write(path, snapshot_id, _by_dossier(files), sorted(rows))
    _point(folder, path)
    _sweep(folder, path)
    return Compiled(path, snapshot_id, len(files) - reused, reused, tuple(findings))


def fingerprint(digests: Mapping[str, str]) -> str:
    """Return the snapshot id of files by their SHA-256: 12 hex digits over names, digests and version."""
    listing = "".join(f"{file}\0{digest}\n" for file, digest in sorted(digests.items()))
    return hashlib.sha256(f"{VERSION}\n{listing}".encode()).hexdigest()[:12]


def current(folder: Path) -> Path | None:
    """Return the snapshot that the pointer file names, or None where there is none."""
    try:
        name = (folder / POINTER).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    path = folder / name
    return path if name and path.parent == folder and path.is_file() else None


def _parsed_before(folder: Path) -> dict[tuple[str, str], ParsedFile]:
    """Return what the snapshot in use keeps of each file, by name and SHA-256."""
    path = current(folder)
    if path is None or not _is_usable(path):
        return {}
    with closing(connect(path)) as db:
        rows = db.execute("SELECT path, sha256, parsed FROM file").fetchall()
    return {(file, digest): _decode(parsed) for file, digest, parsed in rows}


def _encode(file: ParsedFile) -> bytes:
    return encode(_Kept(file.file, file.role, msgspec.Raw(encode(file.records)), file.findings))


def _decode(parsed: bytes) -> ParsedFile:
    """Read a parsed file back; its role says of which type its records are."""
    raw = msgspec.msgpack.decode(parsed, type=_Kept)
    record: type = RECORDS[raw.role]
    records = msgspec.msgpack.decode(raw.records, type=tuple[record, ...])  # type: ignore[valid-type]
    return ParsedFile(raw.file, raw.role, records, raw.findings)


def _is_usable(path: Path) -> bool:
    try:
        Snapshot(path).close()
    except SnapshotError:
        return False
    return True


def _by_dossier(files: Iterable[ParsedFile]) -> list[Records]:
    folders: defaultdict[str, list[ParsedFile]] = defaultdict(list)
    for file in files:
        folders[file.file.removesuffix(file.file.rpartition("/")[2]).removesuffix("facts/")].append(file)
    return [_records(of_folder) for of_folder in folders.values()]


def _records(files: list[ParsedFile]) -> Records:
    every = [record for file in files for record in file.records]
    return Records(
        next(one for one in every if isinstance(one, Dossier)),
        tuple(one for one in every if isinstance(one, Source)),
        tuple(one for one in every if isinstance(one, Entity)),
        tuple(one for one in every if isinstance(one, Fact)),
    )


def _write(
    path: Path, snapshot_id: str, dossiers: list[Records], files: list[tuple[str, str, bytes]]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{snapshot_id}-", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as db:
            # The file is written once and moved: a journal would only cost time.
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA page_size = 4096")
            write_snapshot(db, snapshot_id, dossiers, files)
        _sync(part)
        part.chmod(0o644)
        part.replace(path)
        _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _point(folder: Path, path: Path) -> None:
    pointer = folder / POINTER
    if current(folder) == path:
        return
    part = folder / f".{POINTER}-{os.getpid()}.part"
    try:
        part.write_text(path.name + "\n", encoding="ascii")
        _sync(part)
        part.replace(pointer)
        _sync(folder)
    finally:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path, keep: Path) -> None:
    """Remove old snapshots; one that a reader still has open stays readable to it."""
    others = [path for path in folder.glob("*.sqlite") if path != keep]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEPT - 1 :]:
        path.unlink(missing_ok=True)
