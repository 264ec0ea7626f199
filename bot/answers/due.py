"""`/due`: what is owed, by whom and by when, and what has passed."""

from __future__ import annotations

from itertools import islice

from bot.answers.statement import Writer, counted
from bot.facts.base import FactBase
from bot.facts.edtf import Edtf
from bot.facts.humanise import humanise
from bot.facts.stated import NEVER
from bot.reply import Block, Bullets, Kind, Note, Reply, line

SHOWN = 15
"""Duties of each part that are shown."""

MOST = 200
"""As far as the duties of each part are counted; on a day in the past, each is looked at for that."""


def due(base: FactBase, until: Edtf | None = None) -> Reply:
    """Return the duties that are due until a day, and those whose day has passed."""
    last = NEVER if until is None or until.latest is None else until.latest
    passed = min(last, base.today - 1)
    writer = Writer(base)
    parts = {
        "Due": (
            base.due(None, base.today, last, done=False),
            base.count_due(None, base.today, last, done=False, most=MOST),
        ),
        "Date passed": (
            base.due(None, 0, passed, done=False, latest_first=True),
            base.count_due(None, 0, passed, done=False, most=MOST),
        ),
        "Outcome recorded": (
            base.due(None, 0, last, done=True, latest_first=True),
            base.count_due(None, 0, last, done=True, most=MOST),
        ),
    }
    title = f"Due until {humanise(until)}" if until else "Due"
    if not any(count for _, count in parts.values()):
        sentence = f"Nothing is due{f' until {humanise(until)}' if until else ''}."
        return Reply(kind=Kind.NONE, title=title, summary=sentence, blocks=(Note(line(sentence)),))
    blocks: list[Block] = []
    for heading, (duties, count) in parts.items():
        shown = list(islice(duties, SHOWN)) if count else []
        base.note(shown)
        if shown:
            blocks.append(Bullets(tuple(writer.owe(one) for one in shown), heading))
        if count > SHOWN:
            blocks.append(
                Note(line(f"{SHOWN} of {counted(count, MOST)} are shown, those nearest to the day."))
            )
    due, past, done = (counted(count, MOST) for _, count in parts.values())
    recorded = f", {done} with an outcome recorded" if parts["Outcome recorded"][1] else ""
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"{title}: {due} still due, {past} past their date{recorded}.",
        blocks=tuple(blocks),
        sources=writer.sources(),
    )
