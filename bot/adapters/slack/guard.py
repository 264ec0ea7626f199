"""The door of the HTTP mode: nothing is parsed before it is known to be Slack's, fresh, and new."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bot.adapters.slack import limits

BODY_MOST: Final = 1024 * 1024
"""Bytes of a request. Slack's largest are views, which it keeps under 250 kB."""

_SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_TIMESTAMP: Final = re.compile(r"[1-9][0-9]{9}", re.ASCII)


class Guard:
    """Tells Slack's requests from all others, by its signing secret (v0, HMAC-SHA256 over the raw bytes).

    https://docs.slack.dev/authentication/verifying-requests-from-slack. A signature is good once: it is
    remembered as long as its timestamp would be taken.
    """

    def __init__(self, signing_secret: str, now: Callable[[], float] = time.time) -> None:
        if not signing_secret:
            raise ValueError("HTTP mode needs SLACK_SIGNING_SECRET.")
        self._secret = signing_secret.encode()
        self._now = now
        self._used: dict[str, float] = {}

    def refusal_of_headers(self, headers: Mapping[str, Sequence[str]]) -> str:
        """Return why a request is refused before any of its body has been read; empty if it may be read.

        `headers` are all values by lower-case name.
        """
        timestamp = headers.get("x-slack-request-timestamp", ())
        signature = headers.get("x-slack-signature", ())
        if "content-encoding" in headers:  # Slack compresses nothing, and signs the bytes that it sends
            return "encoding"
        if len(timestamp) != 1 or not _TIMESTAMP.fullmatch(timestamp[0]):
            return "timestamp"
        if len(signature) != 1 or not _SIGNATURE.fullmatch(signature[0]):
            return "signature form"
        if abs(self._now() - int(timestamp[0])) > limits.CLOCK_SKEW_SECONDS:
            return "age"
        return ""

    def refusal(self, headers: Mapping[str, Sequence[str]], body: bytes) -> str:
        """Return why a request is refused, in a word for the log; empty if it is Slack's.

        `headers` are all values by lower-case name, `body` the bytes as they came.
        """
        refused = "size" if len(body) > BODY_MOST else self.refusal_of_headers(headers)
        if refused:
            return refused
        timestamp, signature = headers["x-slack-request-timestamp"], headers["x-slack-signature"]
        base = b"v0:" + timestamp[0].encode() + b":" + body
        if not hmac.compare_digest(
            "v0=" + hmac.new(self._secret, base, hashlib.sha256).hexdigest(), signature[0]
        ):
            return "signature"
        return "" if self._is_new(signature[0], int(timestamp[0])) else "replay"

    def _is_new(self, signature: str, timestamp: int) -> bool:
        now = self._now()
        oldest = next(iter(self._used.values()), now)
        if oldest < now:
            self._used = {one: until for one, until in self._used.items() if until >= now}
        if signature in self._used:
            return False
        self._used[signature] = timestamp + limits.CLOCK_SKEW_SECONDS
        return True
