"""Turn a folder of a public data set into a base: `python -m benchmarks.convert gdelt FOLDER BASE`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.convert import gdelt, wikidata
from benchmarks.convert.target import Target

SETS: Final[dict[str, tuple[str, Callable[[Path, Target], int], dict[str, str]]]] = {
    "gdelt": (gdelt.CREDIT, gdelt.convert, {topic: title for topic, title, _ in gdelt.ROOTS.values()}),
    "wikidata": (
        wikidata.CREDIT,
        wikidata.convert,
        {topic: title for topic, title, *_ in wikidata.PROPERTIES.values()},
    ),
}
"""The data sets by name: whom to credit, what converts one, and the topics of its facts."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    name: Annotated[str, typer.Argument(metavar="SET", help=f"One of: {', '.join(SETS)}.")],
    folder: Annotated[Path, typer.Argument(help="The folder with the files of the data set.")],
    base: Annotated[Path, typer.Argument(help="A new folder for the base.")],
) -> None:
    """Convert the files of a public data set (benchmarks/README.md) into a base that `check` accepts."""
    if name not in SETS:
        raise typer.BadParameter(f"there is no data set {name!r}; there are {', '.join(SETS)}.")
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder; name the one with your copy of the data set.")
    if base.exists() and any(base.iterdir()):
        raise typer.BadParameter(f"{base} is not empty; name a new folder.")
    credit, convert, topics = SETS[name]
    target = Target(base, name, credit, topics)
    left_out = convert(folder, target)
    if not target.facts:
        raise typer.BadParameter(f"{folder} holds no row that can be used; is it the {name} data set?")
    typer.echo(f"{target.facts:,} facts in {target.number:,} dossiers; {left_out:,} rows could not be read.")


if __name__ == "__main__":
    app()
