"""Names in a message, for the context menu "Look this up"."""

from __future__ import annotations

from bot.adapters.lookup import names_in, naming_option
from bot.desk import Asker, Call, Desk
from bot.reply import Action, Kind, Paragraph, Reply, Wanted, line


def look_up(desk: Desk, text: str, asker: Asker) -> Reply:
    """Answer about the one name in a text, offer the choice among several, or say that there is none."""
    command, option = naming_option(desk.registry)
    found = names_in(desk, text, asker)
    if len(found) == 1:
        return desk.answer(Call(command, {option: found[0].value}), asker)
    actions = tuple(
        Action(one.label, desk.canonical(Call(command, {option: one.value})), one.hint) for one in found
    )
    said = (
        "The base knows these names of the message."
        if found
        else "The base knows no name that stands in this message."
    )
    return Reply(
        kind=Kind.ASK if found else Kind.NONE,
        title="Look this up",
        summary=said,
        blocks=(Paragraph((line(said),)),),
        actions=actions,
        wanted=Wanted(f"/{command}", option),
    )
