from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import generate
from benchmarks.generate import Size, write_base
from bot.facts.check import check_base
from bot.facts.records import Dossier, Entity, Fact, FactKind, Source

SIZE = Size(facts=600, entities=80, seed=5)

Record = Dossier | Source | Entity | Fact


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    write_base(folder, SIZE)
    return folder


@pytest.fixture(scope="module")
def records(root: Path) -> list[Record]:
    files, findings = check_base(root)
    assert findings == []
    return [record for file in files for record in file.records]


def contents(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*.yaml")}


def test_it_has_the_size_asked_for(records: list[Record]) -> None:
    assert sum(isinstance(one, Fact) for one in records) == SIZE.facts
    assert sum(isinstance(one, Entity) for one in records) == SIZE.entities


@pytest.mark.parametrize(("facts", "entities"), [(1, 1), (7, 7), (25, 3)])
def test_nothing_is_found_in_a_tiny_base(tmp_path: Path, facts: int, entities: int) -> None:
    write_base(tmp_path, Size(facts, entities))

    assert check_base(tmp_path)[1] == []


def test_the_same_size_and_seed_give_the_same_bytes(root: Path, tmp_path: Path) -> None:
    write_base(tmp_path / "same", SIZE)
    write_base(tmp_path / "other", Size(SIZE.facts, SIZE.entities, SIZE.seed + 1))

    assert contents(tmp_path / "same") == contents(root)
    assert contents(tmp_path / "other") != contents(root)


def test_a_large_base_has_several_dossiers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "PER_DOSSIER", 30)
    write_base(tmp_path, SIZE)
    files, findings = check_base(tmp_path)

    assert findings == []
    every = [record for file in files for record in file.records]
    assert len([one for one in every if isinstance(one, Dossier)]) == 3
    assert len([one for one in every if isinstance(one, Fact)]) == SIZE.facts
    assert len([one for one in every if isinstance(one, Entity)]) == SIZE.entities


def test_names_are_of_all_scripts_and_surnames_crowded(records: list[Record]) -> None:
    entities = [one for one in records if isinstance(one, Entity)]
    letters = "".join(name for one in entities for name in (one.name, *one.also))

    assert any("\u0400" <= letter <= "\u04ff" for letter in letters)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in letters)
    assert any("\u00c0" <= letter <= "\u017f" for letter in letters)
    surnames = [one.name.split()[-1] for one in entities if one.kind == "person"]
    assert max(map(surnames.count, surnames)) > 2


def test_facts_are_of_every_sort(records: list[Record]) -> None:
    facts = [one for one in records if isinstance(one, Fact)]

    assert {one.kind for one in facts} == set(FactKind) - {FactKind.DEFINITION}
    assert any(one.due and one.owed_by for one in facts)
    assert any(one.value for one in facts)
    assert any(one.supersedes for one in facts)
    assert any(one.disputes for one in facts)
    assert any(one.outcome_of for one in facts)
    assert any(one.retracted for one in facts)
    assert any(one.review_by for one in facts)
    assert any(one.date is None for one in facts)
    assert any(len(one.sources) > 1 for one in facts)
    assert len({topic for one in facts for topic in one.topics}) == generate.TOPICS


def test_sources_have_a_date_none_or_an_inferred_one(records: list[Record]) -> None:
    published = [one.published for one in records if isinstance(one, Source)]

    assert None in published
    assert any(one and one.inferred for one in published)
    assert any(one and not one.inferred for one in published)


def test_some_things_are_mentioned_far_more_often_than_others(records: list[Record]) -> None:
    mentions = [entity for one in records if isinstance(one, Fact) for entity in one.about]
    counts = sorted(map(mentions.count, set(mentions)))

    assert counts[0] >= 1
    assert counts[-1] > 10 * counts[len(counts) // 2]
