from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import chats
from bot.config import load_config
from bot.service import Service

PLACES = """
places:
  - {platform: slack, channel: C1, dossiers: [north]}
  - {platform: slack, dossiers: [coast]}
  - {platform: discord, channel: C1, dossiers: [harbour]}
  - {platform: discord, channel: S1, dossiers: [server]}
"""
DEFAULT = "  - {platform: discord, dossiers: [rest]}\n"
TOKENS = {"DISCORD_TOKEN": "x", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., Any]]:
    """What each chat was told that places see."""
    found: dict[str, Callable[..., Any]] = {}

    def slack(desk: Any, config: Any, environ: Any, url: str, seen: Callable[..., Any], **_: Any) -> Any:
        found["slack"] = seen
        return contextlib.nullcontext()

    def discord(desk: Any, config: Any, environ: Any, seen: Callable[..., Any], **_: Any) -> Any:
        found["discord"] = seen
        return contextlib.nullcontext()

    monkeypatch.setattr("bot.adapters.slack.cli.chat", slack)
    monkeypatch.setattr("bot.adapters.discord.chat.serving_discord", discord)
    return found


def service(tmp_path: Path, text: str) -> Service:
    file = tmp_path / "briefing-bot.yaml"
    file.write_text(text, encoding="utf-8")
    config = load_config(file, environ={}, briefings=tmp_path, state=tmp_path)
    return Service(config, None, None)  # type: ignore[arg-type]


def test_each_chat_sees_what_its_own_places_see(
    tmp_path: Path, served: dict[str, Callable[..., Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(chats.chats_of(service(tmp_path, PLACES + DEFAULT), TOKENS, http=False)) == 2
    assert served["slack"]("C1") == ("north",)
    assert served["slack"]("C2") == ("coast",)
    assert served["discord"]("C1", "S1") == ("harbour",)
    assert served["discord"]("C2", "S1") == ("server",)
    assert served["discord"]("C2", "S2") == ("rest",)
    assert served["discord"]("C2", "") == ("rest",)
    assert "all dossiers are seen" not in capsys.readouterr().out


def test_places_of_discord_without_one_for_the_rest_are_warned_of(
    tmp_path: Path, served: dict[str, Callable[..., Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    chats.chats_of(service(tmp_path, PLACES), TOKENS, http=False)
    assert served["discord"]("C2", "S2") is None
    assert "all dossiers are seen" in capsys.readouterr().out


def test_slack_is_asked_for_the_user_groups_that_may_schedule(tmp_path: Path) -> None:
    rows = "posts:\n  allow:\n    - {platform: slack, roles: [S1, managers]}\n"
    rows += (
        '    - {platform: slack, workspace: T2, roles: [S1, S2]}\n    - {platform: discord, roles: ["9"]}\n'
    )
    assert chats.slack_config(service(tmp_path, rows).config).groups == ("S1", "S2")


def test_only_what_has_a_token_is_served(tmp_path: Path, served: dict[str, Callable[..., Any]]) -> None:
    assert chats.chats_of(service(tmp_path, PLACES), {}, http=False) == []
    assert len(chats.chats_of(service(tmp_path, PLACES), {"DISCORD_TOKEN": "x"}, http=False)) == 1
    assert list(served) == ["discord"]
