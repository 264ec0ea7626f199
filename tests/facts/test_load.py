from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.load import DossierFiles, FileRole, ParsedFile, find_files, locate, parse_file, read_file
from bot.facts.reader import LARGEST
from bot.facts.records import (
    Confidence,
    Dated,
    Entity,
    EntityKind,
    Evidence,
    Fact,
    FactKind,
    Judgement,
    Likelihood,
    Role,
    Said,
    Topic,
    Unnamed,
    Value,
)

FERRIES = Path(__file__).parent / "ferries"
LICENCES = (FERRIES / "facts/licences.yaml").read_bytes()
PEOPLE = (FERRIES / "facts/people.yaml").read_text()
ROLES = {
    "dossier.yaml": FileRole.DOSSIER,
    "sources.yaml": FileRole.SOURCES,
    "entities.yaml": FileRole.ENTITIES,
    "facts/licences.yaml": FileRole.FACTS,
    "facts/people.yaml": FileRole.FACTS,
}


def parse(name: str) -> ParsedFile:
    return parse_file(ROLES[name], name, (FERRIES / name).read_bytes())


@pytest.mark.parametrize(("name", "count"), [*zip(ROLES, (1, 2, 5, 3, 3), strict=True)])
def test_a_right_file_gives_all_its_records(name: str, count: int) -> None:
    parsed = parse(name)
    assert (len(parsed.records), parsed.findings, parsed.complete) == (count, (), True)
    assert (parsed.positions, parsed.left_out) == ((), ())


def test_every_field_of_a_fact() -> None:
    assert parse("facts/licences.yaml").records[0] == Fact(
        id="review-order",
        kind=FactKind.ORDER,
        text="The ministry ordered a review of all ferry licences.",
        about=("ministry", "harbour-line"),
        topics=("licences",),
        date=Dated(date="2024-03-04"),
        due="2024-06",
        due_as_written="by June",
        duty="report on the review",
        owed_by=("okafor",),
        said=Said(
            by="ministry",
            cue="published",
            to=("harbour-line",),
            when=Dated(date="2024-03-04"),
            via=("national-wire",),
        ),
        sources=(Evidence(ref="herald-2024-03-05", p=2, hash="9f61890296efb042"),),
        credibility=2,
        weight=5,
        added="2024-03-06",
    )


def test_other_types() -> None:
    _, count, old = parse("facts/licences.yaml").records
    assert isinstance(count, Fact)
    assert isinstance(old, Fact)
    assert count.value == Value(of="licences in use", number=31.0, out_of=83.0)
    assert count.said == Said(by=Unnamed(unnamed="a former official"))
    assert old.value == Value(of="licences in use", low=28.5, high=30.0)
    assert (old.credibility, old.weight) == (6, 3)
    source = parse("sources.yaml").records[1]
    assert source.published == Dated(date="2024-07~", inferred="names the review of the week before")  # type: ignore[union-attr]


def test_entities_and_dossier() -> None:
    okafor = parse("entities.yaml").records[3]
    assert okafor == Entity(
        id="okafor",
        kind=EntityKind.PERSON,
        name="Ada Okafor",
        also=("A. Okafor", "Ада Окафор"),
        not_=("ben-okafor",),
        roles=(
            Role(role="chief executive", of="harbour-line", from_="2019", to="..", facts=("okafor-chief",)),
        ),
        wikidata="Q42",
    )
    (dossier,) = parse("dossier.yaml").records
    assert dossier.topics[0] == Topic(id="licences", title="Licences", also=("permits",))  # type: ignore[union-attr]
    assert dossier.judgements[0] == Judgement(  # type: ignore[union-attr]
        text="The review is likely to be published late.",
        based_on=("review-order",),
        confidence=Confidence.MODERATE,
        added="2024-03-06",
        likelihood=Likelihood.LIKELY,
        topics=("licences",),
    )


