"""Which files changed since the last look: told by what the file system says of them, and by SHA-256."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from bot.facts.findings import Finding, finding

NAME: Final = "seen"
"""The file that keeps what was seen; it may be deleted at any time."""

_TICK: Final = 50_000_000
"""Nanoseconds in which a file system may give two changes one time, with a margin."""

_ENDINGS: Final = (".yaml", ".yml")

Stat = tuple[int, int, int, int]
"""Size in bytes, the times of the last change of content and of anything, in nanoseconds, and the inode."""


class _Seen(msgspec.Struct, array_like=True):
    root: str
    files: dict[str, tuple[Stat, str]]


def stat_of(found: os.stat_result) -> Stat:
    """Return what tells a changed file from an unchanged one."""
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def look(root: Path) -> dict[str, Stat]:
    """Return what the file system says of all YAML files under a root, by path; hidden folders are not read.

    A file that vanishes meanwhile counts as gone. Five thousand files take some 15 ms.
    """
    found: dict[str, Stat] = {}
    folders = [str(root)]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if not entry.name.startswith("."):
                            folders.append(entry.path)
                    elif entry.name.lower().endswith(_ENDINGS):
                        found[entry.path] = stat_of(entry.stat())
                except OSError:
                    continue
    return found


class Seen:
    """The files of a base as they were last seen; `folder` keeps them."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root, self._path = root, folder / NAME
        self._files: dict[str, tuple[Stat, str]] = {}
        self._now: dict[str, tuple[Stat, str]] = {}
        self._at = 0
        with suppress(OSError, msgspec.MsgspecError):
            seen = msgspec.msgpack.decode(self._path.read_bytes(), type=_Seen)
            if seen.root == str(root.resolve()):
                self._files, self._at = seen.files, self._path.stat().st_mtime_ns

    def digests(
        self, files: Iterable[str], stats: Mapping[str, Stat]
    ) -> tuple[dict[str, str], list[Finding]]:
        """Return the SHA-256 of each file, and findings for those that cannot be read.

        `stats` is what :func:`look` found a moment ago. What has changed since is read now and told apart
        from it by the next look.
        """
        digests: dict[str, str] = {}
        unread = []
        folder = f"{self._root}/"
        for file in files:
            try:
                stat = stats.get(folder + file) or stat_of((self._root / file).stat())
                before = self._files.get(file)
                # What changed in the tick in which this was kept may have changed again in it.
                if before and before[0] == stat and stat[2] < self._at - _TICK:
                    digest = before[1]
                else:
                    digest = digest_of(self._root / file)
            except OSError as error:
                unread.append(finding("F006", file, 1, 1, f"The file cannot be read ({error.strerror})."))
                continue
            self._now[file] = stat, digest
            digests[file] = digest
        return digests, unread

    def forget(self, file: str) -> None:
        """Look at a file again the next time, whatever is said of it."""
        self._now.pop(file, None)

    def keep(self) -> None:
        """Write what was seen; where that fails, the next look reads the files."""
        if self._now == self._files:
            return
        part = self._path.with_suffix(".tmp")
        with suppress(OSError):
            part.write_bytes(msgspec.msgpack.encode(_Seen(str(self._root.resolve()), self._now)))
            part.replace(self._path)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
