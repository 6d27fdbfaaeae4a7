"""An operator takes migrations back."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.db.migrations import migration_ids
from tests.db.migrations import EXTRA_ID, ddl, dump, with_extra_migration
from tests.ops.command import only_line, run_portal
from tests.support import Database, execute

OURS = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'migration%'
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
COUNT = "SELECT count(*) FROM migration"


@pytest.mark.empty_database
async def test_back_to_nothing_and_forwards_again_gives_the_same_schema(database: Database) -> None:
    at_head = dump(database)
    assert "CREATE TABLE public.app_user" in at_head
    back = run_portal(database.url, "migrate", "rollback", "all")
    assert back.returncode == 0, back.stderr
    assert back.stdout.splitlines() == [
        f"Migration {name}: rolled back." for name in reversed(migration_ids())
    ]
    assert await database.fetch(OURS) == []
    assert run_portal(database.url, "migrate").returncode == 0
    assert dump(database) == at_head


@pytest.mark.empty_database
async def test_one_step_is_the_default(database: Database) -> None:
    done = run_portal(database.url, "migrate", "rollback")
    assert done.stdout == f"Migration {migration_ids()[-1]}: rolled back.\n", done.stderr
    assert await database.value(COUNT) == len(migration_ids()) - 1
    assert run_portal(database.url, "migrate", "status").returncode == 1


@pytest.mark.empty_database
async def test_more_steps_than_there_are_means_all(database: Database) -> None:
    done = run_portal(database.url, "migrate", "rollback", "9999")
    assert done.returncode == 0, done.stderr
    assert await database.value(COUNT) == 0
    again = run_portal(database.url, "migrate", "rollback", "9999")
    assert (again.returncode, again.stdout) == (0, "There is nothing to roll back.\n")


@pytest.mark.parametrize("count", ["0", "-1", "some", "1.5"])
def test_a_count_that_is_none_is_refused(count: str) -> None:
    done = run_portal("postgresql://someone@127.0.0.1:1/x", "migrate", "rollback", count)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.empty_database
async def test_a_table_with_data_is_not_dropped_without_yes(database: Database) -> None:
    await execute(database.url, "INSERT INTO team (id, name, track) VALUES ('one', 'One', 'dev')")
    before = dump(database)
    refused = run_portal(database.url, "migrate", "rollback", "all")
    assert refused.returncode == 1
    assert "team (1 row)" in only_line(refused.stderr)
    assert dump(database) == before, "also the migrations after that table's are untouched"
    assert await database.value(COUNT) == len(migration_ids())

    agreed = run_portal(database.url, "migrate", "rollback", "all", "--yes")
    assert agreed.returncode == 0, agreed.stderr
    assert await database.fetch(OURS) == []


async def test_what_is_named_is_what_holds_data(database: Database) -> None:
    refused = run_portal(database.url, "migrate", "rollback", "all")
    line = only_line(refused.stderr)
    assert "app_user (22 rows)" in line
    assert "team (5 rows)" in line
    assert "quiz_attempt" not in line


@pytest.mark.empty_database
async def test_a_raw_migration_says_what_it_drops(database: Database, tmp_path: Path) -> None:
    environment = with_extra_migration(
        tmp_path,
        ddl("ALTER TABLE team ADD COLUMN motto text"),
        backwards=ddl("ALTER TABLE team DROP COLUMN motto"),
        drops=["team.motto", "half_done"],
    )
    assert run_portal(database.url, "migrate", **environment).returncode == 0
    await execute(database.url, "INSERT INTO team (id, name, track) VALUES ('one', 'One', 'dev')")
    await execute(database.url, "UPDATE team SET motto = 'learn'")
    refused = run_portal(database.url, "migrate", "rollback", **environment)
    assert refused.returncode == 1
    assert "team.motto (1 row)" in only_line(refused.stderr)
    await execute(database.url, "UPDATE team SET motto = NULL")
    done = run_portal(database.url, "migrate", "rollback", **environment)
    assert done.stdout == f"Migration {EXTRA_ID}: rolled back.\n", done.stderr
