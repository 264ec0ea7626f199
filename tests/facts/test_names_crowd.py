"""Names among thousands of others: never taken for the wrong one, and what several bear is asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import yaml
from names_table import rows, things

from benchmarks.generate import Size, write_base
from bot.facts.names import SCHEMA, Named, Outcome, Resolution, complete, resolve, write_names

DOSSIERS = frozenset({1})


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> list[Named]:
    """Three thousand names of a base that was made up, in four scripts."""
    root = tmp_path_factory.mktemp("made-up")
    write_base(root, Size(3_000, 3_000, seed=7))
    (file,) = root.glob("*/entities.yaml")
    records = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [
        Named(
            "entity",
            1_000 + n,
            2 if n % 3 else 1,
            f"{record['id']}-{n}",
            str(record["name"]),
            tuple(map(str, record.get("also", ()))),
            n % 50,
            record["kind"] == "person",
        )
        for n, record in enumerate(records)
    ]


@pytest.fixture(scope="module")
def crowd(others: list[Named]) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        write_names(db, [*things(), *others])
        yield db


def outcome(resolution: Resolution, ids: tuple[str, ...]) -> str:
    found = [match.id for match in resolution.matches]
    if resolution.outcome is Outcome.FOUND:
        return "right" if found[0] in ids else "wrong"
    return "asked" if resolution.outcome is Outcome.ASK else "none"


@pytest.mark.parametrize("dossiers", [None, DOSSIERS])
def test_no_spelling_is_taken_for_another_name(
    crowd: sqlite3.Connection, dossiers: frozenset[int] | None
) -> None:
    found = {row.query: outcome(resolve(crowd, row.query, "entity", dossiers), row.ids) for row in rows()}
    unique = [row.query for row in rows() if row.outcome == "found"]

    assert "wrong" not in found.values()
    # Some names have namesakes in the crowd by now, and are asked about.
    assert {found[query] for query in unique} <= {"right", "asked"}
    assert sum(found[query] == "right" for query in unique) >= 0.95 * len(unique)


def test_completion_is_of_the_dossiers_that_may_be_seen(
    crowd: sqlite3.Connection, others: list[Named]
) -> None:
    seen = set()
    prominence = {one.id: one.prominence for one in (*things(), *others)}
    for prefix in ("", "a", "wa", "mini", "petr", "ив"):
        here = complete(crowd, prefix, "entity", DOSSIERS, 100)
        everywhere = complete(crowd, prefix, "entity", None, 100)

        assert {dossier for dossier, *_ in here} <= {1}
        seen |= {dossier for dossier, *_ in everywhere}
        for found in (here, everywhere):
            ranks = [prominence[thing_id] for _, thing_id, *_ in found]
            assert ranks == sorted(ranks, reverse=True)
    assert seen == {1, 2}
