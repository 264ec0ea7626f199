from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from posts_state import NOW, Kept, busy

from bot.posts.health import Connection
from bot.posts.operations import Operations, PostRoom
from bot.posts.room import Room as RealRoom


class Room(SimpleNamespace):
    """What is looked at of a :class:`bot.posts.room.Room`."""

    def __init__(self, **changes: Any) -> None:
        delivery = SimpleNamespace(broken_since=None)
        super().__init__(
            **{"engine": object(), "broken": "", "standing_by": "", "delivery": delivery} | changes
        )


def _is_looked_at(room: RealRoom) -> PostRoom:
    """Nothing at run time: the type check says whether the room has what is looked at."""
    return room


def _library() -> Any:
    return SimpleNamespace(snapshot=SimpleNamespace(id="a1b2"), notice="", reloaded_at=NOW - 60)


@pytest.fixture
async def made() -> AsyncIterator[list[Operations]]:
    some: list[Operations] = []
    yield some
    for one in some:
        one.close()


def _operations(made: list[Operations], **arguments: Any) -> Operations:
    made.append(Operations(_library(), now=lambda: NOW, **arguments))
    return made[-1]


async def test_a_playground_is_ready(made: list[Operations]) -> None:
    operations = _operations(made)
    assert await operations.ready() == (
        True,
        {
            "ready": True,
            "reasons": (),
            "warnings": (),
            "standing_by": "",
            "snapshot": "a1b2",
            "at": "2026-11-29T00:00:00Z",
        },
    )
    body, media_type = await operations.metrics()
    assert b"\nbriefing_bot_ready 1.0\n" in body
    assert media_type.startswith("text/plain; version=")


async def test_one_that_posts_is_ready(made: list[Operations], tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    operations = _operations(
        made, url=kept.url, room=Room(), chats=lambda: [Connection(platform="slack", heard=NOW)]
    )
    assert (await operations.ready())[0]
    body, _ = await operations.metrics()
    assert b"\nbriefing_bot_overdue_slots 0.0\n" in body


async def test_overdue_slots_and_a_lost_chat_are_red(made: list[Operations], tmp_path: Path) -> None:
    kept = busy(tmp_path / "state.db")
    lost = Connection(platform="slack", trouble="There is no connection.")
    is_ready, why = await _operations(made, url=kept.url, room=Room(), chats=lambda: [lost]).ready()
    assert not is_ready
    reasons: Any = why["reasons"]
    assert [one.split(":")[0] for one in reasons] == [
        "slack",
        "1 slot is overdue",
        "1 post is beyond the time for trying",
    ]


@pytest.mark.parametrize(
    ("room", "is_ready"),
    [
        (Room(broken="disk I/O error"), False),
        (Room(delivery=SimpleNamespace(broken_since=NOW)), False),
        (Room(engine=None), False),
        (Room(engine=None, standing_by="process 12 on quay"), True),
    ],
)
async def test_the_room_is_looked_at(
    made: list[Operations], tmp_path: Path, room: Room, *, is_ready: bool
) -> None:
    operations = _operations(made, url=Kept(tmp_path / "state.db").url, room=room)
    assert (await operations.ready())[0] is is_ready


async def test_a_state_that_goes_is_red_and_back_is_green(made: list[Operations], tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    operations = _operations(made, url=kept.url, room=Room())
    kept.path.rename(tmp_path / "away")
    is_ready, why = await operations.ready()
    assert not is_ready
    assert "Nothing has been posted or scheduled with this state yet" in str(why["reasons"])
    assert b"\nbriefing_bot_state_readable 0.0\n" in (await operations.metrics())[0]
    assert not kept.path.exists()
    (tmp_path / "away").rename(kept.path)
    assert (await operations.ready())[0]
    assert b"\nbriefing_bot_state_readable 1.0\n" in (await operations.metrics())[0]


async def test_a_mistake_of_ours_is_a_sentence_and_not_silence(
    made: list[Operations], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bot.posts.operations.measure", broken)
    is_ready, why = await _operations(made, url=Kept(tmp_path / "state.db").url, room=Room()).ready()
    assert not is_ready
    assert why["reasons"] == ("The state could not be measured (ZeroDivisionError); the log says more.",)
