from __future__ import annotations

import math

import pytest

from benchmarks.desk import Desk
from benchmarks.goals import worst
from benchmarks.goals.worst import ALIKE, CLIMBERS, Climb
from bot.facts.snapshot import Snapshot
from bot.registry import Command


def climbed(coast: Snapshot, seed: int, count: int) -> list[tuple[bool, str, dict[str, str]]]:
    """What is tried where every question takes as long as its line."""
    tried: list[tuple[bool, str, dict[str, str]]] = []
    climb = Climb(Desk(coast.path), seed)
    kept = climb._try

    def attempt(completed: bool, command: Command, values: dict[str, str]) -> None:
        tried.append((completed, command.name, dict(values)))
        kept(completed, command, values)

    climb._try = attempt  # type: ignore[method-assign]
    climb.run(count, math.inf)
    return tried


@pytest.fixture
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst, "_once", lambda _: 0.5)
    monkeypatch.setattr(worst, "fastest", lambda _work, _rounds: 0.5)


@pytest.mark.usefixtures("_clock")
def test_the_same_seed_tries_the_same_questions_when_times_are_the_same(coast: Snapshot) -> None:
    assert climbed(coast, 1, 60) == climbed(coast, 1, 60) != climbed(coast, 2, 60)


def test_the_slowest_come_first_and_of_each_command_only_some_are_kept(coast: Snapshot) -> None:
    climb = Climb(Desk(coast.path), 1)
    found = climb.run(150, math.inf)

    assert found.tried == 150
    assert [one.seconds for one in found.slowest] == sorted(
        (one.seconds for one in found.slowest), reverse=True
    )
    assert len(climb.slowest) <= CLIMBERS
    kinds = [(completed, command.name) for _, completed, command, _ in climb.slowest]
    assert max(map(kinds.count, kinds)) <= ALIKE


def test_the_search_ends_when_its_time_is_over(coast: Snapshot) -> None:
    assert Climb(Desk(coast.path), 1).run(1_000, -1.0).tried == 0


def test_every_line_that_is_tried_is_answered(coast: Snapshot) -> None:
    desk = Desk(coast.path)
    climb = Climb(desk, 3)
    climb.run(80, math.inf)

    for _, completed, command, values in climb.slowest:
        line = worst._line(command, values)
        assert line.startswith(f"/{command.name}")
        if completed:
            assert isinstance(desk.dispatcher.complete(line, desk.asker), list)
        else:
            assert desk.dispatcher.ask(line, desk.asker).title
