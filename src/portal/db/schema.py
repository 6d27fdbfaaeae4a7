"""How far the database's schema is from the migration files of this version."""

from __future__ import annotations

import msgspec

from portal.db import sql
from portal.db.migrations import migration_ids
from portal.db.reasons import why
from portal.errors import CommandFailed, PortalError

APP = "portal"
BEHIND = "The schema is behind: run portal migrate first."
_APPLIED = "SELECT name FROM migration WHERE app_name = $1"
_TABLE_EXISTS = "SELECT to_regclass('migration') IS NOT NULL"


class MigrationStatus(msgspec.Struct, frozen=True):
    """`pending`: files not yet applied. `unknown`: applied, but not a file of this version."""

    pending: list[str]
    unknown: list[str]


def compare(applied: set[str], files: list[str]) -> MigrationStatus:
    """Returns the status. A schema with unknown migrations is newer: an image was rolled back."""
    return MigrationStatus(
        pending=[name for name in files if name not in applied],
        unknown=sorted(applied.difference(files)),
    )


async def migration_status() -> MigrationStatus:
    """Returns the migration status of the bound engine's database."""
    if not await sql.fetch_value(_TABLE_EXISTS):
        return compare(set(), migration_ids())
    rows = await sql.execute(_APPLIED, APP, retry=True)
    return compare({row["name"] for row in rows}, migration_ids())


def need_usage(schema: str | None, role: str) -> None:
    """Raise `CommandFailed` when `current_schema()` is null: the tables are not missing, the role
    sees none."""
    if schema is None:
        raise CommandFailed(
            f"The role {role} may not use the schema of the portal's tables: as its owner, GRANT"
            f" USAGE ON SCHEMA public TO {role}."
        )


async def need_head() -> None:
    """Raise `CommandFailed` when the schema of the bound engine's database is behind this version,
    or closed to its role."""
    if (await migration_status()).pending:
        row = (await sql.execute("SELECT current_schema(), current_user::text", retry=True))[0]
        need_usage(*row.values())
        raise CommandFailed(BEHIND)


def reason(error: PortalError) -> str:
    """Returns in plain words why the database could not be reached, from the error behind `error`.

    Only the kind of failure is told: a message of the server may quote what it was sent.
    """
    return why(error.__cause__)
