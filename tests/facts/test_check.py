from __future__ import annotations

import shutil
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.facts.check import check_base, check_dossiers
from bot.facts.findings import PER_FILE, finding
from bot.facts.load import FileRole, ParsedFile, parse_file

FERRIES = Path(__file__).parent / "ferries"
SHIPPED = Path(__file__).parents[2] / "briefings"
FILES = {
    FileRole.DOSSIER: "dossier.yaml",
    FileRole.SOURCES: "sources.yaml",
    FileRole.ENTITIES: "entities.yaml",
    FileRole.FACTS: "facts/people.yaml",
}


def test_a_right_base_has_no_findings() -> None:
    parsed, findings = check_base(FERRIES.parent)
    assert findings == []
    assert [one.file for one in parsed] == [
        "ferries/dossier.yaml",
        "ferries/sources.yaml",
        "ferries/entities.yaml",
        "ferries/facts/licences.yaml",
        "ferries/facts/people.yaml",
    ]


def test_the_shipped_base_is_right() -> None:
    assert check_base(SHIPPED)[1] == []


def test_findings_of_all_files_come_sorted_and_once(tmp_path: Path) -> None:
    shutil.copytree(FERRIES, tmp_path / "ferries")
    for name, old, new in (
        ("sources.yaml", "paragraphs: 14", "paragraphs: many"),
        ("facts/licences.yaml", "kind: order", "kind: oder"),
        ("facts/people.yaml", "[okafor, ben-okafor]", "[okafor, ben]"),
    ):
        file = tmp_path / "ferries" / name
        file.write_text(file.read_text().replace(old, new, 1))
    (tmp_path / "ferries/extra.yml").write_text("")
    findings = check_base(tmp_path)[1]
    assert [(one.file, one.line, one.code) for one in findings] == [
        ("ferries/extra.yml", 1, "F003"),
        ("ferries/facts/licences.yaml", 2, "R006"),
        ("ferries/facts/people.yaml", 13, "X002"),
        ("ferries/sources.yaml", 9, "R004"),
    ]


def test_a_broken_file_is_the_only_one_reported(tmp_path: Path) -> None:
    shutil.copytree(FERRIES, tmp_path / "ferries")
    (tmp_path / "ferries/entities.yaml").write_bytes(b"\xff\xfe")
    assert [(one.file, one.code) for one in check_base(tmp_path)[1]] == [("ferries/entities.yaml", "Y003")]


def test_dossiers_do_not_see_each_other(tmp_path: Path) -> None:
    shutil.copytree(FERRIES, tmp_path / "ferries")
    shutil.copytree(FERRIES, tmp_path / "north")
    dossier = tmp_path / "north/dossier.yaml"
    dossier.write_text(dossier.read_text().replace("id: ferries", "id: north"))
    assert check_base(tmp_path)[1] == []
    shutil.rmtree(tmp_path / "north/facts")
    assert {one.code for one in check_base(tmp_path)[1]} >= {"X005", "W001", "W020"}


def parsed(**changed: tuple[str, str]) -> tuple[list[ParsedFile], dict[str, bytes]]:
    data = {name: (FERRIES / name).read_bytes() for name in FILES.values()}
    for role, (old, new) in changed.items():
        name = FILES[FileRole(role)]
        data[name] = data[name].replace(old.encode(), new.encode())
    return [parse_file(role, name, data[name]) for role, name in FILES.items()], data


def test_a_file_is_read_again_only_to_locate() -> None:
    files, data = parsed(facts=("[people]", "[peple]"), dossier=("[review-order]", "[okafor-chief]"))
    files[-1] = parse_file(FileRole.FACTS, FILES[FileRole.FACTS], data[FILES[FileRole.FACTS]])
    asked: list[str] = []

    def read(file: str) -> bytes:
        asked.append(file)
        return data[file]

    codes = [one.code for one in check_dossiers(files, read)]
    assert "X003" in codes
    assert asked.count("facts/people.yaml") == 1
    assert "entities.yaml" not in asked


def test_a_file_that_vanished_is_still_reported() -> None:
    files, _ = parsed(facts=("[people]", "[peple]"))

    def read(file: str) -> bytes:
        raise FileNotFoundError(file)

    found = [one for one in check_dossiers(files, read) if one.code == "X003"]
    message = 'There is no topic "peple" in this dossier.'
    assert found == [finding("X003", "facts/people.yaml", 1, 1, message, "Did you mean people?")]


def test_findings_of_a_file_are_limited() -> None:
    many = ", ".join(f"x-{number}" for number in range(5_000))
    files, data = parsed(facts=("[people]", f"[{many}]"))
    codes = [one.code for one in check_dossiers(files, data.__getitem__) if one.file == "facts/people.yaml"]
    assert len(codes) == PER_FILE + 1
    assert codes.count("F008") == 1


def test_no_files_at_all() -> None:
    assert check_dossiers([], lambda file: b"") == []


TEXT = "".join((FERRIES / name).read_text() + "\x00" for name in FILES.values())
FRAGMENTS = st.sampled_from([*"[]{}:,-?&*!|>'\"%~ \n\t", "okafor", "2024", "id: ", "- ", "", "\ud7ff"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 30), FRAGMENTS), min_size=1, max_size=8))
def test_any_mutation_of_a_base_is_checked(changes: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for start, length, fragment in changes:
        text = text[:start] + fragment + text[start + length :]
    parts = (text.split("\x00") + [""] * 4)[:4]
    data = {name: part.encode() for name, part in zip(FILES.values(), parts, strict=True)}
    files = [parse_file(role, name, data[name]) for role, name in FILES.items()]
    for one in [*check_dossiers(files, data.__getitem__), *(one for file in files for one in file.findings)]:
        lines = data[one.file].decode().split("\n")
        assert 1 <= one.line <= len(lines)
        assert 1 <= one.column <= len(lines[one.line - 1]) + 1
        assert one.message.endswith(".")
        assert one.fix.endswith((".", "?"))
