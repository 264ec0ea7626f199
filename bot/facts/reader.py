"""Hostile YAML to a tree of nodes: every scalar is text, every node knows its line and column.

libyaml (YAML 1.1, https://pyyaml.org/wiki/LibYAML) yields events; the tree is built here, because PyYAML's
own loaders follow aliases and tags, recurse, and make `NO` false and `12:30` a number. What a fact base does
not need (anchors, tags, directives, further documents, merge keys) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

import msgspec
import yaml
from msgspec.structs import replace

from bot.facts.findings import Finding, Findings, shown

LARGEST: Final = 4 * 1024 * 1024
"""Bytes that a file may have."""

DEEPEST: Final = 32
"""Levels of lists and mappings."""

MOST: Final = 500_000
"""Nodes of a file, so that a small hostile file cannot fill the memory."""

Place = tuple[int, int]
"""Line and column, both from 1; columns are Unicode code points."""

_SKIPPED: Final = ""
"""The key of a value that is read and dropped, because the key was reported; no key is empty."""

_LOST: Final = "\ufffd"
"""Takes the place of a refused character, so that the rest of the file can be read."""

NULLS: Final = frozenset({"~", "null", "Null", "NULL"})
"""Plain words that YAML takes for no value."""

_CONTROL: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffd-\uffff"
_INVISIBLE: Final = (
    "\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0001\U000e0020-\U000e007f"
)
_REFUSED: Final = re.compile(f"(?P<Y006>\t)|(?P<Y004>[{_CONTROL}])|(?P<Y005>[{_INVISIBLE}])")
_SUSPECT: Final = re.compile(f"[\t{_CONTROL}{_INVISIBLE}]|\r(?!\n)")
_STEP: Final = re.compile(f"(?P<line>\r\n|\n|(?P<Y007>\r))|{_REFUSED.pattern}")
_CHARACTERS: Final = frozenset({"Y004", "Y005", "Y006", "Y007"})
_BREAK: Final = re.compile("\r\n|\n|\r")
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


class Mark(Protocol):
    """Where libyaml saw something; line and column count from 0."""

    line: int
    column: int


class Scalar(msgspec.Struct, gc=False):
    """A single value as text; `plain` if it stood without quotes."""

    text: str
    mark: Mark
    plain: bool


class Sequence(msgspec.Struct, gc=False):
    """A list of nodes."""

    items: list[Node]
    mark: Mark


class Mapping(msgspec.Struct, gc=False):
    """Keys with their nodes and places; `broken` if a key could not be read and was reported."""

    entries: dict[str, Node]
    keys: dict[str, Mark]
    mark: Mark
    broken: bool = False


class Broken(msgspec.Struct, gc=False):
    """Stands for a value that was reported and cannot be used."""

    mark: Mark


Node = Scalar | Sequence | Mapping | Broken


class Reading(msgspec.Struct):
    """What became of a file: its tree, what is wrong with its text, and whether it was read to its end.

    The tree is None if nothing could be read. Where reading stopped early, a list at the top holds the items
    before. Scalars are without white space at their ends.
    """

    tree: Node | None
    findings: list[Finding]
    whole: bool


def read(data: bytes, file: str) -> Reading:
    """Read one YAML file. Never raises; what cannot be read becomes a finding."""
    found = Findings(file)
    text = _decode(data, found)
    if text is None:
        return Reading(None, found.found, whole=False)
    if _SUSPECT.search(text):
        text = _report_characters(text, found)
    elif tree := _read_quickly(text):
        return Reading(tree, [], whole=True)
    builder = _Builder(found)
    whole = builder.build(text)
    if found.found:
        found.found = list(_within(text, found.found))
    return Reading(builder.top, found.found, whole)


def _read_quickly(text: str) -> Node | None:
    from bot.facts.quick import read_quickly  # noqa: PLC0415 -- it makes nodes of this module

    return read_quickly(text)


def _within(text: str, findings: list[Finding]) -> Iterator[Finding]:
    """Move findings from the line on which libyaml puts the end of a file without a last line break."""
    lines = _BREAK.split(text)
    for one in findings:
        beyond = one.line > len(lines)
        yield replace(one, line=len(lines), column=len(lines[-1]) + 1) if beyond else one


def _decode(data: bytes, found: Findings) -> str | None:
    if len(data) > LARGEST:
        found.add("Y001", 1, 1)
        return None
    if data.startswith(_WIDE) or (len(data) > 1 and (data[0] == 0) != (data[1] == 0)):
        found.add("Y003", 1, 1)
        return None
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = _BREAK.split(data[: error.start].decode())
        message = f"The byte 0x{data[error.start]:02x} here is not valid UTF-8."
        found.add("Y002", len(before), len(before[-1]) + 1, message)
        return None


def _report_characters(text: str, found: Findings) -> str:
    """Report refused characters, one of a kind a line; return the text without them, columns kept."""
    line, start, seen = 1, 0, ""
    for match in _STEP.finditer(text):
        code = "Y007" if match["Y007"] else match.lastgroup or ""
        if code != "line" and code not in seen:
            found.add(code, line, match.start() - start + 1, _message(code, match[0]))
            seen += code
        if match["line"]:
            line, start, seen = line + 1, match.end(), "Y007" if "Y007" in seen else ""
    return _REFUSED.sub(_LOST, text.replace("\t", " "))


def _message(code: str, char: str) -> str:
    """Name the character of a finding, except a tab or carriage return, which the rule names."""
    return f"The character U+{ord(char):04X} is not allowed." if code in {"Y004", "Y005"} else ""


_COLON: Final = (
    "Put text that holds a colon and a space in quotes, or begin all keys of a record in one column."
)
_TYPE_IT: Final = "Type the character itself, or use single quotes."
_UNCLOSED: Final = "The quotation mark that opens here is never closed."
_NO_DOCUMENT: Final = "<document start>"
_PROBLEMS: Final = (
    ("unexpected end of stream", _UNCLOSED, "Close it."),
    ("unexpected document indicator", _UNCLOSED, "Close it."),
    ("values are not allowed", "A colon stands where no key can be.", _COLON),
    ("expected ':'", "A key has no colon, or an item no space after its hyphen.", "Add what is missing."),
    ("',' or ']'", "The list that opens on line {0} lacks a comma or its bracket.", "Add the , or the ]."),
    ("',' or '}'", "The mapping that opens on line {0} lacks a comma or its brace.", "Add the , or the }."),
    (
        "'-' indicator",
        "The list that begins on line {0} goes on without a hyphen.",
        "Begin items with a hyphen.",
    ),
    ("expected key", "What stands here is no key in line with those above.", _COLON),
    ("sequence entries", "A list item stands where none can be.", "Put the hyphen on a line of its own."),
    ("start any token", "A value begins with a reserved character.", "Put the value in quotes."),
    ("escape character", "A backslash is followed by something unknown.", "Use single quotes or type \\\\."),
    ("escape code", "A backslash sequence names no character.", _TYPE_IT),
    ("hexdecimal number", "A backslash sequence names no character.", _TYPE_IT),
    (_NO_DOCUMENT, "There is more text after the end of the list or mapping.", _COLON),
    ("alphabetic or numeric", "A value begins with & or *.", "Put the value in quotes."),
)
"""Parts of libyaml's messages, and what they mean to an editor; {0} is the line where it began."""


