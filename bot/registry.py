"""What a command is, declared once: its name, its typed options and what it answers.

From one declaration come Discord's application command, Slack's manifest entry, the terminal's and the
web page's completion, `/help` and the README's table of commands.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, TypeVar, get_type_hints

from bot.reply import Reply

COMMAND_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
"""Names that Slack and Discord both accept: lower case, at most 32 characters."""

DESCRIPTION_LENGTH: Final = 100
OPTION_COUNT: Final = 25
CHOICE_COUNT: Final = 25
DECLARATION_LENGTH: Final = 8_000
"""Discord's limits for one command: description or choice, options, choices, and all its texts together."""

SLACK_RESERVED: Final = frozenset(
    {
        "away",
        "collapse",
        "dnd",
        "expand",
        "feed",
        "join",
        "leave",
        "me",
        "msg",
        "mute",
        "open",
        "pro",
        "remind",
        "search",
        "shortcuts",
        "shrug",
        "status",
        "topic",
        "who",
    }
)
"""Commands that Slack keeps for itself; one of them in a manifest makes Slack refuse the whole manifest."""


class OptionKind(StrEnum):
    """What an option takes, and so what completes it."""

    NAME = "name"
    TOPIC = "topic"
    ABOUT = "about"
    """A name or a topic."""
    SOURCE = "source"
    FACT = "fact"
    DOSSIER = "dossier"
    COMMAND = "command"
    DATE = "date"
    CHOICE = "choice"
    WORDS = "words"
    LINE = "line"
    """A whole command line; it goes from the first `/` to the end, whatever it holds."""
    SCHEDULE = "schedule"
    """The id of a schedule of the place where it is typed."""
    WATCH = "watch"
    """The id of a watch of that place, or what it watches."""

    @property
    def is_free(self) -> bool:
        """Whether it takes any words, which nothing can complete."""
        return self in {OptionKind.WORDS, OptionKind.LINE}


@dataclass(frozen=True, slots=True)
class Option:
    """One typed option. `name` and `required` are filled in from the function's parameter.

    `only_with` are the values of the command's first option that it goes with, if not with all of them;
    `otherwise` is what a line without any argument says in its place.
    """

    kind: OptionKind
    help: str
    choices: tuple[str, ...] = ()
    only_with: tuple[str, ...] = ()
    otherwise: str = ""
    name: str = ""
    required: bool = False

    @property
    def hint(self) -> str:
        """The option in a usage line: `NAME`, `[as-of]`, `[length:short|full]`."""
        choices = "|".join(self.choices)
        if self.required:
            return choices or self.name.upper()
        return f"[{self.name}:{choices}]" if choices else f"[{self.name}]"

    def goes_with(self, first: str) -> bool:
        """Say whether it may be given beside that value of the command's first option."""
        return not self.only_with or first.lower() in self.only_with


