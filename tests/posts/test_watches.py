"""What a watch tells: which events there are on a day, how they are said, and that each is told once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import msgspec
import pytest
from bases import COAST
from factory import cited, fact_base, lines, snapshot, text
from front import ADA, NOW, Front, new_front
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.facts.snapshot import Snapshot
from bot.posting import Place
from bot.posts.ledger import Ledger
from bot.posts.records import Watch
from bot.posts.scan import Scanner
from bot.posts.watches import Event, events, tell

PLACE = Place(platform="slack", workspace="T1", channel="C1")
DAY = 24 * 3_600


def watch(kind: str, thing: str, since: date = date(2024, 1, 1), dossier: str = "coast") -> Watch:
    return Watch(
        id=f"{thing}-x", place=PLACE, kind=kind, dossier=dossier, thing=thing, label=thing, made_at=NOW,
        since=since.toordinal(),
    )  # fmt: skip


def told_on(opened: Snapshot, one: Watch, day: str) -> set[str]:
    return {event.id for event in events(fact_base(opened, date.fromisoformat(day)), one)}


LICENCES = watch("topic", "licences")
OKAFOR = watch("entity", "okafor")
MINISTRY = watch("entity", "ministry")
AUDIT = date(2024, 12, 31).toordinal()


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        ("2024-12-23", []),
        ("2024-12-24", ["soon"]),
        ("2024-12-30", ["soon"]),
        ("2024-12-31", ["due"]),
        ("2025-01-01", ["passed"]),
        ("2026-01-01", ["passed"]),
    ],
)
@pytest.mark.parametrize("one", [MINISTRY, LICENCES], ids=["owner", "topic"])
def test_a_duty_is_told_as_it_comes_due(coast: Snapshot, one: Watch, day: str, kinds: list[str]) -> None:
    found = told_on(coast, one, day)

    assert sorted(event for event in found if ":audit-order:" in event) == [
        f"{kind}:audit-order:{AUDIT}" for kind in kinds
    ]


def test_a_duty_with_an_outcome_is_not_told(coast: Snapshot) -> None:
    assert not any("review-order:" in one for one in told_on(coast, OKAFOR, "2025-03-10"))


def test_a_duty_that_was_past_when_it_was_written_down_is_no_news(tmp_path: Path) -> None:
    past = {name: content.replace("due: 2024-12-31", "due: 2024-01-15") for name, content in COAST.items()}
    opened = snapshot(tmp_path, past)
    try:
        found = told_on(opened, MINISTRY, "2025-03-10")
    finally:
        opened.close()

    assert "added:audit-order" in found
    assert not any(one.startswith("passed:audit-order") for one in found)


def test_changes_are_told_from_both_sides(coast: Snapshot) -> None:
    found = told_on(coast, MINISTRY, "2025-03-10")

    assert {"added:review-order", "added:audit-order", "superseded:old-count:new-count"} <= found
    assert "retracted:no-need" in told_on(coast, OKAFOR, "2025-03-10")
    assert "retracted:no-need" not in told_on(coast, OKAFOR, "2024-09-30")
    assert "superseded:old-count:new-count" not in told_on(coast, MINISTRY, "2024-09-20")


def test_what_is_said_or_owed_counts_too(coast: Snapshot) -> None:
    found = told_on(coast, OKAFOR, "2025-03-10")

    assert {"added:fares-denial", "added:review-order", "added:chief"} <= found


def test_only_days_from_the_watch_on_count(coast: Snapshot) -> None:
    late = watch("entity", "okafor", date(2025, 2, 1))

    assert told_on(coast, late, "2025-03-10") == {"added:dredging"}


def test_a_thing_of_a_dossier_that_is_not_seen_tells_nothing(both: Snapshot) -> None:
    north_only = fact_base(both, date(2025, 3, 10), "north")

    assert events(north_only, OKAFOR) == []
    assert tell(north_only, OKAFOR, ["added:chief"]) is None


def test_the_same_entity_of_another_dossier_is_another(both: Snapshot) -> None:
    line_ = watch("entity", "harbour-line")

    assert not any("quillfeather" in event.id for event in events(fact_base(both, date(2025, 3, 10)), line_))


@settings(max_examples=60, deadline=None)
@given(days=st.lists(st.integers(0, 900), min_size=1, max_size=6).map(sorted))
def test_days_one_after_the_other_never_tell_a_duty_backwards(coast: Snapshot, days: list[int]) -> None:
    start = date(2024, 6, 1).toordinal()
    order = ["soon", "due", "passed"]
    seen: dict[str, int] = {}
    for day in days:
        for event in events(fact_base(coast, date.fromordinal(start + day)), MINISTRY):
            if event.kind in order:
                step = order.index(event.kind)
                assert step >= seen.get(event.fact, 0)
                seen[event.fact] = step
            assert Event(*event.id.split(":")) == event


# --- the post ------------------------------------------------------------------------------------------


def test_every_event_is_said_with_its_sources(coast: Snapshot) -> None:
    base = fact_base(coast, date(2025, 3, 10))
    ids = [one.id for one in events(base, MINISTRY)]

    reply = tell(base, MINISTRY, ids)

    assert reply is not None
    assert reply.title == "News of Ministry of Transport"
    assert len(list(lines(reply))) == len(ids)
    for one in lines(reply):
        assert "[" in one.text, one.text
    assert {number for number, _ in cited(reply)} == {source.number for source in reply.sources}
    assert "Now: " in text(reply)
    assert [block.heading for block in reply.blocks] == ["Superseded", "Added", "Date passed"]  # type: ignore[union-attr]


def test_a_retraction_says_why(coast: Snapshot) -> None:
    reply = tell(fact_base(coast, date(2025, 3, 10)), OKAFOR, ["retracted:no-need"])

    assert reply is not None
    assert "Withdrawn because: The paper withdrew the quotation." in text(reply)
    assert reply.summary == "Ada Okafor: 1 retracted."


@pytest.mark.parametrize(
    "ids",
    [
        [],
        ["added:zzyzx"],
        ["superseded:old-count:zzyzx"],
        ["retracted:chief"],
        ["nonsense"],
        ["later-kind:chief"],
        [":::"],
    ],
)
def test_what_is_not_there_any_more_is_not_told(coast: Snapshot, ids: list[str]) -> None:
    assert tell(fact_base(coast, date(2025, 3, 10)), OKAFOR, ids) is None


# --- looking for them ----------------------------------------------------------------------------------


@pytest.fixture
async def front(tmp_path: Path, coast: Snapshot) -> AsyncIterator[Front]:
    async with new_front(tmp_path, coast) as made:
        yield made


def real_ledger(front: Front) -> Ledger:
    ledger = Ledger(front.store, lambda: front.now)

    async def queue(*_: object) -> None:
        return None

    ledger.enqueue = queue
    return ledger


def scanner(
    front: Front, ledger: Ledger, seen: Callable[[Place], tuple[str, ...] | None] = lambda place: None
) -> Scanner:
    return Scanner(
        front.store,
        ledger,
        snapshot=lambda: front.snapshot,
        seen=seen,
        zone=lambda place: front.zone,
        now=lambda: front.now,
    )


async def test_a_new_watch_has_no_backlog_and_tells_each_thing_once(front: Front, tmp_path: Path) -> None:
    ledger = real_ledger(front)
    scan = scanner(front, ledger)
    await front.say("/watch Ministry of Transport")
    await front.say("/watch topic:licences")
    assert await scan.scan() == 0

    changed = {
        name: content.replace("will audit", "is to audit").replace("due: 2024-12-31", "due: 2025-03-15")
        for name, content in COAST.items()
    }
    changed["coast/facts/licences.yaml"] += """
