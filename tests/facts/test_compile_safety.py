"""Whatever is killed, torn, full or crowded: the last good snapshot stays, and nothing damaged is served."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from bases import COAST
from factory import edit, write

from bot.facts import compile as compiler
from bot.facts.amend import Amendment
from bot.facts.compile import Compiled, compile_base
from bot.facts.seen import NAME
from bot.facts.snapshot import VERSION, Snapshot
from bot.facts.turns import KEPT, POINTER, SUMS, current, open_current, verify


def first_rank(snapshot: Snapshot) -> int:
    (rank,) = snapshot.db.execute("SELECT min(rank) FROM fact").fetchone()
    return int(rank)


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def answers(path: Path) -> str:
    """Return the text of a fact, which only a whole snapshot tells."""
    with closing(Snapshot(path)) as opened:
        return answers_of(opened)


def answers_of(opened: Snapshot) -> str:
    (row,) = opened.db.execute("SELECT rank FROM fact WHERE id = 'audit-order'")
    return opened.fact(row[0]).fact.text


# --- killed, torn, crowded -----------------------------------------------------------------------------


class Killed(BaseException):
    """What a process feels when it is killed: no handler of errors sees it."""


STEPS: dict[str, tuple[object, str]] = {
    "open": (os, "open"),
    "fsync": (os, "fsync"),
    "chmod": (Path, "chmod"),
    "rename": (Path, "rename"),
    "replace": (Path, "replace"),
    "write_bytes": (Path, "write_bytes"),
    "unlink": (Path, "unlink"),
    "copyfile": (shutil, "copyfile"),
    "place": (Amendment, "place"),
    "take_out": (Amendment, "take_out"),
    "put_in": (Amendment, "put_in"),
    "meta": (compiler, "_write_meta"),
}
WEIGHTS = ["weight: 4", "weight: 3", "weight: 2"]


def compiled_times(root: Path, folder: Path, turns: int) -> Compiled:
    """Compile so many times, each time with another weight: after the second, there is a file to change."""
    compiled = compile_base(root, folder)
    for old, new in pairwise(WEIGHTS[:turns]):
        edit(root, old, new)
        compiled = compile_base(root, folder)
    return compiled


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_whatever_step_is_cut_short_the_last_snapshot_stays(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str, nth: int, turns: int
) -> None:
    first = compiled_times(root, folder, turns)
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

    owner, name = STEPS[step]
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, cut(getattr(owner, name)))
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
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize("step", ["rename", "take_out", "put_in", "meta", "chmod", "replace", "fsync"])
def test_a_process_that_is_killed_leaves_the_last_snapshot(root: Path, folder: Path, step: str) -> None:
    first = compiled_times(root, folder, 3)
    edit(root, "will audit", "is to audit")
    program = """
import os, pathlib, shutil, signal, sys
from bot.facts import compile as compiler
from bot.facts.amend import Amendment
root, folder, owner, name = sys.argv[1:]
owner = {"os": os, "Path": pathlib.Path, "Amendment": Amendment, "compile": compiler}[owner]
original = getattr(owner, name)
def die(*args, **kwargs):
    original(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, die)
