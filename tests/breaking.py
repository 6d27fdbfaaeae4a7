"""A table that cannot be read or written, as by a bug of ours: an error with a value in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support import Database, execute

# PostgreSQL quotes the value in its message, as it would quote what a person typed.
SECRET = "hunter2-of-alex"
_FAIL = f"""
    CREATE FUNCTION fail() RETURNS bool STABLE LANGUAGE plpgsql AS
    $$ BEGIN RETURN '{SECRET}'::text::int > 0; END $$
"""


@asynccontextmanager
async def unreadable(database: Database, table: str) -> AsyncIterator[None]:
    """While the block runs, every statement that reads the table fails on a value in it."""
    await execute(
        database.url,
        _FAIL,
        f"ALTER TABLE {table} RENAME TO set_aside",
        f"CREATE VIEW {table} AS SELECT * FROM set_aside WHERE fail()",
    )
    yield
    await execute(
        database.url,
        f"DROP VIEW {table}",
        f"ALTER TABLE set_aside RENAME TO {table}",
        "DROP FUNCTION fail()",
    )


@asynccontextmanager
async def unwritable(database: Database, table: str) -> AsyncIterator[None]:
    """While the block runs, every statement that writes a row of the table fails on a value."""
    await execute(
        database.url, _FAIL, f"ALTER TABLE {table} ADD CONSTRAINT failing CHECK (fail()) NOT VALID"
    )
    yield
    await execute(
        database.url, f"ALTER TABLE {table} DROP CONSTRAINT failing", "DROP FUNCTION fail()"
    )
