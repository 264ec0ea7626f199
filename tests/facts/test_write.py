from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.compile import compile_base
from bot.facts.keys import UNDATED, ordinal, tag_number
from bot.facts.records import Dossier, Entity, EntityKind, Fact, Source, Topic
from bot.facts.rows import known_from
from bot.facts.snapshot import connect
from bot.facts.stated import NEVER, KnownBy, Stated, Tie, moment


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def fact(fact_id: str = "f", **given: Any) -> Fact:
    """Make a fact from what YAML would say of it."""
    plain = {
        "id": fact_id,
        "kind": "claim",
        "text": f"Words of {fact_id}.",
        "about": ["a"],
        "sources": [{"ref": "s", "p": 1, "hash": "0" * 16}],
        "added": "2024-06-01",
    }
    return msgspec.convert(plain | given, Fact)


def source(source_id: str = "s", published: str | None = None, origin: str | None = None) -> Source:
    plain: dict[str, Any] = {"id": source_id, "title": "t", "descriptor": "d", "origin": origin}
    return msgspec.convert(plain | ({"published": {"date": published}} if published else {}), Source)


def cites(*refs: str) -> list[dict[str, Any]]:
    return [{"ref": ref, "p": 1, "hash": "0" * 16} for ref in refs]


class Records(msgspec.Struct):
    """Everything that one dossier holds."""

    dossier: Dossier
    sources: tuple[Source, ...]
    entities: tuple[Entity, ...]
    facts: tuple[Fact, ...]


def records(*facts: Fact, sources: tuple[Source, ...] = (source(),), dossier: str = "d") -> Records:
    names = ("a", "b", "c", "wire", "own", "other")
    entities = tuple(Entity(id=one, kind=EntityKind.PERSON, name=one.upper()) for one in names)
    topics = (Topic(id="t", title="T"), Topic(id="u", title="U"))
    return Records(Dossier(id=dossier, title=dossier, topics=topics), sources, entities, facts)


FILES = "SELECT path, dossier, ids FROM file"

opened: list[sqlite3.Connection] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while opened:
        opened.pop().close()


def written(*dossiers: Records) -> sqlite3.Connection:
    """Return a snapshot of some records, which are written as JSON, as that is YAML too."""
    with tempfile.TemporaryDirectory() as folder:
        for one in dossiers:
            files = {"dossier": one.dossier, "sources": one.sources, "entities": one.entities}
            for name, content in (files | {"facts/a": one.facts}).items():
                path = Path(folder, "base", one.dossier.id, f"{name}.yaml")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(msgspec.json.encode(content))
        compiled = compile_base(Path(folder, "base"), Path(folder, "state"))
        opened.append(connect(compiled.path))
        return opened[-1]


def stated(*facts: Fact, sources: tuple[Source, ...] = (source(),)) -> dict[str, Stated]:
    db = written(records(*facts, sources=sources))
    bodies = [body for (body,) in db.execute("SELECT body FROM fact")]
    return {one.id: one for one in (msgspec.msgpack.decode(body, type=Stated) for body in bodies)}


# --- days ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edtf", "first", "last"),
    [
        ("2024-03-05", day("2024-03-05"), day("2024-03-05")),
        ("2024-02~", day("2024-02-01"), day("2024-02-29")),
        ("2024", day("2024-01-01"), day("2024-12-31")),
        ("2024/..", day("2024-01-01"), NEVER),
        ("../2024", 0, day("2024-12-31")),
        ("/2024", 0, day("2024-12-31")),
    ],
)
def test_the_first_and_the_last_day_a_date_may_mean(edtf: str, first: int, last: int) -> None:
    assert (ordinal(edtf), ordinal(edtf, last=True)) == (first, last)


SOURCES = {
    "early": source("early", "2024-03-05"),
    "month": source("month", "2024-04~"),
    "late": source("late", "2024-09-20"),
    "silent": source("silent"),
}


