"""`briefing-bot discord …`: the invite link, and the registered commands."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.adapters.discord.config import DiscordConfig, SettingError, require, secrets_from
from bot.adapters.discord.invite import PERMISSIONS, NotAnId, application_id, server_link, user_link

if TYPE_CHECKING:
    from bot.adapters.discord.sync import Plan

app = typer.Typer(
    name="discord", help="The Discord app: its invite link and its commands.", no_args_is_help=True
)

FAILURE, USAGE = 1, 2
ConfigFile = Annotated[Path | None, typer.Option("--config", help="The configuration file.")]


@app.command()
def invite(
    application: Annotated[
        int,
        typer.Option("--application-id", help="The application's id; without it, DISCORD_TOKEN tells it."),
    ] = 0,
) -> None:
    """Print the links that add the bot to a server or to one's own account, and why it needs what it asks."""
    try:
        secrets = secrets_from(os.environ)
        if not application:
            require(secrets)
        number = application or application_id(secrets.token)
    except (SettingError, NotAnId) as error:
        _stop(str(error), USAGE)
    typer.echo("Add to a server (you need the permission Manage Server there):")
    typer.echo(f"  {server_link(number)}\n")
    typer.echo("It asks for:")
    for name, (_, why) in PERMISSIONS.items():
        typer.echo(f"  {name}: to {why}")
    typer.echo("\nAdd to your own account, to use the commands anywhere:")
    typer.echo(f"  {user_link(number)}")


@app.command()
def sync(
    guild: Annotated[
        int,
        typer.Option("--guild", help="Register for this server only (its id); live at once, for trying out."),
    ] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the difference and change nothing.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Show how the registered commands differ from the declared ones, and register those."""
    try:
        secrets = secrets_from(os.environ)
        require(secrets)
        settings = _settings(config)
    except SettingError as error:
        _stop(str(error), USAGE)
    # The library takes a fifth of a second to import; the other commands need not wait for it.
    from bot.adapters.discord.registering import Refused, register  # noqa: PLC0415
    from bot.commands import REGISTRY  # noqa: PLC0415

    try:
        plan = asyncio.run(register(REGISTRY, settings, secrets.token, guild=guild, dry_run=dry_run))
    except Refused as error:
        _stop(str(error), FAILURE)
    _show(plan, dry_run=dry_run)


def _show(plan: Plan, *, dry_run: bool) -> None:
    for one in plan.difference:
        typer.echo(one)
    if not plan.needed:
        typer.echo(f"Nothing to do: the commands are registered as declared (fingerprint {plan.declared}).")
    elif dry_run:
        typer.echo(f"Not registered: {len(plan.difference)} changes (fingerprint {plan.declared}).")
    else:
        typer.echo(
            f"Registered (fingerprint {plan.declared}). People may have to reload Discord to see them."
        )


def _settings(file: Path | None) -> DiscordConfig:
    from bot.config import ConfigError, load_config  # noqa: PLC0415

    try:
        loaded = load_config(file, environ=os.environ)
    except ConfigError as error:
        raise SettingError(str(error)) from None
    settings = getattr(loaded, "discord", None)
    return settings if isinstance(settings, DiscordConfig) else DiscordConfig()


def _stop(sentence: str, status: int) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(status)
