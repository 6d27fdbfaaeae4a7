"""`portal doctor`: checks of what is behind the two addresses of the database."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from portal import clock
from portal.accounts import queries
from portal.config.settings import Settings
from portal.db import reasons, rights, schema, sql
from portal.db.connect import connect
from portal.db.engine import Engine
from portal.db.failures import unavailable_on_loss
from portal.db.pooling import Pooling, close, remedy
from portal.errors import CommandFailed, Unavailable
from portal.ops import diff
from portal.ops.backup import pgtools
from portal.ops.doctor.db_check import (
    MIGRATED_ELSEWHERE,
    SUPPORTED,
    TAKE,
    other_roles,
    server_facts,
)
from portal.ops.doctor.result import CheckResult, fail, ok, warn
from portal.tables import TABLES
from portal.web.formats import plural

if TYPE_CHECKING:
    from portal.config.dsn import Dsn

    Connection: TypeAlias = asyncpg.Connection[Any]
    DatabaseCheck: TypeAlias = Callable[[Connection, Dsn, Settings], AsyncIterator[CheckResult]]

CONNECT_SECONDS = 3.0
STATEMENT_SECONDS = 2.0
CLOCK_SECONDS = 5.0
LONG_MINUTES = 10

# By the kind of the failure that `schema.reason` puts into words.
_REMEDIES = {
    "ConnectionRefusedError": "Start the database, or correct host and port.",
    "FileNotFoundError": "Start the database, or correct the folder of its socket.",
    "gaierror": "Correct the host name, or the name server of this machine.",
    "TimeoutError": "Look at the network, the firewall and the provider's list of addresses.",
    "InvalidPasswordError": "Correct them; / ? # % in a password are percent-encoded.",
    "InvalidAuthorizationSpecificationError": "Correct them; / ? # % in a password are encoded.",
    "InvalidCatalogNameError": "Create it, or correct the name behind the last slash.",
    "CannotConnectNowError": "Wait a minute and look again.",
    "TooManyConnectionsError": "End idle clients, lower DB_POOL_SIZE, or use a pooler.",
    "SSLCertVerificationError": "Correct the host name or sslrootcert.",
    "ProtocolViolationError": "The pooler's own log has more.",
}
_POOLER_SILENT = (
    "Look whether the pooler is paused or has no connection free (SHOW POOLS), then at the network"
    " and the firewall."
)
_CONNECTIONS = """
    SELECT current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int AS limit,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
           (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
           (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user) AS role_used
"""
_COLLATION = """
    SELECT datname AS name, quote_ident(datname) AS quoted, datcollversion AS recorded,
           pg_database_collation_actual_version(oid) AS actual
    FROM pg_database WHERE datname = current_database()
"""
_STATE = """
    SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only,
           current_setting('server_encoding') AS encoding,
           pg_size_pretty(pg_database_size(current_database())) AS size,
           (SELECT floor(extract(epoch FROM max(clock_timestamp() - xact_start)) / 60)::int
            FROM pg_stat_activity WHERE datname = current_database()
              AND backend_type = 'client backend') AS longest_minutes
"""


def database(settings: Settings) -> Iterator[CheckResult]:
    """Checks the address for requests, and the database behind it."""
    if settings.database is None:
        return  # the checks of the settings report it
    yield from _behind(
        settings.database,
        settings,
        (
            *(_collation, _server, _connections, _state, _clock),
            *(_rights, _schema_state, _people, _backups),
        ),
    )


def direct(settings: Settings) -> Iterator[CheckResult]:
    """Checks the address for migrations, unless it is the same one."""
    if settings.migrated_elsewhere:
        yield ok("DATABASE_URL_UNPOOLED", MIGRATED_ELSEWHERE)
    elif settings.direct_problem:
        yield fail("DATABASE_URL_UNPOOLED", settings.direct_problem.split(maxsplit=1)[1])
    elif settings.direct is not None and settings.direct != settings.database:
        yield from _behind(settings.direct, settings, (_collation, _server, _owner))


def _behind(dsn: Dsn, settings: Settings, checks: tuple[DatabaseCheck, ...]) -> list[CheckResult]:
    place = f"{dsn.host}/{dsn.database}"
    try:
        _resolve(dsn)
        return asyncio.run(_check_database_at(dsn, settings, checks))
    except Unavailable as error:
        why, kind = reasons.explain(error), type(error.__cause__).__name__
        remedy = _REMEDIES.get(kind, "Look at the database's own log.")
        if dsn.pooled and kind == "TimeoutError":
            remedy = _POOLER_SILENT
        return [fail(dsn.variable, f"{place} cannot be reached, {why} {remedy}")]


def _resolve(dsn: Dsn) -> None:
    """Look the hosts up in this thread, which may hang: in asyncio's own, the process would not end
    before the answer."""
    with unavailable_on_loss():
        for host, port in zip(dsn.hosts, dsn.ports, strict=True):
            if not host.startswith("/"):
                socket.getaddrinfo(host, port)


async def _check_database_at(
    dsn: Dsn, settings: Settings, checks: tuple[DatabaseCheck, ...]
) -> list[CheckResult]:
    try:
        connection, way = await connect(
            dsn, seconds=CONNECT_SECONDS, statement_seconds=STATEMENT_SECONDS
        )
    except CommandFailed as error:
        return [fail(dsn.variable, error.sentence.removeprefix(f"{dsn.variable} "))]
    results: list[CheckResult] = []
    try:
        results.extend(_pooling(way, dsn))
        for check in checks:
            try:
                with unavailable_on_loss():
                    results.extend([result async for result in check(connection, dsn, settings)])
            except Unavailable as error:
                why = reasons.explain(error)
                results.append(fail(dsn.variable, f"stopped answering, {why} Look for locks."))
                break
            except asyncpg.InsufficientPrivilegeError:
                pass  # `_rights` reports it
    finally:
        await close(connection)
    return results


async def _server(connection: Connection, dsn: Dsn, _: Settings) -> AsyncIterator[CheckResult]:
    version, took = await server_facts(connection)
    kind = "pooled" if dsn.pooled else "direct"
    place = f"{dsn.host}/{dsn.database}, {kind}, PostgreSQL {version}"
    if version not in SUPPORTED:
        yield fail(dsn.variable, f"{place} is not supported: use one of 15 to 18.")
    else:
        yield ok(dsn.variable, f"{place}, TLS {dsn.tls.mode}, round trip {took:.1f} ms")


def _pooling(way: Pooling, dsn: Dsn) -> Iterator[CheckResult]:
    if dsn.pooled:
        if way is not Pooling.TRANSACTION:
            there = "no pooler is there" if way is Pooling.NONE else "sessions are kept there"
            yield warn(
                dsn.variable,
                f"counts as pooled, and {there}: with pgbouncer=false it carries migrations too",
            )
    elif way is Pooling.TRANSACTION:
        yield fail(dsn.variable, f"goes through a transaction pooler, unmarked: {remedy(dsn)}")
    elif way is Pooling.SESSION:
        yield warn(dsn.variable, "goes through a proxy that keeps sessions, which is enough")


async def _collation(connection: Connection, dsn: Dsn, _: Settings) -> AsyncIterator[CheckResult]:
    """What the server itself warns of at every connection, in its own words: the order of texts,
    and so their indexes, may have changed with its libraries."""
    if connection.get_server_version().major < min(SUPPORTED):
        return  # it has no such record
    row = await connection.fetchrow(_COLLATION)
    if row["recorded"] is None or row["recorded"] == row["actual"]:
        return
    if row["actual"] is None:
        yield warn(
            dsn.variable,
            f'the server says at every connection: database "{row["name"]}" has no actual collation'
            " version, but a version was recorded",
        )
    else:
        yield fail(
            dsn.variable,
            f'the server warns: database "{row["name"]}" has a collation version mismatch.'
            " Rebuild all objects in this database that use the default collation and run"
            f" ALTER DATABASE {row['quoted']} REFRESH COLLATION VERSION, or build PostgreSQL with"
            " the right library version.",
        )


async def _connections(
    connection: Connection, _: Dsn, settings: Settings
) -> AsyncIterator[CheckResult]:
    row = await connection.fetchrow(_CONNECTIONS)
    left = row["limit"] - row["used"]
    if row["role_limit"] is not None and row["role_limit"] >= 0:
        left = min(left, row["role_limit"] - row["role_used"])
    usage = f"{row['used']} of {row['limit']} in use; a process opens up to {settings.db_pool_size}"
    if left < settings.db_pool_size:
        yield fail(
            "connections",
            f"{max(left, 0)} left, {usage}: end idle clients, lower DB_POOL_SIZE, or use a pooler.",
        )
    else:
        yield ok("connections", usage)


async def _state(connection: Connection, dsn: Dsn, _: Settings) -> AsyncIterator[CheckResult]:
    row = await connection.fetchrow(_STATE)
    if row["read_only"]:
        yield fail(
            "database", f"is read-only, a standby perhaps: let {dsn.variable} name the primary."
        )
    if row["encoding"] != "UTF8":
        yield fail("database", f"has the encoding {row['encoding']}: create it with UTF8.")
    yield ok("database", f"takes {row['size']}")
    minutes = row["longest_minutes"] or 0
    if minutes >= LONG_MINUTES:
        yield warn(
            "database",
            f"a transaction has been open for {plural(minutes, 'minute')}; a migration would wait"
            " behind it. pg_stat_activity names it.",
        )


async def _clock(connection: Connection, _: Dsn, __: Settings) -> AsyncIterator[CheckResult]:
    before = clock.now()
    theirs = await connection.fetchval("SELECT clock_timestamp()")
    ours = before + (clock.now() - before) / 2
    apart = abs((theirs - ours).total_seconds())
    if apart > CLOCK_SECONDS:
        yield fail(
            "clock",
            f"this machine and the database are {apart:.0f} s apart: sessions and limits end at the"
            " wrong time. Set both by NTP.",
        )
    else:
        yield ok("clock", f"{apart:.1f} s from the database's")


async def _schema_state(connection: Connection, _: Dsn, __: Settings) -> AsyncIterator[CheckResult]:
    try:
        status = await schema.migration_status(connection.fetch)
    except CommandFailed as error:
        yield fail("schema", error.sentence)
        return
    if status.pending:
        behind = plural(len(status.pending), "migration")
        yield fail("schema", f"{behind} behind: run portal migrate.")
        return
    if status.unknown:
        yield warn("schema", "newer than this version, which an older image can live with")
        return
    found = await diff.differences_behind(connection)
    if found:
        yield fail(
            "schema",
            f"at head, but {plural(len(found), 'difference')} from what the migrations make:"
            " portal db diff lists them.",
        )
    else:
        yield ok("schema", "at head, and what the migrations make")


async def _rights(connection: Connection, _: Dsn, settings: Settings) -> AsyncIterator[CheckResult]:
    """The rights of the role that serves, and of all others as far as this role can see them."""
    role = await connection.fetchval("SELECT current_user::text")
    lacking = await rights.missing_rights(connection.fetch, role)
    if lacking:
        yield fail("rights", rights.needs_grants(role, lacking))
    serving, granted, members = await other_roles(connection, settings)
    if granted:
        yield fail("rights", f"others have some on the tables ({rights.some_of(granted)}): {TAKE}.")
    if members:
        yield warn(
            "rights",
            f"others can read or write the tables by a membership: {rights.some_of(members)}",
        )
    if not granted:
        shared = f", which {', '.join(serving)} shares to serve" if serving else ""
        yield ok("rights", f"nobody but the owner was granted any{shared}")


async def _owner(connection: Connection, dsn: Dsn, _: Settings) -> AsyncIterator[CheckResult]:
    if (await schema.migration_status(connection.fetch)).pending:
        return
    role = await connection.fetchval("SELECT current_user::text")
    if not await rights.is_owner(connection):
        yield fail(dsn.variable, f"its role {role} does not own the tables: use their owner's.")


async def _people(
    connection: Connection, dsn: Dsn, settings: Settings
) -> AsyncIterator[CheckResult]:
    """Uses the application's own queries, so that both mean the same."""
    if (await schema.migration_status(connection.fetch)).pending:
        return
    engine = Engine(dsn, pool_size=1, statement_seconds=STATEMENT_SECONDS)
    sql.bind(engine, TABLES)
    try:
        admin = await queries.admin_exists()
        demo = await queries.demo_accounts()
    finally:
        await engine.close_connection_pool()
    if admin:
        yield ok("people", "there is an admin")
        if settings.admin_password:
            yield warn("ADMIN_PASSWORD", "has done its work and can be removed")
    elif settings.admin_password:
        yield warn("people", "there is no admin yet; the next start makes that of ADMIN_EMAIL")
    else:
        yield fail(
            "people",
            "there is no admin: run portal user create ID --name NAME --role admin.",
        )
    if demo:
        entered = f"{plural(len(demo), 'demo account')} can be entered with a public password"
        if settings.demo_refused:
            yield fail("people", f"{entered}: run portal user disable ID for each, admins last.")
        else:
            yield warn("people", entered)
    yield warn("scores", "portal scores check recomputes them all; that takes longer than this")


async def _backups(connection: Connection, dsn: Dsn, _: Settings) -> AsyncIterator[CheckResult]:
    """Serving needs no pg_dump; a backup needs one that is as new as the server."""
    version = connection.get_server_version().major
    tool = pgtools.fitting("pg_dump", version, dsn)
    if tool is None:
        yield warn(
            "pg_dump",
            f"none for PostgreSQL {version} is on this machine: portal backup needs the package"
            f" postgresql-client-{version} or newer.",
        )
    else:
        yield ok("pg_dump", f"{tool.version}, which can back up this server")
