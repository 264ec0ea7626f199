"""The desk: one place where a call meets the base and becomes a reply, whatever the platform."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, Protocol

import msgspec
import structlog

from bot.answers.pick import missing
from bot.answers.usage import misread
from bot.completion import THINGS, Completer
from bot.desk import Asker, Call, Completion, Office, Suggestion
from bot.facts.base import FactBase
from bot.facts.deadline import TooSlowError, limited
from bot.facts.edtf import Edtf
from bot.facts.humanise import humanise
from bot.facts.snapshot import Snapshot
from bot.parse import (
    LONGEST,
    SHAPED,
    Misread,
    clean,
    no_command,
    quote,
    read_day,
    read_line,
    type_arguments,
    write_line,
)
from bot.registry import AS_OF, COMMON, Command, Option, OptionKind, Registry
from bot.reply import Action, Footer, Kind, Name, Note, Reply, change_spans, line

log = structlog.get_logger(__name__)


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
    which a failure is found in the log. `office` does what acting commands say, where there is one; `clock`
    tells seconds of work, to stop what takes too long.
    """

    def __init__(
        self,
        registry: Registry,
        library: Library,
        *,
        today: Callable[[], date],
        reference: Callable[[], str] = lambda: secrets.token_hex(4),
        office: Office | None = None,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self.registry = registry
        self._library = library
        self._today = today
        self._reference = reference
        self._office = office
        self._clock = clock
        self._completer = Completer(
            registry, lambda asker: self._base(asker, "", today()), today, office, self._limited
        )

    @property
    def office(self) -> Office | None:
        """The room that acts; it may be opened and closed while answers are given."""
        return self._office

    @office.setter
    def office(self, office: Office | None) -> None:
        self._office = self._completer.office = office

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
            with self._limited():
                return self._answer(call, asker)
        except Misread as error:
            return self._misread(error, asker)
        except TooSlowError:
            log.warning("answer took too long", command=call.command[:40])
            return self._narrow(call)
        except Exception:
            return self._failed(call, "nothing was changed")

    def _failed(self, call: Call, changed: str) -> Reply:
        """Say that something broke, and note in the log what."""
        reference = self._reference()
        log.exception("answer failed", command=call.command[:40], reference=reference)
        sentence = f"Something went wrong here; {changed}. Tell your operator the mark {reference}."
        return Reply(kind=Kind.FAILURE, title="No answer", summary=sentence)

    # --- acting ----------------------------------------------------------------------------------------

    def acts(self, line: str) -> bool:
        """Say whether a typed line is for a command that changes something."""
        head, _, rest = clean(line[:LONGEST]).partition(" ")
        command = self.registry.get(head)
        if command and command.name == "briefing":
            command = self.registry.get(rest.partition(" ")[0]) or command
        return command is not None and command.acts

    async def act(self, line: str, asker: Asker) -> Reply:
        """Do what a typed line says; a line that changes nothing is answered."""
        if not self.acts(line):
            return self.ask(line, asker)
        call = Call("")
        try:
            call = read_line(line, self.registry, self._visible(asker))
            command = self._command(call)
            arguments = type_arguments(command, call, self._today())
            lacking = _lacking(command, arguments)
            if lacking:
                raise Misread(f"/{command.name} needs {lacking.name.upper()}: {lacking.help}.", command)
            if self._office is None:
                sentence = (
                    "Schedules and watches are served by `briefing-bot run`, which is not running here."
                )
                return Reply(kind=Kind.FAILURE, title="Not served here", summary=sentence)
            given = {_parameter(name): value for name, value in arguments.items()}
            reply: Reply = await command.run(self._office, asker, **given)
            return reply
        except Misread as error:
            # The office knows what is wrong, not how the command is written.
            error.command = error.command or self.registry.get(call.command)
            return self._misread(error, asker)
        except Exception:
            return self._failed(call, "see with /schedule list and /watches whether anything was changed")

    # --- answering -------------------------------------------------------------------------------------

    def _command(self, call: Call) -> Command:
        command = self.registry.get(call.command)
        if command is None:
            raise no_command(f"/{clean(call.command)}", "", self.registry)
        return command

    def _answer(self, call: Call, asker: Asker) -> Reply:
        command = self._command(call)
        if command.acts:
            raise Misread(f"/{command.name} changes something, and only answers are given here.", command)
        today = self._today()
        arguments = type_arguments(command, call, today)
        # What was asked, in words that mean the same on another day.
        asked = {name: one.text if isinstance(one, Edtf) else one for name, one in arguments.items()}
        day = read_day(arguments.pop("as-of", None), today, command)
        if "as-of" in asked:
            asked["as-of"] = day.isoformat()
        base = self._base(asker, arguments.pop("in", ""), day)
        lacking = _lacking(command, arguments)
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
        known = self._library.snapshot.dossiers
        return sorted(known if asker.dossiers is None else known.keys() & asker.dossiers)

    def _missing(self, base: FactBase, command: Command, option: Option) -> Reply:
        if option.kind.is_free:
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

    def _limited(self) -> AbstractContextManager[None]:
        """Stop what is asked of the snapshot inside the `with` when it takes too long."""
        return limited(self._library.snapshot.db, self._clock)

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
        choices = tuple(Action(one, one) for one in error.lines if self._is_understood(one, asker))
        return misread(str(error), error.command, choices)

    def _is_understood(self, line: str, asker: Asker) -> bool:
        if not self.acts(line):
            return self.ask(line, asker).kind not in {Kind.USAGE, Kind.FAILURE}
        try:
            call = read_line(line, self.registry)
            return not _lacking(self._command(call), type_arguments(self._command(call), call, self._today()))
        except Misread:
            return False

    # --- completion ------------------------------------------------------------------------------------

    def suggest(
        self, command: str, option: str, prefix: str, asker: Asker, limit: int = 25
    ) -> list[Suggestion]:
        """Suggest values of an option, best first."""
        return self._completer.suggest(command, option, prefix, asker, limit)

    def complete(self, line: str, asker: Asker, limit: int = 10) -> list[Completion]:
        """Suggest how a half-typed line may go on, best first."""
        return self._completer.complete(line, asker, limit)


def _lacking(command: Command, arguments: dict[str, Any]) -> Option | None:
    return next((one for one in command.options if one.required and one.name not in arguments), None)


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
