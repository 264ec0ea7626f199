"""How a half-typed line may go on, whatever the platform: from the declarations and the base."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from typing import Final

import structlog

from bot.desk import Asker, Completion, Office, Suggestion
from bot.facts.base import FactBase
from bot.facts.deadline import TooSlowError
from bot.facts.edtf import DateError
from bot.facts.humanise import humanise, read_date
from bot.parse import clean, cut_line, quote, tokenize
from bot.registry import COMMON, Command, Option, OptionKind, Registry

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


class Completer:
    """Suggests values and lines, and never raises.

    `base` gives what a place sees; `office` knows schedules and watches; inside `limited()` what takes too
    long is stopped.
    """

    def __init__(
        self,
        registry: Registry,
        base: Callable[[Asker], FactBase],
        today: Callable[[], date],
        office: Office | None = None,
        limited: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.registry = registry
        self._base = base
        self._today = today
        self.office = office
        self._limited = limited

    def suggest(
        self, command: str, option: str, prefix: str, asker: Asker, limit: int = 25
    ) -> list[Suggestion]:
        """Suggest values of an option, best first."""
        try:
            declared = self.registry.get(command)
            one = declared.option(option) if declared else None
            if one is None or len(prefix) > LONGEST_TYPED:
                return []
            with self._limited():
                return self._suggest(one, clean(prefix), asker, limit)[:limit]
        except TooSlowError:
            log.warning("suggestion took too long", command=command[:40], option=option[:40])
            return []
        except Exception:
            log.exception("suggestion failed", command=command[:40], option=option[:40])
            return []

    def _suggest(self, option: Option, prefix: str, asker: Asker, limit: int) -> list[Suggestion]:
        if option.kind in THINGS or option.kind is OptionKind.FACT:
            base = self._base(asker)
            if option.kind is OptionKind.FACT:
                things = base.complete_fact(prefix.lower(), limit)
            else:
                things = []
                for kind in THINGS[option.kind]:
                    if len(things) < limit:
                        things += base.complete(prefix, kind, limit)
            return [Suggestion(thing.ref, thing.label, thing.ref) for thing in things]
        if option.kind is OptionKind.DATE:
            return list(self._suggest_date(prefix))
        if option.kind is OptionKind.LINE:
            lines = self._go_on(prefix, asker, limit)
            return [Suggestion(one.line.rstrip(), one.label, one.hint) for one in lines]
        if option.kind in {OptionKind.SCHEDULE, OptionKind.WATCH}:
            return list(self._suggest_kept(option.kind, prefix.lower(), asker))
        return list(self._suggest_declared(option, prefix.lower(), asker))

    def _suggest_declared(self, option: Option, prefix: str, asker: Asker) -> Iterator[Suggestion]:
        values: dict[str, str] = {}
        if option.kind is OptionKind.DOSSIER:
            values = {record.id: record.title for record in self._base(asker).records()}
        elif option.kind is OptionKind.COMMAND:
            values = {command.name: command.summary for command in self.registry}
        elif option.kind is OptionKind.CHOICE:
            values = dict.fromkeys(option.choices, "")
        for value, hint in values.items():
            if value.startswith(prefix):
                yield Suggestion(value, value, hint)

    def _suggest_kept(self, kind: OptionKind, prefix: str, asker: Asker) -> Iterator[Suggestion]:
        known: Sequence[Suggestion] = ()
        if self.office:
            is_schedule = kind is OptionKind.SCHEDULE
            known = self.office.known_schedules(asker) if is_schedule else self.office.known_watches(asker)
        begin = [one for one in known if one.value.startswith(prefix)]
        yield from begin
        yield from (one for one in known if one not in begin and prefix in one.label.lower())

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
        _, line = cut_line(command, rest)
        if line:
            lead = before + rest[: len(rest) - len(line)]
            inner = self._go_on(line, asker, limit)
            return [Completion(lead + one.line, one.label, one.hint) for one in inner]
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
        options = command.options
        is_told = bool(loose) and loose[0] is not open_
        if is_told and options and options[0].required and options[0].kind is OptionKind.CHOICE:
            given.add(options[0].name)
            first = loose.pop(0).value
            options = tuple(one for one in options if one.goes_with(first))
        found: list[Completion] = []
        takes = next((one for one in options if one.name not in given and one not in COMMON), None)
        at_end = tokens[len(tokens) - len(loose) :] == loose
        if takes and not takes.kind.is_free and at_end:
            start = loose[0].start if loose else len(rest)
            prefix = " ".join(token.value for token in loose)
            offered = self.suggest(command.name, takes.name, prefix, asker, limit)
            lead = before + rest[:start]
            if not (takes.required or takes is command.options[0] or takes.kind is OptionKind.SCHEDULE):
                lead += f"{takes.name}:"
            found = [Completion(lead + quote(one.value), one.label, one.hint) for one in offered]
        start = open_.start if open_ else len(rest)
        typed = (open_.value if open_ else "").lower()
        names = [one for one in options if one.name not in given and one.name.startswith(typed)]
        names = [one for one in names if not one.required and not (loose and one is takes and not open_)]
        found += [Completion(f"{before}{rest[:start]}{one.name}:", f"{one.name}:", one.help) for one in names]
        return found
