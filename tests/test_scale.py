"""What answers look at does not grow with the base: counted in SQLite's instructions and in facts decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from itertools import islice
from typing import Final

import pytest
from factory import EVERYWHERE, desk, snapshot, text

from benchmarks.generate import Size, write_base
from bot.answers.briefing import briefing
from bot.answers.changes import changes
from bot.answers.due import due
from bot.answers.search import search
from bot.answers.source import source
from bot.answers.timeline import timeline
from bot.answers.who import who
from bot.facts.base import COUNTED, FactBase
from bot.facts.compile import compile_base
from bot.facts.edtf import parse
from bot.facts.names import Outcome
from bot.facts.snapshot import Snapshot
from bot.reply import Kind

TODAY: Final = date(2025, 7, 1)
MIDDLE: Final = date(2020, 3, 1)


class Effort:
    """What answers cost: instructions of SQLite, in tens, and facts decoded."""

    def __init__(self, opened: Snapshot) -> None:
        self._opened = opened
        self._decode = opened.decode
        self.looks = self.decoded = 0

    def __enter__(self) -> Effort:
        self._opened.decode = self._count  # type: ignore[assignment]
        self._opened.db.set_progress_handler(self._look, 10)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.decode = self._decode
        self._opened.db.set_progress_handler(None, 0)

    def _count(self, body: bytes) -> object:
        self.decoded += 1
        return self._decode(body)

    def _look(self) -> bool:
        self.looks += 1
        return False


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Snapshot]]:
    """A base and one of eight times its size."""
    opened = []
    for facts in (1_000, 8_000):
        root = tmp_path_factory.mktemp("sized")
        write_base(root / "base", Size(facts, facts // 10, seed=3))
        opened.append(Snapshot(compile_base(root / "base", root / "state").path))
    yield opened
    for one in opened:
        one.close()


def best(base: FactBase, kind: str) -> str:
    return base.complete("", kind, 1)[0].ref


def word(base: FactBase) -> str:
    """Return the word that most facts have."""
    return _word(base.snapshot)


@cache
def _word(opened: Snapshot) -> str:
    row = opened.db.execute("SELECT word FROM vocabulary ORDER BY facts DESC, word LIMIT 1").fetchone()
    return str(row[0])


QUESTIONS: Final[dict[str, Callable[[FactBase], object]]] = {
    "who": lambda base: who(base, best(base, "entity")),
    "briefing": briefing,
    "briefing of a topic": lambda base: briefing(base, best(base, "topic")),
    "timeline": timeline,
    "timeline of a topic": lambda base: timeline(base, best(base, "topic")),
    "timeline of a name": lambda base: timeline(base, best(base, "entity")),
    "timeline from": lambda base: timeline(base, "", parse("2022-03"), parse("2022-04")),
    "search": lambda base: search(base, word(base)),
    "source": lambda base: source(base, best(base, "source")),
    "completion": lambda base: base.complete("a", "entity", 10),
    "completion of facts": lambda base: base.complete_fact("f", 10),
}
COUNTING: Final[dict[str, Callable[[FactBase], object]]] = {
    "due": due,
    "changes": lambda base: changes(base, parse("2001")),
    "briefing since": lambda base: briefing(base, "", parse("2001")),
}


def effort(opened: Snapshot, day: date, question: Callable[[FactBase], object]) -> Effort:
    question(FactBase(opened, opened.dossiers, day))  # what is learnt only once does not count
    with Effort(opened) as spent:
        question(FactBase(opened, opened.dossiers, day))
    return spent


@pytest.mark.parametrize("day", [TODAY, MIDDLE])
@pytest.mark.parametrize("name", QUESTIONS)
def test_eight_times_the_facts_are_not_even_three_times_the_work(
    sizes: list[Snapshot], name: str, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both are larger than what is looked through beside a day in the past.
    monkeypatch.setattr("bot.facts.base.NEARBY", 200)
    small, large = (effort(opened, day, QUESTIONS[name]) for opened in sizes)

    # The small one has not all that is shown of the large one.
    assert large.decoded <= small.decoded * 2.5 + 16
    assert large.looks <= small.looks * 2.5 + 400


@pytest.mark.parametrize("day", [TODAY, MIDDLE])
@pytest.mark.parametrize("name", COUNTING)
def test_counts_end(sizes: list[Snapshot], name: str, day: date) -> None:
    """Each counts in a few places, and a row that is counted takes some thirty instructions."""
    spent = effort(sizes[1], day, COUNTING[name])

    assert spent.looks <= 5 * COUNTED * 3
    assert spent.decoded <= 500


def test_more_than_is_counted_is_said_to_be_more(sizes: list[Snapshot]) -> None:
    base = FactBase(sizes[1], sizes[1].dossiers, TODAY)

    assert base.count_added(0) == COUNTED + 1
    assert "more than 1,000 added" in changes(base, parse("2001")).summary
    assert base.count == 8_000


# --- bases that are made to be slow --------------------------------------------------------------------

CROWD: Final = 2_000


def crowd(
    known: Callable[[int], str], more: Callable[[int], str] = lambda _: "", about: str = ""
) -> dict[str, str]:
    """Return a base with a fact a day, all about one entity and topic; `known` names the source of each."""
    first = date(1990, 1, 1)
    facts = "\n".join(
        f"- {{id: fact-{n}, kind: event, text: Ship {n} left., topics: [ships],"
        f" about: [pier{about.format(n)}], date: {first + timedelta(n)}, added: 2024-06-01,"
        f" weight: {5 if n else 1}, sources: [{{ref: {known(n)}, p: 1, hash: {n:016x}}}]{more(n)}}}"
        for n in range(CROWD)
    )
    return {
        "crowd/dossier.yaml": "id: crowd\ntitle: Crowd\ntopics: [{id: ships, title: Ships}]\n",
        "crowd/sources.yaml": "\n".join(
            f"- {{id: {name}, title: {name}, descriptor: d, published: {day}}}"
            for name, day in (("early", "2001-01-02"), ("late", "2024-01-01"))
        ),
        "crowd/entities.yaml": "- {id: pier, kind: place, name: Pier}\n",
        "crowd/facts/all.yaml": facts,
    }


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """All became known years later, except the one that comes last."""
    opened = snapshot(tmp_path_factory.mktemp("late"), crowd(lambda n: "late" if n else "early"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def fallen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """Every fact is superseded by the next, and so the only one that stands comes last."""
    supersedes = crowd(lambda _: "early", lambda n: f", supersedes: [fact-{n + 1}]" if n < CROWD - 1 else "")
    opened = snapshot(tmp_path_factory.mktemp("fallen"), supersedes)
    yield opened
    opened.close()


ASKED: Final[dict[str, Callable[[FactBase], object]]] = {
    "who": lambda base: who(base, "pier"),
    "briefing": lambda base: briefing(base, "ships", length="short"),
    "all": lambda base: list(islice(base.best(standing=True), 3)),
    "search": lambda base: search(base, "left"),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_was_known_early_is_found_without_reading_what_came_later(late: Snapshot, name: str) -> None:
    spent = effort(late, date(2001, 2, 1), ASKED[name])

    base = FactBase(late, late.dossiers, date(2001, 2, 1))
    assert base.count == 1
    assert [one.id for one in base.best()] == ["fact-0"]
    # Some hundred facts are read as they come, before whole stretches are passed over.
    assert spent.decoded <= 40
    assert spent.looks <= CROWD


@pytest.mark.parametrize("name", ["who", "briefing", "all"])
def test_what_stands_is_found_without_decoding_what_fell(fallen: Snapshot, name: str) -> None:
    spent = effort(fallen, TODAY, ASKED[name])

    assert [one.id for one in FactBase(fallen, fallen.dossiers, TODAY).best(standing=True)] == ["fact-0"]
    assert spent.decoded <= 120
    assert spent.looks <= CROWD


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """A huge dossier, and a tiny one whose names begin as all of the huge one's do."""
    huge = crowd(lambda _: "early", about=", anna-{}")
    huge["crowd/entities.yaml"] += "\n".join(
        f"- {{id: anna-{n}, kind: person, name: Anna Crowd {n}}}" for n in range(CROWD)
    )
    tiny = {
        "tiny/dossier.yaml": "id: tiny\ntitle: Tiny\ntopics: [{id: ships, title: Ships}]\n",
        "tiny/sources.yaml": "- {id: note, title: Note, descriptor: d, published: 2001-01-02}\n",
        "tiny/entities.yaml": "- {id: anna, kind: person, name: Anna Small}\n",
        "tiny/facts/all.yaml": "- {id: fact-tiny, kind: event, text: Anna left., about: [anna], weight: 1,"
        " date: 2001-01-01, added: 2024-06-01, topics: [ships],"
        " sources: [{ref: note, p: 1, hash: 0000000000000000}]}\n",
    }
    opened = snapshot(tmp_path_factory.mktemp("beside"), huge, tiny)
    yield opened
    opened.close()


