from __future__ import annotations

import json
import re

import msgspec
import pytest
from conformance import Conformance, Look, Seen, numbers
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_reader import read
from samples import HOSTILE, SAMPLES, hostile_reply, replies

from bot.adapters.discord.controls import MOST_COMPONENTS
from bot.adapters.discord.limits import FLAG_COMPONENTS_V2, FLAG_EPHEMERAL, SEPARATOR, Json, problems, walk
from bot.adapters.discord.render import REMARK_LENGTH, Style, render
from bot.adapters.discord.spans import date, markdown, strong
from bot.adapters.discord.state import FOOTER_ID
from bot.reply import (
    Action,
    Bullets,
    Cite,
    Degree,
    Footer,
    Kind,
    Link,
    Moment,
    Name,
    Note,
    Paragraph,
    Picture,
    Reply,
    SourceLine,
    Text,
    Wanted,
    When,
    line,
)


def seen(body: Json) -> Seen:
    """Read a message body back into what a reader sees."""
    texts: list[str] = []
    links: set[str] = set()
    mentions: list[str] = []
    moments: set[int] = set()
    cited: frozenset[int] = frozenset()
    listed: list[int] = []
    before = 0
    for one in walk(body["components"]):
        texts += [item["description"] for item in one.get("items", ())]
        if "content" in one:
            found = read(one["content"])
            texts.append(found.text)
            links |= set(found.links)
            mentions += found.mentions
            moments |= {int(one.split(":")[1]) for one in found.times}
            if before == SEPARATOR and SOURCE.match(one["content"]):
                listed = [int(SOURCE.match(each)[1]) for each in one["content"].split("\n")]  # type: ignore[index]
            elif one.get("id") != FOOTER_ID:
                cited |= numbers(one["content"].replace(r"\[", "[").replace(r"\]", "]"))
        before = one["type"]
    text = "\n".join(texts)
    broken = problems(body)
    if body["allowed_mentions"] != {"parse": []}:
        broken.append("Mentions are not switched off.")
    return Seen(
        text,
        cited,
        tuple(listed),
        text,
        frozenset(links),
        frozenset(moments),
        tuple(mentions),
        tuple(broken),
    )


SOURCE = re.compile(r"-# \\\[(\d+)\\\] ")


class Discord:
    name = "discord"

    def look(self, reply: Reply) -> Look:
        pages, notes = render(reply)
        return Look([seen(page) for page in pages], notes, json.dumps(pages))


class TestConformance(Conformance):
    adapter = Discord()


