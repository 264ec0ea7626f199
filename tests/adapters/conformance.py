"""What every adapter's renderer must keep to. Subclass :class:`Conformance` in a `test_*.py` beside it:

    class TestConformance(Conformance):
        adapter = MyAdapter()

An adapter under test parses its own payload back into what a reader sees; see :class:`Adapter`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from samples import HOSTILE, SAMPLES, hostile_reply, replies, reply

from bot.adapters.texts import inert
from bot.reply import (
    Bullets,
    Cite,
    Degradation,
    Degree,
    Fields,
    Line,
    Link,
    Moment,
    Picture,
    Reply,
    Table,
    Timeline,
    block_lines,
    line,
)


@dataclass(frozen=True)
class Seen:
    """One page as a reader sees it.

    `text` is everything visible, in reading order, unescaped and without markup; `cited` are the numbers that
    stand behind statements, `listed` those of the source lines; `links` the addresses that can be followed;
    `moments` the instants (seconds since 1970) that the platform itself says in the reader's time zone;
    `mentions` what would notify or address someone; `broken` one sentence for each limit that is not kept;
    `spoken` what a notification, log or screen reader says of the page.
    """

    text: str
    cited: frozenset[int]
    listed: tuple[int, ...]
    spoken: str
    links: frozenset[str] = frozenset()
    moments: frozenset[int] = frozenset()
    mentions: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look:
    """A rendered reply: its pages, the renderer's notes and its exact payload."""

    pages: list[Seen]
    notes: list[Degradation]
    payload: object = field(repr=False)


class Adapter(Protocol):
    """An adapter's renderer, and how its payload is read back."""

    @property
    def name(self) -> str:
        """The platform's name."""

    def look(self, reply: Reply) -> Look:
        """Render the reply and read the payload back."""


def numbers(text: str) -> frozenset[int]:
    """Return the citation numbers in a visible text, for adapters that show them as `[1]`."""
    return frozenset(int(found) for found in re.findall(r"\[(\d+)\]", text))


def squeezed(text: str) -> str:
    """Return a text as it is compared: without white space and what an escaper may add invisibly."""
    return re.sub(r"[\s\u200b\u2060\ufeff]+", "", text)


def check_shape(look: Look) -> None:
    """Every page has words, keeps its limits and says something aloud; nothing was dropped or rejected."""
    assert look.pages, "no page at all"
    lost = [note for note in look.notes if note.degree in (Degree.DROPPED, Degree.REJECTED)]
    assert not lost, f"dropped or rejected: {lost}"
    for number, page in enumerate(look.pages, 1):
        assert page.text.strip(), f"page {number} is empty"
        assert page.spoken.strip(), f"page {number} has nothing to say in a notification"
        assert not page.broken, f"page {number} breaks limits: {page.broken}"


def check_citations(look: Look, reply: Reply) -> None:
    """Each page lists exactly what it cites; all pages together cite what the reply cites."""
    for number, page in enumerate(look.pages, 1):
        assert len(set(page.listed)) == len(page.listed), f"page {number} lists a source twice: {page.listed}"
        assert page.cited == set(page.listed), f"page {number} cites {set(page.cited)}, lists {page.listed}"
    known = {source.number for source in reply.sources}
    cited = {
        span.number
        for block in reply.blocks
        for one in block_lines(block)
        for span in one.spans
        if isinstance(span, Cite)
    }
    if not _is_short(look):
        everywhere = frozenset[int]().union(*(page.cited for page in look.pages))
        assert everywhere == cited & known, f"cited in all: {set(everywhere)}, in the reply: {cited & known}"


def check_texts(look: Look, reply: Reply) -> None:
    """Every text of the reply is visible, and lists keep their order."""
    if _is_short(look):
        return
    text = squeezed("".join(page.text for page in look.pages))
    said = frozenset[int]().union(*(page.moments for page in look.pages))
    for part in _parts(reply, said):
        assert squeezed(inert(part)) in text, f"{part[:80]!r} is not visible"
    for block in reply.blocks:
        position = 0
        for one in () if isinstance(block, Table) else block_lines(block):
            for words in _words(one, said):
                found = text.find(squeezed(inert(words)), position)
                assert found >= 0, f"{words[:80]!r} is out of order"
                position = found


