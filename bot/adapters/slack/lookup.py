"""Names in a message, for the shortcut "Look this up"; and suggestions as Slack's options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from bot.adapters.slack import limits
from bot.adapters.slack.elements import option
from bot.adapters.texts import inert, units
from bot.desk import Asker, Call, Desk, Suggestion
from bot.reply import Action, Kind, Line, Note, Paragraph, Reply, Text, Wanted

LONGEST_NAME: Final = 4
"""Words of a name that are tried together."""

TRIES: Final = 300
CHOICES: Final = 10
WHO: Final = "who"

_WORD: Final = re.compile(r"[^\W\d_][\w'’.-]*")
_POSSESSIVE: Final = re.compile(r"(?:['’]s)?[.'’-]*$")


def options(found: Sequence[Suggestion]) -> list[dict[str, Any]]:
    """Return suggestions as options; what Slack could not hand back whole is left out."""
    made: dict[str, dict[str, Any]] = {}
    for one in found:
        if 0 < units(one.value) <= limits.OPTION_VALUE:
            made.setdefault(one.value, option(inert(one.label), one.value, inert(one.hint)))
    return list(made.values())[: limits.OPTIONS]


def names_in(desk: Desk, text: str, asker: Asker) -> list[Suggestion]:
    """Return the entities whose names stand in a text, in the order of the text.

    A word counts if it begins a name as it is written there: with a capital, or in a script without them.
    """
    found: dict[str, Suggestion] = {}
    for tried, phrase in enumerate(_phrases(text)):
        if tried >= TRIES or len(found) >= CHOICES:
            break
        offered = desk.suggest(WHO, "name", phrase, asker, limit=5)
        named = next((one for one in offered if _is_named(phrase, one)), None)
        if named is None and offered and not phrase.isascii():
            named = _by_another_spelling(desk, phrase, offered, asker)
        if named is not None:
            found.setdefault(named.value, named)
    return list(found.values())


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


def _phrases(text: str) -> Iterator[str]:
    """Yield runs of words, the longest first at each place; each begins like a name."""
    words = [_POSSESSIVE.sub("", match[0]) for match in _WORD.finditer(inert(text))]
    for start, word in enumerate(words):
        if word[:1].lower() == word[:1] != word[:1].upper():
            continue
        for count in range(min(LONGEST_NAME, len(words) - start), 0, -1):
            phrase = " ".join(words[start : start + count])
            if len(phrase) > 1:
                yield phrase


def _is_named(phrase: str, one: Suggestion) -> bool:
    """Whether a suggestion is what the phrase names, not merely begins like it."""
    wanted = phrase.casefold().split()
    labels = [set(re.split(r"[\s,;()–—-]+", text.casefold())) for text in (one.label, one.hint, one.value)]
    return any(all(word in label for word in wanted) for label in labels)


def _by_another_spelling(
    desk: Desk, phrase: str, offered: Sequence[Suggestion], asker: Asker
) -> Suggestion | None:
    """Return the suggestion that answers to the phrase exactly, such as a name in another script."""
    answer = desk.answer(Call(WHO, {"name": phrase}), asker)
    if answer.kind is not Kind.ANSWER or (answer.blocks and isinstance(answer.blocks[0], Note)):
        return None
    return next((one for one in offered if one.label == answer.title), None)
