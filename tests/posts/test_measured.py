from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from posts_state import FERRY, HARBOUR, NOW, Kept, busy
from sqlalchemy import create_engine, insert
from sqlalchemy.pool import StaticPool

from bot.posting import Reference
from bot.posts import tables
from bot.posts.ledger import _row
from bot.posts.measure import BUCKETS, OVERDUE_SECONDS, SETTLED_SECONDS, Measured, Totals, measure
from bot.posts.reader import Reader
from bot.posts.records import Post, PostState, ScheduleState


def _measured(kept: Kept, at: float = NOW) -> Measured:
    return Reader(kept.url).ask(lambda given: measure(given, at, Totals()))


def test_all_is_counted(tmp_path: Path) -> None:
    seen = _measured(busy(tmp_path / "state.db"))
    assert seen.schedules == {"active": 2, "paused": 1}
    assert (seen.watches, seen.closed) == (1, 1)
    assert seen.waiting == {"slack": 2, "discord": 1}
    assert seen.ended["slack", "missed"] == 6
    assert seen.ended["discord", "failed"] == 1
    assert seen.last_post_at == NOW - 3_000
    assert (seen.lateness.count, seen.lateness.total) == (2, 602.0)
    assert dict(zip(BUCKETS, seen.lateness.buckets, strict=True))[300.0] == 1
    assert (seen.overdue, seen.first_overdue and seen.first_overdue.schedule) == (1, "s2")
    assert (seen.stuck, seen.first_stuck and seen.first_stuck.id) == (1, "schedule:s1:10")
    assert (seen.late, seen.first_late and seen.first_late.id) == (1, "schedule:s1:9")


def test_an_empty_state_has_nothing(tmp_path: Path) -> None:
    seen = _measured(Kept(tmp_path / "state.db"))
    assert seen == Measured(at=NOW)


@pytest.mark.parametrize(
    ("passed", "state", "overdue"),
    [
        (OVERDUE_SECONDS - 1, ScheduleState.ACTIVE, 0),
        (OVERDUE_SECONDS + 1, ScheduleState.ACTIVE, 1),
        (OVERDUE_SECONDS + 1, ScheduleState.PAUSED, 0),
        (OVERDUE_SECONDS + 1, ScheduleState.REMOVED, 0),
        (-1, ScheduleState.ACTIVE, 0),
    ],
)
def test_only_slots_of_active_schedules_are_overdue(
    tmp_path: Path, passed: float, state: ScheduleState, overdue: int
) -> None:
    kept = Kept(tmp_path / "state.db")
    kept.schedule("s1", NOW - passed, state=state)
    assert _measured(kept).overdue == overdue


@pytest.mark.parametrize("state", [PostState.WAITING, PostState.SENDING, PostState.RETRYING])
@pytest.mark.parametrize(
    ("post_id", "waited", "reference", "stuck"),
    [
        ("schedule:s1:x", 600 + OVERDUE_SECONDS - 1, None, 0),
        ("schedule:s1:x", 600 + OVERDUE_SECONDS + 1, None, 1),
        # What stands in part is tried for two hours to be made whole, what has no slot for one.
        ("schedule:s1:x", 7_000, Reference(channel="C1", messages={1: "1"}), 0),
        ("schedule:gone:x", 3_500, None, 0),
        ("now:s1:x", 3_500, None, 0),
        ("watch:w1:x", 3_500, None, 0),
        ("watch:w1:x", 3_600 + OVERDUE_SECONDS + 1, None, 1),
    ],
)
def test_a_post_is_stuck_beyond_what_the_delivery_tries(
    tmp_path: Path, state: PostState, post_id: str, waited: float, reference: Reference | None, stuck: int
) -> None:
    kept = Kept(tmp_path / "state.db")
    kept.schedule("s1", None, grace=600)
    kept.post("x", state, NOW - waited, id=post_id, schedule=post_id.split(":")[1], reference=reference)
    assert _measured(kept).stuck == stuck
    assert _measured(kept).late == 1 - stuck


def test_a_post_that_has_ended_is_neither_late_nor_stuck(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    for state in (PostState.POSTED, PostState.MISSED, PostState.FAILED, PostState.UNKNOWN):
        kept.post(state.value, state, NOW - 9e6, ended_at=NOW - 9e6)
    seen = _measured(kept)
    assert (seen.stuck, seen.late, seen.waiting) == (0, 0, {})


ENDS = st.tuples(
    st.sampled_from([PostState.POSTED, PostState.MISSED, PostState.FAILED]),
    st.sampled_from([HARBOUR, FERRY]),
    st.floats(0, SETTLED_SECONDS - 1),
    st.floats(-5, 20_000),
    st.integers(1, 9),
)
STEPS = st.lists(st.tuples(st.lists(ENDS, max_size=4), st.floats(-7_200, 90_000)), max_size=8)


@settings(deadline=None)
@given(STEPS)
def test_each_post_is_counted_once_whenever_one_looks(steps: list[tuple[list, float]]) -> None:  # type: ignore[type-arg]
    """Whatever the clock does, and though what ended first may be committed last."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    tables.metadata.create_all(engine)
    totals, now, number, late = Totals(), NOW, 0, 0.0
    counts: dict[tuple[str, str], int] = {}
    with engine.begin() as connection:
        for ends, step in steps:
            for state, place, ago, lateness, count in ends:
                number += 1
                ended = now - ago
                post = Post(
                    id=str(number),
                    place=place,
                    state=state,
                    slot=ended - lateness,
                    count=count,
                    ended_at=ended,
                )
                connection.execute(insert(tables.post).values(_row(post)))
                key = (place.platform, state.value)
                counts[key] = counts.get(key, 0) + count
                late += max(lateness, 0) if state is PostState.POSTED else 0
            found, measured = totals.read(connection, now)
            assert found == counts
            assert measured.total == pytest.approx(late, abs=0.01)
            assert list(measured.buckets) == sorted(measured.buckets)
            assert measured.count >= measured.buckets[-1]
            now += step
    engine.dispose()


def test_what_ended_long_ago_is_not_read_again(tmp_path: Path) -> None:
    kept = busy(tmp_path / "state.db")
    totals = Totals()
    reader = Reader(kept.url)
    first = reader.ask(lambda given: totals.read(given, NOW))
    with kept.begin() as connection:
        connection.execute(tables.post.delete())
    assert reader.ask(lambda given: totals.read(given, NOW + 1)) == first
