"""The bot's Home tab: the bottom line, what is due, topics to open, how to ask."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from bot.adapters.slack import limits, presses
from bot.adapters.slack.elements import Json, bullets, button, literal, section
from bot.adapters.slack.names import Names
from bot.adapters.slack.render import ASK, Message, Rendered, render
from bot.adapters.texts import inert, shorten_units
from bot.reply import Block, Cite, Kind, Reply, block_lines

TOPICS = 20
TITLE = "Home"


def home_view(briefing: Reply, due: Reply, topics: Sequence[tuple[str, str]], names: Names) -> Json:
    """Return the view for `views.publish`.

    `briefing` and `due` are the replies to `/briefing` and `/due`; of each the first block that says
    something is shown. `topics` are labels and the lines they ask.
    """
    parts = (
        _page(
            replace(briefing, blocks=_first(briefing, "Bottom line"), actions=(), wanted=None), footer=True
        ),
        _page(replace(due, title="Due", blocks=_first(due, "Due"), actions=(), wanted=None)),
    )
    blocks = [*parts[0], {"type": "divider"}, *parts[1]]
    buttons = [_topic(label, line, index) for index, (label, line) in enumerate(topics[:TOPICS])]
    if buttons:
        blocks += [_header("Topics"), {"type": "actions", "elements": buttons}]
    blocks += [_header("How to ask"), _how(names)]
    return {"type": "home", "blocks": blocks[: limits.VIEW_BLOCKS]}


def modal_view(rendered: Rendered, page: int, title: str) -> Json:
    """Return the view for `views.open`: one page of an answer, in blocks that modals take."""
    message: Message = rendered.pages[min(page, len(rendered.pages)) - 1]
    shown = inert(title).strip() or "Answer"
    shown = shorten_units(shown, limits.MODAL_TITLE)
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": shown, "emoji": False},
        "close": {"type": "plain_text", "text": "Close", "emoji": False},
        "blocks": message.plain,
    }


def _first(reply: Reply, heading: str) -> tuple[Block, ...]:
    """Return the block under a heading, or the first one that has a heading or a statement."""
    if reply.kind is not Kind.ANSWER:
        return ()
    named = [
        one for one in reply.blocks if getattr(one, "heading", "").casefold().startswith(heading.casefold())
    ]
    return tuple((named or list(reply.blocks))[:1])


def _page(reply: Reply, *, footer: bool = False) -> list[Json]:
    cited = {
        part.number
        for block in reply.blocks
        for line in block_lines(block)
        for part in line.spans
        if isinstance(part, Cite)
    }
    sources = tuple(one for one in reply.sources if one.number in cited)
    short = replace(reply, sources=sources, footer=reply.footer if footer else None)
    if not short.blocks:
        return [_header(short.title), _said(short.summary)]
    made = render(short, most=1).pages[0].plain
    return [one for one in made if one["type"] != "actions"]


def _topic(label: str, line: str, index: int) -> Json:
    value = presses.encode(line[: presses.LONGEST_LINE], long={})
    return button(inert(label), f"{ASK}:topic:{index}", value)


def _how(names: Names) -> Json:
    items = [
        [
            literal(f"/{names.of(one)}", code=True),
            literal(f" — {one.summary}. For example "),
            literal(names.shown(one.example), code=True),
        ]
        for one in names.registry
    ]
    intro = section([literal("Type a command anywhere, or write to the bot here under Messages.")])
    return {"type": "rich_text", "elements": [intro, bullets(items)]}


def _header(text: str) -> Json:
    return {
        "type": "header",
        "text": {
            "type": "plain_text",
            "text": shorten_units(inert(text), limits.HEADER_TEXT) or TITLE,
            "emoji": False,
        },
    }


def _said(text: str) -> Json:
    return {"type": "rich_text", "elements": [section([literal(inert(text)[:2_000])])]}
