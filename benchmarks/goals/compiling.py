"""P8 and P9: what compiling costs, against a bare parse of the same files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import msgspec
import yaml

from benchmarks.figures import Compare, Figure
from benchmarks.lab import Lab
from benchmarks.measure import Usage, usage
from bot.facts.compile import compile_base
from bot.library import Library

MOST = 40_000_000
"""Bytes of YAML that are parsed for comparison; of more, a part stands for the whole."""

TURNS = 9
"""Edits of one file that are made live one after another."""


class Edits(msgspec.Struct, frozen=True):
    """What each of several edits took until it was live, and what is compared with it, in turn."""

    live: list[Usage]
    parse: list[Usage]


class Parsed(msgspec.Struct, frozen=True):
    """What parsing every so many-th file took, and how many times the bytes of those all files have."""

    took: Usage
    every: int
    times: float


def compiled(root: str, folder: str) -> Usage:
    """Compile the base under `root` into `folder`."""
    return usage(lambda: compile_base(Path(root), Path(folder)))


def parsed(root: str) -> Parsed:
    """Parse the YAML files of a folder with PyYAML's C loader, and drop what comes of it.

    Of a large base only every so many-th file is parsed, since it takes minutes and each file the same.
    """
    files = sorted(Path(root).rglob("*.yaml"), key=lambda file: (file.parent.name != "facts", file))
    sizes = [file.stat().st_size for file in files]
    every = 1 + sum(sizes) // MOST
    took = usage(lambda: [_parse(file) is None for file in files[::every]])
    return Parsed(took, every, sum(sizes) / sum(sizes[::every]))


def edited(root: str, folder: str, turns: str) -> Edits:
    """Edit the file in the middle so many times, each time until a running library serves it."""
    base = Path(root)
    library = Library(base, Path(folder))
    files = sorted(base.glob("*/facts/*.yaml"))
    file = files[len(files) // 2]
    before = file.read_bytes()
    live, parse = [], []
    try:
        for turn in range(int(turns)):
            put(file, before.replace(b"  text: ", b"  text: Edited %d, " % turn, 1))
            parse.append(usage(lambda: (_walk(base), _parse(file))))
            live.append(usage(_refresh(library)))
    finally:
        put(file, before)
        library.refresh()
        library.close()
    return Edits(live, parse)


def put(file: Path, content: bytes) -> None:
    """Write a file as editors do: beside it, then into its place."""
    part = file.with_suffix(".part")
    part.write_bytes(content)
    part.replace(file)


def _refresh(library: Library) -> Callable[[], None]:
    def refresh() -> None:
        if not library.refresh():
            raise RuntimeError(f"an edit did not become live: {library.notice}")

    return refresh


def _parse(file: Path) -> object:
    return yaml.load(file.read_bytes(), yaml.CSafeLoader)


def _walk(root: Path) -> list[int]:
    return [path.stat().st_mtime_ns for path in root.rglob("*.yaml")]


def whole(lab: Lab) -> Iterator[Figure]:
    """P8: compile the large base from nothing."""
    built = lab.large
    fresh = built.folder if not built.folder.exists() else lab.folder / "compiled-anew"
    lab.say("compiling everything")
    took, peak = lab.watched(Usage, "goals.compiling.compiled", built.root, fresh)
    lab.say("parsing everything with CSafeLoader")
    bare = lab.child(Parsed, "goals.compiling.parsed", built.root)
    if fresh != built.folder:
        shutil.rmtree(fresh)
    parse, times = "CSafeLoader over the same files", bare.times
    if bare.every > 1:
        lab.note("P8", f"CSafeLoader parsed one file in {bare.every}; its times are scaled up by bytes.")
    yield Figure("P8", "full compile, processor time", "s", took.cpu, parse, bare.took.cpu * times, limit=0.7)
    yield Figure("P8", "full compile, by the clock", "s", took.wall, parse, bare.took.wall * times)
    yield Figure(
        *("P8", "full compile, peak memory of all its processes", "B", peak, parse, bare.took.peak),
        compare=Compare.ALONE,
        limit=400e6,
    )


def one_file(lab: Lab) -> Iterator[Figure]:
    """P9: edit one file of the large base."""
    lab.compiled(lab.large)
    lab.say("editing one file")
    edits = lab.child(Edits, "goals.compiling.edited", lab.large.root, lab.large.folder, TURNS)
    base = "stat of all files, CSafeLoader over that one"
    for name, limit in (("wall", 1.5), ("cpu", None)):
        value, beside = (median(getattr(one, name) for one in some) for some in (edits.live, edits.parse))
        how = "by the clock" if name == "wall" else "processor time"
        yield Figure("P9", f"one edited file live, {how}", "s", value, base, beside, limit=limit)
