"""Schedules that are declared in a file: read whole or not at all, and made so in the database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec
import structlog
from sqlalchemy import or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.answers.pick import shorten
from bot.facts.findings import Findings
from bot.facts.reader import Mapping, Node, Sequence, follow, place_of, read
from bot.facts.records import ID, ID_LENGTH, Record
from bot.facts.shape import BAD, build
from bot.parse import Misread
from bot.posting import Place
from bot.posts import adding, tables
from bot.posts.compose import CannotTell
from bot.posts.records import Origin, Quiet, Schedule, ScheduleState
from bot.posts.rows import read_schedule, schedule_row
from bot.posts.store import Store
from bot.registry import Registry
from bot.reply import Reply

Stamp = tuple[int, int, int]
"""What shows that a file changed: its size, when its content and when anything else of it changed."""

PLACE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""An id of a workspace, channel or thread: no platform has longer ones, nor ones with other characters."""

log = structlog.get_logger(__name__)


class Chat(StrEnum):
    """Where schedules can post to."""

    SLACK = "slack"
    DISCORD = "discord"


class Declared(Record, frozen=True, kw_only=True):
    """A schedule as it is written in the file."""

    id: str
    when: str
    what: str
    platform: Chat
    channel: str
    workspace: str = ""
    thread: str = ""
    quiet: Quiet | None = None
    grace: str = ""

    @property
    def place(self) -> Place:
        """Where it posts."""
        return Place(
            platform=self.platform.value, workspace=self.workspace, channel=self.channel, thread=self.thread
        )


class Broken(Exception):
    """The declared schedules cannot be used; `problems` are lines that say where and why."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems[0])
        self.problems = problems


class Rules(msgspec.Struct, frozen=True):
    """What a declared schedule is checked against.

    `zone` is the time zone of a place, `dossiers` what it sees; `preview` writes what a schedule would post
    now, or raises :class:`CannotTell`; `grace` (in seconds) and `quiet` hold where nothing else is written.
    `by_workspace` are the platforms on which the configuration says something of single workspaces.
    """

    registry: Registry
    zone: Callable[[Place], str]
    dossiers: Callable[[Place], Collection[str]]
    preview: Callable[[Schedule], Awaitable[Reply]]
    grace: int = 3_600
    quiet: Quiet = Quiet.SAY
    by_workspace: Collection[str] = ()


async def read_declared(data: bytes, file: str, rules: Rules, now: float) -> list[Schedule]:
    """Return the schedules of a file's bytes.

    Raises:
        Broken: something is wrong; all of it is told.
    """
    reading = read(data, file)
    found = Findings(file)
    found.found = reading.findings
    nodes = reading.tree.items if isinstance(reading.tree, Sequence) else []
    if reading.tree is not None and not isinstance(reading.tree, Sequence):
        fix = "Begin every schedule with a hyphen and a space, or write [] for none."
        found.add("R003", *place_of(reading.tree.mark), "The file does not hold a list of schedules.", fix)
    rows = [(node, build(node, Declared, found)) for node in nodes]
    problems = [(one.line, one.column, f"{one.message} {one.fix}") for one in found.found]
    schedules: dict[str, Schedule] = {}
    for node, row in rows:
        if row is BAD:
            continue
        key = "id"
        try:
            _check_id(row, schedules)
            for key in ("workspace", "channel", "thread"):
                _check_place(key, getattr(row, key))
            key = "platform"
            _check_workspace(row, rules.by_workspace)
            key = "when"
            when = adding.check_when(row.when, rules.zone(row.place), now)
            key = "what"
            line = adding.check_line(row.what, rules.registry, rules.dossiers(row.place))
            key = "grace"
            grace = adding.check_grace(row.grace, rules.grace)
            key = "what"
            made = adding.make_schedule(
                row.place,
                when,
                line,
                quiet=row.quiet or rules.quiet,
                grace=grace,
                made_by="",
                now=now,
                id_=row.id,
            )
            made = msgspec.structs.replace(made, origin=Origin.CONFIG)
            _check_alone(made, schedules)
            await rules.preview(made)
            schedules[made.id] = made
        except (Misread, CannotTell) as error:
            problems.append((*_place(node, key), f"{row.id}, {key}: {error}"))
    if problems:
        raise Broken([f"{file}:{at}:{column}: {sentence}" for at, column, sentence in sorted(problems)])
    return list(schedules.values())


def _check_id(row: Declared, others: Collection[str]) -> None:
    if len(row.id) > ID_LENGTH or not ID.fullmatch(row.id):
        raise Misread("an id is lower-case letters and digits with hyphens between, at most 64 characters.")
    if row.id in others:
        raise Misread("another schedule in the file has this id; choose another.")


def _check_place(key: str, written: str) -> None:
    if (written or key == "channel") and not PLACE_ID.fullmatch(written):
        raise Misread(
            f"“{shorten(written)}” is no id of a {key}: copy it from the chat; it has letters and digits,"
            " 64 at most."
        )


def _check_workspace(row: Declared, by_workspace: Collection[str]) -> None:
    # Without it, what is said of a channel of one workspace is not found, and the channel would see all.
    if row.workspace:
        return
    if row.platform is Chat.DISCORD:
        raise Misread("add workspace: and the id of the channel's server; what it sees may depend on that.")
    if row.platform.value in by_workspace:
        raise Misread(
            "add workspace: and the id of the channel's workspace, since places in the configuration names"
            " workspaces; what the channel sees may depend on that."
        )


def _check_alone(made: Schedule, others: dict[str, Schedule]) -> None:
    for one in others.values():
        if (one.place, one.when.cron, one.when.zone, one.line) == (
            made.place,
            made.when.cron,
            made.when.zone,
            made.line,
        ):
            raise Misread(f"{one.id} posts the same at the same times to the same place; take one out.")


def _place(node: Node, key: str) -> tuple[int, int]:
    return place_of(follow(node, (key,)).mark if isinstance(node, Mapping) else node.mark)


# --- the database --------------------------------------------------------------------------------------


class Done(msgspec.Struct, frozen=True):
    """The ids that were added, changed and removed."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


