from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from rich.console import Console
from tiny_run import tiny_run
from typer.testing import CliRunner

import benchmarks.__main__ as command
from benchmarks.chart import chart
from benchmarks.figures import Compare, Figure, Results, Settings
from benchmarks.lab import ROOT, Lab
from benchmarks.report import IMAGE, amount, by_part, digits, grids, hardest, markdown, outcome, show, verdict
from benchmarks.texts import MISSED, PARTS

DOCS = ROOT / "docs"
OPTIONAL = {"peers", "dispatch"}
"""Parts whose figures depend on what is installed."""


@pytest.fixture(scope="module")
def results() -> Results:
    return tiny_run()[0]


@pytest.fixture(scope="module")
def committed() -> Results:
    return msgspec.json.decode((DOCS / "performance.json").read_bytes(), type=Results)


@pytest.fixture
def kept(results: Results, tmp_path: Path) -> Path:
    file = tmp_path / "figures.json"
    file.write_bytes(msgspec.json.encode(results))
    return file


def names(results: Results) -> set[tuple[str, str]]:
    """What is measured, without the numbers in its names; how many slow commands P5 tells depends on time."""
    return {
        (one.part, re.sub(r"[\d,]+", "0", one.name))
        for one in results.figures
        if one.part not in OPTIONAL and one.name != "slowest of another command"
    }


def test_the_page_and_its_picture_are_what_the_tool_writes(committed: Results) -> None:
    again = "run `python -m benchmarks --write-docs --json docs/performance.json`"

    assert (DOCS / "performance.md").read_text(encoding="utf-8") == markdown(committed), again
    assert (DOCS / IMAGE).read_text(encoding="utf-8") == chart(by_part(committed)), again


def test_the_page_shows_what_is_measured_today(committed: Results, results: Results) -> None:
    assert names(committed) == names(results), "run `make bench` and write the page anew"


def test_what_is_said_of_missed_goals_is_of_goals(committed: Results) -> None:
    missed = {one.part for one in committed.figures if one.reached is False}

    assert missed <= set(MISSED) <= set(PARTS)


def test_the_page_is_written_from_the_figures_kept(
    results: Results, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()
    monkeypatch.setattr(command, "DOCS", tmp_path)

    result = CliRunner().invoke(command.app, ["--write-docs", "--json", str(kept)])

    assert result.exit_code == 0, result.output
    assert (tmp_path / "performance.md").read_text(encoding="utf-8") == markdown(results)
    assert (tmp_path / IMAGE).read_text(encoding="utf-8") == chart(by_part(results))
    assert msgspec.json.decode((tmp_path / "performance.json").read_bytes(), type=Results) == results


def test_a_run_prints_the_figures_and_keeps_them(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Settings, list[str]]] = []

    def run(
        lab: Lab, parts: list[str], *, before: Results | None, keep: Callable[[Results], object]
    ) -> Results:
        assert before is None
        asked.append((lab.settings, parts))
        keep(results)
        return results

    monkeypatch.setattr(command, "run", run)
    file = tmp_path / "new" / "figures.json"

    result = CliRunner().invoke(command.app, ["P5", "--facts", "70", "--seed", "9", "--json", str(file)])

    assert result.exit_code == 0, result.output
    settings, parts = asked[0]
    assert (settings.facts, settings.entities, settings.seed, parts) == (70, 14, 9, ["P5"])
    assert msgspec.json.decode(file.read_bytes(), type=Results) == results
    assert "P13" in result.output


def test_figures_of_other_settings_are_not_gone_on_with(kept: Path) -> None:
    result = CliRunner().invoke(command.app, ["--resume", "--facts", "70", "--json", str(kept)])

    assert result.exit_code == 2
    assert "other settings" in " ".join(result.output.split())


def test_an_unknown_part_is_refused_with_those_there_are() -> None:
    result = CliRunner().invoke(command.app, ["P14"])

    assert result.exit_code == 2
    assert "there is no part 'P14'; the parts are P" in " ".join(
        re.sub("[│╭╮╰╯─]", " ", result.output).split()
    )


def test_every_table_has_as_many_cells_as_columns(results: Results) -> None:
    for grid in grids(results):
        assert {len(row) for row in grid.rows} == {len(grid.head)}


def test_every_goal_names_the_command_that_measures_it_alone(results: Results) -> None:
    goals = next(grid for grid in grids(results) if grid.title == "Goals")

    assert [row[-1] for row in goals.rows] == [f"python -m benchmarks P{n}" for n in range(1, 14)]


def test_a_terminal_shows_every_figure(results: Results) -> None:
    file = io.StringIO()
    show(results, Console(width=300, file=file))
    text = file.getvalue()

    assert all(figure.name in text for figure in results.figures)
    assert "French transliteration" in text


def test_a_missed_goal_is_explained_and_a_reached_one_is_not(results: Results) -> None:
    figures = [Figure("P9", "live", "s", 3.0, "parse", 1.0, limit=limit) for limit in (1.5, 5.0)]
    missed, reached = (
        markdown(msgspec.structs.replace(results, figures=(one,), notes={})) for one in figures
    )

    assert "≤ 1.5× missed" in missed
    assert "≤ 5× reached" in reached
    assert (MISSED.get("P9", "?") in missed) is ("P9" in MISSED)
    assert MISSED.get("P9", "?") not in reached


@pytest.mark.parametrize(
    ("number", "unit", "shown"),
    [
        (0.0000031, "s", "3.1 µs"),
        (0.000999, "s", "999 µs"),
        (0.0010, "s", "1 ms"),
        (16.48, "s", "16.5 s"),
        (1234.0, "s", "1,234 s"),
        (0, "s", "0 µs"),
        (512, "B", "0.512 kB"),
        (106_008_576, "B", "106 MB"),
        (2.5e9, "B", "2.5 GB"),
        (-4_096, "B", "-4.1 kB"),
        (12_345, "n", "12,345"),
        (0.975, "share", "0.97"),
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


def test_comparisons_and_limits_are_shown_as_they_are_made() -> None:
    ratio = Figure("P1", "a", "s", 3.0, "b", 2.0, limit=1.15)
    more = Figure("P6", "a", "B", 5e6, "b", 4e6, compare=Compare.DIFFERENCE, limit=3e6)
    less = Figure("P11", "a", "share", 0.9, "b", 0.95, compare=Compare.DIFFERENCE, limit=-0.03, least=True)
    alone = Figure("P5", "a", "s", 0.02, compare=Compare.ALONE, limit=0.03)

    assert [outcome(one, one.compared) for one in (ratio, more, less, alone)] == [
        "1.5×",
        "+1 MB",
        "−0.05",
        "20 ms",
    ]
    assert [verdict(one) for one in (ratio, more, less, alone)] == [
        "≤ 1.15× missed",
        "≤ +3 MB reached",
        "≥ −0.03 missed",
        "≤ 30 ms reached",
    ]


def test_the_picture_has_a_bar_for_each_goal_and_stays_within_its_frame(results: Results) -> None:
    parts = by_part(results)
    root = ElementTree.fromstring(chart(parts))
    bars = root.findall("{http://www.w3.org/2000/svg}rect")
    width = float(root.attrib["viewBox"].split()[2])

    assert len(bars) == sum(hardest(figures) is not None for figures in parts.values()) == 13
    assert all(float(bar.attrib["x"]) + float(bar.attrib["width"]) <= width for bar in bars)
    assert {bar.attrib["class"] for bar in bars} <= {"reached", "missed"}
