"""One tiny run of the benchmarks, without processes of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import msgspec

from benchmarks.child import TASKS
from benchmarks.figures import Results, Settings
from benchmarks.run import Lab, Result, run

TINY = Settings(facts=60, entities=12, seed=3, each=2, rounds=2, starts=1, questions=50)


class Here(Lab):
    """Does in this process what a real run does in others."""

    def child(self, returns: type[Result], task: str, *arguments: object) -> Result:
        result = TASKS[task](*map(str, arguments))
        return msgspec.json.decode(msgspec.json.encode(result), type=returns)

    def start(self, arguments: Iterable[object]) -> float:
        return float(len(list(arguments)))


@cache
def tiny_run() -> tuple[Results, tuple[str, ...]]:
    """Return the results, and what was told meanwhile."""
    told: list[str] = []
    return run(TINY, Here(), told.append), tuple(told)
