"""`ask --as slack`: the exact payloads of a reply, and where to look at them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.adapters.slack.names import Names
from bot.adapters.slack.present import present
from bot.adapters.slack.render import builder_link
from bot.registry import Registry
from bot.reply import Reply


def payloads(
    reply: Reply, line: str, registry: Registry, renamed: Mapping[str, str] | None = None
) -> tuple[str, list[str]]:
    """Return what Slack would be sent for `line` as a JSON list of pages (`{"text", "blocks"}`).

    With it comes for each page a link that opens it in Block Kit Builder.
    """
    pages = present(reply, line, Names(registry, renamed), share=True).pages
    text = json.dumps([page.payload for page in pages], ensure_ascii=False, indent=2) + "\n"
    return text, [builder_link(page.blocks) for page in pages]
