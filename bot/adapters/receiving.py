"""How aiohttp is run where a platform delivers by HTTP."""

from __future__ import annotations

import logging
from typing import Any, Final

import structlog

_log = structlog.get_logger(__name__)


class _Forward(logging.Filter):
    """Hands what aiohttp logs to our log as one line: what strangers send must not write tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[0] if record.exc_info else None
        _log.warning("request not handled", error=error.__name__ if error else record.levelname)
        return False


_logger: Final = logging.getLogger("bot.receiving")
_logger.setLevel(logging.ERROR)
_logger.addFilter(_Forward())

RUNNER: Final[dict[str, Any]] = {"access_log": None, "auto_decompress": False, "logger": _logger}
"""Arguments of `aiohttp.web.AppRunner`. Signatures are over the bytes as they came, so none are unpacked."""
