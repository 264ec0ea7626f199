"""The command line: thin; each command opens what it needs and hands over."""

from __future__ import annotations

import copy
import gc
import io
import os
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
import typer

import bot
from bot.adapters.discord.cli import discord_app
from bot.adapters.slack.cli import slack_typer
from bot.cli.facts import facts_app
from bot.cli.opening import FAILURE, USAGE, LogLevel, Options, config_of, count, fail, refuse, service_of
from bot.cli.posts import posts_app, rules_of
from bot.posts.cli import schedules_app

if TYPE_CHECKING:
    from typer.models import CommandInfo

    from bot.adapters.discord.config import DiscordConfig
    from bot.adapters.slack.config import SlackConfig
    from bot.config import Config
    from bot.desk import Asker
    from bot.registry import Registry
    from bot.reply import Reply
    from bot.service import Service

# Every other import stands inside the command that needs it, so that `--help` and `ask` start quickly.
# ruff: noqa: PLC0415

INTERRUPTED: Final = 130
"""Exit status after Ctrl-C: 128 and the signal's number, as shells have it."""

Form = Literal["text", "markdown", "html", "json", "slack", "discord"]

app = typer.Typer(
    name="briefing-bot",
    help="Answer /briefing, /who and /timeline from a curated, cited fact base.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")
    ] = None,
    briefings: Annotated[
        Path | None, typer.Option("--briefings", metavar="DIR", help="The folder of dossiers.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="DIR", help="Where the bot keeps its own files.")
    ] = None,
    log_level: Annotated[
        LogLevel | None, typer.Option("--log-level", help="How much is logged on standard error.")
    ] = None,
) -> None:
    """Options for every command."""
    if ctx.invoked_subcommand != "ask":
        gc.enable()
    ctx.obj = Options(config, briefings, state, log_level)


@app.command()
def ask(
    ctx: typer.Context,
    line: Annotated[list[str], typer.Argument(metavar="LINE...", help="What you would type in a chat.")],
    form: Annotated[Form, typer.Option("--as", help="What to print.")] = "text",
    width: Annotated[int | None, typer.Option(min=1, metavar="N", help="Columns of the text.")] = None,
    page: Annotated[int | None, typer.Option(min=1, metavar="N", help="This page only.")] = None,
) -> None:
    """Answer one line, such as: ask /who gref."""
    from bot.reply import Kind

    if page is not None and form not in ("text", "html"):
        refuse(f"--page goes with text and html; {form} is always the whole answer.")
    service = service_of(ctx)
    typed, asker = _line(line), service.asker("terminal")
    if service.desk.acts(typed):
        if form != "text":
            refuse(f"--as {form} shows an answer and changes nothing; leave it out to have this done.")
        reply = _acted(service, typed, asker)
    else:
        reply = service.desk.ask(typed, asker)
    pages = (
        [_for_slack(reply, typed, service.config)]
        if form == "slack"
        else _rendered(reply, form, width, paged=page is not None)
    )
    if page is not None and page > len(pages):
        refuse(f"There is no page {page}: the answer has {count(len(pages), 'page')}.")
    sys.stdout.write("".join(pages) if page is None else pages[page - 1])
    raise typer.Exit({Kind.USAGE: USAGE, Kind.FAILURE: FAILURE}.get(reply.kind, 0))


def _acted(service: Service, line: str, asker: Asker) -> Reply:
    """Do what a line says, with the database open for as long as that takes."""
    import asyncio

    from bot.adapters.acting import act
    from bot.reply import Kind, Reply
    from bot.state import StateError

    async def acted() -> Reply:
        async with service.scheduling({}):
            return await act(service.desk, line, asker)

    try:
        return asyncio.run(acted())
    except StateError as error:
        return Reply(kind=Kind.FAILURE, title="Nothing was changed", summary=str(error))


def _for_slack(reply: Reply, line: str, config: Config) -> str:
    """Return Slack's payloads; the links that show them go to standard error."""
    from bot.adapters.slack.preview import payloads
    from bot.chats import slack_config

    text, links = payloads(reply, line, _registry(), slack_config(config).names)
    sys.stderr.writelines(f"{link}\n" for link in links)
    return text


def _line(words: Sequence[str]) -> str:
    """Join words as the shell parted them: what was quoted there, such as `from:"March 2024"`, stays one."""
    from bot.parse import quote

    if len(words) == 1:
        return words[0]
    parts = (re.fullmatch(r"([a-z][a-z-]*:(?=\S))?(.*)", word, re.DOTALL) for word in words)
    return " ".join(
        f"{part[1] or ''}{quote(part[2])}" if " " in part[0] else part[0] for part in parts if part
    )


