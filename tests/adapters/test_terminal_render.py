from __future__ import annotations

import re

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from samples import ALL_BLOCKS, HERALD, SAMPLES, reply

from bot.adapters.terminal.render import render
from bot.reply import (
    Action,
    Bullets,
    Cite,
    Degree,
    Entry,
    Footer,
    Kind,
    Line,
    Link,
    Moment,
    Paragraph,
    Reply,
    Strong,
    Table,
    Text,
    Timeline,
    When,
    line,
)


def plain(given: Reply, width: int = 60) -> str:
    (page,) = render(given, width=width).pages
    return page


def bare(*blocks: object, **others: object) -> Reply:
    return reply(*blocks, **{"title": "", "sources": (), "footer": None, **others})  # type: ignore[arg-type]


def test_a_whole_answer() -> None:
    given = reply(*ALL_BLOCKS[1:3], actions=(Action("More", "/briefing length:full", "every key point"),))
    assert plain(given) == (
        "Ferry licences\n"
        "══════════════\n"
        "\n"
        "Bottom line\n"
        "  The ministry ordered a review of all ferry licences, Ada\n"
        "  Okafor (Harbour Line\n"
        "  <https://example.org/harbour?a=1&b=2>) told reporters on 4\n"
        "  March 2024. [1] [2]\n"
        "  No outcome is recorded.\n"
        "\n"
        "Key points\n"
        "  1. The ministry ordered a review of all ferry licences,\n"
        "     Ada Okafor (Harbour Line\n"
        "     <https://example.org/harbour?a=1&b=2>) told reporters\n"
        "     on 4 March 2024. [1] [2]\n"
        "  2. She denied that 31 of 83 licences had lapsed. [3]\n"
        "\n"
        "Sources\n"
        "  [1] Ministry orders a review of ferry licences · Morning\n"
        "      Herald · 5 March 2024 · Regional daily, rewrites wire\n"
        "      copy · B usually reliable\n"
        "      https://example.org/herald/2024-03-05\n"
        "  [2] Постановление № 31: лицензии · about April 2024\n"
        "      (inferred) · Official gazette · A completely reliable\n"
        "  [3] 港口公司公告 · undated · Company's own page · F cannot\n"
        "      be judged\n"
        "\n"
        "Go on with\n"
        "  1. More — every key point  /briefing length:full\n"
        "\n"
        "snapshot 3f9c2a71 · as of 2024-06-01 · 42 facts\n"
        "/briefing licences as-of:2024-06-01\n"
    )


def test_a_timeline_has_its_dates_beside_or_above_the_entries() -> None:
    entries = (
        Entry(line("It began."), When("March 2024", "2024-03")),
        Entry(line("It may end."), None, "planned"),
    )
    assert plain(bare(Timeline(entries))) == "  March 2024  It began.\n  undated     planned · It may end.\n"
    assert plain(bare(Timeline(entries)), 20) == (
        "  March 2024\n    It began.\n  undated\n    planned · It may\n    end.\n"
    )


def test_a_table_stands_in_columns_where_it_fits() -> None:
    table = Table(("Name", "渡轮"), ((line("Ada"), line("三")), (line("Okafor"), line("1"))))
    assert plain(bare(table)) == "  Name    渡轮\n  ──────  ────\n  Ada     三\n  Okafor  1\n"


def test_a_table_wraps_its_widest_column() -> None:
    table = Table(("When", "What"), ((line("2024"), line("a longer sentence about the matter")),))
    rendered = render(bare(table), width=30)
    assert rendered.pages == (
        "  When  What\n  ────  ──────────────────────\n  2024  a longer sentence\n        about the matter\n",
    )
    assert rendered.notes == ()


def test_a_table_too_wide_for_columns_is_shown_row_by_row() -> None:
    table = Table(("a", "b"), ((line("x" * 15), line("y" * 15)),) * 2)
    rendered = render(bare(table), width=20)
    assert rendered.pages == (
        "  a: xxxxxxxxxxxxxxx\n  b: yyyyyyyyyyyyyyy\n\n  a: xxxxxxxxxxxxxxx\n  b: yyyyyyyyyyyyyyy\n",
    )
    assert [(note.block, note.degree) for note in rendered.notes] == [("table", Degree.FALLBACK)]


def test_wide_characters_and_emoji_keep_the_margin() -> None:
    for width in (20, 33, 80):
        for one in plain(SAMPLES["wide characters"], width).splitlines():
            assert cell_len(one) <= width