class _Builder:
    """Turns events into a tree, without recursion."""

    def __init__(self, found: Findings) -> None:
        self.found = found
        self.cleaned = bool(found.found)
        """Whether refused characters were replaced before."""
        self.top: Node | None = None
        self.parents: list[Sequence | Mapping] = []
        self.keys: list[str | None] = []
        """For each parent the key whose value comes next, if it is a mapping and the key was read."""

    def build(self, text: str) -> bool:
        """Build :attr:`top`; say whether the text was read to its end."""
        loader = yaml.CBaseLoader(text.encode())
        try:
            whole = self._run(loader)
        except yaml.YAMLError as error:
            self._report_syntax(error)
            whole = False
        finally:
            loader.dispose()
        if not whole and self.parents:
            if not isinstance(self.top, Sequence):
                self.top = None
            elif len(self.parents) > 1:
                self.top.items.pop()  # the item in which reading stopped
        return whole

    def _run(self, loader: yaml.CBaseLoader) -> bool:
        """Consume the events; say whether the file was read to its end."""
        next_event: Callable[[], Any] = loader.get_event
        scalar, parents, keys, nodes = self._scalar, self.parents, self.keys, 0
        while (event := next_event()) is not None:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                scalar(event)
            elif kind is yaml.SequenceEndEvent or kind is yaml.MappingEndEvent:
                parents.pop()
                keys.pop()
                continue
            elif kind is yaml.SequenceStartEvent or kind is yaml.MappingStartEvent:
                if len(parents) == DEEPEST:
                    self.found.add("Y009", *place_of(event.start_mark))
                    return False
                self._open(event, [] if kind is yaml.SequenceStartEvent else None)
            elif not self._other(event):
                return False
            nodes += 1
            if nodes > MOST:
                self.found.add("Y018", *place_of(event.start_mark))
                return False
        return True

    def _other(self, event: Any) -> bool:
        """Take an event that a fact base seldom has; say whether reading goes on."""
        place = place_of(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            self.found.add("Y010", *place, f"There is an alias, {shown(f'*{event.anchor}')}.")
            mark: Any = event.start_mark
            self._attach(Broken(mark))
        elif isinstance(event, yaml.DocumentStartEvent):
            if self.top is not None:
                self.found.add("Y013", *place)
                return False
            if event.version or event.tags:
                self.found.add("Y012", *place)
        elif isinstance(event, yaml.StreamEndEvent) and self.top is None:
            self.found.add("Y019", 1, 1)
        return True

    def _scalar(self, event: Any) -> None:
        text, style, mark = event.value.strip(), event.style, event.start_mark
        refused = (event.anchor is not None or event.tag is not None) and self._refuse_properties(event)
        # Only an escape in double quotes can bring in a character that the file itself does not hold.
        if style == '"' and (bad := _REFUSED.search(text)) and not (self.cleaned and bad[0] == _LOST):
            code = bad.lastgroup or ""
            self.found.add(code, *place_of(mark), _message(code, bad[0]))
            text = _LOST
        parent, key = self.parents[-1] if self.parents else None, self.keys[-1] if self.keys else None
        if type(parent) is Mapping and key is None:
            self.keys[-1] = self._key(parent, text, not style, mark)
        elif text and (style or text not in NULLS) and _LOST not in text:
            if key and type(parent) is Mapping:
                parent.entries[key] = Scalar(text, mark, not style)
                self.keys[-1] = None
            else:
                self._attach(Scalar(text, mark, not style))
        else:
            if _LOST not in text and not refused:
                self.found.add("Y017", *place_of(mark), f"The value of {shown(key)} is empty." if key else "")
            self._attach(Broken(mark))

    def _key(self, parent: Mapping, text: str, plain: bool, mark: Mark) -> str:
        """Note a key; return it, or _SKIPPED if it was reported."""
        if text in parent.keys:
            first = parent.keys[text].line + 1
            self.found.add("Y014", *place_of(mark), f"The key {shown(text)} stands on line {first} already.")
            return _SKIPPED
        if not text or _LOST in text or (plain and text == "<<"):
            if _LOST not in text:
                self.found.add("Y015" if text else "Y016", *place_of(mark))
            parent.broken = True
            return _SKIPPED
        parent.keys[text] = mark
        return text

    def _open(self, event: Any, items: list[Node] | None) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        mark = event.start_mark
        node: Sequence | Mapping = Mapping({}, {}, mark) if items is None else Sequence(items, mark)
        self._attach(node)
        self.parents.append(node)
        self.keys.append(None)

    def _attach(self, node: Node) -> None:
        if not self.parents:
            self.top = node
            return
        parent = self.parents[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        key = self.keys[-1]
        if key is None:
            parent.broken = True
            if not isinstance(node, Broken):
                self.found.add(
                    "Y016", *place_of(node.mark), "A list or mapping stands where a key is expected."
                )
            self.keys[-1] = _SKIPPED
            return
        if key != _SKIPPED:
            parent.entries[key] = node
        self.keys[-1] = None

    def _refuse_properties(self, event: Any) -> bool:
        place = place_of(event.start_mark)
        if event.anchor is not None:
            self.found.add("Y010", *place, f"There is an anchor, {shown(f'&{event.anchor}')}.")
        if event.tag is not None:
            self.found.add("Y011", *place, f"There is a tag, {shown(event.tag)}.")
        return True

    def _report_syntax(self, error: yaml.YAMLError) -> None:
        context: Mark | None = getattr(error, "context_mark", None)
        mark: Mark | None = getattr(error, "problem_mark", None) or context
        problem = str(getattr(error, "problem", ""))
        part, message, fix = next((one for one in _PROBLEMS if one[0] in problem), ("", "", ""))
        line, column = place_of(mark) if mark else (1, 1)
        # What is open at the error is closed by libyaml with empty values; those are not the writer's.
        self.found.found = [
            one for one in self.found.found if one.code != "Y017" or (one.line, one.column) < (line, column)
        ]
        if any(one.line in {line - 1, line} and one.code in _CHARACTERS for one in self.found.found):
            return  # what a refused character breaks is reported once, as the character
        if message == _UNCLOSED and context:
            line, column = place_of(context)
        begun = context.line + 1 if context else line
        directive = "directive" in problem or "incompatible YAML" in problem
        if directive or (part == _NO_DOCUMENT and self.top is None):
            self.found.add("Y012", line, column)
        else:
            self.found.add("Y008", line, column, message.format(begun), fix)


def follow(node: Node, path: Iterable[str | int]) -> Node:
    """Return the node at a path of keys and list indexes, or the last one on the way to it."""
    for step in path:
        match node:
            case Sequence(items=items) if isinstance(step, int) and step < len(items):
                node = items[step]
            case Mapping(entries=entries) if step in entries:
                node = entries[str(step)]
            case _:
                break
    return node


def place_of(mark: Mark) -> Place:
    """Return the line and column of a mark, from 1."""
    return mark.line + 1, mark.column + 1
