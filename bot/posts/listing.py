"""What is told of schedules: lists, one of them whole, and what became of its posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bot.posts.grace import grace_in_words
from bot.posts.records import Origin, Post, Quiet, Schedule, ScheduleState
from bot.posts.say import NEXT, made_by, moment, moments, outcome, say, upcoming
from bot.posts.when import in_words
from bot.reply import (
    Action,
    Block,
    Bullets,
    Divider,
    Field,
    Fields,
    Kind,
    Level,
    Line,
    Note,
    Paragraph,
    Reply,
    Span,
    Strong,
    Text,
    line,
)

SHOWN: Final = 50
"""Schedules of one list."""

DECLARED: Final = "declared in config/schedules.yaml"
QUIET: Final = {Quiet.SAY: "say so in one line", Quiet.SKIP: "post nothing"}


def listed(
    schedules: Sequence[Schedule],
    last: Mapping[str, Post],
    closed: Mapping[str, str],
    *,
    reader: str,
    now: float,
    everywhere: bool,
) -> Reply:
    """Return the list of schedules; `last` is the latest post of each, `closed` the places that take none."""
    title = "All schedules" if everywhere else "Schedules here"
    if not schedules:
        sentence = (
            "Nothing is scheduled anywhere. A schedule is added in the channel to post to, or declared in"
            " config/schedules.yaml."
            if everywhere
            else "Nothing is scheduled here. To begin: /schedule add every weekday 08:30 /briefing since:last"
        )
        return say(Kind.NONE, title, sentence)
    shown = schedules[:SHOWN]
    blocks: list[Block] = [closed_note(reason, key if everywhere else "") for key, reason in closed.items()]
    for one in shown:
        items = [Line((Text(f"{state_of(one)}: {in_words(one.when)}"), *_next(one, now)))]
        if one.id in last:
            items.append(Line((Text("Last: "), *outcome(last[one.id], one.when.zone).spans)))
        items.append(line(_origin(one, reader, everywhere)))
        blocks.append(Bullets(tuple(items), f"{one.id}: {one.line}"))
    if len(schedules) > SHOWN:
        count = f"{SHOWN} of {len(schedules):,} are shown. "
        blocks.append(Note(line(f"{count}See any other with /schedule show and its id.")))
    count = "1 schedule" if len(schedules) == 1 else f"{len(schedules):,} schedules"
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"{title}: {count}.",
        blocks=tuple(blocks),
        actions=tuple(Action(one.id, f"/schedule show {one.id}") for one in shown[:10]),
    )


def shown_whole(schedule: Schedule, posts: Sequence[Post], closed: str, *, reader: str, now: float) -> Reply:
    """Return one schedule with its next times and what became of its latest posts."""
    blocks: list[Block] = [closed_note(closed)] if closed else []
    blocks.append(card(schedule, now, reader=reader))
    if posts:
        blocks.append(Bullets(tuple(outcome(one, schedule.when.zone) for one in posts), "Latest posts"))
    return Reply(
        kind=Kind.ANSWER,
        title=schedule.id,
        summary=f"{schedule.id}: {schedule.line}, {in_words(schedule.when)}; {state_of(schedule).lower()}.",
        blocks=tuple(blocks),
        actions=handles(schedule),
    )


def told_history(schedule: Schedule, posts: Sequence[Post]) -> Reply:
    """Return what became of the latest posts of a schedule."""
    title = f"Posts of {schedule.id}"
    if not posts:
        return say(Kind.NONE, title, f"{schedule.id} has not come to a post yet.", *handles(schedule))
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"{title}: {outcome(posts[0], schedule.when.zone).text}.",
        blocks=(Bullets(tuple(outcome(one, schedule.when.zone) for one in posts)),),
        actions=handles(schedule),
    )


def confirmed(schedule: Schedule, preview: Reply, now: float) -> Reply:
    """Say what was scheduled, and show what it would post now."""
    heading = Paragraph((Line((Strong(preview.title),)),), "Preview")
    return Reply(
        kind=Kind.ANSWER,
        title=f"Scheduled: {schedule.id}",
        summary=f"{schedule.id} will post {schedule.line} here, {in_words(schedule.when)}.",
        blocks=(card(schedule, now, reader=schedule.made_by), Divider(), heading, *preview.blocks),
        sources=preview.sources,
        actions=handles(schedule),
        footer=preview.footer,
    )


def card(schedule: Schedule, now: float, *, reader: str) -> Fields:
    """Return what a schedule is, field by field."""
    fields = [
        Field("Id", line(schedule.id)),
        Field("Posts", line(schedule.line)),
        Field("When", line(in_words(schedule.when))),
    ]
    if schedule.state is ScheduleState.ACTIVE:
        fields.append(Field("Next", Line(tuple(_instants(schedule, now)))))
    else:
        fields.append(Field("State", line(state_of(schedule))))
    fields += [
        Field("Nothing new", line(QUIET[schedule.quiet])),
        Field("Late", line(f"sent up to {grace_in_words(schedule.grace)} late, then left out")),
        Field(
            "Made",
            Line((Text(f"{_origin(schedule, reader)}, "), moment(schedule.made_at, schedule.when.zone))),
        ),
    ]
    return Fields(tuple(fields))


def closed_note(reason: str, place: str = "") -> Note:
    """Say that a place takes no posts, and what to do."""
    where = place or "this channel"
    sentence = f"Posts to {where} are stopped: {reason} Then use /schedule resume with an id."
    return Note(line(sentence), Level.WARNING)


def handles(schedule: Schedule) -> tuple[Action, ...]:
    """Return the buttons for one schedule."""
    is_active = schedule.state is ScheduleState.ACTIVE
    names: tuple[str, ...] = ("pause" if is_active else "resume", "now")
    names = (*names, "history") if schedule.origin is Origin.CONFIG else (*names, "remove", "history")
    labels = {
        "pause": "Pause",
        "now": "Post now",
        "resume": "Resume",
        "remove": "Remove",
        "history": "History",
    }
    return tuple(Action(labels[one], f"/schedule {one} {schedule.id}") for one in names)


def state_of(schedule: Schedule) -> str:
    """Return the state of a schedule in a word."""
    return {
        ScheduleState.ACTIVE: "Active",
        ScheduleState.PAUSED: "Paused",
        ScheduleState.REMOVED: "Removed",
    }[schedule.state]


def _next(schedule: Schedule, now: float) -> list[Span]:
    if schedule.state is not ScheduleState.ACTIVE:
        return []
    return [Text("; next: "), *_instants(schedule, now)]


def _instants(schedule: Schedule, now: float) -> list[Span]:
    """Return the next times; the first is the one on record, which may be due this very second."""
    if schedule.next_at is None:
        found = upcoming(schedule.when, now)
    else:
        found = [schedule.next_at, *upcoming(schedule.when, max(now, schedule.next_at), NEXT - 1)]
    return moments(found, schedule.when.zone) if found else [Text("no more")]


def _origin(schedule: Schedule, reader: str, everywhere: bool = False) -> str:
    where = f", in {schedule.place.key}" if everywhere else ""
    if schedule.origin is Origin.CONFIG:
        return f"{DECLARED}{where}"
    return f"made by {made_by(schedule.made_by, reader)}{where}"
