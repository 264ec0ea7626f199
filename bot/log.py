"""Structured logs on standard error, one event a line."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog


def configure(level: str, stream: TextIO) -> None:
    """Log events of this level (`debug` to `error`) and above: words at a terminal, JSON elsewhere.

    At a terminal an exception is only named, unless the level is `debug`.
    """
    terminal = stream.isatty()
    brief = terminal and level != "debug"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_exception if brief else structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False)
            if terminal
            else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )


def _name_exception(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if event.pop("exc_info", None):
        event["error"] = repr(sys.exc_info()[1])
    return event
