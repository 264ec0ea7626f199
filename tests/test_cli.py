from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import structlog
from typer.testing import CliRunner, Result

import bot
from bot.cli import app, narrowed
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.reply import Kind, Reply

ROOT = Path(__file__).parent.parent
BRIEFINGS = ROOT / "briefings"
COMMANDS = ("ask", "shell", "demo", "run", "check", "compile", "export", "evidence", "posts", "version")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


class Shell:
    """Runs commands on the shipped dossiers."""

    def __init__(self, state: Path) -> None:
        self.before = ["--briefings", str(BRIEFINGS), "--state", str(state)]

    def __call__(self, *arguments: str, typed: str = "") -> Result:
        return CliRunner(env={"COLUMNS": "80"}).invoke(app, [*self.before, *arguments], input=typed)

    def program(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "bot", *self.before, *arguments]


@pytest.fixture
def run(state: Path) -> Shell:
    return Shell(state)


# --- ask -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["/who gref"], ["/who", "gref"], ["who", "gref"], ["/briefing", "who", "gref"]]
)
def test_a_line_may_be_one_word_or_several(run: Shell, words: list[str]) -> None:
    result = run("ask", *words)
    assert result.exit_code == 0
    assert result.stdout.startswith("German Gref\n═══════════\n")
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["/search", "parallel imports"], '/search "parallel imports" as-of:'),
        (
            ["/timeline", "gref", "from:11 December 2024"],
            "/timeline about:gref from:2024-12-11 as-of:",
        ),
        (["/search", "imports", "as-of:22 November 2026"], "/search imports as-of:2026-11-22"),
    ],
)
def test_words_that_the_shell_kept_together_stay_so(run: Shell, words: list[str], line: str) -> None:
    assert line in run("ask", *words, "--width", "100").stdout


def test_json_is_the_reply_with_all_facts_used(run: Shell) -> None:
    text = run("ask", "/who", "gref", "--as", "json").stdout
    reply = json.loads(text)
    assert reply["kind"] == "answer"
    used = re.findall(r'"fact": "([a-z0-9-]+)"', text)
    assert used
    assert set(used) <= set(reply["facts"])
    assert text.startswith('{\n  "kind": "answer",\n  "title": "German Gref",')
    assert text == run("ask", "/who", "gref", "--as", "json").stdout


def test_markdown_and_html(run: Shell) -> None:
    assert run("ask", "/who", "gref", "--as", "markdown").stdout.startswith(
        "# German Gref\n\n- **Kind:** person\n"
    )
    assert "<article" in run("ask", "/who", "gref", "--as", "html").stdout


def test_the_width_is_kept(run: Shell) -> None:
    lines = run("ask", "/briefing", "--width", "40").stdout.splitlines()
    assert max(map(len, lines)) <= 40


def test_one_page_of_several(run: Shell) -> None:
    second = run("ask", "/briefing", "--page", "2").stdout
    assert re.search(r"^Page 2 of \d$", second, re.MULTILINE)
    beyond = run("ask", "/briefing", "--page", "99")
    assert beyond.exit_code == 2
    assert re.fullmatch(r"There is no page 99: the answer has \d pages\.\n", beyond.stderr)
    whole = run("ask", "/briefing", "--page", "1", "--as", "json")
    assert (whole.exit_code, whole.stdout) == (2, "")
    assert whole.stderr == "--page goes with text and html; json is always the whole answer.\n"


@pytest.mark.parametrize(
    ("line", "kind", "status"),
    [
        ("/who gref", Kind.ANSWER, 0),
        ("/who", Kind.ASK, 0),
        ("/who zzzzzz", Kind.NONE, 0),
        ("/nonsense", Kind.USAGE, 2),
        ("", Kind.USAGE, 2),
        ("x" * 10_000, Kind.USAGE, 2),
        ("/who \x1b[31m\x00'; DROP TABLE fact", Kind.NONE, 0),
    ],
)
def test_the_exit_status_follows_the_kind(run: Shell, line: str, kind: Kind, status: int) -> None:
    result = run("ask", line, "--as", "json")
    assert (json.loads(result.stdout)["kind"], result.exit_code) == (kind.value, status)
    assert "\x1b" not in run("ask", line).stdout


# --- the shell -----------------------------------------------------------------------------------------


