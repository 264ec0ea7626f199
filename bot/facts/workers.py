"""Parsing in other processes, so that a large base is read with two processors.

Each worker parses every other file and hands the records on; the order is that of the files, whoever was
first. A worker that dies leaves its files to the process that started it.
"""

from __future__ import annotations

import gc
import hashlib
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

import msgspec

import bot
from bot.facts.findings import Finding
from bot.facts.load import RECORDS, FileRole, ParsedFile, parse_file, read_file

WORKERS: Final = 2

LARGE: Final = 16 * 1024 * 1024
"""Bytes of YAML below which starting workers takes longer than they save."""

_LENGTH: Final = struct.Struct("<Q")
_MOST: Final = 1 << 28
_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from bot.facts.workers import serve; serve()"

Job = tuple[FileRole, str]


class _Order(msgspec.Struct, array_like=True):
    root: str
    jobs: list[Job]


class _Frame(msgspec.Struct, array_like=True):
    """A parsed file on its way; its role says of which type the records are. Without a digest, why not."""

    digest: str
    reason: str = ""
    records: msgspec.Raw = msgspec.Raw(b"\x90")
    findings: tuple[Finding, ...] = ()
    positions: tuple[int, ...] = ()
    left_out: tuple[str, ...] = ()
    complete: bool = True


def parse_path(root: Path, role: FileRole, file: str) -> tuple[ParsedFile, str]:
    """Read and parse a file; return it with the SHA-256 of the bytes that were parsed. Raises OSError."""
    data = read_file(root, file)
    return parse_file(role, file, data), hashlib.sha256(data).hexdigest()


class Parsers:
    """Parses the files of `jobs`, which must be asked for in that order; `size` is that of all in bytes."""

    def __init__(self, root: Path, jobs: Sequence[Job], size: int) -> None:
        self._root = root
        self._turn = 0
        self._workers: list[subprocess.Popen[bytes] | None] = []
        if size >= LARGE and (os.cpu_count() or 1) >= WORKERS:
            self._workers = [self._start(jobs[number::WORKERS]) for number in range(WORKERS)]

    def _start(self, jobs: Sequence[Job]) -> subprocess.Popen[bytes] | None:
        command = [sys.executable, "-c", _START, str(Path(bot.__file__).parent.parent)]
        try:
            worker = subprocess.Popen(  # noqa: S603 -- this program itself
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the one that started it
            )
        except OSError:
            return None
        assert worker.stdin  # noqa: S101 -- it is a pipe
        try:
            with worker.stdin as stream:
                stream.write(msgspec.msgpack.encode(_Order(str(self._root.resolve()), list(jobs))))
        except OSError:
            worker.kill()
        return worker

    def parse(self, role: FileRole, file: str) -> tuple[ParsedFile, str]:
        """Return the next file, parsed, and the SHA-256 of its bytes. Raises OSError if it cannot be read."""
        frame = None
        if self._workers:
            frame = self._receive(self._turn % len(self._workers))
            self._turn += 1
        if frame is None:
            return parse_path(self._root, role, file)
        if not frame.digest:
            raise OSError(0, frame.reason)
        kind = RECORDS[role]
        records = msgspec.msgpack.decode(frame.records, type=tuple[kind, ...])  # type: ignore[valid-type]
        rest = (frame.findings, frame.positions, frame.left_out, frame.complete)
        return ParsedFile(file, role, records, *rest), frame.digest

    def _receive(self, number: int) -> _Frame | None:
        worker = self._workers[number]
        if worker is None or worker.stdout is None:
            return None
        try:
            (length,) = _LENGTH.unpack(worker.stdout.read(_LENGTH.size))
            if length > _MOST:
                raise OSError("this is not from a worker")
            return msgspec.msgpack.decode(worker.stdout.read(length), type=_Frame)
        except (struct.error, msgspec.MsgspecError, OSError):
            self._stop(worker)
            self._workers[number] = None
            return None

    def close(self) -> None:
        """Stop the workers."""
        for worker in filter(None, self._workers):
            self._stop(worker)
        self._workers = []

    @staticmethod
    def _stop(worker: subprocess.Popen[bytes]) -> None:
        worker.kill()
        worker.wait()
        if worker.stdout:
            worker.stdout.close()


def serve() -> None:
    """Parse what standard input orders, and write it to standard output, each file as soon as it is taken."""
    gc.disable()  # no record is part of a circle, and the process ends soon
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=_Order)
    try:
        for role, file in order.jobs:
            _send(sys.stdout.buffer, _framed(Path(order.root), role, file))
    except BrokenPipeError:  # nobody waits for it any more
        os._exit(0)


def _framed(root: Path, role: FileRole, file: str) -> _Frame:
    try:
        parsed, digest = parse_path(root, role, file)
    except OSError as error:
        return _Frame("", error.strerror or str(error))
    records = msgspec.Raw(msgspec.msgpack.encode(parsed.records))
    return _Frame(digest, "", records, parsed.findings, parsed.positions, parsed.left_out, parsed.complete)


def _send(stream: IO[bytes], frame: _Frame) -> None:
    data = msgspec.msgpack.encode(frame)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()
