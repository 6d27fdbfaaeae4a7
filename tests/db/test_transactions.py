"""Everything inside a transaction is committed together, or not at all."""

from __future__ import annotations

import asyncpg
import pytest

from portal.db.engine import Engine
from tests.db.engines import OpenEngine
from tests.support import Database, execute

COUNT = "SELECT count(*) FROM note"


@pytest.fixture
async def engine(database: Database, open_engine: OpenEngine) -> Engine:
    await execute(database.url, "CREATE TABLE note (word text CHECK (word <> 'refused'))")
    return open_engine()


async def note(engine: Engine, word: str) -> None:
    await engine.fetch("INSERT INTO note VALUES ($1)", [word])


async def test_what_is_written_shows_at_the_end(database: Database, engine: Engine) -> None:
    async with engine.transaction():
        await note(engine, "one")
        assert (await engine.fetch(COUNT))[0][0] == 1, "statements join the transaction"
        assert await database.value(COUNT) == 0
    assert await database.value(COUNT) == 1


async def test_a_nested_transaction_joins_the_outer_one(database: Database, engine: Engine) -> None:
    async with engine.transaction() as outer:
        await note(engine, "outer")
        async with engine.transaction() as inner:
            assert inner is outer
            await note(engine, "inner")
        assert await database.value(COUNT) == 0
        await note(engine, "outer again")
    assert await database.value(COUNT) == 3


async def test_an_error_after_a_nested_transaction_takes_that_back_too(
    database: Database, engine: Engine
) -> None:
    async def work() -> None:
        async with engine.transaction():
            async with engine.transaction():
                await note(engine, "inner")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    assert await database.value(COUNT) == 0


async def test_an_error_in_a_nested_transaction_reaches_the_outer_one(
    database: Database, engine: Engine
) -> None:
    async def work() -> None:
        async with engine.transaction():
            await note(engine, "outer")
            async with engine.transaction():
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    assert await database.value(COUNT) == 0


async def test_a_refused_statement_rolls_back_and_keeps_its_error(
    database: Database, engine: Engine
) -> None:
    async def work() -> None:
        async with engine.transaction():
            await note(engine, "one")
            await note(engine, "refused")

    with pytest.raises(asyncpg.CheckViolationError):
        await work()
    assert await database.value(COUNT) == 0
    await note(engine, "later")
    assert await database.value(COUNT) == 1


async def test_a_savepoint_takes_back_a_part(database: Database, engine: Engine) -> None:
    async with engine.transaction() as transaction:
        await note(engine, "kept")
        savepoint = await transaction.savepoint()
        with pytest.raises(asyncpg.CheckViolationError):
            await note(engine, "refused")
        await savepoint.rollback_to()  # type: ignore[no-untyped-call]
    assert await database.value(COUNT) == 1


async def test_statements_are_counted_with_begin_and_commit(engine: Engine) -> None:
    before = engine.pool.statements
    async with engine.transaction():
        await note(engine, "one")
        async with engine.transaction():
            await note(engine, "two")
    await engine.fetch(COUNT)
    assert engine.pool.statements - before == 5
