from __future__ import annotations

import msgspec
import pytest

from bot.reply import (
    Action,
    Block,
    Bullets,
    Cite,
    Divider,
    Entry,
    Field,
    Fields,
    Footer,
    Kind,
    Line,
    Link,
    Moment,
    Name,
    Note,
    Paragraph,
    Picture,
    Quote,
    Reply,
    SourceLine,
    Span,
    Strong,
    Table,
    Text,
    Timeline,
    When,
    block_lines,
    change_spans,
    line,
    span_text,
)


def one(word: str, fact: str | None = None) -> Line:
    return line(word, Name(word, f"/who {word}"), Cite(1, "s"), fact=fact)


BLOCKS: list[tuple[Block, list[str]]] = [
    (Paragraph((one("a"), one("b")), "h"), ["a", "b"]),
    (Bullets((one("a"), one("b")), "h", numbered=True), ["a", "b"]),
    (Fields((Field("l", one("a")), Field("m", one("b"))), "h"), ["a", "b"]),
    (Timeline((Entry(one("a"), When("2024", "2024"), "planned"), Entry(one("b"))), "h"), ["a", "b"]),
    (Table(("x", "y"), ((one("a"), one("b")), (one("c"), one("d"))), "h"), ["a", "b", "c", "d"]),
    (Quote(one("a"), one("b"), "h"), ["a", "b"]),
    (Note(one("a"), heading="h"), ["a"]),
    (Picture("https://x.example/p.png", "alt", "h"), []),
    (Divider(), []),
]


def reply(*blocks: Block) -> Reply:
    return Reply(kind=Kind.ANSWER, title="t", summary="s", blocks=blocks)


@pytest.mark.parametrize(("block", "words"), BLOCKS, ids=[type(one).__name__ for one, _ in BLOCKS])
def test_the_lines_of_a_block_come_in_reading_order(block: Block, words: list[str]) -> None:
    assert [found.spans[0] for found in block_lines(block)] == [Text(word) for word in words]


@pytest.mark.parametrize(("block", "words"), BLOCKS, ids=[type(one).__name__ for one, _ in BLOCKS])
def test_every_span_of_a_block_is_changed_and_nothing_else(block: Block, words: list[str]) -> None:
    def marked(span: Span) -> Span:
        return Name(span.text, span.command + " as-of:2024") if isinstance(span, Name) else span

    before = reply(block)
    after = change_spans(before, marked)

    spans = [span for found in block_lines(after.blocks[0]) for span in found.spans]
    assert [span.command for span in spans if isinstance(span, Name)] == [
        f"/who {word} as-of:2024" for word in words
    ]
    assert msgspec.json.encode(after).replace(b" as-of:2024", b"") == msgspec.json.encode(before)
    assert change_spans(before, lambda span: span) == before


def test_a_changed_line_keeps_its_fact_and_its_grounds() -> None:
    before = reply(Bullets((Line((Text("a"),), "f", ("g", "h")),)))

    assert change_spans(before, lambda span: Text("b")).facts == ("f", "g", "h")


def test_every_kind_of_block_has_been_tried() -> None:
    assert {type(block) for block, _ in BLOCKS} == set(Block.__args__)


def test_spans_as_plain_text() -> None:
    spans: list[Span] = [
        Text("a "),
        Strong("b "),
        Link("c ", "https://x.example"),
        Name("d ", "/who d"),
        When("e ", "2024"),
        Moment("f ", 0),
        Cite(12, "s"),
    ]

    assert Line(tuple(spans)).text == "a b c d e f [12]"
    assert [span_text(span) for span in spans][-1] == "[12]"
    assert {type(span) for span in spans} == set(Span.__args__)


def test_the_facts_of_a_reply_are_all_that_it_uses_each_once() -> None:
    given = reply(
        Bullets((one("a", "f1"), Line((), None, ("f2", "f1")), one("b"))),
        Divider(),
        Timeline((Entry(one("c", "f3")),)),
        Note(one("d", "f2")),
    )

    assert given.facts == ("f1", "f2", "f3")
    assert reply().facts == ()


def test_a_source_line_as_plain_text() -> None:
    source = SourceLine(1, "herald", "Title", "Daily", "B usually reliable")
    published = When("5 March 2024", "2024-03-05")

    assert source.text == "Title · undated · Daily · B usually reliable"
    dated = msgspec.structs.replace(source, publisher="Herald", published=published)
    assert dated.text == "Title · Herald · 5 March 2024 · Daily · B usually reliable"
    inferred = msgspec.structs.replace(dated, inferred="names a decree")
    assert inferred.text == "Title · Herald · 5 March 2024 (inferred) · Daily · B usually reliable"


@pytest.mark.parametrize(
    ("facts", "count"), [(0, "0 facts"), (1, "1 fact"), (2, "2 facts"), (50_000, "50,000 facts")]
)
def test_a_footer_as_plain_text(facts: int, count: str) -> None:
    footer = Footer("0a1b", "10 March 2025", facts, "/due as-of:2025-03-10")

    assert footer.text == f"snapshot 0a1b · as of 10 March 2025 · {count} · /due as-of:2025-03-10"
    noticed = msgspec.structs.replace(footer, notice="An older snapshot answers.")
    assert noticed.text == f"{footer.text} · An older snapshot answers."


def test_a_reply_survives_json() -> None:
    given = Reply(
        kind=Kind.ASK,
        title="t",
        summary="s",
        blocks=tuple(block for block, _ in BLOCKS),
        sources=(SourceLine(1, "s", "t", "d", "r", published=When("2024", "2024")),),
        actions=(Action("l", "/who x", "h"),),
        footer=Footer("0a1b", "2024", 1, "/who x"),
    )
    encoded = msgspec.json.encode(given)

    assert msgspec.json.decode(encoded, type=Reply) == given
    assert msgspec.json.encode(msgspec.json.decode(encoded, type=Reply)) == encoded


def test_a_reply_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        reply().title = "other"  # type: ignore[misc]
