"""A portal in a process of its own, for what only a socket shows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.ops.command import Running, running
from tests.support import DEMO_TEMPLATE, Database, Databases


@pytest.fixture(scope="module")
async def shared_database(databases: Databases) -> AsyncIterator[Database]:
    """A seeded database for all tests of a file."""
    made = await databases.take(DEMO_TEMPLATE)
    yield made
    databases.drop(made)


@pytest.fixture(scope="module")
async def serving(shared_database: Database) -> AsyncIterator[Running]:
    """`portal serve` as it is shipped, ready, for all tests of a file."""
    with running("serve", url=shared_database.url, SEED_DB="true") as started:
        await started.answers("/health/ready")
        yield started
