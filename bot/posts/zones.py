"""Names of time zones: IANA's in any case; what is none is refused with the one that may be meant."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo

UTC_NAME: Final = "UTC"

WITHOUT_PLACE: Final = re.compile(r"[A-Z0-9+-]+|Factory")
"""IANA's names that are no place, such as CET, EST5EDT and GMT+0."""

ABBREVIATION: Final = re.compile(
    "[A-Z]{2,5}|(?i:bst|cdt|ces?t|cst|edt|eest|eet|est|gmt|hst|ist|jst|mdt|mesz|mez|msk|mst|pdt|pst|wet)"
)
"""Several stand for more than one zone, and most hold for half of a year only."""

OFFSET: Final = re.compile(r"(?:utc|gmt)? ?[+\-−–]\d{1,2}(?::?\d\d)?|(?:utc|gmt)\d{1,2}", re.IGNORECASE)
LIKE_ZONE: Final = re.compile(r"[^\W\d][\w/+.'-]*(?: [^\W\d][\w/+.'-]*)*")
LONGEST_NAME: Final = 3
"""Words of a name where its underscores are written as spaces: America/Argentina/Rio Gallegos has two."""

SHOWN: Final = 40


class WhenError(ValueError):
    """A rule that cannot be read; the message is one sentence that says what is wrong and what to write."""


@functools.cache
def _names() -> Mapping[str, str]:
    """The names that are understood, by their lower-case form."""
    lines = importlib.resources.files("tzdata").joinpath("zones").read_text("utf-8").split()
    return {name.lower(): name for name in lines if name == UTC_NAME or not WITHOUT_PLACE.fullmatch(name)}


@functools.cache
def _by_city() -> Mapping[str, Sequence[str]]:
    """Names by the last part of them, in lower case and with spaces: "new york"."""
    cities: dict[str, list[str]] = {}
    for name in _names().values():
        cities.setdefault(_plain(name.rpartition("/")[2]), []).append(name)
    return cities


@functools.cache
def zone_of(name: str) -> ZoneInfo:
    """Return a zone; `zoneinfo` itself keeps only eight for long.

    Raises:
        ZoneInfoNotFoundError: there is none of that name.
    """
    return ZoneInfo(name)


def known_zone(name: str) -> str:
    """Return a name as IANA spells it.

    Raises:
        WhenError: it is no place's time zone.
    """
    found = _names().get(name.strip().lower().replace(" ", "_"))
    if found is None:
        raise WhenError(advice(name))
    return found


def part_zone(words: Sequence[str]) -> tuple[Sequence[str], str]:
    """Part a zone's name from the end of words; it is empty where they end in none."""
    for length in range(1, min(LONGEST_NAME, len(words)) + 1):
        if found := _names().get("_".join(words[-length:]).lower()):
            return words[:-length], found
    return words, ""


def is_like_zone(written: str) -> bool:
    """Whether words, which are no zone, were meant as one."""
    return bool(LIKE_ZONE.fullmatch(written) or OFFSET.fullmatch(written))


def advice(written: str) -> str:
    """Return the sentence that says why something is no time zone, and what to write."""
    shown = written if len(written) <= SHOWN else written[: SHOWN - 1] + "…"
    plain = _plain(written).removesuffix(" time")
    if OFFSET.fullmatch(plain):
        return (
            f"{shown!r} is an offset, which does not say when clocks change: "
            "write a time zone such as Europe/Berlin, or UTC."
        )
    if ABBREVIATION.fullmatch(written):
        return (
            f"{shown!r} is an abbreviation, which does not say when clocks change: "
            "write a time zone such as Europe/Berlin, or UTC."
        )
    near = _near(plain)
    if near:
        return f"There is no time zone {shown!r}; did you mean {' or '.join(near)}?"
    return f"There is no time zone {shown!r}: write a name such as Europe/Berlin, or UTC."


def _near(plain: str) -> Sequence[str]:
    cities = _by_city()
    if plain in cities:
        return cities[plain][:3]
    if len(plain) > SHOWN:
        return ()
    if "/" in plain:
        names = {_plain(name): name for name in _names()}
        return [_names()[names[one]] for one in get_close_matches(plain, names, 1, 0.75)]
    return [name for one in get_close_matches(plain, cities, 1, 0.75) for name in cities[one][:3]]


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").split())
