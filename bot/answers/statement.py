"""How a fact is said: its text, who said it, when, how far it is trusted, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bot.facts.base import COUNTED, FactBase, Thing
from bot.facts.edtf import parse, sort_key
from bot.facts.humanise import humanise, humanise_due
from bot.facts.records import Dated, Said, Source
from bot.facts.stated import CREDIBILITY, RELIABILITY, KnownBy, Stated, Status, Tie, best_reliability
from bot.facts.words import mark
from bot.reply import Cite, Line, Name, SourceLine, Span, Strong, Text, When

SHORTEST_NAME: Final = 3
"""Letters from which on a name inside a sentence can be clicked."""

SPELLINGS: Final = 100
"""Spellings of a name, besides the name itself, that are shown, and looked for inside a sentence."""

COMMANDS: Final = {"entity": "/who", "topic": "/briefing", "source": "/source", "fact": "/fact"}
"""What looks up a thing of each kind."""

STANDING: Final = {
    Status.RETRACTED: "retracted",
    Status.DISPUTED: "disputed",
    Status.CONFIRMED: "confirmed by independent origins",
    Status.CLAIMED: "claimed",
}
"""The words for a status; what is only reported says so by naming who reports it."""


class Writer:
    """Writes lines about facts, and numbers their sources in order of first use."""

    def __init__(self, base: FactBase) -> None:
        self.base = base
        self._numbers: dict[tuple[str, str], int] = {}
        # What several parts of a line ask for, and what many lines do.
        self._sources: tuple[Stated | None, list[Source]] = (None, [])
        self._spelt: dict[tuple[str, str], list[tuple[str, Thing]]] = {}

    def cite(self, dossier: str, sources: Iterable[str]) -> list[Span]:
        """Return the citations of some sources of a dossier, each once."""
        spans: list[Span] = []
        for source in dict.fromkeys(sources):
            number = self._numbers.setdefault((dossier, source), len(self._numbers) + 1)
            spans.append(Cite(number, self.base.thing("source", dossier, source).ref))
        return spans

    def cite_fact(self, *facts: Stated) -> list[Span]:
        """Return the citations of some facts, with a space before them."""
        refs = dict.fromkeys((one.dossier, source.id) for one in facts for source in self._cited(one))
        return [Text(" "), *(span for dossier, ref in refs for span in self.cite(dossier, [ref]))]

    def sources(self) -> tuple[SourceLine, ...]:
        """Return the source lines of everything cited so far."""
        return tuple(
            source_line(self.base, self.base.thing("source", *key), number)
            for key, number in self._numbers.items()
        )

    def state(
        self,
        stated: Stated,
        *,
        dated: bool = True,
        wanted: frozenset[str] = frozenset(),
        but: Thing | None = None,
    ) -> Line:
        """Say a fact whole: text — when, who said it, status and rating, citations.

        `dated=False` leaves out the day of the event where the reader sees it elsewhere, `wanted` are words
        to be marked, folded, `but` is a thing that needs no link because the answer is about it.
        """
        fact = stated.fact
        spans: list[Span] = [*self.linked(stated, fact.text, wanted, but)]
        if fact.quote:
            spans += [Text(" “"), *self.linked(stated, fact.quote, wanted, but), Text("”")]
        remarks: list[list[Span]] = []
        if dated and fact.date:
            remarks.append(dating(fact.date))
        remarks += [self.attribution(stated), self.standing(stated)]
        if stated.known_by is not KnownBy.PUBLISHED:
            remarks.append([Text("publication day unknown")])
        elif self.base.today < stated.surely:
            remarks.append([Text("may not have been published by that day")])
        spans += [Text(" — "), *join(remarks, " · "), *self.cite_fact(stated)]
        return Line(tidy(spans), fact.id)

    def owe(self, stated: Stated, *, dated: bool = True) -> Line:
        """Say what is owed, by whom and by when, and whether that day has passed.

        `dated=False` leaves out the day where the reader sees it elsewhere.
        """
        fact = stated.fact
        owers = [[self.name("entity", stated.dossier, one)] for one in fact.owed_by]
        spans: list[Span] = []
        if fact.due and dated:
            spans += [When(capital(humanise_due(fact.due)), fact.due), Text(": ")]
        spans.append(Text(capital(fact.duty) if fact.duty and not dated else fact.duty or fact.text))
        if owers:
            spans += [Text(", owed by "), *join(owers, ", ", " and ")]
        remarks: list[list[Span]] = []
        if fact.due_as_written:
            remarks.append([Text(f"in the source's words “{fact.due_as_written}”")])
        remarks += [self.outcome(stated), self.standing(stated)]
        if stated.known_by is not KnownBy.PUBLISHED:
            remarks.append([Text("publication day unknown")])
        return Line(tidy([*spans, Text(" — "), *join(remarks, " · "), *self.cite_fact(stated)]), fact.id)

    def outcome(self, stated: Stated) -> list[Span]:
        """Say how far a duty is: outcome recorded, not yet due, or passed without a recorded outcome."""
        if stated.has_outcome(self.base.today):
            return [Strong("outcome recorded"), Text(": "), *self._facts(stated, stated.outcomes)]
        if not stated.fact.due:
            return [Strong("no due date known, no outcome recorded")]
        due = parse(stated.fact.due)
        if due.latest is not None and due.latest < self.base.today:
            return [Strong("date passed, no outcome recorded")]
        # “By April” may mean before it begins or before it ends; within it nobody can tell.
        if stated.fact.due_as_written and due.earliest is not None and due.earliest < self.base.today:
            return [Strong("date may have passed, no outcome recorded")]
        return [Strong("not yet due")]

    def attribution(self, stated: Stated) -> list[Span]:
        """Say who said it, to whom, when and through whom; or who reports it."""
        said = stated.fact.said
        if said is None:
            sources = self._cited(stated)
            spans: list[Span] = [Text(f"reported by {_outlets(sources)}")]
            # A sentence without a day of its own has at least the day on which it was reported.
            return spans if stated.fact.date else [*spans, *_first_published(sources)]
        spans = [*self.speaker(stated.dossier, said), Text(f" {said.cue}")]
        if said.to:
            heard = [[self.name("entity", stated.dossier, one)] for one in said.to]
            spans += [Text(" (to "), *join(heard, ", ", " and "), Text(")")]
        if said.when:
            spans += [Text(", "), *dating(said.when)]
        elif not stated.fact.date:
            day = _first_published(self._cited(stated))
            spans += [Text(", reported "), *day[1:]] if day else []
        if beyond := [one for one in said.via if one not in said.to]:
            through = [[self.name("entity", stated.dossier, one)] for one in beyond]
            spans += [Text(", via "), *join(through, ", via ")]
        return spans

    def _cited(self, stated: Stated) -> list[Source]:
        if self._sources[0] is not stated:
            refs = dict.fromkeys(one.ref for one in stated.fact.sources)
            found = (self.base.source_of(stated.dossier, ref) for ref in refs)
            self._sources = stated, [source for source in found if source]
        return self._sources[1]

    def speaker(self, dossier: str, said: Said) -> list[Span]:
        """Name who said it; someone without a name is shown as having none."""
        if isinstance(said.by, str):
            return [self.name("entity", dossier, said.by)]
        return [Text(f"{said.by.unnamed} (not named)")]

    def standing(self, stated: Stated) -> list[Span]:
        """Return the status on the day of the answer and the rating: `claimed, F3 possibly true`."""
        status = stated.status(self.base.today)
        rating = f"{self.letter(stated)}{stated.fact.credibility} {CREDIBILITY[stated.fact.credibility]}"
        spans: list[Span] = [Text(f"{STANDING[status]}, ")] if status in STANDING else []
        if status is Status.SUPERSEDED:
            spans = [Text("superseded by "), *self._facts(stated, stated.superseded_by), Text(", ")]
        return [*spans, Text(rating)]

    def _facts(self, stated: Stated, ties: Iterable[Tie]) -> list[Span]:
        facts = [tie.id for tie in ties if tie.holds(self.base.today)]
        return join([[Name(fact, f"/fact {self._ref(stated.dossier, fact)}")] for fact in facts], ", ")

    def _ref(self, dossier: str, fact: str) -> str:
        return self.base.thing("fact", dossier, fact).ref

    def letter(self, stated: Stated) -> str:
        """Return the best reliability letter among a fact's sources."""
        return best_reliability(tuple(self._cited(stated)))

    def name(self, kind: str, dossier: str, thing_id: str) -> Span:
        """Return a thing's name as something that can be looked up."""
        return named(self.base.thing(kind, dossier, thing_id))

    def linked(
        self, stated: Stated, text: str, wanted: frozenset[str] = frozenset(), but: Thing | None = None
    ) -> Iterator[Span]:
        """Yield a text in which the first mention of each entity can be looked up, wanted words marked."""
        for piece, thing in _mentions(text, self._mentioned(stated, but)):
            if thing:
                yield Name(piece, f"/who {thing.ref}")
            elif not wanted:
                yield Text(piece)
            else:
                yield from (Strong(part) if hit else Text(part) for part, hit in mark(piece, wanted))

    def _mentioned(self, stated: Stated, but: Thing | None) -> dict[str, Thing]:
        fact, dossier = stated.fact, stated.dossier
        spellings: dict[str, Thing] = {}
        for one in (*fact.about, *fact.owed_by, *(fact.said.to if fact.said else ())):
            if not but or one != but.id or dossier != but.dossier:
                spellings.update(self._spelt.get((dossier, one)) or self._spellings(dossier, one))
        return spellings

    def _spellings(self, dossier: str, entity_id: str) -> list[tuple[str, Thing]]:
        entity = self.base.entity_of(dossier, entity_id)
        thing = self.base.thing("entity", dossier, entity_id) if entity else None
        names = (entity.name, *entity.also[:SPELLINGS]) if entity else ()
        found = [(name, thing) for name in names if len(name) >= SHORTEST_NAME and thing]
        self._spelt[dossier, entity_id] = found
        return found


