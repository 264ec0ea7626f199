"""A post on its way: every outcome that a chat may give, and a process that dies at any step."""

import pytest
from world import PLACE, Killed, World, fail, lose

from bot.posting import Outcome, PostError, Reference
from bot.posts.compose import Composed
from bot.posts.delivery import RETRY_AFTER_MOST
from bot.posts.planner import MISSED
from bot.posts.records import Content, Post, PostState
from bot.reply import Kind, Reply


async def due(world: World) -> str:
    """Let one slot of a schedule be due, and return its post's id."""
    await world.schedule()
    await world.planner.tick()
    (post_id,) = world.queue
    return post_id


async def test_a_post_is_posted_and_recorded(world: World) -> None:
    post_id = await due(world)
    await world.deliver()
    post = await world.post(post_id)
    assert (post.state, post.attempts, post.uncertain) == (PostState.POSTED, 1, False)
    assert post.reference == Reference(channel="C1", messages={1: "m1"})
    assert post.ended_at == world.clock.now
    assert [key for _, _, key, _ in world.chat.accepted] == [post_id]
    schedule = await world.store.schedule("morning")
    assert schedule is not None
    assert schedule.last_at == world.clock.now


async def test_delivering_again_posts_nothing(world: World) -> None:
    post_id = await due(world)
    await world.deliver()
    await world.delivery(post_id)
    assert len(world.chat.accepted) == 1


async def test_a_post_that_does_not_exist_is_nothing(world: World) -> None:
    await world.delivery("schedule:none:2026-01-01T00:00:00Z")
    assert world.chat.posts == 0


async def test_what_is_transient_is_tried_again(world: World) -> None:
    post_id = await due(world)
    world.chat.script = [fail(Outcome.TRANSIENT), fail(Outcome.TRANSIENT)]
    began = world.clock.now
    await world.deliver()
    post = await world.post(post_id)
    assert (post.state, post.attempts) == (PostState.POSTED, 3)
    assert world.chat.finds == 0
    assert 3 <= world.clock.now - began <= 6  # 2 then 4 seconds, three quarters of each


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(120.0, 120.5), (1e9, RETRY_AFTER_MOST + 0.5), (-5.0, 1.5), (float("nan"), 1.5), (None, 1.5)],
)
async def test_a_pause_that_the_platform_asks_for_is_kept_within_reason(
    world: World, asked: float | None, waits: float
) -> None:
    await world.schedule(grace=86_400)
    await world.planner.tick()
    world.chat.script = [fail(Outcome.TRANSIENT, retry_after=asked)]
    began = world.clock.now
    await world.deliver()
    assert world.clock.now - began == pytest.approx(waits)


@pytest.mark.parametrize("taken", [0, 1])
async def test_a_lost_answer_is_found_out_before_another_try(world: World, taken: int) -> None:
    post_id = await due(world)
    world.chat.script = [lose(taken)]
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.POSTED
    assert len(world.chat.accepted) == 1
    assert world.chat.finds == 2 - taken
    assert world.chat.posts == 2 - taken


async def test_that_nothing_stands_is_believed_when_it_is_said_twice(world: World) -> None:
    await due(world)
    world.chat.script = [lose(1)]
    find = world.chat.find

    async def empty_once(*given: object) -> Reference | None:
        found = await find(*given)  # type: ignore[arg-type]
        return None if world.chat.finds == 1 else found

    world.chat.find = empty_once  # type: ignore[method-assign, assignment]
    await world.deliver()
    assert (len(world.chat.accepted), world.chat.finds) == (1, 2)


async def test_what_is_accepted_late_is_waited_for(world: World) -> None:
    await due(world)
    world.chat.script = [lose(1, late=29.0)]
    await world.deliver()
    assert len(world.chat.accepted) == 1


async def test_pages_that_stand_are_not_posted_again(world: World) -> None:
    post_id = await due(world)
    world.chat.pages = 3
    world.chat.script = [fail(Outcome.TRANSIENT, stands=1), lose(1)]
    await world.deliver()
    assert sorted(page for _, _, _, page in world.chat.accepted) == [1, 2, 3]
    post = await world.post(post_id)
    assert post.reference is not None
    assert set(post.reference.messages) == {1, 2, 3}


async def test_the_text_of_a_post_that_partly_stands_stays(world: World) -> None:
    post_id = await due(world)
    world.chat.pages = 2
    world.chat.script = [fail(Outcome.TRANSIENT, stands=1)]
    await world.ledger.post(post_id)
    titles = iter(["First text", "Second text"])

    async def write(post: Post, schedule: object) -> Composed:
        reply = Reply(kind=Kind.ANSWER, title=next(titles), summary="")
        return Composed(reply=reply, remark="", content=Content())

    world.delivery._write = write
    await world.deliver()
    assert [page["title"] for page in (await world.post(post_id)).pages] == ["First text"] * 2


@pytest.mark.parametrize("step", ["before", "after"])
async def test_a_process_that_dies_while_sending_doubles_nothing(world: World, step: str) -> None:
    post_id = await due(world)
    world.chat.script = [lose(1 if step == "after" else 0, error=Killed)]
    with pytest.raises(Killed):
        await world.deliver()
    left = await world.post(post_id)
    assert (left.state, left.uncertain) == (PostState.SENDING, True)
    await world.new_delivery()(post_id)
    assert len(world.chat.accepted) == 1
    assert (await world.post(post_id)).state is PostState.POSTED


