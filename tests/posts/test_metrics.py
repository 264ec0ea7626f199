from __future__ import annotations

import re
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from posts_state import NOW, busy
from prometheus_client.parser import text_string_to_metric_families

from bot import __version__
from bot.posts.health import Connection, Observation, Posting
from bot.posts.measure import BUCKETS, Lateness, Measured, Totals, measure
from bot.posts.metrics import exposition
from bot.posts.reader import Reader
from bot.posts.records import PostState

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]
LABELS = {"platform", "state", "id", "version", "le"}


def _samples(seen: Observation) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(exposition(seen).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return {name: values for name, values in found.items() if not name.startswith(("process_", "python_"))}


def _seen(tmp_path: Path) -> Observation:
    reader = Reader(busy(tmp_path / "state.db").url)
    return Observation(
        at=NOW,
        snapshot="a1b2",
        reloaded_at=NOW - 60,
        chats=(
            Connection(platform="slack", heard=NOW - 5),
            Connection(platform="discord", trouble="There is no connection."),
        ),
        posting=Posting(),
        measured=reader.ask(lambda given: measure(given, NOW, Totals())),
    )


def test_what_was_observed_can_be_scraped(tmp_path: Path) -> None:
    found = _samples(_seen(tmp_path))
    assert found["briefing_bot_build_info"] == {(("version", __version__),): 1}
    assert found["briefing_bot_snapshot_info"] == {(("id", "a1b2"),): 1}
    assert found["briefing_bot_ready"] == {(): 0}
    assert found["briefing_bot_last_post_timestamp_seconds"] == {(): NOW - 3_000}
    assert found["briefing_bot_last_reload_timestamp_seconds"] == {(): NOW - 60}
    assert found["briefing_bot_last_inbound_event_timestamp_seconds"] == {(("platform", "slack"),): NOW - 5}
    assert found["briefing_bot_chat_connected"] == {
        (("platform", "slack"),): 1,
        (("platform", "discord"),): 0,
    }
    assert found["briefing_bot_schedules"] == {(("state", "active"),): 2, (("state", "paused"),): 1}
    assert found["briefing_bot_overdue_slots"] == {(): 2}
    assert found["briefing_bot_queue_waiting"] == {(("platform", "slack"),): 2, (("platform", "discord"),): 1}
    assert found["briefing_bot_closed_places"] == {(): 1}
    posts = found["briefing_bot_posts_total"]
    assert posts[("platform", "slack"), ("state", "missed")] == 6
    assert posts[("platform", "discord"), ("state", "posted")] == 0
    assert len(posts) == 2 * 6


def test_lateness_is_a_histogram(tmp_path: Path) -> None:
    found = _samples(_seen(tmp_path))
    buckets = {
        dict(labels)["le"]: value
        for labels, value in found["briefing_bot_post_lateness_seconds_bucket"].items()
    }
    assert buckets["2.0"] == buckets["300.0"] == 1
    assert buckets["900.0"] == buckets["+Inf"] == 2
    assert found["briefing_bot_post_lateness_seconds_count"] == {(): 2}
    assert found["briefing_bot_post_lateness_seconds_sum"] == {(): 602}


def test_no_place_person_or_schedule_is_told(tmp_path: Path) -> None:
    seen = _seen(tmp_path)
    text = exposition(seen).decode()
    assert not [one for one in ("C1", "T1", "s1", "s2", "Okafor", "archived") if one in text]
    labels = {name for values in _samples(seen).values() for one in values for name, _ in one}
    assert labels <= LABELS


def test_the_documentation_names_every_metric_and_no_other(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    rows = "".join(row for row in text.splitlines() if row.startswith("| `briefing_bot"))
    named = set(re.findall(r"briefing_bot_[a-z_]+", rows))
    made = {re.sub("_(bucket|count|sum)$", "", name) for name in _samples(_seen(tmp_path))}
    assert named == made
    assert set(re.findall(r"briefing_bot_[a-z_]+", text)) <= made
    assert [state for state in PostState if f"\n| `{state.value}` |" not in text] == []


def test_names_follow_prometheus_conventions(tmp_path: Path) -> None:
    for family in text_string_to_metric_families(exposition(_seen(tmp_path)).decode()):
        assert family.documentation
        if family.name.startswith("briefing_bot"):
            assert family.documentation.endswith(".")
            totals = [one.name for one in family.samples if one.name.endswith("_total")]
            assert bool(totals) == (family.type == "counter")


def test_a_playground_without_posts_tells_nothing_of_them() -> None:
    found = _samples(Observation(at=NOW, snapshot="a1b2", reloaded_at=NOW))
    assert sorted(found) == [
        "briefing_bot_build_info",
        "briefing_bot_last_reload_timestamp_seconds",
        "briefing_bot_ready",
        "briefing_bot_snapshot_info",
        "briefing_bot_snapshot_outdated",
    ]


def test_a_state_that_cannot_be_read_is_a_metric_too(tmp_path: Path) -> None:
    seen = msgspec.structs.replace(_seen(tmp_path), measured=None, unreadable="The state cannot be read.")
    found = _samples(seen)
    assert (found["briefing_bot_state_readable"], found["briefing_bot_ready"]) == ({(): 0}, {(): 0})
    assert "briefing_bot_posts_total" not in found


def test_a_state_without_a_post_has_no_instant_of_the_last() -> None:
    found = _samples(Observation(at=NOW, posting=Posting(), measured=Measured(at=NOW)))
    assert "briefing_bot_last_post_timestamp_seconds" not in found
    assert found["briefing_bot_post_lateness_seconds_count"] == {(): 0}


@given(
    st.lists(st.integers(0, 10**12), min_size=len(BUCKETS), max_size=len(BUCKETS)).map(sorted),
    st.floats(0, 1e15),
    st.text(max_size=30),
)
def test_any_numbers_and_any_text_can_be_parsed(buckets: list[int], total: float, text: str) -> None:
    measured = Measured(at=NOW, lateness=Lateness(tuple(buckets), buckets[-1] + 1, total), overdue=10**9)
    found = _samples(Observation(at=NOW, snapshot="x" + text.replace("\r", ""), measured=measured))
    assert found["briefing_bot_post_lateness_seconds_count"] == {(): buckets[-1] + 1}
    assert found["briefing_bot_overdue_slots"] == {(): 10**9}
    assert list(found["briefing_bot_post_lateness_seconds_bucket"].values())[:-1] == buckets
