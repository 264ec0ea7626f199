"""Files are parsed alike by whomever, and a worker that dies is missed by nobody."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from bases import COAST
from factory import LICENCES, edit, write

from bot.facts import workers
from bot.facts.compile import BrokenBase, compile_base
from bot.facts.load import FileRole, find_files
from bot.facts.workers import Job, Parsers, parse_path


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every base counts as large, and every machine has two processors."""
    monkeypatch.setattr(workers, "LARGE", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)


def jobs_of(root: Path) -> list[Job]:
    return [job for dossier in find_files(root).dossiers for job in dossier.files]


def parsed(root: Path, parsers: Parsers) -> bool:
    return all(parsers.parse(*job) == parse_path(root, *job) for job in jobs_of(root))


def test_workers_parse_as_the_program_itself(root: Path) -> None:
    edit(root, "kind: event", "kind: evnt")
    with closing(Parsers(root, jobs_of(root), 0)) as parsers:
        assert len(parsers._workers) == 2
        assert parsed(root, parsers)
        assert all(parsers._workers)


def test_a_base_compiled_with_workers_has_the_same_bytes(
    root: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_workers = compile_base(root, folder)
    monkeypatch.setattr(workers, "LARGE", 1 << 40)
    without = compile_base(root, tmp_path / "other")

    assert with_workers.path.read_bytes() == without.path.read_bytes()


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(1)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import sys; sys.stdout.write('x' * 4096)",
        "import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write((9).to_bytes(8, 'little') + b'x')",
    ],
)
def test_a_worker_that_dies_or_raves_is_replaced(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(workers, "_START", program)
    with closing(Parsers(root, jobs_of(root), 0)) as parsers:
        assert parsed(root, parsers)
        assert parsers._workers == [None, None]

    assert compile_base(root, folder).parsed == len(COAST)


def test_a_worker_may_be_killed_at_any_time(root: Path) -> None:
    write(root, {f"coast/facts/more-{n}.yaml": "[]" for n in range(20)})
    with closing(Parsers(root, jobs_of(root), 0)) as parsers:
        for number, job in enumerate(jobs_of(root)):
            if number == 8:
                assert parsers._workers[0]
                parsers._workers[0].kill()
            assert parsers.parse(*job) == parse_path(root, *job)


def test_what_cannot_be_started_is_not_needed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with closing(Parsers(root, jobs_of(root), 0)) as parsers:
        assert parsed(root, parsers)


def test_a_file_that_vanishes_is_told(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compile_base(root, folder)
    edit(root)

    class Late(Parsers):
        def __init__(self, root: Path, jobs: list[Job], size: int) -> None:
            (root / LICENCES).unlink()
            super().__init__(root, jobs, size)

    monkeypatch.setattr("bot.facts.compile.Parsers", Late)

    with pytest.raises(BrokenBase, match=r"licences\.yaml, line 1: The file cannot be read"):
        compile_base(root, folder)


def test_nobody_is_left_behind(root: Path) -> None:
    parsers = Parsers(root, jobs_of(root), 0)
    started = list(parsers._workers)
    parsers.close()

    assert [one.returncode is not None for one in started if one] == [True, True]
    assert parsers.parse(FileRole.FACTS, LICENCES) == parse_path(root, FileRole.FACTS, LICENCES)
