from __future__ import annotations

from pathlib import Path

import pytest

from bot.archive import Unproven, compare, list_paragraphs
from bot.facts.evidence import paragraph_hash

FIRST = "The ministry wants every operator on the coast to hand in its papers."
SECOND = "Nobody would say how long that may take, or what it costs."

BASE = {
    "coast/dossier.yaml": "id: coast\ntitle: Ferries\ntopics: [{id: licences, title: Licences}]\n",
    "coast/sources.yaml": (
        "- {id: herald, title: Papers wanted, descriptor: Daily, paragraphs: 2, archive: herald.txt}\n"
        "- {id: gazette, title: Costs, descriptor: Weekly, paragraphs: 1, archive: gazette.txt}\n"
    ),
    "coast/entities.yaml": "- {id: ministry, kind: organisation, name: The ministry}\n",
    "coast/facts/all.yaml": (
        "- {id: order, kind: event, text: A review was ordered., about: [ministry], added: 2024-03-06,\n"
        f"   sources: [{{ref: herald, p: 1, hash: {paragraph_hash(FIRST)}}}]}}\n"
        "- {id: silence, kind: event, text: Time and cost are open., about: [ministry], added: 2024-03-06,\n"
        f"   sources: [{{ref: herald, p: 2, hash: {paragraph_hash(SECOND)}}}]}}\n"
    ),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "base", BASE)


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def test_facts_match_the_readers_copy(root: Path, tmp_path: Path) -> None:
    report = compare(
        root, write(tmp_path / "archive", {"herald.txt": f"Papers wanted\n\n{FIRST}\n{SECOND}\n"})
    )
    assert report.proven
    assert list(report.lines()) == [
        "match    coast:order in herald, paragraph 1",
        "match    coast:silence in herald, paragraph 2",
        "2 match",
    ]


def test_moved_and_changed_paragraphs_say_what_is_there_now(root: Path, tmp_path: Path) -> None:
    report = compare(root, write(tmp_path / "archive", {"herald.txt": f"{SECOND}\nSomething else.\n"}))
    assert not report.proven
    assert list(report.lines()) == [
        f"changed  coast:order in herald, paragraph 1, whose hash is {paragraph_hash(SECOND)}",
        "moved    coast:silence in herald, paragraph 2, now paragraph 1",
        "1 changed, 1 moved",
    ]


def test_a_paragraph_that_is_not_there_has_no_hash(root: Path, tmp_path: Path) -> None:
    report = compare(root, write(tmp_path / "archive", {"herald.txt": f"{FIRST}\n"}))
    assert "changed  coast:silence in herald, paragraph 2" in list(report.lines())


def test_a_missing_copy_proves_nothing(root: Path, tmp_path: Path) -> None:
    report = compare(root, write(tmp_path / "archive", {"other.txt": ""}))
    assert not report.proven
    assert next(report.lines()) == "absent   coast:order in herald, paragraph 1, of which there is no copy"


def test_a_copied_sentence_is_shown(root: Path, tmp_path: Path) -> None:
    write(
        root, {"coast/facts/all.yaml": BASE["coast/facts/all.yaml"].replace("A review was ordered.", FIRST)}
    )
    report = compare(root, write(tmp_path / "archive", {"herald.txt": f"{FIRST}\n{SECOND}\n"}))
    assert not report.proven
    *_, copied, total = report.lines()
    assert copied.startswith("copied   coast:order, fact text: “the ministry wants every operator")
    assert copied.endswith("” in herald, paragraph 1")
    assert total == "2 match, 1 copied"


def test_one_dossier_only(root: Path, tmp_path: Path) -> None:
    archive = write(tmp_path / "archive", {})
    archive.mkdir(exist_ok=True)
    assert len(compare(root, archive, "coast").proofs) == 2
    with pytest.raises(Unproven, match=r"There is no dossier 'north'; here are: coast\."):
        compare(root, archive, "north")


def test_a_base_with_errors_is_refused(root: Path, tmp_path: Path) -> None:
    write(root, {"coast/facts/all.yaml": "- {id: x}\n"})
    with pytest.raises(Unproven, match="has errors: correct what `briefing-bot check` finds first"):
        compare(root, tmp_path)


def test_a_copy_that_cannot_be_read_is_named(root: Path, tmp_path: Path) -> None:
    (tmp_path / "archive" / "herald.txt").mkdir(parents=True)
    with pytest.raises(Unproven, match=r"herald\.txt cannot be read \(Is a directory\)"):
        compare(root, tmp_path / "archive")


def test_the_paragraphs_of_a_source_are_listed_with_their_hashes(root: Path, tmp_path: Path) -> None:
    archive = write(tmp_path / "archive", {"herald.txt": f"Papers wanted\n\n{FIRST}\n{SECOND}\nSubscribe!\n"})
    assert list(list_paragraphs(root, archive, "herald")) == [
        f"  1  {paragraph_hash(FIRST)}  {FIRST[:60]}",
        f"  2  {paragraph_hash(SECOND)}  {SECOND}",
    ]


@pytest.mark.parametrize(
    ("source", "said"), [("times", "There is no source 'times'"), ("gazette", "There is no copy gazette.txt")]
)
def test_what_cannot_be_listed_is_said(root: Path, tmp_path: Path, source: str, said: str) -> None:
    archive = write(tmp_path / "archive", {"herald.txt": FIRST})
    with pytest.raises(Unproven, match=said):
        list(list_paragraphs(root, archive, source))
