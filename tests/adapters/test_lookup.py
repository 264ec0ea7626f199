"""The names in a message, as both chats find them, on the shipped dossier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bot.adapters.lookup import names_in
from bot.commands import REGISTRY
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.library import Library

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispatcher]:
    library = Library(ROOT / "briefings", tmp_path_factory.mktemp("state"))
    yield Dispatcher(REGISTRY, library, today=lambda: date(2026, 11, 22))
    library.close()


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Gref's plan", ["gref"]),
        ("What German Gref and Sberbank owe", ["gref", "sberbank"]),
        ("Герман Греф сказал", ["gref"]),
        ("Греф и Сбер", ["gref", "sberbank"]),
        ("nothing of ours, at all", []),
        ("", []),
    ],
)
def test_names_are_found_as_they_are_written(desk: Dispatcher, text: str, ids: list[str]) -> None:
    assert [one.value for one in names_in(desk, text, Asker())] == ids


def test_a_long_message_is_read_within_bounds(desk: Dispatcher) -> None:
    assert names_in(desk, "x" * 5_000 + " Gref", Asker()) == []
