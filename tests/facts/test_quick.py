"""What is read quickly is read as libyaml reads it, places included."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.quick import read_quickly
from bot.facts.reader import Mapping, Node, Reading, Scalar, Sequence, read

ROOT = Path(__file__).parent.parent.parent


def told(node: Node | None) -> object:
    """Return a tree as something that compares, with all places."""
    match node:
        case Scalar(text, mark, plain):
            return text, mark.line, mark.column, plain
        case Sequence(items, mark):
            return mark.line, mark.column, [told(item) for item in items]
        case Mapping(entries, keys, mark, broken):
            places = {key: (place.line, place.column) for key, place in keys.items()}
            return mark.line, mark.column, {key: told(one) for key, one in entries.items()}, places, broken
    return node


def slowly(text: str) -> Reading:
    with patch("bot.facts.reader._read_quickly", lambda _: None):
        return read(text.encode(), "a")


def agree(text: str) -> bool:
    """Hold both readings to each other; say whether the quick one did not give up."""
    tree = read_quickly(text)
    if tree is None:
        return False
    slow = slowly(text)
    assert (slow.findings, slow.whole) == ([], True)
    assert told(tree) == told(slow.tree)
    return True


RECORDS = """\
# A comment.
- id: review-order
  kind: order
  text: The ministry (of ports) ordered a review, 12:30 is not a time, C# no comment.
  about: [ministry, harbour-line]
  date: 2024-03-04~
  said: {by: ministry, cue: published, when: ../2024, via: [national-wire, 'x y']}

  value: {of: "licences, held", number: 31, out_of: 83}
  sources: [{ref: morning-herald, p: 2, hash: 9f61890296efb042}, {ref: a, p: 1, hash: '0'}]
  owed_by: []
- id: "another"
  sources:
    - {ref: herald, p: 13, hash: 510f4c5a00312fe9}
    - plain item
  text: 'It''s'
"""


def test_the_usual_way_of_writing_is_read() -> None:
    assert agree(RECORDS.replace("  text: 'It''s'\n", ""))
    assert agree("- {id: e, kind: person, also: [Ада, 'E. E.'], roles: [{role: r, of: f}]}\n- {id: f}\n")
    assert not agree(RECORDS)


@pytest.mark.parametrize("path", sorted((ROOT / "briefings").rglob("*.yaml")), ids=lambda path: path.name)
def test_the_shipped_files_are_read_alike(path: Path) -> None:
    agree(path.read_text(encoding="utf-8"))


LEFT_TO_LIBYAML = r"""
- a: b|- a: null~|- a: \~~|- a: ''~|- a:~|- a: b~  a: c~|- a: {b: c, b: d}~|- a: b: c~|- a: b #c~|- a: &b c~
- a: *b~|- a: !b c~|- a: >~    b~|- a: b~    c~|- a: [b~|- a: [b}~|- a: [b,]~|- a: [,]~|- a: {b}~|- a: {b:}~
- a: {b: }~|- a: [{b: }]~
- a: [b: c]~|- a: [[[[[b]]]]]~|- a: [b] c~|- a: 'b' c~|a: b~|  a: b~|- b~|- a:~    - b: c~|---~- a: b~
- a: b~...~|- a: b~---~- a: c~|- a: "b\\n"~|~|# a~|- a: b:~|- a: [b]~    - c~|- {a: b}~  c: d~|- a: [b c: d]~
%a~- a: b~|- <<: b~|- a: [b #c]~|- a: []~    - b~|- a: {~}~|- a: b~  - c~
"""
"""Texts between bars, on one line a part of them; a tilde is a line break."""


@pytest.mark.parametrize("text", [one for line in LEFT_TO_LIBYAML.split("\n") for one in line.split("|")])
def test_what_is_written_otherwise_is_left_to_libyaml(text: str) -> None:
    assert read_quickly(text.replace("\\~", "\0").replace("~", "\n").replace("\0", "~")) is None


SIGNS = ["a", "b", "id", "key", "word", "two words", "Ж", "é", "12:30", "null", "3.5", "---", "<<", "\u3000"]
BREAKS = ["\n", "\n- ", "\n  ", "\n    - ", "- ", "  ", "    ", "    - "]
PIECES = st.sampled_from([*"':,[]{}#~&*!|>%@`?-.(/\\«…=\"", *SIGNS, *BREAKS, ": ", ", ", " #", ".."])


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=30))
def test_any_text_is_read_alike_or_given_up(pieces: list[str]) -> None:
    agree("".join(pieces) + "\n")


KEYS = st.sampled_from(["id", "text", "about"])
words = st.text(st.sampled_from("ab Ж:#,[]{}'\"-.?!&*()/%@~|>=+$\\\u00a0é1"), min_size=1, max_size=8)
values = st.one_of(
    words,
    st.lists(words, max_size=3).map(lambda some: f"[{', '.join(some)}]"),
    st.dictionaries(st.sampled_from("abc"), words, max_size=3).map(
        lambda some: "{" + ", ".join(f"{key}: {value}" for key, value in some.items()) + "}"
    ),
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["id", "text", "about"]), values, min_size=1), min_size=1, max_size=3
    )
)
def test_any_record_is_read_alike_or_given_up(records: list[dict[str, str]]) -> None:
    lines = [
        f"{'  ' if number else '- '}{key}: {value}\n"
        for record in records
        for number, (key, value) in enumerate(record.items())
    ]
    agree("".join(lines))


@given(st.text(st.sampled_from("ab \n-:[]{},'\"#&"), max_size=40))
def test_any_letters_are_read_alike_or_given_up(text: str) -> None:
    agree(text)


def test_the_number_of_values_is_limited() -> None:
    agree("- a: [" + "a, " * 300_000 + "a]\n")
    found = read(("- a: [" + "a, " * 600_000 + "a]\n").encode(), "a").findings
    assert [one.code for one in found] == ["Y018"]
    assert msgspec.json.encode(found)
