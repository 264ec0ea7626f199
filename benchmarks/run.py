"""One run: both bases, every figure with its baseline, spellings."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from benchmarks.figures import GENERATED, SHIPPED, Figure, Machine, Measured, Results, Settings
from benchmarks.generate import Size, write_base
from benchmarks.measure import Growth, Usage, percentile
from benchmarks.questions import BARE_SELECT, COMPLETE
from benchmarks.spellings import resolve_spellings
from bot.config import Config, Web
from bot.facts.snapshot import Snapshot
from bot.facts.turns import current

ROOT: Final = Path(__file__).parent.parent
BRIEFINGS: Final = ROOT / "briefings"

COMPILING: Final = "Compiling"
STARTING: Final = "Starting"
ASKING: Final = "Asking"
COMPLETING: Final = "Completing a name"
MEMORY: Final = "Memory and size"

Result = TypeVar("Result")


class Lab:
    """Runs what is measured in processes of their own."""

    def child(self, returns: type[Result], task: str, *arguments: object) -> Result:
        """Run a task of :mod:`benchmarks.child` and return its result."""
        command = [sys.executable, "-m", "benchmarks.child", task, *map(str, arguments)]
        output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        return msgspec.json.decode(output, type=returns)

    def start(self, arguments: Iterable[object]) -> float:
        """Run Python with some arguments to its end and return the seconds that it took."""
        command = [sys.executable, *map(str, arguments)]
        start = time.perf_counter_ns()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return (time.perf_counter_ns() - start) / 1e9


def run(settings: Settings, lab: Lab, say: Callable[[str], None]) -> Results:
    """Measure everything; `say` is told what comes next."""
    bases = []
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        for name in (SHIPPED, GENERATED):
            root = Path(folder) / name
            say(f"{name} base: writing")
            if name == SHIPPED:
                shutil.copytree(BRIEFINGS, root)
            else:
                write_base(root, Size(settings.facts, settings.entities, settings.seed))
            bases.append(_Bench(name, root, Path(folder) / f"{name}-state", settings, lab, say).measure())
    say("spellings")
    return Results(_machine(), settings, tuple(bases), resolve_spellings())


def _machine() -> Machine:
    return Machine(os.cpu_count() or 1, platform.system(), platform.python_version(), sqlite3.sqlite_version)


class _Bench:
    """Measures one base."""

    def __init__(
        self, name: str, root: Path, state: Path, settings: Settings, lab: Lab, say: Callable[[str], None]
    ) -> None:
        self.name, self.root, self.state, self.settings, self.lab, self.say = (
            name,
            root,
            state,
            settings,
            lab,
            say,
        )
        # Where the command line looks for it, so that a start finds it compiled.
        self.folder = Config(briefings=root, state=state, web=Web(), places=()).snapshots

    def measure(self) -> Measured:
        parts = {
            "compiling": self._compiling,
            "starting": self._starting,
            "asking": self._asking,
            "memory": self._memory,
        }
        figures: list[Figure] = []
        for part, figures_of in parts.items():
            self.say(f"{self.name} base: {part}")
            figures += figures_of()
        files = sorted(self.root.rglob("*.yaml"))
        snapshot = Snapshot(self._snapshot)
        try:
            facts = sum(count for _, count in snapshot.dossiers.values())
            (entities,) = snapshot.db.execute("SELECT count(*) FROM entity").fetchone()
            dossiers = len(snapshot.dossiers)
        finally:
            snapshot.close()
        size = sum(file.stat().st_size for file in files)
        return Measured(self.name, dossiers, facts, entities, len(files), size, tuple(figures))

    @property
    def _snapshot(self) -> Path:
        path = current(self.folder)
        if path is None:
            raise FileNotFoundError(f"no snapshot of the {self.name} base")
        return path

    # --- compiling -------------------------------------------------------------------------------------

    def _compiling(self) -> Iterator[Figure]:
        whole = self._child("compiled", self.root, self.folder)
        bare = self._child("parsed", self.root)
        unchanged = self._child("compiled", self.root, self.folder)
        hashed = self._child("hashed", self.root)
        edited = self._edit()
        once = self._child("compiled", self.root, self.folder)
        one = self._child("parsed", edited)
        parse, parse_one = "bare parse of the same files", "bare parse of that file"
        yield Figure(COMPILING, "everything, processor time", "s", whole.cpu, parse, bare.cpu)
        yield Figure(COMPILING, "everything, by the clock", "s", whole.wall, parse, bare.wall)
        yield Figure(COMPILING, "everything, peak memory", "B", whole.peak, parse, bare.peak)
        yield Figure(COMPILING, "one file edited, processor time", "s", once.cpu, parse_one, one.cpu)
        yield Figure(COMPILING, "one file edited, peak memory", "B", once.peak, parse_one, one.peak)
        hashing = "reading and hashing all files"
        yield Figure(COMPILING, "nothing changed, processor time", "s", unchanged.cpu, hashing, hashed.cpu)

    def _edit(self) -> Path:
        """Change the text of one fact in a file in the middle."""
        files = sorted(self.root.glob("*/facts/*.yaml"))
        file = files[len(files) // 2]
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("  text: ", "  text: Edited, ", 1), encoding="utf-8")
        return file

    def _child(self, task: str, *arguments: object) -> Usage:
        return self.lab.child(Usage, task, *arguments)

    # --- starting --------------------------------------------------------------------------------------

    def _starting(self) -> Iterator[Figure]:
        entities = next(self.root.glob("*/entities.yaml")).read_text(encoding="utf-8")
        first = re.search(r"^- id: (\S+)", entities, re.MULTILINE)
        line = f"/who {first[1]}" if first else "/who"
        ways: dict[str, tuple[object, ...]] = {
            'python -m bot ask "/who …"': (
                *("-m", "bot", "--briefings", self.root, "--state", self.state, "ask", line),
            ),
            'python -c "import bot.service"': ("-c", "import bot.service"),
            "python -c pass": ("-c", "pass"),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(self.settings.starts):
            for name, arguments in ways.items():
                taken[name].append(self.lab.start(arguments))
        for name, beside in pairwise(ways):
            yield Figure(STARTING, name, "s", min(taken[name]), beside, min(taken[beside]))

    # --- asking ----------------------------------------------------------------------------------------

    def _asking(self) -> Iterator[Figure]:
        amounts = (self.settings.each, self.settings.rounds, self.settings.seed)
        timed = self.lab.child(dict[str, list[int]], "timed", self._snapshot, *amounts)
        beside = percentile(timed.pop(BARE_SELECT), 50) / 1e9
        for name, times in timed.items():
            group = COMPLETING if name.startswith(COMPLETE) else ASKING
            middle, worst = (percentile(times, percent) / 1e9 for percent in (50, 99))
            yield Figure(group, name.removeprefix(COMPLETE), "s", middle, BARE_SELECT, beside, worst)

    # --- memory ----------------------------------------------------------------------------------------

    def _memory(self) -> Iterator[Figure]:
        questions = self.settings.questions
        growth = self.lab.child(Growth, "grown", self._snapshot, questions, self.settings.seed)
        name = f"growth over {questions:,} questions of all kinds"
        before = "the process before them"
        yield Figure(MEMORY, name, "B", growth.after - growth.before, before, growth.before)
        size = sum(file.stat().st_size for file in self.root.rglob("*.yaml"))
        yield Figure(MEMORY, "snapshot on disk", "B", self._snapshot.stat().st_size, "the YAML files", size)
