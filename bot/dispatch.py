"""The desk: one place where a call meets the base and becomes a reply, whatever the platform."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Final, Protocol

import msgspec
import structlog

from bot.answers.pick import missing
from bot.answers.usage import misread
from bot.desk import Asker, Call, Completion, Suggestion
from bot.facts.base import FactBase, Thing
from bot.facts.deadline import TooSlowError, limited
from bot.facts.edtf import DateError, Edtf
from bot.facts.humanise import humanise, read_date
from bot.facts.snapshot import Snapshot
from bot.parse import (
    SHAPED,
    Misread,
    clean,
    no_command,
    quote,
    read_day,
    read_line,
    tokenize,
    type_arguments,
    write_line,
)
from bot.registry import AS_OF, COMMON, Command, Option, OptionKind, Registry
from bot.reply import Action, Footer, Kind, Name, Note, Reply, change_spans, line

log = structlog.get_logger(__name__)

THINGS: Final = {
    OptionKind.NAME: ("entity",),
    OptionKind.TOPIC: ("topic",),
    OptionKind.ABOUT: ("entity", "topic"),
    OptionKind.SOURCE: ("source",),
}
"""What completes an option that takes the name of something."""

LONGEST_TYPED: Final = 500
"""Characters of a half-typed line or value that is still completed."""


class Library(Protocol):
    """Where the snapshot in use comes from."""

    @property
    def snapshot(self) -> Snapshot:
        """The last good snapshot."""

    @property
    def notice(self) -> str:
        """Empty, or one sentence that says why an older snapshot answers."""


class Dispatcher:
    """Answers calls from the snapshot in use; implements :class:`bot.desk.Desk`.

    `today` tells the day that an answer without `as-of:` is given for; `reference` makes the short mark under
    which a failure is found in the log; `clock` tells seconds of
    work, to stop what takes too long.
    """

    def __init__(
        self,
        registry: Registry,
        library: Library,
        *,
        today: Callable[[], date],
        reference: Callable[[], str] = lambda: secrets.token_hex(4),
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self.registry = registry
        self._library = library
        self._today = today
        self._reference = reference
        self._clock = clock

    @property
    def notice(self) -> str:
        """Empty, or one sentence that says why an older snapshot answers."""
        return self._library.notice

    def canonical(self, call: Call) -> str:
        """Return the line that asks the same."""
        return write_line(call, self.registry)

    def ask(self, line: str, asker: Asker) -> Reply:
        """Answer a typed line."""
        return self._safely(lambda: read_line(line, self.registry, self._visible(asker)), asker)

    def answer(self, call: Call, asker: Asker) -> Reply:
        """Answer a call whose arguments are told apart."""
        return self._safely(lambda: call, asker)

    def _safely(self, read: Callable[[], Call], asker: Asker) -> Reply:
        """Answer a call, or say why there is no answer; what went wrong inside goes to the log alone."""
        call = Call("")
        try:
            call = read()
            with limited(self._library.snapshot.db, self._clock):
                return self._answer(call, asker)
        except Misread as error:
            return self._misread(error, asker)
        except TooSlowError:
            log.warning("answer took too long", command=call.command[:40])
            return self._narrow(call)
        except Exception:
            reference = self._reference()
            log.exception("answer failed", command=call.command[:40], reference=reference)
            sentence = (
                f"Something went wrong here; nothing was changed. Tell your operator the mark {reference}."
            )
            return Reply(kind=Kind.FAILURE, title="No answer", summary=sentence)

    def _answer(self, call: Call, asker: Asker) -> Reply:
        command = self.registry.get(call.command)
        if command is None:
            raise no_command(f"/{clean(call.command)}", "", self.registry)
        today = self._today()
        arguments = type_arguments(command, call, today)
        # What was asked, in words that mean the same on another day.
        asked = {name: one.text if isinstance(one, Edtf) else one for name, one in arguments.items()}
        day = read_day(arguments.pop("as-of", None), today, command)
        if "as-of" in asked:
            asked["as-of"] = day.isoformat()
        base = self._base(asker, arguments.pop("in", ""), day)
        lacking = next((one for one in command.options if one.required and one.name not in arguments), None)
        if lacking:
            reply = self._missing(base, command, lacking)
        else:
            reply = command.run(base, **{_parameter(name): value for name, value in arguments.items()})
        if base.cut:
            far = Note(
                line(f"Of what lies far from {humanise(day.isoformat())}, not all was looked through.")
            )
            reply = msgspec.structs.replace(reply, blocks=(*reply.blocks, far))
        return self._footed(_carry(reply, command, asked), base, Call(command.name, asked), asker)

    def _base(self, asker: Asker, dossier: str, day: date) -> FactBase:
        visible = self._visible(asker)
        if dossier and dossier not in visible:
            known = f"Here are: {', '.join(visible)}." if visible else "None is to be seen from here."
            raise Misread(f"There is no dossier {dossier[:40]!r}. {known}")
        return FactBase(self._library.snapshot, [dossier] if dossier else visible, day)

    def _visible(self, asker: Asker) -> list[str]:
        """Return the dossiers that the place of the asker may see."""
        return [
            one
            for one in sorted(self._library.snapshot.dossiers)
            if asker.dossiers is None or one in asker.dossiers
        ]

    def _missing(self, base: FactBase, command: Command, option: Option) -> Reply:
        if option.kind is OptionKind.WORDS:
            return misread(f"/{command.name} needs words to look for.", command)
        noun = "name" if option.kind is OptionKind.NAME else option.name
        kinds = THINGS.get(option.kind)
        if kinds:
            things = base.complete("", kinds[0], 5)
        else:
            things = [
                base.thing("fact", one.dossier, one.id) for one, _ in zip(base.best(), range(5), strict=False)
            ]
        choose = ", or choose" if things else ""
        sentence = f"Which {noun} do you mean? Write /{command.name} {option.name.upper()}{choose}."
        return missing(sentence, command.name, option.name, things)

    def _footed(self, reply: Reply, base: FactBase, call: Call, asker: Asker) -> Reply:
        arguments = call.arguments | {"as-of": base.as_of.isoformat()}
        if len(base.dossiers) == 1 < len(base.snapshot.dossiers):
            arguments["in"] = base.dossiers[0]
        footer = Footer(
            snapshot=base.snapshot.id,
            as_of=humanise(base.as_of.isoformat()),
            facts=base.count,
            command=self.canonical(Call(call.command, arguments)),
            notice=self.notice_for(asker) if call.command == "help" else "",
        )
        return msgspec.structs.replace(reply, footer=footer)

    def notice_for(self, asker: Asker) -> str:
        """Return why an older snapshot answers; no file or name of a dossier that a place may not see."""
        if not self.notice or asker.dossiers is None:
            return self.notice
        return f"Snapshot {self._library.snapshot.id} goes on answering: the facts on disk do not load."

    def _narrow(self, call: Call) -> Reply:
        """Say that an answer would take too long, and what would make it shorter."""
        command = self.registry.get(call.command)
        options = command.options if command else ()
        given = {one.name for name in call.arguments if command and (one := command.option(name))}
        left = [f"{one.name}:" for one in options if one.name not in given and one is not AS_OF]
        ways = [f"give {' or '.join(left)}"] if left else []
        if AS_OF.name in given:
            ways.append("ask for a later day")
        if any(one.kind is OptionKind.WORDS for one in options):
            ways.append("search for a rarer word")
        sentence = "This would take too long to look up"
        sentence += f": {', or '.join(ways)}." if ways else ", so there is no answer."
        return Reply(kind=Kind.FAILURE, title="No answer", summary=sentence, blocks=(Note(line(sentence)),))

    def _misread(self, error: Misread, asker: Asker) -> Reply:
        """Say what was not understood; a line that would not be understood either is not offered."""
        unclear = {Kind.USAGE, Kind.FAILURE}
        choices = tuple(Action(one, one) for one in error.lines if self.ask(one, asker).kind not in unclear)
        return misread(str(error), error.command, choices)

    # --- completion ------------------------------------------------------------------------------------

    def suggest(
        self, command: str, option: str, prefix: str, asker: Asker, limit: int = 25
    ) -> list[Suggestion]:
        """Suggest values of an option, best first."""
        try:
            declared = self.registry.get(command)
            one = declared.option(option) if declared else None
            if one is None or len(prefix) > LONGEST_TYPED:
                return []
            with limited(self._library.snapshot.db, self._clock):
                return list(self._suggest(one, clean(prefix), asker, limit))[:limit]
        except TooSlowError:
            log.warning("suggestion took too long", command=command[:40], option=option[:40])
            return []
        except Exception:
            log.exception("suggestion failed", command=command[:40], option=option[:40])
            return []

    def _suggest(self, option: Option, prefix: str, asker: Asker, limit: int) -> Iterator[Suggestion]:
        base = self._base(asker, "", self._today())
        if option.kind in THINGS:
            for kind in THINGS[option.kind]:
                yield from (_offer(thing) for thing in base.complete(prefix, kind, limit))
        elif option.kind is OptionKind.FACT:
            yield from (_offer(thing) for thing in base.complete_fact(prefix.lower(), limit))
        elif option.kind is OptionKind.DATE:
            yield from self._suggest_date(prefix)
        else:
            values = {
                OptionKind.DOSSIER: {record.id: record.title for record in base.records()},
                OptionKind.COMMAND: {command.name: command.summary for command in self.registry},
                OptionKind.CHOICE: dict.fromkeys(option.choices, ""),
            }.get(option.kind, {})
            for value, hint in values.items():
                if value.startswith(prefix.lower()):
                    yield Suggestion(value, value, hint)

    def _suggest_date(self, prefix: str) -> Iterator[Suggestion]:
        today = self._today()
        try:
            date_ = read_date(prefix, today) if prefix else None
        except DateError:
            return
        for edtf in [date_.text] if date_ else [today.isoformat(), f"{today:%Y-%m}", f"{today:%Y}"]:
            yield Suggestion(edtf, edtf, humanise(edtf))

    def complete(self, line: str, asker: Asker, limit: int = 10) -> list[Completion]:
        """Suggest how a half-typed line may go on, best first."""
        if len(line) > LONGEST_TYPED:
            return []
        try:
            text = clean(line)
            found = self._go_on(f"{text} " if text and line[-1].isspace() else text, asker, limit)
            return [one for one in found if one.line.rstrip() != text][:limit]
        except Exception:
            log.exception("completion failed")
            return []

    def _go_on(self, text: str, asker: Asker, limit: int) -> list[Completion]:
        head, space, rest = text.partition(" ")
        if not space:
            typed = head.lstrip("/").lower()
            names = [command for command in self.registry if command.name.startswith(typed)]
            return [Completion(f"/{one.name} ", f"/{one.name}", one.summary) for one in names]
        command = self.registry.get(head)
        inner, inner_space, after = rest.partition(" ")
        if command and command.name == "briefing" and inner_space and (nested := self.registry.get(inner)):
            command, rest = nested, after
        if command is None:
            return []
        return self._complete(command, text[: len(text) - len(rest)], rest, asker, limit)

    def _complete(
        self, command: Command, before: str, rest: str, asker: Asker, limit: int
    ) -> list[Completion]:
        tokens = tokenize(rest)
        open_ = tokens[-1] if tokens and not rest.endswith(" ") else None
        option = command.option(open_.name) if open_ and open_.name else None
        if open_ and option:
            lead = f"{before}{rest[: open_.start]}{option.name}:"
            values = self.suggest(command.name, option.name, open_.value, asker, limit)
            return [Completion(lead + quote(one.value), one.label, one.hint) for one in values]
        loose = [token for token in tokens if not (token.name and command.option(token.name))]
        named = (command.option(token.name) for token in tokens if token.name)
        given = {one.name for one in named if one}
        found: list[Completion] = []
        takes = next((one for one in command.options if one.name not in given and one not in COMMON), None)
        at_end = tokens[len(tokens) - len(loose) :] == loose
        if takes and takes.kind is not OptionKind.WORDS and at_end:
            start = loose[0].start if loose else len(rest)
            prefix = " ".join(token.value for token in loose)
            offered = self.suggest(command.name, takes.name, prefix, asker, limit)
            lead = before + rest[:start]
            if not takes.required and takes is not command.options[0]:
                lead += f"{takes.name}:"
            found = [Completion(lead + quote(one.value), one.label, one.hint) for one in offered]
        start = open_.start if open_ else len(rest)
        typed = (open_.value if open_ else "").lower()
        names = [one for one in command.options if one.name not in given and one.name.startswith(typed)]
        names = [one for one in names if not one.required and not (loose and one is takes and not open_)]
        found += [Completion(f"{before}{rest[:start]}{one.name}:", f"{one.name}:", one.help) for one in names]
        return found


def _offer(thing: Thing) -> Suggestion:
    return Suggestion(thing.ref, thing.label, thing.ref)


def _parameter(option: str) -> str:
    name = option.replace("-", "_")
    return f"{name}_" if name in {"from", "in", "is"} else name


def _carry(reply: Reply, command: Command, asked: dict[str, str]) -> Reply:
    """Let every command in a reply keep the day and the dossier that the answer was asked for.

    Where a choice asks the same command again, it keeps the dates and choices that were given too.
    """
    tail = _tail(asked, COMMON)
    shaped = [one for one in command.options if one.kind in SHAPED and one not in COMMON]
    again = _tail(asked, shaped) if reply.kind in {Kind.ASK, Kind.NONE} else ""
    if not tail and not again:
        return reply
    same = f"/{command.name} "
    actions = tuple(
        Action(one.label, one.command + (again if one.command.startswith(same) else "") + tail, one.hint)
        for one in reply.actions
    )
    sources = tuple(msgspec.structs.replace(one, command=one.command + tail) for one in reply.sources)
    reply = msgspec.structs.replace(reply, actions=actions, sources=sources)
    return change_spans(
        reply, lambda span: Name(span.text, span.command + tail) if isinstance(span, Name) else span
    )


def _tail(asked: dict[str, str], options: Iterable[Option]) -> str:
    return "".join(f" {one.name}:{quote(asked[one.name])}" for one in options if one.name in asked)