def test_a_place_that_sees_little_reads_little(beside: Snapshot) -> None:
    base = FactBase(beside, ["tiny"], TODAY)

    with Effort(beside) as spent:
        names = [base.complete(typed, "entity") for typed in ("", "a", "anna", "anna s")]
        facts = base.complete_fact("fact", 10)
        found = base.resolve("Anna Small", "entity")
        others = base.resolve("Anna Crowd 7", "entity")
        hits = base.search("left")
    assert [[one.label for one in some] for some in names] == [["Anna Small"]] * 4
    assert [one.id for one in facts] == ["fact-tiny"]
    assert (found.outcome, [one.label for one in found.matches]) == (Outcome.FOUND, ["Anna Small"])
    assert others.outcome is not Outcome.FOUND
    assert {one.label for one in others.matches} <= {"Anna Small"}
    assert [one.id for one in hits.facts] == ["fact-tiny"]
    assert spent.looks <= 300
    assert spent.decoded <= 4


def test_a_name_that_many_bear_is_asked(beside: Snapshot) -> None:
    base = FactBase(beside, beside.dossiers, TODAY)

    with Effort(beside) as spent:
        found = base.resolve("Anna", "entity")
        crowd = base.resolve("Crowd", "entity")
    assert found.outcome is crowd.outcome is Outcome.ASK
    assert len(found.matches) == len(crowd.matches) == 10
    assert spent.looks <= CROWD


