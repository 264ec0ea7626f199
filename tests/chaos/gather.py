"""From a storm that is over to its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.posts import tables
from bot.posts.records import Post
from chaos import worker
from chaos.evidence import Evidence, Message

if TYPE_CHECKING:
    from chaos.storm import Storm

CALLS = 4
"""Calls that may follow on each other before a page is taken: libraries try again where a rate is limited."""


async def evidence(storm: Storm) -> Evidence:
    """Read the record, and what the chats have accepted."""
    store, ledger = storm.store, storm.ledger
    async with store.reading() as connection:
        ids = list((await connection.scalars(select(tables.post.c.id))).all())
    posts: list[Post] = []
    for one in ids:
        post = await ledger.post(one)
        assert post is not None
        posts.append(post)
    messages = [
        Message(
            at=one.at,
            platform=platform,
            channel=one.channel,
            message=one.message,
            key=one.key,
            page=one.page,
            thread=one.thread,
        )
        for platform, chat in (("slack", storm.slack.ledger), ("discord", storm.discord.ledger))
        for one in chat.accepted
        if not one.edit
    ]
    in_flight = CALLS * worker.CALL_SECONDS + worker.LATE_MOST + storm.weather.standstill
    return Evidence(
        schedules=storm.planned,
        spans=storm.spans,
        asked=storm.asked,
        posts=posts,
        messages=messages,
        in_flight=in_flight,
        refusing=sorted({one.place.key for one in storm.planned if storm.refuses(one.place)}),
    )