async def test_a_dead_process_may_have_sent_long_after_its_intent(world: World) -> None:
    """The wait for what is accepted late is counted from when the post is found left, not from the intent."""
    post_id = await due(world)

    def slow(*given: object) -> Reference:
        world.clock.pass_(60)
        return lose(1, late=20.0, error=Killed)(*given)  # type: ignore[arg-type]

    world.chat.script = [slow]
    with pytest.raises(Killed):
        await world.deliver()
    await world.new_delivery()(post_id)
    assert len(world.chat.accepted) == 1


async def test_what_cannot_be_found_out_is_never_posted_again(world: World) -> None:
    post_id = await due(world)
    world.chat.script = [lose(1)]
    world.chat.find_script = [PostError(Outcome.PERMANENT, "The token lacks the scope channels:history.")]
    await world.deliver()
    post = await world.post(post_id)
    assert post.state is PostState.UNKNOWN
    assert "channels:history" in post.reason
    assert world.chat.posts == 1
    ((_, place, notice),) = await world.store.notices()
    assert place == PLACE.key
    assert "channels:history" in notice


async def test_looking_is_tried_again_while_the_platform_is_down(world: World) -> None:
    post_id = await due(world)
    world.chat.script = [lose(1)]
    world.chat.find_script = [PostError(Outcome.TRANSIENT, "Slack is down.")] * 3
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.POSTED
    assert len(world.chat.accepted) == 1


async def test_a_platform_that_can_never_be_asked_leaves_the_outcome_unknown(world: World) -> None:
    post_id = await due(world)
    world.chat.script = [lose(1)]
    world.chat.find_script = [PostError(Outcome.TRANSIENT, "Slack is down.")] * 1_000
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.UNKNOWN
    assert world.chat.posts == 1


async def test_a_refusal_closes_the_place_and_the_maker_is_told_once(world: World) -> None:
    await world.schedule("one")
    await world.schedule("two", next_at=world.clock.now + 1, made_by="U2")
    await world.planner.tick()
    world.clock.pass_(2)
    await world.planner.tick()
    world.chat.script = [fail(Outcome.PERMANENT)]
    first, second = world.queue
    await world.deliver()
    assert (await world.post(first)).state is PostState.FAILED
    assert (await world.post(second)).state is PostState.FAILED
    assert world.chat.posts == 1
    assert await world.store.closed() == {PLACE.key: "It is permanent."}
    assert sorted(person.user for person, _ in world.chat.told) == ["U1", "U2"]
    text = world.chat.told[0][1]
    assert "It is permanent." in text
    assert "/schedule resume" in text


async def test_a_maker_who_cannot_be_told_changes_nothing(world: World) -> None:
    post_id = await due(world)
    world.chat.script = [fail(Outcome.PERMANENT)]

    async def tell(person: object, text: str) -> None:
        raise PostError(Outcome.PERMANENT, "This person takes no messages.")

    world.chat.tell = tell  # type: ignore[method-assign]
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.FAILED


async def test_a_reopened_place_takes_posts_again(world: World) -> None:
    await due(world)
    world.chat.script = [fail(Outcome.PERMANENT)]
    await world.deliver()
    await world.store.reopen(PLACE.key)
    schedule = await world.store.schedule("morning")
    assert schedule is not None
    again = await world.ledger.post_now(schedule)
    await world.deliver()
    assert (await world.post(again.id)).state is PostState.POSTED


async def test_beyond_its_grace_a_slot_is_missed_with_the_reason(world: World) -> None:
    post_id = await due(world)
    world.chat.script = [fail(Outcome.TRANSIENT, retry_after=600.0)] * 50
    await world.deliver()
    post = await world.post(post_id)
    assert (post.state, post.reason) == (PostState.MISSED, "It is transient.")
    assert world.chat.accepted == []


async def test_a_slot_behind_a_slow_one_is_not_posted_when_it_is_too_late(world: World) -> None:
    post_id = await due(world)
    world.clock.pass_(3_601)
    await world.deliver()
    post = await world.post(post_id)
    assert post.state is PostState.MISSED
    assert post.reason == MISSED
    assert world.chat.posts == 0


async def test_a_part_that_stands_is_made_whole_beyond_the_grace(world: World) -> None:
    post_id = await due(world)
    world.chat.pages = 2
    world.chat.script = [fail(Outcome.TRANSIENT, retry_after=3_600.0, stands=1)]
    world.chat.script += [fail(Outcome.TRANSIENT, retry_after=600.0)]
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.POSTED
    assert len(world.chat.accepted) == 2


async def test_a_part_that_can_never_be_made_whole_is_told_as_such(world: World) -> None:
    post_id = await due(world)
    world.chat.pages = 2
    world.chat.script = [fail(Outcome.TRANSIENT, stands=1)]
    world.chat.script += [fail(Outcome.TRANSIENT, retry_after=3_600.0)] * 100
    await world.deliver()
    post = await world.post(post_id)
    assert post.state is PostState.FAILED
    assert post.reason.startswith("Only a part of it could be posted.")
