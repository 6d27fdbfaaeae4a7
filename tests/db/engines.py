"""What the tests of the engine share."""

from __future__ import annotations

from typing import Protocol

from portal.db.engine import Engine

SLEEP = "SELECT pg_sleep(60)"
ASLEEP = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND wait_event = 'PgSleep'
"""
NOTE = "CREATE TABLE note (word text)"
# A row whose parent is missing is accepted, and refused at COMMIT.
DEFERRED = """
    CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)
"""
ORPHAN = "INSERT INTO child VALUES (1)"


class OpenEngine(Protocol):
    """Opens an engine on this test's database, or on another `url`, with more parameters in its
    DSN; closed after the test."""

    def __call__(
        self, parameters: str = "", *, url: str | None = None, pool_size: int = 2
    ) -> Engine: ...


async def in_transaction(engine: Engine, *statements: str) -> None:
    """Run the statements in one transaction."""
    async with engine.transaction():
        for statement in statements:
            await engine.fetch(statement)


async def assert_whole(engine: Engine) -> None:
    """Fail unless all connections of the pool can be used at the same time."""
    connections = [await engine.pool.acquire() for _ in range(engine.pool.size)]
    try:
        for connection in connections:
            assert await connection.fetchval("SELECT 1") == 1
    finally:
        for connection in connections:
            await engine.pool.release(connection)
    assert engine.current_transaction.get() is None
