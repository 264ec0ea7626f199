"""What holds for every answer, whatever the base, the asker, the day and the line."""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec
import pytest
from factory import (
    AT_COAST,
    AT_NORTH,
    EVERYWHERE,
    LINES,
    NOWHERE,
    TODAY,
    cited,
    commands,
    desk,
    every_line,
    fact_base,
    leaks,
    lines,
    text,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.commands import REGISTRY
from bot.desk import Asker, Call
from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.parse import read_line
from bot.registry import OptionKind
from bot.reply import Kind, Reply

PLACES = [
    ("coast", EVERYWHERE),
    ("both", EVERYWHERE),
    ("both", AT_COAST),
    ("both", AT_NORTH),
    ("both", NOWHERE),
    ("lone", EVERYWHERE),
    ("bare", EVERYWHERE),
]

ASKED = {"ask", "none", "usage", "answer"}


@pytest.fixture(params=PLACES, ids=["coast", "both", "at-coast", "at-north", "nowhere", "lone", "bare"])
def place(request: pytest.FixtureRequest) -> tuple[Dispatcher, Asker]:
    name, asker = request.param
    return desk(request.getfixturevalue(name)), asker


def raw(reply: Reply) -> bytes:
    return msgspec.json.encode(reply)


def test_every_line_gets_an_answer(place: tuple[Dispatcher, Asker]) -> None:
    answering, asker = place

    for line in every_line():
        reply = answering.ask(line, asker)
        assert reply.kind is not Kind.FAILURE, line
        assert reply.title, line
        assert reply.summary, line
        assert reply.kind is not Kind.USAGE or line.startswith("/search"), line


def test_what_a_line_comes_to_does_not_depend_on_who_answers(both: Snapshot) -> None:
    one, other = desk(both), desk(both)

    for line in every_line():
        assert raw(one.ask(line, EVERYWHERE)) == raw(other.ask(line, EVERYWHERE)), line


def test_the_footers_command_gives_the_same_bytes_on_another_day(place: tuple[Dispatcher, Asker]) -> None:
    answering, asker = place
    later = desk(answering._library.snapshot, TODAY + timedelta(days=400))

    for line in every_line():
        first = answering.ask(line, asker)
        if first.kind is Kind.USAGE:
            continue
        assert first.footer is not None
        again = answering.ask(first.footer.command, asker)
        assert again.footer == first.footer, line
        assert raw(later.ask(first.footer.command, asker)) == raw(again), line
        assert uncarried(again) == uncarried(first), line


def uncarried(reply: Reply) -> bytes:
    """Return a reply without what its commands keep of the day and the dossier."""
    return re.sub(rb" (?:as-of:[\d-]+|in:[a-z-]+)", b"", raw(reply))


def test_relative_days_are_pinned_in_the_footer(coast: Snapshot) -> None:
    answering = desk(coast)
    later = desk(coast, TODAY + timedelta(days=3))

    for line in ("/changes 7d", "/changes last week", "/timeline from:yesterday", "/who okafor yesterday"):
        first = answering.ask(line, EVERYWHERE)
        assert first.footer is not None
        assert "yesterday" not in first.footer.command
        assert uncarried(later.ask(first.footer.command, EVERYWHERE)) == uncarried(first), line


def test_every_command_in_a_reply_can_be_asked(place: tuple[Dispatcher, Asker]) -> None:
    answering, asker = place
    asked: dict[str, Kind] = {}

    for line in every_line():
        reply = answering.ask(line, asker)
        for command in commands(reply):
            read_line(command, REGISTRY)
            if answering.acts(command):
                assert "as-of" not in command
                continue
            if command not in asked:
                asked[command] = answering.ask(command, asker).kind
            assert asked[command] not in {Kind.USAGE, Kind.FAILURE}, (line, command)
            assert "as-of:2024-08-15" in command or "as-of" not in line, (line, command)


def test_a_name_leads_to_what_it_names(place: tuple[Dispatcher, Asker]) -> None:
    answering, asker = place

    for line in every_line():
        if not line.startswith("/help"):  # its examples are those of the shipped dossier
            for command in commands(answering.ask(line, asker)):
                if command.startswith(("/who", "/fact", "/source")):
                    assert answering.ask(command, asker).kind is Kind.ANSWER, (line, command)


def test_what_is_cited_is_listed_and_what_is_listed_is_cited(place: tuple[Dispatcher, Asker]) -> None:
    answering, asker = place

    for line in every_line():
        reply = answering.ask(line, asker)
        listed = [(source.number, source.id) for source in reply.sources]
        assert cited(reply) == set(listed), line
        assert [number for number, _ in listed] == list(range(1, len(listed) + 1)), line


def test_every_statement_names_a_fact_that_there_is(place: tuple[Dispatcher, Asker]) -> None:
    answering, asker = place
    base = fact_base(answering._library.snapshot, TODAY, *(asker.dossiers or ()))

    for line in every_line():
        reply = answering.ask(line, asker)
        for fact in reply.facts:
            assert base.facts(fact), (line, fact)
        for one in lines(reply):
            assert (
                not any(number for number, _ in cited_of(one))
                or one.fact
                or one.grounds
                or (line.startswith("/source"))
            ), one.text


def cited_of(line: object) -> list[tuple[int, str]]:
    from bot.reply import Cite, Line

    assert isinstance(line, Line)
    return [(span.number, span.source) for span in line.spans if isinstance(span, Cite)]


def test_an_empty_base_says_so(bare: Snapshot) -> None:
    answering = desk(bare)

    assert {line: answering.ask(line, EVERYWHERE).kind.value for line in LINES if "zzyzx" not in line} | {
        "/help": "answer"
    } == {
        line: "answer"
        if line.startswith("/help")
        else "ask"
        if line in {"/who", "/source", "/fact"}
        else "usage"
        if line == "/search"
        else "none"
        for line in LINES
        if "zzyzx" not in line
    }
    assert (
        text(answering.ask("/briefing", EVERYWHERE))
        == "Nothing is known of “Nothing yet” as of 10 March 2025."
    )


# --- anything that can be typed ------------------------------------------------------------------------

WORDS = (
    *("/who", "/search", "/timeline", "/briefing", "who", "/fact", "/source", "/due", "/changes", "/help"),
    *("okafor", "Ада", "奥卡福", "harbour-line", "harbur", "licences", "licenses", "review-order", "herald"),
    *("quilfeather", "zepelins", "lantrn", "north:x", "coast:okafor", "in:coast", "in:north", "as-of:"),
    *("2024", "2024-02-30", "as-of:2024", "since:2024-01-01", "from:", "to:2024", "today", "length:short"),
    *('"', '"okafor"', "“", "'; DROP TABLE fact; --", "NEAR(", "*", "AND", "OR", "^", "-", ":"),
    *("\x00", "\u202e"),
    *("x" * 300, "(" * 50, "%s", "{0}", "\\", "\ud800", "\n", "🦑", "é", "ﷺ" * 20),
)  # fmt: skip

typed_lines = (
    st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join)
    | st.text(max_size=60)
    | st.builds("{} {}".format, st.sampled_from(WORDS[:10]), st.text(max_size=60))
)
ASKERS = st.sampled_from([EVERYWHERE, AT_COAST, NOWHERE])