@pytest.mark.parametrize(
    ("given", "known", "surely", "by"),
    [
        ({"sources": cites("early")}, "2024-03-05", "2024-03-05", KnownBy.PUBLISHED),
        ({"sources": cites("late", "early")}, "2024-03-05", "2024-03-05", KnownBy.PUBLISHED),
        ({"sources": cites("month")}, "2024-04-01", "2024-04-30", KnownBy.PUBLISHED),
        ({"sources": cites("silent", "late")}, "2024-09-20", "2024-09-20", KnownBy.PUBLISHED),
        (
            {"sources": cites("late"), "said": {"by": "a", "when": {"date": "2024-01-01"}}},
            "2024-09-20",
            "2024-09-20",
            KnownBy.PUBLISHED,
        ),
        (
            {
                "sources": cites("silent"),
                "said": {"by": "a", "when": {"date": "2024-05"}},
                "date": {"date": "2020"},
            },
            "2024-05-01",
            "2024-05-31",
            KnownBy.SAID,
        ),
        (
            {"sources": cites("silent"), "said": {"by": "a"}, "date": {"date": "2020"}},
            "2020-01-01",
            "2020-12-31",
            KnownBy.DATE,
        ),
        ({"sources": cites("silent")}, "2024-06-01", "2024-06-01", KnownBy.ADDED),
    ],
)
def test_from_when_a_fact_could_be_known(given: dict[str, Any], known: str, surely: str, by: KnownBy) -> None:
    assert known_from(fact(**given), SOURCES) == (day(known), day(surely), by)


# --- what facts say of each other ----------------------------------------------------------------------


def test_ties_hold_from_when_the_other_could_be_known() -> None:
    facts = stated(
        fact("old", sources=cites("early")),
        fact("new", sources=cites("late"), supersedes=["old"]),
        fact("doubt", sources=cites("month"), disputes=["new"]),
        fact("done", sources=cites("late"), outcome_of=["old"]),
        sources=tuple(SOURCES.values()),
    )

    assert facts["old"].superseded_by == (Tie("new", day("2024-09-20")),)
    assert facts["old"].outcomes == (Tie("done", day("2024-09-20")),)
    assert facts["new"].disputed_by == (Tie("doubt", day("2024-04-01")),)
    assert facts["doubt"].disputed_by == (Tie("new", day("2024-09-20")),)
    assert facts["done"] == Stated(
        fact("done", sources=cites("late"), outcome_of=["old"]),
        "d",
        day("2024-09-20"),
        day("2024-09-20"),
        KnownBy.PUBLISHED,
    )


def test_a_retracted_fact_ties_no_longer() -> None:
    retracted = {"retracted": {"on": "2024-08", "why": "Withdrawn."}}
    facts = stated(
        fact("old"),
        fact("new", supersedes=["old"], outcome_of=["old"], disputes=["third"], **retracted),
        fact("third"),
        fact("fourth", disputes=["new"]),
    )
    tie = Tie("new", day("2024-06-01"), day("2024-08-01"))

    assert facts["new"].retracted_on == day("2024-08-01")
    assert facts["old"].superseded_by == facts["old"].outcomes == (tie,)
    assert facts["third"].disputed_by == (tie,)
    assert facts["fourth"].disputed_by == (tie,)
    assert [facts["fourth"].status(day(one)).value for one in ("2024-07-31", "2024-08-01")] == [
        "disputed",
        "reported",
    ]


def test_facts_that_dispute_each_other_are_tied_once() -> None:
    facts = stated(fact("one", disputes=["two"]), fact("two", disputes=["one"]))

    assert facts["one"].disputed_by == (Tie("two", day("2024-06-01")),)
    assert facts["two"].disputed_by == (Tie("one", day("2024-06-01")),)


def test_an_origin_counts_once_from_the_first_day_on_which_it_reported() -> None:
    wire = (
        source("a", "2024-03-05", "wire"),
        source("b", "2024-03-01", "wire"),
        source("c", "2024-09-20", "own"),
        source("d", "2024-01-01"),
        source("e", None, "other"),
    )
    facts = stated(
        fact("rewritten", sources=cites("a", "b")),
        fact("two", sources=cites("a", "c", "d")),
        fact("undated", sources=cites("a", "e")),
        sources=wire,
    )

    assert facts["rewritten"].origins == (day("2024-03-01"),)
    assert facts["two"].origins == (day("2024-03-05"), day("2024-09-20"))
    assert facts["undated"].origins == (day("2024-03-05"), day("2024-03-05"))


# --- the tables ----------------------------------------------------------------------------------------


