from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from posts_state import NOW

from bot.posts.health import Connection, Observation, Posting, judge
from bot.posts.measure import Measured, Overdue
from bot.posts.reader import PostView
from bot.posts.records import PostState

FINE = Observation(
    at=NOW,
    snapshot="abc",
    reloaded_at=NOW - 60,
    chats=(Connection(platform="slack", heard=NOW), Connection(platform="discord")),
    posting=Posting(),
    measured=Measured(at=NOW),
)


def _post(state: PostState, reason: str = "") -> PostView:
    return PostView(
        id="x",
        schedule="s1",
        watch="",
        place="slack:T1:C1",
        line="/due",
        slot=NOW - 9_000,
        last_slot=None,
        count=1,
        state=state,
        reason=reason,
        summary="",
        attempts=1,
        ended_at=None,
    )


OVERDUE = Measured(at=NOW, overdue=2, first_overdue=Overdue(schedule="s1", place="slack:T1:C1", at=NOW - 600))
STUCK = Measured(at=NOW, stuck=1, first_stuck=_post(PostState.RETRYING, "Slack answered with status 503."))


def test_all_is_well() -> None:
    health = judge(FINE)
    assert (health.ready, health.reasons, health.warnings, health.standing_by) == (True, (), (), "")


def test_a_playground_without_posts_and_chats_is_ready() -> None:
    assert judge(Observation(at=NOW, snapshot="abc")).ready


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"measured": OVERDUE},
            (
                "2 slots are overdue: schedule s1 in slack:T1:C1 was due at 2026-11-28T23:50:00Z, and no "
                "process has taken it up. Look whether `briefing-bot run` is running, and what its log says."
            ),
        ),
        (
            {"measured": STUCK},
            (
                "1 post is beyond the time for trying: the one due at 2026-11-28T21:30:00Z in slack:T1:C1 "
                "is tried again and again. Slack answered with status 503."
            ),
        ),
        (
            {"posting": Posting(broken="database or disk is full")},
            "The state cannot be used, and posts wait: database or disk is full.",
        ),
        (
            {"posting": Posting(broken_since=NOW - 60)},
            "What becomes of posts cannot be recorded since 2026-11-28T23:59:00Z, so they wait.",
        ),
        ({"posting": Posting(working=False)}, "Posting has not begun yet."),
        ({"unreadable": "The state cannot be read.", "measured": None}, "The state cannot be read."),
        (
            {"chats": (Connection(platform="slack", trouble="There is no connection."),)},
            "slack: There is no connection.",
        ),
    ],
)
def test_what_must_not_be_so_makes_it_not_ready(changes: dict[str, object], reason: str) -> None:
    health = judge(msgspec.structs.replace(FINE, **changes))
    assert (health.ready, health.reasons) == (False, (reason,))


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (
            {"notice": "Snapshot abc goes on answering: coast.yaml has 1 error."},
            "Snapshot abc goes on answering",
        ),
        (
            {"measured": Measured(at=NOW, closed=2)},
            "2 places take no posts until somebody resumes a schedule there",
        ),
        ({"measured": Measured(at=NOW, closed=1)}, "1 place takes no posts until somebody"),
        (
            {"measured": Measured(at=NOW, late=1, first_late=_post(PostState.WAITING))},
            (
                "1 post is late: the one due at 2026-11-28T21:30:00Z in slack:T1:C1 has not been written "
                "yet. It waits for its turn."
            ),
        ),
    ],
)
def test_what_is_amiss_is_a_warning_only(changes: dict[str, object], warning: str) -> None:
    health = judge(msgspec.structs.replace(FINE, **changes))
    assert (health.ready, len(health.warnings)) == (True, 1)
    assert health.warnings[0].startswith(warning)


def test_a_process_that_stands_by_is_ready_and_says_so() -> None:
    posting = Posting(working=False, standing_by="process 12 on quay")
    health = judge(msgspec.structs.replace(FINE, posting=posting))
    assert (health.ready, health.standing_by) == (True, "process 12 on quay")
    assert health.warnings == ("This process stands by: posts are made by process 12 on quay.",)
    # What the other one leaves undone is said, but is no reason to send nobody here.
    behind = judge(msgspec.structs.replace(FINE, posting=posting, measured=OVERDUE))
    assert behind.ready
    assert behind.warnings[1].startswith("2 slots are overdue")


@pytest.mark.parametrize("broken", [Posting(broken="locked"), Posting(broken_since=NOW)])
def test_one_that_stands_by_without_a_state_is_not_ready(broken: Posting) -> None:
    posting = msgspec.structs.replace(broken, standing_by="process 12 on quay")
    assert not judge(msgspec.structs.replace(FINE, posting=posting)).ready


TEXTS = st.text(max_size=20)
OBSERVATIONS = st.builds(
    Observation,
    at=st.just(NOW),
    snapshot=TEXTS,
    notice=TEXTS,
    chats=st.lists(st.builds(Connection, platform=st.just("slack"), trouble=TEXTS, heard=st.none())).map(
        tuple
    ),
    posting=st.none()
    | st.builds(
        Posting,
        working=st.booleans(),
        broken=TEXTS,
        broken_since=st.none() | st.just(NOW),
        standing_by=TEXTS,
    ),
    measured=st.sampled_from([None, Measured(at=NOW), OVERDUE, STUCK]),
    unreadable=TEXTS,
)


@given(OBSERVATIONS)
def test_it_is_ready_exactly_where_there_is_no_reason(seen: Observation) -> None:
    health = judge(seen)
    assert health.ready == (not health.reasons)
    assert all(health.reasons)
    assert all(health.warnings)
    stands_by = seen.posting is not None and bool(seen.posting.standing_by)
    if seen.measured in (OVERDUE, STUCK):
        assert health.ready <= stands_by
