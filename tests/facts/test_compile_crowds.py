"""Much of one thing: it compiles, or one sentence says why not and what was there before goes on."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from bases import COAST
from factory import LICENCES, edit, write

from benchmarks.rows import differences
from bot.facts import keys
from bot.facts.compile import BrokenBase, compile_base
from bot.facts.keys import FEW
from bot.facts.load import read_file
from bot.facts.snapshot import Snapshot, SnapshotError
from bot.facts.turns import current


def facts(count: int, first: int = 0, **given: object) -> str:
    return json.dumps(
        [
            {
                "id": f"more-{n}",
                "kind": "event",
                "text": f"The ferry was painted for the time number {n}.",
                "about": ["ministry"],
                "topics": ["people"],
                "date": "2024-03-01",
                "sources": [{"ref": "herald", "p": 1, "hash": f"{n:016}"}],
                "added": "2024-06-01",
                **given,
            }
            for n in range(first, first + count)
        ]
    )


def ranks(path: Path) -> dict[str, int]:
    with closing(Snapshot(path)) as opened:
        return dict(opened.db.execute("SELECT id, rank FROM fact WHERE id LIKE 'more-%'"))


def refused(root: Path, folder: Path) -> str:
    """Return why a base is broken; what was there before must be in use as it was."""
    before = current(folder)
    data = before.read_bytes() if before else b""
    with pytest.raises(BrokenBase) as broken:
        compile_base(root, folder)
    assert before is not None
    assert current(folder) == before
    assert before.read_bytes() == data
    assert "\n" not in str(broken.value)
    return str(broken.value)


@pytest.mark.parametrize("count", [FEW - 1, FEW, FEW + 1, FEW * 3])
def test_on_a_crowded_day_a_fact_that_comes_or_goes_keeps_the_rows_right(
    root: Path, folder: Path, tmp_path: Path, count: int
) -> None:
    steps = [facts(count), facts(count + 1), facts(count - 1), facts(count - 1, 1)]
    for number, step in enumerate(steps):
        write(root, {"coast/facts/more.yaml": step})
        changed, anew = compile_base(root, folder), compile_base(root, tmp_path / str(number))
        assert differences(changed.path, anew.path) == []
        assert len(set(ranks(changed.path).values())) == step.count('"id"')


def test_on_a_crowded_day_no_other_fact_is_moved(root: Path, folder: Path) -> None:
    write(root, {"coast/facts/more.yaml": facts(FEW * 2)})
    before = ranks(compile_base(root, folder).path)
    write(root, {"coast/facts/more.yaml": facts(FEW * 2 + 1)})
    after = ranks(compile_base(root, folder).path)

    assert before.items() < after.items()


def test_on_a_day_of_few_facts_they_stand_in_the_order_of_their_ids(root: Path, folder: Path) -> None:
    write(root, {"coast/facts/more.yaml": facts(FEW)})
    there = ranks(compile_base(root, folder).path)

    assert sorted(there, key=there.__getitem__) == sorted(there, reverse=True)


def test_more_facts_of_one_day_than_there_is_room_for_are_refused(root: Path, folder: Path) -> None:
    first = compile_base(root, folder)
    write(root, {"coast/facts/more.yaml": facts(FEW + 1)})

    with patch.object(keys, "_GROUPS", 1), pytest.raises(SnapshotError, match="too many facts have the same"):
        compile_base(root, folder)
    assert current(folder) == first.path


def test_a_file_that_is_too_large_is_refused(root: Path, folder: Path) -> None:
    compile_base(root, folder)
    write(root, {"coast/facts/more.yaml": "# " + "x" * 4 * 1024 * 1024})

    assert refused(root, folder) == (
        "1 error; the first in coast/facts/more.yaml, line 1: The file is larger than 4 MiB."
    )


def test_a_word_of_ten_thousand_letters_is_refused(root: Path, folder: Path) -> None:
    compile_base(root, folder)
    write(root, {"coast/facts/more.yaml": facts(1, text="x" * 10_000)})

    assert "The text has 10,000 characters; 1,000 are allowed." in refused(root, folder)


def test_a_word_that_fills_a_text_is_found(root: Path, folder: Path) -> None:
    write(root, {"coast/facts/more.yaml": facts(1, text="x" * 1_000)})

    with closing(Snapshot(compile_base(root, folder).path)) as opened:
        (longest,) = opened.db.execute("SELECT max(length(word)) FROM vocabulary").fetchone()
    assert longest == 64


def test_an_entity_of_many_spellings_compiles(root: Path, folder: Path, tmp_path: Path) -> None:
    compile_base(root, folder)
    also = ", ".join(f"Ministry number {n}" for n in range(1_000))
    edit(root, "also: [Transport Ministry", f"also: [Transport Ministry, {also}", "coast/entities.yaml")

    changed, anew = compile_base(root, folder), compile_base(root, tmp_path / "anew")
    assert differences(changed.path, anew.path) == []


def test_a_thousand_files_compile_and_one_of_them_changes(root: Path, folder: Path) -> None:
    write(root, {f"coast/facts/more-{n}.yaml": facts(1, n) for n in range(1_000)})
    compile_base(root, folder)
    write(root, {"coast/facts/more-7.yaml": facts(1, 7, weight=5)})
    changed = compile_base(root, folder)

    assert (changed.parsed, changed.reused) == (1, len(COAST) + 999)


def test_a_file_that_changes_between_looking_and_parsing_is_looked_at_again(root: Path, folder: Path) -> None:
    def late(root: Path, file: str) -> bytes:
        if file == LICENCES:
            edit(root, "weight: 4", "weight: 2")
        return read_file(root, file)

    with patch("bot.facts.workers.read_file", late):
        first = compile_base(root, folder)

    again = compile_base(root, folder)
    assert again.path == first.path
    assert again.parsed == 0
