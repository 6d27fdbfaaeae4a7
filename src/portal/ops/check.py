"""`portal db check`: what both DSNs reach, one line each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from portal.config import Settings
from portal.db import migrate, schema
from portal.db.pooling import Pooling, close, remedy
from portal.errors import CommandFailed, Unavailable
from portal.ops.connection import connect

if TYPE_CHECKING:
    from portal.db.dsn import Dsn

SUPPORTED = range(15, 19)


def check(settings: Settings, say: Callable[[str], None]) -> int:
    """Print one line per DSN; returns 1 when one cannot be used or the schema is behind."""
    assert settings.database is not None
    fine = asyncio.run(_check_one("DATABASE_URL", settings.database, say))
    if settings.direct is None:
        say(f"DATABASE_URL_UNPOOLED: {settings.direct_problem}")
        return 1
    return (
        0 if asyncio.run(_check_one("DATABASE_URL_UNPOOLED", settings.direct, say)) and fine else 1
    )


async def _check_one(variable: str, dsn: Dsn, say: Callable[[str], None]) -> bool:
    place = f"{variable}: {dsn.host}/{dsn.database}"
    try:
        connection, found = await connect(dsn)
    except Unavailable as error:
        kind = "pooled" if dsn.pooled else "direct"
        say(f"{place}, {kind}: cannot be reached, {schema.reason(error)}")
        return False
    except CommandFailed as error:
        say(error.sentence)
        return False
    try:
        version = int(await connection.fetchval("SHOW server_version_num")) // 10000
        started = time.perf_counter()
        await connection.fetchval("SELECT 1")
        took = (time.perf_counter() - started) * 1000
        position = await migrate.standing(connection)
    finally:
        await close(connection)
    problems = []
    if found is Pooling.TRANSACTION and not dsn.pooled:
        problems.append(f"goes through a transaction pooler, unmarked: {remedy(dsn)}")
    if version not in SUPPORTED:
        problems.append("this PostgreSQL version is not supported (15 to 18 are)")
    if position.pending:
        problems.append(f"schema {len(position.pending)} migrations behind: run portal migrate")
    state = "; ".join(problems) or (
        "schema newer than this version" if position.unknown else "schema at head"
    )
    kind = "pooled" if dsn.pooled or found is Pooling.TRANSACTION else found.value
    say(f"{place}, {kind}: ok, PostgreSQL {version}, round trip {took:.1f} ms, {state}")
    return not problems
