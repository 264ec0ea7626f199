from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from bases import COAST
from factory import EVERYWHERE, LICENCES, TODAY, edit, write
from structlog.testing import capture_logs

from bot.commands import REGISTRY
from bot.dispatch import Dispatcher
from bot.facts import compile as compiler
from bot.facts.seen import Stat, digest_of, stat_of
from bot.facts.snapshot import SnapshotError
from bot.facts.turns import POINTER, current
from bot.library import Library, NothingToServe


@pytest.fixture
def library(root: Path, folder: Path) -> Iterator[Library]:
    opened = Library(root, folder)
    yield opened
    opened.close()


def text(library: Library) -> str:
    """Return what is answered about the audit, and that it is answered."""
    answering = Dispatcher(REGISTRY, library, today=lambda: TODAY)
    return answering.ask("/fact audit-order", EVERYWHERE).summary.partition(" (")[0]


BEFORE = "The ministry will audit the ferry fund."
AFTER = "The ministry is to audit the ferry fund."


def test_a_base_is_compiled_and_served(library: Library, root: Path, folder: Path) -> None:
    assert library.snapshot.path == current(folder)
    assert text(library) == BEFORE
    assert library.notice == ""
    assert [one.code for one in library.findings] == ["W010"]


def test_nothing_is_done_while_nothing_changes(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.library.compile_base", lambda *_, **__: pytest.fail("compiled without a change"))

    assert library.prepare() is None
    assert not library.refresh()


def test_an_edit_goes_live(library: Library, root: Path) -> None:
    before = library.snapshot
    edit(root)

    assert library.refresh()
    assert text(library) == AFTER
    assert library.snapshot.id != before.id
    assert not library.refresh()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        before.db.execute("SELECT 1")


def test_an_edit_is_prepared_without_touching_what_is_in_use(library: Library, root: Path) -> None:
    before = library.snapshot
    edit(root)
    prepared = library.prepare()

    assert library.snapshot is before
    assert text(library) == BEFORE
    assert library.adopt(prepared)
    assert text(library) == AFTER


def test_answers_go_on_while_other_snapshots_are_made(library: Library, root: Path) -> None:
    answering = Dispatcher(REGISTRY, library, today=lambda: TODAY)
    told: dict[str, set[str]] = {}

    def ask() -> None:
        reply = answering.ask("/fact audit-order", EVERYWHERE)
        assert reply.footer is not None
        told.setdefault(reply.footer.snapshot, set()).add(reply.summary.partition(" (")[0])

    verbs = ["will audit", "is to audit", "must audit", "shall audit", "may audit", "ought to audit"]
    with ThreadPoolExecutor(1) as pool:
        for old, new in pairwise(verbs):
            edit(root, old, new)
            making = pool.submit(library.prepare)
            ask()
            while not making.done():
                ask()
            assert library.adopt(making.result())
            ask()

    assert library.notice == ""
    assert sorted(text for texts in told.values() for text in texts) == sorted(
        BEFORE.replace("will audit", verb) for verb in verbs
    )
    assert len(told) == len(verbs)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("coast/facts/new.yaml", "[]"),
        ("lone/dossier.yaml", None),
    ],
)
def test_a_new_file_is_seen(library: Library, root: Path, name: str, content: str | None) -> None:
    from bases import LONE

    write(root, LONE if content is None else {name: content})

    assert library.refresh()


def test_a_deleted_file_is_seen(library: Library, root: Path) -> None:
    write(root, {"coast/facts/new.yaml": "[]"})
    library.refresh()
    (root / "coast/facts/new.yaml").unlink()

    assert library.refresh()
    assert library.notice == ""


def test_a_touched_file_gives_the_same_snapshot(library: Library, root: Path) -> None:
    before = library.snapshot
    os.utime(root / LICENCES, (1, 1))

    assert not library.refresh()
    assert library.snapshot is before
    assert library.prepare() is None
    assert text(library) == BEFORE


# --- broken edits --------------------------------------------------------------------------------------


def test_a_broken_edit_leaves_the_last_good_snapshot_and_says_so(library: Library, root: Path) -> None:
    before = library.snapshot
    edit(root, "kind: event", "kind: evnt")

    with capture_logs() as logged:
        assert not library.refresh()
        assert not library.refresh()

    assert library.snapshot is before
    assert text(library) == BEFORE
    assert library.notice == (
        f"Snapshot {before.id} goes on answering: the facts on disk have 1 error; the first in {LICENCES},"
        ' line 18: "evnt" is not one of the allowed values. `briefing-bot check` says what to do.'
    )
    assert {one.code for one in library.findings} >= {"R006"}
    assert [(one["event"], one["log_level"], one["serving"]) for one in logged] == [
        ("base does not load", "warning", before.id)
    ]


def test_a_mended_base_is_served_again_by_itself(library: Library, root: Path) -> None:
    edit(root, "kind: event", "kind: evnt")
    library.refresh()
    edit(root, "kind: evnt", "kind: event")
    edit(root)

    with capture_logs() as logged:
        assert library.refresh()

    assert library.notice == ""
    assert text(library) == AFTER
    assert "base loads again" in [one["event"] for one in logged]


