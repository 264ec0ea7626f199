"""How well words fit a spelling, and when that is enough to be sure."""

from __future__ import annotations

import pytest

from bot.facts.fit import ARTICLES, FAR, Fit, Query, fit, without_titles


def fits(query: str, name: str, near: dict[str, dict[str, int]] | None = None, **how: bool) -> Fit:
    settings = {"person": True, "family_first": False} | how
    return fit(Query(query.split(), near), name.split(), **settings)


@pytest.mark.parametrize(
    ("query", "name", "level", "sure"),
    [
        ("gref german", "german gref", 0, True),
        ("gref", "german gref", 0, True),
        ("german", "german gref", 0, False),
        ("g gref", "german gref", 0, True),
        ("yu zhukova", "yulia zhukova", 0, True),
        ("g g", "german gref", FAR, False),
        ("h gref", "german gref", 2, False),
        ("boris gref", "german gref", FAR, True),
        ("boris", "german gref", FAR, False),
        ("mr gref", "german gref", 0, True),
        ("german oskarovich gref", "german gref", 0, True),
        ("oskarovich gref", "gref", FAR, True),
        ("german gref sberbank", "german gref", 2, False),
        ("germ gref", "german gref", 1, False),
        ("yi", "wang yi", 0, False),
    ],
)
def test_people(query: str, name: str, level: int, *, sure: bool) -> None:
    assert fits(query, name)[:2] == (level, sure)


@pytest.mark.parametrize(
    ("query", "name", "level", "sure"),
    [
        ("the kremlin", "kremlin", 0, True),
        ("media", "tortoise media", 0, False),
        ("president sberbank", "sberbank", FAR, False),
        ("sberbank of russia and its friends", "sberbank", FAR, False),
    ],
)
def test_other_things(query: str, name: str, level: int, *, sure: bool) -> None:
    assert fits(query, name, person=False)[:2] == (level, sure)


@pytest.mark.parametrize(
    ("query", "name", "apart", "level", "sure"),
    [
        ("mishustim", "mikhail mishustin", 1, 1, True),
        ("mishutim", "mikhail mishustin", 2, 2, False),
        ("gerf", "german gref", 1, 1, False),
        ("putina", "vladimir putin", 1, 1, False),
        ("m mishustim", "mikhail mishustin", 1, 1, False),
        ("mikhail mishuuuun", "mikhail mishustin", 3, 2, False),
        ("mishuuuun", "mikhail mishustin", 3, FAR, False),
    ],
)
def test_errors(query: str, name: str, apart: int, level: int, *, sure: bool) -> None:
    word, known = (text.rpartition(" ")[2] for text in (query, name))
    assert fits(query, name, {word: {known: apart}})[:2] == (level, sure)


def test_the_family_name_may_stand_in_front() -> None:
    assert fits("xi", "xi jinping", family_first=True).sure
    assert not fits("xi", "xi jinping").sure
    assert not fits("jinping", "xi jinping", family_first=True).sure


def test_the_share_of_right_letters_is_the_score() -> None:
    assert fits("gref", "german gref").score == 1
    assert fits("boris gref", "german gref").score == pytest.approx(4 / 9)


def test_the_last_word_is_never_a_title() -> None:
    assert without_titles(["the", "prime", "minister"]) == ["minister"]
    assert without_titles(["the", "president", "putin"], ARTICLES) == ["president", "putin"]
