from __future__ import annotations

import pytest

from benchmarks.figures import Compare, Figure


def figure(value: float, beside: float = 0.0, **more: object) -> Figure:
    return Figure("P1", "/who", "s", value, "select", beside, **more)  # type: ignore[arg-type]


def test_a_ratio_is_that_to_the_baseline() -> None:
    assert figure(6e-4, 3e-6).compared == pytest.approx(200)
    assert figure(6e-4, 0).compared == float("inf")


@pytest.mark.parametrize(
    ("one", "reached", "used"),
    [
        (figure(2, 2, limit=1.15), True, 1 / 1.15),
        (figure(3, 2, limit=1.0), False, 1.5),
        (figure(5, 4, compare=Compare.DIFFERENCE, limit=2), True, 0.5),
        (figure(3, 4, compare=Compare.DIFFERENCE, limit=2), True, 0.0),
        (figure(0.03, compare=Compare.ALONE, limit=0.03), True, 1.0),
        (figure(0, compare=Compare.ALONE, limit=0), True, 0.0),
        (figure(1, compare=Compare.ALONE, limit=0), False, float("inf")),
        (figure(300, 2, limit=100, least=True), True, 100 / 150),
        (figure(100, 2, limit=100, least=True), False, 2.0),
        (figure(0.9, 0.95, compare=Compare.DIFFERENCE, limit=-0.03, least=True), False, 0.05 / 0.03),
        (figure(1.0, 0.95, compare=Compare.DIFFERENCE, limit=-0.03, least=True), True, 0.0),
        (figure(1.0, 1.0), None, 0.0),
    ],
)
def test_a_limit_is_kept_or_not_and_used_in_part(one: Figure, reached: bool | None, used: float) -> None:
    assert one.reached is reached
    assert one.used == pytest.approx(used)
