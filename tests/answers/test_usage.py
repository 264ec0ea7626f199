from __future__ import annotations

import pytest
from factory import EVERYWHERE, commands, text

from bot.answers.usage import explain, misread, overview
from bot.commands import REGISTRY
from bot.dispatch import Dispatcher
from bot.reply import Action, Fields, Kind


def test_help_lists_every_command_from_its_declaration() -> None:
    reply = overview(REGISTRY)
    (fields,) = (block for block in reply.blocks if isinstance(block, Fields))

    for command, field in zip(REGISTRY, fields.fields, strict=True):
        assert field.label.startswith(f"/{command.name}")
        assert command.summary in field.value.text
        assert command.example in field.value.text
    assert "as-of" in text(reply)


@pytest.mark.parametrize("command", list(REGISTRY), ids=lambda command: command.name)
def test_help_explains_every_option(command: object, coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask(f"/help {command.name}", EVERYWHERE)  # type: ignore[attr-defined]
    said = text(reply)

    assert reply.title == f"/{command.name}"  # type: ignore[attr-defined]
    assert f"Usage: {command.usage}" in said  # type: ignore[attr-defined]
    for option in command.options:  # type: ignore[attr-defined]
        assert option.help in said
        assert all(choice in said for choice in option.choices)


@pytest.mark.parametrize("name", ["who", "/who", "WHO", "whois"])
def test_help_knows_a_command_by_all_its_names(coast_desk: Dispatcher, name: str) -> None:
    assert coast_desk.ask(f"/help {name}", EVERYWHERE).title == "/who"


def test_help_on_a_command_that_does_not_exist(coast_desk: Dispatcher) -> None:
    reply = coast_desk.ask("/help whoo", EVERYWHERE)

    assert reply.kind is Kind.USAGE
    assert "There is no command" in reply.summary


def test_what_is_not_understood_says_how_it_is_written() -> None:
    who = REGISTRY.get("who")
    reply = misread("That was not understood.", who, (Action("/who x", "/who x"),))

    assert reply.kind is Kind.USAGE
    assert reply.summary == "That was not understood."
    assert "Usage: /who NAME [as-of] [in]" in text(reply)
    assert commands(reply) == ["/who x", "/help who"]
    assert commands(misread("No.", None)) == ["/help", "/help"]


def test_help_is_the_same_whoever_makes_it() -> None:
    who = REGISTRY.get("who")
    assert who is not None
    assert explain(who) == explain(who)
