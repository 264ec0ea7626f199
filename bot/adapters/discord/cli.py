"""`briefing-bot discord …`: the invite link, and the registered commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final, Never

import typer

from bot.adapters.discord.config import DiscordConfig, SettingError, require, secrets_from
from bot.adapters.discord.invite import PERMISSIONS, NotAnId, application_id, server_link, user_link
from bot.registry import Registry

if TYPE_CHECKING:
    from bot.adapters.discord.sync import Plan

FAILURE: Final = 1
USAGE: Final = 2


def discord_app(
    registry: Callable[[], Registry], settings: Callable[[typer.Context], DiscordConfig]
) -> typer.Typer:
    """Return the commands. Both arguments are called when a command needs them, not before."""
    app = typer.Typer(
        name="discord",
        help="The Discord app: its invite link and its registered commands.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )

    @app.command()
    def invite(
        application: Annotated[
            int,
            typer.Option("--application-id", metavar="ID", help="Without it, DISCORD_TOKEN tells the id."),
        ] = 0,
    ) -> None:
        """Print the links that add the bot to a server or an account, and why each permission."""
        try:
            secrets = secrets_from(os.environ)
            if not application:
                require(secrets)
            number = application or application_id(secrets.token)
        except (SettingError, NotAnId) as error:
            _stop(str(error), USAGE)
        sys.stdout.write(invitation(number))

    @app.command()
    def sync(
        ctx: typer.Context,
        guild: Annotated[
            int, typer.Option("--guild", metavar="ID", help="For this server only, to try something out.")
        ] = 0,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Show the difference and change nothing.")
        ] = False,
        remove: Annotated[
            bool, typer.Option("--remove", help="With --guild: take that server's own commands away.")
        ] = False,
    ) -> None:
        """Show how the registered commands differ from the declared ones, and register those."""
        if remove and not guild:
            _stop("--remove takes away the commands of one server: name it with --guild.", USAGE)
        try:
            secrets = secrets_from(os.environ)
            require(secrets)
        except SettingError as error:
            _stop(str(error), USAGE)
        # The library takes a fifth of a second to import; the other commands need not wait for it.
        import asyncio  # noqa: PLC0415

        from bot.adapters.discord.registering import Refused, register  # noqa: PLC0415

        def show(plan: Plan) -> None:
            sys.stdout.write("".join(f"{one}\n" for one in plan.difference))
            sys.stdout.flush()

        work = register(
            registry(),
            settings(ctx),
            secrets.token,
            guild=guild,
            dry_run=dry_run,
            remove=remove,
            show=show,
        )
        try:
            plan = asyncio.run(work)
        except Refused as error:
            _stop(str(error), FAILURE)
        sys.stdout.write(planned(plan, dry_run=dry_run))

    return app


def invitation(application: int) -> str:
    """Return the links with the reason for each permission."""
    reasons = "".join(f"  {name}: to {why}\n" for name, (_, why) in PERMISSIONS.items())
    return (
        "Add the bot to a server (you need Manage Server there):\n"
        f"  {server_link(application)}\n\n"
        f"It asks for:\n{reasons}\n"
        "Add only its commands, to your own account, to use them anywhere:\n"
        f"  {user_link(application)}\n"
    )


def planned(plan: Plan, *, dry_run: bool) -> str:
    """Return what became of a plan; its lines have been shown before."""
    if not plan.needed:
        return f"The commands are registered as declared (fingerprint {plan.declared}).\n"
    if dry_run:
        return "Nothing was changed. Without --dry-run these are registered.\n"
    return f"Registered (fingerprint {plan.declared}). Reload Discord to see them.\n"


def _stop(sentence: str, status: int) -> Never:
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(status)
