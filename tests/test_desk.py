"""What holds for every answer, whatever the base, the asker, the day and the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import pytest
from factory import (
    AT_COAST,
    EVERYWHERE,
    HERALD_DAY,
    LINES,
    TODAY,
    cited,
    commands,
    desk,
    fact_base,
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

NOWHERE = Asker(dossiers=())
AT_NORTH = Asker(dossiers=("north", "nowhere"))

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


def every_line() -> Iterator[str]:
    for line in LINES:
        yield line
        yield f"{line} as-of:2024-08-15"


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


# --- who may see what ----------------------------------------------------------------------------------

HIDDEN = re.compile("quillfeather|zeppelin|lantern|quill-times|northern|quills|квил|north", re.IGNORECASE)


def leaks(what: object, *typed: str) -> list[str]:
    """Return what of the north is in an answer, apart from what was typed."""
    said = {one.lower() for part in typed for one in HIDDEN.findall(part)}
    found: list[str] = HIDDEN.findall(msgspec.json.encode(what).decode())
    return [one for one in found if one.lower() not in said]


def test_the_north_is_to_be_seen_where_it_may(both_desk: Dispatcher) -> None:
    assert leaks(both_desk.ask("/briefing", EVERYWHERE))
    assert leaks(both_desk.ask("/search zepelins", AT_NORTH))


@pytest.mark.parametrize(
    "line", [*every_line(), "/search zepelins", "/search quilfeather", "/search lantrns"]
)
def test_nothing_of_another_dossier_is_shown(both_desk: Dispatcher, line: str) -> None:
    assert leaks(both_desk.ask(line, AT_COAST)) == []
    assert leaks(both_desk.ask(line, NOWHERE)) == []


@pytest.mark.parametrize(
    "line", ["/briefing in:north", "/who quilfeather in:north", "/help in:north", "/search x in:NORTH"]
)
def test_another_dossier_cannot_be_asked(both_desk: Dispatcher, line: str) -> None:
    reply = both_desk.ask(line, AT_COAST)

    assert reply.kind is Kind.USAGE
    assert leaks(reply, line) == []
    assert "Here are: coast." in reply.summary


@pytest.mark.parametrize(
    "line",
    [
        "/who north:quilfeather",
        "/who north:harbour-line",
        "/fact north:review-order",
        "/source north:herald",
        "/briefing north:licences",
        "/timeline north:harbour-line",
    ],
)
def test_a_qualified_id_opens_no_other_dossier(both_desk: Dispatcher, line: str) -> None:
    reply = both_desk.ask(line, AT_COAST)

    assert reply.kind in {Kind.NONE, Kind.ASK}
    assert leaks(reply, line) == []


def test_suggestions_are_of_what_may_be_seen(both_desk: Dispatcher) -> None:
    for command in REGISTRY:
        for option in command.options:
            for prefix in ("", "q", "quill", "h", "n", "north:", "north:q", "2", "x" * 600):
                for asker in (AT_COAST, NOWHERE):
                    found = both_desk.suggest(command.name, option.name, prefix, asker)
                    assert leaks(found) == [], (command.name, option.name, prefix)


def test_completions_are_of_what_may_be_seen(both_desk: Dispatcher) -> None:
    for line in (
        "/who ",
        "/who q",
        "/timeline quil",
        "/fact ",
        "/fact q",
        "/source ",
        "/briefing in:",
        "/who in:n",
    ):
        assert leaks(both_desk.complete(line, AT_COAST), line) == [], line
        assert leaks(both_desk.complete(line, NOWHERE), line) == [], line


def test_the_count_is_of_what_may_be_seen(both_desk: Dispatcher, coast_desk: Dispatcher) -> None:
    counts = [
        reply.footer and reply.footer.facts
        for reply in (
            coast_desk.ask("/help", EVERYWHERE),
            both_desk.ask("/help", AT_COAST),
            both_desk.ask("/help in:coast", EVERYWHERE),
            both_desk.ask("/help", EVERYWHERE),
            both_desk.ask("/help", NOWHERE),
        )
    ]
    assert counts == [15, 15, 15, 17, 0]


# --- what could be known on a day ----------------------------------------------------------------------

DAYS = [
    date(2023, 12, 31),
    HERALD_DAY - timedelta(days=1),
    HERALD_DAY,
    date(2024, 5, 1),
    date(2024, 5, 2),
    date(2024, 6, 30),
    date(2024, 7, 1),
    date(2024, 9, 19),
    date(2024, 9, 20),
    date(2024, 10, 1),
    date(2025, 1, 31),
    date(2025, 2, 1),
]


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_what_could_not_be_known_on_a_day_is_nowhere_in_its_answers(
    coast_desk: Dispatcher, day: date
) -> None:
    snapshot = coast_desk._library.snapshot
    now, then = fact_base(snapshot), fact_base(snapshot, day)
    later = [one for one in now.best() if one.known > day.toordinal()]
    assert {one.id for one in now.best()} == {one.id for one in then.best()} | {one.id for one in later}
    published = {
        thing.id: source.title
        for thing in now.complete("", "source")
        if (source := now.source(thing.id)) and source.published and not then.source(thing.id)
    }

    for line in LINES:
        typed = f"{line} as-of:{day}"
        reply = coast_desk.ask(typed, EVERYWHERE)
        said = msgspec.json.encode(reply).decode()
        assert reply.kind is not Kind.FAILURE, typed
        assert {one.id for one in later}.isdisjoint(reply.facts), typed
        assert published.keys().isdisjoint({source.id for source in reply.sources}), typed
        for one in later:
            assert one.fact.text not in said, (typed, one.id)
            assert "-" not in one.id or one.id in typed or one.id not in said, (typed, one.id)
        for title in published.values():
            assert title not in said, typed
        for hidden in ("dredg", "withdrew", "withdrawn"):
            assert day >= date(2024, 10, 1) or hidden not in said, typed


@pytest.mark.parametrize("typed", ["dredging", "dregding", "dredge", "dred", "spring", "eighty-three"])
def test_a_search_does_not_give_away_the_words_of_later(coast_desk: Dispatcher, typed: str) -> None:
    reply = coast_desk.ask(f"/search {typed} as-of:2024-08-15", EVERYWHERE)

    assert reply.kind is Kind.NONE
    assert set(re.findall("dredg|spring|eighty", text(reply))) <= set(
        re.findall("dredg|spring|eighty", typed)
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

    assert {kind for kind, found in offered.items() if not found} == {OptionKind.WORDS}
