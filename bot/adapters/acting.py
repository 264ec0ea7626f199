"""Lines that change something: done where the reply is for the asker alone, refused elsewhere."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import structlog

from bot.desk import Asker, Desk
from bot.reply import Kind, Reply

ONLY_READ: Final = (
    "This command changes something, and this page only answers. Type it in a channel of your chat where "
    "the bot is."
)
NOT_OPENLY: Final = (
    "What this command does is told to you alone, which an answer to a mention cannot be. Type it as a "
    "command, with a stroke in front, or in a direct message to the bot. Nothing was changed."
)
NOT_SHARED: Final = "What this command does is told to you alone, so it is not shared. Nothing was changed."
NOT_TURNED: Final = "To see this again, type the command again. Nothing was changed."
NOT_SURE: Final = (
    "Something went wrong here, and it is not known whether anything was changed. Look before you try again."
)
REMEMBERED: Final = 10_000

_log = structlog.get_logger(__name__)


def refused(sentence: str) -> Reply:
    """Return the reply to a line that is not acted on here."""
    return Reply(kind=Kind.USAGE, title="Nothing was changed", summary=sentence)


async def act(desk: Desk, line: str, asker: Asker) -> Reply:
    """Return what a desk did, or that it is not known; never raises."""
    try:
        return await desk.act(line, asker)
    except Exception:
        _log.exception("acting failed", command=line.partition(" ")[0][:40])
        return Reply(kind=Kind.FAILURE, title="Not known", summary=NOT_SURE)


class Once:
    """Says of a key whether it is seen for the first time, by this process."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def first(self, key: str) -> bool:
        """Return whether `key` is new, and remember it."""
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True
