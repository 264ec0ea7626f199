"""How the chats being served are doing, in one form for all of them."""

from __future__ import annotations

from bot.posts.health import Connection


def connection(served: object, *, http: bool = False) -> Connection | None:
    """Return how a chat is, by what serving it gave; None for anything else.

    With `http` the platform comes to us, and there is no connection that could be lost. An adapter's `heard`
    is when an event last came in (seconds since 1970), or None.
    """
    heard = getattr(served, "heard", None)
    health = getattr(served, "health", None)
    if callable(health):
        lost = not http and not health().get("connected", True)
        return Connection(platform="slack", trouble=_LOST if lost else "", heard=heard)
    if hasattr(served, "watchdog"):
        trouble = "" if http else _shards(served.watchdog)
        return Connection(platform="discord", trouble=trouble, heard=heard)
    return None


_LOST = "There is no connection at the moment; it is made anew by itself, and the log says why it was lost."


def _shards(watchdog: object) -> str:
    shards = [] if watchdog is None else watchdog.health()  # type: ignore[attr-defined]
    lost = sum(not one.connected for one in shards)
    if not shards or (lost and len(shards) == 1):
        return _LOST
    return f"{lost:,} of {len(shards):,} shards are not connected. They are connected anew." if lost else ""
