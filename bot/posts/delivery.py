"""One post on its way to a chat: exactly once, or on record as missed, refused or unknown.

Before anything is sent, the intent is on record; a try that is not known to have failed is looked for in the
chat before another one. Carrying out the same post again, after a crash or by another process, therefore
goes on where it was left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, Protocol

import msgspec
import structlog

from bot.posting import Chat, Outcome, Page, Person, Place, PostError, Reference, Scope
from bot.posts.compose import CannotTell, Composed
from bot.posts.ledger import Ledger, Overtaken, read_content
from bot.posts.planner import MISSED
from bot.posts.records import ENDED, Content, Post, PostState, Schedule, ScheduleState
from bot.posts.store import STORAGE_FAILURES, why

SETTLE_SECONDS: Final = 30.0
"""How long a chat may still take up a request whose answer was lost; what is not found then is not there."""

BACKOFF_LEAST: Final = 2.0
BACKOFF_MOST: Final = 300.0
RETRY_AFTER_MOST: Final = 3_600.0
"""The longest pause that a platform is believed to want, in seconds."""

AGAIN_SECONDS: Final = 2.0
SEND_SHARE: Final = 0.8
"""How much of that time one try may take, all its pages together."""

GRACE_BESIDE_SLOTS: Final = 3_600.0
"""For how long a post of a watch, or one asked for, is tried: others wait behind it."""

WHOLE_SECONDS: Final = 2 * 3_600.0
"""For how long a post of which some pages stand is tried to be made whole."""

LOOK_SECONDS: Final = 24 * 3_600.0
"""For how long a chat that cannot be asked is asked what became of a post."""

log = structlog.get_logger(__name__)


class Write(Protocol):
    """Writes the text of a post, as of now."""

    async def __call__(self, post: Post, schedule: Schedule | None) -> Composed | None:
        """Return what the post says, or None where there is nothing left to say.

        Raises:
            CannotTell: the line of its schedule is not understood any more.
        """


class Delivery:
    """Delivers posts. Nothing that a chat or the database does makes it raise or give up silently.

    `held` says whether this process still may post; `random` gives numbers from 0 to 1; `pace` waits for a
    workspace's rate.
    """

    def __init__(
        self,
        ledger: Ledger,
        chats: Mapping[str, Chat],
        write: Write,
        *,
        held: Callable[[], Awaitable[bool]],
        now: Callable[[], float],
        random: Callable[[], float],
        pace: Callable[[Post], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        settle: float = SETTLE_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._store = ledger.store
        self._chats = chats
        self._write = write
        self._held = held
        self._now = now
        self._random = random
        self._pace = pace
        self._sleep = sleep
        self._settle = settle
        self.broken_since: float | None = None
        """Since when the state cannot be written, or None."""

    async def __call__(self, post_id: str) -> None:
        """Carry a post to its end."""
        tries = 0
        while True:
            try:
                await self._deliver(post_id)
                self.broken_since = None
            except STORAGE_FAILURES as error:
                if self.broken_since is None:
                    self.broken_since = self._now()
                    log.error("the state cannot be written; posts wait", why=why(error))
            except Overtaken:
                log.info("another process has gone on with a post", post=post_id)
            except Exception:
                # Only a mistake of ours comes here. Trying again in a while costs nothing and loses nothing.
                log.exception("delivering a post failed", post=post_id)
            else:
                return
            tries += 1
            await self._sleep(self._backoff(tries))

    async def _deliver(self, post_id: str) -> None:
        post = await self._ledger.post(post_id)
        if post is None:
            return
        place, chat = post.place, self._chats[post.place.platform]
        tries = 0
        while post is not None and post.state not in ENDED:
            if post.uncertain:
                # Counted from now, not from the intent: pages may have been sent long after it.
                await self._sleep(self._settle)
                post, pause = await self._find(post, chat)
            else:
                post, pause = await self._send(post, chat)
            if pause is not None:
                tries += 1
                await self._sleep(max(pause, self._backoff(tries)))
        await self._mark_corrected(post_id, place, chat)

    # --- sending ---------------------------------------------------------------------------------------

    async def _send(self, post: Post, chat: Chat) -> tuple[Post | None, float | None]:
        """Try once; return the post while it is not at its end, and how long to wait before the next step."""
        await self._pace(post)
        schedule, closed = await self._store.standing(post.schedule, post.place.key)
        if await self._is_over(post, schedule, closed):
            return None, None
        pages, content = post.pages, read_content(post.content)
        if not pages or not post.reference:
            # What has not been seen by anybody is written anew: a post says what is known when it is made.
            made = await self._written(post, schedule, chat)
            if made is None:
                return None, None
            if isinstance(made, float):
                return post, made
            pages, content = made
        intended = await self._ledger.intend(post, pages, content)
        if intended is None:
            return await self._not_sent(post), None
        if not await self._held():
            # Another process may have taken this over already. What is on record lets either go on.
            raise asyncio.CancelledError
        try:
            # A process that has lost its slot must be done before whoever goes on has looked for the post.
            async with asyncio.timeout(self._settle * SEND_SHARE):
                reference = await chat.post(post.place, intended.pages, post.id, after=post.reference)
        except TimeoutError:
            return msgspec.structs.replace(intended, reason="The chat did not answer in time."), None
        except PostError as error:
            return await self._failed(intended, error)
        await self._ledger.posted(intended, reference)
        log.info("posted", post=post.id, late=round(self._now() - post.slot, 1))
        return None, None

    async def _is_over(self, post: Post, schedule: Schedule | None, closed: str | None) -> bool:
        """End a post that must not be sent any more; say whether that is so."""
        if closed is not None:
            await self._ledger.end(post, PostState.FAILED, closed)
            return True
        grace = schedule.grace if schedule and post.id.startswith("schedule:") else GRACE_BESIDE_SLOTS
        patience = WHOLE_SECONDS if post.reference else grace
        if self._now() - post.slot <= patience:
            return False
        if post.reference:
            await self._end(post, PostState.FAILED, f"Only a part of it could be posted. {post.reason}")
        else:
            reason = post.reason or MISSED
            await self._end(post, PostState.MISSED, reason)
        return True

    async def _written(
        self, post: Post, schedule: Schedule | None, chat: Chat
    ) -> tuple[tuple[Page, ...], Content] | float | None:
        """Return the pages and what they tell; seconds to wait; or None where the post has ended."""
        try:
            made = await self._write(post, schedule)
            if made is None:
                await self._ledger.end(post, PostState.CANCELLED, "What it was to tell is no longer there.")
                return None
            if not made.is_news:
                await self._ledger.end(post, PostState.QUIET, "Nothing had changed.")
                return None
            pages = await chat.render(made.reply, made.remark)
        except CannotTell as error:
            if error.passes:
                log.warning("a post could not be written yet", post=post.id, why=str(error))
                return 0.0
            reason = f"Its line is not understood any more: {error}"
            await self._end(post, PostState.FAILED, reason)
            if schedule is not None:
                # It would fail, and its maker be told, at every slot.
                await self._store.set_state(schedule.id, ScheduleState.PAUSED, None)
                await self._tell([schedule], chat, f"{reason} It is paused.")
            return None
        except PostError as error:
            if error.outcome is Outcome.PERMANENT:
                await self._end(post, PostState.FAILED, error.sentence)
                return None
            return self._pause(error)
        return tuple(pages), made.content

    async def _failed(self, post: Post, error: PostError) -> tuple[Post | None, float | None]:
        """Record what a failure leaves known."""
        stands = _together(post.reference, error.posted)
        if error.outcome is Outcome.UNKNOWN:
            log.warning("it is not known whether a post stands", post=post.id, why=error.sentence)
            return msgspec.structs.replace(post, reference=stands, reason=error.sentence), None
        known = await self._ledger.known(post, stands, error.sentence)
        if error.outcome is Outcome.TRANSIENT or error.scope is Scope.WORKSPACE:
            # A token that was revoked is no reason to close every channel, one after the other.
            log.warning("post put off", post=post.id, why=error.sentence)
            return known, self._pause(error)
        closes = error.scope is Scope.PLACE
        if await self._end(known, PostState.FAILED, error.sentence, closes=closes):
            chat = self._chats[post.place.platform]
            schedules = await self._store.schedules(channel=post.place)
            await self._tell(schedules, chat, f"{error.sentence} Then resume it with /schedule resume.")
        return None, None

    # --- finding out -----------------------------------------------------------------------------------

    async def _find(self, post: Post, chat: Chat) -> tuple[Post | None, float | None]:
        """Find out what became of a try whose outcome is not known."""
        since = post.intent_at if post.intent_at is not None else post.slot
        try:
            stands = _together(post.reference, await chat.find(post.place, post.id, since))
            if not _is_whole(post, stands):
                # A chat that fails may answer that there is nothing: only what is said twice is believed.
                await self._sleep(AGAIN_SECONDS)
                stands = _together(stands, await chat.find(post.place, post.id, since))
        except PostError as error:
            if error.outcome is Outcome.TRANSIENT and self._now() - since < LOOK_SECONDS:
                return post, self._pause(error)
            reason = f"It may have been posted or not: {error.sentence}"
            await self._end(post, PostState.UNKNOWN, reason)
            return None, None
        if stands and _is_whole(post, stands):
            await self._ledger.posted(post, stands)
            log.info("found to be posted", post=post.id)
            return None, None
        return await self._ledger.known(post, stands, post.reason or "The first try was lost."), None

    # --- after the end ---------------------------------------------------------------------------------

    async def _end(self, post: Post, state: PostState, reason: str, *, closes: bool = False) -> bool:
        """Record an end that the operator has to know of; say whether the place was closed by it."""
        log.error("a post did not succeed", post=post.id, state=state.value, why=reason)
        return await self._ledger.end(post, state, reason, notice=True, closes=closes)

    async def _not_sent(self, post: Post) -> Post | None:
        """Return a post as another process left it, or end it where it must not be sent any more."""
        now = await self._ledger.post(post.id)
        if now is None or now.state in ENDED:
            return None
        if now.uncertain or now.attempts != post.attempts:
            return now
        what = "watch had ended" if post.watch else "schedule was paused or removed"
        await self._ledger.end(now, PostState.CANCELLED, f"The {what} before it was sent.")
        return None

    async def _tell(self, schedules: Iterable[Schedule], chat: Chat, reason: str) -> None:
        """Tell the makers of schedules, each once and at most once, why they do not post any more."""
        by_maker = {one.made_by: one for one in schedules if one.made_by}
        for maker, one in by_maker.items():
            person = Person(platform=one.place.platform, workspace=one.place.workspace, user=maker)
            try:
                await chat.tell(person, f"Your schedule {one.id} could not post. {reason}")
            except PostError as error:
                log.warning("a maker could not be told", schedule=one.id, why=error.sentence)

    async def _mark_corrected(self, post_id: str, place: Place, chat: Chat) -> None:
        """Mark, where they stand, the posts that this one corrects; twice is harmless.

        What the chat does not take now is left for the next post to the place.
        """
        marks = await self._ledger.marks(place.key)
        post = await self._ledger.post(post_id) if marks else None
        if post is None or post.state is not PostState.POSTED:
            return
        for corrected, _ in marks:
            if corrected.reference and corrected.pages:
                remark = "Corrected since: a later post here says what has changed"
                try:
                    await chat.amend(corrected.place, corrected.reference, corrected.pages, remark)
                except PostError as error:
                    log.warning("a corrected post could not be marked", post=corrected.id, why=error.sentence)
                    if error.outcome is not Outcome.PERMANENT:
                        return
            await self._ledger.marked(corrected.id)

    # --- waiting ---------------------------------------------------------------------------------------

    def _pause(self, error: PostError) -> float:
        """Return how long a platform asks to wait, as far as that is to be believed."""
        asked = error.retry_after
        if asked is None or not asked > 0:
            return 0.0
        # Others wait for the same second: they do not all come back in it.
        return min(asked, RETRY_AFTER_MOST) + self._random()

    def _backoff(self, tries: int) -> float:
        most: float = min(BACKOFF_LEAST * 2 ** min(tries - 1, 16), BACKOFF_MOST)
        return most * (0.5 + self._random() / 2)


def _is_whole(post: Post, stands: Reference | None) -> bool:
    """Say whether every page of a post stands."""
    return stands is not None and all(n in stands.messages for n in range(1, len(post.pages) + 1))


def _together(one: Reference | None, other: Reference | None) -> Reference | None:
    """Return what stands according to both."""
    if one is None or other is None:
        found = one or other
        return found if found and found.messages else None
    return Reference(channel=other.channel or one.channel, messages=one.messages | other.messages)
