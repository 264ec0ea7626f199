from __future__ import annotations

import json
from datetime import date, timedelta

import msgspec
import pytest
from factory import AT_COAST, EVERYWHERE, TODAY, Shelf, commands, desk, text
from structlog.testing import capture_logs

from bot.commands import REGISTRY
from bot.desk import Asker, Call, Completion
from bot.dispatch import Dispatcher
from bot.facts.base import FactBase
from bot.facts.snapshot import Snapshot
from bot.reply import Footer, Kind, Reply, Wanted


def footer(reply: Reply) -> Footer:
    assert reply.footer is not None
    return reply.footer


def completed(found: list[Completion]) -> list[str]:
    return [one.line for one in found]


# --- answering -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("/who okafor", Call("who", {"name": "okafor"})),
        ("/who okafor as-of:2024-08-15", Call("who", {"name": "okafor", "as-of": "2024-08-15"})),
        ("/briefing", Call("briefing")),
        ("/whois okafor", Call("whois", {"name": "okafor"})),
        ("/briefing licences short", Call("briefing", {"topic": "licences", "length": "SHORT"})),
    ],
)
def test_a_line_and_a_call_get_the_same_bytes(coast_desk: Dispatcher, line: str, call: Call) -> None:
    asked, called = coast_desk.ask(line, EVERYWHERE), coast_desk.answer(call, EVERYWHERE)

    assert msgspec.json.encode(asked) == msgspec.json.encode(called)


def test_a_footer_says_what_the_answer_rests_on(coast: Snapshot) -> None:
    assert footer(desk(coast).ask("/due", EVERYWHERE)) == Footer(
        snapshot=coast.id, as_of="10 March 2025", facts=15, command="/due as-of:2025-03-10"
    )


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/who okafor", "/who okafor as-of:2025-03-10"),
        ("/who Ada Okafor 2024-08", '/who "Ada Okafor" as-of:2024-08-31'),
        ("/who okafor as-of:2025", "/who okafor as-of:2025-03-10"),
        ("/who okafor as-of:2019/..", "/who okafor as-of:2025-03-10"),
        ("/timeline from:yesterday", "/timeline from:2025-03-09 as-of:2025-03-10"),
        ('/timeline from:"December 2024"', "/timeline from:2024-12 as-of:2025-03-10"),
        (
            "/changes last week",
            "/changes since:2025-03-03/2025-03-09 as-of:2025-03-10",
        ),
        ("/briefing short", "/briefing as-of:2025-03-10 length:short"),
        ("/briefing SHORT", "/briefing as-of:2025-03-10 length:short"),
        ("/whois okafor", "/who okafor as-of:2025-03-10"),
        ("/who", "/who as-of:2025-03-10"),
        ('/search "in:x" topic:licences', '/search "in:x" topic:licences as-of:2025-03-10'),
    ],
)
def test_the_footers_command_means_the_same_on_any_day(
    coast_desk: Dispatcher, line: str, command: str
) -> None:
    assert footer(coast_desk.ask(line, EVERYWHERE)).command == command


def test_the_footers_command_names_the_one_dossier_that_answered(both_desk: Dispatcher) -> None:
    assert footer(both_desk.ask("/due", EVERYWHERE)).command == "/due as-of:2025-03-10"
    assert footer(both_desk.ask("/due", AT_COAST)).command == "/due as-of:2025-03-10 in:coast"
    assert footer(both_desk.ask("/due in:north", EVERYWHERE)).command == "/due as-of:2025-03-10 in:north"


def test_as_of_is_the_last_day_it_may_mean_but_none_to_come(coast: Snapshot) -> None:
    def day(line: str) -> str:
        return footer(desk(coast).ask(line, EVERYWHERE)).as_of

    assert day("/due as-of:2024-08") == "31 August 2024"
    assert day("/due as-of:2024-08-01/2024-08-05") == "5 August 2024"
    assert day("/due as-of:2025") == "10 March 2025"
    assert day("/due as-of:2019/..") == "10 March 2025"
    assert day("/due as-of:0001") == "31 December 0001"


