"""What was observed, as Prometheus metrics. No label names a place, a person or a schedule: they are many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

import bot
from bot.posts.health import Observation, judge
from bot.posts.measure import BUCKETS, Lateness, Measured
from bot.posts.records import ENDED, ScheduleState

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
PREFIX: Final = "briefing_bot"


def exposition(seen: Observation) -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Fixed(_families(seen)))
    return generate_latest(registry)


class _Fixed(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _families(seen: Observation) -> Iterator[Metric]:
    yield InfoMetricFamily(f"{PREFIX}_build", "The program.", {"version": bot.__version__})
    yield _gauge("ready", "1 where /readyz answers 200.", judge(seen).ready)
    if seen.snapshot:
        yield InfoMetricFamily(
            f"{PREFIX}_snapshot", "The snapshot of the base in use.", {"id": seen.snapshot}
        )
    yield _gauge("snapshot_outdated", "1 where the base on disk does not load.", bool(seen.notice))
    if seen.reloaded_at is not None:
        yield _gauge("last_reload_timestamp_seconds", "When the snapshot came into use.", seen.reloaded_at)
    connected = _labelled("chat_connected", "1 where the chat is connected.", "platform")
    heard = _labelled("last_inbound_event_timestamp_seconds", "When the chat last sent anything.", "platform")
    for chat in seen.chats:
        connected.add_metric([chat.platform], float(not chat.trouble))
        if chat.heard is not None:
            heard.add_metric([chat.platform], chat.heard)
    yield from (connected, heard)
    if seen.posting is not None:
        by = bool(seen.posting.standing_by)
        yield _gauge("posting_standby", "1 where another process makes the posts.", by)
    if seen.unreadable or seen.measured is not None:
        yield _gauge("state_readable", "1 where the state database can be read.", seen.measured is not None)
    if seen.measured is not None:
        yield from _posts(seen.measured)


def _posts(measured: Measured) -> Iterator[Metric]:
    schedules = _labelled("schedules", "Schedules that are not removed.", "state")
    for state in ScheduleState:
        if state is not ScheduleState.REMOVED:
            schedules.add_metric([state.value], measured.schedules.get(state.value, 0))
    yield schedules
    yield _gauge("watches", "Watches.", measured.watches)
    yield _gauge("closed_places", "Places that take no posts.", measured.closed)
    yield _gauge(
        "overdue_slots",
        "Slots that no process has taken up, and posts beyond the time for trying.",
        measured.overdue + measured.stuck,
    )
    yield _gauge("late_posts", "Posts that wait longer than five minutes.", measured.late)
    waiting = _labelled("queue_waiting", "Posts that have not ended.", "platform")
    for platform, count in sorted(measured.waiting.items()):
        waiting.add_metric([platform], count)
    yield waiting
    ended = CounterMetricFamily(
        f"{PREFIX}_posts", "Slots by what became of them.", labels=("platform", "state")
    )
    for platform in sorted({one for one, _ in measured.ended}):
        # A state that has not been reached is 0 and not absent, so that its first increase is seen.
        for end in sorted(ENDED):
            ended.add_metric([platform, end.value], measured.ended.get((platform, end.value), 0))
    yield ended
    yield _lateness(measured.lateness)
    if measured.last_post_at is not None:
        yield _gauge("last_post_timestamp_seconds", "When a post last arrived.", measured.last_post_at)


def _lateness(late: Lateness) -> Metric:
    family = HistogramMetricFamily(
        f"{PREFIX}_post_lateness_seconds", "How long after its slot a post arrived."
    )
    buckets = [(str(most), float(count)) for most, count in zip(BUCKETS, late.buckets, strict=True)]
    family.add_metric([], [*buckets, ("+Inf", float(late.count))], late.total)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value=float(value))


def _labelled(name: str, text: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=[label])
