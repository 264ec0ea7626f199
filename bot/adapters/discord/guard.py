"""The guard in front of interactions over HTTP: nothing is parsed before it is known to come from Discord."""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

SIGNATURE: Final = "X-Signature-Ed25519"
TIMESTAMP: Final = "X-Signature-Timestamp"
AGE_SECONDS: Final = 300
"""How far a request's time may be from ours."""

MOST_REMEMBERED: Final = 100_000
_SIGNATURE: Final = re.compile(r"[0-9a-fA-F]{128}", re.ASCII)
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


class Refused(Exception):
    """A request that is not Discord's, or not a new one; the message is for the log, not for the sender."""


class Guard:
    """Checks requests with the application's public key (Ed25519, RFC 8032).

    Each request is let in once; what was let in is remembered for as long as its time would be accepted.
    """

    def __init__(self, public_key: str, *, clock: Callable[[], float] = time.time) -> None:
        self._key = VerifyKey(bytes.fromhex(public_key))
        self._clock = clock
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def check_headers(self, headers: Mapping[str, str]) -> tuple[bytes, bytes]:
        """Return signature and timestamp, before any of the body has been read.

        `headers` are looked up without regard to case, as aiohttp's are.

        Raises:
            Refused: they are missing, malformed, or too old or new.
        """
        if "Content-Encoding" in headers:  # Discord compresses nothing, and signs the bytes that it sends
            raise Refused("encoded")
        signature, stamp = headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, "")
        if not _SIGNATURE.fullmatch(signature) or not _TIMESTAMP.fullmatch(stamp):
            raise Refused("unsigned")
        if abs(self._clock() - int(stamp)) > AGE_SECONDS:
            raise Refused("too old or too new")
        return bytes.fromhex(signature), stamp.encode()

    def check_body(self, signature: bytes, stamp: bytes, body: bytes) -> None:
        """Check the raw bytes of the body.

        Raises:
            Refused: the signature is wrong, or the same request was let in before.
        """
        try:
            self._key.verify(stamp + body, signature)
        except (BadSignatureError, ValueError, TypeError):
            raise Refused("forged") from None
        self._forget()
        # What is signed, not the signature: another signature of the same bytes is the same request.
        digest = hashlib.sha256(stamp + b"\0" + body).digest()
        if digest in self._seen:
            raise Refused("replayed")
        self._seen[digest] = int(stamp) + AGE_SECONDS + 1

    def _forget(self) -> None:
        now = self._clock()
        while self._seen and (next(iter(self._seen.values())) < now or len(self._seen) >= MOST_REMEMBERED):
            self._seen.popitem(last=False)
