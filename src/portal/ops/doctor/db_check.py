"""`portal db check`: what both DSNs reach, one line each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import asyncpg

from portal.config.settings import Settings
from portal.db import reasons, rights, schema
from portal.db.connect import connect
from portal.db.failures import unavailable_on_loss
from portal.db.pooling import Pooling, close, remedy
from portal.errors import CommandFailed, Unavailable
from portal.ops import diff
from portal.web.formats import plural

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

SUPPORTED = range(15, 19)
STATEMENT_SECONDS = 10.0
TAKE = "portal db grants prints what takes them back, and with --apply runs it"
MIGRATED_ELSEWHERE = (
    "not set here, as it should be where MIGRATE_ON_START=false leaves migrations to another"
    " process"
)
_READ_ONLY = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"


def db_check(settings: Settings, echo: Callable[[str], None]) -> int:
    """Print one line per DSN; returns 1 when one cannot be used or the schema is behind."""
    assert settings.database is not None
    fine = asyncio.run(_check_one("DATABASE_URL", settings.database, settings, echo))
    if settings.migrated_elsewhere:
        echo(f"DATABASE_URL_UNPOOLED: {MIGRATED_ELSEWHERE}")
        return 0 if fine else 1
    if settings.direct is None:
        echo(f"DATABASE_URL_UNPOOLED: {settings.direct_problem}")
        return 1
    return (
        0
        if asyncio.run(_check_one("DATABASE_URL_UNPOOLED", settings.direct, settings, echo))
        and fine
        else 1
    )


async def _check_one(
    variable: str, dsn: Dsn, settings: Settings, echo: Callable[[str], None]
) -> bool:
    place = f"{variable}: {dsn.host}/{dsn.database}"
    try:
        connection, way = await connect(dsn, statement_seconds=STATEMENT_SECONDS)
    except Unavailable as error:
        kind = "pooled" if dsn.pooled else "direct"
        echo(f"{place}, {kind}: cannot be reached, {reasons.explain(error)}")
        return False
    except CommandFailed as error:
        echo(error.sentence)
        return False
    try:
        version, took = await server_facts(connection)
        with unavailable_on_loss():
            problems, newer = await _schema_problems(connection, variable, settings)
            if await connection.fetchval(_READ_ONLY):
                problems.insert(0, "takes no writes: it is a standby, or set to read-only")
    except Unavailable as error:
        problems, newer = [reasons.explain(error).rstrip(".")], False
    finally:
        await close(connection)
    if version not in SUPPORTED:
        problems.insert(0, "this PostgreSQL version is not supported (15 to 18 are)")
    if way is Pooling.TRANSACTION and not dsn.pooled:
        problems.insert(0, f"goes through a transaction pooler, unmarked: {remedy(dsn)}")
    state = "; ".join(problems) or ("schema newer than this version" if newer else "schema at head")
    kind = "pooled" if dsn.pooled or way is Pooling.TRANSACTION else way.value
    fine = "" if problems else "ok, "
    echo(f"{place}, {kind}: {fine}PostgreSQL {version}, round trip {took:.1f} ms, {state}")
    return not problems


async def server_facts(connection: asyncpg.Connection[Any]) -> tuple[int, float]:
    """Returns the server's major version, and the milliseconds that an empty statement takes."""
    version = int(await connection.fetchval("SHOW server_version_num")) // 10000
    started = time.perf_counter()
    await connection.fetchval("SELECT 1")
    return version, (time.perf_counter() - started) * 1000


async def other_roles(
    connection: asyncpg.Connection[Any], settings: Settings
) -> tuple[list[str], list[str], list[str]]:
    """Returns the roles besides the owner that can use the tables: those that serve, others to whom
    rights were granted, and others that have them through a membership."""
    user = settings.database.user if settings.database else None
    serving = await rights.roles_that_serve(connection, user)
    return serving, *await rights.other_grantees(connection, serving)


async def _schema_problems(
    connection: asyncpg.Connection[Any], variable: str, settings: Settings
) -> tuple[list[str], bool]:
    """Returns what is wrong with the schema and the rights in it, and whether it is newer."""
    serving = variable == "DATABASE_URL"
    role = await connection.fetchval("SELECT current_user::text")
    lacking = await rights.missing_rights(connection.fetch, role) if serving else []
    try:
        position = await schema.migration_status(connection.fetch)
    except CommandFailed as error:
        return [error.sentence.rstrip(".")], False
    except asyncpg.InsufficientPrivilegeError:
        return [rights.needs_grants(role, lacking or ["migration"]).rstrip(".")], False
    if position.pending and not lacking:
        behind = f"schema {plural(len(position.pending), 'migration')} behind: run portal migrate"
        return [behind], False
    problems = []
    if lacking:
        problems.append(rights.needs_grants(role, lacking).rstrip("."))
    if not position.unknown and not lacking:
        found = await diff.differences_behind(connection)
        if found:
            problems.append(
                f"schema differs from what the migrations make ({rights.some_of(found)}): portal db"
                " diff lists it"
            )
    owner = await rights.is_owner(connection)
    if not serving and not owner:
        problems.append(f"its role {role} does not own the tables: use the address of their owner")
    if owner:
        _, granted, _ = await other_roles(connection, settings)
        if granted:
            problems.append(f"others have rights on the tables ({rights.some_of(granted)}): {TAKE}")
    return problems, bool(position.unknown)
