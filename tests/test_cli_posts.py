"""`briefing-bot posts` as a program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from posts_state import Kept, busy
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.posts.records import PostState


def _run(state: Path, *arguments: str, **environ: str) -> Result:
    return CliRunner(env={"COLUMNS": "80", **environ}).invoke(
        app, ["--state", str(state), "posts", *arguments]
    )


def test_a_state_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    result = _run(tmp_path / "none")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Nothing has been posted or scheduled with this state yet: ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "none").exists()


def test_text_fits_the_screen_and_is_plain(tmp_path: Path) -> None:
    busy(tmp_path / "state.db")
    result = _run(tmp_path, "--since", "2020-01-01")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    assert str(tmp_path / "state.db") in "".join(result.stdout.split())
    for heading in ("Next", "Under way", "Lately", "Failed", "Outcome unknown", "Missed", "Closed places"):
        assert f"\n{heading}\n" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_json_is_one_document(tmp_path: Path) -> None:
    busy(tmp_path / "state.db")
    found = json.loads(_run(tmp_path, "--format", "json", "--since", "2020-01-01").stdout)
    assert found["state"] == str(tmp_path / "state.db")
    assert found["counts"]["missed"] == 6
    assert json.loads(_run(tmp_path, "--format", "json", "--since", "0m").stdout)["counts"] == {}


@pytest.mark.parametrize("since", ["soon", "9999-01-01", ""])
def test_a_time_that_is_none_is_refused(tmp_path: Path, since: str) -> None:
    result = _run(tmp_path, "--since", since)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("--since: ")
    assert result.stderr.count("\n") == 1


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    result = _run(tmp_path, BRIEFING_BOT_DATABASE="mysql://bot:geheim@127.0.0.1/x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "The state cannot be kept in mysql. Give a sqlite or a postgresql URL.\n"


def _follow(state: Path, *arguments: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "bot", "--state", str(state), "posts", "--follow", *arguments]
    environ = {**os.environ, "TZ": "UTC"}
    return subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environ
    )


def _next(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline()


def test_follow_goes_on_until_stopped(tmp_path: Path) -> None:
    kept: Kept = busy(tmp_path / "state.db")
    with _follow(tmp_path, "--since", "2020-01-01") as program:
        try:
            while not (line := _next(program)).startswith("  2 schedules are active"):
                assert line
            assert "posted" in line + _next(program)
            going = kept.post("20", PostState.WAITING, 1e9, "One duty\x1b[31m is open.")
            kept.retry(going, "Slack answered with status 503.")
            assert _next(program)[19:] == (
                "  retrying   slack:T1:C1  One duty␛[31m is open. (due 2001-09-09 01:46) Slack answered with "
                "status 503.\n"
            )
        finally:
            program.send_signal(signal.SIGINT)
        assert program.stderr is not None
        assert (program.wait(), program.stderr.read()) == (130, "")


def test_follow_waits_for_a_state_that_is_not_there_yet(tmp_path: Path) -> None:
    made = busy(tmp_path / "made.db")
    (tmp_path / "later").mkdir()
    with _follow(tmp_path / "later", "--format", "json") as program:
        try:
            assert program.stderr is not None
            assert program.stderr.readline().startswith("Nothing has been posted or scheduled")
            made.path.rename(tmp_path / "later" / "state.db")
            assert program.stderr.readline() == "The state can be read again.\n"
        finally:
            program.send_signal(signal.SIGINT)
        assert program.wait() == 130
