"""From what somebody typed to a schedule: every word is checked before anything is kept."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection
from typing import Final

from anyascii import anyascii

from bot.parse import LAST, Misread, read_line, write_line
from bot.posting import Place
from bot.posts.grace import GraceError, read_grace
from bot.posts.records import Quiet, Schedule
from bot.posts.say import upcoming
from bot.posts.when import When, WhenError, read_when
from bot.registry import Registry

LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""What ids end in: no letter that can be taken for a digit."""

STEM: Final = 24
"""Characters of an id before its random end."""

EXAMPLE: Final = "such as “every weekday 08:30”, “Mondays 9am”, “1st of the month 07:00” or “every 4 hours”"


def random_letters(count: int = 3) -> str:
    """Return letters that make an id differ from others of its kind."""
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def make_id(text: str, letters: Callable[[], str]) -> str:
    """Return a short readable id for a line or a name: `briefing-sanctions-x7k`."""
    told = re.sub(r"\bsince:last\b|\b[a-z-]+:", " ", anyascii(text[:200]).lower())
    words = re.findall(r"[a-z0-9]+", told)
    stem = ""
    for word in words:
        longer = f"{stem}-{word}" if stem else word[:STEM]
        if len(longer) > STEM:
            break
        stem = longer
    return f"{stem or 'schedule'}-{letters()}"


def check_line(what: str, registry: Registry, dossiers: Collection[str]) -> str:
    """Return the line that a schedule asks, as it is written everywhere else.

    Raises:
        Misread: it is none, or it is one whose answer nobody wants again and again.
    """
    call = read_line(what, registry, dossiers)
    command = registry.get(call.command)
    if command is None:
        raise Misread(f"There is no command “{call.command[:40]}”.")
    if command.acts or command.name == "help":
        does = "changes something" if command.acts else "says the same every day"
        raise Misread(
            f"/{command.name} cannot be scheduled: it {does}. Name a command that answers, such as /due."
        )
    arguments = {
        name: LAST if (name, value.lower()) == ("since", LAST) else value
        for name, value in call.arguments.items()
    }
    return write_line(type(call)(call.command, arguments), registry)


def check_when(words: str, zone: str, now: float) -> When:
    """Return the rule that words name; `zone` holds where they name none.

    Raises:
        Misread: they name no times, no zone is known, or none of the times is still to come.
    """
    if not words:
        raise Misread(f"Say when to post, {EXAMPLE}, and then the line to post the answer of.")
    try:
        when = read_when(words, zone)
    except WhenError as error:
        raise Misread(str(error)) from None
    if not when.zone:
        raise Misread(
            "No time zone is set for this channel, and none is guessed: add one to the words, such as"
            f" “{words[:60]} Europe/Berlin”, or let the operator set posts.time_zone."
        )
    if not upcoming(when, now, 1):
        raise Misread(f"“{words[:60]}” names no time that is still to come.")
    return when


def check_grace(words: str, otherwise: int) -> int:
    """Return for how many seconds a late post is still sent.

    Raises:
        Misread: the words are no such time.
    """
    try:
        return read_grace(words) if words else otherwise
    except GraceError as error:
        raise Misread(f"grace: {error}") from None


def make_schedule(
    place: Place, when: When, line: str, *, quiet: Quiet, grace: int, made_by: str, now: float, id_: str
) -> Schedule:
    """Return a new schedule whose first post is at the first time from now on."""
    return Schedule(
        id=id_,
        place=place,
        when=when,
        line=line,
        quiet=quiet,
        grace=grace,
        made_by=made_by,
        made_at=now,
        next_at=next(iter(upcoming(when, now, 1)), None),
    )
