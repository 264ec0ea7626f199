"""What is asked: lines for every command, drawn from the base itself so that they find something."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from datetime import date
from functools import partial
from random import Random
from typing import Final

from bot.facts.snapshot import Snapshot
from bot.facts.stated import Stated
from bot.facts.words import find_words, spell
from bot.parse import quote

COMPLETE: Final = "complete, "
"""What the names of the classes whose lines are completed, not asked, begin with."""

BARE_SELECT: Final = "one-row SELECT by rowid"
"""The class of what questions are compared with; its lines are the rowids of facts."""

EXACT: Final = "a name as it is written"
FUZZY: Final = "a misspelt name"
"""The classes whose lines are names that are resolved, not asked about."""

Line = tuple[str, str]
"""A class and what is asked."""


class Questions:
    """Draws questions from a snapshot; the same snapshot and seed give the same ones.

    Things asked for are drawn by way of the facts that mention them, so the well-known ones come more often.
    All rowids of facts are held in memory: where memory is measured, the lines are drawn elsewhere.
    """

    def __init__(self, snapshot: Snapshot, seed: int) -> None:
        self.snapshot = snapshot
        self.random = Random(seed)
        self.rowids: array[int] = array(
            "q", (rowid for (rowid,) in snapshot.db.execute("SELECT rowid FROM fact"))
        )
        self.topics = [topic.id for one in snapshot.dossiers for topic in snapshot.dossier(one).topics]
        line, words, letters = self._line, self._words, self._letters
        self.classes: dict[str, Callable[[], str]] = {
            BARE_SELECT: lambda: str(self._rowid()),
            EXACT: self.spelling,
            FUZZY: lambda: misspell(self.spelling(), self.random),
            "/who": partial(line, "/who", self._name),
            "/who, misspelt": partial(line, "/who", self._misspelt_name),
            "/who as-of": partial(line, "/who", self._name, "as-of"),
            "/briefing": partial(line, "/briefing", self.topic),
            "/briefing as-of": partial(line, "/briefing", self.topic, "as-of"),
            "/timeline": partial(line, "/timeline", self._name),
            "/timeline of a topic": partial(line, "/timeline", self.topic),
            "/timeline from": partial(line, "/timeline", None, "from"),
            "/search, 1 word": partial(line, "/search", partial(words, 1)),
            "/search, 2 words": partial(line, "/search", partial(words, 2)),
            "/search, 3 words": partial(line, "/search", partial(words, 3)),
            "/search, misspelt": partial(line, "/search", self._misspelt_word),
            "/source": partial(line, "/source", self.source),
            "/fact": partial(line, "/fact", self._fact_id),
            "/due": partial(line, "/due"),
            "/due until": partial(line, "/due", None, "until"),
            "/changes": partial(line, "/changes"),
            "/changes since": partial(line, "/changes", None, "since"),
            f"{COMPLETE}1 letter": partial(line, "/who", partial(letters, 1)),
            f"{COMPLETE}3 letters": partial(line, "/who", partial(letters, 3)),
            f"{COMPLETE}5 letters": partial(line, "/who", partial(letters, 5)),
        }

    def mixed(self, each: int) -> list[Line]:
        """Draw so many lines of every class and shuffle them."""
        drawn = [(name, draw()) for name, draw in self.classes.items() for _ in range(each)]
        self.random.shuffle(drawn)
        return drawn

    def _line(self, command: str, argument: Callable[[], str] | None = None, day: str = "") -> str:
        parts = [command]
        if argument:
            parts.append(argument())
        if day:
            parts.append(f"{day}:{date.fromordinal(self.fact().known)}")
        return " ".join(parts)

    # --- arguments -------------------------------------------------------------------------------------

    def _rowid(self) -> int:
        return self.random.choice(self.rowids)

    def fact(self) -> Stated:
        """Draw a fact."""
        return self.snapshot.fact(self._rowid())

    def _fact_id(self) -> str:
        return self.fact().id

    def source(self) -> str:
        """Draw the id of a source that some fact cites."""
        return self.random.choice(self.fact().fact.sources).ref

    def topic(self) -> str:
        """Draw a topic, now and then none, which asks about everything."""
        return self.random.choice(("", *self.topics))

    def spelling(self) -> str:
        """Draw a name in any of its spellings."""
        fact = self.fact()
        number, _ = self.snapshot.dossiers[fact.dossier]
        row = self.snapshot.db.execute(
            "SELECT n FROM entity WHERE id = ? AND dossier = ?",
            (self.random.choice(fact.fact.about), number),
        ).fetchone()
        entity = self.snapshot.entity(row[0])
        return self.random.choice((entity.id, entity.name, entity.name, *entity.also))

    def _name(self) -> str:
        return quote(self.spelling())

    def _misspelt_name(self) -> str:
        return quote(misspell(self.spelling(), self.random))

    def _words(self, count: int) -> str:
        """Draw words of one fact, so that at least that one has them all."""
        words = [match[0] for match in find_words(self.fact().fact.text)]
        return " ".join(self.random.sample(words, min(count, len(words))))

    def _misspelt_word(self) -> str:
        words = [match[0] for match in find_words(self.fact().fact.text)]
        return misspell(max(self.random.sample(words, min(3, len(words))), key=len), self.random)

    def _letters(self, count: int) -> str:
        return spell(self.spelling())[:count]


def misspell(text: str, random: Random) -> str:
    """Return a text with one letter left out, doubled or swapped with the next; the first one stays."""
    at = random.randrange(1, max(2, len(text) - 1))
    head, letter, following, tail = text[:at], text[at : at + 1], text[at + 1 : at + 2], text[at + 2 :]
    changed = head + random.choice((following, letter * 2 + following, following + letter)) + tail
    return changed if changed != text else text + text[-1]
