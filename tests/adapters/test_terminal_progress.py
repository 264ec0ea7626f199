from __future__ import annotations

import io

import pytest

from bot.adapters.terminal.progress import Watched


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(stream: io.StringIO, *seconds: float) -> str:
    clock = iter(seconds)
    with Watched(stream, lambda: next(clock)) as shown:
        for number, _ in enumerate(seconds, 1):
            shown.show("reading", number, len(seconds), number * 1_000)
    return stream.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_what_is_done_soon_shows_nothing(stream: io.StringIO) -> None:
    assert watched(stream, 0, 1, 1.9) == ""


def test_where_nobody_watches_there_is_one_line() -> None:
    assert watched(io.StringIO(), 0, 3, 4, 5) == "Compiling takes more than two seconds; please wait.\n"


def test_who_watches_sees_how_fast_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")

    shown = watched(Terminal(), 0, 2, 4)

    assert "Reading" in shown
    assert "750 facts a second" in shown


def test_an_error_takes_the_bar_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream, clock = Terminal(), iter([0.0, 3.0])

    def fail() -> None:
        with Watched(stream, lambda: next(clock)) as shown:
            shown.show("reading", 1, 2, 1)
            shown.show("reading", 2, 2, 2)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert stream.getvalue().rstrip().endswith("\x1b[2K")
