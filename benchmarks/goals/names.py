"""P11: misspelt names among all those of the large base, against a scorer that compares with every name."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from benchmarks.desk import Desk
from benchmarks.figures import Compare, Figure, Outcomes
from benchmarks.lab import Lab
from benchmarks.measure import fastest, percentile
from benchmarks.spoil import CLASSES
from bot.facts.fold import fold
from bot.facts.names import Outcome
from bot.facts.snapshot import Snapshot

SCORERS: Final = ("ratio", "OSA", "JaroWinkler", "token_sort_ratio")
"""What rapidfuzz offers for whole names; the best of them in a class is what ours is held to.

WRatio is timed only: it blends these with scores for parts of a text, and takes ten times as long.
"""

CUTOFF: Final = 0.6
"""Names less like the query than this share are left out when recall is counted, not when time is."""

FIRST: Final = 5
TIMED: Final = 12
TRIES: Final = 400
"""Entities looked at for each spelling that is wanted."""


class Query(msgspec.Struct, frozen=True):
    """A spelling, and the folded name of what is meant by it."""

    sort: str
    text: str
    meant: str


class Ours(msgspec.Struct, frozen=True):
    """How the resolver did: hits among the first five by class, outcomes, and the median seconds."""

    hits: dict[str, list[bool]]
    outcomes: list[Outcomes]
    seconds: float


class Peer(msgspec.Struct, frozen=True):
    """How a scorer did: hits by class, the median seconds, and how many spellings it compared with."""

    hits: dict[str, list[bool]]
    seconds: float
    names: int


def queries(snapshot: Snapshot, each: int, seed: int) -> list[Query]:
    """Draw so many misspelt names of each class, from all entities alike."""
    random = Random(seed)
    numbers: array[int] = array(
        "q", (number for (number,) in snapshot.db.execute("SELECT rowid FROM entity"))
    )
    found: dict[str, dict[str, Query]] = {sort: {} for sort in CLASSES}
    for sort, spoil in CLASSES.items():
        for _ in range(each * TRIES):
            if len(found[sort]) == each:
                break
            entity = snapshot.entity(random.choice(numbers))
            text = spoil(entity, random)
            if text:
                found[sort].setdefault(text, Query(sort, text, fold(entity.name)))
    return [one for some in found.values() for one in some.values()]


def resolved(snapshot: str, each: str, seed: str) -> Ours:
    """Resolve all spellings."""
    desk = Desk(Path(snapshot))
    hits: dict[str, list[bool]] = {}
    counts: dict[str, dict[str, int]] = {}
    times = []
    for one in queries(desk.snapshot, int(each), int(seed)):
        times.append(fastest(partial(desk.base.resolve, one.text, "entity"), 3))
        found = desk.base.resolve(one.text, "entity")
        labels = [fold(match.label) for match in found.matches]
        hits.setdefault(one.sort, []).append(one.meant in labels[:FIRST])
        count = counts.setdefault(one.sort, dict.fromkeys(("right", "asked", "none", "wrong"), 0))
        count[_judge(found.outcome, one.meant, labels)] += 1
    outcomes = [Outcomes(sort, **count) for sort, count in counts.items()]
    return Ours(hits, outcomes, percentile(times, 50))


def _judge(outcome: Outcome, meant: str, labels: list[str]) -> str:
    if outcome is Outcome.NONE:
        return "none"
    if meant not in labels:
        return "wrong"
    return "right" if outcome is Outcome.FOUND else "asked"


def scored(snapshot: str, each: str, seed: str, scorer: str, timed: str) -> Peer:
    """Compare spellings with every name by a scorer of rapidfuzz; all names are folded beforehand.

    Where it is `timed`, only a few are, with nothing left out.
    """
    from rapidfuzz import process  # noqa: PLC0415 - only this process

    opened = Snapshot(Path(snapshot))
    asked = queries(opened, int(each), int(seed))
    spellings, labels = all_names(opened)
    score, most = _scorer(scorer)
    hits: dict[str, list[bool]] = {}
    times = []
    if timed == "True":
        for one in asked[:: max(1, len(asked) // TIMED)]:
            look = partial(process.extract, fold(one.text), spellings, scorer=score, limit=FIRST)
            times.append(fastest(look, 1))
        return Peer({}, percentile(times, 50), len(spellings))
    for one in asked:
        rows = process.extract(
            fold(one.text), spellings, scorer=score, limit=4 * FIRST, score_cutoff=CUTOFF * most
        )
        first = list(dict.fromkeys(labels[at] for _, _, at in rows))[:FIRST]
        hits.setdefault(one.sort, []).append(one.meant in first)
    return Peer(hits, 0.0, len(spellings))


def all_names(snapshot: Snapshot) -> tuple[list[str], list[str]]:
    """Return all spellings of all entities, folded, and the folded name of what each stands for."""
    spellings, labels = [], []
    for (number,) in snapshot.db.execute("SELECT rowid FROM entity"):
        entity = snapshot.entity(number)
        label = fold(entity.name)
        for spelling in dict.fromkeys((label, *map(fold, entity.also))):
            spellings.append(spelling)
            labels.append(label)
    return spellings, labels


def _scorer(name: str) -> tuple[Callable[..., Any], float]:
    """Return a scorer and its score for equal names."""
    from rapidfuzz import distance, fuzz  # noqa: PLC0415

    if name == "OSA":
        return distance.OSA.normalized_similarity, 1.0
    if name == "JaroWinkler":
        return distance.JaroWinkler.normalized_similarity, 1.0
    return getattr(fuzz, name), 100.0


def fuzzy(lab: Lab) -> Iterator[Figure]:
    """P11: speed against `ratio`, and recall against the best scorer of each class."""
    snapshot = lab.compiled(lab.large)
    arguments = snapshot, lab.settings.spellings, lab.settings.seed
    lab.say("resolving misspelt names")
    ours = lab.child(Ours, "goals.names.resolved", *arguments)
    lab.outcomes = tuple(ours.outcomes)
    for scorer, limit in (("ratio", 100), ("WRatio", None)):
        lab.say(f"comparing with every name by {scorer}")
        peer = lab.child(Peer, "goals.names.scored", *arguments, scorer, True)
        yield Figure(
            *("P11", f"rapidfuzz {scorer} over {peer.names:,} spellings, median", "s", peer.seconds),
            *("a misspelt name resolved", ours.seconds),
            limit=limit,
            least=True,
        )
    lab.say("counting what scorers find")
    with ThreadPoolExecutor(2) as pool:
        looks = pool.map(lambda one: lab.child(Peer, "goals.names.scored", *arguments, one, False), SCORERS)
        peers = dict(zip(SCORERS, looks, strict=True))
    for sort, hits in ours.hits.items():
        recalls = {scorer: share(peer.hits[sort]) for scorer, peer in peers.items()}
        best = max(recalls, key=recalls.__getitem__)
        yield Figure(
            *("P11", f"recall@{FIRST}, {sort}", "share", share(hits), best, recalls[best]),
            compare=Compare.DIFFERENCE,
            limit=-0.03,
            least=True,
        )


def share(hits: list[bool]) -> float:
    """Return the share of hits."""
    return sum(hits) / len(hits) if hits else 0.0
