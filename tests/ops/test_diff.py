"""An operator compares the live schema with what the migrations make."""

from __future__ import annotations

import os

import msgspec
import pytest

from portal.config.dsn import parse_dsn
from portal.db.connect import connect
from portal.db.migrations import migration_ids
from portal.db.pooling import close
from portal.ops.diff import EXPECTED, Schema, expected, read_schema
from tests.ops.command import only_line, run_portal
from tests.support import Database, execute

SAME = "The schema is what the migrations make.\n"

# What somebody did with psql, and the line that tells it.
CHANGES = (
    ("ALTER TABLE app_user DROP COLUMN time_zone", "table app_user: column time_zone is missing"),
    (
        "ALTER TABLE app_user ADD COLUMN nickname text",
        "table app_user: no migration makes column nickname",
    ),
    (
        "ALTER TABLE app_user ALTER COLUMN name DROP NOT NULL",
        "table app_user: column name is text, should be text NOT NULL",
    ),
    (
        "ALTER TABLE video_progress ALTER COLUMN position_s TYPE bigint",
        "table video_progress: column position_s is bigint NOT NULL DEFAULT 0,"
        " should be integer NOT NULL DEFAULT 0",
    ),
    (
        "ALTER TABLE video_progress ALTER COLUMN position_s SET DEFAULT 7",
        "table video_progress: column position_s is integer NOT NULL DEFAULT 7,"
        " should be integer NOT NULL DEFAULT 0",
    ),
    ("DROP INDEX app_user_email_key", "table app_user: index app_user_email_key is missing"),
    (
        "DROP INDEX quiz_attempt_content_hash;"
        " CREATE INDEX quiz_attempt_content_hash ON quiz_attempt (content_hash, learner)",
        "table quiz_attempt: index quiz_attempt_content_hash is CREATE INDEX"
        " quiz_attempt_content_hash ON quiz_attempt USING btree (content_hash, learner), should be"
        " CREATE INDEX quiz_attempt_content_hash ON quiz_attempt USING btree (content_hash)",
    ),
    (
        "ALTER TABLE team DROP CONSTRAINT team_track_check",
        "table team: constraint team_track_check is missing",
    ),
    (
        "DROP TRIGGER audit_event_keep ON audit_event",
        "table audit_event: trigger audit_event_keep is missing",
    ),
    (
        "ALTER TABLE user_score DISABLE TRIGGER score_count_follow",
        "table user_score: trigger score_count_follow is disabled CREATE TRIGGER score_count_follow"
        " AFTER INSERT OR DELETE OR UPDATE ON user_score FOR EACH ROW EXECUTE FUNCTION"
        " score_count_follow(), should be CREATE TRIGGER score_count_follow"
        " AFTER INSERT OR DELETE OR UPDATE ON user_score FOR EACH ROW EXECUTE FUNCTION"
        " score_count_follow()",
    ),
    (
        "CREATE OR REPLACE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN OLD; END'",
        "function audit_event_append_only(): body differs",
    ),
    ("""DROP RULE user_no_update ON "User";""", "view User: rule user_no_update is missing"),
    ("""DROP VIEW "User";""", "view User: is missing"),
    ("DROP TABLE score_count", "table score_count: is missing"),
    ("CREATE TABLE leftover (id int)", "table leftover: no migration makes it"),
    (
        "ALTER TABLE team ENABLE ROW LEVEL SECURITY",
        "table team: kind is ordinary, row security, should be ordinary",
    ),
)


async def live(database: Database) -> Schema:
    connection, _ = await connect(parse_dsn(database.url, variable="DATABASE_URL"))
    try:
        return await read_schema(connection)
    finally:
        await close(connection)


async def test_what_is_expected_is_what_the_migrations_make(database: Database) -> None:
    """After a new migration: PORTAL_WRITE_SCHEMA=1 ./portal test tests/ops/test_diff.py"""
    made = await live(database)
    if os.environ.get("PORTAL_WRITE_SCHEMA"):
        EXPECTED.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")
    assert made == expected()
    done = run_portal(database.url, "db", "diff")
    assert (done.returncode, done.stdout, done.stderr) == (0, SAME, "")


@pytest.mark.parametrize(("change", "line"), CHANGES, ids=[change for change, _ in CHANGES])
async def test_one_line_for_each_difference(database: Database, change: str, line: str) -> None:
    await execute(database.url, change)
    done = run_portal(database.url, "db", "diff")
    assert (done.returncode, only_line(done.stdout), done.stderr) == (1, line, "")


async def test_an_index_that_was_never_finished_is_no_index(database: Database) -> None:
    await execute(
        database.url,
        "DROP INDEX app_user_email_key",
        "UPDATE app_user SET email = 'same@example.com' WHERE external_id IN ('alex', 'mike')",
    )
    with pytest.raises(Exception, match="could not create unique index"):
        await execute(
            database.url,
            "CREATE UNIQUE INDEX CONCURRENTLY app_user_email_key ON app_user (lower(email))",
        )
    done = run_portal(database.url, "db", "diff")
    assert done.returncode == 1
    assert "index app_user_email_key is invalid CREATE UNIQUE INDEX" in only_line(done.stdout)


async def test_another_schema_than_public_is_compared_alike(blank: Database) -> None:
    await execute(blank.url, "CREATE SCHEMA learning", "CREATE TABLE public.other (id int)")
    url = f"{blank.url}&schema=learning"
    assert run_portal(url, "migrate").returncode == 0
    done = run_portal(url, "db", "diff")
    assert (done.returncode, done.stdout) == (0, SAME)


async def test_a_schema_that_is_behind_says_so_first(database: Database) -> None:
    assert run_portal(database.url, "migrate", "rollback", "all", "--yes").returncode == 0
    done = run_portal(database.url, "db", "diff")
    assert done.returncode == 1
    first, *rest = done.stdout.splitlines()
    behind = f"The schema is {len(migration_ids())} migrations behind"
    assert first == f"{behind}: run portal migrate, then look again."
    assert rest == [f"{name}: is missing" for name in sorted(expected())]


async def test_a_pooled_address_alone_is_refused(database: Database) -> None:
    done = run_portal(f"{database.url}&pgbouncer=true", "db", "diff")
    assert done.returncode == 1
    assert "DATABASE_URL_UNPOOLED" in only_line(done.stderr)
