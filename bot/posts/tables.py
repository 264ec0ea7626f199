"""The tables of the posts room, in the state's database."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

SCHEMA_VERSION: Final = "1"
"""To be raised when a table changes in a way that this program's predecessor cannot read."""

metadata = MetaData()


def _place() -> tuple[Column[str], ...]:
    """Where it goes, and all of that as one string."""
    names = ("platform", "workspace", "channel", "thread")
    parts = (Column(name, String(64), nullable=False) for name in names)
    return (*parts, Column("place", String(255), nullable=False, index=True))


about = Table("posts_about", metadata, Column("key", String(32), primary_key=True), Column("value", Text))
UNDECLARED: Final = "undeclared"
"""The key in `about` of the sentence that says why the file of schedules does not hold, where it does not."""

schedule = Table(
    "posts_schedule",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("origin", String(16), nullable=False),
    *_place(),
    Column("when", Text, nullable=False),
    Column("cron", Text, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("line", Text, nullable=False),
    Column("quiet", String(16), nullable=False),
    Column("grace", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", Float, nullable=False),
    Column("next_at", Float),
    Column("last_at", Float),
    # What is due next is the question asked twice a second.
    Index("posts_schedule_due", "state", "next_at"),
)

watch = Table(
    "posts_watch",
    metadata,
    Column("id", String(64), primary_key=True),
    *_place(),
    Column("kind", String(16), nullable=False),
    Column("dossier", String(255), nullable=False),
    Column("thing", String(255), nullable=False),
    Column("label", Text, nullable=False),
    Column("since", Integer, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", Float, nullable=False),
)

told = Table(
    "posts_told",
    metadata,
    Column("watch", String(64), nullable=False),
    Column("event", String(400), nullable=False),
    Column("post", String(255), nullable=False, index=True),
    PrimaryKeyConstraint("watch", "event"),
)

post = Table(
    "posts_post",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("schedule", String(64), nullable=False),
    Column("watch", String(64), nullable=False),
    *_place(),
    Column("slot", Float, nullable=False),
    Column("last_slot", Float),
    Column("count", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("pages", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("reference", LargeBinary),
    Column("attempts", Integer, nullable=False),
    Column("intent_at", Float),
    Column("uncertain", Boolean, nullable=False),
    Column("ended_at", Float),
    Index("posts_post_schedule", "schedule", "slot"),
    Index("posts_post_state", "state", "slot"),
    Index("posts_post_ended", "ended_at"),
)

stated = Table(
    "posts_stated",
    metadata,
    Column("place", String(255), nullable=False),
    Column("fact", String(255), nullable=False),
    Column("post", String(255), nullable=False),
    Column("words", Text, nullable=False),
    Column("at", Float, nullable=False),
    PrimaryKeyConstraint("place", "fact"),
)
"""What a place was told and has not been corrected: the latest post that states each fact."""

mark = Table(
    "posts_mark",
    metadata,
    Column("post", String(255), primary_key=True),
    Column("by", String(255), nullable=False),
)
"""Posts that a later one corrects, and that are still to be marked where they stand."""

closed = Table(
    "posts_closed",
    metadata,
    Column("place", String(255), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Float, nullable=False),
)
"""Places that a platform refuses posts to, until somebody resumes a schedule there."""

notice = Table(
    "posts_notice",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("place", String(255), nullable=False),
    Column("post", String(255), nullable=False),
    Column("text", Text, nullable=False),
)
"""What the operator is told, besides the log."""

audit = Table(
    "posts_audit",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("platform", String(64), nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("person", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object", String(255), nullable=False),
    Column("allowed", Boolean, nullable=False),
)
"""Who changed what, or was refused."""
