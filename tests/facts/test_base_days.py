"""Every query gives what looking at all facts one by one gives, on any day and between any two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import pytest
from bases import COAST, NORTH
from factory import snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.generate import Size, write_base
from bot.facts.base import FactBase, Thing
from bot.facts.compile import compile_base
from bot.facts.edtf import parse
from bot.facts.keys import ordinal, time_of
from bot.facts.snapshot import Snapshot
from bot.facts.stated import NEVER, Stated, moment

DAYS = st.integers(date(2014, 1, 1).toordinal(), date(2026, 1, 1).toordinal())
SPANS = st.tuples(DAYS, st.integers(-200, 1500)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Snapshot]]:
    """A base that grew, in two dossiers, and one with a fact of every kind and state in each of two."""
    root = tmp_path_factory.mktemp("grown")
    write_base(root / "one", Size(500, 60, seed=1))
    write_base(root / "other", Size(60, 60, seed=2))
    (root / "other" / "made-up-1").rename(root / "one" / "made-up-2")
    record = root / "one" / "made-up-2" / "dossier.yaml"
    record.write_text(record.read_text(encoding="utf-8").replace("made-up-1", "made-up-2"), encoding="utf-8")
    grown = Snapshot(compile_base(root / "one", root / "state").path)
    opened = [grown, snapshot(tmp_path_factory.mktemp("both"), COAST, NORTH)]
    yield opened
    for one in opened:
        one.close()


class Plain:
    """All facts of a base, looked at one by one."""

    def __init__(self, base: FactBase) -> None:
        self.today = base.today
        bodies = base.snapshot.db.execute("SELECT body FROM fact ORDER BY rank").fetchall()
        every = [base.snapshot.decode(body) for (body,) in bodies]
        self.all = [one for one in every if one.dossier in base.dossiers]
        self.known = [one for one in self.all if one.known <= base.today]
        self.standing = [one for one in self.known if one.stands(base.today)]

    def between(self, first: int, last: int) -> list[Stated]:
        """Return what may have happened in a time, in order."""
        dated = [(one, parse(when)) for one in self.standing if (when := moment(one.fact))]
        found = [
            one
            for one, day in dated
            if (day.earliest or 0) <= last and (NEVER if day.latest is None else day.latest) >= first
        ]
        return sorted(found, key=lambda one: time_of(one.fact))

    def due(self, first: int, last: int, *, done: bool) -> list[Stated]:
        """Return the duties of a time, with an outcome or without."""
        return [
            one
            for one in self.standing
            if one.fact.due and first <= ordinal(one.fact.due, last=True) <= last
            if one.has_outcome(self.today) is done
        ]


def ids(facts: Iterable[Stated]) -> list[tuple[str, str]]:
    return [(one.dossier, one.id) for one in facts]


def bases(snapshots: list[Snapshot], day: int) -> Iterator[tuple[FactBase, Plain]]:
    """Yield every base as of a day: with all its dossiers, and with one."""
    for opened in snapshots:
        for dossiers in (tuple(opened.dossiers), (min(opened.dossiers),)):
            base = FactBase(opened, dossiers, date.fromordinal(day))
            yield base, Plain(base)


@settings(max_examples=25, deadline=None)
@given(day=DAYS)
def test_what_is_known_and_stands(snapshots: list[Snapshot], day: int) -> None:
    for base, plain in bases(snapshots, day):
        assert base.count == len(plain.known)
        assert ids(base.best()) == ids(plain.known)
        assert ids(base.best(standing=True)) == ids(plain.standing)
        for thing, _ in base.topics():
            of_topic = [one for one in plain.standing if thing.id in one.fact.topics]
            assert ids(base.best(thing, standing=True)) == [
                pair for pair in ids(of_topic) if pair[0] == thing.dossier
            ]


@settings(max_examples=25, deadline=None)
@given(day=DAYS, span=SPANS)
def test_what_lies_in_a_time(snapshots: list[Snapshot], day: int, span: tuple[int, int]) -> None:
    for base, plain in bases(snapshots, day):
        found = base.timeline(None, *span, standing=True)
        expected = plain.between(*span)
        assert sorted(ids(found)) == sorted(ids(expected))
        times = [time_of(one.fact) for one in base.timeline(None, *span)]
        assert times == sorted(times)
        speaker = next((one for one in expected if one.fact.said), None)
        if speaker:
            thing = Thing("entity", speaker.dossier, speaker.fact.about[0], "", "")
            about = ids(base.timeline(thing, *span, standing=True))
            assert (speaker.dossier, speaker.id) in about
            assert len(set(about)) == len(about)


@settings(max_examples=25, deadline=None)
@given(day=DAYS, span=SPANS)
def test_what_is_due_and_done(snapshots: list[Snapshot], day: int, span: tuple[int, int]) -> None:
    for base, plain in bases(snapshots, day):
        for done in (False, True):
            expected = plain.due(*span, done=done)
            assert sorted(ids(base.due(None, *span, done=done))) == sorted(ids(expected))
            assert base.count_due(None, *span, done=done) == len(expected)
            falling = list(base.due(None, *span, done=done, latest_first=True))
            assert ids(falling)[::-1] == ids(base.due(None, *span, done=done))
        both = [*plain.due(*span, done=False), *plain.due(*span, done=True)]
        assert sorted(ids(base.due(None, *span))) == sorted(ids(both))


@settings(max_examples=25, deadline=None)
@given(day=DAYS, since=DAYS)
def test_what_changed_is_counted_as_it_is_told(snapshots: list[Snapshot], day: int, since: int) -> None:
    for base, plain in bases(snapshots, day):
        for kind in ("added", "superseded", "retracted"):
            told = list(base.changes(kind, since))
            assert base.count_changes(kind, since) == len(told)
            assert [one.day for one in told] == sorted((one.day for one in told), reverse=True)
        added = [one for one in plain.known if since <= ordinal(one.fact.added) <= day]
        assert base.count_added(since) == len(added)
        overdue = [
            one for one in plain.known if one.fact.review_by and ordinal(one.fact.review_by, last=True) < day
        ]
        assert base.count_overdue() == sum(one.stands(day) for one in overdue)
