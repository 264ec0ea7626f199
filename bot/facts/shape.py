"""Tree nodes to records: the types come from the records' own declarations, by `msgspec.inspect`."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as Table
from enum import Enum
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from bot.facts.fields import FIELDS, RULES_WITHIN, TEXT, Check, FieldError
from bot.facts.findings import Findings, nearest, shown
from bot.facts.reader import Broken, Mapping, Mark, Node, Scalar, Sequence, follow, place_of
from bot.facts.records import Dated, Record
from bot.facts.rules import RULES, Severity

_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?")


class _Bad:
    """The one value that stands for a field that was reported."""


BAD: Final = _Bad()

Convert = Callable[[Node, Findings], Any]
"""Makes a value of a node, or reports why not and returns :data:`BAD`."""


class Shape(msgspec.Struct, frozen=True):
    """How a mapping becomes a record: by YAML key the attribute and its converter."""

    record: type[Record]
    fields: Table[str, tuple[str, Convert]]
    required: frozenset[str]


@cache
def shape_of(record: type[Record]) -> Shape:
    """Return the shape of a record, from its declaration."""
    kind = inspect.type_info(record)
    assert isinstance(kind, inspect.StructType)  # noqa: S101 -- records are structs
    checks = FIELDS.get(record, {})
    fields = {
        one.encode_name: (one.name, _converter(one.type, checks.get(one.encode_name))) for one in kind.fields
    }
    return Shape(record, fields, frozenset(one.encode_name for one in kind.fields if one.required))


def build(node: Node, record: type[Record], found: Findings) -> Any:
    """Make a record of a mapping, or report everything that is wrong with it and return :data:`BAD`."""
    if not isinstance(node, Mapping):
        return _wrong_shape(node, "a mapping of keys to values", found)
    shape = shape_of(record)
    values: dict[str, Any] = {}
    missing = shape.required - node.entries.keys()
    good = not node.broken and not missing
    for key, child in node.entries.items():
        field = shape.fields.get(key)
        if field is None:
            missing -= {_report_unknown(key, node.keys[key], shape, found)}
            good = False
            continue
        value = values[field[0]] = field[1](child, found)
        if value is BAD:
            good = False
    if missing and not node.broken:  # a broken mapping may have the key where it could not be read
        for key in sorted(missing):
            fix = f"Add {key} with its value."
            found.add("R002", *place_of(node.mark), f"The required key {key} is missing.", fix)
    if not good:
        return BAD
    made = record(**values)
    rules = RULES_WITHIN.get(record)
    return made if rules is None or _follows(made, rules, node, found) else BAD


def _follows(made: Record, rules: Callable[[Any], Any], node: Mapping, found: Findings) -> bool:
    good = True
    for code, path, message, fix in rules(made):
        found.add(code, *place_of(follow(node, path).mark), message, fix)
        good = good and RULES[code].severity is Severity.WARNING
    return good


def _report_unknown(key: str, mark: Mark, shape: Shape, found: Findings) -> str:
    """Report a key and return the known one that it seems to stand for, if any."""
    near = nearest(key, shape.fields)
    known = f"Known keys are {', '.join(shape.fields)}."
    fix = f"Did you mean {near}? {known}" if near else known
    found.add("R001", *place_of(mark), f"{shown(key)} is not a known key.", fix)
    return near


def _wrong_shape(node: Node, wanted: str, found: Findings) -> _Bad:
    if not isinstance(node, Broken):
        is_what = {Scalar: "a single value", Sequence: "a list", Mapping: "a mapping"}[type(node)]
        fix = f"Write it as a list: [{node.text}]." if isinstance(node, Scalar) and "list" in wanted else ""
        found.add("R003", *place_of(node.mark), f"This is {is_what}; {wanted} is expected.", fix)
    return BAD


# --- converters ----------------------------------------------------------------------------------------


def _converter(kind: inspect.Type, check: Check | None) -> Convert:
    match kind:
        case inspect.UnionType(types=types):
            return _union([one for one in types if not isinstance(one, inspect.NoneType)], check)
        case inspect.StrType():
            return _scalar(str, check or TEXT)
        case inspect.IntType():
            return _scalar(_whole, check)
        case inspect.FloatType():
            return _scalar(_number, check)
        case inspect.EnumType(cls=cls):
            return _scalar(_choice(cls), check)
        case inspect.VarTupleType(item_type=item):
            return _list(_converter(item, check), of_text=isinstance(item, inspect.StrType))
        case inspect.StructType(cls=cls) if issubclass(cls, Record):
            return _dated if cls is Dated else lambda node, found: build(node, cls, found)
    raise TypeError(f"a record's field cannot be of type {kind}")


def _union(kinds: list[inspect.Type], check: Check | None) -> Convert:
    """One type, or text beside a record."""
    converters = {type(kind): _converter(kind, check) for kind in kinds}
    if len(kinds) == 1:
        return converters[type(kinds[0])]
    text, record = converters[inspect.StrType], converters[inspect.StructType]
    return lambda node, found: (record if isinstance(node, Mapping) else text)(node, found)


def _scalar(convert: Callable[[str], Any], check: Check | None) -> Convert:
    def scalar(node: Node, found: Findings) -> Any:
        if type(node) is not Scalar:
            return _wrong_shape(node, "a single value", found)
        try:
            value = convert(node.text)
            if check is not None:
                check(value)
        except FieldError as wrong:
            found.add(wrong.code, *place_of(node.mark), wrong.message, wrong.fix)
            return BAD
        return value

    return scalar


def _list(convert: Convert, *, of_text: bool) -> Convert:
    def items(node: Node, found: Findings) -> Any:
        if type(node) is not Sequence:
            return _wrong_shape(node, "a list", found)
        values = tuple(convert(item, found) for item in node.items)
        if of_text and len(values) > 1 and len(set(values)) < len(values):
            _report_twice(node, values, found)
        return BAD if BAD in values else values

    return items


def _report_twice(node: Sequence, values: tuple[Any, ...], found: Findings) -> None:
    seen = {BAD}
    for item, value in zip(node.items, values, strict=True):
        if value in seen and value is not BAD:
            found.add("W011", *place_of(item.mark), f"{shown(value)} stands in the list already.")
        seen.add(value)


_date: Final = _scalar(str, FIELDS[Dated]["date"])


def _dated(node: Node, found: Findings) -> Any:
    if isinstance(node, Mapping):
        return build(node, Dated, found)
    date = _date(node, found)
    return BAD if date is BAD else Dated(date=date)


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise FieldError("R004", f"{shown(text)} is not a whole number.")
    return int(text)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise FieldError("R005", f"{shown(text)} is not a number.")
    return float(text)


def _choice(cls: type[Enum]) -> Callable[[str], Enum]:
    members = {str(one.value): one for one in cls}

    def choice(text: str) -> Enum:
        if text not in members:
            near = nearest(text, members)
            one_of = f"Use one of {', '.join(members)}."
            fix = f"Did you mean {near}? {one_of}" if near else one_of
            raise FieldError("R006", f"{shown(text)} is not one of the allowed values.", fix)
        return members[text]

    return choice
