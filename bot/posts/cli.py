"""`briefing-bot schedules …`: what rules will do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, Never

import typer

if TYPE_CHECKING:
    from bot.posts.when import When

# Every other import stands inside the command that needs it, so that the command line starts quickly.
# ruff: noqa: PLC0415

FAILURE: Final = 1
USAGE: Final = 2
MOST: Final = 100_000
"""Slots that are printed."""

YEARS: Final = range(1900, 2101)
"""Years of a period: before them clocks followed the sun, and no rule of today holds after them."""


def schedules_app(
    every: Callable[[typer.Context], Iterable[tuple[str, When]]],
) -> typer.Typer:
    """Return the sub-commands; `every` gives all schedules with their names, or ends the program."""
    app = typer.Typer(help="Scheduled posts.", no_args_is_help=True, rich_markup_mode=None)

    @app.command()
    def simulate(
        ctx: typer.Context,
        first: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, as in 2026-03-01.")],
        last: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day.")],
        when: Annotated[
            list[str] | None,
            typer.Argument(
                metavar="[WHEN]",
                help='Such as "every weekday 08:30 Europe/Berlin"; left out: each active schedule.',
            ),
        ] = None,
        zone: Annotated[
            str, typer.Option("--zone", metavar="ZONE", help="The time zone of a rule that names none.")
        ] = "",
    ) -> None:
        """Print every slot in a period: local time, UTC, and what daylight saving did to it."""
        from bot.posts.simulate import simulate as lines_of

        begin, end = _day("--from", first), _day("--to", last)
        if end < begin:
            _stop(f"--to {end} is before --from {begin}: swap them.", USAGE)
        if when:
            rules: Iterable[tuple[str, When]] = [("", _rule(" ".join(when), zone))]
        elif zone:
            _stop("--zone goes with a rule; each schedule has a zone of its own.", USAGE)
        else:
            rules = every(ctx)
        for number, line in enumerate(lines_of(rules, begin, end)):
            if number == MOST:
                _stop(
                    f"There are more than {MOST:,} slots; the first {MOST:,} are shown. Shorten the period.",
                    FAILURE,
                )
            sys.stdout.write(f"{line}\n")

    return app


def _rule(words: str, zone: str) -> When:
    from bot.posts.when import WhenError, read_when
    from bot.posts.zones import known_zone

    try:
        return read_when(words, known_zone(zone) if zone else "")
    except WhenError as error:
        _stop(str(error), USAGE)


def _day(option: str, written: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        _stop(f"{option}: {written[:40]!r} is no day; write it as in 2026-03-01.", USAGE)
    if day.year not in YEARS:
        _stop(f"{option}: {day} is out of range; write a day from {YEARS[0]} to {YEARS[-1]}.", USAGE)
    return day


def _stop(sentence: str, status: int) -> Never:
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(status)
