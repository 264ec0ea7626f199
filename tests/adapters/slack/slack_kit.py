import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from fakes import slack_payloads as payloads
from fakes.slack import APP_TOKEN, TOKEN, FakeSlack
from samples import SAMPLES

from bot.adapters.receiving import RUNNER
from bot.adapters.slack.answering import Answering
from bot.adapters.slack.app import OneWorkspace, bolt_app
from bot.adapters.slack.config import SlackConfig
from bot.adapters.slack.guard import Guard
from bot.adapters.slack.names import Names
from bot.adapters.slack.server import Server
from bot.adapters.slack.socket_mode import Socket
from bot.adapters.slack.teams import Teams
from bot.adapters.slack.web import Web
from bot.adapters.slack.work import Work
from bot.desk import Asker, Call, Completion, Suggestion
from bot.registry import Option, OptionKind, Registry
from bot.reply import Action, Kind, Line, Paragraph, Reply, Text
from bot.state import State

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


REGISTRY = Registry()
NOTHING = Reply(kind=Kind.NONE, title="", summary="Nothing.")


@REGISTRY.command(example="/briefing sanctions")
def briefing(base: Any, *, topic: Annotated[str, Option(OptionKind.TOPIC, "A topic")] = "") -> Reply:
    """Bottom line and key points."""
    return NOTHING


@REGISTRY.command(example="/who gref", slack="whois")
def who(base: Any, *, name: Annotated[str, Option(OptionKind.NAME, "A name")]) -> Reply:
    """Who or what a name stands for."""
    return NOTHING


@REGISTRY.command(example="/timeline sberbank")
def timeline(base: Any, *, about: Annotated[str, Option(OptionKind.ABOUT, "A name or topic")] = "") -> Reply:
    """What happened and what is planned."""
    return NOTHING


@REGISTRY.command(example="/search ferry", slack="search-facts")
def search(base: Any, *, words: Annotated[str, Option(OptionKind.WORDS, "Words to look for")]) -> Reply:
    """Facts by their words."""
    return NOTHING


@REGISTRY.command(example="/due")
def due(base: Any, *, until: Annotated[str, Option(OptionKind.DATE, "Until that day")] = "") -> Reply:
    """What is owed and by when."""
    return NOTHING


@REGISTRY.command(example="/schedule add 08:30 /who gref")
def schedule(
    base: Any,
    *,
    action: Annotated[str, Option(OptionKind.CHOICE, "What to do", ("add", "list"))],
    what: Annotated[str, Option(OptionKind.LINE, "A command")] = "",
) -> Reply:
    """Posts at set times."""
    return NOTHING


class StubDesk:
    """A desk with prepared replies; every other line is answered with itself."""

    registry = REGISTRY

    def __init__(self) -> None:
        self.asked: list[tuple[str, Asker]] = []
        self.acted: list[tuple[str, Asker]] = []
        self.acting = asyncio.Event()
        self.acting.set()
        self.replies: dict[str, Reply] = {}
        self.people = [Suggestion("gref", "Herman Gref"), Suggestion("putin", "Vladimir Putin")]
        self.raises: Exception | None = None
        self.before: Callable[[], None] | None = None

    def ask(self, line: str, asker: Asker) -> Reply:
        self.asked.append((line, asker))
        if self.before:
            self.before()
        if self.raises:
            raise self.raises
        return self.replies.get(line) or Reply(
            kind=Kind.ANSWER, title=line[:100], summary=line, blocks=(Paragraph((Line((Text(line),)),)),)
        )

    def acts(self, line: str) -> bool:
        return line.removeprefix("/briefing").lstrip(" /").startswith("schedule")

    async def act(self, line: str, asker: Asker) -> Reply:
        self.acted.append((line, asker))
        await self.acting.wait()
        return self.replies.get(line) or Reply(kind=Kind.ANSWER, title="Done", summary=f"Did {line}")

    def answer(self, call: Call, asker: Asker) -> Reply:
        return self.ask(self.canonical(call), asker)

    def suggest(
        self, command: str, option: str, prefix: str, asker: Asker, limit: int = 25
    ) -> list[Suggestion]:
        words = prefix.casefold().split()
        return [
            one for one in self.people if all(word in f"{one.value} {one.label}".casefold() for word in words)
        ][:limit]

    def complete(self, line: str, asker: Asker, limit: int = 10) -> list[Completion]:
        return []

    def notice_for(self, asker: Asker) -> str:
        return ""

    def canonical(self, call: Call) -> str:
        given = " ".join(
            value if name in {"name", "topic"} else f"{name}:{value}"
            for name, value in call.arguments.items()
        )
        return f"/{call.command} {given}".strip()

    @property
    def lines(self) -> list[str]:
        return [line for line, _ in self.asked]


