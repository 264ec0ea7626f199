"""How soon Socket Mode acknowledges 50 commands at once, against a no-op Bolt app on the same Slack.

    python -m benchmarks.slack_socket [ROUNDS]

Each round sends 50 `/who gref` at the same moment and waits for all acknowledgements and, for ours, all
replies. Slack is the tests' own, in this process, so its work counts too, for both sides alike.
"""

# ruff: noqa: ASYNC110, PLC0415 - a short wait measures best; imports stand where they are not measured
from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

AT_ONCE = 50


def quantile(values: list[float], part: float) -> float:
    """Return a quantile of at least one value."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


async def rounds(slack: Any, count: int, replies: bool) -> list[float]:
    """Send the rounds and return the latencies of all acknowledgements, without the first round's."""
    from fakes import slack_payloads as payloads

    for turn in range(count + 1):
        before = len(slack.responses)
        if turn == 1:
            slack.latencies.clear()
        commands = [payloads.slash("/whois", "gref", slack.response_url()) for _ in range(AT_ONCE)]
        await asyncio.gather(*(slack.deliver(one) for one in commands))
        while replies and len(slack.responses) < before + AT_ONCE:
            await asyncio.sleep(0.001)
    found = list(slack.latencies)
    slack.latencies.clear()
    return found


async def noop(slack: Any, count: int) -> list[float]:
    """Let a Bolt app that does nothing acknowledge."""
    from fakes.slack import APP_TOKEN, TOKEN
    from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
    from slack_bolt.app.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

    client = AsyncWebClient(token=TOKEN, base_url=slack.base_url)
    app = AsyncApp(client=client, process_before_response=True)

    @app.command(re.compile(".*"))
    async def nothing(ack: Any) -> None:
        await ack()

    handler = AsyncSocketModeHandler(app, APP_TOKEN, web_client=client)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    while not slack.sockets:
        await asyncio.sleep(0.001)
    found = await rounds(slack, count, replies=False)
    await handler.close_async()  # type: ignore[no-untyped-call]
    while slack.sockets:
        await asyncio.sleep(0.001)
    return found


async def ours(slack: Any, count: int, folder: Path) -> list[float]:
    """Let the bot acknowledge and answer from the shipped dossier."""
    from fakes.slack import APP_TOKEN, TOKEN

    from bot.adapters.slack.config import SlackConfig, secrets_from
    from bot.adapters.slack.run import serving_slack
    from bot.config import load_config
    from bot.service import open_service
    from bot.state import State

    service = open_service(load_config(None, environ={}, state=folder))
    state = State(f"sqlite:///{folder / 'state.db'}")
    secrets = secrets_from({"SLACK_BOT_TOKEN": TOKEN, "SLACK_APP_TOKEN": APP_TOKEN})
    config = SlackConfig(base_url=slack.base_url)
    async with serving_slack(desk=service.desk, config=config, secrets=secrets, state=state):
        while not slack.sockets:
            await asyncio.sleep(0.001)
        found = await rounds(slack, count, replies=True)
    await state.close()
    service.close()
    return found


async def main(count: int) -> None:
    """Run both and print the figures."""
    from fakes.slack import FakeSlack

    logging.getLogger("slack_bolt").setLevel(logging.ERROR)
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        async with FakeSlack() as slack:
            figures["no-op Bolt app"] = await noop(slack, count)
        async with FakeSlack() as slack:
            figures["the bot, answering"] = await ours(slack, count, Path(folder))
    for name, found in figures.items():
        cells = " ".join(f"{label} {quantile(found, part) * 1e3:7.1f} ms" for label, part in PARTS.items())
        print(f"{name:20} {cells}")
    first, second = figures.values()
    ratio = quantile(second, 0.99) / quantile(first, 0.99)
    print(json.dumps({"commands": len(second), "at_once": AT_ONCE, "p99_ratio": round(ratio, 2)}))


PARTS = {"median": 0.5, "p99": 0.99, "slowest": 1.0}

if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
