"""The private touches of the library are in one file, which says what changed when they no longer fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from discord.gateway import KeepAliveHandler
from discord.state import ConnectionState

from bot.adapters.discord import private

ADAPTER = Path(private.__file__).parent
PRIVATE = re.compile(r"(?:client|tree|shard|interaction|self\._client|socket|guild)\._[a-z]")


def test_the_library_that_is_installed_fits() -> None:
    private._check()


@pytest.mark.parametrize(
    ("holder", "name", "words"),
    [
        (ConnectionState, "parse_interaction_create", "ConnectionState.parse_interaction_create"),
        (KeepAliveHandler, "tick", "KeepAliveHandler.tick"),
    ],
)
def test_a_library_that_has_changed_is_said_at_import(
    monkeypatch: pytest.MonkeyPatch, holder: type, name: str, words: str
) -> None:
    monkeypatch.delattr(holder, name)
    with pytest.raises(private.LibraryChanged, match=f"lacks {words}"):
        private._check()


def test_changed_parameters_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(self: Any, payload: Any) -> None:
        return None

    monkeypatch.setattr(ConnectionState, "parse_interaction_create", other)
    with pytest.raises(ImportError, match="Install that version"):
        private._check()


def test_no_other_file_touches_what_is_private() -> None:
    touching = {
        path.name: found
        for path in sorted(ADAPTER.glob("*.py"))
        if path.name != "private.py" and (found := PRIVATE.findall(path.read_text(encoding="utf-8")))
    }
    assert touching == {}


def test_what_a_page_overrides_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("discord.ui.LayoutView", type("LayoutView", (), {}))
    with pytest.raises(private.LibraryChanged, match=r"LayoutView\.to_components, LayoutView\.has_comp"):
        private._check()
