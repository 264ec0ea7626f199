"""A run's results as tables: in the terminal and, as Markdown, on docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.figures import Compare, Figure, Results
from benchmarks.goals.names import SCORERS
from benchmarks.texts import MISSED, PARTS

COMMAND: Final = "python -m benchmarks"
OUTCOMES: Final = ("right", "asked", "none", "wrong")
GOALS_FOR: Final = 1_000_000
"""The facts that the goals are set for."""

NEAREST: Final = "what came nearest to it or exceeded it most"
WORDS: Final = {"compared with", "goal", "alone", "", NEAREST}
"""Columns that hold words, not numbers."""

IMAGE: Final = "images/performance.svg"

UNITS: Final = {
    "s": ((1e-6, "µs"), (1e-3, "ms"), (1.0, "s")),
    "B": ((1e3, "kB"), (1e6, "MB"), (1e9, "GB")),
}
"""The units that seconds and bytes are shown in, the smallest first."""

BASES: Final = (
    "Made up from seed {seed} by `benchmarks/generate.py`: names in Latin with and without diacritics,"
    " Cyrillic and Chinese, surnames that many share, words and mentions by Zipf's law, sources with and"
    " without a date, orders with due dates, facts that supersede, dispute and settle others."
)

NAMES: Final = (
    "What came of the misspelt names of P11. Right: taken for what was meant. Asked: a question with what was"
    " meant among its choices. None: nothing is known under that name. Wrong: taken for something else, or"
    " any other question."
)

RATIOS: Final = (
    "Every figure stands beside something simple that was measured in the same run. Where other work shares"
    " the machine, trust the ratios, not the seconds."
)


def digits(number: float) -> str:
    """Return a number with three digits, or with more where it has more before the point."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def amount(number: float, unit: str) -> str:
    """Return seconds ("s") or bytes ("B") in the unit that suits them; other numbers as they are."""
    if unit not in UNITS:
        return f"{number:,.0f}" if unit == "n" else f"{number:.2f}"
    units = UNITS[unit]
    size, shown = next((one for one in reversed(units) if abs(number) >= one[0]), units[0])
    return f"{digits(number / size)} {shown}"


def outcome(figure: Figure, number: float) -> str:
    """Return what a comparison of a figure comes to, as a cell."""
    if figure.compare is Compare.RATIO:
        return f"{digits(number)}×"
    sign = "+" if figure.compare is Compare.DIFFERENCE and number >= 0 else ""
    return f"{sign}{amount(number, figure.unit)}".replace("-", "−")


def verdict(figure: Figure) -> str:
    """Return the limit of a figure and whether it was kept, as a cell; empty where there is none."""
    if figure.limit is None:
        return ""
    bound = f"{'≥' if figure.least else '≤'} {outcome(figure, figure.limit)}"
    return f"{bound} {'reached' if figure.reached else 'missed'}"


def machine(results: Results) -> str:
    """Return the machine in one line."""
    one = results.machine
    python, sqlite = (".".join(version.split(".")[:2]) for version in (one.python, one.sqlite))
    return f"{one.cores} cores, {one.system}, Python {python}, SQLite {sqlite}"


class Grid(NamedTuple):
    """A table: its heading, sentences above it, its columns (the first holds names), rows, and remarks."""

    title: str
    above: list[str]
    head: list[str]
    rows: list[list[str]]
    below: tuple[str, ...] = ()


def by_part(results: Results) -> dict[str, list[Figure]]:
    """Return the figures of each part, in the order of the page."""
    order = {name: place for place, name in enumerate(PARTS)}
    ordered = sorted(results.figures, key=lambda one: order[one.part])
    return {part: list(some) for part, some in groupby(ordered, key=lambda one: one.part)}


def hardest(figures: list[Figure]) -> Figure | None:
    """Return the figure that used most of what its limit allows."""
    limited = [one for one in figures if one.limit is not None]
    return max(limited, key=lambda one: one.used) if limited else None