def test_the_shell_answers_the_lines_it_is_given(run: Shell) -> None:
    result = run("shell", typed="/who gref\n\n1\n/exit\n/help\n")
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if line.startswith("══")] != []
    assert "German Gref" in result.stdout
    assert "/timeline gref" in result.stdout
    assert "Commands" not in result.stdout


# --- the fact base -------------------------------------------------------------------------------------


def test_check_finds_nothing_in_the_shipped_dossiers(run: Shell) -> None:
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "Nothing to correct.\n")
    assert json.loads(run("check", str(BRIEFINGS), "--format", "json").stdout) == []


def broken(tmp_path: Path) -> Path:
    (tmp_path / "coast" / "facts").mkdir(parents=True)
    (tmp_path / "coast" / "dossier.yaml").write_text("id: coast\ntitel: Ferries\n")
    (tmp_path / "coast" / "sources.yaml").write_text("[]\n")
    (tmp_path / "coast" / "entities.yaml").write_text("[]\n")
    return tmp_path


def test_check_lists_errors_where_they_are(run: Shell, tmp_path: Path) -> None:
    root = broken(tmp_path)
    text = run("check", str(root))
    assert text.exit_code == 1
    assert re.search(
        rf"^{re.escape(str(root))}/coast/dossier.yaml:2:1: error R001 ", text.stdout, re.MULTILINE
    )
    github = run("check", str(root), "--format", "github").stdout
    assert f"::error file={root}/coast/dossier.yaml,line=2,col=1,title=R001::" in github
    assert {one["code"] for one in json.loads(run("check", str(root), "--format", "json").stdout)} >= {"R001"}


def test_compile_says_what_it_did(run: Shell, tmp_path: Path) -> None:
    result = run("compile")
    assert re.fullmatch(
        r"snapshot [0-9a-f]{12}: \d+ facts in 1 dossier, \d+ files read, \d+ unchanged, \d\.\d\d seconds\n",
        result.stdout,
    )
    result = run("compile", str(broken(tmp_path)))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"The fact base in {tmp_path} has ")
    assert result.stderr.count("\n") == 1


