"""Whatever base becomes whatever other: a snapshot that was changed has the rows of one written anew."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from bases import COAST, LONE, NORTH
from factory import edit, write
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.rows import differences
from bot.facts.compile import BrokenBase, Compiled, _Compilation, compile_base

IDS = [f"f-{n}" for n in range(9)]
DAYS = ["2024-03-05", "2024-03-06", "2024-03", "2024", None]
NAMES = ["Ada Okafor", "Ada Okáfor", "Harbour Line", "Ферри", "harbour line two"]

facts = st.fixed_dictionaries(
    {
        "file": st.sampled_from("ab"),
        "weight": st.integers(2, 4),
        "text": st.sampled_from(["Ferries sank.", "Gulls cried.", "A ferry sinks."]),
        "date": st.sampled_from(DAYS),
        "added": st.sampled_from(["2024-04-01", "2024-04-02"]),
        "about": st.sampled_from([["x"], ["y"], ["x", "y"], ["z", "x"]]),
        "sources": st.sampled_from([["s"], ["t"], ["s", "t"]]),
        "topics": st.sampled_from([["p"], ["p", "q"]]),
        "refers": st.sampled_from(["supersedes", "disputes", "outcome_of"]),
        "other": st.sampled_from([None, None, *IDS[:4]]),
        "due": st.sampled_from([None, None, "2024-05"]),
        "retracted": st.booleans(),
    }
)
bases = st.fixed_dictionaries(
    {
        "facts": st.dictionaries(st.sampled_from(IDS), facts, max_size=9),
        "names": st.lists(st.sampled_from(NAMES), min_size=3, max_size=4, unique=True),
        "published": st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)),
        "origin": st.sampled_from([None, "x"]),
        "role": st.sampled_from([None, *IDS[:2]]),
        "grounds": st.sampled_from([None, *IDS[:2]]),
        "extra": st.booleans(),
        "reverse": st.booleans(),
        "language": st.sampled_from(["en", "en", "en", "ru"]),
    }
)


def as_fact(fact_id: str, plan: dict[str, Any], known: set[str]) -> dict[str, Any]:
    fact = {key: plan[key] for key in ("weight", "text", "added", "about", "topics", "date", "due")}
    fact |= {"id": fact_id, "kind": "plan" if plan["due"] else "event"}
    fact["sources"] = [{"ref": ref, "p": 1, "hash": "0" * 16} for ref in plan["sources"]]
    if plan["due"]:
        fact |= {"duty": "paint", "owed_by": ["z"]}
    if plan["other"] in known and plan["other"] < fact_id:
        fact[plan["refers"]] = [plan["other"]]
    if plan["retracted"]:
        fact["retracted"] = {"on": "2024-06-01", "why": "Withdrawn."}
    return {key: value for key, value in fact.items() if value is not None}


def files_of(base: dict[str, Any]) -> dict[str, Any]:
    known = set(base["facts"])
    listed: dict[str, list[dict[str, Any]]] = {"a": [], "b": []}
    for fact_id, plan in base["facts"].items():
        listed[plan["file"]].append(as_fact(fact_id, plan, known))
    if base["reverse"]:
        listed["a"].reverse()
    entities = [
        {"id": one, "kind": "person", "name": name}
        for one, name in zip(["x", "y", "z", "w"], base["names"], strict=False)
    ]
    if base["role"] in known:
        entities[0]["roles"] = [{"role": "captain", "of": "y", "facts": [base["role"]]}]
    dossier = {
        "id": "d",
        "title": "D",
        "language": base["language"],
        "topics": [{"id": one, "title": one} for one in ("p", "q", *(["r"] if base["extra"] else []))],
    }
    if base["grounds"] in known:
        dossier["judgements"] = [
            {"text": "So be it.", "based_on": [base["grounds"]], "confidence": "low", "added": "2024-07-01"}
        ]
    sources = [
        {"id": one, "title": one, "descriptor": "d"} | ({"published": day} if day else {})
        for one, day in zip("st", base["published"], strict=True)
    ]
    if base["origin"]:
        sources[1]["origin"] = base["origin"]
    return {"dossier": dossier, "sources": sources, "entities": entities} | {
        f"facts/{name}": some for name, some in listed.items() if some or name == "a"
    }


def lay(root: Path, base: dict[str, Any]) -> None:
    wanted = {
        f"d/{name}.yaml": msgspec.json.format(msgspec.json.encode(one))
        for name, one in files_of(base).items()
    }
    for path in root.rglob("*.yaml"):
        if path.relative_to(root).as_posix() not in wanted:
            path.unlink()
    for name, content in wanted.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)


@settings(max_examples=40, deadline=None)
@given(st.lists(bases, min_size=2, max_size=4), st.sampled_from([1, 3, 256]))
def test_any_base_becomes_any_other(steps: list[dict[str, Any]], few: int) -> None:
    changing = patch.object(_Compilation, "_is_worth_changing", lambda *_: True)
    with tempfile.TemporaryDirectory() as folder, patch("bot.facts.amend.FEW", few), changing:
        root = Path(folder, "base")
        for number, base in enumerate(steps):
            lay(root, base)
            try:
                anew: Compiled | None = compile_base(root, Path(folder, f"anew-{number}"))
            except BrokenBase as broken:
                anew, told = None, broken.findings
            if anew is None:
                with pytest.raises(BrokenBase) as also:
                    compile_base(root, Path(folder, "state"))
                assert str(also.value).partition(";")[0] == str(BrokenBase(told)).partition(";")[0]
                continue
            changed = compile_base(root, Path(folder, "state"))
            assert changed.id == anew.id
            assert differences(changed.path, anew.path) == []
            assert changed.findings == anew.findings


def same_rows(root: Path, folder: Path, tmp_path: Path) -> object:
    return differences(compile_base(root, folder).path, compile_base(root, tmp_path / "anew").path) or True


def test_a_dossier_that_comes_after_all_others_is_added(root: Path, folder: Path, tmp_path: Path) -> None:
    compile_base(root, folder)
    write(root, NORTH)
    added = compile_base(root, folder)

    assert added.parsed < len(COAST) + len(NORTH)
    assert same_rows(root, folder, tmp_path) is True


def test_two_dossiers_that_take_each_others_id_are_told_apart(root: Path, folder: Path) -> None:
    # So many files that most of the base reads as before.
    write(root, NORTH, {f"{one}/facts/none-{n}.yaml": "[]" for one in ("coast", "north") for n in range(9)})
    compile_base(root, folder)
    edit(root, "id: coast", "id: north", "coast/dossier.yaml")
    edit(root, "id: north", "id: coast", "north/dossier.yaml")

    with pytest.raises(BrokenBase, match='The folder is "coast", the id "north"'):
        compile_base(root, folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: edit(root, "name: Ada Okafor", "name: Ada Okafor-Brown", "coast/entities.yaml"),
        lambda root: edit(root, "published: ", "published: 2019 # ", "coast/sources.yaml"),
        lambda root: (root / "coast/facts/fleet.yaml").rename(root / "coast/facts/ships.yaml"),
        lambda root: write(root, LONE),
    ],
)
def test_a_change_of_what_facts_refer_to_is_followed(
    root: Path, folder: Path, tmp_path: Path, change: Any
) -> None:
    before = compile_base(root, folder)
    change(root)

    assert compile_base(root, folder).id != before.id
    assert same_rows(root, folder, tmp_path) is True
