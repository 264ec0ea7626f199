"""The desk: one place where a call meets the base and becomes a reply, whatever the platform."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final, Protocol

import msgspec
import structlog

from bot.answers.pick import missing
from bot.answers.usage import misread
from bot.desk import Asker, Call, Completion, Suggestion
from bot.facts.base import FactBase, Thing
from bot.facts.edtf import DateError, Edtf
from bot.facts.humanise import humanise, read_date
from bot.facts.snapshot import Snapshot
from bot.parse import Misread, clean, quote, read_line, tokenize, type_arguments, write_line
from bot.registry import COMMON, Command, Option, OptionKind, Registry
from bot.reply import Action, Footer, Kind, Name, Reply, change_spans

log = structlog.get_logger(__name__)

THINGS: Final = {
    OptionKind.NAME: ("entity",),
    OptionKind.TOPIC: ("topic",),
    OptionKind.ABOUT: ("entity", "topic"),
    OptionKind.SOURCE: ("source",),
}
"""What completes an option that takes the name of something."""


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
    which a failure is found in the log.
    """

    def __init__(
        self,
        registry: Registry,
        library: Library,
        *,
        today: Callable[[], date],
        reference: Callable[[], str] = lambda: secrets.token_hex(4),
    ) -> None:
        self.registry = registry
        self._library = library
        self._today = today
        self._reference = reference

    @property
    def notice(self) -> str:
        """Empty, or one sentence that says why an older snapshot answers."""
        return self._library.notice

    def canonical(self, call: Call) -> str:
        """Return the line that asks the same."""
        return write_line(call, self.registry)

    def ask(self, line: str, asker: Asker) -> Reply:
        """Answer a typed line."""
        try:
            call = read_line(line, self.registry)
        except Misread as error:
            return self._misread(error)
        return self.answer(call, asker)

    def answer(self, call: Call, asker: Asker) -> Reply:
        """Answer a call whose arguments are told apart."""
        try:
            return self._answer(call, asker)
        except Misread as error:
            return self._misread(error)
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
            return self.ask(f"/{call.command[:40]}", asker) if call.command else self.ask("", asker)
        arguments = type_arguments(command, call, self._today())
        day = self._day(command, arguments.pop("as-of", None))
        base = self._base(asker, arguments.pop("in", ""), day)
        for option in command.options:
            if option.required and option.name not in arguments:
                return self._footed(self._missing(base, command, option), base, call)
        reply = command.run(base, **{_parameter(command, name): value for name, value in arguments.items()})
        carried = {name: call.arguments[name] for name in ("as-of", "in") if call.arguments.get(name)}
        return self._footed(_carry(reply, carried), base, call)

    def _day(self, command: Command, as_of: Edtf | None) -> date:
        """Return the last day that `as-of:` may mean, but none that is still to come."""
        today = self._today()
        if as_of is None or as_of.latest is None:
            return today
        if as_of.earliest is not None and as_of.earliest > today.toordinal():
            sentence = (
                f"as-of: {humanise(as_of)} is still to come; give a day up to {humanise(today.isoformat())}."
            )
            raise Misread(sentence, command)
        return date.fromordinal(min(as_of.latest, today.toordinal()))

    def _base(self, asker: Asker, dossier: str, day: date) -> FactBase:
        snapshot = self._library.snapshot
        visible = [
            one for one in sorted(snapshot.dossiers) if asker.dossiers is None or one in asker.dossiers
        ]
        if dossier and dossier not in visible:
            known = f"Here are: {', '.join(visible)}." if visible else "None is to be seen from here."
            raise Misread(f"There is no dossier {dossier[:40]!r}. {known}")
        return FactBase(snapshot, [dossier] if dossier else visible, day)

    def _missing(self, base: FactBase, command: Command, option: Option) -> Reply:
        if option.kind is OptionKind.WORDS:
            return misread(f"/{command.name} needs words to look for.", command)
        noun = "name" if option.kind is OptionKind.NAME else option.name
        sentence = f"Which {noun} do you mean? Write /{command.name} {option.name.upper()}, or choose."
        kinds = THINGS.get(option.kind)
        if kinds:
            things = base.complete("", kinds[0], 5)
        else:
            things = [
                base.thing("fact", one.dossier, one.id) for one, _ in zip(base.best(), range(5), strict=False)
            ]
        return missing(sentence, command.name, option.name, things)

    def _footed(self, reply: Reply, base: FactBase, call: Call) -> Reply:
        arguments = dict(call.arguments) | {"as-of": base.as_of.isoformat()}
        if len(base.dossiers) == 1 < len(base.snapshot.dossiers):
            arguments["in"] = base.dossiers[0]
        footer = Footer(
            snapshot=base.snapshot.id,
            as_of=humanise(base.as_of.isoformat()),
            facts=base.count,
            command=self.canonical(msgspec.structs.replace(call, arguments=arguments)),
            notice=self.notice if call.command == "help" else "",
        )
        return msgspec.structs.replace(reply, footer=footer)

    def _misread(self, error: Misread) -> Reply:
        choices = tuple(Action(line, line) for line in error.lines)
        return misread(str(error), error.command, choices)

    # --- completion ------------------------------------------------------------------------------------

    def suggest(
        self, command: str, option: str, prefix: str, asker: Asker, limit: int = 25
    ) -> list[Suggestion]:
        """Suggest values of an option, best first."""
        try:
            declared = self.registry.get(command)
            one = declared.option(option) if declared else None
            if one is None or len(prefix) > 200:
                return []
            return list(self._suggest(one, clean(prefix), asker, limit))[:limit]
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
        text = line.lstrip()
        head, space, rest = text.partition(" ")
        if not space:
            typed = head.lstrip("/").lower()
            names = [command for command in self.registry if command.name.startswith(typed)]
            return [Completion(f"/{one.name} ", f"/{one.name}", one.summary) for one in names][:limit]
        command = self.registry.get(head)
        inner, inner_space, after = rest.partition(" ")
        if command and command.name == "briefing" and inner_space and (nested := self.registry.get(inner)):
            command, rest = nested, after
        if command is None or len(text) > 500:
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
        given = {token.name for token in tokens if token not in loose}
        found: list[Completion] = []
        takes = next((one for one in command.options if one.name not in given and one not in COMMON), None)
        if takes and takes.kind is not OptionKind.WORDS and len(loose) == len(tokens) - len(given):
            start = loose[0].start if loose else len(rest)
            prefix = " ".join(token.value for token in loose)
            offered = self.suggest(command.name, takes.name, prefix, asker, limit)
            lead = before + rest[:start]
            named = "" if takes.required or takes is command.options[0] else f"{takes.name}:"
            found = [Completion(lead + named + quote(one.value), one.label, one.hint) for one in offered]
        start = open_.start if open_ else len(rest)
        typed = (open_.value if open_ else "").lower()
        names = [one for one in command.options if one.name not in given and one.name.startswith(typed)]
        names = [one for one in names if not one.required and not (loose and one is takes and not open_)]
        found += [Completion(f"{before}{rest[:start]}{one.name}:", f"{one.name}:", one.help) for one in names]
        return [one for one in found if one.line.rstrip() != (before + rest).rstrip()][:limit]


def _offer(thing: Thing) -> Suggestion:
    return Suggestion(thing.ref, thing.label, thing.ref)


def _parameter(command: Command, option: str) -> str:
    name = option.replace("-", "_")
    return f"{name}_" if name in {"from", "in", "is"} else name


def _carry(reply: Reply, carried: dict[str, str]) -> Reply:
    """Let every command in a reply keep the day and the dossier that the answer was asked for."""
    if not carried:
        return reply
    tail = "".join(f" {name}:{quote(value)}" for name, value in carried.items())
    actions = tuple(Action(one.label, one.command + tail, one.hint) for one in reply.actions)
    sources = tuple(msgspec.structs.replace(one, command=one.command + tail) for one in reply.sources)
    reply = msgspec.structs.replace(reply, actions=actions, sources=sources)
    return change_spans(
        reply, lambda span: Name(span.text, span.command + tail) if isinstance(span, Name) else span
    )
