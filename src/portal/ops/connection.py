"""One connection outside any pool, for commands that look at the database or tidy it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import asyncpg

from portal.db import migrate, schema
from portal.db.loss import unavailable_on_loss, unavailable_while_connecting
from portal.errors import CommandFailed, Unavailable

if TYPE_CHECKING:
    from portal.db.dsn import Dsn

CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 2.0


async def connect(
    dsn: Dsn, *, seconds: float = CONNECT_SECONDS, statement_seconds: float | None = None
) -> asyncpg.Connection[Any]:
    """Returns a connection made within `seconds`, on which a statement that takes longer than
    `statement_seconds` raises `TimeoutError`. Raises `Unavailable`, whose cause says why."""
    arguments = dsn.connect_kwargs() | {"statement_cache_size": 0}
    arguments["timeout"] = min(arguments.get("timeout") or seconds, seconds)
    if statement_seconds is not None:
        arguments["command_timeout"] = statement_seconds
    with unavailable_while_connecting():
        return await asyncpg.connect(**arguments)


@contextlib.asynccontextmanager
async def connection_to(dsn: Dsn) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection that is closed at the end; `CommandFailed` in plain words when there is none,
    when it is lost meanwhile, and when the database refuses a statement."""
    try:
        connection = await connect(dsn)
    except Unavailable as error:
        raise CommandFailed(
            f"The database cannot be reached ({dsn.variable}): {schema.reason(error)}"
        ) from error
    try:
        with unavailable_on_loss():
            yield connection
    except Unavailable as error:
        raise CommandFailed(f"The database was lost: {schema.reason(error)}") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise CommandFailed(f"The role of {dsn.variable} may not do this.") from error
    except asyncpg.PostgresError as error:
        raise CommandFailed(f"The database refused a statement: {type(error).__name__}.") from error
    finally:
        await close(connection)


async def close(connection: asyncpg.Connection[Any]) -> None:
    """Close politely within two seconds, and otherwise cut it."""
    try:
        await connection.close(timeout=CLOSE_SECONDS)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


async def need_head(connection: asyncpg.Connection[Any]) -> None:
    """Raise `CommandFailed` when the schema is behind this version."""
    if (await migrate.standing(connection)).pending:
        raise CommandFailed("The schema is behind: run portal migrate first.")
