"""From a message to a command that says "ok" and back: the bot's own dispatch beside those of frameworks.

errbot is under the GPL, so the project neither depends on it nor lists it; who installs it sees its figure.
"""

# ruff: noqa: PLC0415 - each is imported only in the process that measures it
from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.figures import Compare, Figure
from benchmarks.lab import Lab
from bot.facts.base import FactBase
from bot.facts.snapshot import Snapshot
from bot.reply import Kind, Reply

TIMES: Final = 2_000
WARM_UP: Final = 100


def ours(snapshot: str) -> float:
    """Return the median seconds from a typed line to the reply of a command that says ok."""
    from bot.desk import Asker
    from bot.dispatch import Dispatcher
    from bot.registry import Registry

    registry = Registry()

    @registry.command(example="/ok")
    def ok(_base: FactBase) -> Reply:
        """Say ok."""
        return Reply(kind=Kind.ANSWER, title="ok", summary="ok")

    class Library:
        notice = ""

        def __init__(self, path: Path) -> None:
            self.snapshot = Snapshot(path)

    library = Library(Path(snapshot))
    desk = Dispatcher(registry, library, today=lambda: date(2025, 1, 1))
    return _median(lambda: desk.ask("/ok", Asker()))


def _median(work: Callable[[], object]) -> float:
    times = []
    for n in range(TIMES + WARM_UP):
        start = time.perf_counter_ns()
        work()
        if n >= WARM_UP:
            times.append(time.perf_counter_ns() - start)
    return median(times) / 1e9


def nonebot() -> float:
    """Return the same of nonebot2: from the event that an adapter makes to the sending of the answer."""
    return asyncio.run(_nonebot())


async def _nonebot() -> float:
    import nonebot as framework
    from nonebot.message import handle_event

    from benchmarks.goals.nonebot_adapter import Line, Stub

    framework.init(driver="~none", log_level="CRITICAL", command_start={"/"})
    matcher = framework.on_command("ok")

    async def finish() -> None:
        await matcher.finish("ok")

    matcher.handle()(finish)
    stub = Stub()
    times = []
    for n in range(TIMES + WARM_UP):
        start = time.perf_counter_ns()
        await handle_event(stub, Line(line="/ok"))
        if n >= WARM_UP:
            times.append(time.perf_counter_ns() - start)
    if len(stub.sent) != TIMES + WARM_UP:
        raise RuntimeError(f"nonebot2 answered {len(stub.sent)} times")
    return median(times) / 1e9


PLUGIN: Final = {
    "ok.plug": "[Core]\nName = Ok\nModule = ok\n[Python]\nVersion = 3\n[Documentation]\nDescription = ok\n",
    "ok.py": """from errbot import BotPlugin, botcmd

class Ok(BotPlugin):
    @botcmd
    def ok(self, msg, args):
        return "ok"
""",
}
"""The files of a plug-in for errbot."""


def errbot() -> float:
    """Return the same of errbot: from the message to its own test backend to the answer it takes."""
    import logging

    from errbot.backends.test import TestBot

    with tempfile.TemporaryDirectory() as folder:
        for name, text in PLUGIN.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        bot = TestBot(extra_plugin_dir=folder, loglevel=logging.CRITICAL)
        bot.start()
        try:
            if bot.exec_command("!ok") != "ok":
                raise RuntimeError("errbot did not answer")
            return _median(lambda: bot.exec_command("!ok"))
        finally:
            bot.stop()


PEERS: Final[dict[str, tuple[str, str, str]]] = {
    "nonebot2": ("nonebot", "goals.dispatch.nonebot", "`pip install --group bench-peers` brings it"),
    "errbot": ("errbot", "goals.dispatch.errbot", "it is under the GPL, so only you can bring it"),
}
"""Frameworks by name: the module that each needs, what measures it, and how it comes."""


def dispatch(lab: Lab) -> Iterator[Figure]:
    """The frameworks that are installed, beside the bot."""
    lab.say("dispatch")
    bot = lab.child(float, "goals.dispatch.ours", lab.compiled(lab.tiny))
    yield Figure("dispatch", "the bot", "s", bot, compare=Compare.ALONE)
    for name, (module, task, how) in PEERS.items():
        if find_spec(module) is None:
            lab.note("dispatch", f"{name} is not installed; {how}.")
            continue
        yield Figure("dispatch", name, "s", lab.child(float, task), "the bot", bot)
