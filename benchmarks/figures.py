"""What a run yields: figures, each beside what it is compared with; kept as JSON."""

from __future__ import annotations

import msgspec

SHIPPED = "shipped"
GENERATED = "generated"


class Machine(msgspec.Struct, frozen=True):
    """Where a run took place."""

    cores: int
    system: str
    python: str
    sqlite: str


class Figure(msgspec.Struct, frozen=True):
    """One figure in seconds ("s") or bytes ("B"): a median where `p99` is given, else a single value.

    `beside` is the value of what it is compared with, in the same unit and of the same run, and `baseline`
    its name; `group` is the heading under which it stands.
    """

    group: str
    name: str
    unit: str
    value: float
    baseline: str
    beside: float
    p99: float | None = None

    @property
    def ratio(self) -> float:
        """How many times the baseline it is."""
        return self.value / self.beside if self.beside else float("inf")


class Measured(msgspec.Struct, frozen=True):
    """A base and its figures; every base of a run has the same ones, in the same order."""

    name: str
    dossiers: int
    facts: int
    entities: int
    files: int
    bytes: int
    figures: tuple[Figure, ...]


class Spellings(msgspec.Struct, frozen=True):
    """How many spellings with one `meaning` (one, several or nothing) were resolved how.

    `right`: to the thing that was meant; `asked`: by a question with all that may be meant among its
    choices; `none`: by saying that nothing is known; `wrong`: to another thing, or by any other question.
    """

    meaning: str
    right: int
    asked: int
    none: int
    wrong: int


class Settings(msgspec.Struct, frozen=True):
    """How much was measured: the generated base, its seed, and how often things were done.

    `each` questions of a class are timed, each `rounds` times; `starts` processes are started of each kind;
    memory is taken after `questions`.
    """

    facts: int = 50_000
    entities: int = 10_000
    seed: int = 1
    each: int = 200
    rounds: int = 3
    starts: int = 7
    questions: int = 4_000


class Results(msgspec.Struct, frozen=True):
    """All of a run."""

    machine: Machine
    settings: Settings
    bases: tuple[Measured, ...]
    spellings: tuple[Spellings, ...]
