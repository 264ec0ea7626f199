from __future__ import annotations

import msgspec
import pytest
from tiny_run import TINY, tiny_run

from benchmarks.child import TASKS
from benchmarks.figures import GENERATED, SHIPPED, Figure, Results
from benchmarks.measure import Usage
from benchmarks.run import BRIEFINGS, Lab
from bot.facts.snapshot import Snapshot


@pytest.fixture(scope="module")
def results() -> Results:
    return tiny_run()[0]


def test_both_bases_have_the_same_figures(results: Results) -> None:
    shipped, generated = results.bases

    assert (shipped.name, generated.name) == (SHIPPED, GENERATED)
    assert [(one.group, one.name) for one in shipped.figures] == [
        (one.group, one.name) for one in generated.figures
    ]
    assert len({(one.group, one.name) for one in shipped.figures}) == len(shipped.figures)


def test_the_generated_base_is_as_large_as_asked(results: Results) -> None:
    generated = results.bases[1]

    assert (generated.facts, generated.entities, generated.dossiers) == (TINY.facts, TINY.entities, 1)


def test_every_figure_stands_beside_one_of_its_unit(results: Results) -> None:
    figures = [figure for base in results.bases for figure in base.figures]

    assert {one.unit for one in figures} == {"s", "B"}
    assert all(one.beside > 0 and one.baseline for one in figures)
    assert all(one.p99 is None or one.p99 >= one.value for one in figures)


def test_a_ratio_is_that_to_the_baseline() -> None:
    assert Figure("Asking", "/who", "s", 6e-4, "select", 3e-6).ratio == pytest.approx(200)
    assert Figure("Asking", "/who", "s", 6e-4, "select", 0).ratio == float("inf")


def test_the_shipped_base_itself_is_not_edited(results: Results) -> None:
    assert results.bases[0].files == len(list(BRIEFINGS.rglob("*.yaml")))
    assert not any("text: Edited, " in one.read_text(encoding="utf-8") for one in BRIEFINGS.rglob("*.yaml"))


def test_results_can_be_kept_and_read_back(results: Results) -> None:
    assert msgspec.json.decode(msgspec.json.encode(results), type=Results) == results


def test_progress_is_told() -> None:
    told = tiny_run()[1]

    assert told[0] == "shipped base: writing"
    assert "generated base: asking" in told
    assert told[-1] == "spellings"


def test_work_is_measured_in_a_process_of_its_own(coast: Snapshot) -> None:
    used = Lab().child(Usage, "hashed", coast.path.parent)

    assert used.wall > 0
    assert used.peak > 1_000_000


def test_starting_python_takes_time() -> None:
    assert Lab().start(["-c", "pass"]) > 0


def test_tasks_are_named_as_they_are_called() -> None:
    assert sorted(TASKS) == ["compiled", "grown", "hashed", "parsed", "timed"]
