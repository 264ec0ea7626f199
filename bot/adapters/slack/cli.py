"""`briefing-bot slack …`: the manifest, the scopes, a key for the tokens."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Annotated, Literal, Never

import typer

from bot.desk import ChatError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from bot.adapters.slack.config import SlackConfig, SlackSecrets
    from bot.adapters.slack.run import Running
    from bot.desk import Desk
    from bot.registry import Registry

# Every other import stands inside the command that needs it, so that the rest of the command line starts
# quickly and without Slack's libraries.
# ruff: noqa: PLC0415


def slack_typer(
    registry: Callable[[], Registry], config: Callable[[typer.Context], SlackConfig]
) -> typer.Typer:
    """Return the sub-commands; `registry` and `config` give what the bot is made of."""
    app = typer.Typer(help="Set up the Slack app.", no_args_is_help=True, rich_markup_mode=None)

    @app.command()
    def manifest(
        ctx: typer.Context,
        form: Annotated[Literal["yaml", "json"], typer.Option("--format", help="What to print.")] = "yaml",
        http: Annotated[bool, typer.Option("--http", help="For HTTP instead of Socket Mode.")] = False,
        workspaces: Annotated[
            bool,
            typer.Option("--workspaces", help="For many workspaces: OAuth, token rotation; implies --http."),
        ] = False,
        link: Annotated[bool, typer.Option("--link", help="Print the link that creates the app.")] = False,
        check: Annotated[
            bool, typer.Option("--check", help="Compare with the scopes that SLACK_BOT_TOKEN has.")
        ] = False,
    ) -> None:
        """Print the app manifest that Slack is set up with."""
        from bot.adapters.slack.manifest import ManifestError, as_json, as_yaml, create_link
        from bot.adapters.slack.manifest import manifest as make
        from bot.adapters.slack.names import NameRefusedError, Names

        settings = config(ctx)
        try:
            names = Names(registry(), settings.names)
            made = make(names, settings, http=http or workspaces, oauth=workspaces)
        except (ManifestError, NameRefusedError) as error:
            _fail(str(error))
        if check:
            _check(settings)
        elif link:
            sys.stdout.write(create_link(made) + "\n")
        else:
            sys.stdout.write(as_json(made) if form == "json" else as_yaml(made))

    @app.command()
    def key() -> None:
        """Print a new key for the file that SLACK_TOKEN_KEYS_FILE names."""
        from bot.adapters.slack.installations import new_key

        sys.stdout.write(new_key() + "\n")

    return app


def _check(settings: SlackConfig) -> None:
    """Say which scopes the token lacks or has without need; exit 1 if it lacks any."""
    import asyncio

    from bot.adapters.slack.config import SettingError
    from bot.adapters.slack.failures import SlackFailureError
    from bot.adapters.slack.manifest import compare_scopes

    try:
        granted = asyncio.run(granted_scopes(settings, read_secrets(os.environ).bot_token))
    except (SettingError, SlackFailureError) as error:
        _fail(getattr(error, "advice", str(error)))
    missing, more = compare_scopes(granted, settings)
    for scope in missing:
        sys.stdout.write(f"missing  {scope.name}: {scope.reason}\n")
    for name in more:
        sys.stdout.write(f"unneeded {name}\n")
    if missing:
        _fail("Add the missing scopes under OAuth & Permissions, then reinstall the app.")
    sys.stdout.write("The token has every scope of the manifest.\n")


async def granted_scopes(settings: SlackConfig, token: str) -> list[str]:
    """Return the scopes of a bot token, as Slack tells them with every answer.

    Raises:
        SettingError: there is no token.
        SlackFailureError: Slack does not accept it.
    """
    from bot.adapters.slack.config import SettingError
    from bot.adapters.slack.failures import failure_of
    from bot.adapters.slack.web import Web

    if not token:
        raise SettingError("Set SLACK_BOT_TOKEN to compare with its scopes.")
    web = Web(settings.base_url)
    try:
        answer = await web.client(token).auth_test()
    except Exception as error:
        raise failure_of(error) from error
    finally:
        await web.close()
    headers: Mapping[str, Any] = {name.lower(): value for name, value in answer.headers.items()}
    return [one.strip() for one in str(headers.get("x-oauth-scopes", "")).split(",") if one.strip()]


def read_secrets(environment: Mapping[str, str]) -> SlackSecrets:
    """Return the secrets of an environment, with the keys of the file SLACK_TOKEN_KEYS_FILE.

    Raises:
        SettingError: a token is none, or the key file cannot be read or is readable by others.
    """
    from pathlib import Path

    from bot.adapters.slack.config import SettingError, secrets_from

    name = environment.get("SLACK_TOKEN_KEYS_FILE", "")
    keys = ""
    if name:
        path = Path(name)
        try:
            if os.name == "posix" and path.stat().st_mode & 0o077:
                raise SettingError(f"{name} can be read by others: run `chmod 600 {name}`.")
            keys = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no key file"
            raise SettingError(f"The key file {name} cannot be read ({why}).") from None
    return secrets_from(environment, keys)


def is_set_up(environment: Mapping[str, str]) -> bool:
    """Whether the environment has a token of Slack's, or the secret with which many workspaces sign."""
    return any(environment.get(f"SLACK_{name}") for name in ("BOT_TOKEN", "APP_TOKEN", "SIGNING_SECRET"))


@contextlib.asynccontextmanager
async def chat(
    desk: Desk,
    settings: SlackConfig,
    environment: Mapping[str, str],
    database: str,
    dossiers_of: Callable[[str, str], tuple[str, ...] | None],
    *,
    http: bool,
) -> AsyncIterator[Running]:
    """Serve Slack inside the `async with`; as a string, what it gives says where in one sentence.

    Raises:
        ChatError: something is missing or not accepted.
    """
    from bot.adapters.slack.config import SettingError
    from bot.adapters.slack.failures import SlackFailureError
    from bot.adapters.slack.names import NameRefusedError
    from bot.adapters.slack.run import serving_slack
    from bot.state import State, StateError

    async with contextlib.AsyncExitStack() as stack:
        try:
            state = State(database)
            stack.push_async_callback(state.close)
            running = await stack.enter_async_context(
                serving_slack(
                    desk=desk,
                    config=settings,
                    secrets=read_secrets(environment),
                    state=state,
                    dossiers_of=dossiers_of,
                    http=http,
                )
            )
        except (SettingError, NameRefusedError, StateError, ValueError) as error:
            raise ChatError(str(error)) from error
        except SlackFailureError as error:
            raise ChatError(f"Slack cannot be served ({error.code}). {error.advice}") from error
        yield running


def _fail(sentence: str) -> Never:
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(1)
