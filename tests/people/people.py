"""What tests of people and teams look at: ranks, differences, the audit, who waits for a lock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from portal.accounts.actions import create_user
from portal.accounts.rules import NewUser
from portal.config.dsn import parse_dsn
from portal.errors import PortalError
from portal.quiz.regrade import check_scores
from tests.ops.command import until
from tests.support import PASSWORDS, Database, Portal

# As they stand in the database, to see that a refused action changed nothing.
PEOPLE = """
    SELECT u.external_id, u.name, u.email, u.role, u.team, u.disabled_at, u.erased_at,
           u.password_hash, s.track, s.ranked, s.score,
           (SELECT count(*) FROM login_session l WHERE l.member = u.id AND l.ended_at IS NULL)
    FROM app_user u LEFT JOIN user_score s ON s.learner = u.id ORDER BY u.id
"""


async def kpis(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.get("/api/dashboard/kpis")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ranking(browser: httpx.AsyncClient) -> list[tuple[str, int, int]]:
    """Returns the best of the browser's track as (id, score, rank)."""
    found = await kpis(browser)
    assert found["total"] == len(found["top10"])
    return [(person["id"], person["score"], person["position"]) for person in found["top10"]]


async def differences() -> list[str]:
    return [str(difference) async for difference in check_scores()]


async def audit(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    """Returns action, target and detail of every event; a person's key stands as their id."""
    rows = await database.fetch(
        "SELECT e.action, coalesce(u.external_id, e.target) AS target, e.detail::text AS detail"
        " FROM audit_event e LEFT JOIN app_user u ON u.id::text = e.target ORDER BY e.id"
    )
    return [(row["action"], row["target"], json.loads(row["detail"])) for row in rows]


async def hire(external_id: str, **fields: Any) -> None:
    """Make a person who uses the demo password of learners."""
    fields = {"name": external_id.title(), "password": PASSWORDS["alex"], **fields}
    await create_user(NewUser(external_id=external_id, **fields))


async def hired(portal: Portal, external_id: str, **fields: Any) -> httpx.AsyncClient:
    """Make a person and return their browser, signed in."""
    await hire(external_id, **fields)
    return await portal.signed_in(external_id, PASSWORDS["alex"])


@asynccontextmanager
async def refused(database: Database, kind: type[PortalError], text: str) -> AsyncIterator[None]:
    """What happens inside is refused with this sentence, and changes nothing."""
    before, events = await database.fetch(PEOPLE), await audit(database)
    with pytest.raises(kind, match=text):
        yield
    assert await database.fetch(PEOPLE) == before
    assert await audit(database) == events


class Held:
    """A lock that a connection of its own holds until `release`."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection

    async def waiting(self, count: int, *, or_done: asyncio.Task[Any] | None = None) -> None:
        """Return as soon as `count` others wait for a lock, or that task has ended. The tests of a
        run come one by one, so the others are those of this test."""

        async def enough() -> bool:
            query = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
            waiting = await self._connection.fetchval(query)
            return waiting >= count or (or_done is not None and or_done.done())

        await until(enough, f"{count} wait for a lock")

    async def release(self) -> None:
        await self._connection.execute("ROLLBACK")


@asynccontextmanager
async def held(database: Database, query: str, *arguments: Any) -> AsyncIterator[Held]:
    """Hold the locks that a query takes, so that others meet in a known order."""
    connection = await asyncpg.connect(
        **parse_dsn(database.url, variable="DATABASE_URL").connect_kwargs()
    )
    try:
        await connection.execute("BEGIN")
        rows = await connection.fetch(query, *arguments)
        assert rows, "nothing to lock"
        yield Held(connection)
    finally:
        await connection.close()
