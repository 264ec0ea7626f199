"""A desk for tests of the page: answers each sample by its name, and completes from what it knows."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec.structs import replace
from samples import FOOTER, HERALD, SAMPLES, reply

from bot.desk import Asker, Call, Completion, Suggestion
from bot.registry import Option, OptionKind, Registry
from bot.reply import Action, Bullets, Cite, Kind, Line, Note, Reply, Wanted, line

REGISTRY = Registry()
"""The declarations only: the desk below answers by itself."""


@REGISTRY.command(example="/show all blocks")
def show(sample: Annotated[Option, Option(OptionKind.WORDS, "The sample's name")]) -> Reply:
    """Show a sample."""
    raise NotImplementedError(sample)


@REGISTRY.command(example="/who okafor", slack="whois")
def who(name: Annotated[Option, Option(OptionKind.NAME, "Whom to look up")]) -> Reply:
    """Who or what a name stands for."""
    raise NotImplementedError(name)


LONG = reply(
    Bullets(
        tuple(
            line(f"Point {n} of 200 holds. ", Cite(HERALD.number, HERALD.id), fact=f"point-{n}")
            for n in range(1, 201)
        ),
        "Key points",
        numbered=True,
    )
)
"""A reply that takes several pages; `/show many pages`."""

SHOWN: Final[dict[str, Reply]] = {**SAMPLES, "many pages": LONG}


class SampleDesk:
    """Implements :class:`bot.desk.Desk`; `lines` are those it was asked, `notice` is settable."""

    registry = REGISTRY

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.notice = ""

    def notice_for(self, asker: Asker) -> str:
        return self.notice

    def ask(self, line_: str, asker: Asker) -> Reply:
        assert asker.platform == "web"
        self.lines.append(line_)
        command, _, rest = line_.strip().partition(" ")
        name = rest or "all blocks"
        if command == "/break":
            raise RuntimeError("a secret detail")
        if command == "/who" and not rest:
            return Reply(
                kind=Kind.ASK,
                title="Who?",
                summary="A name is missing.",
                actions=(Action("Ada Okafor", "/who okafor", "person"),),
                wanted=Wanted("who", "name"),
            )
        if command == "/who":
            name = "one paragraph 1"
        elif command != "/show" or name not in SHOWN:
            remark: tuple[Line, ...] = (line("Try /show all blocks."),)
            return Reply(
                kind=Kind.USAGE,
                title="Not understood",
                summary=f"“{line_[:40]}” is not a command.",
                blocks=tuple(map(Note, remark)),
            )
        sample = SHOWN[name]
        return replace(sample, footer=replace(FOOTER, command=line_.strip(), notice=self.notice))

    def acts(self, line_: str) -> bool:
        return line_.lstrip().startswith("/act")

    async def act(self, line_: str, asker: Asker) -> Reply:
        raise AssertionError("the page changes nothing")

    def answer(self, call: Call, asker: Asker) -> Reply:
        return self.ask(self.canonical(call), asker)

    def suggest(
        self, command: str, option: str, prefix: str, asker: Asker, limit: int = 25
    ) -> list[Suggestion]:
        del command, option, prefix, asker, limit
        return []

    def complete(self, line_: str, asker: Asker, limit: int = 10) -> list[Completion]:
        assert asker.platform == "web"
        known = [Completion(f"/{one.name} ", f"/{one.name}", one.summary) for one in REGISTRY]
        known += [Completion(f"/show {name}", name, "sample") for name in SHOWN]
        known += [
            Completion("/who okafor", "Ada Okafor", "person"),
            Completion("/who ottos", "Otto’s", "boat"),
        ]
        return [one for one in known if one.line.startswith(line_)][:limit]

    def canonical(self, call: Call) -> str:
        return " ".join((f"/{call.command}", *call.arguments.values()))
