"""What the fields of a record must look like beyond their types, and the rules within one record."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from bot.facts import edtf
from bot.facts.findings import shown
from bot.facts.records import (
    ID,
    ID_LENGTH,
    Dated,
    Dossier,
    Entity,
    Evidence,
    Fact,
    FactKind,
    Judgement,
    Record,
    Retraction,
    Review,
    Role,
    Said,
    Source,
    Topic,
    Unnamed,
    Value,
)

LONGEST_TEXT: Final = 1_000
"""Characters of a statement."""

LONGEST_NAME: Final = 200
"""Characters of a name, a title or another short text."""

LONGEST_QUOTE: Final = 25
"""Words of a verbatim quotation."""

MOST_PARAGRAPHS: Final = 100_000

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{16}")
_LETTER: Final = re.compile(r"[A-F]")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_WIKIDATA: Final = re.compile(r"Q[1-9][0-9]{0,11}")
_FILE: Final = re.compile(r"[^./\\:][^/\\:]*")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"`{}|\\^]+", re.IGNORECASE)


class FieldError(ValueError):
    """A value breaks a rule; without a message the rule's own sentences are used."""

    def __init__(self, code: str, message: str = "", fix: str = "") -> None:
        super().__init__(message or code)
        self.code, self.message, self.fix = code, message, fix


Check = Callable[[Any], None]
"""Looks at a typed value (text or number) and raises :class:`FieldError`."""


def text_up_to(limit: int, text: str) -> None:
    """Refuse text with line breaks or of more than `limit` characters."""
    if "\n" in text:
        raise FieldError("R013")
    if len(text) > limit:
        raise FieldError("R012", f"The text has {len(text):,} characters; {limit:,} are allowed.")


def identifier(text: str) -> None:
    """Refuse what is not an id."""
    if len(text) > ID_LENGTH or not ID.fullmatch(text):
        raise FieldError("R007", f"{shown(text)} is not an id.")


def date(text: str) -> None:
    """Refuse what is not EDTF."""
    try:
        edtf.parse(text)
    except edtf.DateError as error:
        raise FieldError("R008", str(error)) from None


def bound(text: str) -> None:
    """Refuse what is neither EDTF nor the open end `..`."""
    if text != "..":
        date(text)


def day(text: str) -> None:
    """Refuse what is not one certain day."""
    date(text)
    if not _DAY.fullmatch(text):
        raise FieldError("R009", f"{shown(text)} is not a full day.")


def quotation(text: str) -> None:
    """Refuse a quotation that is too long."""
    text_up_to(LONGEST_TEXT, text)
    if (words := len(text.split())) > LONGEST_QUOTE:
        raise FieldError("R017", f"The quotation has {words} words; {LONGEST_QUOTE} are allowed.")


def web_address(text: str) -> None:
    """Refuse what is not a whole http or https address, or hides where it leads."""
    try:
        host = urlsplit(text).hostname if len(text) <= 2_000 else None
        misleads = "@" in urlsplit(text).netloc
    except ValueError:
        host, misleads = None, False
    if not host or misleads or not _ADDRESS.fullmatch(text):
        raise FieldError("R014", f"{shown(text)} is not a whole web address.")


def pattern(code: str, form: re.Pattern[str], message: str, fix: str, text: str) -> None:
    """Refuse text that does not match; `message` names what it is not, an empty fix is the rule's."""
    if len(text) > LONGEST_NAME or not form.fullmatch(text):
        raise FieldError(code, f"{shown(text)} {message}.", fix)


def between(low: int, high: int, number: int) -> None:
    """Refuse a number out of range."""
    if not low <= number <= high:
        raise FieldError("R011", f"{number} is not from {low:,} to {high:,}.")


TEXT: Final = partial(text_up_to, LONGEST_TEXT)
NAME: Final = partial(text_up_to, LONGEST_NAME)
"""References are names too: whether they lead anywhere is checked between records."""

FIELDS: Final[dict[type[Record], dict[str, Check]]] = {
    Dossier: {
        "id": identifier,
        "title": NAME,
        "language": partial(pattern, "R016", _LANGUAGE, "is not a language code", "Write it as en or pt-BR."),
        "time_zone": partial(
            pattern, "R016", _ZONE, "is not a time zone", "Write it as Europe/Madrid or UTC."
        ),
    },
    Topic: {"id": identifier, "title": NAME, "also": NAME},
    Judgement: {"based_on": NAME, "topics": NAME, "added": day},
    Dated: {"date": date},
    Source: {
        "id": identifier,
        "title": NAME,
        "descriptor": NAME,
        "reliability": partial(
            pattern, "R006", _LETTER, "is not a letter from A to F", "Use A, B, C, D, E or F."
        ),
        "publisher": NAME,
        "origin": NAME,
        "url": web_address,
        "paragraphs": partial(between, 1, MOST_PARAGRAPHS),
        "archive": partial(pattern, "R015", _FILE, "is not a plain file name", ""),
    },
    Role: {"role": NAME, "of": NAME, "from": bound, "to": bound, "facts": NAME},
    Entity: {
        "id": identifier,
        "name": NAME,
        "also": NAME,
        "not": NAME,
        "wikidata": partial(
            pattern, "R016", _WIKIDATA, "is no Wikidata item", "Write Q and its number, as Q42."
        ),
    },
    Unnamed: {"unnamed": NAME},
    Said: {"by": NAME, "cue": NAME, "to": NAME, "via": NAME},
    Value: {"of": NAME, "rank": partial(between, 1, 10**9), "unit": NAME},
    Evidence: {
        "ref": NAME,
        "p": partial(between, 1, MOST_PARAGRAPHS),
        "hash": partial(pattern, "R010", _HASH, "is not a hash of 16 hex digits", ""),
    },
    Retraction: {"on": date, "source": NAME},
    Review: {"by": NAME, "on": date},
    Fact: {
        "id": identifier,
        "about": NAME,
        "added": day,
        "topics": NAME,
        "due": date,
        "due_as_written": NAME,
        "owed_by": NAME,
        "quote": quotation,
        "credibility": partial(between, 1, 6),
        "weight": partial(between, 1, 5),
        "supersedes": NAME,
        "disputes": NAME,
        "outcome_of": NAME,
        "review_by": date,
    },
}
"""Checks by record and YAML key; for a list they look at each item. Other text is :data:`TEXT`."""

