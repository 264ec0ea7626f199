"""The record of every post: written before anything is sent, and when its outcome is known."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Row, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.posting import Page, Place, Reference
from bot.posts import tables
from bot.posts.records import ENDED, Content, Post, PostState, Schedule, ScheduleState, Watch
from bot.posts.rows import place_row, read_place
from bot.posts.store import Store

Enqueue = Callable[[AsyncConnection, Post], Awaitable[None]]
"""Puts a post into the queue, in the transaction that records it."""

NOTICE: Final = "notice:"
"""What the ids of posts to the operator begin with."""

CLOSED: Final = "No more posts go there until somebody resumes or adds a schedule or a watch there."
NOTICES_A_MINUTE: Final = 5
PAGES_SECONDS: Final = 90 * 86_400.0
"""How long the pages of a post are kept, to be marked where it is corrected."""

KEPT_SECONDS: Final = 400 * 86_400.0
EMPTY: Final = b"[]"
GOING_ON: Final = tuple(one.value for one in PostState if one not in ENDED)
P = tables.post.c


class Overtaken(Exception):
    """Another process has gone on with a post meanwhile: what it recorded holds."""


class Stated(msgspec.Struct, frozen=True):
    """What a place was told of a fact: by which post, when (seconds since 1970), in which words."""

    post: str
    at: float
    words: str


class Past(msgspec.Struct, frozen=True):
    """What came before a post.

    `told` is what its place was told and not yet corrected, by fact (`dossier:id`); `last` the last post of
    its schedule that stands in the chat, and what that told; `missed` the schedule's slots between the two
    that did not come to stand, the earliest first.
    """

    told: dict[str, Stated]
    last: tuple[Post, Content] | None = None
    missed: tuple[Post, ...] = ()


# What every delivery asks is put into words once.
_POST: Final = select(tables.post).where(P.id == bindparam("id"))
_STATED: Final = select(tables.stated).where(tables.stated.c.place == bindparam("place"))
_OWN: Final = (
    select(tables.schedule.c.state).where(tables.schedule.c.id == bindparam("schedule")).with_for_update()
)
_LAST: Final = (
    select(tables.post)
    .where(P.schedule == bindparam("schedule"), P.state == PostState.POSTED.value)
    .order_by(P.ended_at.desc())
    .limit(1)
)
_MISSED: Final = (
    select(tables.post)
    .where(
        P.schedule == bindparam("schedule"),
        P.state.in_((PostState.MISSED.value, PostState.FAILED.value, PostState.UNKNOWN.value)),
        ~P.id.startswith("now:"),
        P.slot > bindparam("since"),
        P.slot < bindparam("before"),
    )
    .order_by(P.slot.desc())
    .limit(1_000)
)


class Ledger:
    """Reads and writes posts. `now` is in seconds since 1970; `operator` is where notices are posted too.

    Every method that changes something is one transaction; it raises SQLAlchemyError or OSError where the
    database cannot be written, and then nothing has changed.
    """

    def __init__(self, store: Store, now: Callable[[], float], operator: Place | None = None) -> None:
        self.store = store
        self._now = now
        self._operator = operator
        self.enqueue: Enqueue = _no_queue

    # --- reading ---------------------------------------------------------------------------------------

    async def post(self, post_id: str) -> Post | None:
        """Return the post of that id."""
        async with self.store.reading() as connection:
            row = (await connection.execute(_POST, {"id": post_id})).first()
        return _read(row) if row else None

    async def history(self, schedule_id: str, limit: int = 20) -> list[Post]:
        """Return the posts of a schedule, the latest first."""
        return await self._posts(P.schedule == schedule_id, limit=limit)

    async def under_way(self, schedule_id: str) -> list[Post]:
        """Return the posts of a schedule that may still arrive, whatever becomes of the schedule.

        Their sending has begun, or a part of them stands, or somebody asked for them.
        """
        begun = or_(
            P.state == PostState.SENDING.value,
            and_(P.state == PostState.RETRYING.value, P.reference.is_not(None)),
            and_(P.state.in_(GOING_ON), P.id.startswith("now:")),
        )
        return await self._posts(P.schedule == schedule_id, begun)

    async def going_on(self, limit: int = 100) -> list[Post]:
        """Return posts that have not ended, the longest due first."""
        query = select(tables.post).where(P.state.in_(GOING_ON)).order_by(P.slot).limit(limit)
        async with self.store.reading() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def past(self, post: Post, schedule: Schedule | None) -> Past:
        """Return what came before a post: in its place, and of its schedule where it has one."""
        async with self.store.reading() as connection:
            rows = await connection.execute(_STATED, {"place": post.place.key})
            told = {row.fact: Stated(row.post, row.at, row.words) for row in rows}
            if schedule is None:
                return Past(told)
            row = (await connection.execute(_LAST, {"schedule": schedule.id})).first()
            last = (_read(row), read_content(row.content)) if row else None
            since = last[0].slot if last else schedule.made_at
            given = {"schedule": schedule.id, "since": since, "before": post.slot}
            missed = [_read(row) for row in await connection.execute(_MISSED, given)]
        return Past(told, last, tuple(reversed(missed)))

    async def stated(self, place: str) -> dict[str, Stated]:
        """Return what a place was told and not yet corrected, by fact (`dossier:id`)."""
        async with self.store.reading() as connection:
            rows = await connection.execute(_STATED, {"place": place})
            return {row.fact: Stated(row.post, row.at, row.words) for row in rows}

    async def events(self, post_id: str) -> list[str]:
        """Return the ids of the events that a watch's post tells."""
        query = select(tables.told.c.event).where(tables.told.c.post == post_id)
        async with self.store.reading() as connection:
            return list((await connection.scalars(query.order_by(tables.told.c.event))).all())

    async def _posts(self, *conditions: Any, limit: int = 1_000) -> list[Post]:
        query = select(tables.post).where(*conditions).order_by(P.slot.desc()).limit(limit)
        async with self.store.reading() as connection:
            return [_read(row) for row in await connection.execute(query)]

    # --- new posts -------------------------------------------------------------------------------------

    async def put(self, connection: AsyncConnection, post: Post) -> bool:
        """Record a new post, and enqueue it unless it has ended; say whether it was new."""
        if not await self.store.insert_new(connection, tables.post, _row(post)):
            return False
        if post.state not in ENDED:
            await self.enqueue(connection, post)
        return True

    async def post_now(self, schedule: Schedule) -> Post:
        """Record and enqueue a post of a schedule beside its slots; where one is on its way, return that."""
        now = self._now()
        post = Post(id=f"now:{schedule.id}:{now:.3f}", schedule=schedule.id, place=schedule.place, slot=now)
        mine = (P.schedule == schedule.id, P.id.startswith("now:"), P.state.in_(GOING_ON))
        async with self.store.begin() as connection:
            # A button that is pressed twice, also at two processes, comes here one after the other.
            await connection.execute(_OWN, {"schedule": schedule.id})
            going = (await connection.execute(select(tables.post).where(*mine).limit(1))).first()
            if going:
                return _read(going)
            await self.put(connection, post)
        return post

    async def add_watch_post(self, watch: Watch, events: Sequence[str], at: float) -> Post | None:
        """Record and enqueue a post that tells events; None where another process tells one of them."""
        digest = hashlib.sha256("\n".join(sorted(events)).encode()).hexdigest()[:16]
        post = Post(id=f"watch:{watch.id}:{digest}:{at:.0f}", watch=watch.id, place=watch.place, slot=at)
        rows = [{"watch": watch.id, "event": one, "post": post.id} for one in events]
        try:
            async with self.store.begin() as connection:
                await connection.execute(insert(tables.told), rows)
                await self.put(connection, post)
        except IntegrityError:
            return None
        return post

    async def notify(self, text: str, post: Post) -> None:
        """Keep a notice about a post for the operator, and post it where the operator reads."""
        async with self.store.begin() as connection:
            await self._notify(connection, text, post)

    async def _notify(self, connection: AsyncConnection, text: str, post: Post) -> None:
        now = self._now()
        row = {"at": now, "place": post.place.key, "post": post.id, "text": text}
        lately = select(func.count()).where(tables.notice.c.at > now - 60)
        many = (await connection.scalar(lately) or 0) >= NOTICES_A_MINUTE
        number = await connection.scalar(insert(tables.notice).values(row).returning(tables.notice.c.n))
        # A notice that cannot be posted is on record; another one about it could not be posted either. And
        # where much goes wrong at once, `briefing-bot posts` shows it better than a channel.
        if self._operator is not None and not many and not post.id.startswith(NOTICE):
            await self.put(connection, Post(id=f"{NOTICE}{number}", place=self._operator, slot=now))

    async def notice(self, post_id: str) -> str | None:
        """Return the text of the notice that a post tells the operator, or None."""
        query = select(tables.notice.c.text).where(tables.notice.c.n == int(post_id.removeprefix(NOTICE)))
        async with self.store.reading() as connection:
            found = await connection.scalar(query)
        return None if found is None else str(found)

    # --- what becomes of them --------------------------------------------------------------------------

    async def intend(self, post: Post, pages: Sequence[Page], content: Content) -> Post | None:
        """Record that a post is going to be sent; None where it must not be any more.

        The schedule is looked at in the same transaction: once it is paused or removed, nothing new is sent.
        """
        now = self._now()
        changed = msgspec.structs.replace(
            post,
            state=PostState.SENDING,
            pages=tuple(pages),
            content=encode(content),
            attempts=post.attempts + 1,
            intent_at=now if post.intent_at is None else post.intent_at,
            uncertain=True,
        )
        async with self.store.begin() as connection:
            if not post.reference and not await self._may_go(connection, post):
                return None
            mine = (P.id == post.id, P.state.in_(GOING_ON), P.attempts == post.attempts, ~P.uncertain)
            written = await connection.execute(update(tables.post).where(*mine).values(_row(changed)))
            return changed if written.rowcount else None

    async def _may_go(self, connection: AsyncConnection, post: Post) -> bool:
        if not post.schedule:
            found = select(tables.watch.c.id).where(tables.watch.c.id == post.watch)
            return not post.watch or await connection.scalar(found) is not None
        state = await connection.scalar(_OWN, {"schedule": post.schedule})
        asked = post.id.startswith("now:")
        return state == ScheduleState.ACTIVE.value or (asked and state == ScheduleState.PAUSED.value)

    async def known(self, post: Post, reference: Reference | None, reason: str) -> Post:
        """Record what certainly stands after a try that did not succeed whole."""
        changed = msgspec.structs.replace(
            post, state=PostState.RETRYING, reference=reference, uncertain=False, reason=reason
        )
        async with self.store.begin() as connection:
            await self._write(connection, changed)
        return changed

    async def posted(self, post: Post, reference: Reference) -> None:
        """Record that a post stands in the chat, what the place was told by it, and what it corrects."""
        now = self._now()
        content = read_content(post.content)
        ended = msgspec.structs.replace(
            post, state=PostState.POSTED, reference=reference, uncertain=False, reason="", ended_at=now
        )
        place = post.place.key
        gone = {*content.facts, *content.corrects}
        rows = [
            {"place": place, "fact": fact, "post": post.id, "words": words, "at": now}
            for fact, words in content.facts.items()
        ]
        marks = [{"post": corrected, "by": post.id} for corrected in dict.fromkeys(content.corrects.values())]
        async with self.store.begin() as connection:
            await self._write(connection, ended)
            if post.schedule:
                last = update(tables.schedule).where(tables.schedule.c.id == post.schedule)
                await connection.execute(last.values(last_at=now))
            stated = tables.stated
            for some in _parts(sorted(gone)):
                old = delete(stated).where(stated.c.place == place, stated.c.fact.in_(some))
                await connection.execute(old)
            if rows:
                await connection.execute(insert(stated), rows)
            if marks:
                await connection.execute(self.store.insert(tables.mark, marks).on_conflict_do_nothing())

    async def end(
        self, post: Post, state: PostState, reason: str, *, notice: bool = False, closes: bool = False
    ) -> bool:
        """Record how a post ended otherwise. What a watch did not tell is told another time.

        With `notice` the operator is told; with `closes` its place takes no more posts, and whether that is
        news is returned.
        """
        ended = msgspec.structs.replace(
            post, state=state, reason=reason, uncertain=state is PostState.UNKNOWN, ended_at=self._now()
        )
        row = {"place": post.place.key, "reason": reason, "at": self._now()}
        async with self.store.begin() as connection:
            await self._write(connection, ended)
            if post.watch and state is not PostState.UNKNOWN:
                await connection.execute(delete(tables.told).where(tables.told.c.post == post.id))
            closed = closes and await self.store.insert_new(connection, tables.closed, row)
            if notice:
                more = (
                    " No more posts go there until somebody resumes or adds a schedule or a watch there."
                    if closed
                    else ""
                )
                name = f"The post {post.id} to {post.place.key} is {state.value}."
                await self._notify(connection, f"{name} {reason}{more}", post)
        return closed

    async def marks(self, place: str) -> list[tuple[Post, Post]]:
        """Return (a post that was corrected and is not marked yet, the post that corrects it) of a place."""
        query = select(tables.mark).where(
            tables.mark.c.post.in_(select(P.id).where(P.place == place)),
        )
        async with self.store.reading() as connection:
            rows = (await connection.execute(query)).all()
        pairs = [(await self.post(row.post), await self.post(row.by)) for row in rows]
        return [(one, by) for one, by in pairs if one and by]

    async def marked(self, post_id: str) -> None:
        """Record that a corrected post is marked, or cannot be."""
        async with self.store.begin() as connection:
            await connection.execute(delete(tables.mark).where(tables.mark.c.post == post_id))

    async def _write(self, connection: AsyncConnection, post: Post) -> None:
        mine = (P.id == post.id, P.state.in_(GOING_ON), P.attempts == post.attempts)
        if not (await connection.execute(update(tables.post).where(*mine).values(_row(post)))).rowcount:
            raise Overtaken(post.id)

    async def prune(self) -> None:
        """Forget the pages of old posts, and at last the posts, except the latest of each schedule."""
        now = self._now()
        old = (P.ended_at < now - PAGES_SECONDS, P.pages != EMPTY)
        posted = (P.schedule != "", P.state == PostState.POSTED.value)
        latest = select(func.max(P.ended_at)).where(*posted).group_by(P.schedule)
        async with self.store.begin() as connection:
            await connection.execute(update(tables.post).where(*old).values(pages=EMPTY))
            gone = (P.ended_at < now - KEPT_SECONDS, P.ended_at.not_in(latest))
            await connection.execute(delete(tables.post).where(*gone))
            for table in (tables.notice, tables.audit):
                await connection.execute(delete(table).where(table.c.at < now - KEPT_SECONDS))


