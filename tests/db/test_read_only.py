"""A database that takes no writes for a while: who is refused, and how soon it is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from portal.db.engine import Engine
from portal.errors import ReadOnly, Unavailable
from tests.db.engines import NOTE, OpenEngine, assert_whole, in_transaction
from tests.ops.command import until
from tests.pooler import Pooler, run_pooler
from tests.standby import Pair, run_pair
from tests.support import Database, execute
from tests.web.portals import logged

INSERT = "INSERT INTO note VALUES ('once')"
COUNT = "SELECT count(*) FROM note"
SESSION = "SELECT current_setting('default_transaction_read_only')"
CUT = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = '{}' AND pid <> pg_backend_pid()
"""
SOON = 2.0


async def cut(database: Database, server_url: str | None = None) -> None:
    """End all sessions of the database, those of a pooler as well."""
    await execute(server_url or database.server.url("postgres"), CUT.format(database.name))


async def set_read_only(database: Database, word: str) -> None:
    change = f"ALTER DATABASE {database.name} SET default_transaction_read_only = {word}"
    await execute(database.server.url("postgres"), change)


async def writes(engine: Engine) -> None:
    """Write in both ways."""
    await engine.fetch(INSERT)
    await in_transaction(engine, "SELECT 1", INSERT)


async def refuses(engine: Engine) -> None:
    for work in (engine.fetch(INSERT), in_transaction(engine, INSERT)):
        with pytest.raises(ReadOnly):
            await work


async def seconds_until_writing(engine: Engine) -> float:
    started = time.monotonic()
    while True:
        try:
            await writes(engine)
        except Unavailable:
            assert time.monotonic() - started < 10
            await asyncio.sleep(0.02)
        else:
            return time.monotonic() - started


async def known_to_write(engine: Engine) -> bool:
    return not engine.pool.writes.read_only


def told(lines: list[str]) -> list[str]:
    return [line.partition("] ")[2].partition(" {")[0] for line in lines if "the database" in line]


@pytest.fixture(params=["direct", "pooled"])
async def engine(
    database: Database, request: pytest.FixtureRequest, open_engine: OpenEngine
) -> Engine:
    await execute(database.url, NOTE)
    if request.param == "direct":
        return open_engine()
    pooler: Pooler = request.getfixturevalue("pooler")
    return open_engine(url=pooler.url(database.name))


async def test_writing_goes_on_soon_after_the_database_takes_writes_again(
    database: Database, engine: Engine
) -> None:
    await writes(engine)
    await assert_whole(engine)
    with logged() as lines:
        await set_read_only(database, "on")
        await cut(database)
        for _ in range(3):
            await refuses(engine)
            assert (await engine.fetch("SELECT 1", retry=True))[0][0] == 1
        assert engine.pool.writes.read_only
        await set_read_only(database, "off")
        assert await seconds_until_writing(engine) < SOON
        await until(lambda: known_to_write(engine), "it is known as well", seconds=SOON)
        await asyncio.gather(*(writes(engine) for _ in range(20)))
    assert told(lines)[-2:] == [
        "the database takes no writes: it is set to read-only",
        "the database takes writes again",
    ]
    assert await database.value(COUNT) == 44, "nothing twice, nothing half"
    await assert_whole(engine)


async def test_a_session_that_keeps_an_old_setting_is_not_met_twice(
    database: Database, engine: Engine
) -> None:
    """Connected meanwhile, and nobody wrote until it was over."""
    await set_read_only(database, "on")
    assert {row[0] for row in await engine.fetch(SESSION)} == {"on"}
    await assert_whole(engine)
    await set_read_only(database, "off")
    await engine.fetch(INSERT)
    await asyncio.gather(*(writes(engine) for _ in range(20)))
    assert not engine.pool.writes.read_only


async def test_a_transaction_that_meets_it_is_refused_as_a_whole_and_no_other_is(
    database: Database, engine: Engine
) -> None:
    await set_read_only(database, "on")
    assert {row[0] for row in await engine.fetch(SESSION)} == {"on"}
    await assert_whole(engine)
    await set_read_only(database, "off")
    with pytest.raises(ReadOnly):
        await in_transaction(engine, INSERT)
    await asyncio.gather(*(in_transaction(engine, INSERT) for _ in range(20)))
    assert await database.value(COUNT) == 20


