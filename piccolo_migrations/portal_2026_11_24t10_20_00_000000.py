"""What the pages of ranks and of the own account need: who is not named there, when a session was
last seen, and the attempts completed in a period."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Timestamptz
from piccolo.engine.finder import engine_finder

ID = "2026-11-24T10:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "unlisted people, sessions last seen, attempts by time"
_UNRELEASED = "older than the first release: applied where nobody learns yet"
ACCEPTED = {
    "builds an index of quiz_attempt while nobody can write": _UNRELEASED,
    "locks app_user and login_session at once": _UNRELEASED,
}
# Null says "listed" and "not seen since it began": a version that does not know them goes on.
COLUMNS = (
    ("AppUser", "app_user", "unlisted_at"),
    ("LoginSession", "login_session", "last_seen_at"),
)

FORWARDS = "CREATE INDEX quiz_attempt_completed ON quiz_attempt (completed_at)"
BACKWARDS = "DROP INDEX quiz_attempt_completed"


async def _run(statement: str) -> None:
    engine = engine_finder()
    assert engine is not None
    await engine.run_ddl(statement)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)
    for name, tablename, column in COLUMNS:
        manager.add_column(
            table_class_name=name,
            tablename=tablename,
            column_name=column,
            column_class=Timestamptz,
            params={"default": None, "null": True},
        )

    async def add() -> None:
        await _run(FORWARDS)

    async def remove() -> None:
        await _run(BACKWARDS)

    manager.add_raw(add)
    manager.add_raw_backwards(remove)
    return manager
