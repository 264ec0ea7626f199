"""What `/watch`, `/unwatch` and `/watches` do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Final

from bot.answers.pick import pick, shorten
from bot.desk import Asker, Suggestion
from bot.facts.base import FactBase, Thing
from bot.facts.humanise import humanise
from bot.facts.names import Outcome
from bot.parse import Misread
from bot.posting import Place
from bot.posts import adding
from bot.posts.authorise import OPERATOR, Authority
from bot.posts.here import Channel, channel_of, day_in, place_of
from bot.posts.records import Watch
from bot.posts.say import made_by, refuse, say
from bot.posts.store import Store
from bot.posts.watches import events
from bot.reply import Action, Bullets, Kind, Line, Name, Note, Reply, Span, Text, line

MOST: Final = 50
TRIES: Final = 5
SHOWN: Final = 100

BACKDATED: Final = 30
"""Days that a new fact may be dated back when it is added to the base, and is news all the same."""


class Watching:
    """Begins, ends and lists watches; see :class:`bot.posts.office.Office` for what it is given."""

    def __init__(
        self,
        store: Store,
        authority: Authority,
        *,
        base: Callable[[Asker], FactBase],
        zone: Callable[[Place], str],
        now: Callable[[], float],
        letters: Callable[[], str],
    ) -> None:
        self._store = store
        self._authority = authority
        self._base = base
        self._zone = zone
        self._now = now
        self._letters = letters
        self._known: dict[Channel, list[Watch]] = {}

    async def watch(self, asker: Asker, about: str, topic: str) -> Reply:
        """Begin to watch a name or a topic."""
        if asker.platform == OPERATOR:
            return refuse("The terminal is no channel to post to: type this in the channel.")
        if bool(about) == bool(topic):
            raise Misread("Say one thing to watch: /watch and a name, or /watch topic: and a topic.")
        base = self._base(asker)
        picked = _pick(base, about, topic)
        if isinstance(picked, Reply):
            return picked
        thing, typed = picked
        place = place_of(asker)
        await self._authority.authorise(asker, "watch", f"{thing.kind}:{thing.dossier}:{thing.id}")
        now = self._now()
        today = day_in((self._zone(place), base.snapshot.dossier(thing.dossier).time_zone), now)
        for _ in range(TRIES):
            watch = Watch(
                id=adding.make_id(thing.label, self._letters),
                place=place,
                kind=thing.kind,
                dossier=thing.dossier,
                thing=thing.id,
                label=thing.label,
                since=today.toordinal() - BACKDATED,
                made_by=asker.user,
                made_at=now,
            )
            # What is so already is no news, and neither is a duty that is due in three days.
            told = [one.id for one in events(FactBase(base.snapshot, base.dossiers, today), watch)]
            found = await self._store.admit_watch(watch, MOST, told)
            if not found:
                self._known.setdefault(channel_of(place), []).append(watch)
                return _begun(watch, thing, typed)
            if found == "full":
                return refuse(f"{MOST} things are watched here already; end one with /unwatch first.")
            if found != "taken":
                return say(Kind.NONE, "Watched", f"{thing.label} is watched here already.", _end(found))
        return refuse("No id was free for it; try again.")

    async def unwatch(self, asker: Asker, watch: str, topic: str) -> Reply:
        """End a watch."""
        if bool(watch) == bool(topic):
            raise Misread("Say one thing: /unwatch and a name or id, or /unwatch topic: and a topic.")
        typed = watch or topic
        seen = await self._seen(asker)
        found = self._matching([one for one in seen if not topic or one.kind == "topic"], asker, typed)
        if len(found) > 1:
            actions = [
                Action(f"{_label(one, asker)} ({_handle(one, asker)})", f"/unwatch {_handle(one, asker)}")
                for one in found[:10]
            ]
            return say(Kind.ASK, "Which one?", f"{len(found)} watches match “{shorten(typed)}”.", *actions)
        if not found:
            wanted = typed.lower()[:64]
            near = get_close_matches(wanted, [one.id for one in seen if _is_open(one, asker)], 3, 0.5)
            ends = [_end(one) for one in near]
            sentence = f"Nothing that is watched here is called “{shorten(typed)}”."
            return say(Kind.USAGE, "No such watch", sentence, *ends, Action("List", "/watches"))
        (ended,) = found
        label = ended.label if _is_open(ended, asker) else "It"
        await self._authority.authorise(asker, "unwatch", f"watch:{ended.id}")
        if not await self._store.remove_watch(ended.id):
            return refuse(f"{label} was not watched any more.")
        channel = channel_of(ended.place)
        self._known[channel] = [one for one in self._known.get(channel, []) if one.id != ended.id]
        sentence = f"{label} is not watched here any more. A post that is being sent now may still arrive."
        return say(Kind.ANSWER, "Not watched", sentence)

    async def watches(self, asker: Asker) -> Reply:
        """List the watches."""
        seen = await self._seen(asker)
        everywhere = asker.platform == OPERATOR
        title = "All watches" if everywhere else "Watched here"
        if not seen:
            begin = (
                "Nothing is watched anywhere. A watch is begun in the channel to post to."
                if everywhere
                else "Nothing is watched here. To begin: /watch and a name or topic."
            )
            return say(Kind.NONE, title, begin)
        base = self._base(asker)
        items = []
        for one in seen[:SHOWN]:
            day = humanise(day_in((self._zone(one.place),), one.made_at).isoformat())
            where = f", in {one.place.key}" if everywhere else ""
            about = (
                f" ({one.kind}) since {day}, asked for by {made_by(one.made_by, asker.user)}{where},"
                f" {_handle(one, asker)}"
            )
            named: Span = _named(base, one) if _is_open(one, asker) else Text(_label(one, asker))
            items.append(Line((named, Text(about))))
        notes = [Note(line(f"{SHOWN} of {len(seen):,} are shown."))] if len(seen) > SHOWN else []
        count = "1 thing is" if len(seen) == 1 else f"{len(seen):,} things are"
        return Reply(
            kind=Kind.ANSWER,
            title=title,
            summary=f"{title}: {count} watched.",
            blocks=(Bullets(tuple(items)), *notes),
            actions=tuple(
                _end(_handle(one, asker), f"Stop {shorten(_label(one, asker), 40)}") for one in seen[:10]
            ),
        )

    def known(self, asker: Asker) -> Sequence[Suggestion]:
        """Return the watches of the place as of the last change here or :meth:`refresh`."""
        if asker.platform == OPERATOR:
            known = [one for some in self._known.values() for one in some]
        else:
            known = self._known.get(channel_of(place_of(asker)), [])
        return [Suggestion(one.id, one.label, one.id) for one in known if _is_open(one, asker)]

    async def refresh(self) -> None:
        """Read anew what is completed."""
        known: dict[Channel, list[Watch]] = {}
        for one in await self._store.watches():
            known.setdefault(channel_of(one.place), []).append(one)
        self._known = known

    async def _seen(self, asker: Asker) -> list[Watch]:
        if asker.platform == OPERATOR:
            return await self._store.watches()
        return await self._store.watches(channel=place_of(asker))

    def _matching(self, seen: Sequence[Watch], asker: Asker, typed: str) -> list[Watch]:
        """Return the watches that were meant: by id, by label, or by any other name of what they watch."""
        wanted = typed.strip().casefold()
        for one in seen:
            if wanted in {one.id, _handle(one, asker)}:
                return [one]
        seen = [one for one in seen if _is_open(one, asker)]
        if found := [one for one in seen if wanted in {one.label.casefold(), one.thing}]:
            return found
        base = self._base(asker)
        meant = {
            (thing.kind, thing.dossier, thing.id)
            for resolution in (base.resolve(wanted, "entity"), base.resolve(wanted, "topic"))
            if resolution.outcome is Outcome.FOUND
            for thing in (base.matched(match) for match in resolution.matches)
        }
        return [one for one in seen if (one.kind, one.dossier, one.thing) in meant]


def _pick(base: FactBase, about: str, topic: str) -> tuple[Thing, str] | Reply:
    """Return what was meant as `/who` does, or the reply that asks."""
    if not topic:
        return pick(base, about, ("entity", "topic"), "/watch")
    picked = pick(base, topic, ("topic",), "/watch topic:")
    if not isinstance(picked, Reply):
        return picked
    actions = [
        Action(one.label, one.command.replace("/watch topic: ", "/watch topic:"), one.hint)
        for one in picked.actions
    ]
    return Reply(
        kind=picked.kind,
        title=picked.title,
        summary=picked.summary,
        blocks=picked.blocks,
        actions=tuple(actions),
    )


def _begun(watch: Watch, thing: Thing, typed: str) -> Reply:
    took = f"“{shorten(typed)}” was taken for {thing.label}. " if typed else ""
    sentence = (
        f"{took}{thing.label} is watched here from now on: a post comes when a fact is added, superseded or"
        " retracted, and when a duty is due in seven days, is due, or has passed."
    )
    return say(Kind.ANSWER, f"Watching {thing.label}", sentence, _end(watch.id))


def _named(base: FactBase, watch: Watch) -> Span:
    ref = base.thing(watch.kind, watch.dossier, watch.thing).ref
    return Name(watch.label, f"/briefing {ref}" if watch.kind == "topic" else f"/who {ref}")


def _is_open(watch: Watch, asker: Asker) -> bool:
    """Say whether the asker's place sees what is watched."""
    return asker.dossiers is None or watch.dossier in asker.dossiers


def _label(watch: Watch, asker: Asker) -> str:
    return watch.label if _is_open(watch, asker) else "something that this channel does not see any more"


def _handle(watch: Watch, asker: Asker) -> str:
    """Return what names a watch to :meth:`Watching.unwatch`: an id begins with what is watched."""
    return watch.id if _is_open(watch, asker) else watch.id.rpartition("-")[2]


def _end(watch_id: str, label: str = "Stop watching") -> Action:
    return Action(label, f"/unwatch {watch_id}")
