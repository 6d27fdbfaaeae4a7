"""`portal db grants`: the rights of a role that serves while another one owns the tables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from portal.config.settings import Settings
from portal.db import migrate, rights, schema
from portal.db.connect import connection_to
from portal.errors import CommandFailed
from portal.web.formats import plural

if TYPE_CHECKING:
    import asyncpg


def grants(
    settings: Settings, role: str | None, *, apply: bool, echo: Callable[[str], None]
) -> int:
    """Print the statements that give `role` what serving needs and nothing else, and have it
    remembered; without a role, those that take back what nobody should have. With `apply` they are
    run, all or none. Returns 0.

    Raises `CommandFailed` when there is no such role, it needs nothing, or the role of the direct
    address does not own the tables.
    """
    return asyncio.run(_grants(settings, role, apply=apply, echo=echo))


async def _grants(
    settings: Settings, role: str | None, *, apply: bool, echo: Callable[[str], None]
) -> int:
    dsn = settings.require_direct()
    user = settings.database.user if settings.database else None
    async with connection_to(dsn) as connection:
        if await rights.is_owner(connection) is False:
            raise CommandFailed(
                f"The role of {dsn.variable} does not own the portal's tables, and can grant"
                " nothing: set DATABASE_URL_UNPOOLED to the direct address of the one that does."
            )
        (await schema.migration_status(connection.fetch)).require_head()
        if not apply:
            for statement in ("BEGIN", *await _grant_statements(connection, role, user), "COMMIT"):
                echo(f"{statement};")
            return 0
        async with migrate.locked(connection), connection.transaction():
            statements = await _grant_statements(connection, role, user)
            await rights.run_statements(connection, statements)
    done = f"The role {role} can serve." if role else "Only roles that serve have rights."
    ran = plural(len(statements), "statement")
    echo(f"{done} {ran} {'was' if len(statements) == 1 else 'were'} run.")
    return 0


async def _grant_statements(
    connection: asyncpg.Connection[Any], role: str | None, user: str | None
) -> list[str]:
    memo = await rights.memo_of(connection) or rights.Memo()
    serving = await rights.roles_that_serve(connection, user)
    if role is None:
        statements = await rights.revoke_statements(connection, serving)
    else:
        await _check_role(connection, role)
        statements = await rights.grant_statements(connection, role, only=True)
        serving = sorted({*serving, role})
    remembered = msgspec.structs.replace(memo, serving=serving)
    return [*statements, await rights.memo_statement(connection, remembered)]


async def _check_role(connection: asyncpg.Connection[Any], role: str) -> None:
    row = await connection.fetchrow(
        "SELECT r.rolsuper, c.relowner = r.oid AS owns FROM pg_roles r, pg_class c"
        " WHERE r.rolname = $1::text AND c.oid = to_regclass('app_user')",
        role,
    )
    if row is None:
        raise CommandFailed(f"There is no role {role} on this server: CREATE ROLE makes it first.")
    if row["rolsuper"]:
        raise CommandFailed(f"The role {role} is a superuser, which needs no grants.")
    if row["owns"]:
        raise CommandFailed(f"The role {role} owns the tables and needs no grants.")
