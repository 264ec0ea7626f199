from __future__ import annotations

import re

import pytest
from conformance import Conformance, Look, Seen, numbers
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from samples import ALL_BLOCKS, HOSTILE, reply

from bot.adapters.terminal.markdown import code, escape, render_markdown
from bot.adapters.texts import inert
from bot.reply import Action, Bullets, Link, Paragraph, Reply, Strong, Table, line

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def flat(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *flat(token.children or []))]


def visible(source: str) -> str:
    """What a reader sees: the text of all tokens, a line break after each block."""
    parts = []
    for token in flat(PARSER.parse(source)):
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "inline") or token.type.endswith("_close"):
            parts.append("\n" if token.block else "")
    return "".join(parts)


class Markdown:
    name = "Markdown"

    def look(self, given: Reply) -> Look:
        source = render_markdown(given)
        tokens = flat(PARSER.parse(source))
        text = visible(source)
        body, _, rest = text.partition("\nSources\n")
        allowed = {
            "ordered_list_open",
            "bullet_list_open",
            "list_item_open",
            "paragraph_open",
            "heading_open",
        }
        allowed |= {
            "inline",
            "text",
            "strong_open",
            "link_open",
            "image",
            "code_inline",
            "hr",
            "blockquote_open",
        }
        allowed |= {"table_open", "thead_open", "tbody_open", "tr_open", "th_open", "td_open"}
        strange = {one.type for one in tokens if not one.type.endswith("_close")} - allowed
        nested = [one.content for one in tokens if one.type == "inline" and one.level > 4]
        return Look(
            [
                Seen(
                    text=text,
                    cited=numbers(body),
                    listed=tuple(int(found) for found in re.findall(r"^\[(\d+)\] ", rest, re.MULTILINE)),
                    spoken=text,
                    links=frozenset(
                        str(one.attrs.get("href") or one.attrs.get("src"))
                        for one in tokens
                        if one.type in ("link_open", "image")
                    ),
                    broken=tuple(f"made a {one}" for one in (*sorted(strange), *nested)),
                )
            ],
            [],
            source,
        )


class TestConformance(Conformance):
    adapter = Markdown()


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab1 \\`*_[](){}<>#+-.!|~=:;&@/\"'\n\té"), max_size=30))
def test_escaped_text_reads_as_it_was(text: str) -> None:
    source = render_markdown(
        reply(Bullets((line(text, Strong(text), text),)), Paragraph((line(text),)), sources=())
    )
    shown = [one.content for one in PARSER.parse(source) if one.type == "inline"]
    expected = " ".join(f"{inert(text)}{inert(text)}{inert(text)}".split())
    seen = visible(source).replace("\u2060", "")
    assert expected in " ".join(seen.split()), shown


@pytest.mark.parametrize(
    "text", ["www.evil.example", "https://evil.example", "HTTP://evil.example", "a@evil.example"]
)
def test_bare_addresses_are_not_left_for_an_autolinker(text: str) -> None:
    assert text not in escape(text)


@pytest.mark.parametrize("text", ["@everyone", "#12", "user/repo#12", "@org/team"])
def test_behind_a_mention_sign_stands_a_joiner(text: str) -> None:
    assert text not in escape(text)
    assert text not in visible(escape(text))
    assert visible(escape(text)).strip().replace("\u2060", "") == text


def test_escaping_grows_with_the_text_only() -> None:
    assert max(len(escape(text * 1_000)) / len(text * 1_000) for text in HOSTILE.values()) <= 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/who gref", "`/who gref`"),
        ("a`b", "``a`b``"),
        ("`a``b", "``` `a``b ```"),
        ("", "` `"),
        ("a\nb", "`a b`"),
    ],
)
def test_code_spans_are_fenced_by_more_backticks_than_they_hold(text: str, expected: str) -> None:
    assert code(text) == expected


def test_the_whole_document() -> None:
    source = render_markdown(
        reply(*ALL_BLOCKS, actions=(Action("More", "/briefing length:full", "all points"),))
    )
    assert "## Key points\n\n1. The ministry **ordered** a review of all ferry licences, Ada Okafor" in source
    assert "[Harbour Line](<https://example.org/harbour?a=1&amp;b=2>)" in source
    assert "told reporters on 4 March 2024. \\[1\\]\\[2\\]" in source
    assert (
        "* **by June 2024** · planned · The ministry" in source
        or "- **by June 2024** · planned · The" in source
    )
    assert "| Fare \\| single | € 4.20 | Monday 11 March 2024, 08:30 Europe/Berlin |" in source
    assert "> “We run every boat we are paid for.”\n>\n> — Ada Okafor \\[1\\]" in source
    assert (
        "- \\[1\\] [Ministry orders a review of ferry licences](<https://example.org/herald/2024-03-05>) · M"
        in source
    )
    assert "- More — all points: `/briefing length:full`" in source
    assert source.endswith("42 facts · `/briefing licences as-of:2024-06-01`\n")


def test_an_address_that_is_not_the_webs_is_not_linked() -> None:
    source = render_markdown(reply(Paragraph((line(Link("here", "javascript:alert(1)")),))))
    assert "javascript" not in source


def test_a_table_without_rows_says_nothing() -> None:
    assert "| a |" not in render_markdown(reply(Table(("a",), ())))