def check_inert(look: Look, reply: Reply) -> None:
    """Data makes no link, no mention, and no character that a terminal or browser acts on."""
    known = {source.url for source in reply.sources}
    spans = [one for block in reply.blocks for each in block_lines(block) for one in each.spans]
    instants = {one.at for one in spans if isinstance(one, Moment)}
    for block in reply.blocks:
        known |= {block.url} if isinstance(block, Picture) else set()
    known |= {one.url for one in spans if isinstance(one, Link)}
    for number, page in enumerate(look.pages, 1):
        assert page.moments <= instants, f"page {number} says the times {set(page.moments - instants)}"
        assert page.links <= known, f"page {number} links to {set(page.links - known)}"
        assert not page.mentions, f"page {number} mentions {page.mentions}"
        for shown in (page.text, page.spoken):
            bare = shown.replace("\n", "")
            assert inert(bare) == bare, f"page {number} has a live control character"


def _words(line: Line, said: frozenset[int]) -> list[str]:
    """The texts of a line; citations are looked at for themselves, and the platform says some instants."""
    return [
        span.text
        for span in line.spans
        if not (isinstance(span, Cite) or (isinstance(span, Moment) and span.at in said))
    ]


def _is_short(look: Look) -> bool:
    """Whether something was shortened or cut, as the notes must then say."""
    return any(note.degree is Degree.PARTIAL for note in look.notes)


def _parts(reply: Reply, said: frozenset[int]) -> Iterator[str]:
    """Yield every text that must be visible somewhere; a title or summary may be said in other words."""
    for block in reply.blocks:
        # A table that does not fit beside itself may be shown row by row; its cells stay whole words.
        texts = [words for one in block_lines(block) for words in _words(one, said)]
        if isinstance(block, Table):
            texts = [word for text in texts for word in text.split()]
        if texts or isinstance(block, Picture):
            yield getattr(block, "heading", "")
        yield from texts
        match block:
            case Fields(fields=fields):
                yield from (one.label for one in fields)
            case Timeline(entries=entries):
                yield from (one.when.text for one in entries if one.when)
                yield from (one.label for one in entries)
            case Table(head=head, rows=rows) if rows:
                yield from (word for text in head for word in text.split())
            case Picture(alt=alt):
                yield alt
            case _:
                pass


ENDLESS = ("slack link", "discord user", "markdown link", "emphasis", "entity", "ansi", "east asian", "emoji")
"""Hostile texts that are tried 40,000 characters long as well."""


class Conformance:
    """The suite: a subclass names its adapter."""

    adapter: Adapter

    @pytest.mark.parametrize("name", SAMPLES)
    def test_sample(self, name: str) -> None:
        look = self.check(SAMPLES[name])
        if name == "all blocks" or name.startswith("one "):
            assert not _is_short(look), f"an everyday reply must be shown whole: {look.notes}"

    @pytest.mark.parametrize("name", ["all blocks", "ask", "many sources", "a long statement"])
    def test_same_reply_same_payload(self, name: str) -> None:
        assert self.adapter.look(SAMPLES[name]).payload == self.adapter.look(SAMPLES[name]).payload

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_text_is_inert_and_visible(self, name: str) -> None:
        self.check(hostile_reply(HOSTILE[name]))

    @pytest.mark.parametrize("name", ENDLESS)
    def test_hostile_text_of_40_kb_is_inert(self, name: str) -> None:
        endless = HOSTILE[name] * (40_000 // len(HOSTILE[name]))
        given = reply(Bullets((line(endless, Cite(1, "s1")),)), title=endless, summary=endless)
        look = self.adapter.look(given)
        check_shape(look)
        check_citations(look, given)
        check_inert(look, given)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(drawn=replies)
    def test_any_reply(self, drawn: Reply) -> None:
        self.check(drawn)

    def check(self, given: Reply) -> Look:
        look = self.adapter.look(given)
        check_shape(look)
        check_citations(look, given)
        check_texts(look, given)
        check_inert(look, given)
        return look
