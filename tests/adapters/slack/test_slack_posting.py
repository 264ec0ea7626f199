"""Scheduled posts: once, or a typed failure that says what to do."""

import json

import msgspec
import pytest
from fakes.slack import TOKEN, Fault
from fakes.slack_payloads import CHANNEL, TEAM, USER
from samples import SAMPLES, reply
from slack_kit import REGISTRY, Kit, kit_fixture, slack_fixture, state_fixture  # noqa: F401 - fixtures
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack import intake, presses
from bot.adapters.slack.app import OneWorkspace
from bot.adapters.slack.failures import SlackFailureError
from bot.adapters.slack.names import Names
from bot.adapters.slack.posting import SlackChat, pages_for_post
from bot.adapters.slack.teams import Teams
from bot.adapters.slack.web import Web
from bot.posting import Chat, Outcome, Page, Place, PostError, Reference, Scope
from bot.reply import Action, Paragraph, Reply, Table, line

NEWS = Place(platform="slack", workspace=TEAM, channel=CHANNEL)
KEY = "post:daily:2026-11-22T07:00Z"


def pages(one: Reply, remark: str = "") -> list[Page]:
    return [msgspec.structs.asdict(page) for page in pages_for_post(one, remark).pages]


ONE = pages(reply(Paragraph((line("Calm."),))))
MANY = pages(SAMPLES["many points"])


def chat(kit: Kit, web: Web | None = None) -> SlackChat:
    teams = Teams(OneWorkspace((web or kit.web).client(TOKEN)), kit.state)
    return SlackChat(teams, kit.state, Names(REGISTRY))


@pytest.fixture
def poster(kit: Kit) -> Chat:
    return chat(kit)


def sent(kit: Kit) -> int:
    return sum(method.startswith("chat.postMessage") for method, _ in kit.slack.calls)


async def test_a_post_carries_its_key_and_is_found_by_it(kit: Kit, poster: Chat) -> None:
    assert await poster.find(NEWS, KEY, 0) is None
    made = await poster.post(NEWS, ONE, KEY)
    (message,) = kit.slack.messages
    assert message["metadata"] == {"event_type": "briefing_posted", "event_payload": {"key": KEY, "page": 1}}
    assert made == Reference(channel=CHANNEL, messages={1: message["ts"]})
    assert made.messages[1] == message["ts"]
    assert await poster.find(NEWS, KEY, 0) == made
    assert await poster.find(NEWS, "another", 0) is None
    for ahead in (119, 121, 3_600, 86_400):
        assert await poster.find(NEWS, KEY, float(made.messages[1]) + ahead) == made, "our clock was ahead"
    assert await poster.find(NEWS, KEY, float(made.messages[1]) + 90_001) is None, "older than the try"


async def test_pages_go_to_a_thread_and_are_found_there(kit: Kit, poster: Chat) -> None:
    assert len(MANY) > 1
    made = await poster.post(NEWS, MANY, KEY)
    assert [one.get("thread_ts") for one in kit.slack.messages] == [
        None,
        *[made.messages[1]] * (len(MANY) - 1),
    ]
    assert await poster.find(NEWS, KEY, 0) == made


async def test_a_post_in_a_thread(kit: Kit, poster: Chat) -> None:
    place = msgspec.structs.replace(NEWS, thread="1731000000.000100")
    made = await poster.post(place, ONE, KEY)
    assert kit.slack.messages[0]["thread_ts"] == place.thread
    assert await poster.find(place, KEY, 0) == made


async def test_history_of_many_pages_is_read_to_the_end(kit: Kit, poster: Chat) -> None:
    made = await poster.post(NEWS, ONE, KEY)
    for n in range(450):
        kit.slack.messages.append(kit.slack.messages[0] | {"ts": f"1999{n:06d}.000100", "metadata": {}})
    assert await poster.find(NEWS, KEY, 0) == made


