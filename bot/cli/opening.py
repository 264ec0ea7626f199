"""What commands of every kind need: the configuration, the service, and how to say that something failed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Never

import msgspec
import typer

if TYPE_CHECKING:
    from bot.config import Config
    from bot.service import Service

# Every other import stands inside the function that needs it, so that `--help` and `ask` start quickly.
# ruff: noqa: PLC0415

USAGE: Final = 2
FAILURE: Final = 1

LogLevel = Literal["debug", "info", "warning", "error"]


class Options(msgspec.Struct):
    """The options before the command."""

    config: Path | None = None
    briefings: Path | None = None
    state: Path | None = None
    log_level: LogLevel | None = None


def config_of(ctx: typer.Context, briefings: Path | None = None) -> Config:
    """Return the configuration with the options before the command; a broken one ends the program."""
    from bot.config import ConfigError, load_config

    given: Options = ctx.obj
    try:
        return load_config(
            given.config, environ=os.environ, briefings=briefings or given.briefings, state=given.state
        )
    except ConfigError as error:
        refuse(str(error))


def service_of(ctx: typer.Context, level: LogLevel = "warning") -> Service:
    """Return what answers, open until the command ends; `level` is what is logged by default."""
    from bot.config import ConfigError
    from bot.log import configure
    from bot.service import NothingToServe, open_service

    config = config_of(ctx)
    configure(ctx.obj.log_level or level)
    try:
        service = open_service(config)
    except NothingToServe as error:
        fail(str(error))
    except ConfigError as error:
        refuse(str(error))
    ctx.call_on_close(service.close)
    return service


def count(number: int, noun: str) -> str:
    """Return a number with its noun: "1 fact", "2,000 facts"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def refuse(sentence: str) -> Never:
    """Say what cannot be done as asked, and exit like any usage error."""
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(USAGE)


def fail(sentence: str) -> Never:
    """Say what went wrong, and exit with status 1."""
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(FAILURE)
