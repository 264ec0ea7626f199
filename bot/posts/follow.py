"""What has happened since the last look at the state, each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, select

from bot.posts import tables
from bot.posts.measure import SETTLED_SECONDS
from bot.posts.reader import (
    LISTED,
    Closed,
    Notice,
    P,
    PostView,
    closed_places,
    notices_after,
    posts,
    read_view,
)
from bot.posts.records import PostState

Event = PostView | Closed | Notice

AT_ONCE: Final = 500
"""Ids in one statement."""


class Follower:
    """Tells what is new at each `look`: ends of posts, tries that failed, closed places, notices.

    The first look, at an instant, tells nothing: what was before is no news. A look that fails changes
    nothing, so that the next one tells what it would have told.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._ended: set[str] = set()
        self._retried: dict[str, str] = {}
        self._closed: dict[str, float] = {}
        self._notice = 0

    def look(self, connection: Connection, at: float) -> list[Event]:
        """Return what is new, in the order in which it happened as far as that is known."""
        is_first = self._since is None
        since = at - SETTLED_SECONDS if self._since is None else self._since
        ended = dict(_ends(connection, since))
        new = [one for one in ended if one not in self._ended]
        retrying = posts().where(P.state == PostState.RETRYING.value).order_by(P.slot).limit(LISTED)
        tried = [read_view(row) for row in connection.execute(retrying)]
        closed = closed_places(connection)
        notices = _notices(connection, None if is_first else self._notice)
        events: list[Event] = []
        if not is_first:
            events += _views(connection, new)
            events += [one for one in tried if self._retried.get(one.id) != one.reason]
            events += [one for one in closed if self._closed.get(one.place) != one.at]
            # A notice on a post repeats what its end says.
            events += [one for one in notices if not one.post]
        # What ends at the same time is not always committed in that order: look back a little, each time.
        self._since = max(since, max(ended.values(), default=since) - SETTLED_SECONDS)
        self._ended = {one for one, when in ended.items() if when >= self._since}
        self._retried = {one.id: one.reason for one in tried}
        self._closed = {one.place: one.at for one in closed}
        self._notice = max((one.n for one in notices), default=self._notice)
        return events


def _ends(connection: Connection, since: float) -> list[tuple[str, float]]:
    query = select(P.id, P.ended_at).where(P.ended_at >= since).order_by(P.ended_at, P.id)
    return [(row.id, row.ended_at) for row in connection.execute(query)]


def _views(connection: Connection, ids: Sequence[str]) -> list[PostView]:
    found: list[PostView] = []
    for start in range(0, len(ids), AT_ONCE):
        query = posts().where(P.id.in_(ids[start : start + AT_ONCE])).order_by(P.ended_at, P.id)
        found += [read_view(row) for row in connection.execute(query)]
    return found


def _notices(connection: Connection, n: int | None) -> tuple[Notice, ...]:
    if n is None:
        n = (connection.scalar(select(func.max(tables.notice.c.n))) or 1) - 1
    return notices_after(connection, n)
