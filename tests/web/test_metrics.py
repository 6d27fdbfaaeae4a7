"""Who may read the metrics, and what they say of requests, the pool, the database and the start."""

from __future__ import annotations

import asyncio
import platform
import statistics
import time

import httpx

from portal import __version__
from portal.db import sql
from portal.web.lifecycle import Lifecycle
from tests.breaking import unreadable
from tests.ops.command import until
from tests.ops.samples import Samples, scrape
from tests.support import QUIZ, Database, Portal, execute
from tests.web.portals import opened

TOKEN = "an-operator-s-token"


async def test_without_a_token_only_a_near_peer_may_read(portal: Portal) -> None:
    for peer, status in (
        ("127.0.0.1", 200),
        ("10.1.2.3", 200),
        ("192.168.7.7", 200),
        ("::1", 200),
        ("fd00::7", 200),
        ("8.8.8.8", 404),
        ("2606:4700::1", 404),
    ):
        answer = await portal.browser(client=(peer, 5)).get("/metrics")
        assert answer.status_code == status, peer
    for name in ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"):
        answer = await portal.browser().get("/metrics", headers={name: "for=127.0.0.1"})
        assert (answer.status_code, answer.json()) == (404, {"error": "Not found."})


async def test_with_a_token_only_its_bearer_may_read(database: Database) -> None:
    async with opened(database, metrics_token=TOKEN) as portal:
        far, near = portal.browser(client=("8.8.8.8", 5)), portal.browser()
        right = {"authorization": f"Bearer {TOKEN}"}
        for browser in (far, near):
            assert (await browser.get("/metrics", headers=right)).status_code == 200
            for wrong in ("", TOKEN, f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}", "Bearer é"):
                header = {"authorization": wrong.encode("latin-1")}
                answer = await browser.get("/metrics", headers=header)  # type: ignore[arg-type]
                assert answer.status_code == 404, wrong


async def test_requests_are_counted_by_route_and_nothing_personal_is_in_it(
    portal: Portal,
) -> None:
    browser = await portal.signed_in("alex")
    await browser.get(f"/video/{QUIZ}")
    await browser.get(f"/video/{QUIZ}?q=1")
    await browser.get("/made-up-address")
    text = (await browser.get("/metrics")).text
    counted = [line for line in text.splitlines() if line.startswith("portal_http_requests_total")]
    assert [line.rpartition(" ")[2] for line in counted if "/video/{video_id" in line] == ["2.0"]
    for personal in ("alex", QUIZ, "made-up-address", browser.cookies["sid"]):
        assert personal not in text


async def test_every_answer_is_counted_with_its_status(
    portal: Portal, alex: httpx.AsyncClient
) -> None:
    async with unreadable(portal.database, "video_progress"):
        await alex.get("/api/progress")
    await alex.head("/step/1")
    await alex.get("/step/99")
    await alex.get("/no/such/page")
    await alex.post("/api/auth/logout", headers={"origin": "https://evil.example"})
    await alex.request("BREW", "/step/1")
    samples = await scrape(alex)
    for method, route, status in (
        ("GET", "/api/progress", "500"),
        ("HEAD", "/step/{step_id}", "200"),
        ("GET", "/step/{step_id}", "404"),
        ("GET", "none", "404"),
        ("POST", "none", "403"),
        ("other", "none", "405"),
    ):
        labels = {"method": method, "route": route, "status": status}
        assert samples.of("portal_http_requests_total", **labels) == 1, labels
    assert samples.of("portal_http_request_seconds_count", route="/step/{step_id}") == 2
    assert samples.of("portal_server_errors_total", kind="bug") == 1
    assert samples.of("portal_server_errors_total", kind="unavailable") == 0


