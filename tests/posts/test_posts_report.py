from __future__ import annotations

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from posts_state import NOW, Kept, busy

from bot.adapters.terminal.render import render
from bot.adapters.texts import inert
from bot.posts.measure import Measured, measure
from bot.posts.reader import Closed, Notice, Overview, PostView, Reader, overview
from bot.posts.records import PostState
from bot.posts.report import (
    EMPTY,
    Clock,
    data,
    duration,
    event,
    event_data,
    late,
    read_since,
    relative,
    report,
)
from bot.posts.when import When
from bot.reply import Reply

CLOCK = Clock(UTC)


def _look(kept: Kept) -> tuple[Overview, Measured]:
    return Reader(kept.url).ask(lambda given: (overview(given, NOW, NOW - 604_800), measure(given, NOW)))


def _report(kept: Kept, clock: Clock = CLOCK) -> Reply:
    return report(*_look(kept), "the state", clock)


def _text(reply: Reply, width: int = 80) -> str:
    return "".join(render(reply, width=width).pages)


def _view(state: PostState = PostState.POSTED, **changes: object) -> PostView:
    one = PostView(
        id="schedule:s1:x",
        schedule="s1",
        watch="",
        place="slack:T1:C1",
        line="/due",
        slot=NOW,
        last_slot=None,
        count=1,
        state=state,
        reason="",
        summary="",
        attempts=1,
        ended_at=NOW + 2,
    )
    return msgspec.structs.replace(one, **changes)


def test_the_report_says_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.posts.report.in_words", lambda when: when.text)
    assert _text(_report(busy(tmp_path / "state.db"))) == (
        Path(__file__).with_name("report.txt").read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("width", [20, 80, 120])
def test_lines_keep_to_the_width(tmp_path: Path, width: int) -> None:
    lines = _text(_report(busy(tmp_path / "state.db")), width).splitlines()
    assert max(map(len, lines)) <= width


def test_an_empty_state_says_how_to_begin(tmp_path: Path) -> None:
    reply = _report(Kept(tmp_path / "state.db"))
    assert reply.summary == EMPTY
    assert " ".join(_text(reply).split()).endswith(EMPTY)


def test_a_declared_schedule_before_its_first_post_is_not_empty(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    kept.schedule("s1", NOW + 90_000)
    text = _text(_report(kept))
    assert "2026-11-30 01:00  in 25 h · slack:T1:C1 · 02:00 Europe/Berlin · /due" in text
    assert "1 schedule is active. Since 2026-11-22 00:00: no posts." in text


def test_times_are_the_machine_s_and_its_zone_is_said(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    kept.schedule("s1", NOW + 90_000)
    text = _text(_report(kept, Clock(ZoneInfo("Europe/Berlin"))))
    assert "2026-11-29 01:00:00 CET (UTC+01:00), this machine's time · the state" in text
    assert "2026-11-30 02:00  in 25 h · slack:T1:C1 · /due" in text


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("UTC", "UTC"),
        ("Asia/Kolkata", "IST (UTC+05:30)"),
        ("America/Sao_Paulo", "UTC-03:00"),
        ("Pacific/Chatham", "UTC+13:45"),
    ],
)
def test_a_zone_is_named_as_people_do(zone: str, name: str) -> None:
    assert Clock(ZoneInfo(zone)).name(NOW) == name


def test_only_so_much_is_shown_and_the_rest_counted(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    for number in range(1, 14):
        kept.schedule(f"s{number}", NOW + number)
        kept.post(f"p{number}", PostState.POSTED, NOW - number, f"Post {number}.", ended_at=NOW - number)
        kept.post(f"f{number}", PostState.FAILED, NOW - number, reason="No.", ended_at=NOW - number)
        kept.note(f"Notice {number}.", NOW - number)
    text = _text(_report(kept))
    assert text.count("3 more; --format json lists them, 1,000 at most.") == 4
    assert "Post 10." in text
    assert "Post 11." not in text


def test_a_notice_that_repeats_a_failure_is_left_out(tmp_path: Path) -> None:
    text = " ".join(_text(_report(busy(tmp_path / "state.db"))).split())
    assert text.count("The channel is archived") == 2
    assert "A post is failed" not in text


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    kept.schedule("s1", NOW + 60, line="/due \x1b[31m\n\u202e" + "x" * 10_000)
    lines = _text(_report(kept)).splitlines()
    assert "\x1b" not in "".join(lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (When("daily", "30 8 * * *", "Mars/Base"), "every day at 08:30, Mars/Base · s1"),
        (When("daily", "x", "UTC"), "daily (not understood) · s1"),
        (When("daily", "", ""), "daily (not understood) · s1"),
    ],
)
def test_a_rule_that_is_not_understood_hides_no_other(tmp_path: Path, when: When, said: str) -> None:
    kept = Kept(tmp_path / "state.db")
    kept.schedule("s1", NOW + 60, when=when)
    kept.schedule("s2", NOW + 90_000)
    text = " ".join(_text(_report(kept)).split())
    assert said in text
    assert "· s2" in text


def test_data_is_all_of_it_with_instants_in_utc(tmp_path: Path) -> None:
    kept = busy(tmp_path / "state.db")
    found = msgspec.json.decode(msgspec.json.encode(data(*_look(kept), "the state")))
    assert found["at"] == "2026-11-29T00:00:00Z"
    assert [one["at"] for one in found["next"]] == ["2026-11-28T23:50:00Z", "2026-11-29T03:00:00Z"]
    assert [one["state"] for one in found["ended"]] == [
        "posted",
        "quiet",
        "cancelled",
        "failed",
        "unknown",
        "missed",
        "posted",
    ]
    assert found["ended"][5]["last_slot"] == "2026-11-28T07:20:00Z"
    assert found["counts"]["missed"] == 6
    assert len(found["warnings"]) == 3
    assert len(found["notices"]) == 2


# --- events ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            _view(summary="One duty is open."),
            "2026-11-29 00:00:02  posted     slack:T1:C1  One duty is open. (on time)",
        ),
        (_view(ended_at=NOW + 3_600), "2026-11-29 01:00:00  posted     slack:T1:C1  /due (60 min late)"),
        (
            _view(PostState.MISSED, count=6, reason="Asleep."),
            "2026-11-29 00:00:02  missed     slack:T1:C1  /due (due 2026-11-29 00:00 and 5 more) Asleep.",
        ),
        (
            _view(PostState.RETRYING, ended_at=None, reason="Slack answered with status 503."),
            (
                "2026-11-29 00:05:00  retrying   slack:T1:C1  /due (due 2026-11-29 00:00) Slack answered "
                "with status 503."
            ),
        ),
        (
            Closed(place="slack:T1:C1", reason="It is archived.", at=NOW),
            "2026-11-29 00:00:00  closed     slack:T1:C1  No more posts go there. It is archived.",
        ),
        (
            Notice(n=1, at=NOW, place="", post="", text="A declared schedule is wrong."),
            "2026-11-29 00:00:00  notice     A declared schedule is wrong.",
        ),
    ],
    ids=["posted", "late", "missed", "retrying", "closed", "notice"],
)
def test_an_event_is_one_line(one: PostView | Closed | Notice, said: str) -> None:
    assert event(one, CLOCK, NOW + 300) == said