@pytest.mark.parametrize(
    "typed", ["q" * 10_000, "anna " * 2_000, "left " * 2_000, "ё" * 10_000, "- " * 5_000]
)
def test_long_arguments_are_no_more_work(beside: Snapshot, typed: str) -> None:
    base = FactBase(beside, beside.dossiers, TODAY)

    with Effort(beside) as spent:
        kinds = {who(base, typed).kind, search(base, typed).kind, timeline(base, typed).kind}
        base.complete(typed, "entity")
        base.complete_fact(typed)
    assert kinds <= {Kind.NONE, Kind.ANSWER, Kind.ASK}
    assert spent.looks <= 2 * CROWD


def test_ten_thousand_spellings_are_no_more_work(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = crowd(lambda _: "early")
    also = ", ".join(f"Pier of the {n}th basin" for n in range(10_000))
    base["crowd/entities.yaml"] = f"- {{id: pier, kind: place, name: Pier, also: [{also}]}}\n"
    base["crowd/facts/all.yaml"] = "\n".join(base["crowd/facts/all.yaml"].split("\n")[:30])
    opened = snapshot(tmp_path_factory.mktemp("spelt"), base)
    with Effort(opened) as spent:
        asked = FactBase(opened, opened.dossiers, TODAY)
        assert who(asked, "Pier of the 77th basin").kind is Kind.ANSWER
        assert "and 9,900 more" in text(who(asked, "pier"))
        assert [one.label for one in asked.complete("p", "entity")] == ["Pier"]
    assert spent.looks <= CROWD
    opened.close()


def test_what_lies_far_from_a_past_day_is_not_looked_through(
    late: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here all but one became known years later, so that all moments would be gone through in vain."""
    monkeypatch.setattr("bot.facts.base.FEW", -1)
    monkeypatch.setattr("bot.facts.base.NEARBY", 100)
    with Effort(late) as spent:
        reply = desk(late).ask("/timeline pier from:1990-02-01 as-of:1990-02-01", EVERYWHERE)
    assert "Of what lies far from 1 February 1990, not all was looked through." in text(reply)
    assert spent.decoded <= 10

    everything = desk(late).ask("/timeline pier from:1990-02-01", EVERYWHERE)
    assert "looked through" not in text(everything)
    assert everything.kind is Kind.ANSWER


def test_where_little_was_known_all_of_it_is_looked_at_instead(late: Snapshot) -> None:
    questions: list[Callable[[FactBase], object]] = [
        timeline,
        lambda base: timeline(base, "pier"),
        lambda base: timeline(base, "ships"),
        briefing,
        due,
    ]
    for question in questions:
        spent = effort(late, date(2001, 2, 1), question)

        assert spent.looks <= CROWD
        assert spent.decoded <= 10
