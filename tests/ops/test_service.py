"""A scheduled job hands the portal's reading of an address to PostgreSQL's own programs."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from portal.config.dsn import parse_dsn
from portal.ops.service import PASSWORD_FILE, SERVICE_FILE, password_text, service_text
from tests.faultproxy import fault_proxy
from tests.ops.command import only_line, run_portal, until
from tests.ops.test_db_check import first_line
from tests.support import Database, execute

ROLE = "odd role"
PASSWORD = r"""a:b\c d"e'f%g@h/i?j#k=l ö"""


def inside(folder: Path) -> dict[str, str]:
    """Returns the environment of the container that has pg_dump: nothing but the two files."""
    return {
        "PATH": os.environ["PATH"],
        "PGSERVICEFILE": str(folder / SERVICE_FILE),
        "PGPASSFILE": str(folder / PASSWORD_FILE),
        "HOME": "/nowhere",
    }


async def run(database: Database, program: str, *arguments: str, folder: Path) -> str:
    """Run one of PostgreSQL's programs on the service, and return what it prints."""
    command = [str(database.server.binaries / program), "--dbname=service=portal", "-w", *arguments]
    done = await asyncio.to_thread(
        lambda: subprocess.run(
            command, env=inside(folder), capture_output=True, text=True, check=False
        )
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def written(url: str, folder: Path) -> None:
    done = await asyncio.to_thread(run_portal, url, "db", "service", str(folder))
    assert done.returncode == 0, done.stderr
    assert "odd" not in done.stdout or PASSWORD not in done.stdout


@asynccontextmanager
async def asked_for_the_password(database: Database) -> AsyncIterator[None]:
    text = PASSWORD.replace("'", "''")  # standard_conforming_strings: a backslash is itself
    file = Path(await database.value("SHOW hba_file"))
    url = database.url.replace("postgres@", f"{quote(ROLE)}:wrong@")
    with first_line(file, f'local all "{ROLE}" scram-sha-256'):
        await execute(
            database.url,
            f"""CREATE ROLE "{ROLE}" LOGIN SUPERUSER PASSWORD '{text}'""",
            "SELECT pg_reload_conf()",
        )

        async def is_asked() -> bool:
            try:
                await execute(url)
            except asyncpg.InvalidPasswordError:
                return True
            return False

        await until(is_asked, "the server asks for the password")
        yield
    await execute(database.url, "SELECT pg_reload_conf()", f'DROP ROLE "{ROLE}"')


async def test_every_address_leads_pg_dump_where_it_leads_the_portal(
    database: Database, tmp_path: Path
) -> None:
    login = f"{quote(ROLE)}:{quote(PASSWORD, safe='')}"
    folder = quote(str(database.server.socket_folder), safe="")
    name = database.name
    async with asked_for_the_password(database), fault_proxy(database) as network:
        port = network.port
        for number, url in enumerate(
            (
                f"postgresql://{login}@/{name}?host={folder}",
                f"postgresql://{login}@{folder}/{name}",
                f'"postgres://{login}@{folder}/{name}" ',
                f"postgresql+asyncpg://{login}@127.0.0.1:{port}/{name}",
                f"postgresql://{login}@localhost:{port}/{name}?sslmode=prefer&schema=public",
                f"postgresql://{login}@[::ffff:127.0.0.1]:{port}/{name}",
                f"postgresql://{login}@127.0.0.1:1,127.0.0.1:{port}/{name}"
                "?target_session_attrs=read-write",
                f"postgresql://{login}@127.0.0.1:{port}/{name}?pgbouncer=false&connection_limit=1"
                "&pool_timeout=10&connect_timeout=15&socket_timeout=20&statement_cache_size=0",
                f"postgresql://{login}@127.0.0.1:{port}/{name}?application_name=nightly%20dump"
                "&options=-c%20work_mem%3D8MB",
                f"postgresql://user@nowhere/x?user={quote(ROLE)}&password="
                f"{quote(PASSWORD, safe='')}&host=127.0.0.1&port={port}&dbname={name}&ssl=false",
            )
        ):
            target = tmp_path / str(number)
            await written(url, target)
            for file in (SERVICE_FILE, PASSWORD_FILE):
                assert stat.S_IMODE((target / file).stat().st_mode) == 0o600
            query = "SELECT current_user || '/' || current_database()"
            said = await run(database, "psql", "-XAtc", query, folder=target)
            assert said.strip() == f"{ROLE}/{name}", url
            dump = await run(database, "pg_dump", "--schema-only", folder=target)
            assert "CREATE TABLE public.app_user" in dump, url


@pytest.mark.parametrize(
    ("parameters", "lines"),
    [
        ("sslmode=require", ["sslmode=require"]),
        ("", ["sslmode=require"]),
        ("sslmode=require&channel_binding=require", ["sslmode=require", "channel_binding=require"]),
        ("sslmode=verify-full", ["sslmode=verify-full", "sslrootcert=system"]),
        ("sslmode=no-verify", ["sslmode=require"]),
        ("sslaccept=strict&pgbouncer=false", ["sslmode=verify-full", "sslrootcert=system"]),
        ("options=endpoint%3Dep-x", ["options=endpoint=ep-x"]),
    ],
)
def test_tls_and_options_are_libpq_s(parameters: str, lines: list[str]) -> None:
    url = f"postgresql://u:p@db.example.com/app?{parameters}"
    text = service_text(parse_dsn(url, variable="DATABASE_URL")).splitlines()
    assert text[0] == "[portal]"
    assert set(lines) <= set(text)


def test_the_files_are_escaped_as_libpq_reads_them() -> None:
    dsn = parse_dsn("postgresql://u%20v:a%3Ab%5Cc@h1,h2:7/d", variable="DATABASE_URL")
    assert password_text(dsn) == "*:*:*:*:a\\:b\\\\c\n"
    lines = service_text(dsn).splitlines()
    assert lines[1:5] == ["host=h1,h2", "port=5432,7", "user=u v", "dbname=d"]
    assert password_text(parse_dsn("postgresql://u@h/d", variable="DATABASE_URL")) == ""


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:5ecr%0Aet@h/d", "has a password with a line break"),
        ("postgresql://u:5ecret@h/d%20", "has a dbname that a connection service file cannot hold"),
        ("postgresql://u:5ecret@h/d?pgbouncer=true", "DATABASE_URL_UNPOOLED is not set"),
    ],
)
def test_what_has_no_place_in_the_files_is_told(tmp_path: Path, url: str, told: str) -> None:
    done = run_portal(url, "db", "service", str(tmp_path / "made"))
    assert done.returncode == 1
    line = only_line(done.stderr)
    assert told in line
    assert "5ecr" not in line
    assert not (tmp_path / "made").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run_portal("postgresql://u:5ecret@h/d", "db", "service", str(tmp_path / "file" / "x"))
    assert done.returncode == 1
    assert "cannot be written to" in only_line(done.stderr)
