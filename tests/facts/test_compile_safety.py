"""Whatever is killed, torn, full or crowded: the last good snapshot stays, and nothing damaged is served."""

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
from bases import COAST
from factory import edit, write

from bot.facts import compile as compiler
from bot.facts.compile import KEPT, POINTER, compile_base, current
from bot.facts.snapshot import VERSION, Snapshot
from bot.facts.write import write_snapshot


def first_rank(snapshot: Snapshot) -> int:
    (rank,) = snapshot.db.execute("SELECT min(rank) FROM fact").fetchone()
    return int(rank)


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def answers(path: Path) -> str:
    """Return the text of a fact, which only a whole snapshot tells."""
    with closing(Snapshot(path)) as opened:
        (row,) = opened.db.execute("SELECT rank FROM fact WHERE id = 'audit-order'")
        return opened.fact(row[0]).fact.text


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


@pytest.mark.parametrize("file", [POINTER, "*.sqlite"])
def test_a_half_written_file_is_never_in_place(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    first = compile_base(root, folder)
    before = {path.name: path.read_bytes() for path in folder.glob(file)}
    edit(root, "weight: 4", "weight: 2")

    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as stream:
            stream.write(data[: len(data) // 2])
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", half)
        with pytest.raises(Killed):
            compile_base(root, folder)

    assert {name: (folder / name).read_bytes() for name in before} == before
    assert current(folder) == first.path


def test_what_is_moved_into_place_is_on_the_disk_before_and_its_name_after(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    opened: dict[int, str] = {}
    open_, fsync, replace = os.open, os.fsync, Path.replace

    def opens(path: Path, *args: int, **kwargs: int) -> int:
        handle = open_(path, *args, **kwargs)
        opened[handle] = Path(path).suffix or Path(path).name
        return handle

    def syncs(handle: int) -> None:
        done.append(f"sync {opened[handle]}")
        fsync(handle)

    def replaces(path: Path, target: Path) -> Path:
        done.append(f"move {target.suffix or target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "open", opens)
    monkeypatch.setattr(os, "fsync", syncs)
    monkeypatch.setattr(Path, "replace", replaces)
    compile_base(root, folder)

    moved = ["sync .part", "move .sqlite", "sync state", "sync .part", f"move {POINTER}", "sync state"]
    assert done == moved


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
    assert opened.fact(first_rank(opened)).fact.text
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
    edit(root, "weight: 4", "weight: 2")
    with pytest.raises(OSError, match="Read-only file system"):
        compile_base(root, folder)
    assert current(folder) == first.path


def test_a_full_disk_leaves_nothing_behind(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compile_base(root, folder)
    before = listing(folder)
    edit(root, "weight: 4", "weight: 2")

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
