from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SAMPLES, hostile_reply

from bot.adapters.texts import (
    inert,
    longest_text,
    map_texts,
    shorten,
    shorten_units,
    spoken,
    units,
    web_address,
)
from bot.reply import Kind, Reply


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain, é, 港口, 👩‍🚒", "plain, é, 港口, 👩‍🚒"),
        ("\x1b[31mred", "␛[31mred"),
        ("a\x00b\x07c\x7f", "a␀b␇c␡"),
        ("\x9b31m", "\ufffd31m"),
        ("one\r\ntwo\tthree\u2028four\x85five", "one two three four five"),
        ("a\u202ebc\u2069", "a\ufffdbc\ufffd"),
        ("a\ud800b", "a\ufffdb"),
        ("می\u200cخواهم \u200fא", "می\u200cخواهم \u200fא"),
    ],
)
def test_inert(text: str, expected: str) -> None:
    assert inert(text) == expected


@given(st.text())
def test_inert_text_prints_on_one_line_and_stays_so(text: str) -> None:
    safe = inert(text)
    assert len(safe.splitlines()) <= 1
    assert not any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 for one in safe)
    safe.encode()
    assert inert(safe) == safe


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two three", 9, "one two…"),
        ("one two, three", 10, "one two…"),
        ("onetwothree", 5, "onet…"),
        ("one", 1, "…"),
        ("abe\u0301e\u0301e\u0301", 6, "abe\u0301…"),
        ("👩\u200d🚒👩\u200d🚒", 4, "👩\u200d🚒…"),
    ],
)
def test_shorten(text: str, length: int, expected: str) -> None:
    assert shorten(text, length) == expected


@given(st.text(), st.integers(1, 40))
def test_shortened_text_keeps_its_length_and_its_beginning(text: str, length: int) -> None:
    short = shorten(text, length)
    assert len(short) <= length
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a?b=1&c=2#d", "https://example.org/a?b=1&c=2#d"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("https://example.org/%20%zz", "https://example.org/%20%zz"),
        ("https://example.org/a b\"<>'\\()`", "https://example.org/a%20b%22%3C%3E%27%5C%28%29%60"),
        ("https://example.org/\x1b\\\n", "https://example.org/%1B%5C%0A"),
        ("https://example.org/港", "https://example.org/%E6%B8%AF"),
        ("https://example.org/\ud800", "https://example.org/?"),
        ("javascript:alert(1)", None),
        ("ftp://example.org", None),
        ("https://", None),
        ("https:///path", None),
        (" https://example.org", None),
        ("https://[", None),
        ("http://%zz", None),
        ("https://ex\u202eample.org", None),
        ("https://exa\nmple.org", None),
        ("https://example.org:port", None),
        ("https://example.org/\u202ea", "https://example.org/%E2%80%AEa"),
        ("https://Пример.рф:8/é", "https://xn--e1afmkfd.xn--p1ai:8/%C3%A9"),
        ("https://[::1]:8080/", "https://[::1]:8080/"),
        ("", None),
    ],
)
def test_web_address(url: str, expected: str | None) -> None:
    assert web_address(url) == expected


@pytest.mark.parametrize("text", ["𝕏" * 40, "a𝕏" * 30, "𝕏 " * 30, "short", "👩\u200d🚒" * 20])
@pytest.mark.parametrize("most", [1, 2, 3, 24, 75])
def test_shortened_in_units(text: str, most: int) -> None:
    made = shorten_units(text, most)
    assert units(made) <= most
    assert made == text or (made.endswith("…") and units(text) > most)


def test_every_text_a_reader_sees_is_mapped() -> None:
    mapped = map_texts(hostile_reply("data"), lambda text: text.replace("data", "X"))
    kept = repr(mapped).count("data")
    # What is left are the commands of three names and one action, two of `wanted` and the footer's is shown.
    assert kept == repr(mapped).count("/who data")
    assert mapped.footer is not None
    assert mapped.footer.command == "/who X"


@pytest.mark.parametrize("name", SAMPLES)
def test_mapping_to_the_same_text_changes_nothing(name: str) -> None:
    assert map_texts(SAMPLES[name], lambda text: text) == SAMPLES[name]


def test_longest_text() -> None:
    assert longest_text(hostile_reply("x" * 500)) == 505


@pytest.mark.parametrize(
    ("title", "summary", "expected"),
    [("T", "S", "S"), ("T", " ", "T"), ("", "", "There is nothing to show."), ("", "a\nb", "a b")],
)
def test_spoken_is_never_empty(title: str, summary: str, expected: str) -> None:
    assert spoken(Reply(kind=Kind.NONE, title=title, summary=summary)) == expected
