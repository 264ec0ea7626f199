"""What a name is taken for: never silently for the wrong thing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from names_table import Expected, rows, things
from rapidfuzz.distance import OSA

from bot.facts.fold import LENGTH, fold
from bot.facts.name_index import address_of, change_names, row_of
from bot.facts.names import SCHEMA, How, Match, Named, Outcome, complete, resolve, write_names

HERE = frozenset({1})


def base(named: Iterable[Named]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    write_names(db, named)
    return db


THINGS = things()
BASE = base(THINGS)


def labels(matches: Iterable[Match]) -> list[str]:
    return [match.label for match in matches]


def completed(prefix: str) -> list[str]:
    return [label for _, _, label, _ in complete(BASE, prefix, "entity", HERE)]


def called(label: str) -> list[Named]:
    return [thing for thing in THINGS if thing.label == label]


# --- the table -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.query)
def test_a_spelling_comes_to_what_the_table_says(row: Expected) -> None:
    resolution = resolve(BASE, row.query, "entity", HERE)
    ids = [match.id for match in resolution.matches]
    assert resolution.outcome == row.outcome, ids
    if row.outcome == "found":
        assert ids == list(row.ids)
        assert resolution.near == row.near
    assert set(row.ids) <= set(ids)


def test_no_spelling_of_the_table_is_taken_for_something_else() -> None:
    counts: Counter[str] = Counter()
    for row in rows():
        resolution = resolve(BASE, row.query, "entity", HERE)
        if resolution.outcome is Outcome.FOUND:
            counts["right" if resolution.matches[0].id in row.ids else "wrong"] += 1
        else:
            counts["asked" if resolution.outcome is Outcome.ASK else "none"] += 1
    sys.stdout.write(
        " · ".join(f"{name} {counts[name]}" for name in ("right", "asked", "none", "wrong")) + "\n"
    )
    assert counts.total() >= 220
    assert counts["wrong"] == 0
    assert counts["right"] > counts["asked"] > counts["none"] > 0


# --- resolving -----------------------------------------------------------------------------------------

TEXTS = st.text(max_size=40) | st.text(st.sampled_from("gref putnXи习Мü .-'\"*()&"), max_size=24)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_any_text_resolves_to_something_well_formed(text: str) -> None:
    resolution = resolve(BASE, text, "entity", HERE)
    least, most = {Outcome.FOUND: (1, 1), Outcome.ASK: (1, 10), Outcome.NONE: (0, 3)}[resolution.outcome]
    assert least <= len(resolution.matches) <= most
    assert len({match.key for match in resolution.matches}) == len(resolution.matches)
    assert all(0 <= match.score <= 1 for match in resolution.matches)
    assert not complete(BASE, text, "entity", HERE) or fold(text) or not text.strip()


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.id)
def test_every_spelling_finds_its_thing_or_asks_for_it(thing: Named) -> None:
    for spelling in (thing.label, *thing.spellings):
        words = spelling.split()
        for order in permutations(words) if len(words) < 4 else [words]:
            resolution = resolve(BASE, " ".join(order), "entity", HERE)
            assert resolution.outcome is not Outcome.NONE
            assert thing.key in {match.key for match in resolution.matches}
    assert [match.key for match in resolve(BASE, thing.id, "entity", HERE).matches] == [thing.key]


def alone(thing: Named) -> bool:
    """Whether a name is so unlike all others that one error makes none of them of it."""
    name = fold(thing.label)
    others = (
        fold(text) for other in THINGS if other is not thing for text in (other.label, *other.spellings)
    )
    return min(map(len, name.split())) > 4 and all(OSA.distance(name, other) > 5 for other in others)


@given(st.sampled_from([thing for thing in THINGS if alone(thing)]), st.data())
@settings(max_examples=200, deadline=None)
def test_one_error_in_a_long_name_never_finds_another(thing: Named, data: st.DataObject) -> None:
    name = fold(thing.label)
    at = data.draw(st.sampled_from([at for at, letter in enumerate(name) if letter != " "]))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    swapped = name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
    wrong = data.draw(
        st.sampled_from([name[:at] + letter + name[at:], name[:at] + letter + name[at + 1 :], swapped])
    )
    resolution = resolve(BASE, wrong, "entity", HERE)
    assert resolution.matches[0].key == thing.key
    assert resolution.outcome is not Outcome.NONE


@pytest.mark.parametrize("query", ["", " ", "...", "\x00", "😀", "Gref" * 2500, "gref " * 2000, "a " * 5000])
def test_what_is_no_name_is_none(query: str) -> None:
    assert resolve(BASE, query, "entity", HERE).outcome is Outcome.NONE


def test_a_name_is_found_by_what_is_said_to_have_matched() -> None:
    for query, spelling, how in (
        ("gref german", "German Gref", How.EXACT),
        ("ГЕРМАН ГРЕФ", "German Gref", How.EXACT),
        ("herman gref", "Herman Gref", How.ALIAS),
        ("gref", "German Gref", How.TOKENS),
        ("Germam Gref", "German Gref", How.NEAR),
    ):
        (match,) = resolve(BASE, query, "entity", HERE).matches
        assert (match.spelling, match.how) == (spelling, how)
    (match,) = resolve(BASE, "Mishus", "entity", HERE).matches
    assert match.how is How.PREFIX


def test_the_most_prominent_choice_comes_first() -> None:
    matches = resolve(BASE, "Ivanov", "entity", HERE).matches
    assert labels(matches) == ["Sergei Ivanov", "Anton Ivanov", "Andrei Ivanov", "Ivan Ivanov"]


def crowd(number: int, dossier: int = 1) -> list[Named]:
    return [
        Named("entity", key, dossier, f"john-smith-{key}", "John Smith", prominence=key, person=True)
        for key in range(number)
    ]


def test_a_crowd_is_asked_about_ten_at_a_time() -> None:
    resolution = resolve(base(crowd(100)), "John Smith", "entity", HERE)
    assert resolution.outcome is Outcome.ASK
    assert [match.key for match in resolution.matches] == list(range(99, 89, -1))


def test_when_not_all_that_fit_were_seen_none_is_found() -> None:
    named = [*crowd(60), Named("entity", 60, 1, "john-smits", "John Smits", person=True)]
    resolution = resolve(base(named), "John Smit", "entity", HERE)
    assert resolution.outcome is Outcome.ASK


def test_an_id_as_it_is_written_finds_whoever_else_bears_it_as_a_name() -> None:
    db = base(
        [
            Named("entity", 1, 1, "okafor", "Ada Okafor", ("okafor",), person=True),
            Named("entity", 2, 1, "ben-okafor", "Ben Okafor", ("ben okafor",), person=True),
        ]
    )
    assert labels(resolve(db, "okafor", "entity", HERE).matches) == ["Ada Okafor"]
    assert labels(resolve(db, "Okafor", "entity", HERE).matches) == ["Ada Okafor", "Ben Okafor"]


def test_listed_initials_are_shared_too() -> None:
    db = base(
        [
            Named("entity", 1, 1, "anton-ivanov", "Anton Ivanov", ("A. Ivanov",), 5, person=True),
            Named("entity", 2, 1, "andrei-ivanov", "Andrei Ivanov", (), person=True),
        ]
    )
    assert resolve(db, "A. Ivanov", "entity", HERE).outcome is Outcome.ASK


def test_kinds_and_dossiers_are_kept_apart() -> None:
    named = [
        Named("entity", 1, 1, "chips", "Chips", (), 9),
        Named("topic", 2, 1, "chips", "Chips and memory", ("chips",)),
        Named("entity", 3, 2, "chips", "Potato chips", ("chips",), 5),
        Named("source", 4, 2, "chips-2024", "Chips run short", (), 1),
    ]
    db = base(named)
    for kind, dossiers, keys in (
        ("entity", {1}, [1]),
        ("entity", {2}, [3]),
        ("entity", {1, 2}, [1, 3]),
        ("topic", {1, 2}, [2]),
        ("topic", {2}, []),
        ("source", {1, 2, 3, 99_999, -1}, [4]),
        ("dossier", {1, 2}, []),
        ("entity", set(), []),
    ):
        seen = frozenset(dossiers)
        assert [match.key for match in resolve(db, "chips", kind, seen).matches] == keys
        assert [match.key for match in resolve(db, "chps", kind, seen).matches] == keys
        for prefix in ("", "ch", "chips"):
            found = complete(db, prefix, kind, seen)
            listed = [(dossier, label) for dossier, _, label, _ in found]
            assert listed == [(thing.dossier, thing.label) for thing in named if thing.key in keys]
            assert {dossier for dossier, *_ in found} <= seen


def test_of_near_misses_other_names_come_before_namesakes_and_whole_names_before_parts() -> None:
    named = [Named("entity", n, n, "zedan", "Anna Zedanova", (), 90 - n, person=True) for n in range(1, 9)]
    named += [
        Named("entity", 20, 1, "zelanova", "Anna Zelanova", (), 3, person=True),
        Named("entity", 21, 1, "zebanova", "Anna Maria Zebanova", (), 99, person=True),
    ]
    found = resolve(base(named), "Anna Zeanova", "entity", None)

    assert labels(found.matches[:4]) == [
        *("Anna Zedanova", "Anna Zelanova", "Anna Maria Zebanova", "Anna Zedanova")
    ]
    assert len(found.matches) == 10


@pytest.mark.parametrize(
    ("query", "outcome"),
    [
        ("institute of harbour research", Outcome.FOUND),
        ("institute fo harbour research", Outcome.ASK),
        ("institute xq harbour research", Outcome.ASK),
        ("w institute harbour research", Outcome.NONE),
    ],
)
def test_an_error_in_a_short_word_is_asked_about(query: str, outcome: Outcome) -> None:
    label = "Institute of Harbour Research"
    named = Named("entity", 1, 1, "harbour-institute", label, (label,))
    other = Named("entity", 2, 1, "harbour-office", "Harbour Office", ("Harbour Office",))

    resolution = resolve(base([named, other]), query, "entity", HERE)

    assert resolution.outcome is outcome
    assert [match.id for match in resolution.matches][:1] == ["harbour-institute"]


@pytest.mark.parametrize(
    ("query", "meant", "outcome"),
    [
        ("Kznia Khuforina", "Ksenia Khuforina", Outcome.ASK),
        ("Boris Shumeo", "Boris Shumenko", Outcome.ASK),
        ("Zhou Ynggnag", "Zhou Yanggang", Outcome.ASK),
        ("Марина Гчлев", "Marina Golev", Outcome.ASK),
        ("Anton Jejekin", "Anton Zhezhekin", Outcome.FOUND),
    ],
)
def test_two_errors_are_asked_about_and_a_transliteration_is_one(
    query: str, meant: str, outcome: Outcome
) -> None:
    known = ["Ksenia Khuforina", "Anton Zhezhekin", "Boris Shumenko", "Zhou Yanggang", "Marina Golev"]
    named = [Named("entity", n, 1, str(n), name, (), person=True) for n, name in enumerate(known)]
    found = resolve(base(named), query, "entity", None)

    assert (found.outcome, found.near, labels(found.matches)) == (outcome, True, [meant])


# --- completion ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "first"),
    [
        ("g", "German Gref"),
        ("ge", "German Gref"),
        ("gre", "German Gref"),
        ("gref", "German Gref"),
        ("GER GR", "German Gref"),
        ("gr ger", "German Gref"),
        ("гре", "German Gref"),
        ("Герман Г", "German Gref"),
        ("g. gref", "German Gref"),
        ("習", "Xi Jinping"),
        ("习近", "Xi Jinping"),
        ("普", "Vladimir Putin"),
        ("дмитр", "Dmitry Peskov"),
        ("дмитри", "Dmitry Peskov"),
        ("дмитрий", "Dmitry Peskov"),
        ("mue", "Robert Mueller"),
        ("müll", "Anna Müller"),
        ("president pu", "Vladimir Putin"),
        ("the krem", "The Kremlin"),
        ("O'Ro", "Siobhán O'Rourke"),
        ("shcherbato", "Fyodor Shcherbatov"),
    ],
)
def test_a_prefix_is_completed(prefix: str, first: str) -> None:
    assert completed(prefix)[0] == first


def test_nothing_typed_yet_shows_the_most_prominent() -> None:
    expected = sorted(THINGS, key=lambda thing: (-thing.prominence, thing.key))
    assert completed(" ") == [thing.label for thing in expected[:25]]


@pytest.mark.parametrize("prefix", ["ros", "g g", "shcherbato"])
def test_completions_are_ordered_by_prominence_then_key(prefix: str) -> None:
    order = [(-thing.prominence, thing.key) for label in completed(prefix) for thing in called(label)]
    assert order == sorted(order)


def test_each_beginning_wants_a_word_of_its_own() -> None:
    assert completed("iv ivan") == ["Ivan Ivanov"]
    assert "German Gref" in completed("g g")
    assert "Gazprom" not in completed("g g")


def test_any_spelling_goes_on() -> None:
    assert completed("си цз") == completed("xi ji") == ["Xi Jinping"]


@pytest.mark.parametrize(("prefix", "shared"), [("", [1, 0, 1, 0]), ("harb", [1, 1]), ("pier", [0])])
@pytest.mark.parametrize("changed", [False, True])
def test_what_other_dossiers_know_by_the_same_id_is_marked(
    prefix: str, shared: list[int], changed: bool
) -> None:
    here = [Named("entity", 1, 1, "harbour", "Harbour", (), 9), Named("entity", 2, 1, "pier", "Pier", (), 8)]
    there = [Named("entity", 3, 2, "harbour", "Harbour", (), 7), Named("topic", 4, 2, "pier", "Pier")]
    gone = [Named("entity", 5, 2, "pier", "Pier", (), 6), Named("entity", 6, 2, "pump", "Pump", (), 5)]
    db = base([*here, *(gone if changed else there), Named("entity", 7, 3, "pump", "Pump", (), 1)])
    if changed:
        change_names(db, map(row_of, gone), map(row_of, there))
    assert [mark for *_, mark in complete(db, prefix, "entity", None)][: len(shared)] == shared


@pytest.mark.parametrize("prefix", ["!!!", "😀", "gref" * 2500, "zzz", "shcherbatovsky", "gref putin"])
def test_nothing_to_complete(prefix: str) -> None:
    assert complete(BASE, prefix, "entity", HERE) == []


def test_the_limit_holds() -> None:
    db = base(crowd(300))
    assert len(complete(db, "jo", "entity", HERE)) == 25
    ids = [one for _, one, *_ in complete(db, "jo sm", "entity", HERE, 3)]
    first = [db.execute("SELECT place FROM name_thing WHERE id = ?", (one,)).fetchone()[0] for one in ids]
    assert [address_of(place)[1] for place in first] == [299, 298, 297]
    assert len(complete(db, "", "entity", HERE, 10_000)) == 100
    assert complete(db, "jo", "entity", HERE, 0) == []


# --- writing -------------------------------------------------------------------------------------------


def contents(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    # Shadow tables too: the same things make the same bytes.
    return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables if name != "name_words"}


def test_the_same_things_in_any_order_make_the_same_rows() -> None:
    assert contents(base(reversed(THINGS))) == contents(BASE)
    assert all(name.startswith("name_") for name in contents(BASE))


def test_an_empty_base_knows_no_name() -> None:
    db = base([])
    assert resolve(db, "gref", "entity", HERE).outcome is Outcome.NONE
    assert complete(db, "", "entity", HERE) == []


@pytest.mark.parametrize(
    "thing",
    [
        Named("entity", 1 << 27, 1, "a", "A"),
        Named("entity", -1, 1, "a", "A"),
        Named("entity", 1, 1 << 14, "a", "A"),
        Named("person", 1, 1, "a", "A"),
    ],
)
def test_what_has_no_place_is_refused(thing: Named) -> None:
    with pytest.raises(ValueError, match="no place for"):
        base([thing])


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(sqlite3.IntegrityError):
        base([Named("entity", 1, 1, "a", "A"), Named("entity", 1, 1, "b", "B")])


def test_odd_spellings_are_written_and_leave_nothing_broken() -> None:
    odd = ("two\nlines", "", "😀", "x" * 1000, "NEAR OR AND", '"quoted"', "\x00")
    db = base([Named("entity", 1, 1, "odd", "\nOdd\n one", odd, 1 << 40), Named("entity", 2, 1, "😀", "😀")])
    assert resolve(db, "two lines", "entity", HERE).matches[0].spelling == "two lines"
    assert resolve(db, "NEAR or and", "entity", HERE).outcome is Outcome.FOUND
    assert resolve(db, "x" * LENGTH, "entity", HERE).outcome is Outcome.FOUND
    assert {one for _, one, *_ in complete(db, "", "entity", HERE)} == {"odd", "😀"}


def test_exact_names_import_neither_library() -> None:
    script = """if True:
        import sqlite3, sys
        from bot.facts.names import *
        db, here = sqlite3.connect(":memory:"), frozenset({1})
        db.executescript(SCHEMA)
        write_names(db, [Named("entity", 1, 1, "gref", "German Gref", ("Греф",), 1, True)])
        assert resolve(db, "греф", "entity", here).matches
        assert complete(db, "г", "entity", here)
        assert not {"anyascii", "rapidfuzz"} & set(sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
