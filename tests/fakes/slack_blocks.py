"""What Slack accepts as blocks, written down independently of the adapter's own limits.

Numbers and fields are those of https://docs.slack.dev/reference/block-kit; an unknown block, element or
field is an error here, as it is for Slack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]

SURFACES = {
    "message": {"header", "rich_text", "context", "actions", "divider", "image", "section", "table"},
    "modal": {"header", "rich_text", "context", "actions", "divider", "image", "section", "input"},
    "home": {"header", "rich_text", "context", "actions", "divider", "image", "section", "input", "table"},
}


_URL = re.compile(r"https?://[a-z0-9_.-]+(?::[0-9]+)?(?:[/?#][\x21-\x7e]*)?", re.IGNORECASE)


def units(text: str) -> int:
    """The length as JavaScript has it."""
    return len(text) + sum(one > "\uffff" for one in text)


class Problems:
    """Collects what is wrong, each with the path to it."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, path: str, what: str) -> None:
        self.found.append(f"{path}: {what}")

    def fields(self, path: str, one: Any, required: set[str], optional: set[str]) -> bool:
        if not isinstance(one, dict):
            self.add(path, f"not an object: {one!r}")
            return False
        for name in required - set(one):
            self.add(path, f"missing field: {name}")
        for name in set(one) - required - optional:
            self.add(path, f"unknown field: {name}")
        return required <= set(one)

    def text(self, path: str, value: Any, least: int, most: int) -> None:
        if not isinstance(value, str):
            self.add(path, "not a string")
        elif not least <= units(value) <= most:
            self.add(path, f"{units(value)} characters, allowed are {least} to {most}")

    def count(self, path: str, value: Any, least: int, most: int) -> None:
        if not isinstance(value, list):
            self.add(path, "not a list")
        elif not least <= len(value) <= most:
            self.add(path, f"{len(value)} items, allowed are {least} to {most}")

    def plain(self, path: str, one: Any, most: int) -> None:
        if self.fields(path, one, {"type", "text"}, {"emoji"}):
            if one["type"] != "plain_text":
                self.add(path, "must be plain_text")
            self.text(f"{path}.text", one["text"], 1, most)

    def url(self, path: str, value: Any) -> None:
        self.text(path, value, 1, 3000)
        if not _URL.fullmatch(str(value)):
            self.add(path, "not an http address")


def problems(blocks: Any, surface: str = "message") -> list[str]:
    """Return everything that Slack would refuse in `blocks`; empty if nothing."""
    check = Problems()
    check.count("blocks", blocks, 1, 50 if surface == "message" else 100)
    if not isinstance(blocks, list):
        return check.found
    size = units(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))
    if surface == "message" and size > 13_172:
        check.add("blocks", f"msg_blocks_too_long: {size} characters")
    ids: set[str] = set()
    for index, block in enumerate(blocks):
        path = f"blocks[{index}]"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in SURFACES[surface]:
            check.add(path, f"block {kind!r} is not allowed in a {surface}")
            continue
        rest = dict(block)
        block_id = rest.pop("block_id", None)
        if block_id is not None:
            check.text(f"{path}.block_id", block_id, 1, 255)
        BLOCKS[kind](check, path, rest)
        for one in (block_id, *(element.get("action_id") for element in rest.get("elements", []))):
            if one is not None and one in ids:
                check.add(path, f"id {one!r} is not unique")
            ids.add(one)
    if sum(one.get("type") == "table" for one in blocks) > 1:
        check.add("blocks", "only one table a message")
    return check.found


def _header(check: Problems, path: str, block: Json) -> None:
    if check.fields(path, block, {"type", "text"}, set()):
        check.plain(f"{path}.text", block["text"], 150)


def _divider(check: Problems, path: str, block: Json) -> None:
    check.fields(path, block, {"type"}, set())


