"""The one text grammar: a typed line becomes a call, a call becomes the line that asks it again.

/who German Gref                     words go to the first option that takes words
/timeline gref 2024 2025             dates and choices at the end go to the options that take them
/due 30 April 2025                   where nothing takes words, a date may have several
/briefing sanctions since:2025-01    or by name
/search report due 2025              a search is for all its words
/search "chips embargo" sanctions    quotes group; then every argument goes to the next option
/briefing who gref                   every command is also reachable through /briefing
/schedule add Mondays 9am /due       what acts says first what to do; a line in it goes on to the end
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import date
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from bot.desk import Call
from bot.facts.edtf import DateError, Edtf
from bot.facts.humanise import NAMED_DAYS, humanise, read_date
from bot.registry import COMMON, Command, Option, OptionKind, Registry

LONGEST: Final = 2_000
"""Characters of a line. Discord's messages end there; Slack's commands are shorter."""

QUOTES: Final = {'"': '"', "“": "”", "„": "“”", "«": "»"}
"""What closes each quote; „ is closed differently in German and in Polish."""
TOKEN: Final = re.compile(r"(?:(?P<name>[A-Za-z][A-Za-z_-]*):)?(?P<quote>[\"“„«])?")
NEEDS_QUOTES: Final = re.compile(r"[\s\"“”„«»:]|^$")
DATED: Final = re.compile(r"(?:\d|\.\.)[\dX./~?%-]*")
"""What may stand as a date without quotes at the end of a line."""

LAST: Final = "last"
"""What stands for a day in the line of a schedule: that of its last post."""

SOME_DAY: Final = date(2000, 1, 1)
"""Whether words are a date does not depend on the day, which date they are does."""

SHAPED: Final = frozenset({OptionKind.DATE, OptionKind.CHOICE})
"""Kinds of options whose values can be told from other words."""


class Misread(Exception):
    """A line that is no call; the message is one sentence. `command` is the name of the one it was meant for.

    `lines` are whole lines that may have been meant.
    """

    def __init__(self, sentence: str, command: Command | None = None, lines: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.command = command
        self.lines = lines


class Token(msgspec.Struct, frozen=True):
    """A piece of a line: `name` where it was written `name:value`, `quoted` where quotes grouped it.

    `written` is the piece as it stands in the line, `start` its place there.
    """

    value: str
    name: str = ""
    quoted: bool = False
    written: str = ""
    start: int = 0


def clean(text: str) -> str:
    """Return a text in NFC without control, bidirectional and zero-width characters; those become spaces."""
    if not text.isprintable():
        text = "".join(
            " " if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else char for char in text
        )
    return " ".join(unicodedata.normalize("NFC", text).split())


def tokenize(text: str) -> list[Token]:
    """Cut a cleaned line into tokens. A quote that is never closed is an ordinary character."""
    tokens = []
    place = 0
    while place < len(text):
        if text[place] == " ":
            place += 1
            continue
        start = TOKEN.match(text, place)
        name = (start["name"] or "") if start else ""
        if start and start["quote"]:
            closing = QUOTES[start["quote"]]
            end = _closing(text, start.end(), closing)
            if end >= 0:
                value = text[start.end() : end].replace('""', '"').strip()
                tokens.append(Token(value, name, True, text[place : end + 1], place))
                place = end + 1
                continue
        end = text.find(" ", place)
        end = len(text) if end < 0 else end
        written = text[place:end]
        value = written[len(name) + 1 :] if name else written
        tokens.append(Token(value, name, False, written, place))
        place = end
    return tokens


def _closing(text: str, start: int, closing: str) -> int:
    """Find the quote that closes: one before a space or the end; `""` inside stands for one quote."""
    place = start
    while place < len(text):
        if closing == '"' and text.startswith('""', place):
            place += 2
        elif text[place] in closing and text[place + 1 : place + 2] in {"", " "}:
            return place
        else:
            place += 1
    return -1


def read_line(text: str, registry: Registry, dossiers: Collection[str] = ()) -> Call:
    """Read a typed line; `dossiers` may stand before a colon, as in `/who DOSSIER:NAME`.

    Raises:
        Misread: it is too long, names no command, or its arguments do not fit the command's options.
    """
    if len(text) > LONGEST:
        raise Misread(f"That line has {len(text):,} characters; a command may have {LONGEST:,}. Shorten it.")
    head, _, rest = clean(text).partition(" ")
    if not head.strip("/"):
        raise Misread("The line is empty: type a command such as /briefing.", lines=_examples(registry))
    command = registry.get(head)
    if command is None:
        raise no_command(head, rest, registry)
    inner, _, after = rest.partition(" ")
    if command.name == "briefing" and (nested := registry.get(inner)):
        command, rest = nested, after
    rest, line = cut_line(command, rest)
    given = _assign(command, tokenize(rest), dossiers, registry, line)
    if not given and command.options and (meant := command.options[0].otherwise):
        given = {command.options[0].name: meant}
    return Call(command.name, given)


def cut_line(command: Command, rest: str) -> tuple[str, str]:
    """Part the arguments from the line among them, which begins with a slash and goes on to the end."""
    option = line_option(command)
    if option:
        for token in tokenize(rest):
            named = bool(token.name) and command.option(token.name) is option
            if not token.quoted and token.value.startswith("/") and (named or not token.name):
                start = token.start + len(token.written) - len(token.value)
                return rest[: token.start], rest[start:]
    return rest, ""


def line_option(command: Command) -> Option | None:
    """Return the option that takes a whole command line, if the command has one."""
    return next((one for one in command.options if one.kind is OptionKind.LINE), None)


def no_command(head: str, rest: str, registry: Registry) -> Misread:
    """Return what is said of a command that does not exist, with the lines that may have been meant."""
    shown = head if len(head) <= 40 else head[:39] + "…"
    near = get_close_matches(head.lstrip("/").lower()[:40], [command.name for command in registry], 2, 0.6)
    lines = tuple(f"/{name} {rest}".strip() for name in near)
    if not lines and head and not head.startswith("/") and len(head) + len(rest) < LONGEST // 2:
        words = quote(f"{head} {rest}".strip())
        lines = (f"/who {words}", f"/search {words}")
    return Misread(f"There is no command {shown!r}.", lines=lines or _examples(registry))


def _examples(registry: Registry) -> tuple[str, ...]:
    return tuple(command.example for command, _ in zip(registry, range(3), strict=False))


def _assign(
    command: Command, tokens: list[Token], dossiers: Collection[str], registry: Registry, line: str = ""
) -> dict[str, str]:
    option = line_option(command)
    given: dict[str, str] = {option.name: line} if option and line else {}
    loose: list[Token] = []
    for token in tokens:
        option = command.option(token.name) if token.name else None
        if option is None:
            if token.name not in dossiers:
                _refuse_near_name(command, token, registry)
            loose.append(Token(token.written) if token.name else token)
        elif option.name in given:
            raise Misread(f"The option {option.name} is given twice; keep one.", command)
        elif not token.value:
            raise Misread(f"The option {option.name} has no value: write {option.name}:value.", command)
        else:
            given[option.name] = token.value
    free = [option for option in command.options if option.name not in given]
    if free and loose and free[0].kind is OptionKind.CHOICE and free[0].required:
        said = free.pop(0)
        given[said.name] = _first(command, said, loose.pop(0), line)
    if command.options:
        first = given.get(command.options[0].name, "")
        free = [option for option in free if option.goes_with(first)]
    given |= _by_position(command, free, loose)
    return {option.name: given[option.name] for option in command.options if given.get(option.name)}


def _first(command: Command, option: Option, token: Token, line: str) -> str:
    """Return what a line says first: one of some words."""
    if token.value.lower() in option.choices:
        return token.value.lower()
    near = get_close_matches(token.value.lower()[:40], option.choices, 1, 0.6)
    meant = f"; did you mean {near[0]}?" if near else "."
    if line and not near:
        meant = f"; to make a new one, write /{command.name} {option.choices[0]} …"
    raise Misread(f"{_a_choice(option, token.value)}{meant}", command)


def _a_choice(option: Option, value: str) -> str:
    return f"{option.name} is one of {', '.join(option.choices)}, not {value[:40]!r}"


def _refuse_near_name(command: Command, token: Token, registry: Registry) -> None:
    names = [option.name for option in command.options]
    typed = token.name.lower().replace("_", "-")
    if typed and (near := get_close_matches(typed, names, 1, 0.75)):
        raise Misread(f"/{command.name} has no option {token.name!r}; did you mean {near[0]}:?", command)
    if typed in {option.name for other in registry for option in other.options}:
        takes = ", ".join(f"{name}:" for name in names)
        raise Misread(f"/{command.name} has no option {token.name!r}; it has {takes}.", command)


def _by_position(command: Command, free: list[Option], tokens: list[Token]) -> dict[str, str]:
    if not tokens:
        return {}
    if any(token.quoted for token in tokens):
        return _in_turn(command, free, tokens)
    words = [token.value for token in tokens]
    takes = next((one for one in free if one.kind not in SHAPED and one not in COMMON), None)
    phrase = " ".join(words)
    if takes and takes.kind.is_free:
        return {takes.name: phrase}
    dates = [option for option in free if option.kind is OptionKind.DATE]
    if not takes and dates and _is_date(phrase):
        return {dates[0].name: phrase}
    ends = _ends(free, words[1 if takes and takes.required else 0 :])
    rest = words[: len(words) - len(ends)]
    if rest and not takes:
        raise Misread(_too_many(command, rest[0]), command)
    taken = {option.name: word for option, word in ends}
    return taken | {takes.name: " ".join(rest)} if takes and rest else taken


def _in_turn(command: Command, free: list[Option], tokens: list[Token]) -> dict[str, str]:
    """Give each token to the next option; a bare choice goes to the option that has it."""
    taken: dict[str, str] = {}
    for token in tokens:
        left = [option for option in free if option.name not in taken]
        chosen = [one for one in left if not token.quoted and token.value.lower() in one.choices]
        if not left:
            raise Misread(_too_many(command, token.value), command)
        taken[(chosen or left)[0].name] = token.value
    return taken


def _ends(free: list[Option], words: list[str]) -> list[tuple[Option, str]]:
    """Match the words at the end with the options that take a date or a choice, as many as fit in order."""
    shaped = [option for option in free if option.kind in SHAPED]
    for count in range(min(len(shaped), len(words)), 0, -1):
        matched = _in_order(shaped, words[-count:])
        if matched is not None:
            return matched
    return []


def _in_order(options: list[Option], words: list[str]) -> list[tuple[Option, str]] | None:
    matched: list[tuple[Option, str]] = []
    left = list(options)
    for word in words:
        while left and not _shaped_like(left[0], word):
            left.pop(0)
        if not left:
            return None
        matched.append((left.pop(0), word))
    return matched


def _shaped_like(option: Option, word: str) -> bool:
    if option.kind is OptionKind.CHOICE:
        return word.lower() in option.choices
    return word.lower() in NAMED_DAYS or bool(DATED.fullmatch(word) and _is_date(word))


def _is_date(words: str) -> bool:
    try:
        read_date(words, SOME_DAY)
    except DateError:
        return False
    return True


def _too_many(command: Command, word: str) -> str:
    shown = word if len(word) <= 40 else word[:39] + "…"
    return f"/{command.name} does not know what to do with {shown!r}."


def write_line(call: Call, registry: Registry) -> str:
    """Return the line that reads back as the call: required words by position, the rest by name."""
    command = registry.get(call.command)
    if command is None:
        return f"/{call.command}"
    given = {one: value for name, value in call.arguments.items() if (one := command.option(name))}
    parts = [f"/{command.name}"]
    last = ""
    for option in command.options:
        value = given.get(option)
        if not value:
            continue
        if option.kind is OptionKind.LINE and value.startswith("/") and clean(value) == value:
            last = f" {value}"
        else:
            parts.append(quote(value) if option.required else f"{option.name}:{quote(value)}")
    return " ".join(parts) + last


def quote(value: str) -> str:
    """Return an argument in quotes where it needs them."""
    return '"' + value.replace('"', '""') + '"' if NEEDS_QUOTES.search(value) else value


def read_day(as_of: Edtf | None, today: date, command: Command | None = None) -> date:
    """Return the last day that `as-of:` may mean, but none that is still to come; today if it is left out.

    Raises:
        Misread: even its first day is still to come.
    """
    if as_of is None or as_of.latest is None:
        return today
    if as_of.earliest is not None and as_of.earliest > today.toordinal():
        last = humanise(today.isoformat())
        raise Misread(f"as-of: {humanise(as_of)} is still to come; give a day up to {last}.", command)
    return date.fromordinal(min(as_of.latest, today.toordinal()))


def type_arguments(command: Command, call: Call, today: date) -> dict[str, Any]:
    """Return the arguments by parameter name: dates as EDTF, choices in their own spelling, the rest as text.

    Raises:
        Misread: an argument is unknown, missing, not a date, or none of the choices.
    """
    typed: dict[str, Any] = {}
    for name, value in call.arguments.items():
        option = command.option(name)
        if option is None:
            raise Misread(f"/{command.name} has no option {name[:40]!r}.", command)
        if len(value) > LONGEST:
            raise Misread(
                f"{name} has {len(value):,} characters; it may have {LONGEST:,}. Shorten it.", command
            )
        typed[option.name] = _type(command, option, clean(value), today)
    first = str(typed.get(command.options[0].name, "")) if command.options else ""
    for option in command.options:
        if typed.get(option.name) and not option.goes_with(first):
            raise Misread(f"/{command.name} {first} takes no {option.name}:.".replace("  ", " "), command)
    return {name: value for name, value in typed.items() if value != ""}


def _type(command: Command, option: Option, value: str, today: date) -> Any:
    if option.kind is OptionKind.DATE and value:
        if (option.name, value.lower()) == ("since", LAST):
            raise Misread(
                "since:last is for schedules: it means since the last post. Give a day here.", command
            )
        try:
            return read_date(value, today)
        except DateError as error:
            raise Misread(f"{option.name}: {error}", command) from None
    if option.kind is OptionKind.CHOICE and value and value.lower() not in option.choices:
        raise Misread(f"{_a_choice(option, value)}.", command)
    return value.lower() if option.kind is OptionKind.CHOICE else value
