from __future__ import annotations

from random import Random

from benchmarks.stock import SURNAMES, WORDS, Stock, Zipf


def test_the_first_of_a_zipf_is_twice_as_frequent_as_the_second() -> None:
    zipf = Zipf(100, Random(1))
    drawn = [zipf.draw() for _ in range(20_000)]

    assert set(drawn) <= set(range(100))
    assert 1.8 < drawn.count(0) / drawn.count(1) < 2.2
    assert 4.4 < drawn.count(0) / drawn.count(4) < 5.6


def test_several_drawn_at_once_follow_the_same_law() -> None:
    drawn = Zipf(3, Random(1)).pick("abc", 11_000)

    assert 5_800 < drawn.count("a") < 6_200
    assert 2_800 < drawn.count("b") < 3_200


def test_the_same_seed_gives_the_same_stock() -> None:
    one, same, other = Stock(Random(1)), Stock(Random(1)), Stock(Random(2))

    assert one.text(20) == same.text(20) != other.text(20)
    assert one.person() == same.person()
    assert one.organisation() == same.organisation()


def test_words_are_many_and_different() -> None:
    stock = Stock(Random(1))

    assert len(set(stock.words)) == WORDS > SURNAMES
    assert "the" in stock.text(200).split()
    assert stock.rare_word() not in {"the", "of", "and"}


def test_spellings_of_a_name_mean_the_same() -> None:
    stock = Stock(Random(4))
    names = [stock.person() for _ in range(200)]

    written = {name.label.split()[0]: name.also[0].split()[0] for name in names if " " in "".join(name.also)}
    assert written["Igor"] == "Игорь"
    assert any(name.also and name.also[0][0] == "王" and name.label.startswith("Wang ") for name in names)
