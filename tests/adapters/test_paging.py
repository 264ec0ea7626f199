from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from samples import replies

from bot.adapters.paging import Page, paginate
from bot.reply import (
    Action,
    Block,
    Bullets,
    Cite,
    Degree,
    Divider,
    Fields,
    Footer,
    Kind,
    Note,
    Paragraph,
    Picture,
    Quote,
    Reply,
    SourceLine,
    Table,
    Text,
    Timeline,
    block_lines,
    line,
)

SOURCES = tuple(SourceLine(n, f"s{n}", f"Article {n}", "Daily", "B usually reliable") for n in range(1, 6))
FOOTER = Footer("abc123", "2025-03-01", 7, "/briefing")


def shown(page: Page) -> str:
    """A small renderer whose length is what the tests measure."""
    reply = page.reply
    parts = [reply.title, reply.summary]
    for block in reply.blocks:
        parts.append(getattr(block, "heading", "") or "")
        match block:
            case Divider():
                parts.append("---")
            case Fields(fields=fields):
                parts += [f"{one.label}: {one.value.text}" for one in fields]
            case Timeline(entries=entries):
                parts += [f"{one.when.text if one.when else ''} {one.line.text}" for one in entries]
            case Table(head=head, rows=rows):
                parts += [" | ".join(head), *(" | ".join(cell.text for cell in row) for row in rows)]
            case Picture(alt=alt):
                parts.append(alt)
            case _:
                parts += [one.text for one in block_lines(block)]
    parts += [f"[{one.number}] {one.text}" for one in reply.sources]
    parts += [one.label for one in reply.actions]
    parts += [reply.footer.text] if reply.footer else []
    parts += [f"page {page.number} of {page.of}"] if page.of > 1 else []
    parts += [f"{page.cut} left out"] if page.cut else []
    return "\n".join(parts)


def within(limit: int) -> Callable[[Page], bool]:
    return lambda page: len(shown(page)) <= limit


def reply(*blocks: Block, kind: Kind = Kind.ANSWER, **others: object) -> Reply:
    given = Reply(kind=kind, title="T", summary="S", blocks=blocks, sources=SOURCES, footer=FOOTER)
    return replace(given, **others)


def statements(given: Reply) -> list[object]:
    """Every statement of a reply, with the block's tag and (but for "continued") its heading."""
    found: list[object] = []
    for block in given.blocks:
        heading = getattr(block, "heading", "").removesuffix(" (continued)")
        head = (type(block).__name__, heading, getattr(block, "head", None))
        match block:
            case Paragraph(lines=items) | Bullets(items=items):
                found += [(head, one) for one in items]
            case Fields(fields=fields):
                found += [(head, one) for one in fields]
            case Timeline(entries=entries):
                found += [(head, one) for one in entries]
            case Table(rows=rows):
                found += [(head, one) for one in rows]
            case Quote() | Note() | Picture():
                found.append((head, replace(block, heading=heading)))
            case Divider():
                pass
    return found


# --- properties ----------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(replies, st.integers(40, 1500), st.one_of(st.none(), st.integers(1, 4)))
def test_whatever_the_reply_and_the_limit_pages_are_complete_in_order_and_fit(
    whole: Reply, limit: int, most: int | None
) -> None:
    try:
        pages, notes = paginate(whole, within(limit), most)
    except ValueError:
        smallest = paginate(replace(whole, blocks=()), lambda _: True)[0][0]
        assert limit < len(shown(smallest)) + 1200, "gave up although there was room"
        return
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))
    assert {page.of for page in pages} == {len(pages)}
    assert len(pages) <= (most or len(pages))
    assert all(map(within(limit), pages))

    before, after = statements(whole), [one for page in pages for one in statements(page.reply)]
    cut = pages[-1].cut
    assert [page.cut for page in pages[:-1]] == [0] * (len(pages) - 1)
    assert len(after) + cut == len(before)
    short = sum("shortened" in note.why for note in notes)
    assert sum(one != other for one, other in zip(before, after, strict=False)) <= short
    if not short:
        assert after == before[: len(after)]
    assert (not notes) == (not cut and not short)

    for page in pages:
        cited = {
            span.number
            for block in page.reply.blocks
            for one in block_lines(block)
            for span in one.spans
            if isinstance(span, Cite)
        }
        assert [one.number for one in page.reply.sources] == sorted(cited)
        assert not any(
            isinstance(block, Divider) for block in (*page.reply.blocks[:1], *page.reply.blocks[-1:])
        )
        if not short:
            assert (page.reply.title, page.reply.summary) == (whole.title, whole.summary)
            assert page.reply.footer == whole.footer
    with_actions = [page.number for page in pages if page.reply.actions]
    expected = pages if whole.kind is Kind.ASK else pages[-1:]
    assert with_actions == [page.number for page in expected if whole.actions]


def cites(one: object) -> Iterator[int]:
    text = repr(one)
    yield from (int(part.split(",")[0]) for part in text.split("Cite(number=")[1:])


@settings(max_examples=60, deadline=None)
@given(replies, st.integers(300, 600))
def test_shortening_keeps_every_citation(whole: Reply, limit: int) -> None:
    long = Paragraph((line(Cite(2, "s2"), Text("word " * 400), Cite(1, "s1"), Text("end"), Cite(3, "s3")),))
    whole = replace(whole, blocks=(*whole.blocks, long))
    pages, notes = paginate(whole, within(limit))
    assert any(note.degree is Degree.PARTIAL and note.block == "paragraph" for note in notes)
    found = [list(cites(one)) for page in pages for one in statements(page.reply)]
    assert found == [list(cites(one)) for one in statements(whole)]


