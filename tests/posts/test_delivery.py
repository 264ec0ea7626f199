"""A post on its way: every outcome that a chat may give, and a process that dies at any step."""

import pytest
from sqlalchemy.exc import OperationalError
from world import PLACE, Killed, World, fail, lose

from bot.posting import Outcome, Place, PostError, Reference, Scope
from bot.posts.compose import CannotTell, Composed
from bot.posts.delivery import RETRY_AFTER_MOST
from bot.posts.ledger import Overtaken
from bot.posts.planner import MISSED
from bot.posts.records import Content, Post, PostState, ScheduleState, Watch
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
    assert world.chat.finds == 1
    assert world.chat.posts == 2 - taken


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
