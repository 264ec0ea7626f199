"""docs/discord.md says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import discord
import pytest

from bot.adapters.discord.config import DiscordConfig
from bot.adapters.discord.invite import PERMISSIONS
from bot.adapters.discord.server import BODY_BYTES, PATH
from bot.chats import discord_config
from bot.config import LOCALES, ConfigError, load_config

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "discord.md").read_text(encoding="utf-8")


def test_the_settings_that_are_shown_load(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block
    file = tmp_path / "briefing-bot.yaml"
    file.write_text(block[1], encoding="utf-8")
    loaded = load_config(file, environ={}, briefings=ROOT / "briefings", state=tmp_path)
    table = {"de": {"Who or what it is": "Wer oder was es ist"}}
    public = ("/timeline", "123456789012345678")
    assert discord_config(loaded) == DiscordConfig(public=public, translations=table)
    assert loaded.dossiers("discord", "123456789012345678") == ("russia-china-ai",)
    assert loaded.dossiers("discord", "5", "6") == loaded.dossiers("discord", "7") == ()


def test_what_is_left_out_is_as_the_adapter_has_it(tmp_path: Path) -> None:
    loaded = load_config(None, environ={}, briefings=ROOT / "briefings", state=tmp_path)
    assert discord_config(loaded) == DiscordConfig()


def test_a_switch_turns_off(tmp_path: Path) -> None:
    file = tmp_path / "briefing-bot.yaml"
    file.write_text("discord: {mentions: off, sync: off}\n", encoding="utf-8")
    loaded = load_config(file, environ={}, briefings=ROOT / "briefings", state=tmp_path)
    assert discord_config(loaded) == DiscordConfig(mentions=False, sync=False)


def test_every_permission_is_explained() -> None:
    rows = dict(re.findall(r"^\| ([A-Z][\w ]+) \| (.+) \|$", PAGE, re.MULTILINE))
    assert {name: rows[name] for name in PERMISSIONS} == {name: why for name, (_, why) in PERMISSIONS.items()}


def test_the_address_and_the_cap_are_the_servers() -> None:
    assert f"`{PATH}`" in PAGE
    assert f"at most {BODY_BYTES // 1024} KiB" in PAGE


def test_every_picture_is_shown() -> None:
    drawn = {path.name for path in (ROOT / "docs" / "images").glob("discord-*.png")}
    shown = set(re.findall(r"\]\(images/(discord-[a-z]+\.png)\)", PAGE))
    assert shown == drawn


def test_the_locales_are_discords() -> None:
    assert {one.value for one in discord.Locale} == LOCALES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shards: -1", "discord.shards is -1"),
        ("silence_seconds: 0", "discord.silence_seconds is 0"),
        ("translations: [{locale: pt_BR, english: a, translated: b}]", "no locale “pt_BR”"),
    ],
)
def test_settings_that_cannot_be_are_said(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "briefing-bot.yaml"
    file.write_text(f"discord: {{{text}}}", encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        load_config(file, environ={}, briefings=tmp_path, state=tmp_path)
