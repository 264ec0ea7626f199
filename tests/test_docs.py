"""The documentation says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from write_docs import README, ROOT, generated


def test_readme_shows_real_output(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")

    assert generated(text, tmp_path) == text, "README.md is stale: run `make docs`"


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md")), ids=lambda one: one.name
)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if not link.startswith(("http://", "https://", "mailto:"))]

    assert [link for link in local if not (page.parent / link).exists()] == []
