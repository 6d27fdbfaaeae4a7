"""A schema, a right or a lock that stands in the way: the person gets 503, the operator a line."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from portal.db import sql
from tests.ops.command import until
from tests.support import Database, Portal, execute
from tests.web.portals import logged, opened

AWAY = "The portal cannot reach its data right now. Nothing is lost. Try again in a minute."
ROLE = "limited"
GRANTS = (
    f"GRANT USAGE ON SCHEMA public TO {ROLE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}",
)


@pytest.fixture
async def limited(database: Database) -> AsyncIterator[Portal]:
    """A portal whose role has rights, and owns nothing."""
    await execute(database.url, f"CREATE ROLE {ROLE} LOGIN", *GRANTS)
    url = database.url.replace("postgres@", f"{ROLE}@")
    try:
        async with opened(None, url=f"{url}&socket_timeout=0.5") as portal:
            yield portal
    finally:
        await execute(database.url, f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


async def refused(browser: httpx.AsyncClient) -> list[str]:
    """Returns what the operator reads of two requests that are both refused."""
    with logged(logging.ERROR) as lines:
        for _ in range(2):
            answer = await browser.get("/api/progress")
            assert (answer.status_code, answer.json()) == (503, {"error": AWAY})
            assert int(answer.headers["retry-after"]) > 0
    return [line for line in lines if line.startswith("[db/engine]")]


async def test_a_right_that_is_gone(limited: Portal, database: Database) -> None:
    alex = await limited.signed_in("alex")
    assert (await alex.get("/health/ready")).status_code == 200
    await execute(database.url, f"REVOKE SELECT ON video_progress FROM {ROLE}")
    [line] = await refused(alex)
    assert line.startswith(
        "[db/engine] the database refuses a statement: its role lacks a right on a table or"
    )
    assert '"object":"video_progress"' in line
    assert '"route":"/api/progress"' in line
    answer = await alex.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "release": "ok",
        "database": "ok",
        "schema": "no right to read",
    }
    await execute(database.url, f"GRANT SELECT ON video_progress TO {ROLE}")
    assert (await alex.get("/api/progress")).status_code == 200
    assert (await alex.get("/health/ready")).status_code == 200


async def test_a_schema_that_is_elsewhere(limited: Portal, database: Database) -> None:
    alex = await limited.signed_in("alex")
    await execute(database.url, "ALTER SCHEMA public RENAME TO elsewhere")
    [line] = await refused(alex)
    assert line.startswith("[db/engine] the database refuses a statement: a table is missing")
    answer = await alex.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["schema"]) == (503, "table missing")
    await execute(database.url, "ALTER SCHEMA elsewhere RENAME TO public")
    assert (await alex.get("/health/ready")).status_code == 200


async def test_a_schema_that_may_not_be_used(limited: Portal, database: Database) -> None:
    alex = await limited.signed_in("alex")
    await execute(database.url, "REVOKE USAGE ON SCHEMA public FROM PUBLIC", GRANTS[0])
    assert (await alex.get("/health/ready")).status_code == 200
    await execute(database.url, f"REVOKE USAGE ON SCHEMA public FROM {ROLE}")
    assert await refused(alex)
    answer = await alex.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["schema"]) == (503, "table missing")


async def test_a_column_that_is_gone(limited: Portal, database: Database) -> None:
    alex = await limited.signed_in("alex")
    rename = "ALTER TABLE video_progress RENAME COLUMN {} TO {}"
    await execute(database.url, rename.format("completed_at", "ended"))
    [line] = await refused(alex)
    assert "a column is missing" in line
    assert '"object":"completed_at"' in line or '"object":"p.completed_at"' in line


@asynccontextmanager
async def lock_held(table: str) -> AsyncIterator[None]:
    """Somebody holds a lock on the whole table."""
    connection = await sql.engine().get_new_connection()
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table}")
            yield
    finally:
        await connection.close()


async def test_a_table_that_is_locked(limited: Portal) -> None:
    alex = await limited.signed_in("alex")
    async with lock_held("video_progress"):
        [line] = await refused(alex)
    assert "a request waited for the database in vain: no answer in time" in line
    assert '"route":"/api/progress"' in line
    assert (await alex.get("/api/progress")).status_code == 200


@pytest.mark.parametrize(
    ("setting", "said"),
    [("statement_timeout", "statement_timeout"), ("lock_timeout", "a lock was not to be had")],
)
async def test_a_limit_of_the_role(
    limited: Portal, database: Database, setting: str, said: str
) -> None:
    alex = await limited.signed_in("alex")
    change = f"ALTER ROLE {ROLE} IN DATABASE {database.name} SET {setting} = '50ms'"
    await execute(database.url, change)
    await sql.engine().pool.drop_idle()
    async with lock_held("video_progress"):
        [line] = await refused(alex)
    assert said in line


@pytest.mark.parametrize("setting", ["search_path = nowhere", "statement_timeout = '1ms'"])
async def test_sessions_that_keep_a_setting_that_was_mended_are_replaced(
    limited: Portal, database: Database, setting: str
) -> None:
    alex = await limited.signed_in("alex")
    role = f"ALTER ROLE {ROLE} IN DATABASE {database.name}"
    await execute(database.url, f"{role} SET {setting}")
    await sql.engine().pool.drop_idle()

    async def is_refused() -> bool:
        return (await alex.get("/dashboard")).status_code == 503

    async def is_served() -> bool:
        return not await is_refused()

    await until(is_refused, "the setting is met")
    await execute(database.url, f"{role} RESET ALL")
    await until(is_served, "it is no longer", seconds=2)
    for _ in range(10):
        assert await is_served()


async def test_a_database_that_lets_nobody_in(limited: Portal, database: Database) -> None:
    alex = await limited.signed_in("alex")
    await execute(database.url, f"REVOKE CONNECT ON DATABASE {database.name} FROM PUBLIC")
    await sql.engine().pool.drop_idle()
    [line] = await refused(alex)
    assert line.startswith("[db/engine] the database is away: its role may not connect")
    assert (await alex.get("/health/ready")).json()["checks"]["database"] == "unreachable"
