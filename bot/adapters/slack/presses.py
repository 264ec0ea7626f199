"""What a button knows: the line it asks, the page, and the snapshot it was drawn from.

The state lies in the button's own value, so a button works after a restart, on another replica and a year
later. A line that is too long for that is kept in the state store under its digest.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

LONGEST_LINE: Final = 120
"""Longer lines are kept in the state store; Slack would take 2,000, but 25 buttons share 12,000."""


class Press(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A button's state. Either `line` is there, or `key` under which the state store keeps it."""

    line: str = msgspec.field(name="q", default="")
    key: str = msgspec.field(name="k", default="")
    page: int = msgspec.field(name="p", default=1)
    snapshot: str = msgspec.field(name="s", default="")


_decoder: Final = msgspec.json.Decoder(Press)


def key_of(line: str) -> str:
    """Return the key of a long line."""
    return hashlib.sha256(line.encode()).hexdigest()[:24]


def encode(line: str, *, page: int = 1, snapshot: str = "", long: dict[str, str]) -> str:
    """Return a button's value; a line too long for it goes into `long` under its key."""
    line = line.encode("utf-8", "replace").decode()
    if len(line) <= LONGEST_LINE:
        press = Press(line=line, page=page, snapshot=snapshot[:64])
    else:
        press = Press(key=key_of(line), page=page, snapshot=snapshot[:64])
        long[press.key] = line
    return msgspec.json.encode(press).decode()


def decode(value: str) -> Press | None:
    """Read a button's value back; None if it is not one of ours."""
    try:
        press = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeError):
        return None
    return press if (press.line or press.key) and press.page >= 1 else None
