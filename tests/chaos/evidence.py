"""What a storm leaves behind: what was asked for, what was recorded, and what the chats really accepted."""

from __future__ import annotations

import msgspec

from bot.posting import Place
from bot.posts.records import Post
from bot.posts.when import When


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule: where and when it posts."""

    id: str
    place: Place
    when: When


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which a schedule was active.

    `first` is its first slot; `end` the slot that was next when it was paused or removed, which was not
    planned any more. At `paused_at` that was committed, and before `resumed_at` it was not undone (None:
    never). All in seconds since 1970. What was asked for beside the slots may still come after a pause, but
    not after a removal.
    """

    schedule: str
    first: float
    end: float
    paused_at: float
    resumed_at: float | None = None
    is_removal: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a chat accepted: when, by which key and page, where, in reply to which."""

    at: float
    platform: str
    channel: str
    message: str
    key: str
    page: int = 1
    thread: str = ""


class Evidence(msgspec.Struct, kw_only=True):
    """All of it. `asked` are ids of posts beside the schedules' slots.

    `in_flight` is for how many seconds a post may still come to stand after its sending began. In the places
    `unreadable` it cannot be found out what became of a post; `refusing` take none.
    """

    schedules: list[Planned]
    spans: list[Span]
    asked: list[str] = []
    posts: list[Post]
    messages: list[Message]
    in_flight: float
    unreadable: list[str] = []
    refusing: list[str] = []


class Finding(msgspec.Struct, frozen=True):
    """What is wrong with one post or slot; `kind` is lost, doubled, after pause, or untrue."""

    kind: str
    subject: str
    sentence: str
