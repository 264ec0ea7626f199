"""The checker finds whatever is doctored into an honest record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from bot.adapters.discord.posting import mark
from bot.posting import Page, Place, Reference
from bot.posts.planner import slot_id
from bot.posts.records import Post, PostState
from chaos.checker import check, lateness
from chaos.evidence import Evidence, Message, Planned, Span
from chaos.rhythm import every, following, slots

SLACK = Place(platform="slack", workspace="T0TEAM", channel="C0001")
DISCORD = Place(platform="discord", workspace="1", channel="1001")
NOON = 1_800_000_000.0
PAGES: tuple[Page, ...] = ({}, {})
State = PostState


def post(schedule: str, place: Place, slot: float, state: State = State.POSTED, **changes: Any) -> Post:
    given: dict[str, Any] = {
        "id": slot_id(schedule, slot),
        "schedule": schedule,
        "place": place,
        "slot": slot,
        "state": state,
        "pages": PAGES if state is State.POSTED else (),
        "reason": "" if state is State.POSTED else "Because.",
        "intent_at": slot + 0.5 if state is State.POSTED else None,
        "ended_at": slot + 2,
    }
    if state is State.POSTED:
        number = f"{slot:.0f}"
        messages = {1: f"{number}.1", 2: f"{number}.2"}
        given["reference"] = Reference(channel=place.channel, messages=messages)
    return Post(**given | changes)


def messages(of: Post) -> list[Message]:
    """The messages of a post that stands whole."""
    assert of.reference is not None
    found = []
    for page, message in of.reference.messages.items():
        is_discord = of.place.platform == "discord"
        found.append(
            Message(
                at=of.slot + page,
                platform=of.place.platform,
                channel=of.place.channel,
                message=message,
                key=str(mark(of.id, page)) if is_discord else of.id,
                page=1 if is_discord else page,
                thread=of.reference.messages[1] if page == 2 and not is_discord else "",
            )
        )
    return found


def honest() -> Evidence:
    """Two schedules, each ten seconds: one is paused and resumed, and misses two slots after that."""
    posts = [post("s", SLACK, NOON + n) for n in (0, 10)]
    posts += [post("d", DISCORD, NOON + n) for n in (0, 10, 20, 60)]
    posts += [
        post("s", SLACK, NOON + 20, State.CANCELLED),
        post("d", DISCORD, NOON + 30, State.MISSED, last_slot=NOON + 50, count=3),
        post("d", DISCORD, NOON + 5, id="now:d:1"),
    ]
    stands = [one for two in posts if two.state is State.POSTED for one in messages(two)]
    return Evidence(
        schedules=[
            Planned(id="s", place=SLACK, when=every(10, 0)),
            Planned(id="d", place=DISCORD, when=every(10, 0)),
        ],
        spans=[
            Span(schedule="s", first=NOON, end=NOON + 30, paused_at=NOON + 22, resumed_at=NOON + 90),
            Span(schedule="s", first=NOON + 100, end=NOON + 100, paused_at=NOON + 95),
            Span(schedule="d", first=NOON, end=NOON + 70, paused_at=NOON + 61),
        ],
        asked=["now:d:1"],
        posts=posts,
        messages=stands,
        in_flight=5.0,
    )


def kinds(evidence: Evidence) -> set[str]:
    return {one.kind for one in check(evidence)}


def change(index: int, **changes: Any) -> Callable[[Evidence], None]:
    def doctor(evidence: Evidence) -> None:
        evidence.posts[index] = replace(evidence.posts[index], **changes)

    return doctor


def drop_post(index: int) -> Callable[[Evidence], None]:
    def doctor(evidence: Evidence) -> None:
        del evidence.posts[index]

    return doctor


def drop_message(index: int) -> Callable[[Evidence], None]:
    def doctor(evidence: Evidence) -> None:
        del evidence.messages[index]

    return doctor


def change_message(index: int, **changes: Any) -> Callable[[Evidence], None]:
    def doctor(evidence: Evidence) -> None:
        evidence.messages[index] = replace(evidence.messages[index], **changes)

    return doctor


def double(index: int) -> Callable[[Evidence], None]:
    return lambda evidence: evidence.messages.append(replace(evidence.messages[index], message="again"))


def change_span(index: int, **changes: Any) -> Callable[[Evidence], None]:
    def doctor(evidence: Evidence) -> None:
        evidence.spans[index] = replace(evidence.spans[index], **changes)

    return doctor


def test_an_honest_record_is_found_right() -> None:
    assert check(honest()) == []
    assert lateness(honest()) == [2.0] * 6


WRONG = {
    "a slot without a record": ("lost", [drop_post(0), drop_message(0), drop_message(0)]),
    "what was asked for without a record": ("lost", [drop_post(8), drop_message(-1), drop_message(-1)]),
    "a post that never ended": ("lost", [change(0, state=State.RETRYING)]),
    "a page that does not stand, in Slack": ("lost", [drop_message(1)]),
    "a page that does not stand, in Discord": ("lost", [drop_message(4)]),
    "a post without pages": ("lost", [change(0, pages=()), drop_message(0), drop_message(0)]),
    "a page that stands twice, in Slack": ("doubled", [double(0)]),
    "a page that stands twice, in Discord": ("doubled", [double(5)]),
    "a message of no post": ("untrue", [change_message(0, key="schedule:x"), drop_post(0)]),
    "a page of no number": ("untrue", [change_message(1, page=3)]),
    "cancelled, and it stands": ("untrue", [change(0, state=State.CANCELLED, reason="Paused.")]),
    "missed, and it stands": ("untrue", [change(0, state=State.MISSED, reason="Late.")]),
    "quiet, and it stands": ("untrue", [change(0, state=State.QUIET, reason="Quiet.")]),
    "failed where nothing refuses": ("untrue", [change(6, state=State.FAILED)]),
    "unknown where it can be found out": ("untrue", [change(6, state=State.UNKNOWN)]),
    "ended without a reason": ("untrue", [change(6, reason="")]),
    "a reference to another message": (
        "untrue",
        [change(0, reference=Reference(channel="C0001", messages={1: "x", 2: "1800000000.2"}))],
    ),
    "a reference to another channel": (
        "untrue",
        [change(0, reference=Reference(channel="C0", messages={1: "1800000000.1", 2: "1800000000.2"}))],
    ),
    "no reference": ("untrue", [change(0, reference=None)]),
    "a message in another channel": ("untrue", [change_message(0, channel="C0002")]),
    "a page outside of the thread": ("untrue", [change_message(1, thread="")]),
    "a slot on record twice": ("untrue", [change(7, slot=NOON + 20, count=4)]),
    "a count that is wrong": ("untrue", [change(7, count=2)]),
    "a slot of a time when it was paused": ("after pause", [change_span(0, end=NOON + 20)]),
    "a post that begins after a pause": (
        "after pause",
        [change_span(0, paused_at=NOON + 10.4), change(1, intent_at=NOON + 10.5)],
    ),
    "a post long after a pause": ("after pause", [change_message(2, at=NOON + 30)]),
    "a post after a removal": (
        "after pause",
        [change_span(2, paused_at=NOON + 5.4, is_removal=True)],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found(name: str) -> None:
    kind, doctors = WRONG[name]
    evidence = honest()
    for doctor in doctors:
        doctor(evidence)
    assert kind in kinds(evidence)


RIGHT = {
    "a post that was on its way when it was paused": [
        change_span(0, paused_at=NOON + 10.6),
        change_message(2, at=NOON + 11),
    ],
    "the rest of a post after a pause": [change_span(0, paused_at=NOON + 11.5)],
    "failed where posts are refused": [
        change(6, state=State.FAILED),
        lambda evidence: evidence.refusing.append(SLACK.key),
    ],
    "unknown where nothing can be read": [
        change(6, state=State.UNKNOWN),
        lambda evidence: evidence.unreadable.append(SLACK.key),
    ],
    "what was asked for, after a pause": [change_span(2, paused_at=NOON + 61, end=NOON + 70)],
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_let_be(name: str) -> None:
    evidence = honest()
    for doctor in RIGHT[name]:
        doctor(evidence)
    assert check(evidence) == []


def test_a_failed_post_may_stand_in_part_and_says_which() -> None:
    evidence = honest()
    evidence.refusing.append(SLACK.key)
    change(0, state=State.FAILED, reason="Refused.")(evidence)
    assert kinds(evidence) == {"untrue"}
    drop_message(1)(evidence)
    assert kinds(evidence) == {"untrue"}
    change(0, reference=Reference(channel="C0001", messages={1: "1800000000.1"}))(evidence)
    assert check(evidence) == []


def test_the_rhythm_has_every_instant_once() -> None:
    when = every(7, 3)
    found: list[float] = []
    instant = NOON
    while len(found) < 100:
        instant = following(when, instant)
        found.append(instant)
    assert all((one - 3) % 7 == 0 for one in found)
    assert [later - one for one, later in pairwise(found)] == [7.0] * 99
    begin, end = (datetime.fromtimestamp(one, UTC) for one in (NOON, found[9]))
    assert [one.at.timestamp() for one in slots(when, begin, end)] == found[:10]
