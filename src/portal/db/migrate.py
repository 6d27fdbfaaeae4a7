"""Migrations: forwards under a lock, status, and a rollback that never surprises.

Everything here uses the direct DSN. A session lock taken through a transaction pooler is lost as
soon as another client gets the same server connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import msgspec

from portal.config.settings import Settings
from portal.db import reasons, rights, schema
from portal.db.blockers import watched
from portal.db.connect import connection_to
from portal.db.failures import unavailable_on_loss
from portal.db.migrations import migration_ids
from portal.errors import CommandFailed, Unavailable

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

    Connection: TypeAlias = asyncpg.Connection[Any]

LOCK_KEY = zlib.crc32(b"portal:migrations")
LOCK_SECONDS = 120
LOCK_PAUSE_SECONDS = 0.2
CONNECT_SECONDS = 10.0


def direct_connection(settings: Settings) -> AbstractAsyncContextManager[Connection]:
    """A session of its own at the direct address; `CommandFailed` as with `connection_to`, and when
    there is no such address."""
    dsn = settings.require_direct()
    return connection_to(
        dsn,
        seconds=dsn.connect_timeout or CONNECT_SECONDS,
        unreachable="The migration cannot start, the database cannot be reached",
        forbidden=_only_the_owner(dsn),
    )


def _only_the_owner(dsn: Dsn) -> str:
    return (
        f"The role of {dsn.variable} may not do this: migrations belong to the role that owns"
        " the portal's tables, whose direct address goes into DATABASE_URL_UNPOOLED."
    )


@contextlib.asynccontextmanager
async def locked(connection: Connection) -> AsyncIterator[None]:
    """Keep other migrations out. A session pooler may keep the session when we are gone, so the
    lock is given back rather than left to its end.

    It is asked for again and again: who waits inside a statement is waited for in turn by a CREATE
    INDEX CONCURRENTLY of the migration that holds it.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
        if time.monotonic() > deadline:
            raise CommandFailed(
                f"Another migration has been running for {LOCK_SECONDS} s; this one gave up."
            )
        await asyncio.sleep(LOCK_PAUSE_SECONDS)
    try:
        await connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        yield
    finally:
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY)
            await connection.execute("RESET lock_timeout")


async def forwards(settings: Settings) -> list[str]:
    """Apply what is pending, settle who may use the tables, and return the ids applied; empty when
    the schema was at head.

    The fast path costs one connection and two statements, and imports no part of Piccolo. Raises
    `CommandFailed` with the migration's name when one fails; that one has then left no trace.
    """
    async with direct_connection(settings) as connection:
        user = settings.database.user if settings.database else None
        status = await schema.migration_status(connection.fetch)
        if not status.pending and rights.is_settled(status.comment, status.role, user):
            return []
        async with locked(connection):
            pending = (await schema.migration_status(connection.fetch)).pending
            if pending:
                await rights.close_defaults(connection, user)
            for name in pending:
                await _run_migration("forwards", name, connection)
            await rights.settle(connection, user)
            return pending


async def _run_migration(direction: str, name: str, connection: Connection) -> None:
    """Run one migration through Piccolo, on the engine of `portal.db.conf`. `connection` sees who
    is in its way."""
    os.environ["PICCOLO_CONF"] = "portal.db.conf"
    from piccolo.apps.migrations.commands.backwards import run_backwards
    from piccolo.apps.migrations.commands.forwards import run_forwards

    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), unavailable_on_loss():
            async with watched(connection) as blocker:
                if direction == "forwards":
                    result = await run_forwards(schema.APP, migration_id=name)
                else:
                    result = await run_backwards(schema.APP, migration_id=name, auto_agree=True)
    except Unavailable as error:
        why = f"{reasons.explain(error)} {blocker.sentence}".strip()
        raise CommandFailed(f"Migration {name} failed {direction}: {why}") from error
    except asyncpg.PostgresError as error:
        # The server's own message: it is the operator's database, and it names the object.
        message = str(error).partition("\n")[0]
        raise CommandFailed(f"Migration {name} failed {direction}: {message}.") from error
    except Exception as error:  # of the file itself
        message = str(error).partition("\n")[0]
        raise CommandFailed(
            f"Migration {name} failed {direction}: {type(error).__name__}: {message}"
        ) from error
    if not result.success:
        raise CommandFailed(f"Migration {name} failed {direction}: {result.message}")


class Loss(msgspec.Struct, frozen=True):
    """A table or column that a rollback would drop although it holds data."""

    where: str
    rows: int

    def __str__(self) -> str:
        return f"{self.where} ({self.rows} {'row' if self.rows == 1 else 'rows'})"


async def backwards(settings: Settings, count: int | None, *, agreed: bool) -> list[str]:
    """Undo the newest `count` migrations (None: all) and return their ids, newest first.

    The whole range is checked first. Unless `agreed`, a range that would drop data is refused with
    `CommandFailed`, and nothing has changed.
    """
    async with direct_connection(settings) as connection, locked(connection):
        status = await schema.migration_status(connection.fetch)
        if status.unknown:
            raise CommandFailed(
                "The schema has migrations that this version does not know, roll back with the"
                f" version that made them: {', '.join(status.unknown)}"
            )
        applied = [name for name in migration_ids() if name not in status.pending]
        chosen = applied[::-1] if count is None else applied[::-1][:count]
        if chosen and not await rights.is_owner(connection):
            raise CommandFailed(_only_the_owner(settings.require_direct()))
        if not agreed:
            losses = await _losses(connection, chosen)
            if losses:
                listed = ", ".join(map(str, losses))
                raise CommandFailed(
                    f"Rolling back would drop data: {listed}. Take a backup, then add --yes."
                )
        for name in chosen:
            await _run_migration("backwards", name, connection)
        return chosen


async def _losses(connection: Connection, names: list[str]) -> list[Loss]:
    losses = []
    for table, column in await _dropped_by(names):
        if not await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f'"{table}"'):
            continue
        condition = f' WHERE "{column}" IS NOT NULL' if column else ""
        count = f'SELECT count(*) FROM "{table}"{condition}'  # noqa: S608 - names of migrations
        rows = await connection.fetchval(count)
        if rows:
            losses.append(Loss(f"{table}.{column}" if column else table, rows))
    return losses


async def _dropped_by(names: list[str]) -> list[tuple[str, str | None]]:
    """Returns (table, column or None) that going back over these migrations would drop.

    Piccolo's managers say what they add. A raw migration says so itself, as `DROPS`, a list of
    `table` or `table.column`.
    """
    os.environ["PICCOLO_CONF"] = "portal.db.conf"
    from piccolo.apps.migrations.commands.base import BaseMigrationManager

    from portal.db.migrations import migrations_folder

    modules = BaseMigrationManager().get_migration_modules(str(migrations_folder()))
    dropped: list[tuple[str, str | None]] = []
    for name in names:
        module: Any = modules[name]
        manager = await module.forwards()
        dropped.extend((table.tablename, None) for table in manager.add_tables)
        dropped.extend(
            (column.tablename, column.column._meta.db_column_name)  # noqa: SLF001
            for column in manager.add_columns.add_columns
        )
        for place in getattr(module, "DROPS", ()):
            table, _, column = place.partition(".")
            dropped.append((table, column or None))
    tables = {table for table, column in dropped if column is None}
    return [(t, c) for t, c in dropped if c is None or t not in tables]
