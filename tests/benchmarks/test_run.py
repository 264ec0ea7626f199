from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tiny_run import TINY, Here, tiny_run

from benchmarks.figures import Results
from benchmarks.goals import compiling
from benchmarks.goals.compiling import Parsed
from benchmarks.lab import Lab
from benchmarks.run import NAMES, run
from benchmarks.texts import PARTS
from bot.facts.snapshot import Snapshot


@pytest.fixture(scope="module")
def results() -> Results:
    return tiny_run()[0]


def test_every_part_yields_figures(results: Results) -> None:
    assert {one.part for one in results.figures} == set(NAMES) == set(PARTS)


def test_every_goal_has_a_limit_and_nothing_else_has(results: Results) -> None:
    limited = {one.part for one in results.figures if one.limit is not None}

    assert limited == {part for part, told in PARTS.items() if told.goal}
    assert limited == {f"P{n}" for n in range(1, 14)}


def test_no_two_figures_of_a_part_are_the_same(results: Results) -> None:
    keys = [(one.part, one.name, one.baseline) for one in results.figures if one.part != "P5"]

    assert len(set(keys)) == len(keys)


def test_every_figure_is_of_a_known_unit_and_measured(results: Results) -> None:
    assert {one.unit for one in results.figures} == {"s", "B", "n", "share"}
    assert all(one.value > 0 for one in results.figures if one.unit == "s")
    assert all(one.beside > 0 for one in results.figures if one.unit == "s" and one.baseline)


def test_the_bases_are_as_large_as_asked(results: Results) -> None:
    tiny, large = results.bases

    assert (tiny.facts, tiny.entities) == (50, 10)
    assert (large.facts, large.entities, large.dossiers) == (TINY.facts, TINY.entities, 1)
    assert large.bytes > tiny.bytes


def test_what_is_independent_of_time_is_right_at_any_size(results: Results) -> None:
    counted = {
        one.name: one.value for one in results.figures if one.part in {"P10", "P13"} and one.unit == "n"
    }

    assert set(counted.values()) == {0}, counted
    assert len(counted) == 3


def test_results_can_be_kept_and_read_back(results: Results) -> None:
    assert msgspec.json.decode(msgspec.json.encode(results), type=Results) == results


def test_a_part_alone_measures_no_other(tmp_path: Path) -> None:
    results = run(Here(TINY, tmp_path, lambda _: None), ["P5"])

    assert {one.part for one in results.figures} == {"P5"}
    assert results.figures[0].remark.startswith(("asking `/", "completing `/"))


def test_what_was_measured_before_is_not_measured_again(results: Results, tmp_path: Path) -> None:
    kept: list[Results] = []
    lacking = msgspec.structs.replace(
        results, figures=tuple(one for one in results.figures if one.part != "P6")
    )

    again = run(Here(TINY, tmp_path, lambda _: None), before=lacking, keep=kept.append)

    assert kept == [again]
    new = again.figures[len(lacking.figures) :]
    assert {one.part for one in new} == {"P6"}
    assert again.figures[: len(lacking.figures)] == lacking.figures
    assert len(again.bases) == len(results.bases)


def test_a_base_of_an_earlier_run_is_taken_as_it_is(tmp_path: Path) -> None:
    first = Lab(TINY, tmp_path, lambda _: None).tiny
    file = next(first.root.rglob("entities.yaml"))
    before = file.stat().st_mtime_ns
    again = Lab(TINY, tmp_path, lambda _: None).tiny

    assert again == first
    assert file.stat().st_mtime_ns == before


def test_a_base_that_was_not_finished_is_written_anew(tmp_path: Path) -> None:
    built = Lab(TINY, tmp_path, lambda _: None).tiny
    (built.root.parent / "made.json").unlink()
    (built.root / "left-over.yaml").touch()

    Lab(TINY, tmp_path, lambda _: None).tiny.root.joinpath("left-over.yaml").exists()
    assert not (built.root / "left-over.yaml").exists()


def test_work_is_measured_in_a_process_of_its_own(coast: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- 1\n", encoding="utf-8")
    lab = Lab(TINY, tmp_path, lambda _: None)
    parsed = lab.child(Parsed, "goals.compiling.parsed", tmp_path)
    _, peak = lab.watched(Parsed, "goals.compiling.parsed", tmp_path)

    assert parsed.took.wall > 0
    assert parsed.took.peak > 1_000_000
    assert (parsed.every, parsed.times) == (1, 1)
    assert peak >= 0


def test_of_a_large_base_a_part_is_parsed_for_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(6):
        (tmp_path / f"{n}.yaml").write_text("- 1\n", encoding="utf-8")
    monkeypatch.setattr(compiling, "MOST", 12)
    parsed = compiling.parsed(str(tmp_path))

    assert (parsed.every, parsed.times) == (3, 3)


def test_starting_python_takes_time(tmp_path: Path) -> None:
    assert Lab(TINY, tmp_path, lambda _: None).start(["-c", "pass"]) > 0


def test_progress_is_told() -> None:
    told = tiny_run()[1]

    assert "writing a base of 120 facts" in told
    assert "compiling everything" in told
