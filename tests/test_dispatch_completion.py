from __future__ import annotations

import pytest
from factory import AT_COAST, EVERYWHERE

from bot.commands import REGISTRY
from bot.completion import LONGEST_TYPED
from bot.desk import Completion, Suggestion
from bot.dispatch import Dispatcher
from bot.reply import Footer, Reply


def footer(reply: Reply) -> Footer:
    assert reply.footer is not None
    return reply.footer


def completed(found: list[Completion]) -> list[str]:
    return [one.line for one in found]


IN_ORDER = "What happened and what is planned, in the order of its dates"


# --- suggestions and completions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "option", "prefix", "first"),
    [
        ("who", "name", "ad", Suggestion("okafor", "Ada Okafor", "okafor")),
        ("who", "name", "Ада", Suggestion("okafor", "Ada Okafor", "okafor")),
        ("whois", "NAME", "okaf ad", Suggestion("okafor", "Ada Okafor", "okafor")),
        ("briefing", "topic", "", Suggestion("licences", "Licences", "licences")),
        ("briefing", "topic", "perm", Suggestion("licences", "Licences", "licences")),
        ("timeline", "about", "the fl", Suggestion("fleet", "The fleet", "fleet")),
        ("timeline", "about", "harb", Suggestion("harbour-line", "Harbour Line", "harbour-line")),
        (
            "source",
            "source",
            "yearb",
            Suggestion("yearbook", "Yearbook of the coast", "yearbook"),
        ),
        ("fact", "fact", "RUS", Suggestion("rust", "The hulls are rusty.", "rust")),
        ("who", "in", "c", Suggestion("coast", "coast", "Ferries on the coast")),
        ("help", "command", "ti", Suggestion("timeline", "timeline", IN_ORDER)),
        ("briefing", "length", "S", Suggestion("short", "short")),
        ("who", "as_of", "yest", None),
        ("who", "as_of", "yesterday", Suggestion("2025-03-09", "2025-03-09", "9 March 2025")),
        ("who", "as-of", "", Suggestion("2025-03-10", "2025-03-10", "10 March 2025")),
        ("timeline", "from", "11 dec 2024", Suggestion("2024-12-11", "2024-12-11", "11 December 2024")),
        ("search", "words", "a", None),
        ("who", "nothing", "", None),
        ("nothing", "name", "", None),
        ("who", "name", "zzyzx", None),
        ("who", "name", "a" * (LONGEST_TYPED + 1), None),
        ("who", "name", "\u202e\x00ad", Suggestion("okafor", "Ada Okafor", "okafor")),
    ],
)  # fmt: skip
def test_an_option_is_completed(
    coast_desk: Dispatcher, command: str, option: str, prefix: str, first: Suggestion | None
) -> None:
    found = coast_desk.suggest(command, option, prefix, EVERYWHERE)

    assert next(iter(found), None) == first


def test_no_more_than_wanted_is_suggested(coast_desk: Dispatcher) -> None:
    assert len(coast_desk.suggest("who", "name", "", EVERYWHERE, limit=2)) == 2
    assert len(coast_desk.suggest("timeline", "about", "", EVERYWHERE, limit=7)) == 7
    assert len(coast_desk.complete("/", EVERYWHERE, limit=3)) == 3


def test_what_two_dossiers_share_is_suggested_apart(both_desk: Dispatcher) -> None:
    found = both_desk.suggest("who", "name", "harbour l", EVERYWHERE)

    assert [one.value for one in found] == ["coast:harbour-line", "north:harbour-line"]
    assert [one.value for one in both_desk.suggest("who", "name", "harbour l", AT_COAST)] == ["harbour-line"]
    assert [one.value for one in both_desk.suggest("who", "name", "north:h", EVERYWHERE)] == [
        "north:harbour-line"
    ]


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("/wh", ["/who "]),
        ("ti", ["/timeline "]),
        ("/nothing", []),
        ("/nothing ", []),
        ("/who ad", ["/who okafor"]),
        ("/who ada ok", ["/who okafor"]),
        ("  /who ad", ["/who okafor"]),
        ("/who ad\u202e", ["/who okafor"]),
        ("/briefing who ad", ["/briefing who okafor"]),
        ("/briefing perm", ["/briefing licences"]),
        ("/who okafor as", ["/who okafor as-of:"]),
        ("/who okafor as-of:yesterday", ["/who okafor as-of:2025-03-09"]),
        ("/who okafor in:c", ["/who okafor in:coast"]),
        ("/who name:ad", ["/who name:okafor"]),
        ("/who as-of:2024 ad", ["/who as-of:2024 okafor"]),
        ("/who ada as-of:2024 ok", []),
        ("/briefing topic:people le", ["/briefing topic:people length:"]),
        ("/briefing length:s", ["/briefing length:short"]),
        ("/briefing topic:people since:2024 asof:2024 ", [
            "/briefing topic:people since:2024 asof:2024 length:short",
            "/briefing topic:people since:2024 asof:2024 length:full",
            "/briefing topic:people since:2024 asof:2024 length:",
            "/briefing topic:people since:2024 asof:2024 in:",
        ]),
        ("/due until:2024", []),
        ("/help who", []),
        ('/who "ada ok', ["/who okafor"]),
        ('/who name:"ada', ["/who name:okafor"]),
        ("/help ti", ["/help timeline"]),
        ("/search chips to", ["/search chips topic:"]),
        ("/fact rus", ["/fact rust"]),
        ("/who " + "x" * LONGEST_TYPED, []),
    ],
)  # fmt: skip
def test_a_line_is_completed(coast_desk: Dispatcher, line: str, lines: list[str]) -> None:
    assert completed(coast_desk.complete(line, EVERYWHERE)) == lines


def test_an_empty_line_offers_the_commands(coast_desk: Dispatcher) -> None:
    for line in ("", " ", "/"):
        assert coast_desk.complete(line, EVERYWHERE)[0] == Completion(
            "/briefing ", "/briefing", "Bottom line, key points, changes, deadlines, disputes and gaps"
        )
    assert len(coast_desk.complete("", EVERYWHERE, 20)) == len(REGISTRY)


def test_a_command_offers_its_names_then_its_options(coast_desk: Dispatcher) -> None:
    found = coast_desk.complete("/timeline ", EVERYWHERE, limit=20)

    assert found[0].line == "/timeline ministry"
    assert [one.label for one in found[-4:]] == ["from:", "to:", "as-of:", "in:"]


def test_a_name_that_must_be_told_apart_is_completed_in_quotes(both_desk: Dispatcher) -> None:
    assert completed(both_desk.complete("/who harbour l", EVERYWHERE)) == [
        '/who "coast:harbour-line"',
        '/who "north:harbour-line"',
    ]
