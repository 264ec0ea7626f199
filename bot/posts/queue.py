"""The queue of posts: whoever records a post enqueues it, whichever process will carry it out."""

from __future__ import annotations

import asyncio
from typing import Final

from dbos import DBOS, DBOSClient, EnqueueOptions
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.posts.records import Post
from bot.posts.store import STORAGE_FAILURES, Store, why
from bot.state import StateError

NAME: Final = "briefing-bot"
VERSION: Final = "1"
"""Of what a workflow's input means; a queue filled under another one is not touched."""

WORKFLOW: Final = "deliver"


def queue_of(platform: str) -> str:
    """Return the name of a platform's queue: one that is down holds up no other."""
    return f"posts-{platform}"


class Queue:
    """Enqueues posts in the state's database. `open` it before use and `close` it at the end."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # DBOS has its own connections, with the ordinary driver.
        driver = "sqlite" if store.is_sqlite else "postgresql+psycopg"
        self.url = make_url(store.url).set(drivername=driver).render_as_string(hide_password=False)
        self._client: DBOSClient | None = None

    async def open(self) -> None:
        """Create DBOS's tables where they are missing.

        Raises:
            StateError: the database cannot be used.
        """
        try:
            # Processes that start together do this one after the other: DBOS has a lock for it. Another one
            # around it, waited for in a transaction, would never come: DBOS waits for old transactions.
            await asyncio.to_thread(DBOS.migrate, self.url)
        except STORAGE_FAILURES as error:
            raise StateError(
                f"The queue of posts cannot be used ({why(error)}): check the database."
            ) from error
        self._client = DBOSClient(system_database_url=self.url, lazy=True, application_name=NAME)

    async def enqueue(self, connection: AsyncConnection, post: Post) -> None:
        """Enqueue a post in the caller's transaction; twice is harmless."""
        client = self._client
        if client is None:
            raise RuntimeError("The queue has not been opened.")
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": queue_of(post.place.platform),
            "workflow_id": post.id,
            "queue_partition_key": post.place.key,
            "app_version": VERSION,
        }

        def put(given: Connection) -> None:
            client.enqueue_in_transaction(given, options, post.id)

        await connection.run_sync(put)

    async def close(self) -> None:
        """Let go of the database."""
        if self._client is not None:
            await asyncio.to_thread(self._client.destroy)
            self._client = None