@settings(max_examples=200, deadline=None)
@given(line=typed_lines)
@example(line="x" * 10_000)
@example(line="/who " + "x" * 10_000)
@example(line="/search " + '"' * 1_500)
@example(line="/search " + "a " * 900)
@example(line="/who " + "\u0301" * 1_900)
@example(line="/timeline " + "9" * 1_900)
def test_whatever_is_typed_is_answered_and_opens_nothing(both_desk: Dispatcher, line: str) -> None:
    for asker in (EVERYWHERE, AT_COAST):
        reply = both_desk.ask(line, asker)
        assert reply.kind.value in ASKED, reply
        assert len(reply.summary) < 700
        found = [*both_desk.complete(line, asker), *both_desk.suggest("who", "name", line, asker)]
        if asker is AT_COAST:
            assert leaks([reply, found], line) == []
        for command in commands(reply):
            if not both_desk.acts(command):
                assert both_desk.ask(command, asker).kind.value in ASKED - {"usage"}, (line, command)


@settings(max_examples=200, deadline=None)
@given(
    command=st.sampled_from([*(one.name for one in REGISTRY), "whois", "", "who gref", "x" * 99]) | st.text(),
    arguments=st.dictionaries(
        st.sampled_from([option.name for command in REGISTRY for option in command.options]) | st.text(),
        st.text(max_size=40) | st.sampled_from(WORDS),
        max_size=3,
    ),
)
@example(command="who", arguments={"name": "x" * 10_000})
@example(command="x" * 10_000, arguments={})
def test_whatever_is_called_is_answered(
    both_desk: Dispatcher, command: str, arguments: dict[str, str]
) -> None:
    call = Call(command, arguments)

    for asker in (EVERYWHERE, AT_COAST):
        reply = both_desk.answer(call, asker)
        assert reply.kind.value in ASKED
        assert leaks(reply, *arguments, *arguments.values(), command) == [] or asker is EVERYWHERE
    line = both_desk.canonical(call)
    assert len(line) <= 6 + len(command) + sum(2 * len(value) + 12 for value in arguments.values())
    for option, value in arguments.items():
        assert isinstance(both_desk.suggest(command, option, value, AT_COAST), list)


@given(line=typed_lines, asker=ASKERS)
@settings(max_examples=150, deadline=None)
def test_a_completion_goes_on_with_the_line(both_desk: Dispatcher, line: str, asker: Asker) -> None:
    for completion in both_desk.complete(line, asker):
        call_line = completion.line
        assert call_line.startswith("/") or not line.lstrip().startswith("/")
        assert not any(ord(char) < 32 for char in call_line)
        if not call_line.endswith((" ", ":")):
            assert both_desk.ask(call_line, asker).kind is not Kind.FAILURE


def test_every_kind_of_option_can_be_completed(both_desk: Dispatcher) -> None:
    offered = {
        option.kind: both_desk.suggest(command.name, option.name, "", EVERYWHERE)
        for command in REGISTRY
        for option in command.options
    }

    of_an_office = {OptionKind.SCHEDULE, OptionKind.WATCH}
    assert {kind for kind, found in offered.items() if not found} == {OptionKind.WORDS, *of_an_office}