def order(db: sqlite3.Connection, kind: str = "when") -> list[str]:
    rows = db.execute(
        "SELECT moment.id FROM moment"
        " WHERE tag = ? AND moment.kind = ? ORDER BY moment.tag, day, width, added, moment.id, rank",
        (tag_number(1, "all", ""), kind),
    )
    return [fact_id for (fact_id,) in rows]


def ranked(db: sqlite3.Connection) -> list[str]:
    return [fact_id for (fact_id,) in db.execute("SELECT id FROM fact ORDER BY rank")]


def when(edtf: str | None) -> dict[str, Any]:
    return {"date": {"date": edtf}} if edtf else {}


IN_ORDER = [
    ("open", "../2030"),
    ("century", "20XX"),
    ("interval", "2001/2090"),
    ("year", "2024"),
    ("year-about", "2024~"),
    ("month", "2024-01"),
    ("day", "2024-01-01"),
    ("later", "2024-01-02"),
    ("undated", None),
]


def test_facts_stand_in_the_order_of_their_first_day_the_wider_first() -> None:
    facts = [fact(fact_id, **when(edtf)) for fact_id, edtf in IN_ORDER]
    db = written(records(*reversed(facts)))

    assert order(db) == [fact_id for fact_id, _ in IN_ORDER]


def test_equal_dates_stand_in_the_order_of_their_adding_then_of_their_ids() -> None:
    facts = [
        fact(one, added=added, **when("2024")) for one, added in (("c", "2024-06-02"), ("b", "2024-06-01"))
    ]
    db = written(records(*facts, fact("a", added="2024-06-02", **when("2024"))))

    assert order(db) == ["b", "a", "c"]


def test_the_best_is_the_weightiest_then_the_most_recent() -> None:
    facts = [
        fact("light-new", weight=1, **when("2024-05")),
        fact("heavy-old", weight=5, **when("1999")),
        fact("heavy-undated", weight=5),
        fact("heavy-new", weight=5, **when("2024-05")),
        fact("middle", **when("2024-05")),
    ]
    db = written(records(*facts))

    assert ranked(db) == ["heavy-new", "heavy-old", "heavy-undated", "middle", "light-new"]


def test_what_lies_ahead_is_as_recent_as_the_day_it_was_known() -> None:
    facts = [
        fact("plan", **when("2050")),
        fact("new", **when("2024-09-21")),
        fact("old", **when("2024-09-01")),
    ]
    db = written(records(*facts, sources=(source("s", "2024-09-20"),)))

    assert ranked(db) == ["new", "plan", "old"]


dates = st.sampled_from(
    ["1999", "2024", "2024~", "2024-01", "2024-01-01", "2024/..", "../2024", "20XX", None]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(dates, st.integers(1, 5), st.sampled_from(["2024-06-01", "2024-06-02"])), max_size=8)
)
def test_falling_order_is_the_exact_reverse_of_rising_order(given: list[tuple[str | None, int, str]]) -> None:
    facts = [fact(f"f{n}", weight=3, added=added, **when(edtf)) for n, (edtf, _, added) in enumerate(given)]
    # Everything is known from so late that no date lies ahead of it.
    with closing(written(records(*facts, sources=(source("s", "9999-12-31"),)))) as db:
        rising = order(db)
        dated = {one.id for one in facts if moment(one)}
        undated = [one for one in rising if one not in dated]
        falling = [one for one in reversed(rising) if one in dated] + undated[::-1]
        assert ranked(db) == falling