async def test_buttons_of_one_reader_are_not_posted(kit: Kit, poster: Chat) -> None:
    await poster.post(NEWS, MANY, KEY)
    for name in ("all blocks", "many points"):
        await poster.post(NEWS, pages(SAMPLES[name]), f"{KEY}:{name}")
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
    kit: Kit, poster: Chat, fault: Fault, outcome: Outcome, effect: int
) -> None:
    kit.slack.faults["chat.postMessage"] = [fault]
    with pytest.raises(PostError) as caught:
        await poster.post(NEWS, ONE, KEY)
    assert caught.value.outcome is outcome
    assert caught.value.sentence.endswith(".")
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
async def test_the_advice_says_what_to_do(kit: Kit, poster: Chat, code: str, advice: str) -> None:
    kit.slack.faults["chat.postMessage"] = [Fault.error(code, needed="chat:write")]
    with pytest.raises(PostError, match=advice):
        await poster.post(NEWS, ONE, KEY)


@pytest.mark.parametrize(
    ("codes", "scope"),
    [
        ("token_revoked invalid_auth account_inactive not_authed token_expired", Scope.WORKSPACE),
        ("not_allowed_token_type missing_scope team_access_not_granted", Scope.WORKSPACE),
        ("org_login_required ekm_access_denied access_denied", Scope.WORKSPACE),
        ("msg_too_long invalid_blocks metadata_too_large msg_blocks_too_long", Scope.CONTENT),
        ("not_in_channel channel_not_found is_archived restricted_action something_new", Scope.PLACE),
    ],
)
async def test_a_failure_says_how_far_it_reaches(kit: Kit, poster: Chat, codes: str, scope: Scope) -> None:
    for code in codes.split():
        kit.slack.faults["chat.postMessage"] = [Fault.error(code)]
        with pytest.raises(PostError) as caught:
            await poster.post(NEWS, ONE, KEY)
        assert (code, caught.value.outcome, caught.value.scope) == (code, Outcome.PERMANENT, scope)


@pytest.mark.parametrize(("header", "waits"), [("3", [3]), (None, [1]), ("abc", [1]), ("-1", [1])])
async def test_a_rate_limit_of_reading_is_waited_out(
    kit: Kit, poster: Chat, header: str | None, waits: list[int]
) -> None:
    kit.slack.faults["conversations.history"] = [Fault.limited(header)]
    assert await poster.find(NEWS, KEY, 0) is None
    assert [int(one) for one in kit.slept] == waits


@pytest.mark.parametrize(("header", "told"), [("3", 3), ("30", 30), (None, None), ("abc", None)])
async def test_a_rate_limit_of_posting_is_the_callers_to_wait_for(
    kit: Kit, poster: Chat, header: str | None, told: float | None
) -> None:
    kit.slack.faults["chat.postMessage"] = [Fault.limited(header)]
    with pytest.raises(PostError) as caught:
        await poster.post(NEWS, ONE, KEY)
    assert (caught.value.outcome, caught.value.retry_after) == (Outcome.TRANSIENT, told)
    assert (kit.slept, sent(kit)) == ([], 1)


async def test_a_rate_limit_without_end_is_the_callers_business(kit: Kit, poster: Chat) -> None:
    kit.slack.faults["conversations.history"] = [Fault.limited("7") for _ in range(9)]
    with pytest.raises(PostError) as caught:
        await poster.find(NEWS, KEY, 0)
    assert (caught.value.outcome, caught.value.retry_after) == (Outcome.TRANSIENT, 7)
    assert len(kit.slept) == 2


async def test_an_absurd_wait_is_told_as_a_day_at_most(kit: Kit, poster: Chat) -> None:
    kit.slack.faults["chat.postMessage"] = [Fault.limited("1000000000")]
    with pytest.raises(PostError) as caught:
        await poster.post(NEWS, ONE, KEY)
    assert caught.value.retry_after == 86_400
    assert kit.slept == []


async def test_slack_out_of_reach_means_nothing_was_sent(kit: Kit) -> None:
    web = Web("http://127.0.0.1:9/api/")
    with pytest.raises(PostError) as caught:
        await chat(kit, web).post(NEWS, ONE, KEY)
    assert caught.value.outcome is Outcome.TRANSIENT
    await web.close()


