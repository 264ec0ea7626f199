"""A rendered page as the library wants it: a view that is exactly the page's components."""

from __future__ import annotations

from typing import Any

import discord

from bot.adapters.discord.escape import escape
from bot.adapters.discord.limits import CONTAINER, TEXT_DISPLAY, Json
from bot.adapters.discord.render import POST_REMARK, TITLE
from bot.adapters.discord.state import FOOTER_ID, SMALL
from bot.adapters.texts import inert, shorten


class PageView(discord.ui.LayoutView):
    """A page to send. It listens to nothing: the buttons know all they need, whoever receives the press."""

    def __init__(self, body: Json) -> None:
        super().__init__(timeout=None)
        self._body = body
        self.stop()

    def to_components(self) -> list[dict[str, Any]]:
        """Return the page's components as they were rendered."""
        components: list[dict[str, Any]] = self._body["components"]
        return components

    def has_components_v2(self) -> bool:
        """Whether the message needs the flag of Components V2: always."""
        return True


def marked(body: Json, mark: int) -> Json:
    """Return a page whose container has the numeric id `mark`, by which the message is found again."""
    first, *rest = body["components"]
    if first["type"] != CONTAINER:
        raise ValueError("A page begins with its container.")
    return {**body, "components": [{**first, "id": mark}, *rest]}


def remarked(body: Json, remark: str) -> Json:
    """Return a page with a line of ours, in small print, under its title; there is always room for two."""
    words = escape(shorten(inert(remark).strip(), POST_REMARK)).strip()
    if not words:
        return body
    container, *rest = body["components"]
    first, *others = container["components"]
    said = SMALL + words
    if first["type"] != TEXT_DISPLAY or first.get("id") == FOOTER_ID:
        inside = [{"type": TEXT_DISPLAY, "content": said}, first, *others]
    else:
        title, _, below = first["content"].partition("\n")
        lines = (title, said, below) if title.startswith(TITLE) else (said, first["content"])
        inside = [{**first, "content": "\n".join(filter(None, lines))}, *others]
    return {**body, "components": [{**container, "components": inside}, *rest]}
