import html
import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from conformance import Conformance, Look, Seen, numbers
from fakes.slack_blocks import problems, texts
from msgspec.structs import replace
from samples import ALL_BLOCKS, FOOTER, HOSTILE, SAMPLES, hostile_reply, reply

from bot.adapters.slack import limits, presses
from bot.adapters.slack.elements import date, moment
from bot.adapters.slack.home import modal_view
from bot.adapters.slack.lookup import options
from bot.adapters.slack.render import Message, builder_link, render, size
from bot.desk import Suggestion
from bot.reply import (
    Action,
    Bullets,
    Cite,
    Footer,
    Kind,
    Line,
    Link,
    Moment,
    Paragraph,
    Picture,
    Reply,
    SourceLine,
    Table,
    When,
    line,
)

MENTION = re.compile(r"<[!@#][^>]*>|<https?:[^>]*>")
SOURCE = re.compile(r"^\[(\d+)\] ", re.MULTILINE)


def links(one: object) -> set[str]:
    if isinstance(one, list):
        return set().union(*map(links, one))
    if isinstance(one, dict):
        here = {one["url"]} if "url" in one else set()
        here |= {one["image_url"]} if one.get("type") == "image" else set()
        return here.union(*map(links, one.values()))
    return set()


def seen(message: Message, blocks: list[dict[str, object]], surface: str) -> Seen:
    marked_up = [one for one in blocks if "mrkdwn" in json.dumps(one)]
    sources = [one for one in blocks if one["type"] == "context"]
    content = [one for one in blocks if one["type"] in {"rich_text", "table", "image"}]
    return Seen(
        text="\n".join(texts(blocks)),
        cited=numbers("\n".join(texts(content))),
        listed=tuple(int(found) for text in texts(sources) for found in SOURCE.findall(text)),
        spoken=html.unescape(message.text),
        links=frozenset(links(blocks)),
        mentions=tuple(MENTION.findall(message.text + json.dumps(marked_up))),
        broken=tuple(problems(blocks, surface)),
    )


class Slack:
    def __init__(self, name: str, surface: str = "message") -> None:
        self.name = name
        self.surface = surface

    def look(self, one: Reply) -> Look:
        made = render(one, line="/briefing", share=True)
        pages = [
            seen(page, page.blocks if self.surface == "message" else page.plain, self.surface)
            for page in made.pages
        ]
        return Look(pages, list(made.notes), json.dumps([page.payload for page in made.pages]))


class TestMessageConformance(Conformance):
    adapter = Slack("slack message")


class TestTwinConformance(Conformance):
    adapter = Slack("slack modal", "modal")
    test_hostile_text_of_40_kb_is_inert = None  # type: ignore[assignment]  # once is enough: same texts


@pytest.mark.parametrize("name", SAMPLES)
def test_every_message_is_within_the_budget(name: str) -> None:
    for page in render(SAMPLES[name], line="/who gref", share=True).pages:
        for blocks in (page.blocks, page.plain):
            assert size(blocks) <= limits.MESSAGE_CHARACTERS
            assert len(blocks) <= limits.MESSAGE_BLOCKS
        assert len(page.text) <= limits.FALLBACK_TEXT


@pytest.mark.parametrize("name", HOSTILE)
def test_payloads_are_valid_utf_8_json(name: str) -> None:
    for page in render(hostile_reply(HOSTILE[name])).pages:
        assert json.loads(json.dumps(page.payload, ensure_ascii=False).encode()) == page.payload


def test_data_never_stands_in_mrkdwn() -> None:
    made = render(SAMPLES["all blocks"], share=True)
    assert "mrkdwn" not in json.dumps([page.blocks for page in made.pages])


def test_a_citation_leads_to_its_source() -> None:
    (page,) = render(reply(Paragraph((line("Ordered. ", Cite(1, "s")),)))).pages
    parts = page.blocks[1]["elements"][0]["elements"]
    assert parts[1] == {"type": "link", "url": "https://example.org/herald/2024-03-05", "text": "[1]"}


