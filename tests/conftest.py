"""One PostgreSQL for the run, a database of its own for every test that needs one.

A database is copied from a template that was migrated and seeded once. Nothing is rolled back:
code that opens transactions is tested on committed data, in a database that is dropped afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import asyncpg
import httpx
import hypothesis
import pytest
from argon2 import PasswordHasher

from portal.accounts import passwords
from portal.config.dsn import parse_dsn
from portal.config.settings import Settings
from portal.db import sql
from portal.db.embedded import Embedded, embedded
from portal.db.engine import Engine
from portal.tables import TABLES
from tests.clock import Clock, Freeze
from tests.ops.command import blank_database, run_portal
from tests.pooler import Pooler, run_pooler
from tests.support import (
    DEMO_TEMPLATE,
    EMPTY_TEMPLATE,
    LIVED_TEMPLATE,
    Database,
    Databases,
    Portal,
    execute,
    portal_on,
    settings_for,
)

LOCKED = "pip install --require-hashes --no-deps -r locks/ci.txt"
# An optional tool, and how to get it. One from a lock file may lie in this environment.
TOOLS = {
    "caddy": "apt-get install caddy",
    "check-jsonschema": LOCKED,
    "chromium": "apt-get install chromium-headless-shell",
    "docker": "apt-get install docker.io docker-compose-v2",
    "hadolint": LOCKED,
    "haproxy": "apt-get install haproxy",
    "initdb": "apt-get install postgresql",
    "jactionlint": LOCKED,
    "kubectl": "1.27 or later, as your cluster's documentation says (Debian's package is too old)",
    "kubernetes-validate": LOCKED,
    "openssl": "apt-get install openssl",
    "pgbouncer": "apt-get install pgbouncer",
    "promtool": "apt-get install prometheus",
    "shellcheck": "apt-get install shellcheck",
    "zizmor": LOCKED,
}
# The first that is there. The browser without a window takes half of a whole one's time.
NAMES = {"chromium": ("chromium-headless-shell", "chromium", "chromium-browser")}
# A job in the background of a shell starts with Ctrl-C ignored, and hands that down to the programs
# that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says something about the machine only.
hypothesis.settings.register_profile("portal", deadline=None)
hypothesis.settings.load_profile("portal")

REQUIRED = frozenset(filter(None, os.environ.get("PORTAL_REQUIRE", "").split(",")))


def find_tool(name: str) -> str:
    """Returns the path of an optional tool; skips the test, with the remedy, when it is missing."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places = os.pathsep.join(
        [os.environ["PATH"], "/usr/sbin", str(Path(sys.executable).parent), *map(str, newest)]
    )
    for known in NAMES.get(name, (name,)):
        if path := shutil.which(known, path=places):
            return path
    reason = f"{name} is not installed: {TOOLS[name]}"
    if name in REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def pgbouncer_path() -> str:
    return find_tool("pgbouncer")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    return find_tool("chromium")


@pytest.fixture(scope="session")
def server() -> Iterator[Embedded]:
    """The run's own PostgreSQL. Not in pytest's folder, which every new run closes to other users,
    while under root the server runs as one."""
    with (
        tempfile.TemporaryDirectory(prefix="portal-tests-") as made,
        embedded(Path(made) / "postgres", durable=False) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def templates(server: Embedded) -> Embedded:
    """The server with a migrated template, and one that is seeded as well."""
    admin = server.url("postgres")
    asyncio.run(execute(admin, f"CREATE DATABASE {EMPTY_TEMPLATE}"))
    _run_command(server.url(EMPTY_TEMPLATE), "migrate")
    asyncio.run(execute(admin, f"CREATE DATABASE {DEMO_TEMPLATE} TEMPLATE {EMPTY_TEMPLATE}"))
    _run_command(server.url(DEMO_TEMPLATE), "seed")
    return server


@pytest.fixture(scope="session")
def lived_template(templates: Embedded) -> str:
    """The name of a template with the past of the demo people; made when first asked for."""
    admin = templates.url("postgres")
    asyncio.run(execute(admin, f"CREATE DATABASE {LIVED_TEMPLATE} TEMPLATE {EMPTY_TEMPLATE}"))
    _run_command(templates.url(LIVED_TEMPLATE), "seed", SEED_HISTORY="true")
    return LIVED_TEMPLATE


def _run_command(url: str, *arguments: str, **environment: str) -> None:
    done = run_portal(url, *arguments, **environment)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def pooler(server: Embedded, pgbouncer_path: str) -> Iterator[Pooler]:
    """A PgBouncer with two connections for each database; skips where it is not installed."""
    with run_pooler(pgbouncer_path, server, pool_size=2) as running:
        yield running


@pytest.fixture(scope="session")
async def databases(templates: Embedded) -> AsyncIterator[Databases]:
    dsn = parse_dsn(templates.url("postgres"), variable="DATABASE_URL")
    connection = await asyncpg.connect(**dsn.connect_kwargs())
    made = Databases(templates, connection)
    yield made
    await made.close()
    await connection.close()


@pytest.fixture
async def database(databases: Databases, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A database of this test alone: seeded, unless the test is marked `empty_database`."""
    empty = request.node.get_closest_marker("empty_database") is not None
    made = await databases.take(EMPTY_TEMPLATE if empty else DEMO_TEMPLATE)
    yield made
    databases.drop(made)


@pytest.fixture
async def portal(database: Database, tmp_path: Path) -> AsyncIterator[Portal]:
    """The application on this test's database, spoken to over HTTP."""
    async with _portal_on(database) as running:
        yield running


@pytest.fixture
async def lived(databases: Databases, lived_template: str) -> AsyncIterator[Portal]:
    """The application, as `portal`, on a database in which the demo people have their past."""
    made = await databases.take(lived_template)
    async with _portal_on(made) as running:
        yield running
    databases.drop(made)


@contextlib.asynccontextmanager
async def _portal_on(database: Database) -> AsyncIterator[Portal]:
    running = Portal(portal_on(settings_for(database.url)), database)
    yield running
    await running.close()
    await sql.engine().close_connection_pool()
    passwords.close()


@pytest.fixture
async def visitor(portal: Portal) -> httpx.AsyncClient:
    """A browser in which nobody is signed in."""
    return portal.browser()


@pytest.fixture
async def alex(portal: Portal) -> httpx.AsyncClient:
    """Signed in as alex, a learner of team alpha: whose things the tests look at."""
    return await portal.signed_in("alex")


@pytest.fixture
async def mike(portal: Portal) -> httpx.AsyncClient:
    """Signed in as mike, who is on the same team."""
    return await portal.signed_in("mike")


@pytest.fixture
async def nina(portal: Portal) -> httpx.AsyncClient:
    """Signed in as nina, of another team and track."""
    return await portal.signed_in("nina")


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


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch) -> Freeze:
    """`freeze(moment)`: from here on it is that moment, until the next."""

    def at(moment: datetime) -> None:
        monkeypatch.setattr("portal.clock.now", lambda: moment)

    return at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time stands still, at noon of a Tuesday, until the test moves `clock.moment`."""
    stopped = Clock()
    monkeypatch.setattr("portal.clock.now", stopped)
    return stopped


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hundreds of tries at names without a password need not cost a second each."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: cheap)
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()
