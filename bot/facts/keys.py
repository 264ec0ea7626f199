"""The integers under which a snapshot keeps its rows. Each follows from the content alone.

So a change of one fact moves no other one, and a snapshot that was changed row by row has the same rows as
one that was compiled anew.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple
from zlib import crc32

from bot.facts.edtf import parse, sort_key
from bot.facts.records import Fact
from bot.facts.stated import NEVER, moment

UNDATED: Final = NEVER + 1
"""The day under which facts without a date are kept: after all others."""

FEW: Final = 256
"""Facts of one weight and day that stand in their exact order; of more, the order is that of a hash."""

SLOT_BITS: Final = 26
"""Bits of a rank that tell facts of one weight and day apart."""

_INDEX_BITS: Final = 8
_GROUPS: Final = (1 << SLOT_BITS - _INDEX_BITS) - 1
_DAY_BITS: Final = 22


class Place(NamedTuple):
    """Where a fact stands among all: by bucket (weight, then day, both falling), then within the bucket.

    `hashed` is its group in a crowded bucket. What shares bucket and group is in the order of time, falling:
    wider dates come later, what was added later first, then by id falling, then by dossier.
    """

    bucket: int
    hashed: int
    width: int
    added: int


@lru_cache(maxsize=1 << 16)
def tag_number(dossier: int, kind: str, thing: str) -> int:
    """Return the number of a tag, 63 bits of a hash: so none has to be looked up, and none ever changes.

    A million tags share a number with a chance of one in ten million.
    """
    return int.from_bytes(blake2b(f"{dossier} {kind} {thing}".encode(), digest_size=8).digest()) >> 1


@lru_cache(maxsize=1 << 12)
def ordinal(edtf: str, *, last: bool = False) -> int:
    """Return the first (or last) day an EDTF may mean; an open end lies at the edge of the calendar."""
    date = parse(edtf)
    if last:
        return NEVER if date.latest is None else date.latest
    return 0 if date.earliest is None else date.earliest


def time_of(fact: Fact) -> tuple[int, int, int, str]:
    """Return the key of the order in time (facts.md, "Dates"); what is undated comes last."""
    when = moment(fact)
    day, width = sort_key(parse(when)) if when else (UNDATED, 0)
    return day, width, ordinal(fact.added), fact.id


def place_of(dossier: int, fact: Fact, surely: int) -> Place:
    """Return a fact's place; what lies ahead is as recent as the day on which it surely was known."""
    day, width, added, fact_id = time_of(fact)
    recent = -1 if day == UNDATED else min(day, surely)
    bucket = (5 - fact.weight) << _DAY_BITS | NEVER - recent
    return Place(bucket, 1 + crc32(f"{dossier} {fact_id}".encode()) % _GROUPS, width, added)


def rank_of(bucket: int, group: int, index: int) -> int:
    """Return the rank of the fact at an index of a group (0 unless the bucket is crowded) of a bucket.

    Raises:
        OverflowError: a group has more than 256 facts, as when tens of millions bear one weight and day.
    """
    if index >> _INDEX_BITS:
        raise OverflowError("too many facts have the same weight and day")
    return bucket << SLOT_BITS | group << _INDEX_BITS | index


def bucket_of(rank: int) -> int:
    """Return the bucket in which a rank lies."""
    return rank >> SLOT_BITS


def span_of(bucket: int) -> tuple[int, int]:
    """Return the first rank of a bucket and the first one after it."""
    return bucket << SLOT_BITS, (bucket + 1) << SLOT_BITS


def group_span(bucket: int, group: int) -> tuple[int, int]:
    """Return the first rank of a group of a crowded bucket and the first one after it."""
    first = rank_of(bucket, group, 0)
    return first, first + (1 << _INDEX_BITS)
