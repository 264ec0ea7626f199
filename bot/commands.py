"""The commands, each declared once; see :mod:`bot.registry` for what follows from a declaration."""

from __future__ import annotations

from typing import Annotated, Final

from bot.answers.briefing import briefing as answer_briefing
from bot.answers.changes import changes as answer_changes
from bot.answers.due import due as answer_due
from bot.answers.fact import fact as answer_fact
from bot.answers.search import search as answer_search
from bot.answers.source import source as answer_source
from bot.answers.timeline import timeline as answer_timeline
from bot.answers.usage import explain, overview
from bot.answers.who import who as answer_who
from bot.desk import Asker, Office
from bot.facts.base import FactBase
from bot.facts.edtf import Edtf
from bot.parse import no_command
from bot.registry import Option, OptionKind, Registry
from bot.reply import Reply

REGISTRY = Registry()

ACTIONS: Final = ("add", "list", "show", "pause", "resume", "remove", "now", "history")
"""What can be done with schedules; from the third on, with one of them."""


@REGISTRY.command(example="/briefing sanctions", as_of=1)
def briefing(
    base: FactBase,
    *,
    topic: Annotated[str, Option(OptionKind.TOPIC, "A topic; without one, everything")] = "",
    since: Annotated[Edtf | None, Option(OptionKind.DATE, "Tell what changed since that day")] = None,
    length: Annotated[str, Option(OptionKind.CHOICE, "How much to tell", ("short", "full"))] = "full",
) -> Reply:
    """Bottom line, key points, changes, deadlines, disputes and gaps."""
    return answer_briefing(base, topic, since, length)


@REGISTRY.command(example="/who gref", slack="whois")
def who(
    base: FactBase,
    *,
    name: Annotated[
        str, Option(OptionKind.NAME, "A person, organisation, place or other name, in any spelling")
    ],
) -> Reply:
    """Who or what a name stands for, what they said, what is said of them, what they owe."""
    return answer_who(base, name)


@REGISTRY.command(example="/timeline sberbank")
def timeline(
    base: FactBase,
    *,
    about: Annotated[str, Option(OptionKind.ABOUT, "A name or a topic; without one, everything")] = "",
    from_: Annotated[Edtf | None, Option(OptionKind.DATE, "First day")] = None,
    to: Annotated[Edtf | None, Option(OptionKind.DATE, "Last day")] = None,
) -> Reply:
    """What happened and what is planned, in the order of its dates."""
    return answer_timeline(base, about, from_, to)


@REGISTRY.command(example="/search microchips", slack="search-facts")
def search(
    base: FactBase,
    *,
    words: Annotated[str, Option(OptionKind.WORDS, "Words to look for; typos and inflections are forgiven")],
    topic: Annotated[str, Option(OptionKind.TOPIC, "Only facts on this topic")] = "",
) -> Reply:
    """Facts by their words, the most relevant first."""
    return answer_search(base, words, topic)


@REGISTRY.command(example="/source untitled-2025-01")
def source(
    base: FactBase,
    *,
    source: Annotated[str, Option(OptionKind.SOURCE, "The id or title of a source")],
) -> Reply:
    """A source, its rating, and every fact that rests on it."""
    return answer_source(base, source)


@REGISTRY.command(example="/fact ai-order")
def fact(
    base: FactBase,
    *,
    fact: Annotated[str, Option(OptionKind.FACT, "The id of a fact")],
) -> Reply:
    """One fact whole: statement, attribution, evidence and history."""
    return answer_fact(base, fact)


@REGISTRY.command(example="/due")
def due(
    base: FactBase,
    *,
    until: Annotated[Edtf | None, Option(OptionKind.DATE, "Only what is due until that day")] = None,
) -> Reply:
    """What is owed, by whom and by when, and what has passed."""
    return answer_due(base, until)


@REGISTRY.command(example="/changes")
def changes(
    base: FactBase,
    *,
    since: Annotated[
        Edtf | None, Option(OptionKind.DATE, "The day from which on; a week ago if left out")
    ] = None,
) -> Reply:
    """What was added, superseded and retracted."""
    return answer_changes(base, since)


@REGISTRY.command(example='/schedule add "every weekday 08:30 Europe/Berlin" /briefing since:last', acts=True)
async def schedule(
    office: Office,
    asker: Asker,
    *,
    action: Annotated[str, Option(OptionKind.CHOICE, "What to do", ACTIONS, otherwise="list")],
    when: Annotated[
        str,
        Option(OptionKind.WORDS, "Such as every weekday 08:30 Europe/Berlin, or cron", only_with=("add",)),
    ] = "",
    what: Annotated[
        str,
        Option(OptionKind.LINE, "The command to post the answer of, such as /due", only_with=("add",)),
    ] = "",
    schedule: Annotated[
        str, Option(OptionKind.SCHEDULE, "The id of a schedule of this channel", only_with=ACTIONS[2:])
    ] = "",
    quiet: Annotated[
        str,
        Option(OptionKind.CHOICE, "Where nothing changed: say so, or skip", ("say", "skip"), ("add",)),
    ] = "",
    grace: Annotated[
        str, Option(OptionKind.WORDS, "How late a post may be: 30m, 2h; at most 24h", only_with=("add",))
    ] = "",
) -> Reply:
    """Post an answer here again and again, and see what was posted."""
    return await office.schedule(
        asker, action, when=when, what=what, schedule=schedule, quiet=quiet, grace=grace
    )


@REGISTRY.command(example="/watch gref", acts=True)
async def watch(
    office: Office,
    asker: Asker,
    *,
    about: Annotated[str, Option(OptionKind.ABOUT, "A name or a topic")] = "",
    topic: Annotated[str, Option(OptionKind.TOPIC, "A topic, where a name is spelt the same")] = "",
) -> Reply:
    """Post here when facts about a name or topic change, or a duty comes due."""
    return await office.watch(asker, about, topic)


@REGISTRY.command(example="/unwatch gref", acts=True)
async def unwatch(
    office: Office,
    asker: Asker,
    *,
    watch: Annotated[str, Option(OptionKind.WATCH, "What is watched, or the id of the watch")] = "",
    topic: Annotated[str, Option(OptionKind.TOPIC, "A topic, where a name is spelt the same")] = "",
) -> Reply:
    """Stop watching a name or topic here."""
    return await office.unwatch(asker, watch, topic)


@REGISTRY.command(example="/watches", acts=True)
async def watches(office: Office, asker: Asker) -> Reply:
    """What is watched here, and by whom it was asked for."""
    return await office.watches(asker)


@REGISTRY.command(example="/help who")
def help_(
    base: FactBase,
    *,
    command: Annotated[str, Option(OptionKind.COMMAND, "A command; without one, all of them")] = "",
) -> Reply:
    """What the commands are and how they are written."""
    declared = REGISTRY.get(command)
    if command and declared is None:
        raise no_command(command, "", REGISTRY)
    return explain(declared) if declared else overview(REGISTRY)
