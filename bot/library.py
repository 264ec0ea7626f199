"""The snapshot in use: opened at the start, replaced when the YAML on disk changes and loads."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from bot.facts.compile import BrokenBase, compile_base
from bot.facts.findings import Finding
from bot.facts.seen import Stat, look
from bot.facts.snapshot import Snapshot, SnapshotError
from bot.facts.turns import alone, current, open_current, verify

log = structlog.get_logger(__name__)


class NothingToServe(Exception):
    """There is neither a base that loads nor a snapshot to fall back on; `findings` says why."""

    def __init__(self, sentence: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(sentence)
        self.findings = findings


Stamp = dict[str, Stat]
"""What shows that a file changed, for all files under the root."""


class Prepared(msgspec.Struct, frozen=True):
    """What came of a look at the files: another snapshot, the reason why there is none, or neither.

    With an empty `stamp` the next look takes the files for changed.
    """

    stamp: Stamp
    snapshot: Snapshot | None = None
    reason: str = ""
    findings: tuple[Finding, ...] = ()


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
        self._stamp: Stamp = {}
        self._stamp_before: Stamp = {}
        self._before: Snapshot | None = None
        self._notice = ""
        self._snapshot: Snapshot | None = None
        self._settled = self._verified = False
        self.reloaded_at = 0.0
        """When the snapshot came into use, in seconds since 1970."""
        self.findings: tuple[Finding, ...] = ()
        self.refresh()
        if self._snapshot is None:
            raise NothingToServe(f"{root} cannot be served: {self._notice}", self.findings)

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
        """Close the snapshot in use, and the one before."""
        self._let_go()
        if self._snapshot:
            self._snapshot.close()

    def refresh(self) -> bool:
        """Compile and switch if a file changed; say whether another snapshot is in use now."""
        return self.adopt(self.prepare())

    def prepare(self) -> Prepared | None:
        """Compile if a file changed since the last look, without touching what is in use; None if none did.

        This may run in another thread than the answers.
        """
        self._let_go()
        stamp = look(self._root)
        if stamp == self._stamp and self._snapshot is not None:
            return None if self._settle() else self._compile(stamp, self._snapshot.id)
        return self._compile(stamp)

    def _settle(self) -> bool:
        """Hold the snapshots to their sums, once after each change while nothing else is to do; say if whole.

        At the start those of earlier runs are read too: no bit of theirs may have flipped.
        """
        if self._settled:
            return True
        again, self._settled, self._verified = not self._verified, True, True
        try:
            with alone(self._folder):
                whole = verify(self._folder, again=again)
        except OSError:  # a folder that cannot be written has no sums
            return True
        if not whole:
            log.warning("a snapshot was damaged and is written anew")
        return whole

    def _compile(self, stamp: Stamp, damaged: str = "") -> Prepared:
        began = self._clock()
        try:
            compiled = compile_base(self._root, self._folder, stats=stamp)
            if self._snapshot is not None and self._snapshot.id == compiled.id != damaged:
                return Prepared(stamp, findings=compiled.findings)
            snapshot = open_current(self._folder)
        except BrokenBase as error:
            reason = f"the facts on disk have {error} `briefing-bot check` says what to do."
            return Prepared(stamp, reason=reason, findings=error.findings)
        except OSError as error:
            # It may need no edit to mend this, so the next look tries again.
            why = error.strerror or str(error)
            reason = f"no snapshot can be written to {self._folder} ({why}); --state names another folder."
            return Prepared({}, reason=reason)
        except (sqlite3.Error, SnapshotError) as error:
            return Prepared({}, reason=f"no new snapshot could be made ({error})")
        except Exception:
            log.exception("compiling failed")
            return Prepared(stamp, reason="the facts on disk could not be compiled; the log says why")
        log.info(
            "snapshot compiled",
            snapshot=compiled.id,
            parsed=compiled.parsed,
            reused=compiled.reused,
            warnings=len(compiled.findings),
            seconds=round(self._clock() - began, 3),
        )
        return Prepared(stamp, snapshot, findings=compiled.findings)

    def adopt(self, prepared: Prepared | None) -> bool:
        """Take what was prepared into use, between two answers; say whether that was another snapshot."""
        if prepared is None:
            return False
        self._stamp_before, self._stamp, self.findings = self._stamp, prepared.stamp, prepared.findings
        if prepared.reason:
            return self._fall_back(prepared.reason)
        if self._notice:
            log.warning("base loads again")
        self._notice = ""
        return self._switch(prepared.snapshot)

    def _switch(self, snapshot: Snapshot | None) -> bool:
        if snapshot is None:
            return False
        self._before, self._snapshot, self._settled = self._snapshot, snapshot, False
        self.reloaded_at = time.time()
        return True

    def _let_go(self) -> None:
        """Give back what was in use before, which takes longer than the answers should stand still."""
        self._stamp_before = {}
        if self._before:
            self._before.close()
            self._before = None

    def _fall_back(self, reason: str) -> bool:
        """Keep serving what was last good, or open what was good before the start; say why."""
        opened = False
        if self._snapshot is None and current(self._folder):
            try:
                opened = self._switch(open_current(self._folder))
            except SnapshotError as error:
                reason = f"{reason} {error}"
        serving = f"Snapshot {self._snapshot.id} goes on answering: " if self._snapshot else ""
        if f"{serving}{reason}" != self._notice:
            log.warning("base does not load", reason=reason, serving=self._snapshot and self._snapshot.id)
        self._notice = f"{serving}{reason}"
        return opened
