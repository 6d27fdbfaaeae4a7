"""What visitors and platforms see while the database is silent, exhausted, full, or late."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from portal.db import sql
from tests.faultproxy import FaultProxy, fault_proxy
from tests.ops.command import until
from tests.support import Database, Portal, execute, take_quiz
from tests.web.markup import Page
from tests.web.portals import opened

LIMIT = 0.6  # what a statement may take here, and a wait for a connection
SHORT = f"pool_timeout={LIMIT}&socket_timeout={LIMIT}"
AT_ONCE = 0.15
# As a server without room for it refuses to write, and only that.
NO_ROOM = """
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$;
"""


@asynccontextmanager
async def behind_a_network(database: Database) -> AsyncIterator[tuple[Portal, FaultProxy]]:
    """A portal with short limits, and the network to its database."""
    async with (
        fault_proxy(database) as proxy,
        opened(None, url=proxy.url(database.name, SHORT), db_pool_size=2) as portal,
    ):
        breaker = sql.engine().pool.breaker
        breaker.suspect_seconds, breaker.step_seconds = 0.1, 0.3
        yield portal, proxy


async def seconds_of(browser: httpx.AsyncClient, path: str, status: int) -> float:
    """Returns the seconds until the answer, which must have this status."""
    started = time.monotonic()
    answer = await browser.get(path)
    assert answer.status_code == status, answer.text
    if status == 503:
        assert int(answer.headers["retry-after"]) > 0
    return time.monotonic() - started


async def serves(browser: httpx.AsyncClient, path: str) -> bool:
    return (await browser.get(path)).status_code == 200


async def test_a_silent_database_costs_one_wait_and_then_none(database: Database) -> None:
    async with behind_a_network(database) as (portal, proxy):
        alex = await portal.signed_in("alex")
        assert await serves(alex, "/dashboard")
        proxy.fall_silent()
        waits = (seconds_of(alex, path, 503) for path in ("/dashboard", "/api/path", "/path"))
        assert max(await asyncio.gather(*waits)) < 2 * LIMIT, "a page does not wait a second time"
        for path in ("/dashboard", "/api/path", "/health/ready"):
            assert await seconds_of(alex, path, 503) < AT_ONCE
        assert await seconds_of(alex, "/api/health", 200) < AT_ONCE
        page = Page(await alex.get("/dashboard"))
        assert page.link("Try again").endswith("/dashboard")
        proxy.speak()
        for path in ("/dashboard", "/api/path", "/health/ready"):
            await until(functools.partial(serves, alex, path), f"{path} is back", seconds=1)


async def test_an_exhausted_pool_costs_one_wait_and_is_no_reason_to_be_taken_out(
    database: Database,
) -> None:
    async with behind_a_network(database) as (portal, _):
        alex = await portal.signed_in("alex")
        engine = sql.engine()
        connections = [await engine.pool.acquire() for _ in range(2)]
        waits = [seconds_of(alex, path, 503) for path in ("/dashboard", "/api/path")]
        ready = asyncio.ensure_future(alex.get("/health/ready"))
        assert max(await asyncio.gather(*waits)) < 2 * LIMIT
        assert (await ready).status_code == 200
        for connection in connections:
            await engine.pool.release(connection)
        assert await serves(alex, "/dashboard")


async def test_without_room_to_write_people_still_read(database: Database) -> None:
    async with opened(database) as portal:
        alex = await portal.signed_in("alex")
        await execute(
            database.url,
            NO_ROOM,
            *(
                f"CREATE TRIGGER full_{table} BEFORE INSERT OR UPDATE ON {table}"
                " EXECUTE FUNCTION no_room()"
                for table in ("quiz_attempt", "login_session", "rate_bucket")
            ),
        )
        for path in ("/dashboard", "/path", "/api/dashboard/kpis", "/health/ready"):
            assert await serves(alex, path), path
        with pytest.raises(AssertionError, match="Nothing is lost"):
            await take_quiz(alex)
        credentials = {"username": "mike", "password": "claude123"}
        answer = await portal.browser().post("/api/auth/login", json=credentials)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        await execute(database.url, "DROP FUNCTION no_room CASCADE")
        await portal.signed_in("mike")
        assert (await take_quiz(alex))["attempt"]["attemptNumber"] == 1


@pytest.mark.parametrize("hours", [-2, 2])
async def test_a_clock_that_differs_from_the_database_s(
    database: Database, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    monkeypatch.setattr("portal.clock.now", lambda: datetime.now(UTC) + timedelta(hours=hours))
    async with opened(database, session_hours=1) as portal:
        alex = await portal.signed_in("alex")
        result = await take_quiz(alex)
        figures = (await alex.get("/api/dashboard/kpis")).json()
        assert figures["totalScore"] == result["totalScore"] > 0
        assert figures["streak"] in (0, 1)  # a weekend does not count
        assert figures["rank"] == 1
        for _ in range(12):
            wrong = {"username": "mike", "password": "wrong"}
            answer = await portal.browser().post("/api/auth/login", json=wrong)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 300
