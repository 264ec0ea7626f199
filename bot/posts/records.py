"""What the posts room keeps: schedules, watches, and what became of every post."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bot.posting import Page, Place, Reference
from bot.posts.when import When


class Origin(StrEnum):
    """Where a schedule was made."""

    CHAT = "chat"
    CONFIG = "config"
    """In `config/schedules.yaml`; it is changed there."""


class ScheduleState(StrEnum):
    """Whether a schedule posts."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


class Quiet(StrEnum):
    """What happens where nothing has changed since the last post."""

    SAY = "say"
    SKIP = "skip"


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is asked again and again, and whose answer is posted to a place.

    Instants are seconds since 1970. `made_by` is the platform's id of a person, empty for declared schedules.
    `last_at` is when it last posted; `grace` says for how many seconds a slot that could not be kept may be
    made good.
    """

    id: str
    origin: Origin = Origin.CHAT
    place: Place
    when: When
    line: str
    quiet: Quiet = Quiet.SAY
    grace: int
    state: ScheduleState = ScheduleState.ACTIVE
    made_by: str = ""
    made_at: float
    next_at: float | None = None
    last_at: float | None = None


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """A name or topic whose changes and duties are posted to a place as they come.

    `kind` is entity or topic, `thing` its id in `dossier`, `label` what readers call it. Changes count from
    the day (an ordinal) `since` on.
    """

    id: str
    place: Place
    kind: str
    dossier: str
    thing: str
    label: str
    since: int
    made_by: str = ""
    made_at: float


class PostState(StrEnum):
    """What became of a post. The first three are not the end."""

    WAITING = "waiting"
    """It is due and has not been written."""
    SENDING = "sending"
    """The intent to send it is on record: it may stand in the chat or not."""
    RETRYING = "retrying"
    """It certainly does not stand whole in the chat, and is tried again."""
    POSTED = "posted"
    QUIET = "quiet"
    """Nothing had changed, and the schedule skips such posts."""
    MISSED = "missed"
    """Its time passed while it could not be posted; it never will be."""
    CANCELLED = "cancelled"
    """The schedule was paused or removed, or the watch ended, before it was sent."""
    FAILED = "failed"
    """The platform refused it."""
    UNKNOWN = "unknown"
    """It may stand in the chat; that could not be found out, and it is not sent again."""


ENDED = frozenset(
    {
        PostState.POSTED,
        PostState.QUIET,
        PostState.MISSED,
        PostState.CANCELLED,
        PostState.FAILED,
        PostState.UNKNOWN,
    }
)


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One post: a slot of a schedule, what a watch has to tell, or a post asked for with `/schedule now`.

    `id` is made of what it is for, so that whoever works it out again finds it. `slot` is when it was due;
    `last_slot` and `count` are set where one record stands for several missed slots in a row. `attempts`
    counts intents to send, and `intent_at` is the first of them. `uncertain` says that the last one has not
    come to a known end.
    """

    id: str
    schedule: str = ""
    watch: str = ""
    place: Place
    slot: float
    last_slot: float | None = None
    count: int = 1
    state: PostState = PostState.WAITING
    reason: str = ""
    pages: tuple[Page, ...] = ()
    content: bytes = b""
    reference: Reference | None = None
    attempts: int = 0
    intent_at: float | None = None
    uncertain: bool = False
    ended_at: float | None = None


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What a post told, kept to know what is news in the next one and what was corrected since.

    `news` are short digests of its statements; `facts` the facts it states (`dossier:id`) with their words;
    `corrects` those it corrects, and the posts that had stated them.
    """

    news: tuple[str, ...] = ()
    facts: dict[str, str] = {}
    corrects: dict[str, str] = {}
    summary: str = ""
