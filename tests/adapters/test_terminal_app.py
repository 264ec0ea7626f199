from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from samples import SAMPLES, reply

from bot.adapters.terminal.app import WELCOME, Conversation, Screen, local_time, prompt, shell
from bot.adapters.terminal.render import render
from bot.desk import Asker, Call, Completion, Suggestion
from bot.registry import Registry
from bot.reply import Action, Kind, Paragraph, Reply, line

ASKER = Asker()


class Echo:
    """A desk that repeats the line; `/many` is long, `/ask` offers two choices, `/stop` is interrupted."""

    registry = Registry()

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.acted: list[tuple[str, Asker]] = []

    def ask(self, line_: str, asker: Asker) -> Reply:
        self.lines.append(line_)
        if line_ == "/stop":
            raise KeyboardInterrupt
        if line_ == "/many":
            return SAMPLES["many points"]
        said = Reply(kind=Kind.ANSWER, title="", summary=f"You said {line_}.")
        actions = (Action("One", "/one"), Action("Two", "/two"))
        return replace(said, kind=Kind.ASK, actions=actions) if line_ == "/ask" else said

    def acts(self, line_: str) -> bool:
        return line_.startswith("/act")

    async def act(self, line_: str, asker: Asker) -> Reply:
        await asyncio.sleep(0)
        self.acted.append((line_, asker))
        return Reply(kind=Kind.ANSWER, title="", summary=f"Did {line_}.")

    def answer(self, call: Call, asker: Asker) -> Reply:
        return reply(Paragraph((line(call.command),)))

    def suggest(
        self, command: str, option: str, prefix: str, asker: Asker, limit: int = 25
    ) -> list[Suggestion]:
        return []

    def complete(self, line_: str, asker: Asker, limit: int = 10) -> list[Completion]:
        return [Completion("/who gref", "German Gref\x1b[31m", "gref")] if line_ == "/who g" else []

    def canonical(self, call: Call) -> str:
        return f"/{call.command}"

    def notice_for(self, asker: Asker) -> str:
        return ""


def nothing(line: str, asker: Asker) -> Reply:
    raise AssertionError(f"{line} was acted on")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def talk(lines: Iterable[str], tmp_path: Path, before: Callable[[], object] = lambda: None) -> str:
    out = io.StringIO()
    typed = io.StringIO("".join(f"{one}\n" for one in lines))
    shell(
        Echo(),
        ASKER,
        nothing,
        history=tmp_path / "history",
        environ={},
        before=before,
        stdin=typed,
        stdout=out,
    )
    return out.getvalue()


def test_lines_of_a_file_are_answered_one_by_one(tmp_path: Path) -> None:
    looks: list[None] = []
    said = talk(["/a", "", "  ", "/b", "quit", "/c"], tmp_path, lambda: looks.append(None))
    assert said == "You said /a.\n\nYou said /b.\n\n"
    assert len(looks) == 2
    assert not (tmp_path / "history").exists()


def test_long_answers_are_whole_without_a_terminal(tmp_path: Path) -> None:
    said = talk(["/many"], tmp_path)
    assert "Point 1 of 120" in said
    assert "Point 120 of 120" in said
    assert "Page" not in said


def test_numbers_pick_choices(tmp_path: Path) -> None:
    said = talk(["2", "/ask", "3", "2", "1", "1000"], tmp_path)
    assert said.startswith("The last answer offers no choices.\n\nYou said /ask.\n")
    assert "The last answer offers choices 1 to 2.\n\nYou said /two.\n" in said
    assert said.endswith("The last answer offers no choices.\n\nYou said 1000.\n\n")


