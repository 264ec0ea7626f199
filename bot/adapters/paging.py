"""Cut a long reply into pages on which every kept statement keeps its citations."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from bot.reply import Degradation, Reply


class Page(msgspec.Struct, frozen=True):
    """One page: `reply` holds this page's blocks and the source lines they cite; `number` counts from 1.

    `cut` is how many statements were left out after the last page that was allowed; 0 on all others.
    """

    reply: Reply
    number: int
    of: int
    cut: int = 0


def paginate(
    reply: Reply, fits: Callable[[Page], bool], most: int | None = None
) -> tuple[list[Page], list[Degradation]]:
    """Split a reply into as few pages as `fits` allows, at most `most`."""
    raise NotImplementedError
