"""The shipped dossier: what a reader of both articles looks for is found by asking, with its attribution."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bot.commands import REGISTRY
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.facts.base import FactBase
from bot.facts.check import check_base
from bot.facts.stated import Status
from bot.library import Library
from bot.reply import Kind, Reply, block_lines

ROOT = Path(__file__).parent.parent
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    shipped = Library(ROOT / "briefings", tmp_path_factory.mktemp("state"))
    yield shipped
    shipped.close()


@pytest.fixture(scope="module")
def desk(library: Library) -> Dispatcher:
    return Dispatcher(REGISTRY, library, today=lambda: TODAY)


@pytest.fixture(scope="module")
def base(library: Library) -> FactBase:
    return FactBase(library.snapshot, library.snapshot.dossiers, TODAY)


def said(reply: Reply) -> dict[str, str]:
    """Return what a reply says of each fact."""
    return {line.fact: line.text for block in reply.blocks for line in block_lines(block) if line.fact}


def test_check_finds_nothing() -> None:
    _, findings = check_base(ROOT / "briefings")

    assert findings == []


QUESTIONS = [
    ("/briefing order", "ai-order", "Sberbank"),
    ("/briefing order", "ai-order-published", "about 1 January 2025 (inferred)"),
    ("/search ensure further cooperation", "ai-order-wording", "Vladimir Putin"),
    ("/who mishustin", "ai-order-lead", "Mishustin"),
    ("/who греф", "gpu-hard-to-replace", "German Gref said, 2023"),
    ("/due", "ai-order-report", "By the end of April 2025"),
    ("/due", "ai-order-report", "date passed, no outcome recorded"),
    ("/search rank 83 countries", "index-rank", "Tortoise Media"),
    ("/who vedyakhin", "russia-months-behind", "Alexander Vedyakhin said, December 2024"),
    ("/who vedyakhin", "llm-focus", "December 2024"),
    ("/search finance official", "second-grade-technology", "a former Russian finance official (not named)"),
    ("/search finance official", "second-grade-technology", "Reuters"),
    ("/who ai-alliance-network", "network-planned", "11 December 2024"),
    ("/search sberbank claimed network associations", "network-claimed", "Sberbank claimed"),
    ("/who xi", "trust-rising", "Xi Jinping"),
    ("/timeline putin", "new-year-greetings", "New Year"),
    ("/briefing china", "china-denial", "disputed"),
    ("/briefing concerns", "censorship-concerns", "censorship"),
    ("/search socialist values", "llm-values-tested", "Financial Times reported, July 2024"),
    ("/search parallel imports", "substitutes-sought", "parallel imports"),
    ("/search payment technology", "payments-hit", "payments"),
    ("/search aviation parts medical", "goods-hit", "medical"),
]


@pytest.mark.parametrize(
    ("line", "fact", "words"), QUESTIONS, ids=[f"{one[1]}-{one[2]}" for one in QUESTIONS]
)
def test_a_statement_of_the_articles_is_found_with_its_attribution(
    desk: Dispatcher, line: str, fact: str, words: str
) -> None:
    answer = desk.ask(line, Asker())

    assert words in said(answer)[fact]


def test_every_fact_is_found_by_its_own_words_topic_and_source(desk: Dispatcher, base: FactBase) -> None:
    for stated in base.best():
        words = stated.fact.text.replace('"', " ")
        assert stated.id in said(desk.ask(f'/search "{words}"', Asker()))
        assert stated.fact.topics
        assert desk.ask(f"/fact {stated.id}", Asker()).kind is Kind.ANSWER
        refs = [one.ref for one in stated.fact.sources]
        assert all(stated.id in said(desk.ask(f"/source {ref}", Asker())) for ref in refs)


def test_what_both_articles_rewrite_is_never_called_confirmed(base: FactBase) -> None:
    both = [one for one in base.best() if len({evidence.ref for evidence in one.fact.sources}) == 2]

    assert both
    assert all(one.status(base.today) is not Status.CONFIRMED for one in base.best())


def test_the_articles_own_days_are_marked_as_inferred(base: FactBase) -> None:
    sources = [base.source(thing.id) for thing in base.complete("", "source")]

    assert len(sources) == 2
    assert all(source and source.published and source.published.inferred for source in sources)


def test_the_misspelling_that_occurs_is_understood(desk: Dispatcher) -> None:
    assert desk.ask("/who Vladmir Putin", Asker()).title == "Vladimir Putin"


def test_nothing_promotional_is_in_the_base(desk: Dispatcher) -> None:
    assert desk.ask('/search "Web3 career"', Asker()).kind is Kind.NONE


def test_nothing_was_known_before_the_articles_could_appear(desk: Dispatcher) -> None:
    reply = desk.ask("/briefing as-of:2024-12-31", Asker())

    assert reply.kind is Kind.NONE
    assert reply.facts == ()


def test_the_wheel_holds_the_dossier(tmp_path: Path) -> None:
    import zipfile

    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = zipfile.ZipFile(wheel).namelist()

    assert "bot/shipped/russia-china-ai/dossier.yaml" in names
    assert "bot/adapters/web/static/app.js" in names


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2025-03-31", "not yet due"),
        ("2025-04-15", "date may have passed, no outcome recorded"),
        ("2025-05-01", "date passed, no outcome recorded"),
    ],
)
def test_by_april_is_not_read_more_exactly_than_it_was_written(
    desk: Dispatcher, day: str, words: str
) -> None:
    assert words in said(desk.ask(f"/due as-of:{day}", Asker()))["ai-order-report"]
