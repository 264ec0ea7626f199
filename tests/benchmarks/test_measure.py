from __future__ import annotations

import gc

import pytest

from benchmarks.measure import grow, peak, percentile, resident, time_questions, usage
from benchmarks.questions import BARE_SELECT
from bot.facts.snapshot import Snapshot


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50), (99, 99), (99.5, 100), (100, 100), (1, 1), (0, 1)]
)
def test_percentiles_are_of_the_nearest_rank(percent: float, expected: int) -> None:
    assert percentile(range(100, 0, -1), percent) == expected


def test_the_median_of_few_is_one_of_them() -> None:
    assert percentile([3.0], 50) == percentile([3.0], 99) == 3.0
    assert percentile([1.0, 2.0], 50) == 1.0


def test_usage_is_of_the_work_alone() -> None:
    done = []
    used = usage(lambda: done.append(bytearray(1_000_000)))

    assert len(done) == 1
    assert used.wall > 0
    assert used.cpu >= 0
    assert used.peak >= 1_000_000


def test_the_peak_is_never_below_what_is_resident() -> None:
    assert 1_000_000 < resident() <= peak()


def test_every_class_is_timed(coast: Snapshot) -> None:
    times = time_questions(coast.path, each=3, rounds=2, seed=1)

    assert BARE_SELECT in times
    assert {len(some) for some in times.values()} == {3}
    assert all(one > 0 for some in times.values() for one in some)
    assert gc.isenabled()


def test_growth_is_from_the_first_question_to_the_last(coast: Snapshot) -> None:
    growth = grow(coast.path, 30, seed=1)

    assert min(growth.before, growth.after) > 1_000_000
