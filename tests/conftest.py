"""Snapshots of the made-up bases, each compiled once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import postgres
import pytest
import structlog
from bases import BARE, COAST, LONE, NORTH
from factory import desk, snapshot, write

from bot.dispatch import Dispatcher
from bot.facts.snapshot import Snapshot

pytest.register_assert_rewrite("conformance")


@pytest.fixture(autouse=True)
def _fresh_logs() -> Iterator[None]:
    """A test that runs the command line configures the logs; the next one starts without."""
    yield
    structlog.reset_defaults()


def _opened(factory: pytest.TempPathFactory, *bases: dict[str, str]) -> Iterator[Snapshot]:
    opened = snapshot(factory.mktemp("compiled"), *bases)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Cluster]:
    """A PostgreSQL of this run's own."""
    with postgres.running() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of either kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    cluster: postgres.Cluster = request.getfixturevalue("postgresql")
    return cluster.database()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The coast as files."""
    return write(tmp_path / "base", COAST)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where its snapshots go."""
    return tmp_path / "state"


@pytest.fixture(scope="session")
def coast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    yield from _opened(tmp_path_factory, COAST)


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    yield from _opened(tmp_path_factory, COAST, NORTH)


@pytest.fixture(scope="session")
def lone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    yield from _opened(tmp_path_factory, LONE)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    yield from _opened(tmp_path_factory, BARE)


@pytest.fixture(scope="session")
def coast_desk(coast: Snapshot) -> Dispatcher:
    return desk(coast)


@pytest.fixture(scope="session")
def both_desk(both: Snapshot) -> Dispatcher:
    return desk(both)
