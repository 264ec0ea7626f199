"""What a run yields: figures, each beside what it is compared with; kept as JSON."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Compare(StrEnum):
    """How a figure is held to its baseline."""

    RATIO = "ratio"
    """How many times the baseline it is."""
    DIFFERENCE = "difference"
    """By how much it exceeds the baseline."""
    ALONE = "alone"
    """Not at all: the figure itself counts, the baseline only shows what the machine does."""


class Machine(msgspec.Struct, frozen=True):
    """Where a run took place."""

    cores: int
    system: str
    python: str
    sqlite: str


class Figure(msgspec.Struct, frozen=True):
    """One figure of a part, in seconds ("s"), bytes ("B"), things ("n") or a share of one ("share").

    `beside` is the value of what it is compared with, in the same unit and of the same run, and `baseline`
    its name. `limit` is the most that the comparison may come to, or the least where `least` is set; a figure
    without one is only shown. `remark` is what a reader must know of this very value.
    """

    part: str
    name: str
    unit: str
    value: float
    baseline: str = ""
    beside: float = 0.0
    compare: Compare = Compare.RATIO
    limit: float | None = None
    least: bool = False
    remark: str = ""

    @property
    def compared(self) -> float:
        """What the comparison comes to; how many times nothing is, is infinite."""
        if self.compare is Compare.ALONE:
            return self.value
        if self.compare is Compare.DIFFERENCE:
            return self.value - self.beside
        return self.value / self.beside if self.beside else float("inf")

    @property
    def reached(self) -> bool | None:
        """Whether the limit was kept; None where there is none."""
        if self.limit is None:
            return None
        return self.compared >= self.limit if self.least else self.compared <= self.limit

    @property
    def used(self) -> float:
        """The share of what the limit allows that was used: more than 1 is too much."""
        if self.limit is None or (self.reached and not self.limit):
            return 0.0
        if not self.limit:
            return float("inf")
        if self.least and self.limit > 0:
            return self.limit / self.compared if self.compared > 0 else float("inf")
        return max(self.compared / self.limit, 0.0)


class Base(msgspec.Struct, frozen=True):
    """A generated base; `bytes` are those of its YAML, `snapshot` those it compiles to."""

    dossiers: int
    facts: int
    entities: int
    files: int
    bytes: int
    snapshot: int


class Outcomes(msgspec.Struct, frozen=True):
    """How many spellings of one sort were resolved how.

    `right`: to the thing that was meant; `asked`: by a question with all that may be meant among its
    choices; `none`: by saying that nothing is known; `wrong`: to another thing, or by any other question.
    """

    sort: str
    right: int
    asked: int
    none: int
    wrong: int


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    The generated bases: `facts` and `entities` of the large one, `seed`. `each` questions of a class are
    timed, each `rounds` times; `starts` processes are started of each kind; memory is taken after
    `questions`; `requests` go to each handler in a turn; so many random `edits` are compiled; so many
    `probes` look for the slowest question, for `search_seconds` at most; so many `spellings` are tried of
    each class of error; the base is reloaded so many times under load.
    """

    facts: int = 1_000_000
    entities: int = 200_000
    seed: int = 1
    each: int = 60
    rounds: int = 2
    starts: int = 5
    questions: int = 4_000
    requests: int = 100
    edits: int = 1_000
    probes: int = 2_000
    search_seconds: float = 60.0
    spellings: int = 60
    reloads: int = 4


class Results(msgspec.Struct, frozen=True):
    """All of a run; `notes` are sentences on what was left out and why, by part."""

    machine: Machine
    settings: Settings
    bases: tuple[Base, ...]
    figures: tuple[Figure, ...]
    outcomes: tuple[Outcomes, ...] = ()
    notes: dict[str, tuple[str, ...]] = {}
    seconds: float = 0.0
