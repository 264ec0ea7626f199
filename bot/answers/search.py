"""`/search`: facts by their words."""

from __future__ import annotations

from bot.answers.pick import pick, shorten, took
from bot.answers.statement import Writer
from bot.facts.base import FactBase, Thing
from bot.facts.search import Hits
from bot.reply import Action, Block, Bullets, Kind, Note, Reply, line

SHOWN = 10


def search(base: FactBase, words: str, topic: str = "") -> Reply:
    """Return the facts that have the words, the most relevant first."""
    # In quotes, so that what follows is the topic and not another word.
    quoted = words.replace('"', '""')
    picked = pick(base, topic, ("topic",), f'/search "{quoted}"') if topic else (None, "")
    if isinstance(picked, Reply):
        return picked
    thing, typed = picked
    hits = base.search(words, thing, SHOWN + 1)
    asked = shorten(" ".join(words.split()))
    title = f"Search: {asked}{f', in {thing.label}' if thing else ''}"
    if not hits.facts:
        return _nothing(base, asked, title, thing)
    writer = Writer(base)
    base.note(hits.facts[:SHOWN])
    found = tuple(writer.state(one, wanted=hits.wanted) for one in hits.facts[:SHOWN])
    blocks: list[Block] = [took(typed, thing.label)] if typed and thing else []
    blocks += [Note(line(remark)) for remark in _remarks(hits)]
    blocks.append(Bullets(found))
    more = len(hits.facts) > SHOWN
    if more:
        blocks.append(Note(line(f"The {SHOWN} best are shown; add a word to narrow the search.")))
    count = f"more than {SHOWN} facts" if more else "1 fact" if len(found) == 1 else f"{len(found)} facts"
    return Reply(
        kind=Kind.ANSWER,
        title=title,
        summary=f"{count} found for “{asked}”; first: {hits.facts[0].fact.text}",
        blocks=tuple(blocks),
        sources=writer.sources(),
    )


def _remarks(hits: Hits) -> list[str]:
    remarks = [f"No fact has “{shorten(typed)}”; “{taken}” was searched." for typed, taken in hits.corrected]
    if hits.unknown:
        remarks.append(f"No fact has {_quoted(hits.unknown)}; searched without.")
    if hits.spared:
        remarks.append(f"So many words would take too long; searched without {_quoted(hits.dropped)}.")
    elif hits.dropped:
        remarks.append(f"No fact has all the words; searched without {_quoted(hits.dropped)}.")
    return remarks


def _nothing(base: FactBase, asked: str, title: str, thing: Thing | None) -> Reply:
    sentence = f"No fact{f' on {thing.label}' if thing else ''} has “{asked}”."
    near = base.complete(asked.split(" ", maxsplit=1)[0][:20], "entity", 3) if asked else []
    topics = [one for one, _ in base.topics(3 - len(near))]
    actions = [Action(one.label, f"/who {one.ref}") for one in near]
    actions += [Action(one.label, f"/briefing {one.ref}") for one in topics]
    return Reply(
        kind=Kind.NONE, title=title, summary=sentence, blocks=(Note(line(sentence)),), actions=tuple(actions)
    )


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"“{shorten(word, 30)}”" for word in words)
