"""What goes wrong on the way: repeated, late and many deliveries, and a Slack that fails."""

import asyncio
import time

import pytest
import structlog
from fakes import slack_payloads as payloads
from fakes.slack import Fault
from slack_kit import Kit, ask, kit_fixture, slack_fixture, state_fixture, until  # noqa: F401 - fixtures
from test_slack_guard import post, signed

from bot.adapters.slack.app import describe
from bot.adapters.slack.failures import RateLimitRetry
from bot.adapters.slack.run import drain


async def test_duplicates_have_one_effect(kit: Kit) -> None:
    await kit.socket()
    mention = payloads.mention("who gref")
    command = payloads.slash("/whois", "putin", kit.slack.response_url())
    for _ in range(3):
        await kit.slack.deliver(mention, retry_attempt=1, retry_reason="timeout")
        await kit.slack.deliver(command)
    await kit.settled()
    assert sorted(kit.desk.lines) == ["/who putin", "who gref"]
    assert kit.answering.counts.duplicates == 4


async def test_a_second_replica_and_a_restart_know_what_was_done(kit: Kit) -> None:
    await kit.socket()
    mention = payloads.mention("who gref")
    await kit.slack.deliver(mention)
    await kit.settled()
    other = Kit(kit.slack, kit.state)
    kit.state._recent.clear()  # what another process does not have in memory
    await other.socket()
    await kit.slack.deliver(mention, socket=-1)
    await other.settled()
    assert other.desk.lines == []
    assert other.answering.counts.duplicates == 1
    await other.close()


async def test_without_any_id_the_envelope_tells(kit: Kit) -> None:
    await kit.socket()
    command = payloads.slash("/whois", "gref", kit.slack.response_url(), trigger_id="")
    for envelope in ("one", "one", "two"):
        await kit.slack.deliver(command, envelope=envelope)
        await asyncio.sleep(0)
    await kit.settled()
    assert len(kit.desk.lines) == 2


async def test_reordered_and_late_deliveries_are_answered(kit: Kit) -> None:
    await kit.socket()
    late = payloads.mention("who gref", event_ts="1731990000.000100")
    await kit.slack.deliver(payloads.mention("who putin"))
    await kit.slack.deliver(late)
    await kit.settled()
    assert sorted(kit.desk.lines) == ["who gref", "who putin"]


async def test_acknowledged_while_slack_itself_hangs(kit: Kit) -> None:
    await kit.socket()
    kit.slack.faults["auth.test"] = [Fault(hang=True)]
    kit.slack.faults["chat.postEphemeral"] = [Fault(hang=True)]
    started = time.perf_counter()
    await kit.slack.deliver(payloads.mention("who gref"))
    await kit.slack.deliver(payloads.slash("/whois", "putin", kit.slack.response_url()))
    assert time.perf_counter() - started < 1
    await until(lambda: bool(kit.slack.responses))


async def test_fifty_commands_at_once_are_acknowledged_in_time(kit: Kit) -> None:
    kit.desk.before = lambda: time.sleep(0.085)  # over four seconds of computing in all
    await kit.socket()
    commands = [payloads.slash("/whois", f"n{n}", kit.slack.response_url()) for n in range(50)]
    await asyncio.gather(*(kit.slack.deliver(one) for one in commands))
    assert kit.answering.counts.answered < 50, "the acknowledgements did not wait for the answers"
    await kit.settled()
    assert len(kit.slack.responses) == 50


async def test_a_desk_that_breaks_does_not_end_the_process(kit: Kit) -> None:
    await kit.socket()
    kit.desk.raises = RuntimeError("broken")
    await kit.slack.deliver(payloads.mention("who gref"))
    await kit.settled()
    assert kit.answering.counts.failed == 1
    assert "Something went wrong" in kit.slack.ephemerals[0]["text"]
    kit.desk.raises = None
    await ask(kit, "/whois", "gref")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(404, "used_url"),
        Fault.server(503),
        Fault(200, '{"ok":false,"error":"expired_url"}'),
        Fault.cut(),
    ],
    ids=["used", "503", "expired", "cut"],
)
async def test_a_response_url_that_fails(kit: Kit, fault: Fault) -> None:
    await kit.socket()
    kit.slack.faults["response_url"] = [fault]
    await kit.slack.deliver(payloads.slash("/whois", "gref", kit.slack.response_url()))
    await kit.settled()
    unknown = fault.drop or fault.status >= 500
    assert len(kit.slack.ephemerals) == (0 if unknown else 1), "an unknown outcome is not sent twice"
    assert kit.answering.counts.failed == (1 if unknown else 0)


