from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from bases import COAST
from factory import TODAY, fact_base, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.base import FactBase, Thing
from bot.facts.search import WORDS, Hits
from bot.facts.snapshot import Snapshot

THEN = date(2024, 8, 15)


@pytest.fixture(scope="module")
def base(coast: Snapshot) -> FactBase:
    return fact_base(coast)


def ids(hits: Hits) -> list[str]:
    return [one.id for one in hits.facts]


def topic(base: FactBase, topic_id: str) -> Thing:
    return next(thing for thing, found in base.topics() if found.id == topic_id)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("audit fund", ["audit-order"]),
        ("FUND audit", ["audit-order"]),
        ("audits funds", ["audit-order"]),
        ("auditing", ["audit-order"]),
        ("collided", ["collision"]),
        ("collisions", ["collision"]),
        ("rusty hulls", ["rust"]),
        ("eighty-three", ["new-count"]),
        ("eighty three", ["new-count"]),
        ("eightythree", ["new-count"]),
        ("three", ["new-count"]),
        ("we see no need", ["no-need"]),
        ("channel", ["dredging"]),
        ("former official", ["new-count"]),
        ("denied", ["fares-denial"]),
        ("Hafenlinie collision", ["collision"]),
        ("Окафор doubts", ["no-need"]),
        ("奥卡福 doubts", ["no-need"]),
        ("Ада Окафор leads", ["chief"]),
        ("naïve audit", ["audit-order"]),
    ],
)
def test_facts_are_found_by_their_words_and_names(base: FactBase, words: str, found: list[str]) -> None:
    assert ids(base.search(words))[: len(found)] == found


@pytest.mark.parametrize(
    ("typed", "taken", "found"),
    [
        ("colidded", "collided", "collision"),
        ("licenecs", "licences", "old-count"),
        ("timetabel", "timetable", "pier-talk"),
        ("Окафорр", "okafor", "no-need"),
        ("ollided", "collided", "collision"),
        ("xollided", "collided", "collision"),
        ("xcollided", "collided", "collision"),
        ("ocllided", "collided", "collision"),
    ],
)
def test_typing_errors_are_forgiven_and_told(base: FactBase, typed: str, taken: str, found: str) -> None:
    hits = base.search(typed)

    assert hits.corrected == ((typed, taken),)
    assert found in ids(hits)


@pytest.mark.parametrize("typed", ["hull5", "licences9", "rsut", "xyzzy", "fund1ng", "zz"])
def test_short_and_far_words_are_not_taken_for_others(base: FactBase, typed: str) -> None:
    assert base.search(typed) == Hits((), unknown=(typed,))


def test_two_errors_are_forgiven_in_a_long_word(base: FactBase) -> None:
    assert base.search("minsitri transprot").corrected[0][0] == "minsitri"
    assert base.search("eghty-thrree").corrected == (("eghty-thrree", "eightythree"),)


