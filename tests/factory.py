"""What asks the made-up bases, and what looks at the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec

from bot.commands import REGISTRY
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.facts.base import FactBase
from bot.facts.compile import compile_base
from bot.facts.snapshot import Snapshot
from bot.reply import Cite, Line, Name, Reply, block_lines

TODAY = date(2025, 3, 10)
EVERYWHERE = Asker()
AT_COAST = Asker(dossiers=("coast",))
AT_NORTH = Asker(dossiers=("north", "nowhere"))
NOWHERE = Asker(dossiers=())

HERALD_DAY = date(2024, 3, 5)
"""The day on which the first facts of the coast could be known."""

LINES = (
    "/briefing",
    "/briefing licences",
    "/briefing licences length:short",
    "/briefing since:2024-01-01",
    "/who okafor",
    "/who harbour-line",
    '/who "Harbour Line"',
    "/who ministry",
    "/who zzyzx",
    "/who",
    "/timeline",
    "/timeline harbour-line",
    "/timeline licences 2024 2025",
    "/search licences",
    "/search feries",
    "/search zzyzx",
    "/search",
    "/source herald",
    "/source gazette",
    "/source leaflet",
    "/source",
    "/fact review-order",
    "/fact old-count",
    "/fact new-count",
    "/fact no-need",
    "/fact fares-rise",
    "/fact pier-talk",
    "/fact chief",
    "/fact zzyzx",
    "/fact",
    "/due",
    "/due 2024-12",
    "/changes",
    "/changes since:2024-01-01",
    "/help",
    "/help who",
)
"""Lines that together ask everything that can be asked of the coast."""


class Shelf:
    """A library of one snapshot."""

    def __init__(self, snapshot: Snapshot, notice: str = "") -> None:
        self.snapshot = snapshot
        self.notice = notice


def write(root: Path, *bases: dict[str, str]) -> Path:
    """Write the files of some dossiers under a root."""
    for name, text in (entry for base in bases for entry in base.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


LICENCES = "coast/facts/licences.yaml"


def edit(root: Path, old: str = "will audit", new: str = "is to audit", file: str = LICENCES) -> None:
    """Replace a text in a file of the coast."""
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new), encoding="utf-8")


def snapshot(root: Path, *bases: dict[str, str]) -> Snapshot:
    """Write and compile some dossiers, and open what came of it."""
    return Snapshot(compile_base(write(root / "base", *bases), root / "state").path)


def desk(opened: Snapshot, today: date = TODAY) -> Dispatcher:
    """Return a desk that answers from a snapshot on some day; failures have the mark "mark"."""
    return Dispatcher(REGISTRY, Shelf(opened), today=lambda: today, reference=lambda: "mark")


def fact_base(opened: Snapshot, as_of: date = TODAY, *dossiers: str) -> FactBase:
    """Return what is known in some dossiers, by default all, on a day."""
    return FactBase(opened, dossiers or opened.dossiers, as_of)


def lines(reply: Reply) -> Iterator[Line]:
    """Yield every line of a reply."""
    return (one for block in reply.blocks for one in block_lines(block))


def text(reply: Reply) -> str:
    """Return all lines of a reply as plain text."""
    return "\n".join(one.text for one in lines(reply))


def said(reply: Reply, fact: str) -> str:
    """Return what a reply says of one fact, with its headings."""
    return "\n".join(one.text for one in lines(reply) if one.fact == fact)


def commands(reply: Reply) -> list[str]:
    """Return every command that a reply offers, by a name or a button."""
    named = [span.command for one in lines(reply) for span in one.spans if isinstance(span, Name)]
    return [*named, *(action.command for action in reply.actions)]


def cited(reply: Reply) -> set[tuple[int, str]]:
    """Return the numbers that lines cite, each with its source."""
    spans = (span for one in lines(reply) for span in one.spans)
    return {(span.number, span.source) for span in spans if isinstance(span, Cite)}


def every_line() -> Iterator[str]:
    """Yield every line, each also as of a day in the middle."""
    for line in LINES:
        yield line
        yield f"{line} as-of:2024-08-15"


HIDDEN = re.compile("quillfeather|zeppelin|lantern|quill-times|northern|quills|квил|north", re.IGNORECASE)
"""What only the north may show."""


def leaks(what: object, *typed: str) -> list[str]:
    """Return what of the north is in an answer, apart from what was typed."""
    said = {one.lower() for part in typed for one in HIDDEN.findall(part)}
    found: list[str] = HIDDEN.findall(msgspec.json.encode(what).decode())
    return [one for one in found if one.lower() not in said]
