"""What `/watch`, `/unwatch` and `/watches` do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from factory import AT_COAST, commands, text
from front import ADA, BEN, ELSEWHERE, TERMINAL, Front, new_front

from bot.facts.snapshot import Snapshot
from bot.posts.watching import BACKDATED, MOST
from bot.reply import Kind


@pytest.fixture
async def front(tmp_path: Path, both: Snapshot) -> AsyncIterator[Front]:
    async with new_front(tmp_path, both) as made:
        yield made


COASTER = msgspec.structs.replace(ADA, dossiers=AT_COAST.dossiers)


async def test_a_watch_counts_from_the_day_at_that_place(front: Front) -> None:
    front.now = 1_741_649_400.0  # Monday 23:30 UTC: already Tuesday in Berlin

    reply = await front.say("/watch Ada Okafor")

    (watch,) = await front.store.watches()
    assert (watch.kind, watch.thing, watch.label, watch.made_by) == ("entity", "okafor", "Ada Okafor", "ada")
    assert watch.since == date(2025, 3, 11).toordinal() - BACKDATED
    assert reply.kind is Kind.ANSWER
    assert commands(reply) == [f"/unwatch {watch.id}"]


@pytest.mark.parametrize("line", ["/watch topic:licences", "/watch topic:permits", "/watch coast:licences"])
async def test_a_topic_is_watched_by_any_of_its_names(front: Front, line: str) -> None:
    await front.say(line, COASTER)

    assert [(one.kind, one.thing) for one in await front.store.watches()] == [("topic", "licences")]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("/watch zzyzx", Kind.NONE),
        ("/watch okfor", Kind.ASK),
        ("/watch topic:zzyzx", Kind.NONE),
        ("/watch", Kind.USAGE),
        ("/watch okafor topic:licences", Kind.USAGE),
        ("/watch quillfeather", Kind.NONE),
        ("/watch " + "x" * 1_900, Kind.NONE),
    ],
)
async def test_what_is_not_known_for_sure_is_not_watched(front: Front, line: str, kind: Kind) -> None:
    reply = await front.say(line, COASTER)

    assert reply.kind is kind
    assert await front.store.watches() == []
    if kind is Kind.ASK:
        await front.say(commands(reply)[0], COASTER)
        assert len(await front.store.watches()) == 1


async def test_a_topic_that_two_dossiers_have_is_asked_for(front: Front) -> None:
    reply = await front.say("/watch topic:licences", ADA)

    assert reply.kind is Kind.ASK
    for command in commands(reply):
        assert (await front.say(command, ADA)).kind is Kind.ANSWER
    assert {(one.dossier, one.thing) for one in await front.store.watches()} == {
        ("coast", "licences"),
        ("north", "licences"),
    }


async def test_the_same_twice_is_one(front: Front) -> None:
    for _ in range(2):
        reply = await front.say("/watch Ada Okafor", COASTER)
    await front.say("/watch Ada Okafor", msgspec.structs.replace(COASTER, channel="C2"))

    assert "is watched here already" in reply.summary
    assert len(await front.store.watches()) == 2


async def test_a_place_watches_so_many(front: Front) -> None:
    await front.say("/watch Ada Okafor", COASTER)
    (watch,) = await front.store.watches()
    for number in range(MOST - 1):
        made = msgspec.structs.replace(watch, id=f"w{number}", thing=f"t{number}")
        assert await front.store.admit_watch(made, MOST) == ""

    assert "already; end one" in (await front.say("/watch harbour-line", COASTER)).summary


@pytest.mark.parametrize("typed", ["{id}", "Ada Okafor", "okafor", "Ада Окафор", "A. Okafor"])
async def test_a_watch_ends_by_id_or_by_name(front: Front, typed: str) -> None:
    await front.say("/watch Ada Okafor", COASTER)
    (watch,) = await front.store.watches()

    reply = await front.say(f"/unwatch {typed.format(id=watch.id)}", COASTER)

    assert "is not watched here any more" in reply.summary
    assert await front.store.watches() == []


async def test_a_topic_watch_ends_as_it_began(front: Front) -> None:
    await front.say("/watch topic:licences", COASTER)

    assert (await front.say("/unwatch topic:licences", COASTER)).kind is Kind.ANSWER


async def test_watches_of_another_channel_are_as_if_they_were_not(front: Front) -> None:
    await front.say("/watch Ada Okafor", COASTER)
    (watch,) = await front.store.watches()

    for typed in (watch.id, "Ada Okafor", "nothing"):
        assert (
            "Nothing that is watched here is called"
            in (await front.say(f"/unwatch {typed}", ELSEWHERE)).summary
        )
    assert (await front.say("/watches", ELSEWHERE)).kind is Kind.NONE
    assert len(await front.store.watches()) == 1


async def test_two_that_match_are_told_apart(front: Front) -> None:
    await front.say("/watch Ada Okafor", COASTER)
    await front.say("/watch Ada Okafor", msgspec.structs.replace(COASTER, thread="1.2"))

    reply = await front.say("/unwatch Ada Okafor", COASTER)

    assert reply.kind is Kind.ASK
    assert sorted(commands(reply)) == sorted(f"/unwatch {one.id}" for one in await front.store.watches())


async def test_the_list_names_who_and_since_when(front: Front) -> None:
    await front.say("/watch Ada Okafor", COASTER)
    await front.say("/watch topic:licences", COASTER)

    said = text(await front.say("/watches", msgspec.structs.replace(BEN, dossiers=("coast",))))

    assert "Ada Okafor (entity) since 10 March 2025, asked for by ada" in said
    assert "Licences (topic)" in said
    assert "in slack:T1:C1" in text(await front.say("/watches", TERMINAL))


async def test_what_a_channel_does_not_see_any_more_is_not_named(front: Front) -> None:
    await front.say("/watch Ada Okafor", COASTER)

    elsewhere = msgspec.structs.replace(ADA, dossiers=("north",))
    await front.office.refresh()

    reply = await front.say("/watches", elsewhere)

    assert "okafor" not in (text(reply) + repr(reply)).lower()
    assert "does not see any more" in text(reply)
    assert front.desk.suggest("unwatch", "watch", "", elsewhere) == []
    for typed in ("Ada Okafor", "ada-okafor"):
        assert "-x" not in repr(await front.say(f"/unwatch {typed}", elsewhere))
    (command,) = commands(reply)
    ended = await front.say(command, elsewhere)
    assert "It is not watched here any more." in ended.summary
    assert await front.store.watches() == []


async def test_the_terminal_watches_nothing(front: Front) -> None:
    assert "no channel" in (await front.say("/watch Ada Okafor", TERMINAL)).summary


async def test_watches_are_completed_in_their_channel(front: Front) -> None:
    await front.say("/watch Ada Okafor", COASTER)
    (watch,) = await front.store.watches()
    await front.office.refresh()

    assert [one.value for one in front.desk.suggest("unwatch", "watch", "ada", ADA)] == [watch.id]
    assert front.desk.suggest("unwatch", "watch", "", ELSEWHERE) == []
    await front.say(f"/unwatch {watch.id}")
    assert front.desk.suggest("unwatch", "watch", "", ADA) == []
