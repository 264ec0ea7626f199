"""States of the posts room for tests of what looks at them: rows put straight into the tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, update

from bot.posting import Place
from bot.posts import tables
from bot.posts.ledger import _row, encode
from bot.posts.records import Content, Post, PostState, Schedule, ScheduleState
from bot.posts.rows import place_row, schedule_row
from bot.posts.when import When

NOW = 1_795_910_400.0
"""29 November 2026, 00:00 UTC."""

HARBOUR = Place(platform="slack", workspace="T1", channel="C1")
FERRY = Place(platform="discord", workspace="7", channel="8")
MORNING = When("every day 08:30 Europe/Berlin", "30 8 * * *", "Europe/Berlin")


class Kept:
    """A state in a file, or in the database of `url`, written while nobody else does."""

    def __init__(self, path: Path, url: str = "") -> None:
        self.path = path
        self.url = url or f"sqlite:///{path}"
        self.engine: Engine = create_engine(self.url.replace("postgresql:", "postgresql+psycopg:"))
        if not url:
            event.listen(self.engine, "connect", _hurry)
        tables.metadata.create_all(self.engine)
        self.put(tables.about, key="version", value=tables.SCHEMA_VERSION)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            yield connection

    def put(self, table: Any, **row: Any) -> None:
        with self.begin() as connection:
            connection.execute(insert(table).values(row))

    def schedule(self, name: str, next_at: float | None, **changes: Any) -> Schedule:
        given: dict[str, Any] = {"place": HARBOUR, "line": "/due", "grace": 3_600, "made_at": NOW - 9e5}
        given["when"] = MORNING
        made = Schedule(id=name, next_at=next_at, **given | changes)
        self.put(tables.schedule, **schedule_row(made))
        return made

    def post(self, name: str, state: PostState, slot: float, summary: str = "", **changes: Any) -> Post:
        given: dict[str, Any] = {
            "place": HARBOUR,
            "schedule": "s1",
            "content": encode(Content(summary=summary)),
        }
        post_id = changes.pop("id", f"schedule:s1:{name}")
        made = Post(id=post_id, state=state, slot=slot, **given | changes)
        self.put(tables.post, **_row(made))
        return made

    def end(self, post: Post, state: PostState, at: float, reason: str = "") -> None:
        with self.begin() as connection:
            changed = update(tables.post).where(tables.post.c.id == post.id)
            connection.execute(changed.values(state=state.value, ended_at=at, reason=reason))

    def retry(self, post: Post, reason: str) -> None:
        with self.begin() as connection:
            changed = update(tables.post).where(tables.post.c.id == post.id)
            connection.execute(changed.values(state=PostState.RETRYING.value, reason=reason))

    def watch(self, name: str, label: str) -> None:
        row = {"id": name, "kind": "entity", "dossier": "coast", "thing": "okafor", "label": label}
        self.put(tables.watch, **row, **place_row(HARBOUR), since=1, made_by="", made_at=NOW)

    def close_place(self, place: Place, reason: str, at: float = NOW) -> None:
        self.put(tables.closed, place=place.key, reason=reason, at=at)

    def note(self, text: str, at: float = NOW, place: str = "", post: str = "") -> None:
        self.put(tables.notice, at=at, place=place, post=post, text=text)


def _hurry(connection: Any, _record: object) -> None:
    # No test pulls the plug: nothing has to reach the disk.
    connection.execute("PRAGMA synchronous=OFF").close()
    connection.execute("PRAGMA journal_mode=MEMORY").close()


def busy(path: Path, url: str = "") -> Kept:
    """Return a state with something of everything."""
    kept = Kept(path, url)
    kept.schedule("s1", NOW + 3 * 3_600)
    kept.schedule("s2", NOW - 600, place=FERRY, line="/briefing ferries since:last")
    kept.schedule("s3", None, state=ScheduleState.PAUSED)
    kept.watch("w1", "Ada Okafor")
    kept.post("1", PostState.POSTED, NOW - 90_000, "Two duties are open.", ended_at=NOW - 89_998)
    kept.post("2", PostState.POSTED, NOW - 3_600, "One duty is open.", ended_at=NOW - 3_000)
    kept.post("3", PostState.QUIET, NOW - 7_200, reason="Nothing had changed.", ended_at=NOW - 7_190)
    kept.post("4", PostState.CANCELLED, NOW - 8_000, reason="The schedule was paused.", ended_at=NOW - 7_990)
    refused = "The channel is archived: open it again."
    kept.post(
        "5", PostState.FAILED, NOW - 9_000, place=FERRY, schedule="s2", reason=refused, ended_at=NOW - 8_900
    )
    kept.post(
        "6",
        PostState.MISSED,
        NOW - 80_000,
        last_slot=NOW - 60_000,
        count=6,
        reason="Asleep.",
        ended_at=NOW - 50_000,
    )
    lost = "It may have been posted or not: the history cannot be read."
    kept.post(
        "7",
        PostState.UNKNOWN,
        NOW - 9_500,
        id="watch:w1:7",
        schedule="",
        watch="w1",
        reason=lost,
        ended_at=NOW - 9_000,
    )
    kept.post("8", PostState.WAITING, NOW - 20)
    kept.post("9", PostState.RETRYING, NOW - 900, attempts=3, reason="Slack answered with status 503.")
    kept.post("10", PostState.SENDING, NOW - 9_000, place=FERRY, schedule="s2", attempts=1, uncertain=True)
    kept.close_place(FERRY, refused, NOW - 8_900)
    kept.note("A post is failed. " + refused, NOW - 8_900, FERRY.key, "schedule:s1:5")
    kept.note("The declared schedule ferries names a channel that is not there.", NOW - 100)
    return kept
