from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from bases import COAST, LONE, NORTH
from factory import HERALD_DAY, TODAY, fact_base, snapshot

from bot.facts.base import FactBase, Thing
from bot.facts.names import Outcome
from bot.facts.snapshot import Snapshot
from bot.facts.stated import Stated

THEN = date(2024, 8, 15)


@pytest.fixture
def base(coast: Snapshot) -> FactBase:
    return fact_base(coast)


@pytest.fixture
def then(coast: Snapshot) -> FactBase:
    return fact_base(coast, THEN)


@pytest.fixture
def two(both: Snapshot) -> FactBase:
    return fact_base(both)


def ids(facts: Iterable[Stated]) -> list[str]:
    return [one.id for one in facts]


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def entity(entity_id: str, dossier: str = "coast") -> Thing:
    return Thing("entity", dossier, entity_id, entity_id, entity_id)


def topic(topic_id: str, dossier: str = "coast") -> Thing:
    return Thing("topic", dossier, topic_id, topic_id, topic_id)


# --- the dossiers --------------------------------------------------------------------------------------


def test_only_dossiers_that_there_are_are_asked(both: Snapshot) -> None:
    assert fact_base(both, TODAY, "north", "coast", "north", "nowhere").dossiers == ("coast", "north")
    assert fact_base(both, TODAY, "nowhere").dossiers == ()


@pytest.mark.parametrize(
    ("as_of", "count"),
    [
        (date(1, 1, 1), 0),
        (date(2023, 12, 31), 0),
        (date(2024, 3, 4), 0),
        (HERALD_DAY, 7),
        (date(2024, 5, 2), 8),
        (THEN, 11),
        (date(2024, 9, 20), 14),
        (TODAY, 15),
        (date(9999, 12, 31), 15),
    ],
)
def test_the_count_is_of_what_could_be_known(coast: Snapshot, as_of: date, count: int) -> None:
    base = fact_base(coast, as_of)

    assert base.count == count == len(list(base.best()))


def test_the_count_is_of_the_dossiers_that_are_asked(two: FactBase, both: Snapshot) -> None:
    assert two.count == 17
    assert fact_base(both, TODAY, "north").count == 2
    assert fact_base(both, date(2024, 2, 1), "north").count == 1
    assert fact_base(both, TODAY, "nowhere").count == 0


def test_topics_come_in_reading_order(base: FactBase, two: FactBase) -> None:
    assert [thing.ref for thing, _ in base.topics()] == ["licences", "people", "fleet"]
    assert [thing.ref for thing, _ in two.topics()] == [
        "coast:licences",
        "people",
        "fleet",
        "north:licences",
        "quills",
    ]
    assert [record.title for record in base.records()] == ["Ferries on the coast"]


def test_a_judgement_is_there_when_all_it_rests_on_is(coast: Snapshot) -> None:
    def told(as_of: date, thing: Thing | None = None) -> list[str]:
        return [one.text for _, one, _ in fact_base(coast, as_of).judgements(thing)]

    late, dredging, stable = (
        "The audit is likely to be late.",
        "Dredging decides the timetable.",
        "The number of licences is stable.",
    )
    assert told(date(2024, 3, 4)) == []
    assert told(HERALD_DAY) == [late, stable]
    assert told(date(2025, 1, 31)) == [late, stable]
    # The fact was known on 1 February, the judgement was written on the fifth.
    assert told(date(2025, 2, 4)) == [late, stable]
    assert told(date(2025, 2, 5)) == [late, dredging, stable]
    assert told(TODAY) == [late, dredging, stable]
    assert told(TODAY, topic("licences")) == [late, stable]
    assert told(TODAY, topic("fleet")) == [dredging]
    assert told(TODAY, topic("people")) == []
    assert told(TODAY, topic("licences", "north")) == []


def test_a_judgement_comes_with_its_grounds(base: FactBase) -> None:
    (dossier, judgement, grounds), *_ = base.judgements()

    assert (dossier, ids(grounds)) == ("coast", list(judgement.based_on))


# --- one thing -----------------------------------------------------------------------------------------


def test_a_fact_is_there_from_the_day_it_could_be_known(coast: Snapshot) -> None:
    assert fact_base(coast, date(2024, 9, 19)).fact("new-count") is None
    found = fact_base(coast, date(2024, 9, 20)).fact("new-count")
    assert found is not None
    assert found.id == "new-count"
    assert fact_base(coast).fact("nothing") is None
    assert fact_base(coast).fact("") is None


def test_a_source_is_there_from_the_day_it_appeared(coast: Snapshot) -> None:
    def there(as_of: date) -> list[str]:
        base = fact_base(coast, as_of)
        return [one for one in ("herald", "gazette", "courier", "leaflet", "yearbook") if base.source(one)]

    assert there(date(2024, 1, 1)) == ["leaflet"]
    assert there(date(2024, 6, 30)) == ["herald", "leaflet"]
    assert there(date(2024, 7, 1)) == ["herald", "gazette", "leaflet"]
    assert there(TODAY) == ["herald", "gazette", "courier", "leaflet", "yearbook"]
    assert fact_base(coast).source("nothing") is None


