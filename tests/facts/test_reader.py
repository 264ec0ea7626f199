"""Hostile bytes: each gives a located finding with a fix, or text; nothing raises."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.findings import PER_FILE, Finding
from bot.facts.reader import (
    DEEPEST,
    LARGEST,
    MOST,
    Broken,
    Mapping,
    Node,
    Scalar,
    Sequence,
    follow,
    place_of,
    read,
)

LAUGHS = b"a: &a [x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (letter, letter, b", ".join([b"*%c" % (letter - 1)] * 9)) for letter in b"bcdefghi"
)

# What it is, the bytes, and the findings as (code, line, column).
HOSTILE: tuple[tuple[str, bytes, list[tuple[str, int, int]]], ...] = (
    ("empty", b"", [("Y019", 1, 1)]),
    ("only comments", b"# one\n\n# two\n", [("Y019", 1, 1)]),
    ("only a mark", b"\xef\xbb\xbf", [("Y019", 1, 1)]),
    ("brackets", b"[" * 100_000, [("Y009", 1, 33)]),
    ("braces", b"{" * 100_000, [("Y016", 1, 2)]),
    ("block lists", b"- " * 100_000, [("Y009", 1, 65)]),
    ("block mappings", "\n".join(" " * n + "a:" for n in range(2_000)).encode(), [("Y009", 33, 33)]),
    ("question marks", b"? " * 100_000, [("Y016", 1, 3)]),
    ("pairs in lists", b"[a: " * 100_000, [("Y009", 1, 65)]),
    ("closed brackets", b"[" * 33 + b"]" * 33, [("Y009", 1, 33)]),
    ("5 MiB", b"a" * 5 * 1024 * 1024, [("Y001", 1, 1)]),
    ("many nodes", b"[" + b"a," * MOST + b"]", [("Y018", 1, 2 * MOST - 4)]),
    ("NUL", b"a: b\x00c\n", [("Y004", 1, 5)]),
    ("control characters", b"a: \x1b[31mred\n\nb: \x7f\n", [("Y004", 1, 4), ("Y004", 3, 4)]),
    ("C1 and line separators", "a: b\x85c\nd: e\u2028f\n".encode(), [("Y004", 1, 5), ("Y004", 2, 5)]),
    ("replacement character", "a: caf\ufffd\n".encode(), [("Y004", 1, 7)]),
    ("escaped NUL", b'a: "b\\0"\n', [("Y004", 1, 4)]),
    ("escaped noncharacter", b'a: "\\uffff"\n', [("Y004", 1, 4)]),
    ("escaped tab", b'a: "b\\tc"\n', [("Y006", 1, 4)]),
    ("bidi override", "a: b\n# x\u202ey\nc: d\n".encode(), [("Y005", 2, 4)]),
    ("escaped bidi", b'a: "\\u202e"\n', [("Y005", 1, 4)]),
    ("bidi in a key", "\u2066a: b\n".encode(), [("Y005", 1, 1)]),
    ("zero width and tags", "a: x\u200b\nb: \U000e0041\n".encode(), [("Y005", 1, 5), ("Y005", 2, 4)]),
    ("mark inside", "a: b\ufeff\n".encode(), [("Y005", 1, 5)]),
    ("latin-1", "a: b\nc: caf\u00e9\n".encode("latin-1"), [("Y002", 2, 7)]),
    ("overlong", b"a: \xc0\xaf", [("Y002", 1, 4)]),
    ("surrogates", b"a: \xed\xa0\x80", [("Y002", 1, 4)]),
    ("random", bytes(range(128, 256)), [("Y002", 1, 1)]),
    ("UTF-16", "a: b".encode("utf-16"), [("Y003", 1, 1)]),
    ("UTF-16 without a mark", "a: b".encode("utf-16-be"), [("Y003", 1, 1)]),
    ("UTF-32", "a: b".encode("utf-32"), [("Y003", 1, 1)]),
    ("tab as indentation", b"a:\n\tb: c\n", [("Y006", 2, 1)]),
    ("tab within a line", b"a:\tb\nc: d\te\n", [("Y006", 1, 3), ("Y006", 2, 5)]),
    ("CR alone", b"a: b\rc: d\re: ~\r", [("Y007", 1, 5), ("Y017", 3, 4)]),
    ("anchor and alias", b"a: &x b\nc: *x\n", [("Y010", 1, 4), ("Y010", 2, 4)]),
    ("alias as key", b"*x : y\n", [("Y010", 1, 1)]),
    ("tag", b"a: !!python/object/apply:os.system [ls]\n", [("Y011", 1, 4)]),
    ("own tag", b"!x a: b\n", [("Y011", 1, 1)]),
    ("directive", b"%YAML 1.1\n---\na: b\n", [("Y012", 1, 1)]),
    ("newer YAML", b"%YAML 3.0\n---\na: b\n", [("Y012", 1, 1)]),
    ("unknown directive", b"%FOO\n---\na: b\n", [("Y012", 1, 5)]),
    ("tag directive", b"%TAG !e! x\n---\na: b\n", [("Y012", 1, 1)]),
    ("lone directive", b"%TAG ! x\n", [("Y012", 2, 1)]),
    ("documents", b"a: b\n---\nc: ~\n", [("Y013", 2, 1)]),
    ("duplicate key", b"a: b\nc: d\na: &x e\n", [("Y014", 3, 1), ("Y010", 3, 4)]),
    ("merge key", b"<<: {a: b}\nc: ~\n", [("Y015", 1, 1), ("Y017", 2, 4)]),
    ("complex keys", b"? [a]\n: b\n? {c: d}\n: e\n", [("Y016", 1, 3), ("Y016", 3, 3)]),
    ("empty key", b"'': a\n", [("Y016", 1, 1)]),
    ("nulls", b"a:\nb: ~\nc: null\n", [("Y017", 1, 3), ("Y017", 2, 4), ("Y017", 3, 4)]),
    ("empty item", b"- a\n-\n", [("Y017", 2, 2)]),
    ("empty at the very end", b"? a", [("Y017", 1, 4)]),
    ("empty block", b"a: |\n\nb: c\n", [("Y017", 1, 4)]),
    ("unclosed quote", b"a: b\nc: 'd\ne: f\n", [("Y008", 2, 4)]),
    ("unclosed double quote", b'a: "b\n', [("Y008", 1, 4)]),
    ("quote over a document's end", b'a: "b\n---\n', [("Y008", 1, 4)]),
    ("unclosed bracket", b"a: [b\nc: d\n", [("Y008", 2, 2)]),
    ("unclosed brace at the end", b"a: {b", [("Y008", 1, 6)]),
    ("colon in text", b"a: b: c\n", [("Y008", 1, 5)]),
    ("long key", b"k" * 10_000 + b": v\n", [("Y008", 1, 10_001)]),
    ("bad indentation", b"- a: b\n c: d\n", [("Y008", 2, 2)]),
    ("reserved", b"a: @b\n", [("Y008", 1, 4)]),
    ("backquote", b"`", [("Y008", 1, 1)]),
    ("unknown escape", b'a: "\\q"\n', [("Y008", 1, 5)]),
    ("escaped surrogate", b'a: "\\ud800"\n', [("Y008", 1, 7)]),
    ("asterisk", b"a: * b\n", [("Y008", 1, 5)]),
    ("end mark alone", b"...", [("Y008", 1, 1)]),
    ("closing bracket", b"[a]]\n", [("Y008", 1, 4)]),
    ("block header", b"a: |99\n", [("Y008", 1, 6)]),
    ("billion laughs", LAUGHS, [("Y010", 1, 4)]),
)

REPEATED = {LAUGHS, b"{" * 100_000, b"? " * 100_000}
"""Each level has a finding of its own."""

# YAML 1.1 makes something else of these; here they are text.
KEPT = (
    "NO", "yes", "on", "12:30", "1_000", "0o17", "017", "0x1F", "1e6", ".inf", "-.inf", ".nan", "NaN", "2023",
    "2024-02-30", "2024-01-01T00:00:00Z", "1" * 400, "-0", "+1", "=", "nil", "None", "True", "🚢",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{FIRE ENGINE}", "日本", "a" * 10_000, "a  b", "<", "x<<y",
    "https://a.example/?b=c#d",
)  # fmt: skip


def codes(findings: list[Finding]) -> list[tuple[str, int, int]]:
    return [(one.code, one.line, one.column) for one in findings]


def plain(node: Node | None) -> Any:
    """A tree as lists, dictionaries and strings; None for what is broken."""
    match node:
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Mapping(entries=entries):
            return {key: plain(value) for key, value in entries.items()}
        case Scalar(text=text):
            return text
        case _:
            return None


@pytest.mark.parametrize(
    ("data", "expected"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
def test_hostile_bytes_are_located(data: bytes, expected: list[tuple[str, int, int]]) -> None:
    began = time.process_time()
    findings = read(data, "a.yaml").findings
    assert codes(findings)[: len(expected)] == expected
    assert len(findings) == len(expected) or data in REPEATED
    assert all(one.file == "a.yaml" and one.message.endswith(".") and one.fix for one in findings)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("text", KEPT, ids=lambda text: text[:20])
def test_every_scalar_is_text(text: str) -> None:
    reading = read(f"- {text}\n- '{text}'\n- [{text}]\n- {{k: {text}}}\n".encode(), "a")
    assert reading.findings == []
    assert plain(reading.tree) == [text, text, [text], {"k": text}]


def test_line_ends_do_not_matter() -> None:
    data = b"# one\na: b\n\nc: >-\n  d\n  e\nf: ~\n"
    unix, windows = read(data, "a"), read(data.replace(b"\n", b"\r\n"), "a")
    assert plain(unix.tree) == plain(windows.tree) == {"a": "b", "c": "d e", "f": None}
    assert codes(unix.findings) == codes(windows.findings) == [("Y017", 7, 4)]


def test_a_byte_order_mark_is_no_column() -> None:
    reading = read(b"\xef\xbb\xbfa: ~\n", "a")
    assert (codes(reading.findings), reading.whole) == ([("Y017", 1, 4)], True)


def test_columns_are_code_points() -> None:
    assert codes(read("{🚢🚢: ~}".encode(), "a").findings) == [("Y017", 1, 6)]


def test_quoted_null_is_text() -> None:
    assert plain(read(b"- 'null'\n- \"~\"\n", "a").tree) == ["null", "~"]


def test_white_space_at_the_ends_is_dropped() -> None:
    assert plain(read(b"- ' a '\n- |\n  b\n", "a").tree) == ["a", "b"]


def test_a_later_duplicate_is_dropped() -> None:
    assert plain(read(b"a: b\na: c\nd: e\n", "a").tree) == {"a": "b", "d": "e"}


def test_what_is_refused_is_broken() -> None:
    reading = read(b'- *a\n- ""\n- "\\0"\n- \x01\n- b\n', "a")
    assert isinstance(reading.tree, Sequence)
    assert [isinstance(item, Broken) for item in reading.tree.items] == [True, True, True, True, False]


def test_an_unreadable_key_marks_its_mapping() -> None:
    tree = read(b"- {<<: a}\n- {a: b}\n- {[a]: b, c: d}\n- {'': b}\n", "a").tree
    assert isinstance(tree, Sequence)
    assert [item.broken for item in tree.items if isinstance(item, Mapping)] == [True, False, True, True]
    assert plain(tree.items[2]) == {"c": "d"}


def test_items_before_a_syntax_error_are_kept() -> None:
    reading = read(b"- a: b\n- c: d\n- e: [f\n- g: h\n", "a")
    assert (plain(reading.tree), reading.whole) == ([{"a": "b"}, {"c": "d"}], False)


def test_a_broken_mapping_at_the_top_is_nothing() -> None:
    reading = read(b"a: b\nc: [d\ne: f\n", "a")
    assert (reading.tree, reading.whole) == (None, False)


def test_a_refused_character_hides_what_it_breaks() -> None:
    reading = read(b"a: b\n\tc: d\n", "a")
    assert (codes(reading.findings), reading.whole) == ([("Y006", 2, 1)], False)


def test_findings_of_a_file_are_limited() -> None:
    findings = read(b"- ~\n" * 5_000, "a").findings
    assert len(findings) == PER_FILE + 1
    assert findings[-1].code == "F008"


def test_depth_and_size_at_the_limit_are_accepted() -> None:
    assert read(b"[" * DEEPEST + b"]" * DEEPEST, "a").findings == []
    assert read(b"a: b #" + b"c" * (LARGEST - 6), "a").findings == []


def test_following_a_path_ends_where_it_leads_nowhere() -> None:
    tree = read(b"a:\n  - {b: c}\n", "a").tree
    assert tree is not None
    assert [
        place_of(follow(tree, path).mark) for path in ((), ("a", 0), ("a", 0, "b", "x"), ("a", 7), (3,))
    ] == [(1, 1), (2, 5), (2, 9), (2, 3), (1, 1)]


VALID = """# c
- id: a-1
  t: "b: \\u00e9" # x
  l: [c, 'd']
- {id: é🚢, m: {n: 1}}
- |
  text
- >-
  folded

  text
"""
FRAGMENTS = st.sampled_from(
    [*"[]{}:,-?&*!|>'\"%@`#~ \t\n\r\\\ufeff\u202e\x00", "<<: ", "---\n", "...", "\r\n", "  - "]
)
MUTATIONS = st.lists(st.tuples(st.integers(0, len(VALID)), st.integers(0, 9), FRAGMENTS), max_size=6)


def mutate(text: str, changes: list[tuple[int, int, str]]) -> bytes:
    for start, length, fragment in changes:
        text = text[:start] + fragment + text[start + length :]
    return text.encode()


def assert_located(data: bytes) -> None:
    findings = read(data, "a").findings
    text = data.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    lines = re.split("\r\n|\r|\n", text)
    for one in findings:
        assert 1 <= one.line <= len(lines), one
        assert 1 <= one.column <= len(lines[one.line - 1]) + 1, one


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    assert_located(data)


@settings(max_examples=500, deadline=None)
@given(MUTATIONS)
def test_any_mutation_is_read(changes: list[tuple[int, int, str]]) -> None:
    assert_located(mutate(VALID, changes))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert_located(text.encode(errors="surrogatepass"))
