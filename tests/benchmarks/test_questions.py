from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from benchmarks.desk import Desk, WrongAnswerError, drawn, read_lines, timed
from benchmarks.questions import BARE_SELECT, COMPLETE, EXACT, FUZZY, Questions, misspell
from bot.commands import REGISTRY
from bot.facts.snapshot import Snapshot


def test_every_command_is_asked(coast: Snapshot) -> None:
    lines = [line for name, line in Questions(coast, 1).mixed(1) if name.startswith("/")]
    asked = {line.split()[0].removeprefix("/") for line in lines}

    assert asked == {command.name for command in REGISTRY if not command.acts} - {"help"}


def test_every_question_is_answered(coast: Snapshot) -> None:
    desk = Desk(coast.path)

    for name, line in Questions(coast, 1).mixed(20):
        desk.ask(name, line)


def test_a_question_that_is_not_understood_is_an_error(coast: Snapshot) -> None:
    with pytest.raises(WrongAnswerError, match="/nothing"):
        Desk(coast.path).ask("/who", "/nothing of the sort")


def test_the_same_seed_draws_the_same_questions(coast: Snapshot) -> None:
    assert Questions(coast, 1).mixed(5) == Questions(coast, 1).mixed(5)
    assert Questions(coast, 1).mixed(5) != Questions(coast, 2).mixed(5)


def test_lines_are_mixed_and_as_many_of_each_class(coast: Snapshot) -> None:
    names = [name for name, _ in Questions(coast, 1).mixed(4)]

    assert {names.count(name) for name in names} == {4}
    assert names != sorted(names)
    assert {BARE_SELECT, EXACT, FUZZY, f"{COMPLETE}1 letter"} < set(names)


def test_lines_are_kept_and_timed_by_class(coast: Snapshot, tmp_path: Path) -> None:
    file = str(tmp_path / "lines.json")

    assert drawn(str(coast.path), file, "3", "1") == 3 * len(Questions(coast, 1).classes)
    times = timed(str(coast.path), file, "2")
    assert {len(some) for some in times.values()} == {3}
    assert all(one > 0 for some in times.values() for one in some)


def test_some_classes_alone_can_be_drawn(coast: Snapshot, tmp_path: Path) -> None:
    file = str(tmp_path / "lines.json")
    drawn(str(coast.path), file, "3", "1", "/due", "/who")

    assert {name for some in read_lines(file) for name, _ in some} == {"/due", "/who"}


@pytest.mark.parametrize("word", ["ferry", "oo", "o", "harbour-line", "Ада Окафор"])
def test_what_is_misspelt_keeps_its_first_letter_alone(word: str) -> None:
    misspelt = {misspell(word, Random(seed)) for seed in range(20)}

    assert word not in misspelt
    assert {one[0] for one in misspelt} == {word[0]}
    assert {len(one) - len(word) for one in misspelt} <= {-1, 0, 1}