def test_evidence_in_a_source_that_had_not_appeared_is_not_cited(coast: Snapshot) -> None:
    def cited(as_of: date) -> list[str]:
        base = fact_base(coast, as_of)
        chief = base.fact("chief")
        assert chief is not None
        return [one.ref for one in base.cited(chief)]

    assert cited(date(2024, 9, 19)) == ["herald"]
    assert cited(date(2024, 9, 20)) == ["herald", "courier"]


def test_every_known_fact_is_cited(coast: Snapshot) -> None:
    for as_of in (HERALD_DAY, date(2024, 5, 2), THEN, TODAY):
        base = fact_base(coast, as_of)
        assert all(base.cited(one) for one in base.best())


def test_an_id_may_be_qualified(two: FactBase, both: Snapshot) -> None:
    assert [(one.dossier, one.id) for one in two.facts("review-order")] == [
        ("coast", "review-order"),
        ("north", "review-order"),
    ]
    assert [one.dossier for one in two.facts("north:review-order")] == ["north"]
    assert two.fact("north:new-count") is None
    assert two.fact("nowhere:new-count") is None
    found = two.entity("north:harbour-line")
    assert found is not None
    assert "Quillfeather Line" in found.also
    at_coast = fact_base(both, TODAY, "coast")
    assert at_coast.fact("north:review-order") is None
    assert [one.dossier for one in at_coast.facts("review-order")] == ["coast"]
    assert at_coast.source("quill-times") is None
    assert at_coast.entity("quillfeather") is None


def test_things_have_labels_and_refs(base: FactBase, two: FactBase, then: FactBase) -> None:
    assert base.thing("entity", "coast", "okafor") == Thing(
        "entity", "coast", "okafor", "Ada Okafor", "okafor"
    )
    assert base.thing("topic", "coast", "fleet").label == "The fleet"
    assert base.thing("source", "coast", "herald").label == "Ministry orders a review of ferry licences"
    assert base.thing("fact", "coast", "chief").label == "chief"
    assert two.thing("entity", "coast", "harbour-line").ref == "coast:harbour-line"
    assert two.thing("source", "north", "herald").ref == "north:herald"
    assert two.thing("topic", "north", "licences").ref == "north:licences"
    assert two.thing("fact", "north", "review-order").ref == "north:review-order"
    assert two.thing("fact", "north", "quillfeather-talk").ref == "quillfeather-talk"
    for kind in ("entity", "source", "topic"):
        assert base.thing(kind, "coast", "unknown").label == "unknown"
        assert base.thing(kind, "nowhere", "unknown").label == "unknown"
    assert then.thing("source", "coast", "courier").label == "courier"


# --- names ---------------------------------------------------------------------------------------------


def test_a_name_is_resolved_in_the_dossiers_that_are_asked(two: FactBase, base: FactBase) -> None:
    assert base.resolve("Hafenlinie", "entity").matches[0].id == "harbour-line"
    assert two.resolve("Harbour Line", "entity").outcome is Outcome.ASK
    assert two.resolve("north:Harbour Line", "entity").outcome is Outcome.FOUND
    assert base.resolve("north:quilfeather", "entity").outcome is Outcome.NONE
    assert base.resolve("quillfeather", "entity").outcome is Outcome.NONE
    assert two.matched(two.resolve("quillfeather", "entity").matches[0]).ref == "quillfeather"


def test_a_source_that_had_not_appeared_has_no_name(base: FactBase, then: FactBase) -> None:
    for name in ("courier", "What became of the licences", "yearbook"):
        assert base.resolve(name, "source").outcome is Outcome.FOUND
        resolution = then.resolve(name, "source")
        assert resolution.outcome is Outcome.NONE
        assert {match.id for match in resolution.matches} <= {"herald", "gazette", "leaflet"}
    assert then.resolve("gazette", "source").outcome is Outcome.FOUND


def test_of_several_sources_those_that_had_appeared_are_asked_about(coast: Snapshot) -> None:
    # Both titles have the word.
    now = fact_base(coast).resolve("licences", "source")
    then = fact_base(coast, HERALD_DAY).resolve("licences", "source")

    assert {match.id for match in then.matches} < {match.id for match in now.matches}


def test_completion_is_of_what_there_is(base: FactBase, then: FactBase, two: FactBase) -> None:
    assert [thing.id for thing in base.complete("", "source")][-1] in {"gazette", "yearbook"}
    assert {thing.id for thing in then.complete("", "source")} == {"herald", "gazette", "leaflet"}
    assert len(then.complete("", "source", 2)) == 2
    assert [thing.id for thing in base.complete("", "topic")] == ["licences", "people", "fleet"]
    assert [thing.id for thing in base.complete("", "topic", 1)] == ["licences"]
    assert [thing.ref for thing in two.complete("harbour l", "entity")] == [
        "coast:harbour-line",
        "north:harbour-line",
    ]
    assert [thing.ref for thing in two.complete("north:", "entity")] == ["quillfeather", "north:harbour-line"]
    assert [thing.ref for thing in base.complete("north:", "entity")] == []


