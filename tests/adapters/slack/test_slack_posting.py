"""Scheduled posts: once, or a typed failure that says what to do."""

import pytest
from fakes.slack import TOKEN, Fault
from fakes.slack_payloads import CHANNEL, USER
from samples import SAMPLES, reply
from slack_kit import Kit, kit_fixture, slack_fixture, state_fixture  # noqa: F401 - fixtures

from bot.adapters.slack.app import OneWorkspace
from bot.adapters.slack.failures import Outcome
from bot.adapters.slack.intake import Place
from bot.adapters.slack.posting import Poster, PostError, PostRef, pages_for_post
from bot.reply import Paragraph, Table, line

NEWS = Place(team="T0TEAM", channel=CHANNEL)
KEY = "post:daily:2026-11-22T07:00Z"
ONE = pages_for_post(reply(Paragraph((line("Calm."),)))).pages
MANY = pages_for_post(SAMPLES["many points"]).pages


@pytest.fixture
def poster(kit: Kit) -> Poster:
    return Poster(OneWorkspace(kit.web.client(TOKEN)))


def sent(kit: Kit) -> int:
    return sum(method.startswith("chat.postMessage") for method, _ in kit.slack.calls)


async def test_a_post_carries_its_key_and_is_found_by_it(kit: Kit, poster: Poster) -> None:
    assert await poster.find(NEWS, KEY, 0) is None
    made = await poster.post(NEWS, ONE, KEY)
    (message,) = kit.slack.messages
    assert message["metadata"] == {"event_type": "briefing_posted", "event_payload": {"key": KEY, "page": 1}}
    assert made == PostRef(CHANNEL, {1: message["ts"]})
    assert made.ts == message["ts"]
    assert await poster.find(NEWS, KEY, 0) == made
    assert await poster.find(NEWS, "another", 0) is None
    assert await poster.find(NEWS, KEY, float(made.ts) + 119) == made, "our clock may be ahead of Slack's"
    assert await poster.find(NEWS, KEY, float(made.ts) + 121) is None, "older than the try"


async def test_pages_go_to_a_thread_and_are_found_there(kit: Kit, poster: Poster) -> None:
    assert len(MANY) > 1
    made = await poster.post(NEWS, MANY, KEY)
    assert [one.get("thread_ts") for one in kit.slack.messages] == [None, *[made.ts] * (len(MANY) - 1)]
    assert await poster.find(NEWS, KEY, 0) == made


async def test_a_post_in_a_thread(kit: Kit, poster: Poster) -> None:
    place = Place(channel=CHANNEL, thread="1731000000.000100")
    made = await poster.post(place, ONE, KEY)
    assert kit.slack.messages[0]["thread_ts"] == place.thread
    assert await poster.find(place, KEY, 0) == made


async def test_history_of_many_pages_is_read_to_the_end(kit: Kit, poster: Poster) -> None:
    made = await poster.post(NEWS, ONE, KEY)
    for n in range(450):
        kit.slack.messages.append(kit.slack.messages[0] | {"ts": f"1999{n:06d}.000100", "metadata": {}})
    assert await poster.find(NEWS, KEY, 0) == made


async def test_buttons_of_one_reader_are_not_posted(kit: Kit, poster: Poster) -> None:
    await poster.post(NEWS, MANY, KEY)
    for name in ("all blocks", "many points"):
        await poster.post(NEWS, pages_for_post(SAMPLES[name]).pages, f"{KEY}:{name}")
    shown = str([one["blocks"] for one in kit.slack.messages])
    assert "action_id" not in shown.replace("'action_id': 'ask:", "")


@pytest.mark.parametrize(
    ("fault", "outcome", "effect"),
    [
        (Fault.cut(accepted=True), Outcome.UNKNOWN, 1),
        (Fault.cut(accepted=False), Outcome.UNKNOWN, 0),
        (Fault.server(500), Outcome.UNKNOWN, 0),
        (Fault.server(502), Outcome.UNKNOWN, 0),
        (Fault.server(503), Outcome.UNKNOWN, 0),
        (Fault.server(504), Outcome.UNKNOWN, 0),
        (Fault.said("<html>sorry</html>", "text/html"), Outcome.UNKNOWN, 1),
        (Fault.said("null"), Outcome.UNKNOWN, 1),
        (Fault.said('{"ok":tr'), Outcome.UNKNOWN, 1),
        (Fault.said('{"ok":true}'), Outcome.UNKNOWN, 1),
        (Fault.said("[]"), Outcome.UNKNOWN, 1),
        (Fault.said(""), Outcome.UNKNOWN, 1),
        (Fault.error("internal_error"), Outcome.UNKNOWN, 0),
        (Fault.error("fatal_error"), Outcome.UNKNOWN, 0),
        (Fault.error("ratelimited"), Outcome.TRANSIENT, 0),
        (Fault.limited("1000000000"), Outcome.TRANSIENT, 0),
        (Fault.error("not_in_channel"), Outcome.PERMANENT, 0),
        (Fault.error("missing_scope", needed="chat:write"), Outcome.PERMANENT, 0),
        (Fault.error("is_archived"), Outcome.PERMANENT, 0),
        (Fault.error("token_revoked"), Outcome.PERMANENT, 0),
        (Fault.error("invalid_blocks"), Outcome.PERMANENT, 0),
        (Fault.error("something_new"), Outcome.PERMANENT, 0),
    ],
    ids=lambda one: one.body or one.status if isinstance(one, Fault) else None,
)
async def test_each_failure_is_typed_and_sent_once(
    kit: Kit, poster: Poster, fault: Fault, outcome: Outcome, effect: int
) -> None:
    kit.slack.faults["chat.postMessage"] = [fault]
    with pytest.raises(PostError) as caught:
        await poster.post(NEWS, ONE, KEY)
    assert caught.value.outcome is outcome
    assert caught.value.advice.endswith(".")
    assert len(kit.slack.messages) == effect
    found = await poster.find(NEWS, KEY, 0)
    assert (found is not None) == bool(effect), "what is unknown is found out"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("not_in_channel", "/invite"),
        ("missing_scope", "chat:write"),
        ("is_archived", "unarchive"),
        ("token_revoked", "again"),
    ],
)
async def test_the_advice_says_what_to_do(kit: Kit, poster: Poster, code: str, advice: str) -> None:
    kit.slack.faults["chat.postMessage"] = [Fault.error(code, needed="chat:write")]
    with pytest.raises(PostError, match=advice):
        await poster.post(NEWS, ONE, KEY)


