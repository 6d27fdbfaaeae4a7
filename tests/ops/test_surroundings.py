"""The address alone decides where a connection goes: no variable and no file of the home folder
does, neither for the driver nor for PostgreSQL's own programs."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asyncpg import connect, connect_utils

from portal.config.dsn import parse_dsn
from tests.faultproxy import FaultProxy, fault_proxy
from tests.ops.command import run_portal
from tests.support import Database

# What libpq documents, what the driver reads, and what TLS libraries write. Each value would change
# where the connection goes, or break it.
VARIABLES = {
    "PGHOST": "127.0.0.9",
    "PGHOSTADDR": "127.0.0.9",
    "PGPORT": "1",
    "PGDATABASE": "nowhere",
    "PGUSER": "nobody",
    "PGPASSWORD": "wrong",
    "PGPASSFILE": "/nowhere/pgpass",
    "PGREQUIREAUTH": "scram-sha-256",
    "PGCHANNELBINDING": "require",
    "PGSERVICE": "nowhere",
    "PGSERVICEFILE": "/nowhere/pg_service.conf",
    "PGSYSCONFDIR": "/nowhere",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGAPPNAME": "other",
    "PGSSLMODE": "require",
    "PGREQUIRESSL": "1",
    "PGSSLNEGOTIATION": "direct",
    "PGSSLCOMPRESSION": "1",
    "PGSSLCERT": "/nowhere/postgresql.crt",
    "PGSSLKEY": "/nowhere/postgresql.key",
    "PGSSLCERTMODE": "require",
    "PGSSLROOTCERT": "/nowhere/root.crt",
    "PGSSLCRL": "/nowhere/root.crl",
    "PGSSLCRLDIR": "/nowhere",
    "PGSSLSNI": "0",
    "PGREQUIREPEER": "nobody",
    "PGSSLMINPROTOCOLVERSION": "TLSv9",
    "PGSSLMAXPROTOCOLVERSION": "TLSv9",
    "PGMINPROTOCOLVERSION": "9.9",
    "PGMAXPROTOCOLVERSION": "9.9",
    "PGGSSENCMODE": "require",
    "PGGSSDELEGATION": "1",
    "PGKRBSRVNAME": "nobody",
    "PGGSSLIB": "nothing",
    "PGCONNECT_TIMEOUT": "-1",
    "PGCLIENTENCODING": "nothing",
    "PGTARGETSESSIONATTRS": "standby",
    "PGLOADBALANCEHOSTS": "nothing",
    "PGDATESTYLE": "nothing",
    "PGTZ": "Nowhere/Else",
    "PGGEQO": "nothing",
    "PGLOCALEDIR": "/nowhere",
    "PGOAUTHDEBUG": "UNSAFE",
    "SSLKEYLOGFILE": "/nowhere/keys",
}
FILES = (
    ".postgresql/root.crt",
    ".postgresql/root.crl",
    ".postgresql/postgresql.crt",
    ".postgresql/postgresql.key",
    ".pgpass",
    ".pg_service.conf",
)


@pytest.fixture
async def network(database: Database) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(database) as proxy:
        yield proxy


def url_of(network: FaultProxy, database: Database) -> str:
    """Over TCP, where TLS is asked for and may be refused."""
    return f"postgresql://postgres@127.0.0.1:{network.port}/{database.name}?sslmode=prefer"


def test_the_table_names_every_variable_of_the_driver() -> None:
    source = inspect.getsource(connect_utils)
    read = set(re.findall(r"""(?:getenv|environ\.get)\(\s*['"]([A-Z_]+)['"]""", source))
    assert len(read) > 10
    assert read <= VARIABLES.keys()


async def run(url: str, folder: Path, **environment: str) -> None:
    """A check and a backup, by the driver and by pg_dump; both must succeed."""
    for number, arguments in enumerate((("db", "check"), ("backup", str(folder / "a.dump")))):
        done = await asyncio.to_thread(run_portal, url, *arguments, **environment)
        assert done.returncode == 0, (number, done.stdout, done.stderr)


@pytest.mark.parametrize("name", [None, *VARIABLES])
async def test_a_variable_has_no_effect(
    network: FaultProxy, database: Database, tmp_path: Path, name: str | None
) -> None:
    environment = VARIABLES if name is None else {name: VARIABLES[name]}
    url = url_of(network, database)
    if name is None:
        await run(url, tmp_path, **environment)
        return
    dsn = parse_dsn(url, variable="DATABASE_URL")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, VARIABLES[name])
        connection = await connect(**dsn.connect_kwargs())
    try:
        rows = await connection.fetchrow(
            "SELECT current_user::text, current_database()::text,"
            " current_setting('application_name'), current_setting('transaction_read_only')"
        )
        assert tuple(rows) == ("postgres", database.name, "portal", "off")
    finally:
        await connection.close()


@pytest.mark.parametrize("mode", ["allow", "prefer"])
async def test_files_of_the_home_folder_have_no_effect(
    network: FaultProxy, database: Database, tmp_path: Path, mode: str
) -> None:
    for file in FILES:
        path = tmp_path / "home" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("this is nothing of the kind\n")
        path.chmod(0o600)
    url = url_of(network, database).replace("prefer", mode)
    await run(url, tmp_path, HOME=str(tmp_path / "home"))
