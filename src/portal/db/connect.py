"""One connection outside any pool, for commands that look at the database or tidy it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import asyncpg

from portal.db import migrate, schema
from portal.db.failures import unavailable_on_loss, unavailable_while_connecting
from portal.db.pooling import Pooling, close, connect_anywhere, connect_to_session
from portal.errors import CommandFailed, ReadOnly, Unavailable

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

CONNECT_SECONDS = 5.0


async def connect(
    dsn: Dsn, *, seconds: float = CONNECT_SECONDS, statement_seconds: float | None = None
) -> tuple[asyncpg.Connection[Any], Pooling]:
    """Returns a connection made within `seconds`, on which a statement that takes longer than
    `statement_seconds` raises `TimeoutError`, and what it goes through. Raises `Unavailable`, whose
    cause says why."""
    with unavailable_while_connecting():
        return await connect_anywhere(dsn, seconds=seconds, statement_seconds=statement_seconds)


@contextlib.asynccontextmanager
async def connection_to(dsn: Dsn) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A session of its own that is closed at the end; `CommandFailed` in plain words when there is
    none, when it is lost meanwhile, and when the database refuses a statement."""
    try:
        with unavailable_while_connecting():
            connection = await connect_to_session(dsn, seconds=CONNECT_SECONDS)
    except Unavailable as error:
        raise CommandFailed(
            f"The database cannot be reached ({dsn.variable}): {schema.reason(error)}"
        ) from error
    try:
        with unavailable_on_loss():
            yield connection
    except ReadOnly as error:
        raise CommandFailed(f"Nothing was changed: {schema.reason(error)}") from error
    except Unavailable as error:
        raise CommandFailed(f"The database was lost: {schema.reason(error)}") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise CommandFailed(f"The role of {dsn.variable} may not do this.") from error
    except asyncpg.PostgresError as error:
        raise CommandFailed(f"The database refused a statement: {type(error).__name__}.") from error
    finally:
        # Some session poolers hand the session to the next client as it is, locks included.
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await connection.reset(timeout=CONNECT_SECONDS)
        await close(connection)


async def need_head(connection: asyncpg.Connection[Any]) -> None:
    """Raise `CommandFailed` when the schema is behind this version."""
    if (await migrate.migration_status(connection)).pending:
        raise CommandFailed(schema.BEHIND)
