"""Turn a folder of YAML into a snapshot: all of it, or what changed since the one before.

Both ways end in the same rows. Every file is looked at, what changed is parsed, and the snapshot that nobody
reads is brought up to it; where there is none, or most of the base changed, one is written from nothing.
"""

from __future__ import annotations

import gc
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from bot.facts.cross import At, Guesser
from bot.facts.doubts import Doubts, findings_of
from bot.facts.fill import write_facts
from bot.facts.findings import Finding, finding
from bot.facts.gather import Change, Gatherer
from bot.facts.heads import write_heads
from bot.facts.incoming import SCRATCH, Incoming
from bot.facts.load import DossierFiles, FileRole, Found, ParsedFile, find_files, parse_file, read_file
from bot.facts.naming import write_dossier_names
from bot.facts.records import Dossier
from bot.facts.rules import Severity
from bot.facts.seen import Seen, Stat, look
from bot.facts.snapshot import SCHEMA, VERSION, Snapshot, SnapshotError
from bot.facts.stored import heads_of
from bot.facts.summaries import (
    add_words,
)
from bot.facts.turns import Part, alone, current, point, snapshots, sweep, verify
from bot.facts.workers import Parsers

Progress = Callable[[str, int, int, int], None]
"""Is told what is done ("reading" files, "writing" or "sorting" facts), how many, of how many, for how many
facts.
"""


