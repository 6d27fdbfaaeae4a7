"""What `portal serve` does between listening and being ready."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from portal.db.migrations import migration_ids
from tests.db.migrations import EXTRA_ID, ddl, with_extra_migration
from tests.ops.command import STOPPED, run_portal, running, until
from tests.pooler import Pooler
from tests.support import Database, execute

ASLEEP = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND wait_event = 'PgSleep'
"""
APPLIED = "SELECT count(*) FROM migration"


async def test_an_empty_database_is_migrated_and_seeded(blank: Database) -> None:
    with running(
        "serve",
        url=blank.url,
        SEED_DB="true",
        ADMIN_EMAIL="jane@example.com",
        ADMIN_PASSWORD="long enough",
    ) as serving:
        await serving.answers("/health/ready")
        async with serving.browser() as browser:
            for name, password in (("alex", "claude123"), ("jane", "long enough")):
                answer = await browser.post(
                    "/api/auth/login", json={"username": name, "password": password}
                )
                assert answer.status_code == 200
        serving.signal(signal.SIGTERM)
        assert await serving.ended() in STOPPED
    assert await blank.value(APPLIED) == len(migration_ids())


async def test_without_migrations_at_the_start_it_waits_for_the_operator(blank: Database) -> None:
    with running("serve", url=blank.url, MIGRATE_ON_START="false") as serving:
        answer = await serving.answers("/health/ready", 503)

        async def is_behind() -> bool:
            nonlocal answer
            answer = await serving.answers("/health/ready", 503)
            return bool(answer.json()["checks"]["release"] == "schema behind")

        await until(is_behind, "it finds the schema behind")
        assert answer.json()["checks"]["database"] == "ok"
        assert (await serving.answers("/health/startup", 503)).json()["status"] == "starting"
        assert (await serving.answers("/api/path", 503)).headers["retry-after"]
        assert await blank.value("SELECT to_regclass('app_user')") is None

        assert run_portal(blank.url, "migrate").returncode == 0
        await serving.answers("/health/ready")
        await serving.answers("/health/startup")
        assert (await serving.answers("/api/auth/me")).json() == {"user": None}


async def test_a_failed_migration_is_one_line(blank: Database, tmp_path: Path) -> None:
    environment = with_extra_migration(tmp_path, ddl("SELECT * FROM nowhere"))
    with running("serve", url=blank.url, **environment) as serving:
        assert await serving.ended() == 1
        output = serving.output()
    told = [line for line in output.splitlines() if "igration" in line and "failed" in line]
    assert len(told) == 1, output
    assert EXTRA_ID in told[0]
    assert "Traceback" not in output


async def test_a_signal_during_a_migration_ends_both(blank: Database, tmp_path: Path) -> None:
    environment = with_extra_migration(tmp_path, ddl("SELECT pg_sleep(60)"))

    async def is_running() -> bool:
        return bool(await blank.value(ASLEEP) == 1)

    async def is_over() -> bool:
        return not await is_running()

    with running("serve", url=blank.url, **environment) as serving:
        await until(is_running, f"the migration runs: {serving.output()}")
        children = psutil.Process(serving.process.pid).children(recursive=True)
        assert children
        assert (await serving.answers("/health/ready", 503)).json()["checks"]["release"] == (
            "migrating"
        )
        serving.signal(signal.SIGTERM)
        assert await serving.ended() in STOPPED
        assert not any(child.is_running() for child in children)
        assert "Traceback" not in serving.output()
    await until(is_over, "the server ends the statement", seconds=5)
    assert await blank.value(APPLIED) == len(migration_ids())
    assert await blank.value("SELECT to_regclass('half_done')") is None
    assert run_portal(blank.url, "migrate").returncode == 0, "the lock is free again"


async def test_a_newer_schema_counts_as_at_head_with_one_warning(database: Database) -> None:
    await execute(
        database.url,
        f"INSERT INTO migration (name, app_name, ran_on) VALUES ('{EXTRA_ID}', 'portal', now())",
    )
    with running("serve", url=database.url) as serving:
        await serving.answers("/health/ready")
        output = serving.output()
    assert output.count("newer than this version, by 1 migration\n") == 1, output


@pytest.mark.empty_database
async def test_a_pooled_address_alone_is_enough_at_head(database: Database, pooler: Pooler) -> None:
    with running("serve", url=pooler.url(database.name)) as serving:
        await serving.answers("/health/ready")


async def test_a_pooled_address_alone_cannot_migrate(blank: Database, pooler: Pooler) -> None:
    with running("serve", url=pooler.url(blank.name)) as serving:
        assert await serving.ended() == 1
        assert "DATABASE_URL_UNPOOLED" in serving.output().splitlines()[-1]
    assert await blank.value("SELECT to_regclass('migration')") is None
