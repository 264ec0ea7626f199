from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from posts_state import FERRY, HARBOUR, NOW, Kept, busy
from sqlalchemy import create_engine, insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from bot.posts import tables
from bot.posts.follow import AT_ONCE, Follower
from bot.posts.ledger import _row
from bot.posts.measure import SETTLED_SECONDS
from bot.posts.reader import Closed, Notice, PostView
from bot.posts.records import Post, PostState


def _look(follower: Follower, kept: Kept, at: float = NOW) -> list[str]:
    with kept.begin() as connection:
        return [_name(one) for one in follower.look(connection, at)]


def _name(one: PostView | Closed | Notice) -> str:
    match one:
        case PostView():
            return f"{one.state.value} {one.id.rpartition(':')[2]}"
        case Closed():
            return f"closed {one.place}"
        case Notice():
            return one.text


def test_each_thing_is_told_once(tmp_path: Path) -> None:
    kept = busy(tmp_path / "state.db")
    follower = Follower()
    assert _look(follower, kept) == []
    going = kept.post("20", PostState.WAITING, NOW)
    assert _look(follower, kept) == []
    kept.retry(going, "Slack answered with status 503.")
    kept.note("A post is failed.", NOW, post="schedule:s1:5")
    kept.note("A declared schedule is wrong.", NOW)
    kept.close_place(HARBOUR, "It is archived.")
    assert _look(follower, kept) == ["retrying 20", "closed slack:T1:C1", "A declared schedule is wrong."]
    assert _look(follower, kept) == []
    kept.retry(going, "Slack answered with status 500.")
    assert _look(follower, kept) == ["retrying 20"]
    kept.end(going, PostState.POSTED, NOW + 1)
    kept.post("21", PostState.MISSED, NOW, ended_at=NOW + 0.5)
    assert _look(follower, kept, NOW + 2) == ["missed 21", "posted 20"]
    assert _look(follower, kept, NOW + 9_000) == []


def test_what_is_committed_after_what_ended_later_is_told(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    follower = Follower()
    _look(follower, kept)
    kept.post("1", PostState.POSTED, NOW, ended_at=NOW + 100)
    assert _look(follower, kept, NOW + 100) == ["posted 1"]
    kept.post("2", PostState.POSTED, NOW, ended_at=NOW + 80)
    assert _look(follower, kept, NOW + 101) == ["posted 2"]


def test_a_place_that_closes_again_is_told_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    follower = Follower()
    _look(follower, kept)
    kept.close_place(FERRY, "Gone.", NOW)
    assert _look(follower, kept) == ["closed discord:7:8"]
    with kept.begin() as connection:
        connection.execute(tables.closed.delete())
    assert _look(follower, kept) == []
    kept.close_place(FERRY, "Gone.", NOW + 60)
    assert _look(follower, kept) == ["closed discord:7:8"]


def test_many_at_once_are_all_told(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    follower = Follower()
    _look(follower, kept)
    posts = (
        Post(id=f"p:{number}", place=HARBOUR, slot=NOW, state=PostState.POSTED, ended_at=NOW + number / 100)
        for number in range(2 * AT_ONCE + 1)
    )
    with kept.begin() as connection:
        connection.execute(insert(tables.post), [_row(one) for one in posts])
    told = _look(follower, kept)
    assert told == [f"posted {number}" for number in range(2 * AT_ONCE + 1)]
    assert _look(follower, kept) == []


def test_a_look_that_failed_is_made_up_for(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    follower = Follower()
    _look(follower, kept)
    kept.post("1", PostState.POSTED, NOW, ended_at=NOW + 1)
    with kept.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE posts_notice RENAME TO gone")
    with pytest.raises(SQLAlchemyError):
        _look(follower, kept)
    with kept.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO posts_notice")
    # However long that took.
    assert _look(follower, kept, NOW + 90_000) == ["posted 1"]


ENDS = st.lists(st.floats(0, SETTLED_SECONDS - 1), max_size=4)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(ENDS, st.floats(0, 50_000)), max_size=8))
def test_nothing_is_told_twice_or_never(steps: list[tuple[list[float], float]]) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    tables.metadata.create_all(engine)
    follower, now, number, told = Follower(), NOW, 0, []
    with engine.begin() as connection:
        follower.look(connection, now)
        for ends, step in steps:
            now += step
            for ago in ends:
                number += 1
                # Nothing is recorded as ended before the first look.
                ended = max(NOW, now - ago)
                post = Post(
                    id=f"p:{number}", place=HARBOUR, slot=ended, state=PostState.FAILED, ended_at=ended
                )
                connection.execute(insert(tables.post).values(_row(post)))
            told += [_name(one) for one in follower.look(connection, now)]
    engine.dispose()
    assert sorted(told) == sorted(f"failed {one}" for one in range(1, number + 1))
