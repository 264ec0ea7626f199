"""Which known words are found near a misspelt one, and how far away they are said to be."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.facts import candidates

WORDS = (
    "mishustin zhukov vedyakhin alexander evgeny sergey vladimir "
    "mueller gref putin kremlin tortoise g7 xi lavrov"
)


def known(words: Sequence[str]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.executescript(candidates.SCHEMA)
    candidates.write_near(db, words)
    return db


NAMES = st.one_of(st.text("aejsh", min_size=2, max_size=5), st.sampled_from(["g20", "yuri", "yury", "iouri"]))
BASE = known(WORDS.split())


@pytest.mark.parametrize(
    "spellings",
    [
        "alexander aleksandr alexandre aleksander",
        "yevgeny evgeny evgenii jewgeni evgueni",
        "sergei sergey sergej serguei",
        "wladimir vladimir",
        "dmitry dmitri dmitrii dmitriy",
        "yuri yury iouri",
        "mueller muller",
        "mishustin mischustin michoustine",
        "putin poutine",
        "tchaikovsky chaykovsky tschaikowski",
    ],
)
def test_transliterations_of_one_name_are_loosely_the_same(spellings: str) -> None:
    assert len({candidates.loose(spelling) for spelling in spellings.split()}) == 1


@pytest.mark.parametrize("names", ["ivanov petrov", "wang wong", "gref graf", "kim lim", "putin puton"])
def test_different_names_are_loosely_different(names: str) -> None:
    assert len({candidates.loose(name) for name in names.split()}) == 2


@pytest.mark.parametrize(
    ("word", "meant", "apart"),
    [
        ("mishustin", "mishustin", 0),
        ("mishutsin", "mishustin", 1),
        ("michoustine", "mishustin", 1),
        ("aleksandr", "alexander", 1),
        ("vedkayhin", "vedyakhin", 2),
        ("misshusstin", "mishustin", 2),
        ("mushostin", "mishustin", 2),
        ("kermlin", "kremlin", 1),
        ("krmln", "kremlin", 2),
        ("jukov", "zhukov", 1),
        ("joukova", "zhukov", 2),
        ("ievgenij", "evgeny", 1),
        ("lawrow", "lavrov", 1),
    ],
)
def test_near(word: str, meant: str, apart: int) -> None:
    assert ceil(candidates.near(BASE, word, far=True)[meant]) == apart
    assert (meant in candidates.near(BASE, word, far=False)) == (apart < 2)


@pytest.mark.parametrize("word", ["g8", "xii", "qwertyuiop", "a" * 100, "greb2"])
def test_nothing_is_near(word: str) -> None:
    assert set(candidates.near(BASE, word, far=True)) <= {word}


def test_words_told_from_unknown_ones() -> None:
    assert candidates.known(BASE, ["gref", "graf", "putin", ""]) == {"gref", "putin"}


def test_a_transliteration_is_nearer_than_an_error_and_a_late_error_than_an_early_one() -> None:
    db = known(["zhelev", "nelev", "jolev", "jelec", "xia", "xiajie"])
    assert list(candidates.near(db, "jelev", far=False)) == ["zhelev", "jelec", "jolev", "nelev"]
    # Loosely the same, but by far too much shorter.
    assert list(candidates.near(db, "xiaajie", far=False)) == ["xiajie"]


@given(st.sets(NAMES), st.sets(NAMES), st.sets(NAMES))
def test_changed_words_leave_the_rows_of_words_written_anew(
    kept: set[str], lost: set[str], added: set[str]
) -> None:
    changed = known(sorted(kept | lost))
    candidates.change_near(changed, lost - kept, added - kept)
    anew = known(sorted(kept | (added - kept)))

    for table in ("name_near", "name_form"):
        rows, wanted = (db.execute(f"SELECT * FROM {table}").fetchall() for db in (changed, anew))
        assert rows == wanted
    changed.close()
    anew.close()


LETTERS = "abcdefghijklmnopqrstuvwxyz"


@given(st.sampled_from([word for word in WORDS.split() if len(word) > 4]), st.data())
def test_every_single_error_is_near(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    wrong = data.draw(
        st.sampled_from(
            [
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            ]
        )
    )
    assert ceil(candidates.near(BASE, wrong, far=False)[word]) == (wrong != word)
