"""`ask --as slack`: the exact payloads of a reply, and where to look at them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.adapters.slack.names import Names
from bot.adapters.slack.render import builder_link, render
from bot.adapters.texts import map_texts
from bot.registry import Registry
from bot.reply import Reply


def payloads(
    reply: Reply, registry: Registry, renamed: Mapping[str, str] | None = None
) -> tuple[str, list[str]]:
    """Return a JSON list of pages (`{"text", "blocks"}`), and for each a link to Block Kit Builder."""
    names = Names(registry, renamed)
    line = reply.footer.command if reply.footer else ""
    pages = render(map_texts(reply, names.shown), line=line, share=True).pages
    text = json.dumps([page.payload for page in pages], ensure_ascii=False, indent=2) + "\n"
    return text, [builder_link(page.blocks) for page in pages]
