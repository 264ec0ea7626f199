"""Measure the bot: `python -m benchmarks`, or parts of it: `python -m benchmarks P5 P11`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console

from benchmarks.chart import chart
from benchmarks.figures import Results, Settings
from benchmarks.lab import ROOT, Lab
from benchmarks.report import IMAGE, by_part, markdown, show
from benchmarks.run import NAMES, run

LATEST: Final = ROOT / "benchmarks" / "results" / "latest.json"
DOCS: Final = ROOT / "docs"

QUICK: Final = Settings(
    facts=50_000,
    entities=10_000,
    each=40,
    rounds=2,
    starts=5,
    questions=1_000,
    requests=100,
    edits=60,
    probes=600,
    search_seconds=10.0,
    spellings=15,
    reloads=3,
)

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    parts: Annotated[
        list[str] | None, typer.Argument(metavar="[PART]...", help=f"What to measure: {', '.join(NAMES)}.")
    ] = None,
    facts: Annotated[int | None, typer.Option(min=1, help="Facts of the large base.")] = None,
    entities: Annotated[int | None, typer.Option(min=1, help="Its entities: a fifth, if left out.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the bases and of what is asked.")] = Settings().seed,
    quick: Annotated[bool, typer.Option("--quick", help="50,000 facts and fewer questions.")] = False,
    work: Annotated[
        Path | None, typer.Option(help="Keep the bases here, and take those of an earlier run.")
    ] = None,
    json: Annotated[Path, typer.Option("--json", help="Where the figures are kept.")] = LATEST,
    resume: Annotated[
        bool, typer.Option("--resume", help="Measure only what is not yet among the figures kept.")
    ] = False,
    write_docs: Annotated[
        bool,
        typer.Option("--write-docs", help="Measure nothing; write docs/performance.* from the figures kept."),
    ] = False,
) -> None:
    """Measure, print the figures beside what they are compared with, and keep them as JSON."""
    if write_docs:
        _write_docs(msgspec.json.decode(json.read_bytes(), type=Results))
        return
    wanted = parts or list(NAMES)
    unknown = [one for one in wanted if one not in NAMES]
    if unknown:
        raise typer.BadParameter(f"there is no part {unknown[0]!r}; the parts are {', '.join(NAMES)}.")
    settings = msgspec.structs.replace(QUICK if quick else Settings(), seed=seed)
    if facts or entities:
        count = facts or settings.facts
        settings = msgspec.structs.replace(settings, facts=count, entities=entities or -(-count // 5))
    before = msgspec.json.decode(json.read_bytes(), type=Results) if resume and json.exists() else None
    if before and before.settings != settings:
        raise typer.BadParameter(f"the figures in {json} are of other settings; leave out --resume.")
    json.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="benchmarks-") as folder,
        Console(stderr=True).status("") as status,
    ):
        lab = Lab(settings, work or Path(folder), status.update)
        results = run(lab, wanted, before=before, keep=lambda some: json.write_bytes(_encoded(some)))
    show(results, Console())


def _encoded(results: Results) -> bytes:
    return msgspec.json.format(msgspec.json.encode(results)) + b"\n"


def _write_docs(results: Results) -> None:
    (DOCS / "performance.md").write_text(markdown(results), encoding="utf-8")
    (DOCS / IMAGE).write_text(chart(by_part(results)), encoding="utf-8")
    (DOCS / "performance.json").write_bytes(_encoded(results))


if __name__ == "__main__":
    app()
