"""What a name in a command stands for; where that is not sure, the reply that asks or says so."""

from __future__ import annotations

from bot.facts.base import FactBase, Thing
from bot.facts.names import Match, Outcome
from bot.reply import Action, Kind, Line, Note, Reply, Text, Wanted, line

SHOWN = 60
"""Characters of what was typed that an answer repeats."""

NEAR = 3
"""Near names, or topics where no name is near, that are offered."""

NOUNS = {"entity": "name", "topic": "topic", "source": "source", "fact": "fact"}


def pick(base: FactBase, typed: str, kinds: tuple[str, ...], command: str) -> tuple[Thing, str] | Reply:
    """Return the thing that was meant and what it was taken for ("" when it was named exactly), or a reply.

    `kinds` are tried in order; `command` begins the lines that the choices ask, such as `/who`.
    """
    resolutions = []
    for kind in kinds:
        resolution = base.resolve(typed, kind)
        if resolution.outcome is Outcome.FOUND and not resolution.near:
            return base.matched(resolution.matches[0]), ""
        resolutions.append(resolution)
    found = [one.matches[0] for one in resolutions if one.outcome is Outcome.FOUND]
    asked = [match for one in resolutions if one.outcome is Outcome.ASK for match in one.matches]
    if len(found) == 1 and not asked:
        return base.matched(found[0]), typed
    if found or asked:
        return ask(base, typed, [*found, *asked], command)
    near = [match for one in resolutions for match in one.matches][:NEAR]
    return unknown(base, typed, NOUNS[kinds[0]], near, command)


def ask(base: FactBase, typed: str, matches: list[Match], command: str) -> Reply:
    """Ask which of several things is meant; a single one is asked for confirmation."""
    things = list(dict.fromkeys(base.matched(match) for match in matches))[:10]
    title = f"Did you mean {things[0].label}?" if len(things) == 1 else f"Which “{shorten(typed)}” is meant?"
    labels = [_told_apart(thing, things) for thing in things]
    summary = title if len(things) == 1 else f"{title} {_listed(labels)}."
    note = Note(line(f"“{shorten(typed)}” may stand for {_listed(labels)}."))
    return Reply(
        kind=Kind.ASK,
        title=title,
        summary=summary,
        blocks=(note,),
        actions=tuple(
            Action(label, f"{command} {thing.ref}", _hint(thing))
            for label, thing in zip(labels, things, strict=True)
        ),
    )


def unknown(base: FactBase, typed: str, noun: str, near: list[Match], command: str) -> Reply:
    """Say that the base knows nothing of it, with up to three near names."""
    things = [base.matched(match) for match in near]
    topics = [] if things else [topic for topic, _ in base.topics(NEAR)]
    sentence = f"Nothing is known here under the {noun} “{shorten(typed)}”."
    close = f" Near: {_listed([thing.label for thing in things])}." if things else ""
    return Reply(
        kind=Kind.NONE,
        title="Nothing known",
        summary=sentence + close,
        blocks=(Note(line(sentence)),),
        actions=(
            *(Action(thing.label, f"{command} {thing.ref}") for thing in things),
            *(Action(topic.label, f"/briefing {topic.ref}") for topic in topics),
        ),
    )


def missing(sentence: str, command: str, option: str, things: list[Thing]) -> Reply:
    """Ask for an argument that was left out; some things are offered."""
    return Reply(
        kind=Kind.ASK,
        title=sentence,
        summary=sentence,
        actions=tuple(
            Action(shorten(thing.label), f"/{command} {thing.ref}", _hint(thing)) for thing in things
        ),
        wanted=Wanted(command, option),
    )


def _hint(thing: Thing) -> str:
    """Return a thing's id where it tells more than the label."""
    return "" if thing.ref == thing.label.lower() else thing.ref


def took(typed: str, label: str) -> Note:
    """Say what a near miss was taken for."""
    return Note(Line((Text(f"“{shorten(typed)}” is not a name here; taken for {label}."),)))


def shorten(text: str, length: int = SHOWN) -> str:
    """Return a text cut to a length, with an ellipsis where something is gone."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _told_apart(thing: Thing, things: list[Thing]) -> str:
    same = sum(other.label == thing.label for other in things)
    return thing.label if same == 1 else f"{thing.label} ({thing.ref})"


def _listed(labels: list[str]) -> str:
    *most, last = labels
    return f"{', '.join(most)} or {last}" if most else last
