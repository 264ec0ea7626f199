"""Every rule is broken at least once, in a base that is otherwise right."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bot.facts.check import check_base
from bot.facts.findings import PER_FILE, Finding
from bot.facts.rules import GROUPS, RULES, Severity, render_rules

FERRIES = Path(__file__).parent / "ferries"
DOCS = Path(__file__).parents[2] / "docs" / "checks.md"
DOSSIER, SOURCES, ENTITIES = "dossier.yaml", "sources.yaml", "entities.yaml"
LICENCES, PEOPLE = "facts/licences.yaml", "facts/people.yaml"
FILES = {name: (FERRIES / name).read_text() for name in (DOSSIER, SOURCES, ENTITIES, LICENCES, PEOPLE)}

AGAIN = "{ref: herald-2024-03-05, p: 3, hash: 0123456789abcdee}\n"

# Code, file, what is replaced in it (⌖ marks where the finding is expected), other codes that follow from it.
CASES: tuple[tuple[str, str, dict[str, str], *tuple[str, ...]], ...] = (
    ("Y004", DOSSIER, {"north coast": "north⌖\x07coast"}),
    ("Y004", DOSSIER, {"Ferry licences on the north coast": '⌖"north \\x07 coast"'}),
    ("Y005", LICENCES, {"all ferry": "all ⌖\u202eferry"}),
    ("Y006", SOURCES, {"  publisher": "⌖\t publisher"}),
    ("Y007", ENTITIES, {"person\n  name: Ada": "person⌖\r  name: Ada"}),
    ("Y008", PEOPLE, {"leads Harbour": "leads⌖: Harbour"}),
    ("Y008", PEOPLE, {"text: Ada Okafor leads": 'text: ⌖"Ada Okafor leads'}),
    ("Y009", DOSSIER, {"[permits]": "[" * 29 + "⌖["}),
    ("Y010", DOSSIER, {"title: Licences": "title: ⌖*x"}),
    ("Y010", DOSSIER, {"title: Licences": "title: ⌖&x Licences"}),
    ("Y011", PEOPLE, {"kind: role": "kind: ⌖!!python/name:os.system role"}),
    ("Y012", SOURCES, {"- id: herald-2024-03-05\n": "⌖%YAML 1.1\n---\n- id: herald-2024-03-05\n"}),
    ("Y013", PEOPLE, {"- id: okafor-doubt": "⌖---\n- id: okafor-doubt"}),
    ("Y014", LICENCES, {"weight: 5": "weight: 5\n  ⌖weight: 5"}),
    ("Y015", ENTITIES, {"  name: Ada": "  ⌖<<: {kind: place}\n  name: Ada"}),
    ("Y016", ENTITIES, {"  wikidata: Q42": "  ? ⌖[wikidata]\n  : Q42"}),
    ("Y016", ENTITIES, {"  wikidata: Q42": "  ⌖'': Q42"}),
    ("Y017", LICENCES, {"weight: 5": "weight:⌖"}),
    ("Y017", LICENCES, {"weight: 5": "weight: ⌖~"}),
    ("Y017", LICENCES, {"weight: 5": 'weight: ⌖" "'}),
    ("R001", LICENCES, {"  due: 2024-06": "  ⌖due_by: 2024-06"}),
    ("R002", LICENCES, {"- id: old-count\n  kind: metric\n": "- ⌖id: old-count\n"}),
    ("R003", ENTITIES, {"also: [HL]": "also: ⌖HL"}),
    ("R003", ENTITIES, {"name: Harbour Line": "name: ⌖[Harbour Line]"}),
    ("R003", PEOPLE, {"said: {by: okafor, when: 2024-03-04}": "said: ⌖okafor"}),
    ("R004", SOURCES, {"paragraphs: 14": "paragraphs: ⌖1_000"}),
    ("R005", LICENCES, {"number: 31": "number: ⌖NaN"}),
    ("R006", LICENCES, {"kind: order": "kind: ⌖ordre"}),
    ("R006", SOURCES, {"reliability: B": "reliability: ⌖G"}),
    ("R007", PEOPLE, {"id: okafor-chief": "id: ⌖Okafor_chief"}),
    ("R008", LICENCES, {"date: 2024-03-04": "date: ⌖2024-02-30"}),
    ("R008", SOURCES, {"date: 2024-07~": "date: ⌖July 2024"}),
    ("R008", ENTITIES, {"from: 2019": "from: ⌖soon"}),
    ("R009", LICENCES, {"added: 2024-03-07": "added: ⌖2024-03"}),
    ("R010", LICENCES, {"9f61890296efb042": "⌖9F61890296EFB042"}),
    ("R011", LICENCES, {"credibility: 2": "credibility: ⌖7"}),
    ("R012", LICENCES, {"The ministry ordered": "⌖" + "The ministry ordered " * 60}),
    ("R013", LICENCES, {"text: The ministry ordered": "text: ⌖|-\n    First.\n    The ministry ordered"}),
    ("R014", SOURCES, {"https://herald": "⌖javascript://herald"}),
    ("R014", SOURCES, {"https://herald": "⌖https://bank.example@herald"}),
    ("R014", SOURCES, {"https://herald.example/ferries?page=2": "⌖'https://[::1'"}),
    ("R015", SOURCES, {"archive: morning": "archive: ⌖../morning"}),
    ("R016", DOSSIER, {"language: en": "language: ⌖English"}),
    ("R016", DOSSIER, {"Europe/Oslo": "⌖../../etc/passwd"}),
    ("R016", ENTITIES, {"Q42": "⌖42"}),
    ("R017", PEOPLE, {"quote: We see no need": "quote: ⌖" + "no " * 26}),
    (
        "R018",
        PEOPLE,
        {
            "said: {by: okafor, when: 2024-03-04}": "said: {by: {unnamed: a guest}}",
            "quote: We see": "quote: ⌖We see",
        },
    ),
    ("R019", LICENCES, {"{of: licences in use, number: 31": "{of: ⌖licences in use, rank: 1, number: 31"}),
    ("R019", LICENCES, {"{of: licences in use, low: 28.5, high: 30}": "{of: ⌖licences in use, low: 28.5}"}),
    ("R020", LICENCES, {"high: 30}": "high: ⌖3}"}),
    ("R020", LICENCES, {"number: 31, out_of: 83": "rank: 31, out_of: ⌖30"}),
    ("R020", ENTITIES, {"to: ..": "to: ⌖2018"}),
    ("R021", PEOPLE, {"\n    - {ref: herald-2024-03-05, p: 5, hash: 2222222222222222}": " ⌖[]"}),
    ("R022", PEOPLE, {"about: [okafor, harbour-line]": "about: ⌖[]"}),
    ("R022", DOSSIER, {"based_on: [review-order]": "based_on: ⌖[]"}),
    (
        "R023",
        LICENCES,
        {
            "value: {of: licences in use, low: 28.5, high: 30}": "weight: 3",
            "old-count\n  kind: metric": "old-count\n  kind: ⌖metric",
        },
    ),
    (
        "R024",
        LICENCES,
        {"  duty: report on the review\n  owed_by: [okafor]\n": "", "due: 2024-06": "due: ⌖2024-06"},
    ),
    ("X001", PEOPLE, {"id: okafor-doubt": "id: ⌖review-order"}, "W010"),
    ("X001", ENTITIES, {"- id: okafor\n": "- {id: ⌖ministry, kind: group, name: Other}\n- id: okafor\n"}),
    ("X001", DOSSIER, {"  - {id: people,": "  - {id: ⌖licences, title: More}\n  - {id: people,"}),
    ("X002", LICENCES, {"owed_by: [okafor]": "owed_by: [⌖okafr]"}),
    ("X002", SOURCES, {"origin: national-wire": "origin: ⌖national-wired"}),
    ("X002", ENTITIES, {"not: [ben-okafor]": "not: [⌖ben-okafr]"}),
    ("X002", ENTITIES, {"of: harbour-line": "of: ⌖harbour-lime"}),
    ("X002", LICENCES, {"by: ministry": "by: ⌖minister"}),
    ("X002", LICENCES, {"to: [harbour-line]": "to: [⌖harbour]"}),
    ("X002", LICENCES, {"via: [national-wire]": "via: [⌖wire]"}),
    ("X003", DOSSIER, {"    topics: [licences]": "    topics: [⌖licenses]"}),
    ("X003", PEOPLE, {"topics: [people, licences]": "topics: [people, ⌖licenses]"}),
    ("X004", LICENCES, {"{ref: herald-2024-03-05, p: 2": "{ref: ⌖herald-2024-03-06, p: 2"}),
    ("X004", PEOPLE, {"source: gazette-2024-07": "source: ⌖gazette"}),
    ("X005", DOSSIER, {"based_on: [review-order]": "based_on: [⌖review-orders]"}),
    ("X005", ENTITIES, {"facts: [okafor-chief]": "facts: [⌖okafor-chef]"}),
    ("X005", LICENCES, {"supersedes: [old-count]": "supersedes: [⌖oldcount]"}),
    ("X005", PEOPLE, {"disputes: [licence-count]": "disputes: [⌖license-count]"}),
    ("X005", PEOPLE, {"outcome_of: [review-order]": "outcome_of: [⌖review]"}),
    ("X008", LICENCES, {"p: 14": "p: ⌖15"}),
    (
        "X009",
        LICENCES,
        {
            "high: 30}\n": "high: 30}\n  supersedes: [⌖licence-count]\n",
        },
        "W022",
    ),
    ("X010", PEOPLE, {"disputes: [licence-count]": "disputes: [⌖okafor-doubt]"}),
    ("X010", ENTITIES, {"not: [ben-okafor]": "not: [⌖okafor]"}),
    (
        "W001",
        SOURCES,
        {"- id: gazette-2024-07": "- {id: ⌖unused, title: T, descriptor: D}\n- id: gazette-2024-07"},
    ),
    ("W002", ENTITIES, {"- id: okafor\n": "- {id: ⌖unused, kind: place, name: U}\n- id: okafor\n"}),
    ("W003", DOSSIER, {"  - {id: people,": "  - {id: ⌖ports, title: Ports}\n  - {id: people,"}),
    ("W004", LICENCES, {"kind: order": "kind: event", "due: 2024-06": "due: ⌖2024-06"}),
    (
        "W005",
        LICENCES,
        {"  due: 2024-06\n": "", "due_as_written: by June": "due_as_written: ⌖by June"},
        "W006",
    ),
    ("W006", PEOPLE, {"outcome_of: [review-order]": "outcome_of: [⌖old-count]"}),
    ("W007", LICENCES, {"due: 2024-06": "due: ⌖2024-02"}),
    ("W008", PEOPLE, {"added: 2024-03-06": "added: ⌖2024-03-04"}),
    ("W009", ENTITIES, {"also: [B. Okafor]": "also: [⌖harbour LINE]"}),
    ("W010", DOSSIER, {"[review-order]": "[review-order, ⌖old-count]"}),
    ("W010", DOSSIER, {"[review-order]": "[review-order, ⌖okafor-doubt]"}),
    ("W011", LICENCES, {"about: [ministry, harbour-line]": "about: [ministry, harbour-line, ⌖ministry]"}),
    ("W012", ENTITIES, {"also: [HL]": "also: [HL, ⌖harbour  line]"}),
    (
        "W013",
        LICENCES,
        {"Twenty-nine licences are in use.": "⌖thirty-one of eighty-three licences are in use."},
    ),
    ("W014", LICENCES, {"credibility: 2": "credibility: ⌖1"}),
    ("W015", LICENCES, {"{ref: herald-2024-03-05, p: 3,": f"{AGAIN}    - ⌖{{ref: herald-2024-03-05, p: 3,"}),
    ("W016", PEOPLE, {"when: 2024-03-04": "when: ⌖2024-03-06"}),
    ("W016", PEOPLE, {"date: 2024-07-01~": "date: ⌖2024-08-01"}),
    ("W017", ENTITIES, {"facts: [okafor-chief]": "facts: [⌖old-count]"}),
    ("W018", SOURCES, {"  descriptor: Weekly": "  archive: ⌖morning-herald.txt\n  descriptor: Weekly"}),
    ("W019", LICENCES, {"of: licences in use, number": "of: ⌖harbour-lane, number"}),
    ("W021", PEOPLE, {"  topics: [people, licences]\n": "", "id: okafor-doubt": "id: ⌖okafor-doubt"}),
    (
        "W022",
        LICENCES,
        {"added: 2024-03-07": "added: 2024-03-05", "supersedes: [old-count]": "supersedes: [⌖old-count]"},
    ),
)


def write(folder: Path, files: Mapping[str, str | bytes]) -> list[Finding]:
    """Write files, then check their folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return check_base(folder)[1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{next(iter(case[2]))[:20].strip()}")
def test_a_broken_rule_is_located(
    case: tuple[str, str, dict[str, str], *tuple[str, ...]], tmp_path: Path
) -> None:
    code, file, edits, *follows = case
    text = FILES[file]
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new, 1)
    before = text.partition("⌖")[0].replace("\r", "\n").split("\n")
    findings = write(tmp_path, FILES | {file: text.replace("⌖", "")})
    assert [(one.file, one.line, one.column) for one in findings if one.code == code] == [
        (file, len(before), len(before[-1]) + 1)
    ], findings
    assert {one.code for one in findings} == {code, *follows}, findings


