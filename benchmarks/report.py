"""A run's results as tables: in the terminal, and as docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, Results

COMMAND: Final = "python -m benchmarks --write-docs"
COMPARED: Final = "compared with"

NOTES: Final = {
    "Compiling": (
        "Each in a process of its own, whose threads and children count too, and so is what it is compared"
        " with; a bare parse is what PyYAML's CSafeLoader takes. Memory is the most that was resident."
    ),
    "Starting": (
        "The fastest of {starts} starts, the three kinds in turn, from before the process is made until it"
        " has ended; the base is compiled already."
    ),
    "Asking": (
        "One process asks {each} lines of every kind, drawn from the base by seed and shuffled together,"
        " after a warm-up; it does so {rounds} times and the fastest of a line counts. The garbage collector"
        " waits meanwhile. The time runs from the typed line to the finished reply, which a platform still"
        " has to render. Median / 99th percentile; the ratio is that of the medians."
    ),
    "Completing a name": "Measured among the questions: `/who` and so many letters, to ten suggestions.",
    "Memory and size": (
        "In a process of its own. The growth includes the libraries that only some questions need and that"
        " are loaded when the first of these comes."
    ),
}
"""How the figures of each group are made."""

DATA: Final = (
    "The shipped base is `briefings/`. The generated one is made up from seed {seed}: names in Latin with"
    " and without diacritics, Cyrillic and Chinese, surnames that many share, words and mentions by Zipf's"
    " law, sources with and without a date, orders with due dates, facts that supersede, dispute and settle"
    " others."
)

RATIOS: Final = (
    "Every figure stands beside something simple that was measured in the same run, and says how many times"
    " that it is. Where other work shares the machine, trust these ratios, not the seconds."
)

OUTCOMES: Final = ("right", "asked", "none", "wrong")

NAMES: Final = (
    "What came of {total} spellings whose meaning is known (`tests/facts/names_table.py`). Right: taken for"
    " what was meant. Asked: a question with all that may be meant among its choices. None: nothing is known"
    " under that name. Wrong: taken for something else, or any other question."
)


UNITS: Final = {
    "s": ((1e-6, "µs"), (1e-3, "ms"), (1.0, "s")),
    "B": ((1e3, "kB"), (1e6, "MB"), (1e9, "GB")),
}
"""The units that seconds and bytes are shown in, the smallest first."""


def digits(number: float) -> str:
    """Return a number with three digits, or with more where it has more before the point."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def amount(number: float, unit: str) -> str:
    """Return seconds ("s") or bytes ("B") in the unit that suits them."""
    units = UNITS[unit]
    size, shown = next((one for one in reversed(units) if abs(number) >= one[0]), units[0])
    return f"{digits(number / size)} {shown}"


def value(figure: Figure) -> str:
    """Return a figure as a cell: the value, and the 99th percentile where there is one."""
    some = (figure.value,) if figure.p99 is None else (figure.value, figure.p99)
    return " / ".join(amount(one, figure.unit) for one in some)


def ratio(figure: Figure) -> str:
    """Return how many times its baseline a figure is, as a cell."""
    return f"{digits(figure.ratio)}×"


def machine(results: Results) -> str:
    """Return the machine in one line."""
    one = results.machine
    python, sqlite = (".".join(version.split(".")[:2]) for version in (one.python, one.sqlite))
    return f"{one.cores} cores, {one.system}, Python {python}, SQLite {sqlite}"


class Grid(NamedTuple):
    """A table: its heading, how it was made, its columns (the first holds names) and its rows."""

    title: str
    note: str
    head: list[str]
    rows: list[list[str]]


def grids(results: Results) -> Iterator[Grid]:
    """Yield all tables."""
    bases = results.bases
    head = ["base", "dossiers", "facts", "entities", "files", "YAML"]
    rows = [
        [
            base.name,
            *(f"{count:,}" for count in (base.dossiers, base.facts, base.entities, base.files)),
            amount(base.bytes, "B"),
        ]
        for base in bases
    ]
    yield Grid("Bases", DATA.format(seed=results.settings.seed), head, rows)
    settings = msgspec.structs.asdict(results.settings)
    side_by_side = zip(*(base.figures for base in bases), strict=True)
    for title, some in groupby(side_by_side, lambda figures: figures[0].group):
        head = ["", *(cell for base in bases for cell in (base.name, "ratio")), COMPARED]
        rows = [
            [
                figures[0].name,
                *(cell for figure in figures for cell in (value(figure), ratio(figure))),
                figures[0].baseline,
            ]
            for figures in some
        ]
        yield Grid(title, NOTES[title].format_map(settings), head, rows)
    rows = [[one.meaning, *(str(getattr(one, outcome)) for outcome in OUTCOMES)] for one in results.spellings]
    total = sum(getattr(one, outcome) for one in results.spellings for outcome in OUTCOMES)
    yield Grid("Names", NAMES.format(total=total), ["", *OUTCOMES], rows)


def show(results: Results, console: Console) -> None:
    """Print the tables at a terminal."""
    console.print(machine(results))
    for grid in grids(results):
        title, head, rows = grid.title, grid.head, grid.rows
        if head[-1] == COMPARED and len({row[-1] for row in rows}) == 1:
            # At a terminal width is scarce.
            title, head, rows = f"{title}: {COMPARED} {rows[0][-1]}", head[:-1], [row[:-1] for row in rows]
        table = Table(title=title, title_justify="left", title_style="bold")
        for at, name in enumerate(head):
            table.add_column(name, justify="left" if name == COMPARED or not at else "right")
        for row in rows:
            table.add_row(*row)
        console.print(table)


def markdown(results: Results) -> str:
    """Return docs/performance.md."""
    written = f"Measured by `make bench` on {machine(results)}; `{COMMAND}` then writes this page. {RATIOS}"
    lines = ["# Performance", "", written]
    for grid in grids(results):
        sides = ["---" if name == COMPARED else "--:" for name in grid.head[1:]]
        lines += ["", f"## {grid.title}", "", grid.note, ""]
        lines += ["| " + " | ".join(grid.head) + " |", f"|---|{'|'.join(sides)}|"]
        lines += [f"| {' | '.join(map(_code, row))} |" for row in grid.rows]
    return "\n".join(lines) + "\n"


def _code(cell: str) -> str:
    return f"`{cell}`" if cell.startswith("python") else cell
