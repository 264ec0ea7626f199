"""Write the generated parts of README.md anew: `make docs`. The tests hold the file to what this makes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from bot.cli import app
from bot.commands import REGISTRY
from bot.registry import COMMON

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"

OUTPUT = re.compile(r"(<!-- output: (.+?) -->\n```console\n).*?(```\n<!-- end -->)", re.DOTALL)
COMMANDS = re.compile(r"(<!-- commands -->\n).*?(<!-- end -->)", re.DOTALL)


def generated(text: str, state: Path) -> str:
    """Return the text with its outputs and its table of commands made anew; `state` is an empty folder."""
    text = OUTPUT.sub(lambda found: found[1] + output(found[2], state) + found[3], text)
    return COMMANDS.sub(lambda found: found[1] + commands() + found[2], text)


def output(arguments: str, state: Path) -> str:
    """Return a command as typed and what it prints."""
    chosen = ["--briefings", str(ROOT / "briefings"), "--state", str(state)]
    result = CliRunner(env={"NO_COLOR": "1"}).invoke(app, [*chosen, *shlex.split(arguments)])
    if result.exit_code:
        raise RuntimeError(f"briefing-bot {arguments} ended with {result.exit_code}: {result.output}")
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    return "\n".join([f"$ briefing-bot {arguments}", *lines]) + "\n"


def commands() -> str:
    """Return the table of commands from their declarations."""
    rows = ["| command | answers | for example |", "|---|---|---|"]
    for command in REGISTRY:
        hints = [option.hint.replace("|", r"\|") for option in command.options if option not in COMMON]
        usage = " ".join((f"/{command.name}", *hints))
        rows.append(f"| `{usage}` | {command.summary} | `{command.example}` |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        README.write_text(generated(README.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")
