"""Holds the record to what the chats really accepted: nothing lost, doubled, unasked for or untrue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from bot.adapters.discord.posting import mark
from bot.posts.records import ENDED, Post, PostState
from chaos.evidence import Evidence, Finding, Message, Planned, Span
from chaos.rhythm import following

LOST, DOUBLED, AFTER_PAUSE, UNTRUE = "lost", "doubled", "after pause", "untrue"
NOTHING_STANDS = {PostState.MISSED, PostState.CANCELLED, PostState.QUIET}
Stands = dict[int, list[Message]]
"""The messages that stand for each page of a post."""


def check(evidence: Evidence) -> list[Finding]:
    """Return everything that is wrong."""
    stands, strays = assign(evidence)
    found = [
        Finding(UNTRUE, one.message, f"It stands in {one.channel} and no record knows of it.")
        for one in strays
    ]
    for post in evidence.posts:
        found += _check_post(post, stands[post.id], evidence)
    return [*found, *_check_slots(evidence), *_check_pauses(evidence, stands)]


def assign(evidence: Evidence) -> tuple[dict[str, Stands], list[Message]]:
    """Return the messages of each post by page, and those of none."""
    keys: dict[tuple[str, str, int], tuple[str, int]] = {}
    for post in evidence.posts:
        for number in range(1, max(len(post.pages), 1) + 1):
            if post.place.platform == "discord":
                # A page there carries a number that is made of the key and the page.
                keys["discord", str(mark(post.id, number)), 1] = (post.id, number)
            else:
                keys[post.place.platform, post.id, number] = (post.id, number)
    stands: dict[str, Stands] = defaultdict(lambda: defaultdict(list))
    strays = []
    for one in evidence.messages:
        owner = keys.get((one.platform, one.key, one.page))
        if owner is None:
            strays.append(one)
        else:
            stands[owner[0]][owner[1]].append(one)
    return stands, strays


def _check_post(post: Post, stands: Stands, evidence: Evidence) -> Iterator[Finding]:
    whole = {*range(1, len(post.pages) + 1)}
    for number, messages in sorted(stands.items()):
        if len(messages) > 1:
            when = ", ".join(f"{one.at:.2f}" for one in messages)
            yield Finding(DOUBLED, post.id, f"Page {number} stands {len(messages)} times: {when}.")
        wrong = [one.channel for one in messages if one.channel != post.place.channel]
        if wrong:
            yield Finding(UNTRUE, post.id, f"Page {number} stands in {wrong[0]}.")
    told = post.reference.messages if post.reference else {}
    match post.state:
        case state if state not in ENDED:
            yield Finding(LOST, post.id, f"It never came to an end: {state}, {post.reason or 'no reason'}.")
        case PostState.POSTED:
            missing = sorted(whole - stands.keys())
            if missing or not whole:
                yield Finding(LOST, post.id, f"It is recorded as posted; pages {missing} do not stand.")
            yield from _check_reference(post, stands)
        case PostState.FAILED:
            if post.place.key not in evidence.refusing:
                yield Finding(UNTRUE, post.id, f"Nothing refuses posts there: {post.reason}")
            if whole and whole <= stands.keys():
                yield Finding(UNTRUE, post.id, "It is recorded as failed and stands whole.")
            if told.keys() != stands.keys():
                yield Finding(
                    UNTRUE, post.id, f"It failed; {sorted(told)} are recorded, {sorted(stands)} stand."
                )
        case PostState.UNKNOWN:
            if post.place.key not in evidence.unreadable:
                yield Finding(UNTRUE, post.id, f"It could have been found out: {post.reason}")
        case state if state in NOTHING_STANDS and stands:
            yield Finding(UNTRUE, post.id, f"It is recorded as {state}, and pages {sorted(stands)} stand.")
    if post.state in ENDED - {PostState.POSTED, PostState.QUIET} and not post.reason:
        yield Finding(UNTRUE, post.id, f"It is {post.state}, and no reason is recorded.")


def _check_reference(post: Post, stands: Stands) -> Iterator[Finding]:
    reference = post.reference
    for number, messages in stands.items():
        told = reference.messages.get(number) if reference else None
        if told not in {one.message for one in messages}:
            yield Finding(
                UNTRUE, post.id, f"Page {number} is said to be {told}; it is {messages[0].message}."
            )
        if reference and reference.channel != messages[0].channel:
            yield Finding(UNTRUE, post.id, f"It is said to stand in {reference.channel}.")
        first = stands.get(1)
        if post.place.platform == "slack" and number > 1 and first and messages[0].thread != first[0].message:
            yield Finding(UNTRUE, post.id, f"Page {number} does not stand in the thread of page 1.")


def _check_slots(evidence: Evidence) -> Iterator[Finding]:
    """Each slot that was to be kept is on record once, and no other one is."""
    expected: dict[str, set[float]] = defaultdict(set)
    schedules = {one.id: one for one in evidence.schedules}
    for span in evidence.spans:
        expected[span.schedule] |= set(slots_between(schedules[span.schedule], span.first, span.end))
    recorded: dict[str, list[float]] = defaultdict(list)
    for post in evidence.posts:
        if not post.id.startswith("schedule:"):
            continue
        covered = list(
            slots_between(schedules[post.schedule], post.slot, (post.last_slot or post.slot) + 0.5)
        )
        if len(covered) != post.count:
            yield Finding(UNTRUE, post.id, f"It stands for {post.count} slots; there are {len(covered)}.")
        recorded[post.schedule] += covered
    for schedule, slots in sorted(expected.items()):
        have = recorded[schedule]
        for slot in sorted(slots - set(have)):
            yield Finding(LOST, schedule, f"Its slot {slot:.0f} is not on record.")
        for slot in sorted({one for one in have if have.count(one) > 1}):
            yield Finding(UNTRUE, schedule, f"Its slot {slot:.0f} is recorded twice.")
        for slot in sorted(set(have) - slots):
            yield Finding(AFTER_PAUSE, schedule, f"Its slot {slot:.0f} was planned while it was not active.")
    ids = {post.id for post in evidence.posts}
    for asked in evidence.asked:
        if asked not in ids:
            yield Finding(LOST, asked, "It was asked for and is not on record.")


def slots_between(planned: Planned, first: float, end: float) -> Iterable[float]:
    """Yield the slots of a schedule from `first` on and before `end`."""
    slot = following(planned.when, first - 0.5)
    while slot < end:
        yield slot
        slot = following(planned.when, slot)


def _check_pauses(evidence: Evidence, stands: dict[str, Stands]) -> Iterator[Finding]:
    """Nothing begins to be sent while its schedule is paused or removed."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for span in evidence.spans:
        spans[span.schedule].append(span)
    for post in evidence.posts:
        for span in spans[post.schedule]:
            first = min((one.at for one in stands[post.id].get(1, ())), default=None)
            if not (span.is_removal or post.id.startswith("schedule:")):
                continue
            if first is None or not _is_within(first, span):
                continue
            began = post.intent_at
            if began is None or began > span.paused_at or first - span.paused_at > evidence.in_flight:
                yield Finding(
                    AFTER_PAUSE,
                    post.id,
                    f"It was accepted {first - span.paused_at:.1f} seconds after a pause.",
                )


def _is_within(instant: float, span: Span) -> bool:
    return instant > span.paused_at and (span.resumed_at is None or instant < span.resumed_at)


def lateness(evidence: Evidence) -> list[float]:
    """Return by how many seconds the last page of each slot's whole post came after it, sorted."""
    stands, _ = assign(evidence)
    return sorted(
        max(messages[0].at for messages in stands[post.id].values()) - post.slot
        for post in evidence.posts
        if post.state is PostState.POSTED and stands[post.id] and post.id.startswith("schedule:")
    )
