from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from fakes.discord import TOKEN, FakeDiscord
from stub_desk import REGISTRY
from typer.testing import CliRunner, Result

from bot.adapters.discord.cli import discord_app
from bot.adapters.discord.config import DiscordConfig, DiscordSecrets, SettingError, require, secrets_from
from bot.adapters.discord.invite import PERMISSION_BITS, NotAnId, application_id, server_link
from bot.adapters.discord.limits import problems
from bot.adapters.discord.registering import Refused, register
from bot.adapters.discord.sync import Plan

APP = discord_app(lambda: REGISTRY, lambda ctx: DiscordConfig())
NEW_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.abcdefghijklmnopqrstuvwxyz0123456789AB"


def run(*arguments: str, token: str = "") -> Result:
    return CliRunner().invoke(APP, arguments, env={"DISCORD_TOKEN": token, "DISCORD_PUBLIC_KEY": ""})


def test_the_invite_link_asks_for_exactly_what_is_explained() -> None:
    result = run("invite", token=NEW_TOKEN)
    assert result.exit_code == 0
    assert (
        "https://discord.com/oauth2/authorize?client_id=123456789012345678&permissions=274877975552"
        "&integration_type=0&scope=bot+applications.commands" in result.output
    )
    assert "client_id=123456789012345678&integration_type=1&scope=applications.commands" in result.output
    for name in ("View Channels", "Send Messages", "Read Message History", "Send Messages in Threads"):
        assert f"  {name}: to " in result.output
    assert PERMISSION_BITS == 274877975552
    assert PERMISSION_BITS & (1 << 3) == 0, "never Administrator"


def test_the_invite_link_needs_no_token_with_the_id() -> None:
    assert "client_id=42&" in run("invite", "--application-id", "42").output


@pytest.mark.parametrize(
    ("token", "words"),
    [("", "Set DISCORD_TOKEN"), ("x", "is no bot token"), ("!" * 70, "is no bot token")],
)
def test_without_a_usable_token_it_says_what_to_do(token: str, words: str) -> None:
    for command in ("invite", "sync"):
        result = run(command, token=token)
        assert result.exit_code == 2
        assert words in result.output


def test_a_token_without_an_id_is_said() -> None:
    with pytest.raises(NotAnId, match="--application-id"):
        application_id("bm90LWEtbnVtYmVy.x.y")
    assert "client_id=7&" in server_link(7)


@pytest.mark.parametrize("key", ["abc", "g" * 64, "0" * 63])
def test_a_public_key_that_is_none_is_said(key: str) -> None:
    with pytest.raises(SettingError, match="DISCORD_PUBLIC_KEY"):
        secrets_from({"DISCORD_PUBLIC_KEY": key})


def test_secrets_are_never_shown() -> None:
    secrets = secrets_from({"DISCORD_TOKEN": f"Bot {NEW_TOKEN}", "DISCORD_PUBLIC_KEY": "A" * 64})
    assert secrets.token == NEW_TOKEN
    assert repr(secrets) == "DiscordSecrets(token, public_key)"
    require(secrets, http=True)
    with pytest.raises(SettingError, match="DISCORD_PUBLIC_KEY"):
        require(DiscordSecrets(token=NEW_TOKEN), http=True)


# --- sync ----------------------------------------------------------------------------------------------


async def test_sync_registers_once_and_a_dry_run_changes_nothing() -> None:
    async with FakeDiscord().serve() as fake:
        dry = await register(REGISTRY, DiscordConfig(), TOKEN, dry_run=True)
        assert dry.needed
        assert dry.difference == ("+ /briefing", "+ /find", "+ /schedule", "+ /who", "+ menu “Look this up”")
        assert fake.commands == []
        done = await register(REGISTRY, DiscordConfig(), TOKEN)
        assert done.difference == dry.difference
        assert len(fake.commands) == 5
        again = await register(REGISTRY, DiscordConfig(), TOKEN)
        assert not again.needed
        assert again.difference == ()
        assert len(fake.seen("PUT", r"/applications/\d+/commands")) == 1
        assert fake.violations == []


async def test_sync_for_one_server() -> None:
    async with FakeDiscord().serve() as fake:
        await register(REGISTRY, DiscordConfig(), TOKEN, guild=200)
        assert len(fake.seen("PUT", r"/applications/100/guilds/200/commands")[0]) == 5
        assert fake.seen("PUT", r"/applications/100/commands") == []
        again = await register(REGISTRY, DiscordConfig(), TOKEN, guild=200)
        assert again.difference == ()
        assert not again.needed


async def test_the_plan_is_shown_before_anything_is_changed() -> None:
    async with FakeDiscord().serve() as fake:
        shown: list[tuple[Plan, int]] = []

        def show(plan: Plan) -> None:
            shown.append((plan, len(fake.commands)))

        await register(REGISTRY, DiscordConfig(), TOKEN, show=show)
        ((plan, before),) = shown
        assert before == 0
        assert len(plan.difference) == len(fake.commands) == 5


async def test_a_servers_own_commands_are_taken_away() -> None:
    async with FakeDiscord().serve() as fake:
        await register(REGISTRY, DiscordConfig(), TOKEN, guild=200)
        done = await register(REGISTRY, DiscordConfig(), TOKEN, guild=200, remove=True)
        assert [one[0] for one in done.difference] == ["-"] * 5
        assert fake.commands == []


async def test_sync_says_what_to_do_when_it_is_refused() -> None:
    async with FakeDiscord().serve() as fake:
        with pytest.raises(Refused, match="does not know this token"):
            await register(REGISTRY, DiscordConfig(), "wrong")
        fake.fault("GET", r".*/commands", status=403, body={"message": "Missing Access", "code": 50001})
        with pytest.raises(Refused, match="may not register commands in the server 200"):
            await register(REGISTRY, DiscordConfig(), TOKEN, guild=200)
        fake.fault("GET", r".*/commands", status=403, body={"message": "Missing Access", "code": 50001})
        with pytest.raises(Refused, match="for this application"):
            await register(REGISTRY, DiscordConfig(), TOKEN)
        fake.fault("PUT", r".*/commands", status=400, body={"message": "Invalid Form Body", "code": 30034})
        with pytest.raises(Refused, match="code 30034"):
            await register(REGISTRY, DiscordConfig(), TOKEN)
        fake.fault("GET", r"/users/@me", cut="before", times=9)
        with pytest.raises(Refused, match="cannot be reached"):
            await register(REGISTRY, DiscordConfig(), TOKEN)


def test_help_does_not_import_the_library() -> None:
    code = (
        "import sys, typer, bot.adapters.discord.cli as c, bot.adapters.discord.render\n"
        "c.discord_app(lambda: None, lambda ctx: None)\n"
        "print('discord' in sys.modules, 'nacl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
    assert isinstance(APP, typer.Typer)


def test_the_command_line_prints_message_bodies_and_the_link(tmp_path: Path) -> None:
    def bot(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "bot", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=home | environment,
        )

    asked = bot("ask", "/timeline", "--as", "discord")
    pages = json.loads(asked.stdout)
    assert asked.returncode == 0
    assert len(pages) > 1
    assert all(problems(page) == [] for page in pages)
    assert "client_id=123456789012345678" in bot("discord", "invite", DISCORD_TOKEN=NEW_TOKEN).stdout
    everywhere = bot("discord", "sync", "--remove", DISCORD_TOKEN=NEW_TOKEN)
    assert everywhere.returncode == 2
    assert "name it with --guild" in everywhere.stderr
    refused = bot("discord", "sync", "--dry-run")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("Set DISCORD_TOKEN")
