"""The web playground's numbers; a browser has no limits of its own that a reply would meet."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = 40
"""Statements on one page. At about 20 words each and 240 words a minute, 40 are three to four minutes of
reading: one sitting, and few enough that a phone lays the page out at once."""

QUERY_CHARACTERS: Final = 10_000
"""The longest line that is put to the desk. It answers longer ones with the same refusal, at more cost."""

LINE_BYTES: Final = 131_072
"""The longest HTTP request line (RFC 9112, section 3, asks for at least 8,000 octets): holds a line of 10,000
characters that take 12 octets each when percent-encoded (RFC 3986), with 11,072 octets to spare."""

COMPLETIONS: Final = 10
"""Completions offered at once: room for every command; a phone shows five and scrolls."""

COMPRESS_BYTES: Final = 1_024
"""Shorter bodies fit into one TCP segment as they are, so compressing them saves nothing."""
