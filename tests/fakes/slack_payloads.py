"""What Slack sends, as its documentation and slack_bolt's own tests show it."""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]
TEAM, USER, CHANNEL, DIRECT, BOT = "T0TEAM", "U0ADA", "C0NEWS", "D0ADA", "U0BOT"
_numbers = itertools.count(1)


def number() -> int:
    return next(_numbers)


def slash(command: str, text: str, response_url: str, **changes: Any) -> Json:
    return {
        "token": "legacy",
        "team_id": TEAM,
        "team_domain": "example",
        "channel_id": CHANNEL,
        "channel_name": "news",
        "user_id": USER,
        "user_name": "ada",
        "command": command,
        "text": text,
        "api_app_id": "A0APP",
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": f"13345224609.738474920.{number():032x}",
    } | changes


def event(inner: Json, **changes: Any) -> Json:
    return {
        "token": "legacy",
        "team_id": TEAM,
        "api_app_id": "A0APP",
        "event": inner,
        "type": "event_callback",
        "event_id": f"Ev{number():09d}",
        "event_time": 1_732_000_000,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    } | changes


def mention(text: str, **changes: Any) -> Json:
    inner = {
        "type": "app_mention",
        "user": USER,
        "text": f"<@{BOT}> {text}",
        "ts": f"1732000000.{number():06d}",
        "channel": CHANNEL,
        "event_ts": "1732000000.000100",
    }
    return event(inner | changes)


def direct(text: str, **changes: Any) -> Json:
    inner = {
        "type": "message",
        "channel_type": "im",
        "user": USER,
        "text": text,
        "ts": f"1732000000.{number():06d}",
        "channel": DIRECT,
        "event_ts": "1732000000.000100",
    }
    return event(inner | changes)


def home_opened(tab: str = "home") -> Json:
    return event({"type": "app_home_opened", "user": USER, "channel": DIRECT, "tab": tab, "event_ts": "1.1"})


def pressed(element: Json, response_url: str, *, ephemeral: bool = True, **changes: Any) -> Json:
    """The payload of a press on `element`; for a menu, give the chosen `selected_option`."""
    action = {
        "action_id": element["action_id"],
        "block_id": "b1",
        "type": element["type"],
        "action_ts": "1.1",
    }
    if element["type"] == "button":
        action |= {"value": element.get("value", ""), "text": element["text"]}
    else:
        action["selected_option"] = element["selected_option"]
    return {
        "type": "block_actions",
        "user": {"id": USER, "username": "ada", "name": "ada", "team_id": TEAM},
        "api_app_id": "A0APP",
        "token": "legacy",
        "container": {
            "type": "message",
            "message_ts": "1732000000.000200",
            "channel_id": CHANNEL,
            "is_ephemeral": ephemeral,
        },
        "trigger_id": f"13345224609.738474920.{number():032x}",
        "team": {"id": TEAM, "domain": "example"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": CHANNEL, "name": "news"},
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    } | changes


def pressed_in_view(element: Json, kind: str = "home") -> Json:
    made = pressed(element, "")
    for name in ("channel", "response_url", "state"):
        made.pop(name)
    return made | {
        "container": {"type": "view", "view_id": "V0VIEW"},
        "view": {"id": "V0VIEW", "team_id": TEAM, "type": kind, "hash": "1.abc"},
    }


def suggestion(action_id: str, value: str) -> Json:
    return {
        "type": "block_suggestion",
        "user": {"id": USER, "username": "ada", "name": "ada", "team_id": TEAM},
        "container": {"type": "message", "channel_id": CHANNEL, "is_ephemeral": True},
        "api_app_id": "A0APP",
        "token": "legacy",
        "action_id": action_id,
        "block_id": "b1",
        "value": value,
        "team": {"id": TEAM, "domain": "example"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": CHANNEL, "name": "news"},
    }


def shortcut(text: str, response_url: str) -> Json:
    return {
        "type": "message_action",
        "token": "legacy",
        "action_ts": "1.1",
        "team": {"id": TEAM, "domain": "example"},
        "user": {"id": USER, "username": "ada", "team_id": TEAM, "name": "ada"},
        "channel": {"id": CHANNEL, "name": "news"},
        "is_enterprise_install": False,
        "enterprise": None,
        "callback_id": "look_up",
        "trigger_id": f"13345224609.738474920.{number():032x}",
        "response_url": response_url,
        "message_ts": "1732000000.000300",
        "message": {"type": "message", "text": text, "user": "U0OTHER", "ts": "1732000000.000300"},
    }


def form(payload: Json) -> bytes:
    """The body in which HTTP mode gets a payload: a form for commands and interactions, else JSON."""
    if payload.get("type") == "event_callback":
        return json.dumps(payload).encode()
    if "type" in payload:
        return urlencode({"payload": json.dumps(payload)}).encode()
    return urlencode(payload).encode()


def envelope_type(payload: Json) -> str:
    """The type of the Socket Mode envelope for a payload."""
    if payload.get("type") == "event_callback":
        return "events_api"
    return "interactive" if "type" in payload else "slash_commands"
