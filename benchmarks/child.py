"""What is measured in a process of its own, so that nothing before it counts; prints JSON.

`python -m benchmarks.child MODULE.FUNCTION ARGUMENT…`: a function of a module of this package that takes
text and returns what msgspec can write.
"""

from __future__ import annotations

import importlib
import logging
import sys

import msgspec
import structlog


def run_task(task: str, *arguments: str) -> bytes:
    """Run a function by its name and return its result as JSON."""
    module, _, function = task.rpartition(".")
    work = getattr(importlib.import_module(f"benchmarks.{module}"), function)
    return msgspec.json.encode(work(*arguments))


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.WARNING)
    sys.stdout.buffer.write(run_task(*sys.argv[1:]))
