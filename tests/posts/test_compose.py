"""What a post says: what is news in it, what was wrong before, and what is missing."""

from datetime import UTC, date, datetime

import pytest
from factory import Shelf, text
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from world import DAILY, PLACE

from bot.commands import REGISTRY
from bot.desk import Asker
from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot
from bot.posts.compose import CannotTell, Composed, Composer, asked, joined, news_of
from bot.posts.ledger import Stated
from bot.posts.records import Content, Post, PostState, Quiet, Schedule
from bot.reply import Bullets, Cite, Kind, Note, Reply, SourceLine, block_lines, line


class Answers:
    """The core, on any day."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def ask(self, line: str, asker: Asker, today: date) -> Reply:
        return Dispatcher(REGISTRY, Shelf(self.snapshot), today=lambda: today).ask(line, asker)


THREE_MISSING = (
    "3 posts due between 23 September 2024, 08:30 and 24 September 2024, 08:31 are missing. It was refused."
)
MORNING = datetime(2024, 9, 25, 6, 30, tzinfo=UTC).timestamp()
YESTERDAY = MORNING - 86_400


def composer(snapshot: Snapshot, now: float = MORNING, seen: tuple[str, ...] | None = None) -> Composer:
    return Composer(
        Answers(snapshot), lambda place: seen, lambda place, dossier: "Europe/Berlin", lambda: now
    )


def schedule(line: str = "/changes since:last", **changes: object) -> Schedule:
    given: dict[str, object] = {
        "id": "s",
        "place": PLACE,
        "when": DAILY,
        "line": line,
        "grace": 3_600,
        "made_at": YESTERDAY,
        "last_at": YESTERDAY,
    }
    return Schedule(**given | changes)  # type: ignore[arg-type]


def post(slot: float = MORNING, **changes: object) -> Post:
    given: dict[str, object] = {"id": f"schedule:s:{slot}", "schedule": "s", "place": PLACE, "slot": slot}
    return Post(**given | changes)  # type: ignore[arg-type]


def compose(
    snapshot: Snapshot,
    of: Schedule,
    last: Content | None = None,
    missed: tuple[Post, ...] = (),
    told: dict[str, Stated] | None = None,
    now: float = MORNING,
) -> Composed:
    before = (post(YESTERDAY, state=PostState.POSTED, ended_at=YESTERDAY), last) if last else None
    return composer(snapshot, now).compose(post(), of, before, missed, told or {})


def test_since_last_is_the_day_of_the_last_post_in_the_zone_of_the_schedule() -> None:
    late = datetime(2024, 9, 24, 22, 30, tzinfo=UTC).timestamp()
    assert asked(schedule(last_at=late)) == "/changes since:2024-09-25"
    assert asked(schedule(last_at=None)) == "/changes"
    assert asked(schedule("/briefing licences since:last length:short", last_at=None)) == (
        "/briefing licences length:short"
    )
    assert asked(schedule("/who okafor")) == "/who okafor"
    words = '/search "what since:last means" licences'
    assert asked(schedule(words)) == words


def test_a_first_post_is_news_and_says_when_it_comes(coast: Snapshot) -> None:
    made = compose(coast, schedule("/briefing licences", last_at=None))
    assert made.is_news
    assert made.reply.kind is Kind.ANSWER
    assert made.remark.startswith("Scheduled: every day at 08:30")
    assert "coast:new-count" in made.content.facts
    assert made.content.facts["coast:new-count"] == "Thirty-one of eighty-three licences are in use."


def test_the_preview_is_the_post(coast: Snapshot) -> None:
    of = schedule("/briefing licences", last_at=None)
    assert compose(coast, of).reply == composer(coast).answer(of)


def test_where_nothing_has_changed_one_line_says_so(coast: Snapshot) -> None:
    of = schedule("/briefing licences")
    first = compose(coast, of)
    again = compose(coast, of, first.content)
    assert again.reply.kind is Kind.NONE
    assert text(again.reply) == "Nothing has changed since the post of 24 September 2024, 08:30."
    assert again.reply.sources == ()
    assert again.is_news
    assert not compose(coast, replace(of, quiet=Quiet.SKIP), first.content).is_news
    third = compose(coast, of, again.content)
    assert text(third.reply) == text(again.reply)


def test_changes_that_fade_out_of_sight_are_no_news(coast: Snapshot) -> None:
    """The day after, a list of changes is empty: that nothing was added is nothing new."""
    then = compose(coast, schedule(last_at=MORNING - 5 * 86_400))
    assert "new-count" in str(then.content.facts)
    assert text(compose(coast, schedule(), then.content).reply).startswith("Nothing has changed")


def test_a_date_that_passes_is_news(coast: Snapshot) -> None:
    of = schedule("/due", last_at=None)
    before = datetime(2024, 12, 31, 7, tzinfo=UTC).timestamp()
    first = compose(coast, of, now=before)
    assert compose(coast, of, first.content, now=before).reply.kind is Kind.NONE
    later = compose(coast, of, first.content, now=before + 86_400)
    assert "date passed" in text(later.reply)


def test_what_was_posted_and_superseded_is_corrected_with_both_versions(coast: Snapshot) -> None:
    told = {"coast:old-count": Stated("schedule:s:old", YESTERDAY, "Twenty-nine licences are in use.")}
    made = compose(coast, schedule("/briefing fleet", last_at=None), told=told)
    block = made.reply.blocks[0]
    assert isinstance(block, Bullets)
    assert block.heading == "Corrections to earlier posts"
    (correction,) = block.items
    assert correction.text.startswith("Posted 24 September 2024, 08:30: Twenty-nine licences are in use.")
    assert "Now: Thirty-one of eighty-three licences are in use." in correction.text
    assert made.content.corrects == {"coast:old-count": "schedule:s:old"}
    assert "coast:old-count" not in made.content.facts
    cited = {span.number for one in block.items for span in one.spans if isinstance(span, Cite)}
    numbers = {source.number: source.id for source in made.reply.sources}
    assert {numbers[one] for one in cited} == {"herald", "courier"}


def test_what_was_withdrawn_is_corrected_with_the_reason(coast: Snapshot) -> None:
    told = {"coast:no-need": Stated("schedule:s:old", YESTERDAY, "Ada Okafor doubts it.")}
    october = datetime(2024, 10, 2, 7, tzinfo=UTC).timestamp()
    made = compose(coast, schedule("/briefing fleet", last_at=None), told=told, now=october)
    assert "Withdrawn because: The paper withdrew the quotation." in text(made.reply)


def test_a_correction_is_news_by_itself(coast: Snapshot) -> None:
    of = schedule("/briefing fleet", quiet=Quiet.SKIP)
    first = compose(coast, of)
    told = {"coast:old-count": Stated("schedule:s:old", YESTERDAY, "Twenty-nine licences are in use.")}
    made = compose(coast, of, first.content, told=told)
    assert made.is_news
    assert "Now: Thirty-one" in text(made.reply)
    assert "Nothing has changed" in text(made.reply)


def test_what_still_stands_is_not_corrected(coast: Snapshot) -> None:
    told = {
        "coast:new-count": Stated("p", YESTERDAY, "Thirty-one licences."),
        "coast:gone": Stated("p", YESTERDAY, "A fact that is no longer in the base."),
        "north:old-count": Stated("p", YESTERDAY, "Of a dossier that is not seen here."),
    }
    made = compose(coast, schedule("/briefing fleet", last_at=None), told=told)
    assert made.content.corrects == {}


@pytest.mark.parametrize(
    ("missed", "says"),
    [
        (
            (post(YESTERDAY, state=PostState.MISSED, reason="Slack was down."),),
            "The post due on 24 September 2024, 08:30 is missing. Slack was down.",
        ),
        (
            (
                post(YESTERDAY - 86_400, last_slot=YESTERDAY, count=2, state=PostState.MISSED),
                post(YESTERDAY + 60, state=PostState.FAILED, reason="It was refused."),
            ),
            THREE_MISSING,
        ),
    ],
)
def test_what_is_missing_is_said(coast: Snapshot, missed: tuple[Post, ...], says: str) -> None:
    made = compose(coast, schedule("/briefing fleet"), missed=missed)
    assert isinstance(made.reply.blocks[0], Note)
    assert made.reply.blocks[0].line.text == says


def test_late_is_said(coast: Snapshot) -> None:
    assert "late" not in compose(coast, schedule("/due"), now=MORNING + 60).remark
    late = compose(coast, schedule("/due"), now=MORNING + 1_800).remark
    assert late.endswith("late: this was due at 08:30")


@pytest.mark.parametrize("line", ["/nonsense", "/due until:sometime", "/who"])
def test_a_line_that_is_not_understood_is_not_posted(coast: Snapshot, line: str) -> None:
    with pytest.raises(CannotTell):
        composer(coast).answer(schedule(line))


def test_a_place_is_told_what_it_may_see(both: Snapshot) -> None:
    made = composer(both, seen=("coast",)).answer(schedule("/briefing"))
    assert "uillfeather" not in text(made)


def test_today_is_the_day_in_the_zone_of_the_schedule(coast: Snapshot) -> None:
    evening = datetime(2024, 12, 31, 23, 30, tzinfo=UTC).timestamp()
    assert "date passed" in text(composer(coast, evening).answer(schedule("/due")))
    london = schedule("/due", when=replace(DAILY, zone="Europe/London"))
    assert "not yet due" in text(composer(coast, evening).answer(london))


SOURCES = st.lists(st.sampled_from("abcdef"), max_size=6, unique=True)


def answer(ids: list[str]) -> Reply:
    sources = tuple(
        SourceLine(number=number, id=one, title=one, descriptor="", rating="")
        for number, one in enumerate(ids, 1)
    )
    items = tuple(line(one, Cite(number, one), fact=one) for number, one in enumerate(ids, 1))
    return Reply(kind=Kind.ANSWER, title="T", summary="S", blocks=(Bullets(items),), sources=sources)


@given(SOURCES, SOURCES)
def test_joined_answers_cite_what_they_cited(first: list[str], second: list[str]) -> None:
    both = joined(answer(first), answer(second))
    numbers = {source.number: source.id for source in both.sources}
    assert len(numbers) == len(both.sources) == len({*first, *second})
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    for block in both.blocks:
        for one in block_lines(block):
            for span in one.spans:
                if isinstance(span, Cite):
                    assert numbers[span.number] == span.source == one.fact


def test_news_does_not_depend_on_how_citations_are_numbered() -> None:
    assert news_of(answer(["a", "b"])) == news_of(answer(["b", "a"]))
    assert news_of(answer(["a"])) < news_of(answer(["a", "b"]))
