"""What Slack delivers, told apart: pure, and never surprised by a payload of another shape."""

from __future__ import annotations

import html
import re
from typing import Any, Final

import msgspec

from bot.adapters.slack import presses
from bot.adapters.slack.names import Names
from bot.adapters.slack.render import ASK, NAME, PAGE, PICK, SHARE

LONGEST_TEXT: Final = 40_000
LOOK_UP: Final = "look_up"
"""The callback id of the message shortcut."""

DIRECT: Final = "direct"
"""The block id that marks a message between the bot and one person: a press on it tells where it is."""

_OWN_SUBTYPES: Final = frozenset({"", "file_share", "thread_broadcast"})
_MENTION: Final = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>[\s,:]*")
_LINK: Final = re.compile(r"<(?:https?|mailto):[^|>]*\|([^>]*)>|<((?:https?|mailto):[^|>]*)>")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where something happens in Slack, all as Slack's ids.

    `is_direct` says that only the user and the bot are there. A channel id that begins with D does not: a
    command can be typed, and a shortcut used, in the direct messages of two people.
    """

    team: str = ""
    enterprise: str = ""
    is_enterprise_install: bool = False
    channel: str = ""
    user: str = ""
    thread: str = ""
    is_direct: bool = False


class Typed(msgspec.Struct, frozen=True):
    """A line was typed: as a slash command, to the bot in a channel, or in a direct message."""

    line: str


class Pressed(msgspec.Struct, frozen=True):
    """A button with our state was pressed; `action` is what the action id begins with."""

    action: str
    press: presses.Press


class Chosen(msgspec.Struct, frozen=True):
    """A name was chosen from the menu of a page."""

    line: str


class Picked(msgspec.Struct, frozen=True):
    """A value was picked for an option that a command still wanted.

    `rest` is what else the line asked; when it begins with `#`, the key under which the state keeps it.
    """

    command: str
    option: str
    value: str
    rest: str = ""


class Suggest(msgspec.Struct, frozen=True):
    """Slack asks what completes an option; the acknowledgement carries the answer."""

    command: str
    option: str
    prefix: str


class LookUp(msgspec.Struct, frozen=True):
    """The shortcut on a message was used; `text` is the message."""

    text: str


class HomeOpened(msgspec.Struct, frozen=True):
    """The user opened the bot's Home tab."""


class Removed(msgspec.Struct, frozen=True):
    """The app was uninstalled or its bot tokens were revoked."""


Said = Typed | Pressed | Chosen | Picked | Suggest | LookUp | HomeOpened | Removed


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery. `key` is the same for all its repetitions; empty where repeating does no harm.

    `ephemeral` says whether the message that was acted on is seen by the user only; `surface` is where it
    stands: `message`, `modal` or `home`; `message` is its `ts`.
    """

    said: Said
    place: Place
    key: str = ""
    response_url: str = ""
    trigger: str = ""
    ephemeral: bool = False
    surface: str = "message"
    view: str = ""
    message: str = ""


def read(body: Any, names: Names) -> Incoming | None:
    """Return what a verified payload says, or None if it is nothing for us."""
    incoming = _read(body, names) if isinstance(body, dict) else None
    if incoming is None or isinstance(incoming.said, Removed | Suggest) or incoming.place.user:
        return incoming
    return None


def _read(body: dict[str, Any], names: Names) -> Incoming | None:
    kind = _text(body, "type")
    if kind == "event_callback":
        return _event(body, names)
    if kind == "block_suggestion":
        option, command, _ = _pick(_text(body, "action_id"))
        said: Said = Suggest(command, option, unescape(_text(body, "value")))
        return Incoming(said=said, place=_place(body)) if command else None
    if kind == "block_actions":
        return _action(body)
    if kind == "message_action" and _text(body, "callback_id") == LOOK_UP:
        return _interaction(body, LookUp(unescape(_text(body, "message", "text"))))
    if not kind and _text(body, "command").strip("/"):
        line = names.line(_text(body, "command"), unescape(_text(body, "text")))
        return _interaction(body, Typed(line))
    return None


def unescape(text: str) -> str:
    """Return what the user typed: Slack escapes `&`, `<`, `>` and wraps links it finds."""
    shown = _LINK.sub(lambda match: match[1] or match[2], text[:LONGEST_TEXT])
    return html.unescape(re.sub(r"&(?!(?:amp|lt|gt);)", "&amp;", shown))


def _event(body: dict[str, Any], names: Names) -> Incoming | None:
    event = body.get("event")
    if not isinstance(event, dict):
        return None
    kind = _text(event, "type")
    said: Said | None = None
    if kind == "app_home_opened" and _text(event, "tab") == "home":
        said = HomeOpened()
    elif kind == "app_uninstalled" or (kind == "tokens_revoked" and _bots_revoked(event)):
        said = Removed()
    elif _by_a_person(event) and (
        kind == "app_mention" or (kind == "message" and _text(event, "channel_type") == "im")
    ):
        text = _text(event, "text").strip()
        if kind == "app_mention" or _MENTION.match(text):
            text = _to_the_bot(body, text)
        said = Typed(names.typed(unescape(text).strip()) or "/help")
    if said is None:
        return None
    place = _place(body)
    place = Place(
        team=place.team,
        enterprise=place.enterprise,
        is_enterprise_install=place.is_enterprise_install,
        channel=_text(event, "channel"),
        user=_text(event, "user"),
        thread=_text(event, "thread_ts"),
        is_direct=kind == "message",
    )
    key = _text(body, "event_id")
    return Incoming(said=said, place=place, key=f"event:{key}" if key else "")


def _to_the_bot(body: dict[str, Any], text: str) -> str:
    """Return what follows the bot's mention in a message, or what goes before it where nothing follows."""
    grants = body.get("authorizations")
    bot = _text(grants[0], "user_id") if isinstance(grants, list) and grants else ""
    found = list(_MENTION.finditer(text))
    own = next((one for one in found if one[1] == bot), found[0] if found else None)
    if own is None:
        return text
    after = text[own.end() :]
    return after if after.strip() else text[: own.start()]


