"""Without its database the portal stays alive and says so; before it is ready, too."""

from __future__ import annotations

import asyncio
import time

import pytest

from portal.web.lifecycle import Lifecycle
from tests.support import Database
from tests.web.markup import Page
from tests.web.portals import NOWHERE, opened

TOKEN = {"cookie": "sid=" + "a" * 43}
AWAY = "The portal cannot reach its data right now. Nothing is lost. Try again in a minute."
PROBES = ("/api/health", "/health/live")


async def test_requests_get_503_with_the_time_to_wait() -> None:
    async with opened(None) as portal:
        browser = portal.browser(headers=TOKEN)
        for method, url in (
            ("GET", "/api/path"),
            ("GET", "/api/auth/me"),
            ("POST", "/api/auth/logout"),
        ):
            answer = await browser.request(method, url)
            assert (answer.status_code, answer.json()) == (503, {"error": AWAY})
            assert int(answer.headers["retry-after"]) > 0
        answer = await browser.post(
            "/api/auth/login", json={"username": "alex", "password": "claude123"}
        )
        assert (answer.status_code, answer.json()) == (503, {"error": AWAY})


async def test_pages_say_it_and_offer_to_try_again() -> None:
    async with opened(None) as portal:
        browser = portal.browser(headers=TOKEN)
        answer = await browser.get("/path?view=all")
        page = Page(answer)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert page.title.startswith("The portal cannot reach its data right now")
        assert AWAY in page.text
        assert page.link("Try again").endswith("/path?view=all")
        answer = await browser.post("/login", data={"username": "alex", "password": "claude123"})
        assert answer.status_code == 503
        # an address that does not exist needs no data to say so
        assert (await browser.get("/no/such/page")).status_code == 404


async def test_the_probes_tell_alive_from_ready() -> None:
    async with opened(None) as portal:
        browser = portal.browser(headers={**TOKEN, "host": "whatever.example"})
        for url in PROBES:
            for method in ("GET", "HEAD"):
                assert (await browser.request(method, url)).status_code == 200
        assert (await browser.get("/health/startup")).status_code == 200
        answer = await browser.get("/health/ready")
        assert answer.status_code == 503
        body = answer.json()
        assert body["status"] == "not ready"
        assert body["checks"] == {"release": "ok", "database": "unreachable"}
        for secret in ("s3cret-word", "127.0.0.1", "refused", "connect"):
            assert secret not in answer.text


async def test_readiness_answers_in_two_seconds_when_the_database_hangs() -> None:
    """Something accepts the connection and never says a word."""
    held: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    silent = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    try:
        async with opened(None, url=NOWHERE.replace(":1/", f":{port}/")) as portal:
            started = time.monotonic()
            answer = await portal.browser().get("/health/ready")
            assert answer.status_code == 503
            assert answer.json()["checks"]["database"] == "unreachable"
            assert time.monotonic() - started < 2
            started = time.monotonic()
            assert (await portal.browser().get("/api/health")).status_code == 200
            assert time.monotonic() - started < 0.5
    finally:
        for writer in held:
            writer.close()
        silent.close()
        await silent.wait_closed()


async def test_until_the_release_is_done_only_probes_are_answered(database: Database) -> None:
    lifecycle = Lifecycle()
    lifecycle.enter("migrating")
    async with opened(database, lifecycle=lifecycle) as portal:
        browser = portal.browser()
        for url in PROBES:
            assert (await browser.get(url)).json()["status"] == "ok"
        for url in ("/", "/login", "/dashboard", "/api/path", "/static/x/css/base.css", "/none"):
            answer = await browser.get(url)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert "starting" in answer.text
        answer = await browser.post("/api/auth/login", json={})
        assert answer.json() == {"error": "The portal is starting. Try again in a few seconds."}
        for url in ("/health/ready", "/health/startup"):
            answer = await browser.get(url)
            assert answer.status_code == 503
            assert answer.json()["checks"]["release"] == "migrating"
            assert int(answer.headers["retry-after"]) > 0
        lifecycle.open()
        for url in ("/health/ready", "/health/startup", "/login"):
            assert (await browser.get(url)).status_code == 200


async def test_a_portal_that_is_stopping_is_not_ready(database: Database) -> None:
    lifecycle = Lifecycle(ready=True, at_head=True)
    async with opened(database, lifecycle=lifecycle) as portal:
        browser = portal.browser()
        lifecycle.stopping = True
        answer = await browser.get("/health/ready")
        assert (answer.status_code, answer.json()["checks"]["release"]) == (503, "stopping")
        assert (await browser.get("/api/health")).status_code == 200
        # what is under way is still served
        assert (await browser.get("/login")).status_code == 200


@pytest.mark.parametrize("url", [*PROBES, "/health/ready", "/health/startup"])
async def test_probes_carry_the_time_and_are_kept_by_nobody(database: Database, url: str) -> None:
    async with opened(database) as portal:
        answer = await portal.browser().get(url)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        stamp = answer.json()["timestamp"]
        assert len(stamp) == len("2026-02-24T12:00:00.000Z")
        assert stamp.endswith("Z")
