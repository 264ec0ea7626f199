from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.discord.chat import Chat
from bot.adapters.discord.watchdog import ShardHealth
from bot.adapters.slack.run import Running
from bot.connections import connection

LOST = "There is no connection at the moment"


def _slack(**health: Any) -> Running:
    posting: Any = None
    answering: Any = SimpleNamespace(heard=5.0)
    return Running(posting, answering, lambda: health, "https://quay.slack.com/")


def _discord(*connected: bool) -> Chat:
    chat = Chat()
    watchdog: Any = SimpleNamespace(
        health=lambda: [ShardHealth(number, one, None) for number, one in enumerate(connected)]
    )
    chat.watchdog = watchdog
    return chat


@pytest.mark.parametrize(
    ("served", "http", "trouble"),
    [
        (_slack(mode="socket", connected=True), False, ""),
        (_slack(mode="socket", connected=False), False, LOST),
        (_slack(mode="http"), True, ""),
        (_discord(True), False, ""),
        (_discord(False), False, LOST),
        (_discord(), False, LOST),
        (Chat(), False, LOST),
        (_discord(True, False, False), False, "2 of 3 shards are not connected."),
        (_discord(), True, ""),
        (Chat(), True, ""),
    ],
)
def test_a_chat_says_whether_it_is_connected(served: object, trouble: str, *, http: bool) -> None:
    found = connection(served, http=http)
    assert found is not None
    assert found.platform == ("slack" if isinstance(served, Running) else "discord")
    assert found.trouble.startswith(trouble)
    assert bool(found.trouble) == bool(trouble)
    if isinstance(served, Running):
        assert found.heard == 5.0


def test_what_is_no_chat_has_no_connection() -> None:
    assert connection("somewhere") is None