compiler.compile_base(pathlib.Path(root), pathlib.Path(folder))
"""
    owner, name = STEPS[step]
    known = {os: "os", Path: "Path", Amendment: "Amendment", compiler: "compile"}
    arguments = [str(root), str(folder), known[owner], name]
    died = subprocess.run([sys.executable, "-c", program, *arguments], check=False)

    assert died.returncode == -signal.SIGKILL
    assert current(folder) == first.path
    assert answers(first.path) == "The ministry will audit the ferry fund."
    again = compile_base(root, folder)
    assert answers(again.path) == "The ministry is to audit the ferry fund."
    assert not list(folder.glob("*.part"))


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
    compiled_times(root, folder, 2)
    edit(root, "weight: 3", "weight: 2")
    done: list[str] = []
    opened: dict[int, str] = {}
    open_, fsync, replace, rename = os.open, os.fsync, Path.replace, Path.rename

    def opens(path: Path, *args: int, **kwargs: int) -> int:
        handle = open_(path, *args, **kwargs)
        opened[handle] = Path(path).suffix or Path(path).name
        return handle

    def syncs(handle: int) -> None:
        done.append(f"sync {opened[handle]}")
        fsync(handle)

    def replaces(path: Path, target: Path) -> Path:
        if target.name != "seen":
            done.append(f"move {target.suffix or target.name}")
        return replace(path, target)

    def renames(path: Path, target: Path) -> Path:
        done.append(f"take {target.suffix}")
        return rename(path, target)

    monkeypatch.setattr(os, "open", opens)
    monkeypatch.setattr(os, "fsync", syncs)
    monkeypatch.setattr(Path, "replace", replaces)
    monkeypatch.setattr(Path, "rename", renames)
    compile_base(root, folder)

    taken = ["take .part", "sync state"]
    moved = ["sync .part", "move .sqlite", "sync .part", f"move {POINTER}", "sync state"]
    assert done == taken + moved


def test_what_is_in_use_is_never_changed(root: Path, folder: Path) -> None:
    first = compile_base(root, folder)
    before = first.path.read_bytes()
    edit(root, "weight: 4", "weight: 2")
    second = compile_base(root, folder)

    assert second.path != first.path
    assert first.path.read_bytes() == before


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_what_somebody_reads_is_never_changed(root: Path, folder: Path, turns: int) -> None:
    compiled_times(root, folder, turns)
    readers = [Snapshot(path) for path in folder.glob("*.sqlite")]
    before = [answers_of(reader) for reader in readers]
    for old, new in (("will audit", "is to audit"), ("is to audit", "must audit"), ("must", "shall")):
        edit(root, old, new)
        compile_base(root, folder)
        assert [answers_of(reader) for reader in readers] == before

    for reader in readers:
        reader.close()
    now = open_current(folder)
    assert answers_of(now) == "The ministry shall audit the ferry fund."
    now.close()


def torn(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    place = data.index(b"audit the ferry fund")
    return data[:place] + b"A" + data[place + 1 :]


def other_version(data: bytes) -> bytes:
    return data.replace(b"version", b"Version")


TOLD_AT_ONCE: list[Callable[[bytes], bytes]] = [
    torn,
    lambda _: b"",
    lambda _: b"not a database at all\n" * 400,
    lambda data: data + b"\0",
]
FLIPPED: list[Callable[[bytes], bytes]] = [
    flipped,
    lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    lambda data: data[:30] + bytes([data[30] ^ 0x40]) + data[31:],
]


@pytest.mark.parametrize("damage", TOLD_AT_ONCE)
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
    assert current(folder) == again.path


def test_a_snapshot_without_its_version_is_written_anew(root: Path, folder: Path) -> None:
    good = compile_base(root, folder)
    data = good.path.read_bytes()
    good.path.write_bytes(other_version(data))

    again = compile_base(root, folder)
    assert (again.parsed, again.reused) == (6, 0)
    assert again.path.read_bytes() == data


@pytest.mark.parametrize("damage", FLIPPED)
def test_a_bit_that_flipped_is_found_by_a_thorough_look(
    root: Path, folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    good = compile_base(root, folder, thorough=True)
    data = good.path.read_bytes()
    good.path.write_bytes(damage(data))

    again = compile_base(root, folder, thorough=True)

    assert (again.parsed, again.reused) == (6, 0)
    assert again.path.read_bytes() == data
    assert verify(folder)


def test_the_sums_are_those_of_the_files(root: Path, folder: Path) -> None:
    compile_base(root, folder, thorough=True)
    edit(root, "weight: 4", "weight: 2")
    compile_base(root, folder, thorough=True)

    lines = (line.partition("  ") for line in (folder / SUMS).read_text().splitlines())
    told = {name: digest for digest, _, name in lines}
    assert told == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.sqlite")
    }
    assert len(told) == 2


@pytest.mark.parametrize("damage", TOLD_AT_ONCE)
@pytest.mark.parametrize("turns", [1, 2])
def test_nothing_is_reused_of_a_damaged_snapshot(
    root: Path, folder: Path, damage: Callable[[bytes], bytes], turns: int
) -> None:
    compiled_times(root, folder, turns)
    for path in folder.glob("*.sqlite"):
        path.write_bytes(damage(path.read_bytes()))
    edit(root, "will audit", "is to audit")

    again = compile_base(root, folder)

    assert (again.parsed, again.reused) == (6, 0)
    assert answers(again.path) == "The ministry is to audit the ferry fund."


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
        older = compile_base(root, folder)

    newer = compile_base(root, folder)

    assert newer.path != older.path
    assert (newer.parsed, newer.reused) == (6, 0)
    assert current(folder) == newer.path


def test_old_snapshots_and_abandoned_files_are_swept(root: Path, folder: Path) -> None:
    held, kept = [], []
    for weight in range(1, 5):
        edit(root, f"weight: {5 - weight}" if weight > 1 else "weight: 4", f"weight: {4 - weight or 5}")
        kept.append(compile_base(root, folder).path)
        held.append(Snapshot(kept[-1]))
    (folder / "old.part").touch()
    edit(root, "will audit", "is to audit")
    kept.append(compile_base(root, folder).path)

    assert listing(folder) == {POINTER, NAME, *(path.name for path in kept[-KEPT:])}
    for one in held:
        one.close()


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
    held = []
    for weight in ("3", "2"):
        held.append(Snapshot(compile_base(root, folder).path))
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
    for one in held:
        one.close()


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

    for name in ("touch", "rename", "replace", "unlink", "write_bytes", "chmod"):
        monkeypatch.setattr(Path, name, refuse)
    monkeypatch.setattr(shutil, "copyfile", refuse)

    assert compile_base(root, folder).path == first.path
    edit(root, "weight: 4", "weight: 2")
    with pytest.raises(OSError, match="Read-only file system"):
        compile_base(root, folder)
    assert current(folder) == first.path


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_full_disk_leaves_nothing_behind(root: Path, folder: Path, turns: int) -> None:
    first = compiled_times(root, folder, turns)
    write(root, {f"coast/facts/more-{n}.yaml": MANY.format(n=n) for n in range(300)})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        # Files may grow no further than half again: that is a full disk to whoever writes.
        resource.setrlimit(resource.RLIMIT_FSIZE, (first.path.stat().st_size * 3 // 2, before[1]))
        with pytest.raises((sqlite3.Error, OSError), match=r"full|large|I/O"):
            compile_base(root, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handled)

    assert not list(folder.glob("*.part*"))
    assert current(folder) == first.path
    assert answers(first.path) == "The ministry will audit the ferry fund."
    assert compile_base(root, folder).id != first.id


MANY = """
- id: more-{n}
  kind: event
  text: The ferry number {n} was painted again, and everybody who was there said so.
  about: [ministry]
  topics: [people]
  sources: [{{ref: herald, p: 1, hash: "{n:016}"}}]
  added: 2024-06-01
"""


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
        with closing(Snapshot(path)) as opened:
            assert opened.id == path.name.partition("-")[0]
            assert opened.db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


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
    assert listing(folder) == {POINTER, NAME, compile_base(root, folder).path.name}