@pytest.mark.parametrize(("retry_after", "slept"), [("2", 2), (None, 1), ("abc", 1), ("-5", 1), ("0", 0)])
async def test_a_rate_limit_is_waited_out(kit: Kit, retry_after: str | None, slept: int) -> None:
    await kit.socket()
    kit.slack.faults["chat.postEphemeral"] = [Fault.limited(retry_after)]
    await kit.slack.deliver(payloads.mention("who gref"))
    await kit.settled()
    assert len(kit.slack.ephemerals) == 1
    assert [int(one) for one in kit.slept] == [slept]


async def test_an_absurd_retry_after_is_not_slept(kit: Kit) -> None:
    await kit.socket()
    kit.slack.faults["chat.postEphemeral"] = [Fault.limited("1000000000")]
    await kit.slack.deliver(payloads.mention("who gref"))
    await kit.settled()
    assert kit.slept == []
    assert kit.answering.counts.failed == 1


async def test_a_token_revoked_while_running(kit: Kit) -> None:
    await kit.socket()
    kit.slack.tokens.clear()
    await kit.slack.deliver(payloads.mention("who gref"))
    await kit.slack.deliver(payloads.event({"type": "tokens_revoked", "tokens": {"bot": ["U0BOT"]}}))
    await kit.settled()
    assert kit.answering.counts.failed == 1
    assert await ask(kit, "/whois", "gref"), "a response_url needs no token"


async def test_shutting_down_gives_up_what_hangs(kit: Kit) -> None:
    await kit.socket()
    kit.slack.faults["chat.postEphemeral"] = [Fault(hang=True)]
    await kit.slack.deliver(payloads.mention("who gref"))
    await until(lambda: bool(kit.slack.calls))
    assert await kit.work.drain(0.05) == 1


async def test_replies_that_wait_for_a_rate_limit_hold_up_no_other(kit: Kit) -> None:
    """With the pauses as long as Slack asks for; here they end when the test does."""
    await kit.socket()
    over = asyncio.Event()

    async def pause(seconds: float) -> None:
        kit.slept.append(seconds)
        await over.wait()

    kit.sleep = pause  # type: ignore[method-assign]
    kit.web._handlers[:] = [RateLimitRetry(sleep=pause)]
    kit.slack.faults["chat.postEphemeral"] = [Fault.limited("30") for _ in range(40)]
    for n in range(40):
        await kit.slack.deliver(payloads.mention(f"who n{n}"))
    await until(lambda: len(kit.slept) == 40)
    await kit.slack.deliver(payloads.slash("/whois", "gref", kit.slack.response_url()))
    await until(lambda: bool(kit.slack.responses))
    over.set()
    await kit.settled()
    assert len(kit.slack.ephemerals) == 40


async def test_what_cannot_be_taken_is_not_acknowledged(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    await kit.socket()
    url = await kit.http()
    command = payloads.slash("/whois", "gref", kit.slack.response_url())
    monkeypatch.setattr("bot.adapters.slack.work.WAITING_MOST", 0)
    delivery = asyncio.create_task(kit.slack.deliver(command, envelope="refused"))
    assert await post(kit, url, payloads.form(command), signed(payloads.form(command))) == (503, "")
    await kit.slack.deliver(payloads.suggestion("pick:name:who", "gre"))  # the socket has got round to it
    assert not kit.slack.acks["refused"].done()
    monkeypatch.undo()
    assert await kit.slack.deliver(command) == {}
    await kit.settled()
    assert kit.desk.lines == ["/who gref"]
    delivery.cancel()


async def test_what_is_lost_on_the_way_out_is_counted(kit: Kit) -> None:
    await kit.socket()
    kit.slack.faults["chat.postEphemeral"] = [Fault(hang=True)]
    await kit.slack.deliver(payloads.mention("who gref"))
    await until(lambda: bool(kit.slack.calls))
    with structlog.testing.capture_logs() as logs:
        await drain(kit.work, kit.answering, 0.05)
    assert describe(kit.answering)["lost"] == 1
    assert [(one["event"], one["lost"]) for one in logs] == [("stopped before all was answered", 1)]


async def test_a_line_that_cannot_be_kept_is_not_logged(kit: Kit) -> None:
    await kit.socket()
    async with kit.state.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE lines")
    with structlog.testing.capture_logs() as logs:
        await ask(kit, "/search-facts", "secret " * 60)
    (said,) = [one for one in logs if "not kept" in one["event"]]
    assert "no such table" in said["why"]
    assert "secret" not in str(logs)
