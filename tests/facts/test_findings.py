from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.facts.findings import (
    PER_FILE,
    PER_RUN,
    Finding,
    Findings,
    Severity,
    finding,
    format_findings,
    nearest,
    shown,
)

ERROR = finding("R011", "b.yaml", 3, 7, "9 is not from 1 to 6.", "Use 1.")
WARNING = finding("W021", "a.yaml", 12, 1)


def test_what_a_finding_does_not_say_comes_from_the_rule() -> None:
    assert (
        Finding(
            file="a.yaml",
            line=12,
            column=1,
            code="W021",
            severity=Severity.WARNING,
            message="A fact is in no topic.",
            fix="Add the topics under which it is read.",
        )
        == WARNING
    )


def test_findings_sort_by_place_then_code() -> None:
    places = [
        ("a", 1, 2, "R001"),
        ("a", 1, 2, "Y001"),
        ("a", 1, 10, "R001"),
        ("a", 2, 1, "R001"),
        ("b", 1, 1, "R001"),
    ]
    findings = [finding(code, file, line, column) for file, line, column, code in places]
    assert sorted([*findings[2:], *findings[:2]]) == findings


def test_text_is_a_line_each_and_a_count() -> None:
    assert format_findings([ERROR, WARNING]) == (
        "a.yaml:12:1: warning W021 A fact is in no topic. Add the topics under which it is read.\n"
        "b.yaml:3:7: error R011 9 is not from 1 to 6. Use 1.\n"
        "1 error and 1 warning in 2 files.\n"
    )


def test_counts() -> None:
    assert format_findings([]) == "Nothing to correct.\n"
    assert format_findings([WARNING, WARNING]).endswith("\n2 warnings in 1 file.\n")
    assert format_findings([ERROR]).endswith("\n1 error in 1 file.\n")


def test_text_is_limited_and_errors_come_first() -> None:
    many = [finding("W021", "a.yaml", n + 1, 1) for n in range(1_500)]
    lines = format_findings([*many, ERROR]).splitlines()
    assert len(lines) == PER_RUN + 1
    assert lines[-2].startswith("b.yaml:3:7: error")
    assert lines[-1] == "1 error and 1,500 warnings in 2 files; 200 are shown, errors before warnings."


def test_json_holds_every_finding() -> None:
    assert json.loads(format_findings([], "json")) == []
    listed = json.loads(format_findings([ERROR] * 300, "json"))
    assert len(listed) == 300
    assert listed[0] == {
        "file": "b.yaml",
        "line": 3,
        "column": 7,
        "code": "R011",
        "severity": "error",
        "message": "9 is not from 1 to 6.",
        "fix": "Use 1.",
    }


def test_workflow_commands_are_escaped() -> None:
    odd = finding("R011", "a,b:c%.yaml", 1, 2, "100 %\r\nis: too, much.", "Use 1.")
    assert format_findings([odd], "github") == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=R011::100 %25%0D%0Ais: too, much. Use 1.\n"
        "1 error in 1 file.\n"
    )
    assert format_findings([WARNING], "github").startswith("::warning file=a.yaml,line=12,col=1,title=W021::")


@given(st.text(max_size=200), st.text(min_size=1, max_size=30))
def test_a_workflow_command_stays_one_line(message: str, file: str) -> None:
    odd = finding("R011", file, 1, 1, message, "x")
    *commands, count = format_findings([odd], "github").removesuffix("\n").split("\n")
    assert len(commands) == 1
    assert "\r" not in commands[0]
    assert commands[0].startswith("::error file=")
    assert count == "1 error in 1 file."


def test_values_are_shown_harmless_and_short() -> None:
    assert shown("okafor") == '"okafor"'
    assert shown("a\u202eb\x00\n\u3000\U000e0041é 🚢") == '"a\\u202eb\\u0000\\u000a\\u3000\\U000e0041é 🚢"'
    assert shown("x" * 61) == f'"{"x" * 60}…"'


@given(st.text())
def test_a_shown_value_is_printable_and_bounded(value: str) -> None:
    text = shown(value)
    assert text.isprintable()
    assert len(text) <= 10 * 60 + 3


def test_the_nearest_word() -> None:
    assert nearest("okafr", ["ministry", "okafor"]) == "okafor"
    assert nearest("okafr", {"ministry": 1, "okafor": 2}) == "okafor"
    assert nearest("qqq", ["ministry", "okafor"]) == ""
    assert nearest("", []) == ""


def test_a_collector_is_limited() -> None:
    found = Findings("a.yaml")
    for line in range(PER_FILE + 10):
        found.add("Y006", line + 1, 1)
    assert [one.code for one in found.found[-2:]] == ["Y006", "F008"]
    assert len(found.found) == PER_FILE + 1