def test_every_tag_leads_to_its_facts_best_first() -> None:
    one = fact(
        "one",
        weight=1,
        kind="order",
        about=["a", "b"],
        owed_by=["b"],
        topics=["t", "u"],
        due="2024-07",
        said={"by": "c", "via": ["b"]},
        disputes=["two"],
    )
    two = fact("two", kind="definition", topics=["t"], said={"by": {"unnamed": "a guest"}})
    db = written(records(one, two, sources=(source("s", "2024-03-05", "a"),)))

    expected = {
        ("all", ""): ["two", "one"],
        ("about", "a"): ["two", "one"],
        ("about", "b"): ["one"],
        ("defines", "a"): ["two"],
        ("disputed", ""): ["two", "one"],
        ("disputed", "t"): ["two", "one"],
        ("disputed", "u"): ["one"],
        ("owed", "b"): ["one"],
        ("said", "c"): ["one"],
        ("source", "s"): ["two", "one"],
        ("through", "a"): ["two", "one"],
        ("through", "b"): ["one"],
        ("topic", "t"): ["two", "one"],
        ("topic", "u"): ["one"],
        ("text", "words of one."): ["one"],
        ("text", "words of two."): ["two"],
    }
    query = "SELECT id FROM posting JOIN fact USING (rank) WHERE tag = ? ORDER BY posting.rank"
    found = {tag: [fact_id for (fact_id,) in db.execute(query, (tag_number(1, *tag),))] for tag in expected}
    assert found == expected
    (count,) = db.execute("SELECT count(*) FROM posting").fetchone()
    assert count == sum(map(len, expected.values()))


def test_the_days_of_a_fact_are_kept_by_their_kind() -> None:
    one = fact(
        "one",
        kind="order",
        due="2024-07",
        duty="x",
        review_by="2024",
        supersedes=["two"],
        retracted={"on": "2024-08", "why": "w"},
        **when("2024-05"),
    )
    db = written(records(one, fact("two")))

    rows = db.execute(
        "SELECT moment.kind, day, moment.id FROM moment WHERE tag = ? ORDER BY moment.kind, day",
        (tag_number(1, "all", ""),),
    )
    assert rows.fetchall() == [
        ("added", day("2024-06-01"), "one"),
        ("added", day("2024-06-01"), "two"),
        ("due", day("2024-07-31"), "one"),
        ("month", day("2024-05-01"), "one"),
        ("retracted", day("2024-08-01"), "one"),
        ("review", day("2024-12-31"), "one"),
        ("superseded", day("2024-06-01"), "one"),
        ("when", day("2024-05-01"), "one"),
        ("when", UNDATED, "two"),
    ]


def test_words_are_those_of_the_fact_its_speakers_and_its_names() -> None:
    given = fact(
        text="Ferries sink.",
        kind="order",
        duty="dredge",
        owed_by=["b"],
        said={"by": {"unnamed": "a former captain"}, "cue": "warned", "to": ["c"]},
    )
    quotes = fact("other", text="Gulls cry.", quote="We see", said={"by": "a"})
    db = written(records(given, quotes))

    words = {word for (word,) in db.execute("SELECT word FROM vocabulary WHERE dossier = 1")}
    assert words == {"ferries", "sink", "dredge", "a", "former", "captain", "warned", "b", "c"} | {
        "gulls",
        "cry",
        "we",
        "see",
        "said",
    }


def test_what_is_written_is_told() -> None:
    db = written(records(fact(), sources=(source("s", "2024-03-05"),)), records(fact(), dossier="c"))

    meta = dict(db.execute("SELECT key, value FROM meta"))
    assert (meta["facts"], meta["newest"]) == (2, day("2024-06-01"))
    assert db.execute("SELECT n, id, facts FROM dossier").fetchall() == [(1, "c", 1), (2, "d", 1)]
    listed = {path: (n, msgspec.msgpack.decode(ids)) for path, n, ids in db.execute(FILES)}
    assert listed["c/facts/a.yaml"] == (1, ["f"])
    assert listed["d/entities.yaml"] == (2, ["a", "b", "c", "wire", "own", "other"])


def test_the_same_id_may_stand_in_two_dossiers() -> None:
    db = written(records(fact("same", **when("2024"))), records(fact("same", **when("2024")), dossier="e"))

    assert ranked(db) == ["same", "same"]
    assert [number for (number,) in db.execute("SELECT dossier FROM fact ORDER BY rank")] == [1, 2]


def test_the_order_of_records_in_files_does_not_matter() -> None:
    facts = [fact(fact_id, topics=["u", "t"], **when(edtf)) for fact_id, edtf in IN_ORDER]
    one, other = written(records(*facts)), written(records(*facts[::-1]))

    for table in ("fact", "posting", "moment", "vocabulary", "entity", "source", "name_thing", "stretch"):
        query = f"SELECT * FROM {table}"
        assert one.execute(query).fetchall() == other.execute(query).fetchall()
