"""A manager's team among 10,000 people against the same team among 22, in one process.

Each size has a database of its own on one server. The team of 20 is read from both in alternation,
as figures and as the page; the first tenths, which other load disturbs least, must stay within 2
times. In the large one a team of 5 and
one of 300 must take as many statements, at most four with the session, and reading the whole
company must never hold the event loop for more than 50 ms.

    .venv/bin/python bench/manager.py                 # 22 and 10,000 people; takes a minute or two
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import asyncpg
import httpx
import msgspec
from kpis import make

from portal import clock
from portal.app import create_app
from portal.config.dsn import parse_dsn
from portal.config.settings import Settings
from portal.db import sql
from portal.db.embedded import Embedded, embedded
from portal.learning.course import load_course
from portal.manager import queries
from portal.manager.filters import EVERYBODY, Filters
from portal.web.actor import Actor
from portal.web.lifecycle import Lifecycle
from portal.web.middleware import Envelope
from portal.web.session import COOKIE, hash_token, new_token

LIMIT = 2.0
STATEMENTS = 4  # with the one of the session
HOLD_MS = 50
TURNS = 5
ROUNDS = 30
ADMIN = "bench-10"

# The first team has 20 people already; small and large ones are made of the last.
_TEAMS = """
    WITH made AS (
        INSERT INTO team (id, name, track) VALUES ('bench-few', 'Few', 'dev'),
                                                  ('bench-many', 'Many', 'dev')
        ON CONFLICT DO NOTHING
    ), last AS (
        SELECT id, row_number() OVER (ORDER BY external_id DESC) AS n FROM app_user
        WHERE team <> 'bench-1' AND external_id LIKE 'bench-%'
    )
    UPDATE app_user u SET team = CASE WHEN n <= 5 THEN 'bench-few' ELSE 'bench-many' END
    FROM last WHERE last.id = u.id AND n <= 305 AND $1 > 1000
"""
_ACTOR = """
    SELECT u.id AS user_id, u.external_id, u.name, u.role, u.team AS team_id, t.name AS team_name,
           t.track, 'UTC' AS time_zone, ''::bytea AS session_hash
    FROM app_user u LEFT JOIN team t ON t.id = u.team WHERE u.external_id = $1
"""


async def _prepare(url: str, people: int) -> tuple[str, Actor]:
    """Returns the token of an admin of this database, signed in, and who that is."""
    connection = await asyncpg.connect(**parse_dsn(url, variable="DATABASE_URL").connect_kwargs())
    await connection.fetch(_TEAMS, people)
    await connection.execute("UPDATE app_user SET role = 'admin' WHERE external_id = $1", ADMIN)
    await connection.execute("VACUUM ANALYZE app_user, team, team_stay")
    actor = Actor(**await connection.fetchrow(_ACTOR, ADMIN))
    token = new_token()
    await connection.execute(
        "INSERT INTO login_session (token_hash, member, expires_at) VALUES ($1, $2, $3)",
        hash_token(token),
        actor.user_id,
        clock.now() + timedelta(hours=1),
    )
    await connection.close()
    return token, actor


class Side:
    """One database with the application on it, while it is open."""

    def __init__(self, url: str, token: str, actor: Actor) -> None:
        self.url = url
        self.token = token
        self.actor = actor
        self.course = load_course()
        self.times: dict[str, list[float]] = {"figures": [], "page": []}

    async def __aenter__(self) -> Self:
        app: Envelope = create_app(
            Settings.from_env({"DATABASE_URL": self.url}),
            lifecycle=Lifecycle(ready=True, at_head=True),
        )
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://localhost",
            cookies={COOKIE: self.token},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        await sql.engine().close_connection_pool()

    async def figures(self, team: str) -> int:
        """Reads and encodes the figures; returns how many people are in them."""
        found = await queries.metrics(self.actor, self.course, Filters(team=team), "UTC")
        msgspec.json.encode(found)
        return found.totals.members

    async def page(self, team: str) -> int:
        answer = await self._client.get(f"/manager?team={team}")
        assert answer.status_code == 200, answer.text
        return len(answer.content)

    async def download(self, kind: str) -> int:
        answer = await self._client.get(f"/api/manager/metrics.{kind}?team={EVERYBODY}")
        assert answer.status_code == 200, answer.text
        return len(answer.content)

    async def measure(self) -> None:
        for name, read in (("figures", self.figures), ("page", self.page)):
            for number in range(ROUNDS + 10):
                taken = await _milliseconds(read, "bench-1")
                if number >= 10:
                    self.times[name].append(taken)


async def _milliseconds(read: Callable[[str], Awaitable[Any]], what: str) -> float:
    started = time.perf_counter()
    await read(what)
    return (time.perf_counter() - started) * 1000


async def _longest_hold(read: Callable[[str], Awaitable[Any]], what: str) -> float:
    """Returns the milliseconds for which others had to wait longest for their turn."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, (time.perf_counter() - before) * 1000)

    gc.collect()
    ticker = asyncio.create_task(tick())
    await read(what)
    ticker.cancel()
    return longest


async def _statements(read: Callable[[str], Awaitable[Any]], team: str) -> int:
    before = sql.engine().pool.statements
    await read(team)
    return sql.engine().pool.statements - before


def _quick(times: list[float]) -> float:
    return statistics.quantiles(times, n=10)[0]


def _verdict(text: str, value: float, limit: float) -> bool:
    print(f"{text} (at most {limit:g})")
    return value > limit


async def _compare(server: Embedded, people: int) -> int:
    sides = []
    for size in (22, people):
        url = await make(server, size)
        sides.append(Side(url, *await _prepare(url, size)))
    small, large = sides
    for _ in range(TURNS):
        for side in sides:
            async with side:
                await side.measure()
    failed = 0
    for name in small.times:
        few, many = (_quick(side.times[name]) for side in sides)
        text = f"{name} of 20: {few:.1f} ms of 22, {many:.1f} ms of {people:,}: {many / few:.2f}"
        failed += _verdict(text, many / few, LIMIT)
    async with large:
        for team, size in (("bench-few", 5), ("bench-many", 300)):
            assert await large.figures(team) == size
            count = 1 + await _statements(large.figures, team)
            of_page = await _statements(large.page, team)
            taken = [await _milliseconds(large.figures, team) for _ in range(ROUNDS)]
            page = [await _milliseconds(large.page, team) for _ in range(ROUNDS)]
            text = (
                f"team of {size}: figures {statistics.median(taken):.1f} ms, page"
                f" {statistics.median(page):.1f} ms with {of_page} statements; figures {count}"
            )
            failed += _verdict(text, count, STATEMENTS)
        for name, read, what in (
            ("figures", large.figures, EVERYBODY),
            ("page", large.page, EVERYBODY),
            ("all teams side by side", large.page, ""),
            ("CSV", large.download, "csv"),
            ("XLSX", large.download, "xlsx"),
        ):
            taken_once = await _milliseconds(read, what)
            hold = min([await _longest_hold(read, what) for _ in range(2)])
            text = f"{name} of {people:,}: {taken_once:.0f} ms, longest hold {hold:.1f} ms"
            failed += _verdict(text, hold, HOLD_MS)
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="a manager's team", allow_abbrev=False)
    parser.add_argument("--people", type=int, default=10_000)
    people = parser.parse_args().people
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded(Path(folder) / "postgres", durable=False) as server,
    ):
        return asyncio.run(_compare(server, people))


if __name__ == "__main__":
    sys.exit(main())