# --- one by one ----------------------------------------------------------------------------------------


def bullets(count: int, **others: object) -> Bullets:
    return replace(Bullets(tuple(line(f"statement {n:03}", fact=f"f{n}") for n in range(count))), **others)


def test_a_reply_that_fits_is_one_page_and_the_same_blocks() -> None:
    given = reply(bullets(3, heading="Said"), actions=(Action("More", "/more"),))
    pages, notes = paginate(given, lambda _: True)
    assert pages == [Page(replace(given, sources=()), 1, 1)]
    assert notes == []


def test_a_block_goes_on_under_its_heading_and_numbers_count_on() -> None:
    given = reply(bullets(7, heading="Key points", numbered=True), Divider(), bullets(1, heading="Said"))
    pages, _ = paginate(given, lambda page: len(page.reply.facts) <= 3)
    assert [[getattr(block, "heading", "-") for block in page.reply.blocks] for page in pages] == [
        ["Key points"],
        ["Key points (continued)"],
        ["Key points (continued)", "-", "Said"],
    ]
    assert [page.start for page in pages] == [1, 4, 7]


def test_a_table_repeats_its_head() -> None:
    rows = tuple((line(f"row {n}"), line("x")) for n in range(5))
    given = reply(Table(("a", "b"), rows))
    pages, _ = paginate(given, lambda page: all(len(block.rows) <= 2 for block in page.reply.blocks))  # type: ignore[union-attr]
    assert [block.head for page in pages for block in page.reply.blocks] == [("a", "b")] * 3  # type: ignore[union-attr]


def test_dividers_and_empty_blocks_do_not_open_or_close_a_page() -> None:
    given = reply(
        Divider(), bullets(0, heading="Empty"), bullets(1), Divider(), Divider(), bullets(1), Divider()
    )
    pages, _ = paginate(given, lambda _: True)
    assert pages[0].reply.blocks == (bullets(1), Divider(), bullets(1))
    pages, _ = paginate(given, lambda page: len(page.reply.blocks) <= 1)
    assert [page.reply.blocks for page in pages] == [(bullets(1),), (bullets(1),)]


def test_actions_are_on_the_last_page_but_on_every_page_of_a_question() -> None:
    actions = (Action("one", "/1"), Action("two", "/2"))
    given = reply(bullets(4), actions=actions)
    pages, _ = paginate(given, lambda page: len(page.reply.facts) <= 2)
    assert [page.reply.actions for page in pages] == [(), actions]
    pages, _ = paginate(replace(given, kind=Kind.ASK), lambda page: len(page.reply.facts) <= 2)
    assert [page.reply.actions for page in pages] == [actions, actions]


def test_actions_get_a_page_of_their_own_rather_than_shorten_a_statement() -> None:
    given = reply(bullets(1), actions=(Action("A", "/a"),))
    pages, notes = paginate(given, lambda page: len(page.reply.facts) + len(page.reply.actions) <= 1)
    assert [(len(page.reply.facts), len(page.reply.actions)) for page in pages] == [(1, 0), (0, 1)]
    assert notes == []


def test_the_last_allowed_page_counts_what_was_left_out() -> None:
    given = reply(bullets(5), bullets(4, heading="b"), actions=(Action("A", "/a"),))
    pages, notes = paginate(given, lambda page: len(page.reply.facts) <= 2, most=2)
    assert [page.cut for page in pages] == [0, 5]
    assert [len(page.reply.actions) for page in pages] == [0, 1]
    assert [(note.block, note.degree, note.why) for note in notes] == [
        ("bullets", Degree.PARTIAL, "1 statement is left out after the last page."),
        ("bullets", Degree.PARTIAL, "4 statements are left out after the last page."),
    ]


def test_a_page_is_judged_with_room_for_the_digits_of_of() -> None:
    given = reply(bullets(300), sources=(), footer=None)
    pages, _ = paginate(given, within(60))
    assert len(pages) > 99
    assert all(map(within(60), pages))


def test_one_endless_statement_is_shortened_at_a_word() -> None:
    given = reply(bullets(1), Paragraph((line("word " * 10_000, Cite(1, "s1")),)), bullets(1))
    pages, notes = paginate(given, within(200))
    assert [len(page.reply.blocks) for page in pages] == [1, 1, 1]
    text = next(block_lines(pages[1].reply.blocks[0])).text
    assert text.endswith("word…[1]")
    assert len(shown(pages[1])) > 190
    assert [(note.block, note.degree) for note in notes] == [("paragraph", Degree.PARTIAL)]


def test_a_limit_below_everything_is_a_clear_error() -> None:
    with pytest.raises(ValueError, match="Not even one statement fits a page of this size"):
        paginate(reply(bullets(2)), lambda _: False)
    with pytest.raises(ValueError, match="At least one page must be allowed"):
        paginate(reply(), lambda _: True, most=0)


def test_the_work_is_linear() -> None:
    """Statements rendered over all calls of `fits`, for ten times the statements: about ten times."""

    def work(count: int) -> int:
        rendered = 0

        def fits(page: Page) -> bool:
            nonlocal rendered
            rendered += len(page.reply.facts)
            return len(page.reply.facts) <= 12

        assert len(paginate(reply(bullets(count)), fits)[0]) == -(-count // 12)
        return rendered

    assert work(10_000) < 11 * work(1_000)
    assert work(10_000) < 10 * 10_000
