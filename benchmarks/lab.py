"""Where a run takes place: bases that are made when first needed, and processes that measure."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from benchmarks.figures import Base, Outcomes, Settings
from benchmarks.generate import Size, write_base
from benchmarks.measure import tree_bytes
from bot.config import Config, Web
from bot.facts.snapshot import Snapshot
from bot.facts.turns import current

ROOT: Final = Path(__file__).parent.parent
MADE: Final = "made.json"
"""The file that says that a base was written to its end, and of which size and seed it is."""

Result = TypeVar("Result")


class Built(msgspec.Struct, frozen=True):
    """A generated base on disk: its YAML, and where its snapshots and the bot's state go."""

    size: Size
    root: Path
    state: Path

    @property
    def folder(self) -> Path:
        """Where the command line looks for snapshots, so that a start finds the base compiled."""
        return Config(briefings=self.root, state=self.state, web=Web(), places=()).snapshots

    @property
    def snapshot(self) -> Path:
        """The compiled snapshot.

        Raises:
            FileNotFoundError: it is not compiled.
        """
        path = current(self.folder)
        if path is None:
            raise FileNotFoundError(f"no snapshot of the base of {self.size.facts:,} facts")
        return path


class Lab:
    """Makes what is measured under `folder`, where a base of an earlier run is taken as it is.

    `say` is told what comes next; `notes` gathers what a reader must know, by part.
    """

    def __init__(self, settings: Settings, folder: Path, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.folder = folder
        self.say = say
        self.notes: dict[str, tuple[str, ...]] = {}
        self.outcomes: tuple[Outcomes, ...] = ()
        self._bases: dict[Size, Built] = {}

    # --- processes -------------------------------------------------------------------------------------

    def child(self, returns: type[Result], task: str, *arguments: object) -> Result:
        """Run a task (see :mod:`benchmarks.child`) in a process of its own and return its result."""
        command = [sys.executable, "-m", "benchmarks.child", task, *map(str, arguments)]
        output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        return _last_line(output, returns)

    def watched(self, returns: type[Result], task: str, *arguments: object) -> tuple[Result, int]:
        """Run a task; return its result, and the most bytes that it and what it started held at once.

        A page that processes share counts for each in part (PSS), looked at ten times a second. Where the
        system does not tell, the bytes are 0.
        """
        command = [sys.executable, "-m", "benchmarks.child", task, *map(str, arguments)]
        most = 0
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            while True:
                try:
                    output, _ = process.communicate(timeout=0.1)
                    break
                except subprocess.TimeoutExpired:
                    most = max(most, tree_bytes(process.pid))
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        return _last_line(output, returns), most

    def start(self, arguments: Iterable[object]) -> float:
        """Run Python with some arguments to its end and return the seconds that it took."""
        command = [sys.executable, *map(str, arguments)]
        start = time.perf_counter_ns()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return (time.perf_counter_ns() - start) / 1e9

    def note(self, part: str, sentence: str) -> None:
        """Keep a sentence that a reader of that part must know."""
        self.notes[part] = (*self.notes.get(part, ()), sentence)

    # --- bases -----------------------------------------------------------------------------------------

    @property
    def large(self) -> Built:
        """The base of the size that is asked for."""
        return self.base(self.settings.facts, self.settings.entities)

    @property
    def middle(self) -> Built:
        """A twentieth of the large base, or a thousand facts, for what is compiled again and again."""
        facts, entities = self.settings.facts, self.settings.entities
        return self.base(min(facts, max(1_000, facts // 20)), min(entities, max(200, entities // 20)))

    @property
    def small(self) -> Built:
        """The base of a thousand facts with which the large one is compared."""
        return self.base(min(1_000, self.settings.facts), min(200, self.settings.entities))

    @property
    def tiny(self) -> Built:
        """The base of fifty facts with which the large one is compared."""
        return self.base(min(50, self.settings.facts), min(10, self.settings.entities))

    def base(self, facts: int, entities: int) -> Built:
        """Return a base as files, written now or earlier."""
        size = Size(facts, entities, self.settings.seed)
        if size not in self._bases:
            place = self.folder / f"{facts}-{entities}-{size.seed}"
            made = place / MADE
            if not made.exists():
                self.say(f"writing a base of {facts:,} facts")
                shutil.rmtree(place, ignore_errors=True)
                write_base(place / "base", size)
                made.write_bytes(msgspec.json.encode(size))
            self._bases[size] = Built(size, place / "base", place / "state")
        return self._bases[size]

    def compiled(self, built: Built) -> Path:
        """Return the snapshot of a base, compiled now or earlier."""
        try:
            return built.snapshot
        except FileNotFoundError:
            self.say(f"compiling the base of {built.size.facts:,} facts")
            self.child(object, "goals.compiling.compiled", built.root, built.folder)
            return built.snapshot

    def lines(self, built: Built) -> Path:
        """Return the file of questions drawn from a base."""
        file = built.root.parent / f"lines-{self.settings.each}.json"
        if not file.exists():
            snapshot = self.compiled(built)
            self.say(f"drawing questions from the base of {built.size.facts:,} facts")
            self.child(int, "desk.drawn", snapshot, file, self.settings.each, self.settings.seed)
        return file

    def describe(self) -> tuple[Base, ...]:
        """Describe the bases made so far, the smallest first."""
        return tuple(
            self._describe(one) for _, one in sorted(self._bases.items(), key=lambda row: row[0].facts)
        )

    def _describe(self, built: Built) -> Base:
        files = list(built.root.rglob("*.yaml"))
        path = self.compiled(built)
        snapshot = Snapshot(path)
        try:
            facts, dossiers = sum(count for _, count in snapshot.dossiers.values()), len(snapshot.dossiers)
            (entities,) = snapshot.db.execute("SELECT count(*) FROM entity").fetchone()
        finally:
            snapshot.close()
        size = sum(file.stat().st_size for file in files)
        return Base(dossiers, facts, entities, len(files), size, path.stat().st_size)


def _last_line(output: bytes, returns: type[Result]) -> Result:
    """Read the result of a task; some libraries print before it."""
    return msgspec.json.decode(output[output.rfind(b"\n") + 1 :], type=returns)