@pytest.mark.parametrize(
    ("seen", "refs"),
    [
        (("coast", "north", "lone"), ["coast:harbour-line", "north:harbour-line"]),
        (("coast", "north"), ["coast:harbour-line", "north:harbour-line"]),
        (("coast", "lone"), ["harbour-line"]),
        (("north",), ["harbour-line"]),
        (("lone",), []),
    ],
)
def test_a_completion_is_qualified_where_the_asker_sees_several(
    seen: tuple[str, ...], refs: list[str], tmp_path: Path
) -> None:
    opened = snapshot(tmp_path, COAST, NORTH, LONE)
    found = FactBase(opened, seen, TODAY).complete("harbour l", "entity")
    opened.close()

    assert [thing.ref for thing in found] == refs


def test_facts_are_completed_by_their_id(base: FactBase, then: FactBase, two: FactBase) -> None:
    assert [thing.id for thing in base.complete_fact("re")] == ["review-order", "review-published"]
    assert base.complete_fact("rust")[0].label == "The hulls are rusty."
    assert [thing.id for thing in then.complete_fact("")] == sorted(ids(then.best()))
    assert [thing.id for thing in then.complete_fact("new")] == []
    assert [thing.ref for thing in two.complete_fact("review-o")] == [
        "coast:review-order",
        "north:review-order",
    ]
    assert [thing.ref for thing in two.complete_fact("north:")] == ["quillfeather-talk", "north:review-order"]
    assert [thing.ref for thing in base.complete_fact("quill")] == []
    assert len(base.complete_fact("", 3)) == 3
    assert [thing.id for thing in then.complete_fact("", 1)] == sorted(ids(then.best()))[:1]
    assert base.complete_fact("zz") == []


# --- facts ---------------------------------------------------------------------------------------------


def test_the_best_come_first(base: FactBase, two: FactBase) -> None:
    best = list(base.best())

    assert best[0].id == "review-order"
    assert [one.fact.weight for one in best] == sorted((one.fact.weight for one in best), reverse=True)
    assert [one.fact.weight for one in two.best()][:3] == [5, 5, 4]
    assert {one.dossier for one in two.best()} == {"coast", "north"}


def test_facts_by_topic_and_name(base: FactBase, then: FactBase) -> None:
    assert set(ids(base.best(topic("people")))) == {"fares-denial", "chief", "no-need", "pier-talk"}
    assert set(ids(then.best(topic("people")))) == {"chief", "no-need", "pier-talk"}
    assert set(ids(base.best(entity("okafor")))) == {"fares-denial", "chief", "no-need", "dredging"}
    assert set(ids(base.tagged("said", "okafor"))) == {"fares-denial", "no-need", "dredging"}
    assert ids(base.tagged("source", "gazette")) == ["review-published"]
    assert ids(base.tagged("defines", "okafor")) == ["chief"]
    assert set(ids(base.tagged("disputed"))) == {"fares-rise", "fares-denial"}
    assert ids(then.tagged("disputed")) == ["fares-rise"]
    assert ids(base.tagged("disputed", "people")) == ["fares-denial"]
    assert list(base.tagged("about", "nobody")) == []


def test_facts_of_one_dossier_are_not_those_of_another(two: FactBase) -> None:
    assert {one.dossier for one in two.best(entity("harbour-line", "north"))} == {"north"}
    assert {one.dossier for one in two.best(entity("harbour-line"))} == {"coast"}
    assert {one.dossier for one in two.best(topic("licences", "north"))} == {"north"}
    assert {one.dossier for one in two.tagged("about", "harbour-line")} == {"coast", "north"}


def test_what_is_mentioned_together_is_related(base: FactBase, then: FactBase) -> None:
    assert [(thing.id, count) for thing, count in base.related(entity("okafor"), 9)] == [
        ("harbour-line", 1),
        ("ministry", 1),
    ]
    assert [thing.id for thing, _ in then.related(entity("okafor"), 9)] == ["harbour-line"]


def test_a_base_without_facts(bare: Snapshot) -> None:
    base = fact_base(bare)

    assert base.count == 0
    assert list(base.best()) == list(base.timeline()) == list(base.due()) == []
    assert not base.topics()
    assert not list(base.judgements())
    assert not base.complete("", "entity")
    assert not base.complete_fact("")
    assert base.resolve("x", "entity").outcome is Outcome.NONE
    assert base.count_added(1) == 0


def test_what_is_noted_is_read_together(coast: Snapshot) -> None:
    statements: list[str] = []
    base = fact_base(coast)
    facts = list(base.best())
    coast.db.set_trace_callback(statements.append)
    try:
        base.note(facts, [("coast", "nobody")])
        entities = [base.entity_of("coast", one) for fact in facts for one in fact.fact.about]
        sources = [base.source_of("coast", one.ref) for fact in facts for one in fact.fact.sources]
        nobody = base.entity_of("coast", "nobody")
    finally:
        coast.db.set_trace_callback(None)

    assert all(entities)
    assert any(sources)
    assert nobody is None
    assert len(statements) == 2
