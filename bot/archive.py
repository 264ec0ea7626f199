"""A reader's own copies of the sources, and what they say about a fact base."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from bot.facts.check import check_base
from bot.facts.evidence import (
    Copy,
    Proof,
    Verdict,
    check_copies,
    paragraph_hash,
    prove,
    split_paragraphs,
)
from bot.facts.findings import Severity
from bot.facts.load import FileRole, ParsedFile
from bot.facts.records import Dossier, Entity, Fact, Source

BEGINNING: Final = 60
"""Characters of a paragraph that are listed, so that one sees which it is."""

REMARKS: Final = {
    Verdict.MATCH: "",
    Verdict.MOVED: ", now paragraph {0.found_at}",
    Verdict.CHANGED: ", whose hash is {0.actual}",
    Verdict.ABSENT: ", of which there is no copy",
}


class Unproven(ValueError):
    """Nothing can be compared: the base has errors or lacks the dossier, or a copy cannot be read."""


class Report(msgspec.Struct, frozen=True):
    """What a comparison found, by dossier."""

    proofs: tuple[tuple[str, Proof], ...]
    copies: tuple[tuple[str, Copy], ...]

    @property
    def proven(self) -> bool:
        """Whether every piece of evidence matches and nothing is copied."""
        return not self.copies and all(proof.verdict is Verdict.MATCH for _, proof in self.proofs)

    def lines(self) -> Iterator[str]:
        """Yield the report as text: a line for each piece of evidence and each copy, then the count."""
        for dossier, proof in self.proofs:
            remark = REMARKS[proof.verdict] if proof.actual or proof.verdict is not Verdict.CHANGED else ""
            what = f"{dossier}:{proof.fact} in {proof.source}, paragraph {proof.p}"
            yield f"{proof.verdict:<8} {what}{remark.format(proof)}"
        for dossier, copy in self.copies:
            place = f" in {copy.source}, paragraph {copy.p}" if copy.source else ""
            yield f"{copy.fault:<8} {dossier}:{copy.id}, {copy.record} {copy.field}: “{copy.run}”{place}"
        counts = Counter(str(proof.verdict) for _, proof in self.proofs)
        counts.update(str(copy.fault) for _, copy in self.copies)
        yield ", ".join(f"{count:,} {what}" for what, count in counts.items()) or "There is no evidence."


def compare(root: Path, archive: Path, dossier: str | None = None) -> Report:
    """Hold the facts under `root`, or those of one dossier, to the copies in the folder `archive`.

    Raises:
        Unproven: the base has errors or lacks the dossier, or a copy cannot be read.
    """
    files, findings = check_base(root)
    if any(one.severity is Severity.ERROR for one in findings):
        raise Unproven(f"The fact base in {root} has errors: correct what `briefing-bot check` finds first.")
    folders: dict[str, list[ParsedFile]] = {}
    for file in files:
        folder = Path(file.file).parent
        folders.setdefault(str(folder.parent if file.role is FileRole.FACTS else folder), []).append(file)
    proofs: list[tuple[str, Proof]] = []
    copies: list[tuple[str, Copy]] = []
    known = []
    for of_folder in folders.values():
        records = [record for file in of_folder for record in file.records]
        about = next(one for one in records if isinstance(one, Dossier))
        known.append(about.id)
        if dossier not in (None, about.id):
            continue
        sources = {one.id: one for one in records if isinstance(one, Source)}
        facts = [one for one in records if isinstance(one, Fact)]
        entities = [one for one in records if isinstance(one, Entity)]
        texts = _texts(archive, sources.values())
        proofs += ((about.id, one) for one in prove(facts, sources, texts))
        copies += ((about.id, one) for one in check_copies(about, sources, entities, facts, texts))
    if dossier is not None and dossier not in known:
        raise Unproven(f"There is no dossier {dossier!r}; here are: {', '.join(known)}.")
    return Report(tuple(proofs), tuple(copies))


def list_paragraphs(root: Path, archive: Path, source: str) -> Iterator[str]:
    """Yield a line for each body paragraph of a source's copy: its number, its hash, how it begins.

    Raises:
        Unproven: no dossier has the source, it names no copy, or the copy is not in the folder.
    """
    files, _ = check_base(root)
    records = (record for file in files for record in file.records)
    known = [one for one in records if isinstance(one, Source) and one.id == source]
    if not known:
        raise Unproven(f"There is no source {source!r} in {root}.")
    copy = known[0].archive
    if copy is None:
        raise Unproven(f"The source {source!r} names no copy: give it archive: FILE first.")
    text = _texts(archive, known).get(copy)
    if text is None:
        raise Unproven(f"There is no copy {copy} in {archive}.")
    for number, paragraph in enumerate(split_paragraphs(text, known[0].title, known[0].paragraphs), 1):
        yield f"{number:>3}  {paragraph_hash(paragraph)}  {paragraph[:BEGINNING]}"


def _texts(archive: Path, sources: Iterable[Source]) -> dict[str, str]:
    """Return the copies that the folder has, by file name."""
    texts = {}
    for name in sorted({one.archive for one in sources if one.archive}):
        try:
            texts[name] = (archive / name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Unproven(f"{archive / name} cannot be read ({error.strerror}).") from None
    return texts
