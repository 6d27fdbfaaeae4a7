"""An operator's command meets a pooler whose address does not show it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.db.embedded import Embedded
from portal.db.migrations import migration_ids
from tests.ops.backups import backed_up
from tests.ops.command import blank_database, only_line, run_portal, running, until
from tests.pooler import Pooler, run_pooler
from tests.support import Database

LOCKS = """
    SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.locktype = 'advisory'
"""
SENTENCE = (
    "DATABASE_URL goes through a transaction pooler, which cannot carry migrations and whatever"
    " else needs a session of its own: add ?pgbouncer=true, and set DATABASE_URL_UNPOOLED to the"
    " direct address."
)


@pytest.fixture(params=[("transaction", 1), ("transaction", 2), ("statement", 2)], ids=str)
def unsuitable(
    request: pytest.FixtureRequest, server: Embedded, pgbouncer_path: str
) -> Iterator[Pooler]:
    mode, size = request.param
    with run_pooler(pgbouncer_path, server, pool_size=size, mode=mode) as running:
        yield running


@pytest.fixture(params=["", "server_reset_query ="], ids=["reset", "no reset"])
def sessions(
    request: pytest.FixtureRequest, server: Embedded, pgbouncer_path: str
) -> Iterator[Pooler]:
    """Supabase's port 5432 is one; the second kind gives a session to the next client as it is."""
    with run_pooler(
        pgbouncer_path, server, pool_size=3, mode="session", more=request.param
    ) as running:
        yield running


async def nothing_is_left(database: Database, pooler: Pooler) -> None:
    async def gone() -> bool:
        return pooler.clients(database.name) == 0

    await until(gone, "no client of ours is there", seconds=3)
    assert await database.value(LOCKS) == 0


async def test_a_migration_is_refused_before_anything_is_done(
    server: Embedded, unsuitable: Pooler
) -> None:
    async with blank_database(server) as blank:
        url = unsuitable.unmarked(blank.name)
        for arguments in (("migrate",), ("release",), ("migrate", "status")):
            done = run_portal(url, *arguments)
            assert (done.returncode, only_line(done.stderr)) == (1, SENTENCE), arguments
        await nothing_is_left(blank, unsuitable)
        assert await blank.value("SELECT to_regclass('migration')") is None
        right = run_portal(url, "migrate", DATABASE_URL_UNPOOLED=blank.url)
        assert right.returncode == 0, right.stderr
        assert await blank.value("SELECT count(*) FROM migration") == len(migration_ids())


@pytest.mark.parametrize("size", [2])
async def test_whatever_needs_a_session_is_refused(
    server: Embedded, pgbouncer_path: str, database: Database, tmp_path: Path, size: int
) -> None:
    made = backed_up(database, tmp_path)
    with run_pooler(pgbouncer_path, server, pool_size=size) as pooler:
        url = pooler.unmarked(database.name)
        wanted = SENTENCE.partition(" through")[0].replace("DATABASE_URL", "DATABASE_URL_UNPOOLED")
        for arguments in (
            ("migrate", "rollback"),
            ("backup", str(tmp_path / "other.dump")),
            ("restore", str(made), "--replace"),
            ("prune",),
            ("studio",),
            ("db", "diff"),
        ):
            done = run_portal(database.url, *arguments, DATABASE_URL_UNPOOLED=url)
            line = only_line(done.stderr)
            assert done.returncode == 1
            assert line.startswith(wanted), line
            assert line.endswith(": set it to the direct address.")
        assert not (tmp_path / "other.dump").exists()
        await nothing_is_left(database, pooler)


async def test_parameters_that_a_pooler_refuses_do_not_hide_it(
    server: Embedded, pgbouncer_path: str, database: Database
) -> None:
    """PgBouncer lets nobody in who sends a search_path."""
    for mode, told in (("transaction", SENTENCE), ("session", "has a schema or options, which")):
        with run_pooler(pgbouncer_path, server, pool_size=2, mode=mode) as pooler:
            url = f"{pooler.unmarked(database.name)}&schema=learn"
            done = run_portal(url, "migrate")
            assert done.returncode == 1
            assert told in only_line(done.stderr)
            assert (
                told.partition(", ")[0].removeprefix("DATABASE_URL ")
                in run_portal(url, "db", "check").stdout
            )
            await nothing_is_left(database, pooler)


async def test_serving_ends_with_the_sentence_when_a_migration_is_due(
    server: Embedded, pgbouncer_path: str
) -> None:
    async with blank_database(server) as blank:
        with run_pooler(pgbouncer_path, server, pool_size=2) as pooler:
            with running("serve", url=pooler.unmarked(blank.name)) as portal:
                assert await portal.ended() == 1
                assert SENTENCE in portal.output()
                assert "Traceback" not in portal.output()
            await nothing_is_left(blank, pooler)


async def test_requests_go_on_through_an_unmarked_pooler(
    server: Embedded, pgbouncer_path: str, database: Database
) -> None:
    with (
        run_pooler(pgbouncer_path, server, pool_size=2) as pooler,
        running("serve", url=pooler.unmarked(database.name)) as portal,
    ):
        await portal.answers("/health/ready")
        assert (await portal.answers("/login")).status_code == 200
        check = await asyncio.to_thread(run_portal, pooler.unmarked(database.name), "db", "check")
        assert check.returncode == 1
        assert "goes through a transaction pooler, unmarked" in check.stdout


async def test_a_session_pooler_carries_everything(
    server: Embedded, sessions: Pooler, tmp_path: Path
) -> None:
    async with blank_database(server) as blank:
        url = sessions.unmarked(blank.name)
        for arguments in (
            ("migrate",),
            ("migrate",),
            ("seed",),
            ("db", "diff"),
            ("prune",),
            ("backup", str(tmp_path / "portal.dump")),
            ("restore", str(tmp_path / "portal.dump"), "--replace"),
            ("migrate", "rollback"),
            ("migrate",),
        ):
            done = run_portal(url, *arguments)
            assert done.returncode == 0, (arguments, done.stderr)
            assert await blank.value(LOCKS) == 0, arguments
        check = run_portal(url, "db", "check")
        assert check.returncode == 0, check.stdout
        assert ", session pooler: ok, " in check.stdout
        await nothing_is_left(blank, sessions)
