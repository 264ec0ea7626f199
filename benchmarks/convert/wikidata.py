"""Wikidata entities as JSON, one a line, plain or as an array: `*.json` or `*.json.gz`, as its dumps are.

Statements about people and organisations with their qualifiers, references and labels in several scripts.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from benchmarks.convert.target import Dossier, Target, evidence, is_address
from benchmarks.records import Record

CREDIT: Final = "Statements from Wikidata (wikidata.org), CC0"
LANGUAGES: Final = ("en", "de", "fr", "ru", "uk", "zh", "ar", "ja")
"""The languages of labels that are taken, the first that there is for the name."""

PROPERTIES: Final = {
    "P39": ("offices", "Offices", "{a} held the office of {b}", "role", ""),
    "P108": ("employers", "Employers", "{a} worked for {b}", "role", "organisation"),
    "P102": ("parties", "Parties", "{a} belonged to {b}", "event", "organisation"),
    "P463": ("memberships", "Memberships", "{a} was a member of {b}", "event", "organisation"),
    "P69": ("education", "Education", "{a} studied at {b}", "event", "organisation"),
    "P112": ("founders", "Founders", "{a} was founded by {b}", "event", "person"),
    "P169": ("chief-executives", "Chief executives", "{a} was led by {b}", "role", "person"),
    "P749": ("owners", "Owners", "{a} was a part of {b}", "event", "organisation"),
    "P159": ("headquarters", "Headquarters", "{a} had its headquarters in {b}", "event", "place"),
    "P27": ("citizenship", "Citizenship", "{a} was a citizen of {b}", "event", "place"),
}
"""Properties: our topic's id and title, the sentence, the kind of fact, and the kind of the thing named.

An office is no thing of its own here, so it has no kind.
"""

HUMAN: Final = "Q5"
PRECISIONS: Final = {9: 4, 10: 7, 11: 10}
"""Characters of a day that a precision (year, month, day) leaves."""

Item = dict[str, Any]


def convert(folder: Path, target: Target) -> int:
    """Convert all entities under a folder; return how many lines were left out as not to be read.

    The files are read twice: statements name things whose labels may stand further down.
    """
    labels: dict[str, str] = {}
    for one in _items(folder):
        if one and (label := _label(one)):
            labels[one["id"]] = label
    left_out = 0
    for one in _items(folder):
        if one is None:
            left_out += 1
        elif one["id"] in labels:
            _add(target, one, labels)
    target.close()
    return left_out


def _items(folder: Path) -> Iterator[Item | None]:
    """Yield the items of all files; None for a line that is none."""
    for file in sorted((*folder.rglob("*.json"), *folder.rglob("*.json.gz"))):
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
            for line in lines:
                text = line.strip().rstrip(b",")
                if text not in {b"", b"[", b"]"}:
                    yield _item(text)


def _item(text: bytes) -> Item | None:
    try:
        one = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return one if isinstance(one, dict) and isinstance(one.get("id"), str) else None


def _add(target: Target, one: Item, labels: dict[str, str]) -> None:
    for name, (topic, _, sentence, kind, named) in PROPERTIES.items():
        for n, statement in enumerate(_list(one.get("claims"), name)):
            other = _value(statement.get("mainsnak"))
            other = other.get("id") if isinstance(other, dict) else None
            if statement.get("rank") == "deprecated" or other not in labels:
                continue
            dossier = target.dossier()
            about = [_entity(dossier, one, labels)]
            if named:
                about.append(dossier.entity(other, labels[other], named))
            when = _span(statement)
            added = str(one.get("modified", ""))[:10] or "2012-10-29"
            fact: Record = {
                "kind": kind,
                "text": sentence.format(a=labels[one["id"]], b=labels[other]) + _words(when) + ".",
                "about": list(dict.fromkeys(about)),
                "topics": [topic],
                "sources": [_evidence(dossier, one, statement)],
                "credibility": 3 if statement.get("references") else 6,
                "weight": 4 if statement.get("rank") == "preferred" else 3,
                "added": added,
            }
            if when:
                fact["date"] = when
            dossier.fact(f"{one['id']} {topic} {n + 1}", fact)


def _entity(dossier: Dossier, one: Item, labels: dict[str, str]) -> str:
    classes = {_id(_value(claim.get("mainsnak"))) for claim in _list(one.get("claims"), "P31")}
    spellings = [_text(one, "labels", language) for language in LANGUAGES]
    also = one.get("aliases") if isinstance(one.get("aliases"), dict) else {}
    spellings += [str(alias.get("value", "")) for alias in _list(also, "en")]
    kind = "person" if HUMAN in classes else "organisation"
    return dossier.entity(one["id"], labels[one["id"]], kind, [text for text in spellings if text])


def _evidence(dossier: Dossier, one: Item, statement: Item) -> Record:
    """Cite the first address that a statement is referenced with, else the item itself."""
    references = [snaks.get("snaks") for snaks in _list(statement, "references")]
    addresses = [_value(snak) for snaks in references for snak in _list(snaks, "P854")]
    address = next((url for url in addresses if isinstance(url, str) and is_address(url)), None)
    url = address or f"https://www.wikidata.org/wiki/{one['id']}"
    host = urlsplit(url).hostname or "wikidata.org"
    record: Record = {
        "title": f"Page on {host}" if address else f"Wikidata item {one['id']}",
        "publisher": host,
        "descriptor": "Reference of a Wikidata statement" if address else "Item that anyone may edit",
        "reliability": "F",
        "url": url,
        "paragraphs": 1,
    }
    row = msgspec.json.encode(statement, order="deterministic").decode()
    return evidence(dossier.source(url, host if address else one["id"], record), row)


def _span(statement: Item) -> str:
    """Return from when to when a statement holds, or its day, as EDTF; nothing where it does not say."""
    qualifiers = statement.get("qualifiers")
    begin, end, point = (
        next((day for snak in _list(qualifiers, name) if (day := _day(_value(snak)))), "")
        for name in ("P580", "P582", "P585")
    )
    if not begin and not end:
        return point
    if begin and end and begin > end:
        return ""
    return f"{begin}/{end or '..'}"


def _words(when: str) -> str:
    begin, slash, end = when.partition("/")
    if not when:
        return ""
    if not slash:
        return f" ({when})"
    parts = [f"from {begin}"] * bool(begin) + [f"until {end}"] * (end != "..")
    return f" {' '.join(parts)}"


def _day(value: Any) -> str:
    """Return a time as EDTF; nothing before the year 1000, or where it is vaguer than a year."""
    if not isinstance(value, dict) or value.get("precision") not in PRECISIONS:
        return ""
    text = str(value.get("time", ""))
    return text[1:][: PRECISIONS[value["precision"]]] if text[:1] == "+" and text[1:5] >= "1000" else ""


def _label(one: Item) -> str:
    return next((text for language in LANGUAGES if (text := _text(one, "labels", language))), "")


def _text(one: Item, field: str, language: str) -> str:
    texts = one.get(field)
    found = texts.get(language) if isinstance(texts, dict) else None
    return str(found.get("value", "")) if isinstance(found, dict) else ""


def _list(mapping: Any, key: str) -> list[Item]:
    found = mapping.get(key) if isinstance(mapping, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _value(snak: Any) -> Any:
    value = snak.get("datavalue") if isinstance(snak, dict) else None
    return value.get("value") if isinstance(value, dict) else None


def _id(value: Any) -> str:
    return str(value.get("id", "")) if isinstance(value, dict) else ""
