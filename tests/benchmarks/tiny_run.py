"""One tiny run of the benchmarks, without processes of its own where it can be."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec

from benchmarks.child import run_task
from benchmarks.figures import Results, Settings
from benchmarks.lab import Lab, Result
from benchmarks.run import NAMES, run

TINY = Settings(
    facts=120,
    entities=24,
    seed=3,
    each=2,
    rounds=2,
    starts=1,
    questions=50,
    requests=8,
    edits=25,
    probes=30,
    spellings=3,
    reloads=2,
)

APART = {
    "goals.http.cpu",
    "goals.discord.answered",
    "goals.dispatch.errbot",
    "goals.dispatch.nonebot",
    "goals.peers.measured",
    "goals.starting.imported",
}
"""Tasks that have a loop of their own, count what a process imports, or import what warns."""


class Here(Lab):
    """Does in this process what a real run does in others."""

    def child(self, returns: type[Result], task: str, *arguments: object) -> Result:
        if task in APART:
            return super().child(returns, task, *arguments)
        return msgspec.json.decode(run_task(task, *map(str, arguments)), type=returns)

    def watched(self, returns: type[Result], task: str, *arguments: object) -> tuple[Result, int]:
        return self.child(returns, task, *arguments), 1_000_000

    def start(self, arguments: Iterable[object]) -> float:
        return float(len(list(arguments)))


@cache
def tiny_run() -> tuple[Results, tuple[str, ...]]:
    """Return the results of all parts, and what was told meanwhile."""
    told: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="tiny-"))
    try:
        return run(Here(TINY, folder, told.append), NAMES), tuple(told)
    finally:
        shutil.rmtree(folder)
