"""A private PostgreSQL on loopback, with Debian's binaries: it is gone when whoever started it is."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import psycopg

START_SECONDS: Final = 60.0
ATTEMPTS: Final = 3
"""A port that was free a moment ago may be taken when the server starts."""

OPTIONS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum_naptime": "5min",
}


def binaries() -> Path:
    """Return the folder with `initdb` and `postgres`, of the newest version where there are several.

    Raises:
        FileNotFoundError: there is no PostgreSQL server on this machine.
    """
    tool = shutil.which("pg_config")
    told = subprocess.run([tool, "--bindir"], capture_output=True, text=True, check=False) if tool else None
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: float(one.parent.name), reverse=True
    )
    for folder in [*([Path(told.stdout.strip())] if told else []), *versions]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise FileNotFoundError("PostgreSQL is missing. Install Debian's package postgresql.")


class Cluster:
    """A running server. Its databases are empty, one for each that asks."""

    def __init__(self, port: int, user: str) -> None:
        self._base = f"{user}@127.0.0.1:{port}"
        self._numbers = count(1)

    def database(self) -> str:
        """Create a database and return its URL."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(f"postgresql://{self._base}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://{self._base}/{name}"


@contextlib.contextmanager
def running() -> Iterator[Cluster]:
    """Start a server with a folder and a port of its own; end it and delete the folder at the end.

    The server refuses to run as root; root runs it as Debian's user `postgres`.

    Raises:
        FileNotFoundError: there is no PostgreSQL server on this machine.
        RuntimeError: it does not start.
    """
    tools = binaries()
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    try:
        if user:
            shutil.chown(folder, user, user)
        data = folder / "data"
        make = [str(tools / "initdb"), "-D", str(data), "-U", "tests", "-A", "trust", "-E", "UTF8"]
        _run([*make, "--locale=C.UTF-8", "--no-sync", "--no-instructions"], folder, user)
        for _ in range(ATTEMPTS):
            port = _free_port()
            server = _start(tools, data, port, folder, user)
            try:
                if _answers(server, port):
                    yield Cluster(port, "tests")
                    return
            finally:
                # Its "immediate shutdown": it waits for no client, and for no disk.
                server.send_signal(signal.SIGQUIT)
                server.wait()
        raise RuntimeError(f"PostgreSQL does not start: {(folder / 'log').read_text(errors='replace')}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], folder: Path, user: str | None) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace')}")


def _start(tools: Path, data: Path, port: int, folder: Path, user: str | None) -> subprocess.Popen[bytes]:
    settings = [f"--{name}={value}" for name, value in OPTIONS.items()]
    command = [str(tools / "postgres"), "-D", str(data), f"--port={port}", *settings]
    # A run that is killed takes it along.
    if setpriv := shutil.which("setpriv"):
        ids = [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        command, user = [setpriv, *ids, "--pdeathsig=QUIT", *command], None
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )


def _answers(server: subprocess.Popen[bytes], port: int) -> bool:
    """Say whether it takes connections; False where it has ended."""
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(f"postgresql://tests@127.0.0.1:{port}/postgres", connect_timeout=5).close()
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.05)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
