"""`/api/dashboard/kpis` with many people against the same with 22, over HTTP within one process.

Each size has a database of its own on one server; requests alternate between them, and the medians
are compared: within 1.2 times with 10,000 people, within 2 times with 100,000.

    .venv/bin/python bench/kpis.py                    # 22 and 10,000 people
    .venv/bin/python bench/kpis.py --people 100000    # and 100,000; takes a few minutes
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx

from portal import clock
from portal.app import create_app
from portal.config.dsn import parse_dsn
from portal.config.settings import Settings
from portal.db import sql
from portal.db.embedded import Embedded, embedded
from portal.web.lifecycle import Lifecycle
from portal.web.middleware import Envelope
from portal.web.session import COOKIE, hash_token, new_token

LIMITS = {10_000: 1.2, 100_000: 2.0}
VISITORS = 20
ROUNDS = 400


async def make(server: Embedded, people: int) -> str:
    """Returns the URL of a migrated database with that many people."""
    url = server.url(f"people_{people}")
    connection = await asyncpg.connect(
        **parse_dsn(server.url("postgres"), variable="DATABASE_URL").connect_kwargs()
    )
    await connection.execute(f"CREATE DATABASE people_{people}")
    await connection.close()
    environment = {**os.environ, "DATABASE_URL": url}
    for command in (["-m", "portal", "migrate"], [generator(), "--people", str(people)]):
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=environment, stdout=sys.stderr
        )
        assert await process.wait() == 0
    return url


def generator() -> str:
    return str(Path(__file__).with_name("generate.py"))


async def _sessions(url: str) -> list[str]:
    """Returns the tokens of some learners, picked at random and signed in."""
    dsn = parse_dsn(url, variable="DATABASE_URL")
    connection = await asyncpg.connect(**dsn.connect_kwargs())
    rows = await connection.fetch("SELECT id FROM app_user WHERE role = 'learner' ORDER BY id")
    tokens = []
    for row in random.Random(1).sample(rows, min(VISITORS, len(rows))):
        token = new_token()
        tokens.append(token)
        await connection.execute(
            "INSERT INTO login_session (token_hash, member, expires_at) VALUES ($1, $2, $3)",
            hash_token(token),
            row["id"],
            clock.now() + timedelta(hours=1),
        )
    await connection.close()
    return tokens


async def _time(app: Envelope, tokens: list[str], rounds: int) -> list[float]:
    """Returns milliseconds per request."""
    times = []
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for number in range(rounds):
            client.cookies.set(COOKIE, tokens[number % len(tokens)])
            started = time.perf_counter()
            answer = await client.get("/api/dashboard/kpis")
            times.append((time.perf_counter() - started) * 1000)
            assert answer.status_code == 200
            client.cookies.clear()
    return times


async def _compare(server: Embedded, sizes: list[int]) -> int:
    urls = {people: await make(server, people) for people in sizes}
    tokens = {people: await _sessions(url) for people, url in urls.items()}
    times: dict[int, list[float]] = {people: [] for people in sizes}
    for turn in range(5):
        for people, url in urls.items():
            settings = Settings.from_env({"DATABASE_URL": url})
            app = create_app(settings, lifecycle=Lifecycle(ready=True, at_head=True))
            measured = await _time(app, tokens[people], ROUNDS // 5 + 20)
            times[people] += measured[20:] if turn else measured[40:]
            await sql.engine().close_connection_pool()
    failed = 0
    base = statistics.median(times[sizes[0]])
    for people, measured in times.items():
        ratio = statistics.median(measured) / base
        limit = LIMITS.get(people)
        failed += limit is not None and ratio > limit
        print(
            f"{people:>7,} people: median {statistics.median(measured):.2f} ms, {ratio:.2f} times"
            f" 22 people" + (f" (at most {limit})" if limit else "")
        )
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="key figures with many people", allow_abbrev=False)
    parser.add_argument("--people", type=int, choices=sorted(LIMITS), default=10_000)
    largest = parser.parse_args().people
    sizes = [22, *(size for size in LIMITS if size <= largest)]
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded(Path(folder) / "postgres", durable=False) as server,
    ):
        return asyncio.run(_compare(server, sizes))


if __name__ == "__main__":
    sys.exit(main())
