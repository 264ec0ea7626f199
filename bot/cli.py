"""The command line: thin; each command opens what it needs and hands over."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, Never

import msgspec
import typer

import bot
from bot.adapters.discord.cli import discord_app
from bot.adapters.slack.cli import slack_typer
from bot.desk import ChatError

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.adapters.discord.config import DiscordConfig
    from bot.adapters.slack.config import SlackConfig
    from bot.config import Config
    from bot.facts.base import FactBase
    from bot.registry import Registry
    from bot.reply import Reply
    from bot.service import Service

# Every other import stands inside the command that needs it, so that `--help` and `ask` start quickly.
# ruff: noqa: PLC0415

USAGE: Final = 2
FAILURE: Final = 1
INTERRUPTED: Final = 130
"""Exit status after Ctrl-C: 128 and the signal's number, as shells have it."""


Form = Literal["text", "markdown", "html", "json", "slack", "discord"]
LogLevel = Literal["debug", "info", "warning", "error"]


class Options(msgspec.Struct):
    """The options before the command."""

    config: Path | None = None
    briefings: Path | None = None
    state: Path | None = None
    log_level: LogLevel | None = None


app = typer.Typer(
    name="briefing-bot",
    help="Answer /briefing, /who and /timeline from a curated, cited fact base.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Folder = Annotated[Path | None, typer.Argument(metavar="PATH", help="The folder of dossiers.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="What could be known on that day.")]


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
        _refuse(f"--page goes with text and html; {form} is always the whole answer.")
    service = _open(ctx)
    reply = service.desk.ask(_line(line), service.asker("terminal"))
    pages = (
        [_for_slack(reply, _line(line), service.config)]
        if form == "slack"
        else _rendered(reply, form, width, paged=page is not None)
    )
    if page is not None and page > len(pages):
        _refuse(f"There is no page {page}: the answer has {_count(len(pages), 'page')}.")
    sys.stdout.write("".join(pages) if page is None else pages[page - 1])
    raise typer.Exit({Kind.USAGE: USAGE, Kind.FAILURE: FAILURE}.get(reply.kind, 0))


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
    from bot.adapters.terminal.app import Screen
    from bot.adapters.terminal.limits import HEIGHT
    from bot.adapters.terminal.render import render

    screen = Screen.of(sys.stdout, os.environ)
    height = (screen.height or HEIGHT) if paged else None
    return render(
        reply, width=width or screen.width, height=height, colour=screen.colour, links=screen.colour
    ).pages