async def test_waiting_for_a_connection_is_seen(database: Database) -> None:
    async def is_waited_for() -> bool:
        return sql.engine().pool.waiting > 0

    async with opened(database, db_pool_size=1) as portal:
        browser = await portal.signed_in("alex")
        before = await scrape(browser)
        connection = await sql.engine().pool.acquire()
        try:
            asked = asyncio.create_task(browser.get("/api/progress"))
            await until(is_waited_for, "a request waits")
            busy = await scrape(browser)
        finally:
            await sql.engine().pool.release(connection)
        assert (await asked).status_code == 200
        after = await scrape(browser)
    assert busy.of("portal_db_pool_limit") == 1
    assert busy.of("portal_db_pool_connections", state="used") == 1
    assert busy.of("portal_db_pool_waiting") == 1
    assert after.of("portal_db_pool_waiting") == 0
    assert after.of("portal_db_pool_connections", state="idle") == 1
    assert after.of("portal_db_connections_opened_total") == 1
    name = "portal_db_acquire_seconds_count"
    assert after.of(name) - before.of(name) >= 3
    assert after.of("portal_db_statements_total") > before.of("portal_db_statements_total")


async def test_giving_up_on_a_connection_is_counted(database: Database) -> None:
    async with opened(database, db_pool_size=1) as portal:
        browser = await portal.signed_in("alex")
        engine = sql.engine()
        engine.pool.acquire_seconds = 0.05
        connection = await engine.pool.acquire()
        try:
            assert (await browser.get("/api/progress")).status_code == 503
        finally:
            await engine.pool.release(connection)
        samples = await scrape(browser)
    assert samples.of("portal_db_acquire_timeouts_total") >= 1
    assert samples.of("portal_server_errors_total", kind="unavailable") == 1
    assert samples.of("portal_db_away") == 0  # busy is not away


async def test_an_outage_is_seen_and_its_end(portal: Portal, alex: httpx.AsyncClient) -> None:
    name, admin = portal.database.name, portal.database.server.url("postgres")
    leave = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    assert (await scrape(alex)).of("portal_db_away") == 0
    await execute(admin, leave, f"ALTER DATABASE {name} RENAME TO {name}_away")
    try:
        assert (await alex.get("/api/progress")).status_code == 503
        away = await scrape(alex)
    finally:
        await execute(admin, f"ALTER DATABASE {name}_away RENAME TO {name}")
    assert (await alex.get("/api/progress")).status_code == 200
    back = await scrape(alex)
    assert (away.of("portal_db_away"), away.of("portal_db_reconnects_total")) == (1, 0)
    assert (back.of("portal_db_away"), back.of("portal_db_reconnects_total")) == (0, 1)


async def test_how_far_the_start_has_come(database: Database) -> None:
    def standing(samples: Samples) -> tuple[float, float, str]:
        phases = {
            dict(labels)["phase"]
            for (name, labels), value in samples.items()
            if name == "portal_release_phase" and value
        }
        head = samples.of("portal_schema_at_head")
        return samples.of("portal_ready"), head, ", ".join(phases)

    lifecycle = Lifecycle()
    async with opened(database, lifecycle=lifecycle) as portal:
        browser = portal.browser()
        assert standing(await scrape(browser)) == (0, 0, "starting")
        lifecycle.enter("migrating")
        assert standing(await scrape(browser)) == (0, 0, "migrating")
        lifecycle.open()
        assert standing(await scrape(browser)) == (1, 1, "ready")
        lifecycle.stopping = True
        assert standing(await scrape(browser)) == (0, 1, "stopping")
        samples = await scrape(browser)
    build = {"version": __version__, "python": platform.python_version()}
    assert samples.of("portal_build_info", **build) == 1
    assert samples.of("process_resident_memory_bytes") > 1_000_000


async def test_a_scrape_asks_the_database_nothing(portal: Portal, alex: httpx.AsyncClient) -> None:
    before = sql.engine().pool.statements
    await scrape(alex)
    assert sql.engine().pool.statements == before


async def test_counting_a_request_takes_no_time_to_speak_of(portal: Portal) -> None:
    """Below 30 microseconds, and the middle of many, so that a busy machine does not matter."""
    observe = portal.app.observe
    rounds = []
    for _ in range(50):
        started = time.perf_counter()
        for _ in range(100):
            observe("GET", "/video/{video_id}", 200, 0.003)
        rounds.append((time.perf_counter() - started) / 100)
    assert statistics.median(rounds) < 30e-6