def _parts(values: Sequence[str], size: int = 500) -> Iterable[Sequence[str]]:
    """Cut a list into parts that fit one statement."""
    return (values[start : start + size] for start in range(0, len(values), size))


async def _no_queue(connection: AsyncConnection, post: Post) -> None:
    raise RuntimeError("Posts are not being delivered by this process.")


def encode(content: Content) -> bytes:
    """Return what a post told, as it is kept."""
    return msgspec.json.encode(content)


def read_content(data: bytes) -> Content:
    """Return what a post told; nothing where it was not kept."""
    return msgspec.json.decode(data, type=Content) if data else Content()


_PLAIN: Final = (
    "id",
    "schedule",
    "watch",
    "slot",
    "last_slot",
    "count",
    "reason",
    "content",
    "attempts",
    "intent_at",
    "uncertain",
    "ended_at",
)


def _row(post: Post) -> dict[str, Any]:
    return (
        {name: getattr(post, name) for name in _PLAIN}
        | {"state": post.state.value, "pages": msgspec.json.encode(post.pages)}
        | {"reference": msgspec.json.encode(post.reference) if post.reference else None}
        | place_row(post.place)
    )


def _read(row: Row[Any]) -> Post:
    return Post(
        place=read_place(row),
        state=PostState(row.state),
        pages=msgspec.json.decode(row.pages, type=tuple[Page, ...]),
        reference=msgspec.json.decode(row.reference, type=Reference) if row.reference else None,
        **{name: getattr(row, name) for name in _PLAIN},
    )
