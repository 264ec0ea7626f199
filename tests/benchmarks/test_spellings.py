from __future__ import annotations

import pytest

from benchmarks.spellings import MEANINGS, judge, resolve_spellings
from bot.facts.names import Outcome


@pytest.mark.parametrize(
    ("meaning", "meant", "outcome", "ids", "worth"),
    [
        ("found", {"gref"}, Outcome.FOUND, {"gref"}, "right"),
        ("found", {"gref"}, Outcome.FOUND, {"greb"}, "wrong"),
        ("found", {"gref"}, Outcome.ASK, {"gref", "greb"}, "asked"),
        ("found", {"gref"}, Outcome.ASK, {"greb"}, "wrong"),
        ("found", {"gref"}, Outcome.NONE, {"gref"}, "none"),
        ("ask", {"gref", "greb"}, Outcome.ASK, {"gref", "greb", "grey"}, "asked"),
        ("ask", {"gref", "greb"}, Outcome.ASK, {"gref"}, "wrong"),
        ("ask", {"gref", "greb"}, Outcome.FOUND, {"gref"}, "wrong"),
        ("ask", {"gref"}, Outcome.FOUND, {"gref"}, "wrong"),
        ("ask", {"gref", "greb"}, Outcome.NONE, set(), "none"),
        ("none", set(), Outcome.NONE, {"gref"}, "none"),
        ("none", set(), Outcome.ASK, {"gref"}, "wrong"),
        ("none", {"gref"}, Outcome.FOUND, {"gref"}, "wrong"),
    ],
)
def test_judging(meaning: str, meant: set[str], outcome: Outcome, ids: set[str], worth: str) -> None:
    assert judge(meaning, meant, outcome, ids) == worth


def test_the_whole_table_is_resolved() -> None:
    spellings = resolve_spellings()

    assert [one.meaning for one in spellings] == list(MEANINGS.values())
    assert sum(one.right + one.asked + one.none + one.wrong for one in spellings) >= 150
