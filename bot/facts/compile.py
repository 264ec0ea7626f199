"""Turn a folder of YAML into one snapshot: the same files give the same bytes under the same name.

A file whose SHA-256 stands in the snapshot before is not parsed again. The new snapshot is written beside the
others, synced and moved into place, and only then named in the pointer file: a process that is killed at any
moment leaves the last snapshot as it was. A snapshot's name ends in the SHA-256 of its bytes, so one that is
torn or has lost a bit is known before it is read, and written anew.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from bot.facts.check import check_dossiers
from bot.facts.findings import Finding, finding
from bot.facts.load import RECORDS, FileRole, Found, ParsedFile, find_files, parse_file, read_file
from bot.facts.records import Dossier, Entity, Fact, Source
from bot.facts.rules import Severity
from bot.facts.snapshot import VERSION, Snapshot, SnapshotError, encode
from bot.facts.write import Records, write_snapshot

POINTER: Final = "current"
"""The file that names the snapshot in use."""

DIGITS: Final = 16
"""Hex digits of a snapshot's SHA-256 in its name."""

PART: Final = ".part"
"""The ending of unfinished files."""

KEPT: Final = 2
"""Snapshots that stay on disk: the one in use and the one before."""

ABANDONED: Final = 3600
"""Seconds after which an unfinished file is taken to be left behind by a process that was killed."""


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
    data, unread = _read_all(root, found)
    digests = {file: hashlib.sha256(content).hexdigest() for file, content in data.items()}
    snapshot_id = fingerprint(digests)
    same = next(filter(None, map(_open, sorted(folder.glob(f"{snapshot_id}-*.sqlite")))), None)
    if same:
        reused, warnings = len(data), _warnings(same)
    else:
        before = _parsed_before(folder)
        reused = sum(entry in before for entry in digests.items())
        dossiers = [
            [
                before.get((file, digests[file])) or parse_file(role, file, data[file])
                if file in data
                else ParsedFile(file, role, (), complete=False)
                for role, file in dossier.files
            ]
            for dossier in found.dossiers
        ]
        parsed = [file for files in dossiers for file in files]
        warnings = [one for file in parsed for one in file.findings]
        warnings += check_dossiers(parsed, data.__getitem__)
    findings = tuple(sorted([*found.findings, *unread, *warnings]))
    if any(one.severity is Severity.ERROR for one in findings):
        raise BrokenBase(findings)
    if same:
        path = same.path
    else:
        rows = sorted((file.file, digests[file.file], _encode(file)) for file in parsed)
        path = _write(folder, snapshot_id, map(_records, dossiers), rows, warnings)
    _point(folder, path)
    _sweep(folder, path)
    return Compiled(path, snapshot_id, len(data) - reused, reused, findings)


def fingerprint(digests: Mapping[str, str]) -> str:
    """Return the snapshot id of files by their SHA-256: 12 hex digits over names, digests and versions.

    The libraries that fold and stem are part of it: another version of one may give other words.
    """
    listing = "".join(f"{file}\0{digest}\n" for file, digest in sorted(digests.items()))
    libraries = " ".join(f"{name} {version(name)}" for name in ("anyascii", "snowballstemmer"))
    return hashlib.sha256(f"{VERSION}\n{libraries}\n{listing}".encode()).hexdigest()[:12]


def current(folder: Path) -> Path | None:
    """Return the snapshot that the pointer file names, or None where there is none that is whole."""
    path = _named(folder)
    return path if path and _is_whole(path) else None


def _named(folder: Path) -> Path | None:
    try:
        name = (folder / POINTER).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    path = folder / name
    return path if path.parent == folder else None


def _open(path: Path) -> Snapshot | None:
    """Open a snapshot if it is whole and of this version."""
    if not _is_whole(path):
        return None
    try:
        return Snapshot(path)
    except SnapshotError:  # or another process has just swept it
        return None


