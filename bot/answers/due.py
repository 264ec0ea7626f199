"""`/due`: what is owed, by whom and by when, and what has passed."""

from __future__ import annotations

from itertools import islice

from bot.answers.statement import Writer
from bot.facts.base import FactBase
from bot.facts.edtf import Edtf
from bot.facts.humanise import humanise
from bot.facts.stated import NEVER
from bot.reply import Block, Bullets, Kind, Note, Reply, line

SHOWN = 50


def due(base: FactBase, until: Edtf | None = None) -> Reply:
    """Return the duties that are due until a day, and those whose day has passed."""
    last = NEVER if until is None or until.latest is None else until.latest
    writer = Writer(base)
    passed = list(base.due(None, 0, min(last, base.today - 1)))
    coming = list(islice(base.due(None, base.today, last), SHOWN))
    title = f"Due until {humanise(until)}" if until else "Due"
    if not passed and not coming:
        sentence = f"Nothing is due{f' until {humanise(until)}' if until else ''}."
        return Reply(kind=Kind.NONE, title=title, summary=sentence, blocks=(Note(line(sentence)),))
    blocks: list[Block] = []
    if coming:
        blocks.append(Bullets(tuple(writer.owe(one) for one in coming), "Due"))
    if passed:
        blocks.append(Bullets(tuple(writer.owe(one) for one in passed[: -SHOWN - 1 : -1]), "Date passed"))
    if len(passed) > SHOWN or len(coming) == SHOWN:
        blocks.append(Note(line(f"At most {SHOWN} of each are shown.")))
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"{title}: {len(coming)} still due, {len(passed)} past their date.",
        blocks=tuple(blocks),
        sources=writer.sources(),
    )
