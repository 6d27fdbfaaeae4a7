"""`portal restore`: restores a backup in one transaction, and compares it before the commit.

pg_restore only turns the archive into SQL. A single transaction of ours drops what is there, runs
the SQL and compares the result with the manifest, so that whatever goes wrong leaves the old data
as it was. A managed database cannot be dropped and created again.

psql could run the SQL, but not these promises: it commits what it has when its input ends early, it
runs on when this process is killed, its errors are only text, and it obeys a dump that asks it to
start programs.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shlex
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from portal.config.settings import Settings
from portal.db import migrate, rights, schema, sql
from portal.db.engine import Engine
from portal.errors import CommandFailed
from portal.ops.backup import pgtools
from portal.ops.backup.dump import (
    ArchiveEntry,
    BackupFigures,
    Echo,
    Manifest,
    backup_figures,
    checked_manifest,
    contents,
    manifest_path,
    patient_connection,
)
from portal.quiz import regrade
from portal.serving.processes import end
from portal.tables import TABLES
from portal.web.formats import number, plural

if TYPE_CHECKING:
    from portal.config.dsn import Dsn
    from portal.ops.backup.pgtools import Tool

LOCK_WAIT = "10s"
NOTHING = "Nothing was changed."

_CHUNK = 1 << 16
_LONGEST_ROW = 1 << 26
_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_COPY = re.compile(rf"COPY ({_NAME})\.({_NAME}) (?:\((.*)\) )?FROM stdin;\n")
# For psql alone, and a setting that servers before 17 do not know.
_NOT_FOR_US = re.compile(r"^(?:\\(?:un)?restrict .*|SET transaction_timeout = 0;)\n", re.MULTILINE)
_COMMENT = re.compile(r"^--.*$", re.MULTILINE)

# Tables and views by name, or all of them ($2); functions by name, or because a trigger of one of
# these tables calls them. Nothing that belongs to an extension.
_PRESENT = """
    WITH relation AS (
        SELECT c.oid, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind
        FROM pg_class c
        WHERE c.relnamespace = quote_ident(current_schema())::regnamespace
            AND c.relkind IN ('r', 'p', 'v') AND ($2 OR c.relname = ANY ($1::text[]))
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                            AND d.objid = c.oid AND d.deptype = 'e')
    )
    SELECT kind, oid::regclass::text AS name FROM relation
    UNION ALL
    SELECT 'ROUTINE', p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = quote_ident(current_schema())::regnamespace
        AND (p.proname = ANY ($3::text[]) OR EXISTS (
            SELECT FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE t.tgfoid = p.oid))
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                        AND d.objid = p.oid AND d.deptype = 'e')
    ORDER BY kind, name
"""
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'
"""


class _Step:
    """What is being done and what a failure leaves behind, for the sentence that reports it."""

    text = "at its beginning"
    outcome = NOTHING


def restore(settings: Settings, path: Path, *, replace: bool, echo: Echo) -> int:
    """Restore a backup; returns 1 when the scores in it contradict its answers.

    Without `replace`, only a database that holds nothing of the portal is restored into. When
    CommandFailed is raised, nothing was changed.
    """
    dsn = settings.require_direct()
    manifest = checked_manifest(path)
    if manifest is None:
        echo(f"{path} has no manifest ({manifest_path(path).name}): it is restored uncompared.")
    status = asyncio.run(_restore(settings, path, manifest, replace=replace, echo=echo))
    if status.unknown:
        echo("The backup's schema is newer than this version: run the portal that made it.")
        return 0
    if status.pending:
        behind = plural(len(status.pending), "migration")
        echo(
            f"The backup's schema is {behind} behind: run portal migrate, then portal scores check."
        )
        return 0
    return asyncio.run(_check_scores(dsn, echo))


async def _check_scores(dsn: Dsn, echo: Echo) -> int:
    engine = Engine(dsn, pool_size=2, statement_seconds=600)
    sql.bind(engine, TABLES)
    count = 0
    try:
        async for difference in regrade.check_scores():
            echo(str(difference))
            count += 1
    finally:
        await engine.close_connection_pool()
    echo(f"Scores against answers: {plural(count, 'difference')}.")
    return 1 if count else 0


