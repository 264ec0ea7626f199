from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.commands import REGISTRY
from bot.desk import Call
from bot.facts.edtf import parse
from bot.facts.humanise import humanise
from bot.parse import (
    LONGEST,
    Misread,
    Token,
    clean,
    quote,
    read_line,
    tokenize,
    type_arguments,
    write_line,
)
from bot.registry import Option, OptionKind

TODAY = date(2025, 3, 10)
COMMANDS = {command.name: command for command in REGISTRY}


def read(line: str) -> tuple[str, dict[str, str]]:
    call = read_line(line, REGISTRY)
    return call.command, call.arguments


def typed(line: str) -> dict[str, Any]:
    call = read_line(line, REGISTRY)
    return type_arguments(COMMANDS[call.command], call, TODAY)


def refusal(line: str) -> Misread:
    with pytest.raises(Misread) as caught:
        typed(line)
    assert str(caught.value).count("\n") == 0
    return caught.value


LINES: list[tuple[str, str, dict[str, str]]] = [
    ("/schedule", "schedule", {"action": "list"}),
    ("/schedule LIST", "schedule", {"action": "list"}),
    ("/briefing schedule pause morning", "schedule", {"action": "pause", "schedule": "morning"}),
    ("/schedule schedule:morning pause", "schedule", {"action": "pause", "schedule": "morning"}),
    (
        '/schedule add "every weekday 08:30 Europe/Berlin" /briefing sanctions since:last',
        "schedule",
        {
            "action": "add",
            "when": "every weekday 08:30 Europe/Berlin",
            "what": "/briefing sanctions since:last",
        },
    ),
    (
        '/schedule add every weekday 08:30 quiet:skip grace:2h /who "a  b" quiet:say',
        "schedule",
        {
            "action": "add",
            "when": "every weekday 08:30",
            "what": '/who "a b" quiet:say',
            "quiet": "skip",
            "grace": "2h",
        },
    ),
    (
        "/schedule add */5 * * * * what:/due quiet:skip",
        "schedule",
        {"action": "add", "when": "*/5 * * * *", "what": "/due quiet:skip"},
    ),
    (
        '/schedule add "Mondays 9am" skip /due',
        "schedule",
        {"action": "add", "when": "Mondays 9am", "quiet": "skip", "what": "/due"},
    ),
    (
        '/schedule add what:"/due 2024" when:daily',
        "schedule",
        {"action": "add", "when": "daily", "what": "/due 2024"},
    ),
    ("/watch German Gref", "watch", {"about": "German Gref"}),
    ("/watch topic:sanctions", "watch", {"topic": "sanctions"}),
    ("/unwatch gref-x2k", "unwatch", {"watch": "gref-x2k"}),
    ("/watches", "watches", {}),
    # By position, in the order in which the options are declared.
    ("/briefing", "briefing", {}),
    ("/briefing sanctions", "briefing", {"topic": "sanctions"}),
    ("/briefing AI sanctions", "briefing", {"topic": "AI sanctions"}),
    ("/briefing sanctions 2024-12-31", "briefing", {"topic": "sanctions", "as-of": "2024-12-31"}),
    ("/briefing 2024-12-31 2024-11", "briefing", {"as-of": "2024-12-31", "since": "2024-11"}),
    ("/briefing sanctions short", "briefing", {"topic": "sanctions", "length": "short"}),
    (
        "/briefing sanctions 2024-12-31 2024-11 full",
        "briefing",
        {"topic": "sanctions", "as-of": "2024-12-31", "since": "2024-11", "length": "full"},
    ),
    ("/briefing SHORT", "briefing", {"length": "SHORT"}),
    ("/briefing short sanctions", "briefing", {"topic": "short sanctions"}),
    ("/who gref", "who", {"name": "gref"}),
    ("/who German Gref", "who", {"name": "German Gref"}),
    ("/who German Gref 2024-12-31", "who", {"name": "German Gref", "as-of": "2024-12-31"}),
    ("/who gref yesterday", "who", {"name": "gref", "as-of": "yesterday"}),
    ("/who 2024", "who", {"name": "2024"}),
    ("/who 2024 2025", "who", {"name": "2024", "as-of": "2025"}),
    ("/who today", "who", {"name": "today"}),
    ("/who C. S. Lewis 12.345", "who", {"name": "C. S. Lewis 12.345"}),
    ("/timeline gref 2024 2025", "timeline", {"about": "gref", "from": "2024", "to": "2025"}),
    ("/timeline gref 2024", "timeline", {"about": "gref", "from": "2024"}),
    ("/timeline 2024 2025 2025-02", "timeline", {"from": "2024", "to": "2025", "as-of": "2025-02"}),
    ("/timeline gref 1999/2001", "timeline", {"about": "gref", "from": "1999/2001"}),
    ("/timeline gref 20 24", "timeline", {"about": "gref 20 24"}),
    ("/timeline 1 2 3 4", "timeline", {"about": "1 2 3 4"}),
    ("/timeline a 2022 2023 2024", "timeline", {"about": "a", "from": "2022", "to": "2023", "as-of": "2024"}),
    (
        "/timeline 2021 2022 2023 2024",
        "timeline",
        {"about": "2021", "from": "2022", "to": "2023", "as-of": "2024"},
    ),
    ("/source herald", "source", {"source": "herald"}),
    ("/fact ai-order", "fact", {"fact": "ai-order"}),
    ("/help", "help", {}),
    ("/help who", "help", {"command": "who"}),
    # All words of a search are words, dates too.
    ("/search report due 2025", "search", {"words": "report due 2025"}),
    ("/search December 2024", "search", {"words": "December 2024"}),
    ("/search 2030 topic:aims", "search", {"words": "2030", "topic": "aims"}),
    ("/search short", "search", {"words": "short"}),
    ("/search words:chips embargo", "search", {"words": "chips", "topic": "embargo"}),
    # Where nothing takes words, a date may have several.
    ("/due 2025-04", "due", {"until": "2025-04"}),
    ("/due 30 April 2025", "due", {"until": "30 April 2025"}),
    ("/due by the end of April 2025", "due", {"until": "by the end of April 2025"}),
    ("/due 2025 2024", "due", {"until": "2025", "as-of": "2024"}),
    ("/due until:2025 2024", "due", {"until": "2025", "as-of": "2024"}),
    ("/changes last week", "changes", {"since": "last week"}),
    ("/changes 7d", "changes", {"since": "7d"}),
    ("/timeline about:gref 11 December 2024", "timeline", {"about": "gref", "from": "11 December 2024"}),
    # By name, anywhere, however the name is written.
    ("/briefing since:2025-01 sanctions", "briefing", {"topic": "sanctions", "since": "2025-01"}),
    ("/who as-of:2024 gref in:coast", "who", {"name": "gref", "as-of": "2024", "in": "coast"}),
    ("/who gref AS_OF:2024", "who", {"name": "gref", "as-of": "2024"}),
    ("/who gref asof:2024", "who", {"name": "gref", "as-of": "2024"}),
    ("/who name:gref 2024", "who", {"name": "gref", "as-of": "2024"}),
    ('/who gref as-of:"31 December 2024"', "who", {"name": "gref", "as-of": "31 December 2024"}),
    ('/timeline sberbank from:"December 2024"', "timeline", {"about": "sberbank", "from": "December 2024"}),
    ("/who name:: ", "who", {"name": ":"}),
    # Quotes group; then every argument goes to the next option.
    ('/search "chips embargo" sanctions', "search", {"words": "chips embargo", "topic": "sanctions"}),
    ('/search "chips" sanctions 2025', "search", {"words": "chips", "topic": "sanctions", "as-of": "2025"}),
    ('/briefing "AI sanctions" short', "briefing", {"topic": "AI sanctions", "length": "short"}),
    ('/briefing "short"', "briefing", {"topic": "short"}),
    ('/timeline "gref" "11 December 2024"', "timeline", {"about": "gref", "from": "11 December 2024"}),
    ("/who “German Gref” 2024", "who", {"name": "German Gref", "as-of": "2024"}),
    ("/who «Герман Греф»", "who", {"name": "Герман Греф"}),
    ("/who „Hafenlinie“", "who", {"name": "Hafenlinie"}),
    ('/who name:"German Gref"', "who", {"name": "German Gref"}),
    ("/who „Hafenlinie”", "who", {"name": "Hafenlinie"}),
    ('/who "a ""b"" c"', "who", {"name": 'a "b" c'}),
    ('/who " gref " 2024', "who", {"name": "gref", "as-of": "2024"}),
    ('/search "" sanctions', "search", {"topic": "sanctions"}),
    ('/who "in:coast"', "who", {"name": "in:coast"}),
    # A quote that is never closed, or stands inside a word, is a character.
    ('/who "German Gref', "who", {"name": '"German Gref'}),
    ('/who German "Gref', "who", {"name": 'German "Gref'}),
    ('/who 5" pipe', "who", {"name": '5" pipe'}),
    ("/who O'Neill", "who", {"name": "O'Neill"}),
    ("/search '; DROP TABLE fact; --", "search", {"words": "'; DROP TABLE fact; --"}),
    ('/search ") OR 1=1 NEAR(', "search", {"words": '") OR 1=1 NEAR('}),
    # A colon that names no option is a character.
    ("/who http://example.org", "who", {"name": "http://example.org"}),
    ("/who coast:harbour-line", "who", {"name": "coast:harbour-line"}),
    ("/search 12:30", "search", {"words": "12:30"}),
    ("/search Q:A", "search", {"words": "Q:A"}),
    # Every command is also reachable through /briefing; in Slack /who is /whois.
    ("/briefing who gref", "who", {"name": "gref"}),
    ("/briefing /who gref", "who", {"name": "gref"}),
    ("/briefing WHOIS gref as-of:2024", "who", {"name": "gref", "as-of": "2024"}),
    ("/briefing help", "help", {}),
    ("/briefing briefing sanctions", "briefing", {"topic": "sanctions"}),
    ("/briefing topic:due", "briefing", {"topic": "due"}),
    ('/briefing "due"', "briefing", {"topic": "due"}),
    ("/whois gref", "who", {"name": "gref"}),
    ("who gref", "who", {"name": "gref"}),
    ("  /WHO   gref  ", "who", {"name": "gref"}),
    # What cannot be seen does not count.
    ("/who\u00a0gref\u202e\u200b\x07", "who", {"name": "gref"}),
    ("\ufeff/who gr\x00ef", "who", {"name": "gr ef"}),
    ("/who\tgref\r\n", "who", {"name": "gref"}),
    ("/who e\u0301mile \ud800", "who", {"name": "émile"}),
]