class BrokenBase(Exception):
    """A base with errors; `findings` holds them all, errors and warnings."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        errors = [one for one in self.findings if one.severity is Severity.ERROR]
        first = errors[0]
        count = "1 error" if len(errors) == 1 else f"{len(errors):,} errors"
        super().__init__(f"{count}; the first in {first.file}, line {first.line}: {first.message}")


class Compiled(msgspec.Struct, frozen=True):
    """What a compilation did: `parsed` files were read anew, `reused` ones are as in the snapshot before.

    `findings` are warnings only.
    """

    path: Path
    id: str
    parsed: int
    reused: int
    findings: tuple[Finding, ...] = ()


def _silent(_what: str, _done: int, _total: int, _facts: int) -> None:
    """Tell nobody."""


def compile_base(
    root: Path,
    folder: Path,
    progress: Progress = _silent,
    *,
    thorough: bool = False,
    stats: Mapping[str, Stat] | None = None,
) -> Compiled:
    """Compile the dossiers under `root` into a snapshot in `folder`, and name it in the pointer file.

    If `thorough`, snapshots that lost a bit since they were written are found and written anew. `stats` is
    what :func:`bot.facts.seen.look` found a moment ago, where that is known.

    Raises:
        BrokenBase: the base has errors; the snapshot in use is as it was.
        OSError: the folder cannot be written to.
        sqlite3.Error: the disk is full or broken; the snapshot in use is as it was.
        SnapshotError: millions of facts have the same weight and day.
    """
    with alone(folder), _seldom_collecting():
        if thorough:
            verify(folder)
        stats = look(root) if stats is None else stats
        found = find_files(root)
        seen = Seen(root, folder)
        digests, unread = seen.digests((file for one in found.dossiers for _, file in one.files), stats)
        compilation = _Compilation(root, folder, found, digests, [*found.findings, *unread], progress)
        compiled = compilation.run()
        for file in compilation.late:
            seen.forget(file)
        seen.keep()
        if thorough:
            verify(folder)
        return compiled


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for garbage seldom: nothing here is a circle, and looking through it takes a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def fingerprint(digests: Mapping[str, str]) -> str:
    """Return the snapshot id of files by their SHA-256: 12 hex digits over names, digests and versions.

    The libraries that fold and stem are part of it: another version of one may give other words.
    """
    listing = "".join(f"{file}\0{digest}\n" for file, digest in sorted(digests.items()))
    return hashlib.sha256(f"{VERSION}\n{_libraries()}\n{listing}".encode()).hexdigest()[:12]


@cache
def _libraries() -> str:
    return " ".join(f"{name} {version(name)}" for name in ("anyascii", "pystemmer"))


class _Plan(msgspec.Struct):
    """What there is to do for a dossier: files to parse, and paths of those that changed or are gone."""

    n: int
    files: list[tuple[FileRole, str]]
    paths: list[str]


class _Compilation:
    """One run of the compiler."""

    def __init__(
        self,
        root: Path,
        folder: Path,
        found: Found,
        digests: dict[str, str],
        findings: list[Finding],
        progress: Progress,
    ) -> None:
        self.root, self.folder, self.found = root, folder, found
        self.digests, self.findings, self.progress = digests, findings, progress
        self.parsed = self.to_parse = self.facts = 0
        self.late: list[str] = []
        """Files that changed between looking at them and parsing them."""
        self.stored: dict[str, tuple[str, int]] = {}
        """The files of the snapshot that is changed: their digests and the numbers of their dossiers."""
        self.numbered: list[tuple[str, DossierFiles]] = []
        """The dossiers by number, from 1, each with its id."""
        self.id = fingerprint(digests)

    def run(self) -> Compiled:
        """Find, change or write the snapshot of these files, and point to it."""
        wanted = self.id
        for path in snapshots(self.folder):
            if path.name.startswith(f"{wanted}-") and (same := _open(path)):
                with closing(same):
                    findings = self._all_findings(same.db)
                return self._done(path, wanted, findings)
        path, findings = self._write(self._base())
        return self._done(path, path.name.partition("-")[0], findings)

    def _done(self, path: Path, snapshot_id: str, findings: tuple[Finding, ...]) -> Compiled:
        point(self.folder, path)
        sweep(self.folder, path)
        return Compiled(path, snapshot_id, self.parsed, len(self.digests) - self.parsed, findings)

    def _all_findings(self, db: sqlite3.Connection) -> tuple[Finding, ...]:
        findings = tuple(sorted([*self.findings, *findings_of(db)]))
        if any(one.severity is Severity.ERROR for one in findings):
            raise BrokenBase(findings)
        return findings

    # --- which file to change --------------------------------------------------------------------------

    def _base(self) -> Path | None:
        """Return the snapshot to start from: the one not in use, else the one that is, or none."""
        in_use = current(self.folder)
        others = [path for path in snapshots(self.folder) if path != in_use]
        candidates: list[Path] = [*others[:1], *([in_use] if in_use else ())]
        for path in candidates:
            if there := _open(path):
                with closing(there):
                    rows = there.db.execute("SELECT path, sha256, dossier FROM file")
                    self.stored = {file: (digest, n) for file, digest, n in rows}
                    ids = dict(there.db.execute("SELECT n, id FROM dossier ORDER BY n").fetchall())
                self.numbered = self._ids(ids)
                if self._is_worth_changing(ids):
                    return path
        self.stored, self.numbered = {}, self._ids({})
        return None

    def _is_worth_changing(self, ids: Mapping[int, str]) -> bool:
        """Say whether a snapshot has these dossiers under their numbers, and half of these files."""
        stored = self.stored
        same = sum(digest == stored.get(file, ("",))[0] for file, digest in self.digests.items())
        if same * 2 < max(len(stored), len(self.digests)):
            return False
        # The numbers of dossiers are in the rows, so one more may only come after all others.
        if [one for one, _ in self.numbered][: len(ids)] != list(ids.values()):
            return False
        now = {file: n for n, (_, dossier) in enumerate(self.numbered, 1) for _, file in dossier.files}
        # Two folders may have taken each other's ids.
        return all(now.get(path, n) == n for path, (_, n) in stored.items())

    def _ids(self, ids: Mapping[int, str]) -> list[tuple[str, DossierFiles]]:
        """Return the dossiers in the order of their numbers, each with its id; it is parsed if it changed.

        `ids` are those that are stored, by number.
        """
        found = []
        for dossier in self.found.dossiers:
            path = next((file for role, file in dossier.files if role is FileRole.DOSSIER), "")
            digest, n = self.stored.get(path, ("", 0))
            if n in ids and digest == self.digests.get(path):
                found.append((ids[n], dossier))
            else:
                record = self._record(path)
                found.append((record.id if record else dossier.folder, dossier))
        return sorted(found, key=lambda one: (one[0], one[1].folder))

    def _record(self, path: str) -> Dossier | None:
        try:
            parsed = parse_file(FileRole.DOSSIER, path, read_file(self.root, path)) if path else None
        except OSError:
            return None
        return next((one for one in parsed.records if isinstance(one, Dossier)), None) if parsed else None

    # --- writing ---------------------------------------------------------------------------------------

    def _write(self, base: Path | None) -> tuple[Path, tuple[Finding, ...]]:
        part = Part(self.folder, base, copy=base == current(self.folder))
        try:
            with closing(sqlite3.connect(part.path, isolation_level=None)) as db:
                try:
                    findings = self._fill(db, base)
                except BrokenBase:
                    db.execute("ROLLBACK")
                    part.put_back()
                    raise
                finally:
                    db.rollback()
            return part.finish(self.id), findings
        except OverflowError as error:
            raise SnapshotError(f"The snapshot cannot be written: {error}.") from None
        finally:
            part.discard()

    def _fill(self, db: sqlite3.Connection, base: Path | None) -> tuple[Finding, ...]:
        """Bring a database up to the files, in one transaction."""
        # What is not finished has no name, so nothing must be on the disk before. The journal in memory takes
        # back what a broken base wrote; a new file has nothing to take back.
        db.execute(f"PRAGMA journal_mode = {'MEMORY' if base else 'OFF'}")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -32768")
        scratch = self.folder / "scratch.part"
        db.execute("ATTACH ? AS scratch", (str(scratch),))
        db.execute("PRAGMA scratch.cache_size = -16384")
        db.execute("PRAGMA scratch.journal_mode = OFF")
        db.execute("PRAGMA scratch.synchronous = OFF")
        try:
            db.execute("BEGIN")
            if not base:
                _create(db, SCHEMA)
            _create(db, SCRATCH)
            findings = self._change(db)
            db.execute("COMMIT")
        finally:
            scratch.unlink(missing_ok=True)
        if not base:
            db.execute("INSERT INTO words (words) VALUES ('optimize')")
        return findings

    def _change(self, db: sqlite3.Connection) -> tuple[Finding, ...]:
        doubts, guesser = Doubts(db, lambda file: read_file(self.root, file)), Guesser()
        is_new = not db.execute("SELECT EXISTS (SELECT 1 FROM file)").fetchone()[0]
        changes: dict[int, Change] = {}
        incoming = Incoming(db)
        plans = self._plans(doubts)
        with closing(self._parsers(plans)) as parsers:
            for plan in plans:
                files = self._parsed(plan, parsers)
                change = Gatherer(incoming, plan.n, doubts, guesser).gather(files, plan.paths)
                if change is None:
                    doubts.is_broken = True
                    continue
                changes[plan.n] = change
                if is_new and not doubts.is_broken:
                    self._write_dossier(db, change)
        if doubts.is_broken or any(one.severity is Severity.ERROR for one in self.findings):
            doubts.flush()
            raise BrokenBase(sorted([*self.findings, *findings_of(db)]))
        write_facts(incoming, changes, doubts, self.progress, is_new=is_new)
        doubts.flush()
        _write_meta(db, self.id)
        return self._all_findings(db)

    def _write_dossier(self, db: sqlite3.Connection, change: Change) -> None:
        """Write what does not wait for the other dossiers, and keep no more of it than is asked for again."""
        n = change.heads.n
        write_heads(db, change)
        add_words(db, n, change.words)
        query = "SELECT count(*) FROM scratch.incoming WHERE dossier = ?"
        write_dossier_names(db, change, db.execute(query, (n,)).fetchone()[0])
        heads = heads_of(db, n)
        assert heads  # noqa: S101 -- just written
        change.heads = heads
        change.words.clear()
        change.uses.clear()
        change.parsed = {
            role: msgspec.structs.replace(one, records=()) for role, one in change.parsed.items()
        }

    def _plans(self, doubts: Doubts) -> list[_Plan]:
        """Return what there is to do for each dossier in which something changed."""
        stored, digests = self.stored, self.digests
        there = {file for dossier in self.found.dossiers for _, file in dossier.files}
        vanished = [(path, number) for path, (_, number) in stored.items() if path not in there]
        first: dict[str, str] = {}
        plans = []
        for n, (dossier_id, dossier) in enumerate(self.numbered, 1):
            own = next((file for role, file in dossier.files if role is FileRole.DOSSIER), "")
            if own and (other := first.setdefault(dossier_id, own)) != own:
                message = f"{other} has the id {dossier_id} already."
                doubts.add("dossier", n, dossier_id, [At(own, 0).issue("X006", "id", message=message)])
            files = [one for one in dossier.files if stored.get(one[1], ("-",))[0] != digests.get(one[1], "")]
            gone = [path for path, number in vanished if number == n]
            paths = [file for _, file in files if file in stored] + gone
            if files or gone:
                plans.append(_Plan(n, files, paths))
                self.to_parse += len(files)
        return plans

    def _parsed(self, plan: _Plan, parsers: Parsers) -> Iterator[tuple[ParsedFile, str]]:
        for role, file in plan.files:
            if file not in self.digests:
                yield ParsedFile(file, role, (), complete=False), ""
                continue
            try:
                parsed, digest = parsers.parse(role, file)
            except OSError as error:
                message = f"The file cannot be read ({error.strerror})."
                self.findings.append(finding("F006", file, 1, 1, message))
                yield ParsedFile(file, role, (), complete=False), ""
                continue
            if digest != self.digests[file]:
                self.late.append(file)
                self.digests[file] = digest
                self.id = fingerprint(self.digests)
            self.parsed += 1
            self.facts += len(parsed.records) if role is FileRole.FACTS else 0
            self.progress("reading", self.parsed, self.to_parse, self.facts)
            yield parsed, digest

    def _parsers(self, plans: Iterable[_Plan]) -> Parsers:
        jobs = [job for plan in plans for job in plan.files if job[1] in self.digests]
        size = 0
        for _, file in jobs:
            with suppress(OSError):
                size += (self.root / file).stat().st_size
        return Parsers(self.root, jobs, size)


def _write_meta(db: sqlite3.Connection, snapshot_id: str) -> None:
    facts, newest = 0, 0
    query = "SELECT max(day) FROM tally WHERE dossier = ? AND span = 0"
    for n, count in db.execute("SELECT n, facts FROM dossier").fetchall():
        facts += count
        newest = max(newest, db.execute(query, (n,)).fetchone()[0] or 0)
    meta = {"facts": facts, "id": snapshot_id, "newest": newest, "version": VERSION}
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", sorted(meta.items()))


def _create(db: sqlite3.Connection, schema: str) -> None:
    """Create tables within the transaction, which executescript would commit."""
    lines = [line for line in schema.splitlines() if not line.startswith("--")]
    for statement in filter(str.strip, "\n".join(lines).split(";")):
        db.execute(statement)


def _open(path: Path) -> Snapshot | None:
    """Open a snapshot if it can be read and is of this version."""
    try:
        return Snapshot(path)
    except SnapshotError:  # or another process has just swept it
        return None
