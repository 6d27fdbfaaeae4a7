"""Makes `first_migration.sql` again: PYTHONPATH=. .venv/bin/python tests/db/dumps/make.py

Demo accounts learn on a schema at head, which is then rolled back to its first migration. So the
rows are those that a portal of that standing holds, without what later migrations have added.
"""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from pathlib import Path

from portal.accounts import passwords
from portal.app import create_app
from portal.db import sql
from portal.db.embedded import embedded
from portal.db.migrations import migration_ids
from portal.web.lifecycle import Lifecycle
from tests.ops.backups import learn
from tests.ops.command import run_portal
from tests.support import Database, Portal, execute, settings_for

TARGET = Path(__file__).with_name("first_migration.sql")


async def people_learn(database: Database) -> None:
    app = create_app(settings_for(database.url), lifecycle=Lifecycle(ready=True, at_head=True))
    portal = Portal(app, database)
    await learn(portal)
    await portal.close()
    await sql.engine().close_connection_pool()
    passwords.close()


def portal_command(database: Database, *arguments: str) -> None:
    done = run_portal(database.url, *arguments)
    assert done.returncode == 0, done.stderr


def dumped(database: Database) -> str:
    """Returns the database as statements that any client can run, without pg_dump's remarks."""
    done = subprocess.run(
        [
            database.server.binaries / "pg_dump",
            "--inserts",
            "--rows-per-insert=1000",
            "--no-owner",
            "--no-privileges",
            database.url,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    kept = [line for line in lines if line and not line.startswith(("--", "\\"))]
    return "\n".join(kept) + "\n"


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="portal-dump-") as made,
        embedded(Path(made) / "postgres", durable=False) as server,
    ):
        database = Database.next(server)
        asyncio.run(execute(server.url("postgres"), f"CREATE DATABASE {database.name}"))
        portal_command(database, "migrate")
        portal_command(database, "seed")
        asyncio.run(people_learn(database))
        later = len(migration_ids()) - 1
        portal_command(database, "migrate", "rollback", str(later), "--yes")
        TARGET.write_text(dumped(database), encoding="utf-8")


if __name__ == "__main__":
    main()
