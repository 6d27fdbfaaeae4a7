"""`portal dev` and `portal test`: everything on this machine, nothing to install or configure."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import msgspec

from portal.accounts import demo
from portal.config.dsn import parse_dsn
from portal.config.settings import Settings
from portal.db.embedded import embedded, remove
from portal.errors import CommandFailed

DATABASE = "portal"
VARIABLES = ("DATABASE_URL", "DATABASE_URL_UNPOOLED")
# Tests that share a server of their file stay together, until a core has nothing left to do.
EVERYTHING = ("-n", "logical", "--dist", "worksteal")


def dev(*, port: int, data_dir: Path, reset: bool) -> int:
    """Serve on 127.0.0.1 from an embedded PostgreSQL below `data_dir`; returns the exit code.

    The variables of the database are neither read nor trusted: a developer's shell may well hold
    those of production.
    """
    folder = data_dir.resolve() / "postgres"
    if reset and folder.exists():
        with embedded(folder) as server:  # stops one that was left running on it
            if server.others:
                raise CommandFailed(
                    f"Another portal dev is using the data in {data_dir}: end it before --reset."
                )
        remove(folder)
    with embedded(folder) as server:
        url = server.url(DATABASE)
        asyncio.run(_create_database(server.url("postgres")))
        # The migration runs in a process of its own, which reads the environment.
        os.environ.update(dict.fromkeys(VARIABLES, url))
        for variable in VARIABLES:
            os.environ.pop(f"{variable}_FILE", None)
        dsn = parse_dsn(url, variable="DATABASE_URL")
        settings = msgspec.structs.replace(
            Settings.from_env(need_database=False),
            database=dsn,
            direct=dsn,
            host="127.0.0.1",
            port=port,
            app_env="development",
            seed_db=True,
            migrate_on_start=True,
            public_url=None,
        )
        from portal.cli.server import serve

        return serve(
            settings,
            on_ready=lambda: print(_welcome(port, data_dir), flush=True),
            another_port="use --port",
        )


async def _create_database(url: str) -> None:
    connection = await asyncpg.connect(**parse_dsn(url, variable="DATABASE_URL").connect_kwargs())
    try:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE)
        if not known:
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


def _welcome(port: int, data_dir: Path) -> str:
    lines = [f"\n  http://localhost:{port}\n", "  Demo accounts (user / password)"]
    for role, password in (
        ("learner", demo.LEARNER_PASSWORD),
        ("manager", demo.MANAGER_PASSWORD),
        ("admin", demo.ADMIN_PASSWORD),
    ):
        names = " ".join(account.id for account in demo.ACCOUNTS if account.role == role)
        lines.append(f"  {role:8} {password:10} {names}")
    lines.append(f"\n  Ctrl-C stops it. The data stays in {data_dir}; --reset starts afresh.\n")
    return "\n".join(lines)


def run_tests(arguments: list[str]) -> int:
    """Run pytest on the checkout and return its exit code: everything on all cores, or in one
    process what the arguments choose."""
    root = Path(__file__).resolve().parents[3]
    if not (root / "tests").is_dir():
        raise CommandFailed("portal test needs a checkout: the tests are not part of the wheel.")
    return subprocess.call(  # noqa: S603 - the developer's own arguments
        [sys.executable, "-m", "pytest", *(arguments or EVERYTHING)],
        cwd=root,
        env=clean_environment(os.environ),
    )


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment without the database's variables."""
    names = {*VARIABLES, *(f"{variable}_FILE" for variable in VARIABLES)}
    return {name: value for name, value in environ.items() if name not in names}
