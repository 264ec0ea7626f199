"""What `/schedule` does; `/watch` and its kin stand in :mod:`bot.posts.watching`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from difflib import get_close_matches
from typing import Final, Protocol

import structlog
from msgspec.structs import replace

from bot.answers.pick import shorten
from bot.desk import Asker, Suggestion
from bot.facts.base import FactBase
from bot.parse import Misread
from bot.posting import Place
from bot.posts import adding
from bot.posts.authorise import OPERATOR, READING, Authority, Refused
from bot.posts.compose import CannotTell
from bot.posts.here import Channel, channel_of, channels_of, is_seen, place_of
from bot.posts.listing import confirmed, handles, listed, shown_whole, told_history
from bot.posts.records import Origin, Post, PostState, Quiet, Schedule, ScheduleState
from bot.posts.say import clock, moment, refuse, say, upcoming
from bot.posts.store import STORAGE_FAILURES, Store, why
from bot.posts.watching import Watching
from bot.registry import Registry
from bot.reply import Action, Kind, Line, Note, Reply, Span, Text
from bot.state import StateError

MOST: Final = 50
"""Schedules of one place, and as many watches."""

TRIES: Final = 5
"""Ids made up until one is free."""

AGAIN_SECONDS: Final = 60.0
"""How long after one post by hand another is taken for a second press of the same button."""

HISTORY: Final = 20
LATEST: Final = 5

log = structlog.get_logger(__name__)


class Ledger(Protocol):
    """The record of posts."""

    async def post_now(self, schedule: Schedule) -> Post:
        """Record and enqueue a post of a schedule beside its slots."""

    async def under_way(self, schedule_id: str) -> list[Post]:
        """Return the posts of a schedule whose sending has begun and not come to a known end."""

    async def history(self, schedule_id: str, limit: int = 20) -> list[Post]:
        """Return the posts of a schedule, the latest first."""


class Office:
    """Does what acting commands say; implements :class:`bot.desk.Office`.

    `base` gives what an asker's place sees today, `preview` what a schedule would post now, by the way that
    real posts take; it raises :class:`CannotTell`. `zone` is the time zone of a place, empty where none is
    set; `now` is in seconds since 1970, `letters` makes ids differ.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        authority: Authority,
        registry: Registry,
        *,
        base: Callable[[Asker], FactBase],
        preview: Callable[[Schedule], Awaitable[Reply]],
        zone: Callable[[Place], str],
        grace: int = 3_600,
        quiet: Quiet = Quiet.SAY,
        now: Callable[[], float] = time.time,
        letters: Callable[[], str] = adding.random_letters,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._authority = authority
        self._registry = registry
        self._base = base
        self._preview = preview
        self._zone = zone
        self._grace = grace
        self._quiet = quiet
        self._now = now
        self._letters = letters
        self._known: dict[Channel, list[Suggestion]] = {}
        self._watching = Watching(store, authority, base=base, zone=zone, now=now, letters=letters)

    # --- the commands ----------------------------------------------------------------------------------

    async def schedule(
        self, asker: Asker, action: str, *, when: str, what: str, schedule: str, quiet: str, grace: str
    ) -> Reply:
        """Add, list, show, pause, resume, remove or post a schedule, or tell its history."""
        if action == "add":
            return await self._guarded(asker, lambda: self._add(asker, when, what, quiet, grace))
        return await self._guarded(asker, lambda: self._do(asker, action, schedule), action)

    async def watch(self, asker: Asker, about: str, topic: str) -> Reply:
        """Begin to watch a name or a topic for the place of the asker."""
        return await self._guarded(asker, lambda: self._watching.watch(asker, about, topic))

    async def unwatch(self, asker: Asker, watch: str, topic: str) -> Reply:
        """End a watch, named by its id or by what it watches."""
        return await self._guarded(asker, lambda: self._watching.unwatch(asker, watch, topic))

    async def watches(self, asker: Asker) -> Reply:
        """List the watches of the place."""
        return await self._guarded(asker, lambda: self._watching.watches(asker), "watches")

    def known_schedules(self, asker: Asker) -> Sequence[Suggestion]:
        """Return the schedules of the place as of the last change here or :meth:`refresh`."""
        if asker.platform == OPERATOR:
            return [one for some in self._known.values() for one in some]
        return [one for channel in channels_of(asker) for one in self._known.get(channel, [])]

    def known_watches(self, asker: Asker) -> Sequence[Suggestion]:
        """Return the watches of the place as of the last change here or :meth:`refresh`."""
        return self._watching.known(asker)

    async def refresh(self) -> None:
        """Read anew what is completed: other processes and the file of schedules change it too.

        Raises what a database that cannot be read raises, see :data:`STORAGE_FAILURES`.
        """
        known: dict[Channel, list[Suggestion]] = {}
        for channel, schedule_id, text in await self._store.schedule_lines():
            known.setdefault(channel, []).append(Suggestion(schedule_id, text, schedule_id))
        self._known = known
        await self._watching.refresh()

    async def _guarded(self, asker: Asker, do: Callable[[], Awaitable[Reply]], action: str = "") -> Reply:
        if asker.platform != OPERATOR and not asker.channel:
            return refuse(
                "Schedules and watches belong to a channel of a chat: type this there, or in the terminal."
            )
        try:
            return await do()
        except Refused as error:
            return refuse(str(error))
        except (StateError, *STORAGE_FAILURES) as error:
            log.error("state not used", why=why(error))
            title, advice = _failed(error, action)
            sentence = (
                f"{title}: the state's database cannot be used ({why(error)}). Tell your operator; {advice}"
            )
            return say(Kind.FAILURE, title, sentence)

    # --- adding ----------------------------------------------------------------------------------------

    async def _add(self, asker: Asker, when: str, what: str, quiet: str, grace: str) -> Reply:
        if asker.platform == OPERATOR:
            return refuse(
                "The terminal is no channel to post to: type this in the channel, or declare the schedule in"
                " config/schedules.yaml."
            )
        place = place_of(asker)
        now = self._now()
        rule = adding.check_when(when, self._zone(place), now)
        if not what:
            raise Misread("Say what to post: after the time, a whole line such as /briefing since:last.")
        text = adding.check_line(what, self._registry, self._base(asker).dossiers)
        seconds = adding.check_grace(grace, self._grace)
        await self._authority.authorise(asker, "add", f"place:{place.key}")
        schedule = adding.make_schedule(
            place,
            rule,
            text,
            quiet=Quiet(quiet) if quiet else self._quiet,
            grace=seconds,
            made_by=asker.user,
            now=now,
            id_=adding.make_id(text, self._letters),
        )
        try:
            preview = await self._preview(schedule)
        except CannotTell as error:
            return refuse(f"{text} has no answer that could be posted here: {error}")
        return await self._admit(schedule, preview, now)

    async def _admit(self, schedule: Schedule, preview: Reply, now: float) -> Reply:
        for _ in range(TRIES):
            found = await self._store.admit_schedule(schedule, MOST)
            if not found:
                known = self._known.setdefault(channel_of(schedule.place), [])
                known.append(Suggestion(schedule.id, schedule.line, schedule.id))
                return confirmed(schedule, preview, now)
            if found == "full":
                return refuse(f"There are {MOST} schedules here already; remove one before you add another.")
            if found != "taken":
                return refuse(f"{found} posts the same at the same times here.", *_see(found))
            schedule = replace(schedule, id=adding.make_id(schedule.line, self._letters))
        return refuse("No id was free for it; try again.")

    # --- everything else -------------------------------------------------------------------------------

    async def _do(self, asker: Asker, action: str, typed: str) -> Reply:
        if action == "list":
            return await self._list(asker)
        if not typed:
            raise Misread(f"Say which schedule: /schedule {action} and its id. /schedule list shows them.")
        found = await self._find(asker, typed)
        if isinstance(found, Reply):
            return found
        await self._authority.authorise(asker, action, f"schedule:{found.id}")
        act = {
            "show": self._show,
            "history": self._history,
            "pause": self._pause,
            "resume": self._resume,
            "remove": self._remove,
            "now": self._post_now,
        }[action]
        return await act(found, asker)

    async def _find(self, asker: Asker, typed: str) -> Schedule | Reply:
        """Return a schedule that may be seen from here, or the same sentence for every other id."""
        wanted = typed.strip().lower()
        schedule = await self._store.schedule(wanted) if len(wanted) <= 64 else None
        if schedule and schedule.state is not ScheduleState.REMOVED and is_seen(schedule.place, asker):
            return schedule
        ids = [one.id for one in await self._seen(asker)]
        near = get_close_matches(wanted[:64], ids, 3, 0.5) or [one for one in ids if wanted[:64] in one][:3]
        return say(
            Kind.USAGE,
            "No such schedule",
            f"There is no schedule “{shorten(typed)}” here; each is acted on from its own channel.",
            *(action for one in near for action in _see(one)),
            Action("List", "/schedule list"),
        )

    async def _seen(self, asker: Asker) -> list[Schedule]:
        if asker.platform == OPERATOR:
            return await self._store.schedules()
        return await self._store.schedules(channel=place_of(asker))

    async def _list(self, asker: Asker) -> Reply:
        schedules = await self._seen(asker)
        last: dict[str, Post] = {}
        for one in schedules[:MOST]:
            for post in await self._ledger.history(one.id, 1):
                last[one.id] = post
        keys = {one.place.key for one in schedules}
        closed = {key: text for key, text in (await self._store.closed()).items() if key in keys}
        everywhere = asker.platform == OPERATOR
        return listed(schedules, last, closed, reader=asker.user, now=self._now(), everywhere=everywhere)

    async def _show(self, schedule: Schedule, asker: Asker) -> Reply:
        posts = await self._ledger.history(schedule.id, LATEST)
        closed = await self._closed(schedule)
        return shown_whole(schedule, posts, closed, reader=asker.user, now=self._now())

    async def _history(self, schedule: Schedule, asker: Asker) -> Reply:
        return told_history(schedule, await self._ledger.history(schedule.id, HISTORY))

    async def _pause(self, schedule: Schedule, asker: Asker) -> Reply:
        if schedule.state is ScheduleState.PAUSED:
            return say(Kind.NONE, "Paused", f"{schedule.id} is paused already.", *handles(schedule))
        if not await self._store.set_state(schedule.id, ScheduleState.PAUSED, None):
            return _gone(schedule)
        paused = replace(schedule, state=ScheduleState.PAUSED)
        said = f"{schedule.id} is paused and posts nothing until it is resumed."
        return await self._with_under_way(schedule, "Paused", said, *handles(paused))

    async def _resume(self, schedule: Schedule, asker: Asker) -> Reply:
        closed = await self._closed(schedule)
        is_active = schedule.state is ScheduleState.ACTIVE
        if is_active and not closed:
            return say(Kind.NONE, "Active", f"{schedule.id} is active already.", *handles(schedule))
        now = self._now()
        ahead = next(iter(upcoming(schedule.when, now, 1)), None)
        if ahead is None:
            return refuse(f"{schedule.id} names no time that is still to come; add it anew.")
        active = ScheduleState.ACTIVE
        if not await self._store.set_state(schedule.id, active, ahead, reopen=schedule.place.key):
            return _gone(schedule)
        told: list[Span] = [
            Text(f"{schedule.id} posts again; next: "),
            moment(ahead, schedule.when.zone),
            Text("."),
        ]
        if closed:
            told.append(Text(" The channel takes posts again."))
        text = Line(tuple(told))
        return Reply(
            kind=Kind.ANSWER,
            title="Resumed",
            summary=text.text,
            blocks=(Note(text),),
            actions=handles(replace(schedule, state=active)),
        )

    async def _remove(self, schedule: Schedule, asker: Asker) -> Reply:
        if schedule.origin is Origin.CONFIG:
            return refuse(
                f"{schedule.id} is declared in config/schedules.yaml: remove it there. "
                "Until then it can be paused here.",
                *handles(schedule),
            )
        if not await self._store.set_state(schedule.id, ScheduleState.REMOVED, None):
            return _gone(schedule)
        channel = channel_of(schedule.place)
        self._known[channel] = [one for one in self._known.get(channel, []) if one.value != schedule.id]
        return await self._with_under_way(schedule, "Removed", f"{schedule.id} is removed and posts no more.")

    async def _post_now(self, schedule: Schedule, asker: Asker) -> Reply:
        if closed := await self._closed(schedule):
            return refuse(
                f"This channel takes no posts: {closed} Then resume {schedule.id}.", *handles(schedule)
            )
        now = self._now()
        for one in await self._ledger.history(schedule.id, LATEST):
            failed = one.state in {PostState.FAILED, PostState.CANCELLED}
            if one.id.startswith("now:") and abs(now - one.slot) < AGAIN_SECONDS and not failed:
                return refuse(f"{schedule.id} was asked to post less than a minute ago.", *handles(schedule))
        await self._ledger.post_now(schedule)
        sentence = f"{schedule.id} posts now; /schedule history {schedule.id} says what became of it."
        return say(Kind.ANSWER, "Posting", sentence, *handles(schedule))

    # --- inside ----------------------------------------------------------------------------------------

    async def _closed(self, schedule: Schedule) -> str:
        return (await self._store.closed([schedule.place.key])).get(schedule.place.key, "")

    async def _with_under_way(self, schedule: Schedule, title: str, done: str, *actions: Action) -> Reply:
        """Say what was done, and truthfully that a post which is being sent cannot be called back."""
        try:
            posts = await self._ledger.under_way(schedule.id)
        except STORAGE_FAILURES:
            return say(
                Kind.ANSWER, title, f"{done} A post that is being sent now may still arrive.", *actions
            )
        for one in posts[:1]:
            done += (
                f" The post of {clock(one.slot, schedule.when.zone)} is being sent now and may still arrive."
            )
        return say(Kind.ANSWER, title, done, *actions)


def _failed(error: BaseException, action: str) -> tuple[str, str]:
    """Return what can be said of something that the database broke off, and what to do then."""
    if action in READING:
        return "It could not be read", "once that is mended, type this again."
    # A connection that breaks may take the answer to a commit with it. A post is recorded, then enqueued.
    if action == "now" or getattr(error, "connection_invalidated", False):
        return "It is not known whether that was done", "once that is mended, look at the list first."
    return "Nothing was changed", "once that is mended, type this again."


def _see(schedule_id: str) -> tuple[Action, ...]:
    return (Action(schedule_id, f"/schedule show {schedule_id}"),)


def _gone(schedule: Schedule) -> Reply:
    return refuse(f"{schedule.id} was removed meanwhile.")
