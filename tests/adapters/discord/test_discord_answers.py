"""Every command's real answers, page by page: within the limits, inert, with buttons that work."""

from __future__ import annotations

import json

import pytest
from conformance import check_citations, check_inert, check_shape, check_texts
from factory import AT_COAST, EVERYWHERE, LINES
from simcord.components import validate_components  # a second opinion
from test_discord_render import Discord

from bot.adapters.discord.limits import BUTTON, SELECT, problems, walk
from bot.adapters.discord.render import Style, render
from bot.adapters.discord.state import Verb, parse
from bot.dispatch import Dispatcher
from bot.reply import Kind

ADAPTER = Discord()


@pytest.mark.parametrize("line", LINES)
def test_every_page_of_every_command(coast_desk: Dispatcher, line: str) -> None:
    reply = coast_desk.ask(line, EVERYWHERE)
    look = ADAPTER.look(reply)
    check_shape(look)
    check_citations(look, reply)
    check_texts(look, reply)
    check_inert(look, reply)
    for style in (Style(share=True), Style(pager=False)):
        for page in render(reply, style).pages:
            assert problems(page) == []
            validate_components(page["components"], flags=page["flags"])


@pytest.mark.parametrize("line", LINES)
def test_every_button_asks_something_that_is_answered(coast_desk: Dispatcher, line: str) -> None:
    reply = coast_desk.ask(line, AT_COAST)
    for page in render(reply, Style(share=True)).pages:
        for one in walk(page["components"]):
            asked = [option["value"] for option in one.get("options", ())] if one["type"] == SELECT else []
            if one["type"] == BUTTON and not one.get("disabled"):
                press = parse(one["custom_id"], page["components"])
                assert press is not None
                asked = [] if press.verb is Verb.TYPE else [press.line]
            for each in asked:
                assert coast_desk.ask(each, AT_COAST).kind not in {Kind.USAGE, Kind.FAILURE}, each


def test_the_same_line_gives_the_same_bytes(coast_desk: Dispatcher) -> None:
    for line in LINES[:10]:
        first = json.dumps(render(coast_desk.ask(line, EVERYWHERE)).pages)
        assert json.dumps(render(coast_desk.ask(line, EVERYWHERE)).pages) == first
