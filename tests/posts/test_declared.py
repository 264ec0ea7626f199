"""Schedules that are declared in a file."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec
import postgres
import pytest
from front import NOW, Front, new_front
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import text, update
from structlog.testing import capture_logs
from waiting import until

from bot.commands import REGISTRY
from bot.facts.snapshot import Snapshot
from bot.posting import Place
from bot.posts import tables
from bot.posts.declared import Broken, Declarations, Rules, read_declared, reconcile
from bot.posts.health import trouble
from bot.posts.measure import Measured, measure
from bot.posts.records import Origin, Quiet, Schedule, ScheduleState
from bot.posts.say import upcoming
from bot.posts.store import Store
from bot.posts.when import read_when

ROOT = Path(__file__).parent.parent.parent

MORNING = (
    "{id: morning, when: every day 08:30, what: /briefing since:last,"
    " platform: slack, workspace: T1, channel: C1}"
)
DUTIES = (
    "{id: duties, when: Mondays 9am UTC, what: due, platform: slack, channel: C2, quiet: skip, grace: 2h}"
)


@pytest.fixture
async def front(tmp_path: Path, coast: Snapshot) -> AsyncIterator[Front]:
    async with new_front(tmp_path, coast) as made:
        yield made


def rules(front: Front, by_workspace: Collection[str] = ()) -> Rules:
    return Rules(
        REGISTRY,
        lambda place: front.zone,
        lambda place: ("coast",),
        front.preview,
        by_workspace=by_workspace,
    )


async def problems(front: Front, written: str | bytes) -> list[str]:
    data = written if isinstance(written, bytes) else written.encode()
    try:
        await read_declared(data, "schedules.yaml", rules(front), NOW)
    except Broken as error:
        return error.problems
    return []


async def test_a_file_is_read_with_what_is_left_out_filled_in(front: Front) -> None:
    morning, duties = await read_declared(f"- {MORNING}\n- {DUTIES}\n".encode(), "s.yaml", rules(front), NOW)

    assert (morning.id, morning.line, morning.when.zone) == (
        "morning",
        "/briefing since:last",
        "Europe/Berlin",
    )
    assert (morning.grace, morning.quiet, morning.origin) == (3_600, Quiet.SAY, Origin.CONFIG)
    assert morning.place == Place(platform="slack", workspace="T1", channel="C1")
    assert (duties.line, duties.when.zone, duties.grace, duties.quiet) == ("/due", "UTC", 7_200, Quiet.SKIP)
    assert duties.next_at == upcoming(duties.when, NOW, 1)[0]


async def test_the_shipped_file_declares_nothing_and_its_examples_are_good(front: Front) -> None:
    shipped = (ROOT / "config" / "schedules.yaml").read_text(encoding="utf-8")
    assert await read_declared(shipped.encode(), "s.yaml", rules(front), NOW) == []

    examples = "\n".join(
        one.removeprefix("# ") for one in shipped.splitlines() if one.startswith(("# -", "#   "))
    )
    made = await read_declared(
        examples.replace("sanctions", "licences").encode(), "s.yaml", rules(front), NOW
    )
    assert [one.id for one in made] == ["morning", "duties"]


def broken(**change: str) -> str:
    fields = {
        "id": "morning",
        "when": "every day 08:30",
        "what": "/due",
        "platform": "slack",
        "channel": "C1",
    }
    return "- {" + ", ".join(f"{key}: {value}" for key, value in (fields | change).items() if value) + "}"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "The file is empty."),
        ("id: x", "The file does not hold a list of schedules."),
        (broken(when=""), "The required key when is missing."),
        (broken(what=""), "The required key what is missing."),
        (broken(channel=""), "The required key channel is missing."),
        (broken(platform="terminal"), '"terminal" is not one of the allowed values.'),
        (broken(quiet="loud"), '"loud" is not one of the allowed values.'),
        (broken(wen="daily"), '"wen" is not a known key. Did you mean when?'),
        (broken(id="Über uns"), "id: an id is lower-case letters"),
        (broken(id="x" * 65), "id: an id is lower-case letters"),
        (broken(when="whenever"), "morning, when: "),
        (broken(when="every day 08:30 Mars/Base"), "morning, when: "),
        (broken(what="/help"), "morning, what: /help cannot be scheduled"),
        (broken(what="/schedule list"), "morning, what: /schedule cannot be scheduled"),
        (broken(what="/who okfor"), "morning, what: "),
        (broken(grace="soon"), "morning, grace: grace: “soon” is no time"),
        (broken(platform="discord"), "morning, platform: add workspace: and the id of the channel's server"),
        (broken(channel="'#general'"), "morning, channel: “#general” is no id of a channel"),
        (broken(channel="C" * 65), "is no id of a channel"),
        (broken(workspace="'T 1'"), "morning, workspace: “T 1” is no id of a workspace"),
        (broken(workspace='"T\\0"'), "U+0000 is not allowed"),
        (broken(thread="„1“"), "morning, thread: “„1“” is no id of a thread"),
        (broken() + "\n" + broken(when="Mondays 9am"), "another schedule in the file has this id"),
        (broken() + "\n" + broken(id="other"), "morning posts the same at the same times"),
        ("- &a {id: x}\n- *a", "There is an anchor"),
        ("- !!python/object:os.system x", "There is a tag"),
        (b"- \xff", "not valid UTF-8"),
        ("[" * 500, ""),
        ("- {id: 'x", ""),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(
    front: Front, written: str | bytes, sentence: str
) -> None:
    found = await problems(front, written)

    assert found
    assert sentence in "\n".join(found)
    for one in found:
        assert one.startswith("schedules.yaml:")
        assert "\n" not in one


async def test_everything_that_is_wrong_is_told_at_once(front: Front) -> None:
    found = await problems(
        front, "\n".join([broken(when="whenever"), broken(), broken(id="b", grace="x", what="/due 2")])
    )

    assert [one.split(": ")[0].split(":")[1] for one in found] == ["1", "3"]


async def test_without_a_zone_a_declared_schedule_must_name_one(front: Front) -> None:
    front.zone = ""

    assert any("zone" in one for one in await problems(front, broken()))
    assert await problems(front, broken(when="every day 08:30 UTC")) == []


async def test_the_workspace_is_named_where_what_a_channel_sees_may_depend_on_it(front: Front) -> None:
    bare, named = (f"- {one}".encode() for one in (DUTIES, MORNING))

    with pytest.raises(
        Broken, match="duties, platform: add workspace: and the id of the channel's workspace"
    ):
        await read_declared(bare, "s.yaml", rules(front, {"slack"}), NOW)
    for data, by_workspace in ((bare, {"discord"}), (named, {"slack"})):
        assert await read_declared(data, "s.yaml", rules(front, by_workspace), NOW)


# --- the file as it changes ----------------------------------------------------------------------------


def declarations(front: Front, path: Path) -> Declarations:
    return Declarations(path, front.store, lambda: rules(front), lambda: front.now)


async def ids(front: Front) -> dict[str, ScheduleState]:
    return {one.id: one.state for one in await front.store.schedules()}


async def measured(front: Front) -> Measured:
    async with front.store.reading() as connection:
        return await connection.run_sync(lambda given: measure(given, front.now))


async def notice(front: Front) -> str:
    """Return what whoever looks at the state is told of the file."""
    return (await measured(front)).undeclared


async def settle(looking: Declarations) -> Any:
    """Look until the file has been the same twice."""
    return await looking.look() or await looking.look()


async def test_an_edit_is_made_so_and_a_broken_one_changes_nothing(front: Front, tmp_path: Path) -> None:
    path = tmp_path / "schedules.yaml"
    path.write_text(f"- {MORNING}\n")
    looking = declarations(front, path)

    assert (await settle(looking)).added == ("morning",)
    assert await looking.look() is None

    path.write_text(f"- {MORNING}\n- {DUTIES.replace('Mondays', 'Moondays')}\n")
    with capture_logs() as logs:
        assert await settle(looking) is None
        assert await looking.look() is None
    assert [one["log_level"] for one in logs] == ["warning"]
    said = "The declared schedules stay as they were: schedules.yaml:2:"
    assert (await notice(front)).startswith(said)
    assert await notice(front) in trouble(await measured(front))[1]
    assert await ids(front) == {"morning": ScheduleState.ACTIVE}

    path.write_text(f"- {DUTIES}\n")
    done = await settle(looking)
    assert (done.added, done.removed, await notice(front)) == (("duties",), ("morning",), "")
    assert trouble(await measured(front)) == ([], [])
    assert await ids(front) == {"duties": ScheduleState.ACTIVE}


async def test_a_file_that_is_being_written_is_left_alone(front: Front, tmp_path: Path) -> None:
    path = tmp_path / "schedules.yaml"
    path.write_text(f"- {MORNING}\n- {DUTIES}\n")
    looking = declarations(front, path)
    await settle(looking)

    path.write_text(f"- {MORNING}\n")  # an editor has written half of it
    assert await looking.look() is None
    path.write_text(f"- {MORNING}\n- {DUTIES}\n# a remark\n")
    assert await looking.look() is None

    done = await looking.look()
    assert done is not None
    assert (done.added, done.changed, done.removed) == ((), (), ())


async def test_a_file_that_is_half_written_at_the_start_ends_no_pause(front: Front, tmp_path: Path) -> None:
    path = tmp_path / "schedules.yaml"
    path.write_text(f"- {MORNING}\n- {DUTIES}\n")
    await settle(declarations(front, path))
    await front.store.set_state("duties", ScheduleState.PAUSED, None)

    path.write_text(f"- {MORNING}\n")
    looking = declarations(front, path)
    assert await looking.look() is None
    assert set(await ids(front)) == {"morning", "duties"}

    assert (await settle(looking)).removed == ("duties",)
    path.write_text(f"- {MORNING}\n- {DUTIES}\n")
    assert (await settle(looking)).added == ("duties",)
    assert await ids(front) == {"morning": ScheduleState.ACTIVE, "duties": ScheduleState.PAUSED}


@pytest.mark.parametrize("content", [None, ""])
async def test_a_file_that_vanishes_ends_nothing(front: Front, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "schedules.yaml"
    path.write_text(f"- {MORNING}\n")
    looking = declarations(front, path)
    await settle(looking)

    path.unlink()
    if content is not None:
        path.write_text(content)
    assert await settle(looking) is None
    assert "[]" in await notice(front)
    assert await ids(front) == {"morning": ScheduleState.ACTIVE}

    path.write_text("[]")
    assert (await settle(looking)).removed == ("morning",)


async def test_no_file_is_no_problem(front: Front, tmp_path: Path) -> None:
    looking = declarations(front, tmp_path / "none.yaml")

    await settle(looking)

    assert await notice(front) == ""


async def test_a_file_that_may_not_be_read_is_told(front: Front, tmp_path: Path) -> None:
    looking = declarations(front, tmp_path)  # a folder

    assert await settle(looking) is None
    assert "cannot be read" in await notice(front)


async def test_a_database_that_fails_is_tried_again(
    front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "schedules.yaml"
    path.write_text(f"- {MORNING}\n")
    looking = declarations(front, path)

    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(front.store, "begin", full)
        assert await looking.look() is None
        with pytest.raises(OSError, match="No space"):
            await looking.look()
    done = await looking.look()
    assert done is not None
    assert done.added == ("morning",)


@pytest.mark.postgresql
async def test_a_pause_that_is_committed_meanwhile_is_kept(postgresql: postgres.Cluster) -> None:
    store = Store(postgresql.database())
    await store.open()
    before = written("a", TIMES[0], "/due", "C1", NOW)
    await reconcile([before], store, NOW)
    known = tables.schedule.c

    async with store.begin() as connection:
        paused = update(tables.schedule).where(known.id == "a")
        await connection.execute(paused.values(state=ScheduleState.PAUSED.value, next_at=None, last_at=NOW))
        edited = msgspec.structs.replace(before, line="/changes")
        doing = asyncio.create_task(reconcile([edited], store, NOW))
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        await until(lambda: _scalar(store, waiting), "it waits for the pause")
    assert (await doing).changed == ("a",)

    kept = await store.schedule("a")
    assert kept is not None
    assert (kept.line, kept.state, kept.next_at) == ("/changes", ScheduleState.PAUSED, None)
    assert kept.last_at == NOW
    await store.close()


async def _scalar(store: Store, query: str) -> Any:
    async with store.reading() as connection:
        return await connection.scalar(text(query))


async def test_the_id_of_a_schedule_from_a_chat_is_not_taken_over(front: Front) -> None:
    kept = await front.add()
    made = msgspec.structs.replace(kept, origin=Origin.CONFIG, line="/changes")

    with pytest.raises(Broken, match="was made in a chat"):
        await reconcile([made, msgspec.structs.replace(made, id="other")], front.store, NOW)
    assert await front.store.schedules() == [kept]


async def test_replicas_that_start_together_make_it_once(front: Front, tmp_path: Path) -> None:
    path = tmp_path / "schedules.yaml"
    path.write_text(f"- {MORNING}\n- {DUTIES}\n")

    found = await asyncio.gather(*(settle(declarations(front, path)) for _ in range(4)))

    assert sorted(len(one.added) for one in found if one) == [0, 0, 0, 2]
    assert set(await ids(front)) == {"morning", "duties"}


async def test_a_slot_that_came_while_the_bot_was_down_is_left_to_the_planner(front: Front) -> None:
    row = written("a", TIMES[1], "/due", "C1", NOW)
    await reconcile([row], front.store, NOW)
    later = NOW + 6 * 3_600

    same = written("a", TIMES[1], "/due", "C1", later)
    await reconcile([same], front.store, later)
    kept = await front.store.schedule("a")
    assert kept is not None
    assert kept.next_at == row.next_at

    await reconcile([msgspec.structs.replace(same, line="/changes")], front.store, later)
    kept = await front.store.schedule("a")
    assert kept is not None
    assert (kept.line, kept.next_at) == ("/changes", row.next_at)


# --- against a model -----------------------------------------------------------------------------------

NAMES = ("a", "b", "c")
TIMES = ("every day 08:30 Europe/Berlin", "every 4 hours UTC", "Mondays 9am Asia/Kolkata")


def written(name: str, when: str, line: str, channel: str, now: float) -> Schedule:
    rule_ = read_when(when)
    return Schedule(
        id=name,
        origin=Origin.CONFIG,
        place=Place(platform="slack", channel=channel),
        when=rule_,
        line=line,
        grace=3_600,
        made_at=now,
        next_at=upcoming(rule_, now, 1)[0],
    )


class Reconciling(RuleBasedStateMachine):
    """Files come and go, people pause and resume, posts are sent, processes read the same file twice."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(f"sqlite:///{self.folder.name}/state.db")
        self.run(self.store.open())
        self.now = NOW
        self.file: list[Schedule] = []
        self.paused: set[str] = set()
        self.timed: dict[str, float] = {}
        """Since when each schedule that is there has the times it has: nothing may be due before that."""

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()
        self.folder.cleanup()

    @rule(
        rows=st.lists(
            st.tuples(st.sampled_from(NAMES), st.sampled_from(TIMES), st.sampled_from(["/due", "/changes"]),
                      st.sampled_from(["C1", "C2"])),
            unique_by=lambda one: one[0],
        )
    )  # fmt: skip
    def edit(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        before = {one.id: one for one in self.file}
        self.file = [written(*row, self.now) for row in rows]
        for one in self.file:
            if one.id not in before or before[one.id].when != one.when:
                self.timed[one.id] = self.now
        done = self.run(reconcile(self.file, self.store, self.now))
        assert set(done.added) == {one.id for one in self.file} - before.keys()
        assert set(done.removed) == before.keys() - {one.id for one in self.file}

    @rule()
    def read_again(self) -> None:
        before = self.run(self.store.schedules(removed=True))
        again = [
            written(
                one.id,
                one.when.text + " " + one.when.zone if one.when.zone not in one.when.text else one.when.text,
                one.line,
                one.place.channel,
                self.now,
            )
            for one in self.file
        ]
        done = self.run(reconcile(again, self.store, self.now))
        assert (done.added, done.changed, done.removed) == ((), (), ())
        assert self.run(self.store.schedules(removed=True)) == before

    @rule(name=st.sampled_from(NAMES))
    def pause(self, name: str) -> None:
        if self.run(self.store.set_state(name, ScheduleState.PAUSED, None)):
            self.paused.add(name)

    @rule(name=st.sampled_from(NAMES))
    def resume(self, name: str) -> None:
        if name in self.paused and name in {one.id for one in self.file}:
            kept = self.run(self.store.schedule(name))
            ahead = upcoming(kept.when, self.now, 1)[0]
            assert self.run(self.store.set_state(name, ScheduleState.ACTIVE, ahead))
            self.paused.discard(name)
            self.timed[name] = self.now

    @rule(hours=st.integers(1, 100))
    def time_passes(self, hours: int) -> None:
        """The planner takes what is due, as it goes on."""
        self.now += hours * 3_600
        for one in self.run(self.store.schedules()):
            if one.next_at is not None and one.next_at <= self.now:
                self.run(self.store.set_state(one.id, one.state, upcoming(one.when, self.now, 1)[0]))

    @invariant()
    def what_is_declared_is_kept_and_nothing_is_made_up_for(self) -> None:
        kept = {one.id: one for one in self.run(self.store.schedules())}
        assert kept.keys() == {one.id for one in self.file}
        for one in self.file:
            row = kept[one.id]
            assert (row.line, row.place, row.when) == (one.line, one.place, one.when)
            assert (row.state is ScheduleState.PAUSED) is (one.id in self.paused)
            if one.id in self.paused:
                assert row.next_at is None
            else:
                assert row.next_at == upcoming(one.when, self.now, 1)[0]
                assert row.next_at > self.timed[one.id]


TestReconciling = Reconciling.TestCase
TestReconciling.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