EVERY_STYLE = [Style(pager=pager, share=share) for pager in (True, False) for share in (True, False)]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_page_is_within_the_limits_in_every_style(name: str) -> None:
    for style in EVERY_STYLE:
        for page in render(SAMPLES[name], style).pages:
            assert problems(page) == []
            assert len(json.dumps(page).encode()) < 64_000


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_labels_and_values_are_within_the_limits(name: str) -> None:
    text = HOSTILE[name]
    for reply in (hostile_reply(text), hostile_reply(text * (20_000 // len(text)))):
        for page in render(reply, Style(share=True)).pages:
            assert problems(page) == []
            json.dumps(page, ensure_ascii=False).encode("utf-8", "surrogatepass")


@settings(max_examples=60, deadline=None)
@given(replies)
def test_any_reply_in_private_and_in_public_has_the_same_words(reply: Reply) -> None:
    private = render(reply, Style(share=True)).pages
    public = render(reply).pages
    assert [page["components"][0] for page in private] == [page["components"][0] for page in public]


@settings(max_examples=60, deadline=None)
@given(replies, st.integers(0, 4_000), st.sampled_from(["*", "😀", "shared by alice "]))
def test_a_remark_changes_nothing_but_the_footer(reply: Reply, length: int, word: str) -> None:
    reply = msgspec.structs.replace(
        reply, blocks=(*reply.blocks, Bullets((line("x" * length), line("y" * 1_900)) * 2))
    )
    assert_only_the_footer_differs(reply, word * REMARK_LENGTH)


def test_a_remark_on_a_page_that_is_full_moves_nothing() -> None:
    for length in range(3_600, 4_000, 10):
        full = Bullets(tuple(line("x" * (length // 10 - 3)) for _ in range(10)))
        assert_only_the_footer_differs(msgspec.structs.replace(ANSWER, blocks=(full,)), "*" * REMARK_LENGTH)


def assert_only_the_footer_differs(reply: Reply, remark: str) -> None:
    plain, remarked = render(reply).pages, render(reply, Style(remark=remark)).pages
    assert len(plain) == len(remarked)
    for one, other in zip(plain, remarked, strict=True):
        assert problems(other) == []
        assert [each for each in walk(one["components"][0]["components"]) if each.get("id") != FOOTER_ID] == [
            each for each in walk(other["components"][0]["components"]) if each.get("id") != FOOTER_ID
        ]
        assert one["components"][1:] == other["components"][1:]
        if reply.footer:
            assert one != other


def test_a_message_never_asks_for_a_ping_nor_for_privacy() -> None:
    for name in SAMPLES:
        for page in render(SAMPLES[name]).pages:
            assert page["allowed_mentions"] == {"parse": []}
            assert page["flags"] == FLAG_COMPONENTS_V2
            assert not page["flags"] & FLAG_EPHEMERAL
            assert set(page) == {"flags", "allowed_mentions", "components"}


ANSWER = Reply(
    kind=Kind.ANSWER,
    title="Ada Okafor",
    summary="Ada Okafor leads Harbour Line.",
    blocks=(
        Paragraph(
            (
                line(
                    "She leads ", Name("Harbour Line", "/who harbour-line"), ". ", Cite(1, "herald"), fact="f"
                ),
            )
        ),
    ),
    sources=(
        SourceLine(
            1, "herald", "Ferries (again)", "Daily", "B usually reliable", url="https://example.org/a_(b)"
        ),
    ),
    footer=Footer("3f9c2a71aa", "1 June 2024", 42, "/who okafor"),
)


def components(reply: Reply, style: Style = Style(), kind: int | None = None) -> list[Json]:  # noqa: B008
    return [
        one
        for page in render(reply, style).pages
        for one in walk(page["components"])
        if kind is None or one["type"] == kind
    ]


def test_an_answer_reads_well() -> None:
    (page,) = render(ANSWER).pages
    container, names, picker = page["components"]
    words = [one.get("content") for one in container["components"]]
    assert words == [
        "## Ada Okafor\nShe leads Harbour Line. \\[1\\]",
        None,
        (
            "-# \\[1\\] [Ferries (again)](<https://example.org/a_%28b%29>)"
            " · undated · Daily · B usually reliable"
        ),
        None,
        "-# snapshot 3f9c2a71aa · as of 1 June 2024 · 42 facts\n-# /who okafor",
    ]
    assert [one["label"] for one in names["components"]] == ["Harbour Line"]
    assert [one["value"] for one in picker["components"][0]["options"]] == ["/source herald"]


def test_the_name_that_was_asked_for_is_no_button() -> None:
    itself = line(Name("Ada Okafor", "/who okafor"), " leads ", Name("Harbour Line", "/who harbour-line"))
    reply = Reply(
        kind=Kind.ANSWER, title="", summary="x", blocks=(Paragraph((itself,)),), footer=ANSWER.footer
    )
    assert [one["label"] for one in components(reply, kind=2)] == ["Harbour Line"]


def test_one_question_has_one_button() -> None:
    reply = Reply(
        kind=Kind.ASK,
        title="Which?",
        summary="x",
        blocks=(Paragraph((line(Name("Ada", "/who a"), Name("A. Okafor", "/who a")),)),),
        actions=(Action("Ada Okafor", "/who a"), Action("Ben Okafor", "/who b")),
    )
    assert [one["label"] for one in components(reply, kind=2)] == ["Ada Okafor", "Ben Okafor"]


def test_more_choices_than_buttons_are_in_the_select() -> None:
    reply = Reply(
        kind=Kind.ASK,
        title="",
        summary="Which?",
        actions=tuple(Action(f"n{n}", f"/who n{n}") for n in range(60)),
    )
    buttons = [one["label"] for one in components(reply, kind=2)]
    options = [one["label"] for select in components(reply, kind=3) for one in select["options"]]
    assert buttons == [f"n{n}" for n in range(10)]
    assert options == [f"n{n}" for n in range(10, 35)]


def test_an_answer_has_one_row_of_further_questions() -> None:
    actions = tuple(Action(f"n{n}", f"/who n{n}") for n in range(8))
    reply = Reply(kind=Kind.ANSWER, title="", summary="x", actions=actions)
    assert [one["label"] for one in components(reply, kind=2)] == [f"n{n}" for n in range(5)]
    (select,) = components(reply, kind=3)
    assert [one["label"] for one in select["options"]] == ["n5", "n6", "n7"]


def test_an_option_that_is_wanted_has_a_button_to_type_it() -> None:
    reply = Reply(kind=Kind.ASK, title="", summary="Whom?", wanted=Wanted("/who", "name"))
    assert [(one["label"], one["custom_id"]) for one in components(reply, kind=2)] == [
        ("Type the name", "b1:t:1::/who name")
    ]


def test_no_page_has_more_controls_than_are_reckoned_with() -> None:
    names = line(*(Name(f"n{n}", f"/who n{n}") for n in range(60)))
    actions = tuple(Action(f"a{n}", f"/who a{n}") for n in range(60))
    reply = Reply(
        kind=Kind.ANSWER,
        title="",
        summary="x",
        blocks=(Bullets((names, *(line("x" * 1_500) for _ in range(9)), names)),),
        actions=actions,
        wanted=Wanted("/who", "name"),
        footer=ANSWER.footer,
    )
    for kind in Kind:
        pages = render(msgspec.structs.replace(reply, kind=kind), Style(share=True)).pages
        rows = [[*walk(page["components"][1:])] for page in pages]
        assert max(map(len, rows)) <= MOST_COMPONENTS


def test_pages_turn_and_posts_have_no_pager() -> None:
    pages = render(SAMPLES["many points"]).pages
    rows = [page["components"][-1]["components"] for page in pages]
    assert [one["label"] for one in rows[0]] == [f"1 of {len(pages)}", "Next"]
    assert [one["label"] for one in rows[1]] == ["Previous", f"2 of {len(pages)}", "Next"]
    assert [one["label"] for one in rows[-1]] == ["Previous", f"{len(pages)} of {len(pages)}"]
    posted = render(SAMPLES["many points"], Style(pager=False)).pages
    assert not any("Next" in json.dumps(page) for page in posted)
    assert f"page 2 of {len(posted)}" in json.dumps(posted[1])


def test_the_button_to_share_repeats_the_question() -> None:
    buttons = components(ANSWER, Style(share=True), 2)
    assert (buttons[-1]["label"], buttons[-1]["custom_id"]) == (
        "Share to channel",
        "b1:s:1:3f9c2a71:/who okafor",
    )


def test_only_answers_are_shared() -> None:
    for kind in Kind:
        reply = Reply(kind=kind, title="", summary="x", footer=ANSWER.footer)
        assert bool(components(reply, Style(share=True), 2)) == (kind is Kind.ANSWER)


def test_what_follows_a_list_does_not_become_part_of_it() -> None:
    blocks = (Bullets((line("one"), line("two"))), Paragraph((line("after"),)), Bullets((line("x"),), "Next"))
    (page,) = render(Reply(kind=Kind.ANSWER, title="", summary="x", blocks=blocks)).pages
    assert page["components"][0]["components"][0]["content"] == "- one\n- two\n\nafter\n### Next\n- x"


def test_a_remark_that_repeats_the_title_is_said_once() -> None:
    for block in (Note(line("Which?")), Paragraph((line("Which?"),))):
        reply = Reply(kind=Kind.ASK, title="Which?", summary="x", blocks=(block,))
        assert seen(render(reply).pages[0]).text == "Which?"


def test_without_a_line_to_repeat_nothing_is_shared() -> None:
    reply = Reply(kind=Kind.FAILURE, title="Failed", summary="Ask again later.")
    assert components(reply, Style(share=True), 2) == []


def test_sources_that_are_too_many_for_a_page_lose_their_links_and_it_is_said() -> None:
    many = 150
    sources = tuple(
        SourceLine(n, f"s{n}", "Article " * 9, "Daily", "C", url=f"https://example.org/{'a' * 90}/{n}")
        for n in range(1, many + 1)
    )
    statement = line("All say so.", *(Cite(n, f"s{n}") for n in range(1, many + 1)))
    reply = Reply(kind=Kind.ANSWER, title="", summary="x", blocks=(Paragraph((statement,)),), sources=sources)
    (page,), notes = render(reply)
    assert problems(page) == []
    assert seen(page).listed == tuple(range(1, many + 1))
    assert any("title only" in note.why for note in notes)


def test_sources_that_no_message_can_list_are_rejected_in_words() -> None:
    sources = tuple(SourceLine(n, f"s{n}", "Article", "Daily", "C") for n in range(1, 401))
    statement = line("All say so.", *(Cite(n, f"s{n}") for n in range(1, 401)))
    reply = Reply(
        kind=Kind.ANSWER, title="T", summary="x", blocks=(Paragraph((statement,)),), sources=sources
    )
    (page,), notes = render(reply)
    assert "more sources for one statement" in seen(page).text
    assert [note.degree for note in notes] == [Degree.REJECTED]


def test_a_picture_without_a_usable_address_is_its_words() -> None:
    reply = Reply(kind=Kind.ANSWER, title="", summary="x", blocks=(Picture("javascript:x", "A chart."),))
    (page,), notes = render(reply)
    assert "A chart." in seen(page).text
    assert [note.block for note in notes] == ["picture"]


@pytest.mark.parametrize(
    ("edtf", "shown"),
    [
        ("2024-03-04", "4 March"),
        ("2024-03", "4 March"),
        ("2024-03-04T08:30:00Z", "<t:1709541000:f>"),
        ("2024-03-04T09:30+01:00", "<t:1709541000:f>"),
        ("2024-03-04T08:30:00", "4 March"),
        ("2024-99-04T08:30:00Z", "4 March"),
    ],
)
def test_only_an_instant_is_shown_in_the_readers_zone(edtf: str, shown: str) -> None:
    assert date(When("4 March", edtf)) == shown


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (1_709_541_000, "<t:1709541000:F>"),
        (0, "<t:0:F>"),
        (-1, r"on \*the\* day"),
        (2**63, r"on \*the\* day"),
    ],
)
def test_an_instant_is_shown_in_the_readers_zone(at: int, shown: str) -> None:
    assert markdown(line("Next: ", Moment("on *the* day", at), " it says.")) == f"Next: {shown} it says."


def test_spaces_stay_outside_bold_words() -> None:
    assert [strong(text) for text in (" a ", "a", "", " ", "*")] == [" **a** ", "**a**", "", " ", r"**\***"]


def test_a_link_that_is_none_is_its_words() -> None:
    assert markdown(line(Link("a]b", "javascript:alert(1)"), Text("(https://x)"))) == r"a\]b(https\://x)"


@pytest.mark.parametrize(("count", "why"), [(35, []), (36, ["1 choice is"]), (50, ["15 choices are"])])
def test_choices_for_which_there_is_no_room_are_said_to_be_left_out(count: int, why: list[str]) -> None:
    actions = tuple(Action(f"Choice {n}", f"/who n{n}") for n in range(count))
    reply = Reply(kind=Kind.ASK, title="Which?", summary="Which?", actions=actions)
    notes = [one.why for one in render(reply).notes]
    assert [f"A message holds no more buttons and options: {one} left out." for one in why] == notes


@pytest.mark.parametrize(
    "spans",
    [
        (Text("https:"), Text("//evil.example")),
        (Text("@"), Name("everyone", "/who everyone")),
        (Text("https:"), When("//evil.example", "2024")),
        (Name(":sm", "/who sm"), Text("ile:")),
    ],
)
def test_what_is_harmless_in_parts_is_harmless_together(spans: tuple[Text | Name | When, ...]) -> None:
    whole = "".join(one.text for one in spans)
    assert markdown(line(*spans)) == markdown(line(whole))
    assert read(markdown(line(*spans))).mentions == []
