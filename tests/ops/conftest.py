"""Empty databases, and the tables bound to this test's database, for what an operator runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from ops.command import blank_database
from support import Database, settings_for

from portal.accounts import passwords
from portal.config import Settings
from portal.db import sql
from portal.db.embedded import Embedded
from portal.db.engine import Engine
from portal.tables import TABLES


@pytest.fixture
async def blank(server: Embedded) -> AsyncIterator[Database]:
    """A database without any table."""
    async with blank_database(server) as made:
        yield made


@pytest.fixture
async def settings(database: Database) -> AsyncIterator[Settings]:
    """Settings of this test's database, to which the tables are bound."""
    made = settings_for(database.url)
    assert made.database is not None
    engine = Engine(made.database)
    sql.bind(engine, TABLES)
    yield made
    await engine.close_connection_pool()
    passwords.close()