def test_a_record_with_an_error_is_left_out_and_the_others_stay() -> None:
    parsed = parse_file(FileRole.FACTS, "a", LICENCES.replace(b"credibility: 3", b"credibility: 9"))
    assert [one.code for one in parsed.findings] == ["R011"]
    assert [one.id for one in parsed.records] == ["review-order", "old-count"]
    assert (parsed.positions, parsed.left_out, parsed.complete) == ((0, 2), ("licence-count",), True)
    assert [parsed.position(index) for index in (0, 1)] == [0, 2]


def test_a_record_with_a_refused_text_is_left_out() -> None:
    parsed = parse_file(FileRole.FACTS, "a", LICENCES.replace(b"  weight: 5", b"  weight: 5 # \x07"))
    assert [one.id for one in parsed.records] == ["licence-count", "old-count"]
    assert parsed.left_out == ("review-order",)


def test_a_warning_leaves_nothing_out() -> None:
    parsed = parse_file(FileRole.FACTS, "a", LICENCES.replace(b"credibility: 2", b"credibility: 1"))
    assert [one.code for one in parsed.findings] == ["W014"]
    assert len(parsed.records) == 3


@pytest.mark.parametrize(
    "old",
    [b"id: licence-count", b"id: licence-count\n", b"- id: licence-count"],
    ids=["bad", "null", "broken"],
)
def test_a_record_without_a_readable_id_makes_the_file_incomplete(old: bytes) -> None:
    new = {
        b"id: licence-count": b"id: Licence",
        b"id: licence-count\n": b"id:\n",
        b"- id: licence-count": b"- <<: x",
    }
    parsed = parse_file(FileRole.FACTS, "a", LICENCES.replace(old, new[old], 1))
    assert len(parsed.findings) == 1
    assert not parsed.complete


def test_records_before_a_syntax_error_are_kept() -> None:
    parsed = parse_file(FileRole.FACTS, "a", LICENCES + b"- id: [x\n- id: y\n")
    assert [one.code for one in parsed.findings] == ["Y008"]
    assert [one.id for one in parsed.records] == ["review-order", "licence-count"]
    assert (parsed.left_out, parsed.complete) == (("old-count",), False)


def test_all_findings_of_a_file_come_at_once() -> None:
    data = b"""- id: A
  kind: ordre
  texts: x
  about: y
  sources: [{ref: r, p: x, hash: 1}, {p: 1}]
  added: 2024
"""
    parsed = parse_file(FileRole.FACTS, "a", data)
    assert [(one.code, one.line) for one in parsed.findings] == [
        ("R007", 1),
        ("R006", 2),
        ("R001", 3),
        ("R003", 4),
        ("R004", 5),
        ("R010", 5),
        ("R002", 5),
        ("R002", 5),
        ("R009", 6),
    ]
    assert parsed.findings[2].fix.startswith("Did you mean text? Known keys are id, kind, text,")


def test_an_empty_list_is_a_file_without_records() -> None:
    parsed = parse_file(FileRole.SOURCES, "a", b"[]\n")
    assert (parsed.records, parsed.findings, parsed.complete) == ((), (), True)


@pytest.mark.parametrize("role", FileRole)
@pytest.mark.parametrize(
    "data", [b"", b"x", b"a: b", b"- x", b"- [a]", b"[[]]", b"- *x", b"*x", b"- {}", b"- ~"]
)
def test_a_file_of_another_shape_is_reported(role: FileRole, data: bytes) -> None:
    parsed = parse_file(role, "a", data)
    assert parsed.records == ()
    assert parsed.findings


def test_fields_are_located() -> None:
    assert locate(LICENCES, 0, ()) == (1, 3)
    assert locate(LICENCES, 0, ("about", 1)) == (4, 21)
    assert locate(LICENCES, 1, ("said", "by", "unnamed")) == (24, 24)
    assert locate(LICENCES, 1, ("sources", 0, "p")) == (26, 35)
    assert locate(LICENCES, 1, ("weight",)) == (17, 3)
    assert locate(LICENCES, 99, ("weight",)) == (1, 1)
    assert locate(b"id: a\ntopics: [b]", 0, ("topics", 0)) == (2, 10)
    assert locate(b"[", 0, ("id",)) == (1, 1)
    assert locate(b"\xff", 0, ("id",)) == (1, 1)