def grids(results: Results) -> Iterator[Grid]:
    """Yield all tables."""
    parts = by_part(results)
    yield from _summary(parts)
    rows = [
        [
            f"{one.facts:,}",
            *(f"{count:,}" for count in (one.entities, one.dossiers, one.files)),
            *(amount(size, "B") for size in (one.bytes, one.snapshot)),
        ]
        for one in results.bases
    ]
    head = ["facts", "entities", "dossiers", "files", "YAML", "snapshot"]
    yield Grid("Bases", [BASES.format(seed=results.settings.seed)], head, rows)
    settings = msgspec.structs.asdict(results.settings) | {"scorers": ", ".join(SCORERS)}
    for part, figures in parts.items():
        told = PARTS[part]
        title = f"{part}: {told.title}" if told.goal else told.title
        yield Grid(
            title,
            [f"Goal: {told.goal}."] * bool(told.goal) + [told.how.format_map(settings)],
            ["", "measured", "compared with", "which took", "comes to", "goal"],
            [_row(one) for one in figures],
            (*results.notes.get(part, ()), *_why(part, figures)),
        )
    if results.outcomes:
        rows = [[one.sort, *(str(getattr(one, name)) for name in OUTCOMES)] for one in results.outcomes]
        yield Grid("Names at this scale", [NAMES], ["", *OUTCOMES], rows)


def _summary(parts: dict[str, list[Figure]]) -> Iterator[Grid]:
    rows = []
    for part, figures in parts.items():
        worst = hardest(figures)
        if worst:
            missed = sum(one.reached is False for one in figures)
            limited = sum(one.limit is not None for one in figures)
            said = (
                "reached"
                if not missed
                else "missed"
                if missed == limited
                else f"{missed} of {limited} missed"
            )
            comes_to = f"{worst.name}: {outcome(worst, worst.compared)}"
            rows.append([part, PARTS[part].goal, comes_to, said, f"{COMMAND} {part}"])
    if rows:
        yield Grid(
            "Goals", [], ["", "goal", "what came nearest to it or exceeded it most", "", "alone"], rows
        )


def _row(figure: Figure) -> list[str]:
    name = f"{figure.name}: {figure.remark}" if figure.remark else figure.name
    beside = amount(figure.beside, figure.unit) if figure.baseline else ""
    comes_to = outcome(figure, figure.compared) if figure.baseline else ""
    return [name, amount(figure.value, figure.unit), figure.baseline, beside, comes_to, verdict(figure)]


def _why(part: str, figures: list[Figure]) -> list[str]:
    return [MISSED[part]] if part in MISSED and any(one.reached is False for one in figures) else []


def show(results: Results, console: Console) -> None:
    """Print the tables at a terminal."""
    console.print(machine(results))
    for grid in grids(results):
        # At a terminal width is scarce.
        hidden = grid.head.index("alone") if "alone" in grid.head else len(grid.head)
        table = Table(title=escape(grid.title), title_justify="left", title_style="bold")
        for at, name in enumerate(grid.head[:hidden]):
            table.add_column(name, justify="left" if not at or name in WORDS else "right")
        for row in grid.rows:
            table.add_row(*map(escape, row[:hidden]))
        console.print(table)
        for sentence in grid.below:
            console.print(escape(sentence))


def markdown(results: Results) -> str:
    """Return docs/performance.md."""
    largest = max((one.facts for one in results.bases), default=0)
    how = "make bench" if largest >= GOALS_FOR else f"{COMMAND} --facts {largest}"
    smaller = (
        f" The goals are set for {GOALS_FOR:,} facts; this run has {largest:,}, since other work shared the"
        " machine."
    )
    written = (
        f"One run of `{how}` on {machine(results)}, in {results.seconds / 60:.0f} minutes."
        f"{'' if largest >= GOALS_FOR else smaller} `{COMMAND} --write-docs` then wrote this page from"
        f" [its figures](performance.json). {RATIOS} A part alone: `{COMMAND} P5`; all at 50,000 facts:"
        " `make bench-quick`."
    )
    picture = f"![How much of what each goal allows was used]({IMAGE})"
    lines = ["# Performance", "", written, "", picture]
    for grid in grids(results):
        lines += ["", f"## {grid.title}", ""]
        lines += [line for sentence in grid.above for line in (sentence, "")]
        sides = ["---" if name in WORDS else "--:" for name in grid.head[1:]]
        lines += ["| " + " | ".join(grid.head) + " |", f"|---|{'|'.join(sides)}|"]
        lines += [f"| {' | '.join(map(_cell, row))} |" for row in grid.rows]
        lines += [line for sentence in grid.below for line in ("", sentence)]
    return "\n".join(lines) + "\n"


def _cell(cell: str) -> str:
    return f"`{cell}`" if cell.startswith("python") else cell.replace("|", "\\|")
