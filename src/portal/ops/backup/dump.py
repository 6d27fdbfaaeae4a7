"""`portal backup` and `backup verify`: an archive of pg_dump, and a manifest of what is in it.

The manifest's figures are read in the very snapshot that pg_dump copies, so they hold for the
archive exactly, whatever people do meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from portal import __version__, clock
from portal.config.settings import Settings
from portal.db import schema
from portal.db.connect import connection_to
from portal.db.migrate import LOCK_KEY
from portal.errors import CommandFailed
from portal.ops.backup import pgtools
from portal.serving.processes import end
from portal.web.formats import number, plural

if TYPE_CHECKING:
    from portal.config.dsn import Dsn
    from portal.ops.backup.pgtools import Tool

Echo = Callable[[str], None]

PROGRESS_SECONDS = 5.0
LOCK_WAIT_MS = 30_000
MAGIC = b"PGDMP"
# Of the schema in use, without what extensions have put there.
TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                        AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relname
"""

_ENTRY = re.compile(r"\d+; \d+ \d+ (TABLE DATA|TABLE|VIEW|FUNCTION) (\S+) ([^\s(]+)")


class BackupFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a restored backup is compared by."""

    rows: dict[str, int]
    score_total: int


class Manifest(BackupFigures, frozen=True, kw_only=True):
    """What `FILE.json` holds. `size` is in bytes, `made_at` the time of the snapshot."""

    size: int
    sha256: str
    made_at: datetime
    portal: str
    server_version: str
    pg_dump_version: str
    migrations: list[str]


class ArchiveEntry(msgspec.Struct, frozen=True):
    """One thing in an archive: `kind` is TABLE, VIEW, FUNCTION or TABLE DATA."""

    kind: str
    schema: str
    name: str


def backup(settings: Settings, path: Path, echo: Echo) -> int:
    """Write a backup of the database to `path` and its manifest beside it; returns 0.

    Neither file appears before both are complete. Raises CommandFailed.
    """
    dsn = settings.require_direct()
    _refuse_existing(path)  # a folder such as . or / has no name to derive the manifest's from
    beside = manifest_path(path)
    _refuse_existing(beside)
    with _unfinished(path) as partial, _unfinished(beside) as partial_manifest:
        manifest = asyncio.run(_take(dsn, path, partial, echo))
        manifest = msgspec.structs.replace(
            manifest, size=partial.stat().st_size, sha256=_digest(partial)
        )
        partial_manifest.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        _refuse_existing(path, beside)
        # In this order: where there is a file, there is its manifest.
        partial_manifest.replace(beside)
        partial.replace(path)
    echo(f"{path}: {_summary(manifest)}.")
    return 0


def verify_backup(path: Path, echo: Echo) -> int:
    """Returns 0 when a backup is what its manifest says; CommandFailed tells what is wrong."""
    manifest = checked_manifest(path)
    if manifest is None:
        raise CommandFailed(
            f"{manifest_path(path)} is missing: without its manifest {path.name} cannot be checked."
        )
    tool = pgtools.newest("pg_restore")
    if tool is None or tool.major < pgtools.major(manifest.pg_dump_version):
        echo(f"{path}: its checksum is right. There is no pg_restore here that could list it.")
        return 0
    listed = {entry.name for entry in contents(path, tool) if entry.kind == "TABLE DATA"}
    missing = sorted(set(manifest.rows).difference(listed))
    if missing:
        raise CommandFailed(f"{path} lacks the data of {', '.join(missing)}.")
    echo(f"{path}: ok, {_summary(manifest)}.")
    return 0


def manifest_path(path: Path) -> Path:
    """Returns where the manifest of a backup is: `x.dump` → `x.dump.json`."""
    return path.with_name(f"{path.name}.json")


def checked_manifest(path: Path) -> Manifest | None:
    """Returns the manifest that the file was compared with, None where there is none.

    Raises CommandFailed when the file is missing, or is not the one that the manifest describes.
    """
    if not path.is_file():
        raise CommandFailed(f"{path} is not a file.")
    try:
        manifest = _read_manifest(manifest_path(path))
        size = path.stat().st_size
        if manifest and size != manifest.size:
            change = "cut short" if size < manifest.size else "longer than it was"
            raise CommandFailed(
                f"{path} is {change}: it has {plural(size, 'byte')}, its manifest says"
                f" {number(manifest.size)}."
            )
        if manifest and _digest(path) != manifest.sha256:
            raise CommandFailed(
                f"{path} has changed since it was made: its checksum is not the manifest's."
            )
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise CommandFailed(f"{path} is not an archive of pg_dump --format=custom.")
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.") from error
    return manifest


def contents(path: Path, tool: Tool) -> list[ArchiveEntry]:
    """Returns the tables, views, functions and data in an archive; CommandFailed when it cannot be
    read."""
    done = subprocess.run(  # noqa: S603 - a program that was found here
        [tool.path, "--list", path],
        env=pgtools.environment(),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if "unsupported version" in done.stderr:
        raise CommandFailed(
            f"{path} was made by a newer PostgreSQL: pg_restore {tool.version} cannot read it."
        )
    if done.returncode != 0:
        raise CommandFailed(f"{path} is damaged: pg_restore cannot list what is in it.")
    return [
        ArchiveEntry(*match.groups())
        for match in map(_ENTRY.match, done.stdout.splitlines())
        if match
    ]


@contextlib.asynccontextmanager
async def patient_connection(dsn: Dsn) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection whose statements may take as long as they need; `CommandFailed` as with
    `connection_to`."""
    async with connection_to(msgspec.structs.replace(dsn, command_timeout=None)) as connection:
        await connection.execute(
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"
        )
        yield connection


