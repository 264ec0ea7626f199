"""Structured logs on standard error, one event a line."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor


def configure(level: str) -> None:
    """Log events of this level (`debug` to `error`) and above: words at a terminal, JSON elsewhere.

    At a terminal an exception is only named, unless the level is `debug`.
    """
    words = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    json: list[Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    named: list[Processor] = [] if level == "debug" else [_name_exception]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([*named, words] if sys.stderr.isatty() else json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        # Looked up at each event: tests and servers put another stream there.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def _name_exception(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if event.pop("exc_info", None):
        event["error"] = repr(sys.exc_info()[1])
    return event
