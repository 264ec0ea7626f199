"""Who may change schedules, decided when it runs and noted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from front import ADA, BEN, TERMINAL, Allow, Front, new_front
from sqlalchemy import select

from bot.desk import Asker
from bot.facts.snapshot import Snapshot
from bot.posting import Outcome, Person, PostError
from bot.posts import tables
from bot.posts.authorise import Authority, Refused
from bot.reply import Kind


@pytest.fixture
async def front(tmp_path: Path, coast: Snapshot) -> AsyncIterator[Front]:
    async with new_front(tmp_path, coast) as made:
        yield made


async def audited(front: Front) -> list[tuple[str, str, str, bool]]:
    columns = (tables.audit.c.person, tables.audit.c.action, tables.audit.c.object, tables.audit.c.allowed)
    async with front.store.reading() as connection:
        rows = await connection.execute(select(*columns).order_by(tables.audit.c.n))
        return [(one.person, one.action, one.object, one.allowed) for one in rows]


async def refusal(front: Front, allow: tuple[Allow, ...], actor: Asker, action: str = "pause") -> str:
    authority = Authority(allow, {"slack": front.chat}, front.store, lambda: front.now)
    try:
        await authority.authorise(actor, action, "schedule:x")
    except Refused as error:
        return str(error)
    return ""


DIRECT = msgspec.structs.replace(ADA, workspace="", direct=True)
ANYBODY = "You may not change schedules and watches: "


@pytest.mark.parametrize(
    ("allow", "actor", "sentence"),
    [
        ((), ADA, ""),
        ((), BEN, ANYBODY + "only those who manage this workspace or server may."),
        ((), TERMINAL, ""),
        ((Allow(users=("ben",)),), BEN, ""),
        ((Allow(users=("ben",)),), ADA, ANYBODY + "only people whom the operator named may."),
        ((Allow(users=("ben",), roles=("managers",)),), ADA, ""),
        ((Allow(roles=("S1",)),), BEN, ""),
        ((Allow(roles=("S2",)),), BEN, ANYBODY + "only people with a role that the operator chose may."),
        ((Allow(workspace="T2", users=("ben",)),), BEN, ANYBODY + "nobody here may."),
        ((Allow(workspace="T1", users=("ben",)),), BEN, ""),
        (
            (Allow(platform="discord", users=("ben",)),),
            BEN,
            ANYBODY + "only those who manage this workspace or server may.",
        ),
        ((Allow(),), ADA, ANYBODY + "nobody here may."),
        ((), msgspec.structs.replace(ADA, user=""), "nobody is known here"),
        ((), msgspec.structs.replace(ADA, workspace=""), "nobody is known here"),
        ((), DIRECT, "In a conversation with the bot alone, only people whom the operator named may"),
        ((Allow(roles=("managers",)),), DIRECT, "In a conversation with the bot alone"),
        ((Allow(workspace="T1", users=("ada",)),), DIRECT, "In a conversation with the bot alone"),
        ((Allow(users=("ada",)),), DIRECT, ""),
        ((), msgspec.structs.replace(ADA, direct=True), ""),
        ((Allow(users=("ada",)),), msgspec.structs.replace(ADA, workspace=""), ""),
        ((), msgspec.structs.replace(ADA, platform="discord"), "is not served by this process"),
        ((), Asker(platform="terminal ", user="ada", workspace="T1"), "is not served by this process"),
    ],
)
async def test_who_may(front: Front, allow: tuple[Allow, ...], actor: Asker, sentence: str) -> None:
    front.chat.roles = {"ben": frozenset({"S1"})}

    said = await refusal(front, allow, actor)

    assert sentence in said
    assert bool(said) is bool(sentence)
    assert await audited(front) == [(actor.user, "pause", "schedule:x", not sentence)]


@pytest.mark.parametrize("action", ["list", "show", "history", "watches"])
async def test_reading_is_open_and_leaves_no_trace(front: Front, action: str) -> None:
    assert await refusal(front, (), BEN, action) == ""
    assert await audited(front) == []
    assert front.chat.asked == []


async def test_a_platform_that_cannot_be_asked_lets_nobody(front: Front) -> None:
    front.chat.error = PostError(Outcome.TRANSIENT, "Slack does not answer.")

    said = await refusal(front, (), ADA)

    assert said.endswith("could not be found out whether you may: Slack does not answer. Try again later.")
    assert await audited(front) == [("ada", "pause", "schedule:x", False)]


async def test_it_is_decided_when_it_runs(front: Front) -> None:
    kept = await front.add()
    front.chat.managers.clear()

    reply = await front.say(f"/schedule remove {kept.id}")

    assert (reply.kind, "You may not" in reply.summary) == (Kind.USAGE, True)
    assert await front.store.schedule(kept.id) == kept
    assert front.chat.asked == [Person(platform="slack", workspace="T1", user="ada")] * 2
    assert [one[1:] for one in await audited(front)] == [
        ("add", "place:slack:T1:C1", True),
        ("remove", f"schedule:{kept.id}", False),
    ]


@pytest.mark.parametrize("line", ['/schedule add "every day 08:30" /due', "/watch okafor"])
async def test_who_may_not_adds_nothing(front: Front, line: str) -> None:
    assert "You may not" in (await front.say(line.replace("okafor", "Ada Okafor"), BEN)).summary
    assert await front.store.schedules() == []
    assert await front.store.watches() == []
