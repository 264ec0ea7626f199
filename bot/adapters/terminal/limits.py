"""The terminal's numbers, in character cells and lines."""

from typing import Final

WIDTH: Final = 80
"""Width where no terminal tells one; the VT100's, and POSIX's example for COLUMNS."""

NARROWEST: Final = 20
"""Below this, lines are laid out as if there were this much room."""

WIDEST: Final = 100
"""Prose is not set wider than this: longer lines are hard to read (WCAG 2.2, 1.4.8, asks for 80)."""

HEIGHT: Final = 40
"""Lines of a page where no terminal tells its height."""

SHORTEST: Final = 12
"""A page is never laid out for fewer lines than this."""
