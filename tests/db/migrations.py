"""Migration files of a test's own, and what a schema looks like."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from portal.db.migrations import migrations_folder
from tests.support import Database

EXTRA_ID = "2099-01-01T00:00:00:000000"

_EXTRA = """
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "{id}"
VERSION = "1.38.0"
DESCRIPTION = "of a test"
DROPS = {drops}


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)

    async def add():
        engine = engine_finder()
        await engine.run_ddl("CREATE TABLE half_done (id int)")
        {forwards}

    async def remove():
        engine = engine_finder()
        await engine.run_ddl("DROP TABLE half_done")
        {backwards}

    manager.add_raw(add)
    manager.add_raw_backwards(remove)
    return manager
"""

_PLAIN = """
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "{id}"
VERSION = "1.38.0"
DESCRIPTION = "of a test, without a transaction"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="portal", description=DESCRIPTION, wrap_in_transaction=False
    )

    async def add():
        await engine_finder().run_ddl({statement!r})

    manager.add_raw(add)
    return manager
"""


def own_migrations(folder: Path) -> Path:
    """Returns a copy of the shipped migration files below `folder`."""
    copy = folder / "migrations"
    shutil.copytree(migrations_folder(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def with_extra_migration(
    folder: Path, forwards: str, *, backwards: str = "pass", drops: Sequence[str] = ()
) -> dict[str, str]:
    """Returns the environment for the shipped migrations and one more, whose file lies in `folder`.

    It makes a table `half_done` and runs the line `forwards`; back, it drops that and runs
    `backwards`.
    """
    copy = own_migrations(folder)
    text = _EXTRA.format(
        id=EXTRA_ID, forwards=forwards, backwards=backwards, drops=repr(tuple(drops))
    )
    (copy / "portal_2099_01_01t00_00_00_000000.py").write_text(text, encoding="utf-8")
    return {"PORTAL_MIGRATIONS_DIR": str(copy)}


def with_plain_migration(folder: Path, statement: str) -> dict[str, str]:
    """Returns the environment for the shipped migrations and one more, which runs one statement
    without a transaction."""
    copy = own_migrations(folder)
    text = _PLAIN.format(id=EXTRA_ID, statement=statement)
    (copy / "portal_2099_01_01t00_00_00_000000.py").write_text(text, encoding="utf-8")
    return {"PORTAL_MIGRATIONS_DIR": str(copy)}


def ddl(statement: str) -> str:
    """Returns the line of a migration that runs one statement."""
    return f"await engine.run_ddl({statement!r})"


def dump(database: Database) -> str:
    """Returns the whole schema as pg_dump writes it, without the table of applied migrations."""
    done = subprocess.run(
        [
            database.server.binaries / "pg_dump",
            "--schema-only",
            "--exclude-table=migration*",
            database.url,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    # Newer versions frame a dump with a random word.
    return "\n".join(line for line in lines if not line.startswith(("\\restrict", "\\unrestrict")))