@pytest.mark.parametrize(("header", "waits"), [("3", [3]), (None, [1]), ("abc", [1]), ("-1", [1])])
async def test_a_rate_limit_is_waited_out(
    kit: Kit, poster: Poster, header: str | None, waits: list[int]
) -> None:
    kit.slack.faults["chat.postMessage"] = [Fault.limited(header)]
    await poster.post(NEWS, ONE, KEY)
    assert [int(one) for one in kit.slept] == waits
    assert len(kit.slack.messages) == 1


async def test_a_rate_limit_without_end_is_the_callers_business(kit: Kit, poster: Poster) -> None:
    kit.slack.faults["chat.postMessage"] = [Fault.limited("7") for _ in range(9)]
    with pytest.raises(PostError) as caught:
        await poster.post(NEWS, ONE, KEY)
    assert (caught.value.outcome, caught.value.retry_after) == (Outcome.TRANSIENT, 7)
    assert len(kit.slept) == 2


async def test_an_absurd_wait_is_told_as_a_day_at_most(kit: Kit, poster: Poster) -> None:
    kit.slack.faults["chat.postMessage"] = [Fault.limited("1000000000")]
    with pytest.raises(PostError) as caught:
        await poster.post(NEWS, ONE, KEY)
    assert caught.value.retry_after == 86_400
    assert kit.slept == []


async def test_slack_out_of_reach_means_nothing_was_sent(kit: Kit) -> None:
    from bot.adapters.slack.web import Web

    web = Web("http://127.0.0.1:9/api/")
    with pytest.raises(PostError) as caught:
        await Poster(OneWorkspace(web.client(TOKEN))).post(NEWS, ONE, KEY)
    assert caught.value.outcome is Outcome.TRANSIENT
    await web.close()


async def test_a_post_goes_on_after_what_stands(kit: Kit, poster: Poster) -> None:
    kit.slack.faults["chat.postMessage"] = [Fault.error("internal_error")]
    with pytest.raises(PostError) as caught:
        await poster.post(NEWS, MANY, KEY)
    assert caught.value.posted == PostRef(CHANNEL, {})
    first = await poster.post(NEWS, MANY[:1], KEY)
    whole = await poster.post(NEWS, MANY, KEY, after=first)
    assert len(kit.slack.messages) == len(MANY)
    assert set(whole.messages) == set(range(1, len(MANY) + 1))
    assert {one.get("thread_ts") for one in kit.slack.messages} == {None, first.ts}


async def test_without_history_the_outcome_stays_unknown(kit: Kit, poster: Poster) -> None:
    kit.slack.tokens[TOKEN] = "chat:write"
    with pytest.raises(PostError, match="channels:history") as caught:
        await poster.find(NEWS, KEY, 0)
    assert caught.value.outcome is Outcome.PERMANENT


async def test_a_history_that_cannot_be_read_now_is_read_later(kit: Kit, poster: Poster) -> None:
    kit.slack.faults["conversations.history"] = [Fault.server(500)]
    with pytest.raises(PostError) as caught:
        await poster.find(NEWS, KEY, 0)
    assert caught.value.outcome is Outcome.TRANSIENT


async def test_a_table_is_posted_as_its_twin_where_it_is_refused(kit: Kit, poster: Poster) -> None:
    kit.slack.refuses.add("table")
    await poster.post(NEWS, pages_for_post(reply(Table(("a",), ((line("1"),),)))).pages, KEY)
    assert "table" not in {one["type"] for one in kit.slack.messages[0]["blocks"]}
    assert sent(kit) == 2


async def test_a_remark_stands_under_the_title() -> None:
    (page,) = pages_for_post(reply(Paragraph((line("Calm."),))), "Every morning at 8").pages
    assert page.blocks[1]["elements"][0]["text"] == "Every morning at 8"


async def test_a_post_stands_where_slack_says_that_it_does(kit: Kit, poster: Poster) -> None:
    """A channel's name is taken too, and answered with its id."""
    kit.slack.members.add("#news")
    kit.slack.ids["#news"] = CHANNEL
    made = await poster.post(Place(channel="#news"), MANY, KEY)
    assert made.channel == CHANNEL
    assert {one["channel"] for one in kit.slack.messages} == {CHANNEL}
    assert await poster.find(Place(channel=made.channel), KEY, 0) == made


async def test_a_person_is_no_channel(kit: Kit, poster: Poster) -> None:
    for call in (poster.post(Place(channel=USER), ONE, KEY), poster.find(Place(channel=USER), KEY, 0)):
        with pytest.raises(PostError, match="D…") as caught:
            await call
        assert caught.value.outcome is Outcome.PERMANENT
    assert kit.slack.messages == []
