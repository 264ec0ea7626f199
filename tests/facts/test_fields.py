from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from bot.facts.fields import (
    FIELDS,
    RULES_WITHIN,
    FieldError,
    day,
    entity_rules,
    fact_rules,
    folded,
    identifier,
    judgement_rules,
    quotation,
    role_rules,
    text_up_to,
    value_rules,
    web_address,
)
from bot.facts.records import (
    Dated,
    Dossier,
    Entity,
    EntityKind,
    Evidence,
    Fact,
    FactKind,
    Judgement,
    Record,
    Role,
    Said,
    Source,
    Unnamed,
    Value,
)


def refuses(check: Callable[[Any], None], value: object) -> str:
    """The code with which a check refuses a value, or nothing."""
    try:
        check(value)
    except FieldError as error:
        return error.code
    return ""


@pytest.mark.parametrize("record", FIELDS)
def test_the_table_names_fields_that_exist(record: type[Record]) -> None:
    assert set(FIELDS[record]) <= {one.encode_name for one in msgspec.structs.fields(record)}


def test_the_rules_within_are_for_records_with_fields() -> None:
    assert set(RULES_WITHIN) <= set(FIELDS)


@pytest.mark.parametrize("text", ["a", "a-1", "2024-03", "x" * 64])
def test_ids(text: str) -> None:
    assert refuses(identifier, text) == ""


@pytest.mark.parametrize("text", ["A", "a_b", "-a", "a-", "a--b", "é", "a b", "x" * 65, "a\n", "٣"])
def test_malformed_ids(text: str) -> None:
    assert refuses(identifier, text) == "R007"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2024-02-29", ""),
        ("2023-02-29", "R008"),
        ("2024-02", "R009"),
        ("2024-02-29~", "R009"),
        ("2024-02-29/..", "R009"),
        ("٢٠٢٤-٠٢-٢٩", "R008"),
        ("", "R008"),
    ],
)
def test_days(text: str, code: str) -> None:
    assert refuses(day, text) == code


@pytest.mark.parametrize(
    "url",
    ["https://a.example", "HTTP://a.example/b?c=%20#d", "https://пример.example/я", "http://[::1]:8080/"],
)
def test_web_addresses(url: str) -> None:
    assert refuses(web_address, url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "a.example",
        "//a.example",
        "ftp://a.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:password@a.example",
        "https://a.example/a b",
        "https://a.example/<script>",
        "https://a.example/x|y",
        "https://a.example\\@b.example",
        "https://[::1",
        "https://a.example/" + "x" * 2_000,
    ],
)
def test_malformed_web_addresses(url: str) -> None:
    assert refuses(web_address, url) == "R014"


def test_quotations_are_counted_in_words() -> None:
    assert refuses(quotation, "word " * 25) == ""
    assert refuses(quotation, "word " * 26) == "R017"
    assert refuses(quotation, "a\nb") == "R013"


def test_texts_are_limited() -> None:
    def check(text: str) -> None:
        text_up_to(3, text)

    assert [refuses(check, text) for text in ("éйя", "four", "a\nb")] == ["", "R012", "R013"]


@pytest.mark.parametrize(
    ("record", "key", "good", "bad", "code"),
    [
        (Dossier, "language", ["en", "pt-BR", "zh-Hant"], ["English", "e", "en_GB"], "R016"),
        (
            Dossier,
            "time_zone",
            ["UTC", "Europe/Oslo", "America/Port-au-Prince"],
            ["../x", "/x", "a b"],
            "R016",
        ),
        (Source, "reliability", ["A", "F"], ["G", "a", "", "AB"], "R006"),
        (Source, "archive", ["a b.txt", "я.txt"], ["../a", "/a", ".a", "a\\b", "c:a", "x" * 201], "R015"),
        (Source, "paragraphs", [1, 100_000], [0, -1, 100_001], "R011"),
        (Entity, "wikidata", ["Q1"], ["Q0", "42", "q1", "P31"], "R016"),
        (Evidence, "hash", ["0123456789abcdef"], ["0123456789ABCDEF", "0123456789abcde", "g" * 16], "R010"),
        (Evidence, "p", [1], [0], "R011"),
        (Role, "to", ["..", "2019", "2019-05~"], ["open", "2019-13"], "R008"),
        (Fact, "credibility", [1, 6], [0, 7], "R011"),
        (Fact, "weight", [1, 5], [0, 6], "R011"),
    ],
)
def test_fields(record: type[Record], key: str, good: list[object], bad: list[object], code: str) -> None:
    check = FIELDS[record][key]
    assert [refuses(check, value) for value in good] == [""] * len(good)
    assert [refuses(check, value) for value in bad] == [code] * len(bad)


