"""P10: a snapshot that followed a thousand edits is the one that a full compile makes."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.edits import Editor
from benchmarks.figures import Compare, Figure
from benchmarks.lab import Built, Lab
from benchmarks.measure import Usage, percentile
from benchmarks.rows import differences
from bot.library import Library

AT_ONCE: Final = 25
"""Edits that are made before the base is looked at again."""

MANY: Final = 1_000
"""Rows of a table that are counted as different; where one is missing, all behind it are."""

TURNS: Final = 3
SEARCHES: Final = ("/search, 1 word", "/search, 2 words", "/search, 3 words")


def applied(root: str, folder: str, count: str, seed: str) -> int:
    """Make so many random edits; each few of them become live before the next. Return how often that was.

    Raises:
        RuntimeError: an edited base did not load.
    """
    library = Library(Path(root), Path(folder))
    editor = Editor(Path(root), int(seed))
    times = 0
    for n in range(int(count)):
        editor.edit()
        if n % AT_ONCE == AT_ONCE - 1 or n == int(count) - 1:
            if not library.refresh():
                raise RuntimeError(f"edits did not become live: {library.notice}")
            times += 1
    library.close()
    return times


def differing(one: str, other: str) -> dict[str, int]:
    """Return how many rows of two snapshots differ, by table; many are no more than some."""
    return dict(Counter(table for table, _, _ in differences(Path(one), Path(other), MANY)))


def deltas(lab: Lab) -> Iterator[Figure]:
    """P10: edit a copy of a base, then compile it from nothing and compare.

    A thousand edits and two compilations of a million facts would take longer than all the rest.
    """
    middle = lab.middle
    lab.compiled(middle)
    place = lab.folder / "edited"
    shutil.rmtree(place, ignore_errors=True)
    built = Built(middle.size, place / "base", place / "state")
    lab.say("copying the base")
    shutil.copytree(middle.root, built.root)
    shutil.copytree(middle.folder, built.folder)
    fresh = Built(middle.size, place / "base", place / "anew")
    count = lab.settings.edits
    lab.say(f"{count:,} random edits")
    times = lab.child(int, "goals.deltas.applied", built.root, built.folder, count, lab.settings.seed)
    lab.say("compiling what was edited from nothing")
    lab.child(Usage, "goals.compiling.compiled", fresh.root, fresh.folder)
    lab.say("comparing all rows")
    rows = lab.child(dict[str, int], "goals.deltas.differing", built.snapshot, fresh.snapshot)
    differ = {name: count for name, count in rows.items() if count}
    yield Figure(
        *(
            "P10",
            f"rows that differ after {count:,} edits in {times:,} steps, {middle.size.facts:,} facts",
            "n",
            sum(differ.values()),
        ),
        compare=Compare.ALONE,
        limit=0,
        remark=", ".join(f"{name}: {count:,}" for name, count in differ.items()),
    )
    lines = place / "lines.json"
    lab.child(int, "desk.drawn", fresh.snapshot, lines, lab.settings.each, lab.settings.seed, *SEARCHES)
    times_of: dict[Path, list[dict[str, list[int]]]] = {built.snapshot: [], fresh.snapshot: []}
    for turn in range(TURNS):
        lab.say(f"searching what was edited and what was compiled, turn {turn + 1}")
        for snapshot, taken in times_of.items():
            taken.append(lab.child(dict[str, list[int]], "desk.timed", snapshot, lines, lab.settings.rounds))
    for name in SEARCHES:
        edited, anew = (min(percentile(one[name], 99) for one in taken) / 1e9 for taken in times_of.values())
        yield Figure("P10", f"{name}, p99 after the edits", "s", edited, "compiled anew", anew, limit=1.3)
    shutil.rmtree(place)
