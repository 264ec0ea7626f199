from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from factory import BARE, COAST, LONE, NORTH, write

from bot.facts import compile as compiler
from bot.facts.compile import KEPT, POINTER, BrokenBase, Compiled, compile_base, current, fingerprint
from bot.facts.load import read_file
from bot.facts.rules import Severity
from bot.facts.snapshot import VERSION, Snapshot
from bot.facts.write import write_snapshot

LICENCES = "coast/facts/licences.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "base", COAST)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def edit(root: Path, old: str = "weight: 4", new: str = "weight: 2", file: str = LICENCES) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def answers(path: Path) -> str:
    """Return the text of a fact, which only a whole snapshot tells."""
    with closing(Snapshot(path)) as opened:
        (row,) = opened.db.execute("SELECT rank FROM fact WHERE id = 'audit-order'")
        return opened.fact(row[0]).fact.text


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


def test_what_is_reused_gives_the_same_bytes_as_what_is_parsed(
    root: Path, folder: Path, tmp_path: Path
) -> None:
    compile_base(root, folder)
    edit(root)

    again, anew = compile_base(root, folder), compile_base(root, tmp_path / "anew")

    assert (again.parsed, anew.parsed) == (1, 6)
    assert again.path.read_bytes() == anew.path.read_bytes()


def test_the_name_tells_the_bytes(root: Path, folder: Path) -> None:
    compiled = compile_base(root, folder)

    digest = hashlib.sha256(compiled.path.read_bytes()).hexdigest()
    assert compiled.path.name == f"{compiled.id}-{digest[:16]}.sqlite"


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
    edit(root)
    edited = compile_base(root, folder)
    write(root, LONE)
    more = compile_base(write(root, LONE), folder)

    assert (first.parsed, first.reused) == (6, 0)
    assert (again.parsed, again.reused, again.path) == (0, 6, first.path)
    assert (edited.parsed, edited.reused) == (1, 5)
    assert (more.parsed, more.reused) == (4, 6)
    assert len({first.id, edited.id, more.id}) == 3


def test_an_edit_that_is_taken_back_costs_nothing(root: Path, folder: Path) -> None:
    first = compile_base(root, folder)
    edit(root)
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
    edit(root)

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

    monkeypatch.setattr("bot.facts.compile.read_file", read)

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


# --- killed, torn, crowded -----------------------------------------------------------------------------


class Killed(BaseException):
    """What a process feels when it is killed: no handler of errors sees it."""


STEPS: dict[str, tuple[object, str, Callable[..., object]]] = {
    "open": (os, "open", os.open),
    "fsync": (os, "fsync", os.fsync),
    "mkstemp": (tempfile, "mkstemp", tempfile.mkstemp),
    "chmod": (Path, "chmod", Path.chmod),
    "replace": (Path, "replace", Path.replace),
    "write_bytes": (Path, "write_bytes", Path.write_bytes),
    "unlink": (Path, "unlink", Path.unlink),
    "digest": (hashlib, "file_digest", hashlib.file_digest),
    "write_snapshot": (compiler, "write_snapshot", write_snapshot),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_whatever_step_is_cut_short_the_last_snapshot_stays(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str, nth: int
) -> None:
    first = compile_base(root, folder)
    text = answers(first.path)
    edit(root, "will audit", "is to audit")
    calls = 0

    def cut(original: Callable[..., object]) -> Callable[..., object]:
        def cutting(*args: object, **kwargs: object) -> object:
            nonlocal calls
            calls += 1
            if calls == nth:
                raise Killed
            return original(*args, **kwargs)

        return cutting

    owner, name, original = STEPS[step]
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, cut(original))
        try:
            compile_base(root, folder)
        except Killed:
            died = True
        else:
            died = False

    assert died == (calls >= nth)
    path = current(folder)
    assert path is not None
    assert answers(path) in {text, text.replace("will", "is to")}
    assert died or answers(path) != text
    again = compile_base(root, folder)
    assert answers(again.path) == text.replace("will", "is to")
    assert current(folder) == again.path


