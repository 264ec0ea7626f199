"""Lines that change something: done where the reply is for the asker alone, refused elsewhere."""

from __future__ import annotations

from typing import Final

from bot.reply import Kind, Reply

ONLY_READ: Final = (
    "This command changes something, and this page only answers. Type it in a channel of your chat where "
    "the bot is."
)
NOT_SHARED: Final = "What this command does is told to you alone, so it is not shared. Nothing was changed."
NOT_TURNED: Final = "To see this again, type the command again. Nothing was changed."


def refused(sentence: str) -> Reply:
    """Return the reply to a line that is not acted on here."""
    return Reply(kind=Kind.USAGE, title="Nothing was changed", summary=sentence)
