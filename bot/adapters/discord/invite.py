"""The link that adds the bot to a server, with exactly the permissions it needs, and why each."""

from __future__ import annotations

import base64
import binascii
from typing import Final
from urllib.parse import urlencode

AUTHORISE: Final = "https://discord.com/oauth2/authorize"

PERMISSIONS: Final[dict[str, tuple[int, str]]] = {
    "View Channels": (1 << 10, "see the channel that a scheduled briefing goes to"),
    "Send Messages": (1 << 11, "post scheduled briefings and answer mentions, also as posts in forums"),
    "Read Message History": (
        1 << 16,
        "answer a mention as a reply, find its own post after a lost answer, and mark what was corrected",
    ),
    "Send Messages in Threads": (1 << 38, "do the same in threads and in the posts of a forum"),
}
"""Name in Discord's settings, bit, and what it is for. Commands and their answers need none of them."""

PERMISSION_BITS: Final = sum(bit for bit, _ in PERMISSIONS.values())

# https://docs.discord.com/developers/topics/oauth2
SERVER_SCOPES: Final = "bot applications.commands"
USER_SCOPES: Final = "applications.commands"


class NotAnId(ValueError):
    """The application's id cannot be told; the message says where to find it."""


def application_id(token: str) -> int:
    """Return the application's id out of its bot token, whose first part holds it.

    Raises:
        NotAnId: the token does not hold one.
    """
    first = token.partition(".")[0]
    try:
        digits = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
        return int(digits)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise NotAnId(
            "The token does not tell the application's id. Copy Application ID from the developer portal, "
            "page General Information, and give it with --application-id."
        ) from None


def server_link(application: int) -> str:
    """Return the link that adds the bot to a server."""
    query = {
        "client_id": application,
        "permissions": PERMISSION_BITS,
        "integration_type": 0,
        "scope": SERVER_SCOPES,
    }
    return f"{AUTHORISE}?{urlencode(query)}"


def user_link(application: int) -> str:
    """Return the link with which a person adds the commands to their own account."""
    query = {"client_id": application, "integration_type": 1, "scope": USER_SCOPES}
    return f"{AUTHORISE}?{urlencode(query)}"
