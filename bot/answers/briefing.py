"""`/briefing`: bottom line, key points, what changed, what is due, what is disputed, what is missing."""

from __future__ import annotations

from datetime import date
from itertools import islice

from bot.answers.changes import day_in_words, first_day, told
from bot.answers.pick import pick, took
from bot.answers.statement import Writer, capital, counted, tidy
from bot.facts.base import Change, FactBase, Thing
from bot.facts.edtf import Edtf
from bot.facts.humanise import humanise
from bot.facts.records import Judgement
from bot.facts.stated import KnownBy, Stated, Status
from bot.reply import Action, Block, Bullets, Divider, Kind, Line, Name, Note, Reply, Span, Text, line

POINTS = {"short": 3, "full": 7}
DUTIES = 5
CHANGES = 5
DISPUTES = 4
TOPICS = 10
TITLES = 3
JUDGEMENTS = 7
GAPS = 30
"""As far as duties without an outcome and overdue reviews are counted."""


def briefing(base: FactBase, topic: str = "", since: Edtf | None = None, length: str = "full") -> Reply:
    """Return the briefing on a topic, or on everything."""
    picked = pick(base, topic, ("topic",), "/briefing") if topic else (None, "")
    if isinstance(picked, Reply):
        return picked
    thing, typed = picked
    writer = Writer(base)
    title = thing.label if thing else _title(base)
    points = list(islice(base.best(thing, standing=True), POINTS[length]))
    if not points:
        return _nothing(base, title)
    judgements = list(islice(base.judgements(thing), JUDGEMENTS + 1))
    first = min(first_day(base, since), base.today)
    changed = _changes(base, thing, first) if length == "full" else []
    duties = _duties(base, thing)
    disputed = _disputed(base, thing) if length == "full" else []
    changing = (fact for one in changed for fact in (one.fact, one.by) if fact)
    grounds = (one for *_, some in judgements for one in some)
    base.note((*points, *changing, *duties, *disputed, *grounds))
    blocks: list[Block] = [took(typed, title)] if typed else []
    if judgements:
        lines = [judge(writer, *one) for one in judgements[:JUDGEMENTS]]
        if len(judgements) > JUDGEMENTS:
            lines.append(line("There are more judgements; brief on one topic to see its own."))
        blocks.append(Bullets(tuple(lines), "Bottom line"))
    blocks.append(Bullets(tuple(writer.state(one) for one in points), "Key points"))
    if length == "full":
        blocks.append(_changed(writer, thing, first, changed))
    if duties:
        blocks.append(Bullets(tuple(writer.owe(one) for one in duties), "Due and passed"))
    if disputed:
        blocks.append(Bullets(tuple(writer.state(one) for one in disputed), "In dispute"))
    if length == "full":
        blocks += [Divider(), _gaps(base, thing, points)]
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"{title}: {points[0].fact.text}",
        blocks=tuple(blocks),
        sources=writer.sources(),
        actions=_further(base, thing),
    )


def judge(writer: Writer, dossier: str, judgement: Judgement, grounds: list[Stated]) -> Line:
    """Say a judgement with its confidence and what it rests on."""
    remarks = [f"{judgement.confidence.value} confidence"]
    if judgement.likelihood:
        remarks.insert(0, judgement.likelihood.value)
    fallen = [one.id for one in grounds if not one.stands(writer.base.today)]
    if fallen:
        remarks.append(f"under review: {', '.join(fallen)} no longer stands")
    written = f"judgement of {humanise(judgement.added)}"
    spans: list[Span] = [Text(f"{judgement.text} — {written}, {', '.join(remarks)}")]
    return Line(tidy([*spans, *writer.cite_fact(*grounds)]), grounds=tuple(one.id for one in grounds))


def _title(base: FactBase) -> str:
    titles = [dossier.title for dossier in base.records()]
    return " · ".join(titles[:TITLES]) + (f" and {len(titles) - TITLES} more" if len(titles) > TITLES else "")


