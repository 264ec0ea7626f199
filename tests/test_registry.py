from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Annotated

import pytest

from bot.commands import REGISTRY
from bot.parse import read_line
from bot.registry import (
    AS_OF,
    CHOICE_COUNT,
    DESCRIPTION_LENGTH,
    IN,
    OPTION_COUNT,
    SLACK_RESERVED,
    DeclarationError,
    Option,
    OptionKind,
    Registry,
)
from bot.reply import Kind, Reply

WORDS = Option(OptionKind.WORDS, "Some words")


def declare(
    name: str = "ask",
    *,
    doc: str | None = "Ask something.",
    slack: str = "",
    parameters: dict[str, Option] | None = None,
    optional: int = 0,
    registry: Registry | None = None,
) -> Registry:
    """Declare a command whose last `optional` parameters have a default."""

    def run(base: object, **given: object) -> Reply:
        raise AssertionError(base, given)

    declared = parameters or {}
    required = len(declared) - optional
    run.__name__ = name
    run.__doc__ = doc
    run.__annotations__ = {key: Annotated[str, option] for key, option in declared.items()} | {"base": object}
    run.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter("base", Parameter.POSITIONAL_OR_KEYWORD),
            *(
                Parameter(
                    key, Parameter.KEYWORD_ONLY, default=Parameter.empty if place < required else "default"
                )
                for place, key in enumerate(declared)
            ),
        ]
    )
    registry = registry or Registry()
    registry.command(example=f"/{name}", slack=slack)(run)
    return registry


def test_a_command_is_made_of_its_function() -> None:
    registry = Registry()

    @registry.command(example="/from-where 2024", as_of=1)
    def from_where_(
        base: object,
        *,
        name: Annotated[str, WORDS],
        from_: Annotated[str, Option(OptionKind.DATE, "The first day")] = "",
        length: Annotated[str, Option(OptionKind.CHOICE, "How much", ("short", "full"))] = "full",
    ) -> Reply:
        """Say where from.

        This is for programmers.
        """
        return Reply(kind=Kind.ANSWER, title=f"{base} {name} {from_} {length}", summary="")

    (command,) = registry
    assert (command.name, command.summary, command.slack) == ("from-where", "Say where from", "from-where")
    assert [option.name for option in command.options] == ["name", "as-of", "from", "length", "in"]
    assert [option.required for option in command.options] == [True, False, False, False, False]
    assert command.usage == "/from-where NAME [as-of] [from] [length:short|full] [in]"
    assert command.run("b", name="n").title == "b n  full"
    assert len(registry) == 1


def test_options_of_every_command_stand_where_the_declaration_says() -> None:
    registry = declare(parameters={"words": WORDS, "topic": WORDS}, optional=1)

    (command,) = registry
    assert command.options[-2:] == (AS_OF, IN)


@pytest.mark.parametrize("written", ["as-of", "as_of", "AS-OF", "asof", "As_Of"])
def test_an_option_is_found_however_it_is_written(written: str) -> None:
    (command,) = declare()

    assert command.option(written) == AS_OF
    assert command.option("as") is None


