"""How far the database's schema is from the migration files of this version."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import asyncpg
import msgspec

from portal.db.migrations import migration_ids
from portal.errors import CommandFailed

# `fetch` of a connection, or `sql.fetch_records` for the bound engine.
Fetch: TypeAlias = Callable[..., Awaitable[Sequence[Mapping[str, Any]]]]

APP = "portal"
BEHIND = "The schema is behind: run portal migrate first."
LIMIT_SECONDS = 5.0

_APPLIED = "SELECT name FROM migration WHERE app_name = $1"
_TABLE = """
    SELECT to_regclass('migration') IS NOT NULL AS made, current_user::text AS role,
           current_schema() AS schema,
           obj_description(to_regclass('migration'), 'pg_class') AS comment
"""


class MigrationStatus(msgspec.Struct, frozen=True):
    """`pending`: files not yet applied. `unknown`: applied, but not a file of this version: the
    schema is newer, an image was rolled back. `role` is who asked, `schema` the one whose tables it
    sees, None when it may use none, and `comment` that of the table of migrations."""

    pending: list[str]
    unknown: list[str]
    role: str = ""
    schema: str | None = None
    comment: str | None = None

    def require_usage(self) -> None:
        """Raise `CommandFailed` when the role may not use the schema of the tables."""
        if self.schema is None:
            raise CommandFailed(
                f"The role {self.role} may not use the schema of the portal's tables: as its owner,"
                f" GRANT USAGE ON SCHEMA public TO {self.role}."
            )

    def require_head(self) -> None:
        """Raise `CommandFailed` when the schema is behind this version, or closed to the role."""
        if self.pending:
            self.require_usage()
            raise CommandFailed(BEHIND)


async def read_status(fetch: Fetch) -> MigrationStatus:
    """Returns the migration status; everything is pending when no table of migrations is seen."""
    table = (await fetch(_TABLE))[0]
    applied = {row["name"] for row in await fetch(_APPLIED, APP)} if table["made"] else set()
    files = migration_ids()
    return MigrationStatus(
        pending=[name for name in files if name not in applied],
        unknown=sorted(applied.difference(files)),
        role=table["role"],
        schema=table["schema"],
        comment=table["comment"],
    )


async def migration_status(fetch: Fetch) -> MigrationStatus:
    """Returns the migration status for a command, which does not wait for ever: `CommandFailed`
    when the table does not answer, or the role may not use its schema."""
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            status = await read_status(fetch)
    except (TimeoutError, asyncpg.QueryCanceledError):
        raise CommandFailed(
            f"The table of migrations did not answer within {LIMIT_SECONDS:g} s, or the server's"
            " own limit: a transaction may hold it. pg_stat_activity names it."
        ) from None
    status.require_usage()
    return status