def counted(number: int, most: int = COUNTED) -> str:
    """Return a count in words; the base does not count beyond `most`."""
    return f"more than {most:,}" if number > most else f"{number:,}"


def named(thing: Thing) -> Name:
    """Return a thing as a name with the command that looks it up."""
    return Name(thing.label, f"{COMMANDS[thing.kind]} {thing.ref}")


def source_line(base: FactBase, thing: Thing, number: int) -> SourceLine:
    """Return the numbered line of a source. Raises LookupError where the base has no such source."""
    source = base.source_of(thing.dossier, thing.id)
    if source is None:
        raise LookupError(f"no source {thing.ref}")
    published = source.published
    return SourceLine(
        number,
        thing.ref,
        source.title,
        source.descriptor,
        rate(source.reliability),
        source.publisher or "",
        When(humanise(published.date), published.date) if published else None,
        (published.inferred or "") if published else "",
        source.url or "",
        f"/source {thing.ref}",
    )


def rate(letter: str) -> str:
    """Return a reliability letter with its words."""
    return f"{letter} {RELIABILITY[letter]}"


def dating(dated: Dated) -> list[Span]:
    """Return a date in words, marked where it is inferred."""
    spans: list[Span] = [When(humanise(dated.date), dated.date)]
    return [*spans, Text(" (inferred)")] if dated.inferred else spans


