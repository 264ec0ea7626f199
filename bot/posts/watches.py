"""What a watch tells."""

from __future__ import annotations

from collections.abc import Sequence

from bot.facts.base import FactBase
from bot.posts.records import Watch
from bot.reply import Reply


def tell(base: FactBase, watch: Watch, events: Sequence[str]) -> Reply | None:
    """Write the post of a watch."""
    return None