async def reconcile(declared: Collection[Schedule], store: Store, now: float) -> Done:
    """Make the declared schedules of the database those of the file, in one transaction.

    What is new posts from now on, and what has other times too: there is never a backlog. What is paused
    stays paused, also where it was gone from the file meanwhile; what is not declared any more is removed.
    Doing it again, here or in another process, changes nothing.

    Raises:
        Broken: a schedule that was made in a chat has the id of a declared one.
    """
    wanted = {one.id: one for one in declared}
    known = tables.schedule.c
    done: dict[str, list[str]] = {"added": [], "changed": [], "removed": []}
    async with store.begin() as connection:
        await _lock(connection, store)
        query = select(tables.schedule).where(
            or_(known.origin == Origin.CONFIG.value, known.id.in_(list(wanted)))
        )
        # What a chat or the planner changes meanwhile waits for us, or we for it: it must not be undone.
        query = query.order_by(known.id).with_for_update()
        rows = {row.id: read_schedule(row) for row in await connection.execute(query)}
        taken = sorted(one.id for one in rows.values() if one.origin is Origin.CHAT)
        if taken:
            raise Broken(
                [f"{one} is the id of a schedule that was made in a chat; choose another." for one in taken]
            )
        for one in wanted.values():
            before = rows.get(one.id)
            after = _reconciled(before, one)
            if after == before:
                continue
            done["changed" if before and before.state is not ScheduleState.REMOVED else "added"].append(
                one.id
            )
            row = schedule_row(after)
            if before is None:
                await connection.execute(store.insert(tables.schedule, [row]))
            else:
                changed = dict(row.items() - schedule_row(before).items())
                await connection.execute(update(tables.schedule).where(known.id == one.id).values(changed))
        for gone in rows.values():
            if gone.id not in wanted and gone.state is not ScheduleState.REMOVED:
                done["removed"].append(gone.id)
                # Its next time stays: by that it is known, should it come back, that it was not paused.
                ended = update(tables.schedule).where(known.id == gone.id)
                await connection.execute(ended.values(state=ScheduleState.REMOVED.value))
    return Done(**{name: tuple(sorted(ids)) for name, ids in done.items()})


