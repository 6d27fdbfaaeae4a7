"""The engine always gives its connections back, and never waits without an end."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from portal.config.dsn import parse_dsn
from portal.db.engine import Engine
from portal.errors import Unavailable
from tests.db.engines import (
    ASLEEP,
    DEFERRED,
    NOTE,
    ORPHAN,
    SLEEP,
    OpenEngine,
    assert_whole,
    in_transaction,
)
from tests.ops.command import until
from tests.support import Database, execute, portal_environment

CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"


def test_importing_the_application_opens_no_connection() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        subprocess.run(
            [sys.executable, "-c", "import portal.asgi, portal.db.conf, portal.piccolo_app"],
            env=portal_environment(f"postgresql://someone:secret@127.0.0.1:{port}/somewhere"),
            check=True,
        )
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


async def test_the_pool_opens_on_first_use_and_grows_as_needed(
    database: Database, open_engine: OpenEngine
) -> None:
    engine = open_engine("application_name=lazy")
    await engine.start_connection_pool()
    assert await database.value(CONNECTIONS, "lazy") == 0
    await engine.fetch("SELECT 1")
    await engine.fetch("SELECT 1")
    assert await database.value(CONNECTIONS, "lazy") == 1
    await asyncio.gather(*(engine.fetch("SELECT pg_sleep(0.05)") for _ in range(6)))
    assert await database.value(CONNECTIONS, "lazy") == 2


async def test_many_first_users_share_one_pool(database: Database, open_engine: OpenEngine) -> None:
    engine = open_engine("application_name=crowd")
    await asyncio.gather(*(engine.fetch("SELECT pg_sleep(0.01)") for _ in range(20)))
    assert await database.value(CONNECTIONS, "crowd") == 2


async def test_waiting_for_a_connection_is_bounded(open_engine: OpenEngine) -> None:
    engine = open_engine("pool_timeout=0.1", pool_size=1)
    connection = await engine.pool.acquire()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(engine.fetch("SELECT 1"), 5)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(in_transaction(engine, "SELECT 1"), 5)
    await engine.pool.release(connection)
    await assert_whole(engine)


def test_every_wait_has_a_limit_of_its_own() -> None:
    """None of asyncpg's: it waits a minute for an address, and for ever for the rest."""
    dsn = parse_dsn("postgresql://someone@127.0.0.1/somewhere", variable="DATABASE_URL")
    engine = Engine(dsn)
    arguments = engine.pool.connect_arguments()
    waits = (engine.pool.acquire_seconds, arguments["timeout"], arguments["command_timeout"])
    assert all(0 < seconds <= 10 for seconds in waits)


async def test_a_statement_that_takes_too_long_ends_here_and_on_the_server(
    database: Database, open_engine: OpenEngine
) -> None:
    engine = open_engine("socket_timeout=0.1")
    with pytest.raises(Unavailable):
        await asyncio.wait_for(engine.fetch(SLEEP), 5)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(in_transaction(engine, SLEEP), 5)

    async def nobody_sleeps() -> bool:
        return bool(await database.value(ASLEEP) == 0)

    await until(nobody_sleeps, "the server ends the statements")
    await assert_whole(engine)


async def test_a_refused_commit_gives_the_connection_back(
    database: Database, open_engine: OpenEngine
) -> None:
    engine = open_engine("pool_timeout=2")
    await execute(database.url, DEFERRED)
    for _ in range(4):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await in_transaction(engine, ORPHAN)
    await assert_whole(engine)
    assert await database.value("SELECT count(*) FROM child") == 0


@pytest.mark.parametrize("kind", ["statement", "transaction"])
async def test_a_cancelled_request_gives_the_connection_back(
    database: Database, open_engine: OpenEngine, kind: str
) -> None:
    engine = open_engine("pool_timeout=2")
    await execute(database.url, NOTE)
    work: Callable[[], Awaitable[object]] = {
        "statement": lambda: engine.fetch(SLEEP),
        "transaction": lambda: in_transaction(engine, "INSERT INTO note VALUES ('lost')", SLEEP),
    }[kind]

    async def both_asleep() -> bool:
        return bool(await database.value(ASLEEP) == 2)

    for _ in range(2):
        tasks = [asyncio.ensure_future(work()) for _ in range(2)]
        await until(both_asleep, "two statements run")
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [asyncio.CancelledError] * 2
    await assert_whole(engine)
    assert await database.value("SELECT count(*) FROM note") == 0
    assert await database.value(ASLEEP) == 0


async def test_a_request_cancelled_while_it_waits_takes_no_connection(
    open_engine: OpenEngine,
) -> None:
    engine = open_engine("pool_timeout=2")
    connections = [await engine.pool.acquire() for _ in range(2)]
    waiting = [asyncio.ensure_future(engine.fetch("SELECT 1")) for _ in range(4)]
    await asyncio.sleep(0)  # they reach the queue
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for connection in connections:
        await engine.pool.release(connection)
    await assert_whole(engine)


async def test_an_argument_that_cannot_be_encoded_is_an_error_of_the_caller(
    open_engine: OpenEngine,
) -> None:
    engine = open_engine("pool_timeout=2")
    for _ in range(4):
        with pytest.raises(asyncpg.DataError):
            await engine.fetch("SELECT $1::int", ["not a number"])
    await assert_whole(engine)


async def test_batches_are_refused(open_engine: OpenEngine) -> None:
    with pytest.raises(NotImplementedError):
        await open_engine().batch(None)


async def test_closing_does_not_wait_for_a_connection_in_use(
    database: Database, open_engine: OpenEngine
) -> None:
    engine = open_engine("application_name=closing")
    stuck = asyncio.ensure_future(engine.fetch(SLEEP))

    async def asleep() -> bool:
        return bool(await database.value(ASLEEP) == 1)

    await until(asleep, "the statement runs")
    await asyncio.wait_for(engine.close_connection_pool(), 5)
    with pytest.raises(Unavailable):
        await stuck
    assert await engine.fetch("SELECT 1"), "the next use opens a new pool"