@pytest.mark.parametrize("width", [1, 20, 40, 80, 120, 1_000])
def test_no_line_is_wider_than_the_room(width: int) -> None:
    for one in plain(SAMPLES["all blocks"], width).splitlines():
        assert cell_len(one) <= max(20, min(width, 100)) or one.strip().startswith("https://")


def test_colour_adds_sequences_to_the_same_words() -> None:
    for name in ("all blocks", "ask", "notice", "wide characters"):
        (page,) = render(SAMPLES[name], width=60, colour=True).pages
        assert "\x1b[" in page
        assert re.sub(r"\x1b\[[0-9;]*m", "", page) == plain(SAMPLES[name])


def test_links_are_clickable_and_the_same_each_time() -> None:
    given = bare(
        Paragraph((line(Link("one", "https://example.org/\x1b]8;;x"), " ", Link("two", "ftp://x")),))
    )
    (page,) = render(given, links=True).pages
    one = "\x1b]8;id=1;https://example.org/%1B]8;;x\x1b\\\x1b[4mone\x1b[0m\x1b]8;;\x1b\\"
    assert page == f"  {one} \x1b[4mtwo\x1b[0m\n"
    assert render(given, links=True).pages == (page,)


def test_remarks_behind_a_statement_are_dimmed() -> None:
    stated = replace(line("It rose — a lot — Ada said ", Cite(1, HERALD.id)), fact="f")
    (page,) = render(bare(Bullets((stated, Line((Text("no — fact"),))))), colour=True).pages
    assert "It rose — a lot\x1b[2m — Ada said \x1b[0m" in page
    assert "no — fact" in page


def test_a_reply_without_blocks_says_its_summary() -> None:
    assert (
        plain(Reply(kind=Kind.NONE, title="zzz", summary="Nothing is known."))
        == "zzz\n═══\n\nNothing is known.\n"
    )
    assert plain(Reply(kind=Kind.NONE, title="", summary="")) == "There is nothing to show.\n"


def test_choices_are_numbered_with_what_they_ask() -> None:
    actions = (
        Action("Ada Okafor", "/who okafor", "person"),
        Action("russia", "/who russia", "russia"),
        Action("/help", "/help"),
    )
    text = plain(bare(kind=Kind.ASK, summary="Which?", actions=actions))
    assert text.endswith(
        "Choices\n  1. Ada Okafor — person  /who okafor\n  2. russia  /who russia\n  3. /help\n"
    )


def test_a_notice_stands_below_the_footer() -> None:
    text = plain(reply(footer=Footer("3f9c", "2024", 1, "/x", "An older snapshot answers.")))
    assert text.endswith("\nsnapshot 3f9c · as of 2024 · 1 fact · /x\nAn older snapshot answers.\n")


def test_pages_keep_the_height_and_numbers_count_on() -> None:
    rendered = render(SAMPLES["many points"], width=80, height=24)
    assert all(len(page.splitlines()) <= 24 for page in rendered.pages)
    assert "Key points (continued)\n" in rendered.pages[1]
    numbers = [
        int(found) for page in rendered.pages for found in re.findall(r"^ +(\d+)\. Point", page, re.MULTILINE)
    ]
    assert numbers == list(range(1, 121))
    assert f"\nPage 2 of {len(rendered.pages)}\n" in rendered.pages[1]


def test_a_statement_higher_than_the_screen_is_shown_whole() -> None:
    rendered = render(reply(Paragraph((line("word " * 2_000), line("end")))), height=20)
    assert [page.count("word") for page in rendered.pages] == [2_000, 0]
    assert rendered.notes == ()


def test_many_choices_leave_the_statements_together() -> None:
    actions = tuple(Action(f"choice {n}", f"/who c{n}") for n in range(40))
    given = reply(Bullets((line("a"), line("b"))), kind=Kind.ASK, actions=actions)
    assert len(render(given, height=24).pages) == 1


def test_strong_words_read_the_same_without_colour() -> None:
    assert plain(bare(Paragraph((line("a ", Strong("b"), " c"),)))) == "  a b c\n"


def test_an_instant_is_said_in_the_zone_that_is_known() -> None:
    given = bare(Paragraph((line("Next: ", Moment("08:30 Europe/Berlin", 1_709_541_000)),)))
    assert "Next: 08:30 Europe/Berlin" in plain(given)
    (page,) = render(given, local=lambda at: f"({at} here)").pages
    assert "Next: (1709541000 here)" in page
    assert render(given, local=lambda at: "").pages == render(given).pages
