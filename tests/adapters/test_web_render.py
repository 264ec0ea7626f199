from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from conformance import Adapter, Conformance, Look, Seen, squeezed
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from samples import FOOTER, HERALD, SAMPLES, hostile_reply, replies
from samples import reply as build
from web_desk import LONG
from web_document import Document

from bot.adapters.texts import inert
from bot.adapters.web.limits import STATEMENTS
from bot.adapters.web.render import ask_url, render, render_html, reply_json, spoken
from bot.reply import (
    Action,
    Bullets,
    Cite,
    Degree,
    Entry,
    Footer,
    Line,
    Link,
    Moment,
    Name,
    Paragraph,
    Picture,
    Reply,
    SourceLine,
    Strong,
    Text,
    Timeline,
    When,
    line,
)


class Web:
    """Reads the fragments back with an HTML parser."""

    name = "web"

    def look(self, reply: Reply) -> Look:
        rendered = render(reply)
        pages = [self.seen(page, spoken(reply)) for page in rendered.pages]
        return Look(pages, list(rendered.notes), rendered.pages)

    def seen(self, page: str, said: str) -> Seen:
        document = Document(page)
        hrefs = (one.attributes.get("href", "") for one in document.all("a"))
        lines = [one for one in document.all("li") if "value" in one.attributes]
        return Seen(
            text=document.text,
            cited=frozenset(int(one.text.strip("[]")) for one in document.all(".cite")),
            listed=tuple(int(one.attributes["value"]) for one in lines),
            spoken=f"{document.all('h2')[0].text} {said}",
            links=frozenset(href for href in hrefs if not href.startswith(("#", "?q="))),
            broken=(*document.broken, *document.inert()),
        )


class TestConformance(Conformance):
    adapter: Adapter = Web()


def article(reply: Reply, page: int = 1, **others: str) -> Document:
    return Document(render_html(reply, page, **others))


# --- citations ------------------------------------------------------------------------------------------


def test_a_citation_leads_to_its_source_line_and_back() -> None:
    document = article(
        build(Paragraph((line("Said. ", Cite(1, HERALD.id)), line("Again. ", Cite(1, HERALD.id)))))
    )
    first, second = document.all(".cite")
    (source,) = (one for one in document.all("li") if "value" in one.attributes)
    (back,) = document.all(".back")
    assert first.attributes["href"] == second.attributes["href"] == f"#{source.attributes['id']}"
    assert back.attributes["href"] == f"#{first.attributes['id']}"
    assert source.attributes["tabindex"] == "-1", "a jump must move the focus, or the keyboard stays behind"
    assert (first.attributes["role"], back.attributes["role"]) == ("doc-noteref", "doc-backlink")
    assert back.attributes["aria-label"] == "Back to citation 1"


def test_a_citation_without_a_source_line_is_no_link() -> None:
    document = article(build(Paragraph((line("Said. ", Cite(9, "gone")),)), sources=()))
    assert [one.tag for one in document.all(".cite")] == ["span"]


def test_two_answers_share_no_id() -> None:
    reply = SAMPLES["all blocks"]
    both = Document(render_html(reply, answer="a1") + render_html(reply, answer="a2"))
    assert not both.broken


def test_a_source_line_says_all_that_is_known_of_the_source() -> None:
    text = article(SAMPLES["all blocks"]).all(".sources")[0].text
    assert (
        "Постановление № 31: лицензии · about April 2024 (inferred: names a decree of the day before)" in text
    )
    assert "Morning Herald · 5 March 2024 · Regional daily, rewrites wire copy · B usually reliable" in text
    assert "港口公司公告 · undated · Company's own page · F cannot be judged" in text


def test_a_source_line_leads_to_what_rests_on_it() -> None:
    asked = [one.attributes["href"] for one in article(SAMPLES["all blocks"]).all(".facts")]
    assert asked[0] == "?q=%2Fsource+morning-herald-2024-03-05"


# --- names, dates, addresses ----------------------------------------------------------------------------


def test_a_name_asks_its_command() -> None:
    (name,) = article(build(Paragraph((line(Name("Ада & Co", "/who “ada & co” in:x")),)))).all(".name")
    assert name.text == "Ада & Co"
    assert parse_qs(urlsplit(name.attributes["href"]).query) == {"q": ["/who “ada & co” in:x"]}


