"""What the schema itself guarantees, whatever the application does."""

from __future__ import annotations

import re

import asyncpg
import pytest

from tests.support import Database, execute

CONSTRAINTS = """
    SELECT r.relname AS "table", c.conname AS name, c.contype AS kind FROM pg_constraint c
    JOIN pg_class r ON r.oid = c.conrelid
    WHERE r.relnamespace = 'public'::regnamespace AND r.relname <> 'migration'
"""
INDEXES = """
    SELECT tablename AS "table", indexname AS name FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'migration'
"""
UNINDEXED_FOREIGN_KEYS = """
    SELECT c.conname FROM pg_constraint c
    WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT 1 FROM pg_index i
        WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
          AND (i.indpred IS NULL OR i.indisprimary))
"""
ENDINGS = {"p": "pkey", "f": "fkey", "u": "key", "c": "check", "n": "not_null"}


async def test_constraints_and_indexes_have_names_that_tell_what_they_are(
    database: Database,
) -> None:
    constraints = await database.fetch(CONSTRAINTS)
    assert len(constraints) > 20
    for row in constraints:
        # "_check1" and the like are what PostgreSQL makes up
        ending = ENDINGS[row["kind"].decode()]
        assert re.fullmatch(rf"{row['table']}_([a-z_]+_)?{ending}", row["name"]), row["name"]
    indexes = await database.fetch(INDEXES)
    assert len(indexes) > 20
    for row in indexes:
        assert re.fullmatch(rf"{row['table']}_[a-z_]+", row["name"]), row["name"]


async def test_every_foreign_key_can_be_looked_up(database: Database) -> None:
    """Without an index, deleting what is referred to reads the whole table."""
    assert await database.fetch(UNINDEXED_FOREIGN_KEYS) == []


async def test_the_runbook_s_query_works_as_it_is_typed(database: Database) -> None:
    rows = await database.fetch('SELECT id, externalId, role FROM "User";')
    assert len(rows) == 22
    known = await database.fetch("SELECT id, external_id, role FROM app_user")
    assert {tuple(row) for row in rows} == {tuple(row) for row in known}


async def test_erased_people_are_not_in_the_view(database: Database) -> None:
    await execute(database.url, "UPDATE app_user SET erased_at = now() WHERE external_id = 'alex'")
    assert await database.value("""SELECT count(*) FROM "User" WHERE externalid = 'alex'""") == 0


@pytest.mark.parametrize(
    "write",
    [
        """UPDATE "User" SET role = 'admin'""",
        'DELETE FROM "User"',
        """INSERT INTO "User" (id, externalid, name, role)
           VALUES (gen_random_uuid(), 'intruder', 'Intruder', 'admin')""",
        """UPDATE "User" SET role = 'admin' WHERE externalid = 'alex'""",
    ],
)
async def test_nothing_is_written_through_the_view(database: Database, write: str) -> None:
    people = "SELECT * FROM app_user ORDER BY id"
    before = await database.fetch(people)
    await execute(database.url, write)
    assert await database.fetch(people) == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_event SET action = 'nothing'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "TRUNCATE app_user CASCADE",
        "SET portal.prune = 'on'; UPDATE audit_event SET action = 'nothing'",
        "SET portal.prune = 'on'; TRUNCATE audit_event",
    ],
)
async def test_the_audit_is_append_only(database: Database, change: str) -> None:
    await execute(
        database.url, "INSERT INTO audit_event (action, target) VALUES ('user.create', 'alex')"
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(database.url, change)
    rows = await database.fetch("SELECT action, target FROM audit_event")
    assert [tuple(row) for row in rows] == [("user.create", "alex")]


PRUNING = """
    INSERT INTO audit_event (at, action, target, detail)
    VALUES ({at}, 'prune', 'portal', jsonb_build_object('before', now() - interval '{days} days'))
"""


@pytest.mark.parametrize(
    "pruning",
    [
        "SET portal.prune = 'on'",
        PRUNING.format(at="now()", days=30) + "; COMMIT; BEGIN",
        PRUNING.format(at="now() - interval '1 minute'", days=30),
        PRUNING.format(at="now()", days=50),
        PRUNING.format(at="now()", days=30).replace("'prune'", "'user.erase'"),
    ],
    ids=["not recorded", "an earlier prune", "another time", "not old enough", "another action"],
)
async def test_nothing_leaves_the_audit_unrecorded(database: Database, pruning: str) -> None:
    await execute(
        database.url,
        """INSERT INTO audit_event (at, action, target)
           VALUES (now() - interval '40 days', 'user.create', 'alex')""",
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(
            database.url, "BEGIN", pruning, "DELETE FROM audit_event WHERE target = 'alex'"
        )
    assert await database.value("SELECT count(*) FROM audit_event WHERE target = 'alex'") == 1


async def test_what_is_older_than_the_recorded_cut_may_leave_with_the_record(
    database: Database,
) -> None:
    await execute(
        database.url,
        """INSERT INTO audit_event (at, action, target)
           VALUES (now() - interval '40 days', 'user.create', 'alex')""",
        "BEGIN",
        PRUNING.format(at="now()", days=30),
        "DELETE FROM audit_event WHERE target = 'alex'",
        "COMMIT",
    )
    assert [row["action"] for row in await database.fetch("SELECT action FROM audit_event")] == [
        "prune"
    ]


async def test_a_record_cannot_let_today_s_events_leave(database: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(
            database.url,
            "INSERT INTO audit_event (action, target) VALUES ('user.create', 'alex')",
            "BEGIN",
            PRUNING.format(at="now()", days=-1),
            "DELETE FROM audit_event WHERE target = 'alex'",
        )


async def test_a_person_in_the_audit_cannot_be_deleted(database: Database) -> None:
    await execute(
        database.url,
        """INSERT INTO audit_event (actor, action, target)
           SELECT id, 'user.create', 'alex' FROM app_user WHERE external_id = 'admin'""",
    )
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await execute(database.url, "DELETE FROM app_user WHERE external_id = 'admin'")
