"""Names in a message, for the context menu "Look this up"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.adapters.texts import inert
from bot.desk import Asker, Call, Desk, Suggestion
from bot.registry import OptionKind, Registry
from bot.reply import Action, Kind, Paragraph, Reply, Wanted, line

LONGEST_NAME: Final = 4
"""Words of a name that are tried together."""

TRIES: Final = 300
CHOICES: Final = 10
_WORD: Final = re.compile(r"[^\W\d_][\w'’.-]*")


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


def naming_option(registry: Registry) -> tuple[str, str]:
    """Return the command that looks up a name, and its option that takes the name."""
    for command in registry:
        for option in command.options:
            if option.kind is OptionKind.NAME and option.required:
                return command.name, option.name
    raise LookupError("No command takes a name.")


def names_in(desk: Desk, text: str, asker: Asker) -> list[Suggestion]:
    """Return the entities whose names stand in a text, in its order.

    A word counts where it begins as names do: with a capital, or in a script that has none.
    """
    command, option = naming_option(desk.registry)
    found: dict[str, Suggestion] = {}
    for tried, phrase in enumerate(_phrases(text)):
        if tried >= TRIES or len(found) >= CHOICES:
            break
        for one in desk.suggest(command, option, phrase, asker, 5):
            if _names(phrase, one):
                found.setdefault(one.value, one)
                break
    return list(found.values())


def _phrases(text: str) -> Iterator[str]:
    words = [match[0].rstrip(".-'’") for match in _WORD.finditer(inert(text[:4_000]))]
    seen = set()
    for start, word in enumerate(words):
        if word[:1].lower() == word[:1] != word[:1].upper():
            continue
        for count in range(min(LONGEST_NAME, len(words) - start), 0, -1):
            phrase = " ".join(words[start : start + count])
            if len(phrase) > 1 and phrase not in seen:
                seen.add(phrase)
                yield phrase


def _names(phrase: str, one: Suggestion) -> bool:
    """Whether a suggestion is what the phrase names, not merely begins like it."""
    wanted = set(phrase.casefold().split())
    texts = (one.label, one.hint, one.value)
    return any(wanted <= set(re.split(r"[\s,;()–—-]+", text.casefold())) for text in texts)