@pytest.mark.parametrize(("line", "command", "arguments"), LINES, ids=[one[0][:40] for one in LINES])
def test_a_line_is_read(line: str, command: str, arguments: dict[str, str]) -> None:
    assert read(line) == (command, arguments)


REFUSED = [
    ("", "The line is empty", None),
    ("   ", "The line is empty", None),
    ("/", "The line is empty", None),
    ("//", "The line is empty", None),
    ("\u200b", "The line is empty", None),
    ("/whom gref", "There is no command '/whom'.", None),
    ("/" + "x" * 60, "There is no command", None),
    ("/who gref ass-of:2024", "has no option 'ass-of'; did you mean as-of:?", "who"),
    ("/timeline form:2024", "did you mean from:?", "timeline"),
    ("/who gref as-of:2024 as_of:2025", "The option as-of is given twice; keep one.", "who"),
    ("/who gref as-of:", "The option as-of has no value", "who"),
    ('/who gref as-of:""', "The option as-of has no value", "who"),
    ("/briefing since:last", "since:last is for schedules", "briefing"),
    ("/schedule ad daily /due", "not 'ad'; did you mean add?", "schedule"),
    ("/schedule every weekday 08:30 /due", "to make a new one, write /schedule add …", "schedule"),
    ("/schedule zzyzx", "action is one of add, list", "schedule"),
    ("/schedule pause morning when:daily", "/schedule pause takes no when:.", "schedule"),
    ("/schedule list /due", "/schedule list takes no what:.", "schedule"),
    ("/schedule add daily what:due /due", "The option what is given twice", "schedule"),
    ("/schedule list as-of:2024", "/schedule has no option 'as-of'", "schedule"),
    ("/watch gref in:coast", "/watch has no option 'in'", "watch"),
    ("/watches here", "/watches does not know what to do with 'here'", "watches"),
    ("/due soon", "does not know what to do with 'soon'", "due"),
    ("/due 2024 2025 2026", "does not know what to do with '2024'", "due"),
    ("/due " + "x" * 60, "…'", "due"),
    ('/who "a" "2024" "coast" "d"', "does not know what to do with 'd'", "who"),
    ("/who gref as-of:soon", "as-of: “soon” cannot be read as a date.", "who"),
    ("/who gref as-of:2024-02-30", "as-of: 2024-02-30 is not a date: February 2024 has 29 days.", "who"),
    ("/who gref as-of:11/12/2024", "is not clear: countries differ", "who"),
    ('/who "gref" soon', "as-of: “soon”", "who"),
    ("/briefing length:long", "length is one of short, full, not 'long'.", "briefing"),
    ("/who " + "x" * 10_000, "has 10,005 characters", None),
    ("x" * (LONGEST + 1), "has 2,001 characters", None),
]


