"""Through a transaction pooler: nothing that goes wrong keeps one of its server connections."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from portal.db.engine import Engine
from tests.db.engines import (
    ASLEEP,
    DEFERRED,
    ORPHAN,
    SLEEP,
    OpenEngine,
    assert_whole,
    in_transaction,
)
from tests.ops.command import until
from tests.pooler import Pooler
from tests.support import Database, execute

TIMES = 4  # twice the connections that the pooler has


async def assert_nothing_is_kept(
    pooler: Pooler, database: Database, engine: Engine, other: Engine
) -> None:
    """Fail unless all server connections are free, and both clients are served by all of them."""

    async def all_free() -> bool:
        row = pooler.pool(database.name)
        return (row["sv_active"], row["cl_waiting"]) == ("0", "0")

    await until(all_free, f"free connections: {pooler.pool(database.name)}", seconds=2)
    for client in (engine, other):
        await assert_whole(client)
        await asyncio.gather(*(client.fetch("SELECT pg_sleep(0.01)") for _ in range(6)))


@pytest.fixture
def engine(pooler: Pooler, database: Database, open_engine: OpenEngine) -> Engine:
    return open_engine("pool_timeout=2", url=pooler.url(database.name))


@pytest.fixture
def other(pooler: Pooler, database: Database, open_engine: OpenEngine) -> Engine:
    """A second container behind the same pooler."""
    return open_engine("pool_timeout=2&socket_timeout=2", url=pooler.url(database.name))


async def test_an_argument_that_cannot_be_encoded(
    pooler: Pooler, database: Database, engine: Engine, other: Engine
) -> None:
    for _ in range(TIMES):
        with pytest.raises(asyncpg.DataError):
            await engine.fetch("SELECT $1::int", ["not a number"])
    await assert_nothing_is_kept(pooler, database, engine, other)


async def test_an_argument_that_cannot_be_encoded_in_a_transaction(
    pooler: Pooler, database: Database, engine: Engine, other: Engine
) -> None:
    async def work() -> None:
        async with engine.transaction():
            await engine.fetch("SELECT $1::int", ["not a number"])

    for _ in range(TIMES):
        with pytest.raises(asyncpg.DataError):
            await work()
    await assert_nothing_is_kept(pooler, database, engine, other)


async def test_a_refused_commit(
    pooler: Pooler, database: Database, engine: Engine, other: Engine
) -> None:
    await execute(database.url, DEFERRED)
    for _ in range(TIMES):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await in_transaction(engine, ORPHAN)
    await assert_nothing_is_kept(pooler, database, engine, other)


async def test_a_cancelled_request(
    pooler: Pooler, database: Database, engine: Engine, other: Engine
) -> None:
    async def both_asleep() -> bool:
        return bool(await database.value(ASLEEP) == 2)

    for work in (lambda: engine.fetch(SLEEP), lambda: in_transaction(engine, SLEEP)):
        tasks = [asyncio.ensure_future(work()) for _ in range(2)]
        await until(both_asleep, "two statements run")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await assert_nothing_is_kept(pooler, database, engine, other)
    assert await database.value(ASLEEP) == 0


async def test_two_clients_never_get_each_other_s_rows(engine: Engine, other: Engine) -> None:
    """With a statement cache both would use the same names for different statements."""

    async def ask(client: Engine, number: int) -> None:
        async def once() -> int:
            found: int = (await client.fetch(f"SELECT {number} AS number"))[0]["number"]
            return found

        assert await once() == number
        async with client.transaction():
            assert await once() == number

    for start in range(0, 80, 20):
        await asyncio.gather(
            *(ask(client, start + n) for n in range(20) for client in (engine, other))
        )
