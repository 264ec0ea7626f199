"""Records as YAML that people could have written: one key a line, lists and mappings in it on the line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

Record = dict[str, Any]

_PLAIN: Final = re.compile(r"[^\W_][^\W_]*(?:[ /.~+-]{1,2}[^\W_]+)*\.?")


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write a list of records, each as it comes; an empty list where there are none."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(item(record) for record in records)
        if not file.tell():
            file.write("[]\n")


def item(record: Record) -> str:
    """Return a record as an item of a list."""
    return "- " + block(record).replace("\n", "\n  ")[:-2]


def block(record: Record) -> str:
    """Return a record as lines of a mapping."""
    return "".join(f"{key}: {_flow(value)}\n" for key, value in record.items())


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
