from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from bases import BARE, COAST, LONE, NORTH
from factory import LICENCES, edit, write

from benchmarks.rows import differences
from bot.facts import compile as compiler
from bot.facts.compile import BrokenBase, Compiled, compile_base, fingerprint
from bot.facts.load import read_file
from bot.facts.rules import Severity
from bot.facts.snapshot import VERSION, Snapshot
from bot.facts.turns import POINTER, current


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def dossiers(compiled: Compiled) -> dict[str, tuple[int, int]]:
    """Return the number and the count of facts of each dossier."""
    with closing(Snapshot(compiled.path)) as opened:
        assert opened.id == compiled.id
        return opened.dossiers


# --- the same input, the same bytes --------------------------------------------------------------------


def test_the_same_files_give_the_same_bytes_wherever_and_whenever_they_were_written(tmp_path: Path) -> None:
    first = write(tmp_path / "first", COAST, NORTH)
    second = write(tmp_path / "second", dict(reversed((NORTH | COAST).items())))
    for path in second.rglob("*.yaml"):
        os.utime(path, (1_000_000_000, 1_000_000_000))

    one, other = compile_base(first, tmp_path / "one"), compile_base(second, tmp_path / "other")

    assert one.id == other.id
    assert one.path.name == other.path.name
    assert one.path.read_bytes() == other.path.read_bytes()


def test_another_process_gives_the_same_bytes(root: Path, folder: Path, tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from bot.facts.compile import compile_base;"
        "print(compile_base(*map(pathlib.Path, sys.argv[1:])).path)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(root), str(tmp_path / "elsewhere")],
        env=os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        check=True,
        capture_output=True,
        text=True,
    )

    assert Path(told.stdout.strip()).read_bytes() == compile_base(root, folder).path.read_bytes()


def test_what_is_changed_has_the_same_rows_as_what_is_written_anew(
    root: Path, folder: Path, tmp_path: Path
) -> None:
    compile_base(root, folder)
    edit(root, "weight: 4", "weight: 2")

    again, anew = compile_base(root, folder), compile_base(root, tmp_path / "anew")

    assert (again.parsed, anew.parsed) == (1, 6)
    assert again.id == anew.id
    assert differences(again.path, anew.path) == []


def test_the_name_tells_the_files_and_the_turn(root: Path, folder: Path) -> None:
    compiled = compile_base(root, folder)
    edit(root, "weight: 4", "weight: 2")
    edited = compile_base(root, folder)

    assert compiled.path.name == f"{compiled.id}-1.sqlite"
    assert edited.path.name == f"{edited.id}-2.sqlite"
    assert (folder / POINTER).read_text() == f"{edited.path.name} {edited.path.stat().st_size}\n"


@pytest.mark.parametrize(
    ("files", "other"),
    [
        ({"a": "1", "b": "2"}, {"a": "2", "b": "1"}),
        ({"a": "1"}, {"b": "1"}),
        ({"a": "1"}, {}),
        ({"a": "1", "b": "1"}, {"a": "1"}),
    ],
)
def test_other_files_have_another_id(files: dict[str, str], other: dict[str, str]) -> None:
    assert fingerprint(files) != fingerprint(other)
    assert fingerprint(files) == fingerprint(dict(reversed(files.items())))


