from __future__ import annotations

from random import Random

import pytest

from benchmarks.spoil import CLASSES, spoil
from bot.facts.records import Entity, EntityKind

IGOR = Entity(id="igor", kind=EntityKind.PERSON, name="Igor Shukhumenko", also=("Игорь Шухуменко",))
ELISE = Entity(id="elise", kind=EntityKind.PERSON, name="Élise Jälström")
INSTITUTE = Entity(id="inst", kind=EntityKind.ORGANISATION, name="Bravoti Institute of Ferry Research")
WU = Entity(id="wu", kind=EntityKind.PERSON, name="Wu Li", also=("吴丽",))


def made(sort: str, entity: Entity) -> set[str | None]:
    return {CLASSES[sort](entity, Random(seed)) for seed in range(30)}


@pytest.mark.parametrize(("how", "change"), [("out", -1), ("twice", 1), ("swapped", 0), ("other", 0)])
@pytest.mark.parametrize("word", ["Shukhumenko", "Шухуменко", "aaaa"])
def test_one_letter_is_spoilt_and_never_the_first(how: str, change: int, word: str) -> None:
    for seed in range(30):
        spoilt = spoil(word, Random(seed), how)
        assert spoilt != word
        assert spoilt[0] == word[0]
        assert len(spoilt) - len(word) in {change, 0}


@pytest.mark.parametrize("sort", [one for one in CLASSES if one != "as it is written"])
def test_a_class_spoils_or_has_nothing_to_spoil(sort: str) -> None:
    texts = {text for entity in (IGOR, ELISE, INSTITUTE, WU) for text in made(sort, entity)} - {None}

    assert texts
    assert texts.isdisjoint({IGOR.name, ELISE.name, INSTITUTE.name, WU.name, *IGOR.also})
    assert made(sort, WU) == {None}


def test_classes_are_what_they_are_called() -> None:
    assert made("as it is written", WU) == {"Wu Li"}
    assert made("marks left out", ELISE) == {"Elise Jalstrom"}
    assert made("marks left out", IGOR) == {None}
    assert made("French transliteration", IGOR) == {"Igor Choukhoumenko"}
    assert all(text and text.startswith("I. ") for text in made("initial, surname with an error", IGOR))
    assert all(text and text.endswith(" Igor") for text in made("surname first, one error", IGOR))
    assert all(text and len(text.split()) == 4 for text in made("a word left out, one error", INSTITUTE))
    assert all(text and "а" <= text[-1].lower() <= "я" for text in made("Cyrillic, one error", IGOR))
