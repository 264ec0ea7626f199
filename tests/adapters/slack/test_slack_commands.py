"""Every command on the shipped dossier and on made-up ones, every page, held to all that Slack takes."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from conformance import check_citations, check_inert, check_shape, check_texts
from fakes.slack_blocks import problems, texts
from samples import HOSTILE
from test_slack_render import Slack

from bot.adapters.lookup import names_in
from bot.adapters.slack.home import home_view
from bot.adapters.slack.names import Names
from bot.adapters.slack.present import present
from bot.commands import REGISTRY
from bot.desk import Asker, Call
from bot.dispatch import Dispatcher
from bot.library import Library

ROOT = Path(__file__).parents[3]
HERE = Asker(platform="slack")
NAMES = Names(REGISTRY)
LINES = (
    *(
        "/briefing",
        "/briefing sanctions",
        "/briefing length:short",
        "/briefing since:2024",
        "/briefing who gref",
    ),
    *(
        "/briefing as-of:2024-12-12",
        "/who gref",
        "/who putin",
        "/who sberbank",
        "/who",
        "/who zzzz",
        "/who grief",
    ),
    *(
        "/timeline",
        "/timeline sberbank",
        "/timeline from:2025",
        "/search microchips",
        "/search zzzz",
        "/search",
    ),
    *(
        "/source",
        "/source untitled-2025-01",
        "/fact ai-order",
        "/fact",
        "/fact nothing",
        "/due",
        "/due until:2025",
    ),
    *("/changes", "/changes since:2020", "/help", "/help who", "/nonsense", "/who gref as-of:yesterday-ish"),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispatcher]:
    library = Library(ROOT / "briefings", tmp_path_factory.mktemp("state"))
    yield Dispatcher(REGISTRY, library, today=lambda: date(2026, 11, 22))
    library.close()


@pytest.mark.parametrize("line", LINES)
def test_every_page_of_every_command(desk: Dispatcher, line: str) -> None:
    reply = desk.ask(line, HERE)
    rendered = present(reply, line, NAMES, share=True)
    for page in rendered.pages:
        assert problems(page.blocks) == []
        assert problems(page.plain, "modal") == []
        assert page.text
    for surface in ("message", "modal"):
        look = Slack("slack", surface).look(reply)
        check_shape(look)
        check_citations(look, reply)
        check_texts(look, reply)
        check_inert(look, reply)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("command", [command.name for command in REGISTRY])
def test_hostile_arguments(desk: Dispatcher, command: str, name: str) -> None:
    for line in (f"/{command} {HOSTILE[name]}", f'/{command} "{HOSTILE[name]}"'):
        for page in present(desk.ask(line, HERE), line, NAMES, share=True).pages:
            assert problems(page.blocks) == []
            assert "<!" not in page.text
            assert "<@" not in page.text
            json.dumps(page.payload, ensure_ascii=False).encode()


def test_every_entity_source_fact_and_topic(desk: Dispatcher) -> None:
    """Everything that is suggested can be asked and shown, page by page."""
    asked = 0
    for command, option in (("who", "name"), ("source", "source"), ("fact", "fact"), ("timeline", "about")):
        for one in desk.suggest(command, option, "", HERE, limit=100):
            line = desk.canonical(Call(command, {option: one.value}))
            reply = desk.ask(line, HERE)
            for page in present(reply, line, NAMES, share=True).pages:
                assert problems(page.blocks) == []
            asked += 1
    assert asked > 30


def test_reserved_names_are_not_shown(desk: Dispatcher) -> None:
    for line in ("/help", "/who", "/briefing", "/who gref"):
        for page in present(desk.ask(line, HERE), line, NAMES, share=True).pages:
            shown = "\n".join(texts(page.blocks))
            assert "/who " not in shown
            assert "/search " not in shown


def test_the_home_of_the_shipped_dossier(desk: Dispatcher) -> None:
    topics = [
        (one.label, desk.canonical(Call("briefing", {"topic": one.value})))
        for one in desk.suggest("briefing", "topic", "", HERE)
    ]
    view = home_view(desk.ask("/briefing", HERE), desk.ask("/due", HERE), topics, NAMES)
    assert problems(view["blocks"], "home") == []
    shown = "\n".join(texts(view["blocks"]))
    for word in ("Closer work with China", "progress report", "Topics", "/whois gref", "[1]"):
        assert word in shown
    assert "/who gref" not in shown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Gref and Putin spoke at Sberbank", ["gref", "putin", "sberbank"]),
        ("Did you see that German Gref is right?", ["gref"]),
        ("Lunch at noon?", []),
        ("", []),
        ("Mr. Gref's remark", ["gref"]),
        ("Сегодня Греф и Путин.", ["gref", "putin"]),
        ("Гре", []),
    ],
)
def test_names_in_a_message(desk: Dispatcher, text: str, found: list[str]) -> None:
    assert [one.value for one in names_in(desk, text, HERE)] == found


def test_a_message_of_40_kb_is_looked_through_in_time(desk: Dispatcher) -> None:
    assert len(names_in(desk, "Gref Word Other " * 2_500, HERE)) >= 1
