"""A post on its way: what ends it, who is told, and what is recorded beside it."""

import pytest
from sqlalchemy.exc import OperationalError
from world import PLACE, Killed, World, fail, lose

from bot.posting import Outcome, Place, PostError, Reference, Scope
from bot.posts.compose import CannotTell, Composed
from bot.posts.ledger import Overtaken
from bot.posts.records import Content, Post, PostState, ScheduleState, Watch


async def due(world: World) -> str:
    """Let one slot of a schedule be due, and return its post's id."""
    await world.schedule()
    await world.planner.tick()
    (post_id,) = world.queue
    return post_id


@pytest.mark.parametrize("state", [ScheduleState.PAUSED, ScheduleState.REMOVED])
async def test_nothing_is_posted_after_a_pause_or_removal(world: World, state: ScheduleState) -> None:
    post_id = await due(world)
    await world.store.set_state("morning", state, None)
    await world.deliver()
    post = await world.post(post_id)
    assert post.state is PostState.CANCELLED
    assert "paused or removed" in post.reason
    assert world.chat.posts == 0


async def test_a_pause_between_two_tries_is_obeyed(world: World) -> None:
    post_id = await due(world)

    def refuse(*given: object) -> Reference:
        world.chat.script = []
        raise PostError(Outcome.TRANSIENT, "Wait.")

    world.chat.script = [refuse]
    sleep = world.clock.sleep

    async def pause(seconds: float) -> None:
        await world.store.set_state("morning", ScheduleState.PAUSED, None)
        await sleep(seconds)

    world.delivery._sleep = pause
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.CANCELLED
    assert world.chat.accepted == []


async def test_a_post_asked_for_goes_out_though_the_schedule_is_paused(world: World) -> None:
    schedule = await world.schedule(state=ScheduleState.PAUSED)
    post = await world.ledger.post_now(schedule)
    await world.deliver()
    assert (await world.post(post.id)).state is PostState.POSTED


async def test_quiet_posts_are_left_out(world: World) -> None:
    post_id = await due(world)
    assert isinstance(world.made, Composed)
    world.made = Composed(reply=world.made.reply, remark="", content=Content(), is_news=False)
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.QUIET
    assert world.chat.posts == 0


async def test_a_line_that_is_not_understood_any_more_is_told_to_its_maker(world: World) -> None:
    post_id = await due(world)
    world.made = CannotTell("There is no topic “chips”.")
    await world.deliver()
    post = await world.post(post_id)
    assert post.state is PostState.FAILED
    assert "There is no topic “chips”." in post.reason
    assert "chips" in world.chat.told[0][1]
    assert await world.store.closed() == {}


async def test_an_answer_that_broke_is_asked_again(world: World) -> None:
    post_id = await due(world)
    made, world.made = world.made, CannotTell("Something went wrong here.", passes=True)
    sleep = world.clock.sleep

    async def mend(seconds: float) -> None:
        world.made = made
        await sleep(seconds)

    world.delivery._sleep = mend
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.POSTED
    assert world.chat.told == []


async def test_a_watch_with_nothing_left_to_tell_posts_nothing(world: World) -> None:
    watch = Watch(
        id="w1",
        place=PLACE,
        kind="entity",
        dossier="d",
        thing="t",
        label="T",
        since=1,
        made_at=world.clock.now,
    )
    await world.store.add_watch(watch)
    post = await world.ledger.add_watch_post(watch, ["added:f1"], world.clock.now)
    assert post is not None
    world.made = None
    await world.deliver()
    assert (await world.post(post.id)).state is PostState.CANCELLED


async def test_events_are_told_once_and_again_when_their_post_was_not_made(world: World) -> None:
    watch = Watch(
        id="w1",
        place=PLACE,
        kind="entity",
        dossier="d",
        thing="t",
        label="T",
        since=1,
        made_at=world.clock.now,
    )
    await world.store.add_watch(watch)
    first = await world.ledger.add_watch_post(watch, ["added:f1", "added:f2"], world.clock.now)
    assert first is not None
    assert await world.ledger.events(first.id) == ["added:f1", "added:f2"]
    assert await world.ledger.add_watch_post(watch, ["added:f2", "added:f3"], world.clock.now) is None
    world.clock.pass_(25 * 3_600)
    await world.deliver()
    assert (await world.post(first.id)).state is PostState.MISSED
    again = await world.ledger.add_watch_post(watch, ["added:f1"], world.clock.now)
    assert again is not None
    await world.deliver()
    assert (await world.post(again.id)).state is PostState.POSTED


