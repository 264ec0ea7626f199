"""Bases that nobody means well with, and what becomes of each: `python -m benchmarks.hostile [KIND]...`."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from benchmarks.desk import Desk
from benchmarks.figures import Settings
from benchmarks.lab import Lab
from benchmarks.measure import Usage, fastest, usage
from benchmarks.records import Record, block, item, write_records
from bot.facts.compile import BrokenBase, compile_base
from bot.facts.turns import current

MIB: Final = 1 << 20
SPELLINGS: Final = 10_000
PER_FILE: Final = 1_000
DAYS: Final = tuple(
    f"20{year}-{month:02}-{day:02}"
    for year in range(15, 25)
    for month in range(1, 13)
    for day in range(1, 29)
)
WORDS: Final = (
    "ferry",
    "harbour",
    "licence",
    "review",
    "ministry",
    "quay",
    "tariff",
    "storm",
    "dredger",
    "pilot",
)

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class Fate(msgspec.Struct, frozen=True):
    """What became of a base: why it was refused, or what compiling and the slowest question took."""

    refused: str = ""
    took: Usage | None = None
    question: str = ""
    seconds: float = 0.0


def facts(
    count: int, *, entity: Callable[[int], int], day: Callable[[int], str], word: str = ""
) -> Iterator[Record]:
    """Yield so many facts about the entities and on the days that are named for them."""
    for n in range(count):
        words = " ".join(WORDS[(n // 10**k + k) % len(WORDS)] for k in range(4))
        yield {
            "id": f"fact-{n}",
            "kind": "event",
            "text": f"{word}{words} number {n}.",
            "about": [f"thing-{entity(n)}"],
            "topics": ["ferries"],
            "date": day(n),
            "sources": [{"ref": "herald", "p": 1, "hash": "0123456789abcdef"}],
            "weight": 1 + n % 5,
            "added": "2025-06-30",
        }


def write(
    root: Path, entities: Iterator[Record], records: Iterator[Record], per_file: int = PER_FILE
) -> None:
    """Write a dossier with these entities and facts, one source and one topic."""
    folder = root / "hostile"
    (folder / "facts").mkdir(parents=True)
    write_records(folder / "entities.yaml", entities)
    source = {"id": "herald", "title": "A page", "descriptor": "Made-up newspaper", "published": "2025-06-30"}
    write_records(folder / "sources.yaml", [source | {"paragraphs": 1}])
    topics = [{"id": "ferries", "title": "Ferries"}]
    (folder / "dossier.yaml").write_text(
        block({"id": "hostile", "title": "Hostile", "topics": topics}), encoding="utf-8"
    )
    number = 0
    while some := list(islice(records, per_file)):
        write_records(folder / "facts" / f"{number:06}.yaml", some)
        number += 1


def _things(count: int, **more: object) -> Iterator[Record]:
    return ({"id": f"thing-{n}", "kind": "organisation", "name": f"Thing {n}"} | more for n in range(count))


def _cycle(days: int) -> Callable[[int], str]:
    return lambda n: DAYS[n % min(days, len(DAYS))]


def _filling(bytes_: int) -> Iterator[Record]:
    """Yield facts until a file of them has so many bytes."""
    for one in facts(1 << 30, entity=lambda n: n % 10, day=_cycle(9_999)):
        bytes_ -= len(item(one).encode())
        if bytes_ < 0:
            return
        yield one


def one_file(root: Path, _: int) -> None:
    """One file of 4 MB, as large as one may be."""
    write(root, _things(10), _filling(4 * MIB - 200), 1 << 30)


def too_large(root: Path, _: int) -> None:
    """One file that is a little larger than one may be."""
    write(root, _things(10), _filling(4 * MIB + 2_000), 1 << 30)


def many_files(root: Path, count: int) -> None:
    """A tenth as many files as facts elsewhere, each with one fact."""
    made = facts(max(1, count // 10), entity=lambda n: n % 1_000, day=_cycle(9_999))
    write(root, _things(1_000), made, 1)


def one_entity(root: Path, count: int) -> None:
    """All facts about one entity."""
    write(root, _things(1), facts(count, entity=lambda _: 0, day=_cycle(9_999)))


def one_day(root: Path, count: int) -> None:
    """All facts on one day."""
    write(root, _things(1_000), facts(count, entity=lambda n: n % 1_000, day=lambda _: "2024-02-29"))


def many_spellings(root: Path, _: int) -> None:
    """An entity of 10,000 spellings."""
    pairs = enumerate(product(WORDS * 10, WORDS * 10))
    also = [f"{one}{other} Spelling {n}" for n, (one, other) in islice(pairs, SPELLINGS)]
    things = ({"id": "thing-0", "kind": "organisation", "name": "Thing 0", "also": some} for some in (also,))
    write(root, iter(things), facts(100, entity=lambda _: 0, day=_cycle(100)))


def long_words(root: Path, _: int) -> None:
    """Texts with words of 10,000 letters."""
    write(root, _things(10), facts(50, entity=lambda n: n % 10, day=_cycle(100), word="a" * 10_000 + " "))


def long_names(root: Path, _: int) -> None:
    """Names and texts of the greatest length allowed, each one word."""
    things = ({"id": f"thing-{n}", "kind": "person", "name": f"{n}" + "b" * 195} for n in range(200))
    write(root, things, facts(2_000, entity=lambda n: n % 200, day=_cycle(100), word="a" * 900 + " "))


KINDS: Final[dict[str, Callable[[Path, int], None]]] = {
    one.__name__.replace("_", "-"): one
    for one in (one_file, too_large, many_files, one_entity, one_day, many_spellings, long_words, long_names)
}


def met(root: str, folder: str) -> Fate:
    """Compile a base and ask about what is in it."""
    try:
        took = usage(lambda: compile_base(Path(root), Path(folder)))
    except BrokenBase as error:
        return Fate(refused=str(error))
    path = current(Path(folder))
    if path is None:
        raise FileNotFoundError(f"no snapshot in {folder}")
    desk = Desk(path)
    lines = (
        "/who thing-0",
        "/briefing",
        "/timeline thing-0",
        "/search ferry",
        "/search harbour review",
        "/changes",
    )
    times = {line: fastest(partial(desk.ask, "", line), 3) for line in lines}
    slowest = max(times, key=times.__getitem__)
    return Fate(took=took, question=slowest, seconds=times[slowest])


def sentence(kind: str, files: int, peak: int, fate: Fate) -> str:
    """Say in a sentence what became of a base."""
    told = f"{kind} ({(KINDS[kind].__doc__ or '').rstrip('.')}; {files:,} files): "
    if fate.took is None:
        return f"{told}refused, with the sentence “{fate.refused}”"
    held = max(peak, fate.took.peak) / 1e6
    return (
        f"{told}compiled in {fate.took.wall:.1f} s with {held:.0f} MB at most; the slowest question was"
        f" `{fate.question}` with {fate.seconds * 1e3:.1f} ms."
    )


@app.command()
def main(
    kinds: Annotated[
        list[str] | None, typer.Argument(metavar="[KIND]...", help=f"Of: {', '.join(KINDS)}.")
    ] = None,
    facts_: Annotated[
        int, typer.Option("--facts", min=1, help="Facts where it is their number.")
    ] = 1_000_000,
) -> None:
    """Write each base, compile it in a process of its own, ask it questions, and say what happened."""
    for kind in kinds or KINDS:
        if kind not in KINDS:
            raise typer.BadParameter(f"there is no kind {kind!r}; there are {', '.join(KINDS)}.")
        with tempfile.TemporaryDirectory(prefix="hostile-") as place:
            root, lab = Path(place) / "base", Lab(Settings(), Path(place), lambda _: None)
            KINDS[kind](root, facts_)
            files = sum(1 for _ in root.rglob("*.yaml"))
            try:
                fate, peak = lab.watched(Fate, "hostile.met", root, Path(place) / "state")
            except subprocess.CalledProcessError as error:
                typer.echo(f"{kind}: the process ended with status {error.returncode}; that is a fault.")
            else:
                typer.echo(sentence(kind, files, peak, fate))


if __name__ == "__main__":
    app()
