"""A database from before is brought to head, and back: every row is kept.

`dumps/first_migration.sql` is a database at the first migration after people have learned in it;
`dumps/make.py` makes it again. Its `score_count` is full: the trigger that a later migration adds
keeps what is there, and follows only what changes afterwards.

A rollback to the first migration drops nothing that holds rows: it takes away the checks, keys,
triggers and the view "User" that later migrations have added.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.accounts import passwords
from portal.app import create_app
from portal.db import sql
from portal.db.migrations import migration_ids
from portal.web.lifecycle import Lifecycle
from tests.ops.backups import Rows, in_order, rows_of
from tests.ops.command import only_line, run_portal
from tests.support import PASSWORDS, Database, Portal, execute, settings_for, take_quiz

DUMPS = sorted((Path(__file__).parent / "dumps").glob("*.sql"))
APPLIED = "SELECT name FROM migration WHERE app_name = 'portal' ORDER BY name"

pytestmark = pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.stem)


def statements(dump: Path) -> str:
    return dump.read_text(encoding="utf-8")


async def load(dump: Path, database: Database) -> list[str]:
    """Returns the migrations that the dump was made at."""
    await execute(database.url, statements(dump))
    return [row["name"] for row in await database.fetch(APPLIED)]


async def data_of(database: Database) -> dict[str, Rows]:
    """Returns every row, without the list of migrations, which is meant to change."""
    found = await rows_of(database)
    del found["migration"]
    return found


def columns_of(rows: Rows, columns: Rows) -> Rows:
    """Returns `rows` with the columns that `columns` have: later migrations may add some."""
    return in_order([{name: row[name] for name in columns[0]} for row in rows])


async def test_to_head_and_back_keeps_every_row(dump: Path, blank: Database) -> None:
    applied = await load(dump, blank)
    before = await data_of(blank)
    empty = [table for table, rows in before.items() if not rows]
    assert empty == [], "the dump shows nothing about a table without rows"

    done = run_portal(blank.url, "migrate")
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in await blank.fetch(APPLIED)] == migration_ids()
    at_head = await data_of(blank)
    for table, rows in before.items():
        assert columns_of(at_head[table], rows) == rows, table

    steps = len(migration_ids()) - len(applied)
    done = run_portal(blank.url, "migrate", "rollback", str(steps), "--yes")
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in await blank.fetch(APPLIED)] == applied
    assert await data_of(blank) == before


async def test_people_go_on_where_they_were(dump: Path, blank: Database) -> None:
    await load(dump, blank)
    assert run_portal(blank.url, "migrate").returncode == 0
    done = run_portal(blank.url, "scores", "check")
    assert (done.returncode, only_line(done.stdout)) == (0, "0 differences."), done.stderr

    score = await blank.value(
        "SELECT score FROM user_score JOIN app_user u ON u.id = learner WHERE external_id = 'alex'"
    )
    app = create_app(settings_for(blank.url), lifecycle=Lifecycle(ready=True, at_head=True))
    portal = Portal(app, blank)
    try:
        alex = await portal.signed_in("alex", PASSWORDS["alex"])
        assert (await alex.get("/api/dashboard/kpis")).json()["totalScore"] == score > 0
        answer = await take_quiz(alex)
        assert answer["attempt"]["attemptNumber"] == 3
    finally:
        await portal.close()
        await sql.engine().close_connection_pool()
        passwords.close()
    done = run_portal(blank.url, "scores", "check")
    assert (done.returncode, only_line(done.stdout)) == (0, "0 differences."), done.stderr


def test_the_dump_is_small(dump: Path) -> None:
    assert dump.stat().st_size < 200_000
