"""What a post says: the answer of today, what is news in it, and what earlier posts got wrong since."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from bot.answers.statement import Writer
from bot.desk import Asker
from bot.facts.base import FactBase
from bot.facts.humanise import humanise
from bot.facts.snapshot import Snapshot
from bot.facts.stated import Stated, Status
from bot.parse import tokenize
from bot.posting import Place
from bot.posts.ledger import Stated as Told
from bot.posts.records import Content, Post, Quiet, Schedule, Watch
from bot.posts.watches import tell
from bot.posts.when import in_words
from bot.reply import (
    Block,
    Bullets,
    Cite,
    Kind,
    Level,
    Line,
    Note,
    Reply,
    SourceLine,
    Span,
    Strong,
    Text,
    block_lines,
    change_spans,
    line,
)

SINCE_LAST: Final = "since:last"
NEWS_DIGITS: Final = 12
LATE_SECONDS: Final = 90.0
"""From when on a post says that it is late."""

SUMMARY_LENGTH: Final = 300


class CannotTell(Exception):
    """A schedule's line has no answer; the message is one sentence. `passes`: it may have one later."""

    def __init__(self, sentence: str, *, passes: bool = False) -> None:
        super().__init__(sentence)
        self.passes = passes


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """A post before it is rendered. `is_news` is False where it says nothing that the last one did not."""

    reply: Reply
    remark: str
    content: Content
    is_news: bool = True


