"""What acts: told apart from what answers, done by the office, and never by an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from factory import EVERYWHERE, TODAY, Shelf, commands
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.commands import REGISTRY
from bot.desk import Asker, Call, Suggestion
from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.parse import Misread
from bot.reply import Kind, Reply


class Notebook:
    """An office that writes down what it was told to do."""

    def __init__(self, error: Exception | None = None) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.error = error

    def _do(self, *what: Any) -> Reply:
        if self.error:
            raise self.error
        self.done.append(what)
        return Reply(kind=Kind.ANSWER, title="Done", summary="Done.")

    async def schedule(
        self, asker: Asker, action: str, *, when: str, what: str, schedule: str, quiet: str, grace: str
    ) -> Reply:
        return self._do("schedule", asker.user, action, when, what, schedule, quiet, grace)

    async def watch(self, asker: Asker, about: str, topic: str) -> Reply:
        return self._do("watch", asker.user, about, topic)

    async def unwatch(self, asker: Asker, watch: str, topic: str) -> Reply:
        return self._do("unwatch", asker.user, watch, topic)

    async def watches(self, asker: Asker) -> Reply:
        return self._do("watches", asker.user)

    def known_schedules(self, asker: Asker) -> Sequence[Suggestion]:
        return [Suggestion("due-k3f", "/due"), Suggestion("briefing-x2a", "/briefing sanctions")]

    def known_watches(self, asker: Asker) -> Sequence[Suggestion]:
        return [Suggestion("gref-a2b", "German Gref")]


ADA = Asker(platform="slack", user="ada", channel="C1")


def desk(snapshot: Snapshot, office: Notebook | None) -> Dispatcher:
    shelf = Shelf(snapshot)
    return Dispatcher(REGISTRY, shelf, today=lambda: TODAY, reference=lambda: "mark", office=office)


@pytest.mark.parametrize(
    ("line", "acts"),
    [
        ("/schedule", True),
        ("schedule add", True),
        ("/briefing schedule list", True),
        ("/WATCH x", True),
        ("  /watches  ", True),
        ("/schedule " + "x" * 10_000, True),
        ("/briefing", False),
        ("/briefing who gref", False),
        ("/who schedule", False),
        ("/help schedule", False),
        ("", False),
        ("\x00\ud800", False),
        ("/briefing " + " " * 5_000 + "watch", False),
    ],
)
def test_what_acts_is_told_from_what_answers(coast: Snapshot, line: str, acts: bool) -> None:
    assert desk(coast, None).acts(line) is acts


@pytest.mark.parametrize(
    ("line", "done"),
    [
        ("/schedule", ("schedule", "ada", "list", "", "", "", "", "")),
        (
            "/schedule add daily 8:00 quiet:SKIP grace:2h /who okafor since:last",
            ("schedule", "ada", "add", "daily 8:00", "/who okafor since:last", "", "skip", "2h"),
        ),
        ("/briefing schedule pause due-k3f", ("schedule", "ada", "pause", "", "", "due-k3f", "", "")),
        ("/watch Ada Okafor", ("watch", "ada", "Ada Okafor", "")),
        ("/watch topic:licences", ("watch", "ada", "", "licences")),
        ("/unwatch okafor", ("unwatch", "ada", "okafor", "")),
        ("/watches", ("watches", "ada")),
    ],
)
async def test_the_office_does_what_a_line_says(coast: Snapshot, line: str, done: tuple[Any, ...]) -> None:
    office = Notebook()

    assert (await desk(coast, office).act(line, ADA)).title == "Done"
    assert office.done == [done]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/schedule ad daily", "did you mean add?"),
        ("/schedule pause x when:daily", "/schedule pause takes no when:."),
        ("/schedule " + "x" * 10_000, "a command may have 2,000"),
        ("/watch gref as-of:2024", "has no option 'as-of'"),
    ],
)
async def test_what_was_not_understood_is_not_done(coast: Snapshot, line: str, sentence: str) -> None:
    office = Notebook()

    reply = await desk(coast, office).act(line, ADA)

    assert (reply.kind, office.done) == (Kind.USAGE, [])
    assert sentence in reply.summary


@settings(max_examples=100, deadline=None)
@given(line=st.text(max_size=60) | st.builds("/schedule {}".format, st.text(max_size=60)))
async def test_acting_never_raises(coast: Snapshot, line: str) -> None:
    assert isinstance(await desk(coast, Notebook()).act(line, ADA), Reply)
    assert isinstance(await desk(coast, None).act(line, ADA), Reply)


async def test_a_line_that_changes_nothing_is_answered(coast: Snapshot) -> None:
    assert (await desk(coast, None).act("/who okafor", EVERYWHERE)).kind is Kind.ANSWER


def test_answers_change_nothing(coast: Snapshot) -> None:
    office = Notebook()

    for reply in (
        desk(coast, office).ask("/schedule list", ADA),
        desk(coast, office).answer(Call("watch", {"about": "okafor"}), ADA),
    ):
        assert reply.kind is Kind.USAGE
        assert "only answers are given here" in reply.summary
    assert office.done == []


async def test_without_an_office_the_reply_says_what_serves_schedules(coast: Snapshot) -> None:
    reply = await desk(coast, None).act("/schedule list", ADA)

    assert (reply.kind, "briefing-bot run" in reply.summary) == (Kind.FAILURE, True)


async def test_a_break_is_told_without_a_claim_about_what_was_changed(coast: Snapshot) -> None:
    with capture_logs() as logs:
        reply = await desk(coast, Notebook(RuntimeError("secret"))).act("/watches", ADA)

    assert reply.kind is Kind.FAILURE
    assert "mark" in reply.summary
    assert "nothing was changed" not in reply.summary
    assert "secret" not in reply.summary
    assert [one["reference"] for one in logs] == ["mark"]


async def test_the_office_may_refuse_an_argument(coast: Snapshot) -> None:
    reply = await desk(coast, Notebook(Misread("No such time."))).act("/watches", ADA)

    assert (reply.kind, reply.summary) == (Kind.USAGE, "No such time.")


def test_a_misspelt_acting_command_is_offered(coast: Snapshot) -> None:
    assert "/schedule pause morning" in commands(desk(coast, None).ask("/schedul pause morning", ADA))
    assert {*commands(desk(coast, None).ask("/schedul dance morning", ADA))} == {"/help"}


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("/schedule pa", ["/schedule pause"]),
        ("/schedule pause ", ["/schedule pause due-k3f", "/schedule pause briefing-x2a"]),
        ("/schedule pause sanc", ["/schedule pause briefing-x2a"]),
        ("/schedule add daily q", ["/schedule add daily quiet:"]),
        ("/schedule add daily quiet:s", ["/schedule add daily quiet:say", "/schedule add daily quiet:skip"]),
        ("/schedule add daily /wh", ["/schedule add daily /who "]),
        ("/schedule add daily /who oka", ["/schedule add daily /who okafor"]),
        ("/schedule add daily what:/du", ["/schedule add daily what:/due "]),
        ("/unwatch g", ["/unwatch gref-a2b"]),
        ("/watches x", []),
    ],
)  # fmt: skip
def test_what_acts_is_completed(coast: Snapshot, line: str, completed: list[str]) -> None:
    found = [one.line for one in desk(coast, Notebook()).complete(line, ADA)]

    assert found[: len(completed)] == completed


def test_values_of_an_office_are_suggested(coast: Snapshot) -> None:
    answering = desk(coast, Notebook())

    assert [one.value for one in answering.suggest("schedule", "schedule", "du", ADA)] == ["due-k3f"]
    assert [one.value for one in answering.suggest("schedule", "what", "/who oka", ADA)][:1] == [
        "/who okafor"
    ]
    assert desk(coast, None).suggest("schedule", "schedule", "", ADA) == []