def test_an_empty_line_shows_more() -> None:
    conversation = Conversation(Echo(), ASKER, nothing)
    screen = Screen(80, 30)
    shown = [conversation.say("/many", screen)]
    while more := conversation.say("", screen):
        shown.append(more)
    assert len(shown) > 5
    assert [len(one.splitlines()) for one in shown[:-1]] == [31] * (len(shown) - 1)
    assert shown[0].endswith("Enter shows more (225 lines).\n")
    assert 0 < len(shown[-1].splitlines()) <= 32
    whole = "".join(re.sub(r"Enter shows more .*\n", "", one) for one in shown)
    assert whole == render(SAMPLES["many points"], width=80).pages[0]


def test_a_new_line_leaves_the_rest_unshown() -> None:
    conversation = Conversation(Echo(), ASKER, nothing)
    screen = Screen(80, 30)
    conversation.say("/many", screen)
    assert conversation.say("/a", screen) == "You said /a.\n"
    assert conversation.say("", screen) == ""


def test_an_interrupted_answer_does_not_end_the_shell(tmp_path: Path) -> None:
    assert talk(["/stop", "/a"], tmp_path) == "Stopped.\n\nYou said /a.\n\n"


def at_prompt(keys: str, history: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    monkeypatch.setenv("TERM", "dumb")
    desk, out = Echo(), Terminal()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys)
        shell(desk, ASKER, nothing, history=history, environ={}, stdin=Terminal(), stdout=out)
    return out.getvalue(), desk.lines


def test_the_prompt_keeps_history_and_leaves_on_ctrl_d(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = tmp_path / "deep" / "history"
    said, asked = at_prompt("/first\r/half\x03/second\r\x04", history, monkeypatch)
    assert said.startswith(WELCOME)
    assert asked == ["/first", "/second"]
    assert "+/first" in history.read_text()
    assert history.stat().st_mode & 0o077 == 0
    _, asked = at_prompt("\x10\r\x04", history, monkeypatch)
    assert asked == ["/second"]


def test_the_prompt_works_where_history_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    _, asked = at_prompt("/first\r\x04", tmp_path / "file" / "history", monkeypatch)
    assert asked == ["/first"]


def test_the_desk_completes_the_whole_line(tmp_path: Path) -> None:
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        completer = prompt(Echo(), ASKER, tmp_path / "history", {}).completer
    assert completer is not None
    event = CompleteEvent()
    (found,) = completer.get_completions(Document("/who g"), event)
    assert (found.text, found.start_position) == ("/who gref", -6)
    assert (found.display_text, found.display_meta_text) == ("German Gref␛[31m", "gref")
    assert not list(completer.get_completions(Document(" "), event))


@pytest.mark.parametrize(
    ("environ", "colour"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_has_colour_unless_told_otherwise(environ: dict[str, str], colour: bool) -> None:
    assert Screen.of(Terminal(), environ).colour is colour


def test_a_file_has_neither_colour_nor_height() -> None:
    assert Screen.of(io.StringIO(), {"COLUMNS": "40"}) == Screen(80, None, False)


def test_a_line_that_changes_something_is_acted_on_once() -> None:
    desk, acted = Echo(), []

    def act(line: str, asker: Asker) -> Reply:
        acted.append((line, asker))
        return Reply(kind=Kind.ANSWER, title="Done", summary=f"Did {line}.")

    said = Conversation(desk, ASKER, act).say("/act now", Screen())
    assert "Did /act now." in said
    assert (acted, desk.lines) == ([("/act now", ASKER)], [])


@pytest.fixture
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_zone")
@pytest.mark.parametrize(
    ("at", "said"),
    [
        (1_709_541_000, "Monday 4 March 2024, 09:30 CET"),
        (1_720_000_000, "Wednesday 3 July 2024, 11:46 CEST"),
        (2**62, ""),
        (-(2**62), ""),
    ],
)
def test_an_instant_in_the_machines_zone(at: int, said: str) -> None:
    assert local_time(at) == said


def test_no_zone_is_guessed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr("bot.adapters.terminal.app.LOCAL_ZONE", tmp_path / "localtime")
    assert local_time(1_709_541_000) == ""