@pytest.mark.parametrize(("line", "message", "command"), REFUSED, ids=[one[0][:40] for one in REFUSED])
def test_what_cannot_be_read_is_refused_in_a_sentence(line: str, message: str, command: str | None) -> None:
    refused = refusal(line)

    assert message in str(refused)
    assert len(str(refused)) < 250
    assert (refused.command and refused.command.name) == command


def test_the_longest_line_is_read() -> None:
    assert read("/who " + "x" * (LONGEST - 5)) == ("who", {"name": "x" * (LONGEST - 5)})


def test_a_misspelt_command_offers_the_lines_that_may_be_meant() -> None:
    assert refusal("/whoo gref 2024").lines == ("/who gref 2024",)
    assert refusal("/bogus").lines == tuple(command.example for command in REGISTRY)[:3]
    assert refusal("").lines == tuple(command.example for command in REGISTRY)[:3]


def test_a_dossier_before_a_colon_is_no_misspelt_option() -> None:
    assert "did you mean" in str(refusal("/who names:okafor"))
    assert read_line("/who names:okafor", REGISTRY, {"names"}) == Call("who", {"name": "names:okafor"})


# --- types ---------------------------------------------------------------------------------------------


def test_arguments_are_typed() -> None:
    assert typed("/briefing Sanctions as-of:2024-12 length:SHORT in:coast") == {
        "topic": "Sanctions",
        "as-of": parse("2024-12"),
        "length": "short",
        "in": "coast",
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-12-11", "2024-12-11"),
        ("11 December 2024", "2024-12-11"),
        ("December 2024", "2024-12"),
        ("about 2019", "2019~"),
        ("by the end of April 2025", "2025-04"),
        ("2019/..", "2019/.."),
        ("today", "2025-03-10"),
        ("Yesterday", "2025-03-09"),
        ("7d", "2025-03-03"),
        ("last week", "2025-03-03/2025-03-09"),
    ],
)
def test_a_date_may_be_written_as_edtf_or_in_words(written: str, meant: str) -> None:
    assert typed(f'/who gref as-of:"{written}"')["as-of"] == parse(meant)