def test_another_version_has_another_id(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint({"a": "1"})
    monkeypatch.setattr(compiler, "VERSION", f"{VERSION}x")

    assert fingerprint({"a": "1"}) != before


# --- only what changed ---------------------------------------------------------------------------------


def test_only_a_changed_file_is_parsed_again(root: Path, folder: Path) -> None:
    first = compile_base(root, folder)
    again = compile_base(root, folder)
    edit(root, "weight: 4", "weight: 2")
    edited = compile_base(root, folder)
    write(root, LONE)
    more = compile_base(write(root, LONE), folder)

    assert (first.parsed, first.reused) == (6, 0)
    assert (again.parsed, again.reused, again.path) == (0, 6, first.path)
    assert (edited.parsed, edited.reused) == (1, 5)
    # The file that is changed is the one from before the edit.
    assert (more.parsed, more.reused) == (5, 5)
    assert len({first.id, edited.id, more.id}) == 3


def test_an_edit_that_is_taken_back_costs_nothing(root: Path, folder: Path) -> None:
    first = compile_base(root, folder)
    edit(root, "weight: 4", "weight: 2")
    compile_base(root, folder)
    edit(root, "weight: 2", "weight: 4")
    back = compile_base(root, folder)

    assert (back.parsed, back.path) == (0, first.path)
    assert current(folder) == first.path


def test_a_renamed_and_a_deleted_file_change_the_snapshot(root: Path, folder: Path) -> None:
    first = compile_base(root, folder)
    (root / LICENCES).rename(root / "coast/facts/more.yaml")
    renamed = compile_base(root, folder)
    (root / "coast/dossier.yaml").write_text("{id: coast, title: T, topics: [{id: people, title: P}]}")
    (root / "coast/facts/people.yaml").unlink()
    (root / "coast/facts/fleet.yaml").unlink()
    (root / "coast/facts/more.yaml").unlink()
    edit(root, "facts: [chief]", "facts: []", "coast/entities.yaml")
    edit(root, "facts: [dredging]", "facts: []", "coast/entities.yaml")
    deleted = compile_base(root, folder)

    assert len({first.id, renamed.id, deleted.id}) == 3
    assert dossiers(deleted) == {"coast": (1, 0)}


def test_warnings_are_told_each_time(root: Path, folder: Path) -> None:
    first, again = compile_base(root, folder), compile_base(root, folder)
    edit(root, "weight: 4", "weight: 2")

    assert [one.code for one in first.findings] == ["W010"]
    assert again.findings == compile_base(root, folder).findings == first.findings


def test_a_stray_file_is_an_error_although_no_file_that_is_read_changed(root: Path, folder: Path) -> None:
    compile_base(root, folder)
    (root / "coast/facts/old").mkdir()

    with pytest.raises(BrokenBase) as broken:
        compile_base(root, folder)
    assert {one.code for one in broken.value.findings} == {"F004", "W010"}


def test_a_folder_may_have_any_name(tmp_path: Path, folder: Path) -> None:
    named = {
        name.replace("coast", "coast-facts"): text.replace("id: coast\n", "id: coast-facts\n")
        for name, text in COAST.items()
    }

    assert dossiers(compile_base(write(tmp_path / "base", named), folder)).keys() == {"coast-facts"}


def test_the_root_may_be_the_dossier(root: Path, folder: Path) -> None:
    assert dossiers(compile_base(root / "coast", folder)).keys() == {"coast"}


def test_a_dossier_without_facts_compiles(tmp_path: Path, folder: Path) -> None:
    assert dossiers(compile_base(write(tmp_path / "base", BARE), folder)) == {"bare": (1, 0)}


# --- errors --------------------------------------------------------------------------------------------


def test_all_errors_are_told_and_nothing_is_written(root: Path, folder: Path) -> None:
    first = compile_base(root, folder)
    before = listing(folder)
    edit(root, "about: [ministry]", "about: [ministr]")
    edit(root, "kind: role", "kind: rule", "coast/facts/people.yaml")
    (root / "coast/facts/fleet.yaml").write_text("- [")

    with pytest.raises(BrokenBase) as broken:
        compile_base(root, folder)

    errors = [one for one in broken.value.findings if one.severity is Severity.ERROR]
    assert {one.file.rpartition("/")[2] for one in errors} == {"fleet.yaml", "licences.yaml", "people.yaml"}
    assert str(broken.value).startswith(f"{len(errors)} errors; the first in coast/facts/fleet.yaml, line ")
    assert listing(folder) == before
    assert current(folder) == first.path


def test_a_single_error_is_told_in_a_sentence(root: Path, folder: Path) -> None:
    edit(root, "due: 2024-06\n", "due: 2024-02-30\n")

    with pytest.raises(
        BrokenBase, match=r"^1 error; the first in coast/facts/licences.yaml, line 8: .* days"
    ):
        compile_base(root, folder)
    assert listing(folder) == set()


def test_a_base_that_is_not_there_is_broken(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(BrokenBase):
        compile_base(tmp_path / "nowhere", folder)


def test_a_file_that_cannot_be_read_is_a_finding(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(root: Path, file: str) -> bytes:
        if file == LICENCES:
            raise PermissionError(13, "Permission denied")
        return read_file(root, file)

    monkeypatch.setattr("bot.facts.workers.read_file", read)

    with pytest.raises(BrokenBase) as broken:
        compile_base(root, folder)
    assert ("F006", LICENCES, "The file cannot be read (Permission denied).") in {
        (one.code, one.file, one.message) for one in broken.value.findings
    }


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("outcome_of: [review-order]", "outcome_of: [review-ordr]", "X005"),
        ("outcome_of: [review-order]", "outcome_of: [review-published]", "X010"),
        ("disputes: [fares-rise]", "disputes: [fares-rises]", "X005"),
        ("supersedes: [old-count]", "supersedes: [oldest-count]", "X005"),
    ],
)
def test_what_a_fact_says_of_another_must_be_there(
    root: Path, folder: Path, old: str, new: str, code: str
) -> None:
    edit(root, old, new)

    with pytest.raises(BrokenBase) as broken:
        compile_base(root, folder)
    assert [one.code for one in broken.value.findings if one.severity is Severity.ERROR] == [code]


def test_what_was_done_is_told(root: Path, folder: Path) -> None:
    compiled = compile_base(root, folder)

    assert compiled == Compiled(compiled.path, compiled.id, 6, 0, compiled.findings)
    assert dossiers(compiled).keys() == {"coast"}


def test_progress_is_told_file_by_file_and_step_by_step_to_the_end(root: Path, folder: Path) -> None:
    told: list[tuple[str, int, int, int]] = []

    compile_base(root, folder, lambda *row: told.append(row))

    assert list(dict.fromkeys(what for what, *_ in told)) == ["reading", "writing", "sorting"]
    last = {what: rest for what, *rest in told}
    facts = last["reading"][2]
    assert facts > 1
    assert {what: rest[2] for what, rest in last.items()} == dict.fromkeys(last, facts)
    assert all(done == total for done, total, _ in last.values())
    assert [done for what, done, *_ in told if what == "reading"] == [*range(1, last["reading"][1] + 1)]
