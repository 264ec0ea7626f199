"""A small desk with real commands and made-up answers, for tests of the Discord adapter."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from bot.desk import Asker, Call, Completion, Suggestion
from bot.parse import Misread, read_line, write_line
from bot.registry import Option, OptionKind, Registry
from bot.reply import (
    Bullets,
    Cite,
    Footer,
    Kind,
    Name,
    Paragraph,
    Reply,
    SourceLine,
    Visibility,
    Wanted,
    line,
)

REGISTRY = Registry()
PEOPLE = {"okafor": "Ada Okafor", "ben-okafor": "Ben Okafor", "harbour-line": "Harbour Line"}
SOURCE = SourceLine(1, "herald", "Ferries", "Daily", "B usually reliable", url="https://example.org/ferries")


@REGISTRY.command(example="/briefing licences")
def briefing(
    base: object,
    *,
    topic: Annotated[str, Option(OptionKind.TOPIC, "Only this topic")] = "",
    length: Annotated[str, Option(OptionKind.CHOICE, "How much of it", ("short", "full"))] = "",
) -> Reply:
    """What matters now"""
    points = tuple(
        line(f"Point {n} about ferries. {'More of it. ' * 20}", Cite(1, "herald")) for n in range(60)
    )
    return _reply("Briefing", Bullets(points, "Key points"))


@REGISTRY.command(example="/who okafor", slack="whois")
def who(base: object, *, name: Annotated[str, Option(OptionKind.NAME, "A person or organisation")]) -> Reply:
    """Who or what it is"""
    words = line("About ", Name("Harbour Line", "/who harbour-line"), f" and {name}. ", Cite(1, "herald"))
    return _reply(PEOPLE.get(name, name), Paragraph((words,)))


@REGISTRY.command(example="/find ferry", slack="find")
def find(
    base: object,
    *,
    words: Annotated[str, Option(OptionKind.WORDS, "What to look for")],
    from_: Annotated[str, Option(OptionKind.DATE, "Not before that day")] = "",
) -> Reply:
    """Facts with these words"""
    return _reply(f"Found: {words}", Paragraph((line(f"{words} {from_} ", Cite(1, "herald")),)))


@REGISTRY.command(example="/schedule add 08:30 /who okafor")
def schedule(
    base: object,
    *,
    action: Annotated[str, Option(OptionKind.CHOICE, "What to do", ("add", "list"))],
    which: Annotated[str, Option(OptionKind.SCHEDULE, "A schedule")] = "",
    what: Annotated[str, Option(OptionKind.LINE, "A command")] = "",
) -> Reply:
    """Posts at set times"""
    return _reply("Schedule")


def _reply(title: str, *blocks: Paragraph | Bullets) -> Reply:
    return Reply(kind=Kind.ANSWER, title=title, summary=title, blocks=blocks, sources=(SOURCE,))


@dataclass
class StubDesk:
    """Implements :class:`bot.desk.Desk`; remembers who asked what."""

    registry: Registry = field(default_factory=lambda: REGISTRY)
    snapshot: str = "3f9c2a71aa"
    asked: list[tuple[str, Asker]] = field(default_factory=list)
    breaks: bool = False
    kind: Kind = Kind.ANSWER
    visibility: Visibility = Visibility.PRIVATE
    footless: bool = False
    acted: list[tuple[str, Asker]] = field(default_factory=list)
    acting: asyncio.Event = field(default_factory=asyncio.Event)
    done: Reply | None = None

    def __post_init__(self) -> None:
        self.acting.set()

    def notice_for(self, asker: Asker) -> str:
        return ""

    def ask(self, line: str, asker: Asker) -> Reply:
        if self.breaks:
            raise RuntimeError("asking is broken")
        try:
            return self.answer(read_line(line, self.registry), asker)
        except Misread as error:
            return Reply(kind=Kind.USAGE, title="Not understood", summary=str(error))

    def acts(self, line: str) -> bool:
        return line.removeprefix("/briefing").lstrip(" /").startswith("schedule")

    async def act(self, line: str, asker: Asker) -> Reply:
        self.acted.append((line, asker))
        if self.breaks:
            raise RuntimeError("acting is broken")
        await self.acting.wait()
        return self.done or Reply(kind=Kind.ANSWER, title="Done", summary=f"Did {line}")

    def answer(self, call: Call, asker: Asker) -> Reply:
        command = self.registry.get(call.command)
        assert command
        self.asked.append((self.canonical(call), asker))
        if self.breaks:
            raise RuntimeError("answering is broken")
        if missing := [
            one.name for one in command.options if one.required and one.name not in call.arguments
        ]:
            return Reply(
                kind=Kind.ASK,
                title="Which?",
                summary="Which name do you mean?",
                wanted=Wanted(f"/{command.name}", missing[0]),
            )
        wanted = {one.name: one.name.replace("-", "_") for one in command.options}
        given = {
            {"from": "from_", "in": "in_"}.get(wanted[name], wanted[name]): value
            for name, value in call.arguments.items()
            if name not in {"as-of", "in"}
        }
        reply = command.run(None, **given)
        footer = Footer(self.snapshot, "1 June 2024", 42, self.canonical(call))
        return Reply(
            kind=self.kind,
            visibility=self.visibility,
            title=reply.title,
            summary=reply.summary,
            blocks=reply.blocks,
            sources=reply.sources,
            footer=None if self.footless else footer,
        )

    def suggest(
        self, command: str, option: str, prefix: str, asker: Asker, limit: int = 25
    ) -> list[Suggestion]:
        if self.breaks:
            raise RuntimeError("suggesting is broken")
        self.asked.append((f"{command} {option} {prefix}", asker))
        if prefix == "many":
            return [Suggestion(f"n{n}", "N" * 300) for n in range(60)] + [Suggestion("v" * 101, "too long")]
        if option != "name":
            return []
        found = [
            Suggestion(value, label, value)
            for value, label in PEOPLE.items()
            if any(word.casefold().startswith(prefix.casefold()) for word in (label, *label.split()))
        ]
        return found[:limit]

    def complete(self, line: str, asker: Asker, limit: int = 10) -> list[Completion]:
        return []

    def canonical(self, call: Call) -> str:
        return write_line(call, self.registry)