- id: new-order
  kind: order
  text: The ministry ordered new buoys.
  about: [ministry]
  topics: [fleet]
  sources: [{ref: herald, p: 5, hash: 0123456789abcd00}]
  added: 2025-03-01
"""
    front.snapshot = snapshot(tmp_path / "changed", changed)
    try:
        assert await scan.scan() == 2
        assert await scan.scan() == 0
        front.now += 5 * DAY  # the day on which it is due
        assert await scan.scan() == 2
        front.now += DAY
        assert await scan.scan() == 2
        assert await scan.scan() == 0
    finally:
        front.snapshot.close()
    told = [await ledger.events(post.id) for post in await ledger.going_on()]
    due = date(2025, 3, 15).toordinal()
    assert sorted(event for some in told for event in some) == sorted(
        [
            "added:new-order",
            *(f"{kind}:audit-order:{due}" for kind in ("soon", "due", "passed")),
            *(f"{kind}:audit-order:{due}" for kind in ("soon", "due", "passed")),
        ]
    )


async def test_a_duty_that_is_due_soon_when_the_watch_begins_counts_as_told(front: Front) -> None:
    front.now = 1_735_290_000.0  # 27 December 2024: the audit is due in four days
    scan = scanner(front, real_ledger(front))
    await front.say("/watch Ministry of Transport")

    assert await scan.scan() == 0
    front.now += 4 * DAY
    assert await scan.scan() == 1


async def test_two_processes_tell_it_once(front: Front) -> None:
    ledger = real_ledger(front)
    await front.store.add_watch(OKAFOR)

    made = [await scanner(front, ledger).scan(), await scanner(front, real_ledger(front)).scan()]

    assert made == [1, 0]


async def test_a_place_that_takes_no_posts_is_left_out(front: Front) -> None:
    scan = scanner(front, real_ledger(front))
    await front.store.add_watch(OKAFOR)
    await front.close_place(PLACE, "The channel is archived.")

    assert await scan.scan() == 0
    await front.store.reopen(PLACE.key)
    assert await scan.scan() == 1


async def test_what_a_place_does_not_see_is_not_told_there(front: Front) -> None:
    await front.store.add_watch(OKAFOR)

    assert await scanner(front, real_ledger(front), seen=lambda place: ()).scan() == 0


async def test_one_watch_that_breaks_keeps_no_other_from_being_told(front: Front) -> None:
    await front.store.add_watch(
        msgspec.structs.replace(OKAFOR, id="a", place=Place(platform="slack", channel="C9"))
    )
    await front.store.add_watch(OKAFOR)

    def seen(place: Place) -> tuple[str, ...] | None:
        if place.channel == "C9":
            raise RuntimeError("broken")
        return None

    with capture_logs() as logs:
        assert await scanner(front, real_ledger(front), seen=seen).scan() == 1
    assert [one["watch"] for one in logs if one["log_level"] == "error"] == ["a"]


async def test_a_fact_that_is_dated_back_is_news_all_the_same(front: Front, tmp_path: Path) -> None:
    scan = scanner(front, real_ledger(front))
    await front.say("/watch Ministry of Transport", ADA)
    root = tmp_path / "dated"
    late = dict(COAST)
    late["coast/facts/licences.yaml"] += """
- id: new-order
  kind: order
  text: The ministry ordered new buoys.
  about: [ministry]
  topics: [fleet]
  sources: [{ref: herald, p: 5, hash: 0123456789abcd00}]
  added: 2025-03-05
"""
    front.snapshot = snapshot(root, late)
    try:
        assert await scan.scan() == 1
    finally:
        front.snapshot.close()
