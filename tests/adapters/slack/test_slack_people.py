"""What posts need of people: to tell one something, and to know what one may do."""

from typing import Any

import pytest
from fakes.slack import SCOPES, TOKEN, Fault
from fakes.slack_payloads import TEAM, USER
from slack_kit import REGISTRY, Kit, kit_fixture, slack_fixture, state_fixture  # noqa: F401 - fixtures

from bot.adapters.slack.app import OneWorkspace
from bot.adapters.slack.names import Names
from bot.adapters.slack.posting import SlackChat
from bot.adapters.slack.teams import Teams
from bot.posting import Outcome, Person, PostError, Rights

ADA = Person(platform="slack", workspace=TEAM, user=USER)
GROUP = "S0EDITORS"


def chat(kit: Kit, *groups: str) -> SlackChat:
    teams = Teams(OneWorkspace(kit.web.client(TOKEN)), kit.state)
    return SlackChat(teams, kit.state, Names(REGISTRY), groups)


@pytest.mark.parametrize(
    ("user", "manages"),
    [
        ({}, False),
        ({"is_admin": True}, True),
        ({"is_owner": True}, True),
        ({"is_primary_owner": True}, True),
        ({"is_admin": "true"}, False),
        ({"is_admin": True, "deleted": True}, False),
        ({"is_admin": True, "is_restricted": True}, False),
        ({"is_admin": True, "is_stranger": True}, False),
        ({"is_admin": True, "is_bot": True}, False),
        ({"is_admin": True, "team_id": "T0OTHER"}, False),
        ({"is_admin": True, "team_id": "T0OTHER", "enterprise_user": {"teams": [TEAM]}}, True),
        ({"is_admin": True, "team_id": "T0OTHER", "enterprise_user": {"teams": None}}, False),
    ],
)
async def test_who_manages_the_workspace(kit: Kit, user: dict[str, Any], manages: bool) -> None:
    kit.slack.users[USER] |= user
    assert await chat(kit).rights(ADA) == Rights(manages=manages)
    assert not [method for method, _ in kit.slack.calls if method.startswith("usergroups")]


async def test_somebody_unknown_may_nothing(kit: Kit) -> None:
    kit.slack.users.clear()
    assert await chat(kit, GROUP).rights(ADA) == Rights()


async def test_groups_are_looked_up_where_the_configuration_names_them(kit: Kit) -> None:
    kit.slack.tokens[TOKEN] = f"{SCOPES},usergroups:read"
    kit.slack.groups |= {GROUP: [USER], "S0OTHERS": ["U0BEN"]}
    asked = chat(kit, GROUP, "S0OTHERS", "S0GONE", "editors")
    assert await asked.rights(ADA) == Rights(roles=frozenset({GROUP}))
    looked = [one["usergroup"] for method, one in kit.slack.calls if method == "usergroups.users.list"]
    assert looked == [GROUP, "S0OTHERS", "S0GONE"], "what is no group's id is not asked for"


@pytest.mark.parametrize(("scopes", "needed"), [("chat:write", "users:read"), (SCOPES, "usergroups:read")])
async def test_the_missing_scope_is_named(kit: Kit, scopes: str, needed: str) -> None:
    kit.slack.tokens[TOKEN] = scopes
    with pytest.raises(PostError, match=needed) as caught:
        await chat(kit, GROUP).rights(ADA)
    assert caught.value.outcome is Outcome.PERMANENT


@pytest.mark.parametrize("fault", [Fault.server(503), Fault.cut(), Fault.said("null"), Fault.said("<html>")])
async def test_rights_that_cannot_be_read_now_are_no_rights_but_a_failure(kit: Kit, fault: Fault) -> None:
    kit.slack.faults["users.info"] = [fault] * 3  # aiohttp asks again by itself: asking changes nothing
    with pytest.raises(PostError) as caught:
        await chat(kit).rights(ADA)
    assert caught.value.outcome is Outcome.TRANSIENT


@pytest.mark.parametrize("answer", ['{"ok":true}', '{"ok":true,"user":[]}', '{"ok":true,"user":null}'])
async def test_an_answer_of_another_shape_gives_no_rights(kit: Kit, answer: str) -> None:
    kit.slack.faults["users.info"] = [Fault.said(answer)]
    assert await chat(kit).rights(ADA) == Rights()


@pytest.mark.parametrize("user", ["", "abc", "<@U0ADA>", "u0ada", "C0NEWS", "U" * 10_000, "U0ADA\n"])
async def test_what_is_no_person_is_said(kit: Kit, user: str) -> None:
    person = Person(platform="slack", workspace=TEAM, user=user)
    for call in (chat(kit).rights(person), chat(kit).tell(person, "Hello.")):
        with pytest.raises(PostError, match="is not the id of a person") as caught:
            await call
        assert caught.value.outcome is Outcome.PERMANENT
    assert kit.slack.calls == []


async def test_a_person_is_told_in_plain_words(kit: Kit) -> None:
    await chat(kit).tell(ADA, "The channel <!channel> is *gone*.\nChoose & tell @here.")
    (message,) = kit.slack.messages
    assert message["channel"] == USER
    assert message["text"] == "The channel &lt;!channel&gt; is *gone*. Choose &amp; tell @here."
    (words,) = message["blocks"][0]["elements"][0]["elements"]
    assert words == {"type": "text", "text": "The channel <!channel> is *gone*. Choose & tell @here."}


async def test_words_without_end_are_shortened(kit: Kit) -> None:
    await chat(kit).tell(ADA, "word " * 10_000)
    assert len(kit.slack.messages[0]["text"]) <= 2_000


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.cut(), Outcome.UNKNOWN),
        (Fault.error("user_disabled"), Outcome.PERMANENT),
        (Fault.error("messages_tab_disabled"), Outcome.PERMANENT),
        (Fault.limited("1000000000"), Outcome.TRANSIENT),
    ],
)
async def test_what_could_not_be_told(kit: Kit, fault: Fault, outcome: Outcome) -> None:
    kit.slack.faults["chat.postMessage"] = [fault]
    with pytest.raises(PostError) as caught:
        await chat(kit).tell(ADA, "Hello.")
    assert caught.value.outcome is outcome
