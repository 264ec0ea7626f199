"""Records of the posts room as rows of its tables, and back."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row

from bot.posting import Place
from bot.posts.records import Origin, Quiet, Schedule, ScheduleState, Watch
from bot.posts.when import When


def place_row(place: Place) -> dict[str, str]:
    """Return the columns of a place."""
    return {
        "platform": place.platform,
        "workspace": place.workspace,
        "channel": place.channel,
        "thread": place.thread,
        "place": place.key,
    }


def read_place(row: Row[Any]) -> Place:
    """Return the place in a row."""
    return Place(platform=row.platform, workspace=row.workspace, channel=row.channel, thread=row.thread)


def schedule_row(schedule: Schedule) -> dict[str, Any]:
    """Return the columns of a schedule."""
    when = schedule.when
    own = ("id", "line", "grace", "made_by", "made_at", "next_at", "last_at")
    return (
        {name: getattr(schedule, name) for name in own}
        | {"origin": schedule.origin.value, "quiet": schedule.quiet.value, "state": schedule.state.value}
        | {"when": when.text, "cron": when.cron, "zone": when.zone}
        | place_row(schedule.place)
    )


def read_schedule(row: Row[Any]) -> Schedule:
    """Return the schedule in a row."""
    return Schedule(
        id=row.id,
        origin=Origin(row.origin),
        place=read_place(row),
        when=When(row.when, row.cron, row.zone),
        line=row.line,
        quiet=Quiet(row.quiet),
        grace=row.grace,
        state=ScheduleState(row.state),
        made_by=row.made_by,
        made_at=row.made_at,
        next_at=row.next_at,
        last_at=row.last_at,
    )


_WATCH: Final = ("id", "kind", "dossier", "thing", "label", "since", "made_by", "made_at")


def watch_row(watch: Watch) -> dict[str, Any]:
    """Return the columns of a watch."""
    return {name: getattr(watch, name) for name in _WATCH} | place_row(watch.place)


def read_watch(row: Row[Any]) -> Watch:
    """Return the watch in a row."""
    return Watch(place=read_place(row), **{name: getattr(row, name) for name in _WATCH})
