"""Other ways to hold names and texts, on the same data: what they take, beside the bot.

Each is measured in a process of its own. Those that the project does not depend on are left out, with a
sentence, where they are not installed.
"""

# ruff: noqa: PLC0415 - each is imported only in the process that measures it
from __future__ import annotations

import sqlite3
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from heapq import nlargest
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import msgspec

from benchmarks.desk import Desk
from benchmarks.figures import Compare, Figure
from benchmarks.goals.names import all_names
from benchmarks.lab import Lab
from benchmarks.measure import fastest, resident, usage
from benchmarks.questions import Questions, misspell
from bot.facts.fold import fold
from bot.facts.snapshot import Snapshot
from bot.facts.words import find_words

WHOOSH: Final = 20_000
"""The most facts that Whoosh is given: a million take it the better part of an hour."""

LIMIT: Final = 10
FOUND: Final = 20

Tasks = dict[str, Callable[[str], object]]

LETTER, LETTERS, EXACT, FUZZY, WORD, WORDS = (
    *("completion, 1 letter", "completion, 3 letters"),
    *("an exact name", "a misspelt name", "1 word", "2 words"),
)


class Measured(msgspec.Struct, frozen=True):
    """What a peer took: median seconds by task, seconds of processor time to build, and memory in bytes."""

    seconds: dict[str, float]
    build: float
    memory: int
    facts: int


class Data:
    """What peers are given, read from a snapshot: names with their prominence, texts, and what is asked."""

    def __init__(self, path: Path, each: int, seed: int) -> None:
        self.snapshot = Snapshot(path)
        self.questions = Questions(self.snapshot, seed)
        self.random = Random(seed)
        self.asked: dict[str, list[str]] = {name: [] for name in (LETTER, LETTERS, EXACT, FUZZY, WORD, WORDS)}
        for _ in range(each):
            name = self.questions.spelling()
            words = [match[0].lower() for match in find_words(self.questions.fact().fact.text)]
            self.asked[LETTER].append(fold(name)[:1])
            self.asked[LETTERS].append(fold(name)[:3])
            self.asked[EXACT].append(name)
            self.asked[FUZZY].append(misspell(name, self.random))
            self.asked[WORD].append(self.random.choice(words))
            self.asked[WORDS].append(" ".join(self.random.sample(words, min(2, len(words)))))

    def names(self) -> list[str]:
        """Return all spellings, folded."""
        return all_names(self.snapshot)[0]

    def texts(self, most: int | None = None) -> Iterator[str]:
        """Yield the texts of all facts, or of so many."""
        for (rowid,) in islice(self.snapshot.db.execute("SELECT rowid FROM fact"), most):
            yield self.snapshot.fact(rowid).fact.text


# --- the peers -------------------------------------------------------------------------------------------


def _bot(data: Data, _: Path) -> Tasks:
    base = Desk(data.snapshot.path).base

    def complete(prefix: str) -> object:
        return base.complete(prefix, "entity", LIMIT)

    def resolve(name: str) -> object:
        return base.resolve(name, "entity")

    def search(words: str) -> object:
        return base.search(words, None, FOUND)

    return {LETTER: complete, LETTERS: complete, EXACT: resolve, FUZZY: resolve, WORD: search, WORDS: search}


def _dict(data: Data, _: Path) -> Tasks:
    names = data.names()
    known = {name: n for n, name in enumerate(names)}
    weight = {name: data.random.randrange(1_000) for name in names}
    ordered = sorted(known)

    def complete(prefix: str) -> object:
        found = ordered[bisect_left(ordered, prefix) : bisect_left(ordered, prefix + "\U0010ffff")]
        return nlargest(LIMIT, found, key=weight.__getitem__)

    return {LETTER: complete, LETTERS: complete, EXACT: lambda name: known.get(fold(name))}


def _trigram(data: Data, folder: Path) -> Tasks:
    db = sqlite3.connect(folder / "trigram.db", isolation_level=None)
    db.execute("CREATE VIRTUAL TABLE name USING fts5(text, tokenize = 'trigram')")
    db.execute("BEGIN")
    db.executemany("INSERT INTO name VALUES (?)", ((name,) for name in data.names()))
    db.execute("COMMIT")

    def fuzzy(name: str) -> object:
        text = fold(name)
        grams = {text[at : at + 3] for at in range(max(1, len(text) - 2))}
        query = " OR ".join(f'"{gram}"' for gram in sorted(grams))
        return db.execute(
            "SELECT text FROM name WHERE name MATCH ? ORDER BY rank LIMIT 5", (query,)
        ).fetchall()

    return {FUZZY: fuzzy}


