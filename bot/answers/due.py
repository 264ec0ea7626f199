"""`/due`: what is owed, by whom and by when, and what has passed."""

from __future__ import annotations

from bot.answers.statement import Writer
from bot.facts.base import FactBase
from bot.facts.edtf import Edtf, parse
from bot.facts.humanise import humanise
from bot.facts.stated import NEVER, Stated
from bot.reply import Block, Bullets, Kind, Note, Reply, line

SHOWN = 50


def due(base: FactBase, until: Edtf | None = None) -> Reply:
    """Return the duties that are due until a day, and those whose day has passed."""
    last = NEVER if until is None or until.latest is None else until.latest
    writer = Writer(base)
    parts: dict[str, list[Stated]] = {"Due": [], "Date passed": [], "Outcome recorded": []}
    for one in base.due(None, 0, last):
        if one.has_outcome(base.today):
            parts["Outcome recorded"].append(one)
        else:
            parts["Due" if is_ahead(base, one) else "Date passed"].append(one)
    title = f"Due until {humanise(until)}" if until else "Due"
    if not any(parts.values()):
        sentence = f"Nothing is due{f' until {humanise(until)}' if until else ''}."
        return Reply(kind=Kind.NONE, title=title, summary=sentence, blocks=(Note(line(sentence)),))
    blocks: list[Block] = []
    for heading, some in parts.items():
        shown = some[:SHOWN] if heading == "Due" else some[: -SHOWN - 1 : -1]
        if shown:
            blocks.append(Bullets(tuple(writer.owe(one) for one in shown), heading))
        if len(some) > SHOWN:
            blocks.append(Note(line(f"{SHOWN} of {len(some):,} are shown, those nearest to the day.")))
    due, passed, done = (len(some) for some in parts.values())
    recorded = f", {done} with an outcome recorded" if done else ""
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"{title}: {due} still due, {passed} past their date{recorded}.",
        blocks=tuple(blocks),
        sources=writer.sources(),
    )


def is_ahead(base: FactBase, one: Stated) -> bool:
    """Say whether the last day on which a duty may be done has not passed."""
    last = parse(one.fact.due).latest if one.fact.due else None
    return last is None or last >= base.today
