"""Where the migration files lie and what they are called. Imports neither Piccolo nor asyncpg."""

from __future__ import annotations

import os
import re
from pathlib import Path

from portal.errors import CommandFailed

_ID = re.compile(r'^ID = "([^"]+)"', re.MULTILINE)


def migrations_folder() -> Path:
    """Returns the folder of migration files.

    `PORTAL_MIGRATIONS_DIR` wins; then the copy that the wheel carries; then the checkout.
    Raises `CommandFailed` when there is none.
    """
    override = os.environ.get("PORTAL_MIGRATIONS_DIR")
    if override:
        return Path(override)
    package = Path(__file__).resolve().parent.parent
    for folder in (package, *package.parents):
        candidate = folder / "piccolo_migrations"
        if candidate.is_dir():
            return candidate
    raise CommandFailed("The folder piccolo_migrations is missing from this installation.")


def migration_ids() -> list[str]:
    """Returns the ids of all migration files, oldest first."""
    found = []
    for file in migrations_folder().glob("*.py"):
        match = _ID.search(file.read_text(encoding="utf-8"))
        if match:
            found.append(match.group(1))
    return sorted(found)
