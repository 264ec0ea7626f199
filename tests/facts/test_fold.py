"""Folding brings the spellings of one name together and keeps different names apart."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.fold import LENGTH, fold, folds, tokens


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("German Gref", "german gref"),
        ("Греф", "gref"),
        ("Герман Оскарович ГРЕФ", "german oskarovich gref"),
        ("Мишустин", "mishustin"),
        ("Ведяхин", "vedyakhin"),
        ("Дмитрий Песков", "dmitry peskov"),
        ("Белый", "bely"),
        ("Сергей Лавров", "sergey lavrov"),
        ("Щёлоков", "shchelokov"),
        ("Королёв", "korolev"),
        ("Коро\u043b\u0435\u0308в", "korolev"),
        ("Юлия Цой", "yuliya tsoy"),
        ("Жуков", "zhukov"),
        ("Подъячев", "podyachev"),
        ("Зеленський", "zelensky"),
        ("Київ", "kyiv"),
        ("Гайдамака і Гнат", "haydamaka i hnat"),
        ("Сбербанк", "sberbank"),
        ("БРИКС", "briks"),
        ("习近平", "xijinping"),
        ("弗拉基米尔·普京", "fulajimier pujing"),
        ("AI学习 2024", "ai xuexi 2024"),
        ("トヨタ", "toyota"),
        ("김정은", "gimjeongeun"),
        ("मोदी", "modi"),
        ("Łukasz Škoda", "lukasz skoda"),
        ("Straße", "strasse"),
        ("Kjær", "kjaer"),
        ("İstanbul", "istanbul"),
        ("O'Neill, D’Angelo", "oneill dangelo"),
        ("Ernst & Young", "ernst and young"),
        ("U.S.", "u s"),
        ("Jean-Luc", "jean luc"),
        ("ＧＲＥＦ ①", "gref 1"),
        ("Gr\u200bef\u202e", "gref"),
        ("Gref\x00\tGerman", "gref german"),
        ("😀 !?", ""),
        ("", ""),
    ],
)
def test_fold(written: str, folded: str) -> None:
    assert fold(written) == folded
    assert tokens(written) == tuple(folded.split())


def test_umlauts_have_two_folds() -> None:
    assert folds("Müller") == ("muller", "mueller")
    assert folds("Søren Åberg") == ("soren aberg", "soeren aaberg")
    assert folds("Mueller") == ("mueller",)
    assert folds("Šuba") == ("suba",)


@given(st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_what_is_left_is_words_of_letters_and_digits(text: str) -> None:
    for folded in folds(text):
        assert folded.isascii()
        assert folded == folded.lower()
        assert all(word.isalnum() for word in folded.split())
        assert folded == " ".join(folded.split())


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_folding_again_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded[:LENGTH].strip()


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_case_does_not_matter(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower())


def test_only_the_first_characters_count() -> None:
    assert fold("a" * 10_000) == "a" * LENGTH
    assert len(fold("\ufdfa" * 10_000)) < 4 * LENGTH


def test_latin_and_cyrillic_names_do_not_import_anyascii() -> None:
    script = """if True:
        import sys
        from bot.facts.fold import fold
        fold("Müller Греф Škoda")
        assert "anyascii" not in sys.modules
    """
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
