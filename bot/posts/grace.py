"""How late a post may be: words such as `1h` or `90 minutes`."""

from __future__ import annotations

import re
from typing import Final

MOST_SECONDS: Final = 24 * 3600
_PARTS: Final = re.compile(
    r"(?:(?P<h>\d{1,2}) ?(?:h|hours?))? ?(?:(?P<m>\d{1,4}) ?(?:m|min|minutes?))?", re.ASCII | re.IGNORECASE
)


class GraceError(ValueError):
    """Words that are no such time; the message is one sentence."""


def read_grace(words: str) -> int:
    """Return the seconds that `1h`, `30m`, `1h30m` or `2 hours` mean.

    Raises:
        GraceError: it is none of these, less than a minute, or more than 24 hours.
    """
    parts = _PARTS.fullmatch(words.strip())
    seconds = int(parts["h"] or 0) * 3600 + int(parts["m"] or 0) * 60 if parts else 0
    if not 60 <= seconds <= MOST_SECONDS:
        shown = words[:40] + ("…" if len(words) > 40 else "")
        raise GraceError(f"“{shown}” is no time between 1m and 24h: write it like 30m, 2h or 1h30m.")
    return seconds


def grace_in_words(seconds: int) -> str:
    """Return seconds as words: "1 hour", "1 hour 30 minutes"."""
    hours, minutes = divmod(seconds // 60, 60)
    parts = [
        f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in ((hours, "hour"), (minutes, "minute"))
    ]
    return " ".join(part for part, count in zip(parts, (hours, minutes), strict=True) if count) or "0 minutes"
