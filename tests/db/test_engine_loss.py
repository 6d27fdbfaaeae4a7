"""A database that is lost shows as `Unavailable`, and comes back without a restart."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest

from portal.accounts.tables import Team
from portal.db import sql
from portal.db.embedded import embedded
from portal.errors import Unavailable
from tests.db.engines import NOTE, OpenEngine, assert_whole, in_transaction
from tests.support import Database, execute

INSERT = "INSERT INTO note VALUES ('once')"
COUNT = "SELECT count(*) FROM note"
CUT = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = '{}' AND application_name = 'portal'
"""


def cut_connections(database: Database) -> None:
    """End all connections of the portal while it is frozen, as a paused container is: nothing runs
    here in the meantime, so that the pool only notices when it uses one."""
    psql = database.server.binaries / "psql"
    done = subprocess.run(
        [psql, "-X", "-A", "-t", "-d", database.server.url("postgres")],
        input=CUT.format(database.name),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "t" in done.stdout.split(), "there was a connection to cut"


async def test_a_read_is_tried_once_more(database: Database, open_engine: OpenEngine) -> None:
    engine = open_engine()
    await assert_whole(engine)
    cut_connections(database)
    assert (await engine.fetch("SELECT 2", retry=True))[0][0] == 2
    await assert_whole(engine)


async def test_a_select_of_a_table_is_tried_once_more(
    database: Database, open_engine: OpenEngine
) -> None:
    engine = open_engine()
    sql.bind(engine, [Team])
    await assert_whole(engine)
    cut_connections(database)
    assert await Team.count() == 5


async def test_a_transaction_begins_once_more(database: Database, open_engine: OpenEngine) -> None:
    engine = open_engine()
    await execute(database.url, NOTE)
    await assert_whole(engine)
    cut_connections(database)
    await in_transaction(engine, INSERT)
    assert await database.value(COUNT) == 1
    await assert_whole(engine)


async def test_a_write_outside_a_transaction_is_never_tried_twice(
    database: Database, open_engine: OpenEngine
) -> None:
    engine = open_engine()
    await execute(database.url, NOTE)
    sql.bind(engine, [Team])
    await assert_whole(engine)
    cut_connections(database)
    with pytest.raises(Unavailable):
        await engine.fetch(INSERT)
    await assert_whole(engine)
    cut_connections(database)
    with pytest.raises(Unavailable):
        await Team.insert(Team(id="omega", name="Omega", track="dev"))
    assert await database.value(COUNT) == 0
    assert await database.value("SELECT count(*) FROM team WHERE id = 'omega'") == 0
    await engine.fetch(INSERT)
    await assert_whole(engine)


async def test_a_connection_lost_inside_a_transaction_loses_all_of_it(
    database: Database, open_engine: OpenEngine
) -> None:
    engine = open_engine()
    await execute(database.url, NOTE)

    async def work() -> None:
        async with engine.transaction():
            await engine.fetch(INSERT)
            cut_connections(database)
            await engine.fetch("SELECT 1", retry=True)

    with pytest.raises(Unavailable):
        await work()
    assert await database.value(COUNT) == 0
    await assert_whole(engine)


async def test_a_connection_lost_at_commit_is_not_reported_as_done(
    database: Database, open_engine: OpenEngine
) -> None:
    engine = open_engine()
    await execute(database.url, NOTE)

    async def work() -> None:
        async with engine.transaction():
            await engine.fetch(INSERT)
            cut_connections(database)

    with pytest.raises(Unavailable):
        await work()
    assert await database.value(COUNT) == 0
    await assert_whole(engine)


async def test_a_server_that_went_away_is_used_again_once_it_is_back(
    open_engine: OpenEngine,
) -> None:
    with tempfile.TemporaryDirectory(prefix="portal-away-") as made:
        await goes_away_and_returns(Path(made) / "postgres", open_engine)


async def goes_away_and_returns(folder: Path, open_engine: OpenEngine) -> None:
    with embedded(folder, durable=False) as server:
        engine = open_engine(url=server.url("postgres"))
        await assert_whole(engine)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await engine.fetch("SELECT 1", retry=True)
        with pytest.raises(Unavailable):
            await in_transaction(engine, "SELECT 1")
    with embedded(folder, durable=False):
        await assert_whole(engine)
        await in_transaction(engine, "SELECT 1")
