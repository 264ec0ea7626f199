from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.edits import Editor
from benchmarks.generate import Size, write_base
from bot.facts.check import check_base
from bot.facts.records import Entity, Fact, Source
from bot.facts.rules import Severity

SIZE = Size(facts=400, entities=60, seed=2)


def contents(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*.yaml")}


def edited(root: Path, count: int, seed: int) -> Path:
    write_base(root, SIZE)
    editor = Editor(root, seed)
    for _ in range(count):
        editor.edit()
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return edited(tmp_path_factory.mktemp("edited"), 250, seed=7)


def test_an_edited_base_has_no_errors(root: Path) -> None:
    errors = [one for one in check_base(root)[1] if one.severity is Severity.ERROR]

    assert errors == []


def test_facts_come_go_and_change_and_so_do_sources_and_entities(root: Path, tmp_path: Path) -> None:
    write_base(tmp_path, SIZE)
    before, after = (
        {(type(one), one.id): one for file in check_base(place)[0] for one in file.records}
        for place in (tmp_path, root)
    )
    shared = before.keys() & after.keys()
    changed = {kind for kind, name in shared if before[kind, name] != after[kind, name]}

    assert any(name.startswith("added-by-edit-") for _, name in after.keys() - before.keys())
    assert any(kind is Fact for kind, _ in before.keys() - after.keys())
    assert {Fact, Source, Entity} <= changed


def test_the_same_seed_makes_the_same_edits(root: Path, tmp_path: Path) -> None:
    assert contents(edited(tmp_path / "same", 250, seed=7)) == contents(root)
    assert contents(edited(tmp_path / "other", 250, seed=8)) != contents(root)


def test_each_edit_changes_something(tmp_path: Path) -> None:
    root = edited(tmp_path, 0, seed=1)
    editor = Editor(root, 1)
    changed = 0
    for _ in range(40):
        before = contents(root)
        editor.edit()
        changed += contents(root) != before

    assert changed >= 35  # a weight may be drawn that is there already


def test_a_base_in_which_hardly_an_edit_is_possible_is_not_looked_through_for_ever(tmp_path: Path) -> None:
    write_base(tmp_path, Size(facts=3, entities=1, seed=3))
    editor = Editor(tmp_path, 1)
    for _ in range(30):
        editor.edit()

    assert not any(one.severity is Severity.ERROR for one in check_base(tmp_path)[1])