def _rendered(reply: Reply, form: Form, width: int | None, *, paged: bool) -> Sequence[str]:
    if form == "json":
        from bot.adapters.web.render import reply_json

        return [msgspec.json.format(msgspec.json.encode(reply_json(reply)), indent=2).decode() + "\n"]
    if form == "discord":
        from bot.adapters.discord.render import render as render_discord

        encoded = msgspec.json.encode(render_discord(reply).pages)
        return [msgspec.json.format(encoded, indent=2).decode() + "\n"]
    if form == "markdown":
        from bot.adapters.terminal.markdown import render_markdown

        return [render_markdown(reply)]
    if form == "html":
        from bot.adapters.web.render import render as render_html

        return [f"{one}\n" for one in render_html(reply).pages]
    from bot.adapters.terminal.app import Screen, local_time
    from bot.adapters.terminal.limits import HEIGHT
    from bot.adapters.terminal.render import render

    screen = Screen.of(sys.stdout, os.environ)
    height = (screen.height or HEIGHT) if paged else None
    return render(
        reply,
        width=width or screen.width,
        height=height,
        colour=screen.colour,
        links=screen.colour,
        local=local_time,
    ).pages


@app.command()
def shell(ctx: typer.Context) -> None:
    """Ask in an interactive shell with history and completion; or answer the lines of standard input."""
    from bot.adapters.terminal.app import shell as talk

    service = service_of(ctx)
    talk(
        service.desk,
        service.asker("terminal"),
        partial(_acted, service),
        history=service.config.state / "history",
        environ=os.environ,
        before=service.library.refresh,
        stdin=sys.stdin,
        stdout=sys.stdout,
    )


@app.command()
def demo(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Where to listen.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, metavar="N", help="0 takes any free port.")
    ] = None,
    browser: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Open a browser; default: where there is a desktop."),
    ] = None,
) -> None:
    """Serve the web playground and open it."""
    service = service_of(ctx, "warning")
    has_desktop = sys.platform in {"darwin", "win32"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if browser is None:
        browser = sys.stdout.isatty() and has_desktop
    from bot.cli.serving import serve

    serve(service, host, port, browser=browser)


@app.command()
def run(
    ctx: typer.Context,
    http: Annotated[
        bool, typer.Option("--http", help="Take what chats send by HTTP, not over a connection of our own.")
    ] = False,
) -> None:
    """Serve everything that the configuration sets up, until stopped."""
    from bot.chats import chats_of
    from bot.cli.serving import serve

    service = service_of(ctx, "info")
    chats = chats_of(service, os.environ, http=http)
    if http and not chats:
        service.close()
        fail("No chat is set up, so --http has nothing to listen for: set the secrets of Slack or Discord.")
    if not chats:
        sys.stderr.write(
            "No chat is served: no token of Slack or Discord is set (docs/slack.md, docs/discord.md).\n"
        )
    serve(service, None, None, browser=False, http=http, chats=chats)


@app.command()
def version() -> None:
    """Print the version."""
    sys.stdout.write(f"briefing-bot {bot.__version__}\n")


def _registry() -> Registry:
    from bot.commands import REGISTRY

    return REGISTRY


def _slack_config(ctx: typer.Context) -> SlackConfig:
    from bot.chats import slack_config

    return slack_config(config_of(ctx))


def _discord_config(ctx: typer.Context) -> DiscordConfig:
    from bot.chats import discord_config

    return discord_config(config_of(ctx))


app.add_typer(facts_app)
app.add_typer(posts_app)
app.add_typer(slack_typer(_registry, _slack_config), name="slack")
app.add_typer(discord_app(_registry, _discord_config), name="discord")
app.add_typer(schedules_app(rules_of), name="schedules")


def narrowed(whole: typer.Typer, words: Sequence[str]) -> typer.Typer:
    """Return the command line with only the command that the words give, if it is one of its own.

    Typer takes a millisecond for each command that it builds, and would build all of them for one answer.
    Whoever asks for help or mistypes a command sees all of them.
    """
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            break
        if "=" not in word:
            next(rest, "")  # each option before the command takes a value
    else:
        return whole
    named = [one for one in whole.registered_commands if _name_of(one) == word]
    if not named:
        return whole
    narrow = copy.copy(whole)
    narrow.registered_commands, narrow.registered_groups = named, []
    return narrow


def _name_of(command: CommandInfo) -> str:
    return command.name or (command.callback.__name__ if command.callback else "")


def main() -> None:
    """Run the command line and exit. An error is one sentence on standard error, never a traceback."""
    # An answer takes less than one look for garbage among all that was imported.
    gc.disable()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        try:
            narrowed(app, sys.argv[1:])(prog_name="briefing-bot")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has gone: nothing may be written to it when Python closes it either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILURE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        if "debug" in sys.argv:
            raise
        sys.stderr.write(f"Something unexpected happened: {error!r}. `--log-level debug` shows where.\n")
        sys.exit(FAILURE)
