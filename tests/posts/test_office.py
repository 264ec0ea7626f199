"""What `/schedule` does."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from factory import commands, text
from front import ADA, BEN, ELSEWHERE, NOW, TERMINAL, WEB, Front, new_front
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from bot.commands import ACTIONS, REGISTRY
from bot.desk import Asker
from bot.facts.snapshot import Snapshot
from bot.parse import read_line
from bot.posts.office import MOST
from bot.posts.records import Origin, PostState, Quiet, ScheduleState
from bot.posts.say import upcoming
from bot.reply import Kind, Moment, Reply, Visibility


@pytest.fixture
async def front(tmp_path: Path, coast: Snapshot) -> AsyncIterator[Front]:
    async with new_front(tmp_path, coast) as made:
        yield made


def moments(reply: Reply) -> list[int]:
    from factory import lines

    return [span.at for one in lines(reply) for span in one.spans if isinstance(span, Moment)]


EIGHT_THIRTY = 1_741_678_200
"""Tuesday 11 March 2025, 08:30 in Berlin."""

DAY = 24 * 3_600


# --- adding --------------------------------------------------------------------------------------------


async def test_adding_confirms_with_times_and_a_preview(front: Front) -> None:
    reply = await front.say(
        '/schedule add "every day 08:30" quiet:skip grace:2h /briefing licences since:last'
    )

    (kept,) = await front.store.schedules()
    assert (kept.id, kept.line) == ("briefing-licences-x00", "/briefing topic:licences since:last")
    assert (kept.place.key, kept.made_by, kept.quiet, kept.grace) == ("slack:T1:C1", "ada", Quiet.SKIP, 7_200)
    assert kept.next_at == EIGHT_THIRTY
    assert (reply.kind, reply.visibility) == (Kind.ANSWER, Visibility.PRIVATE)
    assert moments(reply)[:3] == [EIGHT_THIRTY, EIGHT_THIRTY + DAY, EIGHT_THIRTY + 2 * DAY]
    assert "Tuesday 11 March 2025, 08:30 Europe/Berlin" in text(reply)
    preview = await front.preview(kept)
    assert set(preview.facts) == set(reply.facts) != set()
    assert reply.sources == preview.sources
    assert {"/schedule pause briefing-licences-x00", "/schedule remove briefing-licences-x00",
            "/schedule now briefing-licences-x00"} <= set(commands(reply))  # fmt: skip


async def test_a_schedule_of_a_thread_posts_there(front: Front) -> None:
    thread = msgspec.structs.replace(ADA, thread="1.2")

    kept = await front.add(asker=thread)

    assert kept.place.thread == "1.2"
    assert f"/schedule show {kept.id}" in commands(await front.say("/schedule list"))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/schedule add", "Say when to post"),
        ("/schedule add every day 08:30", "Say what to post"),
        ("/schedule add whenever /due", "whenever"),
        ("/schedule add every day 08:30 Mars/Base /due", "Mars/Base"),
        ("/schedule add every day 08:30 grace:soon /due", "grace: “soon” is no time"),
        ("/schedule add every day 08:30 quiet:loud /due", "quiet is one of say, skip"),
        ("/schedule add every day 08:30 /duue", "There is no command '/duue'"),
        ("/schedule add every day 08:30 /due since:last", "/due has no option 'since'"),
        ("/schedule add every day 08:30 /help", "/help cannot be scheduled"),
        ("/schedule add every day 08:30 /watch okafor", "/watch cannot be scheduled: it changes something"),
        ("/schedule add every day 08:30 /schedule add every day 08:30 /due", "cannot be scheduled"),
        ("/schedule add every day 08:30 /who", "has no answer that could be posted"),
        ("/schedule add every day 08:30 /who okfor", "has no answer that could be posted"),
        (
            "/schedule add every day 08:30 /briefing licences since:never",
            "has no answer that could be posted",
        ),
        ("/schedule add every day 08:30 /", "The line is empty"),
        ("/schedule pause", "Say which schedule"),
        ("/schedule show " + "x" * 1_900, "There is no schedule “xxx"),
        ("/schedule add " + "x" * 10_000, "a command may have 2,000"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_a_sentence(front: Front, line: str, sentence: str) -> None:
    reply = await front.say(line)

    assert reply.kind is Kind.USAGE
    assert sentence in reply.summary
    assert len(reply.summary) < 400
    assert await front.store.schedules() == []


async def test_without_a_zone_nothing_is_guessed(front: Front) -> None:
    front.zone = ""

    assert "zone" in (await front.say("/schedule add every day 08:30 /due")).summary
    assert (await front.add(when="every day 08:30 Asia/Kolkata")).when.zone == "Asia/Kolkata"


async def test_the_same_twice_names_the_first(front: Front) -> None:
    first = await front.add()

    reply = await front.say('/schedule add "every day 8:30" quiet:skip /due')

    assert reply.kind is Kind.USAGE
    assert reply.summary.startswith(f"{first.id} posts the same")
    assert len(await front.store.schedules()) == 1
    assert await front.add(asker=ELSEWHERE)


async def test_a_place_holds_so_many(front: Front) -> None:
    for hour in range(MOST):
        await front.add(when=f"every day {hour % 24:02}:{hour // 24:02}")

    reply = await front.say('/schedule add "every day 23:59" /due')

    assert f"There are {MOST} schedules here already" in reply.summary
    assert len(await front.store.schedules()) == MOST


async def test_an_id_that_is_taken_is_made_up_anew(front: Front) -> None:
    front.letters = (one for one in ("aaa", "aaa", "aaa", "bbb"))

    ids = [(await front.add(when=f"every day {hour:02}:00")).id for hour in (1, 2)]

    assert ids == ["due-aaa", "due-bbb"]


@pytest.mark.parametrize(
    ("asker", "sentence"), [(TERMINAL, "The terminal is no channel"), (WEB, "belong to a channel")]
)
async def test_there_must_be_a_channel_to_post_to(front: Front, asker: Asker, sentence: str) -> None:
    assert sentence in (await front.say('/schedule add "every day 08:30" /due', asker)).summary
    assert await front.store.schedules() == []


# --- pausing, resuming, removing -----------------------------------------------------------------------


async def test_a_pause_ends_with_the_next_slot_and_no_backlog(front: Front) -> None:
    kept = await front.add()

    paused = await front.say(f"/schedule pause {kept.id}")
    assert paused.summary == f"{kept.id} is paused and posts nothing until it is resumed."
    stored = await front.store.schedule(kept.id)
    assert stored is not None
    assert (stored.state, stored.next_at) == (ScheduleState.PAUSED, None)

    front.now = NOW + 10 * DAY
    resumed = await front.say(f"/schedule resume {kept.id.upper()}")
    stored = await front.store.schedule(kept.id)
    assert stored is not None
    assert (stored.state, stored.next_at) == (ScheduleState.ACTIVE, EIGHT_THIRTY + 10 * DAY)
    assert moments(resumed) == [EIGHT_THIRTY + 10 * DAY]


async def test_doing_it_again_says_so(front: Front) -> None:
    kept = await front.add()

    assert "is active already" in (await front.say(f"/schedule resume {kept.id}")).summary
    await front.say(f"/schedule pause {kept.id}")
    assert "is paused already" in (await front.say(f"/schedule pause {kept.id}")).summary


@pytest.mark.parametrize("action", ["pause", "remove"])
async def test_a_post_under_way_is_owned_up_to(front: Front, action: str) -> None:
    kept = await front.add()
    front.ledger.add(kept, EIGHT_THIRTY, PostState.SENDING)

    reply = await front.say(f"/schedule {action} {kept.id}")

    assert reply.summary.endswith("The post of 08:30 is being sent now and may still arrive.")


async def test_what_was_removed_is_gone(front: Front) -> None:
    kept = await front.add()

    assert "posts no more" in (await front.say(f"/schedule remove {kept.id}")).summary
    assert "There is no schedule" in (await front.say(f"/schedule show {kept.id}")).summary
    assert (await front.say("/schedule list")).kind is Kind.NONE
    assert await front.add()


async def test_what_was_removed_by_another_meanwhile_is_said(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await front.add()
    authorise = front.office._authority.authorise

    async def slowly(*given: object) -> None:
        await authorise(*given)  # type: ignore[arg-type]
        await front.store.set_state(kept.id, ScheduleState.REMOVED, None)

    monkeypatch.setattr(front.office._authority, "authorise", slowly)
    for action in ("pause", "remove"):
        reply = await front.say(f"/schedule {action} {kept.id}")
        assert (reply.kind, "There is no" in reply.summary or "meanwhile" in reply.summary) == (
            Kind.USAGE,
            True,
        )


async def test_a_closed_place_is_told_and_opened_by_resuming(front: Front) -> None:
    kept = await front.add()
    await front.close_place(kept.place, "The channel is archived.")

    for line in ("/schedule list", f"/schedule show {kept.id}"):
        assert "The channel is archived." in text(await front.say(line))
    assert "takes no posts" in (await front.say(f"/schedule now {kept.id}")).summary
    assert "takes posts again" in (await front.say(f"/schedule resume {kept.id}")).summary
    assert await front.store.closed() == {}


async def test_a_declared_schedule_is_removed_in_its_file(front: Front) -> None:
    made = await front.add()
    kept = msgspec.structs.replace(made, id="morning", origin=Origin.CONFIG, made_by="")
    await front.store.add_schedule(kept)

    assert "remove it there" in (await front.say(f"/schedule remove {kept.id}")).summary
    assert "declared in config/schedules.yaml" in text(await front.say("/schedule list"))
    assert f"/schedule remove {kept.id}" not in commands(await front.say(f"/schedule show {kept.id}"))
    assert "is paused" in (await front.say(f"/schedule pause {kept.id}")).summary


# --- posting by hand, and what was posted --------------------------------------------------------------


async def test_a_second_press_posts_nothing(front: Front) -> None:
    kept = await front.add()

    assert "posts now" in (await front.say(f"/schedule now {kept.id}")).summary
    assert "less than a minute ago" in (await front.say(f"/schedule now {kept.id}")).summary
    front.now += 61
    assert "posts now" in (await front.say(f"/schedule now {kept.id}")).summary
    assert len(front.ledger.posts) == 2
    await front.say(f"/schedule pause {kept.id}")
    front.now += 61
    assert "posts now" in (await front.say(f"/schedule now {kept.id}")).summary


@pytest.mark.parametrize("state", list(PostState))
async def test_every_outcome_reads_as_a_sentence(front: Front, state: PostState) -> None:
    kept = await front.add()
    front.ledger.add(kept, EIGHT_THIRTY, state, reason="The channel is archived.")
    front.ledger.add(kept, EIGHT_THIRTY + DAY, PostState.MISSED, last_slot=EIGHT_THIRTY + 3 * DAY, count=3)

    reply = await front.say(f"/schedule history {kept.id}")

    first, second = text(reply).splitlines()
    assert first.startswith("Wednesday 12 March 2025, 08:30 Europe/Berlin to Friday 14 March 2025")
    assert first.endswith("3 posts: missed")
    assert second.startswith("Tuesday 11 March 2025, 08:30 Europe/Berlin: ")
    assert second.endswith(" — The channel is archived.")
    assert state.value.upper() not in second


async def test_a_history_has_twenty_posts(front: Front) -> None:
    kept = await front.add()
    assert "has not come to a post yet" in (await front.say(f"/schedule history {kept.id}")).summary
    for day in range(30):
        front.ledger.add(kept, EIGHT_THIRTY + day * DAY, PostState.POSTED)

    reply = await front.say(f"/schedule history {kept.id}")

    assert len(text(reply).splitlines()) == 20
    assert len(moments(reply)) == 20


async def test_a_list_says_when_by_whom_and_what_became_of_the_last(front: Front) -> None:
    kept = await front.add()
    front.ledger.add(kept, EIGHT_THIRTY - DAY, PostState.FAILED, reason="The bot was removed.")

    mine, his = await front.say("/schedule"), await front.say("/schedule list", BEN)

    assert moments(mine)[:3] == [EIGHT_THIRTY, EIGHT_THIRTY + DAY, EIGHT_THIRTY + 2 * DAY]
    assert "refused by the chat — The bot was removed." in text(mine)
    assert "made by you" in text(mine)
    assert "made by ada" in text(his)


# --- who sees what -------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [one for one in ACTIONS if one not in {"add", "list"}])
async def test_another_channels_schedule_is_as_if_it_were_not(front: Front, action: str) -> None:
    kept = await front.add()

    hidden = await front.say(f"/schedule {action} {kept.id}", ELSEWHERE)
    unknown = await front.say(f"/schedule {action} {'z' * len(kept.id)}", ELSEWHERE)

    assert hidden.summary.replace(kept.id, "ID") == unknown.summary.replace("z" * len(kept.id), "ID")
    assert commands(hidden) == commands(unknown)
    assert (await front.store.schedule(kept.id)) == kept


async def test_near_ids_of_the_same_place_are_offered(front: Front) -> None:
    kept = await front.add("/briefing licences")

    assert f"/schedule show {kept.id}" in commands(await front.say("/schedule pause briefing-licence"))
    assert f"/schedule show {kept.id}" not in commands(
        await front.say("/schedule pause briefing-licence", ELSEWHERE)
    )


async def test_the_operator_acts_on_every_place(front: Front) -> None:
    one, two = await front.add(), await front.add("/changes", asker=ELSEWHERE)

    listed = await front.say("/schedule list", TERMINAL)
    assert "in slack:T1:C1" in text(listed)
    assert "in slack:T1:C2" in text(listed)
    for kept in (one, two):
        assert "is paused" in (await front.say(f"/schedule pause {kept.id}", TERMINAL)).summary
        assert "posts no more" in (await front.say(f"/schedule remove {kept.id}", TERMINAL)).summary


@pytest.mark.parametrize(
    "line", ["/schedule list", "/schedule pause x", "/watch okafor", "/watches", "/unwatch x"]
)
async def test_the_web_page_is_no_channel(front: Front, line: str) -> None:
    await front.add()

    assert "belong to a channel of a chat" in (await front.say(line, WEB)).summary


async def test_ids_are_completed_in_their_channel(front: Front) -> None:
    kept = await front.add()
    other = await front.add(asker=ELSEWHERE)

    def known(asker: Asker) -> list[str]:
        return [one.value for one in front.desk.suggest("schedule", "schedule", "", asker)]

    assert (known(ADA), known(ELSEWHERE), known(WEB)) == ([kept.id], [other.id], [])
    assert known(TERMINAL) == [kept.id, other.id]
    await front.say(f"/schedule remove {kept.id}")
    assert known(ADA) == []
    await front.store.add_schedule(msgspec.structs.replace(kept, id="by-another"))
    await front.office.refresh()
    assert known(ADA) == ["by-another"]


# --- when the state fails ------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["database or disk is full", "attempt to write a readonly database"])
@pytest.mark.parametrize(
    "line",
    [
        '/schedule add "every day 09:00" /due',
        "/schedule pause {}",
        "/schedule list",
        "/watch okafor",
        "/watches",
    ],
)
async def test_a_state_that_fails_is_told_and_changes_nothing(
    front: Front, line: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await front.add()

    def broken(*_: object, **__: object) -> object:
        raise OperationalError("SELECT secret", None, sqlite3.OperationalError(reason))

    with monkeypatch.context() as patched:
        patched.setattr(front.store, "begin", broken)
        patched.setattr(front.store, "reading", broken)
        reply = await front.say(line.format(kept.id))

    assert reply.kind is Kind.FAILURE
    reads = line in {"/schedule list", "/watches"}
    said = "It could not be read" if reads else "Nothing was changed"
    assert reply.summary.startswith(f"{said}: the state's database cannot be used ({reason}).")
    assert "SELECT" not in reply.summary
    assert await front.store.schedules() == [kept]


async def test_a_commit_whose_answer_is_lost_is_neither_claimed_nor_denied(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await front.add()

    async def lost(*_: object, **__: object) -> bool:
        cause = sqlite3.OperationalError("server closed the connection unexpectedly")
        raise OperationalError("COMMIT", None, cause, connection_invalidated=True)

    monkeypatch.setattr(front.store, "set_state", lost)
    monkeypatch.setattr(front.ledger, "post_now", lost)
    for line in (f"/schedule pause {kept.id}", f"/schedule now {kept.id}"):
        reply = await front.say(line)
        assert reply.summary.startswith("It is not known whether that was done: ")
        assert "look at the list first" in reply.summary


async def test_the_list_begins_with_the_time_on_record(front: Front) -> None:
    kept = await front.add()
    due = kept.next_at
    assert due is not None
    front.now = due + 1

    for line in ("/schedule list", f"/schedule show {kept.id}"):
        shown = moments(await front.say(line))
        assert shown[:3] == [int(at) for at in (due, *upcoming(kept.when, front.now, 2))]


async def test_the_terminal_is_not_told_to_add(front: Front) -> None:
    for line in ("/schedule list", "/watches"):
        said = text(await front.say(line, TERMINAL))
        assert "anywhere" in said
        assert "in the channel to post to" in said
        assert "/schedule add" not in said


async def test_a_pause_that_was_kept_is_not_denied(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = await front.add()

    async def broken(_: str) -> list[object]:
        raise OSError("gone")

    monkeypatch.setattr(front.ledger, "under_way", broken)
    reply = await front.say(f"/schedule pause {kept.id}")

    assert reply.summary.endswith("A post that is being sent now may still arrive.")
    assert reply.kind is Kind.ANSWER


# --- anything at all -----------------------------------------------------------------------------------

WORDS = (
    "add",
    "list",
    "pause",
    "now",
    "every",
    "day",
    "08:30",
    "/due",
    "/who",
    "okafor",
    "x00",
    '"',
    "when:",
    "quiet:skip",
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=7))
async def test_whatever_is_typed_is_answered_in_words(front: Front, words: list[str]) -> None:
    reply = await front.say("/schedule " + " ".join(words))

    assert reply.kind is not Kind.FAILURE
    assert 0 < len(reply.summary) < 700
    for command in commands(reply):
        read_line(command, REGISTRY)