def codes(broken: Iterator[tuple[str, tuple[str | int, ...], str, str]]) -> list[str]:
    return [one[0] for one in broken]


FACT = Fact(
    id="a",
    kind=FactKind.CLAIM,
    text="A.",
    about=("b",),
    sources=(Evidence(ref="s", p=1, hash="0" * 16),),
    added="2024-03-06",
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"sources": ()}, ["R021"]),
        ({"about": ()}, ["R022"]),
        ({"quote": "x"}, ["R018"]),
        ({"quote": "x", "said": Said(by=Unnamed(unnamed="y"))}, ["R018"]),
        ({"quote": "x", "said": Said(by="b")}, []),
        ({"kind": FactKind.METRIC}, ["R023"]),
        ({"kind": FactKind.METRIC, "value": Value(of="x", number=0.0)}, []),
        ({"kind": FactKind.PLAN, "due": "2024"}, ["R024"]),
        ({"kind": FactKind.PLAN, "due": "2024", "duty": "x"}, []),
        ({"due": "2024", "duty": "x"}, ["W004"]),
        ({"kind": FactKind.ORDER, "duty": "x"}, ["W005"]),
        ({"kind": FactKind.ORDER, "owed_by": ("b",)}, ["W005"]),
        ({"kind": FactKind.ORDER, "duty": "x", "due": "2023", "date": Dated(date="2024")}, ["W007"]),
        ({"kind": FactKind.ORDER, "duty": "x", "due": "2024", "date": Dated(date="2024-05")}, []),
        ({"credibility": 1}, ["W014"]),
        ({"sources": FACT.sources * 2}, ["W015"]),
        ({"sources": FACT.sources * 3}, ["W015", "W015"]),
    ],
)
def test_rules_within_a_fact(changes: dict[str, Any], expected: list[str]) -> None:
    assert codes(fact_rules(msgspec.structs.replace(FACT, **changes))) == expected


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({}, ["R019"]),
        ({"number": 0.0}, []),
        ({"rank": 1}, []),
        ({"low": 1.0, "high": 1.0}, []),
        ({"low": 1.0}, ["R019"]),
        ({"high": 1.0}, ["R019"]),
        ({"number": 1.0, "rank": 1}, ["R019"]),
        ({"number": 1.0, "low": 1.0, "high": 2.0}, ["R019"]),
        ({"low": 2.0, "high": 1.0}, ["R020"]),
        ({"rank": 3, "out_of": 2.0}, ["R020"]),
        ({"rank": 2, "out_of": 2.0}, []),
        ({"number": 3.0, "out_of": 2.0}, []),
    ],
)
def test_rules_within_a_value(figures: dict[str, Any], expected: list[str]) -> None:
    assert codes(value_rules(Value(of="x", **figures))) == expected


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("2019", "2018", ["R020"]),
        ("2019", "2019-05", []),
        ("2019", "..", []),
        ("..", "2018", []),
        (None, "2018", []),
        ("2019-06-02", "2019-06-01", ["R020"]),
    ],
)
def test_rules_within_a_role(begin: str | None, end: str, expected: list[str]) -> None:
    assert codes(role_rules(Role(role="x", from_=begin, to=end))) == expected


def test_rules_within_an_entity() -> None:
    entity = Entity(id="a", kind=EntityKind.PERSON, name="Ada  B", also=("A. B", "ada b", "a. b"))
    assert [one[:2] for one in entity_rules(entity)] == [("W012", ("also", 1)), ("W012", ("also", 2))]


def test_rules_within_a_judgement() -> None:
    given = {"text": "x", "based_on": [], "confidence": "low", "added": "2024-03-06"}
    judgement = msgspec.convert(given, Judgement)
    assert codes(judgement_rules(judgement)) == ["R022"]


def test_folding_forgets_case_and_spacing() -> None:
    assert folded("  Straße\u3000X ") == folded("STRASSE x")
    assert folded("a b") != folded("ab")
