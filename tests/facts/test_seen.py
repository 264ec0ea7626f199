from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from factory import LICENCES, edit

from bot.facts import seen as module
from bot.facts.seen import NAME, Seen, look

FILES = (LICENCES, "coast/dossier.yaml")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose bytes were read."""
    names: list[str] = []
    original = module.digest_of

    def digest_of(path: Path) -> str:
        names.append(path.name)
        return original(path)

    monkeypatch.setattr(module, "digest_of", digest_of)
    return names


def looked(root: Path, folder: Path, *, later: bool = True) -> dict[str, str]:
    """Look at the files; `later` says that nothing changed in the same tick in which it is kept."""
    folder.mkdir(exist_ok=True)
    seen = Seen(root, folder)
    digests, unread = seen.digests(FILES, look(root))
    assert unread == []
    seen.keep()
    if later and (folder / NAME).exists():
        os.utime(folder / NAME, (4_000_000_000, 4_000_000_000))
    return digests


def test_what_did_not_change_is_not_read_again(root: Path, folder: Path, read: list[str]) -> None:
    first = looked(root, folder)
    assert looked(root, folder) == first
    assert read == ["licences.yaml", "dossier.yaml"]
    assert first[LICENCES] == hashlib.sha256((root / LICENCES).read_bytes()).hexdigest()


def test_only_what_changed_is_read_again(root: Path, folder: Path, read: list[str]) -> None:
    first = looked(root, folder)
    edit(root)
    after = looked(root, folder)

    assert read == ["licences.yaml", "dossier.yaml", "licences.yaml"]
    assert after[LICENCES] != first[LICENCES]


def test_a_change_after_the_look_is_seen_by_the_next(root: Path, folder: Path, read: list[str]) -> None:
    looked(root, folder)
    stats = look(root)
    edit(root)
    seen = Seen(root, folder)
    seen.digests(FILES, stats)
    seen.keep()
    edit(root, "audit", "Audit")
    after = looked(root, folder)

    assert after[LICENCES] == hashlib.sha256((root / LICENCES).read_bytes()).hexdigest()


def test_what_changed_in_the_tick_of_the_last_look_is_read_again(
    root: Path, folder: Path, read: list[str]
) -> None:
    looked(root, folder, later=False)
    os.utime(folder / NAME, (0, 0))
    looked(root, folder, later=False)

    assert len(read) == 4


def test_a_file_put_in_place_of_another_is_read(root: Path, folder: Path, read: list[str]) -> None:
    first = looked(root, folder)
    path, stat = root / LICENCES, (root / LICENCES).stat()
    other = path.with_suffix(".other")
    other.write_bytes(path.read_bytes().replace(b"audit", b"Audit"))
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(path)

    assert looked(root, folder)[LICENCES] != first[LICENCES]


@pytest.mark.parametrize("content", [b"", b"\xff", b"\x92\xa1/\x80", b"\x80"])
def test_what_was_kept_may_be_lost_or_damaged(
    root: Path, folder: Path, read: list[str], content: bytes
) -> None:
    first = looked(root, folder)
    (folder / NAME).write_bytes(content)

    assert looked(root, folder) == first
    assert len(read) == 4


def test_what_was_seen_of_another_base_does_not_count(
    root: Path, folder: Path, read: list[str], tmp_path: Path
) -> None:
    looked(root, folder)
    root.rename(tmp_path / "moved")
    looked(tmp_path / "moved", folder)

    assert len(read) == 4


def test_a_file_that_is_forgotten_is_read_again(root: Path, folder: Path, read: list[str]) -> None:
    folder.mkdir()
    seen = Seen(root, folder)
    seen.digests(FILES, look(root))
    seen.forget(LICENCES)
    seen.keep()
    os.utime(folder / NAME, (4_000_000_000, 4_000_000_000))
    looked(root, folder)

    assert read == ["licences.yaml", "dossier.yaml", "licences.yaml"]


def test_a_look_finds_all_yaml_files_and_no_hidden_folders(root: Path, tmp_path: Path) -> None:
    (root / ".git").mkdir()
    (root / ".git/a.yaml").touch()
    (root / "coast/notes.txt").touch()
    (root / "coast/deep/er").mkdir(parents=True)
    (root / "coast/deep/er/old.YML").touch()
    (root / "coast/loop").symlink_to(root)
    (root / "coast/dangling.yaml").symlink_to(tmp_path / "nothing")
    expected = {str(path) for path in root.rglob("*.yaml")} - {str(root / ".git/a.yaml")}
    expected = expected - {str(root / "coast/dangling.yaml")} | {str(root / "coast/deep/er/old.YML")}

    assert look(root).keys() == expected
    assert look(tmp_path / "nowhere") == {}
