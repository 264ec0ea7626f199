"""A bar that shows how far a compilation is, where a person watches; a line where nobody does."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

PATIENCE: Final = 2.0
"""Seconds that pass before anything is shown."""


class Watched:
    """Shows the progress of a compilation on `stream`; `clock` tells seconds.

    What is done within two seconds shows nothing. After that a terminal gets a bar with the speed and the
    time left, and any other stream a single line.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream, self._clock = stream, clock
        self._console = Console(file=stream)
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._is_told = False
        self._began: dict[str, float] = {}

    def __enter__(self) -> Watched:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def show(self, what: str, done: int, total: int, facts: int) -> None:
        """Show that of `total` files read or facts written so many are done, and for how many facts."""
        now = self._clock()
        began = self._began.setdefault(what, now)
        if now - min(self._began.values()) < PATIENCE:
            return
        if not self._console.is_terminal:
            if not self._is_told:
                self._stream.write("Compiling takes more than two seconds; please wait.\n")
                self._stream.flush()
            self._is_told = True
            return
        if self._bar is None:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[speed]}"))
            self._bar = Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True)
            self._bar.start()
        speed = f"{facts / max(now - began, 0.001):,.0f} facts a second"
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what.capitalize(), total=total, speed=speed)
        self._bar.update(self._tasks[what], completed=done, total=total, speed=speed)