AS_OF: Final = Option(OptionKind.DATE, "Answer with what could be known on that day", name="as-of")
IN: Final = Option(OptionKind.DOSSIER, "Answer from this dossier only", name="in")
COMMON: Final = (AS_OF, IN)
"""Options that every command takes that answers; what acts, acts now and in one place."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: `run(base, **options)` writes the reply; `slack` is the name it has in Slack.

    One that `acts` changes something: it is a coroutine function, `await run(office, asker, **options)`.
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    run: Callable[..., Any]
    slack: str
    example: str
    acts: bool = False

    @property
    def usage(self) -> str:
        """The usage line: `/who NAME [as-of] [in]`."""
        return " ".join((f"/{self.name}", *(option.hint for option in self.options)))

    def option(self, name: str) -> Option | None:
        """Return the option of that name; hyphens, underscores and case do not matter."""
        wanted = name.lower().replace("_", "-")
        for one in self.options:
            if one.name == wanted or one.name.replace("-", "") == wanted.replace("-", ""):
                return one
        return None


class DeclarationError(ValueError):
    """A declaration that some platform would refuse."""


Answer = TypeVar("Answer", bound=Callable[..., Reply | Awaitable[Reply]])


class Registry:
    """All commands, in the order of their declaration."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}

    def command(
        self, *, example: str, slack: str = "", as_of: int = OPTION_COUNT, acts: bool = False
    ) -> Callable[[Answer], Answer]:
        """Declare the decorated function as a command.

        The function's name is the command's name, the first line of its docstring the description, and each
        keyword parameter annotated with an :class:`Option` an option; one without a default is required.
        Every command that answers takes the options of :data:`COMMON` as well; `as_of` is the place of the
        first of them among the others, for arguments that are given by position. One that `acts` takes none
        of them.

        Raises:
            DeclarationError: a platform would refuse the declaration.
        """

        def declare(function: Answer) -> Answer:
            name = function.__name__.rstrip("_").replace("_", "-")
            summary = (inspect.getdoc(function) or "").partition("\n")[0].rstrip(".")
            own = tuple(_options(function))
            options = own if acts else (*own[:as_of], AS_OF, *own[as_of:], IN)
            command = Command(name, summary, options, function, slack or name, example, acts)
            _refuse(command, self._commands)
            self._commands[name] = command
            return function

        return declare

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def __len__(self) -> int:
        return len(self._commands)

    def get(self, name: str) -> Command | None:
        """Return the command of that name or Slack alias, or None."""
        wanted = name.lower().lstrip("/")
        by_name = self._commands.get(wanted)
        return by_name or next((one for one in self if one.slack == wanted), None)


def _options(function: Callable[..., Any]) -> Iterator[Option]:
    hints: dict[str, Any] = get_type_hints(function, include_extras=True)
    for parameter in inspect.signature(function).parameters.values():
        declared = [
            one for one in getattr(hints[parameter.name], "__metadata__", ()) if isinstance(one, Option)
        ]
        if declared:
            name = parameter.name.rstrip("_").replace("_", "-")
            yield replace(declared[0], name=name, required=parameter.default is parameter.empty)


def _refuse(command: Command, others: dict[str, Command]) -> None:
    problems = []
    for name in (command.name, command.slack, *(option.name for option in command.options)):
        if not COMMAND_NAME.fullmatch(name):
            problems.append(f"the name {name!r} must be lower case, at most 32 characters")
    if command.slack in SLACK_RESERVED:
        problems.append(f"Slack reserves /{command.slack}; declare an alias with slack=…")
    taken = {name for one in others.values() for name in (one.name, one.slack)}
    if not taken.isdisjoint({command.name, command.slack}):
        problems.append("the name is taken")
    if not command.summary:
        problems.append("the docstring is empty")
    texts = [command.summary, *(option.help for option in command.options)]
    choices = [choice for option in command.options for choice in option.choices]
    if not all(option.help for option in command.options):
        problems.append("an option has no description")
    if any(len(text) > DESCRIPTION_LENGTH for text in (*texts, *choices)):
        problems.append(f"a description or choice is longer than {DESCRIPTION_LENGTH} characters")
    if len(command.options) > OPTION_COUNT:
        problems.append(f"more than {OPTION_COUNT} options")
    if any(len(option.choices) > CHOICE_COUNT for option in command.options):
        problems.append(f"more than {CHOICE_COUNT} choices")
    names = [option.name for option in command.options]
    if len(set(names)) < len(names):
        problems.append("two options share a name")
    # A choice counts twice: as its name and as its value.
    if sum(map(len, (*texts, *choices, *choices, *names, command.name))) > DECLARATION_LENGTH:
        problems.append(f"more than {DECLARATION_LENGTH} characters in all")
    firsts = set(command.options[0].choices) if command.options else set()
    if any(not firsts.issuperset(option.only_with) for option in command.options):
        problems.append("an option goes with a choice that the first option does not have")
    required = [option.required for option in command.options]
    if required != sorted(required, reverse=True):
        problems.append("a required option stands behind an optional one")
    if problems:
        raise DeclarationError(f"/{command.name}: {'; '.join(problems)}.")
