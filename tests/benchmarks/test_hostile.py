from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks import hostile
from benchmarks.hostile import KINDS, Fate, app, met, sentence
from bot.facts.check import check_base
from bot.facts.rules import Severity

FEW = 40
REFUSED = {"too-large": "Y001", "long-words": "R012"}
"""What keeps a base from being used, by kind; the others compile."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile, "PER_FILE", 10)
    monkeypatch.setattr(hostile, "SPELLINGS", 100)


@pytest.mark.parametrize("kind", [one for one in KINDS if one not in {"one-file", "too-large"}])
def test_a_kind_is_refused_for_its_fault_alone_or_compiles(kind: str, tmp_path: Path) -> None:
    KINDS[kind](tmp_path / "base", FEW)
    codes = {one.code for one in check_base(tmp_path / "base")[1] if one.severity is Severity.ERROR}

    assert codes <= {REFUSED.get(kind, "")}
    fate = met(str(tmp_path / "base"), str(tmp_path / "state"))
    assert bool(fate.refused) is (kind in REFUSED)
    assert fate.refused or fate.seconds > 0


def test_files_are_just_within_and_just_beyond_the_limit(tmp_path: Path) -> None:
    for kind in ("one-file", "too-large"):
        KINDS[kind](tmp_path / kind, 1)
    within, beyond = (
        next((tmp_path / kind).rglob("facts/*.yaml")).stat().st_size for kind in ("one-file", "too-large")
    )

    assert 4 * hostile.MIB - 1_000 < within <= 4 * hostile.MIB < beyond < 4 * hostile.MIB + 4_000


def test_what_happened_is_said_in_a_sentence(tmp_path: Path) -> None:
    KINDS["many-files"](tmp_path / "base", FEW)
    fate = met(str(tmp_path / "base"), str(tmp_path / "state"))
    said = sentence("many-files", 7, 0, fate)

    assert said.startswith(
        "many-files (A tenth as many files as facts elsewhere, each with one fact; 7 files): "
    )
    assert "the slowest question was `/" in said
    assert sentence("one-day", 1, 0, Fate(refused="No.")).endswith("refused, with the sentence “No.”")


def test_the_command_tells_the_fate_of_each_kind() -> None:
    result = CliRunner().invoke(app, ["long-words", "--facts", "5"])

    assert result.exit_code == 0, result.output
    assert "refused, with the sentence" in result.output
    assert CliRunner().invoke(app, ["no-such-kind"]).exit_code == 2