def test_an_error_that_is_taken_back_changes_nothing(library: Library, root: Path) -> None:
    before = library.snapshot
    edit(root, "kind: event", "kind: evnt")
    library.refresh()
    edit(root, "kind: evnt", "kind: event")

    assert not library.refresh()
    assert library.snapshot is before
    assert library.notice == ""
    assert text(library) == BEFORE


def test_another_error_is_told_anew(library: Library, root: Path) -> None:
    edit(root, "kind: event", "kind: evnt")
    library.refresh()
    first = library.notice
    edit(root, "kind: role", "kind: rle", "coast/facts/people.yaml")

    with capture_logs() as logged:
        library.refresh()

    assert library.notice != first
    assert "have 2 errors; the first in" in library.notice
    assert len(logged) == 1


def test_help_shows_the_notice(library: Library, root: Path) -> None:
    answering = Dispatcher(REGISTRY, library, today=lambda: TODAY)
    edit(root, "kind: event", "kind: evnt")
    library.refresh()

    footer = answering.ask("/help", EVERYWHERE).footer
    assert footer is not None
    assert footer.notice == answering.notice == library.notice != ""


def test_a_deleted_folder_leaves_the_last_good_snapshot(library: Library, root: Path) -> None:
    shutil.rmtree(root)

    assert not library.refresh()
    assert text(library) == BEFORE
    assert "the facts on disk have 1 error" in library.notice
    write(root, COAST)
    assert not library.refresh()
    assert library.notice == ""


def test_a_deleted_state_folder_does_no_harm(library: Library, root: Path, folder: Path) -> None:
    shutil.rmtree(folder)

    assert text(library) == BEFORE
    edit(root)
    assert library.refresh()
    assert text(library) == AFTER
    assert current(folder) == library.snapshot.path


# --- starting ------------------------------------------------------------------------------------------


def test_a_start_with_a_broken_base_serves_the_snapshot_from_before(root: Path, folder: Path) -> None:
    Library(root, folder).close()
    edit(root, "kind: event", "kind: evnt")

    started = Library(root, folder)

    assert text(started) == BEFORE
    assert started.notice.startswith(f"Snapshot {started.snapshot.id} goes on answering: ")
    assert not started.refresh()
    edit(root, "kind: evnt", "kind: event")
    assert not started.refresh()
    assert started.notice == ""
    started.close()


def test_a_start_without_anything_to_serve_says_why(root: Path, folder: Path) -> None:
    edit(root, "kind: event", "kind: evnt")

    with pytest.raises(NothingToServe) as refused:
        Library(root, folder)

    assert str(refused.value) == (
        f"{root} cannot be served: the facts on disk have 1 error; the first in {LICENCES},"
        ' line 18: "evnt" is not one of the allowed values. `briefing-bot check` says what to do.'
    )
    assert [one.code for one in refused.value.findings if one.code[0] != "W"] == ["R006"]


