"""The records that people write in YAML: dossier, sources, entities, facts.

Each record is an immutable :class:`msgspec.Struct`. Every date is an EDTF string (ISO 8601-2, see
:mod:`bot.facts.edtf`) that has been checked when the file was read; every id matches :data:`ID`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""What an id looks like: lower-case Latin letters and digits, hyphens between. At most 64 characters."""

ID_LENGTH: Final = 64


class EntityKind(StrEnum):
    """What sort of thing a name stands for."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    PRODUCT = "product"
    GROUP = "group"
    DOCUMENT = "document"
    INDEX = "index"


class FactKind(StrEnum):
    """What sort of statement a fact is."""

    EVENT = "event"
    CLAIM = "claim"
    ROLE = "role"
    METRIC = "metric"
    ORDER = "order"
    PLAN = "plan"
    DEFINITION = "definition"


class Confidence(StrEnum):
    """How sure the writer of a judgement is (ICD 203)."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Likelihood(StrEnum):
    """The seven likelihood terms of ICD 203."""

    ALMOST_NO_CHANCE = "almost no chance"
    VERY_UNLIKELY = "very unlikely"
    UNLIKELY = "unlikely"
    EVEN = "roughly even chance"
    LIKELY = "likely"
    VERY_LIKELY = "very likely"
    ALMOST_CERTAIN = "almost certain"


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Base of all records: immutable, and strict about keys."""


class Topic(Record, frozen=True, kw_only=True):
    """A heading under which facts are read. `dossier.yaml` lists topics in reading order."""

    id: str
    title: str
    also: tuple[str, ...] = ()


class Judgement(Record, frozen=True, kw_only=True):
    """A hand-written bottom line (BLUF); the bot never composes one. `added` is the day it was written."""

    text: str
    based_on: tuple[str, ...]
    confidence: Confidence
    added: str
    likelihood: Likelihood | None = None
    topics: tuple[str, ...] = ()


class Dossier(Record, frozen=True, kw_only=True):
    """`dossier.yaml`: what a folder of facts is about."""

    id: str
    title: str
    language: str = "en"
    time_zone: str = "UTC"
    topics: tuple[Topic, ...] = ()
    judgements: tuple[Judgement, ...] = ()


class Dated(Record, frozen=True, kw_only=True):
    """An EDTF date; `inferred` says from what, when the source itself does not give it.

    In YAML a plain scalar stands for a date that is not inferred.
    """

    date: str
    inferred: str | None = None


class Source(Record, frozen=True, kw_only=True):
    """An article, paper or page that facts rest on.

    `origin` is the entity that really reported it (a rewrite keeps the wire's origin); `reliability` is the
    Admiralty letter A–F; `paragraphs` counts body paragraphs, numbered from 1; `archive` is the file name of
    the reader's own copy.
    """

    id: str
    title: str
    descriptor: str
    reliability: str = "F"
    publisher: str | None = None
    origin: str | None = None
    published: Dated | None = None
    url: str | None = None
    paragraphs: int | None = None
    archive: str | None = None


class Role(Record, frozen=True, kw_only=True):
    """A post that an entity holds; `from_` and `to` are EDTF, `to=".."` is open."""

    role: str
    of: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    facts: tuple[str, ...] = ()


class Entity(Record, frozen=True, kw_only=True):
    """Someone or something that facts are about. `also` holds other spellings, `not_` the confusable ids."""

    id: str
    kind: EntityKind
    name: str
    also: tuple[str, ...] = ()
    not_: tuple[str, ...] = msgspec.field(default=(), name="not")
    roles: tuple[Role, ...] = ()
    wikidata: str | None = None


class Unnamed(Record, frozen=True, kw_only=True):
    """A speaker without a name, shown as having none: `{unnamed: a former finance official}`."""

    unnamed: str


class Said(Record, frozen=True, kw_only=True):
    """Who said it (PARC): source, cue, to whom, when, and through whom it reached the article.

    `by` is an entity id or :class:`Unnamed`; `cue` is the verb in the past tense ("said", "claimed",
    "denied"); `via` lists entity ids from the speaker towards the article.
    """

    by: str | Unnamed
    cue: str = "said"
    to: tuple[str, ...] = ()
    when: Dated | None = None
    via: tuple[str, ...] = ()


class Value(Record, frozen=True, kw_only=True):
    """A metric's figure: exactly one of `number`, `rank`, or `low` with `high`.

    `of` is an entity id or words; `number`, `low` and `high` are in `unit`; a `rank` counts from 1.
    """

    of: str
    number: float | None = None
    low: float | None = None
    high: float | None = None
    rank: int | None = None
    out_of: float | None = None
    unit: str | None = None


class Evidence(Record, frozen=True, kw_only=True):
    """Where in a source it stands: `ref` source id, `p` paragraph from 1 (a hint), `hash` its proof.

    `hash` is the first 16 hex digits of SHA-256 over the paragraph, see :mod:`bot.facts.evidence`.
    """

    ref: str
    p: int
    hash: str


class Retraction(Record, frozen=True, kw_only=True):
    """That a fact was withdrawn: the day (EDTF), the reason, and optionally the source that says so."""

    on: str
    why: str
    source: str | None = None


class Review(Record, frozen=True, kw_only=True):
    """Who looked at a fact last, and on which day (EDTF)."""

    by: str
    on: str


class Fact(Record, frozen=True, kw_only=True):
    """One attributed statement.

    `about` lists entity ids, the main one first. `date` says when it happened or holds; `due` when something
    is owed, in `due_as_written` the source's own words, `duty` what is owed and `owed_by` by whom.
    `credibility` is the Admiralty digit 1–6 (6 = cannot be judged), `weight` 1–5. `added` is the day on which
    the fact entered the base. `quote` is a short verbatim quotation (at most 25 words) by the named speaker.
    """

    id: str
    kind: FactKind
    text: str
    about: tuple[str, ...]
    sources: tuple[Evidence, ...]
    added: str
    topics: tuple[str, ...] = ()
    date: Dated | None = None
    due: str | None = None
    due_as_written: str | None = None
    duty: str | None = None
    owed_by: tuple[str, ...] = ()
    said: Said | None = None
    quote: str | None = None
    value: Value | None = None
    credibility: int = 6
    weight: int = 3
    supersedes: tuple[str, ...] = ()
    disputes: tuple[str, ...] = ()
    outcome_of: tuple[str, ...] = ()
    retracted: Retraction | None = None
    review_by: str | None = None
    reviewed: Review | None = None
