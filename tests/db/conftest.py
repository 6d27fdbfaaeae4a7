"""Engines and empty databases for the tests of the database layer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from db.engines import OpenEngine
from ops.command import blank_database
from support import Database

from portal.db.dsn import parse_dsn
from portal.db.embedded import Embedded
from portal.db.engine import Engine


@pytest.fixture
async def open_engine(database: Database) -> AsyncIterator[OpenEngine]:
    engines: list[Engine] = []

    def make(parameters: str = "", *, url: str | None = None, pool_size: int = 2) -> Engine:
        dsn = parse_dsn(f"{url or database.url}&{parameters}", variable="DATABASE_URL")
        engines.append(Engine(dsn, pool_size=pool_size))
        return engines[-1]

    yield make
    for engine in engines:
        await engine.close_connection_pool()


@pytest.fixture
async def blank(server: Embedded) -> AsyncIterator[Database]:
    """A database without any table."""
    async with blank_database(server) as made:
        yield made
