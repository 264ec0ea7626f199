"""What looks at the state asks PostgreSQL the same, and leaves it as it is too."""

from __future__ import annotations

from pathlib import Path

import msgspec
import postgres
import pytest
from posts_state import NOW, Kept, busy
from sqlalchemy import text

from bot.posts.follow import Follower
from bot.posts.measure import Measured, Totals, measure
from bot.posts.reader import Overview, Reader, Unreadable, overview
from bot.posts.records import PostState

pytestmark = pytest.mark.postgresql


def _look(kept: Kept) -> tuple[Overview, Measured]:
    return Reader(kept.url).ask(
        lambda given: (overview(given, NOW, NOW - 604_800), measure(given, NOW, Totals()))
    )


def test_both_databases_tell_the_same(postgresql: postgres.Cluster, tmp_path: Path) -> None:
    kept = busy(tmp_path / "unused.db", postgresql.database())
    try:
        assert _look(kept) == _look(busy(tmp_path / "state.db"))
    finally:
        kept.engine.dispose()


def test_a_database_without_posts_is_said_and_left_empty(postgresql: postgres.Cluster) -> None:
    url = postgresql.database()
    reader = Reader(url)
    with pytest.raises(
        Unreadable, match=r"yet: PostgreSQL at 127\.0\.0\.1, database test_\d+\. Start"
    ) as caught:
        reader.ask(lambda given: given)
    assert caught.value.is_empty


def test_nothing_can_be_written(postgresql: postgres.Cluster, tmp_path: Path) -> None:
    kept = busy(tmp_path / "unused.db", postgresql.database())
    try:
        with pytest.raises(Unreadable, match="cannot execute DELETE in a read-only transaction"):
            Reader(kept.url).ask(lambda given: given.execute(text("DELETE FROM posts_post")))
    finally:
        kept.engine.dispose()


def test_a_follower_tells_what_is_new(postgresql: postgres.Cluster, tmp_path: Path) -> None:
    kept = busy(tmp_path / "unused.db", postgresql.database())
    try:
        follower, reader = Follower(), Reader(kept.url)
        assert reader.ask(lambda given: follower.look(given, NOW)) == []
        kept.post("20", PostState.MISSED, NOW, ended_at=NOW + 1)
        (told,) = reader.ask(lambda given: follower.look(given, NOW + 1))
        assert msgspec.to_builtins(told)["id"] == "schedule:s1:20"
    finally:
        kept.engine.dispose()
