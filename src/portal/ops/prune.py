"""`portal prune`: removes what is no longer needed, for a scheduler to call once a day.

`activity_day` is never touched: streaks and reports rest on it. Nor is anything that gave points.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from portal.config.settings import Settings
from portal.db import schema
from portal.db.connect import connection_to
from portal.errors import CommandFailed
from portal.web.formats import plural

BATCH = 1000
LOCK_KEY = zlib.crc32(b"portal:prune")

# The server's clock decides, because its trigger on the audit compares with that as well.
_CUTS = """
    SELECT now() - make_interval(hours => 24 * $1) AS before,
           now() - make_interval(hours => 24) AS yesterday
"""
# SKIP LOCKED: a row that somebody is writing is not old, and prune never makes anybody wait.
_DELETE = """
    DELETE FROM {table} WHERE {key} = ANY (ARRAY(
        SELECT {key} FROM {table} WHERE {age} < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
"""
_SESSIONS = _DELETE.format(
    table="login_session", key="token_hash", age="coalesce(ended_at, expires_at)"
)
# A device that nobody used for that long is asked like any other.
_DEVICES = _DELETE.format(table="known_device", key="token_hash", age="last_used_at")
# The longest window of a limit is minutes.
_RATE_BUCKETS = _DELETE.format(table="rate_bucket", key="key", age="window_start")
_RECORD = """
    INSERT INTO audit_event (at, action, target, detail)
    VALUES (now(), 'prune', 'portal', $1::jsonb)
"""


class Pruned(msgspec.Struct, frozen=True, rename="camel"):
    """What was removed, and the moment before which; the audit holds exactly this."""

    before: datetime
    sessions: int
    devices: int
    rate_buckets: int
    audit_events: int


def prune(settings: Settings, echo: Callable[[str], None]) -> int:
    """Remove what is older than `RETAIN_DAYS` and report how many of each; returns 0.

    Raises `CommandFailed` when there is no direct DSN, the database is away, the schema is behind,
    or another prune is running. What was removed until then stays removed.
    """
    removed = asyncio.run(_prune(settings))
    days = plural(settings.retain_days, "day")
    echo(f"{plural(removed.sessions, 'session')} removed that ended more than {days} ago.")
    echo(f"{plural(removed.devices, 'known device')} removed that nobody used for {days}.")
    echo(f"{plural(removed.audit_events, 'audit event')} removed that were older than {days}.")
    echo(f"{plural(removed.rate_buckets, 'rate limit')} removed that nobody met for a day.")
    return 0


async def _prune(settings: Settings) -> Pruned:
    async with connection_to(settings.require_direct()) as connection:
        (await schema.migration_status(connection.fetch)).require_head()
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
            raise CommandFailed("Another portal prune is running.")
        cuts = await connection.fetchrow(_CUTS, settings.retain_days)
        sessions = await _in_batches(connection, _SESSIONS, cuts["before"])
        devices = await _in_batches(connection, _DEVICES, cuts["before"])
        buckets = await _in_batches(connection, _RATE_BUCKETS, cuts["yesterday"])
        removed = Pruned(cuts["before"], sessions, devices, buckets, audit_events=0)
        return await _prune_audit(connection, removed)


async def _in_batches(connection: asyncpg.Connection[Any], query: str, before: datetime) -> int:
    """Returns the number of rows removed, each batch in a transaction of its own."""
    removed = 0
    while True:
        batch = _rows_affected(await connection.execute(query, before, BATCH))
        removed += batch
        if batch < BATCH:
            return removed


async def _prune_audit(connection: asyncpg.Connection[Any], removed: Pruned) -> Pruned:
    """Remove old events together with writing the event that says so: the trigger of the table
    allows nothing else. When nothing was removed, nothing is written."""
    count = "SELECT count(*) FROM audit_event WHERE at < $1"
    old = await connection.fetchval(count, removed.before)
    removed = msgspec.structs.replace(removed, audit_events=old)
    if removed.sessions or removed.devices or removed.rate_buckets or old:
        async with connection.transaction():
            await connection.execute(_RECORD, msgspec.json.encode(removed).decode())
            await connection.execute("DELETE FROM audit_event WHERE at < $1", removed.before)
    return removed


def _rows_affected(status: str) -> int:
    """Returns the number of rows in a command's status, such as `DELETE 3`."""
    return int(status.rpartition(" ")[2])
