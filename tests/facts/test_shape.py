from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from bot.facts import records
from bot.facts.findings import Finding, Findings
from bot.facts.reader import Mapping, Scalar, Sequence, read
from bot.facts.records import Dated, Fact, Judgement, Record, Role, Said, Source, Topic, Unnamed, Value
from bot.facts.shape import BAD, build, shape_of

EVERY = [one for one in vars(records).values() if isinstance(one, type) and issubclass(one, Record)]


def make(record: type[Record], text: str) -> tuple[object, list[Finding]]:
    found = Findings("a")
    tree = read(text.encode(), "a").tree
    assert isinstance(tree, Mapping | Sequence | Scalar)
    return build(tree, record, found), found.found


@pytest.mark.parametrize("record", EVERY)
def test_shapes_follow_the_declarations(record: type[Record]) -> None:
    fields = msgspec.structs.fields(record)
    shape = shape_of(record)
    assert {key: name for key, (name, _) in shape.fields.items()} == {
        one.encode_name: one.name for one in fields
    }
    assert shape.required == {one.encode_name for one in fields if one.required}


def test_a_scalar_stands_for_a_date() -> None:
    long = "{by: a, when: {date: 2024~, inferred: x}}"
    assert make(Said, "{by: a, when: 2024}")[0] == Said(by="a", when=Dated(date="2024"))
    assert make(Said, long)[0] == Said(by="a", when=Dated(date="2024~", inferred="x"))
    assert [one.code for one in make(Said, "{by: a, when: [2024]}")[1]] == ["R003"]
    assert [one.code for one in make(Said, "{by: a, when: {inferred: x}}")[1]] == ["R002"]


def test_text_or_a_record() -> None:
    assert make(Said, "{by: a}")[0] == Said(by="a")
    assert make(Said, "{by: {unnamed: a}}")[0] == Said(by=Unnamed(unnamed="a"))
    assert [one.code for one in make(Said, "{by: [a]}")[1]] == ["R003"]
    assert [one.code for one in make(Said, "{by: {name: a}}")[1]] == ["R001"]


def test_keys_that_are_python_words() -> None:
    assert make(Role, "{role: a, from: 2019, to: ..}")[0] == Role(role="a", from_="2019", to="..")
    assert [one.code for one in make(Role, "{role: a, from_: 2019}")[1]] == ["R001"]


@pytest.mark.parametrize("number", ["0", "-1", "12.5", "-0.25", "999999999999999"])
def test_numbers(number: str) -> None:
    assert make(Value, f"{{of: a, number: {number}}}")[0] == Value(of="a", number=float(number))


@pytest.mark.parametrize(
    "number",
    [
        "1_000", "0o17", "017", "1e6", ".5", "5.", "+5", "1 000", "'1,000'", "NaN", ".inf", "-.inf", "0x1F",
        "12:30", "٣", "1" * 400, "12%", "--1",
    ],
)  # fmt: skip
def test_what_is_no_number(number: str) -> None:
    assert [one.code for one in make(Value, f"{{of: a, number: {number}}}")[1]] == ["R005"]
    assert [one.code for one in make(Value, f"{{of: a, rank: {number}}}")[1]] == ["R004"]


def test_a_fraction_is_no_whole_number() -> None:
    assert [one.code for one in make(Value, "{of: a, rank: 1.0}")[1]] == ["R004"]


def test_a_choice_is_suggested() -> None:
    made, (finding,) = make(Judgement, "{text: a, based_on: [b], added: 2024-03-06, confidence: hihg}")
    assert made is BAD
    assert finding.message == '"hihg" is not one of the allowed values.'
    assert finding.fix == "Did you mean high? Use one of low, moderate, high."


def test_a_key_is_suggested_and_not_called_missing_too() -> None:
    made, (finding,) = make(Topic, "{id: a, titel: b}")
    assert made is BAD
    assert (finding.code, finding.line, finding.column) == ("R001", 1, 9)
    assert finding.fix == "Did you mean title? Known keys are id, title, also."


def test_a_key_unlike_any_other() -> None:
    _, findings = make(Topic, "{id: a, title: b, qqq: c}")
    assert [one.fix for one in findings] == ["Known keys are id, title, also."]


def test_a_long_key_is_shortened() -> None:
    _, (finding,) = make(Topic, "{id: a, title: b, ? " + "k" * 10_000 + " : c}")
    assert len(finding.message) < 100


def test_a_value_for_a_list_is_refused_with_its_fix() -> None:
    _, (finding,) = make(Topic, "{id: a, title: b, also: c d}")
    assert finding.message == "This is a single value; a list is expected."
    assert finding.fix == "Write it as a list: [c d]."


def test_repeated_items_are_a_warning() -> None:
    made, (finding,) = make(Topic, "{id: a, title: b, also: [c, d, c]}")
    assert made == Topic(id="a", title="b", also=("c", "d", "c"))
    assert (finding.code, finding.column) == ("W011", 32)


def test_every_item_is_checked() -> None:
    made, findings = make(Topic, f"{{id: a, title: b, also: [[c], {{d: e}}, {'f' * 201}, g]}}")
    assert made is BAD
    assert [one.code for one in findings] == ["R003", "R003", "R012"]


def test_what_was_reported_before_is_not_reported_again() -> None:
    made, findings = make(Topic, "{id: *a, title: , also: [~]}")
    assert (made, findings) == (BAD, [])
    made, findings = make(Topic, "{id: a, <<: b}")
    assert (made, findings) == (BAD, [])


def test_rules_within_a_record_are_located() -> None:
    text = "{id: a, kind: claim, text: b, about: [c], sources: [], added: 2024-03-06}"
    _, (finding,) = make(Fact, text)
    assert (finding.code, finding.column) == ("R021", text.index("[]") + 1)


def test_a_list_is_no_record() -> None:
    made, (finding,) = make(Source, "[a]")
    assert made is BAD
    assert finding.message == "This is a list; a mapping of keys to values is expected."


def test_a_field_of_an_unknown_type_is_refused() -> None:
    class Odd(Record, frozen=True, kw_only=True):
        """A record with a field that YAML cannot give."""

        data: bytes

    assert get_args(Odd.__annotations__["data"]) == ()
    with pytest.raises(TypeError, match="cannot be of type"):
        shape_of(Odd)
