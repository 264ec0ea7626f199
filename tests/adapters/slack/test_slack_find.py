"""Scheduled posts are found again whatever the clock said, and only our own."""

import pytest
from fakes.slack import TOKEN
from fakes.slack_api import Json
from fakes.slack_payloads import CHANNEL, TEAM
from samples import reply
from slack_kit import REGISTRY, Kit, kit_fixture, slack_fixture, state_fixture  # noqa: F401 - fixtures

from bot.adapters.slack.app import OneWorkspace
from bot.adapters.slack.names import Names
from bot.adapters.slack.posting import HISTORY_PAGE, HISTORY_PAGES_MOST, SlackChat, pages_for_post
from bot.adapters.slack.teams import Teams
from bot.posting import Outcome, Place, PostError
from bot.reply import Paragraph, line

NEWS = Place(platform="slack", workspace=TEAM, channel=CHANNEL)
(PAGE,) = pages_for_post(reply(Paragraph((line("Calm."),)))).pages
PAGES = [{"text": PAGE.text, "blocks": PAGE.blocks}]
MOST = HISTORY_PAGE * HISTORY_PAGES_MOST
INTENT = 1_800_000_000.0
HOUR = 3_600.0


@pytest.fixture
def chat(kit: Kit) -> SlackChat:
    return SlackChat(Teams(OneWorkspace(kit.web.client(TOKEN)), kit.state), kit.state, Names(REGISTRY))


@pytest.fixture(autouse=True)
def _until_latest(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fake leave out what is later than `latest`, as Slack does."""
    history = kit.slack._history

    def shown(method: str, arguments: Json) -> Json:
        every = kit.slack.messages
        latest = float(arguments.get("latest") or 1e12)
        kit.slack.messages = [one for one in every if float(one["ts"]) <= latest]
        try:
            return history(method, arguments)
        finally:
            kit.slack.messages = every

    monkeypatch.setattr(kit.slack, "_history", shown)


def put(kit: Kit, first: float, count: int = 1) -> None:
    """Write messages of somebody else, one a second."""
    written = {"channel": CHANNEL, "text": "Talk", "metadata": {}}
    kit.slack.messages += [written | {"ts": f"{first + n:.6f}"} for n in range(count)]


async def posted(kit: Kit, chat: SlackChat, instant: float) -> str:
    """Post under the key "k" at an instant; return the message's `ts`."""
    await chat.post(NEWS, PAGES, "k")
    ts = f"{instant:.6f}"
    kit.slack.messages[-1]["ts"] = ts
    kit.slack.calls.clear()
    return ts


@pytest.mark.parametrize(("ahead", "found"), [(HOUR, True), (24 * HOUR, True), (26 * HOUR, False)])
async def test_a_clock_that_was_ahead_does_not_hide_a_post(
    kit: Kit, chat: SlackChat, ahead: float, found: bool
) -> None:
    ts = await posted(kit, chat, INTENT - ahead)
    ref = await chat.find(NEWS, "k", INTENT)
    assert (ref.messages if ref else None) == ({1: ts} if found else None)


async def test_a_recent_post_is_found_without_reading_further_back(kit: Kit, chat: SlackChat) -> None:
    put(kit, INTENT - HOUR, 1_000)
    ts = await posted(kit, chat, INTENT + 1)
    ref = await chat.find(NEWS, "k", INTENT)
    assert ref is not None
    assert ref.messages == {1: ts}
    assert [name for name, _ in kit.slack.calls] == [
        "auth.test",
        "conversations.history",
        "conversations.replies",
    ]


async def test_where_too_much_was_written_since_the_try_it_is_unknown(kit: Kit, chat: SlackChat) -> None:
    await posted(kit, chat, INTENT - 60)
    put(kit, INTENT, MOST)
    with pytest.raises(PostError, match="Too much") as caught:
        await chat.find(NEWS, "k", INTENT)
    assert caught.value.outcome is Outcome.UNKNOWN


async def test_where_too_much_was_written_before_the_try_nothing_was_posted(
    kit: Kit, chat: SlackChat
) -> None:
    await posted(kit, chat, INTENT - 20 * HOUR)
    put(kit, INTENT - 10 * HOUR, MOST)
    assert await chat.find(NEWS, "k", INTENT) is None
    assert len(kit.slack.calls) == 1 + 1 + HISTORY_PAGES_MOST


async def test_pages_in_the_thread_of_a_post_before_the_try_are_found(kit: Kit, chat: SlackChat) -> None:
    ts = await posted(kit, chat, INTENT - HOUR)
    kit.slack.messages.append(
        kit.slack.messages[0]
        | {"ts": f"{INTENT - HOUR + 1:.6f}", "thread_ts": ts}
        | {"metadata": {"event_type": "briefing_posted", "event_payload": {"key": "k", "page": 2}}}
    )
    ref = await chat.find(NEWS, "k", INTENT)
    assert ref is not None
    assert ref.messages == {1: ts, 2: f"{INTENT - HOUR + 1:.6f}"}


@pytest.mark.parametrize(("bot", "found"), [("B0", True), ("B0OTHER", False)])
async def test_a_message_of_another_app_is_not_ours(
    kit: Kit, chat: SlackChat, monkeypatch: pytest.MonkeyPatch, bot: str, found: bool
) -> None:
    ts = await posted(kit, chat, INTENT)
    history = kit.slack._history

    def shown(method: str, arguments: Json) -> Json:
        answer = history(method, arguments)
        return answer | {"messages": [one | {"bot_id": bot} for one in answer["messages"]]}

    monkeypatch.setattr(kit.slack, "_history", shown)
    for _ in range(2):
        ref = await chat.find(NEWS, "k", INTENT)
        assert (ref.messages if ref else None) == ({1: ts} if found else None)
    assert [name for name, _ in kit.slack.calls].count("auth.test") == 1
