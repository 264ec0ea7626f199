"""`briefing-bot posts`: what is next, under way, done and wrong, from the state alone."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
import typer

from bot.cli.opening import config_of, fail, refuse

if TYPE_CHECKING:
    from bot.posts.follow import Follower
    from bot.posts.reader import Reader
    from bot.posts.when import When

# Every other import stands inside the function that needs it, so that `--help` and `ask` start quickly.
# ruff: noqa: PLC0415

LOOK_SECONDS: Final = 1.0
DEFAULT_SINCE: Final = "7d"

posts_app = typer.Typer()


@posts_app.command()
def posts(
    ctx: typer.Context,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with a line for everything that happens.")
    ] = False,
    form: Annotated[
        Literal["text", "json"],
        typer.Option("--format", help="What to print; with --follow, json is one event a line."),
    ] = "text",
    since: Annotated[
        str, typer.Option(metavar="TIME", help="From when on posts are listed: 7d, 12h, 2026-11-22.")
    ] = DEFAULT_SINCE,
) -> None:
    """Show which posts come next, are under way, arrived or went wrong, and what to do."""
    from bot.posts.follow import Follower
    from bot.posts.reader import Reader, Unreadable
    from bot.posts.report import read_since

    follower = Follower()
    now = time.time()
    try:
        begin = read_since(since, now)
    except ValueError as error:
        refuse(f"--since: {error}")
    try:
        reader = Reader(config_of(ctx).database_url)
    except ValueError as error:
        refuse(str(error))
    try:
        shown = _shown(reader, form, now, begin, follower)
        if not (follow and form == "json"):
            _write(shown)
    except Unreadable as error:
        # Whoever follows may have come before the bot: that is said, and waited for, below.
        if not (follow and error.is_empty):
            fail(str(error))
    if follow:
        _follow(reader, form, follower)


def rules_of(ctx: typer.Context) -> list[tuple[str, When]]:
    """Return the schedules of the state that post, with their ids; that there are none ends the program."""
    from bot.posts.reader import Reader, Unreadable, rules

    try:
        found = Reader(config_of(ctx).database_url).ask(rules)
    except ValueError as error:
        refuse(str(error))
    except Unreadable as error:
        fail(str(error))
    if not found:
        fail('No schedule of this state is active; say when, such as "every weekday 08:30 Europe/Berlin".')
    return found


def _shown(reader: Reader, form: str, now: float, since: float, follower: Follower) -> str:
    from bot.adapters.terminal.app import Screen
    from bot.adapters.terminal.render import render
    from bot.posts.measure import measure
    from bot.posts.reader import overview
    from bot.posts.report import Clock, data, report

    # The follower looks at the same moment: what happens from then on is told by it.
    seen, measured, _ = reader.ask(
        lambda given: (overview(given, now, since), measure(given, now), follower.look(given, now))
    )
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(data(seen, measured, reader.where)), indent=2).decode()
    screen = Screen.of(sys.stdout, os.environ)
    reply = report(seen, measured, reader.where, Clock())
    return "".join(render(reply, width=screen.width, colour=screen.colour).pages)


def _follow(reader: Reader, form: str, follower: Follower) -> None:
    """Print events until stopped. A state that cannot be read is said once, and looked at again."""
    from bot.adapters.texts import inert
    from bot.posts.reader import Unreadable
    from bot.posts.report import Clock, event, event_data

    clock, trouble = Clock(), ""
    while True:
        at = time.time()
        try:
            events = reader.ask(lambda given, at=at: follower.look(given, at))  # type: ignore[misc]
        except Unreadable as error:
            if str(error) != trouble:
                sys.stderr.write(f"{error} It is tried again.\n")
            trouble = str(error)
        else:
            if trouble:
                sys.stderr.write("The state can be read again.\n")
            trouble = ""
            for one in events:
                _write(_json(event_data(one)) if form == "json" else inert(event(one, clock, at)))
        time.sleep(LOOK_SECONDS)


def _json(given: dict[str, Any]) -> str:
    return msgspec.json.encode(given).decode()


def _write(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    sys.stdout.flush()
