"""`portal_ready` says what `/health/ready` says, and costs no statement while all is well."""

from __future__ import annotations

import httpx

from portal.db import sql
from tests.ops.command import until
from tests.ops.samples import scrape
from tests.support import Portal, execute


async def said(browser: httpx.AsyncClient) -> tuple[float, int]:
    """Returns what the metric says, after the probe was asked."""
    probe = (await browser.get("/health/ready")).status_code
    return (await scrape(browser)).of("portal_ready"), probe


async def test_it_follows_a_database_that_goes_and_comes(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    async def is_ready() -> bool:
        return (await scrape(alex)).of("portal_ready") == 1

    name, admin = portal.database.name, portal.database.server.url("postgres")
    leave = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    assert await said(alex) == (1, 200)
    await execute(admin, leave, f"ALTER DATABASE {name} RENAME TO {name}_away")
    try:
        assert (await alex.get("/api/progress")).status_code == 503
        assert not await is_ready(), "a request is enough to know it"
        assert await said(alex) == (0, 503)
    finally:
        await execute(admin, f"ALTER DATABASE {name}_away RENAME TO {name}")
    await until(is_ready, "the scrapes themselves find out that it is back")
    assert (await scrape(alex)).of("portal_db_away") == 0
    before = sql.engine().pool.statements
    assert await is_ready()
    assert sql.engine().pool.statements == before


async def test_it_follows_the_probe_s_verdict_on_the_schema(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    async def is_ready() -> bool:
        return (await scrape(alex)).of("portal_ready") == 1

    await execute(portal.database.url, "ALTER TABLE video_progress RENAME TO elsewhere")
    assert await said(alex) == (0, 503)
    assert (await alex.get("/api/health")).status_code == 200
    await sql.fetch_value("SELECT 1")
    assert not await is_ready(), "that other statements succeed does not mend the schema"
    await execute(portal.database.url, "ALTER TABLE elsewhere RENAME TO video_progress")
    await until(is_ready, "the scrapes themselves find out that it is mended")
    assert await said(alex) == (1, 200)


async def test_a_verdict_of_no_answer_is_overtaken_by_an_answer(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    """The probe has less patience than a request: a slow database makes it say no."""
    lifecycle = portal.app.lifecycle
    assert await said(alex) == (1, 200)
    lifecycle.unfit = "unreachable"
    lifecycle.looked_at = sql.engine().pool.succeeded_at + 1e-9
    text = (await alex.get("/metrics")).text
    assert "portal_ready 0.0" in text
    assert (await alex.get("/api/progress")).status_code == 200
    assert (await scrape(alex)).of("portal_ready") == 1
