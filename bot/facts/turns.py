"""The snapshot files of a folder: one is read while another is written, then a pointer file changes over.

Whoever reads a snapshot holds a shared lock on it, and whoever writes takes the one that nobody reads, or
makes another. A file is renamed before its first byte changes and gets a name again when it is finished and
on the disk: so a process that is killed at any moment leaves the snapshot in use as it was, and what it was
writing is known by its name, and thrown away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from bot.facts.seen import digest_of
from bot.facts.snapshot import Snapshot, SnapshotError

POINTER: Final = "current"
"""The file that names the snapshot in use, and its size in bytes."""

SUMS: Final = "sha256sums"
"""The file that holds the SHA-256 of snapshots, as `sha256sum -c` reads it."""

PART: Final = ".part"
"""The ending of unfinished files."""

KEPT: Final = 2
"""Snapshots that stay on disk: the one in use and the one before."""

_TRIES: Final = 20


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only one that writes in a folder: wait for others. A folder that only may be read will do."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def current(folder: Path) -> Path | None:
    """Return the snapshot that the pointer file names, or None where there is none of the size it tells."""
    try:
        name, _, size = (folder / POINTER).read_text(encoding="ascii").strip().partition(" ")
        path = folder / name
        whole = path.parent == folder and path.is_file() and path.stat().st_size == int(size)
    except (OSError, ValueError):
        return None
    return path if whole else None


def open_current(folder: Path) -> Snapshot:
    """Open the snapshot in use, which may change over meanwhile. Raises SnapshotError."""
    for _ in range(_TRIES):
        path = current(folder)
        if path is None:
            break
        try:
            return Snapshot(path)
        except SnapshotError:
            # Perhaps the pointer changed over between reading it and opening, and the file is written again.
            if current(folder) == path:
                raise
    raise SnapshotError(f"There is no whole snapshot in {folder}; compile the base again.")


def snapshots(folder: Path) -> list[Path]:
    """Return all finished snapshots, the newest first."""
    return sorted(folder.glob("*-*.sqlite"), key=_generation, reverse=True)


def _generation(path: Path) -> int:
    number = path.stem.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


class Part:
    """A file to write: that of `base` itself if nobody reads it and it is not in use, or a copy; or empty.

    It is removed with :meth:`discard` unless it got a name before.
    """

    def __init__(self, folder: Path, base: Path | None, *, copy: bool) -> None:
        for path in folder.glob(f"*{PART}*"):  # left by a process that was killed: nobody else writes here
            path.unlink()
        self._folder, self._base = folder, base
        self._generation = max(map(_generation, snapshots(folder)), default=0) + 1
        self.path = folder / f"next{PART}"
        self._lock = _claim(base) if base and not copy else None
        if base and self._lock is not None:
            base.rename(self.path)
            _sync(folder)
        elif base:
            shutil.copyfile(base, self.path)
        else:
            self.path.touch()

    def finish(self, snapshot_id: str) -> Path:
        """Give the file its name, once all of it is on the disk; return its path."""
        path = self._folder / f"{snapshot_id}-{self._generation}.sqlite"
        _ready(self.path)
        # The pointer's own move puts the folder on the disk; without it nobody looks for this name.
        self.path.replace(path)
        return path

    def put_back(self) -> None:
        """Give the file its name back, as it holds again what it did."""
        if self._base and self._lock is not None:
            self.path.rename(self._base)

    def discard(self) -> None:
        """Let others have the file, and remove it if it has no name."""
        self.path.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _claim(path: Path) -> int | None:
    """Lock a file that nobody reads, for writing; None if somebody does."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def verify(folder: Path, *, again: bool = True) -> bool:
    """Hold each snapshot to its SHA-256, which is noted where it is not known yet; say if all were whole.

    A start tells only a missing, cut or foreign file from a whole one, as it may not take longer for a larger
    base. A bit that flipped is found here, if it did so after the sum was noted; the file is removed, and so
    written anew. What flipped before, or in a file that is being changed, stays. Unless `again`, only files
    whose sum is not known yet are read.
    """
    sums = _sums(folder)
    now: dict[str, str] = {}
    whole = True
    for path in snapshots(folder):
        with suppress(FileNotFoundError):
            digest = digest_of(path) if again or path.name not in sums else sums[path.name]
            if sums.get(path.name, digest) == digest:
                now[path.name] = digest
            else:
                path.unlink()
                whole = False
    if now != sums:
        part = folder / f"{SUMS}{PART}"
        part.write_text("".join(f"{digest}  {name}\n" for name, digest in now.items()), encoding="ascii")
        _move(part, folder / SUMS)
    return whole


def _sums(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / SUMS).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def point(folder: Path, path: Path) -> None:
    """Name a finished snapshot in the pointer file."""
    content = f"{path.name} {path.stat().st_size}\n".encode()
    pointer = folder / POINTER
    with suppress(OSError):
        if pointer.read_bytes() == content:
            return
    part = folder / f"{POINTER}{PART}"
    part.write_bytes(content)
    _move(part, pointer)


def _move(part: Path, path: Path) -> None:
    """Put a finished file in its place, so that it is there whole or not at all, even if power fails."""
    _ready(part)
    part.replace(path)
    _sync(path.parent)


def _ready(part: Path) -> None:
    part.chmod(0o644)
    _sync(part)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path, keep: Path) -> None:
    """Remove old snapshots; who has one open keeps it. Where none can be removed nothing is lost."""
    with suppress(OSError):
        for path in [one for one in snapshots(folder) if one != keep][KEPT - 1 :]:
            path.unlink(missing_ok=True)
