"""What records say of each other; that each rule is located is tested with the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.facts.check import check_dossiers
from bot.facts.cross import MOST_GUESSES, Checked, Guesser
from bot.facts.load import FileRole, ParsedFile, parse_file

FERRIES = Path(__file__).parent / "ferries"
NAMES = {
    FileRole.DOSSIER: "dossier.yaml",
    FileRole.SOURCES: "sources.yaml",
    FileRole.ENTITIES: "entities.yaml",
    FileRole.FACTS: "facts/a.yaml",
}


def base(**texts: str) -> list[ParsedFile]:
    """A small dossier; `dossier`, `sources`, `entities` and `facts` replace its files."""
    default = {
        "dossier": "{id: d, title: D}",
        "sources": "[{id: s, title: S, descriptor: D, published: 2024-03-05}, "
        "{id: t, title: T, descriptor: D}]",
        "entities": "[{id: e, kind: person, name: E}, {id: f, kind: person, name: F}]",
        "facts": facts({}, {}),
    } | texts
    return [parse_file(role, NAMES[role], default[role.value].encode()) for role in FileRole]


def facts(*changes: dict[str, Any]) -> str:
    """Facts a, b, c … as JSON, which is YAML too."""
    listed = []
    for number, change in enumerate(changes):
        name = chr(97 + number)
        fact = {
            "id": name,
            "kind": "claim",
            "text": f"{name}.",
            "about": ["e", "f"],
            "sources": [{"ref": ref, "p": 1, "hash": "0" * 16} for ref in ("s", "t")],
            "added": "2024-03-06",
        }
        listed.append(fact | change)
    return msgspec.json.encode(listed).decode()


def codes(files: list[ParsedFile]) -> list[str]:
    assert [one for file in files for one in file.findings if one.code[0] in "FY"] == []
    return [one.code for one in Checked(files, Guesser()).issues()]


def test_the_small_dossier_is_right() -> None:
    assert codes(base()) == []


def test_an_unknown_id_is_suggested() -> None:
    files = base(facts=facts({"about": ["e", "f"], "owed_by": ["ee"]}))
    (issue,) = Checked(files, Guesser()).issues()
    assert issue.message == 'There is no entity "ee" in this dossier.'
    assert issue.fix == "Did you mean e?"


@pytest.mark.parametrize(
    "entities", ["[{id: e, kind: person, name: ''}, {id: f, kind: person, name: F}]", "[{id: e, "]
)
def test_what_could_not_be_read_is_not_called_unknown(entities: str) -> None:
    files = [one for one in base(entities=entities) if one.role is not FileRole.ENTITIES]
    broken = parse_file(FileRole.ENTITIES, "entities.yaml", entities.encode())
    assert broken.findings
    assert [one.code for one in Checked([*files, broken], Guesser()).issues()] == []


@pytest.mark.parametrize("role", [FileRole.SOURCES, FileRole.ENTITIES])
def test_a_missing_file_makes_nothing_unknown(role: FileRole) -> None:
    files = [one for one in base() if one.role is not role]
    assert not {"X002", "X004"} & set(codes(files))


def test_a_broken_dossier_file_makes_no_topic_unknown() -> None:
    files = base(dossier="{id: d}", facts=facts({"topics": ["x"]}))
    assert [one.code for one in Checked(files, Guesser()).issues()] == []


def test_nothing_is_called_unused_while_facts_are_missing() -> None:
    broken = facts({"about": ["e"], "sources": [{"ref": "s", "p": 1, "hash": "0" * 16}]}, {"weight": 9})
    files = base(facts=broken)
    assert files[-1].left_out == ("b",)
    assert [one.code for one in Checked(files, Guesser()).issues()] == []
    assert codes(base(facts=facts({"about": ["e"]}))) == ["W002"]


def test_a_dossier_without_facts() -> None:
    empty = base(facts="[]", sources="[]", entities="[]")
    assert codes(empty) == ["W020"]
    assert codes(empty[:3]) == ["W020"]
    broken = base(facts="[{id: a}]", sources="[]", entities="[]")
    assert [one.code for one in Checked(broken, Guesser()).issues()] == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([{"supersedes": ["b"]}, {"supersedes": ["a"]}], 1),
        ([{"supersedes": ["b"]}, {"supersedes": ["c"]}, {"supersedes": ["a"]}], 1),
        ([{"supersedes": ["b", "c"]}, {"supersedes": ["d"]}, {"supersedes": ["d"]}, {}], 0),
        ([{"supersedes": ["b"]}, {"supersedes": ["a", "c"]}, {"supersedes": ["b"]}], 2),
        ([{"supersedes": ["b"]}, {}, {"supersedes": ["a"]}], 0),
    ],
)
def test_circles(changes: list[dict[str, Any]], expected: int) -> None:
    assert codes(base(facts=facts(*changes))) == ["X009"] * expected


def test_a_long_chain_needs_no_recursion() -> None:
    one = msgspec.json.decode(facts({}))[0]
    chain = [
        one | {"id": f"f{n}", "text": f"{n}", "supersedes": [f"f{n + 1}"] if n < 4_999 else []}
        for n in range(5_000)
    ]
    files = base(facts=msgspec.json.encode(chain).decode())
    assert codes(files) == []


def test_a_fact_about_itself() -> None:
    assert codes(base(facts=facts({"supersedes": ["a"], "disputes": ["a"]}))) == ["X010", "X010"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"added": "2024-03-04"}, []),  # source t says no day
        ({"added": "2024-03-04", "sources": [{"ref": "s", "p": 1, "hash": "0" * 16}]}, ["W008"]),
        (
            {"kind": "event", "date": "2024-03-06", "sources": [{"ref": "s", "p": 1, "hash": "0" * 16}]},
            ["W016"],
        ),
        ({"kind": "event", "date": "2024-03", "sources": [{"ref": "s", "p": 1, "hash": "0" * 16}]}, []),
        ({"kind": "plan", "date": "2025", "sources": [{"ref": "s", "p": 1, "hash": "0" * 16}]}, []),
        (
            {"said": {"by": "e", "when": "2024-04"}, "sources": [{"ref": "s", "p": 1, "hash": "0" * 16}]},
            ["W016"],
        ),
    ],
)
def test_days(change: dict[str, Any], expected: list[str]) -> None:
    found = codes(base(facts=facts(change, {})))
    assert found == expected


@pytest.mark.parametrize(
    ("of", "expected"), [("e", []), ("licences in use", []), ("licences", []), ("not-there", ["W019"])]
)
def test_what_a_value_is_of(of: str, expected: list[str]) -> None:
    assert codes(base(facts=facts({"kind": "metric", "value": {"of": of, "number": "1"}}))) == expected


def test_a_spelling_may_be_shared_if_both_say_so() -> None:
    one = "{id: e, kind: person, name: E, also: [X]%s}"
    other = "{id: f, kind: person, name: F, also: [x]%s}"
    assert codes(base(entities=f"[{one % ''}, {other % ''}]")) == ["W009"]
    assert codes(base(entities=f"[{one % ', not: [f]'}, {other % ''}]")) == ["W009"]
    assert codes(base(entities=f"[{one % ', not: [f]'}, {other % ', not: [e]'}]")) == []


def test_a_judgement_on_facts_that_fell() -> None:
    judgement = "{text: x, based_on: [a, b, c], confidence: low, added: 2024-03-06}"
    dossier = f"{{id: d, title: D, judgements: [{judgement}]}}"
    listed = facts({}, {"supersedes": ["a"]}, {"retracted": {"on": "2024-04", "why": "w"}})
    issues = list(Checked(base(dossier=dossier, facts=listed), Guesser()).issues())
    assert [(one.code, one.path) for one in issues] == [
        ("W010", ("judgements", 0, "based_on", 0)),
        ("W010", ("judgements", 0, "based_on", 2)),
    ]
    assert issues[0].message == "The judgement rests on a, which b supersedes."
    assert issues[1].message == "The judgement rests on c, which is retracted."


def test_records_after_one_that_was_left_out_are_located() -> None:
    text = facts({"weight": 9}, {"owed_by": ["nobody"]}).replace('},{"id"', '},\n{"id"')
    files = base(facts=text)
    findings = check_dossiers(files, {files[-1].file: text.encode()}.__getitem__)
    assert [(one.code, one.line) for one in findings] == [("X002", 2)]


def test_guesses_are_limited() -> None:
    guesser = Guesser()
    fixes = [guesser.fix("X002", f"name-{number}", ["name-x"]) for number in range(MOST_GUESSES + 5)]
    assert fixes == ["Did you mean name-x?"] * MOST_GUESSES + [""] * 5
    assert guesser.fix("X002", "name-1", []) == "Did you mean name-x?"