@pytest.mark.parametrize("line", ["/due as-of:2025-03-11", "/due as-of:tomorrow", "/who okafor as-of:2026"])
def test_a_day_to_come_is_refused(coast_desk: Dispatcher, line: str) -> None:
    reply = coast_desk.ask(line, EVERYWHERE)

    assert reply.kind is Kind.USAGE
    assert "is still to come; give a day up to 10 March 2025." in reply.summary


def test_the_day_is_asked_once_an_answer(coast: Snapshot) -> None:
    days = iter([TODAY, TODAY + timedelta(days=1)])
    answering = Dispatcher(REGISTRY, Shelf(coast), today=lambda: next(days))

    assert footer(answering.ask("/changes since:yesterday as-of:today", EVERYWHERE)).command == (
        "/changes since:2025-03-09 as-of:2025-03-10"
    )


# --- what is carried -----------------------------------------------------------------------------------


def test_every_command_keeps_the_day_and_the_dossier(both_desk: Dispatcher) -> None:
    reply = both_desk.ask("/who okafor as-of:2024-08 in:coast", EVERYWHERE)

    assert reply.actions
    assert all(one.endswith(" as-of:2024-08-31 in:coast") for one in commands(reply))
    assert all(one.command.endswith(" as-of:2024-08-31 in:coast") for one in reply.sources)


def test_nothing_is_carried_that_was_not_asked(coast_desk: Dispatcher) -> None:
    assert not [one for one in commands(coast_desk.ask("/who okafor", EVERYWHERE)) if ":" in one]


