"""What an operator reads when a start is interrupted, or something is missing or wrong."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from tests.faultproxy import fault_proxy
from tests.ops.command import free_port, only_line, run_portal, running, until
from tests.support import Database, portal_environment

WITHOUT = """
import sys
sys.modules[{module!r}] = None
sys.argv = ["portal", "serve"]
from portal.cli import main
main()
"""


async def test_a_database_that_goes_away_during_the_start_is_waited_for(blank: Database) -> None:
    """An operator who migrates by hand may take hours; the database is restarted meanwhile."""
    async with fault_proxy(blank) as proxy:
        with running("serve", url=proxy.url(blank.name), MIGRATE_ON_START="false") as serving:

            async def is_behind() -> bool:
                answer = await serving.answers("/health/ready", 503)
                return bool(answer.json()["checks"]["release"] == "schema behind")

            await until(is_behind, "it finds the schema behind")
            proxy.refuse()
            for _ in range(3):
                await serving.answers("/health/ready", 503)
            assert run_portal(blank.url, "migrate").returncode == 0
            proxy.accept()
            await serving.answers("/health/ready")
            assert "Traceback" not in serving.output()


async def test_a_disk_without_room_during_the_start_is_waited_for(database: Database) -> None:
    await database.fetch("DELETE FROM seeded WHERE key = 'user:alex'")
    await database.fetch("DELETE FROM app_user WHERE external_id = 'alex'")
    await database.fetch(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"
    )
    await database.fetch(
        "CREATE TRIGGER no_room BEFORE INSERT ON app_user EXECUTE FUNCTION no_room()"
    )
    with running("serve", url=database.url, SEED_DB="true") as serving:

        async def is_told() -> bool:
            return "interrupted" in serving.output()

        await until(is_told, "the log says so")
        answer = await serving.answers("/health/ready", 503)
        assert answer.json()["checks"] == {"release": "seeding", "database": "ok"}
        await database.fetch("DROP TRIGGER no_room ON app_user")
        await serving.answers("/health/ready")
        assert serving.output().count("interrupted") == 1


@pytest.mark.parametrize("module", ["litestar", "asyncpg", "uvloop"])
def test_a_module_that_is_missing_is_one_line_that_names_it(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(module=module)],
        env=portal_environment(
            "postgresql://someone@127.0.0.1:1/nowhere",
            HOST="127.0.0.1",
            PORT=str(free_port()),
        ),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert module in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["9", "http", "99999"])
def test_an_unhealthy_container_says_what_was_asked(port: str) -> None:
    done = run_portal("", "healthcheck", PORT=port)
    assert done.returncode == 1
    assert port in only_line(done.stderr)


async def test_a_healthy_one_says_nothing(database: Database) -> None:
    with running("serve", url=database.url) as serving:
        await serving.answers("/api/health")
        done = await asyncio.to_thread(run_portal, "", "healthcheck", PORT=str(serving.port))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