async def _restore(
    settings: Settings, path: Path, manifest: Manifest | None, *, replace: bool, echo: Echo
) -> schema.MigrationStatus:
    """Returns the migration status of the schema that was restored."""
    dsn = settings.require_direct()
    user = settings.database.user if settings.database else None
    async with patient_connection(dsn) as connection:
        version = str(await connection.fetchval("SHOW server_version"))
        tool = pgtools.newest("pg_restore")
        if tool is None:
            raise CommandFailed(
                _without_pg_restore(dsn, pgtools.major(version), path, replace=replace)
            )
        entries = contents(path, tool)
        others = await connection.fetchval(_OTHERS)
        step = _Step()
        with _in_words(step):
            async with connection.transaction():
                if not await connection.fetchval(
                    "SELECT pg_try_advisory_xact_lock($1)", migrate.LOCK_KEY
                ):
                    raise CommandFailed("A migration or a backup is running: try again later.")
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
                serving = await rights.roles_that_serve(connection, user)
                step.text = "while making room"
                tables = await _make_room(
                    connection, entries, replace=replace, others=others, echo=echo
                )
                await _load(connection, tool, path, step)
                step.text = "while comparing"
                restored = await backup_figures(connection, tables)
                if manifest:
                    _compare_figures(manifest, restored, echo)
                status = await schema.migration_status(connection.fetch)
                step.text = "while giving the roles that serve their rights"
                await rights.settle(connection, user, serving)
                step.text = "at the commit"
                step.outcome = "Look at the data before trying again."
        rows = plural(sum(restored.rows.values()), "row")
        echo(f"Restored {plural(len(restored.rows), 'table')} with {rows}.")
        if manifest:
            echo(
                "Rows per table and the sum of scores"
                f" ({number(restored.score_total)}) are the manifest's."
            )
        for table in restored.rows:
            await connection.execute(f'ANALYZE "{table}"')
        return status