def link_out(root: Path) -> None:
    (root / SOURCES).unlink()
    (root / SOURCES).symlink_to(FERRIES / SOURCES)


def remove_facts(root: Path) -> None:
    for name in (LICENCES, PEOPLE):
        (root / name).unlink()
    (root / ENTITIES).write_text("[]")
    (root / SOURCES).write_text("[]")
    (root / DOSSIER).write_text("id: ferries\ntitle: Ferries\n")


def put(name: str, text: str | bytes = "[]\n") -> Callable[[Path], object]:
    def act(root: Path) -> None:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    return act


# Code, what is done to the files, the file that is reported.
FILE_CASES: tuple[tuple[str, Callable[[Path], object], str], ...] = (
    ("F001", lambda root: (root / ENTITIES).unlink(), ENTITIES),
    ("F003", lambda root: (root / LICENCES).rename(root / "facts/licences.yml"), "facts/licences.yml"),
    ("F003", lambda root: (root / SOURCES).rename(root / "sources.YML"), "sources.YML"),
    ("F004", put("source.yaml"), "source.yaml"),
    ("F004", put("facts/more/extra.yaml"), "facts/more"),
    ("F004", put("../stray.yaml"), "../stray.yaml"),
    ("F005", link_out, SOURCES),
    ("F006", lambda root: os.mkfifo(root / "facts/pipe.yaml"), "facts/pipe.yaml"),
    ("F006", lambda root: (root / "facts/folder.yaml").mkdir(), "facts/folder.yaml"),
    ("F007", put("facts/a b.yaml"), "facts/a b.yaml"),
    ("F008", put("facts/bad.yaml", "- {weight: ~, p: ~}\n" * PER_FILE), "facts/bad.yaml"),
    ("Y001", put("facts/large.yaml", b"#" * (4 * 1024 * 1024 + 1)), "facts/large.yaml"),
    ("Y002", put("facts/latin.yaml", "- id: caf\xe9".encode("latin-1")), "facts/latin.yaml"),
    ("Y003", put("facts/wide.yaml", "- id: a".encode("utf-16")), "facts/wide.yaml"),
    ("Y018", put("facts/many.yaml", "[" + "a," * 500_000 + "]"), "facts/many.yaml"),
    ("Y019", put("facts/empty.yaml", "# nothing yet\n"), "facts/empty.yaml"),
    ("R003", put("facts/mapping.yaml", "id: a\n"), "facts/mapping.yaml"),
    ("X007", put(DOSSIER, FILES[DOSSIER].replace("ferries", "north")), DOSSIER),
    ("X006", put("../north/" + DOSSIER, FILES[DOSSIER]), "../north/" + DOSSIER),
    ("W020", remove_facts, DOSSIER),
)