class Answers(Protocol):
    """What composing needs of the core."""

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot in use."""

    def ask(self, line: str, asker: Asker, today: date) -> Reply:
        """Answer a typed line as on a day."""


class Composer:
    """Writes posts. `seen` gives the dossiers that a place may see, `now` seconds since 1970."""

    def __init__(
        self,
        answers: Answers,
        seen: Callable[[Place], tuple[str, ...] | None],
        zone_of: Callable[[Place, str], str],
        now: Callable[[], float],
    ) -> None:
        self._answers = answers
        self._seen = seen
        self._zone_of = zone_of
        self._now = now

    def asker(self, place: Place) -> Asker:
        """Return the place as somebody who asks: it sees what its people see."""
        return Asker(
            platform=place.platform,
            workspace=place.workspace,
            channel=place.channel,
            thread=place.thread,
            dossiers=self._seen(place),
        )

    def answer(self, schedule: Schedule) -> Reply:
        """Return what a schedule would post now, without what only a post itself can know.

        Raises:
            CannotTell: the line is not understood, or something broke.
        """
        today = datetime.fromtimestamp(self._now(), ZoneInfo(schedule.when.zone)).date()
        reply = self._answers.ask(asked(schedule), self.asker(schedule.place), today)
        if reply.kind in {Kind.USAGE, Kind.ASK, Kind.FAILURE}:
            raise CannotTell(reply.summary, passes=reply.kind is Kind.FAILURE)
        return reply

    def compose(
        self,
        post: Post,
        schedule: Schedule,
        last: tuple[Post, Content] | None,
        missed: Iterable[Post],
        told: Mapping[str, Told],
    ) -> Composed:
        """Write the post of a schedule.

        `last` is its last post and what that told, `missed` what was missed since, `told` what the place was
        told and was not corrected.

        Raises:
            CannotTell: the line is not understood any more, or something broke.
        """
        reply = self.answer(schedule)
        base = self._base(schedule.place, ZoneInfo(schedule.when.zone))
        news = news_of(reply)
        fresh = last is None or not news <= set(last[1].news)
        if not fresh and last is not None:
            reply = _unchanged(reply, last[0], schedule)
        corrections, corrected = self._corrections(base, told, schedule)
        notes = _missed(missed, schedule)
        reply = joined(corrections, reply) if corrections else reply
        reply = msgspec.structs.replace(reply, blocks=(*notes, *reply.blocks)) if notes else reply
        asked_for = post.id.startswith("now:")
        remark = f"Asked for: {schedule.line}" if asked_for else f"Scheduled: {in_words(schedule.when)}"
        if post.id.startswith("schedule:") and self._now() - post.slot > LATE_SECONDS:
            remark += f" · late: this was due at {_clock(post.slot, schedule.when.zone)}"
        content = Content(
            # What is left unsaid because nothing has changed has still been told.
            news=tuple(sorted(news if fresh or last is None else news | set(last[1].news))),
            facts=_facts(base, reply, corrected),
            corrects=corrected,
            summary=reply.summary[:SUMMARY_LENGTH],
        )
        skips = schedule.quiet is Quiet.SKIP
        return Composed(
            reply=reply, remark=remark, content=content, is_news=bool(fresh or corrected or not skips)
        )

    def compose_watch(self, watch: Watch, events: Iterable[str], told: Mapping[str, Told]) -> Composed | None:
        """Write the post of a watch; None where none of the events is there any more."""
        zone = ZoneInfo(self._zone_of(watch.place, watch.dossier))
        base = self._base(watch.place, zone)
        reply = tell(base, watch, list(events))
        if reply is None:
            return None
        # A change that the watch itself tells needs no second telling as a correction.
        about = set(reply.facts)
        left = {fact: one for fact, one in told.items() if fact.partition(":")[2] not in about}
        corrections, corrected = self._corrections(base, left, None)
        reply = joined(corrections, reply) if corrections else reply
        replaced = {
            fact: one.post
            for fact, one in told.items()
            if fact.partition(":")[2] in about and _is_overtaken(base.fact(fact), base.today)
        }
        content = Content(
            facts=_facts(base, reply, corrected | replaced),
            corrects=corrected | replaced,
            summary=reply.summary[:SUMMARY_LENGTH],
        )
        return Composed(reply=reply, remark=f"Watched: {watch.label}", content=content)

    def _base(self, place: Place, zone: ZoneInfo) -> FactBase:
        snapshot = self._answers.snapshot
        seen = self._seen(place)
        today = datetime.fromtimestamp(self._now(), zone).date()
        return FactBase(snapshot, snapshot.dossiers if seen is None else seen, today)

    def _corrections(
        self, base: FactBase, told: Mapping[str, Told], schedule: Schedule | None
    ) -> tuple[Reply | None, dict[str, str]]:
        """Say what was posted and does not hold any more, with both versions and the sources."""
        zone = schedule.when.zone if schedule else "UTC"
        writer = Writer(base)
        items: list[Line] = []
        corrected: dict[str, str] = {}
        for fact, one in sorted(told.items(), key=lambda pair: (pair[1].at, pair[0])):
            stated = base.fact(fact)
            if stated is not None and _is_overtaken(stated, base.today):
                items.append(_correction(writer, stated, one, zone))
                corrected[fact] = one.post
        if not items:
            return None, {}
        block = Bullets(tuple(items), "Corrections to earlier posts")
        reply = Reply(kind=Kind.ANSWER, title="", summary="", blocks=(block,), sources=writer.sources())
        return reply, corrected


def notice(text: str | None) -> Composed | None:
    """Write a notice to the operator; None where there is none."""
    if text is None:
        return None
    block = Note(line(text), Level.WARNING)
    reply = Reply(kind=Kind.ANSWER, title="Notice to the operator", summary=text, blocks=(block,))
    return Composed(reply=reply, remark="", content=Content(summary=text[:SUMMARY_LENGTH]))


def asked(schedule: Schedule) -> str:
    """Return the line of a schedule as it is asked now: `since:last` is the day of its last post."""
    day = ""
    if schedule.last_at is not None:
        local = datetime.fromtimestamp(schedule.last_at, ZoneInfo(schedule.when.zone))
        day = f"since:{local.date().isoformat()}"
    # Words to look for may be the same, in quotes.
    parts = (day if one.written == SINCE_LAST else one.written for one in tokenize(schedule.line))
    return " ".join(filter(None, parts))


def news_of(reply: Reply) -> set[str]:
    """Return digests of the statements in a reply, whatever their citations are numbered."""
    texts = (
        "".join("" if isinstance(span, Cite) else getattr(span, "text", "") for span in one.spans).strip()
        for block in reply.blocks
        for one in block_lines(block)
        if one.fact or one.grounds
    )
    return {hashlib.sha256(text.encode()).hexdigest()[:NEWS_DIGITS] for text in texts}


def joined(first: Reply, second: Reply) -> Reply:
    """Return the second reply with the blocks of the first before its own, their sources numbered as one."""
    numbers = {source.id: source.number for source in second.sources}
    more: list[SourceLine] = []
    moved: dict[int, int] = {}
    for source in first.sources:
        if source.id not in numbers:
            numbers[source.id] = len(second.sources) + len(more) + 1
            more.append(msgspec.structs.replace(source, number=numbers[source.id]))
        moved[source.number] = numbers[source.id]

    def renumber(span: Span) -> Span:
        return msgspec.structs.replace(span, number=moved[span.number]) if isinstance(span, Cite) else span

    blocks = change_spans(first, renumber).blocks
    return msgspec.structs.replace(second, blocks=(*blocks, *second.blocks), sources=(*second.sources, *more))


def _is_overtaken(stated: Stated | None, today: int) -> bool:
    return stated is not None and stated.status(today) in {Status.RETRACTED, Status.SUPERSEDED}


def _correction(writer: Writer, stated: Stated, told: Told, zone: str) -> Line:
    base = writer.base
    spans: list[Span] = [Strong(f"Posted {_moment(told.at, zone)}"), Text(": "), *writer.state(stated).spans]
    if stated.status(base.today) is Status.RETRACTED:
        retracted = stated.fact.retracted
        spans += [Text(f" Withdrawn because: {retracted.why}" if retracted else " Withdrawn.")]
        if retracted and retracted.source and base.source(f"{stated.dossier}:{retracted.source}"):
            spans += [Text(" "), *writer.cite(stated.dossier, [retracted.source])]
    for tie in stated.superseded_by:
        newer = base.fact(f"{stated.dossier}:{tie.id}") if tie.holds(base.today) else None
        if newer:
            spans += [Text(" Now: "), *writer.state(newer).spans]
    return Line(tuple(spans), stated.id)


def _facts(base: FactBase, reply: Reply, corrected: Mapping[str, str]) -> dict[str, str]:
    """Return the facts that a post states and that stand, with their words."""
    found = (stated for fact in reply.facts for stated in base.facts(fact))
    standing = {
        f"{one.dossier}:{one.id}": one.fact.text for one in found if not _is_overtaken(one, base.today)
    }
    return {fact: words for fact, words in standing.items() if fact not in corrected}


def _unchanged(reply: Reply, last: Post, schedule: Schedule) -> Reply:
    posted = _moment(last.ended_at or last.slot, schedule.when.zone)
    sentence = f"Nothing has changed since the post of {posted}."
    return msgspec.structs.replace(
        reply,
        kind=Kind.NONE,
        summary=f"{reply.title}: {sentence[0].lower()}{sentence[1:]}",
        blocks=(Note(line(sentence)),),
        sources=(),
        actions=(),
    )


def _missed(posts: Iterable[Post], schedule: Schedule) -> tuple[Block, ...]:
    some = sorted(posts, key=lambda one: one.slot)
    if not some:
        return ()
    count = sum(one.count for one in some)
    first = _moment(some[0].slot, schedule.when.zone)
    last = _moment(some[-1].last_slot or some[-1].slot, schedule.when.zone)
    if count == 1:
        text = f"The post due on {first} is missing. {some[0].reason}"
    else:
        text = f"{count:,} posts due between {first} and {last} are missing. {some[-1].reason}"
    return (Note(line(text.strip()), Level.WARNING),)


def _moment(instant: float, zone: str) -> str:
    local = datetime.fromtimestamp(instant, ZoneInfo(zone))
    return f"{humanise(local.date().isoformat())}, {local:%H:%M}"


def _clock(instant: float, zone: str) -> str:
    return f"{datetime.fromtimestamp(instant, UTC).astimezone(ZoneInfo(zone)):%H:%M}"