@given(st.sampled_from(PostState), st.text(), st.text(), st.integers(1, 10**6), st.none() | st.floats(0, 4e9))
def test_any_event_is_one_line_and_one_record(
    state: PostState, reason: str, summary: str, count: int, ended_at: float | None
) -> None:
    one = _view(state, reason=reason, summary=summary, count=count, ended_at=ended_at)
    said = inert(event(one, CLOCK, NOW))
    assert len(said.splitlines()) == 1
    assert f"  {state.value} " in said
    assert event_data(one)["event"] == state.value
    assert b"\n" not in msgspec.json.encode(event_data(one))


# --- words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (1, "1 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3_600, "60 min"),
        (7_199, "120 min"),
        (10_780, "3 h"),
        (172_800, "2 days"),
        (864_000, "10 days"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@given(st.floats(0, 1e9))
def test_a_duration_is_what_it_says_up_to_a_quarter(seconds: float) -> None:
    number, unit = duration(seconds).split()
    size = {"s": 1, "min": 60, "h": 3_600, "days": 86_400}[unit]
    assert abs(int(number) * size - seconds) <= max(0.51, 0.26 * seconds)


def test_relative_and_late() -> None:
    assert [relative(one) for one in (-300, -0.5, 0, 0.5, 30)] == [
        "5 min ago",
        "now",
        "now",
        "now",
        "in 30 s",
    ]
    assert [late(one) for one in (-3, 9, 45, 1e4)] == ["on time", "on time", "45 s late", "3 h late"]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("7d", NOW - 604_800),
        ("12h", NOW - 43_200),
        (" 90m ", NOW - 5_400),
        ("0m", NOW),
        ("2026-11-28", NOW - 86_400),
        ("2026-11-28T12:00", NOW - 43_200),
        ("2026-11-28T12:00+01:00", NOW - 46_800),
    ],
)
def test_since_is_a_length_or_a_day(text: str, instant: float) -> None:
    assert read_since(text, NOW, UTC) == instant


@pytest.mark.parametrize("text", ["", "x", "7", "7w", "-1d", "7 d", "٧d", "2026-13-01", "x" * 10_000])
def test_since_refuses_the_rest_in_one_sentence(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"is no time: write 7d, 12h, 90m, or a day such as 2026-11-29\.$"
    ) as caught:
        read_since(text, NOW, UTC)
    assert len(str(caught.value)) < 140


def test_since_refuses_what_is_to_come() -> None:
    with pytest.raises(ValueError, match="2026-11-30 is still to come"):
        read_since("2026-11-30", NOW, UTC)


@given(st.text(max_size=30))
@example("99999d")
@example("0001-01-01")
@example("9999-12-31T23:59:59+23:59")
def test_since_gives_an_instant_or_a_sentence(text: str) -> None:
    try:
        instant = read_since(text, NOW)
    except ValueError as error:
        said = str(error)
    else:
        said = f"{instant <= NOW}."
    assert said.endswith(".")
    assert not said.startswith("False")
