"""What rules will do is printed before they do it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
import typer
from posts_state import NOW, Kept
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.posts import cli
from bot.posts.records import ScheduleState
from bot.posts.simulate import simulate
from bot.posts.when import When, read_when

BERLIN = ("morning", read_when("daily 02:30 Europe/Berlin"))
PERIOD = ("--from", "2026-10-25", "--to", "2026-10-25")
SYDNEY = ("down under", read_when("every 12 hours Australia/Sydney"))


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["schedules", "simulate", *arguments])


def test_slots_of_one_rule() -> None:
    result = run("daily", "02:30", "--zone", "europe/berlin", "--from", "2026-03-28", "--to", "2026-03-29")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "2026-03-28T02:30:00+01:00  2026-03-28T01:30:00Z",
        "2026-03-29T03:00:00+02:00  2026-03-29T01:00:00Z  moved from 02:30, which this day does not have",
    ]


def test_the_page_shows_real_output() -> None:
    page = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text("utf-8")
    shown = page.partition("$ briefing-bot schedules simulate ")[2].partition("```")[0]
    line, _, output = shown.partition("\n")
    assert run(*line.split()).stdout == output


def test_slots_of_several_rules_are_in_order_of_time_and_named() -> None:
    assert list(simulate([BERLIN, SYDNEY], date(2026, 10, 25), date(2026, 10, 25))) == [
        "2026-10-25T00:00:00+11:00  2026-10-24T13:00:00Z  down under",
        "2026-10-25T02:30:00+02:00  2026-10-25T00:30:00Z  morning  the first of two 02:30",
        "2026-10-25T12:00:00+11:00  2026-10-25T01:00:00Z  down under",
    ]


@pytest.mark.parametrize(
    ("words", "day", "hours"),
    [
        (
            "every 12 hours America/Sao_Paulo",
            date(2018, 11, 4),
            ["01:00:00-02:00", "12:00:00-02:00"],
        ),  # no midnight
        ("every 12 hours America/Havana", date(2026, 11, 1), ["00:00:00-04:00", "12:00:00-05:00"]),  # two
        ("daily 00:10 America/Toronto", date(1919, 3, 31), ["00:30:00-04:00"]),  # none from 23:30 to 00:30
        ("daily 12:00 Pacific/Apia", date(2011, 12, 30), []),  # no such day
        ("daily 23:30 America/Nuuk", date(2026, 3, 28), []),  # moved to the next day
        ("daily 23:30 America/Nuuk", date(2026, 3, 29), ["00:00:00-01:00", "23:30:00-01:00"]),
    ],
)
def test_a_period_is_of_local_days(words: str, day: date, hours: list[str]) -> None:
    lines = list(simulate([("", read_when(words))], day, day))
    assert [line.split("  ")[0] for line in lines] == [f"{day}T{one}" for one in hours]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["daily 9:00 UTC", "--from", "soon", "--to", "2026-01-01"],
            "--from: 'soon' is no day; write it as in 2026-03-01.",
        ),
        (
            ["daily 9:00 UTC", "--from", "2026-01-01", "--to", "2026-02-30"],
            "--to: '2026-02-30' is no day; write it as in 2026-03-01.",
        ),
        (
            ["daily 9:00 UTC", "--from", "0001-01-01", "--to", "2026-01-01"],
            "--from: 0001-01-01 is out of range; write a day from 1900 to 2100.",
        ),
        (
            ["daily 9:00 UTC", "--from", "2026-01-02", "--to", "2026-01-01"],
            "--to 2026-01-01 is before --from 2026-01-02: swap them.",
        ),
        (
            ["daily 9:00", "--from", "2026-01-01", "--to", "2026-01-01"],
            "Add the time zone: write for example daily 9:00 Europe/Berlin.",
        ),
        (
            ["daily 9:00", "--zone", "Berlin", "--from", "2026-01-01", "--to", "2026-01-01"],
            "There is no time zone 'Berlin'; did you mean Europe/Berlin?",
        ),
    ],
)
def test_what_cannot_be_simulated_is_one_sentence(arguments: list[str], sentence: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{sentence}\n")


def test_slots_beyond_the_limit_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "MOST", 3)
    result = run("every hour UTC", "--from", "2026-01-01", "--to", "2026-01-01")
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 3)
    assert result.stderr == "There are more than 3 slots; the first 3 are shown. Shorten the period.\n"
    assert run("every 8 hours UTC", "--from", "2026-01-01", "--to", "2026-01-01").exit_code == 0


def test_without_a_rule_the_schedules_of_the_state_are_simulated(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    period = ["--from", "2026-11-30", "--to", "2026-11-30"]
    command = ["--state", str(tmp_path), "schedules", "simulate", *period]

    none = CliRunner().invoke(app, command)
    assert (none.exit_code, none.stdout, none.stderr.count("\n")) == (1, "", 1)
    assert none.stderr.startswith("No schedule of this state is active; ")

    kept.schedule("morning", next_at=NOW)
    kept.schedule("hourly", next_at=NOW, when=read_when("every 12 hours UTC"))
    for state in (ScheduleState.PAUSED, ScheduleState.REMOVED):
        kept.schedule(state.value, next_at=None, state=state)
    assert CliRunner().invoke(app, command).stdout.splitlines() == [
        "2026-11-30T00:00:00+00:00  2026-11-30T00:00:00Z  hourly",
        "2026-11-30T08:30:00+01:00  2026-11-30T07:30:00Z  morning",
        "2026-11-30T12:00:00+00:00  2026-11-30T12:00:00Z  hourly",
    ]


def test_without_a_rule_and_a_state_one_sentence_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app,
        ["--state", str(tmp_path / "none"), "schedules", "simulate", *PERIOD],
    )
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith("Nothing has been posted or scheduled with this state yet: ")


def test_all_schedules_come_from_the_caller() -> None:
    def every(_: typer.Context) -> Iterable[tuple[str, When]]:
        return [BERLIN, SYDNEY]

    given = typer.Typer()
    given.add_typer(cli.schedules_app(every), name="schedules")
    period = ["schedules", "simulate", *PERIOD]
    result = CliRunner().invoke(given, period)
    assert result.stdout.splitlines() == list(
        simulate([BERLIN, SYDNEY], date(2026, 10, 25), date(2026, 10, 25))
    )
    refused = CliRunner().invoke(given, [*period, "--zone", "UTC"])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == "--zone goes with a rule; each schedule has a zone of its own.\n"