def test_a_base_that_does_not_load_is_one_sentence(tmp_path: Path) -> None:
    before = ["--briefings", str(broken(tmp_path / "base")), "--state", str(tmp_path / "state")]
    result = CliRunner().invoke(app, [*before, "--log-level", "error", "ask", "/help"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{tmp_path / 'base'} cannot be served: ")
    assert result.stderr.count("\n") == 1


def test_export_writes_every_fact(run: Shell, tmp_path: Path) -> None:
    lines = run("export").stdout.splitlines()
    facts = [json.loads(line) for line in lines]
    assert len(facts) > 50
    file = tmp_path / "facts.jsonl"
    assert run("export", "russia-china-ai", "--output", str(file)).stdout == ""
    assert file.read_text(encoding="utf-8").splitlines() == lines
    assert len(run("export", "--format", "csv").stdout.splitlines()) == len(facts) + 1
    assert run("export", "--as-of", "1999").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["export", "nowhere"], 2, "There is no dossier 'nowhere'; here are: russia-china-ai.\n"),
        (
            ["export", "--output", "/nowhere/x"],
            1,
            "/nowhere/x cannot be written (No such file or directory).\n",
        ),
        (["evidence", "--archive", "/nowhere"], 2, "There is no folder /nowhere.\n"),
        (
            ["--config", "/nowhere", "check"],
            2,
            "The configuration /nowhere cannot be read (No such file or directory).\n",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    run: Shell, arguments: list[str], status: int, sentence: str
) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (status, "", sentence)


def test_a_date_that_is_none_is_refused(run: Shell) -> None:
    result = run("export", "--as-of", "soon")
    assert result.exit_code == 2
    assert result.stderr.startswith("--as-of: ")


def test_evidence_reports_each_fact(run: Shell, tmp_path: Path) -> None:
    result = run("evidence", "--archive", str(tmp_path))
    assert result.exit_code == 1
    assert re.match(
        r"absent   russia-china-ai:\S+ in \S+, paragraph \d+, of which there is no copy\n", result.stdout
    )
    assert re.search(r"^\d+ absent$", result.stdout, re.MULTILINE)


def test_version(run: Shell) -> None:
    assert run("version").stdout == f"briefing-bot {bot.__version__}\n"


# --- the program ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help_explains_every_option(run: Shell, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    options = re.findall(r"^  (?:-h, )?(--?\S+)(?: [A-Z<]\S+| \S*)?(.*)$", result.stdout, re.MULTILINE)
    assert options


def imported(*arguments: str) -> set[str]:
    """Return the packages that a command imports."""
    code = (
        "import sys\nfrom bot.cli import main\nsys.argv[1:] = sys.argv[1:]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write(' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_nothing_is_imported_needlessly(run: Shell) -> None:
    heavy = {"aiohttp", "prompt_toolkit", "rapidfuzz", "asyncio"}
    assert not imported("--help") & (heavy | {"structlog", "yaml", "sqlite3"})
    assert not imported(*run.before, "ask", "/who", "gref") & heavy - {"asyncio"}


def test_a_reader_who_leaves_is_not_an_error(run: Shell) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            run.program("ask", "/briefing"), stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert done.stderr == b""
    assert done.returncode == 1


def test_words_that_are_no_utf_8_are_answered(run: Shell) -> None:
    done = subprocess.run([*run.program("ask"), b"/who \xff\xfe"], capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"/who" in done.stdout


def test_demo_serves_until_it_is_told_to_stop(run: Shell) -> None:
    server = subprocess.Popen(
        run.program("demo", "--port", "0", "--no-open"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        found = re.fullmatch(r"The playground is at (http://127\.0\.0\.1:\d+) \(Ctrl-C stops it\)\.\n", line)
        assert found
        with urlopen(found[1], timeout=10) as page:
            assert page.status == 200
        for address, said in (("healthz", "ok\n"), ("readyz", '{"ready":true,'), ("metrics", "# HELP ")):
            with urlopen(f"{found[1]}/{address}", timeout=10) as page:
                assert (page.status, page.read().decode()[: len(said)]) == (200, said)
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=10) == 0
        assert server.stderr is not None
        assert server.stderr.read() == ""
    finally:
        server.kill()
        server.communicate()


def test_a_port_in_use_is_one_sentence(run: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("demo", "--port", str(port), "--no-open")
    assert result.exit_code == 1
    advice = r"choose another with --port or web\.port\."
    assert re.fullmatch(rf"Nothing can listen on 127\.0\.0\.1, port {port} \(.*\); {advice}\n", result.stderr)


def test_http_without_a_chat_says_so(run: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "DISCORD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    result = run("run", "--http")
    assert result.exit_code != 0
    assert "No chat is set up" in result.stderr
    assert result.stderr.splitlines()[-1].endswith("secrets of Slack or Discord.")


# --- what changes something ----------------------------------------------------------------------------


@pytest.fixture
def acted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let `/help` be a command that changes something; return the lines that were acted on."""
    lines: list[str] = []

    async def act(self: Dispatcher, line: str, asker: Asker) -> Reply:
        lines.append(line)
        return Reply(kind=Kind.ANSWER, title="Done", summary=f"Done for {asker.platform}.")

    monkeypatch.setattr(Dispatcher, "acts", lambda self, line: line.startswith("/help"))
    monkeypatch.setattr(Dispatcher, "act", act)
    return lines


def test_at_the_terminal_it_is_done(run: Shell, acted: list[str]) -> None:
    result = run("ask", "/help", "who")
    assert (result.exit_code, acted) == (0, ["/help who"])
    assert "Done for terminal." in result.stdout
    assert "Done for terminal." in run("shell", typed="/help\n").stdout
    assert acted == ["/help who", "/help"]


@pytest.mark.parametrize("form", ["markdown", "html", "json", "slack", "discord"])
def test_to_show_it_as_something_does_not_do_it(run: Shell, acted: list[str], form: str) -> None:
    result = run("ask", "/help", "--as", form)
    assert result.exit_code == 2
    assert "changes nothing" in result.stderr
    assert acted == []


@pytest.mark.parametrize(
    ("words", "commands"),
    [
        (["ask", "/who gref"], ["ask"]),
        (["--state", "shell", "--log-level=error", "ask", "shell"], ["ask"]),
        (["ask", "--help"], ["ask"]),
        (["check", "ask"], None),
        (["slack", "manifest"], None),
        (["--help", "ask"], None),
        (["-h"], None),
        (["asq"], None),
        (["--state"], None),
        ([], None),
    ],
)
def test_only_the_command_that_is_given_is_built(words: list[str], commands: list[str] | None) -> None:
    narrow = narrowed(app, words)
    assert (narrow is app) is (commands is None)
    if commands:
        assert [one.callback.__name__ for one in narrow.registered_commands if one.callback] == commands
        assert narrow.registered_groups == []
    assert len(app.registered_commands) == 5