class Kit:
    """A bot wired to a fake Slack; `socket()` or `http()` starts it."""

    def __init__(self, slack: FakeSlack, state: State, config: SlackConfig | None = None) -> None:
        self.slack = slack
        self.state = state
        self.desk = StubDesk()
        self.desk.replies["/many"] = SAMPLES["many points"]
        self.config = config or SlackConfig()
        self.work = Work()
        self.web = Web(slack.base_url, sleep=self.sleep)
        self.slept: list[float] = []
        self.time = 1_732_000_000.0
        self.answering = Answering(
            desk=self.desk,
            config=self.config,
            names=Names(REGISTRY, self.config.names),
            state=state,
            web=self.web,
            workspaces=OneWorkspace(self.web.client(TOKEN)),
            work=self.work,
            teams=Teams(OneWorkspace(self.web.client(TOKEN)), state),
        )
        self._closers = contextlib.AsyncExitStack()
        self.session: ClientSession | None = None

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def socket(self, **options: Any) -> Socket:
        app = bolt_app(self.answering, self.work, client=self.web.client(TOKEN))
        made = Socket(app, self.web, APP_TOKEN, **({"ping_seconds": 5} | options))
        self._closers.push_async_callback(made.close)
        await made.start()
        await until(lambda: bool(self.slack.sockets))
        return made

    async def http(self) -> str:
        app = bolt_app(self.answering, self.work, client=self.web.client(TOKEN))
        self.server = Server(app, Guard(SECRET, now=lambda: self.time), dict, read_seconds=0.3)
        running = TestServer(self.server.web_app(), host="127.0.0.1")
        await running.start_server(**RUNNER)
        self._closers.push_async_callback(running.close)
        self.session = await self._closers.enter_async_context(ClientSession())
        return str(running.make_url(""))

    async def settled(self) -> None:
        assert await self.work.drain(10) == 0

    async def close(self) -> None:
        await self._closers.aclose()
        await self.work.drain(0.1)
        await self.web.close()


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds that another task brings about."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def ask(kit: Kit, command: str, text: str, **changes: Any) -> dict[str, Any]:
    before = len(kit.slack.responses)
    ack = await kit.slack.deliver(payloads.slash(command, text, kit.slack.response_url(), **changes))
    assert ack == {}
    await kit.settled()
    assert len(kit.slack.responses) == before + 1
    return kit.slack.responses[-1]


@pytest.fixture(name="slack")
async def slack_fixture() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as made:
        yield made


@pytest.fixture(name="state")
async def state_fixture(tmp_path: Path) -> AsyncIterator[State]:
    made = State(f"sqlite:///{tmp_path / 'state.db'}")
    await made.open()
    yield made
    await made.close()


@pytest.fixture(name="kit")
async def kit_fixture(slack: FakeSlack, state: State) -> AsyncIterator[Kit]:
    made = Kit(slack, state)
    yield made
    await made.close()


def choices(*labels: str) -> tuple[Action, ...]:
    return tuple(Action(label, f"/who {label}") for label in labels)
