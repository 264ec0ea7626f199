from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from bot.facts.records import Dossier, Entity, Source
from bot.facts.snapshot import SCHEMA, VERSION, Snapshot, SnapshotError, connect, encode
from bot.facts.stated import Stated


def first_rank(snapshot: Snapshot) -> int:
    (rank,) = snapshot.db.execute("SELECT min(rank) FROM fact").fetchone()
    return int(rank)


def refused(path: Path) -> str:
    with pytest.raises(SnapshotError) as error:
        Snapshot(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def made(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.executescript(statement)
    return path


def test_a_snapshot_tells_what_it_holds(coast: Snapshot) -> None:
    assert coast.dossiers == {"coast": (1, 15)}
    assert coast.dossier("coast").title == "Ferries on the coast"
    assert coast.dossier_ids[1] == "coast"
    rows = coast.db.execute
    assert {coast.entity(n).id for (n,) in rows("SELECT n FROM entity")} >= {"okafor", "ministry"}
    assert {coast.source(n).id for (n,) in rows("SELECT n FROM source")} >= {"herald", "leaflet"}
    assert isinstance(coast.fact(first_rank(coast)), Stated)
    assert {type(coast.dossier("coast")), Dossier} == {Dossier}
    with pytest.raises(KeyError):
        coast.dossier("north")


def test_records_come_back_as_they_were(coast: Snapshot) -> None:
    for table, kind in (("dossier", Dossier), ("entity", Entity), ("source", Source), ("fact", Stated)):
        bodies = [body for (body,) in coast.db.execute(f"SELECT body FROM {table}")]
        assert [encode(msgspec.msgpack.decode(body, type=kind)) for body in bodies] == bodies


def test_dossiers_are_told_apart(both: Snapshot) -> None:
    assert both.dossiers == {"coast": (1, 15), "north": (2, 2)}
    assert [both.dossier_ids[number] for number in (1, 2)] == ["coast", "north"]


def test_a_snapshot_cannot_be_written(coast: Snapshot) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        coast.db.execute("DELETE FROM fact")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        coast.db.execute("CREATE TABLE more (x)")


def test_the_newest_day_is_that_of_the_last_fact(coast: Snapshot) -> None:
    days = [coast.fact(rank).known for (rank,) in coast.db.execute("SELECT rank FROM fact")]

    assert coast.newest == max(days)


def test_a_closed_snapshot_answers_no_more(coast: Snapshot) -> None:
    another = Snapshot(coast.path)
    another.close()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        another.fact(1)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"SQLite format 3\0", b"\0" * 5_000, b"- id: yaml\n" * 1_000], ids=len
)
def test_what_is_no_snapshot_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.sqlite"
    path.write_bytes(content)

    assert refused(path).startswith("The snapshot some.sqlite cannot be read (")
    assert refused(path).endswith("; compile it again.")


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read (no file nothing.sqlite)" in refused(tmp_path / "nothing.sqlite")
    assert "cannot be read (no file" in refused(tmp_path)


def test_another_database_is_refused(tmp_path: Path) -> None:
    assert "no such table: meta" in refused(made(tmp_path / "a.sqlite", "CREATE TABLE other (x)"))
    assert "cannot be read" in refused(made(tmp_path / "b.sqlite", SCHEMA))
    unfit = f"INSERT INTO meta VALUES ('version', '{VERSION}'), ('id', 'x'), ('newest', 'y')"
    assert "cannot be read" in refused(made(tmp_path / "c.sqlite", SCHEMA, unfit))


def test_another_version_is_refused(tmp_path: Path) -> None:
    older = "INSERT INTO meta VALUES ('version', 'old'), ('id', 'x'), ('newest', 0)"

    assert refused(made(tmp_path / "a.sqlite", SCHEMA, older)) == (
        f"The snapshot a.sqlite is of version old, this program reads {VERSION}; compile it again."
    )


def test_the_version_tells_the_tables() -> None:
    assert VERSION.endswith(hashlib.sha256(SCHEMA.encode()).hexdigest()[:8])


def test_a_path_may_hold_any_character(coast: Snapshot, tmp_path: Path) -> None:
    folder = tmp_path / "50% off? #1 & more"
    folder.mkdir()
    path = folder / "a b.sqlite"
    path.write_bytes(coast.path.read_bytes())

    with closing(Snapshot(path)) as opened:
        assert opened.id == coast.id


def test_opening_leaves_nothing_behind(coast: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(coast.path.read_bytes())
    with closing(connect(path)) as db:
        db.execute("SELECT count(*) FROM fact").fetchone()

    assert [one.name for one in tmp_path.iterdir()] == ["a.sqlite"]