def _image(check: Problems, path: str, block: Json) -> None:
    if check.fields(path, block, {"type", "image_url", "alt_text"}, {"title"}):
        check.url(f"{path}.image_url", block["image_url"])
        check.text(f"{path}.alt_text", block["alt_text"], 1, 2000)
        if "title" in block:
            check.plain(f"{path}.title", block["title"], 2000)


def _text(check: Problems, path: str, one: Any, most: int) -> None:
    if check.fields(path, one, {"type", "text"}, {"emoji", "verbatim"}):
        if one["type"] not in {"plain_text", "mrkdwn"}:
            check.add(path, f"no such text object: {one['type']}")
        if ("emoji" in one) != (one["type"] == "plain_text") and "emoji" in one:
            check.add(path, "emoji goes with plain_text only")
        check.text(f"{path}.text", one["text"], 1, most)


def _section(check: Problems, path: str, block: Json) -> None:
    if check.fields(path, block, {"type"}, {"text", "fields", "accessory"}):
        if "text" in block:
            _text(check, f"{path}.text", block["text"], 3000)
        check.count(f"{path}.fields", block.get("fields", [{}]), 1, 10)
        for index, one in enumerate(block.get("fields", [])):
            _text(check, f"{path}.fields[{index}]", one, 2000)
        if "accessory" in block:
            _element(check, f"{path}.accessory", block["accessory"])


def _context(check: Problems, path: str, block: Json) -> None:
    if check.fields(path, block, {"type", "elements"}, set()):
        check.count(f"{path}.elements", block["elements"], 1, 10)
        for index, one in enumerate(block["elements"]):
            _text(check, f"{path}.elements[{index}]", one, 2000)


def _actions(check: Problems, path: str, block: Json) -> None:
    if check.fields(path, block, {"type", "elements"}, set()):
        check.count(f"{path}.elements", block["elements"], 1, 25)
        for index, one in enumerate(block["elements"]):
            _element(check, f"{path}.elements[{index}]", one)


def _element(check: Problems, path: str, one: Any) -> None:
    kind = one.get("type") if isinstance(one, dict) else None
    if kind == "button":
        if check.fields(path, one, {"type", "text", "action_id"}, {"value", "url", "style", "confirm"}):
            check.plain(f"{path}.text", one["text"], 75)
            check.text(f"{path}.value", one.get("value", ""), 0, 2000)
            if one.get("style", "primary") not in {"primary", "danger"}:
                check.add(path, "unknown style")
    elif kind == "external_select":
        if check.fields(path, one, {"type", "action_id"}, {"placeholder", "min_query_length"}):
            check.plain(f"{path}.placeholder", one["placeholder"], 150)
    elif kind == "static_select":
        if check.fields(path, one, {"type", "action_id", "options"}, {"placeholder"}):
            check.plain(f"{path}.placeholder", one["placeholder"], 150)
            options(check, path, one["options"])
    else:
        check.add(path, f"unknown element {kind!r}")
        return
    check.text(f"{path}.action_id", one.get("action_id"), 1, 255)


def options(check: Problems, path: str, several: Any) -> None:
    """Check the options of a select menu, or those that answer a `block_suggestion`."""
    check.count(f"{path}.options", several, 0, 100)
    values = set()
    for index, one in enumerate(several):
        here = f"{path}.options[{index}]"
        if check.fields(here, one, {"text", "value"}, {"description"}):
            check.plain(f"{here}.text", one["text"], 75)
            check.text(f"{here}.value", one["value"], 1, 150)
            if "description" in one:
                check.plain(f"{here}.description", one["description"], 75)
            if one["value"] in values:
                check.add(here, "two options have one value")
            values.add(one["value"])


def _rich_text(check: Problems, path: str, block: Json) -> None:
    if check.fields(path, block, {"type", "elements"}, set()):
        check.count(f"{path}.elements", block["elements"], 1, 1000)
        for index, one in enumerate(block["elements"]):
            _rich_part(check, f"{path}.elements[{index}]", one)


