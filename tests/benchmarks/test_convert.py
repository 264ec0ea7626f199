from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.convert import gdelt, target, wikidata
from benchmarks.convert.__main__ import SETS, app
from benchmarks.convert.target import Target, cleaned, is_address
from bot.facts.check import check_base
from bot.facts.findings import Finding
from bot.facts.records import Dossier, Entity, Fact, Source
from bot.facts.rules import Severity

SAMPLES = Path(__file__).parent / "samples"

Records = list[Dossier | Source | Entity | Fact]


def converted(name: str, base: Path, folder: Path | None = None) -> tuple[Records, list[Finding], int]:
    credit, convert, topics = SETS[name]
    left_out = convert(folder or SAMPLES / name, Target(base, name, credit, topics))
    files, findings = check_base(base)
    return [record for file in files for record in file.records], findings, left_out


def of(records: Records, kind: type) -> dict[str, object]:
    return {one.id: one for one in records if isinstance(one, kind)}


@pytest.mark.parametrize("name", SETS)
def test_nothing_is_found_in_what_a_sample_becomes(name: str, tmp_path: Path) -> None:
    records, findings, _ = converted(name, tmp_path)

    assert findings == []
    assert of(records, Fact)


def test_gdelt_events_become_facts(tmp_path: Path) -> None:
    records, _, left_out = converted("gdelt", tmp_path)
    facts = [one for one in records if isinstance(one, Fact)]

    assert [one.text for one in facts] == [
        "Northland consulted with Southland in Port Novo, Northland.",
        "Ministry Of Ferries investigated Harbour Line in Northland.",
        "Dockers protested against Ministry Of Ferries.",
        'Northland expressed an intent to co-operate with Southland in O\'Brien "Quay": east, Northland.',
    ]
    assert [one.weight for one in facts] == [3, 4, 2, 5]
    assert [one.added for one in facts] == ["2024-03-05"] * 4
    assert left_out == 3  # no such day, no address, no event; one actor alone is left out in silence
    kinds = {one.name: one.kind for one in records if isinstance(one, Entity)}
    assert kinds["Northland"] == "place"
    assert kinds["Harbour Line"] == "organisation"
    assert kinds["Dockers"] == "group"


def test_wikidata_statements_become_facts(tmp_path: Path) -> None:
    records, _, left_out = converted("wikidata", tmp_path)
    facts = {one.text: one for one in records if isinstance(one, Fact)}

    assert list(facts) == [
        "Ada Okafor held the office of minister of ferries from 2019.",
        "Ada Okafor worked for Hafenlinie from 2015-03 until 2019-01-31.",
        "Ada Okafor studied at Port Novo College.",
        "Hafenlinie was founded by Ada Okafor.",
        "Hafenlinie had its headquarters in Port Novo.",
    ]
    assert left_out == 1
    office = facts["Ada Okafor held the office of minister of ferries from 2019."]
    assert (office.date and office.date.date, office.weight, office.credibility) == ("2019/..", 4, 3)
    ada = next(one for one in records if isinstance(one, Entity) and one.id == "ada-okafor")
    assert ada.also == ("Ада Окафор", "阿达·奥卡福", "A. Okafor")
    sources = {one.url for one in records if isinstance(one, Source)}
    assert sources == {
        "https://herald.example/ada",
        "https://www.wikidata.org/wiki/Q900001",
        "https://www.wikidata.org/wiki/Q900002",
    }


def test_a_compressed_file_gives_the_same(tmp_path: Path) -> None:
    plain = (SAMPLES / "wikidata" / "made-up.json").read_bytes()
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "made-up.json.gz").write_bytes(gzip.compress(plain))

    assert (
        converted("wikidata", tmp_path / "a", tmp_path / "set")[0] == converted("wikidata", tmp_path / "b")[0]
    )


@pytest.mark.parametrize("name", SETS)
def test_a_large_set_becomes_several_dossiers(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "MOST_THINGS", 2)
    monkeypatch.setattr(target, "PER_FILE", 1)
    records, findings, _ = converted(name, tmp_path)

    assert findings == []
    assert len(of(records, Dossier)) > 1
    assert len(of(records, Fact)) == len(converted(name, tmp_path / "one")[0]) - len(records) or of(
        records, Fact
    )


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", SETS)
def test_a_damaged_file_gives_a_base_without_errors(name: str, seed: int, tmp_path: Path) -> None:
    """Bytes are changed, cut out and doubled at random: what can be read is converted, nothing is raised."""
    chance = random.Random(seed)
    file = next((SAMPLES / name).iterdir())
    data = bytearray(file.read_bytes())
    for _ in range(chance.randint(1, 40)):
        at = chance.randrange(len(data))
        match chance.randrange(3):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 30)]
            case _:
                data[at:at] = data[at : at + chance.randint(1, 30)]
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / file.name).write_bytes(data)

    _, findings, _ = converted(name, tmp_path / "base", tmp_path / "set")

    errors = [one for one in findings if one.severity is Severity.ERROR and one.code != "F002"]
    assert errors == []


def test_text_is_cleaned_of_what_a_base_may_not_hold() -> None:
    assert cleaned(" a\tb\n c\x00\u202e\ufffd d ") == "a b c d"
    assert len(cleaned("a" * 10_000)) == target.LONGEST


@pytest.mark.parametrize(
    ("text", "whole"),
    [("https://a.example/b?c=d", True), ("a.example", False), ("https://a b", False), ("", False)],
)
def test_addresses_are_whole(text: str, whole: bool) -> None:
    assert is_address(text) is whole


def test_the_command_says_what_came_of_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["gdelt", str(SAMPLES / "gdelt"), str(tmp_path / "base")])

    assert result.exit_code == 0, result.output
    assert result.output == "4 facts in 1 dossiers; 3 rows could not be read.\n"


@pytest.mark.parametrize(
    ("name", "folder", "base", "said"),
    [
        ("acled", "gdelt", "new", "there is no data set 'acled'; there are gdelt, wikidata"),
        ("gdelt", "none", "new", "name the one with your copy"),
        ("gdelt", "gdelt", "full", "name a new folder"),
        ("gdelt", "wikidata", "new", "no row that can be used"),
    ],
)
def test_wrong_arguments_are_refused(name: str, folder: str, base: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()

    result = CliRunner().invoke(
        app, [name, str(SAMPLES / folder), str(tmp_path / base)], env={"COLUMNS": "300"}
    )

    assert result.exit_code == 2
    assert said in result.output


def test_all_root_classes_and_properties_have_topics() -> None:
    assert len(SETS["gdelt"][2]) == len(gdelt.ROOTS) == 20
    assert len(SETS["wikidata"][2]) == len(wikidata.PROPERTIES)
