"""`portal serve` as a process: it listens at once, and a signal ends it cleanly."""

from __future__ import annotations

import asyncio
import signal
import socket

import asyncpg
import httpx
import pytest

from portal.config.dsn import parse_dsn
from tests.ops.command import STOPPED, only_line, run_portal, running, until
from tests.support import QUIZ, Database

NOWHERE = "postgresql://someone:5up3r-s3cret@127.0.0.1:1/nowhere"
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def test_it_listens_while_the_database_is_away_and_gives_up_after_a_while() -> None:
    with running("serve", url=NOWHERE, DB_WAIT_SECONDS="2") as serving:
        health = await serving.answers("/api/health")
        assert health.json()["status"] == "ok"
        ready = await serving.answers("/health/ready", 503)
        assert ready.json()["checks"]["database"] == "unreachable"
        assert (await serving.answers("/health/startup", 503)).json()["status"] == "starting"
        for path in ("/", "/login", "/dashboard", "/api/path", "/api/auth/me", "/static/x/y"):
            answer = await serving.answers(path, 503)
            assert int(answer.headers["retry-after"]) > 0
        assert (await serving.answers("/api/path", 503)).json()["error"]
        assert await serving.ended() == 1
        output = serving.output()
    told = [line for line in output.splitlines() if "DB_WAIT_SECONDS" in line]
    assert len(told) == 1, output
    assert "nothing listens at its address" in told[0]
    assert "s3cret" not in output
    assert "Traceback" not in output


def test_a_busy_port_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_portal(NOWHERE, "serve", HOST="127.0.0.1", PORT=str(port))
    assert done.returncode == 1
    assert str(port) in only_line(done.stderr)
    assert not done.stdout


def test_demo_accounts_are_refused_on_a_public_site() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    done = run_portal(
        NOWHERE,
        "serve",
        HOST="127.0.0.1",
        PORT=port,
        SEED_DB="true",
        PUBLIC_URL="https://learn.example.com",
    )
    assert done.returncode == 1
    assert "PUBLIC_URL" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


async def test_a_signal_ends_it_when_idle(database: Database) -> None:
    with running("serve", url=database.url) as serving:
        await serving.answers("/health/ready")
        serving.signal(signal.SIGTERM)
        assert await serving.ended(seconds=5) in STOPPED
        assert "Traceback" not in serving.output()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_while_it_waits_for_the_database(number: int) -> None:
    with running("serve", url=NOWHERE) as serving:
        await serving.answers("/api/health")
        serving.signal(number)
        assert await serving.ended(seconds=5) in STOPPED
        assert "Traceback" not in serving.output()


async def test_a_request_in_flight_is_answered_before_it_ends(database: Database) -> None:
    blocker = await asyncpg.connect(
        **parse_dsn(database.url, variable="DATABASE_URL").connect_kwargs()
    )
    with running("serve", url=database.url) as serving:
        await serving.answers("/health/ready")
        async with serving.browser() as browser:
            await browser.post(
                "/api/auth/login", json={"username": "alex", "password": "claude123"}
            )
            transaction = blocker.transaction()
            await transaction.start()
            await blocker.execute("SELECT 1 FROM app_user WHERE external_id = 'alex' FOR UPDATE")
            report = {"videoId": QUIZ, "from": 0, "to": 5, "position": 5, "duration": 60}
            slow = asyncio.ensure_future(browser.post("/api/progress/watch", json=report))

            async def is_waiting() -> bool:
                return bool(await database.value(WAITING) == 1)

            await until(is_waiting, "the request waits for the row")
            serving.signal(signal.SIGTERM)

            async def refuses() -> bool:
                return await serving.get("/api/health") is None

            await until(refuses, "it takes no new connection")
            assert not slow.done()
            assert serving.process.poll() is None
            await transaction.rollback()
            assert (await slow).status_code == 200
        assert await serving.ended() in STOPPED
    await blocker.close()
    assert await database.value("SELECT count(*) FROM video_progress") == 1


async def test_a_request_that_takes_too_long_does_not_keep_it(database: Database) -> None:
    blocker = await asyncpg.connect(
        **parse_dsn(database.url, variable="DATABASE_URL").connect_kwargs()
    )
    with running("serve", url=database.url, SHUTDOWN_SECONDS="1") as serving:
        await serving.answers("/health/ready")
        async with serving.browser() as browser, blocker.transaction():
            await blocker.execute("LOCK TABLE login_session")
            login = {"username": "alex", "password": "claude123"}
            slow = asyncio.ensure_future(browser.post("/api/auth/login", json=login))

            async def is_waiting() -> bool:
                return bool(await database.value(WAITING) == 1)

            await until(is_waiting, "the request waits for the table")
            serving.signal(signal.SIGTERM)
            assert await serving.ended(seconds=6) in STOPPED
            outcome = (await asyncio.gather(slow, return_exceptions=True))[0]
        assert isinstance(outcome, (httpx.Response, httpx.TransportError))
    await blocker.close()