@contextlib.contextmanager
def _in_words(step: _Step) -> Iterator[None]:
    """Turn the database's errors into sentences: its own messages may quote people's data."""
    try:
        yield
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
        raise CommandFailed(
            f"The portal's tables are in use: stop the web service first. {NOTHING}"
        ) from error
    except asyncpg.DependentObjectsStillExistError as error:
        raise CommandFailed(
            f"Something that is not the portal's depends on its tables ({_dependency(error)}):"
            f" drop that first. {NOTHING}"
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise CommandFailed(
            f"The restore failed {step.text} ({type(error).__name__}). {step.outcome}"
        ) from error


def _dependency(error: asyncpg.PostgresError) -> str:
    """Returns the first line of the error's detail, which names two objects that depend."""
    return str(error.detail or "unnamed").partition("\n")[0]


async def _make_room(
    connection: asyncpg.Connection[Any],
    entries: list[ArchiveEntry],
    *,
    replace: bool,
    others: int,
    echo: Echo,
) -> list[str]:
    """With `replace`, drop what the portal has in the database; without, refuse if there is any.

    Returns the names of the archive's tables.
    """
    place = await connection.fetchval("SELECT current_schema()")
    ours = {entry.name for entry in entries if entry.schema == place and entry.kind == "TABLE"}
    if not ours.issuperset({"app_user", "migration"}):
        raise CommandFailed(f"The archive holds no tables of the portal for the schema {place}.")
    present = await _present(connection, entries)
    if not any(present.values()):
        return sorted(ours)
    if not replace:
        raise CommandFailed(
            f"The database is not empty, it holds {plural(len(present['TABLE']), 'table')} of the"
            " portal: --replace replaces them, and all that is in them, by the backup."
        )
    if others:
        echo(
            f"{plural(others, 'other connection')} to the database: unless the web service is"
            " stopped, people meet errors meanwhile, and what they do is lost."
        )
    if present["TABLE"]:
        await connection.execute(
            f"LOCK TABLE {', '.join(present['TABLE'])} IN ACCESS EXCLUSIVE MODE"
        )
    for kind, names in present.items():
        if names:
            await connection.execute(f"DROP {kind} {', '.join(names)}")
    return sorted(ours)


async def _present(
    connection: asyncpg.Connection[Any], entries: list[ArchiveEntry]
) -> dict[str, list[str]]:
    """Returns the SQL names of what is the portal's in the database, by kind, in the order in which
    they can be dropped: what the archive or this version knows by name.

    When the schema is newer than this version, it is every table and view: those that later
    migrations have added cannot be told from others, and if they stayed, these migrations would
    fail.
    """
    status = await schema.migration_status(connection.fetch)
    known = {table._meta.tablename for table in TABLES}  # noqa: SLF001 - Piccolo's way in
    known |= {"migration", "User"}
    known |= {entry.name for entry in entries if entry.kind in ("TABLE", "VIEW")}
    functions = [entry.name for entry in entries if entry.kind == "FUNCTION"]
    present: dict[str, list[str]] = {"VIEW": [], "TABLE": [], "ROUTINE": []}
    for row in await connection.fetch(_PRESENT, sorted(known), bool(status.unknown), functions):
        present[row["kind"]].append(row["name"])
    return present


async def _load(connection: asyncpg.Connection[Any], tool: Tool, path: Path, step: _Step) -> None:
    """Run what pg_restore makes of the archive: tables, rows in COPY's own format, then keys and
    triggers."""
    step.text = "while making the tables"
    pending: list[str] = []
    async with _as_sql(connection, tool, path) as output:
        async for raw in output:
            line = raw.decode()
            copy = _COPY.fullmatch(line)
            if copy is None:
                pending.append(line)
                continue
            await _run_sql(connection, pending)
            schema_name, table, columns = copy.groups()
            step.text = f"while loading {_plain_name(table)}"
            await connection.copy_to_table(
                _plain_name(table),
                source=_copied_rows(output),
                schema_name=_plain_name(schema_name),
                columns=[_plain_name(name) for name in re.findall(_NAME, columns or "")] or None,
                format="text",
            )
    step.text = "while adding keys and triggers"
    await _run_sql(connection, pending)
    await connection.execute("RESET search_path")  # which pg_restore leaves empty


@contextlib.asynccontextmanager
async def _as_sql(
    connection: asyncpg.Connection[Any], tool: Tool, path: Path
) -> AsyncIterator[asyncio.StreamReader]:
    """The archive as SQL. CommandFailed when pg_restore stumbles over it."""
    schema_name = await connection.fetchval("SELECT current_schema()")
    process = await asyncio.create_subprocess_exec(
        str(tool.path),
        "--file=-",
        f"--schema={schema_name}",
        "--no-owner",
        "--no-privileges",
        str(path),
        env=pgtools.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_ROW,
    )
    assert process.stdout is not None
    try:
        yield process.stdout
        if await process.wait() != 0:
            raise CommandFailed(f"{path} is damaged: pg_restore cannot read all of it. {NOTHING}")
    finally:
        await end(process)


async def _run_sql(connection: asyncpg.Connection[Any], lines: list[str]) -> None:
    """Run these lines and empty the list."""
    statements = _NOT_FOR_US.sub("", "".join(lines))
    lines.clear()
    if _COMMENT.sub("", statements).strip():  # the driver cannot run nothing
        await connection.execute(statements)


async def _copied_rows(output: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yields the rows of one COPY, many at a time: one at a time takes five times as long."""
    chunk = bytearray()
    async for line in output:
        if line == b"\\.\n":
            break
        chunk += line
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _compare_figures(manifest: Manifest, restored: BackupFigures, echo: Echo) -> None:
    """Report each difference; CommandFailed when there is any."""
    differences = [
        f"{table}: {plural(restored.rows.get(table, 0), 'row')}, the manifest says {number(rows)}."
        for table, rows in manifest.rows.items()
        if restored.rows.get(table) != rows
    ]
    if restored.score_total != manifest.score_total:
        differences.append(
            f"Sum of scores: {number(restored.score_total)}, the manifest says"
            f" {number(manifest.score_total)}."
        )
    for difference in differences:
        echo(difference)
    if differences:
        raise CommandFailed(f"The backup is not what its manifest says. {NOTHING}")


def _without_pg_restore(dsn: Dsn, server: int, path: Path, *, replace: bool) -> str:
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    options += ["--schema=public", *(["--clean", "--if-exists"] if replace else [])]
    command = shlex.join(["pg_restore", *options])
    line = pgtools.container_line(dsn, server, command, f"< {shlex.quote(str(path))}")
    return (
        "There is no pg_restore here. This restores the file, uncompared, where"
        f" {dsn.variable} is in the environment: {line}"
    )


def _plain_name(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