@pytest.mark.parametrize(
    ("text", "edtf", "kind"),
    [
        ("4 March 2024", "2024-03-04", "date"),
        ("2024-03-04", "2024-03-04", "date"),
        ("by 4 March 2024", "2024-03-04", "text"),
        ("March 2024", "2024-03", "text"),
        ("about 4 March 2024", "2024-03-04~", "text"),
        ("30 February 2024", "2024-02-30", "text"),
        ("4 March 1924", "1924-03-04", "text"),
        ("", "", "text"),
    ],
)
def test_only_plain_days_are_left_to_slack(text: str, edtf: str, kind: str) -> None:
    assert date(When(text, edtf))["type"] == kind


def test_a_day_stays_the_same_day_where_a_client_ignores_the_zone() -> None:
    assert date(When("4 March 2024", "2024-03-04"), bold=True) == {
        "type": "date",
        "timestamp": 1_709_546_400,
        "format": "{date_short}",
        "timezone": "UTC",
        "fallback": "4 March 2024",
        "style": {"bold": True},
    }


def test_an_instant_is_shown_in_the_readers_zone() -> None:
    assert moment(Moment("Monday 4 March 2024, 08:30 UTC", 1_709_541_000)) == {
        "type": "date",
        "timestamp": 1_709_541_000,
        "format": "{date_long} at {time}",
        "fallback": "Monday 4 March 2024, 08:30 UTC",
    }


@pytest.mark.parametrize("at", [-1, 10**12, 2**63])
def test_an_instant_that_slack_cannot_show_is_words(at: int) -> None:
    assert moment(Moment("long ago", at)) == {"type": "text", "text": "long ago"}


def test_a_table_has_a_twin_in_older_blocks() -> None:
    (page,) = render(reply(ALL_BLOCKS[7])).pages
    assert "table" in {one["type"] for one in page.blocks}
    assert page.twin is not None
    assert "table" not in {one["type"] for one in page.twin}
    assert "Value: " in "".join(texts(page.twin))


def test_two_tables_are_two_messages() -> None:
    table = Table(("a", "b"), ((line("1"), line("2")),))
    assert len(render(reply(table, table)).pages) == 2


def test_buttons_know_line_page_and_snapshot() -> None:
    made = render(SAMPLES["many points"], line="/briefing licences", share=True)
    assert len(made.pages) > 1
    found = {one["action_id"]: one for one in buttons(made.pages[0])}
    assert presses.decode(found["page:next"]["value"]) == presses.Press(
        "/briefing licences", "", 2, "3f9c2a71"
    )
    assert presses.decode(found["share"]["value"]) == presses.Press("/briefing licences", "", 1, "3f9c2a71")
    assert "page:previous" not in found
    assert "page:previous" in {one["action_id"] for one in buttons(made.pages[-1])}
    assert "page:next" not in {one["action_id"] for one in buttons(made.pages[-1])}


def test_a_long_line_is_kept_outside_the_button() -> None:
    long = "/search " + "ferry " * 100
    made = render(reply(Paragraph((line("Yes."),))), line=long, share=True)
    press = presses.decode(buttons(made.pages[0])[-1]["value"])
    assert press is not None
    assert press.line == ""
    assert made.long == {press.key: long}


@pytest.mark.parametrize("value", ["", "x", "[]", "{}", '{"q":1}', '{"q":"a","p":0}', '{"q":"a","z":1}'])
def test_a_foreign_button_is_not_ours(value: str) -> None:
    assert presses.decode(value) is None


def test_no_share_button_unless_it_is_an_answer() -> None:
    for kind in Kind:
        made = render(reply(Paragraph((line("Yes."),)), kind=kind), share=True)
        shares = [one for one in buttons(made.pages[0]) if one["action_id"] == "share"]
        assert bool(shares) == (kind is Kind.ANSWER)


def test_names_on_the_page_are_a_menu() -> None:
    menus = [one for one in buttons(render(SAMPLES["all blocks"]).pages[0]) if one["action_id"] == "name"]
    assert [one["value"] for one in menus[0]["options"]] == ["/who okafor"]


