"""Socket Mode through everything that happens to a socket."""

import pytest
import structlog
from fakes import slack_payloads as payloads
from fakes.slack import Fault
from slack_kit import Kit, kit_fixture, slack_fixture, state_fixture, until  # noqa: F401 - fixtures

from bot.adapters.slack.failures import SlackFailureError
from bot.posting import Outcome


async def answers(kit: Kit) -> None:
    """The bot answers a command now."""
    before = len(kit.slack.responses)
    await kit.slack.deliver(payloads.slash("/whois", "gref", kit.slack.response_url()))
    await kit.settled()
    assert len(kit.slack.responses) == before + 1


async def test_a_closed_socket_is_opened_again(kit: Kit) -> None:
    await kit.socket(ping_seconds=0.5)
    await answers(kit)
    old = kit.slack.sockets[-1]
    await old.close()
    await until(lambda: bool(kit.slack.sockets) and kit.slack.sockets[-1] is not old)
    await answers(kit)


async def test_a_socket_cut_without_a_word_is_opened_again(kit: Kit) -> None:
    await kit.socket(ping_seconds=0.5)
    old = kit.slack.sockets[-1]
    assert old._req is not None
    assert old._req.transport is not None
    old._req.transport.abort()
    await until(lambda: bool(kit.slack.sockets) and kit.slack.sockets[-1] is not old, 5)
    await answers(kit)


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
async def test_slack_asks_for_a_fresh_connection(kit: Kit, reason: str) -> None:
    await kit.socket()
    old = kit.slack.sockets[-1]
    await kit.slack.send_raw(f'{{"type":"disconnect","reason":"{reason}","debug_info":{{"host":"x"}}}}')
    await until(lambda: bool(kit.slack.sockets) and kit.slack.sockets[-1] is not old)
    await answers(kit)


async def test_a_silent_socket_is_replaced_and_counted(kit: Kit) -> None:
    now = [0.0]
    socket = await kit.socket(now=lambda: now[0], silence_seconds=3_600, ping_seconds=60)
    assert await socket.check() is False
    kit.slack.answers_pings = False
    old = kit.slack.sockets[-1]
    now[0] += 3_600
    assert await socket.check() is True
    assert socket.health.reconnects == 1
    await until(lambda: bool(kit.slack.sockets) and kit.slack.sockets[-1] is not old)
    await answers(kit)


async def test_a_ping_alone_is_a_sign_of_life(kit: Kit) -> None:
    now = [0.0]
    socket = await kit.socket(now=lambda: now[0], silence_seconds=100, ping_seconds=60)
    now[0] = 90.0
    await kit.slack.sockets[-1].ping(b"x")
    await until(lambda: socket.health.heard == 90.0)
    now[0] = 189.0
    assert await socket.check() is False


async def test_the_watch_runs_by_itself(kit: Kit) -> None:
    kit.slack.answers_pings = False
    socket = await kit.socket(silence_seconds=0.3, ping_seconds=60)
    await until(lambda: socket.health.reconnects > 0)
    kit.slack.answers_pings = True


async def test_slack_out_of_order_while_reconnecting(kit: Kit) -> None:
    now = [0.0]
    socket = await kit.socket(now=lambda: now[0], silence_seconds=3_600, ping_seconds=60)
    kit.slack.faults["apps.connections.open"] = [Fault.server(500), Fault.limited("abc"), Fault.limited("1")]
    now[0] += 3_600
    with pytest.raises(SlackFailureError):
        await socket.check()
    assert await socket.check() is True, "the next look tries again, with waits for rate limits"
    await until(lambda: bool(kit.slack.sockets))
    await answers(kit)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "x",
        "[]",
        "null",
        "{",
        '{"type":1}',
        '{"type":"slash_commands"}',
        '{"envelope_id":"e"}',
        "\x00",
        "{" * 5_000,
    ],
)
async def test_garbage_frames_are_left(kit: Kit, frame: str) -> None:
    await kit.socket()
    await kit.slack.send_raw(frame)
    await answers(kit)


async def test_an_envelope_with_a_payload_of_another_shape(kit: Kit) -> None:
    await kit.socket()
    await kit.slack.send_raw('{"type":"events_api","envelope_id":"e1","payload":[]}')
    await kit.slack.send_raw('{"type":"events_api","envelope_id":"e2","payload":null}')
    for payload in ({"type": "event_callback", "event": []}, {"type": "block_actions"}, {"x": 1}):
        assert await kit.slack.deliver(payload) == {}
    await answers(kit)


async def test_a_second_process_with_the_token_is_said(kit: Kit) -> None:
    with structlog.testing.capture_logs() as logs:
        socket = await kit.socket()
        await until(lambda: socket.health.connections == 1)
        other = Kit(kit.slack, kit.state)
        second = await other.socket()
        await until(lambda: second.health.connections == 2)
        await other.close()
    said = [one for one in logs if "another process" in one["event"]]
    assert len(said) == 1
    assert "state database" in said[0]["advice"]


async def test_a_wrong_app_token_is_said_at_once(kit: Kit) -> None:
    kit.slack.faults["apps.connections.open"] = [Fault.error("invalid_auth")]
    with pytest.raises(SlackFailureError, match="SLACK_APP_TOKEN") as caught:
        await kit.socket()
    assert caught.value.outcome is Outcome.PERMANENT


async def test_closing_leaves_no_task_behind(kit: Kit) -> None:
    import asyncio

    before = asyncio.all_tasks()
    socket = await kit.socket()
    await socket.close()
    await until(lambda: not kit.slack.sockets)
    assert not socket.health.connected
    left = {task for task in asyncio.all_tasks() - before if "TestServer" not in repr(task)}
    assert not [task for task in left if "slack_sdk" in repr(task) or "socket_mode" in repr(task)]
