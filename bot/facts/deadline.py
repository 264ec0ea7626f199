"""A limit to what one answer may look through, so that no question holds up the others."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

SECONDS: Final = 0.025
"""What an answer may take, before what it still looks for is cut short."""

_STEPS: Final = 4_000  # instructions of SQLite between two looks at the clock: some 100 microseconds
_LEAST: Final = 64  # looks that are always granted: a long text to write is no reason to look up less


class TooSlowError(Exception):
    """An answer would take longer than it may."""


@contextmanager
def limited(db: sqlite3.Connection, clock: Callable[[], float] = time.thread_time) -> Iterator[None]:
    """Stop the statements that go on when :data:`SECONDS` have passed since the beginning.

    By default that is the time of the processor, so that a busy machine stops nothing. What is not a loop in
    SQLite is not stopped either: such work must be small by itself.

    Raises:
        TooSlowError: one was stopped.
    """
    end = clock() + SECONDS
    looks = 0
    stopped = False

    def is_over() -> bool:
        nonlocal looks, stopped
        looks += 1
        stopped = looks > _LEAST and clock() > end
        return stopped

    db.set_progress_handler(is_over, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if stopped:
            raise TooSlowError from error
        raise
    finally:
        db.set_progress_handler(None, 0)
