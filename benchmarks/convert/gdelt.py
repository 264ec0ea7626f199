"""GDELT 2.0 event exports, `*.export.CSV`: tab-separated, 61 columns, no heading, an event a row.

Who did what to whom by CAMEO's twenty root classes, with the address of the first article that told it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from benchmarks.convert.target import Dossier, Target, evidence, is_address
from benchmarks.records import Record

CREDIT: Final = "Events from the GDELT Project (gdeltproject.org), machine-coded from the news"
COLUMNS: Final = 61

ROOTS: Final = {
    "01": ("statements", "Statements", "made a statement about"),
    "02": ("appeals", "Appeals", "appealed to"),
    "03": ("intentions", "Intentions to co-operate", "expressed an intent to co-operate with"),
    "04": ("consultations", "Consultations", "consulted with"),
    "05": ("diplomacy", "Diplomatic co-operation", "co-operated diplomatically with"),
    "06": ("material-co-operation", "Material co-operation", "co-operated materially with"),
    "07": ("aid", "Aid", "provided aid to"),
    "08": ("concessions", "Concessions", "yielded to"),
    "09": ("investigations", "Investigations", "investigated"),
    "10": ("demands", "Demands", "made demands on"),
    "11": ("disapproval", "Disapproval", "disapproved of"),
    "12": ("rejections", "Rejections", "rejected something from"),
    "13": ("threats", "Threats", "threatened"),
    "14": ("protests", "Protests", "protested against"),
    "15": ("force-posture", "Shows of force", "showed force towards"),
    "16": ("reduced-relations", "Reduced relations", "reduced relations with"),
    "17": ("coercion", "Coercion", "coerced"),
    "18": ("assaults", "Assaults", "assaulted"),
    "19": ("fighting", "Fighting", "fought with"),
    "20": ("mass-violence", "Mass violence", "used mass violence against"),
}
"""CAMEO's root classes: our topic's id and title, and a verb."""

ORGANISED: Final = frozenset(
    ("GOV", "MIL", "COP", "OPP", "JUD", "LEG", "SPY", "NGO", "IGO", "MNC", "BUS", "MED", "EDU", "HLH", "UIS")
)
"""CAMEO's role codes of what acts as an organisation."""


class Event(NamedTuple):
    """What is used of a row."""

    id: str
    day: str
    actors: tuple[tuple[str, str, str], tuple[str, str, str]]
    root: str
    mentions: str
    place: str
    added: str
    url: str
    row: str


def convert(folder: Path, target: Target) -> int:
    """Convert all exports under a folder; return how many rows were left out as not to be read."""
    left_out = 0
    seen: set[str] = set()
    for file in sorted(folder.rglob("*.export.CSV")):
        for event in _events(file):
            if event is None:
                left_out += 1
            elif event.id not in seen:
                seen.add(event.id)
                _add(target.dossier(), event)
    target.close()
    return left_out


def _events(file: Path) -> Iterator[Event | None]:
    """Yield the events with two named actors and an address; None for a row that is none."""
    with file.open(encoding="utf-8", errors="replace", newline="\n") as rows:
        for row in rows:
            cells = row.rstrip("\n").split("\t")
            whole = len(cells) == COLUMNS and cells[28] in ROOTS and _day(cells[1]) and _day(cells[59][:8])
            if not whole or not is_address(cells[60]):
                yield None
                continue
            first, second = ((cells[at], cells[at + 1].strip(), cells[at + 7]) for at in (5, 15))
            if first[1] and second[1]:
                days = _day(cells[1]), _day(cells[59][:8])
                yield Event(
                    id=cells[0],
                    day=days[0],
                    actors=(first, second),
                    root=cells[28],
                    mentions=cells[31],
                    place=cells[52],
                    added=days[1],
                    url=cells[60],
                    row=row,
                )


def _add(dossier: Dossier, event: Event) -> None:
    topic, _, verb = ROOTS[event.root]
    names = [name.title() for _, name, _ in event.actors]
    publisher = urlsplit(event.url).hostname or "unknown"
    source: Record = {
        "title": f"Article on {publisher}",
        "publisher": publisher,
        "descriptor": "News article found and coded by a machine",
        "reliability": "F",
        "published": event.added,
        "url": event.url,
        "paragraphs": 1,
    }
    cited = dossier.source(event.url, f"{publisher} {event.added}", source)
    about = [
        dossier.entity(f"{code}/{name}", name.title(), _kind(code, role)) for code, name, role in event.actors
    ]
    where = f" in {event.place}" if event.place else ""
    fact: Record = {
        "kind": "event",
        "text": f"{names[0]} {verb} {names[1]}{where}.",
        "about": list(dict.fromkeys(about)),
        "topics": [topic],
        "date": min(event.day, event.added),
        "sources": [evidence(cited, event.row)],
        "credibility": 6,
        "weight": _weight(event.mentions),
        "added": event.added,
    }
    dossier.fact(f"{topic} {event.id}", fact)


def _kind(code: str, role: str) -> str:
    if role in ORGANISED:
        return "organisation"
    return "place" if len(code) == 3 else "group"


def _weight(mentions: str) -> int:
    """Return 1 to 5: the more articles mention an event, the further up it belongs."""
    count = int(mentions) if mentions.isdecimal() else 1
    return min(5, 1 + int(math.log(max(count, 1), 3)))


def _day(text: str) -> str:
    """Return a day as EDTF; nothing where it is none."""
    try:
        return date.fromisoformat(text).isoformat() if len(text) == 8 else ""
    except ValueError:
        return ""
