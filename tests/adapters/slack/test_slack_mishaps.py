"""What the loopback chats do to callers, for the kill harness, and what posts make of it in Slack."""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import pytest
from fakes.faults import KINDS, Accepted, Ledger, Mishap, Seeded
from fakes.slack import TOKEN
from fakes.slack_payloads import CHANNEL, TEAM
from samples import reply
from slack_kit import REGISTRY, Kit, kit_fixture, slack_fixture, state_fixture, until  # noqa: F401 - fixtures

from bot.adapters.slack.app import OneWorkspace
from bot.adapters.slack.names import Names
from bot.adapters.slack.posting import SlackChat, pages_for_post
from bot.adapters.slack.teams import Teams
from bot.posting import Outcome, Place, PostError
from bot.reply import Paragraph, line

NEWS = Place(platform="slack", workspace=TEAM, channel=CHANNEL)
PAGES = [
    {"text": one.text, "blocks": one.blocks}
    for one in pages_for_post(reply(Paragraph((line("Calm."),)))).pages
]
STEERING: tuple[tuple[str, dict[str, object]], ...] = (
    ("seed", {"seed": 1, "rate": 0.1}),
    ("script", {"x": [{"status": 503}]}),
    ("seed", {}),
)
TESTS = Path(__file__).parents[2]


@pytest.fixture
def chat(kit: Kit) -> SlackChat:
    return SlackChat(Teams(OneWorkspace(kit.web.client(TOKEN)), kit.state), kit.state, Names(REGISTRY))


def test_a_seed_gives_the_same_mishaps_again() -> None:
    drawn = [Seeded(seed, 0.5) for seed in (1, 1, 2)]
    first, again, other = ([one.draw("chat.postMessage") for _ in range(200)] for one in drawn)
    assert first == again != other
    assert 60 < sum(one is not None for one in first) < 140


def test_only_the_calls_that_are_named_go_wrong() -> None:
    drawn = Seeded(1, 1.0, calls=("post",))
    assert drawn.draw("chat.postMessage") is not None
    assert drawn.draw("conversations.history") is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn(kind: str) -> None:
    assert Seeded(1, 1.0, kinds=(kind,)).draw("x") is not None


def test_what_is_scripted_comes_first_and_once() -> None:
    ledger = Ledger(scripted={"post": [Mishap(503)]}, seeded=Seeded(1, 0.0))
    assert [ledger.next("chat.postMessage"), ledger.next("chat.postMessage")] == [Mishap(503), None]


@pytest.mark.parametrize("wait", [None, "abc", "-1", "0", "1e9", "2"])
async def test_any_rate_limit_is_survived(kit: Kit, chat: SlackChat, wait: str | None) -> None:
    kit.slack.ledger.scripted["chat.postMessage"] = [Mishap(429, wait)]
    with pytest.raises(PostError) as caught:
        await chat.post(NEWS, PAGES, "k")
    assert caught.value.outcome is Outcome.TRANSIENT
    assert caught.value.retry_after in {None, 0, 2}
    await chat.post(NEWS, PAGES, "k")
    assert len(kit.slack.messages) == 1
    assert kit.slept == []


@pytest.mark.parametrize("wait", ["1000000000", "86400"])
async def test_a_wait_without_end_is_capped_and_handed_on(kit: Kit, chat: SlackChat, wait: str) -> None:
    kit.slack.ledger.scripted["chat.postMessage"] = [Mishap(429, wait)]
    with pytest.raises(PostError) as caught:
        await chat.post(NEWS, PAGES, "k")
    assert (caught.value.outcome, caught.value.retry_after) == (Outcome.TRANSIENT, 86_400)


@pytest.mark.parametrize(
    ("mishap", "there"),
    [
        (Mishap(), 0),
        (Mishap(accepted=True), 1),
        (Mishap(503), 0),
        (Mishap(500, accepted=True), 1),
    ],
)
async def test_the_ledger_tells_what_was_accepted(
    kit: Kit, chat: SlackChat, mishap: Mishap, there: int
) -> None:
    kit.slack.ledger.scripted["chat.postMessage"] = [mishap]
    with pytest.raises(PostError) as caught:
        await chat.post(NEWS, PAGES, "k")
    assert caught.value.outcome is Outcome.UNKNOWN
    assert [(one.key, one.page) for one in kit.slack.ledger.accepted] == [("k", 1)] * there
    assert (await chat.find(NEWS, "k", 0) is not None) == bool(there)


async def test_what_is_accepted_late_appears_later(kit: Kit, chat: SlackChat) -> None:
    kit.slack.ledger.scripted["chat.postMessage"] = [Mishap(accepted=True, late=0.05)]
    with pytest.raises(PostError) as caught:
        await chat.post(NEWS, PAGES, "k")
    assert caught.value.outcome is Outcome.UNKNOWN
    assert kit.slack.ledger.accepted == []
    await until(lambda: bool(kit.slack.ledger.accepted))
    assert await chat.find(NEWS, "k", 0) is not None


async def test_a_correction_is_noted_as_one(kit: Kit, chat: SlackChat) -> None:
    made = await chat.post(NEWS, PAGES, "k")
    await chat.amend(NEWS, made, PAGES, "old")
    assert [(one.message, one.edit) for one in kit.slack.ledger.accepted] == [
        (made.messages[1], False),
        (made.messages[1], True),
    ]


@pytest.mark.parametrize("name", ["slack", "discord"])
async def test_a_fake_runs_in_a_process_of_its_own(name: str) -> None:
    program = (sys.executable, "-m", f"fakes.{name}")
    running = await asyncio.create_subprocess_exec(
        *program, env={"PYTHONPATH": f"{TESTS}:{TESTS.parent}"}, stdout=asyncio.subprocess.PIPE
    )
    assert running.stdout is not None
    try:
        async with asyncio.timeout(30):
            said = (await running.stdout.readline()).decode().strip()
        url = said if said.startswith("http") else f"http://127.0.0.1:{said}"
        async with aiohttp.ClientSession() as session:
            for path, body in (
                ("seed", {"seed": 1, "rate": 0.1}),
                ("script", {"x": [{"status": 503}]}),
                ("seed", {}),
            ):
                async with session.post(f"{url}/fake/{path}", data=json.dumps(body)) as answer:
                    assert answer.status == 200
            async with session.get(f"{url}/fake/accepted") as answer:
                assert await answer.json() == []
    finally:
        running.kill()
        await running.wait()


async def test_another_process_reads_what_was_accepted(kit: Kit, chat: SlackChat) -> None:
    await chat.post(NEWS, PAGES, "k")
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{kit.slack.url}/fake/accepted") as answer,
    ):
        (found,) = [Accepted(**one) for one in await answer.json()]
    assert found == kit.slack.ledger.accepted[0]
    assert (found.channel, found.key, found.thread) == (CHANNEL, "k", "")
