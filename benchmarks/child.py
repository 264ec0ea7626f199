"""What is measured in a process of its own, so that nothing before it counts; prints JSON.

`python -m benchmarks.child TASK ARGUMENT…`, the tasks being the names of :data:`TASKS`.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog
import yaml

from benchmarks.measure import Growth, Usage, grow, time_questions, usage
from bot.facts.compile import compile_base


def compiled(root: str, folder: str) -> Usage:
    """Compile the base under `root` into `folder`."""
    return usage(lambda: compile_base(Path(root), Path(folder)))


def parsed(root: str) -> Usage:
    """Parse a YAML file, or all of a folder, with PyYAML's C loader, and drop what comes of it."""

    def parse() -> None:
        for file in _files(root):
            yaml.load(file.read_bytes(), yaml.CSafeLoader)

    return usage(parse)


def hashed(root: str) -> Usage:
    """Read all YAML files of a folder and take their SHA-256."""
    return usage(lambda: [hashlib.sha256(file.read_bytes()).digest() for file in _files(root)])


def timed(snapshot: str, each: str, rounds: str, seed: str) -> dict[str, list[int]]:
    """Ask so many questions of every class so many times; return nanoseconds by class."""
    return time_questions(Path(snapshot), int(each), int(rounds), int(seed))


def grown(snapshot: str, count: str, seed: str) -> Growth:
    """Ask so many questions and say how the memory grew."""
    return grow(Path(snapshot), int(count), int(seed))


def _files(root: str) -> list[Path]:
    path = Path(root)
    return sorted(path.rglob("*.yaml")) if path.is_dir() else [path]


TASKS: Final[dict[str, Callable[..., object]]] = {
    one.__name__: one for one in (compiled, parsed, hashed, timed, grown)
}


def main(arguments: list[str]) -> bytes:
    """Run a task and return its result as JSON."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return msgspec.json.encode(TASKS[arguments[0]](*arguments[1:]))


if __name__ == "__main__":
    sys.stdout.buffer.write(main(sys.argv[1:]))