@pytest.mark.parametrize("edtf", ["2024", "2024-03", "2024-03-04"])
def test_an_exact_date_is_a_time(edtf: str) -> None:
    document = article(build(Paragraph((line(When("then", edtf)),)), sources=()))
    assert [(one.text, one.attributes["datetime"]) for one in document.all("time")] == [("then", edtf)]


def test_an_instant_is_a_time_that_the_page_may_say_in_the_readers_zone() -> None:
    document = article(
        build(Paragraph((line(Moment("Monday 4 March 2024, 08:30 UTC", 1_709_541_000)),)), sources=())
    )
    (shown,) = document.all("time")
    assert (shown.text, shown.attributes) == (
        "Monday 4 March 2024, 08:30 UTC",
        {"class": "moment", "datetime": "2024-03-04T08:30:00Z"},
    )


@pytest.mark.parametrize("at", [-(2**63), 2**63, 10**12])
def test_an_instant_that_no_browser_can_show_is_words(at: int) -> None:
    document = article(build(Paragraph((line(Moment("some day", at)),)), sources=()))
    assert document.all("time") == []
    assert "some day" in document.text


def test_an_instant_is_in_the_json() -> None:
    made = reply_json(build(Paragraph((line(Moment("then", 5)),)), sources=()))
    assert '[{"type":"moment","text":"then","at":5}]' in msgspec.json.encode(made).decode()


@pytest.mark.parametrize("edtf", ["2024~", "2024?", "2024/2025", "../2024-05", "", '2024" onclick="x'])
def test_another_date_is_words(edtf: str) -> None:
    document = article(build(Paragraph((line(When("about then", edtf)),)), sources=()))
    assert not document.all("time")
    assert [(one.text, one.attributes["data-edtf"]) for one in document.all(".when")] == [
        ("about then", edtf)
    ]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " https://example.org",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "/local",
        "mailto:a@example.org",
        "https://",
        'https://example.org/"onmouseover="x',
        "https://example.org/\x00",
        "https://example.org\\@example.net",
        "",
    ],
)
def test_only_web_addresses_become_links(url: str) -> None:
    reply = build(
        Paragraph((line("See ", Link("the page", url), Cite(1, "s")),)),
        Picture(url, "A chart"),
        sources=(replace(HERALD, url=url),),
    )
    rendered = render(reply)
    document = Document(rendered.pages[0])
    assert not document.all(".out")
    assert "See the page" in document.text
    assert [note.block for note in rendered.notes] == ["picture", "link"]


def test_an_address_is_kept_exactly() -> None:
    url = "https://example.org/a?b=1&c='2'&d=é#e"
    document = article(build(Paragraph((line(Link("page", url.replace("'", "%27"))),)), sources=()))
    assert [one.attributes["href"] for one in document.all(".out")] == [url.replace("'", "%27")]


def test_a_picture_is_words_and_a_link() -> None:
    rendered = render(build(Picture("https://example.org/c.png", "A chart", "Chart"), sources=()))
    assert not Document(rendered.pages[0]).all("img"), "the page loads nothing from elsewhere"
    assert [(note.block, note.degree) for note in rendered.notes] == [("picture", Degree.FALLBACK)]


def test_remarks_on_a_statement_step_back() -> None:
    spoken_of = line("It — so ", Name("she", "/who x"), " — left. — ", Strong("claimed"), " · F3 ", fact="f")
    judged = Line((Text("It may. — judgement, likely"),), grounds=("f",))
    document = article(build(Bullets((spoken_of, judged, line("A dash — but no fact."))), sources=()))
    assert [one.text for one in document.all(".remarks")] == [" — claimed · F3 ", " — judgement, likely"]
    assert [one.text for one in document.all("li")][:2] == [spoken_of.text, judged.text]


def test_the_summary_shows_only_where_nothing_else_does() -> None:
    assert not article(SAMPLES["all blocks"]).all(".summary")
    assert [one.text for one in article(SAMPLES["failure"]).all(".summary")] == [SAMPLES["failure"].summary]


# --- pages, actions, footer -----------------------------------------------------------------------------