def test_a_relative_day_is_carried_as_the_day_it_was(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/who okafor as-of:yesterday", EVERYWHERE)

    assert all(one.endswith(" as-of:2025-03-09") for one in commands(reply))


def test_a_choice_keeps_the_dates_that_were_given(both_desk: Dispatcher) -> None:
    asked = both_desk.ask('/timeline "Harbour Line" from:2024 to:"5 May 2024"', EVERYWHERE)

    assert asked.kind is Kind.ASK
    assert commands(asked) == [
        "/timeline coast:harbour-line from:2024 to:2024-05-05",
        "/timeline north:harbour-line from:2024 to:2024-05-05",
    ]


def test_a_choice_keeps_the_length_and_the_day(both_desk: Dispatcher) -> None:
    asked = both_desk.ask("/briefing licences short as-of:2024-08-15", EVERYWHERE)

    assert commands(asked) == [
        "/briefing coast:licences length:short as-of:2024-08-15",
        "/briefing north:licences length:short as-of:2024-08-15",
    ]


def test_a_choice_of_topic_keeps_the_words_of_a_search(both_desk: Dispatcher) -> None:
    asked = both_desk.ask('/search "ferry ""fund""" licences', EVERYWHERE)

    assert asked.kind is Kind.ASK
    first = both_desk.ask(commands(asked)[0], EVERYWHERE)
    assert footer(first).command == '/search "ferry ""fund""" topic:"coast:licences" as-of:2025-03-10'
    assert first.facts == ("audit-order",)


def test_an_answer_carries_no_more_than_day_and_dossier(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/briefing short since:2024-01-01", EVERYWHERE)

    assert [one.command for one in reply.actions] == [
        "/briefing licences",
        "/briefing people",
        "/briefing fleet",
    ]


def test_what_is_missing_is_asked_for(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/who as-of:2024-08-15", EVERYWHERE)

    assert reply.kind is Kind.ASK
    assert reply.wanted == Wanted("who", "name")
    assert "/who okafor as-of:2024-08-15" in commands(reply)
    assert reply.summary == "Which name do you mean? Write /who NAME, or choose."


@pytest.mark.parametrize(("line", "option"), [("/source", "source"), ("/fact", "fact")])
def test_a_source_or_fact_is_asked_for(coast_desk: Dispatcher, line: str, option: str) -> None:
    reply = coast_desk.ask(line, EVERYWHERE)

    assert reply.wanted == Wanted(option, option)
    assert len(reply.actions) == 5
    assert coast_desk.ask(commands(reply)[0], EVERYWHERE).kind is Kind.ANSWER


def test_a_search_without_words_is_told_so(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/search topic:licences", EVERYWHERE)

    assert reply.kind is Kind.USAGE
    assert reply.summary == "/search needs words to look for."


# --- what is not understood ----------------------------------------------------------------------------


def test_a_misspelt_command_offers_the_line_that_was_meant(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/hwo okafor", EVERYWHERE)

    assert reply.kind is Kind.USAGE
    assert reply.summary == "There is no command '/hwo'."
    assert "/who okafor" in commands(reply)


@pytest.mark.parametrize("line", ["/hwo as-of:soon", "/hwo x in:nowhere", "/serch", '/hwo "a" "b" "c" "d"'])
def test_a_line_that_would_not_be_understood_either_is_not_offered(coast_desk: Dispatcher, line: str) -> None:
    reply = coast_desk.ask(line, EVERYWHERE)

    assert reply.kind is Kind.USAGE
    assert {coast_desk.ask(one, EVERYWHERE).kind for one in commands(reply)} == {Kind.ANSWER}


def test_a_misspelt_command_of_a_call_is_told(coast_desk: Dispatcher) -> None:
    reply = coast_desk.answer(Call("hwo", {"name": "okafor"}), EVERYWHERE)

    assert reply.kind is Kind.USAGE
    assert reply.summary == "There is no command '/hwo'."


def test_a_command_is_not_read_out_of_the_name_of_another(coast_desk: Dispatcher) -> None:
    assert coast_desk.answer(Call("who okafor"), EVERYWHERE).kind is Kind.USAGE


def test_a_wrong_option_shows_how_the_command_is_written(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/who okafor as-of:soon", EVERYWHERE)

    assert reply.kind is Kind.USAGE
    assert "Usage: /who NAME [as-of] [in]" in text(reply)
    assert "/help who" in commands(reply)


def test_a_dossier_before_a_colon_is_understood_whatever_its_id(both: Snapshot) -> None:
    answering = desk(both)

    assert answering.ask("/who coast:okafor", EVERYWHERE).title == "Ada Okafor"
    assert answering.ask('/who "coast:okafor"', EVERYWHERE).title == "Ada Okafor"


# --- failures ------------------------------------------------------------------------------------------


class BrokenSnapshot:
    """A snapshot whose every part is broken."""

    dossiers = {"coast": (1, 15)}  # noqa: RUF012
    newest = 0
    id = "broken"

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(f"secret {name} of {'x' * 5_000}")


@pytest.fixture
def broken() -> Dispatcher:
    return desk(BrokenSnapshot())  # type: ignore[arg-type]


def test_a_failure_inside_gives_a_mark_and_no_more(broken: Dispatcher) -> None:
    with capture_logs() as logged:
        reply = broken.ask("/who " + "q" * 1_500, EVERYWHERE)

    assert reply == Reply(
        kind=Kind.FAILURE,
        title="No answer",
        summary="Something went wrong here; nothing was changed. Tell your operator the mark mark.",
    )
    assert logged == [
        {
            "event": "answer failed",
            "log_level": "error",
            "exc_info": True,
            "command": "who",
            "reference": "mark",
        }
    ]


def test_the_log_holds_no_argument(broken: Dispatcher) -> None:
    with capture_logs() as logged:
        broken.answer(Call("fact", {"fact": "q" * 1_500}), EVERYWHERE)
        broken.suggest("who", "n" * 2_000, "q" * 100, EVERYWHERE)
        broken.suggest("who", "name", "q" * 100, EVERYWHERE)
        broken.complete("/who " + "q" * 100, EVERYWHERE)

    assert len(logged) == 3
    assert "qqq" not in json.dumps(logged)
    assert max(len(json.dumps(one)) for one in logged) < 200


def test_a_completion_that_fails_is_empty(coast: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    answering = desk(coast)

    def breaks(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(answering.registry, "get", breaks)
    with capture_logs() as logged:
        assert answering.complete("/who " + "q" * 50, EVERYWHERE) == []
    assert "qqq" not in json.dumps(logged)


def test_every_failure_has_its_own_mark(coast: Snapshot) -> None:
    answering = Dispatcher(REGISTRY, Shelf(BrokenSnapshot()), today=lambda: TODAY)  # type: ignore[arg-type]

    with capture_logs() as logged:
        replies = {answering.ask("/due", EVERYWHERE).summary for _ in range(3)}

    assert len(replies) == 3
    assert all(any(one["reference"] in reply for reply in replies) for one in logged)


def test_a_library_without_snapshot_is_a_failure_too() -> None:
    class Closed:
        notice = ""

        @property
        def snapshot(self) -> Snapshot:
            raise LookupError("no snapshot is open")

    answering = Dispatcher(REGISTRY, Closed(), today=lambda: TODAY, reference=lambda: "mark")

    with capture_logs():
        assert answering.ask("/due", EVERYWHERE).kind is Kind.FAILURE
        assert answering.answer(Call("due"), EVERYWHERE).kind is Kind.FAILURE
        assert answering.suggest("who", "name", "", EVERYWHERE) == []
        assert [one.label for one in answering.complete("/who ", EVERYWHERE)] == ["as-of:", "in:"]


def test_an_answer_that_breaks_is_a_failure_for_that_line_only(
    coast: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(self: FactBase, kind: str, since: int) -> None:
        raise ZeroDivisionError(self, kind, since)

    answering = desk(coast)
    monkeypatch.setattr(FactBase, "count_changes", breaks)

    with capture_logs():
        assert answering.ask("/changes", EVERYWHERE).kind is Kind.FAILURE
    assert answering.ask("/due", EVERYWHERE).kind is Kind.ANSWER


# --- the notice ----------------------------------------------------------------------------------------

NOTICE = "Snapshot 1 goes on answering: the facts on disk have 1 error; the first in north/facts/x.yaml: …"


def test_help_says_that_an_older_snapshot_answers(both: Snapshot) -> None:
    answering = Dispatcher(REGISTRY, Shelf(both, NOTICE), today=lambda: TODAY)

    assert answering.notice == NOTICE
    assert footer(answering.ask("/help", EVERYWHERE)).notice == NOTICE
    assert footer(answering.ask("/help who", EVERYWHERE)).notice == NOTICE
    assert footer(answering.ask("/who okafor", EVERYWHERE)).notice == ""
    assert footer(answering.ask("/help", AT_COAST)).notice == (
        f"Snapshot {both.id} goes on answering: the facts on disk do not load."
    )


def test_without_a_notice_nothing_is_said(coast_desk: Dispatcher) -> None:
    assert coast_desk.notice == ""
    assert footer(coast_desk.ask("/help", EVERYWHERE)).notice == ""
    assert footer(coast_desk.ask("/help", AT_COAST)).notice == ""


def test_the_canonical_line_of_a_call(coast_desk: Dispatcher) -> None:
    assert coast_desk.canonical(Call("whois", {"as_of": "2024", "name": "Ada Okafor"})) == (
        '/who "Ada Okafor" as-of:2024'
    )


def test_an_asker_of_unknown_dossiers_sees_nothing(coast_desk: Dispatcher) -> None:
    asker = Asker(dossiers=("nowhere",))

    assert coast_desk.ask("/briefing", asker).summary == "There is no dossier to brief on."
    reply = coast_desk.ask("/briefing in:coast", asker)
    assert reply.summary == "There is no dossier 'coast'. None is to be seen from here."


def test_the_day_is_that_of_the_clock(coast: Snapshot) -> None:
    assert footer(desk(coast, date(2024, 4, 1)).ask("/due", EVERYWHERE)).as_of == "1 April 2024"