def join(parts: Sequence[Sequence[Span]], between: str, last: str | None = None) -> list[Span]:
    """Join span lists with text between them, `last` before the last one."""
    spans: list[Span] = []
    for place, part in enumerate(parts):
        if place:
            spans.append(Text(last if last is not None and place == len(parts) - 1 else between))
        spans += part
    return spans


def tidy(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Merge neighbouring texts and leave out empty ones."""
    merged: list[Span] = []
    text = ""
    for span in spans:
        if type(span) is Text:
            text += span.text
            continue
        if text:
            merged.append(Text(text))
            text = ""
        merged.append(span)
    if text:
        merged.append(Text(text))
    return tuple(merged)


def _first_published(sources: list[Source]) -> list[Span]:
    """Return the first day of publication among sources, after a comma; nothing where none is known."""
    days = [source.published for source in sources if source.published]
    first = min(days, key=lambda day: sort_key(parse(day.date)), default=None)
    return [Text(", "), *dating(first)] if first else []


def _outlets(sources: list[Source]) -> str:
    publishers = list(dict.fromkeys(source.publisher for source in sources if source.publisher))
    unknown = sum(source.publisher is None for source in sources)
    if unknown:
        publishers.append("an unnamed outlet" if unknown == 1 else f"{unknown} unnamed outlets")
    return " and ".join(filter(None, (", ".join(publishers[:-1]), publishers[-1])))


def _mentions(text: str, spellings: dict[str, Thing]) -> Iterator[tuple[str, Thing | None]]:
    """Cut a text into pieces, each with the thing it names; only the first mention of a thing counts."""
    there = [spelling for spelling in spellings if spelling in text]
    places = sorted(
        (start, -len(spelling), spelling) for spelling in there for start in _places(text, spelling)
    )
    done = end = 0
    seen: set[str] = set()
    for start, length, spelling in places:
        thing = spellings[spelling]
        # Of names that overlap, the first counts, and of those that begin together the longest.
        if start < end:
            continue
        end = start - length
        if thing.ref not in seen:
            seen.add(thing.ref)
            yield text[done:start], None
            yield spelling, thing
            done = end
    yield text[done:], None


def _places(text: str, spelling: str) -> Iterator[int]:
    """Yield where a spelling stands in a text as a word or several, not as a part of one."""
    start = text.find(spelling)
    while start >= 0:
        end = start + len(spelling)
        if not _is_inside(text[start - 1 : start]) and not _is_inside(text[end : end + 1]):
            yield start
        start = text.find(spelling, start + 1)


def _is_inside(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def capital(text: str) -> str:
    """Return a text with a capital letter in front."""
    return text[:1].upper() + text[1:]