def _nothing(base: FactBase, title: str) -> Reply:
    day = humanise(base.as_of.isoformat())
    sentence = (
        f"Nothing is known of “{title}” as of {day}." if base.dossiers else "There is no dossier to brief on."
    )
    return Reply(
        kind=Kind.NONE,
        title=title if base.dossiers else "Nothing known",
        summary=sentence,
        blocks=(Note(line(sentence)),),
        actions=_further(base, None)[:3],
    )


def _changes(base: FactBase, thing: Thing | None, first: int) -> list[Change]:
    kinds = ("retracted", "superseded")
    return [one for kind in kinds for one in islice(base.changes(kind, first, thing=thing), CHANGES)]


def _changed(writer: Writer, thing: Thing | None, first: int, changes: list[Change]) -> Block:
    lines = [told(writer, one) for one in changes]
    if added := writer.base.count_added(first, thing=thing):
        where = " on this topic" if thing else ""
        count = f"1 fact{where} was added" if added == 1 else f"{counted(added)} facts{where} were added"
        command = f"/changes since:{date.fromordinal(first).isoformat()}"
        lines.append(line(f"{count}; all changes: ", Name(command, command), "."))
    lines = lines or [line("Nothing was added, superseded or retracted.")]
    return Bullets(tuple(lines), f"Changed since {day_in_words(first)}")


def _duties(base: FactBase, thing: Thing | None) -> list[Stated]:
    coming = base.due(thing, base.today, done=False)
    passed = base.due(thing, 0, base.today - 1, done=False, latest_first=True)
    return [one for some in (coming, passed) for one in islice(some, DUTIES)]


def _disputed(base: FactBase, thing: Thing | None) -> list[Stated]:
    tagged = base.tagged("disputed", *((thing.id, thing.dossier) if thing else ()), standing=True)
    return list(islice((one for one in tagged if one.status(base.today) is Status.DISPUTED), DISPUTES))


def _gaps(base: FactBase, thing: Thing | None, points: list[Stated]) -> Block:
    """Say what the key points lack, and what is overdue."""
    lines = []

    def add(count: int, one: str, many: str) -> None:
        if count:
            lines.append(line(one if count == 1 else capital(many.format(counted(count, GAPS)))))

    sources = {(one.dossier, evidence.ref) for one in points for evidence in base.cited(one)}
    published = [base.source(f"{dossier}:{ref}") for dossier, ref in sources]
    guessed = sum(bool(one and one.published and one.published.inferred) for one in published)
    single = sum(len({evidence.ref for evidence in base.cited(one)}) == 1 for one in points)
    inferred = sum(_inferred(one) for one in points)
    stand_in = sum(one.known_by is not KnownBy.PUBLISHED for one in points)
    silent = base.count_due(thing, 0, base.today - 1, done=False, most=GAPS)
    overdue = base.count_overdue(thing, GAPS)
    add(single, "One key point rests on a single source.", "{} key points rest on a single source.")
    add(inferred, "One key point has an inferred date.", "{} key points have an inferred date.")
    add(
        guessed,
        "The publication day of one source is inferred.",
        "The publication days of {} sources are inferred.",
    )
    add(
        stand_in,
        "For one key point no publication day is known; the day it was said or happened stands in.",
        "For {} key points no publication day is known; the day they were said or happened stands in.",
    )
    add(
        silent,
        "One duty is past its date, no outcome recorded.",
        "{} duties are past their date, no outcome recorded.",
    )
    add(overdue, "One fact is overdue for review.", "{} facts are overdue for review.")
    return Bullets(tuple(lines or [line("None found among the key points.")]), "Gaps")


def _inferred(one: Stated) -> bool:
    said = one.fact.said.when if one.fact.said else None
    return any(dated is not None and bool(dated.inferred) for dated in (one.fact.date, said))


def _further(base: FactBase, thing: Thing | None) -> tuple[Action, ...]:
    topics = [one for one, _ in base.topics(TOPICS + 1) if one != thing]
    return tuple(Action(one.label, f"/briefing {one.ref}") for one in topics[:TOPICS])
