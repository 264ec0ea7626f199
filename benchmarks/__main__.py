"""Measure the bot: `python -m benchmarks`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console

from benchmarks.figures import Results, Settings
from benchmarks.report import markdown, show
from benchmarks.run import ROOT, Lab, run

LATEST: Final = ROOT / "benchmarks" / "results" / "latest.json"
DOCS: Final = ROOT / "docs" / "performance.md"

QUICK: Final = Settings(facts=2_000, entities=400, each=30, starts=3, questions=500)


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    facts: Annotated[int, typer.Option(min=1, help="Facts of the generated base.")] = Settings().facts,
    entities: Annotated[
        int, typer.Option(min=1, help="Entities of the generated base.")
    ] = Settings().entities,
    seed: Annotated[int, typer.Option(help="Seed of the base and of what is asked.")] = Settings().seed,
    each: Annotated[int, typer.Option(min=1, help="Questions of each kind.")] = Settings().each,
    quick: Annotated[
        bool, typer.Option("--quick", help="A smaller base and fewer questions: half a minute.")
    ] = False,
    json: Annotated[Path, typer.Option("--json", help="Where the figures are kept.")] = LATEST,
    write_docs: Annotated[
        bool,
        typer.Option(
            "--write-docs", help="Measure nothing; write docs/performance.md from the figures kept."
        ),
    ] = False,
) -> None:
    """Measure the shipped and a generated base, print the figures and keep them as JSON."""
    if write_docs:
        DOCS.write_text(markdown(msgspec.json.decode(json.read_bytes(), type=Results)), encoding="utf-8")
        return
    settings = QUICK if quick else Settings(facts=facts, entities=entities, seed=seed, each=each)
    console = Console()
    with Console(stderr=True).status("") as status:
        results = run(settings, Lab(), status.update)
    show(results, console)
    json.parent.mkdir(parents=True, exist_ok=True)
    json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))


if __name__ == "__main__":
    app()
