"""Commands on the fact base itself: check it, compile it, export it, hold it to the sources."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from bot.cli.opening import FAILURE, config_of, count, fail, refuse, service_of

if TYPE_CHECKING:
    from bot.facts.base import FactBase
    from bot.service import Service

# Every other import stands inside the command that needs it, so that `--help` and `ask` start quickly.
# ruff: noqa: PLC0415

facts_app = typer.Typer(rich_markup_mode=None)

Folder = Annotated[Path | None, typer.Argument(metavar="PATH", help="The folder of dossiers.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="What could be known on that day.")]


@facts_app.command()
def check(
    ctx: typer.Context,
    path: Folder = None,
    form: Annotated[
        Literal["text", "json", "github"], typer.Option("--format", help="What to print.")
    ] = "text",
) -> None:
    """Find everything that is wrong in a fact base, with file, line and what to do."""
    from bot.facts.check import check_base
    from bot.facts.findings import Severity, format_findings

    root = config_of(ctx, path).briefings
    _, findings = check_base(root)
    here = [msgspec.structs.replace(one, file=(root / one.file).as_posix()) for one in findings]
    sys.stdout.write(format_findings(here, form))
    if any(one.severity is Severity.ERROR for one in findings):
        raise typer.Exit(FAILURE)


@facts_app.command(name="compile")
def compile_(ctx: typer.Context, path: Folder = None) -> None:
    """Compile a fact base into the snapshot that answers come from."""
    import sqlite3

    from bot.adapters.terminal.progress import Watched
    from bot.facts.compile import BrokenBase, compile_base
    from bot.facts.snapshot import Snapshot, SnapshotError

    config = config_of(ctx, path)
    began = time.perf_counter()
    try:
        with Watched(sys.stderr, time.perf_counter) as watched:
            compiled = compile_base(config.briefings, config.snapshots, watched.show, thorough=True)
        snapshot = Snapshot(compiled.path)
    except BrokenBase as error:
        fail(f"The fact base in {config.briefings} has {error}")
    except (OSError, sqlite3.Error, SnapshotError) as error:
        fail(f"The snapshot cannot be written to {config.snapshots}: {error}")
    seconds = time.perf_counter() - began
    facts = sum(count for _, count in snapshot.dossiers.values())
    snapshot.close()
    sys.stdout.write(
        f"snapshot {compiled.id}: {count(facts, 'fact')} in {count(len(snapshot.dossiers), 'dossier')}, "
        f"{compiled.parsed:,} files read, {compiled.reused:,} unchanged, {seconds:.2f} seconds\n"
    )


@facts_app.command()
def export(
    ctx: typer.Context,
    dossier: Annotated[str | None, typer.Argument(metavar="DOSSIER", help="This dossier only.")] = None,
    form: Annotated[
        Literal["jsonl", "csv", "markdown"], typer.Option("--format", help="What to write.")
    ] = "jsonl",
    as_of: AsOf = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write there, not to standard output.")
    ] = None,
) -> None:
    """Write every fact with its statement, status, dates, entities and sources."""
    lines = _exported(_base(service_of(ctx), dossier, as_of), form)
    if output is None:
        sys.stdout.writelines(lines)
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        fail(f"{output} cannot be written ({error.strerror}).")


def _exported(base: FactBase, form: str) -> Iterable[str]:
    from bot.answers.export import comma_separated, jsonl, rows, table

    if form == "markdown":
        from bot.adapters.terminal.markdown import render_markdown

        return [render_markdown(table(rows(base)))]
    return (jsonl if form == "jsonl" else comma_separated)(rows(base))


def _base(service: Service, dossier: str | None, as_of: str | None) -> FactBase:
    from bot.facts.base import FactBase
    from bot.facts.edtf import DateError
    from bot.facts.humanise import read_date
    from bot.parse import Misread, read_day
    from bot.service import local_today

    today = local_today()
    try:
        day = read_day(read_date(as_of, today) if as_of is not None else None, today)
    except DateError as error:
        refuse(f"--as-of: {error}")
    except Misread as error:
        refuse(str(error))
    snapshot = service.library.snapshot
    if dossier is not None and dossier not in snapshot.dossiers:
        refuse(f"There is no dossier {dossier!r}; here are: {', '.join(sorted(snapshot.dossiers))}.")
    return FactBase(snapshot, snapshot.dossiers if dossier is None else [dossier], day)


@facts_app.command()
def evidence(
    ctx: typer.Context,
    archive: Annotated[Path, typer.Option(metavar="DIR", help="Your own copies of the sources, as text.")],
    dossier: Annotated[str | None, typer.Option(metavar="DOSSIER", help="This dossier only.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="List this source's paragraphs with their hashes.")
    ] = None,
) -> None:
    """Hold every fact to your own copies of the sources, and find sentences copied from them."""
    from bot.archive import Unproven, compare, list_paragraphs

    if not archive.is_dir():
        refuse(f"There is no folder {archive}.")
    try:
        if source is not None:
            sys.stdout.writelines(
                f"{line}\n" for line in list_paragraphs(config_of(ctx).briefings, archive, source)
            )
            return
        report = compare(config_of(ctx).briefings, archive, dossier)
    except Unproven as error:
        fail(str(error))
    sys.stdout.writelines(f"{line}\n" for line in report.lines())
    if not report.proven:
        raise typer.Exit(FAILURE)