def _by_a_person(event: dict[str, Any]) -> bool:
    return not event.get("bot_id") and _text(event, "subtype") in _OWN_SUBTYPES and bool(event.get("user"))


def _bots_revoked(event: dict[str, Any]) -> bool:
    tokens = event.get("tokens")
    return isinstance(tokens, dict) and bool(tokens.get("bot"))


def _action(body: dict[str, Any]) -> Incoming | None:
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    if not isinstance(first, dict):
        return None
    action_id = _text(first, "action_id")
    action = action_id.partition(":")[0]
    said: Said | None = None
    if action in {ASK, PAGE, SHARE}:
        press = presses.decode(_text(first, "value"))
        said = Pressed(action, press) if press else None
    elif action == NAME:
        line = _text(first, "selected_option", "value")
        said = Chosen(line) if line else None
    elif action == PICK:
        option, command, rest = _pick(action_id)
        value = _text(first, "selected_option", "value")
        said = Picked(command, option, value, rest) if command and value else None
    return _interaction(body, said) if said else None


def _interaction(body: dict[str, Any], said: Said) -> Incoming:
    trigger = _text(body, "trigger_id")
    view = _text(body, "view", "id")
    return Incoming(
        said=said,
        place=_place(body),
        key=f"trigger:{trigger}" if trigger else "",
        response_url=_text(body, "response_url"),
        trigger=trigger,
        ephemeral=_inside(body, "container", "is_ephemeral") is True,
        surface=(_text(body, "view", "type") or "modal") if view else "message",
        view=view,
        message=_text(body, "container", "message_ts"),
    )


def _pick(action_id: str) -> tuple[str, str, str]:
    """Split `pick:name:who:as-of:2024` into option, command and the rest."""
    action, option, command, rest, *_ = *action_id.split(":", 3), "", "", ""
    return (option, command, rest) if action == PICK else ("", "", "")


def _place(body: dict[str, Any]) -> Place:
    enterprise = _text(body, "enterprise", "id") or _text(body, "enterprise_id")
    grants = body.get("authorizations")
    grant = grants[0] if isinstance(grants, list) and grants and isinstance(grants[0], dict) else body
    return Place(
        team=_text(grant, "team_id") or _text(body, "team", "id") or _text(body, "team_id"),
        enterprise=_text(grant, "enterprise_id") or enterprise,
        is_enterprise_install=grant.get("is_enterprise_install") in (True, "true"),
        channel=_text(body, "channel", "id")
        or _text(body, "channel_id")
        or _text(body, "container", "channel_id"),
        user=_text(body, "user", "id") or _text(body, "user_id"),
        thread=_text(body, "container", "thread_ts") or _text(body, "message", "thread_ts"),
        is_direct=_is_marked(_inside(body, "message", "blocks")),
    )


def _is_marked(blocks: Any) -> bool:
    """Whether a message that was acted on is one of those that the bot wrote to a person."""
    return isinstance(blocks, list) and any(_text(one, "block_id") == DIRECT for one in blocks)


def _inside(one: Any, *path: str) -> Any:
    for name in path:
        one = one.get(name) if isinstance(one, dict) else None
    return one


def _text(one: Any, *path: str) -> str:
    """Return the string at a path of objects, or an empty one."""
    found = _inside(one, *path)
    return found if isinstance(found, str) else ""