def _reconciled(before: Schedule | None, wanted: Schedule) -> Schedule:
    """Return what is to be kept for a declared schedule, given what was kept."""
    if before is None:
        return wanted
    kept = msgspec.structs.replace(wanted, made_at=before.made_at, last_at=before.last_at)
    gone = before.state is ScheduleState.REMOVED
    if before.state is ScheduleState.PAUSED or (gone and before.next_at is None):
        return msgspec.structs.replace(kept, state=ScheduleState.PAUSED, next_at=None)
    if gone:
        return kept
    same_times = (before.when.cron, before.when.zone) == (wanted.when.cron, wanted.when.zone)
    return msgspec.structs.replace(kept, next_at=before.next_at if same_times else wanted.next_at)


async def _lock(connection: AsyncConnection, store: Store) -> None:
    if not store.is_sqlite:
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('briefing-bot declared'))"))


# --- the file ------------------------------------------------------------------------------------------

_UNSEEN: Final = (-1, 0, 0)
"""The stamp of no file, so that the first look is never taken for the second."""

GONE: Final = "is gone; its schedules go on as they were. To end them, write [] into the file."


class Declarations:
    """Looks at the file of schedules and makes its changes so; `now` is in seconds since 1970.

    Why what is in the file does not hold is kept in the state, for whoever looks at that.
    """

    def __init__(
        self, path: Path, store: Store, rules: Callable[[], Rules], now: Callable[[], float]
    ) -> None:
        self._path = path
        self._store = store
        self._rules = rules
        self._now = now
        self._stamp: Stamp | None = _UNSEEN
        self._seen: Stamp | None = _UNSEEN

    async def look(self) -> Done | None:
        """Make so what the file says if it changed; None if it did not, or if nothing came of it.

        A file is left alone until it is the same at two looks: it may be half written, at the start too.
        Raises what a database that cannot be used raises; the next look tries again.
        """
        stamp = await asyncio.to_thread(self._look)
        settled = self._seen == stamp
        self._seen = stamp
        if stamp == self._stamp or not settled:
            return None
        try:
            done = await self._take(stamp)
        except Broken as error:
            await self._warn(error.problems)
            self._stamp = stamp
            return None
        if await self._store.tell_undeclared(""):
            log.warning("the declared schedules load again")
        self._stamp = stamp
        if done.added or done.changed or done.removed:
            log.info("declared schedules", added=done.added, changed=done.changed, removed=done.removed)
        return done

    async def _take(self, stamp: Stamp | None) -> Done:
        if stamp is None:
            kept = [one for one in await self._store.schedules() if one.origin is Origin.CONFIG]
            if kept:
                raise Broken([f"{self._path} {GONE}"])
            return Done()
        try:
            data = await asyncio.to_thread(self._path.read_bytes)
        except OSError as error:
            raise Broken([f"{self._path} cannot be read ({error.strerror}); let the bot read it."]) from None
        now = self._now()
        declared = await read_declared(data, self._path.name, self._rules(), now)
        return await reconcile(declared, self._store, now)

    def _look(self) -> Stamp | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns

    async def _warn(self, problems: list[str]) -> None:
        more = len(problems) - 1
        rest = f" And {more} more, which the log names." if more else ""
        await self._store.tell_undeclared(f"The declared schedules stay as they were: {problems[0]}{rest}")
        log.warning("the declared schedules do not load", problems=problems)
