"""The place where somebody asks, and what belongs to the same channel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.desk import Asker
from bot.posting import Place
from bot.posts.authorise import OPERATOR

Channel = tuple[str, str, str]
"""Platform, workspace and channel: a place with all threads beside it."""


def place_of(asker: Asker) -> Place:
    """Return the place where somebody asks."""
    return Place(
        platform=asker.platform, workspace=asker.workspace, channel=asker.channel, thread=asker.thread
    )


def channel_of(place: Place) -> Channel:
    """Return the channel that a place is or is in."""
    return place.platform, place.workspace, place.channel


def channels_of(asker: Asker) -> tuple[Channel, Channel]:
    """Return the channel of an asker as it is named with its workspace, and as a file may name it without."""
    named = channel_of(place_of(asker))
    return named, (named[0], "", named[2])


def is_seen(place: Place, asker: Asker) -> bool:
    """Say whether what belongs to a place is seen by an asker: in its channel, and in the terminal."""
    return asker.platform == OPERATOR or channel_of(place) in channels_of(asker)


def day_in(zones: Iterable[str], at: float) -> date:
    """Return the day of an instant in the first of some time zones that there is, UTC if there is none."""
    for zone in (*zones, "UTC"):
        try:
            return datetime.fromtimestamp(at, ZoneInfo(zone)).date()
        except (KeyError, ValueError, OSError):
            continue  # a dossier may name a zone that this machine does not know
    raise AssertionError("there is no UTC")
