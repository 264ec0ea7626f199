"""A fact as the snapshot holds it, and what can be said of it on a given day.

Nothing here is typed by people: status and the day from which a fact could be known follow from the records.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from bot.facts.records import Fact, Source

NEVER: Final = 3_652_060
"""The ordinal of the day after 31 December 9999."""


class Status(StrEnum):
    """What a fact is worth on a given day; the first that applies, in this order."""

    RETRACTED = "retracted"
    SUPERSEDED = "superseded"
    DISPUTED = "disputed"
    CONFIRMED = "confirmed"
    CLAIMED = "claimed"
    REPORTED = "reported"


class KnownBy(StrEnum):
    """What the first day on which a fact could be known was taken from."""

    PUBLISHED = "published"
    SAID = "said"
    DATE = "date"
    ADDED = "added"


class Tie(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Another fact that supersedes or disputes this one: from the ordinal `known`, until its retraction."""

    id: str
    known: int
    until: int = NEVER

    def holds(self, as_of: int) -> bool:
        """Say whether the tie is in force on that day."""
        return self.known <= as_of < self.until


class Stated(msgspec.Struct, frozen=True, array_like=True):
    """A fact with what its neighbours say of it.

    `known` is the ordinal of the first day on which the fact could be known, `surely` of the first on which
    it must have been (a publication day may be a month), `known_by` where those days come from. `origins`
    holds, for each different known origin, the ordinal from which it reported the fact. `retracted_on` is the
    ordinal of the retraction.
    """

    fact: Fact
    dossier: str
    known: int
    surely: int
    known_by: KnownBy
    origins: tuple[int, ...] = ()
    superseded_by: tuple[Tie, ...] = ()
    disputed_by: tuple[Tie, ...] = ()
    outcomes: tuple[Tie, ...] = ()
    retracted_on: int | None = None

    @property
    def id(self) -> str:
        """The fact's id."""
        return self.fact.id

    def status(self, as_of: int) -> Status:
        """Return the status on the day with the ordinal `as_of`.

        Confirmed takes credibility 1 or 2 and at least two different known origins (facts.md, "Status").
        """
        if self.retracted_on is not None and self.retracted_on <= as_of:
            return Status.RETRACTED
        if self.superseded_by and any(tie.holds(as_of) for tie in self.superseded_by):
            return Status.SUPERSEDED
        if self.disputed_by and any(tie.holds(as_of) for tie in self.disputed_by):
            return Status.DISPUTED
        if self.fact.credibility <= 2 and sum(day <= as_of for day in self.origins) >= 2:
            return Status.CONFIRMED
        return Status.CLAIMED if self.fact.said else Status.REPORTED

    def has_outcome(self, as_of: int) -> bool:
        """Say whether the base records what came of it, as of that day."""
        return any(tie.holds(as_of) for tie in self.outcomes)

    def stands(self, as_of: int) -> bool:
        """Say whether the fact is neither retracted nor superseded on that day."""
        if self.retracted_on is not None and self.retracted_on <= as_of:
            return False
        return not self.superseded_by or not any(tie.holds(as_of) for tie in self.superseded_by)


def moment(fact: Fact) -> str | None:
    """Return the EDTF by which a fact is ordered in time: when it happened, else when it was said."""
    if fact.date:
        return fact.date.date
    return fact.said.when.date if fact.said and fact.said.when else None


RELIABILITY: Final = {
    "A": "completely reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "reliability cannot be judged",
}
"""The Admiralty letters for a source (STANAG 2511)."""

CREDIBILITY: Final = {
    1: "confirmed by other sources",
    2: "probably true",
    3: "possibly true",
    4: "doubtful",
    5: "improbable",
    6: "truth cannot be judged",
}
"""The Admiralty digits for a statement (STANAG 2511)."""


def best_reliability(sources: tuple[Source, ...]) -> str:
    """Return the best letter among sources; F, which judges nothing, only where there is no other."""
    return min((source.reliability for source in sources), default="F")