def torn(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    place = data.index(b"audit the ferry fund")
    return data[:place] + b"A" + data[place + 1 :]


def other_version(data: bytes) -> bytes:
    return data.replace(b"version", b"Version")


DAMAGE: list[Callable[[bytes], bytes]] = [
    torn,
    flipped,
    other_version,
    lambda _: b"",
    lambda _: b"not a database at all\n" * 400,
    lambda data: data + b"\0",
    lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    lambda data: data[:30] + bytes([data[30] ^ 0x40]) + data[31:],
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_snapshot_is_never_used_but_written_anew(
    root: Path, folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    good = compile_base(root, folder)
    data = good.path.read_bytes()
    good.path.write_bytes(damage(data))

    assert current(folder) is None
    again = compile_base(root, folder)
    assert (again.parsed, again.reused) == (6, 0)
    assert again.path.read_bytes() == data
    assert current(folder) == again.path == good.path


@pytest.mark.parametrize("damage", DAMAGE)
def test_nothing_is_reused_of_a_damaged_snapshot(
    root: Path, folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    good = compile_base(root, folder)
    good.path.write_bytes(damage(good.path.read_bytes()))
    edit(root, "weight: 4", "weight: 1")

    again = compile_base(root, folder)

    assert (again.parsed, again.reused) == (6, 0)
    assert answers(again.path) == "The ministry will audit the ferry fund."


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"nothing.sqlite\n", b"../state/x\n", b"\xff\xfe", b"current", b"/", b".", b"a/b"]
)
def test_a_pointer_to_nowhere_is_no_snapshot(root: Path, folder: Path, content: bytes) -> None:
    compiled = compile_base(root, folder)
    (folder / POINTER).write_bytes(content)

    assert current(folder) is None
    assert compile_base(root, folder).path == compiled.path
    assert current(folder) == compiled.path


def test_a_snapshot_outside_the_folder_is_not_used(root: Path, folder: Path, tmp_path: Path) -> None:
    other = compile_base(root, tmp_path / "other")
    folder.mkdir()
    (folder / POINTER).write_text(f"../other/{other.path.name}\n")

    assert current(folder) is None


def test_a_snapshot_of_another_version_is_not_reused(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(compiler, "VERSION", f"{VERSION}x")
        patched.setattr("bot.facts.write.VERSION", f"{VERSION}x")
        older = compile_base(root, folder)

    newer = compile_base(root, folder)

    assert newer.path != older.path
    assert (newer.parsed, newer.reused) == (6, 0)
    assert current(folder) == newer.path


def test_old_snapshots_and_abandoned_files_are_swept(root: Path, folder: Path) -> None:
    kept = []
    for weight in range(1, 5):
        edit(root, f"weight: {5 - weight}" if weight > 1 else "weight: 4", f"weight: {4 - weight or 5}")
        kept.append(compile_base(root, folder).path)
        os.utime(kept[-1], (time.time() - 100 + weight, time.time() - 100 + weight))
    abandoned, fresh = folder / "old.part", folder / "new.part"
    abandoned.touch()
    fresh.touch()
    os.utime(abandoned, (0, 0))
    compile_base(root, folder)

    assert listing(folder) == {POINTER, "new.part", *(path.name for path in kept[-KEPT:])}


def test_a_swept_snapshot_stays_readable_to_whom_has_it_open(root: Path, folder: Path) -> None:
    opened = Snapshot(compile_base(root, folder).path)
    for weight in ("3", "2", "1"):
        edit(root, f"weight: {int(weight) + 1}", f"weight: {weight}")
        compile_base(root, folder)

    assert not opened.path.exists()
    assert opened.fact(0).fact.text
    assert len(list(opened.db.execute("SELECT body FROM fact"))) == opened.dossiers["coast"][1]
    opened.close()


def test_what_cannot_be_swept_does_not_matter(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for weight in ("3", "2"):
        compile_base(root, folder)
        edit(root, f"weight: {int(weight) + 1}", f"weight: {weight}")

    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".sqlite":
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)

    path = compile_base(root, folder).path

    assert current(folder) == path
    assert len(list(folder.glob("*.sqlite"))) == 3


def test_a_folder_that_cannot_be_written_is_an_error(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OSError, match="Not a directory"):
        compile_base(root, tmp_path / "file" / "state")


def test_a_snapshot_that_is_there_needs_no_writing(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = compile_base(root, folder)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)

    assert compile_base(root, folder).path == first.path
    edit(root)
    with pytest.raises(OSError, match="Read-only file system"):
        compile_base(root, folder)
    assert current(folder) == first.path


def test_a_full_disk_leaves_nothing_behind(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compile_base(root, folder)
    before = listing(folder)
    edit(root)

    def full(db: sqlite3.Connection, *_args: object) -> None:
        db.execute("CREATE TABLE half (written)")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(compiler, "write_snapshot", full)

    with pytest.raises(sqlite3.OperationalError, match="disk is full"):
        compile_base(root, folder)
    assert listing(folder) == before
    assert current(folder) == first.path


def test_several_compile_at_once(root: Path, folder: Path, tmp_path: Path) -> None:
    others = [write(tmp_path / str(n), COAST) for n in range(2)]
    for n, other in enumerate(others):
        edit(other, "weight: 4", f"weight: {n + 1}")
    roots = [root, *others] * 4

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda one: compile_base(one, folder), roots))

    assert len({one.id for one in made}) == 3
    named = current(folder)
    assert named in {one.path for one in made}
    assert not list(folder.glob("*.part"))
    for path in folder.glob("*.sqlite"):
        assert path.stem.partition("-")[2] == hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def test_two_processes_compile_at_once(root: Path, folder: Path) -> None:
    program = (
        "import sys, pathlib; from bot.facts.compile import compile_base;"
        "[compile_base(*map(pathlib.Path, sys.argv[1:])) for _ in range(3)]"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(root), str(folder)], stderr=subprocess.PIPE)
        for _ in range(2)
    ]

    assert [(one.communicate()[1], one.returncode) for one in running] == [(b"", 0)] * 2
    assert listing(folder) == {POINTER, compile_base(root, folder).path.name}


def test_what_was_done_is_told(root: Path, folder: Path) -> None:
    compiled = compile_base(root, folder)

    assert compiled == Compiled(compiled.path, compiled.id, 6, 0, compiled.findings)
    assert dossiers(compiled).keys() == {"coast"}