async def test_readiness_learns_it_without_a_write(database: Database, engine: Engine) -> None:
    """Sessions from before are replaced, so that all of them mean the same."""
    await assert_whole(engine)
    await set_read_only(database, "on")
    before = engine.pool.statements
    state = await engine.examine()
    assert state is not None
    assert state.read_only
    assert engine.pool.statements == before + 1
    await set_read_only(database, "off")
    await seconds_until_writing(engine)
    await until(lambda: known_to_write(engine), "it is known as well", seconds=SOON)
    state = await engine.examine()
    assert state is not None
    assert not state.read_only


async def test_whoever_wants_it_read_only_is_not_overruled_for_long(
    database: Database, pooler: Pooler, open_engine: OpenEngine
) -> None:
    await execute(database.url, NOTE)
    engine = open_engine(url=pooler.url(database.name))
    engine.pool.writes.stale_pause_seconds = 0.1
    await set_read_only(database, "on")
    await assert_whole(engine)
    await set_read_only(database, "off")
    await writes(engine)
    assert engine.pool.writes.overruled
    await set_read_only(database, "on")
    await cut(database)

    async def known() -> bool:
        return engine.pool.writes.read_only

    await until(known, "it is known", seconds=SOON)
    await refuses(engine)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with run_pair("portal") as running:
        yield running


@pytest.fixture
async def failing_over(
    pair: Pair, open_engine: OpenEngine, request: pytest.FixtureRequest
) -> AsyncIterator[Callable[[str], Engine]]:
    """Opens an engine on the address of both servers, directly or through a pooler."""
    pair.lead_to(pair.primary)
    await execute(pair.primary.url("portal"), "CREATE TABLE IF NOT EXISTS note (word text)")
    there = Database(pair.standby, "portal")

    async def arrived() -> bool:
        return bool(await there.value("SELECT to_regclass('note') IS NOT NULL"))

    await until(arrived, "the standby has the table too")
    with run_pooler(request.getfixturevalue("pgbouncer_path"), pair.address, pool_size=2) as pooler:

        def make(way: str) -> Engine:
            url = pair.address.url("portal") if way == "direct" else pooler.url("portal")
            return open_engine(url=url)

        yield make


@pytest.mark.parametrize("way", ["direct", "pooled"])
async def test_a_failover_to_a_standby_and_back(
    pair: Pair, failing_over: Callable[[str], Engine], way: str
) -> None:
    engine = failing_over(way)
    await writes(engine)
    await assert_whole(engine)
    there = Database(pair.primary, "portal")
    with logged() as lines:
        pair.lead_to(pair.standby)
        await cut(there)
        with pytest.raises(Unavailable):
            await in_transaction(engine, INSERT)
        await refuses(engine)
        assert (await engine.fetch("SELECT pg_is_in_recovery()", retry=True))[0][0]
        state = await engine.examine()
        assert state is not None
        assert state.standby
        pair.lead_to(pair.primary)
        # A pooler keeps its sessions until they are ended, as they are by who ends the standby.
        await cut(there, pair.standby.url("postgres"))
        assert await seconds_until_writing(engine) < SOON
        await until(lambda: known_to_write(engine), "it is known as well", seconds=SOON)
        await asyncio.gather(*(writes(engine) for _ in range(20)))
    assert told(lines)[-2:] == [
        "the database takes no writes: it is a standby",
        "the database takes writes again",
    ]


async def test_a_server_that_became_a_standby_is_left(
    pair: Pair, failing_over: Callable[[str], Engine]
) -> None:
    """The address leads elsewhere by now, and the connections are alive."""
    pair.lead_to(pair.standby)
    engine = failing_over("direct")
    await assert_whole(engine)
    pair.lead_to(pair.primary)
    await engine.fetch(INSERT)
    await asyncio.gather(*(writes(engine) for _ in range(20)))


async def test_a_standby_is_not_forced(pair: Pair, failing_over: Callable[[str], Engine]) -> None:
    engine = failing_over("direct")
    engine.pool.writes._stale_at = time.monotonic()
    assert engine.pool.writes.overruled
    await writes(engine)
    pair.lead_to(pair.standby)
    await engine.pool.drop_idle()
    await refuses(engine)
    assert engine.pool.writes.read_only
    pair.lead_to(pair.primary)
    assert await seconds_until_writing(engine) < SOON
