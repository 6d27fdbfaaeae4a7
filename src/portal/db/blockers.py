"""Who keeps a migration waiting, which gives up after some seconds: somebody must know why."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]

LOOK_SECONDS = 0.5
# Requests never ask for such locks: whoever waits for one in this database is the migration.
_BLOCKERS = """
    SELECT b.pid, coalesce(nullif(b.application_name, ''), 'unnamed') AS program,
           b.usename AS role, coalesce(b.state, b.backend_type) AS state,
           round(extract(epoch FROM clock_timestamp() - b.xact_start))::int AS opened,
           round(extract(epoch FROM clock_timestamp() - b.query_start))::int AS asked
    FROM pg_locks w
    CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS x (pid)
    JOIN pg_stat_activity b ON b.pid = x.pid
    WHERE NOT w.granted AND w.locktype = 'relation'
        AND w.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND w.mode IN ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock',
                       'ShareUpdateExclusiveLock')
    ORDER BY b.xact_start LIMIT 1
"""


class Blocker:
    """The session that was seen in the way last."""

    sentence = ""
    """Says which it is, how long it has been at it, and what ends it; empty when there was none."""


@contextlib.asynccontextmanager
async def watched(connection: Connection) -> AsyncIterator[Blocker]:
    """Look, on this connection, who is in the way while the block runs a migration on another."""
    blocker, done = Blocker(), asyncio.Event()
    watch = asyncio.create_task(_look(connection, blocker, done))
    try:
        yield blocker
    finally:
        done.set()
        await watch


async def _look(connection: Connection, blocker: Blocker, done: asyncio.Event) -> None:
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), LOOK_SECONDS)
            for row in await connection.fetch(_BLOCKERS):
                blocker.sentence = (
                    f"Process {row['pid']} of the database was in the way: {row['program']} of role"
                    f" {row['role']}, {row['state']}, its transaction open for {row['opened']} s,"
                    f" its query begun {row['asked']} s ago. Wait for it, or end it with SELECT"
                    f" pg_terminate_backend({row['pid']}); then migrate again."
                )
