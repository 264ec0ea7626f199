from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import msgspec
import pytest
from bases import COAST, NORTH
from factory import EVERYWHERE, TODAY, write
from structlog.testing import capture_logs

from bot import service as services
from bot.config import Config, ConfigError, Place, Platform, Web
from bot.desk import Asker
from bot.library import Library, NothingToServe, Prepared
from bot.reply import Kind
from bot.service import LOOK_SECONDS, Service, local_today, open_service, prepared
from bot.state import StateError

LICENCES = "coast/facts/licences.yaml"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    places = (
        Place(platform=Platform.SLACK, channel="C1", dossiers=("coast",)),
        Place(platform=Platform.WEB, dossiers=("north",)),
    )
    root = write(tmp_path / "base", COAST, NORTH)
    return Config(
        briefings=root,
        state=tmp_path / "state",
        web=Web(),
        places=places,
        schedules=tmp_path / "schedules.yaml",
    )


@pytest.fixture
def service(config: Config) -> Iterator[Service]:
    opened = open_service(config, today=lambda: TODAY)
    yield opened
    opened.close()


def edit(config: Config, old: str, new: str) -> None:
    text = (config.briefings / LICENCES).read_text()
    assert old in text
    (config.briefings / LICENCES).write_text(text.replace(old, new))