def _rich_part(check: Problems, path: str, part: Any) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in {"rich_text_section", "rich_text_quote"}:
        if check.fields(path, part, {"type", "elements"}, {"border"} if kind == "rich_text_quote" else set()):
            check.count(f"{path}.elements", part["elements"], 1, 1000)
            for index, one in enumerate(part["elements"]):
                _inline(check, f"{path}.elements[{index}]", one)
    elif kind == "rich_text_list":
        if check.fields(path, part, {"type", "style", "elements"}, {"indent", "offset", "border"}):
            check.count(f"{path}.elements", part["elements"], 1, 1000)
            if part["style"] not in {"bullet", "ordered"}:
                check.add(path, "unknown style")
            for index, one in enumerate(part["elements"]):
                if one.get("type") != "rich_text_section":
                    check.add(path, "a list holds sections only")
                _rich_part(check, f"{path}.elements[{index}]", one)
    else:
        check.add(path, f"unknown part {kind!r}")


INLINE: dict[str, tuple[set[str], set[str]]] = {
    "text": ({"text"}, {"style"}),
    "link": ({"url"}, {"text", "style", "unsafe"}),
    "emoji": ({"name"}, {"unicode", "style"}),
    "date": ({"timestamp", "format"}, {"fallback", "timezone", "url", "style"}),
    "user": ({"user_id"}, {"style"}),
    "channel": ({"channel_id"}, {"style"}),
}


def _inline(check: Problems, path: str, one: Any) -> None:
    kind = one.get("type") if isinstance(one, dict) else None
    if kind not in INLINE:
        check.add(path, f"unknown element {kind!r}")
        return
    required, optional = INLINE[kind]
    if not check.fields(path, one, required | {"type"}, optional):
        return
    if "text" in one:
        check.text(f"{path}.text", one["text"], 1, 12_000)
    if kind == "link":
        check.url(f"{path}.url", one["url"])
    if kind == "date" and (not isinstance(one["timestamp"], int) or one["timestamp"] < 0):
        check.add(path, "must provide an integer timestamp")
    for name, value in one.get("style", {}).items():
        if name not in {"bold", "italic", "strike", "code"} or value is not True:
            check.add(path, f"unknown style {name}")


def _table(check: Problems, path: str, block: Json) -> None:
    if not check.fields(path, block, {"type", "rows"}, {"column_settings"}):
        return
    check.count(f"{path}.rows", block["rows"], 1, 100)
    check.count(f"{path}.column_settings", block.get("column_settings", []), 0, 20)
    width = len(block["rows"][0])
    total = 0
    for number, row in enumerate(block["rows"]):
        check.count(f"{path}.rows[{number}]", row, 1, 20)
        if len(row) != width:
            check.add(path, "rows differ in width")
        for index, cell in enumerate(row):
            here = f"{path}.rows[{number}][{index}]"
            if cell.get("type") == "raw_text":
                check.fields(here, cell, {"type", "text"}, set())
                check.text(here, cell["text"], 1, 10_000)
            elif cell.get("type") == "rich_text":
                _rich_text(check, here, cell)
            else:
                check.add(here, "unknown cell")
            total += sum(map(len, texts(cell)))
    if total > 10_000:
        check.add(path, f"{total} characters in a table")


BLOCKS: dict[str, Callable[[Problems, str, Json], None]] = {
    "header": _header,
    "rich_text": _rich_text,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "image": _image,
    "section": _section,
    "table": _table,
}


def texts(one: Any) -> Iterator[str]:
    """Yield every text that a reader sees in a payload."""
    if isinstance(one, dict):
        if isinstance(one.get("text"), str):
            yield one["text"]
        if one.get("type") == "date":
            yield one["fallback"]
        if isinstance(one.get("alt_text"), str):
            yield one["alt_text"]
        for value in one.values():
            if isinstance(value, dict | list):
                yield from texts(value)
    elif isinstance(one, list):
        for value in one:
            yield from texts(value)
