from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.words import LANGUAGES, LONGEST, find_words, mark, marker, pieces, spell, spellings, stem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Thirty-one of eighty-three", ["Thirty-one", "of", "eighty-three"]),
        ("Russia's co-operation — G7, AI.", ["Russia's", "co-operation", "G7", "AI"]),
        ("Греф сказал", ["Греф", "сказал"]),
        ("snake_case 'quoted'", ["snake", "case", "quoted"]),
        ("习近平 said", ["习近平", "said"]),
        ("—…!?", []),
        ("", []),
    ],
)
def test_the_words_of_a_text(text: str, words: list[str]) -> None:
    assert [match[0] for match in find_words(text)] == words


@pytest.mark.parametrize(
    ("word", "spelt"),
    [
        ("Co-operation", "cooperation"),
        ("Russia's", "russias"),
        ("Греф", "gref"),
        ("naïve", "naive"),
        ("习近平", "xijinping"),
        ("x" * 100, "x" * LONGEST),
        ("…", ""),
    ],
)
def test_a_word_is_spelt_in_ascii(word: str, spelt: str) -> None:
    assert spell(word) == spelt


@given(st.text(max_size=80))
def test_a_spelling_can_do_no_harm_in_a_query(word: str) -> None:
    assert spell(word).isascii()
    assert spell(word).isalnum() or not spell(word)


@pytest.mark.parametrize(
    ("word", "language", "stemmed"),
    [
        ("licences", "en", "licenc"),
        ("licensed", "en-GB", "licens"),
        ("lizenzen", "de", "lizenz"),
        ("licences", "EN", "licenc"),
        ("licences", "zh", "licences"),
        ("licences", "", "licences"),
    ],
)
def test_inflections_are_taken_off(word: str, language: str, stemmed: str) -> None:
    assert stem(word, language) == stemmed


def test_every_language_has_its_stemmer() -> None:
    for language in LANGUAGES:
        assert stem("information", language)


def test_a_word_with_a_hyphen_counts_whole_and_in_its_parts() -> None:
    assert pieces("Eighty-three") == ["eightythree", "eighty", "three"]
    assert pieces("three") == ["three"]
    assert pieces("—") == []
    assert spellings("Eighty-three licences") == ["eightythree", "eighty", "three", "licences"]


@given(st.text(max_size=60))
def test_the_spellings_of_a_text_are_those_of_its_words(text: str) -> None:
    assert spellings(text) == [one for match in find_words(text) for one in pieces(match[0])]


def test_markers_are_no_words_and_differ() -> None:
    markers = {marker(1), marker(11), marker(1, "a-b"), marker(1, "a"), marker(1, "ab"), marker(2, "a")}

    assert len(markers) == 6
    assert all("§" in one and " " not in one for one in markers)
    assert not any(spellings(one) == [one] for one in markers)


@pytest.mark.parametrize(
    ("text", "wanted", "marked"),
    [
        ("Two licences, one licence.", {"licence", "licences"}, ["licences", "licence"]),
        ("Eighty-three licences", {"three"}, ["Eighty-three"]),
        ("LICENCED", {"licenced"}, ["LICENCED"]),
        ("Nothing here", {"licence"}, []),
        ("licences", set(), []),
        ("", {"licence"}, []),
    ],
)
def test_wanted_words_are_marked(text: str, wanted: set[str], marked: list[str]) -> None:
    cut = list(mark(text, frozenset(wanted)))

    assert [piece for piece, hit in cut if hit] == marked
    assert "".join(piece for piece, _ in cut) == text


@settings(max_examples=100)
@given(st.text(max_size=60), st.frozensets(st.sampled_from(["licences", "a", "xijinping", "1"])))
def test_marking_loses_nothing(text: str, wanted: frozenset[str]) -> None:
    cut = list(mark(text, wanted))

    assert "".join(piece for piece, _ in cut) == text
    assert all(piece for piece, _ in cut)
