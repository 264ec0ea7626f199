"""The rows of buttons under an answer: choices, names, sources, pages, sharing. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.adapters.discord.limits import (
    BUTTON,
    BUTTON_LABEL,
    OPTION_DESCRIPTION,
    OPTION_LABEL,
    ROW,
    ROW_BUTTONS,
    SELECT,
    SELECT_OPTIONS,
    Json,
    walk,
)
from bot.adapters.discord.state import PICKER_ID, Press, Verb, fits_button, fits_option
from bot.adapters.paging import Page
from bot.adapters.texts import inert, shorten
from bot.reply import Kind, Name, Reply, Wanted, block_lines

PRIMARY, SECONDARY = 1, 2
CHOICES: Final = 10
"""Choices of a question shown as buttons; one row of them under an answer. The others are in the select."""
NAMES: Final = 5
SHARE_COMPONENTS: Final = 2
"""What the button to share adds to a page: itself, and at most a row."""

MOST_COMPONENTS: Final = 2 + CHOICES + 1 + NAMES + 2 + 2 + 1 + 3 + SHARE_COMPONENTS
"""No page has more: choices, names, the select, the button to type, the pager and the one to share."""

LABEL_LENGTH: Final = 32
"""How long a label may be; a button with a sentence on it is hard to read on a phone."""


Target = tuple[str, str, str]
"""A label, the line that it asks, and a remark."""


def rows(page: Page, line: str, *, pager: bool, share: bool) -> list[Json]:
    """Return the rows of a page. Whatever does not fit a button or an option is still in the words."""
    reply = page.reply
    choices = [(one.label, one.command, one.hint) for one in reply.actions]
    names = [
        (text, command, "name") for text, command in _names(reply) if not f"{line} ".startswith(f"{command} ")
    ]
    sources = [
        (
            f"[{one.number}] {one.title}",
            f"/source {one.id}",
            " · ".join(filter(None, (one.publisher, one.rating))),
        )
        for one in reply.sources
    ]
    most = ROW_BUTTONS if reply.kind is Kind.ANSWER else CHOICES
    buttons = [one for one in _distinct(choices) if fits_button(one[1])][:most]
    shown = {command for _, command, _ in buttons} | {line}
    near = [one for one in _distinct(names) if one[1] not in shown and fits_button(one[1])][:NAMES]
    shown |= {command for _, command, _ in near}
    others = [
        one for one in _distinct(choices + names + sources) if one[1] not in shown and fits_option(one[1])
    ]
    found = [
        *_button_rows(buttons, SECONDARY if reply.kind is Kind.ANSWER else PRIMARY),
        *_button_rows(near, SECONDARY),
        *_picker(others[:SELECT_OPTIONS]),
    ]
    if reply.wanted:
        found += _typing(reply.wanted)
    last = [*_pager(page, line)] if pager and page.of > 1 and line else []
    if share and line:
        snapshot = reply.footer.snapshot if reply.footer else ""
        last.append(_button("Share to channel", Press(Verb.SHARE, line, page.number, snapshot)))
    return [*found, {"type": ROW, "components": last}] if last else found


def left_out(page: Page, line: str) -> int:
    """Return how many choices of a page have neither a button nor a place in the select."""
    given = {
        one.get("value") or one.get("custom_id")
        for one in walk(rows(page, line, pager=False, share=False))
        for one in (one, *one.get("options", ()))
    }
    wanted = {one.command for one in page.reply.actions if one.label.strip() and fits_option(one.command)}
    return sum(not {one, Press(Verb.ASK, one).custom_id} & given for one in wanted - {line} if one.strip())


def _names(reply: Reply) -> Iterator[tuple[str, str]]:
    for block in reply.blocks:
        for one in block_lines(block):
            for span in one.spans:
                if isinstance(span, Name) and span.command:
                    yield span.text, span.command


def _distinct(targets: list[Target]) -> list[Target]:
    """Keep the first of those that ask the same, and none without a label."""
    found: dict[str, Target] = {}
    for label, command, remark in targets:
        words = " ".join(inert(label).split())
        if words and command.strip():
            found.setdefault(command, (words, command, " ".join(inert(remark).split())))
    return list(found.values())


def _button_rows(targets: list[Target], style: int) -> Iterator[Json]:
    buttons = [_button(label, Press(Verb.ASK, command), style) for label, command, _ in targets]
    for start in range(0, len(buttons), ROW_BUTTONS):
        yield {"type": ROW, "components": buttons[start : start + ROW_BUTTONS]}


def _button(label: str, press: Press, style: int = SECONDARY, *, disabled: bool = False) -> Json:
    words = shorten(label, min(LABEL_LENGTH, BUTTON_LABEL // 2))
    button = {"type": BUTTON, "style": style, "label": words, "custom_id": press.custom_id}
    return {**button, "disabled": True} if disabled else button


def _picker(targets: list[Target]) -> Iterator[Json]:
    if not targets:
        return
    options = []
    for label, command, remark in targets:
        option = {"label": shorten(label, OPTION_LABEL // 2), "value": command}
        if remark:
            option["description"] = shorten(remark, OPTION_DESCRIPTION // 2)
        options.append(option)
    select = {
        "type": SELECT,
        "custom_id": PICKER_ID,
        "placeholder": "Look up a name or a source",
        "options": options,
    }
    yield {"type": ROW, "components": [select]}


def _typing(wanted: Wanted) -> Iterator[Json]:
    """Yield the row with the button that opens a dialogue, for places where nothing completes an option."""
    press = Press(Verb.TYPE, f"{wanted.command} {wanted.option}")
    if fits_button(press.line):
        yield {"type": ROW, "components": [_button(f"Type the {wanted.option}", press, PRIMARY)]}


def _pager(page: Page, line: str) -> Iterator[Json]:
    snapshot = page.reply.footer.snapshot if page.reply.footer else ""
    before, after = max(page.number - 1, 1), min(page.number + 1, page.of)
    at_start, at_end = page.number == 1, page.number == page.of
    if not at_start:
        yield _button("Previous", Press(Verb.PAGE, line, before, snapshot))
    yield {
        "type": BUTTON,
        "style": SECONDARY,
        "label": f"{page.number} of {page.of}",
        "custom_id": "b1:n",
        "disabled": True,
    }
    if not at_end:
        yield _button("Next", Press(Verb.PAGE, line, after, snapshot), PRIMARY)