def test_a_command_is_found_by_name_and_slack_alias() -> None:
    registry = declare("who", slack="whois")

    command = registry.get("who")
    assert command is not None
    assert registry.get("/WHO") is registry.get("whois") is command
    assert registry.get("") is registry.get("/") is registry.get("whom") is None


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (lambda: declare("Ask"), "lower case"),
        (lambda: declare("a" * 33), "at most 32"),
        (lambda: declare("fragè"), "lower case"),
        (lambda: declare("9lives"), "lower case"),
        (lambda: declare(parameters={"Words": WORDS}), "lower case"),
        (lambda: declare("who"), "Slack reserves /who"),
        (lambda: declare("ask", slack="search"), "Slack reserves /search"),
        (lambda: declare(registry=declare()), "taken"),
        (lambda: declare("asks", slack="ask", registry=declare()), "taken"),
        (lambda: declare("asks", slack="query", registry=declare(slack="query")), "taken"),
        (lambda: declare("query", slack="asked", registry=declare(slack="query")), "taken"),
        (lambda: declare(doc=None), "docstring is empty"),
        (lambda: declare(doc="\n"), "docstring is empty"),
        (lambda: declare(doc="x" * (DESCRIPTION_LENGTH + 1)), "description"),
        (lambda: declare(parameters={"words": Option(OptionKind.WORDS, "")}), "no description"),
        (lambda: declare(parameters={"words": Option(OptionKind.WORDS, "x" * 101)}), "description"),
        (
            lambda: declare(parameters={f"o{n}": WORDS for n in range(OPTION_COUNT - 1)}),
            f"more than {OPTION_COUNT} options",
        ),
        (
            lambda: declare(
                parameters={
                    "one": Option(OptionKind.CHOICE, "One of many", tuple(map(str, range(CHOICE_COUNT + 1))))
                }
            ),
            f"more than {CHOICE_COUNT} choices",
        ),
        (
            lambda: declare(parameters={"one": Option(OptionKind.CHOICE, "One", ("x" * 101,))}),
            "choice is longer",
        ),
        (lambda: declare(parameters={"in_": WORDS}), "two options share a name"),
        (
            lambda: declare(
                parameters={
                    f"o{n}": Option(
                        OptionKind.CHOICE, "One of many", tuple(f"{m:050}" for m in range(CHOICE_COUNT))
                    )
                    for n in range(4)
                }
            ),
            "8000 characters",
        ),
    ],
)
def test_what_a_platform_would_refuse_is_refused_at_once(refused: Callable[[], Registry], why: str) -> None:
    with pytest.raises(DeclarationError, match=why):
        refused()


def test_a_required_option_cannot_stand_behind_an_optional_one() -> None:
    registry = Registry()

    def ask(base: object, *, topic: Annotated[str, WORDS] = "", words: Annotated[str, WORDS]) -> Reply:
        """Ask something."""
        raise AssertionError(base, topic, words)

    with pytest.raises(DeclarationError, match="behind an optional one"):
        registry.command(example="/ask")(ask)
    assert len(registry) == 0


def test_a_common_option_cannot_stand_before_a_required_one() -> None:
    registry = Registry()

    def ask(base: object, *, words: Annotated[str, WORDS]) -> Reply:
        """Ask something."""
        raise AssertionError(base, words)

    with pytest.raises(DeclarationError, match="behind an optional one"):
        registry.command(example="/ask", as_of=0)(ask)


def test_all_problems_of_a_declaration_are_told_at_once() -> None:
    with pytest.raises(DeclarationError) as refused:
        declare("Who", doc="", slack="who")

    assert str(refused.value).startswith("/Who: ")
    for part in ("lower case", "Slack reserves", "docstring"):
        assert part in str(refused.value)


# --- the commands that there are -----------------------------------------------------------------------

TABLE = {
    "briefing": "/briefing [topic] [as-of] [since] [length:short|full] [in]",
    "who": "/who NAME [as-of] [in]",
    "timeline": "/timeline [about] [from] [to] [as-of] [in]",
    "search": "/search WORDS [topic] [as-of] [in]",
    "source": "/source SOURCE [as-of] [in]",
    "fact": "/fact FACT [as-of] [in]",
    "due": "/due [until] [as-of] [in]",
    "changes": "/changes [since] [as-of] [in]",
    "schedule": "/schedule add|list|show|pause|resume|remove|now|history"
    " [when] [what] [schedule] [quiet:say|skip] [grace]",
    "watch": "/watch [about] [topic]",
    "unwatch": "/unwatch [watch] [topic]",
    "watches": "/watches",
    "help": "/help [command] [as-of] [in]",
}


def test_the_commands_and_their_options_in_order() -> None:
    assert {command.name: command.usage for command in REGISTRY} == TABLE


def test_no_command_has_a_name_that_slack_keeps() -> None:
    assert SLACK_RESERVED.isdisjoint(command.slack for command in REGISTRY)


def test_every_example_is_a_line_of_its_command() -> None:
    assert [read_line(command.example, REGISTRY).command for command in REGISTRY] == list(TABLE)