async def test_a_watch_that_ended_posts_nothing(world: World) -> None:
    watch = Watch(
        id="w1",
        place=PLACE,
        kind="entity",
        dossier="d",
        thing="t",
        label="T",
        since=1,
        made_at=world.clock.now,
    )
    await world.store.add_watch(watch)
    post = await world.ledger.add_watch_post(watch, ["added:f1"], world.clock.now)
    await world.store.remove_watch("w1")
    await world.deliver()
    assert post is not None
    assert (await world.post(post.id)).state is PostState.CANCELLED
    assert world.chat.posts == 0


async def test_who_has_lost_its_slot_sends_nothing(world: World) -> None:
    import asyncio

    post_id = await due(world)
    world.held = False
    with pytest.raises(asyncio.CancelledError):
        await world.deliver()
    assert world.chat.posts == 0
    world.held = True
    await world.new_delivery()(post_id)
    assert (await world.post(post_id)).state is PostState.POSTED


async def test_a_database_that_cannot_be_written_is_waited_for(world: World) -> None:
    post_id = await due(world)
    intend, tries = world.ledger.intend, 0

    async def full(*given: object) -> object:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise OperationalError("UPDATE", {}, Exception("database or disk is full"))
        assert world.delivery.broken_since is not None
        return await intend(*given)  # type: ignore[arg-type]

    world.ledger.intend = full  # type: ignore[method-assign, assignment]
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.POSTED
    assert world.delivery.broken_since is None


