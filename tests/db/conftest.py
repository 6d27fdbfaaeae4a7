"""Engines and empty databases for the tests of the database layer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from portal.config.dsn import parse_dsn
from portal.db.engine import Engine
from tests.db.engines import OpenEngine
from tests.support import Database


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
