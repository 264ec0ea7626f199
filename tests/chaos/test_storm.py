"""Short storms; `make chaos` runs long ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from postgres import Cluster

from bot.posts.records import PostState
from chaos.checker import check
from chaos.evidence import Evidence
from chaos.storm import Toll, Weather, brewing


async def storm(url: str, workers: int, folder: Path) -> tuple[Toll, Evidence]:
    weather = Weather(
        *(url, workers, 7),
        kills=3,
        seconds=8.0,
        schedules=10,
        places=8,
        rhythm=(2, 4),
        pause=0.7,
        standstill=3.0,
    )
    async with brewing(weather, folder) as brewed:
        evidence = await brewed.rage()
    return brewed.toll, evidence


async def hold(*storms: tuple[str, int], folder: Path) -> None:
    """Let storms rage at the same time: most of each is waiting."""
    raging = (storm(url, workers, folder) for url, workers in storms)
    for toll, evidence in await asyncio.gather(*raging):
        assert check(evidence) == [], f"the workers' logs are in {folder}"
        posted = [post for post in evidence.posts if post.state is PostState.POSTED]
        assert toll.kills
        assert posted


async def test_a_file_survives_storms(tmp_path: Path) -> None:
    one, other = (f"sqlite:///{tmp_path / name}" for name in ("one.db", "other.db"))
    await hold((one, 1), (other, 3), folder=tmp_path)


@pytest.mark.postgresql
async def test_a_server_survives_storms(postgresql: Cluster, tmp_path: Path) -> None:
    await hold((postgresql.database(), 1), (postgresql.database(), 3), folder=tmp_path)
