from __future__ import annotations

import csv
import io
from datetime import date

import msgspec
import pytest
from bases import COAST
from factory import fact_base, snapshot
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.export import COLUMNS, FORMULA, Row, comma_separated, jsonl, rows, table
from bot.facts.base import FactBase
from bot.facts.snapshot import Snapshot
from bot.reply import Kind, Table


@pytest.fixture
def base(coast: Snapshot) -> FactBase:
    return fact_base(coast)


def test_every_fact_is_a_row_with_its_statement(base: FactBase) -> None:
    exported = {row.id: row for row in rows(base)}

    assert len(exported) == base.count == 15
    row = exported["review-order"]
    assert row == Row(
        dossier="coast",
        id="review-order",
        kind="order",
        statement=row.statement,
        status="claimed",
        date="2024-03-04",
        due="2024-06",
        entities=("ministry", "harbour-line"),
        sources=("herald",),
        archives=("morning-herald.txt",),
    )
    for part in ("ordered a review", "4 March 2024", "Ministry of Transport ordered", "B2 probably true"):
        assert part in row.statement
    assert "[1]" not in row.statement
    assert exported["no-need"].status == "retracted"


def test_as_of_a_day_only_what_could_be_known_is_exported(coast: Snapshot) -> None:
    exported = {row.id: row for row in rows(fact_base(coast, date(2024, 8, 15)))}

    assert len(exported) == 11
    assert exported["chief"].sources == ("herald",)
    assert exported["old-count"].status == "reported"


def test_lines_of_json(base: FactBase) -> None:
    lines = list(jsonl(rows(base)))

    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert [msgspec.json.decode(line, type=Row) for line in lines] == list(rows(base))


def test_comma_separated_values_read_back(base: FactBase) -> None:
    read = list(csv.DictReader(io.StringIO("".join(comma_separated(rows(base))), newline="")))

    assert tuple(read[0]) == COLUMNS
    assert [one["id"] for one in read] == [row.id for row in rows(base)]
    assert {one["id"]: one["sources"] for one in read}["chief"] == "herald courier"


@given(st.text(max_size=20), st.sampled_from(FORMULA))
def test_no_cell_is_a_formula(text: str, sign: str) -> None:
    row = Row("d", "i", "k", sign + text, "s", None, None, (sign + text,), (), ())
    _, written = csv.reader(io.StringIO("".join(comma_separated([row])), newline=""))

    assert written[3] == "'" + sign + text
    assert not any(cell.startswith(FORMULA) for cell in written)


def test_a_statement_that_begins_like_a_formula(tmp_path_factory: pytest.TempPathFactory) -> None:
    fleet = "coast/facts/fleet.yaml"
    hostile = COAST[fleet].replace("text: The hulls are rusty.", 'text: "=1+1 hulls are rusty."')
    opened = snapshot(tmp_path_factory.mktemp("hostile"), COAST | {fleet: hostile})
    written = "".join(comma_separated(rows(fact_base(opened))))

    assert "'=1+1 hulls" in written
    opened.close()


def test_a_table(base: FactBase, bare: Snapshot) -> None:
    reply = table(rows(base))

    (block,) = reply.blocks
    assert isinstance(block, Table)
    assert block.head == COLUMNS
    assert len(block.rows) == 15
    assert reply.summary == "15 facts."
    assert table([]).kind is Kind.NONE
    assert list(rows(fact_base(bare))) == []
    assert table(list(rows(base))[:1]).summary == "1 fact."