def _tantivy(data: Data, folder: Path) -> Tasks:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text")
    index = tantivy.Index(builder.build(), path=str(folder))
    writer = index.writer(heap_size=60_000_000, num_threads=1)
    for text in data.texts():
        writer.add_document(tantivy.Document(text=text))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def search(words: str) -> object:
        query = index.parse_query(" ".join(f"+{word}" for word in words.split()), ["text"])
        return searcher.search(query, FOUND).hits

    return {WORD: search, WORDS: search}


def _whoosh(data: Data, folder: Path) -> Tasks:
    from whoosh.fields import TEXT, Schema
    from whoosh.index import create_in
    from whoosh.qparser import QueryParser

    index = create_in(str(folder), Schema(text=TEXT))
    writer = index.writer()
    for text in data.texts(WHOOSH):
        writer.add_document(text=text)
    writer.commit()
    searcher, parser = index.searcher(), QueryParser("text", index.schema)

    def search(words: str) -> object:
        return [one.docnum for one in searcher.search(parser.parse(words), limit=FOUND)]

    return {WORD: search, WORDS: search}


def _duckdb(data: Data, folder: Path) -> Tasks:
    import duckdb

    db: Any = duckdb.connect(str(folder / "names.duckdb"), config={"threads": 1})
    rows = folder / "names.csv"
    with rows.open("w", encoding="utf-8") as file:
        file.writelines(f"{name},{data.random.randrange(1_000)}\n" for name in data.names())
    columns = "{'name': 'VARCHAR', 'weight': 'INTEGER'}"
    db.execute(f"CREATE TABLE name AS SELECT * FROM read_csv('{rows}', header=false, columns={columns})")

    def complete(prefix: str) -> object:
        query = "SELECT name FROM name WHERE starts_with(name, ?) ORDER BY weight DESC LIMIT 10"
        return db.execute(query, [prefix]).fetchall()

    def exact(name: str) -> object:
        return db.execute("SELECT name FROM name WHERE name = ?", [fold(name)]).fetchall()

    def fuzzy(name: str) -> object:
        query = "SELECT name FROM name ORDER BY jaro_winkler_similarity(name, ?) DESC LIMIT 5"
        return db.execute(query, [fold(name)]).fetchall()

    return {LETTER: complete, LETTERS: complete, EXACT: exact, FUZZY: fuzzy}


PEERS: Final[dict[str, tuple[str, Callable[[Data, Path], Tasks]]]] = {
    "the bot": ("bot", _bot),
    "dict and sorted list": ("bisect", _dict),
    "FTS5 trigram": ("sqlite3", _trigram),
    "tantivy": ("tantivy", _tantivy),
    "Whoosh": ("whoosh", _whoosh),
    "DuckDB": ("duckdb", _duckdb),
}
"""The peers by name, each with the module that it needs."""


def measured(snapshot: str, name: str, each: str, seed: str) -> Measured:
    """Give a peer the data, ask it, and say what that took."""
    data = Data(Path(snapshot), int(each), int(seed))
    made: list[Tasks] = []
    before = resident()
    with tempfile.TemporaryDirectory() as folder:
        took = usage(lambda: made.append(PEERS[name][1](data, Path(folder))))
        tasks = made[0]
        seconds = {task: median(_times(work, data.asked[task])) for task, work in tasks.items()}
        facts = sum(count for _, count in data.snapshot.dossiers.values())
        held = resident() - before
    return Measured(seconds, took.cpu, held, min(facts, WHOOSH) if name == "Whoosh" else facts)


def _times(work: Callable[[str], object], asked: Iterable[str]) -> list[float]:
    return [fastest(partial(work, one), 2) for one in asked]


def peers(lab: Lab) -> Iterator[Figure]:
    """All peers that are installed, beside the bot."""
    snapshot = lab.compiled(lab.large)
    each = max(5, lab.settings.each // 5)
    found: dict[str, Measured] = {}
    for name, (module, _) in PEERS.items():
        if find_spec(module) is None:
            lab.note("peers", f"{name} is not installed; `pip install --group bench-peers` brings it.")
            continue
        lab.say(f"peers: {name}")
        found[name] = lab.child(Measured, "goals.peers.measured", snapshot, name, each, lab.settings.seed)
    ours = found.pop("the bot")
    for name, one in found.items():
        told = f"{name} ({one.facts:,} facts)" if one.facts < ours.facts else name
        for task, seconds in one.seconds.items():
            yield Figure("peers", f"{told}: {task}", "s", seconds, "the bot", ours.seconds[task])
        yield Figure("peers", f"{told}: to build, processor time", "s", one.build, compare=Compare.ALONE)
        yield Figure("peers", f"{told}: memory that it holds", "B", one.memory, compare=Compare.ALONE)
