"""An operator checks the addresses of the database; a password never shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from portal.config.dsn import parse_dsn
from portal.db.migrations import migration_ids
from tests.ops.command import only_line, run_portal, until
from tests.pooler import Pooler
from tests.support import Database, execute

NOWHERE = "postgresql://someone:5up3r-s3cret@127.0.0.1:1/nowhere"
PASSWORD = "right/p@ss-w0rd"
WRONG = "wr0ng-p%40ss"


@pytest.fixture
async def guarded(database: Database) -> AsyncIterator[Database]:
    """The server asks the role `guarded` for its password; everybody else is trusted as before."""
    role = f"CREATE ROLE guarded LOGIN SUPERUSER PASSWORD '{PASSWORD}'"
    file = Path(await database.value("SHOW hba_file"))
    with first_line(file, "local all guarded scram-sha-256"):
        await execute(database.url, role, "SELECT pg_reload_conf()")

        async def is_asked() -> bool:
            try:
                await execute(as_guarded(database, WRONG))
            except asyncpg.InvalidPasswordError:
                return True
            return False

        await until(is_asked, "the server asks for the password")
        yield database
    await execute(database.url, "SELECT pg_reload_conf()", "DROP ROLE guarded")


@contextlib.contextmanager
def first_line(file: Path, line: str) -> Iterator[None]:
    """Put a line at the top of a file for a while."""
    before = file.read_text(encoding="utf-8")
    file.write_text(f"{line}\n{before}", encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(before, encoding="utf-8")


def as_guarded(database: Database, password: str) -> str:
    return database.url.replace("postgres@", f"guarded:{password}@")


async def test_a_wrong_password_is_told_without_it(guarded: Database) -> None:
    url = as_guarded(guarded, WRONG)
    for arguments in (["migrate"], ["migrate", "status"], ["seed"]):
        done = run_portal(url, *arguments)
        assert done.returncode == 1
        line = only_line(done.stderr)
        assert "wr0ng" not in line + done.stdout
        assert "p@ss" not in line + done.stdout
        assert "Traceback" not in line
    assert "password" in only_line(run_portal(url, "migrate").stderr)
    right = run_portal(
        as_guarded(guarded, PASSWORD.replace("@", "%40").replace("/", "%2F")), "seed"
    )
    assert right.returncode == 0, right.stderr


async def test_one_line_for_each_address(database: Database, pooler: Pooler) -> None:
    done = run_portal(pooler.url(database.name), "db", "check", DATABASE_URL_UNPOOLED=database.url)
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = done.stdout.splitlines()
    for line, variable, kind in (
        (first, "DATABASE_URL: ", "pooled"),
        (second, "DATABASE_URL_UNPOOLED: ", "direct"),
    ):
        assert line.startswith(variable)
        assert f"/{database.name}, {kind}: ok, PostgreSQL 16, " in line
        assert line.endswith("schema at head")

    serving = run_portal(pooler.url(database.name), "db", "check", MIGRATE_ON_START="false")
    assert serving.returncode == 0, serving.stdout
    assert serving.stdout.splitlines()[1].startswith("DATABASE_URL_UNPOOLED: not set here")


async def test_what_is_wrong_is_told_for_each(blank: Database) -> None:
    behind = run_portal(blank.url, "db", "check")
    assert behind.returncode == 1
    assert f"{len(migration_ids())} migrations behind: run portal migrate" in behind.stdout

    away = run_portal(NOWHERE, "db", "check", DATABASE_URL_UNPOOLED=blank.url)
    assert away.returncode == 1
    first, second = away.stdout.splitlines()
    assert "cannot be reached, nothing listens" in first
    assert "PostgreSQL 16" in second
    assert "s3cret" not in away.stdout + away.stderr

    pooled = run_portal(f"{blank.url}&pgbouncer=true", "db", "check")
    assert pooled.returncode == 1
    assert "DATABASE_URL_UNPOOLED is not set" in pooled.stdout


async def test_what_a_held_table_of_migrations_hides_is_told(database: Database) -> None:
    dsn = parse_dsn(database.url, variable="DATABASE_URL")
    holder = await asyncpg.connect(**dsn.connect_kwargs())
    try:
        await holder.execute("BEGIN; LOCK TABLE migration IN ACCESS EXCLUSIVE MODE")
        for arguments in (["db", "check"], ["migrate", "status"], ["migrate"]):
            done = await asyncio.to_thread(run_portal, database.url, *arguments)
            assert done.returncode == 1
            assert "did not answer within" in done.stdout + done.stderr
            assert "Traceback" not in done.stderr
    finally:
        await holder.close()


async def test_a_limit_of_the_server_is_a_sentence(guarded: Database) -> None:
    await execute(guarded.url, "ALTER ROLE guarded SET statement_timeout = '1ms'")
    url = as_guarded(guarded, quote(PASSWORD, safe=""))
    done = run_portal(url, "migrate", "status")
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


async def test_a_database_that_takes_no_writes_is_told(database: Database) -> None:
    name = await database.value("SELECT current_database()")
    await execute(database.url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    done = run_portal(database.url, "db", "check")
    assert done.returncode == 1
    assert all("takes no writes" in line for line in done.stdout.splitlines())
    done = run_portal(database.url, "prune")
    assert done.returncode == 1
    assert "was lost" not in only_line(done.stderr)


async def test_a_schema_closed_to_the_role_is_not_behind(guarded: Database) -> None:
    url = as_guarded(guarded, quote(PASSWORD, safe=""))
    await execute(
        guarded.url,
        "ALTER ROLE guarded NOSUPERUSER",
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
    )
    for arguments in (
        ["team", "list"],
        ["migrate", "status"],
        ["db", "check"],
        ["scores", "check"],
    ):
        done = run_portal(url, *arguments)
        assert done.returncode == 1
        told = done.stdout + done.stderr
        assert "GRANT USAGE ON SCHEMA public TO guarded" in told, arguments
        assert "behind" not in told, arguments
        assert "differs" not in told, arguments
