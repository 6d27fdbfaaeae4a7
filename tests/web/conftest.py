"""A portal in a process of its own, for what only a socket shows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from ops.command import Running, running
from support import DEMO_TEMPLATE, Database, execute

from portal.db.embedded import Embedded


@pytest.fixture(scope="module")
async def shared_database(templates: Embedded) -> AsyncIterator[Database]:
    """A seeded database for all tests of a file."""
    made = Database.next(templates)
    admin = templates.url("postgres")
    await execute(admin, f"CREATE DATABASE {made.name} TEMPLATE {DEMO_TEMPLATE}")
    yield made
    await execute(admin, f"DROP DATABASE {made.name} WITH (FORCE)")


@pytest.fixture(scope="module")
async def serving(shared_database: Database) -> AsyncIterator[Running]:
    """`portal serve` as it is shipped, ready, for all tests of a file."""
    with running("serve", url=shared_database.url, SEED_DB="true") as started:
        await started.answers("/health/ready")
        yield started