async def test_a_post_goes_on_after_what_stands(kit: Kit, poster: Chat) -> None:
    kit.slack.faults["chat.postMessage"] = [Fault.error("internal_error")]
    with pytest.raises(PostError) as caught:
        await poster.post(NEWS, MANY, KEY)
    assert caught.value.posted is None
    first = await poster.post(NEWS, MANY[:1], KEY)
    whole = await poster.post(NEWS, MANY, KEY, after=first)
    assert len(kit.slack.messages) == len(MANY)
    assert set(whole.messages) == set(range(1, len(MANY) + 1))
    assert {one.get("thread_ts") for one in kit.slack.messages} == {None, first.messages[1]}


async def test_without_history_the_outcome_stays_unknown(kit: Kit, poster: Chat) -> None:
    kit.slack.tokens[TOKEN] = "chat:write"
    with pytest.raises(PostError, match="channels:history") as caught:
        await poster.find(NEWS, KEY, 0)
    assert caught.value.outcome is Outcome.PERMANENT


async def test_a_history_that_cannot_be_read_now_is_read_later(kit: Kit, poster: Chat) -> None:
    kit.slack.faults["conversations.history"] = [Fault.server(500)]
    with pytest.raises(PostError) as caught:
        await poster.find(NEWS, KEY, 0)
    assert caught.value.outcome is Outcome.TRANSIENT


async def test_a_table_is_posted_as_its_twin_where_it_is_refused(kit: Kit, poster: Chat) -> None:
    kit.slack.refuses.add("table")
    await poster.post(NEWS, pages(reply(Table(("a",), ((line("1"),),)))), KEY)
    assert "table" not in {one["type"] for one in kit.slack.messages[0]["blocks"]}
    assert sent(kit) == 2


async def test_a_remark_stands_under_the_title() -> None:
    (page,) = pages(reply(Paragraph((line("Calm."),))), "Every morning at 8")
    assert page["blocks"][1]["elements"][0]["text"] == "Every morning at 8"


HOSTILE_IDS = [
    "",
    "abc",
    "#news",
    "<#C0NEWS|news>",
    "<@U0ADA>",
    "C0NEWS\n",
    "c0news",
    "C" * 10_000,
    "Ｃ0NEWS",
]


@pytest.mark.parametrize("channel", [USER, "W0ADA", *HOSTILE_IDS])
async def test_what_is_no_channel_is_said(kit: Kit, poster: Chat, channel: str) -> None:
    place = Place(platform="slack", workspace=TEAM, channel=channel)
    stands = Reference(channel=channel, messages={1: "1.1"})
    calls = (
        poster.post(place, ONE, KEY),
        poster.find(place, KEY, 0),
        poster.amend(place, stands, ONE, "old"),
    )
    for call in calls:
        with pytest.raises(PostError, match=r"C0123|C…") as caught:
            await call
        assert caught.value.outcome is Outcome.PERMANENT
        assert len(caught.value.sentence) < 200
    assert kit.slack.calls == []


@pytest.mark.parametrize("changed", [{"thread": "yesterday"}, {"workspace": "example"}, {"thread": "1.1 "}])
async def test_what_is_no_thread_or_workspace_is_said(
    kit: Kit, poster: Chat, changed: dict[str, str]
) -> None:
    with pytest.raises(PostError, match="is not the id of") as caught:
        await poster.post(msgspec.structs.replace(NEWS, **changed), ONE, KEY)
    assert caught.value.outcome is Outcome.PERMANENT
    assert kit.slack.calls == []


async def test_long_lines_of_buttons_are_kept_before_the_post(kit: Kit, poster: Chat) -> None:
    asked = f"/search {'words ' * 40}"
    (page,) = await poster.render(reply(actions=(Action("More", asked),)))
    assert json.loads(json.dumps(page)) == page, "a page is plain data"
    (value,) = [one["value"] for row in page["blocks"] for one in row.get("elements", ()) if "value" in one]
    press = presses.decode(value)
    assert press is not None
    assert await kit.state.kept(press.key) == asked


