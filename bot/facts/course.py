"""The days of a fact as columns, so that a query passes over what is not to be seen without reading it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from bot.facts.stated import NEVER, Stated, Tie

BREADTHS: Final = {"month": 31, "year": 366, "decade": 3_660, "century": 36_600, "ever": 2 * NEVER}
"""The kinds of moments of dates that are not of one day, and days that a date of each kind falls short of.

What may lie in a time began in it, or began before and is broad. The latter are found by looking back as far
as each kind reaches, so that no search reads all the time before.
"""


class Course(NamedTuple):
    """The days of a fact, as ordinals.

    `known` is the first day on which it could be known; `ended` the day from which on it stands no longer,
    or :data:`bot.facts.stated.NEVER`; `settled` the first day on which an outcome is recorded; `replaces` the
    number of facts that it supersedes, negative where one of them could be known only later. `mixed` is 1
    where what supersedes or settles it was withdrawn again, so that on some days only the fact itself tells.
    """

    known: int
    ended: int
    settled: int | None
    replaces: int | None
    mixed: int | None


def course(one: Stated, known: Mapping[str, int]) -> Course:
    """Return the days of a fact; `known` holds those from which the facts of its dossier could be known."""
    late = any(known.get(other, NEVER) > one.known for other in one.fact.supersedes)
    replaces = -len(one.fact.supersedes) if late else len(one.fact.supersedes)
    withdrawn = any(tie.until != NEVER for tie in (*one.superseded_by, *one.outcomes))
    settled = min((tie.known for tie in one.outcomes), default=None)
    return Course(one.known, _ended(one), settled, replaces or None, 1 if withdrawn else None)


def duties(one: Stated) -> Iterator[str]:
    """Yield the kinds of moments under which a fact's due day is kept.

    Those that are settled for good are kept apart, so that neither has to be looked for among the others;
    what is settled on some days only stands under both.
    """
    if not one.outcomes or any(tie.until != NEVER for tie in one.outcomes):
        yield "due"
    if one.outcomes:
        yield "done"


def _ended(one: Stated) -> int:
    """Return the day after the last one on which a fact stands."""
    end = NEVER if one.retracted_on is None else one.retracted_on
    while covering := [tie.known for tie in one.superseded_by if _holds_before(tie, end)]:
        end = min(covering)
    return end


def _holds_before(tie: Tie, day: int) -> bool:
    return tie.known < day <= tie.until


def breadth_of(width: int) -> str:
    """Return the kind of moments for dates so wide (minus the days after the first one); "" for a day."""
    return "" if not width else next(kind for kind, days in BREADTHS.items() if -width < days)