def test_no_more_words_are_compared_than_one_search_may(
    base: FactBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.facts.search.COMPARED", 1)

    hits = base.search("colidded licenecs")

    assert hits.corrected == (("colidded", "collided"),)
    assert hits.unknown == ("licenecs",)


def test_what_no_fact_has_is_left_out_and_told(base: FactBase) -> None:
    hits = base.search("audit xyzzy fund")

    assert ids(hits) == ["audit-order"]
    assert hits.unknown == ("xyzzy",)
    assert hits.dropped == ()


def test_the_commonest_word_is_left_out_first_where_no_fact_has_all(base: FactBase) -> None:
    hits = base.search("ministry collided")

    assert ids(hits) == ["collision"]
    assert hits.dropped == ("ministry",)
    assert hits.wanted == frozenset({"collided"})


def test_the_commonest_words_are_not_looked_for_where_that_takes_long(
    base: FactBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "the licences of harbour line"
    assert not base.search(words).spared
    monkeypatch.setattr("bot.facts.search.SOUGHT", 1)

    hits = base.search(words)

    assert hits.spared
    assert hits.dropped == ("the", "of")
    assert hits.facts


def test_once_the_looks_are_used_up_the_rarest_word_is_left(
    base: FactBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert base.search("ministry harbour collided").dropped == ("ministry",)
    monkeypatch.setattr("bot.facts.search.SOUGHT", 1)

    assert set(base.search("ministry harbour collided").dropped) == {"ministry", "harbour"}


def test_wanted_are_the_words_that_count(base: FactBase) -> None:
    assert base.search("audits xyzzy").wanted == frozenset({"audit"})
    assert base.search("xyzzy").wanted == frozenset()


def test_a_topic_narrows_a_search(base: FactBase) -> None:
    assert "collision" in ids(base.search("ferries"))
    assert "collision" in ids(base.search("ferries", topic(base, "fleet")))
    assert ids(base.search("ferries", topic(base, "people"))) == []
    assert set(ids(base.search("ada", topic(base, "people")))) == {"chief", "no-need", "fares-denial"}


def test_no_more_than_wanted_is_found(base: FactBase) -> None:
    assert len(base.search("licences", limit=2).facts) == 2
    assert base.search("licences", limit=1).facts[0] == base.search("licences").facts[0]


def test_words_of_a_fact_count_more_than_those_of_its_names(base: FactBase) -> None:
    hits = base.search("harbour line")

    assert set(ids(hits)[:2]) == {"chief", "hulls"}
    assert set(ids(hits)) > {"chief", "hulls", "collision"}


def test_what_no_longer_stands_comes_last(base: FactBase) -> None:
    assert ids(base.search("licences use")) == ["new-count", "old-count"]
    assert "no-need" in ids(base.search("review needed"))


def test_nothing_to_look_for_finds_nothing(base: FactBase) -> None:
    assert base.search("") == base.search(" —…!? ") == Hits(())


def test_a_word_that_is_typed_twice_counts_once(base: FactBase) -> None:
    assert base.search("xyzzy xyzzy").unknown == ("xyzzy",)


def test_only_so_many_words_count(base: FactBase) -> None:
    assert len(base.search(" ".join(f"word{n}" for n in range(100))).unknown) == WORDS


@pytest.mark.parametrize(
    "words",
    [
        'audit" OR "licences',
        "audit) OR (licences",
        "NEAR(audit fund)",
        "audit*",
        "^audit",
        "stems:audit",
        "audit AND NOT fund",
        "{stems}:audit",
        "audit + fund",
        "'; DROP TABLE words; --",
        "§1§licences",
        "\x00audit",
        "audit\u202e",
    ],
)
def test_a_query_is_words_and_never_syntax(base: FactBase, words: str) -> None:
    hits = base.search(words)

    assert len(hits.facts) < base.count
    assert "audit" not in words or "audit-order" in ids(hits)
    assert ids(base.search("audit fund")) == ["audit-order"]


SYNTAX = ["audit", "fund", '"', *"()*:^-+", "AND", "OR", "NOT", "NEAR"]


@settings(max_examples=150, deadline=None)
@given(words=st.text(max_size=60) | st.lists(st.sampled_from(SYNTAX)).map(" ".join))
def test_whatever_is_typed_is_searched(base: FactBase, words: str) -> None:
    hits = base.search(words)

    assert len({one.id for one in hits.facts}) == len(hits.facts)
    assert bool(hits.facts) == bool(hits.wanted)


# --- what may be seen ----------------------------------------------------------------------------------


def test_what_was_not_known_yet_is_not_found(coast: Snapshot) -> None:
    then = fact_base(coast, THEN)

    assert ids(then.search("licences use")) == ["old-count"]
    assert then.search("dredging") == Hits((), unknown=("dredging",))
    assert then.search("dregding") == Hits((), unknown=("dregding",))
    assert then.search("thirty-one licences").unknown == ("thirty-one",)


def test_what_was_known_is_found_although_better_is_to_come(coast: Snapshot) -> None:
    assert ids(fact_base(coast, date(2024, 3, 5)).search("fares rise")) == ["fares-rise"]
    assert fact_base(coast, date(2024, 3, 4)).search("fares rise") == Hits((), unknown=("fares", "rise"))


def test_words_of_another_dossier_are_unknown(both: Snapshot) -> None:
    at_coast = fact_base(both, TODAY, "coast")

    assert at_coast.search("zeppelins") == Hits((), unknown=("zeppelins",))
    assert at_coast.search("zepelins") == Hits((), unknown=("zepelins",))
    assert ids(fact_base(both).search("zepelins")) == ["quillfeather-talk"]
    assert fact_base(both, TODAY, "north").search("dredging").unknown == ("dredging",)


def test_the_commonest_word_is_that_of_the_dossiers_that_are_searched(both: Snapshot) -> None:
    alone, among = fact_base(both, TODAY, "coast"), fact_base(both)

    assert alone.search("collided fund").dropped == among.search("collided fund").dropped == ("collided",)


def test_no_dossier_has_no_words(both: Snapshot) -> None:
    assert fact_base(both, TODAY, "nowhere").search("audit") == Hits((), unknown=("audit",))


@pytest.fixture(scope="module")
def polyglot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """The coast, and a German dossier."""
    german = {
        name.replace("coast", "kueste"): text.replace("coast", "kueste")
        .replace("Two ferries collided off the pier.", "Zwei Fähren sind kollidiert.")
        .replace("topics:\n  - {id: licences, title", "language: de\ntopics:\n  - {id: licences, title")
        for name, text in COAST.items()
    }
    opened = snapshot(tmp_path_factory.mktemp("polyglot"), COAST, german)
    yield opened
    opened.close()


def test_each_dossier_is_searched_in_its_language(polyglot: Snapshot) -> None:
    assert polyglot.dossier("kueste").language == "de"
    hits = fact_base(polyglot).search("Fähre kollidierte")

    assert [(one.dossier, one.id) for one in hits.facts] == [("kueste", "collision")]
