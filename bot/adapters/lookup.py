"""The names that stand in a message, for "Look this up" on every chat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from bot.adapters.texts import inert
from bot.desk import Asker, Call, Desk, Suggestion
from bot.registry import OptionKind, Registry
from bot.reply import Kind, Note

LONGEST_NAME: Final = 4
"""Words of a name that are tried together."""

TRIES: Final = 300
CHOICES: Final = 10
READ: Final = 4_000
"""Characters of a message that are looked at."""

_WORD: Final = re.compile(r"[^\W\d_][\w'’.-]*")
_POSSESSIVE: Final = re.compile(r"(?:['’]s)?[.'’-]*$")


def naming_option(registry: Registry) -> tuple[str, str]:
    """Return the command that looks up a name, and its option that takes the name.

    Raises:
        LookupError: no command takes a name.
    """
    for command in registry:
        for option in command.options:
            if option.kind is OptionKind.NAME and option.required:
                return command.name, option.name
    raise LookupError("No command takes a name.")


def names_in(desk: Desk, text: str, asker: Asker) -> list[Suggestion]:
    """Return the entities whose names stand in a text, in the order of the text.

    A word counts if it begins a name as it is written there: with a capital, or in a script without them.
    """
    command, option = naming_option(desk.registry)
    found: dict[str, Suggestion] = {}
    for tried, phrase in enumerate(_phrases(text)):
        if tried >= TRIES or len(found) >= CHOICES:
            break
        offered = desk.suggest(command, option, phrase, asker, limit=5)
        named = next((one for one in offered if _is_named(phrase, one)), None)
        if named is None and offered and not phrase.isascii():
            answer_to = Call(command, {option: phrase})
            named = _by_another_spelling(desk, answer_to, offered, asker)
        if named is not None:
            found.setdefault(named.value, named)
    return list(found.values())


def _phrases(text: str) -> Iterator[str]:
    """Yield runs of words, the longest first at each place, each once; each begins like a name."""
    words = [_POSSESSIVE.sub("", match[0]) for match in _WORD.finditer(inert(text[:READ]))]
    seen = set()
    for start, word in enumerate(words):
        if word[:1].lower() == word[:1] != word[:1].upper():
            continue
        for count in range(min(LONGEST_NAME, len(words) - start), 0, -1):
            phrase = " ".join(words[start : start + count])
            if len(phrase) > 1 and phrase not in seen:
                seen.add(phrase)
                yield phrase


def _is_named(phrase: str, one: Suggestion) -> bool:
    """Whether a suggestion is what the phrase names, not merely begins like it."""
    wanted = phrase.casefold().split()
    labels = [set(re.split(r"[\s,;()–—-]+", text.casefold())) for text in (one.label, one.hint, one.value)]
    return any(all(word in label for word in wanted) for label in labels)


def _by_another_spelling(
    desk: Desk, call: Call, offered: Sequence[Suggestion], asker: Asker
) -> Suggestion | None:
    """Return the suggestion that answers to the phrase exactly, such as a name in another script."""
    answer = desk.answer(call, asker)
    if answer.kind is not Kind.ANSWER or (answer.blocks and isinstance(answer.blocks[0], Note)):
        return None
    return next((one for one in offered if one.label == answer.title), None)