@app.command()
def shell(ctx: typer.Context) -> None:
    """Ask in an interactive shell with history and completion; or answer the lines of standard input."""
    from bot.adapters.terminal.app import shell as talk

    service = _open(ctx)
    talk(
        service.desk,
        service.asker("terminal"),
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
    service = _open(ctx, "warning")
    has_desktop = sys.platform in {"darwin", "win32"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if browser is None:
        browser = sys.stdout.isatty() and has_desktop
    _serve(service, host, port, browser=browser)


@app.command()
def run(
    ctx: typer.Context,
    http: Annotated[
        bool, typer.Option("--http", help="Take what chats send by HTTP, not over a connection of our own.")
    ] = False,
) -> None:
    """Serve everything that the configuration sets up, until stopped."""
    from bot.chats import chats_of

    service = _open(ctx, "info")
    chats = chats_of(service, os.environ, http=http)
    if http and not chats:
        service.close()
        _fail("No chat is set up, so --http has nothing to listen for: set the secrets of Slack or Discord.")
    if not chats:
        sys.stderr.write(
            "No chat is served: no token of Slack or Discord is set (docs/slack.md, docs/discord.md).\n"
        )
    _serve(service, None, None, browser=False, chats=chats)


def _serve(
    service: Service,
    host: str | None,
    port: int | None,
    *,
    browser: bool,
    chats: Sequence[AbstractAsyncContextManager[object]] = (),
) -> None:
    import asyncio
    import contextlib
    import signal
    import webbrowser

    from bot.adapters.web.app import create_app, serving

    web = service.config.web
    host = web.host if host is None else host
    wanted = web.port if port is None else port
    names = frozenset({"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host, *web.hosts})

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        application = create_app(service.desk, allowed_hosts=names, asker=service.asker("web"))
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(service.fresh())
            bound = await stack.enter_async_context(serving(application, host, wanted))
            address = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
            sys.stdout.write(f"The playground is at {address} (Ctrl-C stops it).\n")
            sys.stdout.flush()
            for chat in chats:
                sys.stdout.write(f"{await stack.enter_async_context(chat)}\n")
                sys.stdout.flush()
            if browser:
                await asyncio.to_thread(webbrowser.open, address)
            await stop.wait()

    try:
        asyncio.run(serve())
    except ChatError as error:
        _fail(str(error))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        _fail(f"Nothing can listen on {host}, port {wanted} ({why}); choose another with --port or web.port.")
    finally:
        service.close()


@app.command()
def check(
    ctx: typer.Context,
    path: Folder = None,
    form: Annotated[
        Literal["text", "json", "github"], typer.Option("--format", help="What to print.")
    ] = "text",
) -> None:
    """Find everything that is wrong in a fact base, with file, line and what to do."""
    from bot.facts.check import check_base
    from bot.facts.findings import Severity, format_findings

    root = _config(ctx, path).briefings
    _, findings = check_base(root)
    here = [msgspec.structs.replace(one, file=(root / one.file).as_posix()) for one in findings]
    sys.stdout.write(format_findings(here, form))
    if any(one.severity is Severity.ERROR for one in findings):
        raise typer.Exit(FAILURE)


@app.command(name="compile")
def compile_(ctx: typer.Context, path: Folder = None) -> None:
    """Compile a fact base into the snapshot that answers come from."""
    import sqlite3

    from bot.adapters.terminal.progress import Watched
    from bot.facts.compile import BrokenBase, compile_base
    from bot.facts.snapshot import Snapshot, SnapshotError

    config = _config(ctx, path)
    began = time.perf_counter()
    try:
        with Watched(sys.stderr, time.perf_counter) as watched:
            compiled = compile_base(config.briefings, config.snapshots, watched.show, thorough=True)
        snapshot = Snapshot(compiled.path)
    except BrokenBase as error:
        _fail(f"The fact base in {config.briefings} has {error}")
    except (OSError, sqlite3.Error, SnapshotError) as error:
        _fail(f"The snapshot cannot be written to {config.snapshots}: {error}")
    seconds = time.perf_counter() - began
    facts = sum(count for _, count in snapshot.dossiers.values())
    snapshot.close()
    sys.stdout.write(
        f"snapshot {compiled.id}: {_count(facts, 'fact')} in {_count(len(snapshot.dossiers), 'dossier')}, "
        f"{compiled.parsed:,} files read, {compiled.reused:,} unchanged, {seconds:.2f} seconds\n"
    )


@app.command()
def export(
    ctx: typer.Context,
    dossier: Annotated[str | None, typer.Argument(metavar="DOSSIER", help="This dossier only.")] = None,
    form: Annotated[
        Literal["jsonl", "csv", "markdown"], typer.Option("--format", help="What to write.")
    ] = "jsonl",
    as_of: AsOf = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write there, not to standard output.")
    ] = None,
) -> None:
    """Write every fact with its statement, status, dates, entities and sources."""
    lines = _exported(_base(_open(ctx), dossier, as_of), form)
    if output is None:
        sys.stdout.writelines(lines)
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        _fail(f"{output} cannot be written ({error.strerror}).")


def _exported(base: FactBase, form: str) -> Iterable[str]:
    from bot.answers.export import comma_separated, jsonl, rows, table

    if form == "markdown":
        from bot.adapters.terminal.markdown import render_markdown

        return [render_markdown(table(rows(base)))]
    return (jsonl if form == "jsonl" else comma_separated)(rows(base))


def _base(service: Service, dossier: str | None, as_of: str | None) -> FactBase:
    from bot.facts.base import FactBase
    from bot.facts.edtf import DateError
    from bot.facts.humanise import read_date
    from bot.parse import Misread, read_day
    from bot.service import local_today

    today = local_today()
    try:
        day = read_day(read_date(as_of, today) if as_of is not None else None, today)
    except DateError as error:
        _refuse(f"--as-of: {error}")
    except Misread as error:
        _refuse(str(error))
    snapshot = service.library.snapshot
    if dossier is not None and dossier not in snapshot.dossiers:
        _refuse(f"There is no dossier {dossier!r}; here are: {', '.join(sorted(snapshot.dossiers))}.")
    return FactBase(snapshot, snapshot.dossiers if dossier is None else [dossier], day)


@app.command()
def evidence(
    ctx: typer.Context,
    archive: Annotated[Path, typer.Option(metavar="DIR", help="Your own copies of the sources, as text.")],
    dossier: Annotated[str | None, typer.Option(metavar="DOSSIER", help="This dossier only.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="List this source's paragraphs with their hashes.")
    ] = None,
) -> None:
    """Hold every fact to your own copies of the sources, and find sentences copied from them."""
    from bot.archive import Unproven, compare, list_paragraphs

    if not archive.is_dir():
        _refuse(f"There is no folder {archive}.")
    try:
        if source is not None:
            sys.stdout.writelines(
                f"{line}\n" for line in list_paragraphs(_config(ctx, None).briefings, archive, source)
            )
            return
        report = compare(_config(ctx, None).briefings, archive, dossier)
    except Unproven as error:
        _fail(str(error))
    sys.stdout.writelines(f"{line}\n" for line in report.lines())
    if not report.proven:
        raise typer.Exit(FAILURE)


@app.command()
def version() -> None:
    """Print the version."""
    sys.stdout.write(f"briefing-bot {bot.__version__}\n")


def _registry() -> Registry:
    from bot.commands import REGISTRY

    return REGISTRY


def _slack_config(ctx: typer.Context) -> SlackConfig:
    from bot.chats import slack_config

    return slack_config(_config(ctx, None))


def _discord_config(ctx: typer.Context) -> DiscordConfig:
    from bot.chats import discord_config

    return discord_config(_config(ctx, None))


app.add_typer(slack_typer(_registry, _slack_config), name="slack")
app.add_typer(discord_app(_registry, _discord_config), name="discord")


def _config(ctx: typer.Context, briefings: Path | None) -> Config:
    from bot.config import ConfigError, load_config

    given: Options = ctx.obj
    try:
        return load_config(
            given.config, environ=os.environ, briefings=briefings or given.briefings, state=given.state
        )
    except ConfigError as error:
        _refuse(str(error))


def _open(ctx: typer.Context, level: LogLevel = "warning") -> Service:
    from bot.config import ConfigError
    from bot.log import configure
    from bot.service import NothingToServe, open_service

    config = _config(ctx, None)
    configure(ctx.obj.log_level or level)
    try:
        service = open_service(config)
    except NothingToServe as error:
        _fail(str(error))
    except ConfigError as error:
        _refuse(str(error))
    ctx.call_on_close(service.close)
    return service


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _refuse(sentence: str) -> Never:
    """Say what cannot be done as asked, and exit like any usage error."""
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(USAGE)


def _fail(sentence: str) -> Never:
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(FAILURE)


def main() -> None:
    """Run the command line and exit. An error is one sentence on standard error, never a traceback."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        try:
            app(prog_name="briefing-bot")
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
