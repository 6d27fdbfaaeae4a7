"""A database that is silent, slow, exhausted or full: who waits, how long, and what is said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from portal.db.deadline import request_deadline
from portal.db.engine import Engine
from portal.errors import Unavailable
from tests.db.engines import ASLEEP, NOTE, OpenEngine, assert_whole, in_transaction
from tests.faultproxy import FaultProxy, fault_proxy
from tests.ops.command import until
from tests.pooler import Pooler
from tests.support import Database, execute
from tests.web.portals import logged

LIMIT = 0.6  # what a statement may take here, and a wait for a connection
SHORT = f"pool_timeout={LIMIT}&socket_timeout={LIMIT}"
AT_ONCE = 0.1
INSERT = "INSERT INTO note VALUES ('once')"
COUNT = "SELECT count(*) FROM note"
FULL = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"


def hasten(engine: Engine) -> Engine:
    """Have it suspect and judge within parts of a second."""
    engine.pool.breaker.suspect_seconds = 0.1
    engine.pool.breaker.step_seconds = 0.3
    return engine


async def refused_after(engine: Engine, query: str = "SELECT 1") -> float:
    """Returns the seconds until a statement is refused."""
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await engine.fetch(query, retry=True)
    return time.monotonic() - started


async def falls_silent(proxy: FaultProxy, engine: Engine) -> None:
    """Make the database silent, and wait until the engine knows it."""
    proxy.fall_silent()
    await refused_after(engine)

    async def known() -> bool:
        return engine.pool.breaker.is_open

    await until(known, "the engine knows that the database is silent")


async def speaks(engine: Engine) -> bool:
    """Returns whether the database answers again."""
    try:
        await engine.fetch("SELECT 1", retry=True)
    except Unavailable:
        return False
    return True


@pytest.fixture
async def proxy(database: Database) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(database) as made:
        yield made


@pytest.fixture
def engine(proxy: FaultProxy, database: Database, open_engine: OpenEngine) -> Engine:
    """Behind the proxy, with limits that a test can wait for."""
    return hasten(open_engine(url=proxy.url(database.name, SHORT)))


async def test_a_silent_database_is_waited_for_once_and_then_refused_at_once(
    proxy: FaultProxy, engine: Engine
) -> None:
    await engine.fetch("SELECT 1")
    await assert_whole(engine)
    proxy.fall_silent()
    with logged() as lines:
        waited = await asyncio.gather(*(refused_after(engine) for _ in range(6)))
        assert max(waited) < LIMIT + 0.3, (
            "its connection is given back behind the back of whoever waits"
        )
        assert max([await refused_after(engine) for _ in range(20)]) < AT_ONCE
        with pytest.raises(Unavailable):
            await asyncio.wait_for(in_transaction(engine, "SELECT 1"), AT_ONCE)
        proxy.speak()
        await until(lambda: speaks(engine), "the database is used again", seconds=1)
    await assert_whole(engine)
    told = [line for line in lines if "the database is" in line]
    assert [line.partition("the database ")[2].partition(" {")[0] for line in told] == [
        "is away: it does not answer",
        "is back",
    ]


async def test_a_transaction_in_the_middle_of_which_it_falls_silent(
    proxy: FaultProxy, engine: Engine, database: Database
) -> None:
    await execute(database.url, NOTE)

    async def work() -> None:
        async with engine.transaction():
            await engine.fetch(INSERT)
            proxy.fall_silent()
            await engine.fetch("SELECT 1")

    started = time.monotonic()
    with pytest.raises(Unavailable):
        await work()
    assert time.monotonic() - started < LIMIT + 0.3, "nobody waits for the ROLLBACK"
    proxy.speak()
    await until(lambda: speaks(engine), "the database is used again", seconds=1)
    await assert_whole(engine)
    assert await database.value(COUNT) == 0


async def test_a_pool_whose_connections_are_all_in_use_is_not_taken_for_silence(
    database: Database, open_engine: OpenEngine
) -> None:
    engine = hasten(open_engine())
    sleeping = [asyncio.ensure_future(engine.fetch("SELECT pg_sleep(0.5)")) for _ in range(2)]

    async def all_asleep() -> bool:
        return bool(await database.value(ASLEEP) == 2)

    await until(all_asleep, "both connections are in use")
    assert engine.pool.breaker.succeeded_lately is False
    assert await engine.examine(), "it is reachable nevertheless"
    waiting = [asyncio.ensure_future(engine.fetch("SELECT 1")) for _ in range(40)]
    while not all(task.done() for task in sleeping):
        assert not engine.pool.breaker.is_open
        await asyncio.sleep(0.02)
    await asyncio.gather(*sleeping, *waiting)
    assert not engine.pool.breaker.is_open
    assert not engine.pool.away


async def test_a_pooler_without_a_free_connection_is_used_again_as_soon_as_one_is_free(
    pooler: Pooler, database: Database, open_engine: OpenEngine
) -> None:
    others = open_engine(url=pooler.url(database.name))
    engine = hasten(open_engine(SHORT, url=pooler.url(database.name)))
    await assert_whole(engine)
    held = [asyncio.ensure_future(others.fetch("SELECT pg_sleep(1.5)")) for _ in range(2)]

    async def all_asleep() -> bool:
        return bool(await database.value(ASLEEP) == 2)

    await until(all_asleep, "the pooler has no connection left")
    assert await refused_after(engine) < LIMIT + 0.3
    assert await refused_after(engine) < AT_ONCE
    await asyncio.gather(*held)
    await until(lambda: speaks(engine), "a free connection is used", seconds=1)
    await assert_whole(engine)


async def test_a_process_that_was_frozen_does_not_trust_what_it_knew(
    proxy: FaultProxy, engine: Engine
) -> None:
    await falls_silent(proxy, engine)
    assert await refused_after(engine) < AT_ONCE
    proxy.speak()
    engine.pool.breaker._probed_at = float("-inf")
    assert (await engine.fetch("SELECT 1"))[0][0] == 1


async def test_a_slow_network_is_not_taken_for_silence(
    proxy: FaultProxy, open_engine: OpenEngine, database: Database
) -> None:
    """With the limits as they are: 200 ms in each direction, for every piece of data."""
    engine = open_engine(url=proxy.url(database.name))
    proxy.latency = 0.2
    await asyncio.gather(*(engine.fetch("SELECT 1") for _ in range(4)))
    await in_transaction(engine, "SELECT 1")
    assert not engine.pool.breaker.is_open
    assert not engine.pool.away


async def test_connections_dropped_without_a_word_are_replaced_after_a_silence(
    proxy: FaultProxy, engine: Engine
) -> None:
    await assert_whole(engine)
    before = proxy.connections
    await falls_silent(proxy, engine)
    proxy.speak()
    await until(lambda: speaks(engine), "the database is used again", seconds=1)
    await assert_whole(engine)
    assert proxy.connections >= before + engine.pool.size


async def test_a_request_waits_for_connections_no_longer_than_for_one(
    engine: Engine,
) -> None:
    connections = [await engine.pool.acquire() for _ in range(2)]
    started = time.monotonic()
    with request_deadline():
        for _ in range(3):
            with pytest.raises(Unavailable):
                await engine.fetch("SELECT 1")
    assert LIMIT < time.monotonic() - started < 2.5 * LIMIT
    for connection in connections:
        await engine.pool.release(connection)
    with request_deadline():
        assert await engine.fetch("SELECT 1")
    await assert_whole(engine)


async def test_a_full_disk_stops_what_writes_and_is_told_once(engine: Engine) -> None:
    await engine.fetch("SELECT 1")
    with logged() as lines:
        for _ in range(3):
            with pytest.raises(Unavailable):
                await engine.fetch(FULL)
            assert await engine.fetch("SELECT 1")
    assert [line.partition("the database ")[2].partition(" {")[0] for line in lines] == [
        "refuses to write: its disk is full"
    ]
    assert not engine.pool.away


async def test_a_network_that_breaks_again_and_again(
    proxy: FaultProxy, database: Database, open_engine: OpenEngine
) -> None:
    """Wherever a connection breaks, what was asked is answered or refused: nothing else escapes,
    and no transaction is reported as done that is not."""
    engine = open_engine(SHORT, url=proxy.url(database.name))
    await execute(database.url, "CREATE TABLE tally (number int PRIMARY KEY)")
    stored: set[int] = set()
    refused = 0
    over = False

    async def work(first: int) -> None:
        nonlocal refused
        number = first
        while not over:
            number += 1000
            try:
                async with engine.transaction():
                    await engine.fetch("INSERT INTO tally VALUES ($1)", [number])
                    await engine.fetch("SELECT 1")
                stored.add(number)
                await engine.fetch("SELECT 1", retry=True)
            except Unavailable:
                refused += 1

    workers = [asyncio.ensure_future(work(first)) for first in range(12)]
    for _ in range(40):
        before = len(stored)

        async def goes_on(before: int = before) -> bool:
            return len(stored) > before

        await until(goes_on, "something is stored between two cuts")
        proxy.cut()
    over = True
    await asyncio.gather(*workers)
    assert refused
    rows = await database.fetch("SELECT number FROM tally")
    assert stored <= {row["number"] for row in rows}
    await assert_whole(engine)
