from __future__ import annotations

import gc
import os
import sys

import pytest

from benchmarks.measure import fastest, no_garbage, peak, percentile, resident, tree_bytes, usage


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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_process_holds_bytes_and_one_that_is_gone_none() -> None:
    assert tree_bytes(os.getpid()) > 1_000_000
    assert tree_bytes(2**22 + 1) == 0


def test_garbage_waits_and_is_collected_again() -> None:
    with no_garbage():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_fastest_of_several_counts() -> None:
    times = []
    assert 0 <= fastest(lambda: times.append(1), 3) < 1
    assert len(times) == 3