@pytest.mark.parametrize(
    ("code", "act", "file"), FILE_CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_broken_file_is_reported(
    code: str, act: Callable[[Path], object], file: str, tmp_path: Path
) -> None:
    write(tmp_path / "ferries", dict(FILES))
    act(tmp_path / "ferries")
    reported = [one.file for one in check_base(tmp_path)[1] if one.code == code]
    assert os.path.normpath(f"ferries/{file}") in [one.strip('"') for one in reported]


def test_no_dossier_at_all(tmp_path: Path) -> None:
    assert [one.code for one in check_base(tmp_path)[1]] == ["F002"]


def test_the_base_is_right_without_the_cases(tmp_path: Path) -> None:
    assert write(tmp_path, dict(FILES)) == []


def test_every_rule_has_a_case() -> None:
    tried = {case[0] for case in CASES} | {case[0] for case in FILE_CASES} | {"F002"}
    assert tried == set(RULES)


def test_rules_are_grouped_by_their_letter() -> None:
    assert {code[0] for code in RULES} == set(GROUPS)
    for code, rule in RULES.items():
        assert rule.code == code
        assert (rule.severity is Severity.WARNING) == code.startswith("W")
        assert rule.summary.endswith(".")
        assert rule.fix.endswith(".")


def test_the_page_of_rules_is_up_to_date() -> None:
    assert DOCS.read_text() == render_rules()
