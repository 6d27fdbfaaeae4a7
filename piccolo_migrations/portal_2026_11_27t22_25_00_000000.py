"""Nobody looks for the last report of a learner any more, which every report had to enter here."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-27T22:25:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "no index of last reports"
ACCEPTED = {
    "drops index video_progress_reported": "A version that still looks finds the few rows of a"
    " learner by their unique key.",
}

FORWARDS = "DROP INDEX video_progress_reported"
BACKWARDS = "CREATE INDEX video_progress_reported ON video_progress (learner, reported_at DESC)"


async def _run(statement: str) -> None:
    engine = engine_finder()
    assert engine is not None
    await engine.run_ddl(statement)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="portal", description=DESCRIPTION)

    async def add() -> None:
        await _run(FORWARDS)

    async def remove() -> None:
        await _run(BACKWARDS)

    manager.add_raw(add)
    manager.add_raw_backwards(remove)
    return manager
