from __future__ import annotations

from datetime import date

import pytest
from factory import fact_base

from bot.answers.statement import Writer, join, rate, source_line, tidy
from bot.facts.snapshot import Snapshot
from bot.facts.stated import Stated
from bot.reply import Cite, Name, Span, Strong, Text, When


def writer(snapshot: Snapshot, as_of: date | None = None) -> Writer:
    return Writer(fact_base(snapshot, as_of) if as_of else fact_base(snapshot))


def stated(writer: Writer, fact: str) -> Stated:
    found = writer.base.fact(fact)
    assert found is not None
    return found


def test_a_statement_has_text_day_speaker_rating_and_citations(coast: Snapshot) -> None:
    one = writer(coast)
    said = one.state(stated(one, "review-order"))

    assert said.fact == "review-order"
    assert said.text == (
        "The Ministry of Transport ordered a review of all ferry licences. — 4 March 2024"
        " · Ministry of Transport ordered (to Harbour Line), 4 March 2024, via National Wire"
        " · claimed, B2 probably true [1]"
    )
    assert When("4 March 2024", "2024-03-04") in said.spans
    assert Cite(1, "herald") in said.spans


def test_sources_are_numbered_in_the_order_of_their_first_use(coast: Snapshot) -> None:
    one = writer(coast)
    one.state(stated(one, "new-count"))
    one.state(stated(one, "chief"))
    one.state(stated(one, "new-count"))

    assert [(source.number, source.id) for source in one.sources()] == [(1, "courier"), (2, "herald")]


def test_sources_of_two_dossiers_are_told_apart(both: Snapshot) -> None:
    one = writer(both)
    for fact in ("coast:review-order", "north:review-order"):
        one.state(stated(one, fact))

    assert [source.id for source in one.sources()] == ["coast:herald", "north:herald"]


def test_only_the_first_mention_of_a_name_is_a_link(coast: Snapshot) -> None:
    one = writer(coast)
    names = list(one.linked(stated(one, "chief"), "Ada Okafor, Okafor, Harbour Line, Ada Okafor"))

    assert [span.command for span in names if isinstance(span, Name)] == ["/who okafor", "/who harbour-line"]
    assert "".join(span.text for span in names if not isinstance(span, Cite)) == (
        "Ada Okafor, Okafor, Harbour Line, Ada Okafor"
    )


def test_a_name_inside_a_word_is_no_link(coast: Snapshot) -> None:
    one = writer(coast)
    spans = list(one.linked(stated(one, "chief"), "Ada Okaforova and the Harbour Liner"))

    assert not [span for span in spans if isinstance(span, Name)]


def test_wanted_words_are_marked_beside_links(coast: Snapshot) -> None:
    one = writer(coast)
    spans = list(one.linked(stated(one, "chief"), "Ada Okafor leads licences", frozenset({"licences"})))

    assert [type(span) for span in spans] == [Name, Text, Strong]


@pytest.mark.parametrize(
    ("fact", "day", "standing"),
    [
        ("chief", date(2025, 1, 1), "confirmed by independent origins, B2 probably true"),
        ("chief", date(2024, 9, 19), "B2 probably true"),
        ("old-count", date(2025, 1, 1), "superseded by new-count, B6 truth cannot be judged"),
        ("fares-rise", date(2025, 1, 1), "disputed, B6 truth cannot be judged"),
        ("no-need", date(2025, 1, 1), "retracted, B6 truth cannot be judged"),
        ("no-need", date(2024, 9, 30), "claimed, B6 truth cannot be judged"),
    ],
)
def test_a_fact_stands_as_it_did_on_the_day(coast: Snapshot, fact: str, day: date, standing: str) -> None:
    one = writer(coast, day)

    assert standing in one.state(stated(one, fact)).text


def test_the_letter_is_the_best_of_the_sources_that_had_appeared(coast: Snapshot) -> None:
    one = writer(coast)

    assert one.letter(stated(one, "dredging")) == "A"
    assert one.letter(stated(one, "rust")) == "F"


def test_a_source_line_tells_what_the_source_is(coast: Snapshot) -> None:
    base = fact_base(coast)
    line = source_line(base, base.thing("source", "coast", "gazette"), 3)

    assert (line.number, line.id, line.command) == (3, "gazette", "/source gazette")
    assert line.published == When("about July 2024", "2024-07~")
    assert line.inferred == "names the review of the week before"
    with pytest.raises(LookupError, match="no source nothing"):
        source_line(base, base.thing("source", "coast", "nothing"), 1)


def test_ratings_have_words() -> None:
    assert rate("F") == "F reliability cannot be judged"


def test_spans_are_joined_and_tidied() -> None:
    parts: list[list[Span]] = [[Text("a")], [Text("b")], [Text("c")]]

    assert tidy(join(parts, ", ", " and ")) == (Text("a, b and c"),)
    assert tidy(join(parts[:1], ", ", " and ")) == (Text("a"),)
    assert tidy([]) == tidy([Text("")]) == ()
    assert tidy([Text("a"), Text(""), Strong("b"), Text("c"), Text("d")]) == (
        Text("a"),
        Strong("b"),
        Text("cd"),
    )
