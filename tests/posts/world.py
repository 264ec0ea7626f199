"""A small world to post in: a clock that is set by hand, a chat in memory, a queue that is a list."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.posting import Outcome, Page, Person, Place, PostError, Reference, Rights
from bot.posts.compose import Composed
from bot.posts.delivery import Delivery
from bot.posts.ledger import Ledger
from bot.posts.planner import Planner
from bot.posts.records import Content, Post, Schedule
from bot.posts.store import Store
from bot.posts.when import When
from bot.reply import Kind, Reply

NOON = 1_800_000_000.0
PLACE = Place(platform="slack", workspace="T1", channel="C1")
DAILY = When("every day 08:30", "30 8 * * *", "Europe/Berlin")


class Killed(BaseException):
    """The process dies here: nothing behind this line runs."""


class Clock:
    """Wall time and time that went by, which only move when told to."""

    def __init__(self) -> None:
        self.now = NOON
        self.elapsed = 1_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds
        self.elapsed += seconds

    async def sleep(self, seconds: float) -> None:
        self.pass_(seconds)


Step = Callable[["MemoryChat", Place, Sequence[Page], str, Reference | None], Reference]


class MemoryChat:
    """A chat that keeps what it accepts, and does what its script says, call by call."""

    def __init__(self, clock: Clock, platform: str = "slack") -> None:
        self.platform = platform
        self.clock = clock
        self.accepted: list[tuple[float, str, str, int]] = []
        """(instant, place, key, page) of every message that really came to stand."""
        self.late: list[tuple[float, str, str, int]] = []
        self.script: list[Step] = []
        self.find_script: list[PostError | None] = []
        self.told: list[tuple[Person, str]] = []
        self.amended: list[tuple[str, str]] = []
        self.amend_error: PostError | None = None
        self.pages = 1
        self.posts = 0
        self.finds = 0

    async def render(self, reply: Reply, remark: str = "") -> list[Page]:
        return [
            {"title": reply.title, "remark": remark, "page": number} for number in range(1, self.pages + 1)
        ]

    async def post(
        self, place: Place, pages: Sequence[Page], key: str, *, after: Reference | None = None
    ) -> Reference:
        self.posts += 1
        step = self.script.pop(0) if self.script else take
        return step(self, place, pages, key, after)

    async def find(self, place: Place, key: str, since: float) -> Reference | None:
        self.finds += 1
        self.settle()
        error = self.find_script.pop(0) if self.find_script else None
        if error:
            raise error
        messages = {page: f"m{page}" for at, _, k, page in self.accepted if k == key and at >= since}
        return Reference(channel=place.channel, messages=messages) if messages else None

    async def amend(self, place: Place, reference: Reference, pages: Sequence[Page], remark: str) -> None:
        if self.amend_error:
            raise self.amend_error
        self.amended.append((reference.messages[1], remark))

    async def tell(self, person: Person, text: str) -> None:
        self.told.append((person, text))

    async def rights(self, person: Person) -> Rights:
        return Rights()

    def accept(self, place: Place, key: str, page: int) -> None:
        self.accepted.append((self.clock.now, place.key, key, page))

    def settle(self) -> None:
        """Let what was accepted late come to stand by now."""
        due = [one for one in self.late if one[0] <= self.clock.now]
        self.late = [one for one in self.late if one[0] > self.clock.now]
        self.accepted += due

    def missing(self, pages: Sequence[Page], after: Reference | None) -> list[int]:
        return [n for n in range(1, len(pages) + 1) if after is None or n not in after.messages]


def take(
    chat: MemoryChat, place: Place, pages: Sequence[Page], key: str, after: Reference | None
) -> Reference:
    """Accept everything and say so."""
    for number in chat.missing(pages, after):
        chat.accept(place, key, number)
    return Reference(channel=place.channel, messages={n: f"m{n}" for n in range(1, len(pages) + 1)})


def fail(outcome: Outcome, retry_after: float | None = None, stands: int = 0) -> Step:
    """Refuse with an outcome, after accepting so many pages."""

    def step(
        chat: MemoryChat, place: Place, pages: Sequence[Page], key: str, after: Reference | None
    ) -> Reference:
        for number in chat.missing(pages, after)[:stands]:
            chat.accept(place, key, number)
        done = {n: f"m{n}" for n in range(1, len(pages) + 1) if n not in chat.missing(pages, after)[stands:]}
        posted = Reference(channel=place.channel, messages=done) if done else None
        raise PostError(outcome, f"It is {outcome}.", posted=posted, retry_after=retry_after)

    return step


def lose(pages_taken: int, late: float = 0.0, error: type[BaseException] | None = None) -> Step:
    """Take so many pages, now or so many seconds later, and let the answer be lost, or the process die."""

    def step(
        chat: MemoryChat, place: Place, pages: Sequence[Page], key: str, after: Reference | None
    ) -> Reference:
        for number in chat.missing(pages, after)[:pages_taken]:
            chat.late.append((chat.clock.now + late, place.key, key, number))
        if not late:
            chat.settle()
        raise error() if error else PostError(Outcome.UNKNOWN, "The answer was lost.")

    return step


class World:
    """Everything that delivers, without an engine: `queue` holds the ids that it would work on."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.clock = clock
        self.store = store
        self.chat = MemoryChat(clock)
        self.queue: list[str] = []
        self.held = True
        self.ledger = Ledger(store, clock)
        self.ledger.enqueue = self._enqueue
        self.planner = self.new_planner()
        self.made: Composed | BaseException | None = Composed(
            reply=Reply(kind=Kind.ANSWER, title="Briefing", summary="A briefing."),
            remark="",
            content=Content(news=("a",)),
        )
        self.delivery = self.new_delivery()

    async def _enqueue(self, connection: AsyncConnection, post: Post) -> None:
        if post.id not in self.queue:
            self.queue.append(post.id)

    def new_planner(self) -> Planner:
        return Planner(self.store, self.ledger, self.clock, lambda: self.clock.elapsed)

    def new_delivery(self) -> Delivery:
        async def held() -> bool:
            return self.held

        async def pace(post: Post) -> None:
            """Take no time."""

        async def write(post: Post, schedule: Schedule | None) -> Composed | None:
            if isinstance(self.made, BaseException):
                raise self.made
            return self.made

        return Delivery(
            self.ledger,
            {"slack": self.chat},
            write,
            held=held,
            now=self.clock,
            random=lambda: 0.5,
            pace=pace,
            sleep=self.clock.sleep,
            settle=30.0,
        )

    async def schedule(self, schedule_id: str = "morning", **changes: object) -> Schedule:
        given: dict[str, object] = {
            "id": schedule_id,
            "place": PLACE,
            "when": DAILY,
            "line": "/briefing",
            "grace": 3_600,
            "made_by": "U1",
            "made_at": self.clock.now,
            "next_at": self.clock.now,
        }
        made = Schedule(**given | changes)  # type: ignore[arg-type]
        await self.store.add_schedule(made)
        return made

    async def post(self, post_id: str) -> Post:
        found = await self.ledger.post(post_id)
        assert found is not None
        return found

    async def deliver(self) -> None:
        """Work on everything that is enqueued."""
        while self.queue:
            await self.delivery(self.queue[0])
            del self.queue[0]


@asynccontextmanager
async def new_world(folder: Path) -> AsyncIterator[World]:
    store = Store(f"sqlite:///{folder / 'state.db'}")
    await store.open()
    try:
        yield World(store, Clock())
    finally:
        await store.close()
