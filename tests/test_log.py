from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator

import pytest
import structlog

from bot.log import configure


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def logged(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, level: str) -> list[str]:
    monkeypatch.setattr(sys, "stderr", stream)
    configure(level)
    log = structlog.get_logger("test")
    log.info("compiled", facts=60, path="港")
    try:
        raise ValueError("no such\nthing")
    except ValueError:
        log.exception("answer failed", reference="ab12")
    return stream.getvalue().splitlines()


def test_elsewhere_each_event_is_a_line_of_json(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, failed = map(json.loads, logged(monkeypatch, io.StringIO(), "info"))
    assert (compiled["event"], compiled["level"], compiled["facts"], compiled["path"]) == (
        "compiled",
        "info",
        60,
        "港",
    )
    assert compiled["timestamp"].endswith("Z")
    assert failed["reference"] == "ab12"
    assert "ValueError: no such" in failed["exception"]


def test_a_level_leaves_out_what_is_below(monkeypatch: pytest.MonkeyPatch) -> None:
    (failed,) = logged(monkeypatch, io.StringIO(), "warning")
    assert json.loads(failed)["event"] == "answer failed"


def test_at_a_terminal_an_exception_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    (failed,) = logged(monkeypatch, Terminal(), "error")
    assert "answer failed" in failed
    assert "ValueError('no such" in failed
    assert "Traceback" not in failed
    assert "\x1b" not in failed


def test_debug_shows_the_traceback_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Traceback (most recent call last):" in logged(monkeypatch, Terminal(), "debug")[2]