def test_the_files_of_a_dossier_are_in_order() -> None:
    expected = tuple((role, name) for name, role in ROLES.items())
    assert find_files(FERRIES).dossiers == (DossierFiles("", expected),)
    beside = find_files(FERRIES.parent)
    assert beside.findings == ()
    assert beside.dossiers == (
        DossierFiles("ferries", tuple((role, f"ferries/{name}") for role, name in expected)),
    )


def test_hidden_files_and_other_folders_are_ignored(tmp_path: Path) -> None:
    for name in (".git/x.yaml", "notes/a.txt", "d/.x.yaml", "d/README.md", "d/facts/.a.yaml", "d/facts/b.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    for name in ("dossier.yaml", "sources.yaml", "entities.yaml"):
        (tmp_path / "d" / name).write_text("[]")
    found = find_files(tmp_path)
    assert found.findings == ()
    assert [one.folder for one in found.dossiers] == ["d"]


def test_a_missing_root_is_reported(tmp_path: Path) -> None:
    found = find_files(tmp_path / "nowhere")
    assert [(one.code, one.file, one.message) for one in found.findings] == [
        ("F006", ".", "The folder cannot be read (No such file or directory).")
    ]


def test_a_folder_that_links_out_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "ferries").symlink_to(FERRIES)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    found = find_files(tmp_path)
    assert found.dossiers == ()
    assert [(one.code, one.file) for one in found.findings] == [("F005", "ferries")]


def test_a_link_within_the_root_is_read(tmp_path: Path) -> None:
    (tmp_path / "d/facts").mkdir(parents=True)
    for name in ("dossier.yaml", "sources.yaml", "entities.yaml"):
        (tmp_path / "d" / name).write_text("[]")
    (tmp_path / "shared.txt").write_text("[]")
    (tmp_path / "d/facts/a.yaml").symlink_to("../../shared.txt")
    found = find_files(tmp_path)
    assert found.findings == ()
    assert found.dossiers[0].files[-1] == (FileRole.FACTS, "d/facts/a.yaml")


def test_an_unprintable_file_name_is_shown(tmp_path: Path) -> None:
    (tmp_path / "dossier.yaml").write_text("[]")
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "a\n\udcff.yaml").write_text("[]")
    reported = [one.file for one in find_files(tmp_path).findings if one.code == "F007"]
    assert reported == ['"facts/a\\u000a\\udcff.yaml"']


def test_an_unprintable_folder_name_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a\nb").mkdir()
    (tmp_path / "a\nb" / "dossier.yaml").write_text("[]")
    found = find_files(tmp_path)
    assert found.dossiers == ()
    assert [(one.code, one.file) for one in found.findings] == [("F007", '"a\\u000ab"')]


def test_a_file_is_read_only_as_far_as_needed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"#" * (LARGEST + 100))
    assert len(read_file(tmp_path, "a")) == LARGEST + 1


KEYS = sorted({*re.findall(r"\w+(?=:)", PEOPLE), "value", "due", "number"})
WORDS = st.sampled_from(
    ["~", "x", "1", "-1", "2024-02-30", "[]", "{}", "[x]", "{x: y}", "'", "NO", "é" * 2_000, "a: b"]
)
CHANGES = st.lists(st.tuples(st.sampled_from(KEYS), WORDS), min_size=1, max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(FileRole)), CHANGES)
def test_any_value_in_any_field_is_located(role: FileRole, changes: list[tuple[str, str]]) -> None:
    text = PEOPLE
    for key, word in changes:
        text = re.sub(rf"\b{key}: [^,}}\n]*", f"{key}: {word}", text, count=1)
    lines = text.split("\n")
    for one in parse_file(role, "a", text.encode()).findings:
        assert 1 <= one.line <= len(lines)
        assert 1 <= one.column <= len(lines[one.line - 1]) + 1
        assert one.message.endswith(".")
        assert one.fix
