from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from tiny_run import tiny_run
from typer.testing import CliRunner

import benchmarks.__main__ as command
from benchmarks.figures import Figure, Results, Settings
from benchmarks.report import amount, digits, grids, markdown, show, value
from benchmarks.run import ROOT, Lab

DOCS = ROOT / "docs" / "performance.md"


@pytest.fixture(scope="module")
def results() -> Results:
    return tiny_run()[0]


@pytest.fixture
def kept(results: Results, tmp_path: Path) -> Path:
    file = tmp_path / "figures.json"
    file.write_bytes(msgspec.json.encode(results))
    return file


def structure(page: str) -> list[str]:
    """A page without what differs from run to run: numbers, and all cells of a table's row but the names."""
    lines = []
    for line in page.splitlines():
        cells = line.split(" | ")
        names = [cells[0], *cells[5:]] if line.startswith("| ") and len(cells) > 2 else cells
        lines.append(
            re.sub(r"[\d,.]+(?: [kMG]?B\b)?", "0", " | ".join(names)).replace(
                "0 cores, Darwin", "0 cores, Linux"
            )
        )
    return lines


def test_the_documentation_has_the_structure_of_what_is_written(results: Results) -> None:
    written = DOCS.read_text(encoding="utf-8")

    assert structure(written) == structure(markdown(results)), "run `make bench` and write the page anew"


def test_the_documentation_is_of_the_full_size() -> None:
    assert "| generated | 1 | 50,000 | 10,000 |" in DOCS.read_text(encoding="utf-8")


def test_the_page_is_written_from_the_figures_kept(
    results: Results, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "DOCS", tmp_path / "page.md")

    result = CliRunner().invoke(command.app, ["--write-docs", "--json", str(kept)])

    assert result.exit_code == 0, result.output
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == markdown(results)


def test_a_run_prints_the_figures_and_keeps_them(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Settings] = []

    def run(settings: Settings, _lab: Lab, _say: Callable[[str], None]) -> Results:
        asked.append(settings)
        return results

    monkeypatch.setattr(command, "run", run)
    file = tmp_path / "new" / "figures.json"

    result = CliRunner().invoke(command.app, ["--facts", "70", "--seed", "9", "--json", str(file)])

    assert result.exit_code == 0, result.output
    assert (asked[0].facts, asked[0].seed) == (70, 9)
    assert msgspec.json.decode(file.read_bytes(), type=Results) == results
    assert "/briefing" in result.output


def test_every_table_has_as_many_cells_as_columns(results: Results) -> None:
    for grid in grids(results):
        assert {len(row) for row in grid.rows} == {len(grid.head)}
        assert grid.note


def test_a_terminal_shows_every_figure(results: Results) -> None:
    file = io.StringIO()
    show(results, Console(width=200, file=file))
    text = file.getvalue()

    assert all(figure.name in text for figure in results.bases[0].figures)
    assert "nothing here is meant" in text


@pytest.mark.parametrize(
    ("number", "unit", "shown"),
    [
        (0.0000031, "s", "3.1 µs"),
        (0.000999, "s", "999 µs"),
        (0.0010, "s", "1 ms"),
        (0.0164, "s", "16.4 ms"),
        (16.48, "s", "16.5 s"),
        (1234.0, "s", "1,234 s"),
        (0, "s", "0 µs"),
        (512, "B", "0.512 kB"),
        (106_008_576, "B", "106 MB"),
        (2.5e9, "B", "2.5 GB"),
        (-4_096, "B", "-4.1 kB"),
    ],
)
def test_amounts_are_shown_in_the_unit_that_suits_them(number: float, unit: str, shown: str) -> None:
    assert amount(number, unit) == shown


def test_ratios_have_three_digits() -> None:
    assert [digits(number) for number in (0.17432, 8.456, 83.512, 5_927.3)] == [
        "0.174",
        "8.46",
        "83.5",
        "5,927",
    ]


def test_a_figure_shows_its_99th_percentile() -> None:
    assert value(Figure("Asking", "/who", "s", 5e-4, "select", 3e-6, 2e-3)) == "500 µs / 2 ms"
    assert value(Figure("Memory", "growth", "B", 2e6, "before", 4e7)) == "2 MB"
