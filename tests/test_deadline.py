"""What takes too long is stopped and said; a pause of the machine stops nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from factory import EVERYWHERE, TODAY, Shelf
from structlog.testing import capture_logs

from bot.commands import REGISTRY
from bot.dispatch import Dispatcher
from bot.facts.base import FactBase
from bot.facts.deadline import SECONDS, TooSlowError, limited
from bot.facts.snapshot import Snapshot
from bot.reply import Kind

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
TOO_LONG = "This would take too long to look up"
SHORT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT count(*) FROM n"


def ticking(step: float) -> Callable[[], float]:
    ticks = count()
    return lambda: next(ticks) * step


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:")
    yield opened
    opened.close()


def test_what_goes_on_is_stopped(db: sqlite3.Connection) -> None:
    with pytest.raises(TooSlowError), limited(db, ticking(SECONDS / 100)):
        db.execute(ENDLESS).fetchone()
    assert db.execute(SHORT).fetchone() == (1000,)


def test_little_work_is_done_however_late_it_is(db: sqlite3.Connection) -> None:
    with limited(db, ticking(SECONDS * 2)):
        assert db.execute(SHORT).fetchone() == (1000,)


def test_other_errors_are_what_they_are(db: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"), limited(db, ticking(1)):
        db.execute("SELECT * FROM nowhere")


@pytest.fixture
def slow(coast: Snapshot, monkeypatch: pytest.MonkeyPatch) -> Dispatcher:
    """A desk at which searching and completing names look through more than there is time for."""

    def look(*_args: object, **_options: object) -> None:
        coast.db.execute(ENDLESS).fetchone()

    for name in ("search", "complete", "timeline", "resolve"):
        monkeypatch.setattr(FactBase, name, look)
    return Dispatcher(REGISTRY, Shelf(coast), today=lambda: TODAY, clock=ticking(SECONDS / 100))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "/timeline",
            f"{TOO_LONG}: give about: or from: or to: or in:.",
        ),
        (
            "/search ferries in:coast as-of:2024",
            f"{TOO_LONG}: give topic:, or ask for a later day, or search for a rarer word.",
        ),
        ("/who okafor in:coast", f"{TOO_LONG}, so there is no answer."),
    ],
)
def test_an_answer_that_takes_too_long_says_what_would_not(
    slow: Dispatcher, line: str, sentence: str
) -> None:
    with capture_logs() as logged:
        reply = slow.ask(line, EVERYWHERE)

    assert (reply.kind, reply.summary) == (Kind.FAILURE, sentence)
    assert [one["event"] for one in logged] == ["answer took too long"]
    assert slow.ask("/due", EVERYWHERE).kind is Kind.ANSWER


def test_a_completion_that_takes_too_long_is_empty(slow: Dispatcher) -> None:
    with capture_logs() as logged:
        assert slow.suggest("who", "name", "oka", EVERYWHERE) == []

    assert [one["event"] for one in logged] == ["suggestion took too long"]