async def test_a_post_that_stands_and_could_not_be_recorded_is_found(world: World) -> None:
    post_id = await due(world)
    posted, tries = world.ledger.posted, 0

    async def full(*given: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OperationalError("UPDATE", {}, Exception("database or disk is full"))
        await posted(*given)  # type: ignore[arg-type]

    world.ledger.posted = full  # type: ignore[method-assign, assignment]
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.POSTED
    assert len(world.chat.accepted) == 1


async def test_a_mistake_of_ours_loses_no_post(world: World) -> None:
    post_id = await due(world)
    made, world.made = world.made, ZeroDivisionError()
    sleep = world.clock.sleep

    async def mend(seconds: float) -> None:
        world.made = made
        await sleep(seconds)

    world.delivery._sleep = mend
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.POSTED


async def test_posts_that_are_corrected_are_marked(world: World) -> None:
    first = await due(world)
    assert isinstance(world.made, Composed)
    reply = world.made.reply
    world.made = Composed(reply=reply, remark="", content=Content(facts={"d:old": "It was so."}))
    await world.deliver()
    assert set(await world.ledger.stated(PLACE.key)) == {"d:old"}
    content = Content(facts={"d:new": "It is so."}, corrects={"d:old": first})
    world.made = Composed(reply=reply, remark="", content=content)
    schedule = await world.store.schedule("morning")
    assert schedule is not None
    await world.ledger.post_now(schedule)
    await world.deliver()
    ((message, remark),) = world.chat.amended
    assert message == "m1"
    assert remark.startswith("Corrected")
    assert set(await world.ledger.stated(PLACE.key)) == {"d:new"}
    assert await world.ledger.marks(PLACE.key) == []


@pytest.mark.parametrize("outcome", [Outcome.PERMANENT, Outcome.TRANSIENT])
async def test_a_mark_that_cannot_be_made_holds_up_nothing(world: World, outcome: Outcome) -> None:
    first = await due(world)
    await world.deliver()
    assert isinstance(world.made, Composed)
    content, reply = Content(corrects={"d:old": first}), world.made.reply
    world.made = Composed(reply=reply, remark="", content=content)
    world.chat.amend_error = PostError(outcome, "The message is gone.")
    schedule = await world.store.schedule("morning")
    assert schedule is not None
    post = await world.ledger.post_now(schedule)
    await world.deliver()
    assert (await world.post(post.id)).state is PostState.POSTED
    assert bool(await world.ledger.marks(PLACE.key)) is (outcome is Outcome.TRANSIENT)
    world.chat.amend_error = None
    world.made = Composed(reply=reply, remark="", content=Content())
    world.clock.pass_(1)
    await world.ledger.post_now(schedule)
    await world.deliver()
    assert await world.ledger.marks(PLACE.key) == []
    assert bool(world.chat.amended) is (outcome is Outcome.TRANSIENT)


OPERATOR = Place(platform="slack", workspace="T1", channel="C9")


async def test_the_operator_is_told_in_a_channel_too(world: World) -> None:
    world.ledger._operator = OPERATOR
    post_id = await due(world)
    world.chat.script = [fail(Outcome.PERMANENT)]
    await world.deliver()
    told = [(place, key) for _, place, key, _ in world.chat.accepted]
    assert told == [(OPERATOR.key, "notice:1")]
    text = await world.ledger.notice("notice:1")
    assert text is not None
    assert post_id in text
    assert PLACE.key in text
    assert text.endswith("No more posts go there until somebody resumes or adds a schedule or a watch there.")
    assert await world.ledger.notice("notice:99") is None


async def test_a_notice_that_cannot_be_posted_makes_no_other(world: World) -> None:
    world.ledger._operator = OPERATOR
    await due(world)
    world.chat.script = [fail(Outcome.PERMANENT)] * 5
    await world.deliver()
    assert world.queue == []
    assert world.chat.posts == 2
    assert len(await world.store.notices()) <= 4


async def test_a_revoked_token_closes_no_place(world: World) -> None:
    post_id = await due(world)

    def refuse(*given: object) -> Reference:
        raise PostError(Outcome.PERMANENT, "The token was revoked.", scope=Scope.WORKSPACE)

    world.chat.script = [refuse, refuse]
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.POSTED
    assert await world.store.closed() == {}


async def test_a_post_that_is_refused_for_what_it_says_closes_no_place(world: World) -> None:
    post_id = await due(world)

    def refuse(*given: object) -> Reference:
        raise PostError(Outcome.PERMANENT, "The message is too long.", scope=Scope.CONTENT)

    world.chat.script = [refuse]
    await world.deliver()
    assert (await world.post(post_id)).state is PostState.FAILED
    assert await world.store.closed() == {}
    assert len(await world.store.notices()) == 1


async def test_two_processes_with_the_same_post_send_it_once(world: World) -> None:
    post_id = await due(world)
    other = world.new_delivery()

    class Meanwhile:
        done = False

    async def write(post: Post, schedule: object) -> Composed:
        if not Meanwhile.done:
            Meanwhile.done = True
            await other(post_id)
        assert isinstance(world.made, Composed)
        return world.made

    world.delivery._write = write
    await world.deliver()
    assert len(world.chat.accepted) == 1
    assert (await world.post(post_id)).state is PostState.POSTED


async def test_what_was_recorded_meanwhile_is_not_overwritten(world: World) -> None:
    post_id = await due(world)
    before = await world.post(post_id)
    await world.deliver()
    with pytest.raises(Overtaken):
        await world.ledger.known(before, None, "Too late.")
    with pytest.raises(Overtaken):
        await world.ledger.end(before, PostState.MISSED, "Too late.")
    assert (await world.post(post_id)).state is PostState.POSTED


async def test_what_may_still_arrive_is_told(world: World) -> None:
    post_id = await due(world)
    assert await world.ledger.under_way("morning") == []
    world.chat.pages = 2
    world.chat.script = [fail(Outcome.TRANSIENT, stands=1), lose(0, error=Killed)]
    with pytest.raises(Killed):
        await world.deliver()
    assert [one.id for one in await world.ledger.under_way("morning")] == [post_id]
    await world.new_delivery()(post_id)
    assert await world.ledger.under_way("morning") == []
    schedule = await world.store.schedule("morning")
    assert schedule is not None
    asked = await world.ledger.post_now(schedule)
    again = await world.ledger.post_now(schedule)
    assert again.id == asked.id
    assert [one.id for one in await world.ledger.under_way("morning")] == [asked.id]


async def test_posts_of_long_ago_are_forgotten_but_the_last(world: World) -> None:
    post_id = await due(world)
    await world.deliver()
    world.clock.pass_(100 * 86_400)
    await world.ledger.prune()
    assert (await world.post(post_id)).pages == ()
    world.clock.pass_(400 * 86_400)
    await world.ledger.prune()
    assert (await world.post(post_id)).state is PostState.POSTED
    schedule = await world.store.schedule("morning")
    assert schedule is not None
    await world.ledger.post_now(schedule)
    await world.deliver()
    await world.ledger.prune()
    assert await world.ledger.post(post_id) is None