def test_a_wanted_argument_gets_a_picker() -> None:
    (page,) = render(SAMPLES["ask"]).pages
    assert buttons(page)[0]["type"] == "external_select"
    assert buttons(page)[0]["action_id"] == "pick:name:who"


def test_fallback_text_is_escaped() -> None:
    (page,) = render(reply(summary="<!channel> R&D", title="x")).pages
    assert page.text == "&lt;!channel&gt; R&amp;D"


def test_an_unfit_address_keeps_its_words() -> None:
    made = render(reply(Picture("javascript:alert(1)", "A chart")))
    assert "A chart" in "".join(texts(made.pages[0].blocks))
    assert [note.degree.value for note in made.notes] == ["fallback"]


def test_what_cannot_fit_is_rejected_aloud() -> None:
    cites = line(*(Cite(n, f"s{n}") for n in range(900)))
    sources = tuple(SourceLine(n, f"s{n}", "t" * 30, "d" * 30, "A") for n in range(900))
    made = render(
        Reply(kind=Kind.ANSWER, title="t", summary="s", blocks=(Bullets((cites,)),), sources=sources)
    )
    assert [note.degree.value for note in made.notes] == ["rejected"]
    assert problems(made.pages[0].blocks) == []


def test_the_builder_link_holds_the_blocks() -> None:
    (page,) = render(reply(Paragraph((line("Grüße & more"),)))).pages
    address, _, fragment = builder_link(page.blocks).partition("#")
    assert address == "https://app.slack.com/block-kit-builder/"
    assert json.loads(unquote(fragment)) == {"blocks": page.blocks}


def test_choices_beyond_a_row_go_to_the_next() -> None:
    many = tuple(Action(f"n{n}", f"/who n{n}") for n in range(60))
    made = render(reply(kind=Kind.ASK, actions=many))
    assert len(buttons(made.pages[0])) == 50
    assert any("first 50" in note.why for note in made.notes)


def test_the_footer_says_how_to_get_the_same_again() -> None:
    (page,) = render(reply(Paragraph((line("Yes."),)), footer=FOOTER)).pages
    assert page.blocks[-1]["elements"][0]["text"] == FOOTER.text
    (page,) = render(reply(footer=Footer("s", "2024", 1, "/who " + "x" * 9_000))).pages
    assert len(page.blocks[-1]["elements"][0]["text"]) <= 300


def buttons(page: Message) -> list[dict[str, Any]]:
    return [one for block in page.blocks if block["type"] == "actions" for one in block["elements"]]


@pytest.mark.parametrize(
    "url", ["https://[", "http://%zz", "https://a\u202eb.org", "https://a.org/\u202ea b"]
)
def test_a_malformed_address_loses_its_link_only(url: str) -> None:
    said = reply(
        Paragraph((Line((Link("words", url),)), line("Cited. ", Cite(1, "s")))),
        Picture(url=url, alt="a map"),
        sources=(replace(SAMPLES["all blocks"].sources[0], number=1, url=url),),
    )
    for page in render(said).pages:
        assert problems(page.blocks) == []
        assert "words" in str(page.blocks)
        assert "a map" in str(page.blocks)


def test_lengths_are_counted_as_slack_may() -> None:
    wide = "𝕏" * 2_900
    cell = line(wide[:1_000])
    said = reply(
        Paragraph((line(wide),), wide[:200]),
        Table((wide[:100], "b"), tuple((cell, cell) for _ in range(8))),
        Picture(url="https://example.org/a.png", alt=wide[:1_500]),
        title=wide[:140],
        summary=wide,
        actions=tuple(Action(wide[:70], f"/who {n}", wide[:70]) for n in range(30)),
        sources=(replace(SAMPLES["all blocks"].sources[0], title=wide[:900]),),
    )
    rendered = render(said, share=True)
    for page in rendered.pages:
        assert problems(page.blocks) == []
        assert problems(page.plain, "modal") == []
    assert len(modal_view(rendered, 1, wide[:20])["title"]["text"].encode("utf-16-le")) <= 48
    assert options([Suggestion(wide[:100], "too long for an option")]) == []
