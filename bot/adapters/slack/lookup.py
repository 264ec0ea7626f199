"""Names in a message, for the shortcut "Look this up"; and suggestions as Slack's options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bot.adapters.lookup import names_in
from bot.adapters.slack import limits
from bot.adapters.slack.elements import option
from bot.adapters.texts import inert, units
from bot.desk import Asker, Call, Desk, Suggestion
from bot.reply import Action, Kind, Line, Paragraph, Reply, Text, Wanted

WHO: Final = "who"


def options(found: Sequence[Suggestion]) -> list[dict[str, Any]]:
    """Return suggestions as options; what Slack could not hand back whole is left out."""
    made: dict[str, dict[str, Any]] = {}
    for one in found:
        if 0 < units(one.value) <= limits.OPTION_VALUE:
            made.setdefault(one.value, option(inert(one.label), one.value, inert(one.hint)))
    return list(made.values())[: limits.OPTIONS]


def reply(desk: Desk, text: str, asker: Asker) -> Reply:
    """Return the choices for the names in a message, or a picker if there are none."""
    found = names_in(desk, text, asker)
    actions = tuple(
        Action(one.label, desk.canonical(Call(WHO, {"name": one.value})), one.hint) for one in found
    )
    said = (
        f"Names of the base in this message: {', '.join(one.label for one in found)}."
        if found
        else "No name of the base stands in this message. Search for one."
    )
    return Reply(
        kind=Kind.ASK,
        title="Look this up",
        summary=said,
        blocks=(Paragraph((Line((Text(said),)),)),),
        actions=actions,
        wanted=Wanted(f"/{WHO}", "name"),
    )