@pytest.mark.parametrize(
    "edtf", ["2024", "2024-12", "2024-12-11", "2024~", "2024-12?", "201X", "20XX", "2024-XX-XX", "2019/2021"]
)
def test_a_date_as_answers_print_it_is_read_by_name_and_by_position(edtf: str) -> None:
    words = humanise(edtf)

    assert typed(f'/timeline gref from:"{words}"')["from"] == parse(edtf)
    assert typed(f'/timeline "gref" "{words}"')["from"] == parse(edtf)
    assert typed(f"/due {words}")["until"] == parse(edtf)


def test_arguments_of_a_call_are_cleaned_and_empty_ones_left_out() -> None:
    call = Call("who", {"name": " gr\u202eef\x00 ", "as_of": "\u200b", "in": ""})

    assert type_arguments(COMMANDS["who"], call, TODAY) == {"name": "gr ef"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nome": "x"}, "/who has no option 'nome'."),
        ({"name": "x" * 10_000}, "name has 10,000 characters; it may have 2,000."),
        ({"y" * 500: "x"}, "has no option"),
        ({"name": "gref", "as-of": "2024" * 400}, "as-of: "),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(Misread) as refused:
        type_arguments(COMMANDS["who"], Call("who", arguments), TODAY)

    assert message in str(refused.value)
    assert len(str(refused.value)) < 250


# --- writing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (Call("who", {"as-of": "2024", "name": "gref"}), "/who gref as-of:2024"),
        (Call("who", {"name": "German Gref"}), '/who "German Gref"'),
        (Call("who", {"name": 'a "b"'}), '/who "a ""b"""'),
        (Call("who", {"name": "coast:okafor"}), '/who "coast:okafor"'),
        (Call("who", {"name": "“x”"}), '/who "“x”"'),
        (Call("timeline", {"to": "31 March 2025"}), '/timeline to:"31 March 2025"'),
        (Call("who", {}), "/who"),
        (Call("whois", {"name": "gref", "AS_OF": "2024", "in": ""}), "/who gref as-of:2024"),
        (Call("nonsense", {"name": "gref"}), "/nonsense"),
    ],
)
def test_a_call_is_written_as_a_line(call: Call, line: str) -> None:
    assert write_line(call, REGISTRY) == line


