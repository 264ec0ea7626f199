from __future__ import annotations

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_reader import read

from bot.adapters.discord.escape import address, escape, link, unescape
from bot.adapters.texts import inert

MARKS = st.text(st.sampled_from("ab1 *_~`|[]()<>#-+.:/@!&\\thereyon\n\t\u202e"), max_size=60)


@given(st.one_of(st.text(max_size=200), MARKS))
def test_data_is_read_as_it_is_and_nothing_in_it_acts(text: str) -> None:
    found = read(escape(text))
    assert found.text.replace("\u200b", "") == inert(text).replace("\u200b", "")
    assert not found.links
    assert not found.mentions
    assert not found.times
    assert not found.styled
    assert found.lines == [""]


@given(st.one_of(st.text(max_size=200), MARKS))
def test_unescaping_gives_back_what_was_escaped(text: str) -> None:
    assert unescape(escape(text)).replace("\u200b", "") == inert(text).replace("\u200b", "")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain words, 12.5 % – as-of 10:30 (see A-1)", "plain words, 12.5 % – as-of 10:30 (see A-1)"),
        ("# heading", r"\# heading"),
        ("-# small", r"\-# small"),
        ("- item", r"\- item"),
        ("12. item", r"12\. item"),
        (" # heading", r" \# heading"),
        ("> quote", r"\> quote"),
        ("<t:1700000000:R>", r"\<t\:1700000000:R>"),
        ("<#123>", r"\<#123>"),
        ("<@123>", "\\<@\u200b123>"),
        ("@everyone", "@\u200beveryone"),
        ("a@example.org", "a@example.org"),
        ("[x](http://e.example)", r"\[x\](http\://e.example)"),
        (":smile:", r"\:smile:"),
        ("a_b * `c` ~~d~~ ||e||", r"a\_b \* \`c\` \~\~d\~\~ \|\|e\|\|"),
    ],
)
def test_examples(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://example.org",
        "https://",
        "http://[",
        "",
        "//example.org",
        "https://example.org/" + "a" * 600,
    ],
)
def test_only_addresses_of_the_web_are_linked(url: str) -> None:
    assert address(url) == ""
    assert link("words", url) == "words"


@given(st.text(max_size=80))
def test_an_address_cannot_leave_its_brackets(tail: str) -> None:
    found = read(link("words", "https://example.org/" + tail))
    assert found.text == "words"
    assert len(found.links) == 1


def test_a_long_hostile_text_is_escaped_whole() -> None:
    """The library's escaper is quadratic here and leaves links."""
    text = "](" * 160_000
    assert unescape(escape(text)) == text
    assert discord.utils.escape_markdown("<t:1700000000:R>") == "<t:1700000000:R>"