class Looks:
    """Wakes up whoever waits for the next look at the files."""

    def __init__(self, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
        self._looked = asyncio.Event()
        adopt = library.adopt

        def adopt_and_tell(prepared: Prepared | None) -> bool:
            adopted = adopt(prepared)
            self._looked.set()
            return adopted

        monkeypatch.setattr(library, "adopt", adopt_and_tell)

    async def next(self) -> None:
        """Wait until a look that began after now has ended."""
        for _ in range(2):
            self._looked.clear()
            async with asyncio.timeout(5):
                await self._looked.wait()


def test_a_service_answers_from_the_base_that_is_configured(service: Service, config: Config) -> None:
    assert service.desk.ask("/who okafor", EVERYWHERE).title == "Ada Okafor"
    assert service.library.snapshot.path.parent == config.snapshots
    assert service.config is config


def test_a_place_sees_what_the_configuration_says(service: Service) -> None:
    slack = service.asker("slack", user="U1", channel="C1")

    assert slack == Asker(platform="slack", user="U1", channel="C1", dossiers=("coast",))
    assert service.asker("slack", channel="C2").dossiers is None
    assert service.asker("web").dossiers == ("north",)
    assert service.desk.ask("/who okafor", service.asker("web")).kind is Kind.NONE


def test_a_base_that_does_not_load_is_nothing_to_serve(config: Config) -> None:
    edit(config, "kind: event", "kind: evnt")

    with pytest.raises(NothingToServe, match="1 error"):
        open_service(config)


def test_a_place_that_is_to_see_what_is_not_there_is_refused(config: Config) -> None:
    places = (Place(platform=Platform.SLACK, dossiers=("coast", "cost")),)

    with pytest.raises(ConfigError, match="there is no dossier 'cost'; here are: coast, north"):
        open_service(msgspec.structs.replace(config, places=places))


async def test_an_edited_file_is_live_without_a_restart(
    service: Service, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks(service.library, monkeypatch)

    async with service.fresh(every=0):
        edit(config, "will audit", "is to audit")
        await looks.next()
        assert "is to audit" in service.desk.ask("/fact audit-order", EVERYWHERE).summary


async def test_a_broken_edit_is_survived_and_mended(
    service: Service, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks(service.library, monkeypatch)
    before = service.library.snapshot.id

    async with service.fresh(every=0):
        edit(config, "kind: event", "kind: evnt")
        with capture_logs():
            await looks.next()
        assert service.desk.notice.startswith(f"Snapshot {before} goes on answering")
        assert service.desk.ask("/who okafor", EVERYWHERE).kind is Kind.ANSWER
        edit(config, "kind: evnt", "kind: event")
        edit(config, "will audit", "is to audit")
        await looks.next()
        assert service.desk.notice == ""
        assert service.library.snapshot.id != before


def test_an_edit_is_live_in_under_two_seconds(service: Service, config: Config) -> None:
    edit(config, "will audit", "is to audit")
    began = time.perf_counter()
    assert service.library.refresh()

    assert LOOK_SECONDS + time.perf_counter() - began < 2


async def test_a_look_that_fails_does_not_end_the_looking(
    service: Service, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks(service.library, monkeypatch)
    prepare = service.library.prepare
    troubles = iter([RuntimeError("first"), MemoryError("second")])

    def fail_twice() -> Prepared | None:
        for trouble in troubles:
            raise trouble
        return prepare()

    monkeypatch.setattr(service.library, "prepare", fail_twice)
    edit(config, "will audit", "is to audit")

    with capture_logs() as logged:
        async with service.fresh(every=0):
            await looks.next()

    assert [one["event"] for one in logged if one["log_level"] == "error"] == [
        "looking at the fact files failed"
    ] * 2
    assert "is to audit" in service.desk.ask("/fact audit-order", EVERYWHERE).summary


async def test_the_looking_ends_with_the_block(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(service.library, monkeypatch)

    async with service.fresh(every=0):
        await looks.next()
    ended = asyncio.all_tasks()
    async with service.fresh():
        assert len(asyncio.all_tasks()) == len(ended) + 1

    assert asyncio.all_tasks() == ended == {asyncio.current_task()}


async def test_an_error_inside_the_block_is_not_hidden(service: Service) -> None:
    with pytest.raises(ZeroDivisionError):
        async with service.fresh(every=0):
            raise ZeroDivisionError


async def test_the_switch_happens_between_two_answers(service: Service, config: Config) -> None:
    """The loop adopts, so that no answer is half from one snapshot and half from another."""
    threads: list[bool] = []
    adopt = service.library.adopt
    done = asyncio.Event()

    def adopted(prepared: Prepared | None) -> bool:
        threads.append(asyncio.current_task() is not None)
        done.set()
        return adopt(prepared)

    service.library.adopt = adopted  # type: ignore[method-assign]
    async with service.fresh(every=0), asyncio.timeout(5):
        await done.wait()

    assert threads
    assert all(threads)


async def test_a_thread_that_compiles_gives_way_soon(service: Service) -> None:
    before = sys.getswitchinterval()
    async with service.fresh():
        assert sys.getswitchinterval() <= 0.001
    assert sys.getswitchinterval() == before


async def test_what_was_imported_is_not_searched_for_garbage_while_serving(service: Service) -> None:
    before = gc.get_freeze_count()
    async with service.fresh():
        assert gc.get_freeze_count() > 10_000
    assert gc.get_freeze_count() == before


async def test_nobody_searches_for_garbage_while_an_edit_is_compiled(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = []
    goes_on = threading.Event()

    def prepare() -> None:
        searched.append(gc.isenabled())
        goes_on.wait(5)
        searched.append(gc.isenabled())

    monkeypatch.setattr(service.library, "prepare", prepare)
    goes_on.set()
    await prepared(service.library)
    assert searched == [False, False]
    assert gc.isenabled()

    searched.clear()
    goes_on.clear()
    monkeypatch.setattr(services, "EDIT_SECONDS", 0.01)
    whole_base = asyncio.create_task(prepared(service.library))
    await asyncio.sleep(0.2)
    goes_on.set()
    await whole_base
    assert searched[-1]


@pytest.mark.parametrize("url", ["mysql://bot:geheim@127.0.0.1/x", "sqlite:///:memory:", "nonsense"])
async def test_a_url_that_posts_cannot_use_is_one_sentence(config: Config, url: str) -> None:
    service = open_service(msgspec.structs.replace(config, database=url))
    with pytest.raises(StateError, match=r"SQLite|sqlite") as caught:
        async with service.scheduling({}):
            pass
    service.close()
    assert "geheim" not in str(caught.value)


async def test_a_schedule_without_the_workspace_that_restricts_its_channel_is_not_taken(
    config: Config,
) -> None:
    place = Place(platform=Platform.SLACK, workspace="T1", channel="C9", dossiers=("north",))
    rows = "- {id: duties, when: every day 08:30 UTC, what: /due, platform: slack, channel: C9}\n"
    config.schedules.write_text(rows)
    service = open_service(msgspec.structs.replace(config, places=(*config.places, place)))
    async with service.scheduling({}) as scheduling:
        declare = scheduling.room()._chores[0]
        with capture_logs() as logs:
            await declare(0.0)
            await declare(10.0)
        assert await scheduling.store.schedules() == []
        (problem,) = (one["problems"] for one in logs if "problems" in one)
        assert "add workspace: and the id of the channel's workspace" in problem[0]

        config.schedules.write_text(rows.replace("C9", "C9, workspace: T1"))
        await declare(20.0)
        await declare(30.0)
        assert [one.place.workspace for one in await scheduling.store.schedules()] == ["T1"]
    service.close()


def test_today_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            assert tz is None
            return datetime(2025, 3, 10, 23, 59)  # noqa: DTZ001

    monkeypatch.setattr(services, "datetime", Clock)

    assert local_today() == date(2025, 3, 10)
