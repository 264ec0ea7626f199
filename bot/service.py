"""Build everything once and run it in one asyncio process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

import structlog

from bot.commands import REGISTRY
from bot.config import Config, ConfigError
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.library import Library, NothingToServe, Prepared
from bot.posting import Chat

if TYPE_CHECKING:
    from bot.scheduling import Scheduling

__all__ = ["NothingToServe", "Service", "local_today", "open_service", "prepared", "undisturbed"]

LOOK_SECONDS = 0.5
"""Between two looks at the files: an edit is live in under two seconds."""

SWITCH_SECONDS = 0.0001
"""How long a thread that compiles may go on while an answer waits for the interpreter; otherwise 5 ms."""

log = structlog.get_logger(__name__)


EDIT_SECONDS = 2.0
"""For how long nobody searches for garbage while a thread compiles: an edit takes less."""


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the pauses of the event loop short while a thread beside it compiles now and then.

    A search for garbage among all that was imported takes 20 to 40 ms in which nothing is answered, and finds
    none: what is there now is exempt.
    """
    interval = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.unfreeze()


async def prepared(library: Library) -> Prepared | None:
    """Look at the fact files, and compile them, in a thread of its own.

    What that makes and drops again would be searched for garbage many times, during which nothing is
    answered. A whole base takes longer than an edit and is searched, as it may leave some.
    """
    task = asyncio.create_task(asyncio.to_thread(library.prepare))
    gc.disable()
    try:
        await asyncio.wait((task,), timeout=EDIT_SECONDS)
    finally:
        gc.enable()
    return await task


def local_today() -> date:
    """Return the day in the machine's time zone."""
    return datetime.now().astimezone().date()


class Service:
    """A configured bot: the library of snapshots and the desk that answers from it."""

    def __init__(self, config: Config, library: Library, desk: Dispatcher) -> None:
        self.config = config
        self.library = library
        self.desk = desk

    def asker(self, platform: str, *, user: str = "", channel: str = "") -> Asker:
        """Return who asks, with the dossiers that the configuration lets that place see."""
        seen = self.config.dossiers(platform, channel)
        return Asker(platform=platform, user=user, channel=channel, dossiers=seen)

    def close(self) -> None:
        """Close the snapshot in use."""
        self.library.close()

    @contextlib.asynccontextmanager
    async def scheduling(self, chats: Mapping[str, Chat]) -> AsyncIterator[Scheduling]:
        """Let schedules and watches be acted on inside the `async with`; `chats` may be filled there.

        Raises:
            StateError: the state's database cannot be used, or its URL is none.
        """
        # Half a second that an answer need not wait.
        from bot.scheduling import Scheduling  # noqa: PLC0415
        from bot.state import StateError  # noqa: PLC0415

        try:
            scheduling = Scheduling(self.config, self.library, chats)
        except ValueError as error:
            raise StateError(str(error)) from None
        async with scheduling.opened():
            self.desk.office = scheduling.office
            try:
                yield scheduling
            finally:
                self.desk.office = None

    @contextlib.asynccontextmanager
    async def fresh(self, every: float = LOOK_SECONDS) -> AsyncIterator[None]:
        """Look at the fact files every so many seconds inside the `async with`, and serve what they say."""
        task = asyncio.create_task(self._watch(every))
        try:
            with undisturbed():
                yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _watch(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            try:
                # The switch happens here, between two answers.
                self.library.adopt(await prepared(self.library))
            except Exception:
                log.exception("looking at the fact files failed")


def open_service(config: Config, *, today: Callable[[], date] = local_today) -> Service:
    """Open the base that the configuration names.

    Raises:
        NothingToServe: the base does not load and there is no snapshot from before.
        ConfigError: a place is to see a dossier that does not exist.
    """
    library = Library(config.briefings, config.snapshots)
    unknown = {one for place in config.places for one in place.dossiers or ()} - set(
        library.snapshot.dossiers
    )
    if unknown:
        library.close()
        known = ", ".join(sorted(library.snapshot.dossiers))
        raise ConfigError(f"places: there is no dossier {min(unknown)!r}; here are: {known}.")
    return Service(config, library, Dispatcher(REGISTRY, library, today=today))