Path = tuple[str | int, ...]
"""YAML keys and list indexes that lead to a field of a record."""

Broken = tuple[str, Path, str, str]
"""What a rule within a record yields: code, where, message, fix; the last two may be empty."""


def fact_rules(fact: Fact) -> Iterator[Broken]:
    """Yield what is wrong or doubtful within a fact."""
    owes = [key for key in ("due", "due_as_written", "duty", "owed_by") if getattr(fact, key)]
    if not fact.sources:
        yield "R021", ("sources",), "", ""
    if not fact.about:
        yield (
            "R022",
            ("about",),
            "The fact is about nothing.",
            "Name at least one entity id, the main one first.",
        )
    if fact.quote and not (fact.said and isinstance(fact.said.by, str)):
        yield "R018", ("quote",), "", ""
    if fact.kind is FactKind.METRIC and not fact.value:
        yield "R023", ("kind",), "", ""
    if fact.due and not (fact.duty or fact.owed_by):
        yield "R024", ("due",), "", ""
    if owes and fact.kind not in {FactKind.ORDER, FactKind.PLAN}:
        message = f"The key {owes[0]} is for orders and plans; this fact is of kind {fact.kind}."
        yield "W004", (owes[0],), message, ""
    if owes and not fact.due:
        yield "W005", (owes[0],), "", ""
    if fact.due and fact.date and is_before(fact.due, fact.date.date):
        yield "W007", ("due",), "", ""
    if fact.credibility == 1 and len({one.ref for one in fact.sources}) == 1:
        yield "W014", ("credibility",), "", ""
    if len(fact.sources) > 1:
        for number in _repeats((one.ref, one.p) for one in fact.sources):
            yield "W015", ("sources", number), "", ""


def value_rules(value: Value) -> Iterator[Broken]:
    """Yield what is wrong within a value."""
    figures = [value.number is not None, value.rank is not None, value.low is not None]
    if sum(figures) != 1 or (value.low is None) != (value.high is None):
        yield "R019", ("of",), "", ""
    elif value.low is not None and value.high is not None and value.high < value.low:
        yield "R020", ("high",), "", ""
    if value.rank and value.out_of is not None and value.out_of < value.rank:
        yield "R020", ("out_of",), f"Rank {value.rank} is beyond the {value.out_of:g} that are ranked.", ""


def role_rules(role: Role) -> Iterator[Broken]:
    """Yield what is wrong within a role."""
    if role.from_ and role.to and ".." not in {role.from_, role.to} and is_before(role.to, role.from_):
        yield "R020", ("to",), "The role ends before it begins.", "Correct from or to."


def judgement_rules(judgement: Judgement) -> Iterator[Broken]:
    """Yield what is wrong within a judgement."""
    if not judgement.based_on:
        yield "R022", ("based_on",), "The judgement rests on no fact.", "Name the facts that it rests on."


def entity_rules(entity: Entity) -> Iterator[Broken]:
    """Yield what is doubtful within an entity."""
    for number in _repeats(folded(one) for one in (entity.name, *entity.also)):
        yield "W012", ("also", number - 1), "", ""


def _repeats(things: Iterable[Hashable]) -> Iterator[int]:
    """Yield the indexes of things that came before."""
    seen = set()
    for number, one in enumerate(things):
        if one in seen:
            yield number
        seen.add(one)


def is_before(one: str, other: str) -> bool:
    """Say whether one EDTF date lies wholly before another."""
    return edtf.compare(edtf.parse(one), edtf.parse(other)) is edtf.Order.BEFORE


def folded(text: str) -> str:
    """Return text without differences of case and spacing."""
    return " ".join(text.casefold().split())


RULES_WITHIN: Final[dict[type[Record], Callable[[Any], Iterator[Broken]]]] = {
    Fact: fact_rules,
    Value: value_rules,
    Role: role_rules,
    Judgement: judgement_rules,
    Entity: entity_rules,
}
"""The rules within a record, by its type."""
