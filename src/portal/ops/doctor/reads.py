"""What `portal doctor` and `portal db check` both read from the database behind an address."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from portal.db import rights

if TYPE_CHECKING:
    import asyncpg

    from portal.config.settings import Settings

    Connection: TypeAlias = asyncpg.Connection[Any]

SUPPORTED = range(15, 19)
TAKE = "portal db grants prints what takes them back, and with --apply runs it"


class ServerFacts(msgspec.Struct, frozen=True):
    """The major version, whether it is supported, and how long an empty statement takes, in ms."""

    version: int
    supported: bool
    round_trip_ms: float


class TableRights(msgspec.Struct, frozen=True):
    """The roles that serve, others to whom rights were granted, and others that have them through a
    membership."""

    serving: list[str]
    granted: list[str]
    members: list[str]


async def server_facts(connection: Connection) -> ServerFacts:
    """Returns what is known of the server behind a connection."""
    version = int(await connection.fetchval("SHOW server_version_num")) // 10000
    started = time.perf_counter()
    await connection.fetchval("SELECT 1")
    round_trip_ms = (time.perf_counter() - started) * 1000
    return ServerFacts(version, version in SUPPORTED, round_trip_ms)


async def table_rights(connection: Connection, settings: Settings) -> TableRights:
    """Returns who can use the portal's tables besides their owner, as far as this role can see."""
    user = settings.database.user if settings.database else None
    serving = await rights.roles_that_serve(connection, user)
    return TableRights(serving, *await rights.others(connection, serving))