async def backup_figures(connection: asyncpg.Connection[Any], tables: list[str]) -> BackupFigures:
    """Returns the figures of these tables of the schema in use."""
    rows = {
        table: await connection.fetchval(f'SELECT count(*) FROM "{table}"')  # noqa: S608
        for table in tables
    }
    total = 0
    if "user_score" in rows:
        total = await connection.fetchval("SELECT coalesce(sum(score), 0)::bigint FROM user_score")
    return BackupFigures(rows=rows, score_total=total)


async def _take(dsn: Dsn, path: Path, partial: Path, echo: Echo) -> Manifest:
    """Returns the manifest, as yet without size and checksum, of what was written to `partial`."""
    async with patient_connection(dsn) as connection:
        # Before the snapshot: a migration that has ended is in it, another one waits.
        if not await connection.fetchval("SELECT pg_try_advisory_lock_shared($1)", LOCK_KEY):
            raise CommandFailed("A migration is running: try again when it has ended.")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await _copy(connection, dsn, path, partial, echo)


async def _copy(
    connection: asyncpg.Connection[Any], dsn: Dsn, path: Path, partial: Path, echo: Echo
) -> Manifest:
    snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
    made_at = clock.now()
    version = str(await connection.fetchval("SHOW server_version")).partition(" ")[0]
    tables = [row["relname"] for row in await connection.fetch(TABLES)]
    if "migration" not in tables:
        raise CommandFailed(
            "The database holds no tables of the portal: there is nothing to back up."
        )
    place = await connection.fetchval("SELECT quote_ident(current_schema())")
    tool = pgtools.fitting("pg_dump", pgtools.major(version), dsn)
    if tool is None:
        raise CommandFailed(_without_pg_dump(dsn, version, place, path))
    counted = await backup_figures(connection, tables)
    applied = await connection.fetch(
        "SELECT name FROM migration WHERE app_name = $1 ORDER BY name", schema.APP
    )
    await _run_pg_dump(
        [str(tool.path), *_options(place), f"--snapshot={snapshot}", "--verbose"],
        dsn,
        partial,
        _Progress(partial, len(tables), echo),
    )
    return Manifest(
        size=0,
        sha256="",
        made_at=made_at,
        portal=__version__,
        server_version=version,
        pg_dump_version=tool.version,
        migrations=[row["name"] for row in applied],
        rows=counted.rows,
        score_total=counted.score_total,
    )


def _options(place: str) -> list[str]:
    return [
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        "--encoding=UTF8",
        f"--schema={place}",
        f"--lock-wait-timeout={LOCK_WAIT_MS}",
    ]


def _without_pg_dump(dsn: Dsn, version: str, place: str, path: Path) -> str:
    major = pgtools.major(version)
    command = shlex.join(["pg_dump", *_options(place)])
    line = pgtools.container_line(dsn, major, command, f"> {shlex.quote(str(path))}")
    return (
        f"There is no pg_dump for PostgreSQL {major} here. This makes the same file, without a"
        f" manifest, where {dsn.variable} is in the environment: {line}"
    )


class _Progress:
    """Reports from time to time how far pg_dump has come, from its own messages."""

    def __init__(self, partial: Path, tables: int, echo: Echo) -> None:
        self._partial = partial
        self._tables = tables
        self._echo = echo
        self._begun = 0
        self.error = ""

    def read(self, line: str) -> None:
        if "dumping contents of table" in line:
            self._begun += 1
        elif not self.error and line.startswith("pg_dump: error:"):
            self.error = line.removeprefix("pg_dump: error:").strip()

    async def report(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            done = f"{max(0, self._begun - 1)} of {plural(self._tables, 'table')}"
            self._echo(f"{_amount(self._partial.stat().st_size)} written, {done} done.")


async def _run_pg_dump(command: list[str], dsn: Dsn, partial: Path, progress: _Progress) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        "--no-password",
        f"--file={partial}",
        f"--dbname={dsn.libpq_url()}",
        env=pgtools.environment(dsn),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    report = asyncio.create_task(progress.report())
    try:
        async for line in process.stderr:
            progress.read(line.decode(errors="replace"))
        code = await process.wait()
    finally:
        report.cancel()
        await end(process)
    if code != 0:
        raise CommandFailed(f"pg_dump failed: {progress.error or f'it ended with code {code}'}.")


def _refuse_existing(*paths: Path) -> None:
    for path in paths:
        if os.path.lexists(path):
            raise CommandFailed(f"{path} exists: a backup never overwrites a file.")


@contextlib.contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A file beside `path` that only its owner can read; gone at the end unless it was renamed."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error.strerror}.") from error
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def _read_manifest(path: Path) -> Manifest | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise CommandFailed(f"{path} is not a manifest that can be read.") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _summary(manifest: Manifest) -> str:
    rows = plural(sum(manifest.rows.values()), "row")
    return (
        f"{_amount(manifest.size)}, {plural(len(manifest.rows), 'table')} with {rows}, made"
        f" {manifest.made_at:%Y-%m-%dT%H:%M:%SZ} from PostgreSQL {manifest.server_version}"
    )


def _amount(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"
