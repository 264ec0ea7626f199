"""The long storms: `make chaos`, or `PYTHONPATH=tests python -m chaos --kills 80 --seconds 600`."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import postgres

from bot.posts.records import PostState
from chaos.checker import check, lateness
from chaos.evidence import Evidence
from chaos.storm import Storm, Weather, brewing

Result = dict[str, Any]
COMBINATIONS = tuple((kind, count) for kind in ("sqlite", "postgresql") for count in (1, 3))


def main() -> int:
    """Run storms one after the other; return 0 where nothing was found wrong."""
    for one in (signal.SIGTERM, signal.SIGINT):
        # Told to end, in the background too, it takes its processes along.
        signal.signal(one, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="chaos", description="Storms over scheduled posts.")
    parser.add_argument("--kills", type=int, default=80, help="kills of each storm")
    parser.add_argument("--seconds", type=float, default=900.0, help="the longest that a storm may last")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", nargs="*", default=[], help="such as sqlite-1 postgresql-3")
    parser.add_argument("--folder", type=Path, default=None, help="for logs and evidence")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"{folder} is not empty: name a new folder.")
    say(f"seed {given.seed}, logs and evidence in {folder}")
    results: list[Result] = []
    with ExitStack() as stack:
        cluster = None
        for number, (kind, workers) in enumerate(COMBINATIONS):
            name = f"{kind}-{workers}"
            if given.only and name not in given.only:
                continue
            own = folder / name
            own.mkdir(parents=True, exist_ok=True)
            if kind == "postgresql" and cluster is None:
                cluster = stack.enter_context(postgres.running())
            url = cluster.database() if kind == "postgresql" and cluster else f"sqlite:///{own / 'state.db'}"
            weather = Weather(
                url=url,
                workers=workers,
                seed=given.seed + number,
                kills=given.kills,
                seconds=given.seconds,
                pause=5.0 if workers == 1 else 2.0,
            )
            result = asyncio.run(one_storm(name, weather, own))
            results.append(result)
            say(line_of(result))
    (folder / "results.json").write_text(json.dumps(results, indent=1))
    return int(any(one["findings"] for one in results))


async def one_storm(name: str, weather: Weather, folder: Path) -> Result:
    """Run one and keep what it left behind."""
    async with brewing(weather, folder) as storm:
        evidence = await storm.rage()
    (folder / "evidence.json").write_bytes(msgspec.json.encode(evidence))
    findings = check(evidence)
    for one in findings:
        say(f"  {one.kind}: {one.subject}: {one.sentence}")
    result = figures(name, storm, evidence) | {"findings": [msgspec.to_builtins(one) for one in findings]}
    (folder / "result.json").write_text(json.dumps(result, indent=1))
    return result


def figures(name: str, storm: Storm, evidence: Evidence) -> Result:
    """Return the figures of a storm."""
    late = lateness(evidence)
    states = Counter(post.state.value for post in evidence.posts)
    return {
        "storm": name,
        **asdict(storm.toll),
        "records": len(evidence.posts),
        "posts": states[PostState.POSTED],
        "states": dict(states),
        "missed_slots": sum(post.count for post in evidence.posts if post.state is PostState.MISSED),
        "messages": len(evidence.messages),
        "late_p50": round(late[len(late) // 2], 2) if late else None,
        "late_p95": round(late[len(late) * 95 // 100], 2) if late else None,
    }


def line_of(result: Result) -> str:
    """Return a storm's figures as a line."""
    kinds = Counter(one["kind"] for one in result["findings"])
    names = ("storm", "kills", "standstills", "cuts", "pauses", "removals", "records", "posts", "messages")
    parts = [f"{name} {result[name]}" for name in (*names, "missed_slots", "late_p50", "late_p95", "slowest")]
    return "  ".join(
        [*parts, *(f"{kind} {kinds[kind]}" for kind in ("lost", "doubled", "after pause", "untrue"))]
    )


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