def test_pages_hold_a_sitting_each_and_turn_by_buttons() -> None:
    reply = LONG
    pages = [Document(page) for page in render(reply).pages]
    assert len(pages) == 200 / STATEMENTS
    for number, page in enumerate(pages, 1):
        points = [one for one in page.all("li") if "data-fact" in one.attributes]
        assert len(points) == STATEMENTS
        buttons = page.all("button")[: len(pages)]
        assert [one.attributes["value"] for one in buttons] == ["1", "2", "3", "4", "5"]
        assert [one.text for one in buttons if "aria-current" in one.attributes] == [str(number)]
        (asked,) = page.all("input")
        assert asked.attributes == {"type": "hidden", "name": "q", "value": FOOTER.command}
    assert pages[1].all("ol")[0].attributes["start"] == "41", "a numbered list goes on counting"


@pytest.mark.parametrize(("asked", "shown"), [(-3, 1), (0, 1), (2, 2), (5, 5), (6, 5), (10**9, 5)])
def test_a_number_outside_the_pages_gives_the_nearest(asked: int, shown: int) -> None:
    assert f"page {shown} of 5" in article(LONG, asked).all("h2")[0].text


def test_pages_without_a_footer_turn_with_what_was_asked() -> None:
    reply = replace(LONG, footer=None)
    assert article(reply, line="/x y").all("input")[0].attributes["value"] == "/x y"


def test_an_action_is_a_link_that_asks() -> None:
    document = article(build(sources=(), actions=(Action("More", "/briefing length:full", "all of it"),)))
    (action,) = document.all(".action")
    assert action.text == "More all of it"
    assert action.attributes["href"] == ask_url("/briefing length:full") == "?q=%2Fbriefing+length%3Afull"


def test_the_footer_says_how_to_get_the_answer_again() -> None:
    document = article(SAMPLES["notice"])
    (footer,) = document.all("footer")
    assert "snapshot 3f9c · as of 2024 · 1 fact" in footer.text
    assert "An older snapshot answers." in footer.text
    assert [one.text for one in document.all("code")] == ["/x"]
    assert [one.attributes["href"] for one in document.all(".share")] == ["?q=%2Fx"]


def test_the_footer_counts_in_thousands() -> None:
    footer = Footer("3f9c", "2024", 50_000, "/x")
    assert "50,000 facts" in article(replace(SAMPLES["notice"], footer=footer)).text


def test_a_statement_carries_its_fact() -> None:
    document = article(build(Bullets((line("So. ", fact="f-1"), line("Not so."))), sources=()))
    assert [one.attributes.get("data-fact") for one in document.all("li")] == ["f-1", None]


def test_an_entry_without_a_date_has_no_head() -> None:
    document = article(build(Timeline((Entry(line("Once.")),)), sources=()))
    assert not document.all(".head")


def test_choices_are_called_so() -> None:
    assert article(SAMPLES["ask"]).all(".actions")[0].text.startswith("Choices")


def test_headings_go_down_one_level_at_a_time() -> None:
    tags = [
        one.tag for one in article(SAMPLES["all blocks"]).elements if one.tag[0] == "h" and len(one.tag) == 2
    ]
    assert tags[0] == "h2"
    assert set(tags[1:]) == {"h3", "hr"}


# --- JSON -----------------------------------------------------------------------------------------------


def test_json_is_the_reply_with_the_facts_it_uses() -> None:
    reply = SAMPLES["all blocks"]
    fields = json.loads(msgspec.json.encode(reply_json(reply)))
    assert fields.pop("facts") == ["review-order-2024-03", "okafor-denial"]
    assert fields["kind"] == "answer"
    assert msgspec.convert(fields, Reply) == reply


# --- whatever it is given -------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(), max_size=60), url=st.text(max_size=30))
def test_any_text_anywhere_stays_text(text: str, url: str) -> None:
    reply = hostile_reply(text)
    reply = replace(reply, blocks=(*reply.blocks, Paragraph((line(Link(text, url), When(text, url)),))))
    source = SourceLine(1, text, text, text, text, published=When(text, url), url=url)
    for page in render(replace(reply, sources=(source,))).pages:
        document = Document(page)
        assert not document.broken
        assert not document.inert()
        assert squeezed(inert(text)) in squeezed(document.text)


@settings(max_examples=40, deadline=None)
@given(reply=replies)
def test_any_reply_is_well_formed(reply: Reply) -> None:
    for page in render(reply, answer="a7").pages:
        document = Document(page)
        assert not document.broken
        assert not document.inert()
        assert all(
            one.attributes["id"].startswith("a7-") for one in document.elements if "id" in one.attributes
        )
