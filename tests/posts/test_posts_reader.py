from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from posts_state import NOW, Kept, busy
from sqlalchemy import text, update

from bot.posts import tables
from bot.posts.reader import Reader, Unreadable, overview


def _ids(reader: Reader) -> list[str]:
    return [one.id for one in reader.ask(lambda given: overview(given, NOW, 0.0)).under_way]


def test_a_state_that_is_not_there_is_said_and_not_made(tmp_path: Path) -> None:
    file = tmp_path / "none" / "state.db"
    with pytest.raises(
        Unreadable, match=r"^Nothing has been posted or scheduled with this state yet"
    ) as caught:
        Reader(f"sqlite:///{file}").ask(lambda given: given)
    assert caught.value.is_empty
    assert str(file) in str(caught.value)
    assert not file.parent.exists()


def test_another_program_s_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    sqlite3.connect(file).execute("CREATE TABLE mine (a)").connection.close()
    before = file.read_bytes()
    with pytest.raises(Unreadable) as caught:
        Reader(f"sqlite:///{file}").ask(lambda given: given)
    assert caught.value.is_empty
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["other.db"]


@pytest.mark.parametrize(
    "content", [b"no database at all, but a text that is long enough" * 20, b"\x00" * 5_000]
)
def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "state.db"
    file.write_bytes(content)
    with pytest.raises(
        Unreadable, match=r"^The state cannot be read \(.+\): .+\. Look at the database"
    ) as caught:
        Reader(f"sqlite:///{file}").ask(lambda given: given)
    assert "SELECT" not in str(caught.value)
    assert not caught.value.is_empty


def test_a_folder_and_a_torn_file_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        Reader(f"sqlite:///{tmp_path}").ask(lambda given: given)
    kept = busy(tmp_path / "state.db")
    data = kept.path.read_bytes()
    kept.path.write_bytes(data[: len(data) // 2])
    with pytest.raises(Unreadable):
        _ids(Reader(kept.url))


def test_a_newer_state_is_said(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "state.db")
    with kept.begin() as connection:
        connection.execute(update(tables.about).values(value="99"))
    with pytest.raises(Unreadable, match="are of version 99, and this program knows version"):
        _ids(Reader(kept.url))


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "a#b.db", "ü.db", "mode=rwc&.db", "'.db"])
def test_any_name_of_a_file_is_read(tmp_path: Path, name: str) -> None:
    kept = busy(tmp_path / "state.db")
    kept.path.rename(tmp_path / name)
    assert len(_ids(Reader(f"sqlite:///{tmp_path / name}"))) == 3


def test_nothing_can_be_written(tmp_path: Path) -> None:
    kept = busy(tmp_path / "state.db")
    with pytest.raises(Unreadable, match="readonly"):
        Reader(kept.url).ask(lambda given: given.execute(text("DELETE FROM posts_post")))
    assert len(_ids(Reader(kept.url))) == 3


def test_reading_waits_for_no_writer(tmp_path: Path) -> None:
    kept = busy(tmp_path / "state.db")
    with kept.engine.connect() as writer:
        writer.exec_driver_sql("PRAGMA journal_mode=WAL")
        writer.rollback()
        writer.exec_driver_sql("BEGIN IMMEDIATE")
        writer.execute(update(tables.post).values(reason="changed"))
        assert len(_ids(Reader(kept.url))) == 3


def test_a_password_is_not_shown() -> None:
    reader = Reader("postgresql://bot:geheim@127.0.0.1:1/briefing")
    with pytest.raises(Unreadable) as caught:
        reader.ask(lambda given: given)
    assert reader.where == "PostgreSQL at 127.0.0.1, database briefing"
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "x", "mysql://a/b"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="state"):
        Reader(url)


def test_an_overview_has_all_kinds(tmp_path: Path) -> None:
    seen = Reader(busy(tmp_path / "state.db").url).ask(lambda given: overview(given, NOW, NOW - 85_000))
    assert [(one.schedule, one.at) for one in seen.upcoming] == [("s2", NOW - 600), ("s1", NOW + 10_800)]
    assert (seen.active, seen.paused, seen.watches) == (2, 1, 1)
    assert [one.id.rpartition(":")[2] for one in seen.under_way] == ["10", "9", "8"]
    assert [one.id.rpartition(":")[2] for one in seen.fine] == ["2", "3", "4"]
    assert [one.id.rpartition(":")[2] for one in seen.troubled] == ["5", "7", "6"]
    assert seen.counts == {"posted": 1, "quiet": 1, "cancelled": 1, "failed": 1, "unknown": 1, "missed": 6}
    assert seen.fine[0].summary == "One duty is open."
    assert seen.troubled[1].line == "Ada Okafor"
    assert [one.place for one in seen.closed] == ["discord:7:8"]
    assert [one.post for one in seen.notices] == ["", "schedule:s1:5"]


def test_content_that_cannot_be_read_hides_nothing(tmp_path: Path) -> None:
    kept = busy(tmp_path / "state.db")
    with kept.begin() as connection:
        connection.execute(update(tables.post).values(content=b"\xff{"))
    assert len(_ids(Reader(kept.url))) == 3
