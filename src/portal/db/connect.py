"""One connection outside any pool, for commands that look at the database or tidy it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import asyncpg

from portal.db import reasons
from portal.db.failures import unavailable_on_loss, unavailable_while_connecting
from portal.db.pooling import Pooling, close, connect_with, pooling, refusal
from portal.errors import CommandFailed, ReadOnly, Unavailable

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

CONNECT_SECONDS = 5.0


async def connect(
    dsn: Dsn, *, seconds: float = CONNECT_SECONDS, statement_seconds: float | None = None
) -> tuple[asyncpg.Connection[Any], Pooling]:
    """Returns a connection made within `seconds`, on which a statement that takes longer than
    `statement_seconds` (None: than the address says) raises `TimeoutError`, and what it goes
    through. Through a transaction pooler it has only the parameters that a pooler lets in.

    Raises `Unavailable`, whose cause says why, and `CommandFailed` as `pooling` does.
    """
    with unavailable_while_connecting():
        connection = await connect_with(dsn.pooler_settings(), dsn, seconds, statement_seconds)
        try:
            found = await pooling(connection, dsn)
        except BaseException:
            connection.terminate()
            raise
        if found is Pooling.TRANSACTION or dsn.server_settings == dsn.pooler_settings():
            return connection, found
        await close(connection)
        try:
            return await connect_with(dsn.server_settings, dsn, seconds, statement_seconds), found
        except asyncpg.ProtocolViolationError:
            raise CommandFailed(
                f"{dsn.variable} has a schema or options, which the pooler behind it cannot carry:"
                " set them for the role, with ALTER ROLE … SET, or use the direct address."
            ) from None


@contextlib.asynccontextmanager
async def connection_to(
    dsn: Dsn,
    *,
    seconds: float = CONNECT_SECONDS,
    unreachable: str | None = None,
    forbidden: str | None = None,
) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A session of its own, made within `seconds` and closed at the end. `CommandFailed` in plain
    words when the address leads to a transaction pooler, when there is no session (beginning with
    `unreachable`), when it is lost meanwhile, when the role may not do something (`forbidden`), and
    when the database refuses a statement otherwise."""
    try:
        connection, found = await connect(dsn, seconds=seconds)
    except Unavailable as error:
        unreachable = unreachable or f"The database cannot be reached ({dsn.variable})"
        raise CommandFailed(f"{unreachable}: {reasons.explain(error)}") from error
    if found is Pooling.TRANSACTION:
        await close(connection)
        raise CommandFailed(refusal(dsn))
    try:
        with unavailable_on_loss():
            yield connection
    except ReadOnly as error:
        raise CommandFailed(f"Nothing was changed: {reasons.explain(error)}") from error
    except Unavailable as error:
        raise CommandFailed(f"The database was lost: {reasons.explain(error)}") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise CommandFailed(forbidden or f"The role of {dsn.variable} may not do this.") from error
    except asyncpg.PostgresError as error:
        raise CommandFailed(f"The database refused a statement: {type(error).__name__}.") from error
    finally:
        if found is Pooling.SESSION:
            # Some hand the session to the next client as it is, locks included.
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await connection.reset(timeout=CONNECT_SECONDS)
        await close(connection)
