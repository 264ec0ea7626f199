"""The snapshot in use: opened at the start, replaced when the YAML on disk changes and loads."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from bot.facts.compile import BrokenBase, Compiled, compile_base, current
from bot.facts.findings import Finding
from bot.facts.snapshot import Snapshot, SnapshotError

log = structlog.get_logger(__name__)


class NothingToServe(Exception):
    """There is neither a base that loads nor a snapshot to fall back on; `findings` says why."""

    def __init__(self, sentence: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(sentence)
        self.findings = findings


class State(msgspec.Struct, frozen=True):
    """What the library serves: `notice` is empty unless the YAML on disk does not load."""

    snapshot: str
    notice: str


Stamp = tuple[tuple[str, int, int], ...]
"""What shows that a file changed: its name, size and time of change, for all files under the root."""


class Library:
    """Compiles `root` into snapshots under `folder` and serves the last good one.

    `refresh` looks at the files and compiles when one changed; whoever runs the bot calls it once a second.
    A base that does not load leaves the snapshot before in use and sets :attr:`notice`.

    Raises:
        NothingToServe: the base does not load and there is no snapshot from before.
    """

    def __init__(self, root: Path, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._folder = folder
        self._clock = clock
        self._stamp: Stamp = ()
        self._notice = ""
        self._snapshot: Snapshot | None = None
        self.findings: tuple[Finding, ...] = ()
        self.refresh()
        if self._snapshot is None:
            raise NothingToServe(f"The fact base in {root} does not load: {self._notice}", self.findings)

    @property
    def snapshot(self) -> Snapshot:
        """The last good snapshot."""
        if self._snapshot is None:
            raise LookupError("no snapshot is open")
        return self._snapshot

    @property
    def notice(self) -> str:
        """Empty, or one sentence that says why an older snapshot answers."""
        return self._notice

    def close(self) -> None:
        """Close the snapshot in use."""
        if self._snapshot:
            self._snapshot.close()

    def refresh(self) -> bool:
        """Compile and switch if a file changed; say whether another snapshot is in use now."""
        stamp = self._look()
        if stamp == self._stamp and self._snapshot is not None:
            return False
        self._stamp = stamp
        began = self._clock()
        try:
            compiled = compile_base(self._root, self._folder)
        except BrokenBase as error:
            self.findings = error.findings
            return self._fall_back(f"the facts on disk have {error}")
        except OSError as error:
            return self._fall_back(f"a new snapshot cannot be written ({error.strerror})")
        self.findings = compiled.findings
        self._notice = ""
        return self._switch(compiled, self._clock() - began)

    def _switch(self, compiled: Compiled, seconds: float) -> bool:
        before = self._snapshot
        if before and before.id == compiled.id:
            return False
        self._snapshot = Snapshot(compiled.path)
        if before:
            before.close()
        log.info(
            "snapshot in use",
            snapshot=compiled.id,
            parsed=compiled.parsed,
            reused=compiled.reused,
            warnings=len(compiled.findings),
            seconds=round(seconds, 3),
        )
        return True

    def _fall_back(self, reason: str) -> bool:
        """Keep serving what was last good, and say why."""
        opened = False
        if self._snapshot is None and (path := current(self._folder)):
            try:
                self._snapshot = Snapshot(path)
                opened = True
            except SnapshotError as error:
                reason = f"{reason} {error}"
        serving = f"Snapshot {self._snapshot.id} goes on answering: " if self._snapshot else ""
        notice = f"{serving}{reason}"
        if notice != self._notice:
            log.warning("base does not load", reason=reason, snapshot=self._snapshot and self._snapshot.id)
        self._notice = notice
        return opened

    def _look(self) -> Stamp:
        """Take the stamp of all YAML files; a file that vanishes meanwhile counts as gone."""
        stamps = []
        for path in sorted(self._root.rglob("*.y*ml")):
            try:
                stat = path.stat()
            except OSError:
                continue
            stamps.append((str(path), stat.st_size, stat.st_mtime_ns))
        return tuple(stamps)
