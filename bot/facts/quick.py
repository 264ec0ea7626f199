"""The YAML that most records are written in, read without libyaml in a third of the time.

It knows a list of mappings, one key a line, whose values are words on that line, in brackets or in braces,
or a list of such with four spaces and a hyphen. Whatever else there is in a file, even a mistake, and it
gives up: then libyaml reads all of it. What it reads it reads as libyaml does, places included, which
tests/facts/test_quick.py holds it to.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from bot.facts.reader import MOST, NULLS, Mapping, Node, Scalar, Sequence

_QUOTED: Final = r""""(?P<double>[^"\\\n]+)"|'(?P<single>[^'\n]+)'"""
# A colon before a space, or a number sign after one, means something to YAML.
_WORDS: Final = r"[\w(/.+$](?:[^:#\n]|:(?=[^\s])|(?<=\S)#)*"
_LINE: Final = re.compile(
    rf"(?:(?P<head>- |  )(?:(?P<key>[a-z_]+):)?| {{4}}(?P<item>- ))(?: *(?:(?P<words>{_WORDS})|{_QUOTED} *|"
    r"(?P<flow>[\[{]).*))?\n"
)
_SKIPPED: Final = re.compile(r" *(?:#.*)?\n")
_TOKEN: Final = re.compile(
    rf" *(?:(?P<mark>[\[\]{{}},])|(?P<key>[a-z_]+):(?= )|(?P<words>[\w(/.+$][^,\[\]{{}}:#\n]*)|{_QUOTED})"
)
_REST: Final = re.compile(r" *\n")
_DEEPEST: Final = 4
_CLOSING: Final = frozenset("]}")


class Spot(msgspec.Struct, gc=False):
    """A line and a column, from 0."""

    line: int
    column: int


def read_quickly(text: str) -> Sequence | None:
    """Return the tree of a file, or None if it is not written in this way or has something wrong with it."""
    if not text.endswith("\n") or "\r" in text:
        return None
    try:
        return _Reader(text).read()
    except _GiveUp:
        return None


class _GiveUp(Exception):
    """The text has something that libyaml has to read."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.nodes = 0

    def read(self) -> Sequence | None:
        text, line, at, end = self.text, 0, 0, len(self.text)
        match, skipped = _LINE.match, _SKIPPED.match
        top: Sequence | None = None
        record: Mapping | None = None
        listed: Sequence | None = None
        waiting = ""
        while at < end:
            found = match(text, at)
            if found is None:
                if (skip := skipped(text, at)) is None:
                    return None
                at, line = skip.end(), line + 1
                continue
            head, key, item, words, double, single, flow = found.groups()
            if words is not None:
                value: Node | None = self._scalar(words, line, found.start(4) - at, is_plain=True)
            elif flow is not None:
                value = self._flow(line, at, found.start(7))
            elif double is not None or single is not None:
                start = found.start(5 if double is not None else 6) - at - 1
                value = self._scalar(double or single, line, start, is_plain=False)
            else:
                value = None
            if item is not None:
                if not waiting or value is None or record is None:
                    return None
                if listed is None:
                    listed = record.entries[waiting] = Sequence([], Spot(line, 4))
                listed.items.append(value)
            else:
                if waiting and listed is None:
                    return None
                waiting, listed = "", None
                if head == "- ":
                    top = top or Sequence([], Spot(line, 0))
                    if key is None:
                        if not isinstance(value, Mapping):
                            return None
                        top.items.append(value)
                        record = None
                        at, line = found.end(), line + 1
                        continue
                    record = Mapping({}, {}, Spot(line, 2))
                    top.items.append(record)
                if record is None or key is None or key in record.keys:
                    return None
                record.keys[key] = Spot(line, 2)
                if value is None:
                    waiting = key
                else:
                    record.entries[key] = value
            at, line = found.end(), line + 1
        if (waiting and listed is None) or self.nodes * 2 > MOST:
            return None
        return top

    def _scalar(self, text: str, line: int, column: int, *, is_plain: bool) -> Scalar:
        text = text.strip()
        if not text or (is_plain and (text in NULLS or text[-1] == ":")):
            raise _GiveUp
        self.nodes += 1
        return Scalar(text, Spot(line, column), is_plain)

    def _flow(self, line: int, begin: int, at: int) -> Node:  # noqa: PLR0915 -- a call each costs much
        """Read what begins with a bracket or brace at a place of a line that begins at another."""
        text, match = self.text, _TOKEN.match
        parents: list[Sequence | Mapping] = []
        keys: list[str] = []
        wants_value = True
        while True:
            found = match(text, at)
            if found is None:
                raise _GiveUp
            at = found.end()
            mark, key, words, double, single = found.groups()
            if mark == ",":
                if wants_value:
                    raise _GiveUp
                wants_value = True
                continue
            if mark in _CLOSING:
                closed = parents.pop()
                if keys.pop():
                    raise _GiveUp
                empty = not (closed.items if type(closed) is Sequence else closed.entries)  # type: ignore[union-attr]
                if (wants_value and not empty) or (mark == "]") is not (type(closed) is Sequence):
                    raise _GiveUp
                wants_value = False
                if parents:
                    continue
                if _REST.match(text, at) is None:
                    raise _GiveUp
                return closed
            parent = parents[-1] if parents else None
            if not wants_value:
                raise _GiveUp
            if type(parent) is Mapping and not keys[-1]:
                if key is None or key in parent.keys:
                    raise _GiveUp
                keys[-1] = key
                parent.keys[key] = Spot(line, found.start(2) - begin)
                continue
            if mark is not None:
                spot = Spot(line, found.start(1) - begin)
                node: Node = Sequence([], spot) if mark == "[" else Mapping({}, {}, spot)
                self.nodes += 1
            elif words is not None:
                node = self._scalar(words, line, found.start(3) - begin, is_plain=True)
            elif key is None:
                start = found.start(4 if double is not None else 5) - begin - 1
                node = self._scalar(double or single, line, start, is_plain=False)
            else:
                raise _GiveUp
            if type(parent) is Mapping:
                parent.entries[keys[-1]] = node
                keys[-1] = ""
            elif type(parent) is Sequence:
                parent.items.append(node)
            if mark is not None:
                if len(parents) == _DEEPEST:
                    raise _GiveUp
                parents.append(node)  # type: ignore[arg-type]
                keys.append("")
            else:
                wants_value = False