texts = st.text(max_size=60).map(clean).filter(bool)
"""Whatever is left of any text, so long as something is."""

awkward = st.lists(
    st.sampled_from(['"', '""', *"“”«»„: a", "as-of:", "in", "2024", "short", "/who"]),
    min_size=1,
    max_size=8,
).map(lambda parts: clean("".join(parts))).filter(bool)  # fmt: skip


def _values(option: Option) -> st.SearchStrategy[str]:
    if option.required and option.choices:
        return st.sampled_from(option.choices)
    if option.kind is OptionKind.LINE:
        return st.builds("/{}{}".format, st.sampled_from(["who ", "", "fact x:"]), texts | awkward) | texts
    return texts | awkward


calls = st.sampled_from(list(COMMANDS.values())).flatmap(
    lambda command: st.fixed_dictionaries(
        {option.name: _values(option) for option in command.options if option.required},
        optional={option.name: _values(option) for option in command.options if not option.required},
    ).map(lambda arguments: Call(command.name, arguments))
)


@settings(max_examples=200, deadline=None)
@given(calls)
@example(Call("who", {"name": '"'}))
@example(Call("who", {"name": '""'}))
@example(Call("who", {"name": '" "'}))
@example(Call("who", {"name": "\u0338a"}))
@example(Call("search", {"words": "2024 2025", "in": "x: y"}))
@example(Call("briefing", {"topic": "who gref"}))
@example(Call("briefing", {"topic": "due"}))
@example(
    Call("schedule", {"action": "add", "when": "/x 08:30", "what": '/who "a b" quiet:skip', "grace": "/"})
)
@example(Call("schedule", {"action": "add", "what": "who gref"}))
def test_what_is_written_reads_back(call: Call) -> None:
    line = write_line(call, REGISTRY)

    assert read_line(line, REGISTRY) == call
    assert write_line(read_line(line, REGISTRY), REGISTRY) == line
    if call.command != "briefing":
        assert read_line(f"/briefing {line}", REGISTRY) == call


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=80) | st.builds("/{} {}".format, st.sampled_from(list(COMMANDS)), st.text() | awkward)
)
def test_any_line_is_read_or_refused(line: str) -> None:
    try:
        call = read_line(line, REGISTRY)
    except Misread:
        return
    assert call.command in COMMANDS
    assert call.arguments.keys() <= {option.name for option in COMMANDS[call.command].options}
    assert all(value and clean(value) == value for value in call.arguments.values())
    assert read_line(write_line(call, REGISTRY), REGISTRY) == call


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_a_cleaned_text_is_visible_composed_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)

    assert clean(cleaned) == cleaned == unicodedata.normalize("NFC", cleaned)
    assert not {unicodedata.category(char) for char in cleaned} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "  " not in cleaned
    assert cleaned == cleaned.strip()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60).map(clean) | awkward)
def test_tokens_stand_where_they_say(text: str) -> None:
    tokens = tokenize(text)

    assert [text[one.start : one.start + len(one.written)] for one in tokens] == [
        one.written for one in tokens
    ]
    assert " ".join(one.written for one in tokens) == text


def test_tokens() -> None:
    assert tokenize('a  b:"c d" "e"') == [
        Token("a", written="a", start=0),
        Token("c d", "b", True, 'b:"c d"', 3),
        Token("e", "", True, '"e"', 11),
    ]


@given(texts)
def test_quotes_are_put_only_where_they_are_needed(text: str) -> None:
    assert tokenize(quote(text))[0].value == text
    assert (quote(text) == text) == (not any(char in ' "“”„”«»:' for char in text))
