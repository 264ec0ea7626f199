"""The tables of facts, names and words after a change: what was gathered, and what the rows amount to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import partial

from bot.facts.amend import Amendment
from bot.facts.doubts import Doubts
from bot.facts.gather import Change
from bot.facts.heads import doubts_of_texts, doubts_of_uses, write_heads
from bot.facts.incoming import Incoming
from bot.facts.keys import tag_number
from bot.facts.name_index import index_names
from bot.facts.naming import amend_dossier_names
from bot.facts.snapshot import EVERYTHING
from bot.facts.summaries import (
    add_to_tallies,
    add_words,
    amend_lexicon,
    amend_stretches,
    write_lexicon,
    write_stretches,
)


def write_facts(
    incoming: Incoming,
    changes: Mapping[int, Change],
    doubts: Doubts,
    progress: Callable[[str, int, int, int], None],
    *,
    is_new: bool,
) -> None:
    """Write the rows of facts, and what they amount to."""
    db = incoming.db
    amendment = Amendment(incoming, changes, is_new=is_new)
    amendment.place()
    amendment.take_out()
    if not is_new:
        for change in changes.values():
            amend_dossier_names(db, change)
            write_heads(db, change)
            add_words(db, change.heads.n, change.words)
    (total,) = db.execute("SELECT count(*) FROM scratch.placed").fetchone()
    amendment.put_in(lambda done: progress("writing", done, total, done))
    add_to_tallies(db, amendment.known)
    steps = [incoming.write_postings, incoming.write_moments]
    if is_new:
        steps += [
            partial(_write_stretches, db, changes),
            partial(write_lexicon, db),
            partial(index_names, db),
        ]
    else:
        steps += [partial(amend_stretches, db, amendment.stretches), partial(_amend_lexicon, db, changes)]
    for number, step in enumerate(steps, 1):
        step()
        progress("sorting", number, len(steps), total * number // len(steps))
    for n, change in changes.items():
        db.execute("UPDATE dossier SET facts = facts + ? WHERE n = ?", (change.facts, n))
        doubts_of_uses(db, change, doubts)
        doubts_of_texts(db, change, doubts)


def _write_stretches(db: sqlite3.Connection, changes: Mapping[int, Change]) -> None:
    topics = {
        tag_number(n, "topic", one.id) for n, change in changes.items() for one in change.heads.record.topics
    }
    write_stretches(db, topics | {tag_number(n, *EVERYTHING) for n in changes})


def _amend_lexicon(db: sqlite3.Connection, changes: Mapping[int, Change]) -> None:
    languages = {change.heads.record.language for change in changes.values()}
    words = {
        word for change in changes.values() for pair, more in change.words.items() if more for word in pair
    }
    amend_lexicon(db, words, languages)