def test_a_start_without_a_base_says_so(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(NothingToServe, match="the facts on disk have 1 error"):
        Library(tmp_path / "nowhere", folder)


@pytest.mark.parametrize("content", [b"", b"torn", b"\0" * 4096])
def test_a_broken_base_and_a_broken_snapshot_are_nothing_to_serve(
    root: Path, folder: Path, content: bytes
) -> None:
    opened = Library(root, folder)
    opened.close()
    opened.snapshot.path.write_bytes(content)
    edit(root, "kind: event", "kind: evnt")

    with pytest.raises(NothingToServe):
        Library(root, folder)


@pytest.mark.parametrize("content", [b"", b"torn", b"\0" * 4096])
def test_a_broken_snapshot_is_written_anew(root: Path, folder: Path, content: bytes) -> None:
    opened = Library(root, folder)
    opened.close()
    opened.snapshot.path.write_bytes(content)

    started = Library(root, folder)

    assert text(started) == BEFORE
    assert started.notice == ""
    started.close()


def test_a_snapshot_of_another_version_is_told_apart(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(compiler, "VERSION", 0)
        patched.setattr("bot.facts.snapshot.VERSION", 0)
        Library(root, folder).close()
    edit(root, "kind: event", "kind: evnt")

    with pytest.raises(NothingToServe, match="is of version 0, this program reads"):
        Library(root, folder)
    assert (folder / POINTER).exists()


def test_a_folder_that_cannot_be_written_is_told(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(NothingToServe, match="no snapshot can be written"):
        Library(root, tmp_path / "file" / "state")


def test_a_bit_that_flips_is_found_after_the_start(root: Path, folder: Path) -> None:
    opened = Library(root, folder)
    assert not opened.refresh()
    opened.close()
    path, data = opened.snapshot.path, opened.snapshot.path.read_bytes()
    path.write_bytes(data.replace(b"audit the ferry fund", b"Audit the ferry fund"))

    started = Library(root, folder)
    assert text(started) == BEFORE.replace("audit", "Audit")
    with capture_logs() as logged:
        assert started.refresh()

    assert text(started) == BEFORE
    assert logged[0]["event"] == "a snapshot was damaged and is written anew"
    assert started.notice == ""
    assert not started.refresh()
    started.close()


def test_sums_are_taken_once_after_each_change(
    library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def reads(path: Path) -> str:
        read.append(path.name)
        return digest_of(path)

    monkeypatch.setattr("bot.facts.turns.digest_of", reads)
    library.refresh()
    library.refresh()
    edit(root)
    library.refresh()
    library.refresh()
    library.refresh()

    assert [name.rpartition("-")[2] for name in read] == ["1.sqlite", "2.sqlite"]


# --- trouble that no edit mends ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        OSError(28, "No space left on device"),
        sqlite3.OperationalError("database or disk is full"),
        SnapshotError("The snapshot x cannot be read; compile it again."),
    ],
)
def test_trouble_with_the_disk_is_tried_again(
    library: Library, root: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    edit(root)

    def fail(*_args: object, **_options: object) -> None:
        raise trouble

    with monkeypatch.context() as patched, capture_logs() as logged:
        patched.setattr("bot.library.compile_base", fail)
        assert not library.refresh()
        assert not library.refresh()

    assert str(trouble).removeprefix("[Errno 28] ") in library.notice
    assert library.notice.startswith(f"Snapshot {library.snapshot.id} goes on answering: ")
    assert text(library) == BEFORE
    assert len(logged) == 1
    assert library.refresh()
    assert text(library) == AFTER
    assert library.notice == ""


def test_a_fault_in_the_compiler_leaves_the_last_good_snapshot(
    library: Library, root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("secret")

    edit(root)
    with monkeypatch.context() as patched, capture_logs() as logged:
        patched.setattr("bot.library.compile_base", fail)
        assert not library.refresh()

    assert text(library) == BEFORE
    assert "could not be compiled; the log says why" in library.notice
    assert "secret" not in library.notice
    assert logged[0]["exc_info"] is True


def test_a_file_that_may_be_read_again_is_noticed(
    library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> str:
        if path == root / LICENCES:
            raise PermissionError(13, "Permission denied")
        return digest_of(path)

    (root / LICENCES).chmod(0o600)
    with monkeypatch.context() as patched:
        patched.setattr("bot.facts.seen.digest_of", refuse)
        library.refresh()
    assert f"{LICENCES}, line 1: The file cannot be read (Permission denied)." in library.notice

    (root / LICENCES).chmod(0o644)
    library.refresh()
    assert library.notice == ""


def test_a_file_that_vanishes_during_a_look_counts_as_gone(
    library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanish(found: os.stat_result) -> Stat:
        if found.st_ino == gone:
            raise FileNotFoundError(2, "No such file or directory")
        return stat_of(found)

    gone = (root / "coast/facts/people.yaml").stat().st_ino
    with monkeypatch.context() as patched:
        patched.setattr("bot.facts.seen.stat_of", vanish)
        library.refresh()
    assert "goes on answering" in library.notice

    library.refresh()
    assert library.notice == ""
    assert text(library) == BEFORE


def test_what_was_compiled_is_logged(root: Path, folder: Path) -> None:
    ticks = iter([10.0, 12.5])

    with capture_logs() as logged:
        opened = Library(root, folder, clock=lambda: next(ticks))

    assert logged == [
        {
            "event": "snapshot compiled",
            "log_level": "info",
            "snapshot": opened.snapshot.id,
            "parsed": 6,
            "reused": 0,
            "warnings": 1,
            "seconds": 2.5,
        }
    ]
    opened.close()


def test_a_library_that_never_opened_has_no_snapshot() -> None:
    unopened = Library.__new__(Library)
    unopened._snapshot = unopened._before = None

    with pytest.raises(LookupError, match="no snapshot is open"):
        _ = unopened.snapshot
    unopened.close()


def test_when_a_snapshot_came_into_use_is_known(
    library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = library.reloaded_at
    assert opened > 0
    monkeypatch.setattr("bot.library.time.time", lambda: opened + 60)
    library.refresh()
    assert library.reloaded_at == opened
    edit(root)
    library.refresh()
    assert library.reloaded_at == opened + 60
    write(root, {"coast/dossier.yaml": "["})
    library.refresh()
    assert library.notice
    assert library.reloaded_at == opened + 60


def test_what_was_in_use_before_is_given_back_by_the_next_look(library: Library, root: Path) -> None:
    before = library.snapshot
    edit(root, "weight: 4", "weight: 2")

    assert library.refresh()
    assert before.db.execute("SELECT 1").fetchone() == (1,)

    assert not library.refresh()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        before.db.execute("SELECT 1")


def test_closing_gives_both_back(library: Library, root: Path) -> None:
    before = library.snapshot
    edit(root, "weight: 4", "weight: 2")
    library.refresh()

    library.close()

    for one in (before, library.snapshot):
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            one.db.execute("SELECT 1")
