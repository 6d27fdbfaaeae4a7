"""What an address leads through is found out from what happens there, through real PgBouncers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from portal.config.dsn import Dsn, parse_dsn
from portal.db.connect import connect
from portal.db.embedded import Embedded
from portal.db.pooling import Pooling, close
from portal.errors import Unavailable
from tests.ops.command import only_line, run_portal, until
from tests.pooler import Pooler, run_pooler
from tests.support import Database

TIMES = 25
SIZES = (1, 2, 5)
LEFT_BEHIND = """
    SELECT (SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE d.datname = current_database() AND l.locktype = 'advisory'),
           (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid())
"""
LOOKS = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@pytest.fixture(
    params=[
        (mode, size, more)
        for mode in ("transaction", "session", "statement")
        for size in SIZES
        for more in ("", "server_round_robin = 1")
    ],
    ids=lambda param: " ".join(map(str, param)),
    scope="module",
)
def any_pooler(
    request: pytest.FixtureRequest, server: Embedded, pgbouncer_path: str
) -> Iterator[tuple[str, Pooler]]:
    mode, size, more = request.param
    with run_pooler(pgbouncer_path, server, pool_size=size, mode=mode, more=more) as running:
        yield mode, running


@contextlib.contextmanager
def one(binary: str, server: Embedded, mode: str, size: int) -> Iterator[Pooler]:
    with run_pooler(binary, server, pool_size=size, mode=mode) as running:
        yield running


def dsn_of(url: str) -> Dsn:
    return parse_dsn(url, variable="DATABASE_URL_UNPOOLED")


async def found(url: str) -> Pooling:
    connection, kind = await connect(dsn_of(url), seconds=5)
    await close(connection)
    return kind


@contextlib.asynccontextmanager
async def busy(url: str, clients: int, *, transactions: bool) -> AsyncIterator[None]:
    """Other clients at work all the time, each with the next transaction as soon as one ends."""
    arguments = dsn_of(url).connect_kwargs() | {"statement_cache_size": 0}
    stop = asyncio.Event()

    async def work() -> None:
        connection = await asyncpg.connect(**arguments)
        try:
            while not stop.is_set():
                if transactions:
                    async with connection.transaction():
                        await connection.fetchval("SELECT pg_sleep(0.002)")
                else:
                    await connection.fetchval("SELECT pg_sleep(0.001)")
        finally:
            await close(connection)

    tasks = [asyncio.create_task(work()) for _ in range(clients)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def nothing_is_left(database: Database, pooler: Pooler) -> None:
    async def gone() -> bool:
        return pooler.clients(database.name) == 0

    await until(gone, "no client of ours is there", seconds=3)

    async def nothing() -> bool:  # a server may still be at the end of its last statement
        [row] = await database.fetch(LEFT_BEHIND)
        return tuple(row) == (0, 0)

    await until(nothing, "neither locks nor statements are left", seconds=3)


async def test_every_mode_is_recognised_every_time(
    any_pooler: tuple[str, Pooler], database: Database
) -> None:
    mode, pooler = any_pooler
    expected = Pooling.SESSION if mode == "session" else Pooling.TRANSACTION
    url = pooler.unmarked(database.name)
    times = TIMES if mode != "session" or pooler.pool_size > 5 else 5
    for _ in range(times):
        assert await found(url) is expected
    await nothing_is_left(database, pooler)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["transaction", "statement"])
async def test_while_others_are_at_work(
    server: Embedded, pgbouncer_path: str, database: Database, mode: str, size: int
) -> None:
    with one(pgbouncer_path, server, mode, size) as pooler:
        url = pooler.unmarked(database.name)
        for clients in (1, size, 3 * size):
            async with busy(url, clients, transactions=mode == "transaction"):
                for _ in range(TIMES):
                    assert await found(url) is Pooling.TRANSACTION
        await nothing_is_left(database, pooler)


@pytest.mark.parametrize("taken", [0, 1, 3, 4])
async def test_sessions_while_others_keep_theirs(
    server: Embedded, pgbouncer_path: str, database: Database, taken: int
) -> None:
    with one(pgbouncer_path, server, "session", 5) as pooler:
        url = pooler.unmarked(database.name)
        async with busy(url, taken, transactions=True):
            for _ in range(5):
                assert await found(url) is Pooling.SESSION
        await nothing_is_left(database, pooler)


async def test_a_direct_address_costs_one_statement(database: Database) -> None:
    before = await database.value(LOOKS)
    connection, kind = await connect(dsn_of(database.url), seconds=5)
    assert kind is Pooling.NONE
    assert await database.value(LOOKS) == before + 1
    await close(connection)


async def test_a_database_without_an_answer_is_an_error_in_time(
    server: Embedded, pgbouncer_path: str, database: Database
) -> None:
    """The only process is in somebody's transaction for good."""
    with one(pgbouncer_path, server, "transaction", 1) as pooler:
        url = pooler.unmarked(database.name)
        holder = await asyncpg.connect(**dsn_of(url).connect_kwargs(), statement_cache_size=0)
        async with holder.transaction():
            await holder.execute("SELECT 1")
            started = time.monotonic()
            with pytest.raises(Unavailable) as caught:
                await found(url)
            assert isinstance(caught.value.__cause__, TimeoutError)
            assert time.monotonic() - started < 15
        await holder.close()
        await nothing_is_left(database, pooler)


async def test_a_pooler_that_lets_nobody_else_in_is_told(
    server: Embedded, pgbouncer_path: str, database: Database
) -> None:
    more = "max_client_conn = 1"
    with run_pooler(pgbouncer_path, server, pool_size=2, mode="session", more=more) as pooler:
        done = run_portal(pooler.unmarked(database.name), "migrate", "status")
        assert done.returncode == 1
        assert "lets no second client in" in only_line(done.stderr)
