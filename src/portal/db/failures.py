"""Which errors of the driver mean that the database failed, and what a caller gets instead.

Without Piccolo, so that `portal migrate` starts quickly.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from portal.errors import Invalid, ReadOnly, Unavailable

AWAY = "The portal cannot reach its data right now. Nothing is lost. Try again in a minute."
READ_ONLY = (
    "Right now the portal can be read, but nothing can be saved, and nobody can sign in."
    " Try again in a minute."
)
RETRY_SECONDS = 5


class NoConnectionFree(TimeoutError):
    """All connections of the pool were in use for the whole wait."""


LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,  # class 08, which PgBouncer uses for its own refusals too
    asyncpg.OperatorInterventionError,  # 57: shutdown, cancelled by a time limit, not yet accepting
    asyncpg.InsufficientResourcesError,  # 53: too many connections, disk full
    asyncpg.InvalidAuthorizationSpecificationError,  # 28: password or role changed
    asyncpg.InvalidCatalogNameError,  # 3D: the database itself is gone
    asyncpg.ObjectNotInPrerequisiteStateError,  # 55: no connections allowed, a lock not available
    asyncpg.TransactionRollbackError,  # 40: a deadlock, undone as a whole
    asyncpg.ReadOnlySQLTransactionError,  # 25006: connected to a standby during a failover
    asyncpg.IdleInTransactionSessionTimeoutError,  # 25P03: we stood still, and it cut us off
    asyncpg.TransactionTimeoutError,  # 25P04
)


# Of these, the ones that a busy database or pool raises too: it is not away.
BUSY = (
    TimeoutError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
)

# What a working server raises for one statement while others succeed.
REFUSED = (asyncpg.DiskFullError,)

# The schema, its name or its rights are not what this version needs: no bug, and nothing that a
# request could change.
MISFIT = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedTableError,
)

# What may be caused by a setting of the session: its search_path, role or limits.
OF_SESSION = (*MISFIT, asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)


@contextmanager
def unavailable_on_loss() -> Iterator[None]:
    """Turn a lost, refused or too slow database into `Unavailable`; other errors pass."""
    try:
        yield
    except asyncpg.ReadOnlySQLTransactionError as error:
        raise ReadOnly(READ_ONLY, retry_after=RETRY_SECONDS) from error
    except LOST as error:
        raise Unavailable(AWAY, retry_after=RETRY_SECONDS) from error
    except asyncpg.CharacterNotInRepertoireError as error:
        raise Invalid("The text holds a character that cannot be stored.") from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        # the connection was closed, is closing, or was lost in the middle of something
        raise Unavailable(AWAY, retry_after=RETRY_SECONDS) from error


@contextmanager
def unavailable_while_connecting() -> Iterator[None]:
    """As `unavailable_on_loss`, for a block that only connects: whatever the server answers there,
    it cannot be used."""
    try:
        with unavailable_on_loss():
            yield
    except asyncpg.PostgresError as error:
        raise Unavailable(AWAY, retry_after=RETRY_SECONDS) from error
