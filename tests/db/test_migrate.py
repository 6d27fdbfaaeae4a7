"""An operator brings the schema to head."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from portal.config.dsn import parse_dsn
from portal.db.migrations import migration_ids
from tests.db.migrations import (
    EXTRA_ID,
    ddl,
    dump,
    own_migrations,
    with_extra_migration,
    with_plain_migration,
)
from tests.ops.command import PORTAL, SECONDS, only_line, run_portal, running, until
from tests.support import Database, execute, portal_environment

APPLIED = "SELECT name FROM migration ORDER BY name"

# Counts what is sent on every connection of the process, and lists what it has imported.
COUNTED = """
import json, sys, asyncpg
real, sent = asyncpg.connect, []
async def connect(**arguments):
    connection = await real(**arguments)
    connection.add_query_logger(lambda record: sent.append(record.query))
    return connection
asyncpg.connect = connect
from portal.cli import main
try:
    main(["migrate"])
except SystemExit as end:
    code = end.code
names = {name.partition(".")[0] for name in sys.modules}
print(json.dumps({"code": code, "sent": sent, "imported": sorted(names)}))
"""

# How long the engine of migrations, and the server, let a statement run and wait for a lock.
LIMITS = """
import asyncio
from portal.db.conf import DB
rows = asyncio.run(DB.fetch("SHOW lock_timeout"))
print(DB.pool.connect_arguments().get("command_timeout"), rows[0][0])
"""


def python(*arguments: str, url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code or a module with the environment of the portal."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=portal_environment(url, **environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


async def applied(database: Database) -> list[str]:
    return [row["name"] for row in await database.fetch(APPLIED)]


def migrate_at_once(database: Database, number: int, **environment: str) -> list[str]:
    """Run that many `portal migrate` at the same time and return what each said."""
    processes = [
        subprocess.Popen(
            [*PORTAL, "migrate"],
            env=portal_environment(database.url, **environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(number)
    ]
    said = [process.communicate(timeout=3 * SECONDS)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * number, said
    return said


async def test_three_at_once_on_an_empty_database(
    blank: Database, templates: object, database: Database
) -> None:
    said = migrate_at_once(blank, 3)
    lines = "".join(said).splitlines()
    assert sorted(line for line in lines if "applied" in line) == [
        f"Migration {name}: applied." for name in migration_ids()
    ]
    assert await applied(blank) == migration_ids()
    assert dump(blank) == dump(database)


@pytest.mark.empty_database
async def test_an_index_is_built_beside_those_who_wait(database: Database, tmp_path: Path) -> None:
    """It waits for every statement that is under way: none of them may be waiting for it."""
    index = "CREATE INDEX CONCURRENTLY team_name ON team (name)"
    said = migrate_at_once(database, 2, **with_plain_migration(tmp_path, index))
    assert sum(f"Migration {EXTRA_ID}: applied." in each for each in said) == 1, said
    assert await database.value(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'team_name'::regclass"
    )


async def test_status_tells_what_is_pending(blank: Database) -> None:
    before = run_portal(blank.url, "migrate", "status")
    assert before.returncode == 1
    assert before.stdout.splitlines() == [
        *(f"Migration {name}: pending." for name in migration_ids()),
        f"The schema is {len(migration_ids())} migrations behind.",
    ]
    assert await blank.value("SELECT to_regclass('migration')") is None, "it only looks"


@pytest.mark.empty_database
async def test_one_migration_behind_is_said_as_one(database: Database, tmp_path: Path) -> None:
    environment = with_extra_migration(tmp_path, ddl("SELECT 1"))
    status = run_portal(database.url, "migrate", "status", **environment)
    assert status.returncode == 1
    assert status.stdout.splitlines()[-1] == "The schema is 1 migration behind."
    check = run_portal(database.url, "db", "check", **environment)
    assert "schema 1 migration behind: run portal migrate" in check.stdout
    environment |= {"MIGRATE_ON_START": "false", "APP_ENV": "development"}
    with running("serve", url=database.url, **environment) as serving:

        async def told() -> bool:
            return "MIGRATE_ON_START is false" in serving.output()

        await until(told, "it says what it waits for")
        assert "the schema is 1 migration behind and" in serving.output()


@pytest.mark.empty_database
async def test_status_of_a_newer_schema(database: Database) -> None:
    at_head = run_portal(database.url, "migrate", "status")
    assert (at_head.returncode, at_head.stdout) == (0, "At head.\n")
    await execute(
        database.url,
        f"INSERT INTO migration (name, app_name, ran_on) VALUES ('{EXTRA_ID}', 'portal', now())",
    )
    newer = run_portal(database.url, "migrate", "status")
    assert newer.returncode == 0
    assert newer.stdout.splitlines() == [
        f"Migration {EXTRA_ID}: applied, but not known to this version.",
        "The schema is newer than this version.",
    ]
    assert run_portal(database.url, "migrate").returncode == 0
    refused = run_portal(database.url, "migrate", "rollback")
    assert refused.returncode == 1
    assert EXTRA_ID in only_line(refused.stderr)


@pytest.mark.empty_database
async def test_at_head_it_asks_thrice_and_imports_no_migration_tool(database: Database) -> None:
    done = python("-c", COUNTED, url=database.url)
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["code"] == 0
    assert len(result["sent"]) == 3, "whether a pooler is there, and twice about the schema"
    assert result["sent"][0] == "SELECT pg_backend_pid()"
    assert "asyncpg" in result["imported"]
    assert not {"piccolo", "black", "litestar"}.intersection(result["imported"])


async def test_a_migration_may_take_long_and_may_not_wait_long(database: Database) -> None:
    """An index on a large table takes longer than any request may; but while a migration waits for
    a lock, everyone who comes after it waits as well."""
    done = python("-c", LIMITS, url=database.url)
    assert done.stdout == "None 10s\n", done.stderr


async def test_a_pooled_address_alone_is_refused(blank: Database) -> None:
    for environment in ({}, {"DATABASE_URL_UNPOOLED": f"{blank.url}&pgbouncer=true"}):
        done = run_portal(f"{blank.url}&pgbouncer=true", "migrate", **environment)
        assert done.returncode == 1
        assert "DATABASE_URL_UNPOOLED" in only_line(done.stderr)
    direct = run_portal(
        "postgresql://someone@127.0.0.1:1/nowhere?pgbouncer=true",
        "migrate",
        DATABASE_URL_UNPOOLED=blank.url,
    )
    assert direct.returncode == 0, "only the direct address is used"


@pytest.mark.parametrize(
    "body",
    [
        ddl("SELECT * FROM nowhere"),
        ddl("INSERT INTO half_done VALUES (1 / 0)"),
        "await engine.fetch('INSERT INTO half_done VALUES ($1)', ['not a number'])",
        "raise RuntimeError('written in a hurry')",
    ],
    ids=["unknown table", "refused by the server", "refused by the driver", "error of the file"],
)
async def test_a_failing_migration_is_named_and_leaves_nothing(
    blank: Database, tmp_path: Path, body: str
) -> None:
    done = run_portal(blank.url, "migrate", **with_extra_migration(tmp_path, body))
    assert done.returncode == 1
    line = only_line(done.stderr)
    assert "migration" in line.lower()
    assert EXTRA_ID in line
    assert await blank.value("SELECT to_regclass('half_done')") is None
    assert await applied(blank) == migration_ids(), "the ones before it stand"
    assert run_portal(blank.url, "migrate").returncode == 0, "the lock is free again"


async def test_who_is_in_the_way_of_a_migration_is_named(
    database: Database, tmp_path: Path
) -> None:
    soon = ddl("SET lock_timeout = '2s'")
    alter = f"{soon}; {ddl('ALTER TABLE team ADD COLUMN of_a_test int')}"
    dsn = parse_dsn(f"{database.url}&application_name=report", variable="DATABASE_URL")
    reader = await asyncpg.connect(**dsn.connect_kwargs())
    try:
        await reader.execute("BEGIN; SELECT count(*) FROM team")
        pid = reader.get_server_pid()
        extra = with_extra_migration(tmp_path, alter)
        done = await asyncio.to_thread(run_portal, database.url, "migrate", **extra)
    finally:
        await reader.close()
    assert done.returncode == 1
    line = done.stderr.strip().splitlines()[-1]
    assert re.search(
        rf"Process {pid} of the database was in the way: report of role \w+, idle in transaction,"
        r" its transaction open for \d+ s, its query begun \d+ s ago",
        line,
    ), line
    assert f"pg_terminate_backend({pid})" in line
    assert run_portal(database.url, "migrate", **extra).returncode == 0, "once it is gone"


async def test_a_migration_file_that_cannot_be_read_is_named(
    blank: Database, tmp_path: Path
) -> None:
    environment = with_extra_migration(tmp_path, "this is no Python")
    done = run_portal(blank.url, "migrate", **environment)
    assert done.returncode == 1
    assert "migration" in only_line(done.stderr).lower()


def file_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py"))


async def test_the_tables_say_what_the_migrations_made(database: Database, tmp_path: Path) -> None:
    """What `piccolo migrations new --auto` would add: nothing."""
    folder = own_migrations(tmp_path)
    before = file_names(folder)
    done = python(
        *("-m", "piccolo.main", "migrations", "new", "portal", "--auto"),
        url=database.url,
        PICCOLO_CONF="portal.db.conf",
        PORTAL_MIGRATIONS_DIR=str(folder),
    )
    assert "No changes detected" in done.stdout, done.stdout + done.stderr
    assert file_names(folder) == before
