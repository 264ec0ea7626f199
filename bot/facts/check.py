"""Checking a whole fact base: every file, every record, and what the records say of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from bot.facts.cross import At, Checked, Guesser, Issue
from bot.facts.findings import PER_FILE, Finding, Findings, finding
from bot.facts.load import FileRole, ParsedFile, find_files, locate_in, parse_file, read_file
from bot.facts.reader import read as read_yaml
from bot.facts.records import Dossier


def check_base(root: Path) -> tuple[list[ParsedFile], list[Finding]]:
    """Read and check all dossiers under a root; return the files and all findings, sorted.

    Each file's own findings are among those returned. Never raises, whatever the files hold.
    """
    found = find_files(root)
    findings, parsed = list(found.findings), []
    for dossier in found.dossiers:
        for role, file in dossier.files:
            try:
                data = read_file(root, file)
            except OSError as error:
                findings.append(finding("F006", file, 1, 1, f"The file cannot be read ({error.strerror})."))
                parsed.append(ParsedFile(file, role, (), complete=False))
            else:
                parsed.append(parse_file(role, file, data))
    findings += (one for file in parsed for one in file.findings)
    findings += check_dossiers(parsed, lambda file: read_file(root, file))
    return parsed, sorted(findings)


def check_dossiers(files: Iterable[ParsedFile], read: Callable[[str], bytes]) -> list[Finding]:
    """Check what records say of each other; the files' own findings are not repeated.

    `read` returns the bytes of a file; it is called once for every file with a finding, to locate it.
    """
    dossiers: dict[str, list[ParsedFile]] = {}
    for file in files:
        dossiers.setdefault(_folder(file), []).append(file)
    guesser = Guesser()
    issues: dict[str, list[Issue]] = {}
    whole = (Checked(parts, guesser).issues() for parts in dossiers.values())
    for issue in chain(_shared_ids(dossiers), *whole):
        of_file = issues.setdefault(issue.file, [])
        if len(of_file) <= PER_FILE:  # one more than are listed, which says that there are more
            of_file.append(issue)
    return sorted(one for file, of_file in issues.items() for one in _located(file, of_file, read))


def _folder(file: ParsedFile) -> str:
    """Return the folder of the dossier that a file belongs to; it is empty for the root itself."""
    folder = file.file.rpartition("/")[0]
    return folder.rpartition("/")[0] if file.role is FileRole.FACTS else folder


def _shared_ids(dossiers: dict[str, list[ParsedFile]]) -> Iterator[Issue]:
    first: dict[str, str] = {}
    for file in (one for parts in dossiers.values() for one in parts if one.role is FileRole.DOSSIER):
        for record in file.records:
            if isinstance(record, Dossier) and (other := first.setdefault(record.id, file.file)) != file.file:
                yield At(file.file, 0).issue("X006", "id", message=f"{other} has the id {record.id} already.")


def _located(file: str, issues: list[Issue], read: Callable[[str], bytes]) -> list[Finding]:
    try:
        tree = read_yaml(read(file), file).tree
    except OSError:  # it was there a moment ago; what is wrong with it stays true
        tree = None
    found = Findings(file)
    for one in issues:
        found.add(one.code, *locate_in(tree, one.index, one.path), one.message, one.fix)
    return found.found