def _is_whole(path: Path) -> bool:
    """Say whether the bytes of a snapshot are those that its name tells."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return False
    return path.stem.partition("-")[2] == digest[:DIGITS]


def _read_all(root: Path, found: Found) -> tuple[dict[str, bytes], list[Finding]]:
    data: dict[str, bytes] = {}
    unread = []
    for file in (file for dossier in found.dossiers for _, file in dossier.files):
        try:
            data[file] = read_file(root, file)
        except OSError as error:
            unread.append(finding("F006", file, 1, 1, f"The file cannot be read ({error.strerror})."))
    return data, unread


def _parsed_before(folder: Path) -> dict[tuple[str, str], ParsedFile]:
    """Return what the snapshot in use keeps of each file, by name and SHA-256."""
    path = _named(folder)
    before = _open(path) if path else None
    if before is None:
        return {}
    with closing(before):
        rows = before.db.execute("SELECT path, sha256, ids FROM file")
        return {(file, digest): _decode(parsed) for file, digest, parsed in rows}


def _warnings(same: Snapshot) -> list[Finding]:
    """Return what was found when a snapshot was compiled, and close it."""
    with closing(same):
        (row,) = same.db.execute("SELECT value FROM meta WHERE key = 'warnings'").fetchone()
    return msgspec.msgpack.decode(row, type=list[Finding])


def _encode(file: ParsedFile) -> bytes:
    return encode(_Kept(file.file, file.role, msgspec.Raw(encode(file.records)), file.findings))


def _decode(parsed: bytes) -> ParsedFile:
    """Read a parsed file back; its role says of which type its records are."""
    raw = msgspec.msgpack.decode(parsed, type=_Kept)
    record: type = RECORDS[raw.role]
    records = msgspec.msgpack.decode(raw.records, type=tuple[record, ...])  # type: ignore[valid-type]
    return ParsedFile(raw.file, raw.role, records, raw.findings)


def _records(files: Iterable[ParsedFile]) -> Records:
    every = [record for file in files for record in file.records]
    return Records(
        next(one for one in every if isinstance(one, Dossier)),
        tuple(one for one in every if isinstance(one, Source)),
        tuple(one for one in every if isinstance(one, Entity)),
        tuple(one for one in every if isinstance(one, Fact)),
    )


def _write(
    folder: Path,
    snapshot_id: str,
    dossiers: Iterable[Records],
    files: Iterable[tuple[str, str, bytes]],
    warnings: Iterable[Finding],
) -> Path:
    """Write a snapshot under its own name; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    with _part(folder) as part:
        with closing(sqlite3.connect(part, isolation_level=None)) as db:
            # The file is written once and moved: a journal would only cost time.
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA page_size = 4096")
            write_snapshot(db, snapshot_id, dossiers, files, warnings)
        with part.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        path = folder / f"{snapshot_id}-{digest[:DIGITS]}.sqlite"
        _move(part, path)
    return path


def _point(folder: Path, path: Path) -> None:
    pointer = folder / POINTER
    with suppress(OSError):
        if pointer.read_bytes() == f"{path.name}\n".encode():
            return
    with _part(folder) as part:
        part.write_bytes(f"{path.name}\n".encode())
        _move(part, pointer)


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """Yield an empty file of no other process, and remove what is left of it."""
    handle, name = tempfile.mkstemp(suffix=PART, dir=folder)
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _move(part: Path, path: Path) -> None:
    """Put a finished file in its place, so that it is there whole or not at all, even if power fails."""
    part.chmod(0o644)
    _sync(part)
    part.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path, keep: Path) -> None:
    """Remove old snapshots and what killed processes left; a reader that has one open keeps it.

    Another process may sweep too, and where nothing can be removed nothing is lost.
    """
    with suppress(OSError):
        others = [(path.stat().st_mtime_ns, path) for path in folder.glob("*.sqlite") if path != keep]
        for _, path in sorted(others, reverse=True)[KEPT - 1 :]:
            path.unlink(missing_ok=True)
        abandoned = keep.stat().st_mtime - ABANDONED
        for path in folder.glob(f"*{PART}"):
            if path.stat().st_mtime < abandoned:
                path.unlink(missing_ok=True)
