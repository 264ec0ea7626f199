from __future__ import annotations

import re

from conformance import Conformance, Look, Seen, numbers
from rich.cells import cell_len

from bot.adapters.terminal.render import render
from bot.reply import Reply

SEQUENCE = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^;]*;([^\x1b]*)\x1b\\")


class Terminal:
    """The text renderer at one width, read back as a terminal would show it."""

    def __init__(self, width: int, height: int | None = None, *, colour: bool = False) -> None:
        self.name = f"terminal, {width} cells"
        self.width = width
        self.height = height
        self.colour = colour

    def look(self, reply: Reply) -> Look:
        rendered = render(reply, width=self.width, height=self.height, colour=self.colour, links=self.colour)
        return Look([self.seen(page) for page in rendered.pages], list(rendered.notes), rendered)

    def seen(self, page: str) -> Seen:
        text = SEQUENCE.sub("", page)
        body, _, rest = text.partition("\nSources\n")
        return Seen(
            text=text,
            cited=numbers(body),
            listed=tuple(int(found) for found in re.findall(r"^ +\[(\d+)\] ", rest, re.MULTILINE)),
            spoken=text,
            links=frozenset(found[1] for found in SEQUENCE.finditer(page) if found[1]),
            broken=tuple(self.broken(text)),
        )

    def broken(self, text: str) -> list[str]:
        wide = [one for one in text.splitlines() if cell_len(one) > self.width]
        return [
            f"wider than {self.width}: {one[:200]!r}" for one in wide if not one.strip().startswith("http")
        ]


class TestEighty(Conformance):
    adapter = Terminal(80)


class TestNarrowPages(Conformance):
    adapter = Terminal(40, 40)


class TestColour(Conformance):
    adapter = Terminal(100, colour=True)