async def test_commands_are_called_as_in_slack(poster: Chat) -> None:
    (page,) = await poster.render(reply(Paragraph((line("Ask /who gref."),))), "late: ask /who")
    shown = json.dumps(page["blocks"])
    assert "Ask /whois gref." in shown


async def test_nothing_is_posted_where_the_state_cannot_be_written(kit: Kit, poster: Chat) -> None:
    await kit.state.close()
    async with kit.state.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE lines")
    with pytest.raises(PostError, match="state database") as caught:
        await poster.render(reply(actions=(Action("More", f"/search {'words ' * 40}"),)))
    assert caught.value.outcome is Outcome.TRANSIENT
    with pytest.raises(PostError, match="state database") as caught:
        await poster.post(NEWS, ONE, KEY)
    assert caught.value.outcome is Outcome.TRANSIENT


# --- corrections ---------------------------------------------------------------------------------------


async def test_what_stands_is_marked_and_still_found(kit: Kit, poster: Chat) -> None:
    made = await poster.post(NEWS, MANY, KEY)
    before = [dict(one) for one in kit.slack.messages]
    for _ in range(2):
        await poster.amend(NEWS, made, MANY, "One fact here was superseded on 3 March.")
    first, *others = kit.slack.messages
    assert first["blocks"][1]["elements"][0]["text"] == "One fact here was superseded on 3 March."
    assert first["blocks"][2:] == before[0]["blocks"][1:]
    assert others == before[1:]
    assert await poster.find(NEWS, KEY, 0) == made


async def test_a_message_that_is_gone_cannot_be_marked(kit: Kit, poster: Chat) -> None:
    made = await poster.post(NEWS, ONE, KEY)
    kit.slack.messages.clear()
    with pytest.raises(PostError, match="deleted") as caught:
        await poster.amend(NEWS, made, ONE, "old")
    assert caught.value.outcome is Outcome.PERMANENT


async def test_marking_with_a_lost_answer_may_be_done_again(kit: Kit, poster: Chat) -> None:
    made = await poster.post(NEWS, ONE, KEY)
    kit.slack.faults["chat.update"] = [Fault.cut()]
    with pytest.raises(PostError, match="again") as caught:
        await poster.amend(NEWS, made, ONE, "old")
    assert caught.value.outcome is Outcome.TRANSIENT
    await poster.amend(NEWS, made, ONE, "old")


async def test_without_a_first_page_nothing_is_marked(kit: Kit, poster: Chat) -> None:
    await poster.amend(NEWS, Reference(channel=CHANNEL, messages={2: "1.1"}), ONE, "old")
    assert kit.slack.calls == []


async def test_a_remark_of_any_length_is_taken(kit: Kit, poster: Chat) -> None:
    for remark in ("x" * 10_000, "\x1b[31m\nred", "<!channel>"):
        made = await poster.post(NEWS, pages(reply(Paragraph((line("Calm."),))), remark), KEY + remark[:9])
        await poster.amend(NEWS, made, ONE, remark)


# --- organisations -------------------------------------------------------------------------------------


class Installed:
    """Knows one installation; everything else is not installed."""

    def __init__(self, kit: Kit, place: intake.Place) -> None:
        self.kit, self.place = kit, place
        self.asked: list[intake.Place] = []

    async def client(self, place: intake.Place) -> AsyncWebClient:
        self.asked.append(place)
        if place != self.place:
            raise SlackFailureError(Outcome.PERMANENT, "not_installed", "Install it.")
        return self.kit.web.client(TOKEN)


@pytest.mark.parametrize("wide", [False, True])
async def test_a_workspace_of_an_organisation_is_known_from_its_deliveries(kit: Kit, wide: bool) -> None:
    place = intake.Place(team=TEAM, enterprise="E0ORG", is_enterprise_install=wide)
    installed = Installed(kit, place)
    with pytest.raises(SlackFailureError):
        await Teams(installed, kit.state).client(TEAM)
    await Teams(installed, kit.state).note(place)
    await Teams(installed, kit.state).client(TEAM)
    assert installed.asked[-1] == place
