"""The interactive shell: a line in, an answer out, with history, completion, choices by number and pages."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

import msgspec

from bot.adapters.terminal.limits import HEIGHT, WIDTH
from bot.adapters.terminal.render import render
from bot.adapters.texts import inert
from bot.desk import Asker, Desk
from bot.reply import Reply

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

PROMPT: Final = "› "
LEAVE: Final = frozenset({"exit", "quit", "/exit", "/quit"})
WELCOME: Final = (
    "Type a command such as /briefing; /help lists them. Tab completes, a number picks a choice, "
    "Enter shows more, Ctrl-D leaves.\n"
)
RESERVED: Final = 3
"""Lines of the screen that an answer leaves to the prompt and what was typed."""
LOCAL_ZONE: Final = Path("/etc/localtime")
SPARE: Final = 2
"""So few lines more are shown at once rather than after Enter."""


class Screen(msgspec.Struct, frozen=True):
    """What an output stream can show; `height` is None where pages make no sense."""

    width: int = WIDTH
    height: int | None = None
    colour: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> Screen:
        """Look at a stream: a terminal has a size and, unless NO_COLOR is set or it is dumb, colour."""
        if not stream.isatty():
            return cls()
        columns, lines = shutil.get_terminal_size((WIDTH, HEIGHT))
        colour = not environ.get("NO_COLOR") and environ.get("TERM", "") != "dumb"
        return cls(columns, max(1, lines - RESERVED), colour)


def local_time(at: int) -> str:
    """Return an instant in the machine's time zone, such as `Monday 4 March 2024, 08:30 CET`.

    It is empty where nobody has set a zone, or no calendar has that day.
    """
    if not (os.environ.get("TZ") or LOCAL_ZONE.exists() or sys.platform == "win32"):
        return ""
    try:
        here = datetime.fromtimestamp(at, UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{here:%A} {here.day} {here:%B %Y, %H:%M %Z}"


Act = Callable[[str, Asker], Reply]
"""Does what a line says, and tells what was done."""


class Conversation:
    """What the shell remembers between two lines: the choices last offered and the lines not yet shown."""

    def __init__(self, desk: Desk, asker: Asker, act: Act) -> None:
        self.desk = desk
        self.asker = asker
        self._act = act
        self._choices: tuple[str, ...] = ()
        self._rest: list[str] = []

    def say(self, line: str, screen: Screen) -> str:
        """Return what is printed for a typed line: its answer, a choice's, or how the last one goes on."""
        line = line.strip()
        if not line:
            return self._next(screen)
        if line.isdecimal() and len(line) <= 3:
            return self._choose(int(line), screen)
        return self._ask(line, screen)

    def _choose(self, number: int, screen: Screen) -> str:
        count = len(self._choices)
        if 1 <= number <= count:
            return self._ask(self._choices[number - 1], screen)
        offer = {0: "offers no choices", 1: "offers choice 1 only"}.get(count, f"offers choices 1 to {count}")
        return f"The last answer {offer}.\n"

    def _ask(self, line: str, screen: Screen) -> str:
        reply = self._act(line, self.asker) if self.desk.acts(line) else self.desk.ask(line, self.asker)
        self._choices = tuple(action.command for action in reply.actions)
        # One page, shown by the screen: pages would repeat title and sources, which are a scroll away.
        (page,) = render(
            reply, width=screen.width, colour=screen.colour, links=screen.colour, local=local_time
        ).pages
        self._rest = page.splitlines(keepends=True)
        return self._next(screen)

    def _next(self, screen: Screen) -> str:
        count = len(self._rest) if screen.height is None else screen.height
        if len(self._rest) <= count + SPARE:
            count = len(self._rest)
        shown, self._rest = self._rest[:count], self._rest[count:]
        more = f"Enter shows more ({len(self._rest)} lines).\n" if self._rest else ""
        return "".join(shown) + more


def shell(
    desk: Desk,
    asker: Asker,
    act: Act,
    *,
    history: Path,
    environ: Mapping[str, str],
    before: Callable[[], object] = lambda: None,
    stdin: TextIO,
    stdout: TextIO,
) -> None:
    """Answer typed lines until the input ends.

    `act` does what acting lines say. `history` is a file in the reader's state folder; where it cannot be
    written, lines are remembered until the end only. `before` is called before each answer. Without a
    terminal, lines are read from `stdin` and each answer is printed whole.
    """
    talk = Conversation(desk, asker, act)
    interactive = stdin.isatty() and stdout.isatty()
    lines = _typed(desk, asker, history, environ) if interactive else _read(stdin)
    if interactive:
        stdout.write(WELCOME)
    for line in lines:
        if line.strip().lower() in LEAVE:
            break
        before()
        try:
            said = talk.say(line, Screen.of(stdout, environ))
        except KeyboardInterrupt:
            said = "Stopped.\n"
        stdout.write(f"{said}\n" if said else "")
        stdout.flush()


def _read(stdin: TextIO) -> Iterator[str]:
    return (line for line in stdin if line.strip())


def _typed(desk: Desk, asker: Asker, history: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what is typed at the prompt; Ctrl-C drops a line, Ctrl-D ends."""
    session = prompt(desk, asker, history, environ)
    while True:
        try:
            yield session.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def prompt(desk: Desk, asker: Asker, history: Path, environ: Mapping[str, str]) -> PromptSession[str]:
    """Return the prompt at which lines are typed, completed by the desk."""
    from prompt_toolkit import PromptSession  # noqa: PLC0415 -- only a shell at a terminal needs it
    from prompt_toolkit.completion import Completer, Completion  # noqa: PLC0415
    from prompt_toolkit.history import FileHistory, InMemoryHistory  # noqa: PLC0415
    from prompt_toolkit.output import ColorDepth  # noqa: PLC0415

    class Suggestions(Completer):
        def get_completions(self, document: Document, _event: CompleteEvent) -> Iterable[Completion]:
            typed = document.text_before_cursor
            for one in desk.complete(typed, asker) if typed.strip() else ():
                yield Completion(
                    inert(one.line), -len(typed), display=inert(one.label), display_meta=inert(one.hint)
                )

    return PromptSession(
        PROMPT,
        completer=Suggestions(),
        complete_while_typing=True,
        history=FileHistory(str(history)) if _is_writable(history) else InMemoryHistory(),
        color_depth=ColorDepth.MONOCHROME if environ.get("NO_COLOR") else None,
    )


def _is_writable(file: Path) -> bool:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.open("ab").close()
    except OSError:
        return False
    return True
