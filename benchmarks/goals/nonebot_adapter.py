"""The least that nonebot2 takes for a platform: a line of text as event, and a bot that keeps answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nonebot
from nonebot.adapters import Adapter, Bot, Event, Message, MessageSegment


class Segment(MessageSegment):
    """A piece of text."""

    @classmethod
    def get_message_class(cls) -> Any:
        return Text

    def __str__(self) -> str:
        return str(self.data["text"])

    def is_text(self) -> bool:
        return True


class Text(Message):
    """A message of text alone."""

    @classmethod
    def get_segment_class(cls) -> Any:
        return Segment

    @staticmethod
    def _construct(msg: str) -> Iterable[Segment]:
        yield Segment("text", {"text": msg})


class Line(Event):
    """Somebody wrote a line."""

    line: str

    def get_type(self) -> str:
        return "message"

    def get_event_name(self) -> str:
        return "message"

    def get_event_description(self) -> str:
        return self.line

    def get_user_id(self) -> str:
        return "1"

    def get_session_id(self) -> str:
        return "1"

    def get_message(self) -> Any:
        return Text(self.line)

    def is_tome(self) -> bool:
        return True


class _Adapter(Adapter):
    @classmethod
    def get_name(cls) -> str:
        return "lines"

    async def _call_api(self, bot: Any, api: str, **data: Any) -> None:
        return None


class Stub(Bot):
    """A bot that keeps what it is to send in `sent`."""

    def __init__(self) -> None:
        super().__init__(_Adapter(nonebot.get_driver()), "stub")
        self.sent: list[str] = []

    async def send(self, event: Any, message: Any, **_: Any) -> None:
        self.sent.append(str(message))
